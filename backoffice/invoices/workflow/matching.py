"""The tax platform's list of issued invoices, matched with the requests: what fits is issued, the rest says why not."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, RuleViolated, Text
from backoffice.core.permissions import Permission, require
from backoffice.core.scope import visible
from backoffice.core.texts import fold_code
from backoffice.customers.rules import fold_name
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.organisation.models import User

from .issuing import issue

_NUMBER = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)+")
#: Requests that one sentence names.
_NAMED = 5


@dataclass(frozen=True)
class PlatformRow:
    """One invoice as the platform lists it: amounts with tax in yuan, below 0 for a red one."""

    invoice_no: str
    issued_on: date
    gross: Decimal
    invoice_code: str = ""
    title: str = ""
    tax_id: str = ""
    tax: Decimal | None = None
    remark: str = ""
    is_void: bool = False


@dataclass(frozen=True)
class Matched:
    """The invoice to which a row belongs; is_known: it was recorded with this number before."""

    invoice: Invoice
    is_known: bool = False


def match_issued(*, by: User, rows: Sequence[PlatformRow]) -> list[Matched | BackofficeError]:
    """Issue the requests to which the rows belong; answers each row: its invoice, or why it fits none.

    A row belongs to the request whose number its remark names, else to the only one of its buyer with its amount. A
    fixed number of statements finds them, each is issued by its own act.
    """
    require(by, Permission.INVOICE_ISSUE)
    office = _Requests(by, rows)
    return [_matched(office, row, by) for row in rows]


def _matched(office: "_Requests", row: PlatformRow, by: User) -> Matched | BackofficeError:
    try:
        known = office.known(row)
        if known is not None:
            return Matched(known, is_known=True)
        invoice = office.request_of(row)
        with db.session.begin_nested():
            issue(
                invoice, by=by, invoice_no=row.invoice_no, invoice_code=row.invoice_code, issued_on=row.issued_on
            )  # fmt: skip
    except BackofficeError as refusal:
        return refusal
    return Matched(invoice)


class _Requests:
    """The requests and issued invoices that a list may mean, read with two statements."""

    def __init__(self, by: User, rows: Sequence[PlatformRow]) -> None:
        named = {number for row in rows for number in _numbers_in(row.remark)}
        query = select(Invoice).where(
            visible(Invoice, by),
            or_(
                Invoice.invoice_no.in_({fold_code(row.invoice_no) for row in rows}),
                Invoice.number.in_(named),
            ),
        )  # fmt: skip
        found = list(db.session.scalars(query))
        self.issued = {(one.invoice_no, one.invoice_code): one for one in found if one.invoice_no is not None}
        self.named = {one.number: one for one in found}
        amounts = {row.gross for row in rows}
        codes = {code for row in rows if (code := fold_code(row.tax_id))}
        titles = {row.title.strip() for row in rows if row.title.strip()}
        waiting = select(Invoice).where(
            visible(Invoice, by), Invoice.state == InvoiceState.REQUESTED,
            or_(Invoice.gross_total.in_(amounts), Invoice.tax_id.in_(codes), Invoice.title.in_(titles)),
        )  # fmt: skip
        self.by_buyer: dict[str, list[Invoice]] = defaultdict(list)
        for one in db.session.scalars(waiting.order_by(Invoice.id)):
            for key in {f"id {one.tax_id}" if one.tax_id else "", f"name {fold_name(one.title)}"} - {""}:
                self.by_buyer[key].append(one)

    def known(self, row: PlatformRow) -> Invoice | None:
        """The invoice that has the number already; raises RuleViolated where it says something else, or is void."""
        if row.is_void:
            raise _unfit(_l("The platform lists it as void."), "is_void")
        invoice = self.issued.get((fold_code(row.invoice_no), fold_code(row.invoice_code)))
        if invoice is None:
            if row.gross <= 0:
                raise _unfit(
                    _l("A red invoice is recorded on the page of its original, with its confirmation."), "gross"
                )
            return None
        if invoice.gross_total != row.gross:
            raise _unfit(
                _l("It is recorded on %(number)s with another amount, ¥%(amount)s.", number=invoice.number,
                   amount=f"{invoice.gross_total:,.2f}"),
                "gross",
            )  # fmt: skip
        if invoice.issued_on != row.issued_on:
            raise _unfit(
                _l("It is recorded on %(number)s with another day, %(day)s.", number=invoice.number,
                   day=str(invoice.issued_on)),
                "issued_on",
            )  # fmt: skip
        return invoice

    def request_of(self, row: PlatformRow) -> Invoice:
        """The request that the row means; raises RuleViolated with the reason why there is none."""
        named = [self.named[number] for number in _numbers_in(row.remark) if number in self.named]
        if len(named) == 1:
            return self._checked(named[0], row)
        if len(named) > 1:
            raise _unfit(_l("The remark names several requests: %(numbers)s.", numbers=_listed(named)), "remark")
        buyer = self._of_buyer(row)
        fitting = [one for one in buyer if one.gross_total == row.gross]
        if len(fitting) == 1:
            return self._checked(fitting[0], row)
        if len(fitting) > 1:
            raise _unfit(
                _l("Several requests of this buyer have this amount: %(numbers)s. Write the number of the request into"
                   " the remark.", numbers=_listed(fitting)),
                "gross",
            )  # fmt: skip
        if buyer:
            one = buyer[0]
            raise _unfit(
                _l("No request of this buyer has this amount; that of %(number)s differs by ¥%(difference)s.",
                   number=one.number, difference=f"{abs(one.gross_total - row.gross):,.2f}"),
                "gross",
            )  # fmt: skip
        raise _unfit(_l("There is no request for this buyer."), "title")

    def _of_buyer(self, row: PlatformRow) -> list[Invoice]:
        keys = [f"id {fold_code(row.tax_id)}", f"name {fold_name(row.title)}"]
        found = dict.fromkeys(one for key in keys if key.strip() not in ("id", "name") for one in self.by_buyer[key])
        return [one for one in found if one.state is InvoiceState.REQUESTED]

    def _checked(self, invoice: Invoice, row: PlatformRow) -> Invoice:
        if invoice.state is not InvoiceState.REQUESTED:
            raise _unfit(
                _l("Request %(number)s is “%(state)s”.", number=invoice.number, state=invoice.state.label), "remark"
            )
        if invoice.gross_total != row.gross:
            raise _unfit(
                _l("The amount differs from that of %(number)s by ¥%(difference)s.", number=invoice.number,
                   difference=f"{abs(invoice.gross_total - row.gross):,.2f}"),
                "gross",
            )  # fmt: skip
        if row.tax is not None and invoice.tax_total != row.tax:
            raise _unfit(
                _l("The tax differs from that of %(number)s by ¥%(difference)s. Set nature and rate there first.",
                   number=invoice.number, difference=f"{abs(invoice.tax_total - row.tax):,.2f}"),
                "tax",
            )  # fmt: skip
        if row.tax_id and invoice.tax_id and fold_code(row.tax_id) != invoice.tax_id:
            raise _unfit(_l("The tax id differs from that of %(number)s.", number=invoice.number), "tax_id")
        return invoice


def _numbers_in(remark: str) -> list[str]:
    return list(dict.fromkeys(_NUMBER.findall(fold_code(remark))))


def _listed(invoices: Iterable[Invoice]) -> str:
    numbers = [one.number for one in invoices]
    return ", ".join(numbers[:_NAMED]) + (" …" if len(numbers) > _NAMED else "")


def _unfit(message: Text, field: str) -> RuleViolated:
    return RuleViolated(message, rule="W-5.5", field=field)
