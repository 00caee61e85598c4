"""Writing: acts and their pages, forms, resends, stale edits, refusals, hostile input."""

import base64
import io
import re
import threading
from decimal import Decimal
from typing import Any

import pytest
import toy
from PIL import Image, ImageDraw

from backoffice.core import notices
from backoffice.core.attachments import Attachment
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.pii import PiiAccess
from backoffice.core.submissions import Submission

NEW = {"subject": "pump", "urgency": "high", "details": "", "contact": "", "amount": "", "wanted_on": "", "at": ""}


@pytest.fixture
def ticket(rows: Any) -> Any:
    return rows(toy.Ticket, number="TA-00001")[0]


@pytest.fixture
def client_id(rows: Any) -> int:
    return rows(toy.Client, phone="0571-88001234")[0].id


@pytest.fixture
def technician(rows: Any) -> Any:
    return rows(toy.User, username="technician-A")[0]


def hidden(html: str) -> dict[str, str]:
    """The hidden inputs of a page's main form."""
    form = html[html.index("data-form>") :]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))


def signature() -> str:
    picture = Image.new("RGB", (300, 100), "white")
    ImageDraw.Draw(picture).line((10, 10, 200, 80), fill="black", width=3)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


# -- create ----------------------------------------------------------------------------------------------------------


def test_create_writes_by_the_act(as_: Any, rows: Any, client_id: int) -> None:
    data = NEW | {"client": client_id, "amount": "1,234.50", "wanted_on": "2026-12-01", "at": "2026-11-01T08:00"}
    answer = as_("supervisor-A").post("/tickets/new/", data=data)
    made = rows(toy.Ticket, subject="pump")[0]
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/tickets/details/?id={made.id}"
    assert (made.amount, str(made.wanted_on), made.state) == (Decimal("1234.50"), "2026-12-01", toy.TicketState.OPEN)
    entry = rows(AuditEntry, subject_type="ticket", subject_id=made.id)[0]
    assert entry.act == "ticket.register"
    assert f"{entry.event_at:%Y-%m-%d %H:%M}" == "2026-11-01 00:00"


def test_a_form_sent_21_times_writes_once(as_: Any, rows: Any, client_id: int) -> None:
    client = as_("supervisor-A")
    data = (
        NEW
        | {"client": client_id}
        | {"client_key": hidden(client.get("/tickets/new/").get_data(as_text=True))["client_key"]}
    )
    answers = {
        (a.status_code, a.headers["Location"]) for a in (client.post("/tickets/new/", data=data) for _ in range(21))
    }
    assert len(answers) == 1
    assert len(rows(toy.Ticket, subject="pump")) == 1
    other = client.post("/tickets/new/", data=data | {"subject": "something else"})
    assert other.status_code == 409
    assert 'value="something else"' in other.get_data(as_text=True)
    assert hidden(other.get_data(as_text=True))["client_key"] != data["client_key"]
    assert as_("assistant-A").post("/tickets/new/", data=data).status_code == 302
    assert len(rows(toy.Ticket, subject="pump")) == 2


def test_a_form_sent_at_the_same_moment_writes_once(app: Any, as_: Any, rows: Any, client_id: int) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    data = NEW | {"client": client_id, "client_key": "one-key-for-all"}
    clients = [as_("supervisor-A") for _ in range(6)]
    answers: list[Any] = []
    start = threading.Barrier(6)

    def send(client: Any) -> None:
        start.wait()
        for _ in range(4):
            answer = client.post("/tickets/new/", data=data)
            answers.append((answer.status_code, answer.headers.get("Location")))

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 24
    assert len(set(answers)) == 1, set(answers)
    assert answers[0][0] == 302
    assert len(rows(toy.Ticket, subject="pump")) == 1
    assert len(rows(Submission)) == 1


