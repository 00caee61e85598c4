"""Merging customers: everything moves, facts are settled, nobody decides alone, and there is no way back."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.calls import workflow as calls
from backoffice.calls.models import ServiceCall
from backoffice.core import attachments, audit
from backoffice.core.acts import chart
from backoffice.core.alike import together
from backoffice.core.attachments import Attachment, AttachmentKind
from backoffice.core.audit import AuditEntry
from backoffice.core.bulk import rewrite
from backoffice.core.db import db
from backoffice.core.errors import (
    BackofficeError,
    IllegalTransition,
    MissingInput,
    NotPermitted,
    RecordNotFound,
    RuleViolated,
    StaleDocument,
)
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.customers import queries as customer_queries
from backoffice.customers import workflow as customers
from backoffice.customers.models import Contact, Customer, CustomerKind, Project
from backoffice.duplicates import queries
from backoffice.duplicates.models import CustomerDistinct, CustomerMerge, MergeState
from backoffice.duplicates.workflow import approve, decline, preview, propose, tell_apart
from backoffice.imports.lookups import Customers
from backoffice.products import workflow as products
from backoffice.products.models import InstalledUnit
from tests import custody, invoicing, money
from tests import factories as make
from tests.pictures import png
from tests.selling import make_past_sale

#: Makes a row that refers to a customer, for each column that a merge moves.
MAKERS: dict[tuple[str, str], Callable[[Customer], Any]] = {
    ("contact", "customer_id"): lambda customer: contact(customer),  # noqa: PLW0108 - defined below
    ("project", "customer_id"): lambda customer: make.make_project(customer=customer),
    ("installed_unit", "customer_id"): make.make_unit,
    ("service_contract", "customer_id"): lambda customer: make.make_contract(customer=customer, units=[]),
    ("service_call", "customer_id"): lambda customer: make.make_call(
        customer=customer, unit=make.make_unit(make.make_customer())
    ),
    ("goods_receipt", "customer_id"): lambda customer: custody.make_receipt(customer_id=customer.id),
    ("goods_entry", "customer_id"): lambda customer: custody.make_entry(customer_id=customer.id),
    ("repair_card", "customer_id"): lambda customer: custody.make_card(customer_id=customer.id),
    ("due", "customer_id"): lambda customer: money.make_due(customer=customer),
    ("payment", "customer_id"): lambda customer: money.make_payment(
        money.make_due(), make.make_user(Role.TECHNICIAN), customer_id=customer.id
    ),
    ("invoice", "customer_id"): lambda customer: invoicing.make_invoice(
        due=money.make_due(), customer_id=customer.id, title="x"
    ),
    ("parts_sale", "customer_id"): lambda customer: make_past_sale([("1", "1.00")], customer=customer),
    ("customer", "merged_into_id"): lambda customer: make.make_customer(
        merged_into_id=customer.id, merged_at=customer.created_at, is_active=False
    ),
}


def contact(customer: Customer, **over: Any) -> Contact:
    values = {"name": f"李{customer.id}", "phone": f"139{customer.id:08}"} | over
    return make.saved(Contact(branch_id=customer.branch_id, customer_id=customer.id, **values))


def merged(given_up: Customer, survivor: Customer, taken: tuple[str, ...] = ()) -> CustomerMerge:
    """The merge, proposed by a supervisor and approved by a manager."""
    merge = proposed(given_up, survivor, taken)
    approve(merge, by=make.make_user(Role.MANAGER), seen=preview(given_up, survivor, taken).seen)
    return merge


def proposed(given_up: Customer, survivor: Customer, taken: tuple[str, ...] = (), by: Any = None) -> CustomerMerge:
    seen = preview(given_up, survivor, taken).seen
    return propose(
        given_up, by=by or make.make_user(Role.SUPERVISOR), survivor=survivor, taken=taken, reason="同一家", seen=seen
    )


def entries(row: Any) -> list[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.subject_type == row.__tablename__, AuditEntry.subject_id == row.id)
    return list(db.session.scalars(query.order_by(AuditEntry.id)))


# -- everything moves --------------------------------------------------------------------------------------------------


def test_every_column_with_a_customers_key_is_known_here() -> None:
    """E-04: a later table with a customer's key fails here until a test shows that it moves, or STAYS says why not."""
    assert {(one.table, one.column) for one in queries.references()} == set(MAKERS)
    key = Customer.__table__.c.id
    held = {(t.name, c.name) for t in db.metadata.tables.values() for c in t.columns if c.references(key)}
    assert held == set(MAKERS) | queries.STAYS
    named = {table.name for table in db.metadata.tables.values() if "subject_id" in table.c}
    assert named == {
        "attachment",
        "audit_entry",
        "job_mark",
        "notice",
        "outbox_message",
        "paper_sheet",
        "pii_access",
        "print_entry",
        "stock_movement",
        "watch_mark",
    }, "files move, what was written down stays"


