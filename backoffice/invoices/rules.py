"""Rules of invoices on plain values: what stands on the lines, their tax, the buyer, the numbers (X-01 to X-06)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.money import NOTHING, round_fen
from backoffice.core.states import LabelledEnum
from backoffice.core.texts import fold_code
from backoffice.customers.rules import check_credit_code
from backoffice.fees.rules import TaxNature

_HUNDRED = Decimal(100)
_PLACES = Decimal("0.001")
_DIGITAL = re.compile(r"\d{20}", re.ASCII)
_PAPER = re.compile(r"\d{8}", re.ASCII)
_PAPER_CODE = re.compile(r"\d{10}(\d\d)?", re.ASCII)


class InvoiceKind(LabelledEnum):
    """Which kind of invoice (X-04)."""

    NORMAL = "normal", _l("Normal invoice")
    SPECIAL = "special", _l("Special VAT invoice")


class InvoiceMedium(LabelledEnum):
    """On what it is issued (X-05)."""

    DIGITAL = "digital", _l("Digital invoice")
    PAPER = "paper", _l("Paper invoice")


class DeliveryWay(LabelledEnum):
    """How it reaches the customer (E-16)."""

    EMAIL = "email", _l("E-mail")
    MAIL = "mail", _l("Post")
    HAND = "hand", _l("By hand")
    PLATFORM = "platform", _l("Tax platform")


# -- tax ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taxed:
    """An amount with tax, taken apart in yuan: net + tax = gross to the fen."""

    net: Decimal
    tax: Decimal
    gross: Decimal


def taxed(gross: Decimal, rate: Decimal) -> Taxed:
    """`gross` taken apart by a rate in percent: net rounded half-up, of a red line as of a blue one, tax the rest.

    X-03; gross may lie below 0.
    """
    net = round_fen(gross * _HUNDRED / (_HUNDRED + rate))
    return Taxed(net, gross - net, gross)


def check_rate(rate: Decimal | None, field: str = "rate") -> Decimal:
    """A rate in percent. Raises MissingInput naming `field` unless it is 0 to 100 with at most two places (X-01)."""
    if rate is None or not rate.is_finite() or not 0 <= rate <= _HUNDRED or rate != round_fen(rate):
        raise MissingInput(_l("Enter a tax rate from 0 to 100 percent, such as 13."), rule="X-01", field=field)
    return rate


# -- lines -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """What stands on a line: quantity, price and amount with tax in yuan; the amount of a discount lies below 0."""

    name: str
    tax_nature: TaxNature
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal


def blue_items(items: Sequence[Item]) -> list[Item]:
    """The items of a due as an invoice takes them: without lines below 0, with the same sum to the fen.

    The tax platform takes no line below 0 on a blue invoice. What is credited of a line of the same name and nature
    comes off that line; a discount comes off all lines by their amounts. A line of which nothing is left is left out.
    """
    left = [item for item in items if item.amount > 0]
    for off in (item for item in items if item.amount < 0):
        left = _without(left, off)
    return [item for item in left if item.amount > 0]


def _without(items: Sequence[Item], off: Item) -> list[Item]:
    same = [n for n, item in enumerate(items) if (item.name, item.tax_nature) == (off.name, off.tax_nature)]
    amounts = [item.amount for item in items]
    on_same = min(-off.amount, sum((amounts[n] for n in same), NOTHING))
    for place, share in zip(same, spread([amounts[n] for n in same], on_same), strict=True):
        amounts[place] -= share
    for place, share in enumerate(spread(amounts, -off.amount - on_same)):
        amounts[place] -= share
    return [_reduced(item, amount, off) for item, amount in zip(items, amounts, strict=True)]


def _reduced(item: Item, amount: Decimal, off: Item) -> Item:
    """The item with another amount: fewer of it where some were credited at its price, else at a lower price."""
    if amount == item.amount:
        return item
    fewer = item.quantity - off.quantity
    credited = (item.name, item.unit_price) == (off.name, off.unit_price) and fewer > 0
    if credited and item.amount - amount == -off.amount:
        return replace(item, quantity=fewer, amount=amount)
    return replace(item, amount=amount, unit_price=round_fen(amount / item.quantity))


def spread(amounts: Sequence[Decimal], off: Decimal) -> list[Decimal]:
    """`off` in shares proportional to the amounts: whole fen, exactly `off` in sum, none above its amount.

    amounts: not below 0; off: from 0 to their sum.
    """
    whole, so_far, given = sum(amounts, NOTHING), NOTHING, NOTHING
    shares = []
    for amount in amounts:
        so_far += amount
        upto = round_fen(off * so_far / whole) if whole else NOTHING
        shares.append(upto - given)
        given = upto
    return shares


def part_of(quantity: Decimal, amount: Decimal, gross: Decimal) -> Decimal:
    """The quantity that goes with `amount` out of a line of `quantity` for `gross`, to the thousandth, never 0."""
    return max((quantity * amount / gross).quantize(_PLACES), _PLACES)


_RANGE = re.compile(r"(\d{1,5})(?:[-–~](\d{1,5}))?", re.ASCII)


def positions(text: str, last: int) -> list[int]:
    """Numbers of lines as people write them, `1-3, 7`; "" means all up to `last`. Raises MissingInput for `lines`."""
    folded = fold_code(text.replace("\n", ",")).replace("、", ",").replace(";", ",")
    if not folded:
        return list(range(1, last + 1))
    found: set[int] = set()
    for part in filter(None, folded.split(",")):
        match = _RANGE.fullmatch(part)
        ends = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= ends[0] <= ends[1] <= last:
            raise MissingInput(
                _l("Enter numbers of lines from 1 to %(last)s, such as 1-3, 7.", last=last), rule="E-16", field="lines"
            )
        found.update(range(ends[0], ends[1] + 1))
    return sorted(found)


# -- buyer and numbers -------------------------------------------------------------------------------------------------


def check_buyer(kind: InvoiceKind | None, title: str, tax_id: str, *, is_company: bool) -> str:
    """The tax id in capitals, "" for none. Raises MissingInput or RuleViolated naming the field (X-04, X-06).

    A special invoice wants a company with title and tax id, a normal one of a company both as well; a person has a
    normal one, and needs no tax id.
    """
    if kind is None:
        raise MissingInput(_l("Choose the kind of invoice."), rule="X-04", field="kind")
    if kind is InvoiceKind.SPECIAL and not is_company:
        raise RuleViolated(
            _l("Only a company gets a special invoice. Choose a normal one."), rule="X-04", field="kind"
        )  # fmt: skip
    if not title:
        raise MissingInput(_l("Enter the title of the invoice."), rule="X-04", field="title")
    try:
        code = check_credit_code(tax_id)
    except MissingInput as refusal:
        refusal.field = "tax_id"
        raise
    if is_company and not code:
        raise MissingInput(_l("An invoice for a company needs its tax id."), rule="X-04", field="tax_id")
    return code


def check_number(
    medium: InvoiceMedium, invoice_no: str, invoice_code: str, issued_on: date
) -> tuple[str, str]:  # fmt: skip
    """Number and code, full-width figures folded; a digital invoice has no code (X-05).

    Raises MissingInput naming `invoice_no` or `invoice_code`.
    """
    number, code = fold_code(invoice_no), fold_code(invoice_code)
    if medium is InvoiceMedium.DIGITAL:
        if not _DIGITAL.fullmatch(number):
            raise MissingInput(
                _l("The number of a digital invoice has 20 figures, these are %(count)s characters.",
                   count=len(number)),
                rule="X-05", field="invoice_no",
            )  # fmt: skip
        if code:
            raise MissingInput(_l("A digital invoice has no code."), rule="X-05", field="invoice_code")
        if 2000 + int(number[:2]) > issued_on.year:
            raise MissingInput(
                _l("The number begins with the year of issue: “%(year)s” is not past yet on %(day)s.",
                   year=number[:2], day=issued_on.isoformat()),
                rule="X-05", field="invoice_no",
            )  # fmt: skip
        return number, ""
    if not _PAPER.fullmatch(number):
        raise MissingInput(_l("The number of a paper invoice has 8 figures."), rule="X-05", field="invoice_no")
    if not _PAPER_CODE.fullmatch(code):
        raise MissingInput(_l("The code of a paper invoice has 10 or 12 figures."), rule="X-05", field="invoice_code")
    return number, code


def check_day(day: date | None, earliest: date | None, today: date) -> date:
    """The day of issue. Raises MissingInput for none, RuleViolated in the future or before `earliest` (G-04)."""
    if day is None:
        raise MissingInput(_l("Enter the day of issue."), rule="W-5.5", field="issued_on")
    if day > today:
        raise RuleViolated(_l("The date lies in the future."), rule="G-04", field="issued_on")
    if earliest is not None and day < earliest:
        raise RuleViolated(
            _l("The day of issue lies before %(day)s.", day=earliest.isoformat()), rule="W-5.5", field="issued_on"
        )
    return day