def test_one_act_wins_of_many_at_once(app: Any, as_: Any, rows: Any, ticket: Any) -> None:
    clients = [as_("supervisor-A") for _ in range(8)]
    answers: list[int] = []
    start = threading.Barrier(8)

    def send(client: Any) -> None:
        start.wait()
        answers.append(client.post("/tickets/act/pay", data={"id": ticket.id, "version": 1}).status_code)

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302] + [409] * 7
    assert rows(toy.Ticket, id=ticket.id)[0].version == 2


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("subject", "", "Please fill this in."),
        ("subject", "x" * 61, "At most 60 characters"),
        ("subject", "a\x07b", "control character"),
        ("subject", "a\nb", "control character"),
        ("details", "x" * 2001, "At most 2000 characters"),
        ("details", "a\x1bb", "control character"),
        ("urgency", "zz", "Choose one of the listed values."),
        ("urgency", "HIGH", "Choose one of the listed values."),
        ("urgency", "", "Choose one."),
        ("client", "", "Please fill this in."),
        ("client", "abc", "cannot be chosen"),
        ("client", "99999999999999999999", "cannot be chosen"),
        ("client", "1,2", "cannot be chosen"),
        ("client-text", "江", "江南水务A有限公司"),
        ("contact", "call me", "Enter a telephone number"),
        ("amount", "NaN", "Enter an amount"),
        ("amount", "Infinity", "Enter an amount"),
        ("amount", "-1", "The amount must lie between"),
        ("amount", "1e308", "Enter an amount"),
        ("amount", "12.345", "at most two decimal places"),
        ("amount", "99999999999", "The amount must lie between"),
        ("amount", "abc", "Enter an amount"),
        ("amount", "9" * 70, "too long"),
        ("wanted_on", "1899-12-31", "Enter a year between"),
        ("wanted_on", "2201-01-01", "Enter a year between"),
        ("wanted_on", "0001-01-01", "Enter a year between"),
        ("wanted_on", "2026-02-30", "Enter a date"),
        ("wanted_on", "tomorrow", "Enter a date"),
        ("at", "2026-11-24", "Enter a time"),
        ("at", "9999-11-24T00:00", "Enter a year between"),
        ("at", "2199-11-24T00:00", "The time lies in the future."),
        ("at", "1999-11-24T00:00", "Enter a date after the year 2000."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    app: Any, as_: Any, rows: Any, client_id: int, field: str, value: str, words: str
) -> None:
    if field == "client-text":
        with app.app_context():
            branch = db.session.query(toy.Branch).filter_by(code="A").one()
            db.session.add(toy.Client(name="江北厂", is_company=True, branch_id=branch.id))
            db.session.commit()
    data = NEW | {"client": client_id, "details": "keep me"} | {field: value}
    if field == "client-text":
        data["client"] = ""
    answer = as_("supervisor-A").post("/tickets/new/", data=data)
    html = answer.get_data(as_text=True)
    name = field.removesuffix("-text")
    assert answer.status_code in {409, 422}
    part = re.search(rf'id="{name}-error">(.*?)</div>', html, re.DOTALL)
    assert part is not None
    assert words in part[1]
    described = re.search(
        rf'aria-describedby="([^"]*)"[^>]*id="{name}"|id="{name}"[^>]*aria-describedby="([^"]*)"', html
    )
    assert described is not None
    assert f"{name}-error" in (described[1] or described[2])
    if field != "details":
        assert "keep me" in html
    assert not rows(toy.Ticket, details="keep me")


@pytest.mark.parametrize(
    "text",
    ["🚰 pump", "a\u202eb", "نص عربي", "'; DROP TABLE ticket; --", "{{ 7*7 }}", "%s %(x)s", "a\u0000"[:1], "<b>", "\\"],
)
def test_odd_texts_are_stored_as_they_are(as_: Any, rows: Any, client_id: int, text: str) -> None:
    lines = f"{text}\n  second\tline"
    data = NEW | {"client": client_id, "subject": text, "details": lines.replace("\n", "\r\n")}
    answer = as_("supervisor-A").post("/tickets/new/", data=data, follow_redirects=True)
    assert answer.status_code == 200
    stored = rows(toy.Ticket)[-1]
    assert (stored.subject, stored.details) == (text, lines)


def test_ten_megabytes_of_text_are_refused(as_: Any, client_id: int) -> None:
    answer = as_("supervisor-A").post("/tickets/new/", data=NEW | {"client": client_id, "details": "x" * 10_000_000})
    assert answer.status_code in {413, 422}
    assert answer.content_length < 100_000


