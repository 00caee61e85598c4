"""The office before its first call: parameters, branches, people, service areas, product models."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select

from backoffice.core import audit, clock
from backoffice.core.attachments import Upload
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.organisation.models import Branch, BranchKind, ServiceArea, User, Zone
from backoffice.organisation.queries import is_absent
from backoffice.organisation.workflow import (
    create_absence,
    create_area,
    create_branch,
    create_delegation,
    create_user,
    new_user,
)
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel
from backoffice.products.workflow import add_symptoms, import_models
from backoffice.settings import queries as settings
from backoffice.settings.workflow import ensure_holidays, ensure_settings
from backoffice.watch.workflow import ensure_ladder

from . import words
from .accounts import ACCOUNTS, Account
from .agenda import Life

#: Name, zone, region code (GB/T 2260; empty where an area is no such region), share of late arrivals, weight.
AREAS = {
    "HZ": (
        ("上城区", Zone.CITY, "330102", 0.10, 20), ("拱墅区", Zone.CITY, "330105", 0.16, 18),
        ("西湖区", Zone.CITY, "330106", 0.05, 20), ("滨江区", Zone.CITY, "330108", 0.22, 12),
        ("萧山区", Zone.SUBURB, "330109", 0.30, 12), ("余杭区", Zone.SUBURB, "330110", 0.12, 10),
        ("富阳区", Zone.SUBURB, "330111", 0.55, 5), ("绍兴市", Zone.INTERCITY, "330600", 0.0, 5),
        ("嘉兴市", Zone.INTERCITY, "330400", 0.40, 4), ("莫干山风景区", Zone.INTERCITY, "", 0.30, 2),
    ),
    "SH": (
        ("黄浦区", Zone.CITY, "310101", 0.15, 12), ("徐汇区", Zone.CITY, "310104", 0.25, 12),
        ("浦东新区", Zone.CITY, "310115", 0.35, 14), ("嘉定区", Zone.SUBURB, "310114", 0.20, 6),
        ("苏州市", Zone.INTERCITY, "320500", 0.0, 4),
    ),
}  # fmt: skip


@dataclass
class Crew:
    """One branch with its people, and what they have to do with."""

    branch: Branch
    people: dict[Role, list[User]]
    areas: list[ServiceArea] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    units: list[InstalledUnit] = field(default_factory=list)
    #: those of them for which there are contracts, by their customers
    contracted: dict[Customer, list[InstalledUnit]] = field(default_factory=dict)
    #: until when each technician is at his last job
    busy: dict[int, datetime] = field(default_factory=dict)

    def one(self, role: Role) -> User:
        """The first person of that role."""
        return self.people[role][0]

    def dispatcher(self) -> User:
        """The supervisor, or his deputy while he is away."""
        supervisor = self.one(Role.SUPERVISOR)
        return self.one(Role.ASSISTANT) if is_absent(supervisor.id, clock.today()) else supervisor

    def present(self, day: date) -> list[User]:
        """The technicians who are there on `day`, the one who is free first at the beginning."""
        there = [one for one in self.people[Role.TECHNICIAN] if not is_absent(one.id, day)]
        return sorted(there, key=lambda one: (self.busy.get(one.id, clock.day_start(day)), one.id))

    def area_weights(self) -> list[int]:
        """How many of the customers are in each area."""
        return [area[4] for area in AREAS[self.branch.code]]

    def late_share(self, area: ServiceArea) -> float:
        """Which part of the calls of `area` is late."""
        return next(row[3] for row in AREAS[self.branch.code] if row[0] == area.name)


@dataclass
class Office:
    """All that the demo has made so far. `now` is the real moment; everything happens before it."""

    now: datetime
    admin: User
    crews: dict[str, Crew]
    models: list[ProductModel] = field(default_factory=list)
    symptoms: dict[str, FaultSymptom] = field(default_factory=dict)
    signatures: list[Upload] = field(default_factory=list)
    scans: list[Upload] = field(default_factory=list)

    def ago(self, **duration: float) -> datetime:
        """The moment that long ago: `ago(hours=2)`."""
        return self.now - timedelta(**duration)

    def day(self, days_ago: int, hour: int, minute: int = 0) -> datetime:
        """That time of the day, `days_ago` days before today; never in the last minute or later."""
        day = clock.local(self.now).date() - timedelta(days=days_ago)
        return min(clock.day_start(day) + timedelta(hours=hour, minutes=minute), self.now - timedelta(minutes=1))

    def workday(self, workdays_ago: int, hour: int, minute: int = 0) -> datetime:
        """That time of the working day that lies `workdays_ago` working days before today."""
        day, left = clock.local(self.now).date(), workdays_ago
        while left:
            day -= timedelta(days=1)
            left -= settings.calendar().is_workday(day)
        return clock.day_start(day) + timedelta(hours=hour, minutes=minute)


def found(now: datetime, password_hash: str) -> Office:
    """Set up the whole office at the frozen moment; `now` is the real one."""
    admin = _first_admin(password_hash)
    ensure_settings()
    ensure_holidays()
    add_symptoms(admin)
    ensure_ladder()
    headquarters = db.session.scalars(select(Branch)).one()
    branches = {
        "HQ": headquarters,
        "HZ": create_branch(
            by=admin, code="HZ", name="杭州分公司", kind=BranchKind.BRANCH, parent=headquarters, city="杭州",
            address="浙江省杭州市西湖区古墩路 8000 号", phone="0571-80000010",
        ),
        "SH": create_branch(
            by=admin, code="SH", name="上海分公司", kind=BranchKind.BRANCH, parent=headquarters, city="上海",
            address="上海市徐汇区虹漕路 8000 号", phone="021-80000020",
        ),
    }  # fmt: skip
    people = [admin, *(_person(admin, account, branches, password_hash) for account in ACCOUNTS[1:])]
    crews = {code: _crew(admin, branch, people) for code, branch in branches.items() if code in AREAS}
    office = Office(now=now, admin=admin, crews=crews)
    rows = [
        dict(zip(("code", "name", "series", "flow", "head", "power_kw"), model, strict=True)) for model in words.MODELS
    ]
    import_models(by=crews["HZ"].one(Role.SUPERVISOR), rows=rows)
    office.models = list(db.session.scalars(select(ProductModel).order_by(ProductModel.id)))
    office.symptoms = {one.code: one for one in db.session.scalars(select(FaultSymptom))}
    return office


def _first_admin(password_hash: str) -> User:
    """The headquarters and the administrator, whom nobody could have entered."""
    account = ACCOUNTS[0]
    with audit.during(audit.Occasion("user.create", note="demo")):
        branch = Branch(code="HQ", name="总公司", kind=BranchKind.HEADQUARTERS, city="杭州", phone="0571-80000000")
        db.session.add(branch)
        db.session.flush()  # its key is needed for the user
        admin = new_user(
            username=account.username, real_name=account.real_name, role=account.role, branch=branch,
            password_hash=password_hash, department=account.department, phone=account.phone,
        )  # fmt: skip
        admin.is_demo = True
        db.session.flush()
    return admin


def _person(admin: User, account: Account, branches: dict[str, Branch], password_hash: str) -> User:
    person: User = create_user(
        by=admin, username=account.username, real_name=account.real_name, role=account.role,
        branch=branches[account.branch], password_hash=password_hash, department=account.department,
        phone=account.phone, skills=account.skills, certificate_no=account.certificate_no, locale=account.locale,
    )  # fmt: skip
    with audit.during(audit.Occasion("user.create", admin, note="demo")):
        person.is_demo = True
        db.session.flush()
    return person


def _crew(admin: User, branch: Branch, people: list[User]) -> Crew:
    crew = Crew(
        branch, {role: [one for one in people if one.branch_id == branch.id and one.role is role] for role in Role}
    )
    for name, zone, code, _late, _weight in AREAS[branch.code]:
        crew.areas.append(create_area(by=admin, branch=branch, name=name, zone=zone, region_code=code))
    return crew


def absences(office: Office) -> Life:
    """The supervisor of Hangzhou was away and had a deputy; technicians take days off, one of them next week."""
    crew = office.crews["HZ"]
    supervisor, technician = crew.one(Role.SUPERVISOR), crew.people[Role.TECHNICIAN][1]
    today = clock.local(office.now).date()

    def day(offset: int) -> date:
        return today + timedelta(days=offset)

    def away(user: User, first: int, last: int, reason: str) -> None:
        create_absence(by=supervisor, user=user, from_on=day(first), to_on=day(last), reason=reason)

    yield office.day(34, 9, 12)
    away(supervisor, -30, -28, "总公司培训")
    create_delegation(by=supervisor, deputy=crew.one(Role.ASSISTANT), from_on=day(-30), to_on=day(-28))
    yield office.day(25, 16, 40)
    away(technician, -20, -18, "家里有事")
    yield office.day(6, 10, 5)
    away(technician, 6, 8, "年休假")
