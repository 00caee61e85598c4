"""Direct edits of invoices past the acts, one for each of their invariants."""

from decimal import Decimal
from typing import Any

from backoffice.fees.rules import TaxNature
from backoffice.invoices.models import InvoiceState
from tests.invariants.breaking import breaks, drop_index, two_alike, write
from tests.invoicing import digital_no, make_invoice, make_red
from tests.money import make_due

two_alike("invoice", make_invoice)


@breaks("invoice.is_the_sum_of_its_lines")
def _() -> Any:
    invoice = make_invoice()
    return write(invoice, net_total=invoice.net_total + Decimal("0.01"), tax_total=invoice.tax_total - Decimal("0.01"))


@breaks("invoice.is_the_sum_of_its_dues")
def _() -> Any:
    make_red(write(make_invoice(InvoiceState.ISSUED), red_total=Decimal(100)), "100.00")
    invoice = make_invoice()
    write(invoice.covers[0], amount=Decimal("299.99"))
    return invoice


@breaks("invoice.covers_while_it_is_live")
def _() -> Any:
    invoice = make_invoice(InvoiceState.REJECTED)
    write(invoice.covers[0], is_live=True)
    write(invoice.covers[0].due, is_invoiced=True)
    return invoice


@breaks("due.knows_whether_it_is_invoiced")
def _() -> Any:
    return make_due(is_invoiced=True)


@breaks("due.is_on_one_invoice")
def _() -> Any:
    drop_index("uq_invoice_due_live")
    due = make_invoice().covers[0].due
    make_invoice(due=due)
    return due


@breaks("invoice.counts_its_red_invoices")
def _() -> Any:
    return write(make_invoice(InvoiceState.DELIVERED), red_total=Decimal(1))


@breaks("invoice.is_red_within_its_lines")
def _() -> Any:
    due = make_due(items=[("Labour", TaxNature.REPAIR, "100.00"), ("Seal", TaxNature.PARTS, "200.00")])
    invoice = write(make_invoice(InvoiceState.ISSUED, due=due), red_total=Decimal(101))
    make_red(invoice, "101.00")
    return invoice


@breaks("invoice.invoice_no_is_unique")
def _() -> Any:
    drop_index("uq_invoice_no")
    number = digital_no()
    make_invoice(InvoiceState.ISSUED, invoice_no=number)
    return make_invoice(InvoiceState.ISSUED, invoice_no=number)
