"""Lists as files: the rows, columns and masks of the list at hand, harmless to open, and written down."""

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import GRANTS, Permission, Role
from backoffice.customers.models import CustomerKind
from backoffice.ui import registry
from tests import factories as make

AsRole = Callable[[Any], FlaskClient]
EXPORTERS = [Role.ASSISTANT, Role.SUPERVISOR, Role.MANAGER, Role.SALES, Role.FINANCE]


def export(client: FlaskClient, path: str = "/calls/", query: str = "", kind: str = "csv") -> Any:
    """The answer, read to its end."""
    return client.post(f"{path}export/{query}", data={"as": kind}, buffered=True)


def csv_rows(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def xlsx_rows(answer: Any) -> list[list[Any]]:
    """The cells, header first."""
    assert answer.status_code == 200, answer.text
    return [list(row) for row in load_workbook(io.BytesIO(answer.data)).active.iter_rows()]


def entries() -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.act.like("%.export")).order_by(AuditEntry.id)))


def _registers() -> list[Any]:
    return [view for view in registry.views() if getattr(view, "model", None) is not None]


def _listed(page: Any) -> int:
    """How many rows the page shows."""
    return page.text.partition("<tbody>")[2].count("<tr>")


# -- whose rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", EXPORTERS, ids=lambda role: role.value)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_register_exports_what_its_list_shows_and_nothing_of_another_branch(
    app: Flask, as_role: AsRole, role: Role, kind: str
) -> None:
    """P-1: the file has as many rows as the list says, and none from elsewhere."""
    me = make.make_user(role)
    for n in range(3):
        make.make_call(CallState.ON_SITE if n else CallState.COMPLETED, salesperson_id=me.id)
    there = make.make_branch("SH")
    customer = make.make_customer(there, name="机密水厂", address="机密路1号", phone="13399998888")
    make.make_call(
        CallState.ON_SITE, there, customer=customer, unit=make.make_unit(customer, serial_no="SECRET-SERIAL")
    )
    client = as_role(me)
    for view in _registers():
        path = f"{view.url.rstrip('/')}/"
        page = client.get(f"{path}?all=1")
        answer = export(client, path, "?all=1", kind)
        if page.status_code == 403:
            assert answer.status_code == 403, view.endpoint
            continue
        rows = csv_rows(answer) if kind == "csv" else [[cell.value for cell in row] for row in xlsx_rows(answer)]
        if view.endpoint != "audit":  # grows with every export
            assert len(rows) - 1 == _listed(page), view.endpoint
        assert not re.search("机密|13399998888|SECRET", repr(rows)), view.endpoint


@pytest.mark.parametrize("role", [r for r in Role if r not in EXPORTERS], ids=lambda role: role.value)
def test_without_the_right_there_is_no_button_and_no_file(app: Flask, as_role: AsRole, role: Role) -> None:
    """P-7: 403, nothing of the list in the answer, and no trace of an export."""
    me = make.make_user(role)
    make.make_call(CallState.ON_SITE, technician=me if role is Role.TECHNICIAN else None)
    client = as_role(me)
    for view in _registers():
        path = f"{view.url.rstrip('/')}/"
        assert 'id="export"' not in client.get(f"{path}?all=1").text
        answer = export(client, path)
        assert answer.status_code == 403, view.endpoint
        assert b"\xef\xbb\xbf" not in answer.data
    assert entries() == []


def test_a_deputy_exports_in_the_name_of_the_principal(as_role: AsRole) -> None:
    """P-6: the right of the principal serves, and the entry says for whom."""
    principal, deputy = make.make_user(Role.SUPERVISOR), make.make_user(Role.TECHNICIAN)
    make.make_delegation(principal, deputy)
    make.make_call()
    assert len(csv_rows(export(as_role(deputy)))) == 2
    assert [(e.user_id, e.on_behalf_of_id) for e in entries()] == [(deputy.id, principal.id)]


def test_the_doors_are_post_with_a_token_for_somebody(app: Flask, client: FlaskClient, as_role: AsRole) -> None:
    """B1, B2: no GET, no strangers, no other format."""
    make.make_call()
    assert export(client).status_code == 401
    supervisor = as_role(make.make_user(Role.SUPERVISOR))
    assert supervisor.get("/calls/export/?as=csv").status_code == 405
    for kind in ("", "pdf", "../csv"):
        assert export(supervisor, kind=kind).status_code == 400
    form = re.search(r'<form id="export".*?</form>', supervisor.get("/calls/").text)
    assert form
    assert 'method="post"' in form[0]
    assert 'name="csrf_token"' in form[0]
    assert entries() == []


# -- which rows --------------------------------------------------------------------------------------------------------


