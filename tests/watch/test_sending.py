"""The outbox and its sender, against a real mail server and a real webhook on this machine (E-32)."""

from datetime import timedelta
from email import message_from_string
from email.header import decode_header, make_header

import pytest
from sqlalchemy import select

from backoffice.core import clock, notices
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, IllegalTransition, NotPermitted
from backoffice.core.permissions import Role
from backoffice.organisation.workflow import change_own_mail
from backoffice.watch import workflow
from backoffice.watch.models import Channel, ChatRobot, MessageState, OutboxMessage
from backoffice.watch.rules import MOST_ATTEMPTS
from backoffice.watch.workflow import mailing, sending
from backoffice.watch.workflow.outbox import OUTSIDE, configure
from tests import factories as make
from tests.watch.conftest import at
from tests.watch.receivers import MailServer, RobotServer, running, took


@pytest.fixture
def mail(monkeypatch):
    monkeypatch.setattr(mailing, "PATIENCE", 1.5)
    with running(MailServer()) as server:
        where = {"host": "127.0.0.1", "port": server.port, "tls": "none", "user": "", "password": "",
                 "sender": "service@example.com"}  # fmt: skip
        configure(where, "https://office.example.com", (), lambda table, key: f"/{table}/{key}")
        yield server
        configure(None, "", (), lambda table, key: "")


@pytest.fixture
def chat(monkeypatch):
    monkeypatch.setattr("backoffice.watch.workflow.chatting.ANSWER_SECONDS", 0.6)
    with running(RobotServer()) as server:
        configure(None, "", {server.place}, lambda table, key: "")
        yield server
        configure(None, "", (), lambda table, key: "")


def reader(**over):
    values = {"email": "wang@example.com", "notify_by_email": True, "locale": "en"}
    return make.make_user(Role.SUPERVISOR, **values | over)


def told(person, call=None, **params):
    call = call or make.make_call()
    notices.send("call.registered", [person.id], call, **{"number": call.number, "due": "03-02 10:00"} | params)
    db.session.commit()
    return call


def the_message():
    db.session.expire_all()
    return db.session.scalars(select(OutboxMessage)).one()


def letter(server):
    (raw,) = server.received
    return message_from_string(raw)


# -- e-mail ------------------------------------------------------------------------------------------------------------


def test_a_notice_goes_out_once_as_an_e_mail(mail):
    """E-32: written with the notice, sent afterwards, never again."""
    call = told(reader())
    assert the_message().state is MessageState.QUEUED
    assert workflow.send_due() == 1
    assert workflow.send_due() == 0
    sent = the_message()
    assert (sent.state, sent.attempts) == (MessageState.SENT, 1)
    got = letter(mail)
    assert got["Subject"] == f"Call {call.number} waits for dispatch, due 03-02 10:00."
    assert (got["To"], got["From"]) == ("wang@example.com", "service@example.com")
    assert f"https://office.example.com/service_call/{call.id}" in got.get_payload()


def test_a_chinese_reader_gets_chinese(mail):
    """A subject of other letters arrives as it was."""
    person = reader(locale="zh_Hans_CN")
    call = told(person)
    workflow.send_due()
    subject = str(make_header(decode_header(letter(mail)["Subject"])))
    assert call.number in subject
    assert not subject.isascii()


def test_no_wish_no_address_no_server_no_e_mail(mail):
    told(reader(notify_by_email=False))
    told(reader(email="", notify_by_email=False))
    told(reader(is_active=False))
    configure(None, "", (), lambda table, key: "")
    told(reader())
    assert db.session.scalars(select(OutboxMessage)).all() == []


def test_an_e_mail_says_nothing_that_somebody_has_typed(mail):
    """X-20: names and reasons stay in the house."""
    call = make.make_call()
    notices.send("call.escalated", [reader().id], call, number=call.number, by="王芳", reason="张三 13800001111")
    db.session.commit()
    workflow.send_due()
    text = mail.received[0]
    assert call.number in text
    assert not any(secret in text for secret in ("王芳", "13800001111"))
    assert "王芳" not in str(make_header(decode_header(letter(mail)["Subject"])))


def test_no_header_can_be_injected(mail):
    told(reader(), number="JX1\r\nBcc: everybody@example.com", due="\r\n\r\nhello")
    workflow.send_due()
    assert letter(mail)["Bcc"] is None
    assert letter(mail)["Subject"].startswith("Call JX1 Bcc: everybody@example.com")


def test_a_very_long_text_is_cut(mail):
    told(reader(), due="长" * 20_000)
    workflow.send_due()
    assert the_message().state is MessageState.SENT
    assert len(the_message().subject) <= 120


