"""Parts sales from the draft to what is due, and back (E-30, S-1.2, A-8)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.core import acts, clock, invariants
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, IllegalTransition, MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Permission, Role
from backoffice.fees.rules import TaxNature
from backoffice.parts.models import MovementKind, Part, StockMovement
from backoffice.parts.queries import balance
from backoffice.receivables.models import Due, DueState
from backoffice.receivables.rules import DueSource
from backoffice.receivables.workflow import restate
from backoffice.sales.models import PartsSale, SaleLine, SaleState
from backoffice.sales.rules import MOST_LINES, BackItem, SaleItem
from backoffice.sales.workflow import create, deliver, edit, take_back, void
from backoffice.vouchers.models import CollectionPath
from tests import factories as make
from tests.money import fresh, make_payment
from tests.selling import make_past_sale, make_sale

ONE, TWO = Decimal(1), Decimal(2)


def stocked(quantity: Any = 10, **over: Any) -> Part:
    part = make.make_part(**over)
    make.make_movement(part, quantity)
    return part


def in_store(part: Part) -> Decimal:
    return balance(part.id, make.make_branch().id, None)


def back(sale: PartsSale, *quantities: Any) -> list[BackItem]:
    return [BackItem(line.id, Decimal(q)) for line, q in zip(sale.valid_lines, quantities, strict=False) if q]


# -- at the counter ----------------------------------------------------------------------------------------------------


def test_sold_at_cost_from_stock_to_due(people) -> None:
    """E-30, S-1.2: the price is the part's, the parts leave the store, what they cost is due, and kept as it was."""
    seal, ring = stocked(cost_price=Decimal("120.00")), stocked(cost_price=Decimal("0.35"))
    customer = make.make_customer()
    sale = create(by=people[Role.SALES], customer=customer, lines=[SaleItem(seal, TWO), SaleItem(ring, Decimal("2.5"))])
    assert (sale.state, sale.total, sale.number[:4]) == (SaleState.DRAFT, Decimal("240.88"), "LJHZ")
    assert in_store(seal) == 10
    assert db.session.scalar(select(Due)) is None
    deliver(sale, by=people[Role.ASSISTANT])
    assert (sale.state, sale.delivered_by) == (SaleState.DELIVERED, people[Role.ASSISTANT])
    assert (in_store(seal), in_store(ring)) == (Decimal(8), Decimal("7.500"))
    due = sale.due
    assert (due.amount, due.source, due.source_number) == (Decimal("240.88"), DueSource.SALE, sale.number)
    assert (due.customer, due.path, due.state) == (customer, CollectionPath.ONSITE, DueState.DUE)
    assert [(line.name, line.tax_nature, line.quantity, line.unit_price, line.amount) for line in due.lines] == [
        (seal.label, TaxNature.PARTS, TWO, Decimal("120.00"), Decimal("240.00")),
        (ring.label, TaxNature.PARTS, Decimal("2.5"), Decimal("0.35"), Decimal("0.88")),
    ]
    moved = sale.lines[0].movement
    assert (moved.kind, moved.quantity, moved.unit_cost) == (MovementKind.SOLD, -TWO, Decimal("120.00"))
    assert (moved.subject_type, moved.subject_id, moved.subject_number) == ("parts_sale", sale.id, sale.number)
    seal.cost_price = seal.sale_price = Decimal("200.00")
    db.session.flush()
    assert (fresh(sale.lines[0]).unit_price, sale.lines[0].unit_cost, sale.total) == (
        Decimal("120.00"), Decimal("120.00"), Decimal("240.88"),
    )  # fmt: skip
    assert not list(invariants.breaches())


@pytest.mark.parametrize(
    ("quantity", "path", "expected"),
    [(4, None, CollectionPath.ONSITE), (5, None, CollectionPath.INVOICE_FIRST),
     (4, CollectionPath.INVOICE_FIRST, CollectionPath.INVOICE_FIRST)],
)  # fmt: skip
def test_path_follows_the_limit(quantity: int, path: Any, expected: CollectionPath) -> None:
    """W-5.3, C-01: 480.00 is paid at the counter, of 600.00 the invoice comes first."""
    sale = make_sale([(stocked(), quantity)], SaleState.DELIVERED, path=path)
    assert sale.due.path is expected