def test_a_lookup_works_without_script(as_: Any, rows: Any) -> None:
    client = as_("supervisor-A")
    assert client.post("/tickets/new/", data=NEW | {"client-text": "水务"}).status_code == 302
    assert rows(toy.Ticket, subject="pump")[0].client_id == rows(toy.Client, phone="0571-88001234")[0].id
    nothing = client.post("/tickets/new/", data=NEW | {"client-text": "zzz"})
    assert nothing.status_code == 422
    assert "Nothing fits “zzz”" in nothing.get_data(as_text=True)
    assert 'value="zzz"' in nothing.get_data(as_text=True)


def test_fields_that_are_not_on_the_form_are_not_written(as_: Any, rows: Any, client_id: int, ticket: Any) -> None:
    more = {"state": "done", "number": "X", "branch_id": 2, "created_by_id": 1, "is_paid": "y", "id": 99, "visits": 7}
    as_("supervisor-A").post("/tickets/new/", data=NEW | {"client": client_id} | more | {"version": 50})
    made = rows(toy.Ticket, subject="pump")[0]
    assert (made.state, made.is_paid, made.visits, made.version) == (toy.TicketState.OPEN, False, 0, 1)
    assert made.branch_id == ticket.branch_id
    assert made.number.startswith("T-")


# -- edit ------------------------------------------------------------------------------------------------------------


def edit_data(client: Any, key: int) -> dict[str, str]:
    html = client.get(f"/tickets/edit/?id={key}").get_data(as_text=True)
    typed = dict(re.findall(r'name="(subject|contact|amount|wanted_on|due_at)"[^>]*value="([^"]*)"', html))
    return hidden(html) | typed | {"details": "", "due_at": ""}


def test_edit_changes_and_keeps_masked_data(as_: Any, rows: Any, ticket: Any) -> None:
    client = as_("supervisor-A")
    data = edit_data(client, ticket.id)
    assert data["contact"] == "138****5678"
    answer = client.post(f"/tickets/edit/?id={ticket.id}", data=data | {"subject": "changed"})
    assert answer.status_code == 302
    stored = rows(toy.Ticket, id=ticket.id)[0]
    assert (stored.subject, stored.contact) == ("changed", "13812345678")
    data = edit_data(client, ticket.id)
    client.post(f"/tickets/edit/?id={ticket.id}", data=data | {"contact": "0571-88005555"})
    assert rows(toy.Ticket, id=ticket.id)[0].contact == "0571-88005555"


def test_a_stale_edit_shows_both_values_and_loses_nothing(as_: Any, rows: Any, ticket: Any) -> None:
    one, two = as_("supervisor-A"), as_("assistant-A")
    first, second = edit_data(one, ticket.id), edit_data(two, ticket.id)
    assert two.post(f"/tickets/edit/?id={ticket.id}", data=second | {"subject": "theirs"}).status_code == 302
    answer = one.post(f"/tickets/edit/?id={ticket.id}", data=first | {"subject": "mine", "details": "my details"})
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert 'value="mine"' in html
    assert re.search(r'id="subject-now">Stored now:\s*<bdi>theirs</bdi>', html)
    assert "my details" in html
    assert 'value="138****5678"' in html
    assert "13812345678" not in html
    assert rows(toy.Ticket, id=ticket.id)[0].subject == "theirs"
    again = first | hidden(html) | {"subject": "mine"}
    assert one.post(f"/tickets/edit/?id={ticket.id}", data=again).status_code == 302
    assert rows(toy.Ticket, id=ticket.id)[0].subject == "mine"
    assert (
        one.post(f"/tickets/edit/?id={ticket.id}", data={"subject": "no version", "urgency": "high"}).status_code == 409
    )