@pytest.mark.parametrize("place", sorted(MAKERS), ids=".".join)
def test_what_refers_to_the_customer_moves_and_is_audited(place: tuple[str, str]) -> None:
    """E-04, G-04: each row with a line in its own trail, old and new customer."""
    given_up, survivor = make.make_customer(), make.make_customer()
    row = MAKERS[place](given_up)
    version = row.version
    merge = merged(given_up, survivor)
    db.session.refresh(row)
    assert getattr(row, place[1]) == survivor.id
    assert row.version == version + 1
    last = entries(row)[-1]
    assert (last.act, last.changes[place[1]]) == ("customer_merge.approve", [given_up.id, survivor.id])
    assert merge.moved == {place[0]: 1}
    assert queries.holdings(given_up.id) == {}


def test_files_move() -> None:
    given_up, survivor = make.make_customer(), make.make_customer()
    by = make.make_user()
    file = attachments.attach(given_up, attachments.prepare("a.png", png()), AttachmentKind.PHOTO, by=by)
    db.session.flush()
    merged(given_up, survivor)
    found = db.session.scalar(select(Attachment.subject_id).where(Attachment.id == file.id))
    assert found == survivor.id


def test_what_was_written_down_on_the_phone_stays() -> None:
    """S-3.2."""
    given_up, survivor = make.make_customer(name="旧名", phone="13800000001"), make.make_customer(name="新名")
    call = make.make_call(customer=given_up, phone="13800000001", customer_name="旧名")
    merged(given_up, survivor)
    db.session.refresh(call)
    assert (call.customer_id, call.customer_name, call.phone) == (survivor.id, "旧名", "13800000001")


def test_the_customer_given_up_keeps_its_number_and_leads_on() -> None:
    """G-03, E-04: out of use for good, found by its old number, never chosen again."""
    given_up, survivor = make.make_customer(name="旧名水厂"), make.make_customer(name="新名泵站")
    merged(given_up, survivor)
    by = make.make_user()
    assert (given_up.merged_into_id, given_up.is_active) == (survivor.id, False)
    assert given_up.merged_at is not None
    for term in (given_up.number, "旧名水厂", given_up.phone):
        chosen = list(db.session.scalars(customer_queries.matching(term, by).where(Customer.is_active)))
        assert chosen == [survivor], term
        assert given_up in list(db.session.scalars(customer_queries.matching(term, by)))
    for act, inputs in ((customers.activate, {}), (customers.edit, {"remark": "x"})):
        with pytest.raises(RuleViolated, match=survivor.number):
            act(given_up, by=by, **inputs)


