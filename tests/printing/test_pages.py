"""Preview, print, sheets and log of every form, without a browser (E-39, F-01, F-02, X-20)."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import gettext
from sqlalchemy import func, select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted, RecordNotFound
from backoffice.core.language import speaking
from backoffice.core.permissions import Role
from backoffice.core.pii import PiiAccess
from backoffice.core.printing import PrintEntry
from backoffice.customers.models import CustomerKind
from backoffice.organisation.models import LOCALES, BranchKind
from backoffice.ui.printing import PRINTS, qr_code
from backoffice.vouchers.models import ServiceVoucher, VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make

CALL_STATES = {
    VoucherState.ISSUED: CallState.DISPATCHED, VoucherState.SIGNED: CallState.COMPLETED,
    VoucherState.RETURNED: CallState.COMPLETED, VoucherState.ARCHIVED: CallState.CLOSED,
    VoucherState.VOID: CallState.CANCELLED,
}  # fmt: skip
HOSTILE = "<script>alert(1)</script> <id> \"quoted\" 'single' & {{ 7 * 7 }} %(x)s"
PHONE, CONTACT = "13812345678", "欧阳某某"


def a_voucher(state: VoucherState = VoucherState.ISSUED, **over: Any) -> ServiceVoucher:
    """A voucher in that state of a person's call, with everything that is personal."""
    branch = over.pop("branch", None)
    person = make.make_customer(branch, kind=CustomerKind.INDIVIDUAL, name="诸葛某某", phone=PHONE)
    over |= {"customer": person, "contact_name": CONTACT, "voucher_state": state}
    call = make.make_call(CALL_STATES[state], branch, **over)
    found = live_voucher(call)
    return found if found is not None else make.make_voucher(call, VoucherState.VOID)


def printed(client: FlaskClient, key: str, **asked: Any) -> str:
    """Print as a person does; the page of the sheets."""
    answer = client.post(f"/prints/new/{key}", data=asked)
    assert answer.status_code == 303, answer.text
    sheets = client.get(answer.headers["Location"])
    assert sheets.status_code == 200
    return sheets.text


def sheets_of(page: str) -> list[str]:
    """The sheets of a page, each as HTML."""
    return re.findall(r"<article.*?</article>", page, re.DOTALL)


def said(locale: str, words: str, **values: Any) -> str:
    """The words as the paper says them in that language."""
    with speaking(locale):
        return html.escape(gettext(words, **values), quote=False)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", list(VoucherState), ids=lambda state: state.value)
def test_voucher_in_every_state_and_language(
    app: Flask, as_role: Callable[[Any], FlaskClient], state: VoucherState, locale: str
) -> None:
    """F-02: three copies with their marks, the findings once there are any, a void one marked across."""
    voucher = a_voucher(state)
    number, name, void = voucher.number, voucher.call.customer_name, state is VoucherState.VOID
    client = as_role(make.make_user(Role.SUPERVISOR))
    found = state in (VoucherState.SIGNED, VoucherState.RETURNED, VoucherState.ARCHIVED)
    preview = client.get("/prints/new/F-02", query_string={"id": voucher.id, "lang": locale})
    assert preview.status_code == 200
    page = printed(client, "F-02", id=voucher.id, lang=locale)
    lang = "zh-CN" if locale.startswith("zh") else "en"
    assert f'<main lang="{lang}">' in page
    sheets = sheets_of(page)
    with app.test_request_context():
        marks = [said(locale, words) for words in ("Copy 1 · customer", "Copy 2 · department", "Copy 3 · finance")]
        across, title = said(locale, "Void"), said(locale, "Service voucher")
    assert len(sheets) == 3
    for sheet, mark in zip(sheets, marks, strict=True):
        assert sheet.count(f'<span class="sheet-copy">{mark}</span>') == 1
        assert f"<h1>{title}</h1>" in sheet
        assert sheet.count(number) == 1
        assert name in sheet
        assert PHONE in sheet
        assert (f"<span>{across}</span></div>" in sheet) is void
        assert ("更换机械密封" in sheet) is found
        assert ('class="line"' in sheet) is not found
    assert PHONE not in preview.text


