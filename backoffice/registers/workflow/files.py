"""Where prepared files lie: outside the web root, under random names, one writer at a time."""

import fcntl
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_NAME = re.compile(r"[0-9a-f]{32}(\.packed)?")
_BLOCK = 1 << 20
_folder = Path("instance/exports")


def configure(folder: str | os.PathLike[str]) -> None:
    """Set the folder; it is made when the first file is written. All hosts have to share it, as they share uploads."""
    global _folder
    _folder = Path(folder) / "exports"


def new_name() -> str:
    """A name that nobody guesses."""
    return secrets.token_hex(16)


@contextmanager
def alone(name: str) -> Iterator[BinaryIO | None]:
    """The part file to be written on, for this process alone; None where another one writes it. Its end frees it."""
    _folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(_folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
            return
        yield file


def keep(file: BinaryIO, content: bytes) -> int:
    """Write on, so that it is on the disk; returns how long the file is now, in bytes."""
    file.write(content)
    file.flush()
    os.fsync(file.fileno())
    return file.tell()


def cut(file: BinaryIO, length: int) -> bool:
    """Drop what was written behind a checkpoint; False where the file is shorter than that."""
    if file.seek(0, os.SEEK_END) < length:
        return False
    file.truncate(length)
    file.seek(length)
    return True


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """The file from its beginning, a piece at a time."""
    file.seek(0)
    while block := file.read(_BLOCK):
        yield block


def pack(name: str, parts: Iterable[bytes]) -> int:
    """Write the whole file beside its part file; returns its length in bytes."""
    with _packed(name).open("wb") as file:
        for part in parts:
            file.write(part)
        return keep(file, b"")


def path_of(name: str) -> Path | None:
    """Where the whole file lies; None where it is no longer there."""
    return next((path for path in (_packed(name), _folder / name) if path.is_file()), None)


def drop(name: str) -> None:
    """Remove the file, whole and in part."""
    for path in (_folder / name, _packed(name)):
        path.unlink(missing_ok=True)


def names() -> set[str]:
    """The names under which files lie."""
    if not _folder.is_dir():
        return set()
    return {path.name.removesuffix(".packed") for path in _folder.iterdir() if _NAME.fullmatch(path.name)}


def _packed(name: str) -> Path:
    return _folder / f"{name}.packed"
