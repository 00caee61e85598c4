"""The input pages of notes and files, the same for every table that has them."""

from flask_babel import lazy_gettext as _l

from backoffice.core.attachments import AttachmentKind

from .act_page import ActForm, form_for
from .fields import EnumField, TextBlock, TextLine, UploadField


class NoteForm(ActForm):
    """A note for the timeline."""

    note = TextBlock(_l("Note"), max=2000)


class AttachForm(ActForm):
    """Files for the record."""

    files = UploadField(_l("Files"), description=_l("PNG, JPEG or PDF"))
    kind = EnumField(_l("Kind"), [AttachmentKind.PHOTO, AttachmentKind.SCAN, AttachmentKind.OTHER])
    note = TextLine(_l("Note"), max=200)


def forms_for(prefix: str) -> None:
    """Declare the pages of `prefix.note` and `prefix.attach`."""
    form_for(f"{prefix}.note")(NoteForm)
    form_for(f"{prefix}.attach")(AttachForm)
