"""The work on a card: start, wait, resume, quote, finish; and who does it (W-4.1 to W-4.4)."""

from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import notices
from backoffice.core.acts import act, check_after
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.core.money import check_amount
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean, given
from backoffice.goods.models import Destination
from backoffice.goods.workflow.movements import COMING_BACK, SENDING, bring_back, send_out
from backoffice.organisation.models import User
from backoffice.organisation.queries import supervisor_ids
from backoffice.repairs.models import OPEN, CardState, RepairCard
from backoffice.repairs.queries import estimate_of
from backoffice.repairs.rules import WaitingFor, needs_agreement
from backoffice.settings import queries as settings
from backoffice.vouchers.workflow import check_decided
from backoffice.vouchers.workflow.dispatching import check_technician

from .checks import call_of, entry_of, has_passed, no_clock_runs, not_its_inspector, own_card

_OUTSIDE = {WaitingFor.OUTSOURCED: Destination.OUTSOURCED, WaitingFor.FACTORY: Destination.FACTORY}
GIVEN_TO = notices.kind("repair.given_to", _l("Repair card %(number)s is yours now: %(reason)s"))
FINISHED = notices.kind("repair.finished", _l("Repair card %(number)s: repaired, please inspect."))


def _hangs(card: RepairCard, by: Actor) -> None:
    if card.started_at is None and not card.hangs:
        raise RuleViolated(
            _l("Print the card and hang it on the goods first."), rule="W-4.1",
            remedy=Remedy(_l("Print the card"), "prints.new_view", {"key": "F-05", "id": card.id}),
        )  # fmt: skip


@act(
    "card.start", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Start the repair"), rule="W-4.1",
    sources=[CardState.PENDING], target=CardState.REPAIRING, guards=[own_card, _hangs], tone="primary", order=10,
)  # fmt: skip
def start(card: RepairCard, *, by: User, at: datetime) -> None:
    """Begin the repair; the card has to hang on the goods, so it was printed or written on a numbered one."""
    check_after(at, card.received_at, _l("Taken in"))
    card.started_at = at


@act(
    "card.wait", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Wait, or send out"), rule="W-4.2",
    sources=[CardState.PENDING, CardState.REPAIRING], target=CardState.WAITING, also=SENDING,
    guards=[own_card, no_clock_runs], bulk=False, order=30,
)  # fmt: skip
def wait(
    card: RepairCard, *, by: User, at: datetime, waiting_for: WaitingFor | None, reason: str, sent_to: str = "",
    carrier: str = "", tracking_no: str = "",
) -> None:  # fmt: skip
    """The repair cannot go on; for an outside workshop or the factory the goods leave the house with a carrier."""
    if waiting_for is None:
        raise MissingInput(_l("What does the repair wait for?"), rule="W-4.2", field="waiting_for")
    reason = given(reason, 300, "reason", _l("Say what is missing."), lines=True, rule="W-4.2")
    check_after(at, card.started_at or card.received_at, _l("Taken in"))
    destination = _OUTSIDE.get(waiting_for)
    if destination is not None:
        send_out(entry_of(card), destination, by=by, at=at, sent_to=sent_to, carrier=carrier, tracking_no=tracking_no)
    card.waiting_for, card.waiting_reason = waiting_for, reason


@act(
    "card.resume", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Go on with the repair"), rule="W-4.3",
    sources=[CardState.WAITING], target=CardState.REPAIRING, also=COMING_BACK, guards=[own_card, _hangs],
    tone="primary", bulk=False, order=10,
)  # fmt: skip
def resume(card: RepairCard, *, by: User, at: datetime) -> None:
    """What was missing is there; goods that were outside are back in the house from this moment."""
    check_after(at, card.started_at or card.received_at, _l("Taken in"))
    if entry_of(card).open_leg is not None:
        bring_back(entry_of(card), by=by, at=at)
    card.started_at = card.started_at or at
    card.waiting_for, card.waiting_reason = None, ""


def _outside(card: RepairCard, by: Actor) -> None:
    if card.entry is None or card.entry.open_leg is None:
        raise RuleViolated(_l("The item is not out of the house."), rule="W-4.3")


