"""The registers: whose rows, in which columns, the same on screen, on paper and in files; sums against the reports."""

import csv
import html
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from backoffice.calls.models import CallState
from backoffice.calls.rules import ServiceType
from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.fees.models import FeeSheet
from backoffice.invoices.models import InvoiceState
from backoffice.receivables.rules import DueSource, PaymentMethod
from backoffice.registers.queries import Asked, work_of_technicians
from backoffice.reports.models import DailyReport, ReportState, RevisionCell, SummaryState
from backoffice.reports.queries import matrix_of
from backoffice.reports.rules import WorkType
from backoffice.ui import list_paper, registry
from backoffice.ui.registers import REGISTERS
from backoffice.vouchers.models import CollectionPath
from tests import factories as make
from tests.evening import make_line, make_report, make_summary, make_undone
from tests.hostile import VALUES
from tests.invoicing import make_invoice
from tests.money import make_due, make_payment

AsRole = Callable[[Any], FlaskClient]
SECRET = re.compile("机密|13399998888|SECRET")


def rows_of(page: str) -> list[list[str]]:
    """The cells of the page's table as text."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    cut = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in rows]
    return [[" ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in cut]


def taken(client: FlaskClient, path: str, query: str = "", kind: str = "csv") -> Any:
    return client.post(f"{path}export/{query}", data={"as": kind}, buffered=True)


def csv_rows(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def entries() -> list[str]:
    query = select(AuditEntry.note).where(AuditEntry.act.like("%.export")).order_by(AuditEntry.id)
    return list(db.session.scalars(query))


@pytest.fixture
def office() -> dict[Role, Any]:
    """A job of each kind in HZ and one in SH, of which nobody in HZ may see anything."""
    people = {role: make.make_user(role) for role in Role}
    me = people[Role.TECHNICIAN]
    there = make.make_branch("SH")
    stranger = make.make_user(Role.TECHNICIAN, there, real_name="机密技术员")
    for branch, name, technician in ((None, "王小明", me), (there, "机密水厂", stranger)):
        customer = make.make_customer(branch, name=name, phone="13399998888", kind=CustomerKind.INDIVIDUAL,
                                      default_salesperson_id=people[Role.SALES].id)  # fmt: skip
        for state in (CallState.ON_SITE, CallState.CLOSED):
            make.make_call(state, branch, customer=customer, technician=technician,
                           salesperson_id=people[Role.SALES].id)  # fmt: skip
        make_undone(make.make_call(CallState.REGISTERED, branch, customer=customer))
        make_report(technician, ReportState.SUBMITTED)
        make_summary(SummaryState.SUBMITTED, **({"branch": branch} if branch else {}))
        due = make_due(customer=customer, customer_name=name, technician_id=technician.id)
        make_payment(due, technician)
        make_invoice(due=make_due(customer=customer, customer_name=name), title=name, requested_by_id=technician.id)
    return people


# -- the page of all ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_the_page_names_every_register_that_opens(as_role: AsRole, office: dict[Role, Any], role: Role) -> None:
    """R-01 to R-16: each link opens, each list has its file and its print where the role may take one, nothing else."""
    client = as_role(office[role])
    page = client.get("/registers/")
    if page.status_code == 403:
        pytest.fail("everybody has a register")
    content = page.text.partition("<main")[2].partition("</main>")[0]
    links = [html.unescape(one) for one in re.findall(r'<li>\s*<a href="([^"]+)"', content)]
    assert links
    for link in links:
        answer = client.get(link)
        assert answer.status_code == 200, link
        assert role is Role.ADMIN or not SECRET.search(answer.text), link
    forms = [html.unescape(one) for one in re.findall(r'action="([^"]+/export/[^"]*)"', page.text)]
    assert bool(forms) is (role not in (Role.TECHNICIAN, Role.ADMIN))
    for form in forms:
        for kind in ("csv", "xlsx", "print"):
            answer = client.post(form, data={"as": kind}, buffered=True)
            assert answer.status_code == 200, (form, kind)
            if kind != "xlsx":
                assert not SECRET.search(answer.data.decode()), form


def test_every_register_of_the_rule_book_is_there() -> None:
    """R-01 to R-08, R-14 to R-16; those of features that do not exist yet come with them."""
    wanted = {f"R-{n:02}" for n in (*range(1, 9), 14, 15, 16)}
    assert wanted <= set(REGISTERS)
    for register in REGISTERS.values():
        for entry in register.entries:
            view = registry.view_at(entry.endpoint)
            assert view is not None, entry
            if hasattr(view, "list_filters"):
                known = {param for one in view.list_filters for param in one.params} | {"all"}
                assert set(entry.filters) <= known, entry


def test_the_file_of_a_register_is_its_list(as_role: AsRole, office: dict[Role, Any]) -> None:
    """10.2: what the page offers as a file has as many rows as the list that it opens."""
    client = as_role(office[Role.SUPERVISOR])
    page = client.get("/registers/").text
    for item in re.findall(r"<li>.*?</li>", page, re.DOTALL):
        link, form = re.search(r'<a href="([^"]+)"', item)[1], re.search(r'action="([^"]+)"', item)
        if form is None or "/audit/" in link:
            continue
        shown = rows_of(client.get(html.unescape(link)).text)
        file = csv_rows(client.post(html.unescape(form[1]), data={"as": "csv"}, buffered=True))
        assert len(file) - 1 == len(shown), link


# -- the registers of their own ----------------------------------------------------------------------------------------

OWN = ("call_register", "unserved_register", "vouchers_out", "fee_register", "staff_register")


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_every_role_sees_its_own_rows_on_screen_and_in_files(
    as_role: AsRole, office: dict[Role, Any], role: Role
) -> None:
    """P-1, X-20: the rows of the list are those of the file and of the sheets, masked alike."""
    client = as_role(office[role])
    for endpoint in OWN:
        view = registry.view_at(endpoint)
        page, query = client.get(f"{view.url}?all=1"), "?all=1"
        if page.status_code == 403:
            assert taken(client, view.url, query).status_code == 403
            continue
        assert role is Role.ADMIN or not SECRET.search(page.text), endpoint
        assert "13399998888" not in page.text
        if role in (Role.TECHNICIAN, Role.ADMIN):
            assert taken(client, view.url, query).status_code == 403
            continue
        shown = rows_of(page.text)
        assert len(csv_rows(taken(client, view.url, query))) - 1 == len(shown), endpoint
        sheet = load_workbook(io.BytesIO(taken(client, view.url, query, "xlsx").data)).active
        assert sheet.max_row - 1 == len(shown)
        paper = rows_of(taken(client, view.url, query, "print").text)
        assert len(paper) == len(shown)
        assert "王小明" not in repr(paper) or endpoint == "staff_register"


def test_the_call_register_has_the_columns_of_its_rule(as_role: AsRole) -> None:
    """R-01: times, person and voucher beside the call; a click opens the call itself."""
    technician = make.make_user(Role.TECHNICIAN)
    call = make.make_call(CallState.CLOSED, technician=technician)
    client = as_role(make.make_user(Role.ASSISTANT))
    (row,) = rows_of(client.get("/registers/calls/").text)
    voucher = db.session.scalar(select(registry.view_at("service_vouchers").model.number))
    assert row[0] == call.number
    assert technician.real_name in row
    assert voucher in row
    header, line = csv_rows(taken(client, "/registers/calls/"))
    values = dict(zip(header, line, strict=True))
    assert values["Voucher"] == voucher
    for label, moment in (("Dispatched", call.dispatched_at), ("Arrived", call.first_arrived_at),
                          ("Completed", call.completed_at), ("Written off", call.closed_at)):  # fmt: skip
        assert values[label] == clock.local(moment).isoformat(" ", "minutes")[:16]
    assert client.get(f"/registers/calls/details/?id={call.id}").location == f"/calls/details/?id={call.id}"
    there = make.make_call(branch=make.make_branch("SH"))
    assert client.get(f"/registers/calls/details/?id={there.id}").status_code == 404


def test_filters_of_the_registers(as_role: AsRole) -> None:
    """10.2: date, branch, technician, zone, type, also where the row hangs on a call."""
    head = make.make_user(Role.MANAGER, make.make_branch("HQ"))
    here, there = make.make_branch(), make.make_branch("SH")
    one, two = make.make_user(Role.TECHNICIAN, here), make.make_user(Role.TECHNICIAN, there)
    calls = [make.make_call(CallState.ON_SITE, branch, technician=who) for branch, who in ((here, one), (there, two))]
    for call in calls:
        make_undone(call)
    client = as_role(head)
    for endpoint in ("call_register", "unserved_register", "vouchers_out"):
        url = registry.view_at(endpoint).url
        for query, found in (
            (f"branch={here.id}", [0]), (f"branch={there.id}", [1]), (f"technician={two.id}", [1]),
            (f"technician={one.id}&technician={two.id}", [0, 1]), (f"zone={calls[0].zone.value}", [0, 1]),
            (f"service_type={calls[0].service_type.value}&branch={here.id}", [0]),
            (f"branch={here.id}&technician={two.id}", []),
        ):  # fmt: skip
            if head.sees_all_branches:
                shown = repr(rows_of(client.get(f"{url}?{query}").text))
                for n, call in enumerate(calls):
                    assert (call.number in shown) is (n in found), (endpoint, query)
    tomorrow = clock.today() + timedelta(days=1)
    assert rows_of(client.get(f"/registers/calls/?received_at_from={tomorrow}").text) == []


def test_vouchers_out_and_for_how_long(as_role: AsRole) -> None:
    """R-03: only what is with a technician, the oldest first; what came back shows on request."""
    issued = clock.now() - timedelta(days=5)
    out = make.make_call(CallState.ON_SITE, received_at=issued - timedelta(hours=1), dispatched_at=issued)
    make.make_call(CallState.CLOSED)
    client = as_role(make.make_user(Role.ASSISTANT))
    shown = rows_of(client.get("/registers/vouchers-out/").text)
    assert len(shown) == 1
    assert out.number in shown[0]
    assert len(rows_of(client.get("/registers/vouchers-out/?where=out&where=back").text)) == 2
    header, line = csv_rows(taken(client, "/registers/vouchers-out/"))
    assert int(line[header.index("Days out")]) >= 0


def test_staff_by_skill(as_role: AsRole) -> None:
    """R-15: who can do what; those who left are left out until asked for."""
    make.make_user(Role.TECHNICIAN, real_name="张水泵", skills=["pump_repair"])
    make.make_user(Role.TECHNICIAN, real_name="李电气", skills=["electrical_repair", "electrical_engineer"])
    make.make_user(Role.TECHNICIAN, real_name="赵离职", skills=["pump_repair"], is_active=False)
    client = as_role(make.make_user(Role.SUPERVISOR))
    shown = repr(rows_of(client.get("/registers/staff/?skill=pump_repair&is_active=yes").text))
    assert "张水泵" in shown
    assert "李电气" not in shown
    assert "赵离职" not in shown
    assert "赵离职" not in client.get("/registers/staff/").text
    assert "赵离职" in client.get("/registers/staff/?skill=pump_repair").text


def test_age_of_what_was_unserved(as_role: AsRole) -> None:
    """R-02: whole days to the end of the day on which it was found; the file has the figure."""
    call = make.make_call(received_at=clock.now() - timedelta(days=4))
    make_undone(call, day=clock.today() - timedelta(days=1))
    header, line = csv_rows(taken(as_role(make.make_user(Role.SUPERVISOR)), "/registers/unserved/"))
    assert line[header.index("Age")] == "3"
    assert line[header.index("Times carried over")] == "1"


# -- tables of sums ----------------------------------------------------------------------------------------------------


def test_work_of_technicians_adds_up_to_the_supervisors_reports(as_role: AsRole) -> None:
    """R-07, R-08, K-15: the sum over days and people equals the sum of the daily matrices; drafts do not count.

    K-06 stands beside them, as the page of figures has it.
    """
    people, supervisor = [make.make_user(Role.TECHNICIAN) for _ in range(2)], make.make_user(Role.SUPERVISOR)
    first = clock.today().replace(day=1)
    call = make.make_call()
    done = {"technician": people[0], "received_at": clock.day_start(first)}
    make.make_call(CallState.COMPLETED, **done, repeat_of_id=make.make_call(CallState.COMPLETED, **done).id)
    for n, person in enumerate(people):
        for day in range(3):
            state = ReportState.DRAFT if day == 2 else ReportState.SUBMITTED
            report = make_report(person, state, report_on=first + timedelta(days=day), minutes=30 + n)
            for kind, minutes in ((WorkType.PAID, 40), (WorkType.PAID, 5), (WorkType.FREE, 20)):
                make_line(report, work_type=kind, minutes=minutes, call_id=call.id, description="修")
            if day == 1:
                reviewed = {"state": ReportState.REVIEWED, "reviewed_at": clock.now(), "reviewed_by_id": supervisor.id}
                query = update(DailyReport).where(DailyReport.id == report.id).values(reviewed)
                db.session.execute(query, execution_options={"synchronize_session": False})
    asked = Asked(first, first + timedelta(days=9))
    found = work_of_technicians(asked, supervisor)
    wanted: dict[Any, list[int]] = {}
    for day in range(10):
        for (person, kind), (jobs, minutes) in matrix_of(supervisor.branch_id, first + timedelta(days=day)).items():
            sums = wanted.setdefault((person, kind), [0, 0])
            sums[0] += jobs
            sums[1] += minutes
    assert {(p.id, kind): [p.jobs[kind], p.minutes[kind]] for p in found for kind in p.jobs} == wanted
    assert [(p.reviewed_jobs, p.reviewed) for p in found] == [(65, 95), (65, 96)]
    client = as_role(supervisor)
    query = f"?from={asked.first}&to={asked.last}"
    shown = rows_of(client.get(f"/registers/technicians/{query}").text)
    assert len(shown) == 3
    assert shown[-1][0] == "Together"
    header, *file = csv_rows(taken(client, "/registers/technicians/", query))
    assert [len(header)] * 3 == [len(row) for row in file]
    assert file[-1][header.index("All minutes")] == str(sum(minutes for _, minutes in wanted.values()))
    assert file[-1][header.index("Utilisation")] == "68.1 %"
    assert [line[header.index("Repeat calls")] for line in file[:2]] == ["50.0 %", "—"]
    assert len(csv_rows(taken(client, "/registers/technicians/", query + f"&technician={people[0].id}"))) == 3
    assert entries()[0].startswith("R-07 Work of the technicians · 2 records · CSV · ")


def test_supervisors_days_have_sums_of_what_flows(as_role: AsRole) -> None:
    """R-08: days as they were handed in; a draft has no figures; standings are not added up."""
    first = clock.today().replace(day=1)
    for day in range(2):
        report = make_summary(SummaryState.SUBMITTED, report_on=first + timedelta(days=day))
        (revision,) = report.revisions
        revision.received, revision.carried_over = 5 + day, 2
        person = make.make_user(Role.TECHNICIAN)
        make.saved(
            RevisionCell(revision_id=revision.id, technician_id=person.id, work_type=WorkType.PAID, jobs=2, minutes=70)
        )
    make_summary(report_on=first + timedelta(days=2))
    client = as_role(make.make_user(Role.MANAGER))
    header, *rows = csv_rows(taken(client, "/registers/supervisor/", f"?from={first}&to={first + timedelta(days=5)}"))
    assert len(rows) == 4
    values = [dict(zip(header, row, strict=True)) for row in rows]
    assert [one["Calls received"] for one in values] == ["5", "6", "", "11"]
    assert [one["A jobs"] for one in values] == ["2", "2", "", "4"]
    assert [one["All minutes"] for one in values] == ["70", "70", "", "140"]
    assert [one["Carried over"] for one in values] == ["2", "2", "", ""]


def test_a_long_table_says_that_it_is_cut(as_role: AsRole) -> None:
    """R-08: the page shows the first lines and the sums of all; the file has every line. The page stays small."""
    for day in range(50):
        report = make_summary(SummaryState.SUBMITTED, report_on=clock.today() - timedelta(days=day))
        report.revisions[0].received = 1
    client = as_role(make.make_user(Role.MANAGER, locale="zh_Hans_CN"))
    query = f"?from={clock.today() - timedelta(days=60)}&to={clock.today()}"
    page = client.get(f"/registers/supervisor/{query}")
    assert len(rows_of(page.text)) == 36
    assert "50" in rows_of(page.text)[-1]
    assert len(page.data) <= 61_440
    assert len(csv_rows(taken(client, "/registers/supervisor/", query))) == 52


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_tables_are_within_the_scope(as_role: AsRole, office: dict[Role, Any], role: Role) -> None:
    """P-1: own branch, a technician himself; a branch in the address opens nothing more."""
    client = as_role(office[role])
    there = make.make_branch("SH")
    for path in ("/registers/technicians/", "/registers/supervisor/"):
        for query in ("", f"?branch={there.id}", f"?branch={there.id}&technician=1"):
            answer = client.get(path + query)
            assert answer.status_code in (200, 403)
            assert "机密技术员" not in answer.text
            file = taken(client, path, query)
            assert file.status_code == (200 if answer.status_code == 200 and role is not Role.TECHNICIAN else 403)
            if file.status_code == 200:
                assert "机密技术员" not in file.data.decode()
    if role is Role.TECHNICIAN:
        assert office[role].real_name in client.get("/registers/technicians/").text


@pytest.mark.parametrize(
    "query",
    [
        "?from=x&to=y",
        "?from=0001-01-01",
        "?to=9999-99-99",
        "?branch=-1&technician=%00x",
        "?from=2026-12-31&to=2026-01-01",
        "?branch=99999999999999999999",
        "?from=2000-01-01",
    ],
)
def test_crafted_addresses_open_some_period(as_role: AsRole, query: str) -> None:
    """C1: what makes no sense is left out; a period is a year at most."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    for path in ("/registers/technicians/", "/registers/supervisor/"):
        assert client.get(path + query).status_code in (200, 400)
        assert taken(client, path, query).status_code in (200, 400)
        assert taken(client, path, query, "pdf").status_code == 400


