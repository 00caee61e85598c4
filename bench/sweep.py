"""How long a sweep takes over 20,000 open calls, with and without a million closed ones behind them: reported only.

.venv/bin/python -m bench.sweep DATABASE_URL     (a migrated and empty database, which it fills; see bench/README.md)
"""

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, text

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.watch.queries import WATCHES
from backoffice.watch.workflow import ensure_ladder, sweep
from backoffice.watch.workflow.sweeping import candidates
from tests import factories as make
from tests.fixtures_app import make_app

OPEN, CHUNK = 20_000, 5_000


def main(url: str, closed: int) -> None:
    """Fill, sweep the first time (every step is new) and again (nothing is), and say how long it took."""
    app = make_app(url, Path(tempfile.mkdtemp()))
    with app.app_context():
        ensure_ladder()
        make.make_user(Role.SUPERVISOR)
        make.make_user(Role.MANAGER)
        sample = make.make_call()
        technician = make.make_user(Role.TECHNICIAN)
        db.session.commit()
        row = {
            column.name: getattr(sample, column.key) for column in ServiceCall.__table__.columns if column.name != "id"
        }
        begun = clock.now() - timedelta(hours=3)
        row |= {name: begun + timedelta(hours=1) for name in ("dispatch_due_at", "arrival_due_at")}
        row["received_at"] = begun
        _fill(row, OPEN, "O", CallState.REGISTERED, {})
        for many in (0, closed):
            _fill(row, many, "C", CallState.CLOSED, {
                "closed_at": row["received_at"], "completed_at": row["received_at"], "technician_id": technician.id,
            })  # fmt: skip
            if not many and closed:
                _say("first sweep, every step new", sweep)
                _say("second sweep, nothing to tell", sweep)
        _say(f"again, with {closed:,} closed calls besides", sweep)
        for key in ("TL-01", "TL-02"):
            _plan(key)


def _fill(row: dict[str, object], count: int, prefix: str, state: CallState, over: dict[str, object]) -> None:
    for start in range(0, count, CHUNK):
        rows = [
            {**row, "number": f"{prefix}{start + n}", "state": state, **over} for n in range(min(CHUNK, count - start))
        ]
        db.session.execute(insert(ServiceCall), rows)
        db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


def _say(what: str, do: object) -> None:
    begun = time.perf_counter()
    found = do()  # type: ignore[operator]
    print(f"{what:<50} {time.perf_counter() - begun:8.2f} s   {found:,} steps")


def _plan(key: str) -> None:
    bind = db.session.get_bind()
    query = candidates(WATCHES[key], clock.now(), 0, is_open=True)
    sql = str(query.compile(bind, compile_kwargs={"literal_binds": True})).replace("%", "%%")
    explain = "EXPLAIN QUERY PLAN" if bind.dialect.name == "sqlite" else "EXPLAIN ANALYZE"
    for line in db.session.connection().exec_driver_sql(f"{explain} {sql}"):
        print("   ", line[-1] if bind.dialect.name == "sqlite" else line[0])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
