"""Registers that are sums and no list: one table of a period, on the screen, on paper and as a file."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, render_template, request, stream_with_context
from flask_admin import expose
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import audit, clock
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.organisation.models import Branch, User
from backoffice.registers.queries import Asked
from backoffice.ui import export, formatters, list_paper, sheets, xlsx
from backoffice.ui.act_page import reading, write_once
from backoffice.ui.fields import FIRST_YEAR, LAST_YEAR
from backoffice.ui.guards import PageView, actor, holds, needs, parse_key

#: Days of the longest period.
MOST_DAYS = 366
#: Lines that the page shows; paper and file have all.
MOST_SHOWN = 35


@dataclass
class Table:
    """Rows under a header, the last `sums` of them in bold; cells are text, numbers, days or nothing."""

    header: list[Any]
    rows: list[list[Any]] = field(default_factory=list)
    sums: list[list[Any]] = field(default_factory=list)

    @property
    def all(self) -> list[list[Any]]:
        """Everything that a file holds."""
        return [*self.rows, *self.sums]


class TableView(PageView):
    """A register that is a table of sums. Hook: `table`. model: in whose name its files stand in the trail."""

    rule = ""
    model_name = ""
    #: what the figures mean, below the table
    says: Any = ""
    by_technician = False

    def table(self, asked: Asked, by: Actor) -> Table:
        """The table of a period."""
        raise NotImplementedError

    def may_export(self, by: Actor) -> bool:
        """Whether the table offers itself as a file."""
        return holds(by, Permission.DATA_EXPORT)

    def list_url(self) -> str:
        """Address of the page."""
        return self.get_url(f"{self.endpoint}.index_view")

    @expose("/")
    def index_view(self) -> Any:
        """The table."""
        by = actor()
        asked = read_period(by)
        table = self.table(asked, by)
        return render_template(
            "registers/table.html", view=self, admin_view=self, asked=asked, table=table, branches=branches(by),
            numbers=numbers(table), address=urlencode(_pairs(asked)), may_export=self.may_export(by) and table.rows,
            shown=_shown, most=MOST_SHOWN, technicians=technicians(by) if self.by_technician else [],
        )  # fmt: skip

    @expose("/export/", methods=("POST",))
    @needs(Permission.DATA_EXPORT)
    def export_view(self) -> Any:
        """The table as a file or on paper; written down before it leaves."""
        by = actor()
        kind = request.form.get("as", "")
        if kind not in (*export.MIMETYPES, "print"):
            abort(400)
        reading()
        asked = read_period(by)
        table, words = self.table(asked, by), in_words(asked)

        def do() -> tuple[str, None]:
            how = gettext("on paper") if kind == "print" else kind.upper()
            number = ngettext("%(num)s record", "%(num)s records", len(table.rows))
            note = " · ".join([f"{self.rule} {self.name}", number, how, *words])
            act = f"{self.model_name}.export"
            what = audit.Occasion(act, by, on_behalf_of_id=by.on_behalf_of(Permission.DATA_EXPORT))
            with audit.during(what):
                audit.record(self.model_name, act, by=by, note=note)
            return "", None

        write_once(by, do)
        reading()
        header = [str(one) for one in table.header]
        if kind == "print":
            return list_paper.page(
                self, by, header, table.all, words, back=f"{self.list_url()}?{urlencode(_pairs(asked))}"
            )
        parts = (
            sheets.csv_parts(header, table.all) if kind == "csv" else xlsx.xlsx_parts(str(self.name), header, table.all)
        )
        response = Response(stream_with_context(parts), mimetype=export.MIMETYPES[kind])
        return export.as_download(response, f"{self.name} {asked.first} {asked.last}", kind)


def read_period(by: Actor) -> Asked:
    """The period of the address: the month at hand where it says none, at most a year; branch and technician of it."""
    today = clock.today()
    first, last = _day("from"), _day("to")
    if first is None and last is None:
        first, last = today.replace(day=1), today
    first = first or min(last, today).replace(day=1)
    last = last or max(first, today)
    if last < first:
        first, last = last, first
    first = max(first, last - timedelta(days=MOST_DAYS - 1))
    return Asked(first, last, parse_key(request.args.get("branch")), parse_key(request.args.get("technician")))


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, "")[:10])
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def _pairs(asked: Asked) -> list[tuple[str, str]]:
    found = [("from", asked.first.isoformat()), ("to", asked.last.isoformat())]
    if asked.branch_id is not None:
        found.append(("branch", str(asked.branch_id)))
    if asked.technician_id is not None:
        found.append(("technician", str(asked.technician_id)))
    return found


def in_words(asked: Asked) -> list[str]:
    """The period and what it is limited to."""
    words = [gettext("%(first)s to %(last)s", first=asked.first, last=asked.last)]
    for model, key, label in ((Branch, asked.branch_id, _l("Branch")), (User, asked.technician_id, _l("Technician"))):
        row = db.session.get(model, key) if key is not None else None
        if row is not None:
            words.append(formatters.labelled(label, str(row)))
    return words


def branches(by: Any) -> list[Branch]:
    """The branches among which the person may choose; none where there is only the own one."""
    return list(db.session.scalars(select(Branch).order_by(Branch.code))) if by.sees_all_branches else []


def technicians(by: Any) -> list[User]:
    """The technicians among whom the person may choose."""
    query = select(User).where(User.role.in_((Role.TECHNICIAN, Role.SUPERVISOR))).order_by(User.real_name, User.id)
    return list(db.session.scalars(query if by.sees_all_branches else query.where(User.branch_id == by.branch_id)))


def numbers(table: Table) -> list[bool]:
    """Which columns hold numbers."""
    return [any(isinstance(row[n], (int, float)) for row in table.all) for n in range(len(table.header))]


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else ("" if value is None else str(value))
