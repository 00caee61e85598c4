"""Who sees which contracts, which one covers a unit on a day, and which end soon."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, select
from sqlalchemy.orm import aliased, joinedload

from backoffice.core import clock, searching
from backoffice.core.attachments import Attachment
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.jobs import JobMark
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped, visible
from backoffice.customers.models import Customer
from backoffice.customers.queries import of_own_jobs, sees_own_jobs_only
from backoffice.organisation.queries import in_branch
from backoffice.products.models import InstalledUnit, UnitStatus

from .models import ContractState, ServiceContract, contract_unit, last_day
from .rules import contract_year

#: The job that marks and reminds (J-09).
JOB = "J-09"
#: Units that are at work, and those that no contract takes up.
AT_WORK = (UnitStatus.IN_USE, UnitStatus.IN_REPAIR)
NOT_COVERED = (UnitStatus.SCRAPPED, UnitStatus.VOID)
#: Acts by which somebody has written on a contract.
WRITING = ("contract.create", "contract.renew", "contract.edit", "contract.add_units", "contract.remove_units")
#: Counts of visits made under a contract from one moment to before another; upper features add to it.
VISITS: list[Callable[[ServiceContract, datetime, datetime], Select[Any]]] = []


@scoped(ServiceContract)
def visible_contracts(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician those of the customers of his own jobs; an administrator none (P-1)."""
    if not by.can(Permission.CONTRACT_READ):
        return false()
    here = in_branch(ServiceContract, by)
    return and_(here, of_own_jobs(ServiceContract.customer_id, by)) if sees_own_jobs_only(by) else here


def holds_between(first: date, last: date) -> ColumnElement[bool]:
    """Condition: an approved contract that holds on a day from `first` to `last`, whatever was marked since."""
    return and_(
        ServiceContract.activated_at.is_not(None), ServiceContract.start_on <= last, last_day() >= first,
        last_day() >= ServiceContract.start_on,
    )  # fmt: skip


def covering(unit: InstalledUnit, day: date) -> ServiceContract | None:
    """The contract that covers the unit on that day, or None (W-1.6): its customer's, approved, the day in its term."""
    query = (
        select(ServiceContract)
        .join(contract_unit, contract_unit.c.contract_id == ServiceContract.id)
        .where(
            contract_unit.c.unit_id == unit.id, ServiceContract.customer_id == unit.customer_id,
            holds_between(day, day),
        )
        .order_by(ServiceContract.id)
        .limit(1)
    )  # fmt: skip
    return db.session.scalar(query)


def overlapping(contract: ServiceContract, units: Iterable[InstalledUnit]) -> tuple[str, str] | None:
    """(serial number, number of the other contract) of the first unit that another one covers on a day of this one."""
    query = (
        select(InstalledUnit.serial_no, ServiceContract.number)
        .join(contract_unit, contract_unit.c.unit_id == InstalledUnit.id)
        .join(ServiceContract, ServiceContract.id == contract_unit.c.contract_id)
        .where(
            InstalledUnit.id.in_([unit.id for unit in units]), ServiceContract.id != contract.id,
            holds_between(contract.start_on, contract.last_on),
        )
        .order_by(InstalledUnit.serial_no, ServiceContract.id)
        .limit(1)
    )  # fmt: skip
    found = db.session.execute(query).first()
    return (found.serial_no, found.number) if found is not None else None


def with_units(unit_ids: Iterable[int]) -> ColumnElement[bool]:
    """Condition: the contract names one of these units."""
    return ServiceContract.id.in_(select(contract_unit.c.contract_id).where(contract_unit.c.unit_id.in_(unit_ids)))


def in_contracts(contract_ids: Iterable[int]) -> ColumnElement[bool]:
    """Condition: the unit is named in one of these contracts."""
    named = select(contract_unit.c.unit_id).where(contract_unit.c.contract_id.in_(contract_ids))
    return InstalledUnit.id.in_(named)


def first_units(contract: ServiceContract, most: int) -> list[InstalledUnit]:
    """The first units of a contract by their serial numbers."""
    query = select(InstalledUnit).where(in_contracts([contract.id])).order_by(InstalledUnit.serial_no)
    return list(db.session.scalars(query.limit(most)))


def count_of_units(contract: ServiceContract) -> Select[Any]:
    """How many units a contract names."""
    return select(func.count()).select_from(contract_unit).where(contract_unit.c.contract_id == contract.id)


def count_with_unit(unit: InstalledUnit) -> Select[Any]:
    """How many contracts name a unit."""
    return select(func.count()).select_from(contract_unit).where(contract_unit.c.unit_id == unit.id)


