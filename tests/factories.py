"""One maker per table: `make_call(state=...)` gives a flushed row, in any state, with everything that it needs.

Rows are made directly, not through the acts, so that a test starts where it wants to.
"""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import select

from backoffice.calls.models import CallState, CancelReason, ServiceCall
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.contracts.rules import FeeMode
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.core.printing import PrintEntry
from backoffice.customers.models import Customer, CustomerKind, Project, ProjectState
from backoffice.customers.rules import digits
from backoffice.duplicates.models import CustomerMerge
from backoffice.organisation.models import Absence, Branch, BranchKind, Delegation, ServiceArea, User, Zone
from backoffice.papers.models import BlockState, PaperBlock, PaperKind, PaperSheet
from backoffice.parts.models import MovementKind, Part, StockMovement
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel
from backoffice.products.rules import SymptomFamily
from backoffice.settings.models import Setting
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, SignatureMode, Visit, VoucherState

_serial = count(1)


def saved(row: Any) -> Any:
    """The row, flushed."""
    db.session.add(row)
    db.session.flush()
    return row


def set_setting(key: str, value: str) -> Setting:
    """Give a business parameter another value."""
    row = db.session.scalar(select(Setting).where(Setting.key == key)) or Setting(key=key)
    row.value = value
    return saved(row)


def make_branch(code: str = "HZ", **over: Any) -> Branch:
    """The branch of that code; made when it is not there yet."""
    found = db.session.scalar(select(Branch).where(Branch.code == code))
    kind = BranchKind.HEADQUARTERS if code == "HQ" else BranchKind.BRANCH
    return found or saved(Branch(**{"code": code, "name": f"Branch {code}", "kind": kind, "city": "杭州"} | over))


def make_user(role: Role = Role.ASSISTANT, branch: Branch | None = None, **over: Any) -> User:
    """An active person of that role."""
    n = next(_serial)
    values = {
        "username": f"{role.value}{n}", "real_name": f"{role.name.title()} {n}", "role": role,
        "branch_id": (branch or make_branch()).id, "password_hash": password_hash(),
        "skills": ["pump_repair"] if role is Role.TECHNICIAN else [], "locale": "en",
    }  # fmt: skip
    return saved(User(**values | over))


