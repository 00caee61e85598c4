"""Parts come back from the customer: into the store, and off what is due (E-30)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.core import alike, clock
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.locking import locked_one
from backoffice.core.permissions import Actor, Permission
from backoffice.core.quantity import check_quantity, format_quantity
from backoffice.core.texts import given
from backoffice.fees.rules import TaxNature
from backoffice.organisation.models import User
from backoffice.parts import workflow as parts
from backoffice.receivables.models import Due, DueState
from backoffice.receivables.workflow import RESTATING, DueItem, credit
from backoffice.receivables.workflow.dues import VOIDING, check_not_invoiced
from backoffice.sales.models import PartsSale, SaleLine, SaleState
from backoffice.sales.rules import BackItem, taken_back

from .lines import read_lines


def _is_ours(sale: PartsSale, by: Actor) -> None:
    if sale.is_history:
        raise RuleViolated(_l("This sale came from an older system; its parts never left our store."), rule="E-30")


@act(
    "sale.take_back", PartsSale, permission=Permission.SALE_WRITE, label=_l("Take parts back"), rule="E-30",
    sources=[SaleState.DELIVERED], guards=[_is_ours], bulk=False, order=20,
    also=[(PartsSale, SaleState.DELIVERED, SaleState.REVERSED), *RESTATING, *VOIDING],
)  # fmt: skip
def take_back(
    sale: PartsSale, *, by: User, at: datetime, reason: str = "", lines: Sequence[BackItem] = (),
    everything: bool = False,
) -> None:  # fmt: skip
    """Parts of a delivered sale go back into the store, and what is due becomes less.

    everything: whatever is left of it. Refused where an invoice covers the due, or more was paid than is left: finance
    corrects that first. A sale that came back wholly is reversed, its due void.
    """
    reason = given(reason, 300, "reason", _l("Say why the parts come back."), rule="E-30", lines=True)
    check_after(at, sale.delivered_at, _l("Delivered"))
    read_lines(sale)
    backs = _backs(sale, lines, everything=everything)
    items = []
    for line, quantity in backs:
        amount = taken_back(line.unit_price, line.left, quantity)
        if amount:
            items.append(DueItem(line.name, TaxNature.PARTS, quantity, line.unit, line.unit_price, -amount))
        line.returned_quantity += quantity
        line.returned_amount += amount
        sale.returned_total += amount
    sale.updated_at = clock.now()  # also where nothing was paid for it
    with alike.together():
        db.session.flush()
    if sale.due_id is not None and items:
        _take_off(sale.due_id, items, reason)
    found = parts.lock_parts({line.part_id for line, _ in backs if line.part_id is not None})
    lots = [(found[line.part_id or 0], quantity, line.unit_cost or Decimal(0)) for line, quantity in backs]
    parts.sell_back(lots, branch_id=sale.branch_id, subject=sale, by=by, at=at, reason=reason)
    if not any(line.left for line in sale.valid_lines):
        sale.state = SaleState.REVERSED


def _backs(sale: PartsSale, items: Sequence[BackItem], *, everything: bool) -> list[tuple[SaleLine, Decimal]]:
    """Which lines come back, and how many of each; each named once."""
    if everything:
        return [(line, line.left) for line in sale.valid_lines if line.left]
    known = {line.id: line for line in sale.valid_lines}
    found: dict[int, tuple[SaleLine, Decimal]] = {}
    for place, item in enumerate(items):
        field = f"lines-{place}-quantity"
        if not item.quantity:
            continue
        line = known.get(item.line_id or 0)
        if line is None or line.id in found:
            raise RuleViolated(_l("This line is not one of the sale. Look at it again."), rule="E-30", field=field)
        try:
            check_quantity(item.quantity)
        except RuleViolated as refusal:
            raise RuleViolated(refusal.message, rule="E-07", field=field) from None
        if item.quantity > line.left:
            raise RuleViolated(
                _l("Only %(left)s %(unit)s of it are left with the customer.", left=format_quantity(line.left),
                   unit=line.unit),
                rule="E-30", field=field,
            )  # fmt: skip
        found[line.id] = (line, item.quantity)
    if not found:
        raise MissingInput(_l("Enter how many of which part come back."), rule="E-30", field="lines")
    return list(found.values())


def _take_off(due_id: int, items: Sequence[DueItem], reason: str) -> None:
    """Take it off the due. Of a waived one nothing is asked for any more, so nothing is taken off."""
    due = locked_one(Due, due_id)
    if due.state is DueState.WAIVED and not due.paid_amount:
        check_not_invoiced(due)
        return
    credit(due, items, reason=reason)
