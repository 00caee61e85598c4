"""Goods are taken away from the site, or a receipt was written wrongly (W-1.5, W-3)."""

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.workflow import own_job
from backoffice.core import attachments, notices
from backoffice.core.acts import act, check_after
from backoffice.core.attachments import Upload
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.locking import locked_one
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean, given
from backoffice.goods.models import GoodsEntry, GoodsReceipt, GoodsState, ReceiptState
from backoffice.goods.rules import MOST_ITEMS, TakenItem, item_field, planned_finish
from backoffice.goods.workflow.movements import end_custody, ending, lock_units, take_in
from backoffice.organisation.models import Branch, User
from backoffice.organisation.queries import supervisor_ids
from backoffice.organisation.workflow.numbers import take_number
from backoffice.papers import workflow as papers
from backoffice.papers.models import PaperKind
from backoffice.products.models import UnitStatus
from backoffice.repairs.models import CardState, RepairCard
from backoffice.repairs.queries import card_of_entry, cards_of_call
from backoffice.settings import queries as settings
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, SignatureMode, VoucherState
from backoffice.vouchers.queries import voucher_of
from backoffice.vouchers.workflow import checked_signature, end_visit, not_waiting, reissue

from .handing_back import settle

TAKEN_IN = notices.kind("repair.taken_in", _l("Goods of call %(number)s are taken in: %(cards)s."))
RECEIPT_VOID = notices.kind("repair.receipt_void", _l("Receipt %(number)s is void: %(reason)s"))


@act(
    "call.take_away",
    ServiceCall,
    permission=Permission.CALL_WORK,
    label=_l("Take goods away"),
    rule="W-1.5",
    sources=[CallState.ON_SITE],
    target=CallState.IN_REPAIR,
    also=[(ServiceVoucher, VoucherState.ISSUED, VoucherState.SIGNED), *papers.USING],
    guards=[own_job, not_waiting],
    bulk=False,
    order=13,
)
def take_away(
    call: ServiceCall, *, by: User, at: datetime, items: Sequence[TakenItem], signed_by: str,
    signature_mode: SignatureMode | None, work_done: str = "", signature: Upload | None = None,
    scan: Upload | None = None,
) -> None:  # fmt: skip
    """The goods cannot be repaired on site: a receipt, a register line and a repair card for each item at once.

    work_done: what was found on site; may stay empty. The customer signs the voucher.
    """
    if not items:
        raise MissingInput(
            _l("Enter at least one item that is taken away."), rule="W-1.5", field=item_field(0, "accessories")
        )
    if len(items) > MOST_ITEMS:
        raise RuleViolated(_l("At most %(most)s items are taken in at a time.", most=MOST_ITEMS), rule="W-1.5")
    voucher = voucher_of(call)
    check_after(at, call.first_arrived_at, _l("Arrived"))
    image, kind = checked_signature(signature_mode, signed_by, signature, scan, rule="W-1.5")
    branch = db.session.get_one(Branch, call.branch_id)
    lock_units(items)
    cards = []
    for place, item in enumerate(items):
        entry = take_in(item, place, voucher=voucher, branch=branch, by=by, at=at, people={by.id})
        cards.append(_write_card(item, place, entry, call, branch, by, at))
    end_visit(call, at)
    voucher.onsite_result, voucher.work_done = OnsiteResult.TAKEN_AWAY, clean(work_done, 2000, "work_done", lines=True)
    voucher.service_type, voucher.state = call.service_type, VoucherState.SIGNED
    voucher.signature_mode, voucher.signed_by, voucher.signed_at = signature_mode, signed_by.strip(), at
    voucher.unsigned_reason = ""
    attachments.attach(voucher, image, kind, by=by)
    notices.send(
        TAKEN_IN, supervisor_ids(call.branch_id), call, number=call.number, cards=", ".join(c.number for c in cards)
    )


