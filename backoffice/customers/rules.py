"""Rules of customers on plain values: telephone numbers, credit codes, names that are the same name."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l

from backoffice.core import grams
from backoffice.core.errors import MissingInput, RuleViolated

#: The figures of a telephone number, full-width ones folded, without the country code.
digits = grams.digits

_MOBILE = re.compile(r"1[3-9]\d{9}")
#: Area codes: 010, 02x with three digits, 03x to 09x with four; then 7 or 8 digits and perhaps an extension.
_LANDLINE = re.compile(r"(010|02\d|0[3-9]\d{2})(\d{7,8})(?:(?:-|转|ext\.?|x|#)(\d{1,6}))?", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s()\[\]（）·.\u2010-\u2015_/]+")

#: The first-level divisions as they stand at the beginning of names.
_PROVINCES = (
    "北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西",
    "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾",
    "内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门",
)  # fmt: skip
_PROVINCE = re.compile(f"({'|'.join(_PROVINCES)})(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)?")
_CITY = re.compile(r"^(.{2,3}?)市(?=.{3})")
#: Legal forms of companies at the end; a branch company 分公司 is somebody else and keeps its word.
_LEGAL = re.compile(r"(?:有限责任公司|股份有限公司|有限公司|股份公司|总公司|(?<!分)公司|集团)$")
_LEGAL_LATIN = re.compile(
    r"[\s,.]*\b(?:(?:co(?:mpany)?[\s.,]*)?(?:limited|ltd)|co|company|incorporated|inc|corporation|corp|gmbh|llc|plc|aps)"
    r"[\s.,]*$"
)
#: What kind of house it is, by the word at the end of its name; words of one line mean the same.
_FORMS = {
    "职业": "职业技术大学|职业技术学院|职业大学|职业学院|职业技术|职业",
    "专科": "高等专科学校|高等专科学院|专科学校",
    "大学": "大学", "学院": "学院", "学校": "学校", "医院": "医院", "厂": "总厂|厂",
}  # fmt: skip
_FORM = re.compile(f"(?:{'|'.join(f'(?P<f{n}>{words})' for n, words in enumerate(_FORMS.values()))})$")
#: A remark behind the name: after a comma or full stop, after 注, after 原 or 前 behind the word for a house.
_REMARK = re.compile(
    r"(?<=[\u4e00-\u9fff]{2})[,;。!?]|注:"
    r"|(?:(?<=大学|学院|学校|校区|公司|中心|医院)|(?<=厂))(?:原(?![料油水煤])|前(?![街路门进])|曾用名|曾名)"
)
_BRANCH = re.compile("分公司|分厂|分店|分院|分校|校区|项目部")
_FIGURES = "零一二三四五六七八九"

_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = tuple(3**place % 31 for place in range(17))


def normal_phone(text: str) -> str:
    """The number in its one form: 13812345678, or 0571-88886666 with -123 for an extension; "" stays "".

    Blanks, dashes, brackets and full-width figures are folded and +86 is dropped. Raises MissingInput (E-04) unless
    it is a mobile number or a landline with its area code.
    """
    folded = unicodedata.normalize("NFKC", text or "").strip()
    if not folded:
        return ""
    plain = _SEPARATORS.sub("", re.sub(r"^(\+86|0086)[\s-]*", "", folded))
    mobile = plain.replace("-", "")
    if _MOBILE.fullmatch(mobile):
        return mobile
    if not plain.startswith("0") and folded.startswith(("+86", "0086")):
        plain = f"0{plain}"
    return _normal_landline(plain)


def _normal_landline(plain: str) -> str:
    whole = re.fullmatch(r"([\d-]*\d)((?:转|ext\.?|x|#)\d{1,6})?", plain, re.IGNORECASE)
    if whole:
        candidates = [whole[1].replace("-", "") + (whole[2] or "")]
        if not whole[2] and "-" in whole[1]:
            number, _, extension = whole[1].rpartition("-")
            candidates.append(f"{number.replace('-', '')}-{extension}")
        for candidate in candidates:
            if found := _LANDLINE.fullmatch(candidate):
                return "-".join(part for part in found.groups() if part)
    raise MissingInput(
        _l("Enter a mobile number such as 13812345678, or a landline with its area code such as 0571-88886666."),
        rule="E-04",
        field="phone",
    )


def reversed_digits(figures: str) -> str:
    """The figures from the last to the first, so that the last figures are found by an index."""
    return figures[::-1]


def fold_name(name: str) -> str:
    """What makes two spellings the same name: width, case, blanks and the form of brackets and dashes do not count."""
    folded = unicodedata.normalize("NFKC", name or "").casefold()
    folded = folded.translate(str.maketrans("[【〔{〈《]】〕}〉》", "(((((())))))"))
    return re.sub(r"[\s\u00b7\u2010-\u2015\u30fb_-]+", "", folded)


@dataclass(frozen=True)
class NameParts:
    """A name taken apart to find doubles: names of one core may mean the same customer (E-04).

    place: the province at the beginning. form: the kind of house, without legal forms of companies. aside: what stood
    in brackets. A part that one of two names leaves out does not keep them apart; a part that both have does, when it
    differs.
    """

    core: str
    place: str = ""
    form: str = ""
    aside: str = ""

    def may_be(self, other: "NameParts") -> bool:
        """Whether both names may mean the same customer."""
        mine, theirs = (self.place, self.form, self.aside), (other.place, other.form, other.aside)
        return self.core == other.core and all(a == b or not a or not b for a, b in zip(mine, theirs, strict=True))


def name_parts(name: str) -> NameParts:
    """The parts of a company's or institution's name; remarks, legal forms and punctuation do not count."""
    whole = fold_name(name)
    text = fold_name(_LEGAL_LATIN.sub("", unicodedata.normalize("NFKC", name).casefold())) or whole
    remark = _REMARK.search(text)
    text = text[: remark.start()] if remark and remark.start() >= 2 else text
    text, aside = _without_brackets(text)
    text = _chinese_figures(_letters(text))
    text, place = _without_place(text)
    text = _CITY.sub(r"\1", text)
    text = text.removesuffix("校区") if len(text) > 4 else text
    while len(shorter := _LEGAL.sub("", text)) >= 2 and shorter != text:
        text = shorter
    form = ""
    if (found := _FORM.search(text)) and found.start() >= 2:
        form = list(_FORMS)[int(str(found.lastgroup)[1:])]
        text = text[: found.start()]
    return NameParts(text or _letters(whole) or whole, place, form, aside)


def _without_brackets(text: str) -> tuple[str, str]:
    """The name without its brackets, and what stood in them; a branch in brackets is part of the name."""
    asides = re.findall(r"\(([^()]*)\)?", text)
    bare = re.sub(r"\([^()]*\)?", lambda m: m[0] if _BRANCH.search(m[0]) else "", text)
    if not _letters(bare):
        return text, ""
    kept = [_LEGAL.sub("", _letters(one)) for one in asides if not _BRANCH.search(one)]
    return bare, "".join(kept)


def _without_place(text: str) -> tuple[str, str]:
    """The name without the province at its beginning, where enough of it is left to be a name."""
    found = _PROVINCE.match(text)
    rest = text[found.end() :] if found else ""
    form = _FORM.search(rest)
    if found is None or len(_LEGAL.sub("", rest[: form.start()] if form else rest)) < 2 or rest[:2] in _FORMS:
        return text, ""
    return rest, found[1]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _chinese_figures(text: str) -> str:
    """Numbers below a hundred in Chinese figures: 第17中学 and 第十七中学 are one name."""

    def write(found: re.Match[str]) -> str:
        tens, ones = divmod(int(found[0]), 10)
        head = "" if tens == 0 else ("十" if tens == 1 else f"{_FIGURES[tens]}十")
        return head + (_FIGURES[ones] if ones or not tens else "")

    return re.sub(r"(?<![\da-z])\d{1,2}(?![\da-z])", write, text)


def person_parts(name: str, address: str) -> NameParts:
    """The parts of a person's name: many people share one, so that the address keeps them apart (E-04)."""
    return NameParts(fold_name(name), aside=_letters(fold_name(address)))


