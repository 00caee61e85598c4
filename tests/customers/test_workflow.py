"""Customers, contacts and projects through their acts."""

from typing import Any

import pytest
from sqlalchemy import select

from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RecordNotFound, RuleViolated, StaleDocument
from backoffice.core.permissions import Role
from backoffice.core.scope import select_visible
from backoffice.customers import queries, workflow
from backoffice.customers.models import Contact, Customer, CustomerKind, Project
from tests import factories as make


def enter(by: Any, **facts: Any) -> Customer:
    values = {"name": "杭州江南水务有限公司", "phone": "138 0000 1234", "address": "文三路1号"} | facts
    if "area" not in values:
        values["area"] = make.make_area(by.branch)
    return workflow.create(by=by, **values)


def entries(act: str) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.act == act).order_by(AuditEntry.id)))


def test_create_numbers_and_normalises() -> None:
    """N-01, E-04."""
    by = make.make_user(Role.ASSISTANT)
    first, second = enter(by), enter(by, name="Second", phone="０５７１－８８８８６６６６")
    assert (first.number, second.number) == ("KHHZ000001", "KHHZ000002")
    assert (first.phone, first.phone_digits, first.phone_reversed) == ("13800001234", "13800001234", "43210000831")
    assert second.phone == "0571-88886666"
    assert first.branch_id == by.branch_id
    assert first.created_by_id == by.id


def test_numbers_of_branches_run_apart() -> None:
    one, other = make.make_user(), make.make_user(branch=make.make_branch("NB"))
    assert enter(one).number == "KHHZ000001"
    assert enter(other).number == "KHNB000001"


@pytest.mark.parametrize("field", ["name", "phone", "address", "area"])
def test_create_needs_what_the_first_call_needs(field: str) -> None:
    """E-04: phone and address are required when somebody enters the customer."""
    with pytest.raises(MissingInput) as refusal:
        enter(make.make_user(), **{field: None if field == "area" else " "})
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 121), ("name", "a\0b"), ("name", "a\x1bb"), ("address", "x" * 201), ("phone", "123"),
        ("credit_code", "91350100M000100Y44"), ("invoice_email", "nobody"), ("remark", "x" * 501),
        ("phone", "1" * 100),
    ],
)  # fmt: skip
def test_create_refuses_what_does_not_fit(field: str, value: str) -> None:
    with pytest.raises(MissingInput) as refusal:
        enter(make.make_user(), **{field: value})
    assert refusal.value.field == field


@pytest.mark.parametrize("role", [Role.FINANCE, Role.TECHNICIAN, Role.MANAGER, Role.ADMIN])
def test_create_is_not_for_everybody(role: Role) -> None:
    """P-3."""
    with pytest.raises(NotPermitted):
        enter(make.make_user(role))


def test_an_area_or_salesperson_of_another_branch_is_refused() -> None:
    """P-1."""
    by, other = make.make_user(), make.make_branch("NB")
    with pytest.raises(NotPermitted) as refusal:
        enter(by, area=make.make_area(other))
    assert refusal.value.field == "area"
    with pytest.raises(NotPermitted) as refusal:
        enter(by, default_salesperson=make.make_user(Role.SALES, other))
    assert refusal.value.field == "default_salesperson"


def test_a_salesperson_who_left_is_refused() -> None:
    with pytest.raises(RuleViolated):
        enter(make.make_user(), default_salesperson=make.make_user(Role.SALES, is_active=False))


def test_a_known_phone_warns_and_does_not_block() -> None:
    """E-04: duplicates by phone warn, not block; contacts count too, other branches do not show."""
    by = make.make_user()
    first = enter(by)
    second = enter(by, name="Another")
    stranger = make.make_user(branch=make.make_branch("NB"))
    enter(stranger)
    found = list(db.session.scalars(queries.with_phone("+86 138-0000-1234", by)))
    assert found == [first, second]
    assert list(db.session.scalars(queries.with_phone("13800001234", by, besides=first.id))) == [second]
    workflow.add_contact(first, by=by, name="王芳", phone="13911112222")
    assert list(db.session.scalars(queries.with_phone("13911112222", by))) == [first]
    assert list(db.session.scalars(queries.with_phone("13", by))) == []


@pytest.mark.parametrize(
    "term",
    ["13800001234", "138 0000", "1234", "KHHZ000001", "khhz000001", "江南水", "杭州（江南", "000001", "1", "OLD-7"],
)
def test_a_customer_is_found_by_phone_number_and_name(term: str) -> None:
    """First and last figures, number, part of the name, folded; the old number."""
    by = make.make_user()
    wanted = enter(by, name="杭州(江南水务)", former_number="OLD-7")
    enter(by, name="宁波", phone="13999998888")
    if term == "江南水":
        term = "(江南水"
    assert list(db.session.scalars(queries.matching(term, by))) == [wanted]


