"""Requests: lines and rates copied, dues covered once, the buyer checked, rejected and asked for again."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, IllegalTransition, MissingInput, NotPermitted, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.fees.rules import TaxNature
from backoffice.invoices import workflow
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.invoices.rules import InvoiceKind, InvoiceMedium
from backoffice.receivables.models import DueState
from backoffice.settings import queries as settings
from backoffice.settings.models import Setting
from tests import factories as make
from tests.invoicing import TAX_ID, buyer, company, job_items, make_invoice
from tests.money import fresh, make_due

Statements = Callable[[], AbstractContextManager[Any]]


def set_rate(key: str, value: str) -> None:
    make.saved(Setting(key=key, value=value))
    settings.forget(db.session())


def lines(invoice: Invoice) -> list[tuple[str, TaxNature, str, str, str, str]]:
    return [(i.name, i.tax_nature, str(i.rate), str(i.net), str(i.tax), str(i.gross)) for i in invoice.lines]


def test_lines_are_copied_with_the_rate_of_their_nature(people) -> None:
    """E-16, X-01, X-02, N-11: repair and parts at 13 %, maintenance at 6 %, net + tax = gross."""
    items = [("Labour", TaxNature.REPAIR, "240.00"), ("Seal", TaxNature.PARTS, "113.00"),
             ("Care", TaxNature.MAINTENANCE, "106.00")]  # fmt: skip
    due = make_due(customer=company(), items=items)
    invoice = workflow.request(due, by=people[Role.ASSISTANT], **buyer())
    assert lines(invoice) == [
        ("Labour", TaxNature.REPAIR, "13.00", "212.39", "27.61", "240.00"),
        ("Seal", TaxNature.PARTS, "13.00", "100.00", "13.00", "113.00"),
        ("Care", TaxNature.MAINTENANCE, "6.00", "100.00", "6.00", "106.00"),
    ]
    assert (invoice.net_total, invoice.tax_total, invoice.gross_total) == (
        Decimal("412.39"), Decimal("46.61"), Decimal("459.00"),
    )  # fmt: skip
    assert invoice.number.startswith("KPHZ-")
    assert (invoice.state, invoice.requested_by_id) == (InvoiceState.REQUESTED, people[Role.ASSISTANT].id)
    assert fresh(due).is_invoiced is True
    entry = select(AuditEntry.act).where(AuditEntry.subject_type == "due", AuditEntry.subject_id == due.id)
    assert list(db.session.scalars(entry.order_by(AuditEntry.id)))[-1] == "invoice.request"


def test_rate_changed_at_midnight_changes_no_request(people) -> None:
    """X-01: the rate is copied when the invoice is requested, and is the day's of the request."""
    with clock.freeze(datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)):
        before = workflow.request(make_due(customer=company()), by=people[Role.FINANCE], **buyer())
    with clock.freeze(datetime(2026, 11, 30, 16, 0, 1, tzinfo=UTC)):
        set_rate("C-15-repair", "9.00")
        after = workflow.request(make_due(customer=company()), by=people[Role.FINANCE], **buyer())
        workflow.issue(
            before, by=people[Role.FINANCE], invoice_no="26" + "3" * 18, issued_on=clock.today()
        )  # fmt: skip
    assert [str(fresh(one).lines[0].rate) for one in (before, after)] == ["13.00", "9.00"]
    assert (before.number[-11:-5], after.number[-11:-5]) == ("202611", "202612"), "the day of the office"


def test_several_dues_of_one_customer_are_one_invoice(people) -> None:
    """E-16: picked together, all or none."""
    customer = company()
    dues = [make_due(customer=customer, items=job_items("100.00", "50.50", "-10.00")) for _ in range(3)]
    invoice = workflow.request.jointly([due.id for due in dues], by=people[Role.SALES], **buyer())
    assert invoice.gross_total == Decimal("421.50")
    assert [cover.due_id for cover in invoice.covers] == [due.id for due in dues]
    assert {line.due_id for line in invoice.lines} == {due.id for due in dues}
    assert all(fresh(due).is_invoiced for due in dues)
    other = make_due(customer=customer)
    with pytest.raises(RuleViolated):
        workflow.request.jointly([other.id, dues[0].id], by=people[Role.SALES], **buyer())
    assert fresh(other).is_invoiced is False


def test_dues_of_several_customers_are_no_invoice(people) -> None:
    """E-16: the refusal names them."""
    dues = [make_due(customer=company()) for _ in range(2)]
    with pytest.raises(RuleViolated) as refusal:
        workflow.request.jointly([due.id for due in dues], by=people[Role.ASSISTANT], **buyer())
    assert all(due.customer.number in str(refusal.value) for due in dues)


def test_bulk_act_of_single_dues_is_no_way_around(people) -> None:
    """A joint act is done jointly only."""
    with pytest.raises(RuleViolated):
        workflow.request.bulk([make_due(customer=company()).id], by=people[Role.ASSISTANT], **buyer())


