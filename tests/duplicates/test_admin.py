"""The finder, the preview and the decision as pages; and how much of real names the finder finds."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import Contact, Customer, CustomerKind
from backoffice.customers.workflow import import_rows
from backoffice.duplicates import queries
from backoffice.duplicates.models import CustomerDistinct, CustomerMerge, MergeState
from tests import factories as make
from tests.hostile import REGISTER, VALUES

PAIR = re.compile(r'id="pair-(\d+)-(\d+)"')


def page_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.status
    return str(answer.get_data(as_text=True))


def pairs(client: Any, path: str = "/duplicates/") -> set[frozenset[int]]:
    """Every pair on every page of the finder."""
    found: set[frozenset[int]] = set()
    for number in range(1, 200):
        page = page_of(client.get(f"{path}?page={number}"))
        found |= {frozenset(map(int, keys)) for keys in PAIR.findall(page)}
        if f"page={number + 1}" not in page:
            return found
    raise AssertionError("the pages do not end")


@pytest.fixture
def supervisor(as_role: Any) -> Any:
    return as_role(make.make_user(Role.SUPERVISOR))


@pytest.fixture
def manager(as_role: Any) -> Any:
    return as_role(make.make_user(Role.MANAGER))


def hidden(page: str) -> dict[str, str]:
    """The hidden inputs of a form."""
    inputs = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    named = ((re.search(r'name="([^"]+)"', one), re.search(r'value="([^"]*)"', one)) for one in inputs)
    return {name[1]: value[1] for name, value in named if name and value}


# -- the finder --------------------------------------------------------------------------------------------------------


def test_pairs_are_found_by_name(supervisor: Any) -> None:
    """E-04: same and similar names of the branch; persons of one name only at one address."""
    a, b = make.make_customer(name="杭州江南水泵有限公司"), make.make_customer(name="杭州江南水泵厂")
    person = {"kind": CustomerKind.INDIVIDUAL, "name": "张伟"}
    c, d = make.make_customer(address="文三路1号", **person), make.make_customer(address="文三路 1 号", **person)
    make.make_customer(address="文二路9号", **person)
    make.make_customer(name="宁波水泵厂")
    assert pairs(supervisor) == {frozenset((a.id, b.id)), frozenset((c.id, d.id))}
    page = page_of(supervisor.get("/duplicates/"))
    assert "Similar name" in page
    assert "Same name" in page


def test_pairs_are_found_by_phone(supervisor: Any) -> None:
    """E-04: the numbers of contacts in use count, those of one customer do not make a pair with itself."""
    a = make.make_customer(phone="0571-88886666")
    b = make.make_customer(phone="13800000002")
    c = make.make_customer(phone="13800000003")
    make.make_customer(phone=""), make.make_customer(phone="")
    for customer, phone, used in ((b, "0571-88886666", True), (c, "13800000002", False), (a, "0571-88886666", True)):
        make.saved(
            Contact(branch_id=customer.branch_id, customer_id=customer.id, name="n", phone=phone, is_active=used)
        )
    assert pairs(supervisor, "/duplicates/phone/") == {frozenset((a.id, b.id))}


def test_those_out_of_use_merged_or_told_apart_do_not_come_back(supervisor: Any) -> None:
    """E-04: "not the same" is remembered, and leads back to the list on which it was said."""
    a, b, c = (make.make_customer(name="江南水泵厂", phone="13800000001") for _ in range(3))
    make.make_customer(name="江南水泵厂", phone="13800000001", is_active=False)
    make.make_customer(
        name="江南水泵厂", phone="13800000001", is_active=False, merged_into_id=a.id, merged_at=a.created_at
    )
    every = {frozenset(two) for two in ((a.id, b.id), (a.id, c.id), (b.id, c.id))}
    assert pairs(supervisor) == pairs(supervisor, "/duplicates/phone/") == every
    sent = {"id": b.id, "version": b.version, "other": a.id, "back": "duplicates.phone_view", "client_key": "k" * 16}
    answer = supervisor.post("/customers/act/tell_apart", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/duplicates/phone/")
    assert pairs(supervisor) == pairs(supervisor, "/duplicates/phone/") == every - {frozenset((a.id, b.id))}
    assert supervisor.post("/customers/act/tell_apart", data=sent).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(CustomerDistinct)) == 1, "sent twice, kept once"


def test_other_branches_do_not_exist(supervisor: Any, as_role: Any) -> None:
    """P-1, G-02: neither as a pair, nor as a choice; whoever sees all branches is shown pairs within one only."""
    there = make.make_branch("SH")
    here = make.make_customer(name="机密水泵厂", phone="13399998888")
    other = [make.make_customer(there, name="机密水泵厂", phone="13399998888") for _ in range(2)]
    for path in ("/duplicates/", "/duplicates/phone/"):
        assert pairs(supervisor, path) == set()
    page = page_of(supervisor.get(f"/customers/act/propose_merge?id={here.id}&survivor={other[0].id}"))
    assert other[0].number not in page
    assert supervisor.get(f"/customers/act/propose_merge?id={other[0].id}").status_code == 404
    sent = {"id": here.id, "version": here.version, "survivor": other[0].id, "reason": "r", "other": other[0].id}
    for act in ("propose_merge", "tell_apart"):
        assert supervisor.post(f"/customers/act/{act}", data=sent).status_code == 422
    headquarters = as_role(make.make_user(Role.MANAGER, make.make_branch("HQ")))
    for path in ("/duplicates/", "/duplicates/phone/"):
        assert pairs(headquarters, path) == {frozenset(one.id for one in other)}


@pytest.mark.parametrize("role", [r for r in Role if r not in (Role.SUPERVISOR, Role.MANAGER)], ids=lambda r: r.value)
def test_only_those_who_merge_see_the_pages(as_role: Any, role: Role) -> None:
    """P-3."""
    customer = make.make_customer()
    client = as_role(make.make_user(role))
    for path in ("/duplicates/", "/duplicates/phone/", "/customer-merges/",
                 f"/customers/act/propose_merge?id={customer.id}"):  # fmt: skip
        assert client.get(path).status_code == 403, path
    page = page_of(client.get("/customers/"))
    assert "/duplicates/" not in page


def test_nothing_is_unmasked(supervisor: Any, manager: Any) -> None:
    """X-20: in the list of pairs, in the preview, on the record, in the addresses."""
    values = {"name": "王小明", "kind": CustomerKind.INDIVIDUAL, "address": "浙江省杭州市西湖区文三路77号"}
    a = make.make_customer(phone="13800001234", **values)
    b = make.make_customer(phone="13900005678", **values)
    make.saved(Contact(branch_id=a.branch_id, customer_id=a.id, name="李小强", phone="13911119999"))
    pages = page_of(supervisor.get("/duplicates/"))
    preview = page_of(supervisor.get(f"/customers/act/propose_merge?id={a.id}&survivor={b.id}"))
    supervisor.post("/customers/act/propose_merge", data=hidden(preview) | {"survivor": b.id, "reason": "r"})
    key = db.session.scalars(select(CustomerMerge.id)).one()
    pages += preview + page_of(manager.get("/customer-merges/"))
    pages += page_of(manager.get(f"/customer-merges/details/?id={key}"))
    pages += page_of(manager.get(f"/customer-merges/act/approve?id={key}"))
    for secret in ("王小明", "13800001234", "13900005678", "文三路", "李小强", "13911119999"):
        assert secret not in pages, secret
    for shown in ("王**", "138****1234", "139****5678", "李**"):
        assert shown in pages, shown


@pytest.mark.parametrize("path", ["/duplicates/", "/duplicates/phone/"])
def test_a_page_of_pairs_costs_a_fixed_number_of_statements(supervisor: Any, count_statements: Any, path: str) -> None:
    figures = []
    for size in (2, 25):
        for n in range(size):
            for form in ("厂", "有限公司"):
                customer = make.make_customer(name=f"江南{size}{n}水泵{form}", phone=f"139{size:04}{n:04}")
                make.make_call(customer=customer)
        db.session.flush()
        supervisor.get(path)
        with count_statements() as sent:
            page_of(supervisor.get(path))
        figures.append(sent.count)
    assert figures[0] == figures[1] <= 9, str(sent)


def test_pages_go_on_and_back(supervisor: Any) -> None:
    for n in range(45):
        for form in ("厂", "有限公司"):
            make.make_customer(name=f"江南{n + 100}水泵{form}")
    assert len(pairs(supervisor)) == 45
    second = page_of(supervisor.get("/duplicates/?page=2"))
    assert "page=1" in second
    assert len(PAIR.findall(second)) == 20
    assert PAIR.findall(page_of(supervisor.get("/duplicates/?page=99"))) == []
    for page in ("0", "-1", "x", "9" * 30):
        assert supervisor.get(f"/duplicates/?page={page}").status_code == 200


@pytest.mark.parametrize(
    ("find", "indexes"),
    [
        (queries.pairs_by_name, ["ix_customer_name_core"]),
        (queries.pairs_by_phone, ["ix_customer_phone", "ix_contact_phone"]),
    ],
    ids=["name", "phone"],
)
def test_pairs_are_found_through_indexes(find: Callable[[Any], Any], indexes: list[str]) -> None:
    """No table is read whole and no pairs are tried: what stands twice is counted in an index, and looked up there."""
    dialect = db.session.get_bind().dialect
    query = find(make.make_user(Role.SUPERVISOR)).limit(20)
    words = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace(":", "\\:")
    if dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL enable_seqscan = off"))  # the tables of a test are too small for an index
        plan = "\n".join(row[0] for row in db.session.execute(text(f"EXPLAIN {words}")))
        assert not re.search(r"Seq Scan on (customer|contact)\b(?!_)", plan), plan
    else:
        plan = "\n".join(row.detail for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {words}")))
        assert all(f"COVERING INDEX {index}" in plan for index in indexes), plan
        assert not re.search(r"SCAN (customer|contact)\b(?! USING)", plan), plan


# -- from the pair to the merge ----------------------------------------------------------------------------------------


def test_from_the_pair_to_the_merge(supervisor: Any, manager: Any) -> None:
    """E-04, P-3: preview, proposal, decision; afterwards the old number leads to the survivor."""
    go = make.make_customer(name="江南水泵厂", phone="13800000001", address="旧路1号")
    stay = make.make_customer(name="江南水泵有限公司", phone="13800000002", address="新路1号")
    for _ in range(7):
        make.make_call(customer=stay)
    calls = [make.make_call(customer=go) for _ in range(6)]
    page = page_of(supervisor.get("/duplicates/"))
    link = f"/customers/act/propose_merge?id={go.id}&amp;survivor={stay.id}"
    assert link in page
    preview = page_of(supervisor.get(link.replace("&amp;", "&")))
    assert f'href="/calls/?customer={go.id}"' in preview
    assert calls[-1].number in preview
    assert calls[0].number not in preview, "the newest five are named"
    assert 'name="take_address" value="keep" checked' in preview
    sent = hidden(preview) | {"survivor": stay.id, "take_address": "take"}
    assert "take_kind" not in preview, "what is the same is not asked"
    missing = page_of(supervisor.post("/customers/act/propose_merge", data=sent), 422)
    assert 'name="take_address" value="take" checked' in missing, "the choice is kept"
    sent |= {"reason": "同一家"}
    done = supervisor.post("/customers/act/propose_merge", data=sent)
    merge = db.session.scalars(select(CustomerMerge)).one()
    assert (done.status_code, done.headers["Location"]) == (302, f"/customer-merges/details/?id={merge.id}")
    assert supervisor.post("/customers/act/propose_merge", data=sent).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(CustomerMerge)) == 1, "sent twice, proposed once"
    assert "merge proposed" in page_of(supervisor.get("/duplicates/"))
    assert "Merges to decide" in page_of(manager.get("/"))
    decision = page_of(manager.get(f"/customer-merges/act/approve?id={merge.id}"))
    assert "同一家" in decision
    assert "take_address" not in decision, "the decision is yes or no"
    answer = manager.post("/customer-merges/act/approve", data=hidden(decision))
    assert answer.status_code == 302
    for row in (go, stay, merge):
        db.session.refresh(row)
    assert (merge.state, stay.address, go.merged_into_id) == (MergeState.MERGED, "旧路1号", stay.id)
    assert merge.moved == {"service_call": 6, "installed_unit": 6}
    record = page_of(manager.get(f"/customer-merges/details/?id={merge.id}"))
    assert "Calls: 6" in record
    old = page_of(supervisor.get(f"/search/?q={go.number}", follow_redirects=True))
    assert f'href="/customers/details/?id={stay.id}"' in old
    assert f'href="/customers/details/?id={go.id}"' in page_of(supervisor.get(f"/customers/details/?id={stay.id}"))
    (found,) = supervisor.get(f"/lookup/customers?q={go.number}").json["results"]
    assert found["id"] == stay.id
    assert pairs(supervisor) == set()


def test_without_a_preview_nothing_is_done(supervisor: Any, manager: Any) -> None:
    """E-04: the first click shows what would happen; so does every click after something has changed (G-06)."""
    go, stay = make.make_customer(), make.make_customer()
    sent = {"id": go.id, "version": go.version, "survivor": stay.id, "reason": "r", "client_key": "k" * 16}
    first = page_of(supervisor.post("/customers/act/propose_merge", data=sent), 422)
    assert "Look at what will happen" in first
    make.make_call(customer=go)
    changed = page_of(supervisor.post("/customers/act/propose_merge", data=sent | hidden(first)), 422)
    assert "Look at what will happen" in changed
    assert db.session.scalar(select(func.count()).select_from(CustomerMerge)) == 0
    assert supervisor.post("/customers/act/propose_merge", data=sent | hidden(changed)).status_code == 302
    merge = db.session.scalars(select(CustomerMerge)).one()
    bare = {"id": merge.id, "version": merge.version}
    again = page_of(manager.post("/customer-merges/act/approve", data=bare), 422)
    assert "Look at what will happen" in again
    assert go.merged_into_id is None
    assert manager.post("/customer-merges/act/approve", data=bare | hidden(again)).status_code == 302


def test_the_same_customer_on_both_sides_is_refused_on_the_page(supervisor: Any) -> None:
    customer = make.make_customer()
    sent = {"id": customer.id, "version": customer.version, "survivor": customer.id, "reason": "r"}
    assert "into itself" in page_of(supervisor.post("/customers/act/propose_merge", data=sent), 409)
    assert "Choose" in page_of(supervisor.post("/customers/act/propose_merge", data=sent | {"survivor": "x"}), 422)


@pytest.mark.parametrize("act", ["propose_merge", "tell_apart", "approve", "decline"])
def test_hostile_input_is_refused_in_words(supervisor: Any, manager: Any, act: str) -> None:
    """C1: no 5xx, and what is refused writes nothing."""
    merge = make.make_merge()
    customer = make.make_customer()
    here = act in ("propose_merge", "tell_apart")
    client, base, key = (supervisor, "/customers", customer.id) if here else (manager, "/customer-merges", merge.id)
    assert client.get(f"{base}/act/{act}?id={key}&survivor=%00x").status_code in (200, 400)
    for words, value in VALUES.items():
        assert client.get(f"{base}/act/{act}", query_string={"id": key, "survivor": value}).status_code < 500, words
        sent = dict.fromkeys(("survivor", "other", "seen", "reason", "take_name", "version", "back"), value)
        answer = client.post(f"{base}/act/{act}", data=sent | {"id": key})
        assert 400 <= answer.status_code < 500 or (act == "decline" and answer.status_code == 302), words
    assert merge.state is not MergeState.MERGED
    assert (customer.merged_into_id, db.session.scalar(select(func.count()).select_from(CustomerMerge))) == (None, 1)
    assert db.session.scalar(select(func.count()).select_from(CustomerDistinct)) == 0


def test_a_new_customer_with_a_known_name_asks_once(as_role: Any) -> None:
    """E-04: the form uses the same finder and links the customer who is there; it warns and never blocks."""
    known = make.make_customer(name="杭州江南水泵有限公司")
    make.make_customer(make.make_branch("SH"), name="杭州江南水泵有限公司")
    make.make_customer(name="杭州江南水泵有限公司", is_active=False)
    client = as_role(make.make_user(Role.ASSISTANT))
    form = {"name": "杭州江南水泵厂", "kind": "company", "phone": "13711112222", "address": "x", "area": known.area_id}
    page = page_of(client.post("/customers/new/", data=form), 422)
    assert re.findall(r'href="/customers/details/\?id=(\d+)"', page) == [str(known.id)]
    assert client.post("/customers/new/", data=form | {"create_anyway": "y"}).status_code == 302
    other = form | {"name": "宁波阀门厂", "phone": "13711113333"}
    assert client.post("/customers/new/", data=other).status_code == 302


def test_a_call_of_a_new_customer_asks_once(as_role: Any) -> None:
    """E-04: while the customer is on the phone; a customer who is chosen, or known by the unit, is not asked about."""
    known = make.make_customer(name="杭州江南水泵有限公司", phone="13800001111")
    client = as_role(make.make_user(Role.ASSISTANT))
    form = REGISTER | {
        "new_customer_name": "杭州江南水泵厂", "phone": "13711112222", "address": "x", "area": known.area_id,
        "fault_symptom": make.make_symptom().id,
    }  # fmt: skip
    page = page_of(client.post("/calls/new/", data=form), 422)
    assert f'href="/customers/details/?id={known.id}"' in page
    assert 'name="create_anyway"' in page
    by_phone = form | {"new_customer_name": "别的名字", "phone": "138 0000 1111"}
    assert 'name="create_anyway"' in page_of(client.post("/calls/new/", data=by_phone), 422)
    for sent in (form | {"customer": known.id}, form | {"create_anyway": "y"}):
        assert client.post("/calls/new/", data=sent).status_code == 302
    found = list(db.session.scalars(select(Customer.name).order_by(Customer.id)))
    assert found == ["杭州江南水泵有限公司", "杭州江南水泵厂"]
    assert "create_anyway" not in page_of(client.get("/calls/new/"))


# -- real names --------------------------------------------------------------------------------------------------------


def _rates(
    names: list[str], truth: set[frozenset[str]], as_role: Callable[[Any], Any]
) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """(labelled pairs that the page shows, other pairs that it shows) with customers of these names."""
    import_rows(by=make.make_user(), rows=[{"name": name[:120]} for name in names])
    by_key = dict(db.session.execute(select(Customer.id, Customer.name)).all())
    shown = {frozenset(by_key[key] for key in pair) for pair in pairs(as_role(make.make_user(Role.SUPERVISOR)))}
    return shown & truth, shown - truth


def _labelled(path: Path) -> set[frozenset[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {frozenset((row["规范名称"], row["录入写法"])) for row in csv.DictReader(file)}


def test_hits_and_false_alarms_on_real_names(as_role: Any, shared_data: Callable[[str], Path]) -> None:
    """E-04: of 43 pairs that people really typed the page shows 27, and among 1,261 names two that are none.

    What it misses are abbreviations (哈工程, 南师大, ustc), former and other names, and typing errors.
    """
    truth = _labelled(shared_data("customer_name_variants_zh.csv"))
    assert len(truth) == 43
    with shared_data("customers_institutions_zh.csv").open(encoding="utf-8", newline="") as file:
        institutions = [row["名称"] for row in csv.DictReader(file)]
    names = list(dict.fromkeys([*sorted({name for pair in truth for name in pair}), *institutions]))
    assert len(names) == 1261
    hits, false_alarms = _rates(names, truth, as_role)
    assert len(hits) >= 27, sorted(map(sorted, truth - hits))
    assert len(false_alarms) <= 2, sorted(map(sorted, false_alarms))


def test_the_labelled_names_alone_raise_no_false_alarm(as_role: Any, shared_data: Callable[[str], Path]) -> None:
    """E-04."""
    truth = _labelled(shared_data("customer_name_variants_zh.csv"))
    hits, false_alarms = _rates(sorted({name for pair in truth for name in pair}), truth, as_role)
    assert len(hits) >= 27
    assert not false_alarms, sorted(map(sorted, false_alarms))
