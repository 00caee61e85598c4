"""Folding and cutting, on plain texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core import grams

LETTERS = "张王芳杭州水务𠮷龘々カｶ한aAbBzßİﬁ1２3０９½²%_\\'\"/.#·・—－-−–（()【】 　\t\n\u200b\u202e"
TEXTS = st.text(alphabet=LETTERS, max_size=12)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("ＫＨＨＺ ０００１", "khhz0001"), ("(0571) 8888-6666", "057188886666"), ("0571—8888–6666", "057188886666"),
        ("杭州（江南）泵业", "杭州江南泵业"), ("Straße", "strasse"), ("阿·克木", "阿克木"), ("a\u200bb\u202ec", "abc"),
        ("𠮷野", "𠮷野"), ("ｶﾞ", "ガ"), ("1.5 kW", "1.5kw"), ("50%", "50%"), ("\x00\ud800a", "a"), (None, ""),
        ("-—_", ""),
    ],
)  # fmt: skip
def test_width_case_blanks_and_dashes_do_not_count(typed: str | None, folded: str) -> None:
    """One spelling for every way to type it."""
    assert grams.compact(typed) == folded


@given(TEXTS, TEXTS, TEXTS)
def test_no_fragment_is_lost(before: str, fragment: str, after: str) -> None:
    """A text that holds a word has all the grams that the word asks for."""
    text, word = grams.compact(before + fragment + after), grams.compact(fragment)
    if word in text:
        assert set(grams.query_grams(word)) <= set(grams.index_grams([text]))
    if text.startswith(word):
        assert set(grams.beginning_grams(word)) <= set(grams.index_grams([text]))


@given(TEXTS, TEXTS)
def test_a_single_gram_is_exact(text: str, fragment: str) -> None:
    """A word that is one gram is in the text just when its gram is, so that nothing is left to decide."""
    text, word = grams.compact(text), grams.compact(fragment)
    if grams.query_grams(word) == [word]:
        assert (word in grams.index_grams([text])) is (word in text)


@given(TEXTS)
def test_grams_are_tokens_on_both_databases(text: str) -> None:
    """No gram holds a blank or a mark at which a database would cut it, and none is an operator of a query."""
    for gram in grams.index_grams([grams.compact(text)]):
        assert all(c.isalnum() or not c.isascii() for c in gram)
        assert not gram.isspace()
        assert gram not in {"AND", "OR", "NOT", "NEAR"}


@pytest.mark.parametrize(
    ("term", "read"),
    [
        ("138 0013 8000", [["138", "0013", "8000"], ["13800138000"]]),
        ("１３８　００１３", [["138", "0013"], ["1380013"]]),
        ("+86 138-0013-8000", [["+86", "13800138000"], ["13800138000"]]),
        ("(0571) 8888", [["0571", "8888"], ["05718888"]]),
        ("8000", [["8000"]]), ("杭州 江南", [["杭州", "江南"]]), ("", []), ("a b c d e f", [["a", "b", "c", "d", "e"]]),
        ("0086 571 88886666", [["0086", "571", "88886666"], ["057188886666"]]), ("王 1380", [["王", "1380"]]),
    ],
)  # fmt: skip
def test_a_number_typed_with_blanks_is_also_one_word(term: str, read: list[list[str]]) -> None:
    """Telephones as people say them."""
    assert [[word.text for word in words] for words in grams.readings(term)] == read


def test_no_gram_reaches_over_two_fields() -> None:
    """The end of one field and the beginning of the next are no word."""
    texts = grams.texts_of([("AB1", ""), ("CD2", ""), ("王芳", "name"), ("13812345678", "phone")])
    assert not {"b1c", "1cd", "2王", "芳1"} & set(texts.grams.split())
    assert texts.shown == "\nab1\ncd2\n王\n138\n5678\n"
    assert texts.masked == "\n王芳\n13812345678\n"


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("0571-88886666", "phone", "\n0571\n666\n"), ("0571-88886666-123", "phone", "\n0571\n666\n"),
        ("13812345678", "phone", "\n138\n5678\n"), ("1234", "phone", ""), ("欧阳修", "name", "\n欧\n"),
        ("", "name", ""),
    ],
)  # fmt: skip
def test_everybody_searches_what_the_mask_shows_and_no_more(value: str, kind: str, shown: str) -> None:
    """X-20."""
    assert grams.texts_of([(value, kind)]).shown == shown
