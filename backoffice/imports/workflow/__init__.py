"""The acts on a run: upload, read again, try, begin, proceed, stop, resume, undo, discard, sweep.

    uploaded ──try──▶ trying ──▶ tried ──begin──▶ running ──▶ done ──undo──▶ undoing ──▶ undone
        └─────────────begin (good rows only)────────▲  │ ▲                      ▲
        └──discard──▶ discarded              stop │ │ resume ─ stopped ──undo───┘
                                                  ▼─┘
`proceed` settles one chunk of rows; whoever drives a run calls it again and again, a transaction each.
"""

from .running import begin, proceed, resume, start_try, stop
from .undoing import undo
from .uploading import KEPT_DAYS, discard, read_again, sweep, target_of, upload

__all__ = [
    "KEPT_DAYS", "begin", "discard", "proceed", "read_again", "resume", "start_try", "stop", "sweep", "target_of",
    "undo", "upload",
]  # fmt: skip
