"""A month of a wholesaler's invoice lines as past parts sales and reversals, against totals made outside the product.

Of the 60,742 lines the first ones: the whole of it takes longer than a test may, and runs through the same code.
"""

import csv
import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from backoffice.core import invariants
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.imports import queries
from backoffice.imports.admin import MOST_ROWS
from backoffice.imports.models import RunState
from backoffice.sales.models import PartsSale, SaleLine
from tests import factories as make
from tests.imports.files import through_the_page

SLICE = 6000
COUNTER = "柜台散客"
PLAN = {
    "column-old_number": "InvoiceNo", "column-code": "StockCode", "column-name": "Description",
    "column-quantity": "Quantity", "column-sold_at": "InvoiceDate", "column-unit_price": "UnitPrice",
    "column-customer": "CustomerID", "set-customer": COUNTER, "create_customers": "1", "good_rows_only": "1",
}  # fmt: skip


def files_of(rows: list[dict[str, str]]) -> Iterator[bytes]:
    """Files of at most as many rows as one may have, none of which ends within an invoice."""
    while rows:
        end = min(len(rows), MOST_ROWS)
        while end < len(rows) and rows[end]["InvoiceNo"] == rows[end - 1]["InvoiceNo"]:
            end -= 1
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[:end])
        yield out.getvalue().encode()
        rows = rows[end:]


class Outside:
    """The same figures by the standard library alone: price times quantity, half-up to the fen, line by line."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.totals: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.customers: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.lines: Counter[str] = Counter()
        for row in rows:
            exact = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
            amount = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
            self.totals[row["InvoiceNo"]] += amount
            self.customers[row["CustomerID"].removesuffix(".0") or COUNTER] += amount
            self.lines[row["InvoiceNo"]] += 1


def test_invoice_lines_of_a_wholesaler(as_role: Any, shared_data: Callable[[str], Path]) -> None:
    """E-30: sales, reversals, amounts and every customer's sum are those that were computed outside, to the fen."""
    with gzip.open(shared_data("invoice_lines_retail.csv.gz"), "rt", encoding="utf-8", newline="") as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(SLICE), strict=False)]
    outside = Outside(rows)
    client = as_role(make.make_user(Role.ASSISTANT))
    good = 0
    for content in files_of(rows):
        run = through_the_page(client, "sales", content, PLAN, "invoices.csv")
        assert (run.state, run.refused) == (RunState.DONE, 0), queries.reasons(run)[:5]
        good += run.good
    assert good == len(rows)

    kept = db.session.execute(select(PartsSale.old_number, PartsSale.total)).all()
    assert dict(kept) == outside.totals
    assert len(kept) == len(outside.totals), "a sale for each number"
    reversals = {number for number in outside.totals if number.startswith("C")}
    assert {number for number, total in kept if total < 0} == {n for n, total in outside.totals.items() if total < 0}
    assert reversals <= {number for number, total in kept if total <= 0}
    by_customer = select(PartsSale.customer_name, func.sum(PartsSale.total)).group_by(PartsSale.customer_name)
    assert dict(db.session.execute(by_customer).all()) == outside.customers
    per_sale = select(PartsSale.old_number, func.count()).join(SaleLine).group_by(PartsSale.old_number)
    assert Counter(dict(db.session.execute(per_sale).all())) == outside.lines
    assert db.session.scalar(select(func.sum(SaleLine.amount))) == sum(outside.totals.values())
    assert not list(invariants.breaches())
