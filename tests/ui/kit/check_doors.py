"""Nobody gets past the guards: roles, branches, keys, addresses, and views that are declared wrongly."""

import io
from typing import Any

import pytest
import toy
from flask_admin import expose
from flask_wtf import FlaskForm
from PIL import Image
from sqlalchemy import text
from wtforms import StringField

from backoffice.core import attachments
from backoffice.core.db import db
from backoffice.core.permissions import Permission
from backoffice.ui.act_page import form_for
from backoffice.ui.guards import PageView, anyone
from backoffice.ui.views import BaseView, DocumentView, ReferenceView

GET = [
    "/tickets/",
    "/tickets/details/?id={}",
    "/tickets/new/",
    "/tickets/edit/?id={}",
    "/tickets/act/dispatch?id={}",
    "/lookup/clients",
]
BAD_KEYS = ["abc", "99999999999999999999", "1,2", "-1", "0", "1.0", " 1", "1e3", "٣", "", "null", "2147483648"]


def test_nobody_sees_anything_without_signing_in(app: Any) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in {"static", "login", "logout", "language"} or rule.endpoint.endswith(".static"):
            continue
        path = rule.rule.replace("<name>", "dispatch").replace("<id>", "1")
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            response = client.open(path, method=method)
            assert response.status_code in {302, 401}, (method, path)
            assert b"TA-0" not in response.data


def test_the_login_page_is_offered_to_people_only(app: Any) -> None:
    client = app.test_client()
    assert client.get("/tickets/").headers["Location"].startswith("/login")
    assert client.get("/lookup/clients", headers={"X-Requested-With": "fetch"}).status_code == 401
    assert client.post("/tickets/act/pay").status_code == 401


def test_a_role_without_the_right_is_refused_and_not_redirected(as_: Any, rows: Any) -> None:
    client = as_("admin-A")
    for path in GET[:-1]:
        assert client.get(path.format(1)).status_code == 403, path
    technician = as_("technician-A")
    assert technician.get("/tickets/new/").status_code == 403
    assert technician.get("/tickets/edit/?id=1").status_code == 403
    assert technician.get("/settings/new/").status_code == 403
    key = rows(toy.Ticket, number="TA-00001")[0].id
    for path in ("/tickets/act/dispatch", "/tickets/act/cancel"):
        assert technician.get(f"{path}?id={key}").status_code == 403
        assert technician.post(path, data={"id": key}).status_code == 403
    assert technician.post("/tickets/action/", data={"action": "cancel", "rowid": key}).status_code == 403
    assert rows(toy.Ticket, number="TA-00001")[0].state is toy.TicketState.OPEN
    assert as_("supervisor-A").get("/secret").status_code == 403
    assert as_("admin-A").get("/secret").data == b"secret"


def test_somebody_who_was_deactivated_is_out_at_once(app: Any, as_: Any) -> None:
    client = as_("supervisor-A")
    assert client.get("/tickets/").status_code == 200
    with app.app_context():
        db.session.execute(text("UPDATE \"user\" SET is_active = :no WHERE username = 'supervisor-A'"), {"no": False})
        db.session.commit()
    assert client.get("/tickets/").status_code == 302


def test_the_doors_of_the_stock_view_do_not_exist(as_: Any, rows: Any) -> None:
    client = as_("supervisor-A")
    key = rows(toy.Ticket, number="TA-00001")[0].id
    for path in ("ajax/update/", "ajax/lookup/?name=client", "export/csv/", "delete/"):
        assert client.get(f"/tickets/{path}").status_code in {404, 405}, path
        assert client.post(f"/tickets/{path}", data={"id": key, "list_form_pk": key, "subject": "x"}).status_code == 404
    assert client.post("/tickets/action/", data={"action": "delete", "rowid": key}).status_code == 404
    assert rows(toy.Ticket, id=key)[0].subject != "x"