def test_above_the_limit_nothing_is_collected_at_the_counter() -> None:
    """W-5.3: mandatory above C-01."""
    sale = make_sale([(stocked(), 5)])
    with pytest.raises(RuleViolated) as refusal:
        deliver(sale, by=make.make_user(), path=CollectionPath.ONSITE)
    assert (refusal.value.rule, refusal.value.field) == ("W-5.3", "path")


def test_what_is_not_there_is_not_sold_and_nothing_is_half_done(people) -> None:
    """E-07, E-30: the part and what is there are named; the other part stays in the store, nothing is due."""
    seal, ring = stocked(), stocked(3, unit="个")
    with pytest.raises(RuleViolated) as refusal, db.session.begin_nested():
        create(
            by=people[Role.ASSISTANT], customer=make.make_customer(), deliver_now=True,
            lines=[SaleItem(seal, ONE), SaleItem(ring, TWO), SaleItem(ring, TWO)],
        )  # fmt: skip
    assert refusal.value.field == "lines-2-quantity", "the second line of the same part is too much"
    assert ring.code in str(refusal.value)
    assert "3 个" in str(refusal.value)
    assert (in_store(seal), in_store(ring)) == (10, 3)
    assert db.session.scalar(select(PartsSale)) is None
    assert db.session.scalar(select(Due)) is None


def test_goodwill_for_nothing_makes_no_due(people) -> None:
    """E-30: the stock moves, nobody owes anything."""
    part = stocked()
    gift = SaleItem(part, ONE, Decimal(0), "first order")
    sale = create(by=people[Role.SUPERVISOR], customer=make.make_customer(), lines=[gift], deliver_now=True)
    assert (sale.state, sale.total, sale.due, in_store(part)) == (SaleState.DELIVERED, 0, None, 9)
    take_back(sale, by=people[Role.ASSISTANT], reason="not needed", everything=True)
    assert (sale.state, in_store(part)) == (SaleState.REVERSED, 10)
    assert not list(invariants.breaches())


# -- prices ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", ["121.00", "119.99", "0.00"])
@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.SALES, Role.SUPERVISOR])
def test_another_price_needs_the_supervisor_and_a_reason(people, role: Role, price: str) -> None:
    """A-8, S-1.2: above cost and below it."""
    part, customer = stocked(), make.make_customer()
    item = SaleItem(part, ONE, Decimal(price), "as agreed")
    if role is not Role.SUPERVISOR:
        with pytest.raises(RuleViolated) as refusal:
            create(by=people[role], customer=customer, lines=[item])
        assert (refusal.value.rule, refusal.value.field) == ("A-8", "lines-0-unit_price")
        return
    with pytest.raises(MissingInput) as missing:
        create(by=people[role], customer=customer, lines=[SaleItem(part, ONE, Decimal(price), "  ")])
    assert missing.value.field == "lines-0-price_reason"
    sale = create(by=people[role], customer=customer, lines=[item])
    assert (sale.lines[0].unit_price, sale.lines[0].price_reason) == (Decimal(price), "as agreed")
    deliver(sale, by=people[Role.ASSISTANT])
    assert sale.lines[0].price_reason == "as agreed"


def test_sale_price_above_cost_brings_its_own_reason(people) -> None:
    """A-8, E-07: the supervisor gave it when he set the price; at cost it may always be sold."""
    part = stocked(cost_price=Decimal("10.00"), sale_price=Decimal("12.00"), price_reason="imported")
    items = [SaleItem(part, ONE), SaleItem(part, ONE, Decimal("10.00"))]
    sale = create(by=people[Role.ASSISTANT], customer=make.make_customer(), lines=items)
    assert [(line.unit_price, line.price_reason) for line in sale.lines] == [
        (Decimal("12.00"), "imported"), (Decimal("10.00"), ""),
    ]  # fmt: skip