def test_reference_data_is_edited_audited_and_never_deleted(as_: Any, rows: Any) -> None:
    client = as_("supervisor-A")
    branch = rows(toy.Branch, code="A")[0].id
    data = {
        "code": "S-1",
        "name": "n",
        "urgency": "high",
        "fee": "1.50",
        "minutes": "90",
        "branch": branch,
        "is_active": "y",
    }
    assert client.post("/settings/new/", data=data).status_code == 302
    made = rows(toy.Setting, code="S-1")[0]
    assert (made.fee, made.minutes, made.is_active) == (Decimal("1.50"), 90, True)
    double = client.post("/settings/new/", data=data)
    assert double.status_code == 422
    assert "Another record has this value already." in double.get_data(as_text=True)
    version = hidden(client.get(f"/settings/edit/?id={made.id}").get_data(as_text=True))["version"]
    off = {k: v for k, v in data.items() if k != "is_active"} | {"version": version, "fee": ""}
    assert client.post(f"/settings/edit/?id={made.id}", data=off | {"minutes": "99999999999"}).status_code == 422
    assert client.post(f"/settings/edit/?id={made.id}", data=off).status_code == 302
    stored = rows(toy.Setting, code="S-1")[0]
    assert (stored.is_active, stored.fee) == (False, None)
    assert [e.act for e in rows(AuditEntry, subject_type="toy_setting", subject_id=made.id)] == [
        "toy_setting.create",
        "toy_setting.edit",
    ]
    stale = client.post(f"/settings/edit/?id={made.id}", data=off | {"name": "stale"})
    assert stale.status_code == 409
    assert 'value="stale"' in stale.get_data(as_text=True)


# -- acts ------------------------------------------------------------------------------------------------------------


def test_an_act_with_input_asks_then_acts(as_: Any, rows: Any, ticket: Any, technician: Any) -> None:
    client = as_("supervisor-A")
    html = client.get(f"/tickets/act/dispatch?id={ticket.id}&back=ticket:{ticket.id}").get_data(as_text=True)
    empty = client.post("/tickets/act/dispatch", data=hidden(html))
    assert empty.status_code == 422
    wrong = client.post(
        "/tickets/act/dispatch", data=hidden(html) | {"technician": rows(toy.User, username="sales-A")[0].id}
    )
    assert wrong.status_code == 422
    answer = client.post("/tickets/act/dispatch", data=hidden(html) | {"technician": technician.id, "note": "hurry"})
    assert answer.headers["Location"] == f"/tickets/details/?id={ticket.id}"
    assert rows(toy.Ticket, id=ticket.id)[0].state is toy.TicketState.SENT
    assert len(rows(notices.Notice, user_id=technician.id)) == 1
    assert client.post("/tickets/act/dispatch", data={"id": ticket.id, "technician": technician.id}).status_code == 409
    assert client.get(f"/tickets/act/dispatch?id={ticket.id}").status_code == 409
    assert "hurry" in client.get(answer.headers["Location"]).get_data(as_text=True)


def test_a_refusal_keeps_the_form_names_the_rule_and_the_remedy(
    app: Any, as_: Any, rows: Any, ticket: Any, technician: Any
) -> None:
    with app.app_context():
        db.session.get(toy.Ticket, ticket.id).subject = "hopeless case"
        db.session.commit()
    data = {
        "id": ticket.id,
        "version": 2,
        "technician": technician.id,
        "note": "keep me",
        "client_key": "key-of-the-form",
    }
    answer = as_("supervisor-A").post("/tickets/act/dispatch", data=data)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Nobody is willing." in html
    assert '<small class="rule">T-3</small>' in html
    assert 'href="/clients/"' in html
    assert "keep me" in html
    assert hidden(html)["client_key"] == "key-of-the-form"
    stored = rows(toy.Ticket, id=ticket.id)[0]
    assert (stored.state, stored.sent_to_id) == (toy.TicketState.OPEN, None)
    assert not rows(notices.Notice)
    assert not rows(Submission)


def test_a_plain_act_is_one_button_and_its_refusal_is_the_record(as_: Any, ticket: Any) -> None:
    client = as_("supervisor-A")
    data = {"id": ticket.id, "version": ticket.version}
    assert client.post("/tickets/act/pay", data=data).status_code == 302
    stale = client.post("/tickets/act/pay", data=data)
    assert stale.status_code == 409
    assert "Somebody else has changed this record" in stale.get_data(as_text=True)
    again = client.post("/tickets/act/pay", data={"id": ticket.id})
    assert again.status_code == 409
    assert "This is paid already." in again.get_data(as_text=True)


