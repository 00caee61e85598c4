"""An office at work, made once through the acts: two branches, people of every role, goods in every state."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import FaultCause
from backoffice.core import attachments, clock
from backoffice.core.attachments import Upload
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods.rules import TakenItem
from backoffice.organisation.models import Branch, User
from backoffice.papers import workflow as papers
from backoffice.papers.models import PaperKind
from backoffice.parts import workflow as parts
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import RepairCard
from backoffice.repairs.queries import cards_of_call
from backoffice.repairs.rules import Offer, WaitingFor
from backoffice.vouchers.models import SignatureMode
from tests import factories as make
from tests.pictures import png

#: When the histories begin: a Monday morning, whatever the clock of this machine says.
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@dataclass
class Office:
    """Keys of what the histories use; rows are read anew in each of them."""

    people: list[int] = field(default_factory=list)
    technicians: list[int] = field(default_factory=list)
    deputies: list[int] = field(default_factory=list)
    customers: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    #: how many items are in our hands, and what is in stock by (part, branch, holder)
    items: int = 0
    stock: dict[tuple[int, int, int | None], Decimal] = field(default_factory=dict)
    image: Upload | None = None
    moment: datetime = MORNING


def taken(**over: Any) -> TakenItem:
    """An item as a technician writes it down."""
    values = {
        "model_text": "旧水泵", "serial_no": "", "accessories": "无", "appearance": "有划痕", "fault_text": "不出水",
        "promised_return_on": clock.today() + timedelta(days=7),
    }  # fmt: skip
    return TakenItem(**values | over)


def printed(call: ServiceCall) -> None:
    """The cards of the call hang on the goods."""
    db.session.execute(update(RepairCard).where(RepairCard.call_id == call.id).values(printed_at=clock.now()))


def open_office() -> Office:
    """Make it, from the first Monday morning on; histories go on from `moment`."""
    office = Office(image=attachments.prepare("s.png", png()))
    with clock.freeze(MORNING):
        taken_calls = [_branch(office, make.make_branch(code), fitters) for code, fitters in (("HZ", 3), ("SH", 1))]
    for call, supervisor in taken_calls:
        _workshop(office, call, supervisor)
    office.moment = MORNING + timedelta(hours=4)
    db.session.flush()
    return office


def _branch(office: Office, branch: Branch, count: int) -> tuple[ServiceCall, User]:
    staff = {role: make.make_user(role, branch) for role in Role}
    fitters = [staff[Role.TECHNICIAN], *(make.make_user(Role.TECHNICIAN, branch) for _ in range(count - 1))]
    if count > 1:  # the last one stands in for the supervisor
        days = {"from_on": clock.today(), "to_on": clock.today() + timedelta(days=400)}
        office.deputies.append(fitters[-1].id)
        make.make_delegation(staff[Role.SUPERVISOR], fitters[-1], **days)
    gone = make.make_user(Role.TECHNICIAN, branch, is_active=False)
    office.people += [person.id for person in (*staff.values(), *fitters[1:], gone)]
    office.technicians += [fitter.id for fitter in (*fitters, gone)]
    assistant, part = staff[Role.ASSISTANT], make.make_part(cost_price=Decimal("80.00"))
    office.parts.append(part.id)
    parts.receive(part, by=assistant, quantity=Decimal(3), reason="到货")
    parts.hand_out(part, by=assistant, holder=fitters[0], quantity=Decimal(1))
    office.stock |= {(part.id, branch.id, None): Decimal(2), (part.id, branch.id, fitters[0].id): Decimal(1)}
    for kind, letter in zip(PaperKind, "VRC", strict=True):
        first, last = (f"{branch.code}{letter}{n}" for n in (1, 6))
        papers.hand_out(by=assistant, kind=kind, first=first, last=last, holder=fitters[0])
    customer = make.make_customer(branch)
    office.customers.append(customer.id)
    states = (CallState.REGISTERED, CallState.DISPATCHED, CallState.ON_SITE, CallState.ON_SITE)
    for state in states:
        unit = make.make_unit(customer)
        fitter = None if state is CallState.REGISTERED else fitters[0]
        call = make.make_call(state, branch, technician=fitter, customer=customer, unit=unit)
    return call, staff[Role.SUPERVISOR]


def _workshop(office: Office, call: ServiceCall, supervisor: User) -> None:
    """Six items of one call: new, under repair, at the factory, repaired, inspected, and beyond repair."""
    fitter, one = call.technician, MORNING + timedelta(hours=1)
    with clock.freeze(one):
        items = [taken(unit=call.unit), *(taken(serial_no=f"B-{n}") for n in range(5))]
        repairs.take_away(call, by=fitter, items=items, **signature(office.image))
        office.items += len(items)
        printed(call)
        db.session.expire_all()
        _, bench, away, done, passed, scrap = cards_of_call(call.id)
        for card in (bench, away, done, passed):
            repairs.start(card, by=fitter)
    with clock.freeze(one + timedelta(hours=1)):
        repairs.wait(away, by=fitter, waiting_for=WaitingFor.FACTORY, reason="返厂", carrier="顺丰")
        for card, start in ((done, one), (passed, one + timedelta(minutes=30))):
            repairs.log_time(card, by=fitter, started_at=start, minutes=30, work="换机封")
            repairs.finish(card, by=fitter, work_done="换机封", fault_cause=FaultCause.PRODUCT, no_parts=True)
    with clock.freeze(one + timedelta(hours=2)):
        repairs.inspect(passed, by=supervisor)
        repairs.declare_unrepairable(scrap, by=supervisor, reason="碎裂", offer=Offer.RETURN)


def signature(image: Upload | None) -> dict[str, Any]:
    """The customer signs on the screen."""
    return {"signed_by": "张三", "signature_mode": SignatureMode.ON_SCREEN, "signature": image}