@cache
def password_hash() -> str:
    """A valid hash of the password "demo", made once and at the cheapest setting."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("demo")


def make_area(branch: Branch | None = None, zone: Zone = Zone.CITY, **over: Any) -> ServiceArea:
    """A service area of the zone with its usual limits."""
    minutes = {Zone.CITY: 60, Zone.SUBURB: 120, Zone.INTERCITY: 240}[zone]
    values = {
        "branch_id": (branch or make_branch()).id, "name": f"Area {next(_serial)}", "zone": zone,
        "dispatch_limit_min": minutes, "arrival_limit_min": minutes,
    }  # fmt: skip
    return saved(ServiceArea(**values | over))


def make_customer(branch: Branch | None = None, **over: Any) -> Customer:
    """A company with phone, address and area."""
    n = next(_serial)
    branch = branch or make_branch()
    values = {
        "branch_id": branch.id, "number": f"KH{branch.code}{n:06}", "name": f"杭州江南水务有限公司{n}",
        "kind": CustomerKind.COMPANY, "phone": f"138{n:08}", "address": f"浙江省杭州市西湖区文三路{n}号",
    }  # fmt: skip
    values |= over
    if "area" not in values and "area_id" not in values:
        values["area_id"] = make_area(branch).id
    return saved(Customer(**values))


def make_merge(given_up: Customer | None = None, survivor: Customer | None = None, **over: Any) -> CustomerMerge:
    """The proposal to merge one customer into another."""
    given_up = given_up or make_customer()
    survivor = survivor or make_customer(db.session.get_one(Branch, given_up.branch_id))
    values = {
        "branch_id": given_up.branch_id, "customer_id": given_up.id, "survivor_id": survivor.id, "reason": "同一家",
    }  # fmt: skip
    return saved(CustomerMerge(**values | over))


def make_project(state: ProjectState = ProjectState.PLANNED, customer: Customer | None = None, **over: Any) -> Project:
    """A project in that state, its steps ten days apart; a technician is responsible."""
    customer = customer or make_customer()
    branch = db.session.get_one(Branch, customer.branch_id)
    values: dict[str, Any] = {
        "branch_id": branch.id, "number": f"XM{branch.code}-T-{next(_serial):05}", "state": state,
        "customer_id": customer.id, "name": "二期泵站改造", "site_address": "滨江区江南大道1号",
        "area_id": customer.area_id,
    }  # fmt: skip
    if "responsible_user_id" not in over and "responsible_user" not in over:
        values["responsible_user_id"] = make_user(Role.TECHNICIAN, branch).id
    days = ("install_guided_on", "commissioned_on", "trained_on", "in_operation_on")
    for place, field in enumerate(days[: list(ProjectState).index(state)]):
        values[field] = clock.today() - timedelta(days=50 - 10 * place)
    return saved(Project(**values | over))


def make_model(**over: Any) -> ProductModel:
    """A product model."""
    return saved(ProductModel(**{"code": f"ISG{next(_serial)}-160", "name": "立式管道泵"} | over))


def make_symptom(**over: Any) -> FaultSymptom:
    """A fault symptom."""
    n = next(_serial)
    values = {"code": f"symptom{n}", "name": f"Symptom {n}", "name_zh": "不出水", "family": SymptomFamily.HYDRAULIC}
    return saved(FaultSymptom(**values | over))


def make_unit(customer: Customer | None = None, **over: Any) -> InstalledUnit:
    """A delivered pump, in warranty unless dates say otherwise."""
    customer = customer or make_customer()
    values = {
        "branch_id": customer.branch_id, "serial_no": f"SN{next(_serial):06}", "customer_id": customer.id,
        "commissioned_on": clock.today() - timedelta(days=100), "warranty_months": 24,
    }  # fmt: skip
    values |= over
    if "model_id" not in values:
        values["model_id"] = make_model().id
    return saved(InstalledUnit(**values))


def make_contract(
    state: ContractState = ContractState.ACTIVE, customer: Customer | None = None, units: Any = None, **over: Any
) -> ServiceContract:
    """A contract in that state: 1,200.00 a year, begun 100 days ago, for 365 days; `units` or one unit of its own."""
    customer = customer or make_customer()
    units = [make_unit(customer)] if units is None else list(units)
    start = over.pop("start_on", clock.today() - timedelta(days=100))
    end = over.pop("end_on", start + timedelta(days=364))
    n, branch = next(_serial), db.session.get_one(Branch, customer.branch_id)
    values: dict[str, Any] = {
        "branch_id": branch.id, "number": f"HT{branch.code}-T-{n:05}", "state": state, "customer_id": customer.id,
        "start_on": start, "end_on": end, "fee_mode": FeeMode.ANNUAL, "fee_amount": Decimal("1200.00"), "units": units,
    }  # fmt: skip
    if state is not ContractState.DRAFT:
        values |= {"activated_at": clock.now() - timedelta(days=1), "remind_from": end - timedelta(days=30)}
        if "activated_by_id" not in over:
            values["activated_by_id"] = make_user(Role.MANAGER, branch).id
    if state is ContractState.TERMINATED:
        values |= {"terminated_on": end, "end_reason": "客户停产"}
    return saved(ServiceContract(**values | over))


def make_absence(user: User, **over: Any) -> Absence:
    """A day off, today."""
    values = {"user_id": user.id, "branch_id": user.branch_id, "from_on": clock.today(), "to_on": clock.today()}
    return saved(Absence(**values | over))


def make_delegation(principal: User, deputy: User, **over: Any) -> Delegation:
    """A deputy for today."""
    values = {
        "principal_id": principal.id, "deputy_id": deputy.id, "branch_id": principal.branch_id,
        "from_on": clock.today(), "to_on": clock.today(),
    }  # fmt: skip
    return saved(Delegation(**values | over))


def make_call(state: CallState = CallState.REGISTERED, branch: Branch | None = None, **over: Any) -> ServiceCall:
    """A call in that state, with its voucher and visit where the state implies them."""
    n = next(_serial)
    branch = branch or make_branch()
    received = over.pop("received_at", clock.now() - timedelta(minutes=30))
    customer = over.pop("customer", None) or make_customer(branch)
    area = over.pop("area", None) or customer.area
    technician = over.pop("technician", None)
    voucher_state = over.pop("voucher_state", None)
    has_voucher = state not in (CallState.REGISTERED, CallState.CANCELLED)
    if has_voucher and technician is None:
        technician = make_user(Role.TECHNICIAN, branch)
    values: dict[str, Any] = {
        "branch_id": branch.id, "number": f"JX{branch.code}-T-{n:05}", "state": state, "received_at": received,
        "customer_id": customer.id, "customer_kind": customer.kind, "customer_name": customer.name,
        "phone": customer.phone, "phone_digits": digits(customer.phone), "address": customer.address,
        "model_text": "ISG50-160", "fault_symptom_id": make_symptom().id, "fault_text": "不出水",
        "area_id": area.id, "zone": area.zone, "dispatch_limit_min": area.dispatch_limit_min,
        "arrival_limit_min": area.arrival_limit_min, "technician_id": technician.id if technician else None,
        "dispatch_due_at": received + timedelta(minutes=area.dispatch_limit_min),
        "arrival_due_at": received + timedelta(minutes=area.arrival_limit_min),
        "service_type": ServiceType.FREE,
    }  # fmt: skip
    if has_voucher:
        values["dispatched_at"] = received + timedelta(minutes=5)
    if state not in (CallState.REGISTERED, CallState.CANCELLED, CallState.DISPATCHED):
        values["first_arrived_at"] = received + timedelta(minutes=10)
    if state in (CallState.COMPLETED, CallState.CLOSED):
        values["completed_at"] = received + timedelta(minutes=20)
    if state is CallState.CLOSED:
        values["closed_at"] = received + timedelta(minutes=25)
    if state is CallState.CANCELLED:
        values |= {"cancel_reason": CancelReason.CUSTOMER_WITHDREW, "cancelled_at": received + timedelta(minutes=5)}
    values |= over
    if "unit" not in values and "unit_id" not in values:
        values["unit_id"] = make_unit(customer).id
    call = saved(ServiceCall(**values))
    if has_voucher:
        make_voucher(call, voucher_state)
    return call


def make_voucher(call: ServiceCall, state: VoucherState | None = None, **over: Any) -> ServiceVoucher:
    """The voucher that the call's state implies, or one in the given state."""
    implied = {
        CallState.COMPLETED: VoucherState.SIGNED, CallState.CLOSED: VoucherState.ARCHIVED,
        CallState.IN_REPAIR: VoucherState.SIGNED, CallState.CANCELLED: VoucherState.VOID,
    }  # fmt: skip
    state = state or implied.get(call.state, VoucherState.ISSUED)
    done = state in (VoucherState.SIGNED, VoucherState.RETURNED, VoucherState.ARCHIVED)
    start = call.received_at
    values: dict[str, Any] = {
        "branch_id": call.branch_id, "number": f"PZ-T-{next(_serial):05}", "state": state, "call_id": call.id,
        "technician_id": call.technician_id or make_user(Role.TECHNICIAN, db.session.get(Branch, call.branch_id)).id,
        "issued_at": start + timedelta(minutes=5),
    }  # fmt: skip
    if done:
        values |= {
            "onsite_result": OnsiteResult.FIXED, "work_done": "更换机械密封", "fault_cause": FaultCause.PRODUCT,
            "service_type": call.service_type, "signature_mode": SignatureMode.ON_PAPER, "signed_by": "张三",
            "signed_at": start + timedelta(minutes=20), "return_due_at": start + timedelta(days=1),
        }  # fmt: skip
    if state in (VoucherState.RETURNED, VoucherState.ARCHIVED):
        values |= {"returned_at": start + timedelta(minutes=22)}
    if state is VoucherState.ARCHIVED:
        values |= {"archived_at": start + timedelta(minutes=25), "archive_location": "A-1"}
    if state is VoucherState.VOID:
        values |= {"voided_at": start + timedelta(minutes=25), "void_reason": "wrong"}
    voucher = saved(ServiceVoucher(**values | over))
    if call.first_arrived_at is not None and state is not VoucherState.VOID:
        left = None if call.state is CallState.ON_SITE else start + timedelta(minutes=20)
        make_visit(voucher, arrived_at=call.first_arrived_at, left_at=left)
    return voucher


