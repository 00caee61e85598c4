"""Tables: branches, service areas, users, absences, deputies; sessions and failed logins."""

from collections.abc import Hashable, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Select, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, foreign, mapped_column, object_session, relationship

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import SECRET, Document, Reference, db, enum_type, pii
from backoffice.core.numbering import NumberSeries
from backoffice.core.permissions import GRANTS, Permission, Role
from backoffice.core.printing import PrintEntry
from backoffice.core.states import LabelledEnum


class BranchKind(LabelledEnum):
    """What a branch is within the company."""

    HEADQUARTERS = "headquarters", _l("Headquarters")
    BRANCH = "branch", _l("Branch")
    OFFICE = "office", _l("Office")


class Zone(LabelledEnum):
    """How far a service area is; gives the default limits."""

    CITY = "city", _l("City")
    SUBURB = "suburb", _l("Suburb")
    INTERCITY = "intercity", _l("Other city")


class Skill(LabelledEnum):
    """What a technician can do (S-1.6)."""

    PUMP_ENGINEER = "pump_engineer", _l("Pump engineer")
    ELECTRICAL_ENGINEER = "electrical_engineer", _l("Electrical engineer")
    PUMP_REPAIR = "pump_repair", _l("Pump repair")
    ELECTRICAL_REPAIR = "electrical_repair", _l("Electrical repair")


#: The languages of the panel, as they call themselves.
LOCALES = {"en": "English", "zh_Hans_CN": "中文"}
#: The language of what is written down for papers and invoices, whoever writes it (G-01).
OFFICE_LOCALE = "zh_Hans_CN"
#: Whose rights a deputy may hold (P-6).
DELEGABLE = (Role.SUPERVISOR, Role.MANAGER)


class Branch(Reference, db.Model):
    """A place of the company with its own service department (E-01)."""

    __tablename__ = "branch"
    __shown__ = ("name",)

    code: Mapped[str] = mapped_column(String(4), unique=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    kind: Mapped[BranchKind] = mapped_column(enum_type(BranchKind), default=BranchKind.BRANCH, index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id", ondelete="RESTRICT"), index=True)
    city: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    service_department_name: Mapped[str] = mapped_column(String(60), default="售后服务部")
    is_active: Mapped[bool] = mapped_column(default=True, index=True)

    parent: Mapped["Branch | None"] = relationship(remote_side="Branch.id")

    def __str__(self) -> str:
        return self.name


class ServiceArea(Document, db.Model):
    """A region served by a branch; gives a call its zone and its limits (E-03)."""

    __tablename__ = "service_area"
    __shown__ = ("name",)
    __table_args__ = (
        UniqueConstraint("branch_id", "region_code", name="uq_service_area_region"),
        CheckConstraint("dispatch_limit_min > 0", name="dispatch_limit_positive"),
        CheckConstraint("arrival_limit_min > 0", name="arrival_limit_positive"),
    )

    name: Mapped[str] = mapped_column(String(80), index=True)
    zone: Mapped[Zone] = mapped_column(enum_type(Zone), index=True)
    region_code: Mapped[str | None] = mapped_column(String(6))
    dispatch_limit_min: Mapped[int]
    arrival_limit_min: Mapped[int]
    is_active: Mapped[bool] = mapped_column(default=True, index=True)

    branch: Mapped[Branch] = relationship()

    def __str__(self) -> str:
        return self.name


class User(Reference, db.Model):
    """A person who works with the office's records; the actor of every act (E-02)."""

    __tablename__ = "user"
    __shown__ = ("real_name",)
    __allow_unmapped__ = True  # it also carries what is true during one request

    username: Mapped[str] = mapped_column(String(40), unique=True)
    real_name: Mapped[str] = mapped_column(String(80), index=True)
    role: Mapped[Role] = mapped_column(enum_type(Role), index=True)
    # The branch's own columns point back to users: this key is added after both tables.
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id", ondelete="RESTRICT", use_alter=True), index=True)
    department: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(40), default="", info=pii("phone"))
    #: where notices go as e-mails, if the person wants that
    email: Mapped[str] = mapped_column(String(254), default="", info=pii("email"))
    notify_by_email: Mapped[bool] = mapped_column(default=False)
    skills: Mapped[list[str]] = mapped_column(default=list)
    certificate_no: Mapped[str] = mapped_column(String(60), default="")
    locale: Mapped[str] = mapped_column(String(12), default="")
    password_hash: Mapped[str] = mapped_column(String(200), info=SECRET)
    is_active: Mapped[bool] = mapped_column(default=True, index=True)
    is_demo: Mapped[bool] = mapped_column(default=False)

    branch: Mapped[Branch] = relationship(foreign_keys=branch_id)

    #: What Flask-Login asks of a user; a row that could be loaded is never anonymous.
    is_authenticated = True
    is_anonymous = False
    #: Session token of the running request, and rights held as deputy; see `deputise`.
    session_token = ""
    _deputised: tuple[date, tuple[tuple[int, Role], ...]] | None = None

    def get_id(self) -> str:
        """The session's token, which is what the cookie holds instead of the user's key."""
        return self.session_token

    def deputise(self, held: Sequence[tuple[int, Role]]) -> None:
        """Note whose rights the person holds today as deputy: (key of the principal, the principal's role)."""
        self._deputised = (clock.today(), tuple(held))

    @property
    def deputised(self) -> tuple[tuple[int, Role], ...]:
        """Rights held today as deputy (P-6): (key of the principal, the principal's role)."""
        if self.role is Role.ADMIN:
            return ()
        if self._deputised is None or self._deputised[0] != clock.today():
            session = object_session(self)
            self.deputise(session.execute(deputised_today(self.id)).all() if session else ())
        assert self._deputised is not None  # noqa: S101 - set above
        return self._deputised[1]

    @property
    def roles(self) -> frozenset[Role]:
        """The own role and those held today as deputy."""
        return frozenset({self.role, *(role for _, role in self.deputised)})

    @property
    def standing(self) -> Hashable:
        """All of the person that rights and row scopes look at (P-1, P-3, P-6)."""
        return self.id, self.role, self.is_active, self.branch_id, self.branch.kind, self.deputised

    @property
    def sees_all_branches(self) -> bool:
        """Whether P-1 opens every branch: for the manager of the headquarters."""
        return Role.MANAGER in self.roles and self.branch.kind is BranchKind.HEADQUARTERS

    @property
    def sees_all_money(self) -> bool:
        """Whether P-1 opens the dues, payments and invoices of every branch: for finance at the headquarters too."""
        at_headquarters = self.branch.kind is BranchKind.HEADQUARTERS
        return self.sees_all_branches or (Role.FINANCE in self.roles and at_headquarters)

    def can(self, permission: Permission) -> bool:
        """Whether the person is active and one of the roles grants `permission`."""
        if not self.is_active:
            return False
        return permission in GRANTS[self.role] or any(permission in GRANTS[role] for _, role in self.deputised)

    def on_behalf_of(self, permission: Permission) -> int | None:
        """Key of the person whose right is used as deputy, or None when it is the actor's own (P-6)."""
        if permission in GRANTS[self.role]:
            return None
        return next((key for key, role in self.deputised if permission in GRANTS[role]), None)

    @property
    def skill_labels(self) -> list[str]:
        """The skills in the reader's language."""
        return [str(Skill(skill).label) for skill in self.skills]

    def __str__(self) -> str:
        return self.real_name


class Absence(Document, db.Model):
    """Days on which a person is away and nothing is dispatched to him (E-31)."""

    __tablename__ = "absence"
    __shown__ = ("from_on", "to_on")
    __table_args__ = (
        CheckConstraint("from_on <= to_on", name="range"),
        Index("ix_absence_user_range", "user_id", "from_on", "to_on"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    from_on: Mapped[date] = mapped_column(index=True)
    to_on: Mapped[date] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(200), default="")
    cancelled_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=user_id)
    branch: Mapped[Branch] = relationship()

    def __str__(self) -> str:
        return f"{self.from_on:%Y-%m-%d} – {self.to_on:%Y-%m-%d}"


class Delegation(Document, db.Model):
    """A supervisor or manager lends his rights to a deputy of the same branch for some days (P-6)."""

    __tablename__ = "delegation"
    __shown__ = ("from_on", "to_on")
    __table_args__ = (
        CheckConstraint("from_on <= to_on", name="range"),
        CheckConstraint("principal_id <> deputy_id", name="two_people"),
        Index("ix_delegation_deputy_range", "deputy_id", "from_on", "to_on"),
    )

    principal_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    from_on: Mapped[date] = mapped_column(index=True)
    to_on: Mapped[date] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]

    principal: Mapped[User] = relationship(foreign_keys=principal_id)
    deputy: Mapped[User] = relationship(foreign_keys=deputy_id)
    branch: Mapped[Branch] = relationship()

    def __str__(self) -> str:
        return f"{self.from_on:%Y-%m-%d} – {self.to_on:%Y-%m-%d}"


