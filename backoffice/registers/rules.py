"""Prepared files: how long what may take. Pure values."""

from datetime import timedelta

#: Rows that are written between two checkpoints.
PIECE = 2_000
#: Without a checkpoint for so long, whoever makes the file is gone.
LEASE = timedelta(minutes=2)
#: So often the making of a file may break off; then it has failed.
MOST_ATTEMPTS = 5
#: Files that one person may have waiting or under way.
MOST_OPEN = 3
LONGEST_ADDRESS = 4000


def share(done: int, total: int | None) -> int:
    """How much is done, in per cent; 100 only when all is."""
    if not total:
        return 0
    return 100 if done >= total else done * 100 // total
