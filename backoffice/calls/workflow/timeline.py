"""Notes and files of a call (G-04, G-10)."""

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import ServiceCall
from backoffice.core import attachments
from backoffice.core.acts import act
from backoffice.core.attachments import AttachmentKind, Upload
from backoffice.core.errors import MissingInput
from backoffice.core.permissions import Permission
from backoffice.organisation.models import User


@act(
    "call.note",
    ServiceCall,
    permission=Permission.CALL_NOTE,
    label=_l("Add a note"),
    rule="G-04",
    bulk=False,
    order=90,
)
def note(call: ServiceCall, *, by: User, at: datetime, note: str) -> None:
    """Write a note into the call's timeline; it can never be changed."""
    if not note.strip():
        raise MissingInput(_l("Write the note."), rule="G-04", field="note")


@act(
    "call.attach",
    ServiceCall,
    permission=Permission.CALL_NOTE,
    label=_l("Attach a file"),
    rule="G-10",
    bulk=False,
    order=91,
)
def attach(
    call: ServiceCall, *, by: User, at: datetime, files: Sequence[Upload], kind: AttachmentKind, note: str = ""
) -> None:
    """Keep photos or papers with the call."""
    if not files:
        raise MissingInput(_l("Choose a file."), rule="G-10", field="files")
    for upload in files:
        attachments.attach(call, upload, kind, by=by)
