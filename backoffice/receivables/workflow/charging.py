"""The job is settled: what it costs becomes due; until that is in order nobody writes it off (W-1.4, W-1.8)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.core import deadlines
from backoffice.core.db import db
from backoffice.core.deadlines import CalendarKind
from backoffice.core.errors import Remedy, RuleViolated
from backoffice.core.permissions import Actor
from backoffice.fees.models import FeeSheet
from backoffice.fees.workflow import CHARGED, RECHARGED, correct_type
from backoffice.organisation.models import User
from backoffice.receivables.models import SETTLED, DueState
from backoffice.receivables.queries import due_of_call, know_dues
from backoffice.receivables.rules import DueSource
from backoffice.settings import queries as settings
from backoffice.vouchers.models import CollectionPath, OnsiteResult, ServiceVoucher
from backoffice.vouchers.workflow import KNOW_MONEY, MONEY_CHECKS

from .dues import VOIDING, DueItem, lock_dues, make_due, void_due


def charge(sheet: FeeSheet, voucher: ServiceVoucher, by: User, at: datetime) -> None:
    """Make the due of a settled fee above 0; nothing where nothing has to be paid (W-1.4, W-1.9).

    For a paid job whose goods went back, its invoice is to be requested on the same day (TL-07).
    """
    if sheet.total <= 0:
        return
    call = voucher.call
    items = [
        DueItem(line.name, line.tax_nature, line.quantity, line.unit, line.unit_price, line.amount)
        for line in sheet.lines
        if line.amount
    ]
    request_due_at = None
    if voucher.onsite_result is OnsiteResult.TAKEN_AWAY and sheet.service_type is ServiceType.PAID:
        request_due_at = deadlines.after_days(
            at, settings.integer("TL-07"), CalendarKind.CALENDAR_DAYS, settings.calendar()
        )
    make_due(
        call.customer, items, source=DueSource.JOB, source_number=voucher.number, branch_id=call.branch_id,
        path=sheet.path or CollectionPath.INVOICE_FIRST, at=at, call=call, technician_id=call.technician_id,
        request_due_at=request_due_at,
    )  # fmt: skip


def money_is_in_order(call: ServiceCall, by: Actor) -> None:
    """Guard of the write-off: nothing is due, or it is settled, or a live invoice request covers it (W-1.8)."""
    due = due_of_call(call.id)
    if due is None or due.state in SETTLED or due.is_invoiced:
        return
    raise RuleViolated(
        _l("Due %(number)s of ¥%(amount)s is “%(state)s”. It has to be paid and confirmed, waived, or requested on an"
           " invoice first.", number=due.number, amount=f"{due.amount:,.2f}", state=due.state.label),
        rule="W-1.8", remedy=Remedy(_l("Open the due"), "dues.details_view", {"id": due.id}),
    )  # fmt: skip


def recharge(old: FeeSheet | None, new: FeeSheet, voucher: ServiceVoucher, by: User, at: datetime, reason: str) -> None:
    """Void the due of the fee that was wrong, and make that of the right one (W-1.6).

    Raises RuleViolated where it is waived, paid or invoiced already.
    """
    due = due_of_call(voucher.call_id)
    if due is not None:
        (due,) = lock_dues([due.id])
        if due.state is DueState.WAIVED:
            raise RuleViolated(
                _l("Due %(number)s is waived already; nothing is left to correct.", number=due.number), rule="W-5.1",
                remedy=Remedy(_l("Open the due"), "dues.details_view", {"id": due.id}),
            )  # fmt: skip
        void_due(due, reason=reason)
        db.session.flush()  # before another may be due for the job
    charge(new, voucher, by, at)


CHARGED.append(charge)
RECHARGED.append(recharge)
correct_type.moves |= frozenset(VOIDING)
MONEY_CHECKS.append(money_is_in_order)
KNOW_MONEY.append(know_dues)