def test_nothing_can_be_given_to_it_any_more() -> None:
    """E-04: calls, units, projects and contacts are refused with the name of the survivor."""
    given_up, survivor = make.make_customer(), make.make_customer()
    unit, symptom, area = make.make_unit(), make.make_symptom(), given_up.area
    merged(given_up, survivor)
    by = make.make_user(Role.SUPERVISOR)
    attempts: list[Callable[[], Any]] = [
        lambda: calls.register(
            by=by, customer=given_up, phone="13800000001", address="a", area=area, model_text="m",
            fault_symptom=symptom, fault_text="t",
        ),
        lambda: products.create(by=by, serial_no="X1", model=make.make_model(), customer=given_up),
        lambda: products.move(unit, by=by, customer=given_up, reason="r"),
        lambda: customers.create_project(by=by, customer=given_up, name="n", site_address="s", area=area,
                                         responsible_user=by),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(RuleViolated) as refusal:
            attempt()
        assert survivor.number in str(refusal.value)
        assert refusal.value.remedy.params == {"id": survivor.id}
    with pytest.raises(RuleViolated):
        customers.add_contact(given_up, by=by, name="n", phone="13800000001")


@pytest.mark.parametrize("place", sorted(MAKERS), ids=".".join)
def test_no_flush_gives_it_anything(place: tuple[str, str]) -> None:
    """E-04: the second line of defence, for whichever feature forgets to ask."""
    given_up, survivor = make.make_customer(), make.make_customer()
    merged(given_up, survivor)
    with pytest.raises(RuleViolated, match=survivor.number):
        MAKERS[place](given_up)


def test_no_bulk_act_gives_it_anything() -> None:
    """E-04: also where rows that change alike are written past the unit of work, by somebody who read it before."""
    given_up, survivor = make.make_customer(), make.make_customer()
    keys = [make.make_unit().id for _ in range(3)]
    merged(given_up, survivor)
    for name, value in {"merged_into": None, "merged_into_id": None, "is_active": True}.items():
        set_committed_value(given_up, name, value)  # as it was read before the merge
    for unit in db.session.scalars(select(InstalledUnit).where(InstalledUnit.id.in_(keys))).all():
        unit.customer = given_up
    with together(), pytest.raises(RuleViolated, match=survivor.number):
        db.session.flush()


def test_a_file_that_names_the_old_number_means_the_survivor() -> None:
    """E-04: also by the old name; a survivor out of use is nobody's choice."""
    given_up, survivor = make.make_customer(name="旧名水厂", former_number="旧-1"), make.make_customer(name="新名泵站")
    merged(given_up, survivor)
    lookup = Customers(make.make_user())
    lookup.load(enumerate([given_up.number, "旧名水厂", "旧-1", "新名泵站"]))
    assert {lookup[cell] for cell in (given_up.number, "旧名水厂", "旧-1", "新名泵站")} == {survivor}
    survivor.is_active = False
    lookup = Customers(make.make_user())
    lookup.load([(2, given_up.number)])
    with pytest.raises(MissingInput):
        lookup[given_up.number]


# -- chains ------------------------------------------------------------------------------------------------------------


def test_there_are_no_chains() -> None:
    """E-04: whoever was merged into a customer that is given up leads to the survivor at once."""
    first, second, third = make.make_customer(), make.make_customer(), make.make_customer()
    merged(first, second)
    merged(second, third)
    db.session.refresh(first)
    assert (first.merged_into_id, second.merged_into_id) == (third.id, third.id)
    with pytest.raises(RuleViolated, match=third.number):
        proposed(make.make_customer(), second)
    with pytest.raises(RuleViolated, match=third.number):
        proposed(first, make.make_customer())


@pytest.mark.parametrize(
    "values",
    [
        {"merged_into_id": Customer.id, "merged_at": func.now(), "is_active": False},
        {"merged_at": func.now(), "is_active": False},
        {"merged_into_id": "other", "is_active": False},
        {"merged_into_id": "other", "merged_at": func.now(), "is_active": True},
    ],
)
def test_the_database_keeps_merged_customers_whole(values: dict[str, Any]) -> None:
    """Third line of defence: not into itself, with its time, out of use."""
    customer, other = make.make_customer(), make.make_customer()
    values = {name: other.id if value == "other" else value for name, value in values.items()}
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(update(Customer).where(Customer.id == customer.id).values(values))


# -- what is kept of both ----------------------------------------------------------------------------------------------


def test_the_survivors_facts_stay_and_gaps_are_filled() -> None:
    """E-04."""
    salesperson = make.make_user(Role.SALES)
    given_up = make.make_customer(
        name="江南水泵厂", phone="13800000001", address="旧路", remark="旧", invoice_title="江南",
        bank_name="工行", default_salesperson_id=salesperson.id, is_overseas=True,
    )  # fmt: skip
    survivor = make.make_customer(name="江南水泵有限公司", phone="13800000002", address="新路", remark="")
    area = survivor.area_id
    merged(given_up, survivor)
    assert (survivor.name, survivor.phone, survivor.address) == ("江南水泵有限公司", "13800000002", "新路")
    assert (survivor.area_id, survivor.remark, survivor.invoice_title) == (area, "旧", "江南")
    assert (survivor.bank_name, survivor.default_salesperson_id, survivor.is_overseas) == ("工行", salesperson.id, True)
    assert (given_up.name, given_up.phone, given_up.address) == ("江南水泵厂", "13800000001", "旧路")
    (kept,) = survivor.contacts
    assert (kept.name, kept.phone) == ("江南水泵厂", "13800000001"), "a number is not lost"


def test_values_of_the_customer_given_up_are_kept_where_somebody_says_so() -> None:
    """E-04: then the survivor's own number becomes the contact."""
    given_up = make.make_customer(name="江南水泵厂", phone="13800000001", kind=CustomerKind.FARMER)
    survivor = make.make_customer(name="江南水泵有限公司", phone="13800000002", remark="x")
    merge = merged(given_up, survivor, ("name", "phone", "remark"))
    assert merge.taken == ["name", "phone"], "only where both have a value"
    assert (survivor.name, survivor.phone, survivor.kind) == ("江南水泵厂", "13800000001", CustomerKind.COMPANY)
    (kept,) = survivor.contacts
    assert (kept.name, kept.phone) == ("江南水泵有限公司", "13800000002")
    assert survivor.name_core == "江南水泵"


def test_the_same_contact_stands_once() -> None:
    """E-04: the same name and phone are one person; of two first persons the survivor's stays first."""
    given_up, survivor = make.make_customer(phone="13800000009"), make.make_customer(phone="13800000009")
    mine = contact(survivor, name="李 强", phone="13911112222", is_primary=True)
    twin = contact(given_up, name="李强", phone="13911112222", is_primary=True)
    other = contact(given_up, name="李强", phone="13911113333")
    merged(given_up, survivor)
    for row in (mine, twin, other):
        db.session.refresh(row)
    assert {row.customer_id for row in (mine, twin, other)} == {survivor.id}
    assert [(row.is_active, row.is_primary) for row in (mine, twin, other)] == [
        (True, True), (False, False), (True, False)
    ]  # fmt: skip
    assert [sorted(entry.changes) for entry in entries(twin)[-3:]] == [["is_active"], ["is_primary"], ["customer_id"]]
    assert len(survivor.contacts) == 3, "the number that both have makes no contact"


def test_the_first_person_to_speak_to_moves_along() -> None:
    given_up, survivor = make.make_customer(), make.make_customer()
    first = contact(given_up, is_primary=True)
    merged(given_up, survivor)
    db.session.refresh(first)
    assert (first.customer_id, first.is_primary) == (survivor.id, True)


def test_whoever_was_told_apart_stays_apart() -> None:
    """E-04: what is known of the one given up is known of the survivor."""
    given_up, survivor, other = make.make_customer(), make.make_customer(), make.make_customer()
    by = make.make_user(Role.SUPERVISOR)
    tell_apart(other, by=by, other=given_up)
    tell_apart(given_up, by=by, other=survivor)
    merged(given_up, survivor)
    pairs = {(one.low_id, one.high_id) for one in db.session.scalars(select(CustomerDistinct))}
    assert (survivor.id, other.id) in pairs
    assert len(pairs) == 3


def test_the_chart_of_a_merge() -> None:
    """E-04: a proposal is decided once, and there is no way back."""
    moves = {(old.value, new.value) for old, new in chart(CustomerMerge)}
    assert moves == {("proposed", "merged"), ("proposed", "declined")}


# -- who, and when not -------------------------------------------------------------------------------------------------


def test_proposed_by_the_supervisor_decided_by_the_manager() -> None:
    """P-3, P-4: and nobody else; whoever proposed it does not decide, deputies included."""
    given_up, survivor = make.make_customer(), make.make_customer()
    seen = preview(given_up, survivor, ()).seen
    inputs = {"survivor": survivor, "reason": "r", "seen": seen}
    for role in set(Role) - {Role.SUPERVISOR}:
        with pytest.raises(NotPermitted):
            propose(given_up, by=make.make_user(role), **inputs)
    supervisor, manager = make.make_user(Role.SUPERVISOR), make.make_user(Role.MANAGER)
    make.make_delegation(manager, supervisor)
    db.session.expire_all()
    merge = propose(given_up, by=supervisor, **inputs)
    assert merge.state is MergeState.PROPOSED
    for role in set(Role) - {Role.MANAGER}:
        with pytest.raises(NotPermitted):
            approve(merge, by=make.make_user(role), seen=seen)
    with pytest.raises(NotPermitted) as refusal:
        approve(merge, by=supervisor, seen=seen)
    assert refusal.value.rule == "P-4"
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.subject_type == "customer_merge")))
    assert manager.id in told
    assert supervisor.id not in told, "the deputy who proposed it is not told of it"
    approve(merge, by=manager, seen=preview(given_up, survivor, ()).seen)
    assert merge.state is MergeState.MERGED
    assert db.session.scalar(select(func.count()).where(Notice.user_id == supervisor.id)) == 1