def _write_card(
    item: TakenItem, place: int, entry: GoodsEntry, call: ServiceCall, branch: Branch, by: Actor, at: datetime
) -> RepairCard:
    field = item_field(place, "card_paper_no")
    paper = papers.free_number(RepairCard, item.card_paper_no, field=field)
    shared = ("branch_id", "customer_id", "customer_kind", "customer_name", "unit_id", "model_text", "serial_no")
    card = RepairCard(
        **{name: getattr(entry, name) for name in shared}, number=take_number("N-08", branch), paper_no=paper,
        state=CardState.PENDING, entry=entry, call_id=call.id, technician_id=by.id, received_at=at,
        fault_text=entry.receipt.fault_text,
        planned_finish_at=planned_finish(at, settings.integer("TL-06"), entry.promised_return_on),
    )  # fmt: skip
    db.session.add(card)
    papers.use_sheet(PaperKind.CARD, paper, branch_id=branch.id, people={by.id}, subject=card, at=at, field=field)
    return card


def _untouched(receipt: GoodsReceipt, by: Actor) -> None:
    card = card_of_entry(receipt.entry)
    if receipt.state is not ReceiptState.ISSUED or card is None:
        return
    if card.state is not CardState.PENDING or receipt.entry.legs:
        raise RuleViolated(
            _l("Card %(number)s is “%(state)s”: the goods have been worked on. Only a receipt for goods that stayed at"
               " the site can be voided.", number=card.number, state=card.state.label),
            rule="W-3",
        )  # fmt: skip


@act(
    "receipt.void",
    GoodsReceipt,
    permission=Permission.GOODS_VOID,
    label=_l("Void"),
    rule="W-3",
    sources=[ReceiptState.ISSUED],
    target=ReceiptState.VOID,
    also=[
        *ending(GoodsState.VOID),
        (RepairCard, CardState.PENDING, CardState.VOID),
        (ServiceCall, CallState.IN_REPAIR, CallState.ON_SITE),
        (ServiceCall, CallState.IN_REPAIR, CallState.COMPLETED),
        (ServiceVoucher, VoucherState.SIGNED, VoucherState.VOID),
        *papers.SPOILING,
        *papers.USING,
    ],
    guards=[_untouched],
    tone="danger",
    bulk=False,
    order=80,
)
def void(receipt: GoodsReceipt, *, by: User, at: datetime, reason: str, paper_no: str = "") -> None:
    """A receipt was wrongly written, and the goods stayed at the site: its line and card are void with it.

    When none is left the technician goes on at the site with a new voucher, perhaps on the sheet `paper_no`.
    """
    reason = given(reason, 300, "reason", _l("Say why the receipt is void."))
    check_after(at, receipt.issued_at, _l("Issued"))
    entry = receipt.entry
    card = card_of_entry(entry)
    call = locked_one(ServiceCall, receipt.voucher.call_id)
    end_custody(entry, GoodsState.VOID, by=by, at=at)
    if entry.unit is not None and entry.unit.status is UnitStatus.IN_REPAIR:
        entry.unit.status = UnitStatus.IN_USE
    papers.spoil_sheet(PaperKind.RECEIPT, receipt.paper_no, at=at, reason=reason)
    if card is not None:
        card.state, card.ended_at = CardState.VOID, at
        papers.spoil_sheet(PaperKind.CARD, card.paper_no, at=at, reason=reason)
    receipt.state, receipt.ended_at, receipt.end_reason = ReceiptState.VOID, at, reason
    db.session.flush()  # the other items of the call are counted as they are now
    notices.send(RECEIPT_VOID, [receipt.issued_by_id], receipt, number=receipt.number, reason=reason)
    if any(other.state is not CardState.VOID for other in cards_of_call(call.id)):
        settle(call, by=by, at=at)
        return
    reissue(voucher_of(call), paper_no, at=at, reason=reason, people={receipt.issued_by_id, by.id}, unsigned=True)
    call.state = CallState.ON_SITE