def test_rows_of_another_branch_do_not_exist(app: Any, as_: Any, rows: Any) -> None:
    client = as_("supervisor-A")
    foreign = rows(toy.Ticket, number="TB-00001")[0]
    mine = rows(toy.Ticket, number="TA-00001")[0]
    for path in GET[1:5]:
        if "{}" in path:
            assert client.get(path.format(foreign.id)).status_code == 404, path
    for path in ("/tickets/act/pay", "/tickets/act/note", "/tickets/act/dispatch", "/tickets/unmask/"):
        data = {"id": foreign.id, "note": "x", "field": "contact", "version": 1}
        assert client.post(path, data=data).status_code == 404, path
    assert client.post(f"/tickets/edit/?id={foreign.id}", data={"subject": "x", "version": 1}).status_code == 404
    assert client.post("/tickets/action/", data={"action": "note", "rowid": foreign.id}).status_code == 404
    client.post("/tickets/action/", data={"action": "pay", "rowid": [mine.id, foreign.id]})
    after = rows(toy.Ticket, id=foreign.id)[0]
    assert (after.version, after.is_paid, after.subject) == (1, False, foreign.subject)
    assert rows(toy.Ticket, id=mine.id)[0].is_paid
    for path in (
        "/tickets/",
        "/tickets/?q=SECRET",
        "/tickets/?q=TB",
        "/clients/",
        "/lookup/clients?q=SECRET",
        "/settings/",
    ):
        html = client.get(path).get_data(as_text=True)
        assert "TB-0" not in html
        assert "SECRET-B" not in html
    stranger = rows(toy.Client, name="SECRET-B")[0]
    assert "SECRET-B" not in client.get(f"/tickets/?client={stranger.id}").get_data(as_text=True)
    answer = client.post("/tickets/new/", data={"client": stranger.id, "subject": "x", "urgency": "normal"})
    assert answer.status_code == 422
    assert b"SECRET-B" not in answer.data
    answer = client.post("/tickets/new/", data={"client-text": "SECRET", "subject": "x", "urgency": "normal"})
    assert answer.status_code == 422
    assert not rows(toy.Ticket, subject="x")


def test_reference_data_cannot_be_written_into_another_branch(as_: Any, rows: Any) -> None:
    client = as_("supervisor-A")
    other = rows(toy.Branch, code="B")[0]
    data = {"code": "S-X", "name": "n", "urgency": "high", "minutes": "5", "branch": other.id}
    assert client.post("/settings/new/", data=data).status_code == 403
    assert not rows(toy.Setting, code="S-X")


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_is_none_is_not_found(as_: Any, key: str) -> None:
    client = as_("supervisor-A")
    for path in ("/tickets/details/", "/tickets/edit/", "/tickets/act/dispatch"):
        assert client.get(path, query_string={"id": key}).status_code == 404, path
    assert client.get(f"/files/{key or 'x'}").status_code == 404
    for path in ("/tickets/act/pay", "/tickets/edit/", "/tickets/unmask/"):
        assert client.post(path, data={"id": key, "field": "contact"}).status_code in {404, 422}, path
    if key:
        assert client.post("/tickets/action/", data={"action": "pay", "rowid": key}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "page=-1", "page=0", "page=99999999999999999999", "page=abc", "page=1.5", "page=", "sort=password_hash",
        "sort=contact", "sort=0", "sort=number;drop", "state=zz", "state=OPEN", "state=&state=zz", "urgency=%27",
        "client=abc",
        "client=99999999999999999999", "created_at_from=zz", "created_at_from=0001-01-01", "created_at_to=9999-12-31",
        "wanted_on_from=2026-13-45", "visits_from=9e99", "visits_from=NaN", "visits_to=99999999999999999999",
        "amount_from=Infinity", "amount_from=1e308", "is_paid=maybe", "q=%25", "q=_", "q=%27%20or%201=1--", "q=%5C",
        "q=" + "x" * 5000, "q=%F0%9F%98%80", "q=%E2%80%AE", "q=a+b+c+d+e+f+g+h", "desc=2&sort=number", "flt0_0=x",
        "subject=%5C%25",
    ],
)  # fmt: skip
def test_a_made_up_address_is_no_error(as_: Any, query: str) -> None:
    assert as_("supervisor-A").get(f"/tickets/?{query}").status_code == 200


@pytest.mark.parametrize("limit", ["-1", "0", "1e8", "100000000", "abc", "", "99999999999999999999"])
def test_a_lookup_answers_twenty_at_most(app: Any, as_: Any, limit: str) -> None:
    with app.app_context():
        branch = db.session.query(toy.Branch).filter_by(code="A").one()
        db.session.add_all(toy.Client(name=f"n{n}", is_company=True, branch_id=branch.id) for n in range(40))
        db.session.commit()
    answer = as_("supervisor-A").get("/lookup/clients", query_string={"limit": limit, "q": ""})
    assert answer.status_code == 200
    assert 1 <= len(answer.json["results"]) <= 20


def test_a_lookup_asks_for_its_right(as_: Any) -> None:
    assert as_("admin-A").get("/lookup/technicians").status_code == 403
    assert as_("supervisor-A").get("/lookup/nothing").status_code == 404
    assert as_("supervisor-A").get("/lookup/%27").status_code == 404