# -- on paper ----------------------------------------------------------------------------------------------------------


def test_a_list_on_paper(as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-01: company, name, filters in words, day, every row of all pages; written down; a longer list says so."""
    assistant = make.make_user(Role.ASSISTANT)
    for n in range(60):
        make.make_customer(name=f"江南水务{n}", phone="13987654321")
    client = as_role(assistant)
    page = taken(client, "/customers/", "?kind=company", "print")
    assert page.status_code == 200
    text = page.text
    assert len(rows_of(text)) == 60
    assert "Kind: Company" in html.unescape(text)
    assert clock.today().isoformat() in text
    assert assistant.real_name in text
    assert "139****4321" in text
    assert "13987654321" not in text
    assert "data-print" in text
    assert "data-pages" in text
    assert entries()[0].startswith("60 records · on paper · ")
    assert page.headers["Content-Security-Policy"]
    monkeypatch.setattr(list_paper, "MOST_ROWS", 50)
    cut = taken(client, "/customers/", "", "print").text
    assert len(rows_of(cut)) == 50
    assert "only its first 50 records are printed" in cut


@pytest.mark.parametrize("kind", ["formula", "plus", "at", "markup", "attribute", "template", "emoji"])
def test_hostile_texts_on_paper_and_in_registers(as_role: AsRole, kind: str) -> None:
    """C4, D1: shown as it was typed, run nowhere."""
    make.make_call(model_text=VALUES[kind][:60])
    client = as_role(make.make_user(Role.SUPERVISOR))
    for answer in (client.get("/registers/calls/"), taken(client, "/registers/calls/", "", "print")):
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
    line = csv_rows(taken(client, "/registers/calls/"))[1]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line if not re.fullmatch(r"[-\d.: ]+", cell))


# -- cost --------------------------------------------------------------------------------------------------------------


def test_registers_cost_the_same_however_long(
    as_role: AsRole, count_statements: Callable[[], AbstractContextManager[Any]]
) -> None:
    """SPEED: four statements for a list, a fixed number for a table and for the page of all."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    counts: list[list[int]] = []
    for rows in (2, 20):
        for n in range(rows):
            technician = make.make_user(Role.TECHNICIAN)
            make_undone(make.make_call(CallState.ON_SITE, technician=technician))
            make_report(technician, ReportState.SUBMITTED)
            make_summary(SummaryState.SUBMITTED, report_on=clock.today() - timedelta(days=rows * 2 + n))
        sent = []
        for path in ("/registers/calls/", "/registers/unserved/", "/registers/vouchers-out/", "/registers/fees/",
                     "/registers/staff/"):  # fmt: skip
            with count_statements() as here:
                page = client.get(path)
            assert here.count <= 4, f"{path}: {here}"
            assert len(page.data) <= 61_440, path
        for path in ("/registers/", "/registers/technicians/", "/registers/supervisor/", "/exports/"):
            with count_statements() as here:
                assert client.get(path).status_code == 200
            sent.append(here.count)
        counts.append(sent)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 10, "R-07 reads the figures besides"


def test_money_of_a_job_stands_in_its_line(as_role: AsRole) -> None:
    """R-05: what was paid of the job's due, what of that was counted or seen, and the invoice that covers it."""
    technician, finance = make.make_user(Role.TECHNICIAN), make.make_user(Role.FINANCE)
    for amount in ("300.00", "80.00"):
        call = make.make_call(CallState.CLOSED, technician=technician)
        sheet = FeeSheet(
            branch_id=call.branch_id, call_id=call.id, settled_at=clock.now(), total=Decimal(amount),
            labour_fee=Decimal(amount), service_type=ServiceType.PAID, path=CollectionPath.ONSITE,
            hourly_rate=Decimal(120), travel_rate=Decimal(0),
        )  # fmt: skip
        make.saved(sheet)
        due = make_due(amount, call.customer, source=DueSource.JOB, call_id=call.id, paid_amount=Decimal("70.00"))
        make_payment(due, technician, "50.00")
        make_payment(due, finance, "20.00", PaymentMethod.WECHAT, checked_at=clock.now(), checked_by_id=finance.id)
        make_invoice(InvoiceState.ISSUED, due, invoice_no=f"25330000{amount[:2]}")
    header, *lines = csv_rows(taken(as_role(finance), "/registers/fees/", "?all=1"))
    found = {line[header.index("Total")]: dict(zip(header, line, strict=True)) for line in lines}
    assert set(found) == {"300.00", "80.00"}
    for amount, tax in (("300.00", "34.51"), ("80.00", "9.20")):
        values = found[amount]
        assert (values["Collected"], values["Handed over or seen"]) == ("70.00", "20.00")
        assert (values["Invoice number"], values["Tax"]) == (f"25330000{amount[:2]}", tax)
    assert "70.00" in client_text(as_role(finance), "/registers/fees/?all=1")


def client_text(client: FlaskClient, path: str) -> str:
    """The page as text."""
    return html.unescape(client.get(path).text)
