"""Changing parameters (E-34), and what the change does not touch."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from backoffice.core import acts as core_acts
from backoffice.core import attachments
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.deadlines import CalendarKind, after_days
from backoffice.core.errors import BackofficeError, NotPermitted, RecordNotFound, RuleViolated
from backoffice.core.permissions import Role
from backoffice.organisation.models import Zone
from backoffice.organisation.workflow import create_area, edit_area
from backoffice.settings import queries
from backoffice.settings.definitions import DEFINITIONS
from backoffice.settings.models import Holiday, HolidayKind, Setting
from backoffice.settings.workflow import edit, ensure_holidays, ensure_settings
from tests.factories import make_branch, make_user


def setting(key: str) -> Setting:
    ensure_settings()
    return db.session.scalars(select(Setting).where(Setting.key == key)).one()


def test_without_rows_the_defaults_hold():
    assert queries.integer("C-11") == 30
    assert queries.pattern("N-03") == "JX{B}-{yyyymmdd}-{seq:03}"


def test_an_unknown_parameter_is_an_error():
    with pytest.raises(KeyError):
        queries.value("C-99")


def test_rows_are_made_once_and_kept():
    assert ensure_settings() == len(DEFINITIONS)
    setting("C-11").value = "45"
    db.session.flush()
    assert ensure_settings() == 0
    assert queries.integer("C-11") == 45


def test_a_change_holds_at_once_and_is_audited():
    """E-34, G-04"""
    row, by = setting("C-11"), make_user(Role.ADMIN)
    assert queries.integer("C-11") == 30
    edit(row, by=by, value="60", version=row.version)
    assert queries.integer("C-11") == 60
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "setting.edit")).one()
    assert entry.changes == {"value": ["30", "60"]}
    assert (entry.user_id, entry.subject) == (by.id, "C-11")


def test_a_change_that_is_taken_back_is_forgotten():
    row, by = setting("C-11"), make_user(Role.ADMIN)
    db.session.commit()
    edit(row, by=by, value="60")
    assert queries.integer("C-11") == 60
    db.session.rollback()
    assert queries.integer("C-11") == 30


@pytest.mark.parametrize("value", ["", "0", "x", "3000"])
def test_an_unfit_value_changes_nothing(value):
    row, by = setting("C-11"), make_user(Role.ADMIN)
    with pytest.raises(BackofficeError):
        edit(row, by=by, value=value)
    assert row.value == "30"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_the_administrator_changes_parameters(role):
    """P-3"""
    row = setting("C-11")
    with pytest.raises(NotPermitted):
        edit(row, by=make_user(role), value="60")


def test_a_row_of_an_unknown_parameter_cannot_be_changed():
    row = Setting(key="X-1", value="1")
    db.session.add(row)
    db.session.flush()
    with pytest.raises(RecordNotFound):
        edit(row, by=make_user(Role.ADMIN), value="2")


def test_a_changed_limit_does_not_rewrite_old_areas():
    """A parameter is copied when it is used."""
    row, by = setting("TL-01-city"), make_user(Role.ADMIN)
    old = create_area(by=by, branch=make_branch(), name="Old", zone=Zone.CITY)
    edit(row, by=by, value="30")
    new = create_area(by=by, branch=make_branch(), name="New", zone=Zone.CITY)
    assert (old.dispatch_limit_min, new.dispatch_limit_min) == (60, 30)
    assert (old.arrival_limit_min, new.arrival_limit_min) == (60, 60)


def test_all_parameters_are_read_with_one_statement(count_statements):
    ensure_settings()
    with count_statements() as sent:
        for definition in DEFINITIONS:
            queries.value(definition.key)
    assert sent.count == 1, str(sent)


def test_the_calendar_is_read_once_and_follows_changes(count_statements):
    """E-33, G-11"""
    ensure_holidays()
    with count_statements() as sent:
        assert not queries.calendar().is_workday(date(2026, 10, 1))
        assert queries.calendar().is_workday(date(2026, 10, 10)), "a Saturday on which people work"
    assert sent.count == 1, str(sent)
    db.session.add(Holiday(on=date(2026, 11, 25), kind=HolidayKind.DAY_OFF, name="Stocktaking"))
    db.session.flush()
    assert not queries.calendar().is_workday(date(2026, 11, 25))


def test_a_holiday_out_of_force_does_not_count():
    db.session.add(Holiday(on=date(2026, 11, 25), kind=HolidayKind.DAY_OFF, name="Mistake", is_active=False))
    db.session.flush()
    assert queries.calendar().is_workday(date(2026, 11, 25))


def test_a_corrected_day_stays_corrected():
    ensure_holidays()
    row = db.session.scalars(select(Holiday).where(Holiday.on == date(2026, 10, 10))).one()
    row.is_active = False
    db.session.flush()
    assert ensure_holidays() == 0
    assert not row.is_active


def test_one_working_day_over_the_national_day():
    """TL-04: from the last of September to the eighth of October."""
    ensure_holidays()
    shanghai = ZoneInfo("Asia/Shanghai")
    start = datetime(2026, 9, 30, 15, 0, tzinfo=shanghai)
    due = after_days(start, queries.integer("TL-04"), CalendarKind.WORKING_DAYS, queries.calendar())
    assert due == datetime(2026, 10, 9, 0, 0, tzinfo=shanghai)


def test_late_entry_is_a_parameter(frozen_clock):
    """C-44: acts entered later than this after the event are marked late."""
    row, by = setting("C-44"), make_user(Role.ADMIN)
    assert core_acts.late_after() == timedelta(minutes=30)
    edit(row, by=by, value="5")
    area = create_area(by=by, branch=make_branch(), name="A", zone=Zone.CITY)
    edit_area(
        area, by=by, at=frozen_clock.now - timedelta(minutes=6), name="B", zone=area.zone, dispatch_limit_min=60,
        arrival_limit_min=60,
    )  # fmt: skip
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "area.edit")).one()
    assert entry.is_late


def test_the_largest_attachment_is_a_parameter():
    """G-10, C-51"""
    row, by = setting("C-51"), make_user(Role.ADMIN)
    pdf = b"%PDF-1.4" + b" " * (3 * 1024 * 1024)
    assert attachments.prepare("a.pdf", pdf).content == pdf
    edit(row, by=by, value="2")
    with pytest.raises(RuleViolated, match="2 MB"):
        attachments.prepare("a.pdf", pdf)
