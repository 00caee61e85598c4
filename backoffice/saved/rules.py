"""Addresses of lists as they are kept, compared and shared. Pure functions on plain values."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from backoffice.core import masking

Pairs = tuple[tuple[str, str], ...]

LONGEST_ADDRESS = 4000
#: Of an address that somebody sends; what is longer is refused when it is to be kept.
MOST_READ = 40_000
LONGEST_NAME = 60
#: Filters that one person keeps of one list.
MOST_OF_ONE_LIST = 40


@dataclass(frozen=True)
class Shape:
    """What the address of a register may hold.

    params: parameters of its filters, in their order. sorts: columns it is sorted by. searches: whether it has a
    search box, personal_search: which also looks at personal data. personal: parameters whose text is personal data.
    """

    params: tuple[str, ...]
    sorts: frozenset[str]
    searches: bool = False
    personal_search: bool = False
    personal: frozenset[str] = frozenset()


def pairs_of(address: str) -> Pairs:
    """The parameters of a kept address, in their order."""
    return tuple(parse_qsl(address[:MOST_READ], keep_blank_values=False, errors="replace"))


def address_of(pairs: Iterable[tuple[str, str]]) -> str:
    """The parameters as an address keeps them: ASCII, without a question mark; "" for the whole list."""
    return urlencode(list(pairs))


def canonical(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """The parameters so that two addresses of the same list are equal, whatever the order of their values."""
    return tuple(sorted({(name, value) for name, value in pairs if name != "all" and value}))


def known(pairs: Sequence[tuple[str, str]], shape: Shape) -> Pairs:
    """The parameters that the register knows, in one order: filters, search, sort; never a page."""
    kept = [(name, v) for name in shape.params for v in dict.fromkeys(v for k, v in pairs if k == name) if v]
    given = dict(pairs)
    if shape.searches and given.get("q", "").strip():
        kept.append(("q", given["q"].strip()))
    if given.get("sort") in shape.sorts:
        kept += [("sort", given["sort"])] + ([("desc", "1")] if given.get("desc") == "1" else [])
    return tuple(kept)


def holds_personal(pairs: Iterable[tuple[str, str]], shape: Shape) -> bool:
    """Whether the parameters hold what may be somebody's name, address or telephone (X-20).

    Words of a search that also looks at personal data count, unless they are codes or short numbers.
    """
    return any(
        name in shape.personal or (name == "q" and shape.personal_search and masking.discreet(value) != value)
        for name, value in pairs
    )


def names_a_phone(name: str) -> bool:
    """Whether the name of a filter holds a telephone number (X-20)."""
    folded = unicodedata.normalize("NFKC", name)
    return bool(re.search(r"\d{7,}", re.sub(r"(?<=\d)[\s()\-]+(?=\d)", "", folded)))
