"""The pages: the ladder, the jobs, the outbox, the robots, and one's own e-mail address."""

from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.jobs import JobRun, RunState
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.watch.models import ChatRobot, LadderStep, MessageState, OutboxMessage, Told
from backoffice.watch.workflow import ensure_ladder
from tests import factories as make
from tests.watch.making import make_mark, make_message

WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=verysecrettoken"


def test_the_administrator_edits_the_ladder_and_others_read_it(as_role):
    """The ladder is data, audited; a step twice is refused."""
    ensure_ladder()
    client = as_role(make.make_user(Role.ADMIN))
    form = {"limit_key": "TL-01", "percent": "75", "told": "manager", "waits": "y", "is_active": "y"}
    assert client.post("/ladder/new/", data=form | {"client_key": "ladder-key-1"}).status_code == 302
    assert client.post("/ladder/new/", data=form | {"client_key": "ladder-key-2"}).status_code == 409
    wrong = form | {"percent": "0", "client_key": "ladder-key-3"}
    assert client.post("/ladder/new/", data=wrong).status_code == 422
    unknown = form | {"limit_key": "TL-99", "client_key": "ladder-key-4"}
    assert client.post("/ladder/new/", data=unknown).status_code == 422
    step = db.session.scalars(select(LadderStep).where(LadderStep.percent == 75)).one()
    assert (step.told, step.waits) == (Told.MANAGER, True)
    assert db.session.scalar(select(AuditEntry.act).where(AuditEntry.subject_type == "ladder_step").order_by(
        AuditEntry.id.desc())) == "ladder_step.create"  # fmt: skip
    boss = as_role(make.make_user(Role.SUPERVISOR))
    assert "TL-01 Dispatch" in boss.get("/ladder/").text
    assert boss.get("/ladder/new/").status_code == 403
    assert as_role(make.make_user(Role.TECHNICIAN)).get("/ladder/").status_code == 403


def test_the_page_of_jobs_says_whether_a_worker_runs(as_role):
    client = as_role(make.make_user(Role.ADMIN))
    page = client.get("/jobs/").text
    assert "No worker has run yet" in page
    assert "J-03" in page
    now = clock.now()
    make.saved(JobRun(job="J-01", day=clock.today(), due_at=now, started_at=now, finished_at=now, found=0,
                      state=RunState.DONE))  # fmt: skip
    assert "No worker" not in client.get("/jobs/").text
    assert as_role(make.make_user(Role.MANAGER)).get("/jobs/").status_code == 403


def test_a_run_is_asked_for_in_the_browser(as_role):
    client = as_role(make.make_user(Role.ADMIN))
    assert '<option selected value="J-03">' in client.get("/jobs/runs/new/?job=J-03").text
    answer = client.post("/jobs/runs/new/", data={"job": "J-03", "client_key": "run-key-1"})
    assert answer.status_code == 302
    run = db.session.scalars(select(JobRun)).one()
    assert (run.job, run.state) == ("J-03", RunState.WAITING)
    assert "Waiting for a worker" in client.get(f"/jobs/runs/details/?id={run.id}").text


def test_a_robot_is_set_up_and_its_address_never_shown(as_role):
    """The address is like a password: neither page, form, trail nor export holds it."""
    client = as_role(make.make_user(Role.ADMIN))
    form = {"name": "杭州群", "channel": "dingtalk", "address": WEBHOOK, "secret": "SECabc", "locale": "en",
            "limits": ["TL-01"], "client_key": "robot-key-1"}  # fmt: skip
    assert client.post("/chat-robots/new/", data=form).status_code == 302
    robot = db.session.scalars(select(ChatRobot)).one()
    assert (robot.webhook, robot.signing_secret, robot.limits) == (WEBHOOK, "SECabc", ["TL-01"])
    pages = [
        client.get(f"/chat-robots/{path}").text for path in ("", f"details/?id={robot.id}", f"edit/?id={robot.id}")
    ]
    trail = " ".join(str(entry.changes) for entry in db.session.scalars(select(AuditEntry)))
    assert not any(secret in text for secret in ("verysecrettoken", "SECabc") for text in (*pages, trail))
    edit = {"name": "杭州群二", "locale": "en", "is_active": "y", "version": robot.version, "client_key": "robot-key-2"}
    assert client.post(f"/chat-robots/edit/?id={robot.id}", data=edit).status_code == 302
    db.session.expire_all()
    assert (robot.name, robot.webhook, robot.signing_secret) == ("杭州群二", WEBHOOK, "SECabc")
    assert client.post(f"/chat-robots/act/try_out?id={robot.id}", data={"client_key": "robot-key-3"}).status_code == 302
    message = db.session.scalars(select(OutboxMessage)).one()
    assert "test message" in client.get(f"/outbox/details/?id={message.id}").text


def test_an_unclear_message_is_sent_again_after_a_question(as_role):
    client, message = as_role(make.make_user(Role.ADMIN)), make_message(MessageState.UNCLEAR)
    key = message.id
    assert "w***@example.com" in client.get(f"/outbox/details/?id={key}").text
    question = client.post(f"/outbox/act/send_again?id={key}", data={"version": 1})
    assert "may have arrived already" in question.text
    form = {"id": key, "version": 1, "confirmed": "1", "client_key": "again-key-1"}
    assert client.post("/outbox/act/send_again", data=form).status_code == 302
    assert db.session.get_one(OutboxMessage, key).state is MessageState.QUEUED


def test_messages_that_wait_for_a_decision_are_on_the_home_page(as_role):
    client = as_role(make.make_user(Role.ADMIN))
    make_message(MessageState.FAILED)
    assert "Messages not sent" in client.get("/").text
    page = client.get("/outbox/?state=failed&state=unclear").text
    assert "550 unknown" in page


def test_steps_taken_are_listed_with_their_record(as_role):
    mark = make_mark()
    assert mark.number in as_role(make.make_user(Role.ADMIN)).get("/ladder/taken/").text


def test_everybody_chooses_whether_notices_come_by_e_mail(as_role):
    person = make.make_user(Role.TECHNICIAN)
    client = as_role(person)
    assert client.post("/notices/mail/", data={"email": "wang@example.com", "wants": "1"}).status_code == 303
    kept = db.session.get_one(User, person.id)
    assert (kept.email, kept.notify_by_email) == ("wang@example.com", True)
    assert "wang@example.com" in client.get("/notices/mail/").text
    refused = client.post("/notices/mail/", data={"email": "nowhere", "wants": "1"})
    assert refused.status_code in {409, 422}
    assert "This is no e-mail address" in refused.text
    assert db.session.get_one(User, person.id).email == "wang@example.com"
