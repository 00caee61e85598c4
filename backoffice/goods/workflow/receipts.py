"""How a receipt ends, what is said beside it, and corrections of a leg (W-3, E-12)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core import attachments, remarks
from backoffice.core.acts import act, check_after
from backoffice.core.attachments import AttachmentKind, Upload
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean, given
from backoffice.goods.models import GoodsEntry, GoodsLeg, GoodsReceipt, ReceiptState
from backoffice.goods.queries import receipts_of
from backoffice.vouchers.models import ServiceVoucher
from backoffice.vouchers.workflow import FOLLOWERS

_BESIDE = (Permission.GOODS_SEND, Permission.GOODS_VOID)
note, attach = remarks.declare("receipt", GoodsReceipt, _BESIDE)
note_on_line, attach_to_line = remarks.declare("goods", GoodsEntry, _BESIDE)


def _follow(old: ServiceVoucher, new: ServiceVoucher) -> None:
    for receipt in receipts_of(old):
        receipt.voucher = new


FOLLOWERS.append(_follow)


@act(
    "receipt.declare_lost", GoodsReceipt, permission=Permission.GOODS_VOID, label=_l("Declare lost"), rule="W-3",
    sources=[ReceiptState.ISSUED], target=ReceiptState.LOST, bulk=False, tone="danger", order=20,
)  # fmt: skip
def declare_lost(
    receipt: GoodsReceipt, *, by: Actor, at: datetime, reason: str, statement: Upload | None = None
) -> None:
    """The customer has lost it and signs a statement, which is attached; it then counts as void."""
    if statement is None:
        raise MissingInput(_l("Attach the customer's signed statement of the loss."), rule="W-3", field="statement")
    reason = given(reason, 300, "reason", _l("Say how it was lost."))
    check_after(at, receipt.issued_at, _l("Issued"))
    receipt.ended_at, receipt.end_reason = at, reason
    attachments.attach(receipt, statement, AttachmentKind.SCAN, by=by)


def end_receipt(receipt: GoodsReceipt, *, at: datetime, handed_in: bool) -> None:
    """The goods are back: the receipt is handed in and void; one declared lost counts as void already (S-3.6, W-3).

    Raises MissingInput where it is not handed in, with the way to declare it lost.
    """
    if receipt.state is ReceiptState.LOST:
        return
    if receipt.state is not ReceiptState.ISSUED:
        raise RuleViolated(
            _l("Receipt %(number)s is “%(state)s”.", number=receipt.number, state=receipt.state.label), rule="W-3"
        )
    if not handed_in:
        raise MissingInput(
            _l("Take receipt %(number)s back from the customer. If he has lost it, the supervisor declares it lost"
               " with his signed statement.", number=receipt.number),
            rule="W-3", field="receipt_back",
        )  # fmt: skip
    receipt.state, receipt.ended_at = ReceiptState.RECOVERED, at


@act(
    "leg.correct", GoodsLeg, permission=Permission.GOODS_SEND, label=_l("Carrier and tracking number"), rule="E-12",
    bulk=False, order=20,
)  # fmt: skip
def correct_leg(leg: GoodsLeg, *, by: Actor, at: datetime, carrier: str, tracking_no: str) -> None:
    """Write down the carrier and his number, which are often known later."""
    leg.carrier = given(carrier, 60, "carrier", _l("Who carries it?"))
    leg.tracking_no = clean(tracking_no, 60, "tracking_no")
