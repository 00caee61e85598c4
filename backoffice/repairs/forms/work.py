"""The technician's pages: wait, time, parts, quote, delay, finish."""

from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from wtforms import BooleanField

from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import searching
from backoffice.core.permissions import Actor, Permission
from backoffice.parts.rules import StockPlace
from backoffice.products.forms import FigureField
from backoffice.repairs.models import RepairCard
from backoffice.repairs.queries import estimate_of, minutes_of
from backoffice.repairs.rules import DelayReason, WaitingFor
from backoffice.settings import queries as settings
from backoffice.ui import remarks
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    EnumField,
    LocalDateTimeField,
    LookupField,
    MoneyField,
    QuantityField,
    TextBlock,
    TextLine,
    WholeNumberField,
)  # fmt: skip
from backoffice.ui.lookups import lookup


@lookup("repair_cards", model=RepairCard, permission=Permission.REPAIR_READ)
def find_cards(term: str, by: Actor) -> Select[Any]:
    """Cards by number, serial number, model or customer, the newest first."""
    query = select(RepairCard).order_by(RepairCard.id.desc())
    return query.where(searching.matches(RepairCard, term, by)) if term else query


class EventForm(ActForm):
    """Only when it happened."""

    event_time = True


@form_for("card.wait")
class WaitForm(ActForm):
    """What is missing, or where the goods go."""

    event_time = True

    waiting_for = EnumField(_l("Waits for"), WaitingFor, empty_label="")
    reason = TextBlock(_l("What is missing"), max=300)
    sent_to = TextLine(_l("Sent to"), max=120, description=_l("Only for an outside workshop or the factory"))
    carrier = TextLine(_l("Carrier"), max=60, description=_l("Only when the goods are sent out"))
    tracking_no = TextLine(_l("Tracking number"), max=60, description=_l("May stay empty"))


form_for("card.resume")(type("ResumeForm", (EventForm,), {"__doc__": "When it is there, or back in the house."}))
form_for("card.bring_back")(type("ComeBackForm", (EventForm,), {"__doc__": "When it came back."}))


@form_for("card.stop_timer")
class StopTimerForm(ActForm):
    """What was done."""

    event_time = True
    work = TextBlock(_l("Work done"), max=500)


@form_for("card.log_time")
class LogTimeForm(ActForm):
    """From when, and to when or how many minutes."""

    started_at = LocalDateTimeField(_l("Began"))
    ended_at = LocalDateTimeField(_l("Ended"), description=_l("Either the end or the minutes"))
    minutes = WholeNumberField(_l("Minutes"), max=1440)
    work = TextBlock(_l("Work done"), max=500)


class ReasonForm(ActForm):
    """Only why."""

    reason = TextBlock(_l("Reason"), max=300)


@form_for("time.void")
class VoidTimeForm(ReasonForm):
    """Why the time is wrong."""


class UsedPartForm(ActForm):
    """Which part, how many, from where."""

    part = LookupField(_l("Part"), lookup="parts", description=_l("Code, name or specification"))
    quantity = QuantityField(_l("Quantity"))
    taken_from = EnumField(_l("Taken from"), StockPlace, default=StockPlace.STORE)
    old_part_returned = BooleanField(_l("The customer gets the old part back"))


@form_for("card.use_part")
class UsePartForm(UsedPartForm):
    """What is built in on the bench."""


@form_for("card_part.give_back")
class GiveBackForm(ReasonForm):
    """Why it goes back."""


@form_for("card.quote")
class QuoteForm(ActForm):
    """What the repair will cost."""

    event_time = True
    quote_amount = MoneyField(_l("Quote"), description=_l("Yuan, all in"))

    def prefill(self, docs: list[RepairCard], by: Actor) -> None:
        """Say what is on the card so far."""
        if len(docs) == 1:
            self.quote_amount.description = _so_far(docs[0])


@form_for("card.agree")
class AgreeForm(ActForm):
    """Who said yes, and how."""

    event_time = True
    agreed_by = TextLine(_l("Who agreed, and how"), max=120, description=_l("For example: Ms Li, by telephone"))


def _so_far(card: RepairCard) -> str:
    sums = estimate_of(card)
    return gettext(
        "On the card so far: %(minutes)s minutes, %(labour)s yuan; parts %(parts)s yuan; together %(total)s yuan.",
        minutes=minutes_of(card), labour=sums.labour, parts=sums.parts, total=sums.total,
    )  # fmt: skip


@form_for("card.finish")
class FinishForm(ActForm):
    """Cause, work, parts or none, and the trial run."""

    event_time = True

    fault_cause = EnumField(_l("Cause"), FaultCause, empty_label="")
    diagnosis = TextBlock(_l("Diagnosis"), max=2000)
    work_done = TextBlock(_l("Work done"), max=2000)
    no_parts = BooleanField(_l("No parts were needed"))
    test_flow = FigureField(_l("Trial run: flow (m³/h)"))
    test_head = FigureField(_l("Trial run: head (m)"))
    test_current = FigureField(_l("Trial run: current (A)"))
    test_insulation = FigureField(_l("Trial run: insulation (MΩ)"))
    test_note = TextLine(_l("Trial run: remark"), max=300)

    def prefill(self, docs: list[RepairCard], by: Actor) -> None:
        """Say what is on the card, and whether it needs the customer's yes (C-03)."""
        if len(docs) != 1:
            return
        card = docs[0]
        self.work_done.description = _so_far(card)
        if card.call is not None and card.call.service_type is ServiceType.PAID:
            self.work_done.description += " " + gettext(
                "Above %(limit)s yuan the customer has to agree first.", limit=settings.amount("C-03")
            )
        if request.method == "GET":
            self.diagnosis.data = card.diagnosis


@form_for("card.report_delay")
class ReportDelayForm(ActForm):
    """Why, until when, and which help is needed."""

    event_time = True

    cause = EnumField(_l("Reason"), DelayReason, empty_label="")
    new_finish_at = LocalDateTimeField(_l("Finished by"))
    help_requested = TextBlock(_l("Which help is needed"), max=500)


@form_for("delay.inform")
class InformForm(ActForm):
    """How the customer was told."""

    event_time = True
    informed_how = TextBlock(_l("How the customer was told, and what he said"), max=300)


remarks.forms_for("card")
