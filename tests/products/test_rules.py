"""The warranty, day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.texts import fold_code
from backoffice.products.rules import (
    SYMPTOMS,
    Evidence,
    SymptomFamily,
    WarrantyState,
    add_months,
    check_months,
    check_past_day,
    warranty,
)

DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))
MONTHS = st.integers(0, 240)


def verdict(start: date | None, on: date, months: int = 24, extension: int = 0) -> WarrantyState:
    return warranty(start, None, None, months, extension, on).state


def test_last_day_is_covered_and_the_next_is_not() -> None:
    """E-06: 2024-03-15 and 24 months: covered up to and including 2026-03-14."""
    start = date(2024, 3, 15)
    assert verdict(start, date(2026, 3, 14)) is WarrantyState.COVERED
    assert verdict(start, date(2026, 3, 15)) is WarrantyState.EXPIRED


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        (date(2024, 3, 15), 24, date(2026, 3, 14)),
        (date(2024, 1, 1), 24, date(2025, 12, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 24, date(2026, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 28)),
        (date(2023, 2, 28), 12, date(2024, 2, 27)),
        (date(2024, 3, 1), 24, date(2026, 2, 28)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 5, 31), 1, date(2024, 6, 30)),
        (date(2024, 12, 31), 2, date(2025, 2, 28)),
        (date(2024, 12, 15), 1, date(2025, 1, 14)),
    ],
)
def test_month_ends_and_leap_days(start: date, months: int, last: date) -> None:
    """E-06: a period that began on a day which the last month lacks ends with that month."""
    found = warranty(start, None, None, months, 0, last)
    assert found.ends_on == last
    assert found.state is WarrantyState.COVERED
    assert warranty(start, None, None, months, 0, last + timedelta(days=1)).state is WarrantyState.EXPIRED


def test_extension_counts_in_days() -> None:
    assert verdict(date(2024, 3, 15), date(2026, 4, 13), extension=30) is WarrantyState.COVERED
    assert verdict(date(2024, 3, 15), date(2026, 4, 14), extension=30) is WarrantyState.EXPIRED


@pytest.mark.parametrize(
    ("commissioned", "delivered", "invoiced", "evidence"),
    [
        (date(2024, 3, 1), date(2024, 1, 1), date(2023, 12, 1), Evidence.COMMISSIONED),
        (None, date(2024, 1, 1), date(2023, 12, 1), Evidence.DELIVERED),
        (None, None, date(2023, 12, 1), Evidence.INVOICED),
    ],
)
def test_start_is_the_first_known_date(
    commissioned: date | None, delivered: date | None, invoiced: date | None, evidence: Evidence
) -> None:
    """A-5: commissioning, else delivery, else invoice; the verdict names which."""
    found = warranty(commissioned, delivered, invoiced, 24, 0, date(2024, 6, 1))
    assert found.evidence is evidence
    assert (
        found.starts_on
        == {"commissioned_on": commissioned, "delivered_on": delivered, "invoice_on": invoiced}[evidence.value]
    )
    assert "24" in str(found.rule)
    assert str(found.starts_on) in str(found.explanation)


def test_without_a_date_it_is_unknown() -> None:
    """E-06: the supervisor decides per call."""
    found = warranty(None, None, None, 24, 10, date(2024, 6, 1))
    assert found.state is WarrantyState.UNKNOWN
    assert (found.starts_on, found.ends_on, found.evidence) == (None, None, None)
    assert "supervisor" in str(found.explanation)


def test_a_unit_that_fails_before_it_is_commissioned_is_covered() -> None:
    assert verdict(date(2024, 3, 15), date(2024, 1, 1)) is WarrantyState.COVERED


def test_no_months_cover_no_day() -> None:
    assert verdict(date(2024, 3, 15), date(2024, 3, 15), months=0) is WarrantyState.EXPIRED


@given(DAYS, MONTHS)
def test_months_add_up(day: date, months: int) -> None:
    """The day is kept where the month has it; else it is the first of the month after."""
    later = add_months(day, months)
    assert later.day in {day.day, 1}
    assert (later.year - day.year) * 12 + later.month - day.month in {months, months + 1}


@given(DAYS, MONTHS, st.integers(0, 30))
def test_a_later_start_never_ends_earlier(day: date, months: int, shift: int) -> None:
    assert add_months(day + timedelta(days=shift), months) >= add_months(day, months)


@given(DAYS, st.integers(1, 240), st.integers(0, 3650))
def test_covered_exactly_up_to_its_end(day: date, months: int, extension: int) -> None:
    ends_on = warranty(day, None, None, months, extension, day).ends_on
    assert ends_on is not None
    assert verdict(day, ends_on, months, extension) is WarrantyState.COVERED
    assert verdict(day, ends_on + timedelta(days=1), months, extension) is WarrantyState.EXPIRED


def test_days_lie_in_the_past() -> None:
    """G-04."""
    today = date(2026, 3, 2)
    assert check_past_day(None, today, "delivered_on") is None
    assert check_past_day(today, today, "delivered_on") == today
    with pytest.raises(RuleViolated, match="future"):
        check_past_day(today + timedelta(days=1), today, "delivered_on")
    with pytest.raises(MissingInput, match="1900"):
        check_past_day(date(1, 1, 1), today, "delivered_on")


@pytest.mark.parametrize("months", [-1, 241])
def test_months_have_limits(months: int) -> None:
    with pytest.raises(MissingInput):
        check_months(months)


def test_serials_fold() -> None:
    assert fold_code(" ab-12 34") == fold_code("ＡＢ-1234") == "AB-1234"
    assert fold_code("A-12") != fold_code("A12")


def test_the_office_starts_with_ten_symptoms() -> None:
    """G-08, each with its Chinese name and a family."""
    assert len({s.code for s in SYMPTOMS}) == len({s.name_zh for s in SYMPTOMS}) == 10
    assert {"不出水", "流量/扬程不足", "机械密封泄漏", "其他"} <= {s.name_zh for s in SYMPTOMS}
    assert all(isinstance(s.family, SymptomFamily) for s in SYMPTOMS)
