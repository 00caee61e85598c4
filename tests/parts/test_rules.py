"""Quantities and prices as they are typed."""

from decimal import Decimal

import pytest

from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.quantity import check_quantity, format_quantity, parse_quantity
from backoffice.core.texts import fold_code
from backoffice.parts.rules import checked_price


@pytest.mark.parametrize(("typed", "quantity"), [
    ("12", "12"), (" 0.5 ", "0.5"), ("1,250", "1250"), ("１２．５", "12.5"), ("1，250.125", "1250.125"), ("0", "0"),
    ("0.10", "0.1"), ("007", "7"), ("999999.999", "999999.999"),
])  # fmt: skip
def test_a_quantity_is_read_as_people_type_it(typed: str, quantity: str) -> None:
    """E-07: full-width figures and commas between thousands."""
    assert parse_quantity(typed) == Decimal(quantity)


@pytest.mark.parametrize("typed", [
    "", "nan", "NaN", "inf", "-Infinity", "1e308", "1e3", "-1", "-0.001", "0.0001", "1000000", "1_000", "1,5", "12,",
    "1.2.3", "5 套", "٣", "十", "+1", ".", "0x10", "１ｅ３", "9" * 60,
])  # fmt: skip
def test_what_is_no_quantity_is_refused(typed: str) -> None:
    """E-07."""
    with pytest.raises(RuleViolated) as refusal:
        parse_quantity(typed)
    assert refusal.value.rule == "E-07"


@pytest.mark.parametrize("quantity", ["NaN", "sNaN", "Infinity", "1E+308", "-1", "0.0005"])
def test_a_quantity_that_cannot_be_stored_is_refused(quantity: str) -> None:
    """E-07: also where no form has read it."""
    with pytest.raises(RuleViolated):
        check_quantity(Decimal(quantity))


@pytest.mark.parametrize(("quantity", "words"), [
    ("12.000", "12"), ("0.500", "0.5"), ("-3.000", "-3"), ("1250.000", "1,250"), ("0.000", "0"), ("100", "100"),
])  # fmt: skip
def test_a_quantity_is_shown_with_the_places_that_it_needs(quantity: str, words: str) -> None:
    assert format_quantity(Decimal(quantity)) == words


def test_no_quantity_is_shown_as_nothing() -> None:
    assert format_quantity(None) == ""


def test_a_part_is_sold_at_cost_unless_there_is_a_reason() -> None:
    """S-1.2, E-07."""
    cost = Decimal("100.00")
    assert checked_price(cost, None, "") == (cost, "")
    assert checked_price(cost, Decimal("80.00"), "left over") == (Decimal("80.00"), "")
    assert checked_price(cost, Decimal("130.00"), " imported ") == (Decimal("130.00"), "imported")
    for reason in ("", "  "):
        with pytest.raises(MissingInput) as refusal:
            checked_price(cost, Decimal("100.01"), reason)
        assert (refusal.value.rule, refusal.value.field) == ("E-07", "price_reason")


def test_two_spellings_of_a_code_are_one() -> None:
    assert fold_code(" jf-001　Ａ ") == fold_code("JF-001A") == "JF-001A"
