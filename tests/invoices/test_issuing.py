"""Issued once, delivered, taken back by red invoices, and never edited."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from backoffice.core import clock
from backoffice.core.acts import chart
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, IllegalTransition, MissingInput, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.fees.rules import TaxNature
from backoffice.invoices import workflow
from backoffice.invoices.models import Invoice, InvoiceLine, InvoiceState
from backoffice.invoices.rules import DeliveryWay, InvoiceKind, InvoiceMedium
from backoffice.invoices.workflow import RedLine
from tests import factories as make
from tests.invoicing import buyer, company, digital_no, job_items, make_invoice, make_red, today
from tests.money import fresh, make_due

RED = {"red_confirmation_no": "33012612000001", "reason": "wrong title"}
DAY = timedelta(days=1)


def issued(people, due: Any = None, **over: Any) -> Invoice:
    """A request that finance has issued."""
    due = due or make_due(customer=company(), items=job_items("200.00", "113.00"))
    invoice = workflow.request(due, by=people[Role.ASSISTANT], **buyer(**over))
    workflow.issue(invoice, by=people[Role.FINANCE], invoice_no=digital_no(), issued_on=today())
    return invoice


def taken_back(invoice: Invoice, people, **over: Any) -> Invoice:
    inputs = {"invoice_no": digital_no(), "issued_on": today(), **RED} | over
    return workflow.red(invoice, by=people[Role.FINANCE], **inputs)


def test_chart_is_the_rule_books() -> None:
    """W-5.5: no move more and none less."""
    moves = {(old.value, new.value) for old, new in chart(Invoice) if old is not new}
    assert moves == {
        ("requested", "issued"), ("issued", "delivered"), ("requested", "rejected"), ("issued", "red_issued"),
        ("delivered", "red_issued"),
    }  # fmt: skip


def test_issued_and_delivered(people) -> None:
    """W-5.5: whoever requested it is told; the way and the number of the parcel are kept."""
    invoice = issued(people)
    assert (invoice.state, invoice.issued_by_id) == (InvoiceState.ISSUED, people[Role.FINANCE].id)
    told = select(Notice.user_id).where(Notice.kind == "invoice.issued")
    assert list(db.session.scalars(told)) == [people[Role.ASSISTANT].id]
    with pytest.raises(MissingInput):
        workflow.deliver(invoice, by=people[Role.FINANCE])
    with pytest.raises(RuleViolated):
        workflow.deliver(invoice, by=people[Role.FINANCE], way=DeliveryWay.HAND, at=clock.now() - 2 * DAY)
    workflow.deliver(invoice, by=people[Role.FINANCE], way=DeliveryWay.MAIL, tracking_no="SF1")
    assert (invoice.state, invoice.tracking_no) == (InvoiceState.DELIVERED, "SF1")


def test_number_is_recorded_once(people) -> None:
    """X-05: across red and blue, whatever its width; the refusal names the other invoice to whoever sees it."""
    first, second = issued(people), make_invoice()
    with pytest.raises(RuleViolated) as refusal:
        workflow.issue(second, by=people[Role.FINANCE], invoice_no=f"{first.invoice_no} ", issued_on=today())
    assert (refusal.value.field, refusal.value.remedy.params) == ("invoice_no", {"id": first.id})
    with pytest.raises(RuleViolated):
        taken_back(first, people, invoice_no=first.invoice_no)
    elsewhere = make.make_user(Role.FINANCE, make.make_branch("SH"))
    there = make_invoice(due=make_due(customer=company(branch=make.make_branch("SH"))))
    with pytest.raises(RuleViolated) as refusal:
        workflow.issue(there, by=elsewhere, invoice_no=first.invoice_no, issued_on=today())
    assert first.number not in str(refusal.value)
    assert refusal.value.remedy is None


def test_same_number_with_another_code_is_another_invoice(people) -> None:
    """X-05: paper invoices are told apart by code and number."""
    for code in ("3300194130", "3300194131"):
        invoice = make_invoice(medium=InvoiceMedium.PAPER)
        workflow.issue(
            invoice, by=people[Role.FINANCE], invoice_no="00001234", invoice_code=code, issued_on=today()
        )  # fmt: skip
        assert (invoice.invoice_code, invoice.invoice_no) == (code, "00001234")


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"invoice_no": ""}, "invoice_no"), ({"invoice_no": "NaN"}, "invoice_no"),
        ({"invoice_no": "1e308"}, "invoice_no"), ({"invoice_no": "2" * 400}, "invoice_no"),
        ({"issued_on": None}, "issued_on"),
        ({"issued_on": "tomorrow"}, "issued_on"), ({"issued_on": "before"}, "issued_on"),
        ({"invoice_code": "3300194130"}, "invoice_code"),
    ],
)  # fmt: skip
def test_issue_that_is_wrong(people, over: dict[str, Any], field: str) -> None:
    """X-05, G-04: beside its field, and nothing is written."""
    days = {"tomorrow": today() + DAY, "before": today() - DAY}
    over = {name: days.get(value, value) for name, value in over.items()}
    invoice = make_invoice()
    with pytest.raises(BackofficeError) as refusal:
        workflow.issue(
            invoice, by=people[Role.FINANCE], **{"invoice_no": digital_no(), "issued_on": today()} | over
        )  # fmt: skip
    assert refusal.value.field == field
    assert fresh(invoice).invoice_no is None


def test_several_are_issued_at_once(people) -> None:
    """G-06: each with its own number; the one whose number is taken stays a request."""
    taken = issued(people).invoice_no
    requests = [make_invoice() for _ in range(3)]
    numbers = {one.id: (number, "") for one, number in zip(requests, (digital_no(), taken, digital_no()), strict=True)}
    outcomes = workflow.issue.bulk(
        [one.id for one in requests], by=people[Role.FINANCE], issued_on=today(), numbers=numbers
    )  # fmt: skip
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    states = [fresh(one).state for one in requests]
    assert states == [InvoiceState.ISSUED, InvoiceState.REQUESTED, InvoiceState.ISSUED]


def test_wholly_red_frees_the_dues(people) -> None:
    """W-5.5: own number, mirrored lines at the same rates, the dues are asked for anew; both desks are told."""
    invoice = issued(people)
    due = invoice.covers[0].due
    red = taken_back(invoice, people)
    assert (red.is_red, red.state, red.red_of_id) == (True, InvoiceState.ISSUED, invoice.id)
    assert (red.net_total, red.tax_total, red.gross_total) == (
        -invoice.net_total, -invoice.tax_total, -invoice.gross_total,
    )  # fmt: skip
    assert [(i.position, i.rate, i.gross) for i in red.lines] == [(i.position, i.rate, -i.gross) for i in invoice.lines]
    assert red.number != invoice.number
    assert (invoice.state, invoice.red_total) == (InvoiceState.RED_ISSUED, Decimal("313.00"))
    assert fresh(due).is_invoiced is False
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "invoice.red")))
    assert told == {people[role].id for role in (Role.ASSISTANT, Role.SUPERVISOR)}
    again = workflow.request(due, by=people[Role.ASSISTANT], **buyer())
    assert again.gross_total == due.amount
    workflow.deliver(red, by=people[Role.FINANCE], way=DeliveryWay.EMAIL)
    with pytest.raises(RuleViolated):
        taken_back(red, people)
    with pytest.raises(IllegalTransition):
        taken_back(invoice, people)


def test_red_in_parts_until_nothing_is_left(people) -> None:
    """X-05: line by line, never more than is left; the last part takes it back wholly."""
    invoice = issued(people)
    workflow.deliver(invoice, by=people[Role.FINANCE], way=DeliveryWay.PLATFORM)
    first = taken_back(invoice, people, amounts={2: Decimal("13.00")})
    assert [(i.position, str(i.gross), str(i.net), str(i.tax)) for i in first.lines] == [
        (2, "-13.00", "-11.50", "-1.50")
    ]
    assert (invoice.state, invoice.red_total) == (InvoiceState.DELIVERED, Decimal("13.00"))
    assert invoice.covers[0].due.is_invoiced is True
    with pytest.raises(RuleViolated, match=r"100\.00"):
        taken_back(invoice, people, amounts={2: Decimal("100.01")})
    second = taken_back(invoice, people)
    assert second.gross_total == Decimal("-300.00")
    assert (invoice.state, invoice.covers[0].due.is_invoiced) == (InvoiceState.RED_ISSUED, False)


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"red_confirmation_no": ""}, "red_confirmation_no"), ({"reason": ""}, "reason"), ({"amounts": {}}, "amounts"),
        ({"amounts": {3: Decimal(1)}}, "amounts"), ({"amounts": {1: Decimal("NaN")}}, "amounts"),
        ({"amounts": {1: Decimal(-1)}}, "amounts"), ({"amounts": {1: Decimal(0)}}, "amounts"),
        ({"amounts": {1: Decimal("1.005")}}, "amounts"), ({"amounts": {1: Decimal("1e308")}}, "amounts"),
        ({"amounts": {1: Decimal("200.01")}}, "amounts"), ({"invoice_no": "123"}, "invoice_no"),
        ({"issued_on": None}, "issued_on"),
    ],
)  # fmt: skip
def test_red_that_is_wrong(people, over: dict[str, Any], field: str) -> None:
    """X-05: NaN, below 0, more than the original, no confirmation."""
    invoice = issued(people)
    with pytest.raises(BackofficeError) as refusal:
        taken_back(invoice, people, **over)
    assert refusal.value.field == field
    assert fresh(invoice).red_total == 0


def test_red_for_an_original_issued_elsewhere(people) -> None:
    """E-16: with the number of the original, the confirmation and the lines as typed; not for one that is here."""
    customer = company()
    inputs = {
        "customer": customer, "kind": InvoiceKind.SPECIAL, "external_original_no": "２４332000000000000001",
        "invoice_no": digital_no(), "issued_on": today(),
        "lines": [RedLine("Pump", TaxNature.PARTS, Decimal("113.00")),
                  RedLine("Care", TaxNature.MAINTENANCE, Decimal("103.00"), Decimal("3.00"))], **RED,
    }  # fmt: skip
    red = workflow.record_external_red(by=people[Role.FINANCE], **inputs)
    assert (str(red.net_total), str(red.gross_total), red.external_original_no) == (
        "-200.00", "-216.00", "24332000000000000001",
    )  # fmt: skip
    assert (red.title, red.tax_id) == (customer.invoice_title, customer.credit_code)
    here = issued(people)
    wrong = {
        "external_original_no": here.invoice_no, "lines": [], "customer": None, "reason": "",
        "red_confirmation_no": "",
    }  # fmt: skip
    for name, value in wrong.items():
        with pytest.raises(BackofficeError) as refusal:
            workflow.record_external_red(
                by=people[Role.FINANCE], **inputs | {"invoice_no": digital_no(), name: value}
            )  # fmt: skip
        assert refusal.value.field == name
    for amount in ("NaN", "0", "-5", "1.001"):
        with pytest.raises(BackofficeError) as refusal:
            workflow.record_external_red(
                by=people[Role.FINANCE],
                **inputs | {"invoice_no": digital_no(), "lines": [RedLine("x", TaxNature.PARTS, Decimal(amount))]},
            )  # fmt: skip
        assert refusal.value.field == "lines-0-amount"
    person = make.make_customer(kind=CustomerKind.FARMER)
    with pytest.raises(RuleViolated):
        workflow.record_external_red(by=people[Role.FINANCE], **inputs | {"customer": person})


# -- the database ------------------------------------------------------------------------------------------------------

FROZEN = {
    "invoice_no": "26" + "9" * 18, "invoice_code": "0123456789", "issued_on": "yesterday", "title": "x", "tax_id": "x",
    "number": "x", "kind": InvoiceKind.SPECIAL, "medium": InvoiceMedium.PAPER, "buyer_address": "x",
    "bank_account": "x",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FROZEN))
@pytest.mark.parametrize("state", [InvoiceState.ISSUED, InvoiceState.DELIVERED, InvoiceState.RED_ISSUED])
def test_database_refuses_to_change_what_is_issued(name: str, state: InvoiceState) -> None:
    """X-05: past every act, on both databases."""
    invoice = make_invoice(state)
    value = FROZEN[name] if FROZEN[name] != "yesterday" else today() - DAY
    with pytest.raises(DBAPIError, match="never changed"), db.session.begin_nested():
        db.session.execute(update(Invoice).where(Invoice.id == invoice.id).values({name: value}))


def test_database_refuses_to_change_amounts_and_lines_of_what_is_issued() -> None:
    """X-05: totals, lines, and the rows themselves; what happens to it later is written."""
    invoice = make_invoice(InvoiceState.ISSUED)
    sums = {"net_total": Decimal(1), "gross_total": invoice.tax_total + 1}
    statements = [
        update(Invoice).where(Invoice.id == invoice.id).values(sums),
        update(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).values(name="x"),
        delete(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id),
        delete(Invoice).where(Invoice.id == invoice.id),
    ]
    for statement in statements:
        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.execute(statement)
    db.session.execute(update(Invoice).where(Invoice.id == invoice.id).values(remark="later", email="a@b.cn"))
    request = make_invoice()
    db.session.execute(update(InvoiceLine).where(InvoiceLine.invoice_id == request.id).values(name="x"))
    assert make_red(invoice).gross_total == -invoice.gross_total
