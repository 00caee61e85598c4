"""Every door of the application, knocked at by everybody: routes x roles x records of another branch, and no token."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.calls.models import CallState
from backoffice.core import attachments, clock
from backoffice.core.attachments import AttachmentKind
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.customers.models import Contact, CustomerKind, Project
from backoffice.saved.models import SavedFilter, Visibility
from backoffice.ui import lookups, registry
from tests import factories as make
from tests.invoicing import make_invoice
from tests.money import make_due, make_handover, make_payment
from tests.pictures import png
from tests.selling import make_sale

#: Tables that a refused request may write to: who was refused is worth knowing.
TRACES = {"audit_entry", "login_failure", "user_session", "submission"}
#: What an administrator looks after in every branch; customers and units masked.
ADMINISTERED = {"user", "service_area", "audit_entry", "customer", "contact", "project", "installed_unit"}
#: Words that stand in records of the other branch only.
SECRETS = ("机密水厂", "机密路", "13399998888", "SECRET-SERIAL", "绝密故障")


def dump() -> dict[str, list[Any]]:
    """Every row of every table but the traces."""
    return {
        table.name: [tuple(row) for row in db.session.execute(select(table).order_by(*table.primary_key.columns))]
        for table in db.metadata.sorted_tables
        if table.name not in TRACES
    }


@pytest.fixture
def there() -> dict[str, Any]:
    """One record of every kind at branch SH."""
    branch = make.make_branch("SH")
    customer = make.make_customer(
        branch, name="机密水厂", address="机密路1号", phone="13399998888", kind=CustomerKind.COMPANY
    )
    unit = make.make_unit(customer, serial_no="SECRET-SERIAL")
    technician = make.make_user(Role.TECHNICIAN, branch)
    call = make.make_call(CallState.ON_SITE, branch, customer=customer, unit=unit, technician=technician,
                          fault_text="绝密故障")  # fmt: skip
    voucher = db.session.scalars(select(registry_model("service_voucher"))).one()
    photo = attachments.prepare("机密水厂.png", png())
    file = attachments.attach(call, photo, AttachmentKind.PHOTO, by=make.make_user(Role.ASSISTANT, branch))
    contact = make.saved(Contact(branch_id=branch.id, customer_id=customer.id, name="机密水厂", phone="13399998888"))
    project = make.saved(
        Project(
            branch_id=branch.id,
            number="XM-SH",
            customer_id=customer.id,
            name="机密水厂",
            site_address="机密路",
            area_id=customer.area_id,
            responsible_user_id=technician.id,
        )
    )
    return {
        "service_call": call, "service_voucher": voucher, "visit": voucher.visits[0], "customer": customer,
        "contact": contact, "project": project, "installed_unit": unit, "user": technician, "attachment": file,
        "service_area": customer.area, "absence": make.make_absence(technician),
        "delegation": make.make_delegation(make.make_user(Role.SUPERVISOR, branch), make.make_user(branch=branch)),
        "saved_filter": make.saved(SavedFilter(owner_id=technician.id, branch_id=branch.id, register="service_calls",
                                               name="机密水厂", address="state=closed",
                                               visibility=Visibility.BRANCH)),
        "customer_merge": make.make_merge(customer),
        "service_contract": make.make_contract(customer=customer, units=[unit], customer_no="机密水厂"),
        "due": (due := make_due(customer=customer, customer_name="机密水厂", technician_id=technician.id)),
        "due_line": due.lines[0], "payment": (payment := make_payment(due, technician)),
        "payment_share": payment.shares[0], "cash_handover": make_handover(technician, payments=[payment]),
        "invoice": (invoice := make_invoice(
            due=make_due(customer=customer, customer_name="机密水厂"), title="机密水厂", buyer_address="机密路1号",
            requested_by_id=technician.id)),
        "invoice_line": invoice.lines[0], "invoice_due": invoice.covers[0],
        "parts_sale": (sale := make_sale(customer=customer, remark="机密水厂")), "sale_line": sale.lines[0],
        "stock_movement": make.make_movement(holder=technician, reason="机密水厂"),
        "notice": make.saved(Notice(user_id=technician.id, kind="call.registered",
                                    params={"number": "机密水厂", "due": ""}, subject_type="service_call",
                                    subject_id=call.id)),
        "audit_entry": db.session.scalars(select(AuditEntry).where(AuditEntry.subject_type == "service_call")).first(),
    }  # fmt: skip


def registry_model(table: str) -> Any:
    """The mapped class of a table."""
    return next(m.class_ for m in db.Model.registry.mappers if m.class_.__tablename__ == table)


def _views(app: Flask) -> list[Any]:
    return [view for view in registry.views() if getattr(view, "model", None) is not None]


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_records_of_another_branch_are_behind_no_door(
    app: Flask, as_role: Callable[[Any], FlaskClient], there: dict[str, Any], role: Role
) -> None:
    """P-1, P-7: details, edit, act pages and posts, bulk, unmask, files: nothing shown, nothing changed.

    An administrator looks after users, areas and the audit of every branch, and sees customers masked.
    """
    client = as_role(make.make_user(role))
    before = dump()
    for view in _views(app):
        foreign = there.get(view.model.__tablename__)
        if foreign is None:
            continue
        everywhere = role is Role.ADMIN and view.model.__tablename__ in ADMINISTERED
        key, base = foreign.id, view.url.rstrip("/")
        listed = client.get(f"{base}/?all=1")
        assert listed.status_code in (200, 403), view.endpoint
        if not everywhere:
            assert not _leaks(listed), f"{view.endpoint} lists foreign rows"
            for door in ("details", "edit"):
                answer = client.get(f"{base}/{door}/?id={key}")
                assert answer.status_code in (403, 404), f"{view.endpoint} {door}: {answer.status_code}"
                assert not _leaks(answer)
        for act in view.acts():
            shown = client.get(f"{base}/act/{act.name}?id={key}")
            sent = {"id": key, "version": 1, "confirmed": "1", "reason": "x", "note": "x", "client_key": "k" * 20}
            done = client.post(f"{base}/act/{act.name}", data=sent)
            bulk = client.post(f"{base}/action/", data={"action": act.name, "rowid": [key]})
            if everywhere and act.permitted(make.make_user(role)):
                continue
            one_by_one = bulk.status_code == 422 and not act.bulk_allowed
            for answer in (shown, done) if one_by_one else (shown, done, bulk):
                assert answer.status_code in (403, 404), f"{view.endpoint} {act.name}: {answer.status_code}"
                assert not _leaks(answer)
        for field in ("phone", "name", "address"):
            answer = client.post(f"{base}/unmask/", data={"id": key, "field": field})
            assert answer.status_code in (400, 403, 404, 422), f"{view.endpoint} unmask: {answer.status_code}"
        edited = client.post(f"{base}/edit/?id={key}", data={"version": 1, "name": "x"})
        if not everywhere:
            assert edited.status_code in (403, 404), f"{view.endpoint} edit: {edited.status_code}"
    assert client.get(f"/files/{there['attachment'].id}").status_code in (403, 404)
    assert dump() == before or role is Role.ADMIN


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.ADMIN], ids=lambda role: role.value)
def test_lookups_searches_and_filters_find_nothing_of_another_branch(
    app: Flask, as_role: Callable[[Any], FlaskClient], there: dict[str, Any], role: Role
) -> None:
    """P-1: the same scope in look-ups, searches and filters."""
    client = as_role(make.make_user(role))
    terms = ("机密", "1339999", "SECRET", there["service_call"].number, there["user"].real_name)
    for name in lookups.LOOKUPS:
        for term in ("", *terms):
            answer = client.get(f"/lookup/{name}", query_string={"q": term, "limit": "100000000"})
            assert answer.status_code in (200, 403), name
            assert not _leaks(answer), f"look-up {name} finds {term}"
    for view in _views(app):
        for term in terms:
            answer = client.get(f"{view.url.rstrip('/')}/", query_string={"q": term})
            assert not re.search("|".join(SECRETS[:2]), answer.text), f"{view.endpoint} finds {term}"
        customer = client.get(
            view.url, query_string={"customer": there["customer"].id, "call": there["service_call"].id}
        )
        assert customer.status_code in (200, 403)
        assert not _leaks(customer), view.endpoint


def _leaks(answer: Any) -> bool:
    return any(secret in answer.text for secret in SECRETS)


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_nobody_gets_a_server_error_from_any_page(
    app: Flask, as_role: Callable[[Any], FlaskClient], role: Role
) -> None:
    """Every page of every role opens or refuses; none breaks, with records of the own branch in the tables."""
    me = make.make_user(role)
    technician = me if role is Role.TECHNICIAN else make.make_user(Role.TECHNICIAN)
    calls = [make.make_call(state, technician=technician) for state in CallState if state is not CallState.IN_REPAIR]
    client = as_role(me)
    before = dump()
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments:
            answer = client.get(rule.rule)
            assert answer.status_code < 500, f"{rule.rule}: {answer.status_code}"
    for view in _views(app):
        row = db.session.scalars(select(view.model).order_by(view.model.id.desc()).limit(1)).first()
        for key in [call.id for call in calls] if view.endpoint == "service_calls" else [row.id] if row else []:
            paths = [f"details/?id={key}", f"edit/?id={key}", *[f"act/{act.name}?id={key}" for act in view.acts()]]
            for path in paths:
                answer = client.get(f"{view.url.rstrip('/')}/{path}")
                assert answer.status_code < 500, f"{view.endpoint} {path}: {answer.status_code}"
    assert dump() == before, "reading changed something (B2)"


def test_anonymous_reaches_only_the_door(app: Flask, client: FlaskClient) -> None:
    """P-7: without a session there is the login, the health checks and static files, nothing else."""
    public = {"/login", "/healthz", "/readyz", "/locale"}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        if rule.endpoint.endswith("static") or path in public or "static" in path:
            continue
        for method in sorted(rule.methods & {"GET", "POST"}):
            answer = client.open(path, method=method)
            refused = answer.status_code in (400, 401, 403, 404, 405)
            to_login = answer.status_code in (302, 303) and "/login" in answer.headers["Location"]
            assert refused or to_login, f"{method} {path}: {answer.status_code}"


def test_no_post_is_taken_without_the_token(live_app: Flask) -> None:
    """B1: no token, a wrong token, the token of another session, and the same by GET: nothing is changed."""
    with live_app.app_context():
        supervisor = make.make_user(Role.SUPERVISOR)
        call, customer = make.make_call(), make.make_customer()
        key, username = call.id, supervisor.username
        db.session.commit()
        assert customer.id
    client, other = live_app.test_client(), live_app.test_client()
    token = _log_in(client, username)
    foreign = _token(other.get("/login").text)
    with live_app.app_context():
        before = json.dumps(dump(), default=str)
    for rule in live_app.url_map.iter_rules():
        if "POST" not in rule.methods or rule.endpoint == "static":
            continue
        path = re.sub(r"<name>", "escalate", re.sub(r"<[^>n][^>]*>", "1", rule.rule))
        for wrong in (None, "wrong", foreign):
            data = {"id": key, "rowid": key, "action": "escalate", "reason": "x", "version": "1", "field": "phone"}
            answer = client.post(path, data=data | ({"csrf_token": wrong} if wrong else {}))
            assert answer.status_code == 400, f"{path} with {wrong}: {answer.status_code}"
        client.get(path, query_string={"id": key, "reason": "x", "version": 1, "csrf_token": token, "confirmed": 1})
    with live_app.app_context():
        assert json.dumps(dump(), default=str) == before
    answer = client.post(
        f"/calls/act/escalate?id={key}",
        data={"csrf_token": token, "id": key, "version": 1, "reason": "x", "client_key": "k" * 22},
    )
    assert answer.status_code == 302, "the same request with its token works"


def _token(page: str) -> str:
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]


def _log_in(client: FlaskClient, username: str) -> str:
    token = _token(client.get("/login").text)
    answer = client.post("/login", data={"username": username, "password": "demo", "csrf_token": token})
    assert answer.status_code == 303
    return _token(client.get("/calls/").text)


def test_forged_fields_are_not_written(as_role: Callable[[Any], FlaskClient]) -> None:
    """A5: state, number, branch, version, creator added to a form change nothing."""
    assistant = make.make_user(Role.ASSISTANT)
    customer, symptom = make.make_customer(), make.make_symptom()
    client = as_role(assistant)
    forged = {"state": "closed", "number": "FORGED", "branch_id": make.make_branch("SH").id, "version": 99,
              "created_by_id": 1, "dispatch_due_at": "2099-01-01T00:00", "service_type": "C", "id": 7,
              "carry_over_count": 9, "closed_at": "2026-01-01T00:00"}  # fmt: skip
    answer = client.post("/calls/new/", data={
        "customer": customer.id, "model_text": "ISG", "fault_symptom": symptom.id, "fault_text": "x",
        "channel": "phone",
        "priority": "normal", "new_customer_kind": "company", "client_key": "f" * 22, **forged,
    })  # fmt: skip
    assert answer.status_code == 302, re.findall(r"invalid-feedback.*?</div>", answer.text)
    call = db.session.scalars(select(registry_model("service_call"))).one()
    assert call.number.startswith("JXHZ-")
    assert (call.state, call.branch_id, call.version) == (CallState.REGISTERED, assistant.branch_id, 1)
    assert call.service_type.value == "undecided"
    assert call.dispatch_due_at - call.received_at == timedelta(hours=1)
    assert call.created_by_id == assistant.id
    assert clock.now() - call.received_at < timedelta(minutes=5)
