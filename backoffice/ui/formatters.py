"""How values look: states as badges, moments in the office's zone, money, and personal data masked."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import g
from flask_babel import format_date, get_locale
from markupsafe import Markup, escape
from sqlalchemy import inspect

from backoffice.core import clock, masking
from backoffice.core.audit import audit_name
from backoffice.core.db import Quantity
from backoffice.core.quantity import format_quantity
from backoffice.core.states import LabelledEnum, StateEnum

from . import registry
from .saying import gettext, ngettext

__all__ = [
    "audit_name", "badge", "cell_of", "day", "deadline", "deadline_words", "duration", "exact", "is_masked",
    "is_number", "is_quantity", "masked", "moment", "moment_exact", "money", "pii_fields", "plain", "quantity",
    "relative", "row_masks", "tag", "text", "title", "value_of", "yes_no",
]  # fmt: skip

#: Nothing: the style sheet draws a dash, and a list of fifty rows stays small.
EMPTY = Markup("<i></i>")


def exact(moment: datetime | None) -> str:
    """`2026-11-24 08:42` on the office's wall clock."""
    return clock.local(moment).isoformat(" ", "minutes")[:16] if moment else ""


def relative(moment: datetime) -> str:
    """`12 min ago`, `in 3 h`; further than two days away the date."""
    minutes = int((clock.now() - moment).total_seconds() // 60)
    if abs(minutes) >= 2 * 24 * 60:
        return clock.local(moment).isoformat()[:10]
    amount = duration(abs(minutes))
    if abs(minutes) < 1:
        return gettext("just now")
    return gettext("%(time)s ago", time=amount) if minutes > 0 else gettext("in %(time)s", time=amount)


def duration(minutes: int) -> str:
    """`18 min`, `3 h 05 min`, `2 days`."""
    if minutes < 60:
        return gettext("%(n)s min", n=minutes)
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        if rest:
            return gettext("%(h)s h %(m)s min", h=hours, m=f"{rest:02d}")
        return gettext("%(h)s h", h=hours)
    days = minutes // (24 * 60)
    return ngettext("%(num)s day", "%(num)s days", days)


def _time(machine: str, words: str, hover: str) -> Markup:
    """A moment: for machines, in words, and on hover. Markup by hand is several times faster than format()."""
    return Markup(f'<time datetime="{machine}" title="{escape(hover)}">{escape(words)}</time>')  # noqa: S704 - escaped


def moment(value: datetime | None) -> Markup:
    """Relative time, the exact one on hover."""
    if value is None:
        return EMPTY
    return _time(exact(value), relative(value), exact(value))


def moment_exact(value: datetime | None) -> Markup:
    """The exact time, the relative one on hover."""
    if value is None:
        return EMPTY
    return _time(exact(value), exact(value), relative(value))


def day(value: date | None) -> Markup:
    """`2026-11-24`, the weekday on hover."""
    if value is None:
        return EMPTY
    return _time(value.isoformat(), value.isoformat(), format_date(value, "EEEE"))


def money(value: Decimal | None) -> str:
    """`¥1,234.50`."""
    return "" if value is None else f"-¥{-value:,.2f}" if value < 0 else f"¥{value:,.2f}"


def quantity(value: Decimal | None) -> Markup:
    """`1,250`, `0.5`, `-3`."""
    return EMPTY if value is None else escape(format_quantity(value))


def is_quantity(column: Any) -> bool:
    """Whether a column or an expression holds quantities; other decimals are money."""
    return isinstance(getattr(column, "type", None), Quantity)


def badge(value: LabelledEnum | None, tone: str | None = None) -> Markup:
    """A state with its word and its tone; an enum without tones is plain text."""
    if value is None:
        return EMPTY
    tone = tone or (value.tone if isinstance(value, StateEnum) else "")
    made: dict[tuple[type, str, str], Markup] = g.setdefault("badges", {})  # a list shows few states many times
    key = (type(value), value, tone)
    if key not in made:
        made[key] = tag(value.label, tone) if tone else escape(str(value.label))
    return made[key]


def tag(text: Any, tone: str = "neutral", hover: str = "") -> Markup:
    """Any word as a badge: tone is neutral, info, good, warn or bad."""
    title = f' title="{escape(hover)}"' if hover else ""
    return Markup(f'<span class="badge tone-{tone}"{title}>{escape(str(text))}</span>')  # noqa: S704 - escaped


def deadline(due: datetime | None, met_at: datetime | None = None, start: datetime | None = None) -> Markup:
    """Time left, overdue, met or missed, in words. With `start` the last quarter of the limit is marked."""
    if due is None:
        return EMPTY
    words, tone = deadline_words(due, met_at, start)
    return tag(words, tone, exact(due))


def deadline_words(due: datetime, met_at: datetime | None = None, start: datetime | None = None) -> tuple[str, str]:
    """(the words of `deadline`, their tone)."""
    if met_at is not None:
        if met_at <= due:
            return gettext("kept"), "good"
        late = int((met_at - due).total_seconds() // 60)
        return gettext("missed by %(time)s", time=duration(max(late, 1))), "neutral"
    left = due - clock.now()
    minutes = int(left.total_seconds() // 60)
    if left < timedelta(0):
        return gettext("%(time)s overdue", time=duration(max(-minutes, 1))), "bad"
    quarter = (due - start) / 4 if start is not None else timedelta(minutes=15)
    return gettext("%(time)s left", time=duration(minutes)), "warn" if left <= quarter else "info"


def yes_no(value: bool | None) -> Markup:
    """Yes or no in words."""
    if value is None:
        return EMPTY
    return escape(gettext("Yes")) if value else Markup('<span class="muted">{}</span>').format(gettext("No"))


def text(value: Any) -> Markup:
    """Any text, isolated, so that writing from right to left stays within its place."""
    return Markup(f"<bdi>{escape(str(value))}</bdi>") if value not in (None, "") else EMPTY  # noqa: S704 - escaped


def plain(value: Any) -> Markup:
    """A value of any kind as the pages show it."""
    if value is None or value == "":
        return EMPTY
    for kind, show in _SHOWN_AS:
        if isinstance(value, kind):
            return show(value)
    return text(title(value) if hasattr(value, "__tablename__") else value)


def _several(values: Any) -> Markup:
    return Markup("、").join(plain(one) for one in values) if values else EMPTY


#: The first kind that fits decides: an enum is a str, a bool an int, a moment a date.
_SHOWN_AS: tuple[tuple[Any, Callable[[Any], Markup]], ...] = (
    (Markup, lambda value: value),
    (LabelledEnum, badge),
    (str, text),
    (bool, yes_no),
    (datetime, moment),
    (date, day),
    (Decimal, lambda value: escape(money(value))),
    (int, lambda value: escape(str(value))),
    ((list, tuple), _several),
)


def listed(words: Iterable[Any]) -> str:
    """Words one after the other, with the comma of the reader's language."""
    return ("、" if _is_chinese() else ", ").join(str(word) for word in words)


def labelled(label: Any, value: Any) -> Markup:
    """`label: value` with the colon of the reader's language; plain text in it is escaped."""
    return Markup("{}{}{}").format(label, "：" if _is_chinese() else ": ", value)


def _is_chinese() -> bool:
    return str(get_locale() or "").startswith("zh")


def pii_fields(model: type[Any]) -> dict[str, str]:
    """`{field: kind}` of the personal data of a model."""
    model = getattr(model, "_model", model)  # a light row stands for its table
    found = _PII.get(model)
    if found is None:
        attributes = inspect(model).column_attrs
        found = {a.key: kind for a in attributes if (kind := a.columns[0].info.get("pii"))}
        _PII[model] = found
    return found


_PII: dict[type[Any], dict[str, str]] = {}


def is_masked(row: Any, field: str) -> bool:
    """Whether `field` of `row` is shown masked: personal data, unless the view of the table says otherwise."""
    if field not in pii_fields(type(row)):
        return False
    view = registry.view_of(row)
    return view.masks(row, field) if view is not None else row_masks(row, field)


def row_masks(row: Any, field: str) -> bool:
    """What the row itself says about its personal datum: `masks(field)`; without that method it is masked."""
    own = getattr(row, "masks", None)
    return bool(own(field)) if own is not None else True


def masked(row: Any, field: str) -> str:
    """The personal datum of a row as it may be shown to anybody."""
    value = getattr(row, field) or ""
    return masking.mask(pii_fields(type(row))[field], value) if is_masked(row, field) else value


def title(row: Any, words: str | None = None) -> str:
    """`str(row)` (or `words`) with the row's personal data masked in it."""
    words = str(row) if words is None else words
    for field, kind in pii_fields(type(row)).items():
        value = getattr(row, field) if hasattr(type(row), field) else ""  # a light row may not have read it
        if value and value in words and is_masked(row, field):
            words = words.replace(value, masking.mask(kind, value))
    return words


def value_of(name: str, model: type[Any]) -> Callable[[Any], Any]:
    """The function that reads the attribute `name` of a row of `model`, masked (a dotted name walks relations)."""
    head, _, rest = name.rpartition(".")
    if rest in pii_fields(model) and not head:
        return lambda row: masked(row, name)

    def read(row: Any) -> Any:
        for step in head.split(".") if head else ():
            row = getattr(row, step)
            if row is None:
                return None
        return masked(row, rest) if rest in pii_fields(type(row)) else getattr(row, rest)

    return read


def cell_of(name: str, model: type[Any]) -> Callable[[Any], Markup]:
    """The function that shows the attribute `name` of a row of `model`."""
    read = value_of(name, model)
    if is_quantity(inspect(model).columns.get(name)):
        return lambda row: quantity(read(row))
    return lambda row: plain(read(row))


def is_number(kind: Any) -> bool:
    """Whether a column's Python type is shown right-aligned."""
    return kind in (int, Decimal, float)


def python_type(column: Any) -> Any:
    """The Python type of a column's values; None where its SQL type names none."""
    try:
        return column.type.python_type
    except NotImplementedError:
        return None
