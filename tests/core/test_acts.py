"""The act, the audit trail, numbers, notices and files, on the real tables."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from backoffice.calls import workflow
from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import attachments, audit, clock, notices, numbering
from backoffice.core.acts import REGISTRY, Act, act
from backoffice.core.attachments import AttachmentKind
from backoffice.core.audit import AuditEntry
from backoffice.core.db import Money, db
from backoffice.core.errors import IllegalTransition, MissingInput, NotPermitted, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.numbering import NumberSeries
from backoffice.core.permissions import Permission, Role, require
from tests import factories as make
from tests.pictures import png


def test_nothing_is_written_when_the_body_fails() -> None:
    """ARCHITECTURE: the caller rolls back and nothing is left, not even the trail."""
    call = make.make_call(CallState.DISPATCHED)
    entries = db.session.scalar(select(func.count()).select_from(AuditEntry))
    with pytest.raises(MissingInput), db.session.begin_nested():
        workflow.escalate(call, by=make.make_user(), reason=" ")
    db.session.refresh(call)
    assert call.escalated_to is None
    made_by_the_user = 1
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == (entries or 0) + made_by_the_user - 1


def test_inactive_person_may_do_nothing() -> None:
    """P-3: deactivation takes every right at once."""
    supervisor = make.make_user(Role.SUPERVISOR, is_active=False)
    with pytest.raises(NotPermitted):
        require(supervisor, Permission.CALL_DISPATCH)
    with pytest.raises(NotPermitted):
        workflow.note(make.make_call(), by=supervisor, note="x")


def test_unknown_permission_is_an_error() -> None:
    """P-3: an unknown name is an error, not a silent no."""
    with pytest.raises(TypeError):
        require(make.make_user(), "call:fly")  # type: ignore[arg-type]


def test_an_act_is_declared_once() -> None:
    """Two acts of one key would hide each other."""
    known: Act = REGISTRY["call.note"]
    with pytest.raises(ValueError, match="twice"):
        act("call.note", known.model, permission=Permission.CALL_NOTE, label="x", rule="x")(lambda: None)


def test_what_is_done_by_one_record_only_is_no_bulk_act() -> None:
    """Signing many vouchers in one go would be no signing."""
    with pytest.raises(RuleViolated):
        REGISTRY["call.complete"].bulk([1], by=make.make_user(Role.TECHNICIAN))


def test_bulk_refuses_the_role_as_a_whole() -> None:
    """P-7."""
    with pytest.raises(NotPermitted):
        REGISTRY["call.dispatch"].bulk([make.make_call().id], by=make.make_user(), technician=None)


def test_bulk_returns_the_numbers_that_it_did_not_use() -> None:
    """N-00: numbers are reserved once for all records; what is left goes back."""
    with numbering.reserving(5):
        taken = [
            numbering.take("T-1", "T{B}{seq:03}", branch_id=1, branch_code="HZ", day=clock.today()) for _ in range(2)
        ]
    assert taken == ["THZ001", "THZ002"]
    assert db.session.scalar(select(NumberSeries.last).where(NumberSeries.document == "T-1")) == 2
    later = numbering.take("T-1", "T{B}{seq:03}", branch_id=1, branch_code="HZ", day=clock.today())
    assert later == "THZ003"


def test_event_time_and_entry_time_are_two(frozen_clock: Any) -> None:
    """G-04: late beyond C-44 minutes."""
    call, by = make.make_call(), make.make_user()
    make.set_setting("C-44", "20")
    for minutes, late in ((19, False), (21, True)):
        workflow.note(call, by=by, note=f"{minutes}", at=frozen_clock.now - timedelta(minutes=minutes))
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.note == f"{minutes}")).one()
        assert entry.at - entry.event_at == timedelta(minutes=minutes)
        assert entry.is_late is late


def test_years_before_the_office_are_refused() -> None:
    """G-04: year 1 is a slip of the pen."""
    old = clock.now() - timedelta(days=365 * 30)
    with pytest.raises(MissingInput):
        workflow.note(make.make_call(), by=make.make_user(), note="x", at=old)


def test_trail_names_fields_and_leaves_secrets_out() -> None:
    """G-04: old and new value of each field; a password is never in it."""
    user = make.make_user(real_name="旧")
    db.session.flush()
    with audit.during(audit.Occasion("user.edit", by=user)):
        user.real_name, user.password_hash = "新", "$argon2id$other"
        db.session.flush()
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "user.edit")).one()
    assert entry.changes == {"real_name": ["旧", "新"], "password_hash": ["***", "***"]}


def test_actor_and_changer_are_stamped() -> None:
    """G-04: created by, changed by."""
    maker, other = make.make_user(), make.make_user(Role.SUPERVISOR)
    call = workflow.register(
        by=maker, customer=make.make_customer(), model_text="x", fault_symptom=make.make_symptom(), fault_text="x"
    )
    workflow.escalate(call, by=other, reason="x")
    assert (call.created_by_id, call.updated_by_id) == (maker.id, other.id)


def test_notices_are_told_once_per_person_and_kinds_are_known() -> None:
    """E-32."""
    call, person = make.make_call(), make.make_user()
    notices.send("call.cancelled", [person.id, None, person.id], call, number=call.number, reason="")
    db.session.flush()
    assert db.session.scalar(select(func.count()).select_from(Notice)) == 1
    with pytest.raises(LookupError):
        notices.send("call.unheard_of", [person.id], call)


def test_pictures_are_encoded_anew_and_lose_what_hides_in_them() -> None:
    """G-10, X-23: no location, no script behind the picture."""
    picture = io.BytesIO()
    image = Image.new("RGB", (8, 8), "red")
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    image.save(picture, "JPEG", exif=exif)
    upload = attachments.prepare("a.jpg", picture.getvalue() + b"<script>")
    assert upload.content_type == "image/jpeg"
    assert b"SECRET-PLACE" not in upload.content
    assert b"<script>" not in upload.content


def test_a_picture_with_too_many_pixels_is_refused() -> None:
    """G-10: a small file may hold a huge picture."""
    bomb = io.BytesIO()
    Image.new("1", (9000, 9000)).save(bomb, "PNG")
    with pytest.raises(RuleViolated):
        attachments.prepare("a.png", bomb.getvalue())


def test_files_keep_their_name_and_get_another_on_disk() -> None:
    """G-10: two files of one name do not overwrite each other."""
    call, by = make.make_call(), make.make_user()
    two = [attachments.attach(call, attachments.prepare("客户.png", png()), AttachmentKind.PHOTO, by=by) for _ in "ab"]
    db.session.flush()
    assert {file.file_name for file in two} == {"客户.png"}
    assert len({attachments.path_of(file) for file in two}) == 2
    assert all(attachments.path_of(file).is_file() for file in two)


@pytest.mark.parametrize("wrong", [Decimal("NaN"), Decimal("Infinity"), Decimal("1.005")])
def test_money_column_takes_no_nonsense(wrong: Decimal) -> None:
    """G-01: the same on both databases."""
    with pytest.raises(ValueError, match="money"):
        Money().process_bind_param(wrong, db.engine.dialect)


def test_money_sums_are_exact() -> None:
    """G-01: ten times ten fen is one yuan."""
    kept = Money()
    dialect = db.engine.dialect
    values = [kept.process_bind_param(Decimal("0.10"), dialect) for _ in range(10)]
    assert kept.process_result_value(sum(values), dialect) == Decimal("1.00")


def test_state_is_checked_by_the_database_too() -> None:
    """a state is tied to its facts by CHECK constraints."""
    call = make.make_call()
    closing = update(ServiceCall).where(ServiceCall.id == call.id).values(state=CallState.CLOSED)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(closing)
    with pytest.raises(IllegalTransition):
        workflow.escalate(make.make_call(CallState.CANCELLED), by=make.make_user(), reason="x")
