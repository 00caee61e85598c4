"""Notes and files beside a record's timeline: the same two acts for every table that has them (G-04, G-10)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from . import attachments
from .acts import Act, Guard, act
from .attachments import AttachmentKind, Upload
from .errors import MissingInput
from .permissions import Actor, Permission
from .texts import clean


def declare(
    prefix: str, model: type[Any], permission: Permission | tuple[Permission, ...], guards: Iterable[Guard] = ()
) -> tuple[Act, Act]:
    """The acts `prefix.note` and `prefix.attach` of `model`; both only add, nothing is ever changed by them."""
    shared: dict[str, Any] = {"permission": permission, "guards": tuple(guards), "bulk": False}

    @act(f"{prefix}.note", model, label=_l("Add a note"), rule="G-04", order=90, **shared)
    def note(subject: Any, *, by: Actor, at: datetime, note: str) -> None:
        """Write a note into the record's timeline; it can never be changed."""
        if not clean(note, 2000, "note", lines=True):
            raise MissingInput(_l("Write the note."), rule="G-04", field="note")

    @act(f"{prefix}.attach", model, label=_l("Attach a file"), rule="G-10", order=91, **shared)
    def attach(
        subject: Any, *, by: Actor, at: datetime, files: Sequence[Upload], kind: AttachmentKind, note: str = ""
    ) -> None:
        """Keep photos or papers with the record."""
        if not files:
            raise MissingInput(_l("Choose a file."), rule="G-10", field="files")
        for upload in files:
            attachments.attach(subject, upload, kind, by=by)

    return note, attach
