"""The search index on both databases: it finds what a look at every record finds, by the index, and stays true."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, text

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import alike, grams, masking, scope, search_index, searching
from backoffice.core.db import db
from backoffice.core.permissions import Permission, Role
from backoffice.customers.models import Contact, Customer, CustomerKind
from backoffice.products.models import InstalledUnit
from backoffice.search.cli import searchable
from backoffice.ui import listing, registry
from backoffice.vouchers.models import ServiceVoucher
from backoffice.vouchers.queries import live_voucher
from tests import factories as make

LETTERS = "张王芳杭州水务泵江𠮷龘ABc1２3０a-—·(（ 　%.＋カ"


def found(model: Any, term: str, by: Any) -> set[int]:
    """What the look-ups and pages find."""
    query = select(model.id).where(searching.matches(model, term, by), scope.visible(model, by))
    return set(db.session.scalars(query))


def is_indexed(table: str, gram: str) -> list[int]:
    """The keys that the index itself gives for a gram, without the table's own texts."""
    if db.session.get_bind().dialect.name == "sqlite":
        query = f"SELECT rowid FROM {table}_fts WHERE {table}_fts MATCH :gram ORDER BY 1"  # noqa: S608
    else:
        query = f"SELECT id FROM {table} WHERE string_to_array(search_grams, ' ') @> ARRAY[:gram] ORDER BY 1"  # noqa: S608
    return list(db.session.scalars(text(query), {"gram": gram}))


# -- what is found -----------------------------------------------------------------------------------------------------


def lines_of(customer: Customer) -> tuple[list[str], list[str]]:
    """(what everybody may search in part, what others only find whole), from the record as it is."""
    person, phone = customer.kind is not CustomerKind.COMPANY, customer.phone_digits
    shown = [customer.number, customer.former_number, *masking.mask("phone", customer.phone).split("*")]
    shown += masking.mask("name", customer.name).split("*") if person else [customer.name]
    masked = [phone, customer.name] if person else [phone]
    return [grams.compact(s) for s in shown if s], [grams.compact(s) for s in masked if s]


def is_hit(customer: Customer, term: str, *, sees_all: bool) -> bool:
    """The rule of the search in other words than the code's, for terms of one or more words."""
    shown, masked = lines_of(customer)
    words = [word for word in map(grams.compact, term.split()) if word]
    alone = not any(grams.query_grams(word) for word in words)

    def has(word: str) -> bool:
        test = str.startswith if alone else str.__contains__
        if alone and not grams.beginning_grams(word):
            return False
        whole = word in masked and (not word.isdigit() or len(word) >= 7)
        return any(test(line, word) for line in (*shown, *masked) if sees_all or line in shown) or whole

    return bool(words) and all(map(has, words))


def test_the_index_finds_what_a_look_at_every_record_finds() -> None:
    """Short texts of all kinds of letters, fragments of them: no difference, for who sees all and who does not."""
    dice = random.Random(20261124)
    branch = make.make_branch()
    area = make.make_area(branch)
    for n in range(150):
        words = "".join(dice.choices(LETTERS, k=dice.randint(1, 9)))
        make.make_customer(
            branch, name=words if grams.compact(words) else f"水{n}", area=area, kind=dice.choice(list(CustomerKind)),
            phone=dice.choice([f"138{dice.randrange(10**8):08}", f"0571-{dice.randrange(10**8):08}", ""]),
            former_number="".join(dice.choices("AB-12", k=dice.randint(0, 6))),
        )  # fmt: skip
    customers = list(db.session.scalars(select(Customer)))
    hits = 0
    for by, sees_all in ((make.make_user(Role.ASSISTANT), True), (make.make_user(Role.FINANCE), False)):
        assert by.can(Permission.CUSTOMER_UNMASK) is sees_all
        for _ in range(200):
            source = dice.choice(customers)
            line = dice.choice([source.name, source.phone, source.number, source.former_number or "泵"])
            start = dice.randrange(len(line)) if line else 0
            term = line[start : start + dice.randint(1, 8)]
            if dice.random() < 0.2:
                term += " " + source.name[:1]
            if not term.strip() or len(grams.readings(term)) != 1:
                continue  # a number with blanks is read in two ways; it has its own test
            wanted = {c.id for c in customers if is_hit(c, term, sees_all=sees_all)}
            assert found(Customer, term, by) == wanted, repr(term)
            hits += len(wanted)
    assert hits > 1000