@pytest.mark.parametrize("state", [DueState.WAIVED, DueState.VOID])
def test_nothing_is_invoiced_of_what_is_not_paid(people, state: DueState) -> None:
    """W-5.5."""
    over = {"waived_by_id": people[Role.MANAGER].id} if state is DueState.WAIVED else {}
    due = make_due(customer=company(), state=state, **over)
    with pytest.raises(RuleViolated, match=due.number):
        workflow.request(due, by=people[Role.ASSISTANT], **buyer())


def test_due_is_invoiced_once(people) -> None:
    """W-5.5: the second request is told where the first is."""
    due = make_due(customer=company(), state=DueState.COLLECTED)
    workflow.request(due, by=people[Role.ASSISTANT], **buyer())
    with pytest.raises(RuleViolated) as refusal:
        workflow.request(due, by=people[Role.FINANCE], **buyer())
    assert refusal.value.remedy.params == {"due": due.id}


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"kind": InvoiceKind.SPECIAL, "tax_id": ""}, "tax_id"), ({"title": "  "}, "title"), ({"kind": None}, "kind"),
        ({"medium": None}, "medium"), ({"email": "nobody"}, "email"), ({"title": "x" * 121}, "title"),
        ({"bank_account": "1\x002"}, "bank_account"), ({"tax_id": "9" * 18}, "tax_id"),
    ],
)  # fmt: skip
def test_buyer_is_checked(people, over: dict[str, Any], field: str) -> None:
    """X-04, X-06: beside its field."""
    with pytest.raises(BackofficeError) as refusal:
        workflow.request(make_due(customer=company()), by=people[Role.ASSISTANT], **buyer(**over))
    assert refusal.value.field == field


def test_person_gets_a_normal_invoice_without_tax_id(people) -> None:
    """X-04."""
    due = make_due(customer=make.make_customer(kind=CustomerKind.INDIVIDUAL, name="王芳"))
    with pytest.raises(RuleViolated) as refusal:
        workflow.request(due, by=people[Role.ASSISTANT], **buyer(kind=InvoiceKind.SPECIAL, title="王芳"))
    assert refusal.value.field == "kind"
    invoice = workflow.request(due, by=people[Role.ASSISTANT], **buyer(title="王芳", tax_id=""))
    assert (invoice.tax_id, invoice.masks("title")) == ("", True)


def test_technician_requests_for_his_own_jobs_only(people) -> None:
    """P-1, P-3: others' dues are not there for him; a manager does not request at all."""
    technician = people[Role.TECHNICIAN]
    own = make_due(customer=company(), technician_id=technician.id)
    invoice = workflow.request(own, by=technician, **buyer())
    assert invoice.requested_by_id == technician.id
    with pytest.raises(BackofficeError, match="no such record"):
        workflow.request(make_due(customer=company()), by=technician, **buyer())
    with pytest.raises(NotPermitted):
        workflow.request(make_due(customer=company()), by=people[Role.MANAGER], **buyer())


def test_deputy_of_a_technician_has_no_others_jobs(people) -> None:
    """P-6: a manager who stands in for a technician may request for that post, not for anybody's job."""
    manager = people[Role.MANAGER]
    make.make_delegation(people[Role.TECHNICIAN], manager)
    db.session.expire(manager)
    with pytest.raises(NotPermitted):
        workflow.request(make_due(customer=company()), by=manager, **buyer())


def test_it_is_to_be_issued_within_two_working_days(people) -> None:
    """TL-15: requested on Friday, to be issued by the end of Tuesday."""
    with clock.freeze(datetime(2026, 11, 27, 8, 0, tzinfo=UTC)):
        invoice = workflow.request(make_due(customer=company()), by=people[Role.ASSISTANT], **buyer())
    assert invoice.issue_due_at == clock.from_local(datetime(2026, 12, 2, 0, 0))  # noqa: DTZ001


def test_request_is_corrected_by_its_writer_and_finance(people) -> None:
    """W-5.5: nobody else, and only while it is requested."""
    invoice = make_invoice(requested_by_id=people[Role.SALES].id)
    for role in (Role.SALES, Role.FINANCE):
        title = f"Title of {role.value}"
        workflow.edit_request(
            invoice, by=people[role], **buyer(kind=InvoiceKind.SPECIAL, medium=InvoiceMedium.PAPER, title=title)
        )
        assert (invoice.title, invoice.medium) == (title, InvoiceMedium.PAPER)
    with pytest.raises(NotPermitted):
        workflow.edit_request(invoice, by=people[Role.ASSISTANT], medium=InvoiceMedium.DIGITAL, **buyer())
    with pytest.raises(IllegalTransition):
        workflow.edit_request(
            make_invoice(InvoiceState.ISSUED), by=people[Role.FINANCE], medium=InvoiceMedium.DIGITAL, **buyer()
        )  # fmt: skip


