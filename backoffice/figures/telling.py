"""What was read in words, tiles and charts: the same on the page, on the printed pack and in files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from backoffice.ui.formatters import duration

from . import charts
from .charts import Chart, Series
from .models import AGE_COLUMNS
from .queries.backlog import Ages
from .queries.figures import FIGURES, Figure, worked
from .queries.reading import Reading, Sums
from .rules import NOTHING, Age, Kind, percent, share

_DAY = 24 * 60 * 60


def time(seconds: float | None) -> str:
    """A time, to the minute; from two days on in days."""
    if seconds is None:
        return NOTHING
    if seconds >= 2 * _DAY:
        return gettext("%(n)s days", n=f"{seconds / _DAY:.1f}")
    return duration(round(seconds / 60)) if seconds < _DAY else gettext("%(n)s h", n=f"{seconds / 3600:.1f}")


def told(figure: Figure, value: float | None) -> str:
    """The value of a figure."""
    return time(value) if figure.is_time else percent(value)


@dataclass(frozen=True)
class Tile:
    """A figure of the period, with what it is counted from, and how it has changed."""

    figure: Figure
    value: str
    part: int
    whole: int
    before: str
    change: str
    tone: str
    #: further figures of the same: (words, value)
    more: list[tuple[Any, str]]

    @property
    def rows(self) -> int | None:
        """How many rows are behind it where that is another number than the whole."""
        return None


@dataclass(frozen=True)
class CountedTile(Tile):
    """One of which the rows are not what is summed: K-15 sums minutes of reports."""

    count: int = 0

    @property
    def rows(self) -> int | None:
        """The reports."""
        return self.count


def tile(figure: Figure, found: Reading) -> Tile:
    """The figure out of what was read."""
    now, then = figure.value(found.total), figure.value(found.before)
    change, tone = _change(figure, now, then)
    values: dict[str, Any] = {
        "figure": figure, "value": told(figure, now), "part": found.total[figure.part],
        "whole": found.total[figure.whole], "before": told(figure, then), "change": change, "tone": tone,
        "more": _more(figure, found),
    }  # fmt: skip
    return CountedTile(**values, count=found.total[figure.rows]) if figure.rows else Tile(**values)


def _change(figure: Figure, now: float | None, then: float | None) -> tuple[str, str]:
    if now is None or then is None:
        return "", "neutral"
    difference = now - then
    if figure.is_time:
        words = ("+" if difference > 0 else "−") + time(abs(difference))
        same = abs(difference) < 30
    else:
        words = gettext("%(n)s points", n=f"{difference * 100:+.1f}".replace("-", "−"))
        same = abs(difference) < 0.0005
    if same:
        return gettext("as before"), "neutral"
    return words, "good" if (difference > 0) == figure.more_is_better else "bad"


def _more(figure: Figure, found: Reading) -> list[tuple[Any, str]]:
    if figure.key == "K-03":
        median, most = found.median, found.ninetieth
        return [
            (_l("Median"), time(None if median is None else median * 60)),
            (_l("9 in 10 within"), time(None if most is None else most * 60)),
        ]
    if figure.key == "K-05":
        return [(_l("Of it worked"), time(worked(found.total)))]
    return []


def tiles(found: Reading) -> list[Tile]:
    """All that can be told of what was asked for."""
    asked = {kind for kind, _ in found.asked.dimensions} or {Kind.ALL}
    return [tile(one, found) for one in FIGURES.values() if asked <= one.kinds]


def label_of(day: date, *, daily: bool) -> str:
    """A day or month under a chart."""
    return f"{day.month}-{day.day}" if daily else f"{day:%Y-%m}"


def counted(figure: Figure, sums: Sums) -> str:
    """The value with what it is counted from, for a cell of a table."""
    value = figure.value(sums)
    if value is None:
        return NOTHING
    if figure.is_time:
        return f"{time(value)} ({sums[figure.whole]})"
    return f"{percent(value)} ({sums[figure.part]}/{sums[figure.whole]})"


def _axis(seconds: float) -> str:
    if seconds >= 2 * _DAY:
        return gettext("%(n)s d", n=f"{seconds / _DAY:.3g}")
    return (
        gettext("%(n)s h", n=f"{seconds / 3600:.3g}")
        if seconds >= 7200
        else gettext("%(n)s min", n=f"{seconds / 60:.3g}")
    )


def all_charts(found: Reading, ages: Mapping[date, Ages], now: Ages | None) -> list[Chart]:
    """Every chart of the period with its table. ages: the backlog at the ends of days; now: that of this moment."""
    daily = found.asked.period.is_daily
    days = list(found.series)
    labels = [label_of(day, daily=daily) for day in days]
    first = _l("Day") if daily else _l("Month")
    drawn = []
    for key, title, keys in (
        ("hits", _l("In time"), ("K-01", "K-02")), ("first", _l("First-time fixes and repeats"), ("K-04", "K-06")),
        ("response", _l("Response time"), ("K-03",)), ("repair", _l("Time to repair"), ("K-05",)),
    ):  # fmt: skip
        figures = [FIGURES[one] for one in keys]
        series = [Series(one.label, [one.value(sums) for sums in found.series.values()]) for one in figures]
        words: Callable[[float], str] = _axis if figures[0].is_time else (lambda value: f"{value * 100:.0f} %")
        most = max((value for one in series for value in one.values if value is not None), default=None)
        svg = charts.lines(title, labels, series, words, charts.time_top(most) if figures[0].is_time else 1.0)
        rows = [
            [day.isoformat() if daily else f"{day:%Y-%m}", *(counted(one, sums) for one in figures)]
            for day, sums in found.series.items()
        ]
        head = [first, *(f"{one.key} {one.label}" for one in figures)]
        drawn.append(Chart(key, title, svg, charts.line_legend(series), head, rows))
    drawn.insert(1, _backlog(ages, now, daily=daily))
    return drawn


def _backlog(ages: Mapping[date, Ages], now: Ages | None, *, daily: bool) -> Chart:
    points: list[tuple[str, str, Ages]] = [
        (label_of(day, daily=daily), day.isoformat(), counts) for day, counts in ages.items()
    ]
    if now is not None:
        points.append((gettext("now"), gettext("now"), now))
    layers = [Series(age.label, [counts[age.value] for *_, counts in points]) for age in Age]
    title = _l("Open calls by age")
    svg = charts.bars(title, [label for label, *_ in points], layers, lambda value: f"{value:.0f}")
    rows = [[day, *(counts[name] for name in AGE_COLUMNS), counts.total()] for _, day, counts in points]
    head = [_l("At the end of"), *(age.label for age in Age), _l("Total")]
    return Chart("backlog", title, svg, charts.bar_legend(layers), head, rows)


def part_figures(kind: Kind) -> list[Figure]:
    """The figures that a breakdown tells."""
    return [one for one in FIGURES.values() if kind in one.kinds]


def file_head(kind: Kind, first: Any) -> list[Any]:
    """Head of a file: for each figure its value, what is counted, and over what."""
    head = [first]
    for one in part_figures(kind):
        head += [f"{one.key} {one.label}", one.part_label, one.whole_label]
    return head


def file_row(kind: Kind, name: str, sums: Sums) -> list[Any]:
    """A line of the file: shares as decimals, times in minutes."""
    row: list[Any] = [name]
    for one in part_figures(kind):
        value = share(sums[one.part], sums[one.whole])
        shown = None if value is None else round(value / 60, 1) if one.is_time else round(value, 4)
        row += [shown, sums[one.part], sums[one.whole]]
    return row