def units_of(customer: Customer, serials: Iterable[str], by: Actor) -> list[InstalledUnit]:
    """The customer's valid units with these folded serial numbers that the person sees."""
    query = select(InstalledUnit).where(
        InstalledUnit.customer_id == customer.id, InstalledUnit.serial_folded.in_(list(serials)),
        InstalledUnit.void_no == 0, visible(InstalledUnit, by),
    )  # fmt: skip
    return list(db.session.scalars(query))


def all_units_of(customer: Customer) -> Select[InstalledUnit]:
    """The customer's units that are at work."""
    return select(InstalledUnit).where(InstalledUnit.customer_id == customer.id, InstalledUnit.status.in_(AT_WORK))


def follower_of(contract: ServiceContract) -> ServiceContract | None:
    """The contract that follows on this one, or is drafted to."""
    query = select(ServiceContract).where(
        ServiceContract.renews_id == contract.id, ServiceContract.state != ContractState.TERMINATED
    )
    return db.session.scalar(query.limit(1))


def has_file(contract: ServiceContract) -> bool:
    """Whether a file is attached to it (G-10)."""
    files = exists().where(
        Attachment.subject_type == ServiceContract.__tablename__, Attachment.subject_id == contract.id
    )
    return bool(db.session.scalar(select(files)))


def was_written_by(contract: ServiceContract, by: Actor) -> bool:
    """Whether the person has written on the contract, as the trail says (P-4)."""
    wrote = exists().where(
        AuditEntry.subject_type == ServiceContract.__tablename__, AuditEntry.subject_id == contract.id,
        AuditEntry.user_id == by.id, AuditEntry.act.in_(WRITING),
    )  # fmt: skip
    return contract.created_by_id == by.id or bool(db.session.scalar(select(wrote)))


def ending(day: date | None = None) -> ColumnElement[bool]:
    """Condition: active, ends soon as seen on `day` (today), and no active one follows on it (C-53)."""
    day = day or clock.today()
    following = aliased(ServiceContract)
    renewed = exists().where(
        following.renews_id == ServiceContract.id, following.state == ContractState.ACTIVE
    ).correlate(ServiceContract)  # fmt: skip
    soon = and_(ServiceContract.remind_from <= day, ServiceContract.end_on >= day)
    return and_(ServiceContract.state == ContractState.ACTIVE, soon, ~renewed)


def count_ending(by: Actor) -> Select[Any]:
    """How many visible contracts end soon."""
    return select(func.count()).select_from(ServiceContract).where(ending(), visible_contracts(by))


def to_approve(by: Actor) -> Select[Any]:
    """How many visible drafts have their paper and wait for the manager (P-4)."""
    return select(func.count()).select_from(ServiceContract).where(waiting(), visible_contracts(by))


def waiting() -> ColumnElement[bool]:
    """Condition: a draft with a file and with units, so that it can be approved."""
    filed = exists().where(
        Attachment.subject_type == ServiceContract.__tablename__, Attachment.subject_id == ServiceContract.id
    )
    covers = exists().where(contract_unit.c.contract_id == ServiceContract.id)
    return and_(ServiceContract.state == ContractState.DRAFT, filed, covers)


def over(day: date) -> Select[ServiceContract]:
    """Active contracts whose last day is past on `day`."""
    return select(ServiceContract).where(ServiceContract.state == ContractState.ACTIVE, ServiceContract.end_on < day)


def to_remind_of(day: date) -> Select[ServiceContract]:
    """Contracts that end soon on `day` and of which nobody was told yet."""
    told = exists().where(
        JobMark.job == JOB, JobMark.subject_type == ServiceContract.__tablename__,
        JobMark.subject_id == ServiceContract.id,
    )  # fmt: skip
    return select(ServiceContract).where(ending(day), ~told).options(joinedload(ServiceContract.customer))


def visits_used(contract: ServiceContract, on: date) -> int:
    """How many visits were made in the year of the contract in which `on` lies."""
    first, last = contract_year(contract.start_on, on)
    counts = [count(contract, clock.day_start(first), clock.day_end(last)) for count in VISITS]
    if not counts:
        return 0
    return sum(db.session.execute(select(*(count.scalar_subquery() for count in counts))).one())


def matching(term: str, by: Actor, customer_id: int | None = None) -> Select[ServiceContract]:
    """Contracts that the person sees and may mean by `term`, of one customer when given, the newest first."""
    query = select(ServiceContract).where(visible_contracts(by)).options(joinedload(ServiceContract.customer))
    if customer_id is not None:
        query = query.where(ServiceContract.customer_id == customer_id)
    typed = term.replace("\0", "").strip()
    if typed:
        through = [(ServiceContract.customer_id, Customer)] if customer_id is None else []
        query = query.where(searching.matches(ServiceContract, typed, by, through))
    return query.order_by(ServiceContract.id.desc())
