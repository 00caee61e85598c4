"""Two months of ordinary calls: when they come, how long each step takes, and what becomes of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from backoffice.calls.models import CallState, CancelReason, Channel, Priority, ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.core import clock
from backoffice.core.permissions import Role
from backoffice.organisation.models import Skill
from backoffice.products.models import InstalledUnit, UnitStatus
from backoffice.products.rules import WarrantyState
from backoffice.settings import queries as settings

from . import money
from .agenda import Life
from .job import Job
from .office import Crew, Office

#: Calls by hour of the day, Monday to Sunday, by channel and by symptom.
HOURS = (4, 3, 3, 3, 4, 7, 12, 26, 70, 112, 118, 105, 72, 78, 84, 76, 60, 38, 26, 22, 18, 14, 10, 7)
WEEKDAYS = (19, 18, 18, 18, 17, 5, 5)
_CHANNELS = ((Channel.PHONE, 60), (Channel.WECHAT, 18), (Channel.SALESPERSON, 12), (Channel.WALK_IN, 4),
             (Channel.EMAIL, 4), (Channel.LETTER, 2))  # fmt: skip
_SYMPTOMS = {"seal_leak": 24, "no_water": 16, "motor": 13, "low_output": 11, "bearing": 10, "control_cabinet": 9,
             "impeller": 7, "vibration": 5, "insulation": 3, "other": 2}  # fmt: skip
#: Parts that go into a pump on site.
_BUILT_IN = ("JF-0103", "JF-0110", "JF-0121", "JF-0202", "JF-0203", "JF-0302", "JF-0312", "JF-0601", "JF-0606")
_SKILLS = {"motor": Skill.ELECTRICAL_REPAIR, "control_cabinet": Skill.ELECTRICAL_REPAIR, "seal_leak": Skill.PUMP_REPAIR}


def minutes(count: float) -> timedelta:
    """That many minutes, to the second."""
    return timedelta(seconds=int(count * 60))


@dataclass
class Delays:
    """How far behind the call its dispatch and arrival are, as parts of the limit."""

    dispatch: float
    arrival: float

    @classmethod
    def draw(cls, rng: Random, late_share: float) -> "Delays":
        """Most keep the limit; the late ones miss it by a little or by hours."""
        arrival = rng.uniform(1.05, 1.6) if rng.random() < 0.6 else rng.uniform(1.6, 5)
        if rng.random() >= late_share:
            arrival = rng.uniform(0.45, 0.97)
        return cls(arrival * rng.uniform(0.1, 0.6), arrival)


def moments(office: Office, count: int, days: int, rng: Random) -> list[datetime]:
    """When the calls of the last `days` days came, in order; the last hours are left to the stories."""
    today = clock.local(office.now).date()
    past = [today - timedelta(days=n) for n in range(days + 1)]
    latest = office.ago(hours=7)
    found: list[datetime] = []
    while len(found) < count:
        day = rng.choices(past, [WEEKDAYS[one.weekday()] for one in past])[0]
        hour = rng.choices(range(24), HOURS)[0]
        moment = clock.day_start(day) + timedelta(hours=hour, seconds=rng.randrange(3600))
        if moment < latest:
            found.append(moment)
    return sorted(found)


def next_workday(day: date) -> date:
    """The working day after `day`."""
    day += timedelta(days=1)
    while not settings.calendar().is_workday(day):
        day += timedelta(days=1)
    return day


def _desk_moment(rng: Random, done: datetime) -> datetime:
    """When the technician hands in the voucher: that evening, the next working morning, or days too late."""
    day = clock.local(done).date()
    if clock.local(done).hour < 16 and settings.calendar().is_workday(day) and rng.random() < 0.6:
        return clock.day_start(day) + timedelta(hours=17) + minutes(rng.uniform(0, 50))
    day = next_workday(day)
    for _ in range(rng.choice((1, 1, 2, 4)) if rng.random() < 0.12 else 0):
        day = next_workday(day)
    return clock.day_start(day) + timedelta(hours=8, minutes=20) + minutes(rng.uniform(0, 100))


class Ordinary:
    """Makes the lives of ordinary calls of one branch; remembers the done ones, so that faults come back."""

    def __init__(self, office: Office, crew: Crew, seed: str, add: Callable[[Life], None]) -> None:
        self.office, self.crew, self.seed, self.add = office, crew, seed, add
        self.done: list[ServiceCall] = []

    def life(self, index: int, received: datetime) -> Life:
        """One call from its registration to the archive."""
        rng = Random(f"{self.seed}-{index}")
        job = Job(self.office, self.crew, rng)
        afterwards = rng.random() < 0.1 or not 6 <= clock.local(received).hour < 22
        entered = received + (minutes(rng.uniform(150, 540)) if afterwards else minutes(rng.uniform(0, 7)))
        if not afterwards and rng.random() < 0.08:
            entered += minutes(rng.uniform(6, 50))
        yield entered
        self._register(job, received, entered)
        if rng.random() < 0.10:
            yield from self._cancelled(job)
            return
        delays = Delays.draw(rng, self.crew.late_share(job.call.area))
        yield from self._to_the_site(job, delays, afterwards=afterwards)
        yield from self._on_site(job, afterwards=afterwards)
        if job.call.state is CallState.COMPLETED:
            self.done.append(job.call)
            yield clock.now() + minutes(3)
            money.collect_on_site(job)
            yield from self._to_the_archive(job)

    def _register(self, job: Job, received: datetime, entered: datetime) -> None:
        rng = job.rng
        earlier = self._earlier(rng, received) if rng.random() < 0.21 else None
        unit = (earlier.unit if earlier else None) or self._unit(rng, received)
        symptom = earlier.fault_symptom.code if earlier else rng.choices(list(_SYMPTOMS), list(_SYMPTOMS.values()))[0]
        channel = rng.choices(*zip(*_CHANNELS, strict=True))[0]
        by = self.crew.one(Role.SALES if channel is Channel.SALESPERSON else Role.ASSISTANT)
        known = earlier is not None or rng.random() < 0.85
        job.register(
            customer=unit.customer, unit=unit if known else None, symptom=symptom, at=received, by=by, channel=channel,
            is_repeat=earlier is not None, wanted_skill=_SKILLS.get(symptom) if rng.random() < 0.5 else None,
            priority=Priority.URGENT if rng.random() < 0.12 else Priority.NORMAL,
            reason="夜间值班电话，补登" if entered - received > minutes(29) else "",
        )  # fmt: skip
        job.unit_on_site = None if known else unit
        if rng.random() < 0.12:
            job.note()

    def _earlier(self, rng: Random, received: datetime) -> ServiceCall | None:
        """A call of the last weeks whose fault comes back."""
        recent = [c for c in self.done if c.unit_id and received - timedelta(days=27) < c.received_at < received]
        return rng.choice(recent) if recent else None

    def _unit(self, rng: Random, received: datetime) -> InstalledUnit:
        """A pump in use, four times out of five one in warranty."""
        day = clock.local(received).date()
        wanted = rng.random() < 0.82
        at_work = [u for u in self.crew.units if u.status is UnitStatus.IN_USE and u.customer.is_active]
        for _ in range(30):
            unit = rng.choice(at_work)
            if (unit.verdict(day).state is WarrantyState.COVERED) == wanted:
                return unit
        return unit

    def _cancelled(self, job: Job) -> Life:
        rng = job.rng
        kind = rng.choices(
            (CancelReason.DUPLICATE, CancelReason.SOLVED_BY_PHONE, CancelReason.CUSTOMER_WITHDREW,
             CancelReason.NOT_OURS, CancelReason.OTHER), (40, 25, 15, 15, 5),
        )[0]  # fmt: skip
        if kind is CancelReason.DUPLICATE:
            second = Job(self.office, self.crew, rng)
            yield clock.now() + minutes(rng.uniform(5, 55))
            second.register(
                customer=job.call.customer, unit=job.call.unit, symptom=job.call.fault_symptom.code,
                channel=Channel.WECHAT, fault_text=rng.choice(("催一下", "怎么还没人来", "同上", "again")),
            )  # fmt: skip
            yield clock.now() + minutes(rng.uniform(3, 30))
            second.cancel(kind, of=job.call)
            yield from self._to_the_site(job, Delays(0.5, 0.95), afterwards=False)
            yield from self._on_site(job, afterwards=False)
            if job.call.state is CallState.COMPLETED:
                yield from self._to_the_archive(job)
            return
        if rng.random() < 0.3:
            yield clock.now() + minutes(rng.uniform(5, 25))
            job.dispatch()
        yield clock.now() + minutes(rng.uniform(5, 40))
        job.cancel(kind, note="客户自行处理" if kind is CancelReason.OTHER else "")

    def _to_the_site(self, job: Job, delays: Delays, *, afterwards: bool) -> Life:
        call, rng = job.call, job.rng
        out = call.received_at + minutes(call.arrival_limit_min * delays.dispatch)
        there = call.received_at + minutes(call.arrival_limit_min * delays.arrival)
        if afterwards:  # the work is done; the desk types what is on the paper
            done = there + minutes(rng.uniform(20, 60))
            yield max(clock.now(), done) + minutes(rng.uniform(1, 4))
            job.dispatch(out)
            yield clock.now() + minutes(rng.uniform(0.5, 3))
            job.arrive(there)
            return
        yield max(out, clock.now() + minutes(1))
        job.dispatch()
        if rng.random() < 0.05 and len(self.crew.present(clock.today())) > 1:
            yield clock.now() + minutes(rng.uniform(3, 15))
            job.reassign(rng.choice(("原技术员在现场走不开", "客户要求换人", "顺路")))
        free = self.crew.busy.get(job.technician.id, there)
        arrival = max(there, min(free + minutes(12), there + minutes(45)), clock.now() + minutes(6))
        self.crew.busy[job.technician.id] = arrival + minutes(60)
        yield arrival
        job.arrive()

    def _on_site(self, job: Job, *, afterwards: bool) -> Life:
        rng = job.rng
        if job.unit_on_site is not None:
            yield clock.now() + minutes(rng.uniform(2, 6))
            job.link_unit(job.unit_on_site)
        if not job.call.costs_nothing:
            yield from self._settle_type(job)
            if job.call.state is CallState.CANCELLED:
                return
        if not afterwards and rng.random() < 0.10:
            yield from self._another_visit(job)
        if rng.random() < 0.05:
            job.photograph()
        if rng.random() < 0.04:
            job.escalate(Role.TECHNICIAN)
            yield clock.now() + minutes(rng.uniform(5, 60))
            job.take_over(Role.SUPERVISOR)
        work = 1 if afterwards else rng.choice((20, 30, 40, 45, 60, 75, 90, 140))
        yield clock.now() + minutes(work * rng.uniform(0.8, 1.2))
        if rng.random() < 0.04:
            job.report_unsigned()
            yield clock.now() + minutes(rng.uniform(15, 200))
            job.confirm_unsigned()
        else:
            job.complete()

    def _settle_type(self, job: Job) -> Iterator[datetime]:
        """Most pay, some refuse; what is undecided, and some that are paid, the supervisor makes free."""
        rng = job.rng
        if job.call.service_type is ServiceType.CONTRACT:
            return
        paid = job.call.service_type is ServiceType.PAID
        yield clock.now() + minutes(rng.uniform(5, 15))
        if paid and rng.random() < 0.15:
            job.refuse()
            if rng.random() < 0.8:
                yield _desk_moment(rng, clock.now())
                job.archive()
            return
        if paid and rng.random() < 0.85:
            if rng.random() < 0.7:
                money.use_part(job, rng.choice(_BUILT_IN))
            return
        job.ask_for_free()
        yield clock.now() + minutes(rng.uniform(4, 50))
        job.decide(ServiceType.FREE)

    def _another_visit(self, job: Job) -> Life:
        rng = job.rng
        yield clock.now() + minutes(rng.uniform(20, 50))
        day = clock.local(clock.now()).date()
        for _ in range(rng.choice((1, 1, 2, 3, 5))):
            day = next_workday(day)
        while job.technician not in self.crew.present(day):  # nobody agrees on a day of his leave (E-31)
            day = next_workday(day)
        agreed = clock.day_start(day) + timedelta(hours=rng.choice((9, 10, 13, 14)), minutes=rng.choice((0, 30)))
        job.revisit(agreed)
        yield agreed - timedelta(hours=rng.uniform(0.5, 1))
        if job.technician not in self.crew.present(clock.today()):
            job.reassign("原技术员请假")
        yield agreed + minutes(rng.uniform(-15, 60))
        job.arrive()

    def _to_the_archive(self, job: Job) -> Life:
        rng = job.rng
        yield _desk_moment(rng, clock.now())
        job.take_back()
        late = rng.random() < 0.1
        desk = clock.now() + minutes(rng.uniform(4, 70))
        if late:
            desk = clock.day_start(next_workday(clock.today())) + timedelta(hours=9) + minutes(rng.uniform(0, 90))
        yield desk
        while not money.is_in_order(job.call):  # looked at every morning until it is paid, invoiced or waived
            yield clock.day_start(next_workday(clock.today())) + timedelta(hours=9) + minutes(rng.uniform(0, 90))
        job.write_off()