@pytest.mark.parametrize(
    "term", ["138 0000 7654", "１３８００００７６５４", "+86 138-0000-7654", "0086 13800007654", "0000 7654"]
)
def test_a_phone_is_found_however_it_is_typed(term: str) -> None:
    """Blanks, dashes, width and the country code are folded."""
    by, customer = make.make_user(Role.ASSISTANT), make.make_customer(phone="13800007654")
    assert found(Customer, term, by) == {customer.id}


@pytest.mark.parametrize("term", ["王", "王芳", "芳"])
def test_one_or_two_chinese_characters_are_enough(term: str) -> None:
    by, call = make.make_user(Role.ASSISTANT), make.make_call(contact_name="王芳")
    make.make_call(contact_name="李刚")
    assert found(ServiceCall, term, by) == {call.id}


def test_a_call_is_found_by_the_serial_of_its_unit_and_by_words_of_both() -> None:
    """A word may stand in the call, another in the unit; the unit's new number is found at once."""
    by = make.make_user(Role.ASSISTANT)
    unit = make.make_unit(make.make_customer(name="杭州江南水务"), serial_no="QJ-2026-77")
    call = make.make_call(customer=unit.customer, unit=unit)
    make.make_call(customer=unit.customer)
    view = registry.view_at("service_calls")
    for term, wanted in (("qj2026", [call.id]), ("江南 QJ-2026", [call.id]), ("江北 QJ-2026", [])):
        where = listing.search_condition(view, term, by), scope.visible(ServiceCall, by)
        assert list(db.session.scalars(select(ServiceCall.id).where(*where))) == wanted, term


def test_what_changes_in_a_related_row_is_found_at_once(count_statements: Any) -> None:
    """A serial number put right finds its calls, a call's phone its voucher; their versions stay as they are."""
    by, call = make.make_user(Role.ASSISTANT), make.make_call(CallState.ON_SITE)
    voucher = live_voucher(call)
    db.session.commit()
    versions = call.version, voucher.version
    call.unit.serial_no = "XZ-77-1"
    db.session.commit()
    assert found(ServiceCall, "XZ-77", by) == {call.id}
    call.phone = "13977778888"
    with count_statements() as sent:
        db.session.flush()
    assert sent.count <= 5, sent
    assert found(ServiceVoucher, "139 7777 8888", by) == {voucher.id}
    db.session.expire_all()
    assert (call.version, voucher.version) == (versions[0] + 1, versions[1])
    call.unit = make.make_unit(call.customer, serial_no="YY-99")
    db.session.flush()
    assert (found(ServiceCall, "XZ-77", by), found(ServiceCall, "YY-99", by)) == (set(), {call.id})


def test_calls_changed_alike_in_bulk_are_found_by_the_change() -> None:
    """What is searched is not written past the index, even where one statement would do for many rows."""
    by, calls = make.make_user(Role.ASSISTANT), [make.make_call() for _ in range(3)]
    with alike.together():
        for call in calls:
            call.contact_name = "犇骉"
        db.session.flush()
    assert found(ServiceCall, "犇骉", by) == {call.id for call in calls}


# -- who finds it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "assistant", "finance"),
    [
        ("5678", True, True), ("678", True, True), ("12345678", True, False), ("2345", True, False),
        ("13812345678", True, True), ("138 1234 5678", True, True), ("王小", True, False), ("小明", True, False),
        ("王小明", True, True), ("王", True, True), ("明", True, False), ("KH-77", True, True),
    ],
)  # fmt: skip
def test_nobody_finds_more_than_the_mask_shows(term: str, assistant: bool, finance: bool) -> None:
    """X-20: phones and names of persons in part by who may see them; others by what is shown, or whole."""
    person = make.make_customer(name="王小明", phone="13812345678", kind=CustomerKind.INDIVIDUAL, number="KH77")
    for role, wanted in ((Role.ASSISTANT, assistant), (Role.FINANCE, finance), (Role.MANAGER, finance)):
        assert (found(Customer, term, make.make_user(role)) == {person.id}) is wanted, role


@pytest.mark.parametrize(("term", "wanted"), [("666", True), ("6666", False), ("057188886666", True), ("8888", False)])
def test_the_last_three_figures_of_a_landline_are_shown(term: str, wanted: bool) -> None:
    """X-20: a landline's mask shows one figure less than a mobile's."""
    customer = make.make_customer(phone="0571-88886666", number="KH1")
    assert (found(Customer, term, make.make_user(Role.FINANCE)) == {customer.id}) is wanted


