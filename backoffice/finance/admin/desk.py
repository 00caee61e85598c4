"""The finance desk: what is to be confirmed, invoiced, issued, delivered and collected, each with its rows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import render_template, request, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission
from backoffice.finance.queries import ages, cash, closing, months, waiting
from backoffice.finance.rules import ALL_AGES
from backoffice.invoices.models import Invoice
from backoffice.organisation.models import Branch
from backoffice.receivables.admin.dues import AGE_LABELS
from backoffice.receivables.models import CashHandover, Due, Payment
from backoffice.receivables.rules import PaymentMethod
from backoffice.ui import formatters, registry
from backoffice.ui.fields import FIRST_YEAR, LAST_YEAR
from backoffice.ui.guards import PageView, actor, parse_key
from backoffice.ui.views import NavGroup

from .filters import day_rows, rows_of

#: Rows of a block that are shown; the rest is in the list behind its head.
SHOWN = 5
#: Customers whose receivables are named, and months of the table.
CUSTOMERS = 20
MONTHS = 6


@dataclass(frozen=True)
class Shown:
    """A block with its figure, the first rows, and the list of all."""

    block: waiting.Block
    figure: waiting.Figure
    rows: list[Any]
    url: str


def _watch(due: Due) -> Any:
    """By when the invoice has to be requested: late in red, today in amber (TL-07)."""
    if due.request_due_at is None:
        return ""
    words, tone = formatters.deadline_words(due.request_due_at)
    if tone != "bad" and due.request_due_at <= clock.day_end(clock.today()):
        tone = "warn"
    return formatters.tag(words, tone, formatters.exact(due.request_due_at))


def _since(block: waiting.Block, row: Any) -> Any:
    """Since when the record waits in its block."""
    found = getattr(row, block.since.key)
    return formatters.moment(found) if isinstance(found, datetime) else formatters.day(found)


class FinanceDeskView(PageView):
    """What waits for finance, and what it reports."""

    endpoint = "finance"
    url = "/finance"
    name = _l("Finance desk")
    group = NavGroup.MONEY
    order = 1
    icon = "chart"
    read = Permission.FINANCE_DESK

    @expose("/")
    def index_view(self) -> Any:
        """The desk."""
        by = actor()
        figures, rows = waiting.figures(by), waiting.first_rows(by, SHOWN)
        blocks = {
            one.key: Shown(one, figures[one.key], rows.get(one.key, []), rows_of(one.model, desk=one.key))
            for one in waiting.BLOCKS
        }
        branches = ages.by_branch(by)
        return self._show(
            "finance/desk.html", blocks=blocks, shown=waiting.SHOWN, watch=_watch, since=_since,
            aged=ages.together(branches), cash=cash.holders(by), age_url=_age_url, held_url=_held_url, ages=_ages(),
        )  # fmt: skip

    @expose("/ages")
    def ages_view(self) -> Any:
        """Receivables by age, by branch and by customer (R-06)."""
        by = actor()
        branches, customers = ages.by_branch(by), ages.by_customer(by, CUSTOMERS)
        return self._show(
            "finance/ages.html", branches=branches, customers=customers, whole=ages.together(branches), ages=_ages(),
            age_url=_age_url, most=CUSTOMERS,
        )  # fmt: skip

    @expose("/day")
    def day_view(self) -> Any:
        """The closing sheet of a day."""
        by = actor()
        day, branches = _day(), _branches(by)
        branch = next((one for one in branches if one.id == parse_key(request.args.get("branch"))), None)
        branch = branch or next(one for one in branches if one.id == by.branch_id)
        several = branch if len(branches) > 1 else None
        return self._show(
            "finance/day.html", sheet=closing.day_sheet(branch.id, day), day=day, branch=branch, branches=branches,
            today=clock.today(), rows=lambda model, figure, **asked: day_rows(
                _TABLES[model], day, figure, branch=several.id if several else None, **asked
            ), people_rows=lambda figure, key: day_rows(Payment, day, figure, holder=key),
            desk_rows=lambda model, key: rows_of(_TABLES[model], desk=key, branch=several.id if several else None),
            methods=PaymentMethod, may_print=branch.id == by.branch_id,
        )  # fmt: skip

    @expose("/months")
    def months_view(self) -> Any:
        """Fees and invoices by month (R-05, K-16)."""
        return self._show("finance/months.html", months=months.months(actor(), MONTHS), figures=months.FIGURES)

    def _show(self, template: str, **values: Any) -> str:
        return render_template(template, view=self, admin_view=self, pages=_pages(), **values)


_TABLES: dict[str, type[Any]] = {"payment": Payment, "handover": CashHandover, "due": Due, "invoice": Invoice}


def _pages() -> list[tuple[Any, str]]:
    """The pages of the desk and the registers behind it."""
    own = [
        (_l("Finance desk"), url_for("finance.index_view")), (_l("Receivables by age"), url_for("finance.ages_view")),
        (_l("Closing sheet of the day"), url_for("finance.day_view")),
        (_l("Fees and invoices by month"), url_for("finance.months_view")),
    ]  # fmt: skip
    views = [registry.view_of(model) for model in _TABLES.values()]
    return own + [(view.name, view.list_url()) for view in views if view is not None and view.is_accessible()]


def _ages() -> list[tuple[str, Any]]:
    """The ages with their words."""
    return [(age, AGE_LABELS[age]) for age in ALL_AGES]


def _age_url(age: str | None, of: Any = None) -> str:
    """The dues of an age, perhaps those of a branch or a customer; of any age for None."""
    asked = {} if of is None else {"branch" if isinstance(of, Branch) else "customer": of.id}
    return rows_of(Due, age=list(ALL_AGES) if age is None else age, **asked)


def _held_url(person_id: int) -> str:
    """The cash payments that a person holds."""
    return rows_of(Payment, desk="in-hand", holder=person_id)


def _day() -> date:
    try:
        found = date.fromisoformat(request.args.get("day", "")[:10])
    except ValueError:
        return clock.today()
    return found if FIRST_YEAR <= found.year <= LAST_YEAR and found <= clock.today() else clock.today()


def _branches(by: Actor) -> list[Branch]:
    """The branches whose money the person sees, by their code."""
    query = select(Branch).order_by(Branch.code)
    return list(db.session.scalars(query if by.sees_all_money else query.where(Branch.id == by.branch_id)))
