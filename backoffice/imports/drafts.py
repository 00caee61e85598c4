"""Uploaded files while they may have to be read again: kept outside the web root, under a random name."""

import contextlib
import re
import secrets
from pathlib import Path

from backoffice.core import clock

KEPT_SECONDS = 24 * 3600
_NAME = re.compile(r"[0-9a-f]{32}")


def store(folder: Path, content: bytes) -> str:
    """Keep an uploaded file, drop older ones; answers the name under which it lies."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _prune(folder)
    name = secrets.token_hex(16)
    (folder / name).write_bytes(content)
    return name


def load(folder: Path, name: str) -> bytes | None:
    """The file, or None once it is dropped."""
    path = folder / name
    return path.read_bytes() if _NAME.fullmatch(name) and path.exists() else None


def drop(folder: Path, name: str) -> None:
    """Remove the file."""
    if _NAME.fullmatch(name):
        (folder / name).unlink(missing_ok=True)


def _prune(folder: Path) -> None:
    before = clock.now().timestamp() - KEPT_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # somebody else prunes too
            if path.stat().st_mtime < before:
                path.unlink()
