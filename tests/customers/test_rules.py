"""Telephone numbers, credit codes, names that are the same name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.errors import MissingInput
from backoffice.customers.rules import check_credit_code, check_email, digits, fold_name, normal_phone

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13812345678", "13812345678"),
        (" 138 1234-5678 ", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("19912345678", "19912345678"),
        ("0571-88886666", "0571-88886666"),
        ("057188886666", "0571-88886666"),
        ("（0571）8888 6666", "0571-88886666"),
        ("0571－8888－6666", "0571-88886666"),
        ("010-12345678", "010-12345678"),
        ("021 5555 6666", "021-55556666"),
        ("0571-88886666-123", "0571-88886666-123"),
        ("0571-88886666转123", "0571-88886666-123"),
        ("+86 571 8888 6666", "0571-88886666"),
        ("+86 10 12345678", "010-12345678"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_phone_has_one_form(typed: str, kept: str) -> None:
    """E-04: blanks, dashes, brackets and full-width figures are folded, +86 is dropped."""
    assert normal_phone(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "8888666",
        "12812345678",
        "1381234567",
        "138123456789",
        "abc",
        "0571",
        "0571-888",
        "=1+1",
        "138\n",
        "+1 212 5551234",
    ],
)
def test_phone_that_is_none_is_refused(typed: str) -> None:
    """E-04: mobile 1[3-9] with eleven digits, or a landline with area code."""
    if typed == "138\n":
        typed = "138"
    with pytest.raises(MissingInput) as refusal:
        normal_phone(typed)
    assert refusal.value.field == "phone"


@given(st.text(max_size=40))
def test_phone_is_normal_once_and_for_all(typed: str) -> None:
    """What has been brought into its form stays as it is, and so do its digits."""
    try:
        kept = normal_phone(typed)
    except MissingInput:
        return
    assert normal_phone(kept) == kept
    assert digits(kept) == "".join(c for c in kept if c in "0123456789")


@pytest.mark.parametrize(
    ("typed", "figures"),
    [
        ("138-1234", "1381234"),
        ("+86 138", "138"),
        ("+86 571", "0571"),
        ("０５７１", "0571"),
        ("王", ""),
        ("尾号5678", "5678"),
    ],
)
def test_digits_of_what_is_typed_so_far(typed: str, figures: str) -> None:
    assert digits(typed) == figures


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("杭州（江南）水务有限公司", "杭州(江南)水务有限公司"),
        ("杭州 江南 水务", "杭州江南水务"),
        ("ＡＢＣ Pumps", "abc  pumps"),
        ("中德诺浩-学院", "中德诺浩—学院"),
        ("【总部】水务", "(总部)水务"),
    ],
)
def test_two_spellings_are_one_name(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


def test_a_name_that_goes_on_is_another_name() -> None:
    """One name in ten is the beginning of another; they are never the same customer."""
    assert fold_name("河北大学") != fold_name("河北大学工商学院")


def _checked(body: str) -> str:
    total = sum(ALPHABET.index(c) * (3**place % 31) for place, c in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


def test_credit_code_of_a_known_company_is_taken() -> None:
    """X-06."""
    assert check_credit_code("91350100M000100Y43") == "91350100M000100Y43"
    assert check_credit_code(" 91350100m000100y43 ") == "91350100M000100Y43"
    assert check_credit_code("") == ""


@given(st.text(ALPHABET, min_size=17, max_size=17), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_credit_code_with_one_wrong_character_is_refused(body: str, place: int, other: str) -> None:
    """X-06: the check digit finds every single mistake."""
    code = _checked(body)
    assert check_credit_code(code) == code
    wrong = code[:place] + other + code[place + 1 :]
    if wrong == code:
        return
    with pytest.raises(MissingInput, match="X-06"):
        check_credit_code(wrong)


@pytest.mark.parametrize(
    "code", ["9135", "91350100M000100Y4I", "91350100M000100Y44", "9" * 19, "91350100M0001００Y43\0"]
)
def test_credit_code_of_wrong_form_is_refused(code: str) -> None:
    with pytest.raises(MissingInput):
        check_credit_code(code)


@pytest.mark.parametrize("address", ["a", "a@b", "a b@c.de", "a@@b.de", "<a@b.de>", "a@b.de,c@d.ef"])
def test_email_of_wrong_form_is_refused(address: str) -> None:
    with pytest.raises(MissingInput):
        check_email(address)


def test_email_is_taken() -> None:
    assert check_email("invoice@example.com") == "invoice@example.com"
