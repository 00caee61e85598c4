"""Grams of a text for the limit's own index: Han characters, their pairs, and three-letter windows of the rest."""

import unicodedata
from collections.abc import Iterator
from itertools import groupby


def norm(text: str) -> str:
    """`text` folded: width and case do not count."""
    return unicodedata.normalize("NFKC", text or "").lower()


def _kind(character: str) -> str:
    code = ord(character)
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF:
        return "han"
    return "letter" if character.isalnum() else ""


def _runs(folded: str) -> Iterator[tuple[str, str]]:
    for kind, characters in groupby(folded, _kind):
        if kind:
            yield kind, "".join(characters)


def index_grams(folded: str) -> str:
    """What the index keeps of a folded text, joined by blanks."""
    found: set[str] = set()
    for kind, run in _runs(folded):
        if kind == "han":
            found.update(run)
        size = 2 if kind == "han" else 3
        found.update(run[place : place + size] for place in range(len(run) - size + 1))
    return " ".join(sorted(found))


def query_grams(word: str) -> list[str]:
    """The grams that a text holding `word` must have; none for fewer than three letters."""
    found: set[str] = set()
    for kind, run in _runs(norm(word)):
        size = 2 if kind == "han" and len(run) > 1 else 1 if kind == "han" else 3
        found.update(run[place : place + size] for place in range(len(run) - size + 1))
    return sorted(found)
