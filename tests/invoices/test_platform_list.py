"""The tax platform's list: what fits is issued, what is known is told, everything else says why not."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from backoffice.core.errors import NotPermitted
from backoffice.core.permissions import Role
from backoffice.imports.models import MadeState, RunState
from backoffice.imports.queries import kept_records
from backoffice.imports.workflow import undo
from backoffice.invoices.models import Invoice, InvoiceState
from tests import factories as make
from tests.imports.files import bring_in, csv_of, drive, reasons, through_the_page
from tests.invoicing import TAX_ID, buyer, company, digital_no, make_invoice, today
from tests.money import fresh, make_due

HEADER = "序号,发票代码,发票号码,开票日期,购方识别号,购买方名称,价税合计,备注,发票状态"


def row(number: str, amount: Any, remark: str = "", *, tax_id: str = TAX_ID, title: str = "", status: str = "正常",
        day: Any = None) -> str:  # fmt: skip
    return f"1,,{number},{day or today()} 10:30:00,{tax_id},{title},{amount},{remark},{status}"


def request(amount: str = "300.00", **over: Any) -> Invoice:
    return make_invoice(due=make_due(amount, customer=company()), **over)


def test_remark_names_the_request(people) -> None:
    """W-5.5: by its number; in a file of the platform as it comes, GBK and all."""
    invoice, other = request(), request()
    number = digital_no()
    content = csv_of(HEADER, row(number, "300.00", f"修理费 {invoice.number}，谢谢"), encoding="gb18030")
    result = bring_in("invoices", content, people[Role.FINANCE])
    assert reasons(result) == []
    assert (fresh(invoice).state, invoice.invoice_no, invoice.issued_on) == (InvoiceState.ISSUED, number, today())
    assert fresh(other).state is InvoiceState.REQUESTED


def test_buyer_and_amount_name_the_only_request(people) -> None:
    """W-5.5: by tax id, or by title; with two of them the remark has to say which."""
    by_id, by_title = request("300.10"), request("400.00", title="江南 泵站", tax_id="")
    twins = [request("500.00"), request("500.00")]
    numbers = [digital_no() for _ in range(3)]
    content = csv_of(
        HEADER, row(numbers[0], "300.1"), row(numbers[1], "￥400.00", tax_id="", title="江南泵站"),
        row(numbers[2], "500"),
    )  # fmt: skip
    result = bring_in("invoices", content, people[Role.FINANCE], good_rows_only=True)
    assert [fresh(one).invoice_no for one in (by_id, by_title)] == numbers[:2]
    assert [fresh(one).invoice_no for one in twins] == [None, None]
    ((line, column, words),) = reasons(result)
    assert (line, column) == (4, "价税合计")
    assert all(one.number in words for one in twins)


@pytest.mark.parametrize(
    ("make_row", "words"),
    [
        (lambda i: row(digital_no(), "299.99", i.number), "differs from that of"),
        (lambda i: row(digital_no(), "299.99"), "differs by ¥0.01"),
        (lambda i: row(digital_no(), "300.00", tax_id="", title="somebody else"), "no request for this buyer"),
        (lambda i: row(digital_no(), "-300.00", i.number), "A red invoice is recorded"),
        (lambda i: row(digital_no(), "300.00", i.number, status="已作废"), "void"),
        (lambda i: row(digital_no(), "300.00", i.number, tax_id="91330100MA27XYZ124"), "tax id differs"),
        (lambda i: row("123", "300.00", i.number), "20 figures"),
        (lambda i: row(digital_no(), "300.00", i.number, day=today() + timedelta(days=1)), "future"),
        (lambda i: row(digital_no(), "1e308", i.number), "Enter an amount"),
        (lambda i: row(digital_no(), "NaN", i.number), "must be given"),
        (lambda i: row(digital_no(), "300.001", i.number), "two decimal places"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_why(people, make_row: Callable[[Any], str], words: str) -> None:
    """W-5.5: beside its row, and the request stays."""
    invoice = request()
    result = bring_in("invoices", csv_of(HEADER, make_row(invoice)), people[Role.FINANCE], good_rows_only=True)
    ((line, _, said),) = reasons(result)
    assert line == 2
    assert words in said
    assert (fresh(invoice).state, result.good) == (InvoiceState.REQUESTED, 0)


def test_tax_of_the_platform_is_compared(people) -> None:
    """X-02: with another rate on the platform the request has to say so first."""
    invoice = request()
    content = csv_of("发票号码,开票日期,价税合计,税额,备注", f"{digital_no()},{today()},300.00,16.98,{invoice.number}")
    ((_, column, words),) = reasons(bring_in("invoices", content, people[Role.FINANCE], good_rows_only=True))
    assert (column, "Set nature and rate" in words) == ("税额", True)


def test_the_same_list_again_is_known(people) -> None:
    """W-5.5: nothing twice, nothing silent; a number that is here with another amount is told."""
    invoice = request()
    number = digital_no()
    content = csv_of(HEADER, row(number, "300.00", invoice.number))
    bring_in("invoices", content, people[Role.FINANCE])
    again = bring_in("invoices", content, people[Role.FINANCE])
    assert (reasons(again), again.good) == ([], 1)
    assert [str(one.message) for one in again.warnings] == [f"Known: recorded on {invoice.number} before."]
    other = bring_in(
        "invoices", csv_of(HEADER, row(number, "301.00", invoice.number)), people[Role.FINANCE], good_rows_only=True
    )  # fmt: skip
    assert "another amount, ¥300.00" in reasons(other)[0][2]


def test_one_request_is_issued_once_by_a_list(people) -> None:
    """Two rows for one request, and one number twice in the file."""
    invoice, number = request(), digital_no()
    content = csv_of(
        HEADER, row(number, "300.00", invoice.number), row(digital_no(), "300.00", invoice.number),
        row(number, "300.00", invoice.number),
    )  # fmt: skip
    result = bring_in("invoices", content, people[Role.FINANCE], good_rows_only=True)
    assert fresh(invoice).invoice_no == number
    assert [line for line, _, _ in reasons(result)] == [3, 4]
    assert "Issued" in reasons(result)[0][2]


def test_a_try_issues_nothing_and_what_is_issued_stays(people) -> None:
    """X-05: the dry run is taken back whole; an import that issued cannot be taken back."""
    invoice = request()
    content = csv_of(HEADER, row(digital_no(), "300.00", invoice.number))
    bring_in("invoices", content, people[Role.FINANCE], try_only=True)
    assert fresh(invoice).state is InvoiceState.REQUESTED
    run = bring_in("invoices", content, people[Role.FINANCE]).run
    undo(run, by=people[Role.FINANCE])
    drive(run, people[Role.FINANCE])
    assert (run.state, run.undone, run.kept) == (RunState.UNDONE, 0, 1)
    (kept,) = kept_records(run, 5)
    assert (kept.state, "red one" in kept.reason) == (MadeState.KEPT, True)
    assert fresh(invoice).state is InvoiceState.ISSUED


def test_workbook_through_the_page(as_role: Callable[[Any], FlaskClient], people) -> None:
    """XLSX, as finance, page by page: matched and not matched are both shown."""
    invoice = request()
    book = openpyxl.Workbook()
    book.active.append(["数电票号码", "开票日期", "购买方名称", "价税合计", "备注"])
    book.active.append([digital_no(), today().isoformat(), "", 300, invoice.number])
    book.active.append([digital_no(), today().isoformat(), "nobody", 12.5, ""])
    stream = io.BytesIO()
    book.save(stream)
    client = as_role(people[Role.FINANCE])
    columns = {
        "invoice_no": "数电票号码", "issued_on": "开票日期", "title": "购买方名称", "gross": "价税合计",
        "remark": "备注",
    }  # fmt: skip
    plan = {f"column-{name}": column for name, column in columns.items()} | {"good_rows_only": "y"}
    run = through_the_page(client, "invoices", stream.getvalue(), plan, name="list.xlsx")
    page = client.get(f"/import/details/?id={run.id}").text
    assert "There is no request for this buyer." in page
    assert fresh(invoice).state is InvoiceState.ISSUED
    assert "Customers" not in client.get("/import/new/").text.partition("<form")[2].partition("</form>")[0]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.FINANCE], ids=lambda role: role.value)
def test_list_is_for_finance(people, role: Role) -> None:
    """P-3: nobody else issues by an import; and finance imports nothing else."""
    with pytest.raises(NotPermitted):
        bring_in("invoices", csv_of(HEADER, row(digital_no(), "1.00")), people[role])
    for kind in ("customers", "contacts", "units", "models", "parts", "calls", "cards"):
        with pytest.raises(NotPermitted):
            bring_in(kind, csv_of("name", "A"), people[Role.FINANCE])


def test_requests_of_another_branch_are_not_matched() -> None:
    """P-1: finance of a branch matches its own; finance at the headquarters all."""
    there = make.make_branch("SH")
    invoice = make_invoice(due=make_due("300.00", customer=company(branch=there)))
    content = csv_of(HEADER, row(digital_no(), "300.00", invoice.number))
    result = bring_in("invoices", content, make.make_user(Role.FINANCE), good_rows_only=True)
    assert "no request" in reasons(result)[0][2]
    headquarters = make.make_user(Role.FINANCE, make.make_branch("HQ"))
    assert reasons(bring_in("invoices", content, headquarters)) == []
    assert fresh(invoice).state is InvoiceState.ISSUED
    assert buyer()["tax_id"] == TAX_ID