@pytest.mark.parametrize("mood", ["hang", "drip"])
def test_a_server_that_hangs_costs_its_patience_once(mail, mood):
    """It holds up nobody: the other messages wait for the next round, and the pages never wait at all."""
    mail.mood = mood
    for _ in range(3):
        told(reader())
    with took(6):
        assert workflow.send_due() == 0
    assert mail.connections == 1
    db.session.expire_all()
    states = [m.state for m in db.session.scalars(select(OutboxMessage))]
    assert states == [MessageState.QUEUED] * 3
    mail.mood = "ok"
    with clock.freeze(clock.now() + timedelta(minutes=2)):
        assert workflow.send_due() == 3


def test_a_server_that_is_not_there_is_tried_again_later_and_later(mail):
    told(reader())
    OUTSIDE.mail = type(OUTSIDE.mail)("127.0.0.1", 1, "none", "", "", "s@example.com")
    moment = clock.now()
    for n in range(1, MOST_ATTEMPTS + 1):
        with clock.freeze(moment):
            assert workflow.send_due() == 0
            assert workflow.send_due() == 0  # its time has not come
        message = the_message()
        assert message.attempts == n
        moment = message.next_try_at
    assert message.state is MessageState.FAILED
    assert "ConnectionRefused" in message.last_error


@pytest.mark.parametrize(
    ("mood", "state"),
    [
        ("450 later", MessageState.QUEUED), ("550 unknown", MessageState.FAILED), ("554 no", MessageState.FAILED),
        ("552 after", MessageState.FAILED), ("drop", MessageState.UNCLEAR),
    ],
)  # fmt: skip
def test_what_a_server_says_decides_whether_it_is_sent_again(mail, mood, state):
    """Refused for good, refused for now, or cut off behind the text: then nobody knows, and nobody sends again."""
    mail.mood = mood
    told(reader())
    assert workflow.send_due() == 0
    message = the_message()
    assert message.state is state
    assert message.last_error
    mail.mood, count = "ok", len(mail.received)
    with clock.freeze(clock.now() + timedelta(days=1)):
        workflow.send_due()
    assert len(mail.received) - count == (state is MessageState.QUEUED)


def test_one_bad_address_does_not_hold_up_the_others(mail):
    mail.mood = "550 unknown"
    told(reader())
    told(reader())
    workflow.send_due()
    assert mail.connections == 2


def test_killed_between_sending_and_marking_it_becomes_unclear(mail, monkeypatch):
    """Never sent twice by itself: a person decides."""
    told(reader())

    def die(*args, **kwargs):
        raise SystemExit

    monkeypatch.setattr(sending, "_finish", die)
    with pytest.raises(SystemExit):
        workflow.send_due()
    monkeypatch.undo()
    assert len(mail.received) == 1
    assert the_message().state is MessageState.SENDING
    assert workflow.send_due() == 0
    with clock.freeze(clock.now() + sending.LEASE + timedelta(seconds=1)):
        assert workflow.send_due() == 0
        message = the_message()
        assert message.state is MessageState.UNCLEAR
        workflow.send_again(message, by=make.make_user(Role.ADMIN))
        db.session.commit()
        assert workflow.send_due() == 1
    assert len(mail.received) == 2


def test_a_slow_sender_still_writes_down_that_it_sent(mail, monkeypatch):
    """Taken for lost meanwhile, it knows better; what a person has sent again is not touched by it."""
    told(reader())
    real = sending.hand_over

    def slowly(message):
        real(message)
        with clock.freeze(clock.now() + timedelta(minutes=10)):
            sending._give_up_lost()
            db.session.commit()

    monkeypatch.setattr(sending, "hand_over", slowly)
    assert workflow.send_due() == 1
    assert the_message().state is MessageState.SENT


def test_only_what_failed_is_sent_again_and_only_by_the_administrator(mail):
    told(reader())
    message, admin = the_message(), make.make_user(Role.ADMIN)
    with pytest.raises(IllegalTransition):
        workflow.send_again(message, by=admin)
    with pytest.raises(NotPermitted):
        workflow.drop(message, by=make.make_user(Role.MANAGER))
    workflow.drop(message, by=admin)
    db.session.commit()
    assert workflow.send_due() == 0


def test_a_person_chooses_where_the_notices_go():
    person = make.make_user()
    change_own_mail(person, " wang@example.com ", wants=True)
    assert (person.email, person.notify_by_email) == ("wang@example.com", True)
    for email, wants in (("", True), ("no address", False), ("a@b.cn\r\nBcc: c@d.cn", True)):
        with pytest.raises(BackofficeError) as refusal:
            change_own_mail(person, email, wants)
        assert refusal.value.field == "email"