@pytest.mark.parametrize("term", ["%", "_", "\\", "'; --", "\0", "12", "💧", "a" * 500])
def test_strange_terms_find_nothing_and_break_nothing(term: str) -> None:
    by = make.make_user()
    enter(by)
    found = list(db.session.scalars(queries.matching(term, by)))
    assert found == [] or not term.strip("\0")


def test_the_exact_name_comes_first() -> None:
    by = make.make_user()
    for name in ("新河北大学", "河北大学工商学院", "河北大学"):
        enter(by, name=name)
    found = list(db.session.scalars(queries.matching("河北大学", by)))
    assert [c.name for c in found] == ["河北大学", "河北大学工商学院", "新河北大学"]


def test_edit_changes_what_is_given_only() -> None:
    by = make.make_user()
    customer = enter(by, remark="keep")
    workflow.edit(customer, by=by, name="New name", phone="0571-88886666")
    assert (customer.name, customer.phone_digits, customer.remark) == ("New name", "057188886666", "keep")
    assert customer.name_folded == "newname"


@pytest.mark.parametrize("field", ["phone", "address"])
def test_edit_never_blanks_phone_or_address(field: str) -> None:
    by = make.make_user()
    customer = enter(by)
    with pytest.raises(MissingInput) as refusal:
        workflow.edit(customer, by=by, **{field: ""})
    assert refusal.value.field == field


def test_edit_of_an_imported_customer_may_leave_them_empty() -> None:
    by = make.make_user()
    customer = make.make_customer(phone="", address="")
    workflow.edit(customer, by=by, name="N", phone="", address="")
    assert customer.name == "N"


def test_edit_of_another_branch_or_version_is_refused() -> None:
    """P-1, G-06."""
    by = make.make_user()
    customer = enter(by)
    with pytest.raises(RecordNotFound):
        workflow.edit(customer, by=make.make_user(branch=make.make_branch("NB")), name="N")
    with pytest.raises(StaleDocument):
        workflow.edit(customer, by=by, version=customer.version + 1, name="N")


def test_edit_does_not_know_other_columns() -> None:
    """No mass assignment."""
    by = make.make_user()
    for field in ("number", "branch_id", "is_active", "created_by_id"):
        with pytest.raises(TypeError):
            workflow.edit(enter(by, name=field), by=by, **{field: 1})


def test_deactivate_needs_a_reason_and_can_be_undone() -> None:
    """G-03: nothing is deleted."""
    by = make.make_user()
    customer = enter(by)
    with pytest.raises(MissingInput):
        workflow.deactivate(customer, by=by)
    workflow.deactivate(customer, by=by, reason="moved away")
    assert not customer.is_active
    with pytest.raises(RuleViolated):
        workflow.deactivate(customer, by=by, reason="again")
    workflow.activate(customer, by=by)
    assert customer.is_active
    assert [e.note for e in entries("customer.deactivate")] == ["moved away"]


def test_the_trail_masks_persons_and_not_companies() -> None:
    """X-20, G-04."""
    by = make.make_user()
    enter(by, name="王小明", kind=CustomerKind.INDIVIDUAL, address="浙江省杭州市西湖区文三路1号")
    enter(by, name="江南水务")
    person, company = (e.changes or {} for e in entries("customer.create"))
    assert person["name"][1] == "王**"
    assert person["phone"][1] == "138****1234"
    assert person["address"][1].endswith("西湖区****")
    assert company["name"][1] == "江南水务"
    assert company["phone"][1] == "138****1234"
    assert company["address"][1] == "文三路1号"
    assert not {"phone_digits", "phone_reversed", "name_folded"} & person.keys()


def test_contacts_have_one_primary() -> None:
    by = make.make_user()
    customer = enter(by)
    first = workflow.add_contact(customer, by=by, name="王芳", phone="13911112222", is_primary=True)
    second = workflow.add_contact(customer, by=by, name="李强", phone="13911113333", is_primary=True)
    assert (first.is_primary, second.is_primary) == (False, True)
    workflow.edit_contact(first, by=by, name="王芳", phone="13911112222", is_primary=True)
    db.session.expire_all()
    assert (first.is_primary, second.is_primary) == (True, False)
    workflow.edit_contact(first, by=by, name="王芳", phone="13911112222", is_primary=True, is_active=False)
    assert not first.is_primary
    assert [c.name for c in db.session.scalars(select(Contact).order_by(Contact.id))] == ["王芳", "李强"]


