"""The months on plain values."""

from datetime import date

from backoffice.finance.rules import months_back


def test_months_run_over_the_year() -> None:
    assert months_back(date(2026, 2, 28), 4) == [
        date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1),
    ]  # fmt: skip
    assert months_back(date(2026, 1, 31), 1) == [date(2026, 1, 1)]