# -- robots ------------------------------------------------------------------------------------------------------------


def robot(chat, channel=Channel.DINGTALK, **over):
    inputs = {
        "name": f"群{channel.value}",
        "channel": channel,
        "address": f"http://{chat.place}/robot/send?access_token=t",
    }
    return workflow.create_robot(by=make.make_user(Role.ADMIN), **inputs | over)


def test_a_sweep_writes_into_the_group_of_its_branch(chat, office, sweep_at):
    """One message for all that the sweep found; of its limits, readers and branch only."""
    robot(chat, limits=["TL-01"], tells=["supervisor"], locale="en")
    robot(chat, Channel.FEISHU, limits=["TL-06"])
    robot(chat, Channel.WECOM, branch=make.make_branch("SH"))
    calls = [make.make_call(received_at=at("2026-03-02 09:00")) for _ in range(2)]
    sweep_at("2026-03-02 10:00")
    assert workflow.send_due() == 1
    ((path, content),) = chat.received
    assert path == "/robot/send?access_token=t"
    assert content["msgtype"] == "text"
    assert all(call.number in content["text"]["content"] for call in calls)
    assert sweep_at("2026-03-02 10:00") == set()
    assert workflow.send_due() == 0


def test_robots_are_signed_as_they_ask_for(chat):
    """DingTalk signs in the address, Feishu in the content, WeCom not at all."""
    for channel in (Channel.DINGTALK, Channel.FEISHU, Channel.WECOM):
        workflow.try_out(robot(chat, channel, secret="SECret"), by=make.make_user(Role.ADMIN))
    db.session.commit()
    assert workflow.send_due() == 3
    (ding, _), (_, feishu), (wecom, content) = chat.received
    assert "&timestamp=" in ding
    assert "&sign=" in ding
    assert set(feishu) == {"msg_type", "content", "timestamp", "sign"}
    assert "sign" not in wecom
    assert set(content) == {"msgtype", "text"}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((200, {"errcode": 310000, "errmsg": "keywords not in content"}), MessageState.QUEUED),
        ((429, {}), MessageState.QUEUED), ((404, {}), MessageState.FAILED), ((302, {}), MessageState.FAILED),
        ((500, {}), MessageState.UNCLEAR), ((200, b"<html>"), MessageState.UNCLEAR), ((200, {}), MessageState.UNCLEAR),
        ((200, []), MessageState.UNCLEAR), ("hang", MessageState.UNCLEAR), ("drop", MessageState.UNCLEAR),
    ],
)  # fmt: skip
def test_what_a_robot_answers_decides_whether_it_is_sent_again(chat, answer, state):
    if isinstance(answer, str):
        chat.mood = answer
    else:
        chat.answer = answer
    workflow.try_out(robot(chat), by=make.make_user(Role.ADMIN))
    db.session.commit()
    with took(8):
        assert workflow.send_due() == 0
    assert the_message().state is state
    assert "access_token" not in the_message().last_error


def test_a_robot_nobody_answers_for_is_tried_again(chat):
    made = robot(chat)
    made.webhook = "http://127.0.0.1:1/x"
    OUTSIDE.chat_hosts = frozenset({"127.0.0.1:1"})
    workflow.try_out(made, by=make.make_user(Role.ADMIN))
    db.session.commit()
    workflow.send_due()
    assert the_message().state is MessageState.QUEUED


@pytest.mark.parametrize(
    "address",
    [
        "http://oapi.dingtalk.com/robot/send?access_token=x", "https://oapi.dingtalk.com.evil.cn/x", "https://127.0.0.1/x",
        "https://user@oapi.dingtalk.com/x", "https://open.feishu.cn/x", "file:///etc/passwd", "https://oapi.dingtalk.com:22/x",
        "https://oapi.dingtalk.com\\@evil.cn/", "https://[::1", "javascript:x",
    ],
)  # fmt: skip
def test_a_robot_leads_nowhere_else(address):
    """The administrator cannot point the worker at other machines."""
    with pytest.raises(BackofficeError) as refusal:
        workflow.create_robot(by=make.make_user(Role.ADMIN), name="x", channel=Channel.DINGTALK, address=address)
    assert refusal.value.field == "address"


def test_an_empty_address_stays_and_a_robot_switched_off_is_silent(chat):
    made, admin = robot(chat), make.make_user(Role.ADMIN)
    address = made.webhook
    workflow.edit_robot(made, by=admin, name="other", is_active=False)
    assert (made.webhook, made.name) == (address, "other")
    workflow.try_out(made, by=admin)
    db.session.commit()
    workflow.send_due()
    assert the_message().state is MessageState.FAILED
    assert db.session.scalars(select(ChatRobot.is_active)).all() == [False]