def test_declining_leaves_both_and_frees_the_pair() -> None:
    given_up, survivor = make.make_customer(), make.make_customer()
    merge = proposed(given_up, survivor)
    with pytest.raises(RuleViolated, match="proposed already"):
        proposed(given_up, survivor)
    with pytest.raises(MissingInput):
        decline(merge, by=make.make_user(Role.MANAGER), reason=" ")
    decline(merge, by=make.make_user(Role.MANAGER), reason="两家")
    assert (given_up.is_active, survivor.is_active, merge.state) == (True, True, MergeState.DECLINED)
    with pytest.raises(IllegalTransition):
        approve(merge, by=make.make_user(Role.MANAGER), seen="")
    assert proposed(given_up, survivor).state is MergeState.PROPOSED


def test_customers_of_two_branches_are_kept_apart() -> None:
    """G-02, P-1: not found by the branch, refused for whoever sees both."""
    here, there = make.make_customer(), make.make_customer(make.make_branch("SH"))
    supervisor = make.make_user(Role.SUPERVISOR)
    with pytest.raises(RecordNotFound):
        propose(there, by=supervisor, survivor=here, reason="r", seen="")
    for act, inputs in ((propose, {"survivor": there, "reason": "r", "seen": ""}), (tell_apart, {"other": there})):
        with pytest.raises(NotPermitted) as refusal:
            act(here, by=supervisor, **inputs)
        assert refusal.value.rule == "G-02"
    merge = make.make_merge(here, there)
    for manager in (make.make_user(Role.MANAGER), make.make_user(Role.MANAGER, make.make_branch("HQ"))):
        with pytest.raises(BackofficeError) as refused:
            approve(merge, by=manager, seen=preview(here, there, ()).seen)
        assert refused.value.rule == "G-02"
    assert here.merged_into_id is None