def test_price_that_changed_since_the_page_was_opened_is_told_once(people) -> None:
    """E-30: the new figure is named; with it seen, the price that is typed counts."""
    part, customer = stocked(), make.make_customer()
    seen = part.sale_price
    part.cost_price = part.sale_price = Decimal("150.00")
    db.session.flush()
    with pytest.raises(RuleViolated) as refusal:
        create(by=people[Role.ASSISTANT], customer=customer, lines=[SaleItem(part, ONE, seen, seen_price=seen)])
    assert refusal.value.field == "lines-0-unit_price"
    assert "¥150.00" in str(refusal.value)
    now = SaleItem(part, ONE, Decimal("150.00"), seen_price=Decimal("150.00"))
    assert create(by=people[Role.ASSISTANT], customer=customer, lines=[now]).total == Decimal("150.00")


def test_draft_at_an_old_price_is_edited_before_it_is_delivered(people) -> None:
    """E-30: unless somebody gave a reason for its price."""
    part, customer = stocked(), make.make_customer()
    plain = make_sale([(part, 1)], customer=customer)
    agreed = create(
        by=people[Role.SUPERVISOR], customer=customer, lines=[SaleItem(part, ONE, Decimal("130.00"), "by letter")]
    )
    part.cost_price = part.sale_price = Decimal("150.00")
    db.session.flush()
    with pytest.raises(RuleViolated) as refusal:
        deliver(plain, by=people[Role.ASSISTANT])
    assert refusal.value.remedy.endpoint == "parts_sales.edit_view"
    edit(plain, by=people[Role.ASSISTANT], lines=[SaleItem(part, ONE)])
    deliver(plain, by=people[Role.ASSISTANT])
    deliver(agreed, by=people[Role.ASSISTANT])
    assert (plain.due.amount, agreed.due.amount) == (Decimal("150.00"), Decimal("130.00"))
    assert agreed.lines[0].unit_cost == Decimal("150.00"), "what it cost us when it left"
    assert not list(invariants.breaches())


# -- drafts ------------------------------------------------------------------------------------------------------------


def test_draft_is_edited_line_by_line_and_nothing_is_deleted(people) -> None:
    """G-03: a line too many is struck; it counts for nothing and comes back to use first."""
    parts = [stocked() for _ in range(3)]
    sale = make_sale([(part, 1) for part in parts])
    seen = sale.version
    edit(sale, by=people[Role.SALES], lines=[SaleItem(parts[2], TWO)], remark="only these")
    assert [(line.part_id, line.quantity) for line in sale.lines] == [
        (parts[2].id, TWO), (parts[1].id, 0), (parts[2].id, 0),
    ]  # fmt: skip
    assert (sale.total, sale.remark, sale.version > seen) == (Decimal("240.00"), "only these", True)
    edit(sale, by=people[Role.SALES], lines=[SaleItem(parts[0], ONE), SaleItem(parts[1], ONE)])
    assert [line.part_id for line in sale.valid_lines] == [parts[0].id, parts[1].id]
    deliver(sale, by=people[Role.SALES])
    assert [in_store(part) for part in parts] == [9, 9, 10]
    assert not list(invariants.breaches())


def test_lines_that_cost_the_same_still_make_another_version(people) -> None:
    """G-06: whoever has seen the old lines is told."""
    first, second = stocked(), stocked()
    sale = make_sale([(first, 1)])
    seen = sale.version
    edit(sale, by=people[Role.SALES], lines=[SaleItem(second, ONE)])
    assert sale.version > seen


def test_dropped_draft_has_its_reason_and_is_over(people) -> None:
    """E-30: void is the end; what is delivered cannot be dropped."""
    sale = make_sale()
    with pytest.raises(MissingInput):
        void(sale, by=people[Role.SALES], reason=" ")
    void(sale, by=people[Role.SALES], reason="bought elsewhere")
    assert (sale.state, sale.void_reason) == (SaleState.VOID, "bought elsewhere")
    for act, inputs in ((deliver, {}), (edit, {"lines": []}), (take_back, {"reason": "r"}), (void, {"reason": "r"})):
        with pytest.raises(IllegalTransition):
            act(sale, by=people[Role.SALES], **inputs)
    with pytest.raises(IllegalTransition):
        void(make_sale(state=SaleState.DELIVERED), by=people[Role.SALES], reason="r")


# -- back --------------------------------------------------------------------------------------------------------------


