"""The acts on saved filters: whose they are, who may share, and with what a list opens."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice.core import acts, scope
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted, RecordNotFound, RuleViolated
from backoffice.core.permissions import Role
from backoffice.saved import queries
from backoffice.saved.models import SavedFilter, SavedFilterChoice, Visibility
from backoffice.saved.rules import MOST_OF_ONE_LIST
from backoffice.saved.workflow import (
    choose_default,
    clear_default,
    clear_role,
    drop,
    pin,
    rename,
    save,
    set_role,
    share,
    unpin,
    unshare,
)
from tests import factories as make

CALLS = "service_calls"


def keep(by: Any, name: str = "Open", address: str = "state=registered&state=dispatched", **more: Any) -> SavedFilter:
    """A filter of the call register, saved by `by`."""
    return save(by=by, register=CALLS, address=address, name=name, **more)


def seen(by: Any) -> set[str]:
    """Names of what `by` sees."""
    return set(db.session.scalars(scope.select_visible(SavedFilter, by).with_only_columns(SavedFilter.name)))


def offered(by: Any) -> dict[str, queries.Offered]:
    """What stands at the call register for `by`."""
    db.session.flush()
    return {one.name: one for one in queries.read(db.session.scalar(queries.of_list(CALLS, by)))}


def test_who_sees_what() -> None:
    """P-1, R-01: private ones their owner, shared ones the branch, the company's everybody."""
    shanghai = make.make_branch("SH")
    supervisor, assistant = make.make_user(Role.SUPERVISOR), make.make_user()
    stranger, admin = make.make_user(Role.SUPERVISOR, shanghai), make.make_user(Role.ADMIN, make.make_branch("HQ"))
    keep(supervisor, "mine")
    keep(supervisor, "ours", visibility=Visibility.BRANCH)
    keep(admin, "everybody's", visibility=Visibility.COMPANY)
    keep(assistant, "hers")
    assert seen(supervisor) == {"mine", "ours", "everybody's"}
    assert seen(assistant) == {"hers", "ours", "everybody's"}
    assert seen(stranger) == seen(admin) == {"everybody's"}
    assert set(offered(assistant)) == seen(assistant)
    assert set(offered(stranger)) == {"everybody's"}


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_everybody_keeps_and_three_roles_share(role: Role) -> None:
    """P-3, R-01: the supervisor, the manager and the administrator share."""
    by = make.make_user(role)
    kept = keep(by)
    assert kept.visibility is Visibility.PRIVATE
    if role in (Role.SUPERVISOR, Role.MANAGER, Role.ADMIN):
        share(kept, by=by, visibility=Visibility.BRANCH)
        assert kept.visibility is Visibility.BRANCH
        return
    with pytest.raises(NotPermitted):
        share(kept, by=by, visibility=Visibility.BRANCH)
    with pytest.raises(NotPermitted):
        keep(by, "other", visibility=Visibility.BRANCH)
    with pytest.raises(NotPermitted):
        set_role(kept, by=by, role=role)


def test_only_the_headquarters_share_with_all_branches() -> None:
    """P-1: the administrator and the manager of the headquarters; not a branch's manager."""
    headquarters = make.make_branch("HQ")
    for by in (make.make_user(Role.MANAGER, headquarters), make.make_user(Role.ADMIN)):
        assert keep(by, visibility=Visibility.COMPANY).is_shared
    for by in (make.make_user(Role.MANAGER), make.make_user(Role.SUPERVISOR, headquarters)):
        with pytest.raises(RuleViolated) as refusal:
            keep(by, visibility=Visibility.COMPANY)
        assert refusal.value.field == "visibility"


@pytest.mark.parametrize("act", [rename, share, unshare, set_role, clear_role, drop, pin, unpin, choose_default,
                                 clear_default], ids=lambda a: a.name)  # fmt: skip
def test_a_private_filter_of_somebody_else_does_not_exist(act: acts.Act) -> None:
    """P-1: for every act, also for a supervisor of the same branch."""
    kept = keep(make.make_user())
    inputs: dict[str, Any] = {
        "rename": {"name": "x"}, "share": {"visibility": Visibility.BRANCH}, "set_role": {"role": Role.FINANCE},
    }.get(act.name, {})  # fmt: skip
    for role in (Role.SUPERVISOR, Role.ADMIN):
        with pytest.raises(RecordNotFound):
            act(kept, by=make.make_user(role), **inputs)


def test_shared_ones_are_looked_after_by_those_who_may_share() -> None:
    """R-01: another supervisor takes a leaver's shared filter away; an assistant does not; nobody renames another's."""
    kept = keep(make.make_user(Role.SUPERVISOR), visibility=Visibility.BRANCH)
    with pytest.raises(NotPermitted):
        drop(kept, by=make.make_user())
    other = make.make_user(Role.MANAGER)
    with pytest.raises(NotPermitted):
        rename(kept, by=other, name="x")
    set_role(kept, by=other, role=Role.FINANCE)
    unshare(kept, by=other)
    assert (kept.visibility, kept.default_role) == (Visibility.PRIVATE, None)
    company = keep(make.make_user(Role.ADMIN), "all", visibility=Visibility.COMPANY)
    with pytest.raises(NotPermitted):
        drop(company, by=other)


