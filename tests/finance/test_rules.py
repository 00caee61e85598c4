"""The ages and the months on plain values."""

from datetime import date

from backoffice.finance.rules import Age, months_back
from backoffice.receivables.rules import AGES


def test_ages_are_those_of_the_receivables() -> None:
    """R-06: the desk shows the ages by which the list of dues filters, and what is not past."""
    assert [age.value for age in Age] == ["0", *AGES]


def test_months_run_over_the_year() -> None:
    assert months_back(date(2026, 2, 28), 4) == [
        date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1),
    ]  # fmt: skip
    assert months_back(date(2026, 1, 31), 1) == [date(2026, 1, 1)]
