"""Input pages of the acts on invoices."""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import request as web
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from wtforms import FieldList, Form, FormField
from wtforms.validators import ValidationError

from backoffice.core import clock
from backoffice.core.errors import BackofficeError
from backoffice.core.money import NOTHING, parse_amount
from backoffice.core.permissions import Actor
from backoffice.customers.models import CustomerKind
from backoffice.fees.rules import TaxNature
from backoffice.receivables.models import Due
from backoffice.ui import remarks
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    EnumField,
    LocalDateField,
    LookupField,
    MoneyField,
    Required,
    TextBlock,
    TextLine,
)
from backoffice.ui.formatters import masked

from . import queries
from .models import Invoice
from .rules import DeliveryWay, InvoiceKind, InvoiceMedium
from .workflow import RedLine
from .workflow.requesting import check_one_customer

#: Lines that a page lists.
SHOWN_LINES = 200
#: Lines of a red invoice that can be typed at once.
TYPED_LINES = 5
_PART = re.compile(r"\s*(\d{1,5})\s*[:\s]\s*(\S.*)", re.ASCII)


class _Buyer(ActForm):
    kind = EnumField(_l("Kind"), InvoiceKind)
    medium = EnumField(_l("Issued as"), InvoiceMedium)
    title = TextLine(_l("Title"), max=120, description=_l("The buyer's name as it shall stand on the invoice"))
    tax_id = TextLine(_l("Tax id"), max=30, description=_l("18 characters; a person needs none"))
    buyer_address = TextLine(_l("Address"), max=200, description=_l("May stay empty"))
    buyer_phone = TextLine(_l("Phone"), max=40, description=_l("May stay empty"))
    bank_name = TextLine(_l("Bank"), max=120, description=_l("May stay empty"))
    bank_account = TextLine(_l("Bank account"), max=40, description=_l("May stay empty"))
    email = TextLine(_l("E-mail"), max=120, description=_l("Where it shall be sent"))
    remark = TextLine(_l("Remark"), max=200, description=_l("Stands on the invoice"))

    def only_normal(self) -> None:
        """A person is offered no special invoice (X-04)."""
        self.kind.choices = [one for one in self.kind.choices if one.value != InvoiceKind.SPECIAL.value]


@form_for("invoice.request")
class RequestForm(_Buyer):
    """The buyer, as the customer's record says; what is masked there comes masked, and sent back so it is meant."""

    template = "invoices/request_form.html"
    #: (how a field was shown, what it stands for) by its name
    held: dict[str, tuple[str, str]]

    def prefill(self, docs: Sequence[Due], by: Actor) -> None:
        """Take the buyer from the customer; raises RuleViolated where there are several."""
        check_one_customer(docs)
        customer, self.held = docs[0].customer, {}
        if customer.kind is not CustomerKind.COMPANY:
            self.only_normal()
        title = "invoice_title" if customer.invoice_title else "name"
        sources = {
            "title": title, "tax_id": "credit_code", "bank_name": "bank_name", "bank_account": "bank_account",
            "buyer_address": "address", "buyer_phone": "phone", "email": "invoice_email",
        }  # fmt: skip
        for name, source in sources.items():
            real = getattr(customer, source)
            self.held[name] = (masked(customer, source) if source != "bank_name" else real, real)
        if web.method == "GET" or "title" not in web.form:
            for name, (shown, _) in self.held.items():
                self[name].data = shown
            self.kind.data = queries.last_kind(customer.id) or InvoiceKind.NORMAL
            self.medium.data = InvoiceMedium.DIGITAL
        self.total = sum((due.amount for due in docs), NOTHING)
        others = queries.count_uninvoiced(customer.id, [due.id for due in docs], by)
        self.hint = (
            ngettext(
                "%(num)s other due of this customer is on no invoice. Pick it together with this one on the list of"
                " dues to put both on one invoice.",
                "%(num)s other dues of this customer are on no invoice. Pick them together on the list of dues to put"
                " them on one invoice.",
                others,
            )
            if others
            else ""
        )
        self.customer_id = customer.id

    def inputs(self) -> dict[str, Any]:
        """The buyer with what was only shown masked."""
        values = super().inputs()
        for name, (shown, real) in self.held.items():
            if values[name] == shown:
                values[name] = real
        return values