def test_what_cannot_be_taken_back_is_asked_first(as_: Any, rows: Any, ticket: Any) -> None:
    client = as_("supervisor-A")
    for path, data in (
        ("/tickets/act/cancel", {"id": ticket.id}),
        ("/tickets/action/", {"action": "cancel", "rowid": ticket.id}),
    ):
        page = client.post(path, data=data)
        assert page.status_code == 200
        assert "cannot be opened again" in page.get_data(as_text=True)
        assert rows(toy.Ticket, id=ticket.id)[0].state is toy.TicketState.OPEN
    sent = client.post("/tickets/act/cancel", data=hidden(page.get_data(as_text=True)))
    assert sent.status_code == 302
    assert rows(toy.Ticket, id=ticket.id)[0].state is toy.TicketState.DROPPED


def test_no_get_writes(as_: Any, rows: Any, ticket: Any) -> None:
    client = as_("supervisor-A")
    for path in (
        f"/tickets/act/pay?id={ticket.id}",
        f"/tickets/act/pay?id={ticket.id}&confirmed=1",
        "/tickets/action/?action=pay",
        "/tickets/unmask/",
    ):
        client.get(path)
    assert rows(toy.Ticket, id=ticket.id)[0].version == 1
    assert not rows(PiiAccess)


def test_a_bulk_act_reports_each_record(as_: Any, rows: Any, technician: Any) -> None:
    client = as_("supervisor-A")
    keys = [t.id for t in rows(toy.Ticket) if t.number.startswith("TA")]
    client.post("/tickets/act/pay", data={"id": keys[1]})
    answer = client.post("/tickets/action/", data={"action": "pay", "rowid": keys, "client_key": "bulk-key-1"})
    html = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "This is paid already." in html
    assert html.count("?id=") == 3
    assert [rows(toy.Ticket, id=key)[0].version for key in keys] == [2, 2, 2]
    again = client.post("/tickets/action/", data={"action": "pay", "rowid": keys, "client_key": "bulk-key-1"})
    assert again.headers["Location"] == answer.headers["Location"]
    assert as_("supervisor-B").get(answer.headers["Location"]).status_code == 404
    page = client.post("/tickets/action/", data={"action": "dispatch", "rowid": keys}).get_data(as_text=True)
    assert page.count('name="rowid"') == 3
    wrong = client.post("/tickets/act/dispatch", data={"rowid": keys, "technician": ""})
    assert wrong.status_code == 422
    assert wrong.get_data(as_text=True).count('name="rowid"') == 3
    done = client.post(
        "/tickets/act/dispatch", data={"rowid": keys, "technician": technician.id, "client_key": "bulk-key-2"}
    )
    assert done.status_code == 302
    assert {rows(toy.Ticket, id=key)[0].state for key in keys} == {toy.TicketState.SENT}
    assert client.post("/tickets/action/", data={"action": "pay"}).status_code == 422
    assert client.post("/tickets/action/", data={"action": "attach", "rowid": keys}).status_code == 422


def test_a_signature_is_drawn_checked_and_kept(as_: Any, rows: Any, ticket: Any, technician: Any) -> None:
    as_("supervisor-A").post("/tickets/act/dispatch", data={"id": ticket.id, "technician": technician.id})
    client = as_("technician-A")
    page = client.get(f"/tickets/act/finish?id={ticket.id}").get_data(as_text=True)
    assert "signature_pad.umd.min.js" in page
    for drawn in (
        "data:image/svg+xml;base64,AAAA",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,!!",
        "x",
        "data:image/png;base64," + "A" * 500_000,
    ):
        assert client.post("/tickets/act/finish", data={"id": ticket.id, "signature": drawn}).status_code in {413, 422}
    missing = client.post("/tickets/act/finish", data={"id": ticket.id, "minutes": "30"})
    assert missing.status_code == 422
    assert "The customer has to sign." in missing.get_data(as_text=True)
    assert (
        client.post(
            "/tickets/act/finish", data={"id": ticket.id, "minutes": "30", "signature": signature()}
        ).status_code
        == 302
    )
    assert rows(Attachment)[0].kind == "signature"
    assert rows(toy.Ticket, id=ticket.id)[0].state is toy.TicketState.DONE


