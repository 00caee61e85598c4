"""The limits of the main job and the workshop: TL-01 to TL-06 (section 7 of the rules)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core.deadlines import CalendarKind
from backoffice.repairs.models import RepairCard
from backoffice.repairs.queries import UNFINISHED
from backoffice.vouchers.models import ServiceVoucher, Visit, VoucherState
from backoffice.watch.models import Told

from .declared import Watch, watch

watch(Watch(
    "TL-01", _l("Dispatch"), ServiceCall, ServiceCall.received_at, ServiceCall.dispatch_due_at,
    lambda: ServiceCall.state == CallState.REGISTERED, None, CalendarKind.ALWAYS,
    _l("Call %(number)s is to be dispatched by %(due)s; %(percent)s %% of the time has run."),
    _l("Call %(number)s is not dispatched; that was due at %(due)s (%(percent)s %%)."),
))  # fmt: skip
# A call that nobody is sent to is told of under TL-01; from the dispatch on it is the arrival that may be late.
watch(Watch(
    "TL-02", _l("Arrival"), ServiceCall, ServiceCall.received_at, ServiceCall.arrival_due_at,
    lambda: and_(ServiceCall.state == CallState.DISPATCHED, ServiceCall.first_arrived_at.is_(None)),
    ServiceCall.technician_id, CalendarKind.ALWAYS,
    _l("Call %(number)s: on site by %(due)s; %(percent)s %% of the time has run."),
    _l("Call %(number)s: nobody is on site; that was due at %(due)s (%(percent)s %%)."),
))  # fmt: skip
_left_last = (
    select(func.max(Visit.left_at))
    .join(ServiceVoucher, ServiceVoucher.id == Visit.voucher_id)
    .where(ServiceVoucher.call_id == ServiceCall.id)
    .correlate(ServiceCall)
    .scalar_subquery()
)
watch(Watch(
    "TL-03", _l("Agreed revisit"), ServiceCall, func.coalesce(_left_last, ServiceCall.received_at),
    ServiceCall.next_visit_at,
    lambda: and_(ServiceCall.state == CallState.DISPATCHED, ServiceCall.next_visit_at.is_not(None)),
    ServiceCall.technician_id, CalendarKind.ALWAYS,
    _l("Call %(number)s: another visit is agreed for %(due)s; %(percent)s %% of the time has run."),
    _l("Call %(number)s: the visit agreed for %(due)s has not begun (%(percent)s %%)."),
))  # fmt: skip
_completed = (
    select(ServiceCall.completed_at).where(ServiceCall.id == ServiceVoucher.call_id).correlate(ServiceVoucher)
    .scalar_subquery()
)  # fmt: skip
watch(Watch(
    "TL-04", _l("Voucher back at the desk"), ServiceVoucher, func.coalesce(_completed, ServiceVoucher.signed_at),
    ServiceVoucher.return_due_at,
    lambda: and_(ServiceVoucher.state == VoucherState.SIGNED, ServiceVoucher.return_due_at.is_not(None)),
    ServiceVoucher.technician_id, CalendarKind.WORKING_DAYS,
    _l("Voucher %(number)s is to be back at the desk by %(due)s; %(percent)s %% of the time has run."),
    _l("Voucher %(number)s is not back at the desk; that was due at %(due)s (%(percent)s %%)."),
))  # fmt: skip
watch(Watch(
    "TL-05", _l("Write-off"), ServiceVoucher, ServiceVoucher.returned_at, ServiceVoucher.write_off_due_at,
    lambda: and_(ServiceVoucher.state == VoucherState.RETURNED, ServiceVoucher.write_off_due_at.is_not(None)),
    ServiceVoucher.returned_to_id, CalendarKind.WORKING_DAYS,
    _l("Voucher %(number)s is to be written off by %(due)s; %(percent)s %% of the time has run."),
    _l("Voucher %(number)s is back but not written off; that was due at %(due)s (%(percent)s %%)."),
))  # fmt: skip
watch(Watch(
    "TL-06", _l("Planned finish of a repair"), RepairCard, RepairCard.received_at, RepairCard.planned_finish_at,
    lambda: and_(RepairCard.state.in_(UNFINISHED), RepairCard.planned_finish_at.is_not(None)),
    RepairCard.technician_id, CalendarKind.CALENDAR_DAYS,
    _l("Repair card %(number)s is to be finished by %(due)s; %(percent)s %% of the time has run."),
    _l("Repair card %(number)s is not finished; that was planned for %(due)s (%(percent)s %%). Report the delay."),
))  # fmt: skip

#: What `flask install` puts into an empty ladder: (limit, percent, who, whether it waits for working hours). Limits
#: that run round the clock tell at once, those that count in days when somebody is there to read it.
LADDER: tuple[tuple[str, int, Told, bool], ...] = (
    ("TL-01", 50, Told.SUPERVISOR, False), ("TL-01", 100, Told.SUPERVISOR, False), ("TL-01", 150, Told.MANAGER, False),
    ("TL-02", 50, Told.SUPERVISOR, False), ("TL-02", 100, Told.SUPERVISOR, False), ("TL-02", 150, Told.MANAGER, False),
    ("TL-03", 100, Told.SUPERVISOR, False),
    ("TL-04", 100, Told.RESPONSIBLE, True), ("TL-04", 200, Told.SUPERVISOR, True),
    ("TL-05", 100, Told.ASSISTANT, True), ("TL-05", 200, Told.SUPERVISOR, True),
    ("TL-06", 100, Told.SUPERVISOR, True), ("TL-06", 150, Told.MANAGER, True),
)  # fmt: skip
