"""Parts sales of an older system, brought in as history line by line, and taking them back (E-30)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from backoffice.core import clock, numbering
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted, RuleViolated
from backoffice.core.history import checked_times
from backoffice.core.locking import locked
from backoffice.core.money import check_amount
from backoffice.core.permissions import Permission
from backoffice.core.quantity import check_quantity
from backoffice.core.texts import clean, given
from backoffice.organisation.models import Branch, User
from backoffice.sales.models import PartsSale, SaleLine, SaleState
from backoffice.sales.rules import amount_of
from backoffice.settings import queries as settings


@act(
    "sale.import", PartsSale, permission=Permission.DATA_IMPORT, label=_l("Import past parts sales"), rule="E-30",
    creates=True, bulk=False,
)  # fmt: skip
def import_history(*, by: User, at: datetime, rows: Sequence[Mapping[str, Any]]) -> list[SaleLine | BackofficeError]:
    """Enter lines of sales that are over and paid. Answers each row: the line, or why not.

    old_number, customer, sold_at, quantity (below 0: a reversal), unit_price (with tax, exact to the fen, not below 0)
    and a part, code or name are needed. Lines of one old number are one sale, numbered by us in the series of its day.
    continues: an earlier chunk of the same file has begun the sale; any other sale there already is not added to. No
    stock moves and nothing is due. The amount is price times quantity, half-up to the fen.
    """
    past = _Past(by, rows)
    results: list[SaleLine | BackofficeError] = []
    for row in rows:
        try:
            results.append(past.line(row, clock.now()))
        except BackofficeError as refusal:
            results.append(refusal)
    past.number()
    return results


class _Past:
    """The sales of one chunk: those begun before, and those that it begins."""

    def __init__(self, by: User, rows: Sequence[Mapping[str, Any]]) -> None:
        self.by = by
        old = {row["old_number"] for row in rows if row.get("old_number")}
        known = select(PartsSale).where(
            PartsSale.branch_id == by.branch_id, PartsSale.old_number.in_(old), PartsSale.state != SaleState.VOID
        )
        self.sales = {sale.old_number: sale for sale in db.session.scalars(known.with_for_update(of=PartsSale))}
        self.before = set(self.sales)
        last = select(SaleLine.sale_id, func.max(SaleLine.position)).group_by(SaleLine.sale_id)
        of_these = last.where(SaleLine.sale_id.in_([sale.id for sale in self.sales.values()]))
        positions = dict(db.session.execute(of_these).all())
        self.positions = {number: positions.get(sale.id, 0) for number, sale in self.sales.items()}

    def line(self, row: Mapping[str, Any], now: datetime) -> SaleLine:
        """The line of a row, in its sale; raises what is wrong with it."""
        number = given(row.get("old_number"), 60, "old_number", _l("A past sale has its old number."), rule="E-30")
        facts = _facts(row)
        times = checked_times(
            row, ("sold_at",), ("sold_at",), now, rule="E-30", message=_l("A past sale has the day on which it was."),
        )  # fmt: skip
        sale = self._sale(number, row, times["sold_at"])
        total = sale.total + facts["amount"]
        check_amount(abs(total), "unit_price")
        sale.total = total
        self.positions[number] += 1
        line = SaleLine(branch_id=sale.branch_id, sale=sale, position=self.positions[number], **facts)
        db.session.add(line)
        return line

    def _sale(self, number: str, row: Mapping[str, Any], sold_at: datetime) -> PartsSale:
        customer = row.get("customer")
        if customer is None:
            raise MissingInput(_l("Say whose sale it was."), rule="E-30", field="customer")
        if customer.branch_id != self.by.branch_id:
            raise NotPermitted(_l("Choose one of your own branch."), rule="P-1", field="customer")
        sale = self.sales.get(number)
        if sale is None:
            sale = PartsSale(
                branch_id=self.by.branch_id, customer=customer, customer_kind=customer.kind,
                customer_name=customer.name, state=SaleState.DELIVERED, sold_at=sold_at, delivered_at=sold_at,
                is_history=True, old_number=number, total=Decimal(0),
            )  # fmt: skip
            self.sales[number], self.positions[number] = sale, 0
            return sale
        if number in self.before and not (row.get("continues") and sale.is_history):
            raise RuleViolated(
                _l("There already: sale %(number)s has this old number.", number=sale.number), rule="E-30",
                field="old_number",
            )  # fmt: skip
        if sale.customer is not customer and sale.customer_id != customer.id:
            raise RuleViolated(
                _l("An earlier line of this sale names another customer."), rule="E-30", field="customer"
            )
        return sale

    def number(self) -> None:
        """Number the sales that have a line, in the order of the file."""
        begun = [sale for number, sale in self.sales.items() if number not in self.before and self.positions[number]]
        branch = db.session.get_one(Branch, self.by.branch_id)
        numbers = numbering.take_each(
            "N-23", settings.pattern("N-23"), branch_id=branch.id, branch_code=branch.code,
            days=[clock.local(sale.sold_at).date() for sale in begun],
        )  # fmt: skip
        for sale, number in zip(begun, numbers, strict=True):
            sale.number = number
            db.session.add(sale)


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    part = row.get("part")
    code, name = clean(row.get("code"), 60, "code"), clean(row.get("name"), 200, "name")
    shown = part.label if part is not None else " · ".join(word for word in (code, name) if word)
    if not shown:
        raise MissingInput(_l("Say which part it was: its code or its name."), rule="E-30", field="name")
    quantity, price = row.get("quantity"), row.get("unit_price")
    if not quantity:
        raise MissingInput(_l("Enter a quantity; below 0 for what came back."), rule="E-30", field="quantity")
    try:
        check_quantity(abs(quantity))
    except RuleViolated as refusal:
        raise RuleViolated(refusal.message, rule="E-07", field="quantity") from None
    if price is None:
        raise MissingInput(_l("Enter the unit price; 0 where it was for nothing."), rule="E-30", field="unit_price")
    return {
        "part": part, "name": shown, "quantity": quantity, "unit": part.unit if part is not None else "",
        "unit_price": check_amount(price, "unit_price"), "amount": amount_of(price, quantity, "unit_price"),
    }  # fmt: skip


@act(
    "sale.take_back_import", PartsSale, permission=Permission.DATA_IMPORT, label=_l("Take the import back"),
    rule="E-30", also=[(PartsSale, SaleState.DELIVERED, SaleState.VOID)], creates=True, bulk=False,
)  # fmt: skip
def take_back_history(*, by: User, at: datetime, records: Sequence[SaleLine]) -> list[PartsSale]:
    """Void the past sales that have these lines; their old numbers are free again. Raises RuleViolated for others.

    All lines of a past sale come from one file, and are taken back with it.
    """
    sales = locked(PartsSale, {line.sale_id for line in records})
    for sale in sales:
        if not sale.is_history:
            raise RuleViolated(_l("Only a sale that an import has brought in is taken back."), rule="E-30")
        if sale.state is not SaleState.VOID:
            sale.state, sale.void_reason = SaleState.VOID, gettext("Import taken back")
    return sales
