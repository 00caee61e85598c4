"""Terms, billing periods and contract years on plain values."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from backoffice.contracts.rules import (
    FeeMode,
    billing_periods,
    check_fee,
    check_term,
    check_visits,
    contract_year,
    following_term,
)
from backoffice.core.errors import BackofficeError

pytestmark = pytest.mark.no_app
DAY = timedelta(days=1)


def test_quarters_of_a_year_cost_the_fee_each() -> None:
    """W-5.4: four quarters from the first day, due on their first days."""
    found = billing_periods(date(2026, 3, 15), date(2027, 3, 14), FeeMode.PER_QUARTER, Decimal("1000.01"))
    assert [(p.from_on, p.to_on) for p in found] == [
        (date(2026, 3, 15), date(2026, 6, 14)), (date(2026, 6, 15), date(2026, 9, 14)),
        (date(2026, 9, 15), date(2026, 12, 14)), (date(2026, 12, 15), date(2027, 3, 14)),
    ]  # fmt: skip
    assert {p.amount for p in found} == {Decimal("1000.01")}
    assert all(p.due_on == p.from_on for p in found)


def test_short_last_quarter_costs_its_share_of_days() -> None:
    """W-5.4: 10 of the 92 days of 1 July to 30 September, half-up to the fen."""
    found = billing_periods(date(2026, 1, 1), date(2026, 7, 10), FeeMode.PER_QUARTER, Decimal("1000.00"))
    assert [p.amount for p in found] == [Decimal("1000.00"), Decimal("1000.00"), Decimal("108.70")]
    assert found[-1].to_on == date(2026, 7, 10)


def test_share_is_rounded_half_up() -> None:
    """G-01: half a fen is a fen: 1 of 2 halves of 0.01 over 92 days and 46 days."""
    (only,) = billing_periods(date(2026, 7, 1), date(2026, 8, 15), FeeMode.PER_QUARTER, Decimal("0.01"))
    assert (only.to_on - only.from_on).days + 1 == 46
    assert only.amount == Decimal("0.01")
    (less,) = billing_periods(date(2026, 7, 1), date(2026, 8, 14), FeeMode.PER_QUARTER, Decimal("0.01"))
    assert less.amount == Decimal("0.00")


def test_a_fee_per_visit_has_no_periods() -> None:
    """W-5.4."""
    assert billing_periods(date(2026, 1, 1), date(2026, 12, 31), FeeMode.PER_VISIT, Decimal(300)) == []


@pytest.mark.parametrize("mode", [FeeMode.ANNUAL, FeeMode.PER_QUARTER])
@pytest.mark.parametrize("start", [date(2026, 1, 1), date(2026, 1, 31), date(2024, 2, 29), date(2025, 11, 30)])
@pytest.mark.parametrize("days", [1, 27, 28, 89, 90, 91, 92, 181, 364, 365, 366, 729, 1096, 3652])
def test_periods_cover_the_term_exactly(mode: FeeMode, start: date, days: int) -> None:
    """W-5.4: without gap and overlap; whole periods cost the fee, only the last one less, each exact to the fen."""
    end, fee = start + timedelta(days=days - 1), Decimal("777.77")
    found = billing_periods(start, end, mode, fee)
    assert (found[0].from_on, found[-1].to_on) == (start, end)
    assert all(a.to_on + DAY == b.from_on for a, b in pairwise(found))
    assert sum((p.to_on - p.from_on).days + 1 for p in found) == days
    assert all(p.amount == fee for p in found[:-1])
    assert Decimal(0) < found[-1].amount <= fee
    assert all(p.amount == p.amount.quantize(Decimal("0.01")) for p in found)
    whole = billing_periods(start, following_term(start, end)[1], mode, fee)
    assert [p.from_on for p in whole[: len(found)]] == [p.from_on for p in found], "a longer term begins alike"


def test_contract_years_run_from_the_first_day() -> None:
    """E-09: the year in which a day lies; a day before it belongs to the first."""
    start = date(2024, 2, 29)
    assert contract_year(start, date(2024, 1, 1)) == (start, date(2025, 2, 28))
    assert contract_year(start, date(2025, 2, 28)) == (start, date(2025, 2, 28))
    assert contract_year(start, date(2025, 3, 1)) == (date(2025, 3, 1), date(2026, 2, 28))


@pytest.mark.parametrize(
    ("start", "end", "following"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), (date(2027, 1, 1), date(2027, 12, 31))),
        (date(2024, 3, 1), date(2025, 2, 28), (date(2025, 3, 1), date(2026, 2, 28))),
        (date(2026, 3, 15), date(2026, 9, 14), (date(2026, 9, 15), date(2027, 3, 14))),
        (date(2026, 1, 1), date(2026, 1, 10), (date(2026, 1, 11), date(2026, 1, 20))),
    ],
)
def test_following_term_has_the_same_length(start: date, end: date, following: tuple[date, date]) -> None:
    """E-09: whole months stay whole months, other terms keep their days."""
    assert following_term(start, end) == following


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (None, date(2026, 1, 1), "start_on"), (date(2026, 1, 1), None, "end_on"),
        (date(2026, 1, 2), date(2026, 1, 1), "end_on"), (date(1899, 1, 1), date(2026, 1, 1), "start_on"),
        (date(2026, 1, 1), date(2046, 1, 1), "end_on"),
    ],
)  # fmt: skip
def test_wrong_term_is_refused(start: date | None, end: date | None, field: str) -> None:
    """E-09."""
    with pytest.raises(BackofficeError) as refusal:
        check_term(start, end)
    assert (refusal.value.rule, refusal.value.field) == ("E-09", field)


def test_longest_term_is_twenty_years() -> None:
    """E-09: and one day is a term too."""
    assert check_term(date(2026, 1, 1), date(2045, 12, 31))
    assert check_term(date(2026, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize("amount", ["-0.01", "0.001", "NaN", "Infinity", "10000000000.00"])
def test_wrong_fee_is_refused(amount: str) -> None:
    """G-01: finite, exact to the fen, not below 0."""
    with pytest.raises(BackofficeError) as refusal:
        check_fee(FeeMode.ANNUAL, Decimal(amount))
    assert refusal.value.field == "fee_amount"


def test_fee_may_be_nothing_but_not_missing() -> None:
    """E-09."""
    assert check_fee(FeeMode.PER_VISIT, Decimal(0)) == (FeeMode.PER_VISIT, Decimal(0))
    for mode, amount, field in ((None, Decimal(1), "fee_mode"), (FeeMode.ANNUAL, None, "fee_amount")):
        with pytest.raises(BackofficeError) as refusal:
            check_fee(mode, amount)
        assert refusal.value.field == field


@pytest.mark.parametrize(("visits", "is_right"), [(None, True), (1, True), (366, True), (0, False), (367, False)])
def test_visits_a_year(visits: int | None, is_right: bool) -> None:
    """E-09."""
    if is_right:
        assert check_visits(visits) == visits
        return
    with pytest.raises(BackofficeError) as refusal:
        check_visits(visits)
    assert refusal.value.field == "visits_per_year"