def test_a_company_that_becomes_a_person_is_masked_in_the_search_too() -> None:
    """X-20: the kind decides, whenever it changes."""
    customer = make.make_customer(name="王小明")
    by = make.make_user(Role.FINANCE)
    assert found(Customer, "小明", by) == {customer.id}
    customer.kind = CustomerKind.INDIVIDUAL
    db.session.flush()
    assert found(Customer, "小明", by) == set()
    assert found(Customer, "王小明", by) == {customer.id}


def test_another_branch_is_found_by_nothing(as_role: Callable[[Any], FlaskClient]) -> None:
    """P-1: not by number, tail of the phone, name or serial; no count, and nothing is opened."""
    there = make.make_branch("SH")
    customer = make.make_customer(there, name="机密水厂", phone="13399998888", former_number="ALT-9")
    unit = make.make_unit(customer, serial_no="SECRET-SERIAL")
    call = make.make_call(branch=there, customer=customer, unit=unit, contact_name="绝密")
    contact = make.saved(Contact(branch_id=there.id, customer_id=customer.id, name="机要", phone="13311117777"))
    terms = [
        call.number,
        customer.number,
        "ALT-9",
        "SECRET-SERIAL",
        "8888",
        "7777",
        "13399998888",
        "机密",
        "绝",
        "SECRET",
    ]
    for role in (Role.SUPERVISOR, Role.ASSISTANT, Role.TECHNICIAN):
        by = make.make_user(role)
        client = as_role(by)
        for term in terms:
            answer = client.get("/search/", query_string={"q": term})
            assert answer.status_code == 200, term
            assert 'class="plain-list"' not in answer.text, term
            for model in (Customer, Contact, InstalledUnit, ServiceCall):
                assert found(model, term, by) == set()
    assert contact.id


def test_a_related_row_of_another_branch_leads_to_nothing() -> None:
    """P-1: what the person does not see finds no record that he sees."""
    stranger = make.make_customer(make.make_branch("SH"), name="机密水厂", number="GEHEIM1")
    unit = make.make_unit(stranger, branch_id=make.make_branch().id, serial_no="SN-OWN")
    view = registry.view_at("units")
    for term, wanted in (("机密", []), ("GEHEIM", []), ("SN-OWN", [unit.id])):
        where = listing.search_condition(view, term, make.make_user()), scope.visible(InstalledUnit, make.make_user())
        assert list(db.session.scalars(select(InstalledUnit.id).where(*where))) == wanted, term


# -- the index stays true ----------------------------------------------------------------------------------------------


def test_the_index_follows_every_change() -> None:
    """Inserted, changed, and a change of something else leaves the texts alone."""
    customer = make.make_customer(name="杭州龘靐水务")
    assert is_indexed("customer", "龘靐") == [customer.id]
    customer.name = "杭州犇骉水务"
    db.session.flush()
    assert is_indexed("customer", "龘靐") == []
    assert is_indexed("customer", "犇骉") == [customer.id]
    customer.remark = "x"
    db.session.flush()
    assert is_indexed("customer", "犇骉") == [customer.id]
    db.session.execute(text("DELETE FROM customer WHERE id = :id"), {"id": customer.id})
    assert is_indexed("customer", "犇骉") == []


def test_a_change_of_state_writes_no_searched_column(count_statements: Any) -> None:
    """The index costs nothing where nothing that is searched changes."""
    call = make.make_call()
    with count_statements() as sent:
        call.remark = "x"
        db.session.flush()
    assert sent.count
    assert "search_grams" not in str(sent)


@pytest.mark.parametrize("model", searchable(), ids=lambda model: model.__name__)
def test_index_and_triggers_are_alive_after_all_migrations(model: Any) -> None:
    """Each searched table has its index on both databases, and every searched field is a column of it."""
    connection = db.session.connection()
    assert search_index.faults(connection, model.__tablename__) == []
    assert search_index.is_true(connection, model.__tablename__)
    assert set(model.__searched__) | set(model.__masked_by__) <= set(model.__mapper__.column_attrs.keys())


def test_lists_search_only_what_is_indexed() -> None:
    """A list over a searched table names no field that its index does not hold: none is read from end to end."""
    for view in registry.views():
        model = getattr(view, "model", None)
        if model in searchable():
            own = {name for name in view.column_searchable_list if "." not in name}
            assert own
            assert own <= set(model.__searched__), view.endpoint


# -- the database's way ------------------------------------------------------------------------------------------------

ROWS = 6000


