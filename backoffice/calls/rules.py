"""Rules of the call register on plain values: the proposed service type and the two clocks."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, deadlines
from backoffice.core.errors import Text
from backoffice.core.states import LabelledEnum
from backoffice.products.rules import Evidence, WarrantyState


class ServiceType(LabelledEnum):
    """What kind of service a job is, and so who pays (S-3.1.1 to S-3.1.3)."""

    PAID = "A", _l("A · paid")
    CONTRACT = "B", _l("B · contract")
    FREE = "C", _l("C · free (warranty)")
    UNDECIDED = "undecided", _l("Undecided")


class FaultCause(LabelledEnum):
    """Why it failed (G-07). Misuse and damage by people exclude free repair."""

    PRODUCT = "product", _l("Product quality")
    WEAR = "wear", _l("Normal wear")
    MISUSE = "misuse", _l("Wrong operation")
    HUMAN_DAMAGE = "human_damage", _l("Damage by people")
    INSTALLATION = "installation", _l("Installation")
    POWER_SUPPLY = "power_supply", _l("Power supply")
    MEDIUM = "medium", _l("Unsuitable medium")
    OTHER = "other", _l("Other cause")


NOT_FREE = frozenset({FaultCause.MISUSE, FaultCause.HUMAN_DAMAGE})


def propose(warranty: WarrantyState | None, *, has_contract: bool = False) -> ServiceType:
    """The type that follows from contract and warranty, the contract first; None stands for no unit (W-1.6)."""
    if has_contract:
        return ServiceType.CONTRACT
    if warranty is WarrantyState.COVERED:
        return ServiceType.FREE
    return ServiceType.PAID if warranty is WarrantyState.EXPIRED else ServiceType.UNDECIDED


def warranty_reason(
    warranty: WarrantyState | None, evidence: Evidence | None, starts_on: date | None, ends_on: date | None
) -> Text:
    """The verdict in a sentence: state, evidence, first and last day."""
    if warranty is None:
        return _l("No unit is linked.")
    if evidence is None:
        return _l("No date that starts the warranty is known.")
    return _l(
        "%(state)s: %(evidence)s on %(start)s, covered up to and including %(end)s",
        state=warranty.label, evidence=evidence.label, start=starts_on, end=ends_on,
    )  # fmt: skip


def differs_from_warranty(service_type: ServiceType, warranty: WarrantyState | None) -> bool:
    """Whether only the supervisor may choose it: paid inside warranty, or free without or outside it (W-1.6)."""
    if service_type is ServiceType.PAID:
        return warranty is not WarrantyState.EXPIRED
    return service_type is ServiceType.FREE and warranty is not WarrantyState.COVERED


@dataclass(frozen=True)
class Clock:
    """One time limit of a call: when it began, its limit, and when it was met (None: not yet)."""

    name: Text
    rule: str
    start: datetime
    limit_minutes: int
    met_at: datetime | None
    stopped: bool = False

    @property
    def due_at(self) -> datetime:
        """When the limit runs out; exactly then is still in time."""
        return deadlines.after_minutes(self.start, self.limit_minutes)

    def state(self, at: datetime) -> str:
        """met, missed (met late), stopped (cancelled first), over, near (half used), or running."""
        if self.met_at is not None:
            return "met" if self.met_at <= self.due_at else "missed"
        if self.stopped:
            return "stopped"
        if at > self.due_at:
            return "over"
        return "near" if deadlines.share_used(self.start, self.due_at, at) >= 0.5 else "running"

    def minutes_left(self, at: datetime) -> int:
        """Minutes to the due time; negative when past."""
        return deadlines.minutes_left(self.due_at, self.met_at or at)

    def explanation(self, area: str, zone: Text) -> list[Text]:
        """The counted minutes, the calendar and where the limit came from, a line each."""
        shown = "%Y-%m-%d %H:%M"
        return [
            _l("Counts from the call, %(start)s.", start=clock.local(self.start).strftime(shown)),
            _l("Limit %(minutes)s minutes, copied from the service area “%(area)s” (%(zone)s).",
               minutes=self.limit_minutes, area=area, zone=zone),
            _l("Calendar: round the clock, so every minute counts, at night and on holidays too."),
            _l("Due %(due)s; exactly then is still in time.", due=clock.local(self.due_at).strftime(shown)),
        ]  # fmt: skip


def needs_late_reason(received_at: datetime, at: datetime, minutes: int) -> bool:
    """Whether an entry is so late after the call that it needs a reason (E-08)."""
    return at - received_at > timedelta(minutes=minutes)
