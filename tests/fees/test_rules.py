"""What a job costs, on plain values (W-5.2), and amounts in capitals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.calls.rules import ServiceType
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.money import capitals
from backoffice.fees.rules import (
    Extras,
    FeeKind,
    Job,
    Rates,
    TaxNature,
    Terms,
    UsedPart,
    Work,
    check_percent,
    fee_of,
    path_of,
)
from backoffice.vouchers.models import CollectionPath

D = Decimal
RATES = Rates(D("120.00"), D("50.00"))
SEAL = UsedPart(7, "JF-1 · 机械密封", "套", D("2"), D("80.25"))
BEARING = UsedPart(8, "JF-2 · 轴承", "只", D("1.5"), D("33.33"), card_id=3)
YEARLY, VISIT = Terms("HT-1", None, parts_included=False), Terms("HT-2", D("180.00"), parts_included=True)


def job(kind: ServiceType, **over: object) -> Job:
    facts = {"work": [Work(40), Work(61, 3, "XK-3")], "parts": [SEAL, BEARING], "zone": "suburb"}
    return Job(kind, RATES, **facts | over)


def said(fee: object) -> list[tuple[str, str]]:
    return [(line.kind.value, str(line.amount)) for line in fee.lines]


def test_paid_is_labour_travel_and_parts_in_this_order() -> None:
    """W-5.2, S-1.2: labour of the visit and of each card, the way once, parts at their price."""
    fee = fee_of(job(ServiceType.PAID))
    assert said(fee) == [
        ("labour", "80.00"), ("labour", "122.00"), ("travel", "50.00"), ("part", "160.50"), ("part", "50.00"),
    ]  # fmt: skip
    assert fee.total == D("462.50")
    assert [line.card_id for line in fee.lines] == [None, 3, None, None, 3]
    assert {line.tax_nature for line in fee.lines if line.kind is not FeeKind.PART} == {TaxNature.REPAIR}
    assert {line.tax_nature for line in fee.lines if line.kind is FeeKind.PART} == {TaxNature.PARTS}


def test_free_is_its_parts_at_nothing() -> None:
    """W-5.2: all fees are 0; what was built in still stands there. Nothing is added and nothing taken off."""
    fee = fee_of(job(ServiceType.FREE, extras=Extras(D("30"), "crane", D(50))))
    assert said(fee) == [("part", "0.00"), ("part", "0.00")]
    assert fee.total == 0


@pytest.mark.parametrize(
    ("terms", "visits", "expected"),
    [
        (YEARLY, 3, [("part", "160.50"), ("part", "50.00")]),
        (Terms("HT", None, parts_included=True), 1, [("part", "0.00"), ("part", "0.00")]),
        (VISIT, 1, [("visit", "180.00"), ("part", "0.00"), ("part", "0.00")]),
        (Terms("HT", D("180.00"), parts_included=False), 3,
         [("visit", "540.00"), ("part", "160.50"), ("part", "50.00")]),
        (Terms("HT", D("0.00"), parts_included=False), 3, [("part", "160.50"), ("part", "50.00")]),
    ],
)  # fmt: skip
def test_contract_by_its_terms(terms: Terms, visits: int, expected: list[tuple[str, str]]) -> None:
    """W-5.2, E-09: paid by the period there is neither labour nor travel; by the visit its fee for each of them."""
    fee = fee_of(job(ServiceType.CONTRACT, terms=terms, visits=visits))
    assert said(fee) == expected
    assert all(line.tax_nature is TaxNature.MAINTENANCE for line in fee.lines if line.kind is FeeKind.VISIT)


def test_undecided_costs_nothing_yet() -> None:
    """W-1.6: the fee follows from the type."""
    assert fee_of(job(ServiceType.UNDECIDED)).total == 0


def test_refused_job_has_the_way_and_the_time_but_no_parts() -> None:
    """W-1.4: the customer refuses and owes a fee."""
    assert said(fee_of(job(ServiceType.PAID, is_refused=True, work=[Work(0)]))) == [("travel", "50.00")]
    assert said(fee_of(job(ServiceType.PAID, is_refused=True, work=[Work(10)]))) == [
        ("labour", "20.00"), ("travel", "50.00"),
    ]  # fmt: skip


def test_labour_and_way_of_nothing_are_no_lines() -> None:
    fee = fee_of(Job(ServiceType.PAID, Rates(D("120.00"), D("0.00")), work=[Work(0)]))
    assert fee.lines == ()


@pytest.mark.parametrize(
    ("minutes", "rate", "amount"),
    [(1, "100.00", "1.67"), (2, "100.00", "3.33"), (15, "0.02", "0.01"), (14, "0.02", None), (14400, "10000.00",
     "2400000.00"), (7, "123.45", "14.40")],
)  # fmt: skip
def test_labour_is_rounded_half_up_to_the_fen(minutes: int, rate: str, amount: str | None) -> None:
    """G-01, C-12: 15 minutes at 0.02 an hour are half a fen, so one."""
    fee = fee_of(Job(ServiceType.PAID, Rates(D(rate), D("0.00")), work=[Work(minutes)]))
    assert [str(line.amount) for line in fee.lines] == ([amount] if amount else [])


def test_other_fee_and_discount_come_last() -> None:
    """W-5.2: the discount is one line below zero, its percent of all that stands before it, rounded half-up."""
    fee = fee_of(job(ServiceType.PAID, extras=Extras(D("30.03"), "crane", D("7.5")), work=[Work(40)]))
    assert said(fee)[-2:] == [("other", "30.03"), ("discount", "-27.79")]  # 7.5 % of 370.53 is 27.78975
    assert fee.total == D("342.74")
    assert fee.of(FeeKind.DISCOUNT) == D("-27.79")


def test_discount_stands_with_what_it_mostly_reduces() -> None:
    """X-02: parts of a contract that is paid by the year; nothing is left negative in another kind of tax."""
    fee = fee_of(job(ServiceType.CONTRACT, terms=YEARLY, extras=Extras(discount_percent=D(10))))
    assert (fee.lines[-1].kind, fee.lines[-1].tax_nature) == (FeeKind.DISCOUNT, TaxNature.PARTS)


def test_whole_discount_leaves_nothing_and_none_of_nothing_is_no_line() -> None:
    assert fee_of(job(ServiceType.PAID, extras=Extras(discount_percent=D(100)))).total == 0
    nothing = fee_of(Job(ServiceType.PAID, Rates(D(0), D(0)), extras=Extras(discount_percent=D(20))))
    assert nothing.lines == ()


MONEY = st.decimals(0, 100_000, places=2)
PART = st.builds(UsedPart, st.just(1), st.just("p"), st.just("x"), st.decimals("0.001", 1000, places=3), MONEY)
JOBS = st.builds(
    Job, st.sampled_from(ServiceType), st.builds(Rates, MONEY, MONEY), st.just("z"), st.integers(1, 9),
    st.lists(st.builds(Work, st.integers(0, 14400)), max_size=4), st.lists(PART, max_size=6),
    st.none() | st.builds(Terms, st.just("HT"), st.none() | MONEY, st.booleans()),
    st.builds(Extras, MONEY, st.just("o"), st.decimals(0, 100, places=2)), st.booleans(),
)  # fmt: skip


@given(JOBS)
def test_whatever_the_job_the_lines_are_the_total_and_it_is_never_below_zero(one: Job) -> None:
    """W-5.2, G-01: every line is exact to the fen, only a discount is below zero, by at most all the rest."""
    fee = fee_of(one)
    assert fee.total == sum((line.amount for line in fee.lines), D(0)) == sum(fee.of(kind) for kind in FeeKind)
    assert fee.total >= 0
    assert all(line.amount == line.amount.quantize(D("0.01")) for line in fee.lines)
    assert all((line.amount < 0) is (line.kind is FeeKind.DISCOUNT) for line in fee.lines)
    assert [line.kind for line in fee.lines if line.kind is FeeKind.DISCOUNT] in (
        [],
        [fee.lines[-1].kind] if fee.lines else [],
    )
    assert one.service_type is not ServiceType.FREE or fee.total == 0


@pytest.mark.parametrize(
    ("total", "chosen", "brought_back", "path"),
    [
        ("300", None, False, CollectionPath.ONSITE), ("500", None, False, CollectionPath.ONSITE),
        ("500.01", None, False, CollectionPath.INVOICE_FIRST), ("300", CollectionPath.INVOICE_FIRST, False,
         CollectionPath.INVOICE_FIRST), ("300", None, True, CollectionPath.INVOICE_FIRST),
        ("300", CollectionPath.ONSITE, True, CollectionPath.INVOICE_FIRST), ("0", CollectionPath.ONSITE, False, None),
    ],
)  # fmt: skip
def test_path_by_choice_and_rule(total: str, chosen: CollectionPath | None, brought_back: bool, path: object) -> None:
    """W-5.3, C-01: exactly the limit may be collected on site; goods that were brought back never."""
    assert path_of(D(total), chosen, D("500.00"), brought_back=brought_back) is path


@pytest.mark.parametrize("percent", ["NaN", "Infinity", "-1", "100.01", "1e308", "0.001"])
def test_percent_that_is_none(percent: str) -> None:
    with pytest.raises(RuleViolated) as refusal:
        check_percent(D(percent), "percent")
    assert refusal.value.field == "percent"
    with pytest.raises(MissingInput):
        check_percent(None, "percent")


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"), ("0.05", "伍分"), ("0.50", "伍角整"), ("0.55", "伍角伍分"), ("1", "壹元整"),
        ("10", "壹拾元整"), ("11", "壹拾壹元整"), ("101", "壹佰零壹元整"), ("110.01", "壹佰壹拾元零壹分"),
        ("1234.50", "壹仟贰佰叁拾肆元伍角整"), ("1001", "壹仟零壹元整"), ("1010", "壹仟零壹拾元整"),
        ("1100", "壹仟壹佰元整"), ("1409.50", "壹仟肆佰零玖元伍角整"), ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"), ("325.04", "叁佰贰拾伍元零肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"), ("10001", "壹万零壹元整"), ("10010", "壹万零壹拾元整"),
        ("100000", "壹拾万元整"), ("107000.53", "壹拾万柒仟元伍角叁分"), ("20030004", "贰仟零叁万零肆元整"),
        ("100000000", "壹亿元整"), ("100001000", "壹亿零壹仟元整"), ("101000000", "壹亿零壹佰万元整"),
        ("500000001", "伍亿零壹元整"), ("1000000000.01", "壹拾亿元零壹分"), ("-12.3", "负壹拾贰元叁角整"),
        ("9999999999.99", "玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)  # fmt: skip
def test_amount_in_capitals(amount: str, words: str) -> None:
    """E-16, F-02: as the banks write it; any number of zeros between figures is one 零."""
    assert capitals(D(amount)) == words


FIGURES, UNITS = "零壹贰叁肆伍陆柒捌玖", {"拾": 10, "佰": 100, "仟": 1000}


def read(words: str) -> Decimal:
    """The amount of the capitals, read in another way than they are written."""
    sign, words = (-1, words[1:]) if words.startswith("负") else (1, words)
    yuan, _, rest = words.partition("元") if "元" in words else ("", "", words)
    total, group, figure = D(0), 0, 0
    for mark in yuan:
        if mark in FIGURES:
            figure = FIGURES.index(mark)
        elif mark in UNITS:
            group, figure = group + figure * UNITS[mark], 0
        else:
            assert mark == "万"
            total, group, figure = D(group + figure) * 10_000, 0, 0
    value, figure = total + group + figure, 0
    for mark in rest:
        if mark in FIGURES:
            figure = FIGURES.index(mark)
        elif mark in "角分":
            value += figure * (D("0.1") if mark == "角" else D("0.01"))
    return sign * value


@given(st.decimals("-99999999.99", "99999999.99", places=2))
def test_capitals_can_be_read_back(amount: Decimal) -> None:
    words = capitals(amount)
    assert read(words) == amount
    assert "零零" not in words
    assert not words.endswith("零")
    assert ("整" in words) is (int(abs(amount) * 100) % 10 == 0)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e308", "0.001"])
def test_no_amount_has_no_capitals(amount: str) -> None:
    with pytest.raises(RuleViolated):
        capitals(D(amount))