def test_a_customer_is_not_merged_into_itself_or_out_of_use() -> None:
    customer, idle = make.make_customer(), make.make_customer(is_active=False)
    for other, field in ((customer, "survivor"), (idle, "survivor"), (None, "survivor")):
        with pytest.raises(BackofficeError) as refusal:
            propose(customer, by=make.make_user(Role.SUPERVISOR), survivor=other, reason="r", seen="")
        assert refusal.value.field == field
    merged(idle, customer)
    assert idle.merged_into_id == customer.id, "one out of use may be given up"


@pytest.mark.parametrize("change", ["call", "customer", "survivor", "contact"])
def test_a_merge_that_is_not_what_was_previewed_is_refused(change: str) -> None:
    """G-06: somebody changed something between the look and the click."""
    given_up, survivor = make.make_customer(), make.make_customer()
    contact(given_up, name="李强", phone="13911112222")
    merge = proposed(given_up, survivor)
    seen = preview(given_up, survivor, ()).seen
    by = make.make_user()
    if change == "call":
        make.make_call(customer=given_up)
    elif change == "contact":
        customers.add_contact(survivor, by=by, name="李强", phone="13911112222")
        db.session.expire_all()
    else:
        customers.edit(given_up if change == "customer" else survivor, by=by, remark="neu")
    with pytest.raises(StaleDocument):
        approve(merge, by=make.make_user(Role.MANAGER), seen=seen)
    assert (merge.state, given_up.merged_into_id) == (MergeState.PROPOSED, None)
    db.session.expire_all()
    approve(merge, by=make.make_user(Role.MANAGER), seen=preview(given_up, survivor, ()).seen)
    assert given_up.merged_into_id == survivor.id