def test_preview_is_marked_masked_and_leaves_no_trace(as_role: Callable[[Any], FlaskClient]) -> None:
    """E-39, X-20: a preview is marked on every sheet, masks, and writes nothing down."""
    voucher = a_voucher()
    client = as_role(make.make_user(Role.ASSISTANT))
    trail = db.session.scalar(select(func.count()).select_from(AuditEntry))
    page = client.get(f"/prints/new/F-02?id={voucher.id}").text
    for sheet in sheets_of(page):
        assert '<div class="mark" aria-hidden="true"><span>Preview – not valid</span></div>' in sheet
        assert "138****5678" in sheet
    assert PHONE not in page
    assert CONTACT not in page
    assert db.session.scalar(select(func.count()).select_from(PrintEntry)) == 0
    assert db.session.scalar(select(func.count()).select_from(PiiAccess)) == 0
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == trail
    assert "data-print" not in page


def test_first_print_and_reprints_are_logged_and_marked(as_role: Callable[[Any], FlaskClient]) -> None:
    """E-39, G-04: the second print says so with date and person; log and trail know all of them."""
    voucher = a_voucher()
    number, branch_id = voucher.number, voucher.branch_id
    me = make.make_user(Role.ASSISTANT)
    client = as_role(me)
    first, second, third = (printed(client, "F-02", id=voucher.id) for _ in range(3))
    assert "Reprint" not in first
    assert "Printed 20" in first
    for page, nth in ((second, 1), (third, 2)):
        moment = r"\d{4}-\d\d-\d\d \d\d:\d\d"
        marks = re.findall(rf'<strong class="reprint">(Reprint no. \d+, {moment} by [^<]+)</strong>', page)
        assert len(marks) == 3
        assert all(mark.startswith(f"Reprint no. {nth}, ") and mark.endswith(f"by {me.real_name}") for mark in marks)
        assert "Preview" not in "".join(sheets_of(page))
    entries = list(db.session.scalars(select(PrintEntry).order_by(PrintEntry.id)))
    assert [(e.form, e.subject, e.nth, e.printed_by_id, e.branch_id, e.locale) for e in entries] == [
        ("F-02", number, nth, me.id, branch_id, "en") for nth in (1, 2, 3)
    ]
    trail = select(AuditEntry.note).where(AuditEntry.act == "F-02.print", AuditEntry.subject_id == voucher.id)
    assert list(db.session.scalars(trail.order_by(AuditEntry.id))) == ["", "1", "2"]
    record = client.get(f"/vouchers/details/?id={voucher.id}").text
    assert "Print: Service voucher" in record
    assert "Reprint no. 2" in record


def test_print_log_is_a_register(as_role: Callable[[Any], FlaskClient]) -> None:
    """E-39: who may read the trail reads the log of his branch; nobody else."""
    voucher, foreign = a_voucher(), a_voucher(branch=make.make_branch("SH"))
    make.make_print(voucher)
    make.make_print(foreign)
    supervisor = as_role(make.make_user(Role.SUPERVISOR))
    page = supervisor.get("/print-log/").text
    assert voucher.number in page
    assert foreign.number not in page
    assert "first print" in page
    assert supervisor.get("/print-log/", query_string={"form": "F-0"}).status_code == 200
    entry = db.session.scalars(select(PrintEntry).where(PrintEntry.subject_id == voucher.id)).one()
    assert "F-02 Service voucher" in supervisor.get(f"/print-log/details/?id={entry.id}").text
    assert as_role(make.make_user(Role.TECHNICIAN)).get("/print-log/").status_code == 403


@pytest.mark.parametrize(
    ("role", "own", "state", "full"),
    [
        (Role.ASSISTANT, False, VoucherState.ISSUED, True), (Role.SUPERVISOR, False, VoucherState.ARCHIVED, True),
        (Role.FINANCE, False, VoucherState.SIGNED, False), (Role.MANAGER, False, VoucherState.SIGNED, False),
        (Role.TECHNICIAN, True, VoucherState.ISSUED, True), (Role.TECHNICIAN, True, VoucherState.ARCHIVED, False),
    ],
)  # fmt: skip
def test_personal_data_is_in_full_for_those_who_may_see_it(
    as_role: Callable[[Any], FlaskClient], role: Role, own: bool, state: VoucherState, full: bool
) -> None:
    """X-20: in full for the desk and on own open jobs, each value written down; masked for everybody else."""
    me = make.make_user(role)
    voucher = a_voucher(state, **({"technician": me} if own else {}))
    page = printed(as_role(me), "F-02", id=voucher.id)
    assert (PHONE in page) is full
    assert (CONTACT in page) is full
    assert ("138****5678" in page) is not full
    columns = (PiiAccess.subject_type, PiiAccess.field, PiiAccess.purpose, PiiAccess.user_id)
    shown = set(db.session.execute(select(*columns)))
    wanted = {("service_call", name) for name in ("customer_name", "contact_name", "phone", "address")}
    if state is VoucherState.ARCHIVED:
        wanted.add(("service_voucher", "signed_by"))
    assert shown == ({(*one, "print F-02", me.id) for one in wanted} if full else set())