def multiply(row: Any, rows: int, vary: Callable[[int], dict[str, Any]]) -> None:
    """Copies of a record straight into the table, their searched texts as the records' own would be."""
    table = type(row).__table__
    base = dict(db.session.execute(select(table).where(table.c.id == row.id)).mappings().one())
    first = db.session.scalar(select(func.max(table.c.id)))
    copies = []
    for n in range(1, rows + 1):
        values = base | {"id": first + n} | vary(n)
        copy = type(row)(**{name: values[name] for name in (*row.__searched__, *row.__masked_by__)})
        texts = searching.searched_texts(copy)
        copies.append(values | dict(zip(search_index.COLUMNS, (texts.shown, texts.masked, texts.grams), strict=True)))
    db.session.execute(insert(table), copies)
    if db.session.get_bind().dialect.name == "postgresql":  # does it by itself; SQLite never does
        db.session.execute(text("ANALYZE"))


def way(query: Any) -> str:
    """What the database says about its way to the rows."""
    connection = db.session.connection()
    statement = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    prefix = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return "\n".join(str(row) for row in connection.exec_driver_sql(f"{prefix} {statement}"))


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.MANAGER], ids=lambda role: role.value)
def test_calls_are_found_by_the_index_and_never_by_reading_the_register(role: Role) -> None:
    """R-01: characters, phones, names, serials, two words; rare ones and ones that nobody has."""
    by = make.make_user(role)
    unit = make.make_unit()
    multiply(unit, ROWS, lambda n: {"serial_no": f"QJ{n:05}", "serial_folded": f"QJ{n:05}"})
    call = make.make_call(unit=unit)
    places = ("江南", "江北", "河东", "河西", "东海", "南海", "西湖")
    multiply(call, ROWS, lambda n: {
        "number": f"JX-{n:06}", "customer_name": "龘靐水务" if n % 2000 == 7 else f"杭州{places[n % 7]}{n}",
        "unit_id": unit.id + n, "phone": f"13{n % 10}{n * 7919 % 10**8:08}", "contact_name": f"王{n}",
    })  # fmt: skip
    view = registry.view_at("service_calls")
    for term in ("龘靐", "骉", "00077", "JX-000077", "江南77 130", "13100007919", "131 0000 7919", "QJ-00077", "zz"):
        query = (
            select(ServiceCall.id)
            .where(scope.visible(ServiceCall, by), listing.search_condition(view, term, by))
            .order_by(ServiceCall.received_at.desc(), ServiceCall.id.desc())
            .limit(51)
        )
        plan = way(query)
        if "fts" in plan:
            assert not re.search(r"SCAN (service_call|installed_unit)\b(?!_fts)", plan), f"{term}\n{plan}"
        else:
            assert "Seq Scan" not in plan, f"{term}\n{plan}"
            assert "ix_service_call_search" in plan, f"{term}\n{plan}"


def test_a_word_that_says_nothing_reads_nothing() -> None:
    """Marks without letters and single letters in the middle of a word: no answer rather than the whole register."""
    by = make.make_user()
    make.make_call(model_text="50% Q")
    for term in ("%", "/", "💧", "' --"):
        assert found(ServiceCall, term, by) == set()
    assert len(found(ServiceCall, "50", by)) == 1
    assert found(ServiceCall, "q", by) == set()
    assert len(found(ServiceCall, "ISG 50%", by)) == 0


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_finds_and_repairs_what_is_not_true(app: Any) -> None:
    """A row written past the application is told by `check` and found after `rebuild`."""
    customer = make.make_customer(name="杭州江南水务")
    db.session.commit()
    run = app.test_cli_runner().invoke
    assert run(args=["search-index", "check"]).exit_code == 0
    db.session.execute(text("UPDATE customer SET name = '龘靐水厂' WHERE id = :id"), {"id": customer.id})
    db.session.commit()
    told = run(args=["search-index", "check"])
    assert told.exit_code == 1
    assert "customer         1 rows differ" in told.output
    assert is_indexed("customer", "龘靐") == []
    assert "customer         1 rows written" in run(args=["search-index", "rebuild"]).output
    assert is_indexed("customer", "龘靐") == [customer.id]
    assert run(args=["search-index", "check"]).exit_code == 0


def test_the_command_tells_of_a_missing_index_and_makes_it(app: Any) -> None:
    """As after a table was built anew by hand."""
    make.make_customer()
    db.session.commit()
    search_index.drop(db.session.connection(), "customer")
    db.session.commit()
    run = app.test_cli_runner().invoke
    told = run(args=["search-index", "check"])
    assert told.exit_code == 1
    assert "is missing" in told.output
    assert run(args=["search-index", "rebuild"]).exit_code == 0
    assert search_index.faults(db.session.connection(), "customer") == []
    assert run(args=["search-index", "check"]).exit_code == 0
