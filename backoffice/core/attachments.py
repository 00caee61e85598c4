"""Files of a record (E-40, G-10): sniffed, images re-encoded, stored under a random name outside the web root.

`prepare` is slow and may fail: it runs before the write transaction opens. `attach` only writes the row and the file.
"""

import hashlib
import io
import os
import secrets
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from PIL import Image, UnidentifiedImageError
from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from . import audit
from .db import Document, db, enum_type
from .errors import RuleViolated
from .permissions import Actor
from .states import LabelledEnum


class AttachmentKind(LabelledEnum):
    """What a file is to its record."""

    PHOTO = "photo", _l("Photo")
    SCAN = "scan", _l("Scan of the signed paper")
    SIGNATURE = "signature", _l("Signature")
    OTHER = "other", _l("Other file")


class Attachment(Document, db.Model):
    """A stored file; visible to whoever may see its record."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_subject", "subject_type", "subject_id"),)

    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int]
    kind: Mapped[AttachmentKind] = mapped_column(enum_type(AttachmentKind))
    file_name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    stored_name: Mapped[str] = mapped_column(String(80), unique=True)


@dataclass(frozen=True)
class Upload:
    """A checked file that is not stored yet."""

    name: str
    content_type: str
    content: bytes


_EXTENSIONS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
_MAX_PIXELS = 40_000_000
_folder = Path("instance/attachments")
#: Largest file in bytes; the settings feature puts its own figure here (G-10).
largest: Callable[[], int] = lambda: 10 * 1024 * 1024  # noqa: E731 - replaced at start-up


def configure(folder: str | os.PathLike[str]) -> None:
    """Set the folder in which files are kept; it is made when the first file is stored."""
    global _folder
    _folder = Path(folder)


def prepare(name: str, content: bytes, *, max_bytes: int = 10 * 1024 * 1024, max_pixels: int = _MAX_PIXELS) -> Upload:
    """Check what a person uploaded; raises RuleViolated unless it really is a PNG, JPEG or PDF within the limits."""
    max_bytes = min(max_bytes, largest())
    if len(content) > max_bytes:
        raise RuleViolated(_l("The file is larger than %(mb)s MB.", mb=max_bytes // 1024 // 1024), rule="G-10")
    if content.startswith(b"%PDF-"):
        return Upload(_clean(name), "application/pdf", content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
                if image.width * image.height > max_pixels:
                    raise RuleViolated(_l("The picture has too many pixels."), rule="G-10")
                kind = image.format or "PNG"
                image.load()
                clean = io.BytesIO()
                # Re-encoded: no script, no location data and no second file behind the picture survives.
                (image if kind == "PNG" else image.convert("RGB")).save(clean, kind)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning):
        raise RuleViolated(_l("Only PNG, JPEG and PDF files can be attached, and this is none."), rule="G-10") from None
    return Upload(_clean(name), f"image/{kind.lower()}", clean.getvalue())


def _clean(name: str) -> str:
    kept = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    return kept[-200:] or "file"


def attach(subject: Any, upload: Upload, kind: AttachmentKind, *, by: Actor) -> Attachment:
    """Store `upload` with `subject`, a flushed row with a branch. The caller has checked the right to do so."""
    stored_name = f"{secrets.token_hex(16)}{_EXTENSIONS[upload.content_type]}"
    path = _folder / stored_name[:2] / stored_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(upload.content)
    attachment = Attachment(
        subject_type=subject.__tablename__, subject_id=subject.id, branch_id=subject.branch_id, kind=kind,
        file_name=upload.name, content_type=upload.content_type, size=len(upload.content),
        sha256=hashlib.sha256(upload.content).hexdigest(), stored_name=stored_name,
    )  # fmt: skip
    db.session.add(attachment)
    audit.record(subject, f"{subject.__tablename__}.attach", by=by, note=upload.name)
    if what := audit.occasion():
        what.written.add((subject.__tablename__, subject.id))  # the act needs no second entry beside this one
    return attachment


def of(subject: Any) -> list[Attachment]:
    """The files of a record, oldest first."""
    query = select(Attachment).where(
        Attachment.subject_type == subject.__tablename__, Attachment.subject_id == subject.id
    )
    return list(db.session.scalars(query.order_by(Attachment.id)))


def path_of(attachment: Attachment) -> Path:
    """Where the file lies."""
    return _folder / attachment.stored_name[:2] / attachment.stored_name