@form_for("invoice.edit_request")
class EditRequestForm(_Buyer):
    """Corrections of the buyer."""

    def prefill(self, docs: Sequence[Invoice], by: Actor) -> None:
        """A person is offered no special invoice."""
        if docs and docs[0].customer_kind is not CustomerKind.COMPANY:
            self.only_normal()


class _OfLines(ActForm):
    """A form above which the lines of the invoice stand, with what is left of each."""

    template = "invoices/lines_form.html"

    def prefill(self, docs: Sequence[Invoice], by: Actor) -> None:
        """Find the lines."""
        taken = queries.taken_back(docs[0]) if docs else {}
        every = queries.lines_of(docs[0]) if docs else []
        self.shown_lines = [(line, line.gross - taken.get(line.position, NOTHING)) for line in every[:SHOWN_LINES]]
        self.more_lines = len(every) - len(self.shown_lines)
        self.has_reds = bool(taken)


@form_for("invoice.set_rates")
class SetRatesForm(_OfLines):
    """What finance decides about lines (X-02)."""

    lines = TextLine(_l("Lines"), max=200, description=_l("Numbers such as 1-3, 7; empty for all"))
    tax_nature = EnumField(_l("Nature"), TaxNature, empty_label=_l("as it is"))
    rate = MoneyField(_l("Rate in percent"), description=_l("Empty: that of the chosen nature today"))
    tax_class = TextLine(_l("Tax class"), max=30, description=_l("Empty: as it is"))


def _issued_fields() -> tuple[Any, Any, Any]:
    return (
        TextLine(_l("Invoice number"), max=40, description=_l("20 figures; of a paper invoice 8")),
        TextLine(_l("Invoice code"), max=20, description=_l("10 or 12 figures")),
        LocalDateField(_l("Day of issue"), [Required()]),
    )


class _Issued(ActForm):
    """Number and day of issue."""

    invoice_no, invoice_code, issued_on = _issued_fields()

    def prefill(self, docs: Sequence[Invoice], by: Actor) -> None:
        """Today; a digital invoice has no code."""
        super().prefill(docs, by)
        if web.method == "GET" or "issued_on" not in web.form:
            self.issued_on.data = clock.today()
        if len(docs) == 1 and docs[0].medium is InvoiceMedium.DIGITAL:
            del self.invoice_code


@form_for("invoice.issue")
class IssueForm(_Issued):
    """The number of the tax platform; of several invoices a line for each, in the order in which they are listed."""

    numbers = TextBlock(
        _l("Invoice numbers"), max=300_000,
        description=_l("One a line, in the order in which the requests are listed; of paper invoices code and number"),
    )  # fmt: skip

    def prefill(self, docs: Sequence[Invoice], by: Actor) -> None:
        """Ask for one number, or for several."""
        super().prefill(docs, by)
        self.keys = [doc.id for doc in docs]
        if len(docs) == 1:
            del self.numbers
        else:
            del self.invoice_no
            del self.invoice_code

    def validate_numbers(self, field: Any) -> None:
        """As many lines as invoices."""
        count = len(self._lines())
        if count != len(self.keys):
            raise ValidationError(
                gettext("These are %(count)s numbers for %(most)s invoices.", count=count, most=len(self.keys))
            )

    def _lines(self) -> list[list[str]]:
        return [line.split() for line in (self.numbers.data or "").splitlines() if line.strip()]

    def inputs(self) -> dict[str, Any]:
        """One number, or the numbers by the keys of the invoices."""
        values = super().inputs()
        if "numbers" in values:
            lines = self._lines()
            values["numbers"] = {
                key: (words[-1], words[0] if len(words) > 1 else "")
                for key, words in zip(self.keys, lines, strict=False)
            }
        return values


@form_for("invoice.deliver")
class DeliverForm(ActForm):
    """How it went to the customer."""

    event_time = True

    way = EnumField(_l("Delivered by"), DeliveryWay)
    tracking_no = TextLine(_l("Tracking number"), max=60, description=_l("Of the post; may stay empty"))