@act(
    "card.bring_back", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Back in the house"), rule="W-4.3",
    sources=[CardState.UNREPAIRABLE], also=COMING_BACK, guards=[own_card, _outside], bulk=False, order=11,
)  # fmt: skip
def come_back(card: RepairCard, *, by: User, at: datetime) -> None:
    """An item that was declared unrepairable while it was outside is in the house again."""
    bring_back(entry_of(card), by=by, at=at)


@act(
    "card.quote", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Quote"), rule="W-4.4",
    sources=[CardState.PENDING, CardState.REPAIRING, CardState.WAITING], guards=[own_card], bulk=False, order=40,
)  # fmt: skip
def quote(card: RepairCard, *, by: User, at: datetime, quote_amount: Decimal | None) -> None:
    """Tell the customer what the repair will cost; a new quote needs a new yes."""
    if quote_amount is None or check_amount(quote_amount, "quote_amount") == 0:
        raise MissingInput(_l("Enter the amount of the quote."), rule="W-4.4", field="quote_amount")
    check_after(at, card.received_at, _l("Taken in"))
    card.quote_amount, card.quoted_at = quote_amount, at
    card.customer_agreed_at, card.agreed_by = None, ""


def _quoted(card: RepairCard, by: Actor) -> None:
    if card.quote_amount is None:
        raise RuleViolated(
            _l("There is no quote to which the customer could agree."), rule="W-4.4",
            remedy=Remedy(_l("Quote"), "repair_cards.act_view", {"name": "quote", "id": card.id}),
        )  # fmt: skip
    if card.customer_agreed_at is not None:
        raise RuleViolated(_l("The customer has agreed already."), rule="W-4.4")


@act(
    "card.agree", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Customer agrees"), rule="W-4.4",
    sources=[CardState.PENDING, CardState.REPAIRING, CardState.WAITING], guards=[own_card, _quoted], bulk=False,
    order=41,
)  # fmt: skip
def agree(card: RepairCard, *, by: User, at: datetime, agreed_by: str) -> None:
    """The customer says yes to the quote; who said it and how is written down."""
    card.agreed_by = given(agreed_by, 120, "agreed_by", _l("Who agreed, and how?"), lines=True, rule="W-4.4")
    check_after(at, card.quoted_at, _l("Quoted"))
    card.customer_agreed_at = at


def _check_quote(card: RepairCard) -> None:
    """Raises RuleViolated where a paid repair costs more than the setting and the customer has not agreed (C-03)."""
    if call_of(card).service_type is not ServiceType.PAID:
        return
    limit, total = settings.amount("C-03"), estimate_of(card).total
    if not needs_agreement(max(total, card.quote_amount or Decimal(0)), limit):
        return
    if card.quote_amount is None or card.quote_amount < total:
        raise RuleViolated(
            _l("The repair comes to %(total)s yuan, more than %(limit)s: it needs a quote of at least that, and the"
               " customer's yes.", total=total, limit=limit),
            rule="W-4.4", remedy=Remedy(_l("Quote"), "repair_cards.act_view", {"name": "quote", "id": card.id}),
        )  # fmt: skip
    if card.customer_agreed_at is None:
        raise RuleViolated(
            _l("The customer has not agreed to the quote of %(amount)s yuan yet.", amount=card.quote_amount),
            rule="W-4.4",
            remedy=Remedy(_l("Customer agrees"), "repair_cards.act_view", {"name": "agree", "id": card.id}),
        )  # fmt: skip


def _check_delay_reported(card: RepairCard, at: datetime) -> None:
    """Raises RuleViolated where the planned finish is past and nobody reported it (S-3.8, W-4.7)."""
    planned = card.planned_finish_at
    if planned is None or at <= planned or any(report.old_finish_at == planned for report in card.delay_reports):
        return
    raise RuleViolated(
        _l("The planned finish is past. Report the delay first."), rule="W-4.7",
        remedy=Remedy(_l("Report a delay"), "repair_cards.act_view", {"name": "report_delay", "id": card.id}),
    )  # fmt: skip


