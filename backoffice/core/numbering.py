"""Gap-free numbers: one series per document, branch and period; the number is taken in the act's own transaction.

The row of the series stays locked until that transaction ends, so a rolled back act gives its number back.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, UniqueConstraint, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from .db import db
from .errors import RuleViolated


class NumberSeries(db.Model):
    """The last number given of one document kind in one branch and period."""

    __tablename__ = "number_series"
    __shown__ = ("document",)
    __audited__ = False
    __table_args__ = (UniqueConstraint("document", "branch_id", "period", name="uq_number_series_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(String(20))
    branch_id: Mapped[int]
    period: Mapped[str] = mapped_column(String(8))
    last: Mapped[int]


class _Reserve:
    """Numbers reserved in one go for a bulk act: how many may be wanted, and what is left per series."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.left: dict[tuple[str, int, str], range] = {}


_reserve: ContextVar[_Reserve | None] = ContextVar("reserve", default=None)
_PARTS = re.compile(r"\{(B|yyyymmdd|yyyymm|yyyy|yy|mm|seq:0?(\d))\}")


def check_pattern(pattern: str) -> str:
    """`pattern` itself; raises RuleViolated unless it has one {seq:0n}, the branch, and only known parts."""
    rest = _PARTS.sub("", pattern)
    if "{" in rest or "}" in rest or len(re.findall(r"\{seq:", pattern)) != 1 or "{B}" not in pattern:
        raise RuleViolated(
            _l("A pattern holds {B} and one {seq:04}, and perhaps {yyyy}, {yy}, {mm}, {yyyymm} or {yyyymmdd}."),
            rule="N-00",
        )
    if not re.fullmatch(r"[A-Za-z0-9-]{0,20}", rest) or len(pattern) > 40:
        raise RuleViolated(_l("Besides its parts a pattern has only letters, digits and dashes."), rule="N-00")
    return pattern


def period_of(pattern: str, day: date) -> str:
    """The period in which the serial of `pattern` runs: a day, a month, a year, or "" for ever."""
    if "{yyyymmdd}" in pattern:
        return f"{day:%Y%m%d}"
    if "{yyyymm}" in pattern or ("{mm}" in pattern and ("{yy}" in pattern or "{yyyy}" in pattern)):
        return f"{day:%Y%m}"
    return f"{day:%Y}" if "{yyyy}" in pattern or "{yy}" in pattern else ""


def render(pattern: str, branch_code: str, day: date, serial: int) -> str:
    """The number: an overflowing serial widens by a digit."""
    values = {
        "B": branch_code, "yyyymmdd": f"{day:%Y%m%d}", "yyyymm": f"{day:%Y%m}", "yyyy": f"{day:%Y}",
        "yy": f"{day:%y}", "mm": f"{day:%m}",
    }  # fmt: skip
    return _PARTS.sub(lambda m: f"{serial:0{m[2]}d}" if m[2] else values[m[1]], pattern)


def take(document: str, pattern: str, *, branch_id: int, branch_code: str, day: date) -> str:
    """The next number of `document` (e.g. "N-03") for the branch on `day` (the office's calendar day)."""
    period = period_of(pattern, day)
    key = (document, branch_id, period)
    reserve = _reserve.get()
    if reserve is None:
        return render(pattern, branch_code, day, _advance(key, 1))
    if not reserve.left.get(key):
        last = _advance(key, reserve.size)
        reserve.left[key] = range(last - reserve.size + 1, last + 1)
    serials = reserve.left[key]
    reserve.left[key] = serials[1:]
    return render(pattern, branch_code, day, serials[0])


def _advance(key: tuple[str, int, str], count: int) -> int:
    document, branch_id, period = key
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(NumberSeries).values(document=document, branch_id=branch_id, period=period, last=count)
    taken = statement.on_conflict_do_update(
        index_elements=["document", "branch_id", "period"], set_={"last": NumberSeries.last + count}
    ).returning(NumberSeries.last)
    return int(db.session.scalar(taken))


def take_each(document: str, pattern: str, *, branch_id: int, branch_code: str, days: Sequence[date]) -> list[str]:
    """A number for each of `days`, in their order, each from the series of its own period; one statement for all."""
    wanted = Counter(period_of(pattern, day) for day in days)
    if not wanted:
        return []
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [{"document": document, "branch_id": branch_id, "period": p, "last": wanted[p]} for p in sorted(wanted)]
    statement = dialect.insert(NumberSeries).values(rows)
    taken = statement.on_conflict_do_update(
        index_elements=["document", "branch_id", "period"],
        set_={"last": NumberSeries.last + statement.excluded.last},
    ).returning(NumberSeries.period, NumberSeries.last)
    following = {period: last - wanted[period] for period, last in db.session.execute(taken)}
    numbers = []
    for day in days:
        period = period_of(pattern, day)
        following[period] += 1
        numbers.append(render(pattern, branch_code, day, following[period]))
    return numbers


@contextmanager
def reserving(size: int) -> Iterator[None]:
    """Inside the block numbers are taken `size` at a time; what is left at its end goes back (the row is locked)."""
    reserve = _Reserve(max(size, 1))
    token = _reserve.set(reserve)
    try:
        yield
        for (document, branch_id, period), left in reserve.left.items():
            if left:
                series = (
                    NumberSeries.document == document,
                    NumberSeries.branch_id == branch_id,
                    NumberSeries.period == period,
                )
                db.session.execute(update(NumberSeries).where(*series).values(last=NumberSeries.last - len(left)))
    finally:
        _reserve.reset(token)