def test_sheets_show_no_more_than_was_written_down(as_role: Callable[[Any], FlaskClient]) -> None:
    """X-20: what comes to the record after the print is not shown in full by opening its sheets again."""
    voucher = a_voucher()
    call = voucher.call
    call.contact_name = ""
    db.session.flush()
    client = as_role(make.make_user(Role.ASSISTANT))
    location = client.post("/prints/new/F-02", data={"id": voucher.id}).headers["Location"]
    db.session.get_one(ServiceCall, call.id).contact_name = CONTACT
    page = client.get(location).text
    assert PHONE in page
    assert CONTACT not in page
    assert "欧**" in page


def test_sheets_are_open_to_whoever_printed_them_for_a_quarter_of_an_hour(
    as_role: Callable[[Any], FlaskClient],
) -> None:
    """E-39: another person, and the same person later, get 404."""
    voucher = a_voucher()
    me = make.make_user(Role.ASSISTANT)
    client, other = as_role(me), as_role(make.make_user(Role.ASSISTANT))
    location = client.post("/prints/new/F-02", data={"id": voucher.id}).headers["Location"]
    assert client.get(location).status_code == 200
    assert other.get(location).status_code == 404
    assert client.get("/prints/nothing").status_code == 404
    entry = db.session.scalars(select(PrintEntry)).one()
    entry.printed_at = clock.now() - timedelta(minutes=15, seconds=1)
    answer = client.get(location)
    assert answer.status_code == 404
    assert "Print again" in answer.text


def test_another_branch_and_other_roles(as_role: Callable[[Any], FlaskClient]) -> None:
    """P-1, P-3: a record of another branch is not found on any way; a role without the right gets 403."""
    here, there = a_voucher(), a_voucher(branch=make.make_branch("SH"))
    supervisor, admin = as_role(make.make_user(Role.SUPERVISOR)), as_role(make.make_user(Role.ADMIN))
    for method in ("GET", "POST"):
        kind = "query_string" if method == "GET" else "data"
        for key in ("0", "-1", "x", str(there.id), "2147483648"):
            answer = supervisor.open("/prints/new/F-02", method=method, **{kind: {"id": key}})
            assert answer.status_code == 404, (method, key)
            assert there.number not in answer.text
        assert supervisor.open("/prints/new/F-02", method=method).status_code == 404
        assert supervisor.open("/prints/new/F-99", method=method, **{kind: {"id": here.id}}).status_code == 404
        for form in ("F-01", "F-02"):
            assert admin.open(f"/prints/new/{form}", method=method, **{kind: {"id": here.id}}).status_code == 403
    listed = supervisor.post("/prints/new/F-01", data={"id": [here.call_id, there.call_id]})
    assert listed.status_code == 404
    assert db.session.scalar(select(func.count()).select_from(PrintEntry)) == 0
    act, stranger = PRINTS["F-02"].act, make.make_user(Role.ADMIN)
    with pytest.raises(NotPermitted):
        act(here, by=stranger, ticket="t", locale="en")
    with pytest.raises(RecordNotFound):
        act(there, by=make.make_user(Role.SUPERVISOR), ticket="t", locale="en")
    technician = make.make_user(Role.TECHNICIAN)
    assert as_role(technician).post("/prints/new/F-02", data={"id": here.id}).status_code == 404, "not his job"


def test_many_at_a_time_report_each_refusal(as_role: Callable[[Any], FlaskClient]) -> None:
    """A batch of picked rows: what may be printed is, what may not is named; too many are refused."""
    mine = [a_voucher() for _ in range(2)]
    foreign = a_voucher(branch=make.make_branch("SH"))
    client = as_role(make.make_user(Role.ASSISTANT))
    picked = client.post("/prints/pick/F-02", data={"rowid": [v.id for v in mine]})
    assert picked.status_code == 303
    assert client.get(picked.headers["Location"]).status_code == 200
    page = printed(client, "F-02", id=[mine[0].id, foreign.id, mine[1].id], client_key="k" * 22)
    assert len(sheets_of(page)) == 6
    assert "Not printed:" in page
    assert f"#{foreign.id}" in page
    assert foreign.number not in page
    assert client.post("/prints/pick/F-02").status_code == 422
    assert client.post("/prints/pick/F-02", data={"rowid": ["x"]}).status_code == 404
    assert client.post("/prints/pick/F-02", data={"rowid": list(range(1, 102))}).status_code == 409
    assert client.get("/prints/new/F-02", query_string={"id": list(range(1, 102))}).status_code == 409


