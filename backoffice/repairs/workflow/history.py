"""Repair cards of an older system, brought in as history with their outcome (W-4.11), and taking them back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, numbering
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted, RuleViolated
from backoffice.core.history import checked_times, known_numbers
from backoffice.core.permissions import Permission
from backoffice.core.states import LabelledEnum
from backoffice.core.texts import clean
from backoffice.organisation.models import Branch, User
from backoffice.repairs.models import CardState, RepairCard
from backoffice.settings import queries as settings

#: Most minutes of one past card: a thousand hours, the work of several people over weeks.
MOST_MINUTES = 60_000
#: Free texts of a past card: field and how much fits. Those of `_LINES` may hold line breaks.
_TEXTS = {"old_number": 60, "model_text": 120, "serial_no": 60, "outcome": 300, "inspected_by": 60}
_LINES = {"fault_text": 8000, "diagnosis": 8000, "work_done": 8000}
_TIMES = ("received_at", "finished_at", "ended_at")


class PastEnd(LabelledEnum):
    """How a past repair ended for the goods; one that goes on is no history."""

    RETURNED = "returned", _l("Returned")
    RELINQUISHED = "relinquished", _l("Given up by the customer")


@act(
    "card.import", RepairCard, permission=Permission.REPAIR_IMPORT, label=_l("Import past repair cards"),
    rule="W-4.11", creates=True, bulk=False,
)  # fmt: skip
def import_history(*, by: User, at: datetime, rows: Sequence[Mapping[str, Any]]) -> list[RepairCard | BackofficeError]:
    """Enter repairs that are over with their original times. Answers each row: the card, or why not.

    received_at, ended_at, and a unit, model_text or serial_no are needed, everything else may be missing. No goods, no
    receipt, no call, no notice. Whoever inspected it and the minutes worked become words of the outcome: an inspection
    and working time are made by the acts alone (W-4.5, P-4). The number is ours, of the series of the day of receipt.
    """
    known = known_numbers(RepairCard, by.branch_id, rows, CardState.VOID)
    branch = db.session.get_one(Branch, by.branch_id)
    results: list[RepairCard | BackofficeError] = []
    for row in rows:
        try:
            results.append(_past_card(by, row, known, clock.now()))
        except BackofficeError as refusal:
            results.append(refusal)
    cards = [one for one in results if isinstance(one, RepairCard)]
    numbers = numbering.take_each(
        "N-08", settings.pattern("N-08"), branch_id=branch.id, branch_code=branch.code,
        days=[clock.local(card.received_at).date() for card in cards],
    )  # fmt: skip
    for card, number in zip(cards, numbers, strict=True):
        card.number = number
        db.session.add(card)
    return results


def _past_card(by: User, row: Mapping[str, Any], known: dict[str, str], now: datetime) -> RepairCard:
    texts = {field: clean(row.get(field), longest, field) for field, longest in _TEXTS.items()}
    texts |= {field: clean(row.get(field), longest, field, lines=True) for field, longest in _LINES.items()}
    unit, technician = row.get("unit"), row.get("technician")
    customer = row.get("customer") or (unit.customer if unit is not None else None)
    for field, record in (("customer", customer), ("serial_no", unit), ("technician", technician)):
        if record is not None and record.branch_id != by.branch_id:
            raise NotPermitted(_l("Choose one of your own branch."), rule="P-1", field=field)
    if unit is not None:
        texts["serial_no"] = unit.serial_no
        texts["model_text"] = texts["model_text"] or unit.model.code
    if not texts["model_text"] and not texts["serial_no"]:
        raise MissingInput(_l("Say what was repaired: its model or its serial number."), rule="W-4.11",
                           field="model_text")  # fmt: skip
    times = checked_times(
        row, _TIMES, ("received_at", "ended_at"), now, rule="W-4.11",
        message=_l("A past repair has a time at which it came in and one at which it was over."),
    )  # fmt: skip
    outcome = _outcome(texts["outcome"], texts.pop("inspected_by"), row.get("minutes"))
    old_number = texts["old_number"]
    if old_number in known:
        raise RuleViolated(
            _l("There already: card %(number)s has this old number.", number=known[old_number]), rule="W-4.11",
            field="old_number",
        )  # fmt: skip
    card = RepairCard(
        branch_id=by.branch_id, state=CardState(row.get("state", PastEnd.RETURNED).value), is_history=True,
        customer=customer, unit=unit, technician=technician, fault_cause=row.get("fault_cause"),
        **{**texts, "outcome": outcome}, **times,
    )  # fmt: skip
    if customer is not None:
        card.customer_kind, card.customer_name = customer.kind, customer.name
    if old_number:
        known[old_number] = "–"
    return card


def _outcome(outcome: str, inspector: str, minutes: int | None) -> str:
    """What became of it, in the words of the file, with who inspected it and how long it took; at most 300."""
    said = [outcome]
    if inspector:
        said.append(str(_l("inspected by %(name)s", name=inspector)))
    if minutes is not None:
        if not 1 <= minutes <= MOST_MINUTES:
            raise MissingInput(_l("Enter 1 to %(most)s minutes.", most=f"{MOST_MINUTES:,}"), rule="W-4.11",
                               field="minutes")  # fmt: skip
        said.append(str(_l("%(minutes)s minutes worked", minutes=minutes)))
    return clean("; ".join(words for words in said if words), _TEXTS["outcome"], "outcome")


@act(
    "card.take_back_import", RepairCard, permission=Permission.REPAIR_IMPORT, label=_l("Take the import back"),
    rule="W-4.11",
    also=[(RepairCard, CardState(end.value), CardState.VOID) for end in PastEnd],
    creates=True, bulk=False,
)  # fmt: skip
def take_back_history(*, by: User, at: datetime, records: Sequence[RepairCard]) -> list[RepairCard]:
    """Void past cards that an import has brought in; their old numbers are free again. Raises RuleViolated."""
    for card in records:
        if not card.is_history or card.state is CardState.VOID:
            raise RuleViolated(_l("Only a card that an import has brought in is taken back."), rule="W-4.11")
        card.state = CardState.VOID
    return list(records)