@pytest.mark.parametrize("field", ["name", "phone"])
def test_a_contact_needs_name_and_phone(field: str) -> None:
    by = make.make_user()
    with pytest.raises(MissingInput) as refusal:
        workflow.add_contact(enter(by), by=by, **({"name": "王芳", "phone": "13911112222"} | {field: ""}))
    assert refusal.value.field == field


def project(by: Any, **facts: Any) -> Project:
    values = {
        "customer": facts.pop("customer", None) or enter(by), "name": "泵站改造", "site_address": "滨江区1号",
        "area": make.make_area(by.branch), "responsible_user": make.make_user(Role.TECHNICIAN, by.branch),
    } | facts  # fmt: skip
    return workflow.create_project(by=by, **values)


def test_project_has_number_and_responsible_person(frozen_clock: Any) -> None:
    """N-02, S-1.3."""
    by = make.make_user()
    assert project(by).number == "XMHZ-2026-001"
    with pytest.raises(MissingInput, match=r"S-1\.3") as refusal:
        project(by, responsible_user=None)
    assert refusal.value.field == "responsible_user"


@pytest.mark.parametrize("field", ["area", "responsible_user", "customer"])
def test_project_stays_within_the_branch(field: str) -> None:
    """P-1."""
    by, other = make.make_user(), make.make_branch("NB")
    foreign = {
        "area": make.make_area(other), "responsible_user": make.make_user(Role.TECHNICIAN, other),
        "customer": make.make_customer(other),
    }  # fmt: skip
    with pytest.raises(NotPermitted) as refusal:
        project(by, **{field: foreign[field]})
    assert refusal.value.field == field


def test_project_can_change_hands_and_end() -> None:
    by = make.make_user()
    made = project(by)
    successor = make.make_user(Role.SUPERVISOR, by.branch)
    workflow.edit_project(
        made, by=by, name="泵站", site_address="滨江区2号", area=made.area, responsible_user=successor
    )
    assert made.responsible_user is successor
    workflow.deactivate_project(made, by=by, reason="done")
    assert list(db.session.scalars(queries.projects_matching("泵站", by))) == []
    workflow.activate_project(made, by=by)
    assert list(db.session.scalars(queries.projects_matching("泵站", by, made.customer_id))) == [made]


# -- who sees whom (P-1) -----------------------------------------------------------------------------------------------


def seen(by: Any) -> set[str]:
    return {c.name for c in db.session.scalars(select_visible(Customer, by))}


def test_everybody_sees_the_own_branch_and_some_see_all() -> None:
    here, there = make.make_branch("HZ"), make.make_branch("NB")
    make.make_customer(here, name="here")
    make.make_customer(there, name="there")
    for role in (Role.ASSISTANT, Role.FINANCE, Role.SUPERVISOR, Role.SALES, Role.MANAGER):
        assert seen(make.make_user(role, here)) == {"here"}
    headquarters = make.make_branch("HQ")
    assert seen(make.make_user(Role.MANAGER, headquarters)) == {"here", "there"}
    assert seen(make.make_user(Role.SUPERVISOR, headquarters)) == set()
    assert seen(make.make_user(Role.ADMIN, headquarters)) == {"here", "there"}


def test_a_technician_sees_customers_of_own_jobs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The upper features say whose jobs they are."""
    technician = make.make_user(Role.TECHNICIAN)
    job = make.make_customer(name="job")
    make.make_customer(name="other")
    abroad = make.make_customer(make.make_branch("NB"), name="abroad")
    contact, stranger = (
        Contact(branch_id=c.branch_id, customer=c, name="王芳", phone="13911112222") for c in (job, abroad)
    )
    db.session.add_all([contact, stranger])
    db.session.flush()
    monkeypatch.setattr(queries, "JOB_CUSTOMERS", [])
    assert seen(technician) == set()
    monkeypatch.setattr(queries, "JOB_CUSTOMERS", [lambda by: select(Customer.id).where(Customer.name != "other")])
    assert seen(technician) == {"job"}
    assert list(db.session.scalars(select_visible(Contact, technician))) == [contact]


def test_a_technician_as_deputy_sees_the_branch() -> None:
    """P-6."""
    supervisor, technician = make.make_user(Role.SUPERVISOR), make.make_user(Role.TECHNICIAN)
    make.make_customer(name="any")
    assert seen(technician) == set()
    make.make_delegation(supervisor, technician)
    db.session.expire_all()
    technician.deputise([(supervisor.id, Role.SUPERVISOR)])
    assert seen(technician) == {"any"}
