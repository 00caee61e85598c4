"""What holds for every table, chart, act and grant, so that a new feature is tested before its own tests exist."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import Enum, Integer, String, event, inspect
from sqlalchemy.engine import Engine

from backoffice.calls.models import CallState, CancelReason, Priority, ServiceCall
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.contracts.models import ContractState
from backoffice.core import acts, attachments, clock, scope
from backoffice.core.attachments import AttachmentKind
from backoffice.core.db import Document, db
from backoffice.core.errors import BackofficeError, IllegalTransition, NotPermitted, RecordNotFound
from backoffice.core.permissions import GRANTS, Permission, Role
from backoffice.core.states import LabelledEnum, StateEnum
from backoffice.customers.models import Project
from backoffice.factory import load_features
from backoffice.invoices.models import InvoiceState
from backoffice.papers.models import SheetState
from backoffice.repairs.models import CardState
from backoffice.reports.models import ReportState, SummaryState
from backoffice.sales.models import SaleState
from backoffice.ui.views import BaseView
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, SignatureMode, VoucherState
from backoffice.vouchers.queries import live_voucher
from backoffice.watch.models import MessageState
from tests import custody, evening
from tests import factories as make
from tests.invoicing import make_invoice
from tests.pictures import png
from tests.selling import make_sale
from tests.watch.making import make_message

load_features()

MODELS = sorted((mapper.class_ for mapper in db.Model.registry.mappers), key=lambda model: model.__name__)


def _enums(kind: type = LabelledEnum) -> Iterator[type[LabelledEnum]]:
    for child in kind.__subclasses__():
        yield child
        yield from _enums(child)


# -- tables ------------------------------------------------------------------------------------------------------------


@pytest.mark.no_app
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_table_keeps_the_house_form(model: type[Any]) -> None:
    """ARCHITECTURE: singular name, an index on every foreign key, a length on every string, named constraints."""
    table = model.__table__
    assert table.name == re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()
    leading = {index.columns[0].name for index in table.indexes}
    leading |= {next(iter(c.columns)).name for c in table.constraints if list(getattr(c, "columns", []))}
    for column in table.columns:
        if column.foreign_keys:
            assert column.name in leading, f"{table.name}.{column.name} has no index"
        if isinstance(column.type, Enum):
            assert not column.type.native_enum
            assert column.type.enums == [member.value for member in column.type.enum_class]
        if type(column.type) is String:
            assert column.type.length, f"{table.name}.{column.name} has no length"
    for constraint in table.constraints:
        assert constraint.name, f"{table.name}: a constraint without a name"


@pytest.mark.no_app
@pytest.mark.parametrize("model", [m for m in MODELS if issubclass(m, Document)], ids=lambda m: m.__name__)
def test_document_has_branch_version_and_scope(model: type[Any]) -> None:
    """G-02, G-06, P-1: every document belongs to a branch, has a version, and nobody sees it without a scope."""
    assert "branch_id" in model.__table__.c
    assert model.__mapper__.version_id_col is model.__table__.c.version
    if model is not attachments.Attachment:  # seen through its record only
        assert model in scope._SCOPES


@pytest.mark.no_app
@pytest.mark.parametrize("kind", sorted(set(_enums()), key=lambda k: k.__name__), ids=lambda k: k.__name__)
def test_enum_has_labels_and_short_values(kind: type[LabelledEnum]) -> None:
    """Every value has a label that can be translated and fits its column."""
    for member in kind:
        assert not isinstance(member.label, str) or not member.label.isascii() or kind is StateEnum
        assert len(member.value) <= 40


# -- charts and acts ---------------------------------------------------------------------------------------------------

W1 = {
    ("registered", "dispatched"), ("dispatched", "on_site"), ("on_site", "completed"), ("on_site", "dispatched"),
    ("completed", "closed"), ("registered", "cancelled"), ("dispatched", "cancelled"), ("closed", "completed"),
    ("on_site", "cancelled"),
    ("on_site", "in_repair"), ("in_repair", "completed"),
    ("in_repair", "on_site"),  # the last receipt was written wrongly (W-3)
    ("closed", "cancelled"),  # history alone, when its import is taken back (W-1.14)
}  # fmt: skip
W2 = {
    ("issued", "signed"), ("issued", "returned"), ("signed", "returned"), ("returned", "archived"),
    ("archived", "returned"), ("issued", "void"), ("signed", "void"),
}  # fmt: skip


W9 = {
    ("planned", "installing"), ("installing", "commissioned"), ("commissioned", "trained"), ("trained", "in_operation"),
}  # fmt: skip


@pytest.mark.no_app
@pytest.mark.parametrize(("model", "expected"), [(ServiceCall, W1), (ServiceVoucher, W2), (Project, W9)])
def test_chart_is_the_rule_books(model: type[Any], expected: set[tuple[str, str]]) -> None:
    """W-1, W-2, W-9: no move more and none less; W-3 and W-4 are proved in tests/repairs/test_charts.py."""
    moves = {(old.value, new.value) for old, new in acts.chart(model) if old is not new}
    assert moves == expected


@pytest.mark.no_app
def test_states_are_complete_from_the_start() -> None:
    """W-1: the whole list of states stands in the first migration."""
    assert [state.value for state in CallState] == [
        "registered", "dispatched", "on_site", "in_repair", "completed", "closed", "cancelled"
    ]  # fmt: skip


@pytest.mark.no_app
@pytest.mark.parametrize("act", acts.REGISTRY.values(), ids=lambda a: a.key)
def test_act_is_declared_whole(act: acts.Act) -> None:
    """Every act has a rule, a label, a docstring, and permissions that somebody holds."""
    assert act.rule
    assert act.doc
    assert str(type(act.label).__name__) == "LazyString"
    assert act.permissions
    for permission in act.permissions:
        assert any(permission in granted for granted in GRANTS.values())


@pytest.mark.no_app
def test_every_permission_is_granted_and_none_is_unknown() -> None:
    """P-3: an unknown name is an error; a right that nobody holds is a forgotten row."""
    granted = frozenset().union(*GRANTS.values())
    assert granted == frozenset(Permission)
    assert set(GRANTS) == set(Role)


@pytest.mark.no_app
def test_administrator_holds_no_business_right() -> None:
    """P-1, P-4: users, settings, areas, audit; nothing of calls and vouchers, nothing unmasked."""
    prefixes = {permission.value.partition(":")[0] for permission in GRANTS[Role.ADMIN]}
    assert prefixes == {"user", "setting", "branch", "area", "audit", "customer", "filter", "job"}
    assert not {Permission.CUSTOMER_WRITE, Permission.CUSTOMER_UNMASK} & GRANTS[Role.ADMIN]


#: Right inputs for each act, made for the document at hand.
INPUTS: dict[str, Any] = {
    "call.dispatch": lambda d: {"technician": make.make_user(Role.TECHNICIAN)},
    "call.reassign": lambda d: {"technician": make.make_user(Role.TECHNICIAN), "reason": "r"},
    "call.cancel": lambda d: {"cancel_reason": CancelReason.NOT_OURS},
    "call.arrive": lambda d: {},
    "call.complete": lambda d: {
        "onsite_result": OnsiteResult.FIXED, "work_done": "w", "fault_cause": FaultCause.PRODUCT, "signed_by": "s",
        "signature_mode": SignatureMode.ON_SCREEN, "signature": attachments.prepare("s.png", png()),
    },
    "call.report_unsigned": lambda d: {
        "onsite_result": OnsiteResult.FIXED, "work_done": "w", "fault_cause": FaultCause.PRODUCT, "reason": "r",
    },
    "call.take_away": lambda d: {
        "items": [custody.item(unit=d.unit)], "signed_by": "s", "signature_mode": SignatureMode.ON_SCREEN,
        "signature": attachments.prepare("s.png", png()),
    },
    "call.revisit": lambda d: {"reason": "r", "next_visit_at": clock.now() + timedelta(days=1)},
    "call.refuse": lambda d: {"reason": "r"},
    "call.write_off": lambda d: {"location": "A"},
    "call.undo_write_off": lambda d: {"reason": "r"},
    "call.edit": lambda d: {
        "contact_name": "", "phone": d.phone, "address": "a", "model_text": "m", "fault_symptom": d.fault_symptom,
        "fault_text": "t", "area": d.area, "priority": Priority.NORMAL,
    },
    "call.link_unit": lambda d: {"unit": d.unit},
    "call.propose_type": lambda d: {"service_type": ServiceType.PAID, "reason": "r"},
    "call.decide_type": lambda d: {"service_type": ServiceType.PAID, "reason": "r"},
    "call.use_part": lambda d: {"part": make.make_movement().part, "quantity": Decimal(1)},
    "call.add_fee": lambda d: {"amount": Decimal(0)},
    "call.discount": lambda d: {"percent": Decimal(10), "reason": "r"},
    "call.correct_type": lambda d: {"service_type": ServiceType.PAID, "reason": "r"},
    "call.escalate": lambda d: {"reason": "r"},
    "call.note": lambda d: {"note": "n"},
    "call.attach": lambda d: {"files": [attachments.prepare("a.png", png())], "kind": AttachmentKind.PHOTO},
    "voucher.take_back": lambda d: {},
    "voucher.void": lambda d: {"reason": "r"},
    "F-02.print": lambda d: {"ticket": "t", "locale": "en"},
}  # fmt: skip
#: Acts that need more than a state before they are possible; their own tests prove them.
GUARDED = {
    "call.take_over", "call.confirm_unsigned", "call.decline_unsigned", "call.add_fee", "call.discount",
    "voucher.archive",
}  # fmt: skip
OFFICE = (Role.ASSISTANT, Role.FINANCE, Role.TECHNICIAN, Role.SUPERVISOR, Role.MANAGER, Role.SALES, Role.ADMIN)


def _triples() -> list[Any]:
    found = []
    for act in acts.REGISTRY.values():
        if act.model not in (ServiceCall, ServiceVoucher) or act.creates or act.key in GUARDED:
            continue
        kind = CallState if act.model is ServiceCall else VoucherState
        found += [
            pytest.param(act, state, role, id=f"{act.key}-{state.value}-{role.value}")
            for state in kind
            for role in OFFICE
        ]
    return found


def _document(act: acts.Act, state: StateEnum, technician: Any) -> Any:
    if act.model is ServiceCall:
        returned = VoucherState.RETURNED if state is CallState.COMPLETED else None
        return make.make_call(state, technician=technician, voucher_state=returned)
    implied = {
        VoucherState.ISSUED: CallState.ON_SITE, VoucherState.SIGNED: CallState.COMPLETED,
        VoucherState.RETURNED: CallState.COMPLETED, VoucherState.ARCHIVED: CallState.CLOSED,
        VoucherState.VOID: CallState.DISPATCHED,
    }  # fmt: skip
    return live_voucher(make.make_call(implied[state], technician=technician, voucher_state=state)) or _void(technician)


def _void(technician: Any) -> Any:
    call = make.make_call(CallState.CANCELLED)
    return make.make_voucher(call, VoucherState.VOID, technician_id=technician.id)


@pytest.mark.parametrize(("act", "state", "role"), _triples())
def test_act_state_role(act: acts.Act, state: StateEnum, role: Role) -> None:
    """W-1, W-2, P-3: only the listed triples succeed; every refusal sends no write to the database."""
    technician = make.make_user(Role.TECHNICIAN)
    by = technician if role is Role.TECHNICIAN else make.make_user(role)
    doc = _document(act, state, technician)
    if act.key == "call.edit" and role is Role.SALES:
        doc.created_by_id = by.id
    inputs = INPUTS[act.key](doc)
    db.session.flush()
    assert doc.state is state
    allowed = act.permitted(by) and (not act.sources or state in act.sources)
    if allowed:
        act(doc, by=by, **inputs)
        if act.target is not None:
            assert doc.state is act.target
        return
    writes: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            writes.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with pytest.raises((NotPermitted, IllegalTransition, RecordNotFound)) as refusal:
            act(doc, by=by, **inputs)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert isinstance(refusal.value, NotPermitted) is not act.permitted(by)
    assert not writes
    assert not db.session.dirty
    assert not db.session.new


@pytest.mark.parametrize("key", sorted(INPUTS))
def test_act_on_another_branchs_record_is_not_found(key: str) -> None:
    """P-1: for every act a record of another branch does not exist, whatever the role may do at home."""
    act = acts.REGISTRY[key]
    there = make.make_branch("SH")
    state = next(iter(act.sources), CallState.REGISTERED)
    technician = make.make_user(Role.TECHNICIAN, there)
    doc = make.make_call(CallState.ON_SITE, branch=there, technician=technician)
    doc = live_voucher(doc) if act.model is ServiceVoucher else doc
    for role in OFFICE:
        by = make.make_user(role)
        with pytest.raises((RecordNotFound, NotPermitted)) as refusal:
            act(doc, by=by, **INPUTS[key](doc))
        assert isinstance(refusal.value, RecordNotFound) is act.permitted(by), (state, role)


def test_state_changes_by_acts_only() -> None:
    """G-05: neither a script nor a form can set a state; the flush refuses it."""
    call = make.make_call()
    call.state = CallState.CLOSED
    with pytest.raises(IllegalTransition):
        db.session.flush()


@pytest.mark.parametrize("make_row", [make.make_call, make.make_customer, make.make_project, make.make_unit])
def test_documents_are_never_deleted(make_row: Any) -> None:
    """G-03: voided, never deleted."""
    db.session.delete(make_row())
    with pytest.raises(BackofficeError) as refusal:
        db.session.flush()
    assert refusal.value.rule == "G-03"


@pytest.mark.no_app
def test_keys_are_whole_numbers_on_both_databases() -> None:
    """Typed keys: every table but the throttle has one integer key."""
    for model in MODELS:
        keys = inspect(model).primary_key
        if model.__name__ != "LoginFailure":
            assert len(keys) == 1
            assert isinstance(keys[0].type, Integer)


def test_every_register_is_a_model_view_on_one_admin(app: Flask) -> None:
    """The fixed frame: one Admin, each register a ModelView on it, dispatch and escalation among its actions."""
    (admin,) = app.extensions["admin"]
    registers: dict[str, Any] = {}
    for view in admin._views:
        if isinstance(view, ModelView):
            registers.setdefault(view.model.__tablename__, view)  # further views of a table show it in other columns
    wanted = {
        "service_call", "service_voucher", "visit", "customer", "contact", "project", "installed_unit", "product_model",
        "fault_symptom", "branch", "service_area", "user", "absence", "delegation", "setting", "holiday", "audit_entry",
        "number_series", "saved_filter", "print_entry", "paper_block", "paper_sheet", "part", "stock_movement",
        "goods_receipt", "goods_entry", "goods_leg", "repair_card", "time_entry", "card_part", "inspection",
        "delay_report", "service_contract", "site_part", "fee_sheet", "fee_line", "invoice", "invoice_line",
        "invoice_due", "due", "due_line", "payment", "payment_share", "cash_handover", "parts_sale", "sale_line",
        "job_run", "outbox_message", "chat_robot", "ladder_step", "watch_mark", "daily_report", "report_line",
        "supervisor_report", "day_book", "undone_line", "export_run",
    }  # fmt: skip
    assert wanted <= set(registers)
    assert all(isinstance(view, BaseView) for view in registers.values())
    offered = {name for name, _label in registers["service_call"]._actions}
    assert {"dispatch", "reassign", "escalate", "write_off", "cancel"} <= offered
    assert {"take_back", "archive"} <= {name for name, _label in registers["service_voucher"]._actions}
    assert {"deliver"} <= {name for name, _label in registers["parts_sale"]._actions}
    assert {"issue", "deliver", "reject"} <= {name for name, _label in registers["invoice"]._actions}
    assert {"receive", "switch_path", "waive"} <= {name for name, _label in registers["due"]._actions}
    assert "check" in {name for name, _label in registers["payment"]._actions}
    assert {"inspect", "send_back", "start"} <= {name for name, _label in registers["repair_card"]._actions}
    assert not any("delete" in view._actions_data for view in registers.values())


@pytest.mark.parametrize("role", OFFICE, ids=lambda role: role.value)
def test_queues_count_what_their_list_shows(as_role: Callable[[Any], FlaskClient], role: Role) -> None:
    """Each figure on the home page opens a list of just that length."""
    me = make.make_user(role)
    technician = me if role is Role.TECHNICIAN else make.make_user(Role.TECHNICIAN)
    for state in (CallState.REGISTERED, CallState.DISPATCHED, CallState.ON_SITE, CallState.COMPLETED):
        for _ in range(2):
            make.make_call(state, technician=technician)
    make.make_call(CallState.COMPLETED, voucher_state=VoucherState.RETURNED)
    make.make_call(escalated_to=role, escalated_at=clock.now(), escalation_reason="x")
    make.make_call(CallState.ON_SITE, proposed_type=ServiceType.PAID)
    make.make_sheet(make.make_block(technician), state=SheetState.MISSING, missing_since=clock.now())
    for card_state in (CardState.PENDING, CardState.REPAIRED, CardState.REPAIRED, CardState.INSPECTED):
        custody.make_card(card_state, technician=technician)
    late = custody.make_card(technician=technician, planned_finish_at=clock.now() - timedelta(hours=1))
    late.entry.promised_return_on = clock.today() - timedelta(days=1)
    late.entry.long_after = clock.today() - timedelta(days=1)
    custody.make_delay(late)
    make.make_movement(make.make_part(min_stock=Decimal(20)))
    for days in (0, 30, 31):
        make.make_contract(end_on=clock.today() + timedelta(days=days))
    draft = make.make_contract(ContractState.DRAFT)
    attachments.attach(draft, attachments.prepare("a.png", png()), AttachmentKind.SCAN, by=technician)
    evening.make_report(state=ReportState.SUBMITTED)
    evening.make_report(make.make_user(Role.SUPERVISOR), ReportState.SUBMITTED)
    yesterday = clock.today() - timedelta(days=1)
    evening.make_report(technician, ReportState.RETURNED, report_on=yesterday, due_at=clock.now() - timedelta(hours=1))
    evening.make_summary(SummaryState.SUBMITTED)
    evening.make_undone()
    make_message(MessageState.FAILED)
    make_message(MessageState.UNCLEAR)
    make_message(MessageState.SENT)
    for invoice_state in (InvoiceState.REQUESTED, InvoiceState.ISSUED, InvoiceState.ISSUED, InvoiceState.REJECTED):
        make_invoice(invoice_state, requested_by_id=technician.id)
    make_sale()
    make_sale(state=SaleState.DELIVERED)
    client = as_role(me)
    home = client.get("/").text
    cards = re.findall(r'home-card[^"]*" href="([^"]+)"><strong class="home-count">(\d+)', home)
    assert cards
    for address, count in cards:
        listed = client.get(html.unescape(address)).text
        assert len(re.findall(r"<tr>", listed)) - (1 if int(count) else 0) == int(count), address