def test_filters_search_and_sort_come_along(as_role: AsRole) -> None:
    """The form of the list carries what is set there; the file has all pages."""
    customer = make.make_customer(name="江南水务")
    old = [make.make_call(CallState.ON_SITE, customer=customer).number for _ in range(60)]
    make.make_call(CallState.REGISTERED, customer=customer)
    make.make_call(CallState.ON_SITE, customer=make.make_customer(name="别的公司"))
    client = as_role(make.make_user(Role.SUPERVISOR))
    page = client.get("/calls/?state=on_site&q=江南&sort=number&desc=1&page=2").text
    action = re.search(r'<form id="export" method="post" action="([^"]+)"', page)[1].replace("&amp;", "&")
    answer = client.post(action, data={"as": "csv"}, buffered=True)
    assert [row[0] for row in csv_rows(answer)[1:]] == sorted(old, reverse=True)


@pytest.mark.parametrize("query", [
    "?page=-1", "?page=999", "?q=%25%25", "?q=" + "x" * 5000, "?state=nonsense", "?sort=phone", "?sort=password_hash",
    "?received_at_from=0001-01-01", "?technician=99999999999999999999", "?technician=1,2", "?customer=2147483647",
    "?q=';DROP TABLE service_call;--", "?state=registered&state=x", "?q=%00", "?received_at_to=9999-99-99",
])  # fmt: skip
def test_crafted_addresses_never_break_the_export(as_role: AsRole, query: str) -> None:
    """C1: what makes no sense is left out as in the list; NUL is refused."""
    make.make_call()
    make.make_call(branch=make.make_branch("SH"))
    client = as_role(make.make_user(Role.SUPERVISOR))
    page, answer = client.get(f"/calls/{query}"), export(client, query=query)
    assert page.status_code == answer.status_code
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert len(csv_rows(answer)) - 1 == _listed(page) <= 1


# -- what stands in the cells ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", EXPORTERS, ids=lambda role: role.value)
def test_personal_data_is_masked_as_in_the_list(as_role: AsRole, role: Role) -> None:
    """X-20: no full phone in any file, not even for those who may see it on a click; persons' names masked."""
    me = make.make_user(role)
    person = make.make_customer(
        name="王小明", phone="13987654321", address="杭州市西湖区文三路99号", kind=CustomerKind.INDIVIDUAL,
        default_salesperson_id=me.id,
    )  # fmt: skip
    make.make_call(customer=person, salesperson_id=me.id)
    client = as_role(me)
    for path in ("/calls/", "/customers/", "/units/", "/vouchers/", "/audit/"):
        for kind in ("csv", "xlsx"):
            answer = export(client, path, kind=kind)
            if answer.status_code != 403:
                rows = csv_rows(answer) if kind == "csv" else [[c.value for c in row] for row in xlsx_rows(answer)]
                assert not re.search("13987654321|王小明|文三路99", repr(rows)), path
    assert "139****4321" in export(client, "/customers/").data.decode()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(as_role: AsRole, start: str) -> None:
    """C4: neutral in CSV, a text in XLSX, whatever a person typed."""
    nasty = f'{start}HYPERLINK("http://x.example","a")'
    call = make.make_call(model_text=nasty)
    client = as_role(make.make_user(Role.SUPERVISOR))
    row = next(row for row in csv_rows(export(client)) if row[0] == call.number)
    assert f"'{nasty}" in row
    for path in ("/calls/", "/units/", "/customers/"):
        for line in xlsx_rows(export(client, path, kind="xlsx")):
            assert all(cell.data_type != "f" for cell in line)
    cells = [cell for line in xlsx_rows(export(client, kind="xlsx")) for cell in line]
    shown = [cell for cell in cells if isinstance(cell.value, str) and "HYPERLINK" in cell.value]
    assert [cell.data_type for cell in shown] == ["s"]


def test_cells_have_types_and_chinese_opens(as_role: AsRole) -> None:
    """BOM, office time to the minute, figures as figures, labels in the reader's language, a name of its own."""
    reader = make.make_user(Role.SUPERVISOR, locale="zh_Hans_CN")
    received = datetime.fromisoformat("2026-03-02T00:42:31+00:00")
    call = make.make_call(CallState.ON_SITE, received_at=received)
    make.make_model(code="ISG", power_kw="7.50", default_warranty_months=24)
    make.make_absence(reader, from_on=date(2026, 3, 2), to_on=date(2026, 3, 2))
    client = as_role(reader)
    answer = export(client)
    assert answer.data.startswith(b"\xef\xbb\xbf")
    header, row = csv_rows(answer)
    assert dict(zip(header, row, strict=True))["状态"] == "现场处理"
    assert "2026-03-02 08:42" in row
    assert row[0] == call.number
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    name = unquote(answer.headers["Content-Disposition"].partition("filename*=UTF-8''")[2])
    assert re.fullmatch(r"[一-鿿]+ \d{4}-\d\d-\d\d\.csv", name)
    sheet = xlsx_rows(export(client, kind="xlsx"))
    moments = [cell for cell in sheet[1] if cell.is_date]
    assert datetime(2026, 3, 2, 8, 42) in [cell.value for cell in moments]  # noqa: DTZ001 - as the sheet has it
    assert {cell.number_format for cell in moments} == {"yyyy-mm-dd hh:mm"}
    days = [cell for cell in xlsx_rows(export(client, "/absences/", kind="xlsx"))[1] if cell.is_date]
    assert {cell.number_format for cell in days} == {"yyyy-mm-dd"}
    figures = [c.value for line in xlsx_rows(export(client, "/models/", kind="xlsx"))[1:] for c in line
               if c.data_type == "n" and c.value is not None]  # fmt: skip
    assert 24 in figures