def make_visit(voucher: ServiceVoucher, **over: Any) -> Visit:
    """A visit that is going on."""
    values = {
        "voucher_id": voucher.id, "branch_id": voucher.branch_id, "technician_id": voucher.technician_id,
        "arrived_at": voucher.issued_at + timedelta(minutes=5),
    }  # fmt: skip
    return saved(Visit(**values | over))


def make_print(doc: Any, form: str = "F-02", **over: Any) -> PrintEntry:
    """The first print of a form of a record."""
    values = {
        "branch_id": doc.branch_id, "form": form, "subject_type": doc.__tablename__, "subject_id": doc.id,
        "subject": doc.number, "nth": 1, "printed_at": clock.now(), "locale": "en", "ticket": f"ticket{next(_serial)}",
    }  # fmt: skip
    if "printed_by_id" not in over:
        values["printed_by_id"] = make_user(branch=db.session.get_one(Branch, doc.branch_id)).id
    return saved(PrintEntry(**values | over))


def make_block(holder: User | None = None, count: int = 10, **over: Any) -> PaperBlock:
    """A block of blank sheets in somebody's hands: `T0010001` and the numbers behind it."""
    holder = holder or make_user(Role.TECHNICIAN)
    start = over.pop("first_no", next(_serial) * 10_000 + 1)
    values: dict[str, Any] = {
        "branch_id": holder.branch_id, "kind": PaperKind.VOUCHER, "prefix": "T", "first_no": start,
        "last_no": start + count - 1, "width": 9, "state": BlockState.OPEN, "holder_id": holder.id,
        "handed_out_at": clock.now() - timedelta(days=1), "blank_left": count,
    }  # fmt: skip
    values |= over
    numbers = [f"{values['prefix']}{start + place:0{values['width']}d}" for place in range(count)]
    block = saved(PaperBlock(**{"number": f"{numbers[0]}–{numbers[-1]}"} | values))
    for place, number in enumerate(numbers, 1):
        make_sheet(block, number=number, position=place)
    return block


