"""Amounts of lines, and what a part of a line gives back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.errors import RuleViolated
from backoffice.sales.rules import amount_of, needs_leave, taken_back

pytestmark = pytest.mark.no_app

prices = st.integers(0, 10**7).map(lambda fen: Decimal(fen).scaleb(-2))
quantities = st.lists(st.integers(1, 10**6).map(lambda n: Decimal(n).scaleb(-3)), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [("4.95", "48", "237.60"), ("0.05", "0.1", "0.01"), ("0.05", "-0.1", "-0.01"), ("0.00", "9", "0.00"),
     ("0.03", "0.5", "0.02"), ("1.25", "-20", "-25.00")],
)  # fmt: skip
def test_amount_is_price_times_quantity_half_up(price: str, quantity: str, amount: str) -> None:
    """G-01: to the fen, the same below 0."""
    assert amount_of(Decimal(price), Decimal(quantity)) == Decimal(amount)


def test_amount_out_of_range_is_refused() -> None:
    """G-01."""
    with pytest.raises(RuleViolated) as refusal:
        amount_of(Decimal("9999999999.99"), Decimal(2), "quantity")
    assert refusal.value.field == "quantity"


@given(prices, quantities)
def test_all_parts_of_a_line_give_back_its_amount(price: Decimal, parts: list[Decimal]) -> None:
    """E-30: however a line comes back, no fen is lost or won."""
    left, given_back = sum(parts, Decimal(0)), Decimal(0)
    whole = amount_of(price, left)
    for quantity in parts:
        amount = taken_back(price, left, quantity)
        assert amount >= 0
        given_back += amount
        left -= quantity
    assert given_back == whole


@pytest.mark.parametrize(
    ("price", "needs"), [("12.00", False), ("10.00", False), ("11.00", True), ("9.99", True), ("12.01", True)]
)
def test_sale_price_and_cost_are_free_for_everybody(price: str, needs: bool) -> None:
    """A-8: anything else needs the supervisor."""
    assert needs_leave(Decimal(price), Decimal("12.00"), Decimal("10.00")) is needs
