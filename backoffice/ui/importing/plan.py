"""What is imported from where: the fields of a record, and which column or constant gives each of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import BackofficeError, MissingInput, Text
from backoffice.core.states import LabelledEnum

from . import values
from .values import Layout, fold


@dataclass(frozen=True)
class Field:
    """A fact of the records to import.

    kind: text, lines (a text kept as it stands, line breaks too), code (a number used as a name), number, whole, money,
    quantity, signed (a quantity that may lie below 0), day, moment, flag, choice (one of `choice`), or ref: a record
    that the target looks up. names: headers under which it is known, guessed from. zero_is_blank: "0" in a cell says
    nothing.
    """

    name: str
    label: Text
    kind: str = "text"
    names: tuple[str, ...] = ()
    required: bool = False
    choice: type[LabelledEnum] | None = None
    words: Mapping[str, LabelledEnum] = field(default_factory=dict)
    zero_is_blank: bool = True

    def read(self, text: str, layout: Layout) -> Any:
        """The value of a cell or constant; None for "" and for a day that is not known. Raises Unreadable."""
        return self._readers[self.kind](self, text, layout) if text else None

    _readers = {
        "text": lambda self, cell, layout: values.one_line(cell),
        "lines": lambda self, cell, layout: values.with_lines(cell),
        "code": lambda self, cell, layout: values.as_code(cell),
        "ref": lambda self, cell, layout: values.as_code(cell),
        "number": lambda self, cell, layout: values.as_number(cell),
        "money": lambda self, cell, layout: values.as_money(cell),
        "quantity": lambda self, cell, layout: values.as_quantity(cell),
        "signed": lambda self, cell, layout: values.as_signed(cell),
        "whole": lambda self, cell, layout: values.as_whole(cell),
        "day": lambda self, cell, layout: values.as_day(cell, layout),
        "moment": lambda self, cell, layout: values.as_moment(cell, layout),
        "flag": lambda self, cell, layout: values.as_flag(cell),
        "choice": lambda self, cell, layout: values.as_member(cell, self.choice, self.words),
    }


@dataclass(frozen=True)
class Source:
    """Where a field comes from: the first column that says something, or all of them joined, or a constant."""

    columns: tuple[str, ...] = ()
    joined: bool = False
    constant: str = ""

    @property
    def shown(self) -> str:
        """The columns as the person wrote them."""
        return (" + " if self.joined else " | ").join(self.columns)

    def as_json(self) -> dict[str, Any]:
        """The source as JSON can hold it."""
        return {"columns": list(self.columns), "joined": self.joined, "constant": self.constant}


@dataclass(frozen=True)
class Plan:
    """One import as a person has set it up."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    #: per field: cell (folded) and what it stands for
    replacements: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    layout: Layout = field(default_factory=Layout)
    #: switches of the target: create_models, create_customers, allow_doubles
    options: frozenset[str] = frozenset()
    #: import the rows without a problem although others have one
    good_rows_only: bool = False

    def with_sources(self, more: Mapping[str, Source]) -> "Plan":
        """The same plan with these sources set or replaced."""
        return replace(self, sources={**self.sources, **more})

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON can hold it; `from_json` reads it."""
        layout = self.layout
        return {
            "sources": {name: source.as_json() for name, source in self.sources.items()},
            "replacements": {name: dict(cells) for name, cells in self.replacements.items()},
            "order": layout.order, "year_as_first_day": layout.year_as_first_day,
            "unknown_years": sorted(layout.unknown_years), "options": sorted(self.options),
            "good_rows_only": self.good_rows_only,
        }  # fmt: skip

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> "Plan":
        """The plan that `as_json` gave."""
        return Plan(
            sources={
                name: Source(tuple(one["columns"]), joined=one["joined"], constant=one["constant"])
                for name, one in kept["sources"].items()
            },
            replacements=kept["replacements"],
            layout=Layout(kept["order"], kept["year_as_first_day"], frozenset(kept["unknown_years"])),
            options=frozenset(kept["options"]),
            good_rows_only=kept["good_rows_only"],
        )

    def fitting(self, fields: Iterable[Field], header: Sequence[str]) -> "Plan":
        """What of a plan for another file can be used for one with this header: sources whose columns it has."""
        names = {one.name for one in fields}
        kept = {
            name: source for name, source in self.sources.items()
            if name in names and set(source.columns) <= set(header)
        }  # fmt: skip
        return replace(self, sources=kept, replacements={n: c for n, c in self.replacements.items() if n in kept})


def guess(fields: Iterable[Field], header: Sequence[str]) -> dict[str, Source]:
    """The columns whose header is a field's name, label or synonym."""
    by_name = {_key(column): column for column in reversed(header)}
    found = {}
    for one in fields:
        for name in (one.name, str(one.label), *one.names):
            if column := by_name.get(_key(name)):
                found[one.name] = Source((column,))
                break
    return found


