"""Charts as SVG made here: presentation attributes only, so that the strict policy and the printed page take them.

Every chart stands beside its table. Lines differ in dashes and marks as well as in colour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from markupsafe import Markup, escape

WIDTH, HEIGHT = 380, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 10, 24
_INK, _GRID = "#566273", "#d9dde3"
#: Colour, dashes and radius of the marks of each line.
_LINES = (("#0b5cad", "none", 2.4), ("#b4540a", "5 3", 2.4), ("#17603a", "2 3", 2.4))
#: From young to old.
_AGES = ("#bcdcf5", "#7fb8e6", "#3f8fd2", "#f2c66d", "#e08a2e", "#a01c24")
_TICKS = 5


@dataclass(frozen=True)
class Series:
    """One line, or one layer of the bars: its name and a value for each place; None where there is none."""

    name: Any
    values: Sequence[float | None]


@dataclass(frozen=True)
class Chart:
    """A drawn chart: its key, title, picture, legend (name, colour, dashes), and the table that says the same."""

    key: str
    title: Any
    svg: Markup
    legend: list[tuple[Any, str, str]]
    head: list[Any]
    rows: list[list[Any]]


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM)


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    if value <= 0:
        return 1
    power = 10 ** floor(log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * 0.999)


def time_top(most: float | None) -> float:
    """The end of an axis of seconds whose quarters are round: minutes, hours or days."""
    minutes = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 43200)
    tops = [one * 60.0 * (_TICKS - 1) for one in minutes]
    return next((one for one in tops if one >= (most or 0)), _round_up(most or 0))


def _frame(labels: Sequence[str], top: float, words: Callable[[float], str], places: Sequence[float]) -> list[str]:
    parts = []
    for number in range(_TICKS):
        value = top * number / (_TICKS - 1)
        y = _y(value, top)
        parts.append(
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}" stroke="{_GRID}" stroke-width="1"/>'
            f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end" font-size="11" fill="{_INK}">'
            f"{escape(words(value))}</text>"
        )
    every = max(1, ceil(len(labels) / 7))
    parts += [
        f'<text x="{place:.1f}" y="{HEIGHT - 7}" text-anchor="middle" font-size="11" fill="{_INK}">'
        f"{escape(label)}</text>"
        for place, label in zip(places[::every], labels[::every], strict=True)
    ]
    return parts


def _svg(title: str, parts: Sequence[str]) -> Markup:
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" aria-label="{escape(title)}"'
    body = "".join(parts)
    return Markup(f'{head} xmlns="http://www.w3.org/2000/svg">{body}</svg>')  # noqa: S704 - every text is escaped


def lines(
    title: Any, labels: Sequence[str], series: Sequence[Series], words: Callable[[float], str], top: float | None = None
) -> Markup:
    """Lines over the labels; a gap where there is no value. words: a value in words; top: of the axis."""
    there = [value for one in series for value in one.values if value is not None]
    top = top or _round_up(max(there, default=0))
    step = (WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)
    places = [_LEFT + step * (number + 0.5) for number in range(len(labels))]
    parts = _frame(labels, top, words, places)
    for one, (colour, dashes, radius) in zip(series, _LINES, strict=False):
        for run in _runs(places, one.values, top):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"'
                f' stroke-dasharray="{dashes}"/>'
            )
            if len(labels) <= 31 or len(run) == 1:
                parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>' for x, y in run]
    return _svg(str(title), parts)


def _runs(places: Sequence[float], values: Sequence[float | None], top: float) -> list[list[tuple[float, float]]]:
    """The stretches without a gap."""
    runs: list[list[tuple[float, float]]] = []
    is_open = False
    for place, value in zip(places, values, strict=True):
        if value is None:
            is_open = False
            continue
        if not is_open:
            runs.append([])
        is_open = True
        runs[-1].append((place, _y(min(value, top), top)))
    return runs


def bars(title: Any, labels: Sequence[str], layers: Sequence[Series], words: Callable[[float], str]) -> Markup:
    """Bars in layers, the first at the bottom."""
    sums = [sum(one.values[place] or 0 for one in layers) for place in range(len(labels))]
    quarters = _TICKS - 1
    top = max(1.0, ceil(_round_up(max(sums, default=0) / quarters))) * quarters
    step = (WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)
    wide = min(step * 0.8, 40)
    places = [_LEFT + step * (number + 0.5) for number in range(len(labels))]
    parts = _frame(labels, top, words, places)
    for number, place in enumerate(places):
        height = 0.0
        for one, colour in zip(layers, _AGES, strict=False):
            value = one.values[number] or 0
            if value:
                y, base = _y(height + value, top), _y(height, top)
                parts.append(
                    f'<rect x="{place - wide / 2:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{base - y:.1f}"'
                    f' fill="{colour}"/>'
                )
                height += value
    return _svg(str(title), parts)


def line_legend(series: Sequence[Series]) -> list[tuple[Any, str, str]]:
    """(name, colour, dashes) of each line."""
    return [(one.name, colour, dashes) for one, (colour, dashes, _) in zip(series, _LINES, strict=False)]


def bar_legend(layers: Sequence[Series]) -> list[tuple[Any, str, str]]:
    """(name, colour, "") of each layer."""
    return [(one.name, colour, "") for one, colour in zip(layers, _AGES, strict=False)]
