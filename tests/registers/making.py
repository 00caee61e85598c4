"""Prepared files and the lists behind them, made directly."""

from typing import Any

from sqlalchemy import insert

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.organisation.models import User
from backoffice.registers.models import ExportRun, ExportState, FileFormat
from backoffice.registers.workflow import files
from tests import factories as make


def make_run(user: User, format: FileFormat = FileFormat.CSV, address: str = "", **over: Any) -> ExportRun:
    """A file of the calls that waits to be made."""
    values = {
        "user_id": user.id, "register": "service_calls", "address": address, "format": format, "locale": "en",
        "stored_name": files.new_name(),
    }  # fmt: skip
    return make.saved(ExportRun(**values | over))


def make_ready(user: User, **over: Any) -> ExportRun:
    """A file that is ready, as its row says."""
    now = clock.now()
    values = {"state": ExportState.READY, "size": 1, "started_at": now, "finished_at": now, "expires_at": now}
    return make_run(user, **values | over)


def many_calls(number: int, state: CallState = CallState.REGISTERED, **over: Any) -> None:
    """That many calls, all alike but for number and model."""
    call = make.make_call(state, **over)
    values = {c.key: getattr(call, c.key) for c in ServiceCall.__mapper__.column_attrs if c.key != "id"}
    db.session.execute(
        insert(ServiceCall),
        [
            values | {"number": f"N-{call.id:04}-{n:05}", "model_text": f'=泵 {n % 7},\n"{n}"'}
            for n in range(number - 1)
        ],
    )
    db.session.commit()
