"""Text as people type it, and the validator for what must be given."""

import re
import unicodedata
from typing import Any

from flask_babel import gettext
from wtforms import StringField, TextAreaField
from wtforms.validators import StopValidation, ValidationError

_PHONE = re.compile(r"\+?[0-9(][0-9 ()\-]*(?:(?:x|ext\.?|转) ?[0-9]{1,6})?", re.ASCII)


def check_text(value: str, longest: int, *, lines: bool) -> None:
    """Raises ValidationError for text that is too long or holds control characters (line breaks only with `lines`)."""
    if len(value) > longest:
        raise ValidationError(
            gettext("At most %(most)s characters, these are %(count)s.", most=longest, count=len(value))
        )
    allowed = "\n\t" if lines else ""
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in value):
        raise ValidationError(gettext("The text holds a character that cannot be typed, such as a control character."))


class TextLine(StringField):
    """One line of at most `max` characters; blanks around it are dropped. Empty gives ""."""

    def __init__(self, label: Any = None, max: int = 200, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.longest = max

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed."""
        self.data = valuelist[0].strip(" \t\r\n") if valuelist else self.data or ""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is too long or holds control characters."""
        check_text(self.data or "", self.longest, lines=False)


class TextBlock(TextAreaField):
    """Several lines of at most `max` characters; line ends become LF, nothing else changes. Empty gives ""."""

    def __init__(self, label: Any = None, max: int = 2000, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.longest = max

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed."""
        self.data = valuelist[0].replace("\r\n", "\n").replace("\r", "\n") if valuelist else self.data or ""
        if not self.data.strip():
            self.data = ""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is too long or holds control characters."""
        check_text(self.data or "", self.longest, lines=True)


class PhoneField(TextLine):
    """A telephone number as people write it: digits, blanks, dashes, brackets, a leading plus, an extension."""

    def __init__(self, label: Any = None, max: int = 30, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, max, validators, **kwargs)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no telephone number; empty is left to the validators."""
        super().pre_validate(form)
        unchanged = self.data == getattr(self, "masked_as", None)
        folded = unicodedata.normalize("NFKC", self.data or "")  # full-width figures are figures
        if folded and not unchanged and not _PHONE.fullmatch(folded):
            raise ValidationError(gettext("Enter a telephone number such as 0571-88001234 or 13800001234."))


class Required:
    """Validator: something must be given. Keeps the field's own message when what was typed could not be read."""

    field_flags = {"required": True}

    def __init__(self, message: Any = None) -> None:
        self.message = message

    def __call__(self, form: Any, field: Any) -> None:
        if field.errors:
            raise StopValidation
        if field.data is None or field.data == [] or (isinstance(field.data, str) and not field.data.strip()):
            raise StopValidation(str(self.message or gettext("Please fill this in.")))