@form_for("invoice.reject")
class RejectForm(ActForm):
    """Why the request goes back."""

    reason = TextBlock(_l("Reason"), max=300)


class PartField(TextBlock):
    """Amounts of lines as `2: 120.00`, one a line; `amounts` are those by the numbers of the lines, None for none."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, max=100_000, **kwargs)
        self.amounts: dict[int, Decimal] | None = None

    def pre_validate(self, form: Any) -> None:
        """Read them; refuse what is none."""
        super().pre_validate(form)
        found: dict[int, Decimal] = {}
        for line in (self.data or "").splitlines():
            if not line.strip():
                continue
            match = _PART.fullmatch(unicodedata.normalize("NFKC", line))
            if match is None or int(match[1]) in found:
                raise ValidationError(gettext("Write a line as its number and amount, such as 2: 120.00, each once."))
            try:
                found[int(match[1])] = parse_amount(match[2])
            except BackofficeError as refusal:
                raise ValidationError(str(refusal.message)) from None
        self.amounts = found or None


@form_for("invoice.red")
class RedForm(_Issued, _OfLines):
    """The red invoice, and which part it takes back."""

    red_confirmation_no = TextLine(_l("Number of the red-information confirmation"), max=40)
    reason = TextBlock(_l("Reason"), max=300)
    amounts = PartField(
        _l("Only a part"),
        description=_l("Number of a line and amount with tax, such as 2: 120.00, one a line. Empty: all that is left."),
    )  # fmt: skip

    def inputs(self) -> dict[str, Any]:
        """The amounts that were read."""
        return super().inputs() | {"amounts": self.amounts.amounts}


class LineForm(Form):
    """A line of a red invoice whose original is not here."""

    name = TextLine(_l("What"), max=300)
    tax_nature = EnumField(_l("Nature"), TaxNature, empty_label="–")
    amount = MoneyField(_l("Amount with tax"))
    rate = MoneyField(_l("Rate in percent"))

    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.name.data or self.amount.raw or self.rate.raw)


@form_for("invoice.record_external_red")
class ExternalRedForm(ActForm):
    """A red invoice for an original that was issued outside this system."""

    template = "invoices/external_form.html"

    customer = LookupField(_l("Customer"), [Required()], lookup="customers")
    external_original_no = TextLine(_l("Number of the original"), max=40)
    kind = EnumField(_l("Kind"), InvoiceKind)
    medium = EnumField(_l("Issued as"), InvoiceMedium)
    title = TextLine(_l("Title"), max=120, description=_l("Empty: as the customer's record says"))
    tax_id = TextLine(_l("Tax id"), max=30, description=_l("Empty: as the customer's record says"))
    invoice_no, invoice_code, issued_on = _issued_fields()
    red_confirmation_no = TextLine(_l("Number of the red-information confirmation"), max=40)
    reason = TextBlock(_l("Reason"), max=300)
    lines = FieldList(FormField(LineForm), max_entries=TYPED_LINES)

    def prefill(self, docs: Sequence[Invoice], by: Actor) -> None:
        """Today, and as many empty lines as fit; WTForms itself would read a line again for what it adds."""
        while len(self.lines.entries) < TYPED_LINES:
            self.lines.append_entry()
        if web.method == "GET":
            self.issued_on.data = clock.today()

    def _used(self) -> list[LineForm]:
        return [entry.form for entry in self.lines.entries if not entry.form.is_empty()]

    def inputs(self) -> dict[str, Any]:
        """The lines that were filled in."""
        lines = [
            RedLine(one.name.data, one.tax_nature.data, one.amount.data, one.rate.data) for one in self._used()
        ]  # fmt: skip
        return super().inputs() | {"lines": lines}

    def blame(self, refusal: BackofficeError) -> bool:
        """Show the refusal beside the field of the line that it names."""
        parts = refusal.field.split("-", 2)
        if len(parts) == 3 and parts[0] == "lines" and parts[1].isdigit() and int(parts[1]) < len(self._used()):
            field = self._used()[int(parts[1])][parts[2]]
            field.errors = [*field.errors, str(refusal)]
            return True
        return super().blame(refusal)


remarks.forms_for("invoice")
