"""Rules of the finance desk on plain values."""

from datetime import date, timedelta

from backoffice.receivables.rules import AGES

#: What is not past its day; the other ages are the keys of `AGES`.
NOT_PAST = "0"
ALL_AGES = (NOT_PAST, *AGES)


def months_back(today: date, count: int) -> list[date]:
    """The first days of the last so many months, the running one last."""
    first = today.replace(day=1)
    found = [first]
    while len(found) < count:
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found[::-1]
