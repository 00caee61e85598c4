"""Goods in our hands, made directly: `make_card(CardState.REPAIRED)` gives a card with all that it stands on."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import FaultCause
from backoffice.core import attachments, clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods.models import Destination, GoodsEntry, GoodsLeg, GoodsReceipt, GoodsState, ReceiptState
from backoffice.goods.rules import TakenItem
from backoffice.organisation.models import Branch, User
from backoffice.parts.models import MovementKind
from backoffice.products.models import InstalledUnit, UnitStatus
from backoffice.repairs.models import CardPart, CardState, DelayReport, Inspection, RepairCard, TimeEntry
from backoffice.repairs.rules import DelayReason, InspectionResult, Offer, WaitingFor
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, SignatureMode, VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.factories import saved
from tests.pictures import png

_serial = count(1)
_GONE = {CardState.RETURNED: GoodsState.RETURNED, CardState.RELINQUISHED: GoodsState.GIVEN_UP,
         CardState.VOID: GoodsState.VOID}  # fmt: skip
_ENDED = {CardState.RETURNED: ReceiptState.RECOVERED, CardState.RELINQUISHED: ReceiptState.RECOVERED,
          CardState.VOID: ReceiptState.VOID}  # fmt: skip


def make_taken_call(technician: User | None = None, branch: Branch | None = None, **over: Any) -> ServiceCall:
    """A call whose goods were taken away, its voucher signed and not due back; no goods yet."""
    call = make.make_call(CallState.IN_REPAIR, branch=branch, technician=technician, **over)
    voucher = live_voucher(call)
    voucher.onsite_result, voucher.fault_cause, voucher.return_due_at = OnsiteResult.TAKEN_AWAY, None, None
    db.session.flush()
    return call


def _item(call: ServiceCall, unit: InstalledUnit | None) -> dict[str, Any]:
    n = next(_serial)
    return {
        "branch_id": call.branch_id, "customer_id": call.customer_id, "customer_kind": call.customer_kind,
        "customer_name": call.customer_name, "unit_id": unit.id if unit else None,
        "model_text": unit.model.code if unit else "旧水泵", "serial_no": unit.serial_no if unit else f"ALT{n:05}",
    }  # fmt: skip


def make_receipt(call: ServiceCall | None = None, unit: InstalledUnit | None = None, **over: Any) -> GoodsReceipt:
    """A receipt in the customer's hands; over a given call of which goods were taken away."""
    call = call or make_taken_call()
    values = _item(call, unit) | {
        "number": f"SJ-T-{next(_serial):05}", "state": ReceiptState.ISSUED, "voucher_id": live_voucher(call).id,
        "accessories": "无", "appearance": "外壳有划痕", "fault_text": "不出水",
        "promised_return_on": clock.today() + timedelta(days=7), "issued_by_id": call.technician_id,
        "issued_at": call.received_at + timedelta(minutes=15),
    }  # fmt: skip
    values |= over
    if values["state"] is not ReceiptState.ISSUED:
        values.setdefault("ended_at", clock.now())
        values.setdefault("end_reason", "写错")
    return saved(GoodsReceipt(**values))


def make_entry(receipt: GoodsReceipt | None = None, state: GoodsState = GoodsState.WORKSHOP, **over: Any) -> GoodsEntry:
    """The register line of a receipt, with its leg where the item is outside or came back."""
    receipt = receipt or make_receipt()
    values: dict[str, Any] = {
        name: getattr(receipt, name)
        for name in ("branch_id", "customer_id", "customer_kind", "customer_name", "unit_id", "model_text", "serial_no")
    } | {
        "number": f"JC-T-{next(_serial):05}",
        "receipt": receipt,
        "state": state,
        "moved_at": receipt.issued_at,
        "moved_by_id": receipt.issued_by_id,
        "in_on": clock.local(receipt.issued_at).date(),
        "long_after": clock.local(receipt.issued_at).date() + timedelta(days=30),
        "promised_return_on": receipt.promised_return_on,
        "first_promised_on": receipt.promised_return_on,
    }
    if state is GoodsState.RETURNED:
        values |= {"returned_on": clock.today(), "returned_by_id": receipt.issued_by_id, "received_by": "李四",
                   "return_signed_at": clock.now()}  # fmt: skip
    entry = saved(GoodsEntry(**values | over))
    if state in (GoodsState.FACTORY, GoodsState.OUTSOURCED, GoodsState.BACK):
        make_leg(entry, back_on=clock.today() if state is GoodsState.BACK else None)
    return entry


def make_leg(entry: GoodsEntry, **over: Any) -> GoodsLeg:
    """A way to the factory, still open."""
    destination = Destination.OUTSOURCED if entry.state is GoodsState.OUTSOURCED else Destination.FACTORY
    values = {
        "branch_id": entry.branch_id, "entry": entry, "destination": destination, "sent_to": "总厂", "carrier": "顺丰",
        "tracking_no": f"SF{next(_serial):08}", "sent_on": entry.in_on, "sent_by_id": entry.moved_by_id,
    }  # fmt: skip
    values |= over
    if values.get("back_on"):
        values.setdefault("back_by_id", entry.moved_by_id)
    return saved(GoodsLeg(**values))