@pytest.mark.parametrize(
    ("address", "name"),
    [("q=13800001234", "a"), ("q=王小明", "a"), ("state=registered&q=Smith", "a"), ("state=registered", "13800001234")],
)
def test_a_shared_filter_holds_no_personal_data(address: str, name: str) -> None:
    """X-20: neither saved as shared nor shared or renamed later; for oneself it may."""
    by = make.make_user(Role.SUPERVISOR)
    with pytest.raises(RuleViolated) as refusal:
        keep(by, name, address, visibility=Visibility.BRANCH)
    assert refusal.value.rule == "X-20"
    kept = keep(by, name, address)
    with pytest.raises(RuleViolated) as refusal:
        share(kept, by=by, visibility=Visibility.BRANCH)
    assert refusal.value.rule == "X-20"
    if "q=" not in address:
        ours = keep(by, "ours", address, visibility=Visibility.BRANCH)
        with pytest.raises(RuleViolated):
            rename(ours, by=by, name="call 0571-88001234")


def test_a_phone_typed_in_a_filter_of_customers_is_not_shared() -> None:
    """X-20: the search of the customers looks at names and phones; a number of a record is none."""
    by = make.make_user(Role.SUPERVISOR)
    with pytest.raises(RuleViolated):
        save(by=by, register="customers", address="q=4321+王", name="w", visibility=Visibility.BRANCH)
    save(by=by, register="customers", address="q=KHHZ000001", name="w", visibility=Visibility.BRANCH)


def test_the_trail_tells_no_address_and_masks_a_private_name() -> None:
    """X-20, G-04: a supervisor who reads the audit log learns neither the phone nor the name."""
    kept = keep(make.make_user(), "王小明 13800001234", "q=13800001234")
    told = db.session.scalars(select(AuditEntry).where(AuditEntry.subject_type == "saved_filter")).all()
    assert [entry.act for entry in told] == ["saved_filter.save"]
    words = f"{told[0].changes} {told[0].subject} {told[0].note}"
    assert "1380000" not in words
    assert "王小明" not in words
    assert kept.name == "王小明 13800001234"


def test_several_values_and_the_order_are_kept() -> None:
    """R-01: what the list does not know is left out, several values stay."""
    kept = keep(make.make_user(), address="sort=received_at&page=3&state=on_site&state=registered&nonsense=1&desc=1")
    assert kept.address == "state=on_site&state=registered&sort=received_at&desc=1"


def test_one_name_once_per_person_and_list_unless_replaced() -> None:
    """R-01: the second is refused beside its name; replacing keeps the row; others may use the name."""
    by = make.make_user(Role.SUPERVISOR)
    kept = keep(by)
    with pytest.raises(MissingInput) as refusal:
        keep(by, address="state=closed")
    assert refusal.value.field == "name"
    assert keep(by, address="state=closed", replace=True).id == kept.id
    assert kept.address == "state=closed"
    assert keep(make.make_user()).id != kept.id
    assert save(by=by, register="service_vouchers", address="", name="Open").id != kept.id
    other = keep(by, "Other")
    with pytest.raises(MissingInput):
        rename(other, by=by, name="Open")
    rename(other, by=by, name="Other")
    drop(kept, by=by)
    assert keep(by).id != kept.id, "a dropped one gives its name free"


@pytest.mark.parametrize(
    ("register", "address", "name"),
    [
        ("service_calls", "", ""), ("service_calls", "", "  "), ("service_calls", "", "x" * 61),
        ("service_calls", "", "a\x1eb"), ("service_calls", "", "a\x1fb"), ("service_calls", "", "a\0b"),
        ("nothing", "", "a"), ("", "", "a"), ("home", "", "a"), ("lookup", "", "a"),
        ("service_calls", "&".join(f"state={n}" for n in range(3000)), "a"),
        ("service_calls", "q=" + "x" * 50_000, "a"),
    ],
    ids=range(12),
)  # fmt: skip
def test_hostile_input_is_refused_in_words(register: str, address: str, name: str) -> None:
    """G-05: no name, control characters, no list, an endless address."""
    with pytest.raises(MissingInput) as refusal:
        save(by=make.make_user(), register=register, address=address, name=name)
    assert str(refusal.value)


def test_a_person_keeps_a_bounded_number() -> None:
    """R-01: 40 of one list."""
    by = make.make_user()
    for n in range(MOST_OF_ONE_LIST):
        keep(by, f"n{n}")
    with pytest.raises(RuleViolated):
        keep(by, "one more")
    assert len(offered(by)) == MOST_OF_ONE_LIST


def test_one_default_for_a_person_and_it_may_be_taken_back() -> None:
    """R-01: the new one replaces the old one; the database allows one."""
    by = make.make_user()
    first, second = keep(by, "first", is_default=True), keep(by, "second")
    choose_default(second, by=by)
    assert [one.name for one in offered(by).values() if one.is_own_default] == ["second"]
    with pytest.raises(RuleViolated):
        choose_default(second, by=by)
    choose_default(first, by=by)
    clear_default(first, by=by)
    assert not any(one.is_own_default for one in offered(by).values())
    with pytest.raises(RuleViolated):
        clear_default(first, by=by)