class UserSession(db.Model):
    """One login: the cookie holds the token, the row its hash, so that neither opens anything without the other."""

    __tablename__ = "user_session"
    __audited__ = False  # logins and logouts are audited as such (G-04)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class LoginFailure(db.Model):
    """Wrong passwords of one account or from one address since the window began; only a hash says which (D5)."""

    __tablename__ = "login_failure"
    __audited__ = False  # each refused login is audited as such

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(index=True)


# The kernel's tables know users and branches by key only; lists show their names.
AuditEntry.user = relationship(User, foreign_keys=[AuditEntry.user_id], viewonly=True)
AuditEntry.on_behalf_of = relationship(User, foreign_keys=[AuditEntry.on_behalf_of_id], viewonly=True)
AuditEntry.branch = relationship(Branch, foreign_keys=[AuditEntry.branch_id], viewonly=True)
PrintEntry.printed_by = relationship(User, foreign_keys=[PrintEntry.printed_by_id], viewonly=True)
PrintEntry.branch = relationship(Branch, foreign_keys=[PrintEntry.branch_id], viewonly=True)
NumberSeries.branch = relationship(Branch, primaryjoin=foreign(NumberSeries.branch_id) == Branch.id, viewonly=True)


def deputised_today(deputy_id: int) -> Select[int, Role]:
    """Select (principal's key, principal's role) of the delegations that hold today for `deputy_id` (P-6)."""
    deputy = select(User.branch_id).where(User.id == deputy_id).scalar_subquery()
    return (
        select(User.id, User.role)
        .join(Delegation, Delegation.principal_id == User.id)
        .where(Delegation.deputy_id == deputy_id, User.branch_id == deputy, *holds_on(User, clock.today()))
        .order_by(Delegation.id)
    )


def holds_on(principal: type[User], day: Any) -> tuple[ColumnElement[bool], ...]:
    """Conditions under which a delegation of `principal` holds on `day` (a day of the office, or a parameter for one).

    It has not ended, the day lies in its range, and the right is still his.
    """
    return (
        Delegation.from_on <= day,
        Delegation.to_on >= day,
        Delegation.ended_at.is_(None),
        principal.is_active.is_(True),
        principal.role.in_(DELEGABLE),
    )
