"""Random histories of requests, rejections, issues and red invoices; after each what must hold holds."""

import os
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from backoffice.core import invariants
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Role
from backoffice.factory import load_features
from backoffice.fees.rules import TaxNature
from backoffice.invoices import workflow
from backoffice.invoices.models import LIVE, Invoice, InvoiceDue, InvoiceLine, InvoiceState
from backoffice.invoices.rules import DeliveryWay
from backoffice.receivables.models import Due
from tests import factories as make
from tests.invoicing import buyer, company, digital_no, today
from tests.money import make_due

load_features()

COUNT = int(os.environ.get("HISTORIES", "2000")) // 40
MINE = [one for one in invariants.REGISTRY.values() if one.model is Invoice or one.name.endswith("invoice")
        or one.name == "knows_whether_it_is_invoiced"]  # fmt: skip
NATURES = list(TaxNature)


@st.composite
def due_items(draw: Any) -> list[tuple[str, TaxNature, str]]:
    """Lines of a due with any amounts, and what is taken off them, less than there is."""
    amounts = draw(st.lists(st.integers(1, 2_000_000), min_size=1, max_size=6))
    items = [(f"Item {n % 3}", NATURES[n % len(NATURES)], f"{Decimal(a) / 100:.2f}") for n, a in enumerate(amounts)]
    off = draw(st.integers(0, sum(amounts) - 1))
    if off:
        name, nature = draw(st.sampled_from([("Discount", TaxNature.OTHER), items[0][:2]]))
        items.append((name, nature, f"-{Decimal(off) / 100:.2f}"))
    return items


STEP = st.tuples(
    st.sampled_from(("request", "request", "rates", "issue", "issue", "reject", "deliver", "red", "red part")),
    st.integers(0, 10**6),
    st.decimals(min_value=0, max_value=100, places=2),
)


@pytest.mark.parametrize("share", range(2))
def test_whatever_finance_does_the_sums_hold(share: int) -> None:
    """E-16, W-5.5, X-03: lines = invoice = dues, net + tax = gross, no due invoiced twice, red within the original."""
    finance, customer = make.make_user(Role.FINANCE), company()
    done: dict[str, int] = {}

    @seed(share)
    @settings(max_examples=COUNT, deadline=None, database=None, derandomize=False,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.lists(due_items(), min_size=1, max_size=4), st.lists(STEP, min_size=2, max_size=14))
    def walk(dues: list[Any], steps: list[tuple[str, int, Decimal]]) -> None:
        before = db.session.begin_nested()
        try:
            made = [make_due(customer=customer, items=items) for items in dues]
            for name, pick, rate in steps:
                try:
                    with db.session.begin_nested():
                        _do(name, pick, rate, made, finance)
                    done[name] = done.get(name, 0) + 1
                except BackofficeError as refusal:
                    note(f"{name} {pick}: {refusal}")
            _holds(made)
        finally:
            before.rollback()

    walk()
    assert set(done) == {"request", "rates", "issue", "reject", "deliver", "red", "red part"}, done


def _do(name: str, pick: int, rate: Decimal, dues: list[Due], by: Any) -> None:
    if name == "request":
        keys = {dues[pick % len(dues)].id, dues[pick // 7 % len(dues)].id}
        workflow.request.jointly(sorted(keys), by=by, **buyer())
        return
    wanted = {"issue": InvoiceState.REQUESTED, "reject": InvoiceState.REQUESTED, "rates": InvoiceState.REQUESTED,
              "deliver": InvoiceState.ISSUED, "red": InvoiceState.ISSUED, "red part": InvoiceState.ISSUED}  # fmt: skip
    states = [wanted[name]] + ([InvoiceState.DELIVERED] if name.startswith("red") else [])
    query = select(Invoice).where(Invoice.state.in_(states)).order_by(Invoice.id)
    found = list(db.session.scalars(query))
    if not found:
        return
    invoice = found[pick % len(found)]
    number: dict[str, Any] = {"invoice_no": digital_no(), "issued_on": today()}
    red = number | {"red_confirmation_no": "C", "reason": "r"}
    line = invoice.lines[pick % len(invoice.lines)]
    {
        "issue": lambda: workflow.issue(invoice, by=by, **number),
        "reject": lambda: workflow.reject(invoice, by=by, reason="r"),
        "rates": lambda: workflow.set_rates(invoice, by=by, lines=str(line.position), rate=rate),
        "deliver": lambda: workflow.deliver(invoice, by=by, way=DeliveryWay.HAND),
        "red": lambda: workflow.red(invoice, by=by, **red),
        "red part": lambda: workflow.red(
            invoice, by=by, **red, amounts={line.position: (abs(line.gross) * 2 / 3).quantize(Decimal("0.01"))}
        ),
    }[name]()


def _holds(dues: list[Due]) -> None:
    db.session.flush()
    for one in MINE:
        assert not db.session.execute(one.broken()).all(), one.key
    for invoice in db.session.scalars(select(Invoice)):
        lines = list(db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)))
        assert sum(line.net for line in lines) == invoice.net_total
        assert sum(line.tax for line in lines) == invoice.tax_total
        assert invoice.net_total + invoice.tax_total == invoice.gross_total == sum(line.gross for line in lines)
        if not invoice.is_red:
            assert invoice.gross_total == sum(cover.amount for cover in invoice.covers)
            assert all(line.gross > 0 for line in lines)
            for cover in invoice.covers:
                assert sum(line.gross for line in lines if line.due_id == cover.due_id) == cover.amount
    for due in dues:
        live = select(func.count()).select_from(InvoiceDue).join(Invoice).where(
            InvoiceDue.due_id == due.id, Invoice.state.in_(LIVE), ~Invoice.is_red
        )  # fmt: skip
        assert db.session.scalar(live) == int(due.is_invoiced) <= 1
