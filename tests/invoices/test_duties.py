"""Separation of duties: every role tries every act on every path (P-3, P-4)."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from backoffice.core import acts
from backoffice.core.attachments import AttachmentKind, prepare
from backoffice.core.errors import BackofficeError, NotPermitted
from backoffice.core.permissions import Role
from backoffice.fees.rules import TaxNature
from backoffice.invoices.models import InvoiceState
from backoffice.invoices.rules import DeliveryWay, InvoiceMedium
from backoffice.ui import registry
from tests import factories as make
from tests.invoicing import buyer, company, digital_no, make_invoice, today
from tests.money import fresh, make_due
from tests.pictures import png

ISSUERS = {Role.FINANCE}
REQUESTERS = {Role.ASSISTANT, Role.FINANCE, Role.TECHNICIAN, Role.SUPERVISOR, Role.SALES}
RED = {"invoice_no": "", "issued_on": None, "red_confirmation_no": "C1", "reason": "x"}


def number() -> dict[str, Any]:
    return {"invoice_no": digital_no(), "issued_on": today()}


#: Act: who may, the state from which, and right inputs.
ACTS: dict[str, tuple[set[Role], InvoiceState, Callable[[], dict[str, Any]]]] = {
    "invoice.issue": (ISSUERS, InvoiceState.REQUESTED, number),
    "invoice.reject": (ISSUERS, InvoiceState.REQUESTED, lambda: {"reason": "x"}),
    "invoice.set_rates": (ISSUERS, InvoiceState.REQUESTED, lambda: {"tax_nature": TaxNature.OTHER}),
    "invoice.deliver": (ISSUERS, InvoiceState.ISSUED, lambda: {"way": DeliveryWay.HAND}),
    "invoice.red": (ISSUERS, InvoiceState.ISSUED, lambda: RED | number()),
    "invoice.edit_request": (ISSUERS, InvoiceState.REQUESTED, lambda: buyer(medium=InvoiceMedium.PAPER)),
    "invoice.note": (REQUESTERS, InvoiceState.REQUESTED, lambda: {"note": "n"}),
    "invoice.attach": (REQUESTERS, InvoiceState.REQUESTED, lambda: {
        "files": [prepare("a.png", png())], "kind": AttachmentKind.SCAN}),
}  # fmt: skip


def test_every_act_on_invoices_is_tried() -> None:
    known = {key for key in acts.REGISTRY if key.startswith("invoice.")}
    assert known == set(ACTS) | {"invoice.request", "invoice.record_external_red"}


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
@pytest.mark.parametrize("key", sorted(ACTS))
def test_act_by_role_and_state(key: str, role: Role) -> None:
    """P-3, W-5.5: by the act, in every state."""
    allowed, source, inputs = ACTS[key]
    act, by = acts.REGISTRY[key], make.make_user(role)
    for state in InvoiceState:
        invoice = make_invoice(state, due=make_due(customer=company(), technician_id=by.id))
        if role in allowed and (not act.sources or state in act.sources):
            act(invoice, by=by, **inputs())
        else:
            with pytest.raises(BackofficeError) as refusal:
                act(invoice, by=by, **inputs())
            assert not isinstance(refusal.value, NotPermitted) or role not in allowed
            assert fresh(invoice).state is state
    assert source in act.sources or not act.sources


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_issuing_over_the_web_by_every_role(as_role: Callable[[Any], FlaskClient], role: Role) -> None:
    """P-3: by page, by form, in bulk, by the page of another view, as a forged field; only finance issues."""
    me = make.make_user(role)
    one, two, three = (make_invoice(due=make_due(customer=company(), technician_id=me.id)) for _ in range(3))
    client = as_role(me)
    form = {"issued_on": today().isoformat(), "client_key": "k" * 20}
    page = client.get(f"/invoices/act/issue?id={one.id}")
    single = client.post(
        "/invoices/act/issue", data=form | {"id": one.id, "version": one.version, "invoice_no": digital_no()}
    )
    bulk = client.post(
        "/invoices/act/issue",
        data=form | {"rowid": [two.id, three.id], "numbers": f"{digital_no()}\n{digital_no()}", "client_key": "b" * 20},
    )  # fmt: skip
    states = [fresh(invoice).state for invoice in (one, two, three)]
    if role in ISSUERS:
        assert page.status_code == 200
        assert (single.status_code, bulk.status_code) == (302, 302), bulk.text
        assert states == [InvoiceState.ISSUED] * 3
        return
    assert {answer.status_code for answer in (page, single, bulk)} <= {403, 404}
    assert states == [InvoiceState.REQUESTED] * 3
    forged = {"id": one.id, "state": "issued", "invoice_no": digital_no(), "version": one.version, "kind": "normal",
              "medium": "digital", "title": "x", "tax_id": "", "issued_on": today().isoformat()}  # fmt: skip
    client.post(f"/invoices/edit/?id={one.id}", data=forged | {"client_key": "f" * 20})
    assert (fresh(one).state, one.invoice_no) == (InvoiceState.REQUESTED, None)


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_requesting_over_the_web_by_every_role(as_role: Callable[[Any], FlaskClient], role: Role) -> None:
    """P-3: the button of a due, and the pick on the list; a technician for his own dues only."""
    me = make.make_user(role)
    customer = company()
    own, foreign = make_due(customer=customer, technician_id=me.id), make_due(customer=customer)
    client = as_role(me)
    form = {"kind": "normal", "medium": "digital", "title": "T", "tax_id": customer.credit_code}
    single = client.post(
        "/dues/act/request", data=form | {"id": own.id, "version": own.version, "client_key": "a" * 20}
    )  # fmt: skip
    joint = client.post("/dues/act/request", data=form | {"rowid": [foreign.id], "client_key": "b" * 20})
    assert fresh(own).is_invoiced is (role in REQUESTERS)
    assert fresh(foreign).is_invoiced is (role in REQUESTERS - {Role.TECHNICIAN})
    assert single.status_code in ((302,) if role in REQUESTERS else (403, 404))
    assert joint.status_code in ((302,) if role in REQUESTERS - {Role.TECHNICIAN} else (403, 404))


def test_external_red_is_for_finance(people) -> None:
    """P-3."""
    act = acts.REGISTRY["invoice.record_external_red"]
    assert {role for role, person in people.items() if act.permitted(person)} == ISSUERS


def test_invoices_are_a_model_view_and_issuing_is_its_action(app: Any) -> None:
    """The fixed frame: one Admin, invoices a ModelView on it, issuing among its actions."""
    with app.test_request_context():
        view = registry.view_at("invoices")
        assert view.model.__tablename__ == "invoice"
        assert {"issue", "deliver", "reject"} <= {name for name, _label in view._actions}
