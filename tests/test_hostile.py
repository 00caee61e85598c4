"""Hostile input into every form: a clear 4xx, nothing half-written, never a 500."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core.attachments import Attachment
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.ui import registry
from backoffice.ui.act_page import FORMS
from tests import factories as make
from tests.hostile import REGISTER, UPLOADS, VALUES


def _forms(app: Flask) -> Iterator[tuple[str, str, list[str]]]:
    """(name, address of the POST, names of the fields) of every form; `{id}` stands for a record's key."""
    for view in registry.views():
        if getattr(view, "model", None) is None:
            continue
        base = view.url.rstrip("/")
        for key, path in ((view.create_act, "new"), (view.edit_act, "edit")):
            if key is not None:
                yield (
                    f"{view.endpoint} {path}",
                    f"{base}/{path}/" + ("?id={id}" if path == "edit" else ""),
                    _fields(FORMS[key]),
                )
        form = getattr(view, "_form", None)
        if form is not None:
            yield f"{view.endpoint} new", f"{base}/new/", _fields(form)
            yield f"{view.endpoint} edit", f"{base}/edit/?id={{id}}", _fields(form)
        for act in view.acts():
            if act.key in FORMS and act.key != view.edit_act:
                yield f"{view.endpoint} {act.name}", f"{base}/act/{act.name}?id={{id}}", _fields(FORMS[act.key])


def _fields(form: Any) -> list[str]:
    return [name for name in dir(form) if hasattr(getattr(form, name, None), "field_class")]


@pytest.mark.parametrize("part", range(4))
def test_hostile_values_in_every_field_of_every_form(
    app: Flask, as_role: Callable[[Any], FlaskClient], part: int
) -> None:
    """C1: no 5xx, and a refusal writes nothing; each form by the first role that may open it."""
    values = dict(list(VALUES.items())[part::4])
    tried: set[str] = set()
    for role in (Role.ASSISTANT, Role.SUPERVISOR, Role.TECHNICIAN, Role.ADMIN):
        me = make.make_user(role)
        technician = me if role is Role.TECHNICIAN else make.make_user(Role.TECHNICIAN)
        call = make.make_call(CallState.ON_SITE, technician=technician)
        client = as_role(me)
        for name, address, fields in _forms(app):
            row = _row_for(name, call)
            path = address.format(id=row.id if row is not None else 1)
            if name in tried or client.get(path).status_code == 403:
                continue
            tried.add(name)
            for words, value in values.items():
                sent = dict.fromkeys(fields, value) | {f"{field}-text": value for field in fields}
                sent |= {"id": row.id if row is not None else 1, "version": value[:50], "client_key": value[:50]}
                before = _count()
                answer = client.post(path, data=sent)
                assert answer.status_code < 500, f"{name} with {words}: {answer.status_code}"
                assert answer.status_code < 400 or _count() == before, f"{name} with {words} wrote although it refused"
                assert "<script>alert(1)" not in answer.text
    assert len(tried) > 40


def _row_for(name: str, call: ServiceCall) -> Any:
    view = registry.view_at(name.split(maxsplit=1)[0])
    if view.endpoint == "service_calls":
        return call
    return db.session.scalars(select(view.model).order_by(view.model.id.desc()).limit(1)).first()


def _count() -> int:
    """Rows in all tables but those that note who was here; one statement."""
    tables = [t for t in db.metadata.sorted_tables if t.name not in {"user_session", "login_failure"}]
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in tables]
    return int(db.session.execute(select(sum(counts[1:], counts[0]))).scalar_one())


@pytest.mark.parametrize(
    "field",
    [
        "model_text", "fault_text", "contact_name", "address", "remark", "phone", "reason", "at", "customer", "unit",
        "area", "fault_symptom", "project", "channel", "priority",
    ],
)  # fmt: skip
def test_one_hostile_field_of_an_otherwise_right_call(as_role: Callable[[Any], FlaskClient], field: str) -> None:
    """What can be kept is kept to the letter; what cannot is refused beside its field, and what was typed stays."""
    client = as_role(make.make_user())
    customer, symptom = make.make_customer(), make.make_symptom()
    right = REGISTER | {"customer": customer.id, "fault_symptom": symptom.id}
    for words, value in VALUES.items():
        before = db.session.scalar(select(func.max(ServiceCall.id))) or 0
        answer = client.post("/calls/new/", data=right | {field: value, "client_key": f"{words:>20}".replace(" ", "_")})
        assert answer.status_code in (302, 400, 409, 413, 422), f"{words}: {answer.status_code}"
        call = db.session.scalars(select(ServiceCall).where(ServiceCall.id > before)).one_or_none()
        assert (call is not None) == (answer.status_code == 302), words
        if call is not None and field in ("fault_text", "remark", "contact_name"):
            kept = getattr(call, field)
            assert kept == value.replace("\r\n", "\n").replace("\r", "\n").strip(" \t\r\n"), words
        if answer.status_code == 422:
            assert "invalid-feedback" in answer.text or "alert" in answer.text, words