def _key(name: str) -> str:
    return "".join(c for c in fold(name) if c.isalnum())


def parse_source(text: str, header: Sequence[str]) -> Source:
    """The source written as `column`, `first | second` (the first that says something) or `one + two` (joined).

    Raises MissingInput naming the column that the file does not have.
    """
    known = {fold(column): column for column in header}
    if fold(text) in known:
        return Source((known[fold(text)],))
    joined = "|" not in text and "+" in text
    parts = [part.strip() for part in text.split("+" if joined else "|")]
    for part in parts:
        if fold(part) not in known:
            raise MissingInput(
                _l("The file has no column “%(name)s”. Its columns: %(names)s.", name=part, names=", ".join(header)),
                field="map",
            )
    return Source(tuple(known[fold(part)] for part in parts), joined=joined)


def check(fields: Sequence[Field], plan: Plan) -> None:
    """Raises MissingInput for a field that does not exist, or a required one without column and constant."""
    known = {one.name for one in fields}
    for name in (*plan.sources, *plan.replacements):
        if name not in known:
            raise MissingInput(
                _l("There is no field “%(name)s”. The fields: %(names)s.", name=name, names=", ".join(sorted(known))),
                field="map",
            )
    missing = [str(one.label) for one in fields if one.required and one.name not in plan.sources]
    if missing:
        raise MissingInput(_l("Say which column or constant gives: %(names)s.", names=", ".join(missing)), field="map")


@dataclass(frozen=True)
class Problem:
    """Why a row is refused, at which column."""

    row: int
    column: str
    message: Text
    rule: str = ""


class RowReader:
    """Reads the facts of one row by a plan; what is found wrong is collected, not raised."""

    def __init__(self, fields: Sequence[Field], plan: Plan, header: Sequence[str]) -> None:
        places = {column: place for place, column in enumerate(header)}
        self.layout = plan.layout
        #: cells that were read, though not as they stand
        self.notes: list[Problem] = []
        self.steps: list[tuple[Field, Source, list[int], Mapping[str, str]]] = []
        for one in fields:
            source = plan.sources.get(one.name)
            if source is not None:
                self.steps.append(
                    (one, source, [places[c] for c in source.columns], plan.replacements.get(one.name, {}))
                )

    def facts(self, number: int, cells: Sequence[str]) -> tuple[dict[str, Any], list[Problem]]:
        """The row's values by field name (nothing is left out), and the problems with its cells."""
        facts: dict[str, Any] = {}
        problems = []
        for one, source, places, replaced in self.steps:
            try:
                text = self._text(one, source, places, replaced, cells)
                value = one.read(text, self.layout)
            except values.Unreadable as wrong:
                problems.append(Problem(number, source.shown or str(one.label), wrong.message))
                continue
            if value is not None:
                facts[one.name] = value
                if isinstance(value, str) and one.kind != "lines" and ("\n" in text or "\r" in text):
                    self.notes.append(Problem(number, source.shown, _l("A line break inside the cell was dropped.")))
            elif one.required:
                problems.append(Problem(number, source.shown or str(one.label), _l("This must be given.")))
        return facts, problems

    def _text(
        self, one: Field, source: Source, places: list[int], replaced: Mapping[str, str], cells: Sequence[str]
    ) -> str:
        texts = [replaced.get(fold(cells[place]), cells[place]) if replaced else cells[place] for place in places]
        if one.kind == "lines":  # a text keeps its blanks, and a word for “nothing” is a word
            said = [text for text in texts if text.strip()]
            return ("\n" if source.joined else "").join(said if source.joined else said[:1]) or source.constant
        said = [text for text in texts if not values.is_blank(text, zero=one.zero_is_blank)]
        if not said:
            return source.constant
        return " ".join(text.strip() for text in said) if source.joined else said[0].strip()


def column_of(refusal: BackofficeError, fields: Sequence[Field], plan: Plan) -> str:
    """The column of the file (or the field's label) to which a refusal belongs; "" when it belongs to none."""
    source = plan.sources.get(refusal.field)
    if source is not None and source.columns:
        return source.shown
    return next((str(one.label) for one in fields if one.name == refusal.field), "")