def make_sheet(block: PaperBlock, **over: Any) -> PaperSheet:
    """A blank sheet of a block; the next one unless `position` says otherwise."""
    place = over.pop("position", None) or block.last_no - block.first_no + 2
    values: dict[str, Any] = {
        "branch_id": block.branch_id, "block_id": block.id, "kind": block.kind, "position": place,
        "number": f"{block.prefix}{block.first_no + place - 1:0{block.width}d}", "holder_id": block.holder_id,
    }  # fmt: skip
    return saved(PaperSheet(**values | over))


def make_part(**over: Any) -> Part:
    """A part sold at cost."""
    n = next(_serial)
    cost = over.pop("cost_price", Decimal("120.00"))
    values = {
        "code": f"JF-{n:05}", "name": "机械密封", "spec": "M7N-45", "unit": "套",
        "cost_price": cost, "sale_price": cost,
    }  # fmt: skip
    return saved(Part(**values | over))


def make_movement(part: Part | None = None, quantity: Any = 10, holder: User | None = None, **over: Any) -> Any:
    """Goods that came into the store, or that a stock-take has found with a person."""
    part = part or make_part()
    branch = db.session.get_one(Branch, holder.branch_id) if holder is not None else make_branch()
    values = {
        "part_id": part.id, "branch_id": branch.id, "holder_id": holder.id if holder is not None else None,
        "quantity": Decimal(quantity), "unit_cost": part.cost_price, "moved_at": clock.now() - timedelta(days=1),
        "kind": MovementKind.IN if holder is None else MovementKind.ADJUSTED,
        "reason": "" if holder is None else "opening",
    }  # fmt: skip
    return saved(StockMovement(**values | over))


def make_use(part: Part, subject: Any, quantity: Any = 1, **over: Any) -> Any:
    """So many of a part used for a document, out of the store of its branch."""
    values = {
        "branch_id": subject.branch_id, "quantity": -Decimal(quantity), "kind": MovementKind.USED,
        "moved_at": clock.now(), "subject_type": subject.__tablename__, "subject_id": subject.id,
        "subject_number": subject.number,
    }  # fmt: skip
    return make_movement(part, **values | over)
