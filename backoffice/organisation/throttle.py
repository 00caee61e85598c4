"""Counting wrong passwords, per account and per address, in a table that all workers share (D5).

An attempt is counted before the password is looked at and taken back when it was right: of a hundred attempts sent at
once no more get through than of a hundred sent one after the other. Names and addresses are kept as hashes only, and
the table is bounded, so that made-up names do not fill the disk.
"""

import hashlib
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Select, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.settings import queries as settings

from .models import LoginFailure

#: Rows that the table may hold; beyond it those with the fewest failures go first.
MOST_ROWS = 20_000
_PRUNED_AT_ONCE = 500
_HIGHEST = 1_000_000


class Paused(Exception):
    """Too many wrong passwords: try again in `seconds`. `is_new` when this very attempt began the pause."""

    def __init__(self, seconds: int, *, is_new: bool) -> None:
        super().__init__(f"paused for {seconds} s")
        self.seconds = seconds
        self.is_new = is_new


def count_attempt(account: str, address: str) -> None:
    """Count an attempt as failed until `forgive` takes it back; the caller commits at once, also on Paused.

    Raises Paused when the account or the address has used up its attempts.
    """
    now = clock.now()
    window = timedelta(minutes=settings.integer("C-49"))
    # The address first: whoever is stopped there cannot fill the table with made-up accounts.
    _advance(_subject("address", address), settings.integer("C-48"), now, window)
    _advance(_subject("account", account), settings.integer("C-47"), now, window)


def forgive(account: str, address: str) -> None:
    """The password was right: forget the account's failures, and take this attempt back from the address."""
    # The address first, as in `count_attempt`: two logins of one account at once must not wait for each other.
    db.session.execute(
        update(LoginFailure)
        .where(LoginFailure.subject == _subject("address", address), LoginFailure.failures > 0)
        .values(failures=LoginFailure.failures - 1)
    )
    db.session.execute(delete(LoginFailure).where(LoginFailure.subject == _subject("account", account)))


def prune() -> None:
    """Remove rows whose window is over, and the mildest ones beyond the table's bound; the caller commits."""
    over = clock.now() - timedelta(minutes=settings.integer("C-49"))
    surplus = int(db.session.scalar(select(func.count()).select_from(LoginFailure)) or 0) - MOST_ROWS
    doomed = select(LoginFailure.subject).where(LoginFailure.started_at < over).limit(_PRUNED_AT_ONCE)
    _remove(doomed.with_for_update(skip_locked=True))
    if surplus > 0:
        mildest = select(LoginFailure.subject).order_by(LoginFailure.failures, LoginFailure.started_at).limit(surplus)
        _remove(mildest.with_for_update(skip_locked=True))


def _remove(subjects: Select[str]) -> None:
    db.session.execute(delete(LoginFailure).where(LoginFailure.subject.in_(list(db.session.scalars(subjects)))))


def _advance(subject: str, limit: int, now: datetime, window: timedelta) -> None:
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    is_over = LoginFailure.started_at < now - window
    one_more = case((LoginFailure.failures < _HIGHEST, LoginFailure.failures + 1), else_=_HIGHEST)
    counted = (
        dialect.insert(LoginFailure)
        .values(subject=subject, failures=1, started_at=now)
        .on_conflict_do_update(
            index_elements=["subject"],
            set_={
                "failures": case((is_over, 1), else_=one_more),
                "started_at": case((is_over, now), else_=LoginFailure.started_at),
            },
        )
        .returning(LoginFailure.failures, LoginFailure.started_at)
    )
    failures, started_at = db.session.execute(counted).one()
    if failures > limit:
        left = (started_at + window - now).total_seconds()
        raise Paused(max(1, ceil(left)), is_new=failures == limit + 1)


def _subject(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()
