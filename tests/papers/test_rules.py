"""Numbers as they are printed."""

import pytest

from backoffice.core.errors import BackofficeError
from backoffice.papers.rules import Numbers, normal, numbers_between


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("A0012301", "A0012301"), (" a 0012 301 ", "A0012301"), ("Ａ００１２３０１", "A0012301"),
        ("a-0012–301", "A0012301"), ("No. 0815", "0815"), ("№0815", "0815"), ("no 0815", "0815"),
        ("NOA1", "NOA1"), ("浙A001", "浙A001"), ("", ""), (None, ""), ("  ", ""),
    ],
)  # fmt: skip
def test_spelling_of_a_number(typed, number):
    """E-10: width, case, blanks and dashes do not count."""
    assert normal(typed) == number
    assert normal(normal(typed)) == number


def test_numbers_of_a_block():
    """E-10: as printed, with their zeros."""
    numbers = numbers_between("a-0012301", "A0012350")
    assert numbers == Numbers("A", 12301, 12350, 7)
    assert (len(numbers), numbers.name) == (50, "A0012301–A0012350")
    assert list(numbers)[::49] == ["A0012301", "A0012350"]
    long = numbers_between("202600012301", "202600012302")
    assert list(long) == ["202600012301", "202600012302"]


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("", "A2", "first"), ("A1", "", "last"), ("A", "A2", "first"), ("A1", "B2", "last"), ("A9", "A10", "last"),
        ("A2", "A1", "last"), ("A001", "A501", "last"), ("A/1", "A/2", "first"), ("=1", "=2", "first"),
        ("A" * 30 + "1", "A" * 30 + "2", "first"), ("A\x001", "A2", "first"), ("A٣", "A٤", "first"),
    ],
)  # fmt: skip
def test_numbers_that_make_no_block(first, last, field):
    """E-10: refused beside the field."""
    with pytest.raises(BackofficeError) as refusal:
        numbers_between(first, last)
    assert (refusal.value.field, refusal.value.rule) == (field, "E-10")


def test_a_block_of_five_hundred_sheets_is_the_largest():
    """E-10."""
    assert len(numbers_between("A001", "A500")) == 500
