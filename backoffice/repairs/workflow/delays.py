"""A repair that cannot be finished as planned: reported at once, decided, told to the customer (S-3.8, W-4.7, E-14)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, notices
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.locking import locked_one
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.organisation.models import User
from backoffice.organisation.queries import supervisor_ids
from backoffice.repairs.models import OPEN, DelayReport, DelayState, RepairCard
from backoffice.repairs.rules import DelayReason

from .checks import entry_of, not_history, own_card

REPORTED = notices.kind("repair.delayed", _l("Repair card %(number)s cannot be finished as planned: %(help)s"))
DECIDED = notices.kind("repair.delay_decided", _l("Delay of card %(number)s: %(decision)s"))
#: A plan lies at most two years ahead.
_FARTHEST_DAYS = 730


def _none_open(card: RepairCard, by: Actor) -> None:
    if any(report.state is DelayState.REPORTED for report in card.delay_reports):
        raise RuleViolated(_l("A delay report of this card waits for the supervisor already."), rule="W-4.7")


@act(
    "card.report_delay", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Report a delay"), rule="W-4.7",
    sources=OPEN, guards=[not_history, own_card, _none_open], bulk=False, order=50,
)  # fmt: skip
def report_delay(
    card: RepairCard, *, by: User, at: datetime, cause: DelayReason | None, new_finish_at: datetime | None,
    help_requested: str,
) -> DelayReport:  # fmt: skip
    """Tell the supervisor that the planned finish cannot be kept, until when it will be, and which help is needed.

    Whether it is told before that finish or found after it is kept with the report.
    """
    if cause is None:
        raise MissingInput(_l("Choose the reason."), rule="E-14", field="cause")
    if new_finish_at is None:
        raise MissingInput(_l("Until when will it be finished?"), rule="E-14", field="new_finish_at")
    help_requested = given(
        help_requested,
        500,
        "help_requested",
        _l("Which help is needed? Write “none” if none is."),
        lines=True,
        rule="E-14",
    )
    planned = card.planned_finish_at
    assert planned is not None  # noqa: S101 - not_history
    check_after(at, card.received_at, _l("Taken in"))
    if new_finish_at <= planned or new_finish_at < at:
        raise RuleViolated(
            _l("The new date lies after the planned finish and is not past."), rule="E-14", field="new_finish_at"
        )
    if (new_finish_at - at).days > _FARTHEST_DAYS:
        raise RuleViolated(_l("The new date lies more than two years ahead."), rule="E-14", field="new_finish_at")
    report = DelayReport(
        branch_id=card.branch_id, card=card, state=DelayState.REPORTED, reported_at=at, reported_by_id=by.id,
        cause=cause, help_requested=help_requested, old_finish_at=planned, new_finish_at=new_finish_at,
        is_found_after=at > planned,
    )  # fmt: skip
    db.session.add(report)
    notices.send(REPORTED, supervisor_ids(card.branch_id), card, number=card.number, help=help_requested)
    return report


def _not_own_report(report: DelayReport, by: Actor) -> None:
    if report.reported_by_id == by.id:
        raise NotPermitted(_l("Nobody decides on his own report."), rule="P-4")


@act(
    "delay.decide", DelayReport, permission=Permission.REPAIR_DECIDE, label=_l("Decide"), rule="W-4.7",
    sources=[DelayState.REPORTED], guards=[_not_own_report], tone="primary", bulk=False, order=10,
    also=[
        (DelayReport, DelayState.REPORTED, DelayState.ACCEPTED), (DelayReport, DelayState.REPORTED, DelayState.REFUSED),
    ],
)  # fmt: skip
def decide(report: DelayReport, *, by: User, at: datetime, accept: bool | None, decision: str) -> None:
    """The supervisor accepts the new date, and plan and promise move with it, or refuses it; either with his words.

    The first promise stays on the register line, since K-09 counts by it.
    """
    if accept is None:
        raise MissingInput(_l("Accept the new date or refuse it."), rule="W-4.7", field="accept")
    decision = given(decision, 500, "decision", _l("Say what is to be done."), lines=True, rule="E-14")
    check_after(at, report.reported_at, _l("Reported"))
    report.decision, report.decided_at, report.decided_by_id = decision, at, by.id
    report.state = DelayState.ACCEPTED if accept else DelayState.REFUSED
    card = locked_one(RepairCard, report.card_id)
    if accept and card.state in OPEN:
        card.planned_finish_at = report.new_finish_at
        entry = entry_of(card)
        # midnight ends the day before
        last_day = clock.local(report.new_finish_at - clock.RESOLUTION).date()
        entry.promised_return_on = max(entry.promised_return_on, last_day)
    notices.send(DECIDED, [report.reported_by_id, card.technician_id], card, number=card.number, decision=decision)


def _own_or_supervisor(report: DelayReport, by: Actor) -> None:
    own_card(report.card, by)
    if report.customer_informed_at is not None:
        raise RuleViolated(_l("The customer has been told already."), rule="E-14")


@act(
    "delay.inform", DelayReport, permission=(Permission.REPAIR_WORK, Permission.REPAIR_DECIDE),
    label=_l("Customer told"), rule="E-14", guards=[_own_or_supervisor], bulk=False, order=20,
)  # fmt: skip
def inform(report: DelayReport, *, by: User, at: datetime, informed_how: str) -> None:
    """The customer knows of the delay; how he was told and what he said is written down."""
    report.informed_how = given(
        informed_how,
        300,
        "informed_how",
        _l("Write down how the customer was told, and what he said."),
        lines=True,
        rule="E-14",
    )
    check_after(at, report.reported_at, _l("Reported"))
    report.customer_informed_at = at
