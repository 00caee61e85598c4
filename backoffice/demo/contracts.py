"""Service contracts in every state, and visits that were made under one of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from backoffice.contracts import workflow
from backoffice.contracts.models import ServiceContract
from backoffice.contracts.rules import FeeMode
from backoffice.core import clock
from backoffice.core.attachments import AttachmentKind
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.products.models import InstalledUnit
from backoffice.products.rules import WarrantyState

from .agenda import Life
from .calls import minutes, next_workday
from .office import Crew, Office
from .stories import Teller

TERMS = "每季度巡检一次，检查机封、轴承温度与振动；急修 2 小时内到场，非工作日不加收费用。"
#: Days ago on which each contract begins, and for how many days; what it costs; what becomes of it.
_CONTRACTS: tuple[dict[str, Any], ...] = (
    {"ago": 200, "days": 365, "fee_mode": FeeMode.ANNUAL, "fee_amount": Decimal("9600.00"), "visits_per_year": 4,
     "parts_included": True, "customer_no": "WX-2025-017"},
    {"ago": 350, "days": 365, "fee_mode": FeeMode.PER_QUARTER, "fee_amount": Decimal("1850.00"), "visits_per_year": 4},
    {"ago": 405, "days": 365, "fee_mode": FeeMode.ANNUAL, "fee_amount": Decimal("5200.00"), "end": "renewed"},
    {"ago": 150, "days": 730, "fee_mode": FeeMode.PER_QUARTER, "fee_amount": Decimal("2400.50"), "end": "terminated"},
    {"ago": 120, "days": 365, "fee_mode": FeeMode.PER_VISIT, "fee_amount": Decimal("380.00"), "customer_no": "服-88"},
    {"ago": -20, "days": 365, "fee_mode": FeeMode.ANNUAL, "fee_amount": Decimal("7300.00"), "end": "draft"},
)  # fmt: skip


def choose(office: Office, crew: Crew) -> None:
    """Put aside the units of some customers that are out of warranty: their owners have contracts for them."""
    day = clock.local(office.now).date()
    for unit in crew.units:
        away = unit in crew.units[50:55] or unit.customer in (crew.customers[0], crew.customers[-1])
        if not away and unit.verdict(day).state is WarrantyState.EXPIRED:
            crew.contracted.setdefault(unit.customer, []).append(unit)
    crew.contracted = dict(list(crew.contracted.items())[: len(_CONTRACTS)])


def of_branch(office: Office, crew: Crew) -> Iterator[Life]:
    """The lives of the contracts of a branch, and of the visits under the first of them."""
    seals = Random(f"contracts-{crew.branch.code}")
    for plan, (customer, units) in zip(_CONTRACTS, crew.contracted.items(), strict=False):
        yield _life(office, crew, customer, units[:3], seals, dict(plan))
    visits = _Visits(office, crew)
    for ago in (150, 70):
        yield visits.visit(ago, next(iter(crew.contracted.values()))[0])


def _life(
    office: Office, crew: Crew, customer: Customer, units: list[InstalledUnit], rng: Random, plan: dict[str, Any]
) -> Life:  # fmt: skip
    ago, days, end = plan.pop("ago"), plan.pop("days"), plan.pop("end", "")
    start_on = clock.local(office.now).date() - timedelta(days=ago)
    yield office.day(max(ago, 0) + 8, 10, rng.randint(5, 55))
    contract = workflow.create(
        by=crew.one(Role.SALES), customer=customer, start_on=start_on, end_on=start_on + timedelta(days=days - 1),
        units=units, terms=TERMS, **plan,
    )  # fmt: skip
    if end == "draft":
        return
    yield office.day(max(ago, 0) + 6, 14, rng.randint(5, 55))
    _approve(office, crew, contract, rng)
    if end == "terminated":
        yield office.day(45, 11, 20)
        last_on = clock.today() + timedelta(days=15)
        workflow.terminate(contract, by=crew.dispatcher(), last_on=last_on, reason="客户搬迁，旧泵站拆除")
    elif end == "renewed":
        yield office.day(38, 9, 10)
        workflow.expire(contract, by=crew.one(Role.ASSISTANT))
        yield office.day(3, 15, 30)
        draft = workflow.renew(contract, by=crew.one(Role.SALES))
        yield office.day(2, 9, 40)
        _attach(office, crew, draft, rng)


def _attach(office: Office, crew: Crew, contract: ServiceContract, rng: Random) -> None:
    scan = replace(rng.choice(office.scans), name="contract.png")
    workflow.attach(
        contract, by=crew.one(Role.ASSISTANT), files=[scan], kind=AttachmentKind.SCAN,
        note="双方盖章的合同",
    )  # fmt: skip


def _approve(office: Office, crew: Crew, contract: ServiceContract, rng: Random) -> None:
    _attach(office, crew, contract, rng)
    workflow.activate(contract, by=crew.one(Role.MANAGER))


class _Visits(Teller):
    """Jobs under a contract: nothing is paid for them on site."""

    def visit(self, ago: float, unit: InstalledUnit) -> Life:
        """Called, done and written off, so many days ago."""
        job = yield from self._at_work(ago * 1440, unit, "vibration")
        yield clock.now() + minutes(50)
        job.complete()
        yield clock.day_start(next_workday(clock.today())) + timedelta(hours=9)
        job.take_back()
        yield clock.now() + minutes(20)
        job.write_off()
