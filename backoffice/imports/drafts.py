"""Uploaded files between upload and import: kept outside the web root, for one person and one day at most."""

import contextlib
import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backoffice.core import clock

KEPT_SECONDS = 24 * 3600
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Draft:
    """One uploaded file of one person."""

    folder: Path
    token: str
    user_id: int
    kind: str
    name: str

    @property
    def content(self) -> bytes:
        """The file; raises FileNotFoundError once it is imported."""
        return self._path("csv").read_bytes()

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its import."""
        return self._path("csv").exists()

    def keep(self, what: str, content: bytes) -> None:
        """Keep something beside the file: "refused" rows, the "summary" of the import."""
        self._path(what).write_bytes(content)

    def kept(self, what: str) -> bytes | None:
        """What was kept, or None."""
        path = self._path(what)
        return path.read_bytes() if path.exists() else None

    def close(self, summary: dict[str, Any]) -> None:
        """The file is imported: keep the summary and drop the file."""
        self.keep("summary", json.dumps(summary, ensure_ascii=False).encode())
        self._path("csv").unlink(missing_ok=True)

    def _path(self, what: str) -> Path:
        return self.folder / f"{self.token}.{what}"


def store(folder: Path, content: bytes, *, user_id: int, kind: str, name: str) -> Draft:
    """Keep an uploaded file; older ones are dropped."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _prune(folder)
    draft = Draft(folder, secrets.token_hex(16), user_id, kind, name[-200:])
    draft.keep("csv", content)
    draft.keep("about", json.dumps({"user_id": user_id, "kind": kind, "name": draft.name}).encode())
    return draft


def find(folder: Path, token: str, user_id: int) -> Draft | None:
    """The person's file with that token, or None."""
    about = folder / f"{token}.about"
    if not _TOKEN.fullmatch(token) or not about.exists():
        return None
    draft = Draft(folder, token, **json.loads(about.read_bytes()))
    return draft if draft.user_id == user_id else None


def _prune(folder: Path) -> None:
    before = clock.now().timestamp() - KEPT_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # somebody else prunes too
            if path.stat().st_mtime < before:
                path.unlink()
