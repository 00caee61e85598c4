"""What a parameter may be set to (E-34)."""

import pytest

import config
from backoffice.core.errors import BackofficeError
from backoffice.settings.definitions import BY_KEY, DEFINITIONS, Definition, SettingType
from backoffice.settings.holidays_cn import DAYS


def test_every_default_is_fit():
    assert len(BY_KEY) == len(DEFINITIONS)
    for definition in DEFINITIONS:
        assert definition.clean(definition.default) == definition.default
        assert str(definition.label)
        assert definition.rule


@pytest.mark.parametrize(
    ("key", "text", "kept"),
    [
        ("C-02", " 36 ", "36"), ("C-02", "36.0", "36"), ("C-02", "012", "12"),
        ("N-03", "AB{B}-{yyyy}-{seq:04}", "AB{B}-{yyyy}-{seq:04}"),
    ],
)  # fmt: skip
def test_a_value_is_kept_in_one_spelling(key, text, kept):
    assert BY_KEY[key].clean(text) == kept


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("C-02", ""), ("C-02", " "), ("C-02", "0"), ("C-02", "-1"), ("C-02", "1.5"), ("C-02", "NaN"), ("C-02", "1e400"),
        ("C-02", "Infinity"), ("C-02", "two"), ("C-02", "9" * 300), ("C-42", "4"), ("C-50", "9"),
        ("C-47", "11"), ("C-46", "13"), ("N-03", "JX-{seq:03}"), ("N-03", "JX{B}"), ("N-03", "JX{B}{seq:03}{seq:03}"),
        ("N-03", "JX{B}{x}{seq:03}"), ("N-03", "<b>{B}{seq:03}"),
    ],
)  # fmt: skip
def test_an_unfit_value_is_refused_beside_the_field(key, text):
    with pytest.raises(BackofficeError) as refusal:
        BY_KEY[key].clean(text)
    assert refusal.value.field == "value"
    assert str(refusal.value.message)


def test_a_figure_is_shown_with_its_unit():
    assert str(BY_KEY["C-02"].shown("24")) == "24 months"


def test_a_yes_or_no_is_one_of_two():
    flag = Definition("C-00", "Switch", SettingType.FLAG, "1", "C-00")
    assert flag.clean(" 0 ") == "0"
    assert str(flag.shown("1")) == "Yes"
    with pytest.raises(BackofficeError):
        flag.clean("yes")


def test_every_parameter_is_read_somewhere():
    """A parameter that nothing reads would be a promise not kept."""
    source = "".join(path.read_text(encoding="utf-8") for path in (config.ROOT / "backoffice").rglob("*.py"))
    for key in BY_KEY:
        start = key.rpartition("-")[0] + "-{" if key.startswith(("TL-01-", "TL-02-", "C-13-", "C-15-")) else f'"{key}"'
        assert source.count(start) > (0 if "{" in start else 1), f"nothing reads {key}"


def test_the_official_days_are_whole():
    """2025 and 2026: 28 and 33 days off, 5 and 6 make-up workdays, each on a weekend."""
    days = {on: works for on, _, works in DAYS}
    assert len(days) == len(DAYS)
    for year, off, work in ((2025, 28, 5), (2026, 33, 6)):
        assert [works for on, works in days.items() if on.year == year].count(False) == off
        assert [works for on, works in days.items() if on.year == year].count(True) == work
    assert all(on.weekday() >= 5 for on, works in days.items() if works)
