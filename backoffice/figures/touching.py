"""The triggers that note which days of the aggregates a change has made stale, on both databases.

For migrations and maintenance; they know tables by their names only. A trigger sees every change, also one that is
written past the application, with what the row said before. Marks are rows of their own that nobody waits for; the same
mark twice in one transaction is written once.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

#: Columns of a call that decide where it is counted.
_WHERE = ("technician_id", "zone", "model_id", "branch_id", "is_history")
#: A moment as SQLite keeps it, so much later.
_SQLITE_LATER = "strftime('%Y-%m-%d %H:%M:%S', {}, '{}') || '.000000'"
_DONE = "SELECT c.completed_at FROM service_call c"
_INSPECTED = "SELECT i.inspected_at FROM inspection i"
_RETURNED = "SELECT e.returned_on FROM goods_entry e"


@dataclass(frozen=True)
class Touch:
    """Rows of `table` of which one of `watched` changes make the days of `moments` stale.

    watched: columns or expressions over `{row}`. moments, days: expressions or selects over `{row}`, of moments and of
    days of the office.
    """

    name: str
    table: str
    watched: tuple[str, ...]
    moments: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    on_insert: bool = True


TOUCHES = (
    Touch("dispatch", "service_call", ("dispatch_due_at", "dispatched_at", "cancelled_at", *_WHERE),
          ("SELECT {row}.dispatch_due_at",)),
    Touch("arrival", "service_call",
          ("arrival_due_at", "first_arrived_at", "cancelled_at", "({row}.state = 'cancelled')", *_WHERE),
          ("SELECT {row}.arrival_due_at",)),
    Touch("response", "service_call", ("first_arrived_at", "received_at", *_WHERE),
          ("SELECT {row}.first_arrived_at",)),
    Touch("done", "service_call",
          ("completed_at", "received_at", "repeat_of_id", "({row}.state = 'cancelled')", *_WHERE),
          ("SELECT {row}.completed_at",)),
    Touch("received", "service_call", ("received_at", "carry_over_count", "({row}.state = 'cancelled')", *_WHERE),
          ("SELECT {row}.received_at",)),
    Touch("repeat", "service_call", ("repeat_of_id", "({row}.state = 'cancelled')"),
          (_DONE + " WHERE c.id = {row}.repeat_of_id",)),
    Touch("items", "service_call", ("zone", "model_id"),
          (_INSPECTED + " JOIN repair_card k ON k.id = i.card_id WHERE k.call_id = {row}.id",),
          (_RETURNED + " JOIN repair_card k ON k.entry_id = e.id WHERE k.call_id = {row}.id",), on_insert=False),
    Touch("voucher", "service_voucher", ("onsite_result", "({row}.state = 'void')", "call_id"),
          (_DONE + " WHERE c.id = {row}.call_id",)),
    Touch("visit", "visit", ("arrived_at", "left_at", "voucher_id"),
          (_DONE + " JOIN service_voucher v ON v.call_id = c.id WHERE v.id = {row}.voucher_id",)),
    Touch("time", "time_entry", ("minutes", "voided_at", "card_id"),
          (_DONE + " JOIN repair_card k ON k.call_id = c.id WHERE k.id = {row}.card_id",)),
    Touch("card", "repair_card", ("technician_id", "call_id", "entry_id"),
          (_INSPECTED + " WHERE i.card_id = {row}.id", _DONE + " WHERE c.id = {row}.call_id"),
          (_RETURNED + " WHERE e.id = {row}.entry_id",)),
    Touch("entry", "goods_entry", ("returned_on", "state", "first_promised_on", "branch_id"),
          days=("SELECT {row}.returned_on",)),
    Touch("inspection", "inspection", ("inspected_at", "result", "card_id", "nth", "branch_id"),
          ("SELECT {row}.inspected_at", _INSPECTED + " WHERE i.card_id = {row}.card_id AND i.nth = 1")),
    Touch("report", "daily_report", ("state", "report_on", "technician_id", "branch_id", "minutes"),
          days=("SELECT CASE WHEN {row}.state = 'reviewed' THEN {row}.report_on END",)),
    Touch("line", "report_line", ("minutes", "work_type", "removed_at", "report_id"),
          days=("SELECT r.report_on FROM daily_report r WHERE r.id = {row}.report_id AND r.state = 'reviewed'",)),
)  # fmt: skip
_BACKLOG = ("received_at", "closed_at", "cancelled_at", *_WHERE)


def create(connection: Connection) -> None:
    """Make the triggers."""
    on_postgresql = connection.dialect.name == "postgresql"
    for name, (table, event, condition, body) in _triggers(on_postgresql=on_postgresql).items():
        if on_postgresql:
            connection.exec_driver_sql(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
            )
            when = f" WHEN ({condition})" if condition else ""
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW{when} EXECUTE FUNCTION {name}()"
            )
            continue
        when = f" WHEN {condition}" if condition else ""
        connection.exec_driver_sql(f"CREATE TRIGGER {name} AFTER {event} ON {table}{when} BEGIN {body} END")


def drop(connection: Connection) -> None:
    """Take them away; harmless where there are none."""
    on_postgresql = connection.dialect.name == "postgresql"
    for name, (table, *_) in _triggers(on_postgresql=on_postgresql).items():
        if on_postgresql:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}()")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


def missing(connection: Connection) -> list[str]:
    """Names of the triggers that are not there; of a database without the aggregates none."""
    if connection.dialect.name == "postgresql":
        if connection.exec_driver_sql("SELECT to_regclass('figure_touch')").scalar() is None:
            return []
        there = set(connection.exec_driver_sql("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal").scalars())
        return [name for name in _triggers(on_postgresql=True) if name not in there]
    there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    return [name for name in _triggers(on_postgresql=False) if name not in there] if "figure_touch" in there else []


def restore(connection: Connection) -> list[str]:
    """Put back what SQLite lost when it built a table anew; returns their names. Called after every migration."""
    lost = missing(connection)
    if lost:
        drop(connection)
        create(connection)
    return lost


def _triggers(*, on_postgresql: bool) -> dict[str, tuple[str, str, str, str]]:
    """Table, event, condition and statements of each trigger by its name."""
    found = {}
    for touch in TOUCHES:
        name = f"figure_{touch.name}"
        if touch.on_insert:
            found[f"{name}_insert"] = (touch.table, "INSERT", "", _marks(touch, ("NEW",), on_postgresql))
        changed = _changed(touch.watched, on_postgresql)
        body = _marks(touch, ("OLD", "NEW"), on_postgresql)
        found[f"{name}_update"] = (touch.table, f"UPDATE OF {_columns(touch)}", changed, body)
    return found | _of_backlog(on_postgresql)


def _of_backlog(on_postgresql: bool) -> dict[str, tuple[str, str, str, str]]:
    """A call that moves makes all midnights stale at which it was open; one that only ends, those between the ends."""
    least, most = ("least", "greatest") if on_postgresql else ("min", "max")
    old, new = (f"coalesce({row}.closed_at, {row}.cancelled_at)" for row in ("OLD", "NEW"))
    moved = _changed(("received_at", *_WHERE), on_postgresql)
    ended = _changed(("closed_at", "cancelled_at"), on_postgresql)
    last = f"CASE WHEN {old} IS NULL OR {new} IS NULL THEN NULL ELSE {most}({old}, {new}) END"
    first = f"{least}(coalesce({old}, {new}), coalesce({new}, {old}))"
    columns = f"UPDATE OF {', '.join(_BACKLOG)}"
    received = f"{least}(OLD.received_at, NEW.received_at)"
    return {
        "figure_open_insert": ("service_call", "INSERT", "", _range("NEW.received_at", new, on_postgresql)),
        "figure_open_update": ("service_call", columns, moved, _range(received, last, on_postgresql)),
        "figure_open_ended": (
            "service_call", columns, f"({ended}) AND NOT ({moved})", _range(first, last, on_postgresql)
        ),
    }  # fmt: skip


def _columns(touch: Touch) -> str:
    """The columns among those watched; of an expression the one that it reads."""
    names = [one if "{row}" not in one else one.split(".", 1)[1].split(" ", 1)[0] for one in touch.watched]
    return ", ".join(dict.fromkeys(names))


def _changed(watched: tuple[str, ...], on_postgresql: bool) -> str:
    differs = "IS DISTINCT FROM" if on_postgresql else "IS NOT"
    terms = [one if "{row}" in one else "{row}." + one for one in watched]
    return " OR ".join(f"{term.format(row='OLD')} {differs} {term.format(row='NEW')}" for term in terms)


def _marks(touch: Touch, rows: tuple[str, ...], on_postgresql: bool) -> str:
    hour = "date_trunc('hour', m.x)" if on_postgresql else "substr(m.x, 1, 13) || ':00:00.000000'"
    after = "h.y + interval '1 hour'" if on_postgresql else _SQLITE_LATER.format("h.y", "+1 hour")
    statements = []
    if touch.moments:
        statements.append(
            "INSERT INTO figure_touch (what, since, until)"  # noqa: S608
            f" SELECT DISTINCT 'sums', h.y, {after} FROM"
            f" (SELECT {hour} AS y FROM ({_of(touch.moments, rows)}) AS m) AS h"
            " WHERE h.y IS NOT NULL AND NOT EXISTS"
            f" (SELECT 1 FROM figure_touch t WHERE t.what = 'sums' AND t.since = h.y{_own(on_postgresql)});"
        )
    if touch.days:
        statements.append(
            "INSERT INTO figure_touch (what, on_day)"  # noqa: S608
            f" SELECT DISTINCT 'sums', m.x FROM ({_of(touch.days, rows)}) AS m WHERE m.x IS NOT NULL AND NOT EXISTS"
            f" (SELECT 1 FROM figure_touch t WHERE t.on_day = m.x{_own(on_postgresql)});"
        )
    return " ".join(statements)


def _of(selects: tuple[str, ...], rows: tuple[str, ...]) -> str:
    """All of them as one column `x`."""
    return " UNION ".join(("SELECT NULL AS x WHERE 1 = 0", *(one.format(row=row) for one in selects for row in rows)))


def _own(on_postgresql: bool) -> str:
    """Only what this transaction wrote counts as there: another's mark may be about to be taken away."""
    return " AND t.xmin = pg_current_xact_id()::xid" if on_postgresql else ""


def _range(first: str, last: str, on_postgresql: bool) -> str:
    """The mark of the midnights from one moment to another, to the day of UTC."""

    def cut(moment: str) -> str:
        return f"date_trunc('day', {moment})" if on_postgresql else f"substr({moment}, 1, 10) || ' 00:00:00.000000'"

    after = f"{cut(last)} + interval '1 day'" if on_postgresql else _SQLITE_LATER.format(cut(last), "+1 day")
    same = "IS NOT DISTINCT FROM" if on_postgresql else "IS"
    return (
        "INSERT INTO figure_touch (what, since, until)"  # noqa: S608
        f" SELECT 'backlog', m.a, m.b FROM (SELECT {cut(first)} AS a, {after} AS b) AS m WHERE m.a IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM figure_touch t WHERE t.what = 'backlog' AND t.since = m.a AND t.until {same}"
        f" m.b{_own(on_postgresql)});"
    )
