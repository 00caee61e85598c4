"""Addresses of lists: what is kept, when two are the same, and what may be shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.saved.rules import Shape, address_of, canonical, holds_personal, known, names_a_phone, pairs_of

SHAPE = Shape(
    params=("state", "priority", "received_at_from", "received_at_to", "contact"), sorts=frozenset({"number"}),
    searches=True, personal_search=True, personal=frozenset({"contact"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("state=a&state=b", "state=a&state=b"),
        ("priority=x&state=b&state=a&state=b", "state=b&state=a&priority=x"),
        ("page=7&after=9&before=3&all=1&state=a&id=4&rowid=3", "state=a"),
        ("sort=number&desc=1&q=+A1+", "q=A1&sort=number&desc=1"),
        ("sort=password_hash&desc=1", ""),
        ("desc=1", ""),
        ("state=&q=+", ""),
        ("csrf_token=x&__class__=y&state=%E5%BE%85", "state=%E5%BE%85"),
        ("state=a%26q%3Db", "state=a%26q%3Db"),
        ("", ""),
    ],
)
def test_known_parameters_are_kept_in_one_order(address: str, kept: str) -> None:
    """R-01: several values stay; pages, tokens and what the list does not know do not."""
    assert address_of(known(pairs_of(address), SHAPE)) == kept


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("state=a&state=b", "state=b&state=a", True),
        ("state=a&state=a", "state=a", True),
        ("state=a&q=x", "q=x&state=a", True),
        ("", "all=1", True),
        ("state=a", "state=a&state=b", False),
        ("state=a", "priority=a", False),
        ("sort=number", "sort=number&desc=1", False),
        ("q=x", "", False),
    ],
)
def test_two_addresses_of_the_same_list_are_equal(one: str, other: str, same: bool) -> None:
    """R-01: the tab of the list at hand is found whatever the order of its values."""
    assert (canonical(pairs_of(one)) == canonical(pairs_of(other))) is same


@given(st.lists(st.tuples(st.sampled_from(["state", "priority", "q", "x"]), st.text(max_size=20)), max_size=12))
def test_keeping_twice_changes_nothing(pairs: list[tuple[str, str]]) -> None:
    """What was kept is read back as it was, whatever was typed (without lone surrogates, which no address holds)."""
    pairs = [(name, value.encode("utf-8", "ignore").decode()) for name, value in pairs]
    once = known(tuple(pairs), SHAPE)
    again = known(pairs_of(address_of(once)), SHAPE)
    assert again == once
    assert address_of(once).isascii()


@pytest.mark.parametrize(
    ("address", "personal"),
    [
        ("contact=13800001234", True),
        ("q=13800001234", True),
        ("q=王小明", True),
        ("q=Smith", True),
        ("q=JXHZ-20260302-001", False),
        ("q=4321", False),
        ("state=a&priority=b", False),
        ("received_at_from=2026-01-01", False),
        ("", False),
    ],
)
def test_what_may_be_somebodys_is_not_shared(address: str, personal: bool) -> None:
    """X-20: typed names and phones; codes, short numbers and choices are nobody's."""
    assert holds_personal(pairs_of(address), SHAPE) is personal


def test_words_of_a_search_without_personal_columns_are_free() -> None:
    """X-20: a product model's search looks at no person."""
    assert not holds_personal((("q", "Smith"),), Shape(params=(), sorts=frozenset(), searches=True))


@pytest.mark.parametrize(
    ("name", "phone"),
    [("Wang 138 0000 1234", True), ("0571-88001234", True), ("１３８００００１２３４", True),
     ("Week 47 of 2026", False), ("2026-11", False), ("待派工", False)],
)  # fmt: skip
def test_a_telephone_in_a_name_is_seen(name: str, phone: bool) -> None:
    """X-20: full-width figures and blanks hide nothing."""
    assert names_a_phone(name) is phone