def test_parts_come_back_bit_by_bit(people) -> None:
    """E-30: the store has them again, so much less is due, and in the end the due is void."""
    seal, ring = stocked(), stocked(cost_price=Decimal("0.35"))
    sale = make_sale([(seal, 2), (ring, "2.5")], SaleState.DELIVERED)
    due = sale.due
    take_back(sale, by=people[Role.SALES], reason="wrong size", lines=back(sale, 1, "0.5"))
    assert (in_store(seal), in_store(ring)) == (9, Decimal(8))
    assert (due.amount, sale.returned_total) == (Decimal("120.70"), Decimal("120.18"))
    assert [line.amount for line in due.lines] == [Decimal(a) for a in ("240.00", "0.88", "-120.00", "-0.18")]
    assert (sale.state, due.state) == (SaleState.DELIVERED, DueState.DUE)
    assert not list(invariants.breaches())
    take_back(sale, by=people[Role.SALES], reason="all of it", everything=True)
    assert (sale.state, due.state, due.end_reason) == (SaleState.REVERSED, DueState.VOID, "all of it")
    assert sale.returned_total == sale.total
    assert (in_store(seal), in_store(ring)) == (10, 10)
    kinds = db.session.scalars(select(StockMovement.kind).where(StockMovement.subject_number == sale.number)).all()
    assert kinds.count(MovementKind.SOLD_BACK) == 4
    with pytest.raises(IllegalTransition):
        take_back(sale, by=people[Role.SALES], reason="again", everything=True)
    assert not list(invariants.breaches())


@pytest.mark.parametrize(
    ("quantity", "rule"), [("3", "E-30"), ("-1", "E-07"), ("0.0001", "E-07"), ("NaN", "E-07"), ("1e308", "E-07")]
)
def test_what_cannot_come_back_is_refused(people, quantity: str, rule: str) -> None:
    """E-30: more than is left, or no quantity at all; beside its line."""
    sale = make_sale(state=SaleState.DELIVERED)
    with pytest.raises(RuleViolated) as refusal:
        take_back(sale, by=people[Role.SALES], reason="r", lines=[BackItem(sale.lines[0].id, Decimal(quantity))])
    assert (refusal.value.rule, refusal.value.field) == (rule, "lines-0-quantity")


def test_take_back_names_lines_of_the_sale_once_and_says_why(people) -> None:
    """E-30: none, a foreign one, one twice, no reason."""
    sale, other = make_sale(state=SaleState.DELIVERED), make_sale(state=SaleState.DELIVERED)
    mine, theirs = sale.lines[0].id, other.lines[0].id
    for lines in ([], [BackItem(mine, None)], [BackItem(mine, Decimal(0))]):
        with pytest.raises(MissingInput):
            take_back(sale, by=people[Role.SALES], reason="r", lines=lines)
    for lines in ([BackItem(theirs, ONE)], [BackItem(mine, ONE), BackItem(mine, ONE)], [BackItem(None, ONE)]):
        with pytest.raises(RuleViolated):
            take_back(sale, by=people[Role.SALES], reason="r", lines=lines)
    with pytest.raises(MissingInput) as missing:
        take_back(sale, by=people[Role.SALES], lines=[BackItem(mine, ONE)])
    assert missing.value.field == "reason"


def test_what_is_invoiced_is_first_corrected_by_finance(people) -> None:
    """W-5.5: the due is named, with the way to it."""
    sale = make_sale(state=SaleState.DELIVERED)
    sale.due.is_invoiced = True
    db.session.flush()
    with pytest.raises(RuleViolated) as refusal:
        take_back(sale, by=people[Role.SALES], reason="r", everything=True)
    assert refusal.value.rule == "W-5.5"
    assert sale.due.number in str(refusal.value)
    assert refusal.value.remedy.params == {"id": sale.due_id}


def test_what_is_paid_is_first_reversed(people) -> None:
    """E-15: as much as stays with the customer may have been paid, not more."""
    part = stocked()
    sale = make_sale([(part, 3)], SaleState.DELIVERED)
    make_payment(sale.due, people[Role.FINANCE], "120.00")
    restate([sale.due])
    with pytest.raises(RuleViolated) as refusal, db.session.begin_nested():
        take_back(sale, by=people[Role.SALES], reason="r", everything=True)
    assert refusal.value.rule == "E-15"
    db.session.expire_all()
    assert (in_store(part), sale.state) == (7, SaleState.DELIVERED)
    take_back(sale, by=people[Role.SALES], reason="r", lines=back(sale, 2))
    assert (sale.due.amount, sale.due.state) == (Decimal("120.00"), DueState.COLLECTED)
    assert not list(invariants.breaches())


