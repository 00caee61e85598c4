"""One call and the acts on it, as the people of its branch do them."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from backoffice.calls import workflow as calls
from backoffice.calls.models import CancelReason, ServiceCall
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import clock
from backoffice.core.attachments import AttachmentKind
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.organisation.models import User
from backoffice.papers.models import PaperKind
from backoffice.papers.queries import next_blank
from backoffice.products.models import InstalledUnit
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, SignatureMode, VoucherState

from . import pictures, words
from .office import Crew, Office

_CAUSES = (
    (FaultCause.WEAR, 40), (FaultCause.PRODUCT, 25), (FaultCause.INSTALLATION, 10), (FaultCause.POWER_SUPPLY, 8),
    (FaultCause.MEDIUM, 7), (FaultCause.OTHER, 10),
)  # fmt: skip


class Job:
    """A call of one branch. Every act happens at the frozen moment, or earlier when `at` says so."""

    def __init__(self, office: Office, crew: Crew, rng: Random) -> None:
        self.office, self.crew, self.rng = office, crew, rng
        self.call: ServiceCall
        #: the pump whose plate the technician reads, when the caller did not know it
        self.unit_on_site: InstalledUnit | None = None

    def _by(self, role: Role) -> User:
        return self.crew.one(role)

    @property
    def technician(self) -> User:
        """Who has the job."""
        technician = self.call.technician
        assert technician is not None  # noqa: S101 - asked for after the dispatch only
        return technician

    @property
    def voucher(self) -> ServiceVoucher:
        """The voucher that is not void."""
        live = select(ServiceVoucher).where(
            ServiceVoucher.call_id == self.call.id, ServiceVoucher.state != VoucherState.VOID
        )
        return db.session.scalars(live).one()

    def register(
        self, *, customer: Customer, unit: InstalledUnit | None = None, symptom: str = "no_water",
        at: datetime | None = None, by: User | None = None, **facts: Any,
    ) -> None:  # fmt: skip
        """Enter the call; what is not said is chosen."""
        facts.setdefault("fault_text", self.rng.choice(words.FAULTS[symptom]))
        facts.setdefault("is_repeat", False)
        if not customer.phone:
            facts.setdefault("phone", "13900009999")
        if unit is None and "model_text" not in facts and "model" not in facts:
            facts["model_text"] = self.rng.choice(words.MODEL_TEXTS)
        if customer.contacts:
            facts.setdefault("contact_name", customer.contacts[0].name)
        self.call = calls.register(
            by=by or self._by(Role.ASSISTANT), at=at, customer=customer, unit=unit,
            fault_symptom=self.office.symptoms[symptom], **facts,
        )  # fmt: skip

    def dispatch(self, at: datetime | None = None, technician: User | None = None, **more: Any) -> None:
        """Send whoever is free first, or `technician`, with the next of his numbered sheets."""
        day = clock.local(at or clock.now()).date()
        technician = technician or self.crew.present(day)[0]
        paper = next_blank(PaperKind.VOUCHER, technician.id)
        vouchers.dispatch(self.call, by=self.crew.dispatcher(), at=at, technician=technician, paper_no=paper, **more)

    def reassign(self, reason: str) -> None:
        """Hand it to another technician who is there."""
        others = [one for one in self.crew.present(clock.today()) if one.id != self.technician.id]
        paper = "" if self.voucher.visits else next_blank(PaperKind.VOUCHER, others[0].id)
        vouchers.reassign(self.call, by=self.crew.dispatcher(), technician=others[0], reason=reason, paper_no=paper)

    def arrive(self, at: datetime | None = None) -> None:
        """The technician is there; some say when they left."""
        moment = at or clock.now()
        left = max(moment - timedelta(minutes=self.rng.randint(8, 35)), self.call.dispatched_at or moment)
        vouchers.arrive(self.call, by=self.technician, at=at, departed_at=left if self.rng.random() < 0.6 else None)

    def revisit(self, next_visit_at: datetime) -> None:
        """Leave unfinished."""
        vouchers.revisit(
            self.call, by=self.technician, reason=self.rng.choice(words.REVISIT_REASONS), next_visit_at=next_visit_at
        )

    def link_unit(self, unit: InstalledUnit) -> None:
        """The technician reads the plate."""
        calls.link_unit(self.call, by=self.technician, unit=unit)

    def ask_for_free(self) -> None:
        """The technician asks the supervisor to make it free."""
        calls.propose_type(
            self.call, by=self.technician, service_type=ServiceType.FREE, reason="铭牌日期看不清，客户称在保"
        )

    def decide(self, service_type: ServiceType, cause: FaultCause | None = None, reason: str = "") -> None:
        """The supervisor settles the type."""
        calls.decide_type(
            self.call, by=self._by(Role.SUPERVISOR), service_type=service_type, cause=cause,
            reason=reason or self.rng.choice(words.FREE_REASONS),
        )  # fmt: skip

    def _findings(self) -> dict[str, Any]:
        fixed = self.rng.random() < 0.9
        texts = words.WORK_DONE[self.call.fault_symptom.code]
        causes, weights = zip(*_CAUSES, strict=True)
        return {
            "onsite_result": OnsiteResult.FIXED if fixed else OnsiteResult.NO_FAULT,
            "work_done": self.rng.choice(texts) if fixed else "试机正常，未发现故障",
            "fault_cause": self.rng.choices(causes, weights)[0] if fixed else FaultCause.OTHER,
            "labour_minutes": self.rng.choice((None, 20, 30, 45, 60, 90, 150)),
        }

    def complete(self, at: datetime | None = None) -> None:
        """Done and signed, on the screen or on paper."""
        on_paper = self.rng.random() < 0.35
        signed_by = self.call.contact_name or self.rng.choice(("门卫老李", "值班员", "王工", "Mr. Chen"))
        vouchers.complete(
            self.call, by=self.technician, at=at, signed_by=signed_by,
            signature_mode=SignatureMode.ON_PAPER if on_paper else SignatureMode.ON_SCREEN,
            signature=None if on_paper else self.rng.choice(self.office.signatures),
            scan=self.rng.choice(self.office.scans) if on_paper else None, **self._findings(),
        )  # fmt: skip

    def report_unsigned(self) -> None:
        """Done, and nobody signs."""
        vouchers.report_unsigned(
            self.call, by=self.technician, reason=self.rng.choice(words.UNSIGNED_REASONS), **self._findings()
        )

    def confirm_unsigned(self) -> None:
        """The supervisor accepts that."""
        vouchers.confirm_unsigned(self.call, by=self._by(Role.SUPERVISOR))

    def refuse(self) -> None:
        """The customer wants no service at that price."""
        vouchers.refuse(self.call, by=self._by(Role.SUPERVISOR), reason=self.rng.choice(words.REFUSALS))

    def cancel(self, reason: CancelReason, of: ServiceCall | None = None, note: str = "") -> None:
        """End it without service."""
        vouchers.cancel(self.call, by=self.crew.dispatcher(), cancel_reason=reason, duplicate_of=of, note=note)

    def take_back(self) -> None:
        """The voucher is on the assistant's desk."""
        vouchers.take_back(self.voucher, by=self._by(Role.ASSISTANT))

    def write_off(self) -> None:
        """Struck off; the voucher goes into the month's binder."""
        month = clock.local(clock.now()).strftime("%Y-%m")
        vouchers.write_off(self.call, by=self._by(Role.ASSISTANT), location=f"柜 A-{month}")

    def archive(self) -> None:
        """The voucher of a refused job goes into the binder."""
        vouchers.archive(self.voucher, by=self._by(Role.ASSISTANT), location="柜 B-未收费")

    def escalate(self, by: Role, reason: str = "") -> None:
        """Bring it before the next level."""
        person = self.technician if by is Role.TECHNICIAN else self._by(by)
        calls.escalate(self.call, by=person, reason=reason or self.rng.choice(words.ESCALATIONS))

    def take_over(self, by: Role) -> None:
        """The next level answers."""
        calls.take_over(self.call, by=self._by(by), note="已电话联系客户，约定明天上午处理")

    def note(self) -> None:
        """Somebody writes a note."""
        by = self._by(self.rng.choice((Role.ASSISTANT, Role.SUPERVISOR)))
        calls.note(self.call, by=by, note=self.rng.choice(words.NOTES))

    def photograph(self) -> None:
        """The technician attaches a photo."""
        calls.attach(self.call, by=self.technician, files=[pictures.photo(self.rng)], kind=AttachmentKind.PHOTO)