def test_nul_is_refused_wherever_it_hides(as_: Any, rows: Any) -> None:
    client = as_("supervisor-A")
    key = rows(toy.Ticket, number="TA-00001")[0].id
    for path in (
        "/tickets/?q=%00",
        "/tickets/?state=%00",
        "/tickets/?x%00=1",
        "/tickets/details/?id=1%00",
        "/lookup/clients?q=a%00",
        "/files/%00",
    ):
        assert client.get(path).status_code == 400, path
    assert client.post("/tickets/act/note", data={"id": key, "note": "a\0b"}).status_code == 400
    assert client.post("/tickets/act/note", data={"id": key, "a\0": "b"}).status_code == 400
    client.set_cookie("locale", "zh")
    assert b"<!doctype html>" in client.get("/tickets/?q=%00").data


def test_a_file_is_served_with_its_record_only(app: Any, as_: Any, rows: Any) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(picture, "PNG")
    client = as_("supervisor-A")
    key = rows(toy.Ticket, number="TA-00001")[0].id
    files = [(io.BytesIO(picture.getvalue()), "客户.png"), (io.BytesIO(b"%PDF-1.4 x"), "a;b.pdf")]
    sent = client.post("/tickets/act/attach", data={"id": key, "files": files}, content_type="multipart/form-data")
    assert sent.status_code == 302
    image, pdf = rows(attachments.Attachment)
    shown = client.get(f"/files/{image.id}")
    assert shown.status_code == 200
    assert shown.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''%E5")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    saved = client.get(f"/files/{pdf.id}")
    assert saved.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%3Bb.pdf"
    for other in ("supervisor-B", "admin-A"):
        assert as_(other).get(f"/files/{image.id}").status_code == 404
    assert "客户.png" in client.get(f"/tickets/details/?id={key}").get_data(as_text=True)
    html = [(io.BytesIO(b"<script>alert(1)</script>"), "x.png")]
    refused = client.post("/tickets/act/attach", data={"id": key, "files": html}, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert len(rows(attachments.Attachment)) == 2


def _view(base: type = BaseView, **attributes: Any) -> Any:
    common = {
        "model": toy.Ticket,
        "endpoint": "wrong",
        "url": "/wrong/",
        "name": "w",
        "name_one": "w",
        "read": anyone,
        "column_list": ("number",),
    }
    common |= attributes
    return type("WrongView", (base,), {k: v for k, v in common.items() if v is not None})


@pytest.mark.parametrize(
    "view",
    [
        _view(column_list=None),
        _view(read=None),
        _view(name_one=None),
        _view(column_list=("nothing",)),
        _view(model=toy.User, column_list=("username", "password_hash")),
        _view(model=toy.User, column_list=("username",), column_filters=("password_hash",)),
        _view(model=toy.User, column_list=("username",), column_searchable_list=("password_hash",)),
        _view(column_sortable_list=("details",)),
        _view(column_sortable_list=("contact",)),
        _view(column_default_sort="amount"),
        _view(column_filters=("nothing",)),
        _view(DocumentView, create_act="ticket.nothing"),
        _view(DocumentView, create_act="ticket.pay"),
        _view(ReferenceView, write=Permission.AREA_WRITE),
        _view(ReferenceView, form_columns=("code",)),
        _view(ReferenceView, write=Permission.AREA_WRITE, form_columns=("number", "state")),
        _view(ReferenceView, write=Permission.AREA_WRITE, form_columns=("number", "version")),
        _view(ReferenceView, write=Permission.AREA_WRITE, form_columns=("client_id",)),
        _view(ReferenceView, write=Permission.AREA_WRITE, form_columns=("sent_to", "nothing")),
        _view(
            ReferenceView, model=toy.User, write=Permission.AREA_WRITE, column_list=("username",),
            form_columns=("password_hash",),
        ),
        _view(board=expose("/board")(lambda self: "open to all")),
    ],
)  # fmt: skip
def test_a_view_declared_wrongly_does_not_start(database: str, view: Any) -> None:
    with pytest.raises(TypeError):
        toy.create_app(database, views=[toy.Home, view])


def test_a_table_without_scope_has_no_view(database: str) -> None:
    from backoffice.core.numbering import NumberSeries

    with pytest.raises(TypeError):
        toy.create_app(database, views=[toy.Home, _view(model=NumberSeries, column_list=("document",))])


def test_a_page_that_declares_nothing_does_not_start(database: str) -> None:
    class Open(PageView):
        endpoint = "open"
        url = "/open"
        name = "open"

        @expose("/")
        def index_view(self) -> str:
            return "open to all"

    with pytest.raises(TypeError):
        toy.create_app(database, views=[toy.Home, Open])


def test_a_form_may_not_load_a_whole_table() -> None:
    from flask_admin.contrib.sqla.fields import QuerySelectField

    class Whole(FlaskForm):
        client = QuerySelectField()

    class Reserved(FlaskForm):
        version = StringField()

    for form in (Whole, Reserved):
        with pytest.raises(TypeError):
            form_for(f"toy.{form.__name__}")(type(form.__name__, (form,), {"event_time": False}))
