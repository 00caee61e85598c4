"""Which spellings may be the same customer, and what is kept of two."""

from types import SimpleNamespace
from typing import Any

import pytest

from backoffice.customers.rules import NameParts, name_parts, person_parts
from backoffice.duplicates.rules import FIELDS, settle

SAME = [
    ("杭州江南水泵有限公司", "杭州江南水泵 有限责任公司"),
    ("杭州江南水泵有限公司", "杭州江南水泵厂"),
    ("杭州江南水泵（集团）股份有限公司", "杭州江南水泵集团有限公司"),
    ("浙江省杭州市自来水有限公司", "杭州自来水公司"),
    ("上海同济大学", "同济大学"),
    ("上海市交通职业技术学院", "上海交通职业学院"),
    ("成都理工大学", "成都理工"),
    ("第十七中学", "第17中学"),
    ("珠海科技学院", "珠海科技学院原 吉林大学珠海学院"),
    ("西北工业大学长安校区", "西北工业大学长安校区，大一大二学生"),
    ("山东第一医科大学", "山东第一医科大学（山东省医学科学院）"),
    ("Hangzhou Bay Craft Brewing Co., Ltd.", "HANGZHOU BAY CRAFT BREWING CO LTD"),
    ("Müller Wassertechnik (China) GmbH", "Müller Wassertechnik"),
    ("杭州星河ＫＴＶ娱乐有限公司", "杭州星河KTV娱乐"),
    ("杭州江岸水务有限公司(城西分公司)", "杭州江岸水务 有限公司（城西 分公司）"),
]
DIFFERENT = [
    ("杭州江岸水务有限公司", "杭州江岸水务有限公司(城西分公司)"),
    ("上海交通大学", "西安交通大学"),
    ("福建医科大学", "安徽医科大学"),
    ("上海大学", "上海学院"),
    ("池州学院", "池州职业技术学院"),
    ("吉林大学", "吉林大学第一医院"),
    ("中国石油大学（北京）", "中国石油大学（华东）"),
    ("宁波水泵厂", "杭州水泵厂"),
    ("Acme Taco", "Acme Ta"),
    ("有限公司", "公司"),
    ("第17中学", "第18中学"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name(one: str, other: str) -> None:
    """E-04."""
    assert name_parts(one).may_be(name_parts(other)), (name_parts(one), name_parts(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_names_of_two(one: str, other: str) -> None:
    """E-04: what both names say and say differently keeps them apart."""
    assert not name_parts(one).may_be(name_parts(other)), (name_parts(one), name_parts(other))


@pytest.mark.parametrize("name", ["", "A", "12", "!!!", "（）", "有限公司", "Co., Ltd.", "\U00020bb7野家", "王", "١٢"])
def test_every_name_has_a_core(name: str) -> None:
    assert bool(name_parts(name).core) is bool(name)


def test_a_part_that_is_left_out_keeps_nobody_apart() -> None:
    whole = NameParts("水泵", "浙江", "厂", "东厂")
    assert whole.may_be(NameParts("水泵"))
    assert not whole.may_be(NameParts("水泵", "浙江", "厂", "西厂"))
    assert not whole.may_be(NameParts("阀门"))


def test_many_people_share_a_name() -> None:
    """E-04: the address keeps them apart; one without an address may be any of them."""
    here, there = person_parts("张伟", "文三路77号"), person_parts("张 伟", "文二路1号")
    assert not here.may_be(there)
    assert here.may_be(person_parts("张伟", "文三路 77 号"))
    assert here.may_be(person_parts("张伟", ""))


def _facts(**given: Any) -> Any:
    return SimpleNamespace(**dict.fromkeys(FIELDS, "") | given)


def test_what_stays_of_two() -> None:
    """E-04: the survivor's own, gaps filled, the rest as asked."""
    found = {f.field: f for f in settle(_facts(name="a", phone="1", remark="r"), _facts(name="b", phone="1"), ["name"])}
    assert (found["name"].value, found["name"].asked) == ("a", True)
    assert (found["phone"].value, found["phone"].asked, found["phone"].differs) == ("1", False, False)
    assert (found["remark"].value, found["remark"].asked) == ("r", False)
    kept = {f.field: f.value for f in settle(_facts(name="a"), _facts(name="b", is_overseas=True), [])}
    assert (kept["name"], kept["is_overseas"]) == ("b", True)
    answered = {f.field: f for f in settle(_facts(is_overseas=True), _facts(is_overseas=False), [])}
    assert (answered["is_overseas"].value, answered["is_overseas"].asked) == (True, False)