def test_telling_apart_is_kept_once_whichever_comes_first() -> None:
    """E-04."""
    a, b = make.make_customer(), make.make_customer()
    by = make.make_user(Role.SUPERVISOR)
    pair = tell_apart(b, by=by, other=a, reason="分公司")
    assert (pair.low_id, pair.high_id) == (a.id, b.id)
    assert tell_apart(a, by=make.make_user(Role.MANAGER), other=b).id == pair.id
    assert entries(pair)[0].act == "customer.tell_apart"
    with pytest.raises(RuleViolated):
        tell_apart(a, by=by, other=a)
    with pytest.raises(NotPermitted):
        tell_apart(a, by=make.make_user(Role.ASSISTANT), other=b)


# -- few statements ----------------------------------------------------------------------------------------------------


def test_the_number_of_statements_does_not_depend_on_what_moves(count_statements: Any) -> None:
    """G-04: forty calls, units and contacts move in as many statements as four."""
    figures = []
    for size in (4, 40):
        given_up, survivor = make.make_customer(), make.make_customer()
        make.make_project(customer=given_up)
        for n in range(size):
            unit = make.make_unit(given_up)
            make.make_call(customer=given_up, unit=unit)
            contact(given_up, name=f"李{n}", phone=f"139{n:08}")
            contact(survivor, name=f"李{n}", phone=f"139{n:08}")
        merge, manager = proposed(given_up, survivor), make.make_user(Role.MANAGER)
        seen = preview(given_up, survivor, ()).seen
        key = merge.id
        with count_statements() as sent:
            db.session.expire_all()
            approve(key, by=manager, seen=seen)
        figures.append(sent.count)
        moved = select(func.count()).select_from(InstalledUnit).where(InstalledUnit.customer_id == survivor.id)
        assert db.session.scalar(moved) == size
        audited = select(func.count()).where(
            AuditEntry.act == "customer_merge.approve", AuditEntry.subject_type == "service_call",
            AuditEntry.subject_id.in_(select(ServiceCall.id).where(ServiceCall.customer_id == survivor.id)),
        )  # fmt: skip
        assert db.session.scalar(audited) == size
    assert figures[0] == figures[1] < 60, str(sent)


def test_rewriting_needs_an_act_and_leaves_states_alone() -> None:
    """G-04, G-05: no change without its line in the trail, no state past its chart."""
    by = make.make_user()
    with pytest.raises(LookupError):
        rewrite(Project, {"name": "a"}, {"name": "b"}, by=by)
    with pytest.raises(ValueError, match="state"), audit.during(audit.Occasion("test", by)):
        rewrite(Project, {"state": "planned"}, {"state": "installing"}, by=by)
    assert db.session.scalar(text("SELECT count(*) FROM project WHERE name = 'b'")) == 0