def make_card(
    state: CardState = CardState.PENDING, technician: User | None = None, branch: Branch | None = None,
    call: ServiceCall | None = None, **over: Any,
) -> RepairCard:  # fmt: skip
    """A card in that state with all that it stands on; printed, its call in repair (completed where the item is gone).

    unit: of the item; by default the call's own, where it is the first item of the call. at: GoodsState of the line.
    """
    first = call is None
    call = call or make_taken_call(technician, branch)
    unit = over.pop("unit", call.unit if first else None)
    where = over.pop("at", _GONE.get(state, GoodsState.FACTORY if state is CardState.WAITING else GoodsState.WORKSHOP))
    receipt = make_receipt(call, unit, state=_ENDED.get(state, ReceiptState.ISSUED))
    entry = make_entry(receipt, where)
    if unit is not None and state not in _GONE:
        unit.status = UnitStatus.IN_REPAIR
    technician_id = call.technician_id
    start = receipt.issued_at
    values: dict[str, Any] = {
        name: getattr(entry, name)
        for name in ("branch_id", "customer_id", "customer_kind", "customer_name", "unit_id", "model_text", "serial_no")
    } | {
        "number": f"XK-T-{next(_serial):05}",
        "state": state,
        "entry": entry,
        "call_id": call.id,
        "technician_id": technician_id,
        "received_at": start,
        "fault_text": "不出水",
        "planned_finish_at": clock.day_end(receipt.promised_return_on),
        "printed_at": start,
    }
    if state not in (CardState.PENDING, CardState.VOID):
        values["started_at"] = start + timedelta(seconds=60)
    if state is CardState.WAITING:
        values |= {"waiting_for": WaitingFor.FACTORY, "waiting_reason": "返厂"}
    worked = state in (CardState.REPAIRED, CardState.INSPECTED, CardState.RETURNED)
    if worked:
        values |= {"finished_at": start + timedelta(minutes=5), "finished_by_id": technician_id, "no_parts": True,
                   "work_done": "更换机械密封", "fault_cause": FaultCause.PRODUCT}  # fmt: skip
    inspector = None
    if state in (CardState.INSPECTED, CardState.RETURNED):
        inspector = make.make_user(Role.SUPERVISOR, db.session.get_one(Branch, call.branch_id))
        values |= {"inspected_at": start + timedelta(minutes=6), "inspected_by_id": inspector.id}
        entry.inspected_on = clock.local(start).date()
    if state in (CardState.UNREPAIRABLE, CardState.RELINQUISHED):
        values |= {"unrepairable_reason": "叶轮碎裂", "offer": Offer.REPLACEMENT}
    if state.is_final:
        values["ended_at"] = start + timedelta(minutes=8)
    card = saved(RepairCard(**values | over))
    if worked:
        make_time(card)
    if inspector is not None:
        make_inspection(card, inspected_by_id=inspector.id, inspected_at=values["inspected_at"])
    return card


def make_time(card: RepairCard, **over: Any) -> TimeEntry:
    """Three minutes of the card's technician."""
    start = card.started_at or card.received_at
    values = {
        "branch_id": card.branch_id, "card": card, "user_id": card.technician_id, "started_at": start,
        "ended_at": start + timedelta(minutes=3), "minutes": 3, "work": "拆检",
    }  # fmt: skip
    return saved(TimeEntry(**values | over))


def make_inspection(card: RepairCard, **over: Any) -> Inspection:
    """A passed inspection."""
    values = {"branch_id": card.branch_id, "card": card, "nth": len(card.inspections) + 1, "inspected_at": clock.now(),
              "result": InspectionResult.PASSED}  # fmt: skip
    return saved(Inspection(**values | over))


def make_delay(card: RepairCard, **over: Any) -> DelayReport:
    """A report that waits for the supervisor."""
    values = {
        "branch_id": card.branch_id, "card": card, "reported_at": clock.now(), "reported_by_id": card.technician_id,
        "cause": DelayReason.PARTS, "help_requested": "请催货", "old_finish_at": card.planned_finish_at,
        "new_finish_at": card.planned_finish_at + timedelta(days=3),
    }  # fmt: skip
    return saved(DelayReport(**values | over))


def make_card_part(card: RepairCard, quantity: str = "1", **over: Any) -> CardPart:
    """A part from the store on the card, with its movement; as many are put into the store before."""
    part = over.pop("part", None) or make.make_part()
    make.make_movement(part, quantity=Decimal(quantity), branch_id=card.branch_id)
    used = make.make_movement(
        part, -Decimal(quantity), branch_id=card.branch_id, kind=MovementKind.USED, subject_type=card.__tablename__,
        subject_id=card.id, subject_number=card.number,
    )  # fmt: skip
    values = {
        "branch_id": card.branch_id, "card": card, "part_id": part.id, "quantity": Decimal(quantity),
        "unit_cost": part.cost_price, "unit_price": part.sale_price, "movement": used,
        "taken_by_id": card.technician_id, "taken_at": clock.now(),
    }  # fmt: skip
    return saved(CardPart(**values | over))


def item(**over: Any) -> TakenItem:
    """What a technician writes about one item that we never sold."""
    values = {
        "model_text": "旧水泵", "serial_no": f"ALT{next(_serial):05}", "accessories": "无", "appearance": "外壳有划痕",
        "fault_text": "不出水", "promised_return_on": clock.today() + timedelta(days=7),
    }  # fmt: skip
    return TakenItem(**values | over)


def second_signature(**over: Any) -> dict[str, Any]:
    """What is asked at handing back: the receipt, and the customer's signature on the screen."""
    return {
        "receipt_back": True, "received_by": "李四", "signature_mode": SignatureMode.ON_SCREEN,
        "signature": attachments.prepare("s.png", png()), **over,
    }  # fmt: skip


def voucher_of(card: RepairCard) -> ServiceVoucher:
    """The voucher with which the item was taken away."""
    voucher: ServiceVoucher = card.entry.receipt.voucher
    assert voucher.state is not VoucherState.VOID
    return voucher
