"""The goods leave our hands with the customer's signature; with the last of them the call completes (W-1.9, W-4.8)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import attachments, clock
from backoffice.core.acts import act, check_after
from backoffice.core.attachments import AttachmentKind, Upload
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.core.locking import locked_one
from backoffice.core.permissions import Actor, Permission
from backoffice.goods.models import GoodsReceipt, GoodsState, ReceiptState
from backoffice.goods.workflow.movements import end_custody, ending
from backoffice.goods.workflow.receipts import end_receipt
from backoffice.organisation.models import User
from backoffice.products.models import InstalledUnit, UnitStatus
from backoffice.products.workflow import replace_unit
from backoffice.repairs.models import OPEN, CardState, RepairCard
from backoffice.repairs.queries import cards_of_call
from backoffice.vouchers.models import SignatureMode
from backoffice.vouchers.queries import voucher_of
from backoffice.vouchers.workflow import check_decided, checked_signature, job_done

from .checks import call_of, entry_of, no_clock_runs, not_history, own_card

_RECEIPT_ENDS = (GoodsReceipt, ReceiptState.ISSUED, ReceiptState.RECOVERED)
_CALL_COMPLETES = (ServiceCall, CallState.IN_REPAIR, CallState.COMPLETED)


def settle(call: ServiceCall, *, by: User, at: datetime) -> None:
    """Complete the call when none of its items is in our hands any more (W-1.9). `call` is locked, the session flushed.

    Which is then completed at the moment at which the last item went.
    """
    cards = cards_of_call(call.id)
    if call.state is not CallState.IN_REPAIR or any(card.state in OPEN for card in cards):
        return
    gone = [card.ended_at for card in cards if card.ended_at is not None and card.state is not CardState.VOID]
    call.state = CallState.COMPLETED
    job_done(call, voucher_of(call), by=by, at=max(gone, default=at))


def _in_house(card: RepairCard, by: Actor) -> None:
    entry = card.entry
    if entry is not None and entry.open_leg is not None:
        raise RuleViolated(
            _l("The item is “%(state)s”; it has to come back first.", state=entry.state.label), rule="W-4.2",
            remedy=Remedy(_l("Back in the house"), "repair_cards.act_view", {"name": "bring_back", "id": card.id}),
        )  # fmt: skip


def _promise_kept_or_told(card: RepairCard, by: Actor) -> None:
    """A late return was reported, and the customer was told of every delay, before he gets the goods (E-14, S-3.8)."""
    untold = next((report for report in card.delay_reports if report.customer_informed_at is None), None)
    if untold is not None:
        raise RuleViolated(
            _l("The customer has not been told of the delay of %(day)s yet.",
               day=clock.local(untold.reported_at).date()),
            rule="E-14",
            remedy=Remedy(_l("Customer told"), "delay_reports.act_view", {"name": "inform", "id": untold.id}),
        )  # fmt: skip
    entry = card.entry
    if entry is not None and clock.today() > entry.promised_return_on:
        raise RuleViolated(
            _l("The promised day %(day)s is past. Report the delay first.", day=entry.promised_return_on), rule="W-4.7",
            remedy=Remedy(_l("Report a delay"), "repair_cards.act_view", {"name": "report_delay", "id": card.id}),
        )  # fmt: skip


def _leave(card: RepairCard, state: GoodsState, *, by: Actor, at: datetime, receipt_back: bool) -> ServiceCall:
    """Receipt, line, unit: all that ends when the item goes; returns the locked call."""
    entry, call = entry_of(card), locked_one(ServiceCall, call_of(card).id)
    check_after(at, card.inspected_at or card.finished_at or card.received_at, _l("Repaired"))
    end_receipt(entry.receipt, at=at, handed_in=receipt_back)
    unit = entry.unit
    if unit is not None and unit.status is UnitStatus.IN_REPAIR:
        unit.status = UnitStatus.IN_USE if card.state is CardState.INSPECTED else UnitStatus.SCRAPPED
    end_custody(entry, state, by=by, at=at)
    card.ended_at = at
    return call


@act(
    "card.hand_back",
    RepairCard,
    permission=Permission.REPAIR_WORK,
    label=_l("Hand back"),
    rule="W-4.8",
    sources=[CardState.INSPECTED, CardState.UNREPAIRABLE],
    target=CardState.RETURNED,
    also=[*ending(GoodsState.RETURNED), _RECEIPT_ENDS, _CALL_COMPLETES],
    guards=[not_history, own_card, no_clock_runs, _in_house, _promise_kept_or_told],
    tone="primary",
    bulk=False,
    order=12,
)
def hand_back(
    card: RepairCard, *, by: User, at: datetime, received_by: str, signature_mode: SignatureMode | None,
    receipt_back: bool = False, signature: Upload | None = None, scan: Upload | None = None,
) -> None:  # fmt: skip
    """The customer has the goods again and signs for them; he hands in the receipt, which is void from now on (S-3.6).

    The unit is back in use, or scrapped where it could not be repaired; with the last item the call completes (W-1.9).
    """
    image, kind = checked_signature(
        signature_mode, received_by, signature, scan, rule="W-4.8", name_field="received_by"
    )
    check_decided(call_of(card), card.fault_cause)
    entry = entry_of(card)
    call = _leave(card, GoodsState.RETURNED, by=by, at=at, receipt_back=receipt_back)
    entry.returned_on, entry.returned_by_id = clock.local(at).date(), by.id
    entry.received_by, entry.return_signed_at = received_by.strip()[:60], at
    attachments.attach(entry, image, kind, by=by)
    card.state = CardState.RETURNED
    db.session.flush()  # the items of the call are counted as they are now
    settle(call, by=by, at=at)


@act(
    "card.relinquish",
    RepairCard,
    permission=Permission.REPAIR_DECIDE,
    label=_l("Customer gives it up"),
    rule="W-4.10",
    sources=[CardState.UNREPAIRABLE],
    target=CardState.RELINQUISHED,
    also=[*ending(GoodsState.GIVEN_UP), _RECEIPT_ENDS, _CALL_COMPLETES],
    guards=[not_history, no_clock_runs, _in_house],
    tone="danger",
    bulk=False,
    order=70,
)
def relinquish(
    card: RepairCard, *, by: User, at: datetime, cession: Upload | None = None, receipt_back: bool = False
) -> None:
    """The customer leaves an item to us that cannot be repaired, with a signed cession; its unit is scrapped."""
    if cession is None:
        raise MissingInput(_l("Attach the customer's signed cession."), rule="W-4.10", field="cession")
    call = _leave(card, GoodsState.GIVEN_UP, by=by, at=at, receipt_back=receipt_back)
    attachments.attach(entry_of(card), cession, AttachmentKind.SCAN, by=by)
    card.state = CardState.RELINQUISHED
    db.session.flush()  # the items of the call are counted as they are now
    settle(call, by=by, at=at)


def _not_repaired(card: RepairCard, by: Actor) -> None:
    if not card.unrepairable_reason:
        raise RuleViolated(_l("This item was repaired; nothing replaces it."), rule="W-4.9")


@act(
    "card.replace",
    RepairCard,
    permission=Permission.REPAIR_DECIDE,
    label=_l("Name the replacement"),
    rule="W-4.9",
    sources=[CardState.UNREPAIRABLE, CardState.RETURNED, CardState.RELINQUISHED],
    guards=[not_history, _not_repaired],
    bulk=False,
    order=72,
)
def replace(card: RepairCard, *, by: User, at: datetime, unit: InstalledUnit | None) -> None:
    """Name the unit that the customer got instead of one that could not be repaired; both are linked."""
    if unit is None:
        raise MissingInput(_l("Choose the unit by its serial number."), rule="W-4.9", field="unit")
    if unit.customer_id != card.customer_id:
        raise RuleViolated(_l("This unit belongs to another customer."), rule="W-4.9", field="unit")
    if unit.id == card.unit_id or unit.status is not UnitStatus.IN_USE:
        raise RuleViolated(_l("Choose another unit that is in use."), rule="W-4.9", field="unit")
    card.replacement = unit
    if card.unit is not None:
        replace_unit(card.unit, unit)
