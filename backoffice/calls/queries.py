"""Who sees which calls, and the questions that the register answers."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.contracts.models import ServiceContract
from backoffice.contracts.queries import VISITS
from backoffice.core import clock
from backoffice.core.attachments import Attachment, AttachmentKind
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.scope import scoped
from backoffice.core.texts import fold_code
from backoffice.customers.queries import JOB_CUSTOMERS
from backoffice.organisation.queries import in_branch
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel

from .models import LIVE, CallState, ServiceCall

#: Selects of call keys that a technician sees besides his own jobs; upper features add to it.
JOB_CALLS: list[Callable[[Actor], Select[Any]]] = []


def own_jobs(by: Actor) -> ColumnElement[bool]:
    """Calls dispatched to this technician, or on which he helps."""
    return or_(ServiceCall.technician_id == by.id, *(ServiceCall.id.in_(keys(by)) for keys in JOB_CALLS))


@scoped(ServiceCall)
def visible_calls(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician his own jobs; an administrator none (P-1)."""
    if not by.can(Permission.CALL_READ):
        return false()
    if by.role is Role.TECHNICIAN and not by.can(Permission.CALL_DISPATCH):
        return and_(in_branch(ServiceCall, by), own_jobs(by))
    return in_branch(ServiceCall, by)


JOB_CUSTOMERS.append(lambda by: select(ServiceCall.customer_id).where(own_jobs(by)))


def visits_under(contract: ServiceContract, start: datetime, end: datetime) -> Select[int]:
    """How many calls that came in from `start` to before `end` were done as service under the contract (E-09)."""
    return select(func.count()).where(
        ServiceCall.contract_id == contract.id, ServiceCall.received_at >= start, ServiceCall.received_at < end,
        ServiceCall.state.in_((CallState.COMPLETED, CallState.CLOSED)),
    )  # fmt: skip


VISITS.append(visits_under)


def taken_back() -> ColumnElement[bool]:
    """Condition: a past call whose import was taken back (W-1.14)."""
    return and_(ServiceCall.is_history, ServiceCall.state == CallState.CANCELLED)


def to_dispatch(by: Actor) -> Select[int]:
    """How many visible calls wait for a technician."""
    return select(func.count()).where(ServiceCall.state == CallState.REGISTERED, visible_calls(by))


def to_write_off(by: Actor) -> Select[int]:
    """How many visible calls are completed and not yet written off."""
    return select(func.count()).where(ServiceCall.state == CallState.COMPLETED, visible_calls(by))


def to_decide(by: Actor) -> Select[int]:
    """How many visible calls wait for the supervisor's decision on the service type (W-1.6)."""
    return select(func.count()).where(ServiceCall.proposed_type.is_not(None), visible_calls(by))


def my_jobs(by: Actor) -> Select[int]:
    """How many jobs of this technician are dispatched or under way."""
    at_work = (CallState.DISPATCHED, CallState.ON_SITE)
    return select(func.count()).where(ServiceCall.technician_id == by.id, ServiceCall.state.in_(at_work))


def is_late() -> ColumnElement[bool]:
    """Condition: a time limit runs and is over: not dispatched by then, or not on site (TL-01, TL-02)."""
    now = clock.now()
    return or_(
        and_(ServiceCall.state == CallState.REGISTERED, ServiceCall.dispatch_due_at < now),
        and_(ServiceCall.state == CallState.DISPATCHED, ServiceCall.first_arrived_at.is_(None),
             ServiceCall.arrival_due_at < now),
    )  # fmt: skip


def count_late(by: Actor) -> Select[int]:
    """How many visible calls are beyond a time limit that still runs."""
    return select(func.count()).where(is_late(), visible_calls(by))


def count_of_salesperson(by: Actor) -> Select[int]:
    """How many open calls name this person as the customer's salesperson."""
    return select(func.count()).where(
        ServiceCall.salesperson_id == by.id, ServiceCall.state.in_(LIVE), visible_calls(by)
    )


def escalated_to_me(by: Actor) -> Select[int]:
    """How many visible calls wait for this person's role to take them over (W-1.15)."""
    return select(func.count()).where(ServiceCall.escalated_to.in_(by.roles), visible_calls(by))


def repeat_candidate(
    unit: InstalledUnit, symptom: FaultSymptom, received_at: datetime, window_days: int, branch_id: int
) -> ServiceCall | None:
    """The latest earlier call of the same unit and symptom family within the window (E-08), or None."""
    earlier = aliased(FaultSymptom)
    query = (
        select(ServiceCall)
        .join(earlier, earlier.id == ServiceCall.fault_symptom_id)
        .where(
            ServiceCall.unit_id == unit.id,
            ServiceCall.branch_id == branch_id,
            ServiceCall.state != CallState.CANCELLED,
            ServiceCall.received_at >= received_at - timedelta(days=window_days),
            ServiceCall.received_at <= received_at,
            earlier.family == symptom.family,
        )
        .order_by(ServiceCall.received_at.desc(), ServiceCall.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def model_by_code(text: str) -> ProductModel | None:
    """The active model whose code somebody typed, whatever the case and blanks; None where there is none."""
    code = fold_code(text)
    return db.session.scalar(select(ProductModel).where(ProductModel.code_folded == code, ProductModel.is_active))


def know_contracts(calls: Iterable[ServiceCall]) -> None:
    """Find the contracts of all these calls at once, before each is asked for its own (bulk acts)."""
    under = [(call, call.contract_id) for call in calls if call.contract_id is not None]
    if not under:
        return
    query = select(ServiceContract).where(ServiceContract.id.in_({key for _, key in under}))
    found = {contract.id: contract for contract in db.session.scalars(query)}
    for call, key in under:
        set_committed_value(call, "contract", found[key])


def photo_exists(call: ServiceCall) -> bool:
    """Whether a photo is attached to the call (G-07)."""
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    Attachment.subject_type == ServiceCall.__tablename__,
                    Attachment.subject_id == call.id,
                    Attachment.kind == AttachmentKind.PHOTO,
                )
            )
        )
    )


def earlier_calls(call: ServiceCall, by: Actor, most: int = 10) -> list[ServiceCall]:
    """The visible earlier calls of the same unit, newest first; none without a unit."""
    if call.unit_id is None:
        return []
    query = (
        select(ServiceCall)
        .options(joinedload(ServiceCall.fault_symptom))
        .where(ServiceCall.unit_id == call.unit_id, ServiceCall.id != call.id, visible_calls(by))
        .where(ServiceCall.received_at <= call.received_at)
        .order_by(ServiceCall.received_at.desc())
        .limit(most)
    )
    return list(db.session.scalars(query))
