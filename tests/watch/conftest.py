"""The people of a branch, the usual ladder, and a sweep at a given time."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.watch.workflow import ensure_ladder, sweep
from tests import factories as make


def at(text: str) -> datetime:
    """A moment on the office's wall clock."""
    return clock.from_local(datetime.fromisoformat(text))


@pytest.fixture
def office() -> SimpleNamespace:
    """A branch with a supervisor, a manager, an assistant and a technician; the ladder as it is installed."""
    ensure_ladder()
    return SimpleNamespace(
        supervisor=make.make_user(Role.SUPERVISOR), manager=make.make_user(Role.MANAGER),
        assistant=make.make_user(Role.ASSISTANT), technician=make.make_user(Role.TECHNICIAN),
        admin=make.make_user(Role.ADMIN),
    )  # fmt: skip


@pytest.fixture
def sweep_at() -> Callable[[str], set[tuple[Any, ...]]]:
    """`sweep_at("2026-03-02 09:30")`: what is told then: {(kind, record, person, percent)}."""

    def sweep_then(text: str) -> set[tuple[Any, ...]]:
        before = db.session.scalar(select(db.func.max(Notice.id))) or 0
        with clock.freeze(at(text)):
            sweep()
        new = list(db.session.scalars(select(Notice).where(Notice.id > before)))
        told = [(one.kind, one.subject_id, one.user_id, one.params["percent"]) for one in new]
        assert len(told) == len(set(told))
        return set(told)

    return sweep_then
