"""The page of the figures: filters in the address, tiles that open their rows, charts with tables, files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from flask import Response, abort, redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.calls.queries import model_by_code
from backoffice.core import audit, clock, scope
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.figures import telling
from backoffice.figures.models import FigureSum
from backoffice.figures.queries import backlog, failures
from backoffice.figures.queries.asking import Asked, limited, visible_branches
from backoffice.figures.queries.figures import PART
from backoffice.figures.queries.names import lines_of
from backoffice.figures.queries.reading import read
from backoffice.figures.rules import MOST_DAYS, Age, Kind, MonthOfFigures, Period, Span, UnitYear, percent, period
from backoffice.organisation.models import Branch, User, Zone
from backoffice.products.models import ProductModel
from backoffice.ui import sheets, xlsx
from backoffice.ui.act_page import reading, write_once
from backoffice.ui.export import MIMETYPES
from backoffice.ui.fields import FIRST_YEAR, LAST_YEAR
from backoffice.ui.guards import PageView, actor, holds, needs, parse_key
from backoffice.ui.views import NavGroup

from .filters import ALL, BACKLOG, FAILURES, rows_url

#: Lines of a breakdown that are shown; a file has them all.
SHOWN = 15
BREAKDOWNS = (Kind.TECHNICIAN, Kind.ZONE, Kind.MODEL)


@dataclass(frozen=True)
class Question:
    """The address, understood and limited to what the person may see."""

    by: Actor
    asked: Asked
    kind: Kind
    branches: Sequence[Branch]
    #: what was typed as the model
    model_text: str = ""
    model: ProductModel | None = None

    @property
    def named_branches(self) -> tuple[int, ...]:
        """The branches to name in a link: none where all are meant that the person sees."""
        return self.asked.branches if len(self.asked.branches) < len(self.branches) else ()

    def params(self, **other: Any) -> dict[str, Any]:
        """The address that asks for the same, with some of it changed; what is empty is left out."""
        asked, span = self.asked, self.asked.period.span
        found: dict[str, Any] = {"span": span.value, "by": self.kind.value}
        if span is Span.RANGE:
            found |= {"from": asked.period.first.isoformat(), "to": asked.period.last.isoformat()}
        else:
            found["day"] = asked.period.first.isoformat()
        found |= {
            "branch": list(self.named_branches), "zone": asked.zone.value if asked.zone else None,
            "technician": asked.technician if self.by.can(Permission.FIGURES_READ) else None,
            "model": self.model.code if self.model else None,
        }  # fmt: skip
        return {name: value for name, value in (found | other).items() if value}

    def of(self, one: Period) -> dict[str, Any]:
        """The address that asks the same of another period."""
        if one.span is Span.RANGE:
            return self.params(**{"from": one.first.isoformat(), "to": one.last.isoformat()})
        return self.params(day=one.first.isoformat())


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.values.get(name, "")[:10])
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year < LAST_YEAR else None


def _period() -> Period:
    """What the address asks for; the running month where it cannot be understood."""
    text = request.values.get("span", "")
    span = Span(text) if text in list(Span) else Span.MONTH
    if span is not Span.RANGE:
        return period(span, _day("day") or clock.today())
    first, last = _day("from"), _day("to")
    first = first or (last or clock.today()).replace(day=1)
    last = max(last or clock.today(), first)
    return Period(span, first, min(last, first + timedelta(days=MOST_DAYS - 1)))


def _question(by: Actor) -> Question:
    branches = visible_branches(by)
    zone, kind = request.values.get("zone", ""), request.values.get("by", "")
    text = request.values.get("model", "").strip()[:60]
    model = model_by_code(text) if text else None
    keys = tuple(key for one in request.values.getlist("branch")[:50] if (key := parse_key(one)) is not None)
    asked = Asked(
        _period(), keys, parse_key(request.values.get("technician")), Zone(zone) if zone in list(Zone) else None,
        model.id if model else None,
    )  # fmt: skip
    chosen = Kind(kind) if kind in [one.value for one in BREAKDOWNS] else BREAKDOWNS[0]
    return Question(by, limited(asked, by, branches), chosen, branches, text, model)


class FiguresView(PageView):
    """K-01 to K-09, K-13, K-15 (R-07); a technician sees his own."""

    endpoint = "figures"
    url = "/figures"
    name = _l("Figures")
    group = NavGroup.SERVICE
    order = 90
    icon = "chart"
    read = (Permission.FIGURES_READ, Permission.FIGURES_READ_OWN)
    shows = MonthOfFigures

    @expose("/")
    def index_view(self) -> Any:
        """The figures of a period."""
        question = _question(_by())
        asked, today = question.asked, clock.today()
        found = read(asked, question.kind)
        days = backlog.midnights(asked.period)
        ages = backlog.at_ends_of([*days, asked.period.before.last], asked, found.standing)
        then = ages.pop(asked.period.before.last)
        is_running = asked.period.first <= today <= asked.period.last
        open_now = backlog.now(asked) if is_running else None
        last = open_now if open_now is not None else (ages[days[-1]] if days else None)
        return render_template(
            "figures/page.html", view=self, admin_view=self, q=question, period=asked.period, spans=list(Span),
            zones=list(Zone), ages=list(Age), technicians=_technicians(question), tiles=telling.tiles(found),
            charts=telling.all_charts(found, ages, open_now), open=last, open_before=then,
            open_day=None if is_running or not days else days[-1], rows=_rows(question), open_rows=_open_rows(question),
            kinds=BREAKDOWNS, lines=lines_of(found, question.kind, SHOWN), count=len(found.parts),
            heads=telling.part_figures(question.kind), key_url=_key_urls(question), cells=telling.counted,
            pages=_pages(question),
            may_export=holds(question.by, Permission.DATA_EXPORT),
            may_print=question.by.can(Permission.FIGURES_READ),
        )  # fmt: skip

    @expose("/details/")
    def details_view(self) -> Any:
        """Where the notice of a month leads: the page of that month."""
        month = MonthOfFigures.day_of(parse_key(request.args.get("id")))
        if month is None:
            abort(404)
        return redirect(url_for("figures.index_view", span=Span.MONTH.value, day=month.isoformat()))

    @expose("/failures")
    @needs(Permission.FIGURES_READ)
    def failures_view(self) -> Any:
        """Failures of units by model and age."""
        question = _question(_by())
        asked = Asked(question.asked.period, question.asked.branches, model_id=question.asked.model_id)

        def rows(model_id: int, year: UnitYear | None) -> str:
            of = Asked(asked.period, asked.branches, model_id=model_id)
            span = (asked.period.first, asked.period.last)
            return rows_url(FAILURES, year.value if year else ALL, span, of, branches=question.named_branches)

        return render_template(
            "figures/failures.html", view=self, admin_view=self, q=question, period=asked.period, spans=list(Span),
            models=failures.by_model(asked), years=list(UnitYear), rows=rows, percent=percent,
            pages=_pages(question), most=failures.MOST,
        )  # fmt: skip

    @expose("/export", methods=("POST",))
    @needs(Permission.DATA_EXPORT)
    def export_view(self) -> Response:
        """A table as a file: by day or month, or by technician, zone or model."""
        kind, what = request.form.get("as", ""), request.form.get("table", "")
        if kind not in MIMETYPES or what not in ("series", "parts"):
            abort(400)
        reading()
        question = _question(_by())
        found = read(question.asked, question.kind)
        if what == "series":
            daily = found.asked.period.is_daily
            header = telling.file_head(Kind.ALL, _l("Day") if daily else _l("Month"))
            lines = [
                telling.file_row(Kind.ALL, day.isoformat() if daily else f"{day:%Y-%m}", sums)
                for day, sums in found.series.items()
            ]
        else:
            header = telling.file_head(question.kind, question.kind.label)
            lines = [telling.file_row(question.kind, name, sums) for _, name, sums in lines_of(found, question.kind)]
        _note(question, kind, len(lines))
        head, rows = [str(one) for one in header], [[sheets.typed(cell) for cell in line] for line in lines]
        made = sheets.csv_parts(head, rows) if kind == "csv" else xlsx.xlsx_parts(str(self.name), head, rows)
        response = Response(b"".join(made), mimetype=MIMETYPES[kind])
        name = quote(f"{self.name} {question.asked.period.first} {question.asked.period.last}.{kind}", safe="")
        response.headers["Content-Disposition"] = f"attachment; filename=\"export.{kind}\"; filename*=UTF-8''{name}"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response


def _by() -> Actor:
    by = actor()
    assert by is not None  # noqa: S101 - the door asks for `read`
    return by


def _note(question: Question, kind: str, number: int) -> None:
    """Write down who takes which figures out (G-04)."""
    by, asked = question.by, question.asked
    act = f"{FigureSum.__tablename__}.export"
    words = [kind.upper(), str(number), f"{asked.period.first} – {asked.period.last}"]
    words += [f"{limit.label}: {key}" for limit, key in asked.dimensions]

    def do() -> tuple[str, None]:
        with audit.during(audit.Occasion(act, by, on_behalf_of_id=by.on_behalf_of(Permission.DATA_EXPORT))):
            audit.record(FigureSum.__tablename__, act, by=by, note=" · ".join(words))
        return "", None

    write_once(by, do)
    reading()


def _pages(question: Question) -> list[tuple[Any, str]]:
    found = [(_l("Figures"), url_for("figures.index_view", **question.params()))]
    if question.by.can(Permission.FIGURES_READ):
        found.append((_l("Failures by model and age"), url_for("figures.failures_view", **question.params(by=None))))
    return found


def _technicians(question: Question) -> list[User]:
    """Who can be chosen: the technicians of the branches; nobody for a technician himself."""
    if not question.by.can(Permission.FIGURES_READ):
        return []
    query = select(User).where(
        User.role == Role.TECHNICIAN, User.branch_id.in_(question.asked.branches), scope.visible(User, question.by)
    )
    return list(db.session.scalars(query.order_by(User.real_name, User.id).limit(200)))


def _rows(question: Question) -> Any:
    """Function (tile, "of" or "is") -> address of the rows."""
    span = (question.asked.period.first, question.asked.period.last)

    def rows(tile: telling.Tile, which: str) -> str:
        if which == PART and tile.figure.is_part is None:
            return ""
        return rows_url(tile.figure.key, which, span, question.asked, branches=question.named_branches)

    return rows


def _open_rows(question: Question) -> Any:
    """Function (age or None, day or None) -> address of the open calls."""

    def rows(age: Age | None, day: date | None) -> str:
        span = None if day is None else (day, day)
        which = ALL if age is None else age.value
        return rows_url(BACKLOG, which, span, question.asked, branches=question.named_branches)

    return rows


def _key_urls(question: Question) -> Any:
    """Function (key of a line) -> address of the page limited to it; "" for what has none."""

    def url(key: str, name: str) -> str:
        limit = {question.kind.value: name if question.kind is Kind.MODEL else key}
        may = question.by.can(Permission.FIGURES_READ) or question.kind is not Kind.TECHNICIAN
        return url_for("figures.index_view", **question.params(**limit)) if key and may else ""

    return url
