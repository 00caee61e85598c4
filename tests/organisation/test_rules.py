"""Names, passwords and ranges (E-01, E-02, E-03, E-31)."""

from datetime import date

import pytest

from backoffice.core.errors import BackofficeError
from backoffice.organisation import rules


@pytest.mark.parametrize(
    ("typed", "kept"), [(" Wang.Fang ", "wang.fang"), ("ＷＡＮＧ", "wang"), ("王芳", "王芳"), ("a-b_c.1", "a-b_c.1")]
)
def test_a_user_name_has_one_spelling(typed, kept):
    assert rules.clean_username(typed) == kept == rules.login_name(typed)


@pytest.mark.parametrize("typed", ["", "a", "a b", "a" * 41, "<b>", "a/b", ".a", "-a", "a\x00b", "a@b"])
def test_an_unfit_user_name_is_refused(typed):
    with pytest.raises(BackofficeError) as refusal:
        rules.clean_username(typed)
    assert refusal.value.field == "username"


@pytest.mark.parametrize(
    "password",
    [
        "short", "123456789", "1234567890", "abcdefghijk", "password123", "Password2026!", "qwertyuiop1", "1111111111",
        "abababababab", "woaini1314520", "admin123456", "shuibeng2026", "wang.fang1", "Wang.Fang12", "0987654321",
        "x" * 201, "letmein!!!!", "5201314520",
    ],
)  # fmt: skip
def test_an_easy_password_is_refused(password):
    """D6"""
    with pytest.raises(BackofficeError):
        rules.check_password(password, minimum=10, username="wang.fang")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "泵房门口三棵梧桐树下见", "kT9#pZw2qL", "wang.fang drinks oolong"]
)
def test_a_good_password_is_taken(password):
    assert rules.check_password(password, minimum=10, username="wang.fang") == password


@pytest.mark.parametrize(("typed", "kept"), [("hz", "HZ"), (" HQ ", "HQ"), ("A1B2", "A1B2")])
def test_a_branch_code_is_in_capitals(typed, kept):
    assert rules.check_branch_code(typed) == kept


@pytest.mark.parametrize("typed", ["", "H", "HANGZ", "杭州", "H-Z", "{B}"])
def test_an_unfit_branch_code_is_refused(typed):
    with pytest.raises(BackofficeError):
        rules.check_branch_code(typed)


def test_region_codes():
    assert rules.check_region_code(" 330106 ") == "330106"
    assert rules.check_region_code("") is None
    for wrong in ("33010", "3301066", "33010a", "３３０１０６"):
        with pytest.raises(BackofficeError):
            rules.check_region_code(wrong)


@pytest.mark.parametrize("minutes", [None, 0, -1, 10081])
def test_an_unfit_limit_is_refused(minutes):
    with pytest.raises(BackofficeError) as refusal:
        rules.check_limit(minutes, "dispatch_limit_min")
    assert refusal.value.field == "dispatch_limit_min"


def test_ranges():
    first, last = date(2026, 3, 2), date(2026, 3, 3)
    assert rules.check_range(first, last, rule="E-31") == (first, last)
    assert rules.check_range(first, first, rule="E-31") == (first, first)
    for wrong in ((last, first), (None, last), (first, None), (date(1999, 1, 1), last), (first, date(2101, 1, 1))):
        with pytest.raises(BackofficeError):
            rules.check_range(*wrong, rule="E-31")