def test_parts_of_a_waived_sale_come_back_without_money(people) -> None:
    """W-5.1: nobody asks for anything any more."""
    sale = make_sale(state=SaleState.DELIVERED)
    db.session.flush()
    values = {"state": "waived", "waived_at": clock.now(), "waived_by_id": people[Role.MANAGER].id, "end_reason": "x"}
    db.session.execute(Due.__table__.update().where(Due.__table__.c.id == sale.due_id).values(**values))
    take_back(sale, by=people[Role.SALES], reason="r", everything=True)
    assert (sale.state, fresh(sale.due).state) == (SaleState.REVERSED, DueState.WAIVED)
    assert not list(invariants.breaches())


def test_parts_no_longer_in_use_come_back_and_are_not_sold(people) -> None:
    """E-07."""
    part = stocked()
    sale, draft = make_sale([(part, 2)], SaleState.DELIVERED), make_sale([(part, 2)])
    part.is_active = False
    db.session.flush()
    with pytest.raises(MissingInput):
        deliver(draft, by=people[Role.SALES])
    take_back(sale, by=people[Role.SALES], reason="r", everything=True)
    assert in_store(part) == 10


# -- who, and what -----------------------------------------------------------------------------------------------------

INPUTS: dict[str, Any] = {
    "create": lambda part: {"customer": make.make_customer(), "lines": [SaleItem(part, ONE)]},
    "edit": lambda part: {"lines": [SaleItem(part, ONE)]},
    "deliver": lambda part: {},
    "void": lambda part: {"reason": "r"},
    "take_back": lambda part: {"reason": "r", "everything": True},
}


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
@pytest.mark.parametrize("name", INPUTS)
def test_every_role_on_every_act(people, name: str, role: Role) -> None:
    """P-3: assistant, supervisor and sales write; finance and manager only read; others not even that."""
    part = stocked()
    sale = make_sale([(part, 1)], SaleState.DELIVERED if name == "take_back" else SaleState.DRAFT)
    act, by = acts.REGISTRY[f"sale.{name}"], people[role]
    docs = () if name == "create" else (sale,)
    if role in (Role.ASSISTANT, Role.SUPERVISOR, Role.SALES):
        act(*docs, by=by, **INPUTS[name](part))
        return
    with pytest.raises(NotPermitted):
        act(*docs, by=by, **INPUTS[name](part))
    assert by.can(Permission.SALE_READ) is (role in (Role.FINANCE, Role.MANAGER))


def test_customer_is_of_the_own_branch_and_active(people) -> None:
    """P-1, E-30."""
    part = stocked()
    wrong = (None, make.make_customer(make.make_branch("SH")), make.make_customer(is_active=False))
    for customer in wrong:
        with pytest.raises(BackofficeError) as refusal:
            create(by=people[Role.SALES], customer=customer, lines=[SaleItem(part, ONE)])
        assert refusal.value.field == "customer"


@pytest.mark.parametrize(
    ("field", "item"),
    [
        ("part", {"part": None}), ("quantity", {"quantity": None}), ("quantity", {"quantity": Decimal(0)}),
        ("quantity", {"quantity": Decimal(-1)}), ("quantity", {"quantity": Decimal("NaN")}),
        ("quantity", {"quantity": Decimal("1e308")}), ("quantity", {"quantity": Decimal("0.0001")}),
        ("unit_price", {"unit_price": Decimal("NaN")}), ("unit_price", {"unit_price": Decimal("1e308")}),
        ("unit_price", {"unit_price": Decimal("1.001")}), ("unit_price", {"unit_price": Decimal(-1)}),
        ("quantity", {"unit_price": Decimal("9999999999.99"), "quantity": Decimal(2), "price_reason": "r"}),
        ("price_reason", {"unit_price": Decimal(1), "price_reason": "长" * 301}),
    ],
)  # fmt: skip
def test_bad_lines_are_refused_beside_their_field(people, field: str, item: dict[str, Any]) -> None:
    """G-01, E-07: none is rounded, none is cut."""
    good = {"part": stocked(), "quantity": ONE}
    with pytest.raises(BackofficeError) as refusal:
        create(
            by=people[Role.SUPERVISOR], customer=make.make_customer(),
            lines=[SaleItem(stocked(), ONE), SaleItem(**(good | item))],
        )  # fmt: skip
    assert refusal.value.field == f"lines-1-{field}"


