"""Writing down what a customer wants, changing it, dropping it (E-30)."""

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean, given
from backoffice.customers.models import Customer
from backoffice.customers.workflow import check_in_use
from backoffice.organisation.models import User
from backoffice.organisation.workflow.numbers import take_number
from backoffice.sales.models import PartsSale, SaleState
from backoffice.sales.rules import SaleItem
from backoffice.vouchers.models import CollectionPath

from .delivering import hand_over
from .lines import read_lines, write_lines


@act(
    "sale.create", PartsSale, permission=Permission.SALE_WRITE, label=_l("Enter a parts sale"), rule="E-30",
    also=[(PartsSale, SaleState.DRAFT, SaleState.DELIVERED)], creates=True, bulk=False,
)  # fmt: skip
def create(
    *, by: User, at: datetime, customer: Customer | None = None, lines: Sequence[SaleItem] = (), remark: str = "",
    deliver_now: bool = False, path: CollectionPath | None = None,
) -> PartsSale:  # fmt: skip
    """Write down which parts a customer of the own branch wants, at which price.

    deliver_now: hand them over at once, as at the counter; path says then how they are paid (see `sale.deliver`).
    """
    if customer is None:
        raise MissingInput(_l("Choose the customer."), rule="E-30", field="customer")
    if customer.branch_id != by.branch_id:
        raise NotPermitted(_l("Choose one of your own branch."), rule="P-1", field="customer")
    check_in_use(customer, "E-30")
    sale = PartsSale(
        branch_id=customer.branch_id, customer=customer, customer_kind=customer.kind, customer_name=customer.name,
        state=SaleState.DRAFT, sold_at=at, remark=clean(remark, 300, "remark"), lines=[],
    )  # fmt: skip
    with db.session.no_autoflush:
        sale.number = take_number("N-23", customer.branch_id)
        write_lines(sale, lines, by)
        db.session.add(sale)  # only now, whole: one line of the trail
        db.session.flush()
    if deliver_now:
        hand_over(sale, by, at, path)
        sale.state = SaleState.DELIVERED
    return sale


@act(
    "sale.edit", PartsSale, permission=Permission.SALE_WRITE, label=_l("Edit"), rule="E-30",
    sources=[SaleState.DRAFT], bulk=False, order=80,
)  # fmt: skip
def edit(sale: PartsSale, *, by: User, at: datetime, lines: Sequence[SaleItem] = (), remark: str = "") -> None:
    """Change a draft; whose it is never changes. What was delivered is not edited: it is taken back."""
    read_lines(sale)
    sale.remark = clean(remark, 300, "remark")
    write_lines(sale, lines, by)


@act(
    "sale.void", PartsSale, permission=Permission.SALE_WRITE, label=_l("Void"), rule="E-30",
    sources=[SaleState.DRAFT], target=SaleState.VOID, tone="danger", bulk=False, order=90,
)  # fmt: skip
def void(sale: PartsSale, *, by: User, at: datetime, reason: str = "") -> None:
    """The customer does not want it after all; nothing was taken out of the store."""
    sale.void_reason = given(reason, 300, "reason", _l("Say why."), rule="E-30")
