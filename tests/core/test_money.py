"""Amounts as people type them (G-01)."""

from decimal import Decimal

import pytest

from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.money import MAXIMUM, check_above_zero, check_amount, parse_amount, round_fen


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("300", "300"), ("300.5", "300.5"), ("300.50", "300.50"), ("0", "0"), ("0.01", "0.01"), (" 12 ", "12"),
        ("1,234.50", "1234.50"), ("1,234,567", "1234567"), ("¥300", "300"), ("￥300.00", "300.00"), ("¥ 300", "300"),
        ("300元", "300"), ("300.00 元", "300.00"), ("３００．５０", "300.50"), ("１，２３４．５０", "1234.50"),
        ("9999999999.99", "9999999999.99"), ("12.", "12"), ("007", "7"), ("300.500", "300.5"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_they_are_written(typed: str, amount: str) -> None:
    """Separators, currency signs and full-width figures say the same amount (G-01)."""
    assert parse_amount(typed) == Decimal(amount)


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "abc", "NaN", "nan", "Infinity", "-Infinity", "1e308", "1E5", "1_000", "0x10", "1.2.3", "1,23",
        "12,34.5", "--5", "-¥-5", "$5", "5 6", "٣٠٠", "½", "+5", "-5", "-0.01", "0.001", "12.345", "10000000000",
        "9e18", "1" * 400, "\0", "5\0", "¥", "元", ".5",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_in_words(typed: str) -> None:
    """Never a crash, never a guess, never a rounding (G-01)."""
    with pytest.raises(RuleViolated) as refused:
        parse_amount(typed)
    assert refused.value.rule == "G-01"


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), Decimal(-1), MAXIMUM + Decimal("0.01")])
def test_amounts_outside_the_range_are_refused_beside_their_field(amount: Decimal) -> None:
    """An act that is called past the form refuses the same, and names the field (G-01)."""
    with pytest.raises(RuleViolated) as refused:
        check_amount(amount, "amount")
    assert refused.value.field == "amount"


@pytest.mark.parametrize("amount", [None, Decimal(0), Decimal("0.00")])
def test_nothing_is_no_amount_to_pay(amount: Decimal | None) -> None:
    """Where something has to be paid, 0 is missing input (G-01)."""
    with pytest.raises(MissingInput) as refused:
        check_above_zero(amount, "amount", rule="E-15")
    assert (refused.value.field, refused.value.rule) == ("amount", "E-15")


@pytest.mark.parametrize(
    ("exact", "rounded"), [("0.005", "0.01"), ("0.0049", "0.00"), ("2.675", "2.68"), ("-0.005", "-0.01")]
)
def test_halves_are_rounded_away_from_zero(exact: str, rounded: str) -> None:
    """Half-up to the fen, on both sides of zero (X-03)."""
    assert round_fen(Decimal(exact)) == Decimal(rounded)
