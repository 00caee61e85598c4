"""Calls of an older system, brought in as history (W-1.14), and taking them back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState, CancelReason, ServiceCall
from backoffice.core import clock, numbering
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted, RuleViolated, Text
from backoffice.core.history import checked_times, known_numbers
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean
from backoffice.customers.rules import digits
from backoffice.organisation.models import Branch, User
from backoffice.settings import queries as settings

from .registering import copy_limits

#: Free texts of a past call: field and how much fits. `_LINES` may hold line breaks.
_TEXTS = {"old_number": 60, "contact_name": 60, "phone": 30, "address": 200, "model_text": 120, "remark": 500}
_LINES = {"fault_text": 8000}
_TIMES = ("received_at", "dispatched_at", "first_arrived_at", "completed_at", "closed_at")
_PLAIN = ("customer", "unit", "fault_symptom", "channel", "service_type", "technician", "salesperson")


@act(
    "call.import", ServiceCall, permission=Permission.CALL_IMPORT, label=_l("Import past calls"), rule="W-1.14",
    creates=True, bulk=False,
)  # fmt: skip
def import_history(*, by: User, at: datetime, rows: Sequence[Mapping[str, Any]]) -> list[ServiceCall | BackofficeError]:
    """Enter calls that are over with their original times. Answers each row: the call, or why not.

    Customer, area, symptom, received_at and closed_at are needed, everything else may be missing. No voucher, no
    notice, no repeat is looked for. The number is ours, of the series of the day on which the customer called.
    """
    known = known_numbers(ServiceCall, by.branch_id, rows, CallState.CANCELLED)
    branch = db.session.get_one(Branch, by.branch_id)
    results: list[ServiceCall | BackofficeError] = []
    for row in rows:
        try:
            results.append(_past_call(by, row, known, clock.now()))
        except BackofficeError as refusal:
            results.append(refusal)
    calls = [one for one in results if isinstance(one, ServiceCall)]
    numbers = numbering.take_each(
        "N-03", settings.pattern("N-03"), branch_id=branch.id, branch_code=branch.code,
        days=[clock.local(call.received_at).date() for call in calls],
    )  # fmt: skip
    for call, number in zip(calls, numbers, strict=True):
        call.number = number
        db.session.add(call)
    return results


def _past_call(by: User, row: Mapping[str, Any], known: dict[str, str], now: datetime) -> ServiceCall:
    texts = {field: clean(row.get(field), longest, field) for field, longest in _TEXTS.items()}
    texts |= {field: clean(row.get(field), longest, field, lines=True) for field, longest in _LINES.items()}
    unit = row.get("unit")
    customer = row.get("customer") or (unit.customer if unit is not None else None)
    area = row.get("area") or (customer.area if customer is not None else None)
    customer = _needed(customer, "customer", _l("Say whose call it was."))
    area = _needed(area, "area", _l("Say in which service area it was: the customer has none."))
    _needed(row.get("fault_symptom"), "fault_symptom", _l("Choose the symptom."))
    if {customer.branch_id, area.branch_id} != {by.branch_id}:
        raise NotPermitted(_l("Choose one of your own branch."), rule="P-1", field="customer")
    times = checked_times(
        row, _TIMES, ("received_at", "closed_at"), now, rule="W-1.14",
        message=_l("A past call has a time at which it came in and one at which it was over."),
    )  # fmt: skip
    old_number = texts["old_number"]
    if old_number in known:
        raise RuleViolated(
            _l("There already: call %(number)s has this old number.", number=known[old_number]), rule="W-1.14",
            field="old_number",
        )  # fmt: skip
    model = row.get("model") or (unit.model if unit is not None else None)
    texts["model_text"] = model.code if model is not None else texts["model_text"]
    call = ServiceCall(
        branch_id=by.branch_id, state=CallState.CLOSED, is_history=True, model=model,
        customer_kind=customer.kind, customer_name=customer.name, phone_digits=digits(texts["phone"])[:30],
        **{field: row[field] for field in _PLAIN if row.get(field) is not None} | {"customer": customer}, **texts,
        **times,
    )  # fmt: skip
    copy_limits(call, area)
    if old_number:
        known[old_number] = "–"
    return call


def _needed(value: Any, field: str, message: Text) -> Any:
    if value is None:
        raise MissingInput(message, rule="W-1.14", field=field)
    return value


@act(
    "call.take_back_import", ServiceCall, permission=Permission.CALL_IMPORT, label=_l("Take the import back"),
    rule="W-1.14", also=[(ServiceCall, CallState.CLOSED, CallState.CANCELLED)], creates=True, bulk=False,
)  # fmt: skip
def take_back_history(*, by: User, at: datetime, records: Sequence[ServiceCall]) -> list[ServiceCall]:
    """Cancel past calls that an import has brought in; their old numbers are free again. Raises RuleViolated."""
    for call in records:
        if not call.is_history or call.state is not CallState.CLOSED:
            raise RuleViolated(_l("Only a call that an import has brought in is taken back."), rule="W-1.14")
        call.state, call.closed_at = CallState.CANCELLED, None
        call.cancelled_at, call.cancel_reason = at, CancelReason.IMPORT_UNDONE
    return list(records)
