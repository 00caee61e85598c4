"""Files and signatures: checked and re-encoded while the form is read, stored by the act."""

import base64
import binascii
from typing import Any

from flask_babel import gettext
from wtforms import Field
from wtforms.widgets import HiddenInput, TextInput

from backoffice.core import attachments
from backoffice.core.errors import BackofficeError

_SIGNATURE_PREFIX = "data:image/png;base64,"
_SIGNATURE_MOST = 400_000


class UploadField(Field):
    """Files of a record; data is a list of checked uploads. Nothing is stored here."""

    widget = TextInput(input_type="file")
    most = 10

    def __init__(self, label: Any = None, validators: Any = None, max_bytes: int = 10 * 1024 * 1024, **kw: Any):
        super().__init__(label, validators, **kw)
        self.max_bytes = max_bytes

    def _value(self) -> bool:
        return False

    def process_data(self, value: Any) -> None:
        """A file input never shows what is stored."""
        self.data = []

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Check each file; raises ValueError with the sentence of the rule."""
        self.data = []
        files = [one for one in valuelist if getattr(one, "filename", "")]
        if len(files) > self.most:
            raise ValueError(gettext("At most %(n)s files at a time.", n=self.most))
        for one in files:
            try:
                self.data.append(
                    attachments.prepare(one.filename, one.stream.read(self.max_bytes + 1), max_bytes=self.max_bytes)
                )
            except BackofficeError as refusal:
                self.data = []
                raise ValueError(f"{one.filename[-60:]}: {refusal.message}") from None


class OneUploadField(UploadField):
    """One paper or picture; data is a checked upload or None. Several are refused, none is left out in silence."""

    most = 1

    def process_data(self, value: Any) -> None:
        """A file input never shows what is stored."""
        self.data = None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Check the file; raises ValueError with the sentence of the rule."""
        try:
            super().process_formdata(valuelist)
        finally:
            self.data = self.data[0] if self.data else None


class SignatureField(Field):
    """A signature drawn on the screen, posted as a PNG data address; data is a checked upload or None."""

    widget = HiddenInput()
    is_signature = True

    def _value(self) -> str:
        return ""

    def process_data(self, value: Any) -> None:
        """A signature is always drawn anew."""
        self.data = None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Decode and check the drawing; raises ValueError for anything else."""
        self.data = None
        drawn = valuelist[0] if valuelist else ""
        if not drawn:
            return
        if not drawn.startswith(_SIGNATURE_PREFIX) or len(drawn) > _SIGNATURE_MOST:
            raise ValueError(gettext("The signature could not be read. Please sign again."))
        try:
            content = base64.b64decode(drawn[len(_SIGNATURE_PREFIX) :], validate=True)
            self.data = attachments.prepare("signature.png", content, max_pixels=4_000_000)
        except (binascii.Error, BackofficeError):
            raise ValueError(gettext("The signature could not be read. Please sign again.")) from None
        if self.data.content_type != "image/png":
            self.data = None
            raise ValueError(gettext("The signature could not be read. Please sign again."))