def test_the_record_offers_what_is_possible_and_says_why_not(as_: Any, ticket: Any) -> None:
    html = as_("supervisor-A").get(f"/tickets/details/?id={ticket.id}").get_data(as_text=True)
    acts = html[html.index('class="page-acts"') : html.index('<div class="record">')]
    assert acts.count("btn-primary") == 1
    assert "Finish" not in acts
    html = as_("technician-A").get(f"/tickets/details/?id={ticket.id}").get_data(as_text=True)
    assert re.search(r'aria-disabled="true" title="“Finish” is not possible while', html)
    assert "Cancel the ticket" not in html
    assert 'aria-current="step"' in html


def test_acts_of_a_related_document_come_back_to_the_page(as_: Any, rows: Any, technician: Any) -> None:
    client = as_("supervisor-A")
    owner = rows(toy.Client, phone="0571-88001234")[0]
    ticket = rows(toy.Ticket, client_id=owner.id)[0]
    here = f"/clients/details/?id={owner.id}"
    html = client.get(here).get_data(as_text=True)
    part = html[html.index("also-acts") : html.index('<div class="record">')]
    assert "Latest ticket" in part
    assert f"/tickets/act/dispatch?id={ticket.id}&amp;back=client:{owner.id}" in part
    back = {"id": ticket.id, "back": f"client:{owner.id}"}
    assert client.post("/tickets/act/pay", data=back).headers["Location"] == here
    sent = client.post("/tickets/act/dispatch", data=back | {"technician": technician.id})
    assert sent.headers["Location"] == here
    for wrong in ("//evil.example", "https://evil.example", "client:x", "nothing:1", "user:1"):
        note = {"id": ticket.id, "note": "x", "back": wrong}
        assert client.post("/tickets/act/note", data=note).headers["Location"].startswith("/tickets/details/")


def test_a_field_that_was_not_sent_keeps_its_value(as_: Any, rows: Any, ticket: Any) -> None:
    client = as_("supervisor-A")
    answer = client.post(f"/tickets/edit/?id={ticket.id}", data={"version": 1, "details": "only this"})
    assert answer.status_code == 302
    stored = rows(toy.Ticket, id=ticket.id)[0]
    assert (stored.details, stored.subject, stored.amount) == ("only this", ticket.subject, ticket.amount)
    assert (stored.contact, stored.due_at) == (ticket.contact, ticket.due_at)


# -- personal data ---------------------------------------------------------------------------------------------------


def test_personal_data_is_shown_on_demand_and_logged(as_: Any, rows: Any, ticket: Any) -> None:
    client = as_("supervisor-A")
    page = client.get(f"/tickets/details/?id={ticket.id}").get_data(as_text=True)
    assert "13812345678" not in page
    assert "data-unmask-form" in page
    data = {"id": ticket.id, "field": "contact"}
    assert client.post("/tickets/unmask/", data=data, headers={"X-Requested-With": "fetch"}).json == {
        "value": "13812345678"
    }
    assert "13812345678" in client.post("/tickets/unmask/", data=data).get_data(as_text=True)
    seen = rows(PiiAccess)
    assert [(s.subject_type, s.subject_id, s.field, s.purpose) for s in seen] == [
        ("ticket", ticket.id, "contact", "tickets")
    ] * 2
    assert seen[0].user_id == rows(toy.User, username="supervisor-A")[0].id
    assert len(rows(AuditEntry, act="ticket.unmask")) == 2
    assert client.post("/tickets/unmask/", data=data | {"field": "subject"}).status_code == 404
    assert client.post("/tickets/unmask/", data=data | {"field": "password_hash"}).status_code == 404
    for other in ("technician-A", "finance-A", "manager-A", "admin-A"):
        assert as_(other).post("/tickets/unmask/", data=data).status_code == 403
        assert "data-unmask-form" not in as_(other).get(f"/tickets/details/?id={ticket.id}").get_data(as_text=True)
    assert len(rows(PiiAccess)) == 2