def test_characters_that_a_sheet_cannot_hold_are_left_out(as_role: AsRole) -> None:
    """C1: a control character in a text spoils no file."""
    make.make_call(model_text="ISG\x0b50\x01")
    client = as_role(make.make_user(Role.SUPERVISOR))
    assert "ISG50" in [cell.value for cell in xlsx_rows(export(client, kind="xlsx"))[1]]
    assert export(client).status_code == 200


# -- how many, and what is written down --------------------------------------------------------------------------------


def test_too_many_rows_are_refused_with_the_figure(as_role: AsRole) -> None:
    """C-43: the sentence says how many fit and what to do; nothing is written down."""
    make.set_setting("C-43", "2")
    client = as_role(make.make_user(Role.SUPERVISOR))
    calls = [make.make_call() for _ in range(2)]
    assert len(csv_rows(export(client))) == 3
    make.set_setting("C-43", "1")
    for kind in ("csv", "xlsx"):
        answer = export(client, query="?state=registered", kind=kind)
        assert answer.status_code == 409
        assert "more than 1 records" in answer.text
        assert 'href="/calls/?state=registered"' in answer.text
        assert calls[0].number not in answer.text
    assert len(entries()) == 1
    assert len(csv_rows(export(client, query=f"?q={calls[0].number}"))) == 2


def test_the_trail_says_who_took_what_out(as_role: AsRole) -> None:
    """G-04: one entry with rows and filters in words; what was typed in search of a person is masked."""
    customer = make.make_customer(name="王小明", phone="13987654321", kind=CustomerKind.INDIVIDUAL)
    call = make.make_call(customer=customer)
    supervisor = make.make_user(Role.SUPERVISOR)
    client = as_role(supervisor)
    assert len(csv_rows(export(client, query=f"?state=registered&customer={customer.id}&q=13987654321"))) == 2
    (entry,) = entries()
    assert (entry.act, entry.subject_type, entry.subject_id) == ("service_call.export", "service_call", None)
    assert (entry.user_id, entry.branch_id) == (supervisor.id, call.branch_id)
    assert entry.note.startswith("1 record · CSV · ")
    assert "State: Registered" in entry.note
    assert "Search: 139****4321" in entry.note
    assert not re.search("王小明|13987654321", entry.note)
    export(client, query=f"?q=王小明 {call.number}", kind="xlsx")
    assert f"Search: 王** {call.number}" in entries()[1].note
    assert entries()[1].note.startswith("1 record · XLSX")
    assert client.get(f"/audit/details/?id={entry.id}").status_code == 200


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_statements_do_not_grow_with_the_rows(
    app: Flask,
    as_role: AsRole,
    count_statements: Callable[[], AbstractContextManager[Any]],
    kind: str,
) -> None:
    """The person, the parameter, the count, the entry, the rows."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    for rows in (2, 30):
        for _ in range(rows):
            technician = make.make_user(Role.TECHNICIAN)
            make.make_absence(technician)
            make.make_call(CallState.COMPLETED, technician=technician)
        for view in _registers():
            with count_statements() as sent:
                answer = export(client, f"{view.url.rstrip('/')}/", "?all=1", kind)
            if answer.status_code == 200:
                assert sent.count <= 5, f"{view.endpoint}: {sent.count}\n{sent}"


def test_a_long_list_leaves_in_parts(as_role: AsRole, app: Flask) -> None:
    """Rows are written as they are read: more rows than are read at a time, each of them once."""
    call = make.make_call()
    values = {c.key: getattr(call, c.key) for c in ServiceCall.__mapper__.column_attrs if c.key != "id"}
    db.session.execute(ServiceCall.__table__.insert(), [values | {"number": f"N-{n:05}"} for n in range(1200)])
    answer = export(as_role(make.make_user(Role.SUPERVISOR)), query="?sort=number")
    numbers = [row[0] for row in csv_rows(answer)[1:]]
    assert len(numbers) == len(set(numbers)) == 1201
    assert numbers == sorted(numbers)
    assert answer.content_length is None
    assert entries()[0].note == "1201 records · CSV"


@pytest.mark.no_app
def test_the_right_is_the_matrix_s() -> None:
    """P-3: those whom the tests above call exporters are those who hold the right."""
    assert {role for role in Role if Permission.DATA_EXPORT in GRANTS[role]} == set(EXPORTERS)
