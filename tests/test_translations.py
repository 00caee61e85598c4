"""The Chinese catalogue: complete, up to date with the code, and written as Chinese is written."""

import re
from collections import Counter
from collections.abc import Iterable

import pytest
from babel.messages.catalog import Catalog, Message

from backoffice import translations

pytestmark = pytest.mark.no_app

#: Texts that read the same in both languages.
SAME_IN_BOTH = {"MB", "%(kb)s KB", "CSV", "XLSX"}
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w+(?::\w+)?\}")
_HAN = "[一-鿿]"
#: ASCII punctuation after Chinese and before Chinese, a placeholder or the end; a placeholder before it counts as well.
_ASCII_PUNCTUATION = re.compile(
    rf"(?:{_HAN}|%\(\w+\)s)\s*[,.;:!?()\"']\s*(?={_HAN})|{_HAN}\s*[,.;:!?()\"'](?:$|\s*%\()"
)


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return translations.catalogue()


def _ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _placeholders(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(text))


def _shown(messages: Iterable[Message]) -> list[str]:
    return [f"{_ids(message)[0]!r} -> {_strings(message)}" for message in messages]


def test_the_catalogue_holds_exactly_the_texts_of_the_code(catalogue: Catalog) -> None:
    in_code = Catalog()
    for _file, _line, message in translations.texts():
        in_code.add(message)
    wanted = {_ids(message) for message in _messages(in_code)}
    known = {_ids(message) for message in _messages(catalogue)}
    assert not wanted - known, "run `make translations`, then translate what is new"
    assert not known - wanted, "run `make translations`: these texts are gone"


def test_nothing_is_untranslated_or_doubtful(catalogue: Catalog) -> None:
    left = [m for m in _messages(catalogue) if m.fuzzy or not _strings(m) or not all(s.strip() for s in _strings(m))]
    assert not _shown(left)


def test_the_placeholders_are_kept(catalogue: Catalog) -> None:
    wrong = []
    for message in _messages(catalogue):
        wanted = _placeholders(_ids(message)[-1])
        wrong += [message for string in _strings(message) if string and _placeholders(string) != wanted]
    assert not _shown(wrong)


def test_a_plural_has_its_one_form(catalogue: Catalog) -> None:
    assert catalogue.num_plurals == 1
    plurals = [message for message in _messages(catalogue) if message.pluralizable]
    assert plurals
    assert not _shown(message for message in plurals if len(_strings(message)) != 1)


def test_no_translation_is_the_english_text(catalogue: Catalog) -> None:
    same = {text for message in _messages(catalogue) for text in _ids(message) if text in _strings(message)}
    assert same <= SAME_IN_BOTH


def test_every_translation_is_chinese(catalogue: Catalog) -> None:
    foreign = [
        message
        for message in _messages(catalogue)
        if _ids(message)[0] not in SAME_IN_BOTH
        and re.search(r"[A-Za-z]", re.sub(r"%\(\w+\)s", "", _ids(message)[0]))
        and not all(re.search(_HAN, s) for s in _strings(message) if s)
    ]
    assert not _shown(foreign)


def test_punctuation_between_chinese_characters_is_chinese(catalogue: Catalog) -> None:
    wrong = [m for m in _messages(catalogue) if any(_ASCII_PUNCTUATION.search(string) for string in _strings(m))]
    assert not _shown(wrong)


@pytest.mark.parametrize("text", ["客户,技术员", "客户: %(name)s", "请登录.", "客户 (个人)", "%(name)s, 请派工"])
def test_ascii_punctuation_in_chinese_is_found(text: str) -> None:
    assert _ASCII_PUNCTUATION.search(text)


@pytest.mark.parametrize("text", ["叫修 %(number)s：%(reason)s", "1,000 条以上", "请填金额，如 1234.50。", "（W-1.1）"])
def test_figures_and_chinese_punctuation_pass(text: str) -> None:
    assert not _ASCII_PUNCTUATION.search(text)