def test_a_form_sent_twice_prints_once(as_role: Callable[[Any], FlaskClient]) -> None:
    """B5: the second click opens the sheets of the first."""
    voucher = a_voucher()
    client = as_role(make.make_user(Role.ASSISTANT))
    answers = [client.post("/prints/new/F-02", data={"id": voucher.id, "client_key": "q" * 22}) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert db.session.scalar(select(func.count()).select_from(PrintEntry)) == 1


def test_pages_offer_the_forms(as_role: Callable[[Any], FlaskClient]) -> None:
    """The record offers its form instead of the page on the screen, the list its batch; others keep the plain print."""
    voucher = a_voucher()
    client = as_role(make.make_user(Role.FINANCE))
    record = client.get(f"/vouchers/details/?id={voucher.id}").text
    assert f'href="/prints/new/F-02?id={voucher.id}"' in record
    assert "data-print-form" not in record
    assert "data-print-form" in client.get(f"/calls/details/?id={voucher.call_id}").text
    vouchers, calls = client.get("/vouchers/").text, client.get("/calls/?q=JX").text
    assert 'formaction="/prints/pick/F-02"' in vouchers
    assert 'name="rowid"' in vouchers, "rows can be picked where there is no other act"
    assert 'formaction="/prints/pick/F-01"' in calls
    assert 'href="/prints/new/F-01?by=filter&amp;q=JX"' in calls
    administrator = as_role(make.make_user(Role.ADMIN))
    assert "/prints/" not in administrator.get("/customers/").text


@pytest.mark.parametrize("form", ["F-01", "F-02"])
def test_statements_do_not_grow_with_the_records(
    as_role: Callable[[Any], FlaskClient], count_statements: Any, form: str
) -> None:
    """SPEED: preview, print and sheets of 20 records cost as many statements as those of one."""
    vouchers = [a_voucher(VoucherState.ARCHIVED) for _ in range(21)]
    for voucher in vouchers:
        voucher.helpers = [make.make_user(Role.TECHNICIAN) for _ in range(2)]
    client = as_role(make.make_user(Role.ASSISTANT))
    keys = [voucher.id if form == "F-02" else voucher.call_id for voucher in vouchers]
    sent_for = {}
    for some in (keys[:1], keys[1:]):
        with count_statements() as preview:
            assert client.get(f"/prints/new/{form}", query_string={"id": some}).status_code == 200
        with count_statements() as post:
            answer = client.post(f"/prints/new/{form}", data={"id": some})
        with count_statements() as get:
            assert client.get(answer.headers["Location"]).status_code == 200
        sent_for[len(some)] = (preview.count, post.count, get.count)
    assert sent_for[20] == sent_for[1]
    assert max(sent_for[20]) <= 20, sent_for


def test_day_list_and_extracts(as_role: Callable[[Any], FlaskClient]) -> None:
    """F-01: the calls of the branch on that day in their order, masked; reprints of a day counted, extracts never."""
    day = clock.today() - timedelta(days=3)
    at = clock.day_start(day)
    late = a_voucher(received_at=at + timedelta(hours=23, minutes=59)).call
    early = a_voucher(VoucherState.ARCHIVED, received_at=at).call
    other = a_voucher(received_at=at + timedelta(days=1)).call
    foreign = a_voucher(branch=make.make_branch("SH"), received_at=at + timedelta(hours=5)).call
    client = as_role(make.make_user(Role.ASSISTANT))
    pages = [printed(client, "F-01", day=day.isoformat()) for _ in range(2)]
    for page in pages:
        assert page.index(early.number) < page.index(late.number)
        assert other.number not in page
        assert foreign.number not in page
        assert day.isoformat() in page
        assert PHONE not in page
        assert page.count("138****5678") == 2
        assert len(sheets_of(page)) == 1
        assert "Calls: 2 · dispatched: 2 · completed: 1 · written off: 1" in page
    assert "Reprint" not in pages[0]
    assert "Reprint no. 1" in pages[1]
    assert printed(client, "F-01", day="2020-02-30"), "no day is today"
    empty = client.get(f"/prints/new/F-01?by=filter&id={late.id}&day=2001-01-01").text
    assert "No call." in empty
    by_filter = {"by": "filter", "q": late.number}
    for asked in ({"id": [late.id, other.id]}, {"id": [late.id, other.id]}, by_filter, by_filter):
        page = printed(client, "F-01", **asked)
        assert late.number in page
        assert early.number not in page
        assert "Extract of" in page
        assert "Reprint" not in page
    extents = list(db.session.scalars(select(PrintEntry.extent).where(PrintEntry.subject == "")))
    assert {"keys": [late.id]} in extents
    assert {"keys": [late.id, other.id]} in extents
    assert db.session.scalar(select(func.count()).select_from(PiiAccess)) == 0


def test_what_people_type_is_printed_as_typed(as_role: Callable[[Any], FlaskClient]) -> None:
    """D4: markup, quotes and templates in any field are text on the paper."""
    voucher = a_voucher(VoucherState.ARCHIVED, fault_text=HOSTILE, model_text=HOSTILE, remark=HOSTILE, address=HOSTILE)
    voucher.work_done = voucher.signed_by = HOSTILE[:60]
    client = as_role(make.make_user(Role.SUPERVISOR, real_name="<b>Chief</b>"))
    for form, key in (("F-01", voucher.call_id), ("F-02", voucher.id)):
        page = printed(client, form, id=key)
        assert "<script>alert" not in page
        assert "<id>" not in page
        assert "<b>" not in page
        assert HOSTILE in html.unescape("".join(sheets_of(page)))


def test_short_texts_of_real_work_orders(as_role: Callable[[Any], FlaskClient], shared_data: Any) -> None:
    """Real short texts with <id> and <num> come out on both papers as they went in."""
    texts = shared_data("maintenance_short_texts.csv").read_text(encoding="utf-8").splitlines()[1:61]
    vouchers = [a_voucher(fault_text=text) for text in texts]
    client = as_role(make.make_user(Role.ASSISTANT))
    for form, keys in (("F-01", [v.call_id for v in vouchers]), ("F-02", [v.id for v in vouchers])):
        flows = re.findall(r"data-flow>(.*?)</", printed(client, form, id=keys), re.DOTALL)
        shown = [html.unescape(flow) for flow in flows]
        for text in texts:
            assert sum(words.endswith(f" · {text}") for words in shown) >= (1 if form == "F-01" else 3), text


def test_code_leads_to_the_record(as_role: Callable[[Any], FlaskClient]) -> None:
    """The QR code is that of the record's whole address, drawn without styles."""
    voucher = a_voucher()
    page = printed(as_role(make.make_user(Role.ASSISTANT)), "F-02", id=voucher.id)
    code = str(qr_code(f"http://localhost/vouchers/details/?id={voucher.id}"))
    assert page.count(code) == 3
    assert "style=" not in code


def test_letterhead_names_company_and_branch(as_role: Callable[[Any], FlaskClient]) -> None:
    """F: the company is the headquarters; the branch stands below with its department, address and telephone."""
    make.make_branch("HQ", name="江南泵业有限公司", kind=BranchKind.HEADQUARTERS)
    branch = make.make_branch()
    branch.address, branch.phone = "文三路 1 号", "0571-80000010"
    page = printed(as_role(make.make_user(Role.ASSISTANT)), "F-02", id=a_voucher().id)
    for words in ("<strong>江南泵业有限公司</strong>", f"{branch.name} · 售后服务部", "文三路 1 号", "0571-80000010"):
        assert page.count(words) >= 3


def test_notice_of_privacy_stands_on_the_customers_copy_only(as_role: Callable[[Any], FlaskClient]) -> None:
    """X-21, G-09: who keeps which data how long, on the first copy; the conduct on each."""
    sheets = sheets_of(printed(as_role(make.make_user(Role.ASSISTANT)), "F-02", id=a_voucher().id))
    assert [("deletion" in sheet, "never quarrel" in sheet) for sheet in sheets] == [
        (True, True), (False, True), (False, True)
    ]  # fmt: skip


#: Hangs on the goods, or is made anew whenever somebody asks for it.
ONE_COPY = {"F-05", "F-06", "F-07", "F-19", "F-20", "F-21"}


def test_every_form_is_declared_whole() -> None:
    """F: each has an act that asks for a right, a paper of its size, and a table with a register."""
    assert {"F-01", "F-02"} <= set(PRINTS)
    for form in PRINTS.values():
        assert form.act.rule == "E-39"
        assert form.act.creates or not form.act.offered
        assert form.copies or form.is_list or form.key in ONE_COPY
        assert form.on_day is not None or not form.is_list