@act(
    "card.finish", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Repaired"), rule="W-4.4",
    sources=[CardState.REPAIRING], target=CardState.REPAIRED, guards=[own_card, not_its_inspector, no_clock_runs],
    tone="primary", bulk=False, order=20,
)  # fmt: skip
def finish(
    card: RepairCard, *, by: User, at: datetime, work_done: str, fault_cause: FaultCause | None, diagnosis: str = "",
    no_parts: bool = False, test_flow: float | None = None, test_head: float | None = None,
    test_current: float | None = None, test_insulation: float | None = None, test_note: str = "",
) -> None:  # fmt: skip
    """The item works again: time, parts or “none”, cause and work are on the card; now somebody else inspects it."""
    work_done = given(work_done, 2000, "work_done", _l("Write down what was done."), lines=True, rule="W-4.4")
    if fault_cause is None:
        raise MissingInput(_l("Choose the cause."), rule="W-4.4", field="fault_cause")
    check_after(at, card.started_at, _l("Started"))
    worked = [entry for entry in card.time_entries if entry.voided_at is None]
    if not worked:
        raise RuleViolated(
            _l("No working time is on the card. Enter at least one; for an item repaired at the factory, that of the"
               " acceptance test."),
            rule="W-4.4",
            remedy=Remedy(_l("Enter time"), "repair_cards.act_view", {"name": "log_time", "id": card.id}),
        )  # fmt: skip
    check_after(at, max(entry.ended_at for entry in worked if entry.ended_at), _l("End of work"))
    used = [line for line in card.parts if line.given_back_at is None]
    if bool(used) is no_parts:
        raise RuleViolated(
            _l("Parts are on the card; take the tick from “no parts”, or give them back.") if used
            else _l("No part is on the card. Enter the parts, or tick that none were needed."),
            rule="W-4.4", field="no_parts",
            remedy=None if used else Remedy(
                _l("Enter a part"), "repair_cards.act_view", {"name": "use_part", "id": card.id}
            ),
        )  # fmt: skip
    check_decided(call_of(card), fault_cause)
    _check_quote(card)
    _check_delay_reported(card, at)
    card.work_done, card.fault_cause, card.no_parts = work_done, fault_cause, no_parts
    card.diagnosis = clean(diagnosis, 2000, "diagnosis", lines=True) or card.diagnosis
    card.test_flow, card.test_head = _reading(test_flow, "test_flow"), _reading(test_head, "test_head")
    card.test_current = _reading(test_current, "test_current")
    card.test_insulation = _reading(test_insulation, "test_insulation")
    card.test_note = clean(test_note, 300, "test_note", lines=True)
    card.finished_at, card.finished_by_id = at, by.id
    notices.send(FINISHED, supervisor_ids(card.branch_id), card, number=card.number)


def _reading(value: float | None, field: str) -> float | None:
    """A reading of the trial run: None, or finite and 0 to 1,000,000; raises MissingInput otherwise."""
    if value is None or 0 <= value <= 1_000_000:  # which no NaN is
        return value
    raise MissingInput(_l("Enter a reading between 0 and 1,000,000."), rule="E-13", field=field)


@act(
    "card.reassign", RepairCard, permission=Permission.REPAIR_ASSIGN, label=_l("Give to another technician"),
    rule="W-4.1", sources=OPEN, guards=[no_clock_runs], bulk=False, order=60,
)  # fmt: skip
def reassign(card: RepairCard, *, by: User, at: datetime, technician: User | None, reason: str) -> None:
    """Give the card to another technician of the branch; whoever worked on it before still may not inspect it."""
    reason = given(reason, 300, "reason", _l("Say why the card changes hands."), lines=True, rule="W-4.1")
    technician = check_technician(technician, call_of(card), at)
    if technician.id == card.technician_id:
        raise RuleViolated(
            _l("%(name)s has this card already.", name=technician.real_name), rule="W-4.1", field="technician"
        )
    if has_passed(card, technician.id):
        raise RuleViolated(
            _l("%(name)s has passed this item at an inspection; somebody else repairs it.",
               name=technician.real_name), rule="P-4", field="technician",
        )  # fmt: skip
    card.technician = technician
    notices.send(GIVEN_TO, [technician.id], card, number=card.number, reason=reason)