def test_one_default_for_a_role_in_a_branch() -> None:
    """R-01: the new one replaces the old one, whichever is older; another branch and another role have their own."""
    by = make.make_user(Role.SUPERVISOR)
    first, second = (keep(by, name, visibility=Visibility.BRANCH) for name in ("first", "second"))
    set_role(second, by=by, role=Role.FINANCE)
    set_role(first, by=by, role=Role.FINANCE)
    assert (first.default_role, second.default_role) == (Role.FINANCE, None)
    set_role(second, by=by, role=Role.SALES)
    stranger = make.make_user(Role.SUPERVISOR, make.make_branch("SH"))
    theirs = keep(stranger, visibility=Visibility.BRANCH)
    set_role(theirs, by=stranger, role=Role.FINANCE)
    assert first.default_role is Role.FINANCE
    finance = make.make_user(Role.FINANCE)
    assert {name: one.role_default for name, one in offered(finance).items()} == {"first": "branch", "second": ""}
    clear_role(first, by=by)
    with pytest.raises(RuleViolated):
        clear_role(first, by=by)


def test_only_a_shared_filter_opens_a_list_for_a_role() -> None:
    """R-01: refused for a private one; no longer sharing or dropping ends it."""
    by = make.make_user(Role.SUPERVISOR)
    kept = keep(by)
    with pytest.raises(RuleViolated):
        set_role(kept, by=by, role=Role.FINANCE)
    share(kept, by=by, visibility=Visibility.BRANCH)
    with pytest.raises(MissingInput):
        set_role(kept, by=by, role=None)
    set_role(kept, by=by, role=Role.FINANCE)
    keep(by, visibility=Visibility.PRIVATE, replace=True)
    assert kept.default_role is None


def test_pinned_for_oneself_only() -> None:
    """R-01: everything stands above the list until somebody takes it from there, for himself."""
    by, other = make.make_user(Role.SUPERVISOR), make.make_user()
    kept = keep(by, visibility=Visibility.BRANCH)
    unpin(kept, by=other)
    assert not offered(other)["Open"].is_pinned
    assert offered(by)["Open"].is_pinned
    with pytest.raises(RuleViolated):
        unpin(kept, by=other)
    pin(kept, by=other)
    assert offered(other)["Open"].is_pinned
    with pytest.raises(RuleViolated):
        pin(kept, by=other)


def test_a_filter_that_is_no_longer_shared_opens_nobodys_list() -> None:
    """P-1, R-01: those who had chosen it do not see it any more, and may choose another one."""
    by, other = make.make_user(Role.SUPERVISOR), make.make_user()
    kept = keep(by, visibility=Visibility.BRANCH)
    choose_default(kept, by=other)
    assert offered(other)["Open"].is_own_default
    unshare(kept, by=by)
    assert offered(other) == {}
    choose_default(keep(other, "own"), by=other)
    share(kept, by=by, visibility=Visibility.BRANCH)
    assert [one.name for one in offered(other).values() if one.is_own_default] == ["own"]


def test_dropped_ones_stay_out_of_use() -> None:
    """G-03: the row stays, nobody sees it."""
    by = make.make_user()
    kept = keep(by, is_default=True)
    drop(kept, by=by)
    assert db.session.get(SavedFilter, kept.id) is kept
    assert seen(by) == set(offered(by)) == set()
    db.session.delete(kept)
    with pytest.raises(BackofficeError) as refusal:
        db.session.flush()
    assert refusal.value.rule == "G-03"


@pytest.mark.parametrize("second", [
    {"name": "one", "visibility": Visibility.PRIVATE},
    {"name": "two", "visibility": Visibility.BRANCH, "default_role": Role.FINANCE},
    {"name": "three", "visibility": Visibility.PRIVATE, "default_role": Role.SALES},
    {"name": "four", "visibility": Visibility.BRANCH, "default_role": Role.SALES, "is_active": False},
    {"name": ""},
], ids=["name", "branch default", "private default", "dropped default", "no name"])  # fmt: skip
def test_the_database_itself_refuses(second: dict[str, Any]) -> None:
    """R-01: one name per person and list, one default per role and branch, no default that nobody sees."""
    owner = make.make_user()
    common = {"owner_id": owner.id, "branch_id": owner.branch_id, "register": CALLS, "address": ""}
    make.saved(SavedFilter(**common, name="one", visibility=Visibility.BRANCH, default_role=Role.FINANCE))
    db.session.add(SavedFilter(**{"visibility": Visibility.PRIVATE} | common | second))
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_the_database_keeps_one_own_default() -> None:
    """R-01: also past the acts."""
    by = make.make_user()
    keep(by, "first", is_default=True)
    second = keep(by, "second")
    db.session.add(SavedFilterChoice(user_id=by.id, saved_filter_id=second.id, register=CALLS, is_default=True))
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_an_inactive_person_keeps_nothing() -> None:
    """P-7"""
    with pytest.raises(NotPermitted):
        keep(make.make_user(is_active=False))
