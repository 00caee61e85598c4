"""Tax, lines, buyer and numbers on plain values."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.errors import BackofficeError, MissingInput, RuleViolated
from backoffice.fees.rules import TaxNature
from backoffice.invoices.rules import (
    InvoiceKind,
    InvoiceMedium,
    Item,
    blue_items,
    check_buyer,
    check_day,
    check_number,
    check_rate,
    part_of,
    positions,
    spread,
    taxed,
)

DAY = date(2026, 11, 26)
TAX_ID = "91350100M000100Y43"
AMOUNTS = st.decimals(min_value="0.01", max_value="99999999.99", places=2)
RATES = st.decimals(min_value="0", max_value="100", places=2)


@given(amount=AMOUNTS, rate=RATES, sign=st.sampled_from((1, -1)))
def test_net_and_tax_add_up_for_every_rate_and_sign(amount: Decimal, rate: Decimal, sign: int) -> None:
    """X-03: net is half-up of gross ÷ (1 + rate), tax the rest; a red line is the mirror of its blue one."""
    parts = taxed(sign * amount, rate)
    assert parts.net + parts.tax == parts.gross == sign * amount
    exact = Fraction(amount) * 100 / (100 + Fraction(rate))
    fen = int(exact * 100 + Fraction(1, 2))
    assert parts.net == sign * Decimal(fen) / 100
    assert abs(taxed(-parts.gross, rate).net) == abs(parts.net)


@pytest.mark.parametrize(
    ("gross", "rate", "net"),
    [("113.00", "13", "100.00"), ("106.00", "6", "100.00"), ("0.01", "13", "0.01"), ("1.00", "13", "0.88"),
     ("300.00", "0", "300.00"), ("1.13", "13.00", "1.00"), ("0.03", "100", "0.02"), ("-0.03", "100", "-0.02")],
)  # fmt: skip
def test_known_amounts(gross: str, rate: str, net: str) -> None:
    """X-03: half-up, also below 0."""
    assert taxed(Decimal(gross), Decimal(rate)).net == Decimal(net)


@given(st.lists(AMOUNTS, min_size=1, max_size=30), st.data())
def test_spread_is_exact_and_takes_no_more_than_there_is(amounts: list[Decimal], data: st.DataObject) -> None:
    """E-16: whole fen, the very sum, nowhere below 0."""
    whole = sum(amounts)
    off = data.draw(st.integers(0, int(whole * 100))) / Decimal(100)
    shares = spread(amounts, off)
    assert sum(shares) == off
    assert all(0 <= share <= amount for share, amount in zip(shares, amounts, strict=True))
    assert all(share == share.quantize(Decimal("0.01"), ROUND_HALF_UP) for share in shares)


def item(name: str, amount: str, quantity: str = "1", price: str = "", nature: TaxNature = TaxNature.PARTS) -> Item:
    return Item(name, nature, Decimal(quantity), "", Decimal(price or amount.lstrip("-")), Decimal(amount))


@given(st.lists(AMOUNTS, min_size=1, max_size=12), st.lists(AMOUNTS, max_size=4))
def test_lines_of_an_invoice_sum_to_its_due(amounts: list[Decimal], off: list[Decimal]) -> None:
    """E-16: whatever is taken off, no line lies below 0 and the sum stays."""
    items = [item(f"I{n}", str(amount)) for n, amount in enumerate(amounts)]
    left = sum(amounts)
    for n, amount in enumerate(off):
        if amount < left:
            items.append(item("I0" if n % 2 else "Discount", f"-{amount}"))
            left -= amount
    found = blue_items(items)
    assert sum(one.amount for one in found) == left
    assert all(one.amount > 0 and one.quantity > 0 and one.unit_price >= 0 for one in found)


def test_discount_comes_off_all_lines_and_a_credit_off_its_own() -> None:
    """E-16: 10 % off each; of three seals one was given back, two stay at their price."""
    labour = item("Labour", "200.00", nature=TaxNature.REPAIR)
    seals = item("Seal", "300.00", "3", "100.00")
    off = blue_items([labour, seals, item("Discount", "-50.00", nature=TaxNature.OTHER)])
    assert [(one.name, one.amount, one.unit_price) for one in off] == [
        ("Labour", Decimal("180.00"), Decimal("180.00")), ("Seal", Decimal("270.00"), Decimal("90.00")),
    ]  # fmt: skip
    back = blue_items([labour, seals, item("Seal", "-100.00", "1", "100.00")])
    assert [(one.name, one.quantity, one.unit_price, one.amount) for one in back] == [
        ("Labour", 1, Decimal("200.00"), Decimal("200.00")), ("Seal", 2, Decimal("100.00"), Decimal("200.00")),
    ]  # fmt: skip
    assert [one.name for one in blue_items([labour, seals, item("Seal", "-300.00", "3", "100.00")])] == ["Labour"]


def test_part_of_a_quantity_is_never_nothing() -> None:
    assert part_of(Decimal(2), Decimal(50), Decimal(100)) == 1
    assert part_of(Decimal(1), Decimal("0.01"), Decimal(100000)) == Decimal("0.001")


@pytest.mark.parametrize(
    ("text", "found"),
    [("", [1, 2, 3, 4]), ("2", [2]), ("1-3", [1, 2, 3]), ("４、2", [2, 4]), ("1，3-4", [1, 3, 4]), ("2;2", [2])],
)
def test_positions_as_people_write_them(text: str, found: list[int]) -> None:
    assert positions(text, 4) == found


@pytest.mark.parametrize("text", ["0", "5", "3-1", "x", "1-", "-1", "1.5", "NaN", "99999999999"])
def test_positions_that_are_none(text: str) -> None:
    with pytest.raises(MissingInput):
        positions(text, 4)


@pytest.mark.parametrize("rate", [None, "NaN", "Infinity", "-1", "100.01", "13.005", "1e308"])
def test_rates_that_are_none(rate: str | None) -> None:
    """X-01."""
    with pytest.raises(MissingInput) as refusal:
        check_rate(None if rate is None else Decimal(rate))
    assert refusal.value.field == "rate"


@pytest.mark.parametrize(
    ("kind", "title", "tax_id", "is_company", "field"),
    [
        (InvoiceKind.SPECIAL, "A", "", True, "tax_id"), (InvoiceKind.SPECIAL, "", TAX_ID, True, "title"),
        (InvoiceKind.SPECIAL, "A", TAX_ID, False, "kind"), (InvoiceKind.NORMAL, "A", "", True, "tax_id"),
        (InvoiceKind.NORMAL, "", "", False, "title"), (None, "A", TAX_ID, True, "kind"),
        (InvoiceKind.SPECIAL, "A", "91350100M000100Y44", True, "tax_id"),
        (InvoiceKind.NORMAL, "A", "123456789012345", True, "tax_id"),
        (InvoiceKind.NORMAL, "A", "330106199001011234", False, "tax_id"),
    ],
)  # fmt: skip
def test_buyer_that_is_incomplete(
    kind: InvoiceKind, title: str, tax_id: str, *, is_company: bool, field: str
) -> None:  # fmt: skip
    """X-04, X-06, X-23: each refusal names its field; an identity card is no tax id."""
    with pytest.raises(BackofficeError) as refusal:
        check_buyer(kind, title, tax_id, is_company=is_company)
    assert refusal.value.field == field


def test_buyer_that_is_complete() -> None:
    """X-04: full-width and small letters are folded; a person needs no tax id."""
    assert check_buyer(InvoiceKind.SPECIAL, "A", "９1350100m000100y43", is_company=True) == TAX_ID
    assert check_buyer(InvoiceKind.NORMAL, "王芳", "", is_company=False) == ""


@pytest.mark.parametrize(
    ("medium", "number", "code", "field"),
    [
        (InvoiceMedium.DIGITAL, "2" * 19, "", "invoice_no"), (InvoiceMedium.DIGITAL, "2" * 21, "", "invoice_no"),
        (InvoiceMedium.DIGITAL, "26A" + "0" * 17, "", "invoice_no"),
        (InvoiceMedium.DIGITAL, "26" + "0" * 18, "0123456789", "invoice_code"),
        (InvoiceMedium.DIGITAL, "27" + "0" * 18, "", "invoice_no"),
        (InvoiceMedium.PAPER, "1234567", "0123456789", "invoice_no"),
        (InvoiceMedium.PAPER, "12345678", "", "invoice_code"),
        (InvoiceMedium.PAPER, "12345678", "01234567890", "invoice_code"),
    ],
)  # fmt: skip
def test_numbers_that_are_none(medium: InvoiceMedium, number: str, code: str, field: str) -> None:
    """X-05."""
    with pytest.raises(MissingInput) as refusal:
        check_number(medium, number, code, DAY)
    assert refusal.value.field == field


def test_numbers_are_folded() -> None:
    """X-05: full-width figures and blanks."""
    number = "26" + "3" * 18
    wide = number.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})
    assert check_number(InvoiceMedium.DIGITAL, f" {wide} ", "", DAY) == (number, "")
    assert check_number(InvoiceMedium.PAPER, "１２３４ 5678", "3300 194 130", DAY) == ("12345678", "3300194130")
    assert check_number(InvoiceMedium.DIGITAL, "25" + "3" * 18, "", date(2026, 1, 1))[0].startswith("25")


def test_day_of_issue() -> None:
    """W-5.5, G-04."""
    assert check_day(DAY, DAY, DAY) == DAY
    for day, earliest in ((None, None), (date(2026, 11, 27), None), (date(2026, 11, 25), DAY)):
        with pytest.raises((MissingInput, RuleViolated)) as refusal:
            check_day(day, earliest, DAY)
        assert refusal.value.field == "issued_on"
