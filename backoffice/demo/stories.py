"""The calls that the demo shows first: those of the last hours in every state, and one of each odd kind.

Moments are told backwards from now, so that whoever opens the demo finds clocks that are running.
"""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from backoffice.calls import workflow as calls
from backoffice.calls.models import Channel, Priority
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import clock
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer, CustomerKind
from backoffice.organisation.models import ServiceArea, Zone
from backoffice.papers.models import PaperKind
from backoffice.papers.queries import next_blank
from backoffice.products.models import InstalledUnit, UnitStatus
from backoffice.products.rules import WarrantyState
from backoffice.vouchers import workflow as vouchers

from . import words
from .agenda import Life
from .calls import minutes
from .job import Job
from .office import Crew, Office


class Teller:
    """Tells stories of one branch; each takes another pump."""

    def __init__(self, office: Office, crew: Crew) -> None:
        self.office, self.crew = office, crew
        self._rng = Random(f"stories-{crew.branch.code}")
        # some stories choose their unit before `later_changes` has taken these away
        taken = {*crew.units[50:55], *(unit for units in crew.contracted.values() for unit in units)}
        staying = [u for u in crew.units if u not in taken and u.customer is not crew.customers[-1]]
        self._units = self._rng.sample(staying, len(staying))

    def _job(self) -> Job:
        return Job(self.office, self.crew, Random(self._rng.random()))

    def _unit(self, state: WarrantyState = WarrantyState.COVERED) -> InstalledUnit:
        day = clock.local(self.office.now).date()
        for unit in self._units:
            fits = unit.status is UnitStatus.IN_USE and unit.verdict(day).state is state
            if fits and unit.customer.is_active and unit.customer.phone:
                self._units.remove(unit)
                return unit
        raise LookupError(f"no unit left whose warranty is {state.value}")

    def _area(self, zone: Zone) -> ServiceArea:
        return next(area for area in self.crew.areas if area.zone is zone)

    def waiting(self, ago: float, zone: Zone, symptom: str, **facts: Any) -> Life:
        """Registered, and nobody has been sent yet."""
        yield self.office.ago(minutes=ago)
        job = self._job()
        unit = self._unit()
        job.register(customer=unit.customer, unit=unit, symptom=symptom, area=self._area(zone), **facts)

    def over_the_limit(self) -> Life:
        """Nobody has been sent although the hour is over; the assistant calls the supervisor."""
        yield self.office.ago(minutes=88)
        job = self._job()
        unit = self._unit()
        job.register(
            customer=unit.customer, unit=unit, symptom="motor", area=self._area(Zone.CITY), priority=Priority.URGENT
        )
        yield self.office.ago(minutes=18)
        job.escalate(Role.ASSISTANT, "已超派工时限，客户停产，请立即派人")

    def under_way(self, ago: float, zone: Zone, who: int) -> Life:
        """Dispatched; the technician has not arrived."""
        yield self.office.ago(minutes=ago)
        job = self._job()
        unit = self._unit()
        job.register(customer=unit.customer, unit=unit, symptom="bearing", area=self._area(zone))
        yield clock.now() + minutes(11)
        job.dispatch(technician=self.crew.people[Role.TECHNICIAN][who])

    def _at_work(
        self,
        ago: float,
        unit: InstalledUnit,
        symptom: str = "seal_leak",
        *,
        who: int = 0,
        pace: float = 0.6,
        **facts: Any,
    ) -> Generator[datetime, None, Job]:
        """A job up to the arrival of technician no. `who`, who takes `pace` of the limit."""
        yield self.office.ago(minutes=ago)
        job = self._job()
        job.register(customer=unit.customer, unit=unit, symptom=symptom, **facts)
        yield clock.now() + minutes(7)
        job.dispatch(technician=self.crew.people[Role.TECHNICIAN][who])
        yield clock.now() + minutes(job.call.arrival_limit_min * pace - 7)
        job.arrive()
        return job

    def on_site(self) -> Life:
        """Being worked on right now."""
        job = yield from self._at_work(75, self._unit(), area=self._area(Zone.CITY))
        job.photograph()

    def wants_a_decision(self) -> Life:
        """No date of the unit is known: the technician asks the supervisor for the service type."""
        job = yield from self._at_work(
            130, self._unit(WarrantyState.UNKNOWN), "no_water", who=1, area=self._area(Zone.CITY)
        )
        yield self.office.ago(minutes=21)
        job.photograph()
        job.ask_for_free()

    def unsigned(self) -> Life:
        """Done, and nobody signed: it waits for the supervisor."""
        job = yield from self._at_work(210, self._unit(), "control_cabinet", area=self._area(Zone.SUBURB))
        yield self.office.ago(minutes=82)
        job.report_unsigned()

    def done_today(self, ago: float, who: int, *, back: bool) -> Life:
        """Completed a while ago; the voucher is with the technician, or on the desk already."""
        job = yield from self._at_work(ago, self._unit(), "impeller", who=who, area=self._area(Zone.CITY))
        yield clock.now() + minutes(40)
        job.complete()
        if back:
            yield clock.now() + minutes(35)
            job.take_back()

    def refused(self) -> Life:
        """Out of warranty, and the customer does not want to pay; the voucher is not archived yet."""
        job = yield from self._at_work(60 * 24 + 300, self._unit(WarrantyState.EXPIRED), "bearing")
        yield clock.now() + minutes(25)
        job.refuse()

    def misuse(self) -> Life:
        """Run dry by the customer, with a photo: the supervisor makes it paid, and the manager has to settle it."""
        job = yield from self._at_work(60 * 46, self._unit(), "motor", pace=1.4)
        yield clock.now() + minutes(30)
        job.photograph()
        job.decide(ServiceType.PAID, FaultCause.MISUSE, "照片可见无水运转痕迹，属操作不当")
        yield clock.now() + minutes(50)
        job.revisit(self.office.now + timedelta(days=1))
        job.escalate(Role.SUPERVISOR, "客户不认可收费，金额约 6800 元，请总经理决定")

    def _on_a_workday(self, workdays: int, hour: int, symptom: str) -> Generator[datetime, None, Job]:
        """A job that was completed that many working days ago."""
        unit = self._unit()
        started = self.office.workday(workdays, hour, 25)
        job = yield from self._at_work((self.office.now - started).total_seconds() / 60, unit, symptom)
        yield clock.now() + minutes(55)
        job.complete()
        return job

    def not_returned(self, workdays: int) -> Life:
        """Signed days ago; the voucher has not come back."""
        yield from self._on_a_workday(workdays, 9, "seal_leak")

    def not_written_off(self, workdays: int) -> Life:
        """The voucher has been on the desk since then."""
        job = yield from self._on_a_workday(workdays, 10, "vibration")
        yield clock.now() + timedelta(hours=2)
        job.take_back()

    def wrong_voucher(self) -> Life:
        """The voucher was written wrongly: void, and another took its place."""
        job = yield from self._on_a_workday(4, 13, "low_output")
        yield self.office.workday(3, 9, 10)
        paper = next_blank(PaperKind.VOUCHER, job.technician.id)
        vouchers.void(job.voucher, by=self.crew.one(Role.SUPERVISOR), reason="纸质单写错客户名称", paper_no=paper)
        yield self.office.workday(3, 9, 40)
        job.take_back()
        yield self.office.workday(3, 10, 5)
        job.write_off()

    def handed_on(self) -> Life:
        """Before any visit the job went to another technician."""
        yield self.office.workday(2, 14, 5)
        job = self._job()
        unit = self._unit()
        job.register(customer=unit.customer, unit=unit, symptom="insulation", area=self._area(Zone.SUBURB))
        yield clock.now() + minutes(12)
        job.dispatch(helpers=self.crew.present(clock.today())[1:])
        yield clock.now() + minutes(18)
        job.reassign("原技术员车辆故障")
        yield clock.now() + minutes(60)
        job.arrive()
        yield clock.now() + minutes(80)
        job.complete()

    def written_off_by_mistake(self) -> Life:
        """Written off too early, and undone on the same day."""
        job = yield from self._on_a_workday(1, 8, "no_water")
        yield self.office.workday(1, 15, 30)
        job.take_back()
        yield self.office.workday(1, 15, 42)
        job.write_off()
        yield self.office.workday(1, 16, 20)
        vouchers.undo_write_off(job.call, by=self.crew.one(Role.SUPERVISOR), reason="凭证缺客户签章页")

    def never_closed(self) -> Life:
        """More than a year old: the spare part never came, and nobody closed it."""
        yield self.office.day(403, 10, 12)
        job = self._job()
        unit = self._unit(WarrantyState.UNKNOWN)
        job.register(
            customer=unit.customer,
            unit=unit,
            symptom="seal_leak",
            fault_text="漏",
            remark="历史遗留",
            channel=Channel.LETTER,
        )
        yield clock.now() + minutes(30)
        job.dispatch()
        yield clock.now() + minutes(95)
        job.arrive()
        yield clock.now() + minutes(40)
        job.revisit(self.office.day(390, 9, 30))

    def long_text(self) -> Life:
        """A caller with a very long story; waits for the technician who comes tomorrow."""
        job = yield from self._at_work(60 * 26, self._unit(), "motor", fault_text=words.LONG_FAULT)
        yield clock.now() + minutes(45)
        job.revisit(self.office.now + timedelta(hours=20))

    def new_caller(self) -> Life:
        """Somebody whom nobody knows yet; the register enters her as a customer."""
        yield self.office.ago(minutes=47)
        calls.register(
            by=self.crew.one(Role.ASSISTANT), new_customer_name="王阿婆", new_customer_kind=CustomerKind.INDIVIDUAL,
            phone="139 0000 8888", address="浙江省杭州市富阳区渔山路 12 号", area=self._area(Zone.INTERCITY),
            model_text="家里的增压泵", fault_symptom=self.office.symptoms["low_output"],
            fault_text="水小，热水器打不着火",
        )  # fmt: skip

    def from_right_to_left(self, customer: Customer) -> Life:
        """A caller whose name runs from right to left, about a pump that nobody knows."""
        yield self.office.ago(minutes=31)
        self._job().register(
            customer=customer, symptom="other", fault_text="المضخة لا تعمل 😟 pump no work", model_text="لا أعرف",
            channel=Channel.WECHAT, area=self._area(Zone.INTERCITY), contact_name="محمد",
        )  # fmt: skip