def check_credit_code(code: str) -> str:
    """The unified social credit code in capitals; "" stays "". Raises MissingInput unless its check fits (X-06)."""
    folded = unicodedata.normalize("NFKC", code or "").strip().upper()
    if not folded:
        return ""
    if len(folded) != 18 or any(c not in _CODE_ALPHABET for c in folded):
        raise MissingInput(
            _l("A credit code has 18 characters: figures and capital letters without I, O, S, V and Z."),
            rule="X-06",
            field="credit_code",
        )
    total = sum(_CODE_ALPHABET.index(c) * weight for c, weight in zip(folded[:17], _CODE_WEIGHTS, strict=True))
    if _CODE_ALPHABET[(31 - total % 31) % 31] != folded[17]:
        raise MissingInput(
            _l("This credit code has a wrong check digit: compare it with the business licence."),
            rule="X-06",
            field="credit_code",
        )
    return folded


def check_email(address: str) -> str:
    """The address itself, "" included; raises MissingInput where it has no form of one."""
    if address and not re.fullmatch(r"[^@\s<>,;:\"']+@[^@\s<>,;:\"']+\.[^@\s<>,;:\"'.]+", address):
        raise MissingInput(
            _l("Enter an e-mail address such as office@example.com."), rule="E-04", field="invoice_email"
        )
    return address


def check_step_day(day: date | None, previous: date | None, today: date, field: str) -> date:
    """The day of a project's step (W-9). Raises MissingInput for none, RuleViolated in the future or out of order."""
    if day is None:
        raise MissingInput(_l("Enter the day."), rule="W-9", field=field)
    if day > today:
        raise RuleViolated(_l("The date lies in the future."), rule="G-04", field=field)
    if previous is not None and day < previous:
        raise RuleViolated(_l("The step before it was on %(day)s; this cannot be earlier.", day=previous), rule="W-9",
                           field=field)  # fmt: skip
    if day.year < 1900:
        raise MissingInput(_l("Enter a date after the year 1900."), rule="G-04", field=field)
    return day