def test_the_timeline_speaks_the_clerks_language(as_: Any, rows: Any, ticket: Any, technician: Any) -> None:
    client = as_("supervisor-A")
    client.post("/tickets/act/dispatch", data={"id": ticket.id, "technician": technician.id})
    client.post("/tickets/act/note", data={"id": ticket.id, "note": "<b>ring twice</b>"})
    html = client.get(f"/tickets/details/?id={ticket.id}").get_data(as_text=True)
    line = html[html.index('id="timeline"') :]
    for words in (
        "Dispatch",
        "Add a note",
        "&lt;b&gt;ring twice",
        "Supervisor A",
        "Technician A",
        "Dispatched",
        "138****5678",
    ):
        assert words in line, words
    assert "sent_to_id" not in line


# -- CSRF and failures -----------------------------------------------------------------------------------------------


def test_every_post_needs_the_token_of_its_session(
    app: Any, csrf_app: Any, as_: Any, rows: Any, ticket: Any, client_id: int
) -> None:
    client, other = as_("supervisor-A", on=csrf_app), as_("supervisor-A", on=csrf_app)
    foreign = hidden(other.get("/tickets/new/").get_data(as_text=True))["csrf_token"]
    posts = [
        ("/tickets/new/", NEW | {"client": client_id}),
        (f"/tickets/edit/?id={ticket.id}", {"subject": "x", "version": 1}),
        ("/tickets/act/pay", {"id": ticket.id}),
        ("/tickets/act/note", {"id": ticket.id, "note": "x"}),
        ("/tickets/action/", {"action": "pay", "rowid": ticket.id}),
        ("/tickets/unmask/", {"id": ticket.id, "field": "contact"}),
        ("/settings/new/", {"code": "x"}),
    ]
    for path, data in posts:
        for token in ({}, {"csrf_token": "wrong"}, {"csrf_token": foreign}):
            answer = client.post(path, data=data | token)
            assert answer.status_code == 400, path
            assert "form is no longer valid" in answer.get_data(as_text=True)
    assert rows(toy.Ticket, id=ticket.id)[0].version == 1
    mine = hidden(client.get("/tickets/new/").get_data(as_text=True))
    assert client.post("/tickets/new/", data=NEW | {"client": client_id} | mine).status_code == 302
    assert client.post("/tickets/act/pay", data={"id": ticket.id, "csrf_token": mine["csrf_token"]}).status_code == 302


def test_a_bug_is_a_page_with_a_reference_and_no_words_of_the_database(
    app: Any, as_: Any, rows: Any, client_id: int
) -> None:
    client = as_("supervisor-A")
    with pytest.raises(ZeroDivisionError):
        client.post("/tickets/new/", data=NEW | {"client": client_id, "subject": "bug"})
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = client.post("/tickets/new/", data=NEW | {"client": client_id, "subject": "bug"})
    html = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "Reference:" in html
    for word in ("select", "Traceback", "ZeroDivision", "secret"):
        assert word not in html


def test_a_conflict_in_the_database_is_a_sentence(
    app: Any, as_: Any, rows: Any, client_id: int, monkeypatch: Any
) -> None:
    def double(*args: Any, **kwargs: Any) -> None:
        branch = db.session.query(toy.Branch).first()
        db.session.add(toy.Ticket(number="TA-00001", branch_id=branch.id, client_id=client_id, subject="13899990000"))
        db.session.flush()

    monkeypatch.setattr(toy.register, "body", double)
    answer = as_("supervisor-A").post("/tickets/new/", data=NEW | {"client": client_id})
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "such a record exists already" in html
    for word in ("INSERT", "UNIQUE", "13899990000", "ticket."):
        assert word not in html


def test_error_pages_are_whole_pages(as_: Any) -> None:
    client = as_("supervisor-A")
    for path, method, status in (
        ("/nowhere", "GET", 404),
        ("/tickets/", "POST", 405),
        ("/tickets/details/?id=x", "GET", 404),
    ):
        answer = client.open(path, method=method)
        html = answer.get_data(as_text=True)
        assert answer.status_code == status
        assert "<h1>" in html
        assert 'id="nav"' in html
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/nowhere", headers={"X-Requested-With": "fetch"}).json["error"]
