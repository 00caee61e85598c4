"""The cells of a sheet out of its XML, as texts: a number in full, a day as 2026-11-24, whatever they look like."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import IO, Any
from xml.parsers.expat import ParserCreate

#: Stands for a formula without a result.
UNCOMPUTED = "\udcfe"
_WHOLE = re.compile(r"-?\d+")
_BLOCK = 256 * 1024


def strings_of(part: IO[bytes]) -> list[str]:
    """The texts that the cells of a workbook share; the reading aids of East Asian texts are left out."""
    texts: list[str] = []
    pieces: list[str] = []
    state = {"text": False, "aid": False}

    def start(name: str, _attributes: Any) -> None:
        kind = name.rpartition(":")[2]
        if kind == "rPh":
            state["aid"] = True
        elif kind == "t":
            state["text"] = not state["aid"]

    def end(name: str) -> None:
        kind = name.rpartition(":")[2]
        if kind == "si":
            texts.append(_unescaped("".join(pieces)))
            pieces.clear()
        elif kind == "rPh":
            state["aid"] = False
        elif kind == "t":
            state["text"] = False

    def data(text: str) -> None:
        if state["text"]:
            pieces.append(text)

    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    while block := part.read(_BLOCK):
        parser.Parse(block, 0)
    parser.Parse(b"", 1)
    return texts


class SheetParser:
    """Turns blocks of a sheet's XML into rows.

    texts: the shared ones; dates: the styles in which a number is a day; day: what such a number means; most: cells
    of the widest row that is told apart.
    """

    def __init__(
        self, texts: Sequence[str], dates: frozenset[str], day: Callable[[float], str], most: int
    ) -> None:  # fmt: skip
        self.texts, self.dates, self.day, self.most = texts, dates, day, most
        self.done: list[tuple[int, list[str]]] = []
        self.number = self.column = 0
        self.cells: list[str] = []
        self.kind = self.style = ""
        self.reading = self.has_formula = False
        self.pieces: list[str] = []
        self.columns: dict[str, int] = {}
        self.parser = ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._data

    def feed(self, block: bytes, *, last: bool = False) -> list[tuple[int, list[str]]]:
        """The rows that this block completes."""
        self.parser.Parse(block, last)
        done, self.done = self.done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2] if ":" in name else name
        if kind == "c":
            place = attributes.get("r")
            self.column = self._column_of(place) if place else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "0")
            self.has_formula = False
            self.pieces.clear()
        elif kind in {"v", "t"}:
            self.reading = True
        elif kind == "f":
            self.has_formula = True
        elif kind == "row":
            self.number = int(attributes["r"]) if "r" in attributes else self.number + 1
            self.column, self.cells = 0, []

    def _data(self, text: str) -> None:
        if self.reading:
            self.pieces.append(text)

    def _end(self, name: str) -> None:
        kind = name.rpartition(":")[2] if ":" in name else name
        if kind in {"v", "t"}:
            self.reading = False
        elif kind == "c":
            text = self._text()
            place = min(self.column, self.most)  # what stands further out makes the row too long, once
            if text and len(self.cells) < place:
                self.cells += [""] * (place - 1 - len(self.cells))
                self.cells.append(text)
        elif kind == "row" and self.cells:
            self.done.append((self.number, self.cells))

    def _column_of(self, place: str) -> int:
        letters = place.rstrip("0123456789")
        known = self.columns.get(letters)
        if known is None:
            known = 0
            for letter in letters[:4]:
                known = known * 26 + ord(letter) - 64
            self.columns[letters] = known
        if known <= len(self.cells):
            raise ValueError("two cells in one place")
        return known

    def _text(self) -> str:
        raw = "".join(self.pieces)
        if self.kind == "s":
            return self.texts[int(raw)] if raw else ""
        if self.kind in {"str", "inlineStr"}:
            return _unescaped(raw)
        if not raw:
            return UNCOMPUTED if self.has_formula else ""
        if self.kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        if self.kind != "n":
            return raw  # an error, or a day in writing
        if self.style in self.dates:
            return self.day(float(raw))
        return raw if _WHOLE.fullmatch(raw) else _number(float(raw))


def _number(value: float) -> str:
    """The number without exponent and without a point that says nothing."""
    text = f"{Decimal(repr(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unescaped(text: str) -> str:
    return text.replace("_x000D_", "\r") if "_x000D_" in text else text