def test_a_sale_has_lines_and_not_too_many(people) -> None:
    """E-30."""
    part = stocked()
    for lines in ([], [SaleItem(part, ONE)] * (MOST_LINES + 1)):
        with pytest.raises(BackofficeError) as refusal:
            create(by=people[Role.SALES], customer=make.make_customer(), lines=lines)
        assert refusal.value.field == "lines"


def test_nothing_is_delivered_before_it_was_entered_or_returned_before_it_left(people) -> None:
    """G-04."""
    sale = make_sale()
    with pytest.raises(RuleViolated):
        deliver(sale, by=people[Role.SALES], at=clock.now() - timedelta(hours=1))
    deliver(sale, by=people[Role.SALES])
    with pytest.raises(RuleViolated):
        take_back(sale, by=people[Role.SALES], at=clock.now() - timedelta(hours=1), reason="r", everything=True)


def test_past_sales_are_only_read(people) -> None:
    """E-30: their parts never left our store."""
    sale = make_past_sale([("2", "4.95")])
    with pytest.raises(RuleViolated):
        take_back(sale, by=people[Role.SALES], reason="r", everything=True)


# -- many --------------------------------------------------------------------------------------------------------------


def test_many_are_delivered_at_once_and_each_has_its_own_outcome(people) -> None:
    """E-30: what cannot be delivered is told, the others are."""
    part, rare = stocked(), stocked(1)
    sales = [make_sale([(part, 1)]), make_sale([(rare, 2), (part, 1)]), make_sale([(part, 2), (rare, 1)])]
    outcomes = deliver.bulk([sale.id for sale in sales], by=people[Role.ASSISTANT])
    assert [one.error is None for one in outcomes] == [True, False, True]
    assert rare.code in str(outcomes[1].error)
    db.session.expire_all()
    assert [sale.state for sale in sales] == [SaleState.DELIVERED, SaleState.DRAFT, SaleState.DELIVERED]
    assert (in_store(part), in_store(rare)) == (7, 0)
    numbers = sorted(db.session.scalars(select(Due.number)))
    assert [int(number[-4:]) for number in numbers] == [1, 2], "no number is lost"
    assert not list(invariants.breaches())


@pytest.mark.parametrize("name", ["create", "deliver", "take_back"])
def test_statements_do_not_grow_with_the_lines(
    people, count_statements: Callable[[], AbstractContextManager[Any]], name: str
) -> None:
    """A sale of 200 lines costs as many statements as one of two."""
    customer, by = make.make_customer(), people[Role.ASSISTANT]
    costs = []
    for count in (2, 3, MOST_LINES):  # the first run also reads settings and compiles
        parts = [stocked() for _ in range(count)]
        items = [SaleItem(part, ONE) for part in parts]
        sale = None
        if name != "create":
            state = SaleState.DELIVERED if name == "take_back" else SaleState.DRAFT
            sale = make_sale([(part, 1) for part in parts], state, customer, by)
        db.session.flush()
        db.session.expunge_all()
        by, customer = db.session.get_one(type(by), by.id), db.session.get_one(type(customer), customer.id)
        with count_statements() as sent:
            if sale is None:
                create(by=by, customer=customer, lines=items, deliver_now=True)
            else:
                more = {"reason": "r", "everything": True} if name == "take_back" else {}
                acts.REGISTRY[f"sale.{name}"](sale.id, by=by, **more)
        costs.append(sum(not _is_new_key(text) for text in sent.texts))
    assert costs[1] == costs[2], "\n".join(text[:90] for text in sent.texts[:80])
    assert db.session.scalar(select(SaleLine.id).limit(1)) is not None


def _is_new_key(statement: str) -> bool:
    """SQLite gives a new record its key one by one; PostgreSQL gives all keys in one statement."""
    one_by_one = ("INSERT INTO sale_line", "INSERT INTO stock_movement", "INSERT INTO due_line")
    return statement.startswith(one_by_one) and db.engine.dialect.name == "sqlite"
