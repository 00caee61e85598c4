"""Direct edits of prepared files past the acts, one for each invariant."""

from typing import Any

from backoffice.core import audit, notices
from backoffice.core.permissions import Role
from backoffice.registers.workflow.making import READY
from tests import factories as make
from tests.invariants.breaking import breaks
from tests.registers.making import make_ready


@breaks("export_run.ready_stands_in_the_trail")
def _() -> Any:
    run = make_ready(make.make_user(Role.SUPERVISOR))
    notices.send(READY, [run.user_id], run, count=1, day="2026-01-01")
    return run


@breaks("export_run.ready_was_told")
def _() -> Any:
    person = make.make_user(Role.SUPERVISOR)
    run = make_ready(person)
    audit.record("service_call", "service_call.export", by=person)
    return run
