"""The call register (E-08)."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from backoffice.contracts.rules import PERIOD_MONTHS
from backoffice.core import clock
from backoffice.core.db import Document, db, enum_type, pii
from backoffice.core.errors import Text
from backoffice.core.permissions import Role
from backoffice.core.searching import Searchable
from backoffice.core.states import LabelledEnum, StateEnum
from backoffice.customers.models import CustomerKind
from backoffice.organisation.models import Skill, Zone
from backoffice.products.rules import Evidence, WarrantyState

from .rules import Clock, FaultCause, ServiceType, warranty_reason

if TYPE_CHECKING:
    from backoffice.contracts.models import ServiceContract
    from backoffice.customers.models import Customer, Project
    from backoffice.organisation.models import ServiceArea, User
    from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel


class CallState(StateEnum):
    """The states of W-1."""

    REGISTERED = "registered", _l("Registered"), "warn"
    DISPATCHED = "dispatched", _l("Dispatched"), "info"
    ON_SITE = "on_site", _l("On site"), "info"
    IN_REPAIR = "in_repair", _l("In repair"), "info"
    COMPLETED = "completed", _l("Completed"), "good"
    CLOSED = "closed", _l("Written off"), "neutral", True
    CANCELLED = "cancelled", _l("Cancelled"), "neutral", True


#: So much earlier than all others a call is dispatched that was carried over.
CARRIED_FIRST = timedelta(days=3650)
#: States of a call that may still be worked on, and those in which its service type may still change.
LIVE = tuple(state for state in CallState if not state.is_final)
_OPEN = "state <> 'closed' AND state <> 'cancelled'"
UNSIGNED = (CallState.REGISTERED, CallState.DISPATCHED, CallState.ON_SITE, CallState.IN_REPAIR)


class Channel(LabelledEnum):
    """How the call came in."""

    PHONE = "phone", _l("Phone")
    LETTER = "letter", _l("Letter")
    WECHAT = "wechat", _l("WeChat")
    EMAIL = "email", _l("E-mail")
    WALK_IN = "walk_in", _l("Walk-in")
    SALESPERSON = "salesperson", _l("Salesperson")


class Priority(LabelledEnum):
    """How it is ordered among the waiting calls."""

    NORMAL = "normal", _l("Normal")
    URGENT = "urgent", _l("Urgent")


class CancelReason(LabelledEnum):
    """Why a call ended without service (W-1.10, W-1.13)."""

    CUSTOMER_WITHDREW = "customer_withdrew", _l("Customer withdrew")
    SOLVED_BY_PHONE = "solved_by_phone", _l("Solved by phone")
    DUPLICATE = "duplicate", _l("Duplicate of another call")
    NOT_OURS = "not_ours", _l("Not our product")
    REFUSED = "refused", _l("Customer refused service or price")
    OTHER = "other", _l("Other reason")
    IMPORT_UNDONE = "import_undone", _l("Import taken back")


#: Reasons that acts of their own give; nobody chooses them for a cancellation (W-1.13, W-1.14).
NOT_CHOSEN = frozenset({CancelReason.REFUSED, CancelReason.IMPORT_UNDONE})


class RepeatAnswer(LabelledEnum):
    """What the clerk heard when asked whether it is the earlier fault again."""

    YES = "yes", _l("Yes, the same fault again")
    NO = "no", _l("No, another fault")


#: An old number is one call's in its branch, until the import that brought it is taken back.
_OLD_NUMBER_LIVES = text("old_number <> '' AND state <> 'cancelled'")


class ServiceCall(Searchable, Document, db.Model):
    """One row of the call register; the customer's facts are kept as they were on the phone (S-3.2)."""

    __tablename__ = "service_call"
    __shown__ = ("number", "customer_kind")
    __table_args__ = (
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
        CheckConstraint("state NOT IN ('completed') OR completed_at IS NOT NULL", name="completed_has_time"),
        CheckConstraint(
            "state NOT IN ('dispatched', 'on_site', 'in_repair', 'completed')"
            " OR (dispatched_at IS NOT NULL AND technician_id IS NOT NULL)",
            name="dispatched_has_technician",
        ),
        CheckConstraint("state <> 'on_site' OR first_arrived_at IS NOT NULL", name="on_site_has_arrival"),
        CheckConstraint("(state = 'cancelled') = (cancel_reason IS NOT NULL)", name="cancelled_has_reason"),
        CheckConstraint("cancel_reason <> 'duplicate' OR duplicate_of_id IS NOT NULL", name="duplicate_names_call"),
        CheckConstraint("(escalated_to IS NULL) = (escalated_at IS NULL)", name="escalation_has_time"),
        CheckConstraint("carry_over_count >= 0", name="carry_over_not_negative"),
        CheckConstraint("NOT is_history OR state IN ('closed', 'cancelled')", name="history_is_over"),
        CheckConstraint("is_history OR old_number = ''", name="old_number_is_history"),
        CheckConstraint("is_history OR cancel_reason <> 'import_undone'", name="undone_is_history"),
        CheckConstraint("contract_id IS NULL OR (service_type = 'B' AND NOT is_history)", name="contract_is_used"),
        Index("ix_service_call_register", "branch_id", "received_at", "id"),
        Index("ix_service_call_state", "branch_id", "state", "dispatch_due_at"),
        Index("ix_service_call_by_state", "branch_id", "state", "id"),
        Index("ix_service_call_service_type_id", "service_type", "id"),
        Index("ix_service_call_model_text_id", "model_text", "id"),
        Index("ix_service_call_received_at_id", "received_at", "id"),
        Index("ix_service_call_own", "technician_id", "state"),
        Index("ix_service_call_repeat", "unit_id", "received_at"),
        Index("ix_service_call_open_due", "branch_id", "dispatch_due_at", "id", sqlite_where=text(_OPEN),
              postgresql_where=text(_OPEN), postgresql_include=["state", "received_at"]),
        Index("ix_service_call_dispatch_order", "branch_id", "dispatch_order_at", "id"),
        Index("ix_service_call_waiting", "branch_id", "state", "dispatch_order_at", "id"),
        Index("ix_service_call_closed", "branch_id", "closed_at"),
        Index("ix_service_call_cancelled", "branch_id", "cancelled_at", sqlite_where=text("cancelled_at IS NOT NULL"),
              postgresql_where=text("cancelled_at IS NOT NULL")),
        Index("ix_service_call_contract", "contract_id", "received_at"),
        Index("ix_service_call_proposed", "branch_id", "id", sqlite_where=text("proposed_type IS NOT NULL"),
              postgresql_where=text("proposed_type IS NOT NULL")),
        Index("ix_service_call_escalated", "branch_id", "escalated_to", sqlite_where=text("escalated_to IS NOT NULL"),
              postgresql_where=text("escalated_to IS NOT NULL")),
        Index("uq_service_call_old_number", "branch_id", "old_number", unique=True, sqlite_where=_OLD_NUMBER_LIVES,
              postgresql_where=_OLD_NUMBER_LIVES),
    )  # fmt: skip
    __searched__ = ("number", "old_number", "customer_name", "contact_name", "phone", "model_text")
    __searched_with__ = {"unit": ("serial_no",)}
    __masked_by__ = ("customer_kind",)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[CallState] = mapped_column(enum_type(CallState), default=CallState.REGISTERED)
    received_at: Mapped[datetime]
    channel: Mapped[Channel] = mapped_column(enum_type(Channel), default=Channel.PHONE)
    late_reason: Mapped[str] = mapped_column(String(200), default="")
    #: entered more than the setting's minutes after the call came in (TL-00)
    is_entered_late: Mapped[bool] = mapped_column(default=False)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)
    customer_kind: Mapped[CustomerKind] = mapped_column(enum_type(CustomerKind))
    customer_name: Mapped[str] = mapped_column(String(120), info=pii("name"), index=True)
    contact_name: Mapped[str] = mapped_column(String(60), default="", info=pii("name"))
    phone: Mapped[str] = mapped_column(String(30), info=pii("phone"))
    phone_digits: Mapped[str] = mapped_column(String(30), info=pii("phone") | {"derived": True}, index=True)
    address: Mapped[str] = mapped_column(String(200), info=pii("address"))

    unit_id: Mapped[int | None] = mapped_column(ForeignKey("installed_unit.id", ondelete="RESTRICT"))
    model_id: Mapped[int | None] = mapped_column(ForeignKey("product_model.id", ondelete="RESTRICT"), index=True)
    model_text: Mapped[str] = mapped_column(String(120))
    fault_symptom_id: Mapped[int] = mapped_column(ForeignKey("fault_symptom.id", ondelete="RESTRICT"), index=True)
    fault_text: Mapped[str] = mapped_column(sa.Text)

    area_id: Mapped[int] = mapped_column(ForeignKey("service_area.id", ondelete="RESTRICT"), index=True)
    zone: Mapped[Zone] = mapped_column(enum_type(Zone))
    dispatch_limit_min: Mapped[int]
    arrival_limit_min: Mapped[int]
    dispatch_due_at: Mapped[datetime] = mapped_column(index=True)
    arrival_due_at: Mapped[datetime] = mapped_column(index=True)
    #: the order in which calls are dispatched: by the due time, those carried over before all others (W-7)
    dispatch_order_at: Mapped[datetime | None] = mapped_column(info={"derived": True})

    service_type: Mapped[ServiceType] = mapped_column(enum_type(ServiceType), default=ServiceType.UNDECIDED)
    #: why the supervisor decided so; empty while the type is the proposal from the warranty
    service_type_reason: Mapped[str] = mapped_column(String(300), default="")
    service_type_decided_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("user.id", ondelete="RESTRICT"), index=True
    )
    #: the verdict on the unit when the type was proposed; later corrections of the unit do not rewrite it
    warranty_state: Mapped[WarrantyState | None] = mapped_column(enum_type(WarrantyState))
    warranty_evidence: Mapped[Evidence | None] = mapped_column(enum_type(Evidence))
    warranty_starts_on: Mapped[date | None]
    warranty_ends_on: Mapped[date | None]
    #: the contract under which it is contract service; past calls name none
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("service_contract.id", ondelete="RESTRICT"))
    #: what the technician asks the supervisor to decide instead (W-1.6)
    proposed_type: Mapped[ServiceType | None] = mapped_column(enum_type(ServiceType, "proposed_type"))
    #: cause that the supervisor has confirmed, so that misuse is never the technician's word alone (G-07)
    confirmed_cause: Mapped[FaultCause | None] = mapped_column(enum_type(FaultCause))

    priority: Mapped[Priority] = mapped_column(enum_type(Priority), default=Priority.NORMAL, index=True)
    wanted_skill: Mapped[Skill | None] = mapped_column(enum_type(Skill))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id", ondelete="RESTRICT"), index=True)
    salesperson_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    repeat_of_id: Mapped[int | None] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"), index=True)
    remark: Mapped[str] = mapped_column(String(500), default="")
    #: brought in from an older system (W-1.14): over, without voucher, outside the figures K-01 to K-04
    is_history: Mapped[bool] = mapped_column(default=False)
    #: the number that the older system gave it
    old_number: Mapped[str] = mapped_column(String(60), default="", index=True)

    technician_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    reported_to_supervisor_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None] = mapped_column(index=True)
    next_visit_at: Mapped[datetime | None] = mapped_column(index=True)
    first_arrived_at: Mapped[datetime | None] = mapped_column(index=True)
    completed_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[CancelReason | None] = mapped_column(enum_type(CancelReason))
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"), index=True)
    carry_over_count: Mapped[int] = mapped_column(default=0)

    escalated_to: Mapped[Role | None] = mapped_column(enum_type(Role))
    escalated_at: Mapped[datetime | None]
    escalation_reason: Mapped[str] = mapped_column(String(500), default="")

    customer: Mapped["Customer"] = relationship(foreign_keys=[customer_id])
    unit: Mapped["InstalledUnit | None"] = relationship(foreign_keys=[unit_id])
    model: Mapped["ProductModel | None"] = relationship(foreign_keys=[model_id])
    fault_symptom: Mapped["FaultSymptom"] = relationship(foreign_keys=[fault_symptom_id])
    area: Mapped["ServiceArea"] = relationship(foreign_keys=[area_id])
    contract: Mapped["ServiceContract | None"] = relationship(foreign_keys=[contract_id])
    project: Mapped["Project | None"] = relationship(foreign_keys=[project_id])
    salesperson: Mapped["User | None"] = relationship(foreign_keys=[salesperson_id])
    technician: Mapped["User | None"] = relationship(foreign_keys=[technician_id])
    service_type_decided_by: Mapped["User | None"] = relationship(foreign_keys=[service_type_decided_by_id])
    repeat_of: Mapped["ServiceCall | None"] = relationship(foreign_keys=[repeat_of_id], remote_side="ServiceCall.id")
    duplicate_of: Mapped["ServiceCall | None"] = relationship(
        foreign_keys=[duplicate_of_id], remote_side="ServiceCall.id"
    )

    @validates("dispatch_due_at", "carry_over_count")
    def _order(self, name: str, value: Any) -> Any:
        due = value if name == "dispatch_due_at" else self.dispatch_due_at
        carried = value if name == "carry_over_count" else self.carry_over_count
        if due is not None:
            self.dispatch_order_at = due - CARRIED_FIRST if carried else due
        return value

    @property
    def dispatch_clock(self) -> Clock:
        """TL-01: dispatch within the area's minutes of the call."""
        return Clock(
            _l("Dispatch by"), "TL-01", self.received_at, self.dispatch_limit_min, self.dispatched_at,
            self.state is CallState.CANCELLED,
        )  # fmt: skip

    @property
    def arrival_clock(self) -> Clock:
        """TL-02: on site within the area's minutes of the call (S-1.5)."""
        return Clock(
            _l("Arrive by"), "TL-02", self.received_at, self.arrival_limit_min, self.first_arrived_at,
            self.state is CallState.CANCELLED,
        )  # fmt: skip

    def masks(self, field: str) -> bool:
        """Phones and contacts are always shown masked, name and address where the customer is a person (X-20)."""
        return field in {"phone", "phone_digits", "contact_name"} or self.customer_kind is not CustomerKind.COMPANY

    @property
    def is_carried_over(self) -> bool:
        """Whether a reconciliation has carried it over to another day (W-7)."""
        return self.carry_over_count > 0

    @property
    def service_type_why(self) -> Text:
        """Why the job has its service type: the supervisor's reason, the contract, else the warranty (W-1.6)."""
        if self.service_type_reason:
            return self.service_type_reason
        if self.is_history:
            return _l("As it was brought in from the older system.")
        if self.contract is not None:
            return _l(
                "Contract %(number)s covers the unit from %(start)s up to and including %(end)s",
                number=self.contract.number, start=self.contract.start_on, end=self.contract.last_on,
            )  # fmt: skip
        return warranty_reason(
            self.warranty_state, self.warranty_evidence, self.warranty_starts_on, self.warranty_ends_on
        )

    @property
    def costs_nothing(self) -> bool:
        """Whether nothing is paid for the job itself: free, or under a contract paid by the year or quarter (W-5.2)."""
        if self.service_type is ServiceType.CONTRACT:
            return self.contract is not None and self.contract.fee_mode in PERIOD_MONTHS
        return self.service_type is ServiceType.FREE

    def warranty_state_now(self) -> WarrantyState | None:
        """The verdict that the unit's dates give today for the day of the call; None without a unit (E-06)."""
        return self.unit.verdict(clock.local(self.received_at).date()).state if self.unit else None

    def __str__(self) -> str:
        return self.number