def test_finance_decides_nature_and_rate(people) -> None:
    """X-02: what is paid stays, net and tax follow; the rest of the lines stay."""
    due = make_due(customer=company(), items=job_items("113.00", "113.00", "113.00"))
    invoice = workflow.request(due, by=people[Role.ASSISTANT], **buyer())
    finance = people[Role.FINANCE]
    workflow.set_rates(invoice, by=finance, lines="1-2", tax_nature=TaxNature.MAINTENANCE, tax_class="304")
    assert [(i.tax_nature, str(i.rate), str(i.net), i.tax_class) for i in invoice.lines[:2]] == [
        (TaxNature.MAINTENANCE, "6.00", "106.60", "304")
    ] * 2
    workflow.set_rates(invoice, by=finance, lines="3", rate=Decimal(0))
    assert (invoice.lines[2].net, invoice.lines[2].tax) == (Decimal("113.00"), Decimal("0.00"))
    assert invoice.gross_total == Decimal("339.00")
    assert invoice.net_total == Decimal("326.20")
    assert invoice.net_total + invoice.tax_total == invoice.gross_total
    with pytest.raises(MissingInput):
        workflow.set_rates(invoice, by=finance)
    with pytest.raises(MissingInput):
        workflow.set_rates(invoice, by=finance, rate=Decimal("NaN"))
    with pytest.raises(NotPermitted):
        workflow.set_rates(invoice, by=people[Role.ASSISTANT], rate=Decimal(3))


def test_rejected_request_frees_its_dues_and_tells_both_desks(people) -> None:
    """W-5.5, TL-07: by when to request stays; the same dues are requested anew."""
    until = clock.now() + timedelta(hours=3)
    technician = people[Role.TECHNICIAN]
    due = make_due(customer=company(), technician_id=technician.id, request_due_at=until)
    invoice = workflow.request(due, by=technician, **buyer())
    with pytest.raises(MissingInput):
        workflow.reject(invoice, by=people[Role.FINANCE], reason=" ")
    workflow.reject(invoice, by=people[Role.FINANCE], reason="抬头不对")
    assert (invoice.state, invoice.reject_reason) == (InvoiceState.REJECTED, "抬头不对")
    assert (fresh(due).is_invoiced, due.request_due_at) == (False, until)
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "invoice.rejected")))
    assert told == {people[role].id for role in (Role.TECHNICIAN, Role.ASSISTANT, Role.SUPERVISOR)}
    again = workflow.request(due, by=technician, **buyer())
    assert fresh(due).is_invoiced is True
    with pytest.raises(IllegalTransition):
        workflow.reject(invoice, by=people[Role.FINANCE], reason="again")
    assert again.state is InvoiceState.REQUESTED


def test_1114_lines_on_one_invoice(people, count_statements: Statements) -> None:
    """E-16: a fixed number of statements, whatever the lines; the sums are exact."""
    by, costs = people[Role.FINANCE], []
    for count in (2, 3, 1114):
        items = [(f"Item {n}", TaxNature.PARTS, f"{n % 97 + 0.01:.2f}") for n in range(1, count + 1)]
        due = make_due(customer=company(), items=[*items, ("Discount", TaxNature.OTHER, "-0.01")])
        db.session.expire_all()
        with count_statements() as sent:
            invoice = workflow.request(due.id, by=by, **buyer())
        costs.append(sum(not _is_new_key(text) for text in sent.texts))
    assert costs[1] == costs[2], "\n".join(text[:90] for text in sent.texts if not _is_new_key(text))
    assert len(invoice.lines) in (1113, 1114), "the fen of the discount may be all of a line"
    assert sum(line.gross for line in invoice.lines) == invoice.gross_total == due.amount
    assert sum(line.net for line in invoice.lines) == invoice.net_total
    with count_statements() as sent:
        workflow.set_rates(invoice.id, by=by, rate=Decimal(6))
    assert len([text for text in sent.texts if not text.startswith("UPDATE invoice_line")]) < 12


def _is_new_key(statement: str) -> bool:
    """SQLite gives a new record its key one by one; PostgreSQL gives all keys in few statements."""
    return statement.startswith("INSERT")


def test_many_dues_on_one_invoice_cost_a_fixed_number_of_statements(people, count_statements: Statements) -> None:
    """Picked on the list: dues are locked, read and marked together; so are those of a rejection."""
    costs = []
    for count in (2, 3, 40):
        customer = company()
        keys = [make_due(customer=customer).id for _ in range(count)]
        db.session.flush()
        db.session.expunge_all()
        by = db.session.get_one(type(people[Role.FINANCE]), people[Role.FINANCE].id)
        with count_statements() as sent:
            invoice = workflow.request.jointly(keys, by=by, **buyer())
        with count_statements() as back:
            workflow.reject(invoice, by=by, reason="x")
        costs.append(tuple(sum(not _is_new_key(text) for text in one.texts) for one in (sent, back)))
    assert costs[1] == costs[2], "\n".join(text[:120] for text in [*sent.texts, *back.texts])
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 3
    assert invoice.tax_id == TAX_ID
