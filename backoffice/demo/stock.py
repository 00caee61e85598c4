"""Customers with contacts, projects and pumps: most are tidy, some are as untidy as a real register."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from backoffice.core import clock
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer, CustomerKind
from backoffice.customers.workflow import (
    add_contact,
    create_project,
    deactivate,
    start_installing,
    start_operation,
    train,
)
from backoffice.customers.workflow import create as create_customer
from backoffice.customers.workflow import import_rows as import_customers
from backoffice.duplicates.models import CustomerMerge
from backoffice.duplicates.workflow import approve, preview, propose, tell_apart
from backoffice.organisation.models import ServiceArea, User
from backoffice.products.models import UnitStatus
from backoffice.products.workflow import change_status, commission, extend_warranty
from backoffice.products.workflow import create as create_unit

from . import words
from .agenda import Life
from .office import Crew, Office

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: Customers who all gave the telephone of the same industrial park.
_SHARED_PHONE = "0571-80001234"


def credit_code(serial: int) -> str:
    """A code with a fitting check character (X-06) that belongs to nobody."""
    body = f"91330000MADEM{serial:04}"
    total = sum(_ALPHABET.index(c) * (3**place % 31) for place, c in enumerate(body))
    return body + _ALPHABET[(31 - total % 31) % 31]


def person_name(rng: Random) -> str:
    """A Chinese name, rarely a foreign one."""
    if rng.random() < 0.05:
        return rng.choice(words.FOREIGN_PEOPLE)
    return rng.choice(words.FAMILY_NAMES) + rng.choice(words.GIVEN_NAMES)


def _phone(rng: Random, crew: Crew) -> str:
    """Numbers that nobody has, in the forms in which people type them."""
    figures = f"{rng.randint(0, 9999):04}"
    code = "0571" if crew.branch.code == "HZ" else "021"
    mobile = rng.choice(("138", "139", "150", "186"))
    return rng.choice(
        (
            f"{mobile}0000{figures}", f"{mobile}0000{figures}", f"{mobile} 0000 {figures}",
            f"+86 {mobile}-0000-{figures}", f"{code}-8000{figures}", f"({code})8000{figures}",
            f"{code}-8000{figures}-8{figures[:2]}",
        )
    )  # fmt: skip


def _address(rng: Random, crew: Crew, area: ServiceArea) -> str:
    region = "浙江省杭州市" if crew.branch.code == "HZ" else "上海市"
    head = area.name if area.name.endswith("市") else region + area.name
    ending = rng.choice(("号", "号", "号 B 座", "号，东门进", ""))
    return f"{head}{rng.choice(words.STREETS)} {rng.randint(1, 999)} {ending}".strip()


def _name(rng: Random, crew: Crew, index: int, kind: CustomerKind) -> str:
    if kind is not CustomerKind.COMPANY:
        return person_name(rng)
    if crew.branch.code == "HZ" and index <= len(words.ODD_COMPANIES):
        return words.ODD_COMPANIES[index - 1]
    city = "杭州" if crew.branch.code == "HZ" else "上海"
    place = words.PLACES[(index * 7 + len(crew.branch.name)) % len(words.PLACES)]
    return f"{city}{place}{rng.choice(words.TRADES)}{rng.choice(words.FORMS)}"


def customers(office: Office, crew: Crew, count: int, seed: str) -> None:
    """Take over the old register of customers at the frozen moment, the first one being the biggest."""
    rng = Random(seed)
    by = crew.one(Role.ASSISTANT)
    for index in range(count):
        kind = CustomerKind.COMPANY
        if index > count * 0.6:
            kind = CustomerKind.FARMER if rng.random() < 0.4 else CustomerKind.INDIVIDUAL
        area = rng.choices(crew.areas, crew.area_weights())[0]
        name = "杭州江岸水务有限公司" if crew.branch.code == "HZ" and index == 0 else _name(rng, crew, index, kind)
        facts: dict[str, Any] = {"name": name, "kind": kind, "address": _address(rng, crew, area), "area": area}
        if rng.random() < 0.6:
            facts["default_salesperson"] = crew.one(Role.SALES)
        if kind is CustomerKind.COMPANY and rng.random() < 0.6:
            facts |= {
                "credit_code": credit_code(index + (0 if crew.branch.code == "HZ" else 500)),
                "invoice_title": name,
            }
        facts["is_overseas"] = name in (words.ODD_COMPANIES[4], words.ODD_COMPANIES[5])
        if index in (9, 14):  # the old register did not know their numbers; the import asks for a name only
            crew.customers += import_customers(by=by, rows=[facts | {"former_number": f"旧-{index:03}"}])
            continue
        facts["phone"] = _SHARED_PHONE if index in (5, 11, 17) and crew.branch.code == "HZ" else _phone(rng, crew)
        customer = create_customer(by=by, remark="老客户，态度好👍" if index == 7 else "", **facts)
        crew.customers.append(customer)
        if kind is CustomerKind.COMPANY and rng.random() < 0.7:
            _contacts(rng, crew, customer)
    _projects(rng, crew)


def _contacts(rng: Random, crew: Crew, customer: Customer) -> None:
    for place in range(rng.choice((1, 1, 2))):
        add_contact(
            customer, by=crew.one(Role.ASSISTANT), name=person_name(rng), phone=_phone(rng, crew),
            title=rng.choice(words.POSITIONS), is_primary=place == 0,
        )  # fmt: skip


def _projects(rng: Random, crew: Crew) -> None:
    technicians = crew.people[Role.TECHNICIAN]
    for index, customer in enumerate(crew.customers[: len(crew.customers) // 6]):
        name = rng.choice(("二期泵站改造", "生活供水系统", "循环水系统节能改造", "Utility building", "消防泵房"))
        desk = rng.choice((crew.one(Role.SALES), crew.one(Role.SUPERVISOR)))
        create_project(
            by=crew.one(Role.SALES), customer=customer, name=name, site_address=customer.address, area=customer.area,
            responsible_user=technicians[index // 2 % len(technicians)] if index % 2 else desk,
        )  # fmt: skip


def project_care(office: Office, crew: Crew) -> Life:
    """The projects go on step by step (W-9), each up to another stage; some steps are still missing."""
    supervisor = crew.one(Role.SUPERVISOR)
    projects = [project for customer in crew.customers for project in customer.projects]
    attendance = replace(office.scans[0], name="attendance.png")
    reached = dict(zip(projects, [4, 1, 2, 3, 0] * len(projects), strict=False))
    for step, ago in enumerate((300, 240, 210, 190), start=1):
        yield office.day(ago, 16, 10)
        today = clock.today()
        for project in (one for one, steps in reached.items() if steps >= step):
            if step == 1:
                start_installing(project, by=supervisor, install_guided_on=today)
            elif step == 2:
                accepted = today if reached[project] > 3 else None
                commission(project, by=supervisor, commissioned_on=today, accepted_on=accepted)
            elif step == 3:
                train(project, by=supervisor, trained_on=today, attendance=[attendance])
            else:
                start_operation(project, by=supervisor, in_operation_on=today)


def units(office: Office, crew: Crew, most: int, count: int, seed: str) -> None:
    """Take over `count` pumps at the frozen moment, `most` of them at the biggest customer."""
    rng = Random(seed)
    owners = [crew.customers[0]] * most
    while len(owners) < count:
        customer = rng.choice(crew.customers[1:])
        owners += [customer] * min(rng.choice((1, 2, 2, 3, 4, 6, 11)), count - len(owners))
    for customer in owners:
        age = rng.choices((rng.randint(10, 280), rng.randint(300, 640), rng.randint(800, 4200)), (40, 25, 35))[0]
        _enter(rng, office, crew, customer, age)


def deliveries(office: Office, crew: Crew, count: int, days: int, seed: str) -> Life:
    """New pumps are entered as they are delivered, over the last `days` days, until there are `count`."""
    rng = Random(seed)
    missing = count - len(crew.units)
    for ago in sorted((rng.randint(1, days) for _ in range(missing)), reverse=True):
        yield office.day(ago, rng.randint(9, 16), rng.randint(0, 59))
        customer = rng.choice([one for one in crew.customers if one.is_active])
        _enter(rng, office, crew, customer, rng.randint(1, 20))


def _enter(rng: Random, office: Office, crew: Crew, customer: Customer, age: int) -> None:
    unit = create_unit(
        by=crew.one(Role.ASSISTANT), serial_no=_serial(rng, crew), model=rng.choice(office.models), customer=customer,
        project=customer.projects[0] if customer.projects and rng.random() < 0.5 else None,
        place=rng.choice(words.PLACES_OF_UNITS).format(n=rng.randint(1, 12)),
        order_no=rng.choice(("", f"XS{rng.randint(2300, 2699)}-{len(crew.units):03}", "无")), **_dates(rng, age),
    )  # fmt: skip
    crew.units.append(unit)


def _serial(rng: Random, crew: Crew) -> str:
    letter = "P" if crew.branch.code == "HZ" else "H"
    serial = f"{letter}{rng.randint(19, 25)}{rng.randint(1, 12):02}-{len(crew.units) + 1:04}"
    full_width = serial.translate({ord(c): ord(c) + 0xFEE0 for c in "PH0123456789-"})
    return rng.choices((serial, serial.lower(), serial.replace("-", " "), full_width), (90, 5, 3, 2))[0]


def _dates(rng: Random, age: int) -> dict[str, Any]:
    """Delivered `age` days ago: a third without commissioning, a tenth without any date."""
    today = clock.today()
    delivered = today - timedelta(days=age)
    commissioned = min(delivered + timedelta(days=rng.randint(3, 60)), today)
    kind = rng.random()
    if kind < 0.10:
        return {}
    if kind < 0.35:
        return {"delivered_on": delivered, "invoice_on": None if rng.random() < 0.5 else delivered}
    return {"commissioned_on": commissioned, "delivered_on": None if rng.random() < 0.2 else delivered}


def later_changes(office: Office, crew: Crew) -> Life:
    """What happened to some of them afterwards: scrapped, returned, longer warranty, a customer who moved away."""
    assistant, supervisor = crew.one(Role.ASSISTANT), crew.one(Role.SUPERVISOR)
    yield office.day(200, 10, 20)
    for unit in crew.units[50:53]:
        change_status(unit, by=assistant, status=UnitStatus.SCRAPPED, reason="已更换新泵")
    change_status(crew.units[54], by=assistant, status=UnitStatus.RETURNED, reason="退货")
    yield office.day(120, 15, 5)
    for unit in crew.units[3:8]:
        extend_warranty(unit, by=supervisor, extension_days=180, reason="合同约定延保半年")
    yield office.day(80, 9, 45)
    deactivate(crew.customers[-1], by=assistant, reason="已搬迁，联系不上")


def doubles(office: Office, crew: Crew) -> Life:
    """Customers that were entered twice: one merged by now, one proposed, and two that only look alike told apart."""
    supervisor, manager = crew.one(Role.SUPERVISOR), crew.one(Role.MANAGER)
    first, other, third = crew.customers[1], crew.customers[3], crew.customers[4]
    yield office.day(50, 11, 20)
    again = create_customer(
        by=crew.one(Role.SALES), name=first.name.upper().replace(".", ""), phone="13900007788", area=first.area,
        address=first.address,
    )  # fmt: skip
    add_contact(again, by=crew.one(Role.SALES), name="林师傅", phone="13900007789", title="设备科")
    yield office.day(41, 10, 15)
    merge = _proposed(again, first, supervisor, "同一家，业务员重复登记")
    yield office.day(40, 16, 30)
    approve(merge, by=manager, seen=preview(again, first, merge.taken).seen)
    yield office.day(30, 9, 50)
    shared = [one for one in crew.customers if one.phone == _SHARED_PHONE]
    if len(shared) > 1:
        tell_apart(shared[0], by=supervisor, other=shared[1], reason="同一园区的总机")
    yield office.day(2, 14, 5)
    _proposed(third, other, supervisor, "同一分公司，括号写法不同")


def _proposed(given_up: Customer, survivor: Customer, by: User, reason: str) -> CustomerMerge:
    seen = preview(given_up, survivor, ()).seen
    return propose(given_up, by=by, survivor=survivor, reason=reason, seen=seen)
