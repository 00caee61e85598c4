"""Customers, contacts and projects as pages: what is masked, what warns, what is found while typing."""

from typing import Any

import pytest
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers import workflow
from backoffice.customers.models import Contact, Customer, CustomerKind, Project
from tests import factories as make


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status
    return str(answer.get_data(as_text=True))


def person(**over: Any) -> Customer:
    values = {"name": "王小明", "kind": CustomerKind.INDIVIDUAL, "phone": "13800001234",
              "address": "浙江省杭州市西湖区文三路77号"} | over  # fmt: skip
    return make.make_customer(**values)


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.SUPERVISOR, Role.FINANCE, Role.MANAGER, Role.SALES, Role.ADMIN])
def test_lists_and_records_are_masked(as_role: Any, role: Role) -> None:
    """X-20: for those with the right to unmask too, until they click."""
    customer = person()
    company = make.make_customer(name="江南水务", phone="057188886666", address="文三路99号")
    db.session.add(Contact(branch_id=customer.branch_id, customer=customer, name="李小强", phone="13911115678"))
    client = as_role(make.make_user(role))
    pages = [client.get("/customers/"), client.get("/contacts/"), client.get(f"/customers/details/?id={customer.id}"),
             client.get(f"/customers/details/?id={company.id}")]  # fmt: skip
    everything = "".join(text(page) for page in pages)
    for hidden in ("王小明", "13800001234", "文三路77号", "李小强", "13911115678", "88886666"):
        assert hidden not in everything
    for shown in ("王**", "138****1234", "江南水务", "文三路99号", "李**"):
        assert shown in everything


def test_customers_of_another_branch_are_not_there(as_role: Any) -> None:
    """P-1."""
    other = make.make_customer(make.make_branch("NB"), name="宁波泵站")
    client = as_role(make.make_user(Role.SUPERVISOR))
    assert "宁波泵站" not in text(client.get("/customers/"))
    for path in ("details", "edit"):
        assert client.get(f"/customers/{path}/?id={other.id}").status_code == 404
    assert client.get("/lookup/customers?q=宁波").json["results"] == []


def test_new_customer(as_role: Any) -> None:
    client = as_role(make.make_user(Role.ASSISTANT))
    area = make.make_area()
    form = {"name": "江南水务", "kind": "company", "phone": "0571-88886666", "address": "文三路1号", "area": area.id}
    assert client.post("/customers/new/", data=form | {"area": ""}).status_code == 422
    assert client.post("/customers/new/", data=form).status_code == 302
    (made,) = db.session.scalars(select(Customer))
    assert (made.phone, made.area_id) == ("0571-88886666", area.id)


def test_a_known_phone_asks_once_and_links(as_role: Any) -> None:
    """E-04: warns and never blocks."""
    known = person()
    client = as_role(make.make_user(Role.ASSISTANT))
    form = {"name": "李四", "kind": "individual", "phone": "138 0000 1234", "address": "x", "area": make.make_area().id}
    assert "create_anyway" not in text(client.get("/customers/new/"))
    answer = client.post("/customers/new/", data=form)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert f'href="/customers/details/?id={known.id}"' in page
    assert "create_anyway" in page
    assert "王小明" not in page
    assert client.post("/customers/new/", data=form | {"create_anyway": "y"}).status_code == 302
    assert len(list(db.session.scalars(select(Customer)))) == 2


def test_edit_keeps_what_comes_back_masked(as_role: Any) -> None:
    customer = person()
    client = as_role(make.make_user(Role.ASSISTANT))
    page = text(client.get(f"/customers/edit/?id={customer.id}"))
    assert "13800001234" not in page
    form = {"id": customer.id, "version": customer.version, "name": "王**", "kind": "individual",
            "phone": "138****1234",
            "address": "浙江省杭州市西湖区****", "remark": "new", "area": customer.area_id}  # fmt: skip
    assert client.post(f"/customers/edit/?id={customer.id}", data=form).status_code == 302
    db.session.refresh(customer)
    assert (customer.name, customer.phone, customer.remark) == ("王小明", "13800001234", "new")
    assert customer.address == "浙江省杭州市西湖区文三路77号"


def test_an_area_out_of_use_may_stay(as_role: Any) -> None:
    customer = make.make_customer()
    customer.area.is_active = False
    client = as_role(make.make_user(Role.ASSISTANT))
    form = {"id": customer.id, "version": customer.version, "name": "new", "kind": "company", "phone": customer.phone,
            "address": "x", "area": customer.area_id}  # fmt: skip
    assert client.post(f"/customers/edit/?id={customer.id}", data=form).status_code == 302
    db.session.refresh(customer)
    assert (customer.name, customer.area.is_active) == ("new", False)


@pytest.mark.parametrize("term", ["1234", "138", "王小", "KHHZ"])
def test_looking_up_shows_masked_labels(as_role: Any, term: str) -> None:
    """X-20: the last four figures are enough to ask back."""
    person(number="KHHZ900001")
    client = as_role(make.make_user(Role.ASSISTANT))
    (found,) = client.get("/lookup/customers", query_string={"q": term}).json["results"]
    assert found["label"] == "KHHZ900001 王** 138****1234"


def test_inactive_customers_are_not_offered(as_role: Any) -> None:
    person(is_active=False)
    client = as_role(make.make_user(Role.ASSISTANT))
    assert client.get("/lookup/customers?q=1234").json["results"] == []


def test_contact_and_project_are_entered_from_forms(as_role: Any) -> None:
    customer = make.make_customer()
    technician = make.make_user(Role.TECHNICIAN)
    client = as_role(make.make_user(Role.ASSISTANT))
    where = "/customers/act/add"
    assert client.get(f"{where}?id={customer.id}").status_code == 200
    form = {"id": customer.id, "version": customer.version, "name": "王芳", "phone": "13911112222", "is_primary": "y"}
    assert client.post(where, data=form).status_code == 302
    (contact,) = db.session.scalars(select(Contact))
    assert contact.is_primary
    form = {"customer": customer.id, "name": "泵站", "site_address": "滨江", "area": customer.area_id,
            "responsible_user": technician.id}  # fmt: skip
    assert client.post("/projects/new/", data=form).status_code == 302
    (project,) = db.session.scalars(select(Project))
    page = text(client.get(f"/customers/details/?id={customer.id}"))
    assert "王**" in page
    assert f"/projects/?customer={customer.id}" in page
    assert text(client.get(f"/projects/details/?id={project.id}"))


def test_roles_without_the_right_have_no_forms(as_role: Any) -> None:
    """P-3, P-7."""
    customer = make.make_customer()
    for role in (Role.FINANCE, Role.MANAGER, Role.ADMIN):
        client = as_role(make.make_user(role))
        assert client.get("/customers/new/").status_code == 403
        assert client.post("/customers/new/", data={"name": "x"}).status_code == 403
        form = {"id": customer.id, "version": customer.version, "reason": "x"}
        assert client.post("/customers/act/deactivate", data=form).status_code == 403
    db.session.refresh(customer)
    assert customer.is_active


def test_list_and_record_cost_few_statements(as_role: Any, count_statements: Any) -> None:
    by = make.make_user(Role.ASSISTANT)
    client = as_role(by)
    customers = [make.make_customer() for _ in range(30)]
    for n in range(5):
        workflow.add_contact(customers[0], by=by, name=f"N{n}", phone=f"1391111{n:04}")
    client.get("/customers/")
    with count_statements() as few:
        text(client.get("/customers/"))
    assert few.count <= 8, str(few)
    with count_statements() as few:
        text(client.get(f"/customers/details/?id={customers[0].id}"))
    assert few.count <= 16, str(few)