@pytest.mark.parametrize("kind", sorted(UPLOADS))
def test_hostile_uploads(as_role: Callable[[Any], FlaskClient], kind: str) -> None:
    """C6, G-10: only what really is a picture or PDF is kept, re-encoded, under a random name."""
    client, call = as_role(make.make_user()), make.make_call()
    name, content = UPLOADS[kind]
    answer = client.post(
        f"/calls/act/attach?id={call.id}",
        data={"id": call.id, "version": call.version, "kind": "photo", "files": (io.BytesIO(content), name)},
        content_type="multipart/form-data",
    )
    stored = db.session.scalars(select(Attachment)).all()
    if kind in ("polyglot", "path", "long name"):
        assert answer.status_code == 302
        (file,) = stored
        assert ".." not in file.stored_name
        served = client.get(f"/files/{file.id}")
        assert b"<script>" not in served.data
        served.close()
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert served.headers["Content-Type"].startswith("image/png")
        return
    assert answer.status_code == 422
    assert not stored


def test_ten_megabytes_of_text_are_refused(as_role: Callable[[Any], FlaskClient]) -> None:
    """A form of 10 MB is refused with a page, not with a broken connection."""
    answer = as_role(make.make_user()).post("/calls/new/", data=REGISTER | {"fault_text": "水" * 3_500_000})
    assert answer.status_code in (413, 422)
    assert "<h1" in answer.text


@pytest.mark.parametrize(
    "key", ["0", "-1", "abc", "1,2", "99999999999999999999", "1%00", "1 OR 1=1", "１", "", "0x1", "1e3"]
)
def test_keys_that_are_none_are_not_found(as_role: Callable[[Any], FlaskClient], key: str) -> None:
    """C1: keys are parsed by type; what is none is 404 (400 with NUL)."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    for path in ("calls/details/", "calls/edit/", "calls/act/escalate", "vouchers/details/", "customers/details/"):
        assert client.get(f"/{path}?id={key}").status_code in (400, 404), path
    for path in ("/files/", "/lookup/"):
        assert client.get(f"{path}{key}").status_code in (400, 404), path


def test_stale_edit_shows_both_values_and_loses_nothing(as_role: Callable[[Any], FlaskClient]) -> None:
    """G-06: the second of two editors is told, sees what is stored and what he typed, and may send again."""
    client, call = as_role(make.make_user()), make.make_call(fault_text="old")
    seen = call.version
    call.fault_text = "theirs"
    db.session.flush()
    data = {
        "version": seen, "phone": call.phone, "address": call.address, "model_text": call.model_text,
        "fault_text": "mine", "fault_symptom": call.fault_symptom_id, "area": call.area_id, "priority": "normal",
    }  # fmt: skip
    answer = client.post(f"/calls/edit/?id={call.id}", data=data)
    assert answer.status_code == 409
    assert "theirs" in answer.text
    assert "mine" in answer.text
    db.session.refresh(call)
    assert call.fault_text == "theirs"


def test_a_form_sent_many_times_writes_once(as_role: Callable[[Any], FlaskClient]) -> None:
    """E3: one submission sent 21 times is one row, all answers the same."""
    client = as_role(make.make_user())
    data = REGISTER | {
        "customer": make.make_customer().id,
        "fault_symptom": make.make_symptom().id,
        "client_key": "k" * 22,
    }
    answers = {client.post("/calls/new/", data=data).headers["Location"] for _ in range(21)}
    assert len(answers) == 1
    assert db.session.scalar(select(func.count()).select_from(ServiceCall)) == 1


def test_bytes_that_are_no_text_are_refused(as_role: Callable[[Any], FlaskClient]) -> None:
    """A form whose bytes are not UTF-8 breaks nothing."""
    client = as_role(make.make_user())
    body = b"fault_text=a%ed%a0%80b%ff&model_text=%c3%28&channel=phone&priority=normal&new_customer_kind=company"
    answer = client.post("/calls/new/", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (400, 422)
    assert client.get("/calls/?q=%ff%fe").status_code in (200, 400)


def test_full_width_figures_are_a_phone(as_role: Callable[[Any], FlaskClient]) -> None:
    """E-04: what a Chinese keyboard types is folded, not refused."""
    client, customer = as_role(make.make_user()), make.make_customer()
    data = REGISTER | {"customer": customer.id, "fault_symptom": make.make_symptom().id}
    assert client.post("/calls/new/", data=data | {"phone": VALUES["full width"]}).status_code == 302
    assert db.session.scalars(select(ServiceCall.phone)).one() == "13800138000"