def tell(office: Office, add: Callable[[Life], None]) -> None:
    """Add the stories of both branches."""
    crew = office.crews["HZ"]
    teller = Teller(office, crew)
    arabic = next(customer for customer in crew.customers if customer.name == words.ODD_COMPANIES[4])
    for life in (
        teller.never_closed(), teller.not_returned(9), teller.not_returned(5), teller.wrong_voucher(),
        teller.not_written_off(3), teller.not_written_off(2), teller.handed_on(), teller.misuse(), teller.refused(),
        teller.written_off_by_mistake(), teller.long_text(), teller.done_today(290, 0, back=True),
        teller.done_today(190, 1, back=False), teller.unsigned(), teller.wants_a_decision(), teller.over_the_limit(),
        teller.on_site(), teller.under_way(85, Zone.CITY, 1), teller.under_way(40, Zone.SUBURB, 0),
        teller.waiting(70, Zone.SUBURB, "no_water"), teller.waiting(38, Zone.CITY, "low_output"),
        teller.from_right_to_left(arabic), teller.new_caller(),
        teller.waiting(9, Zone.CITY, "seal_leak", priority=Priority.URGENT),
    ):  # fmt: skip
        add(life)
    teller = Teller(office, office.crews["SH"])
    for life in (
        teller.not_returned(6), teller.not_written_off(2), teller.done_today(240, 1, back=False), teller.on_site(),
        teller.over_the_limit(), teller.waiting(25, Zone.CITY, "control_cabinet"),
    ):  # fmt: skip
        add(life)
