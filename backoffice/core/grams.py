"""Texts folded and cut into grams, by which the search index finds them. Pure functions.

Folded (`compact`): width and case do not count, and blanks, dashes, brackets and middle dots are left out. A gram is a
Chinese character, a pair of neighbouring ones, or a window of three other letters or digits; how a text begins is kept
too, for words shorter than a window. Grams only find candidates; whether a word is in a text is decided by the text.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from . import masking

#: As many words of a search count; the rest is not looked at.
MOST_WORDS = 5
WINDOW = 3
#: Before the gram of a beginning. Neither letter nor ASCII, so that it is no other gram and part of a token in FTS5.
_BEGINNING = "›"
_DROPPED_KINDS = {"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Pd", "Pc", "Ps", "Pe"}
_DROPPED = "·•‧・−"


class _Keeper(dict[int, int | None]):
    """For str.translate: None for what is left out; each character is looked at once."""

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        left_out = character in _DROPPED or unicodedata.category(character) in _DROPPED_KINDS
        self[code] = None if left_out else code
        return self[code]


_KEPT = _Keeper()


def compact(text: str | None) -> str:
    """The text folded, so that two spellings of one name or number are the same; None gives ""."""
    return unicodedata.normalize("NFKC", text or "").casefold().translate(_KEPT)


def digits(text: str | None) -> str:
    """The figures of a telephone number, full-width ones folded, without the country code +86 or 0086."""
    folded = unicodedata.normalize("NFKC", text or "")
    figures = "".join(c for c in folded if c in "0123456789")
    if folded.strip().startswith("+86") or figures.startswith("0086"):
        figures = figures.removeprefix("00").removeprefix("86")
        # Behind the country code a landline has lost the zero of its area code.
        return figures if not figures or re.match(r"1([3-9]|$)|0", figures) else f"0{figures}"
    return figures


def _kind(character: str) -> str:
    """Characters of which one is a word are cut in pairs: Chinese, kana, Hangul; other letters and digits in threes."""
    code = ord(character)
    if (
        0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF or 0x3005 <= code <= 0x3007 or 0x3040 <= code <= 0x30FF
        or 0xAC00 <= code <= 0xD7AF or 0xF900 <= code <= 0xFAFF
    ):  # fmt: skip
        return "han"
    return "letter" if character.isalnum() else ""


def _runs(folded: str) -> Iterator[tuple[str, str]]:
    for kind, characters in groupby(folded, _kind):
        yield kind, "".join(characters)


def _windows(run: str, size: int) -> Iterator[str]:
    return (run[place : place + size] for place in range(len(run) - size + 1))


def index_grams(folded_texts: Iterable[str]) -> list[str]:
    """All grams of folded texts, each once, in order; no gram reaches over the end of a text."""
    found: set[str] = set()
    for text in folded_texts:
        for place, (kind, run) in enumerate(_runs(text)):
            if kind == "han":
                found.update(run)
                found.update(_windows(run, 2))
            elif kind:
                found.update(_windows(run, WINDOW))
                if place == 0:
                    found.update(_BEGINNING + run[:size] for size in range(1, WINDOW))
    return sorted(found)


def query_grams(word: str) -> list[str]:
    """The grams that a text with the folded `word` inside must have; none for fewer than three letters or digits."""
    found: set[str] = set()
    for kind, run in _runs(word):
        if kind == "han":
            found.update(_windows(run, min(len(run), 2)))
        elif kind:
            found.update(_windows(run, WINDOW))
    return sorted(found)


def beginning_grams(word: str) -> list[str]:
    """The gram that a text beginning with the folded `word` must have; none unless a letter or digit is first."""
    kind, run = next(_runs(word), ("", ""))
    return [_BEGINNING + run[: WINDOW - 1]] if kind == "letter" else []


@dataclass(frozen=True)
class Word:
    """A word of a search: as typed, and folded (empty where it holds nothing but blanks, dashes and brackets)."""

    typed: str
    text: str


def readings(term: str) -> list[list[Word]]:
    """How a search may be meant: as words that are all to be found, and a number typed with blanks as one word."""
    words = [Word(typed, compact(typed)) for typed in term.split()[:MOST_WORDS]]
    found = [words] if words else []
    whole = compact(term).removeprefix("+")
    if whole.isascii() and whole.isdigit() and [word.text for word in words] != [number := digits(term)]:
        found.append([Word(number, number)])
    return found


@dataclass(frozen=True)
class Texts:
    """What a record can be found by: the lines that everybody sees, the lines behind the masks, and all their grams.

    Both are lines between line feeds, "" for none: no word holds a line feed, so no hit reaches over two lines.
    """

    shown: str
    masked: str
    grams: str


def texts_of(fields: Iterable[tuple[str | None, str]]) -> Texts:
    """The texts of a record's searched fields, each (value, kind of personal data, "" where it is shown to everybody).

    Of a masked value, what its mask leaves open is found by everybody, as in the lists (X-20).
    """
    shown: list[str] = []
    masked: list[str] = []
    for value, kind in fields:
        if not value:
            continue
        if kind:
            shown += [compact(part) for part in masking.mask(kind, value).split("*")]
            masked.append(digits(value) if kind == "phone" else compact(value))
        else:
            shown.append(compact(value))
    return Texts(_lines(shown), _lines(masked), " ".join(index_grams([*shown, *masked])))


def _lines(texts: list[str]) -> str:
    kept = [text for text in dict.fromkeys(texts) if text]
    return "\n" + "\n".join(kept) + "\n" if kept else ""
