"""The sweep: a limit that reaches a step of the ladder tells whoever is to know, each step once (TL-00 to TL-10).

One transaction settles up to BATCH steps: it locks the records, so that the event and the sweep cannot pass each
other by, writes the marks, and tells only of those marks that nobody had written before. So two workers at once, one
that is killed, or a clock that is set back tell nobody twice. A record that somebody is changing just now is left for
the next minute. A due time that moves is another due time: its steps begin anew.

Of the steps that a record has reached since the last sweep, after an outage perhaps several, each kind of reader is
told the highest alone; the lower ones are marked as passed over.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, exists, literal, null, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from backoffice.core import clock, jobs, notices
from backoffice.core.db import db
from backoffice.core.deadlines import CalendarKind, share_reached
from backoffice.core.invariants import seconds_between
from backoffice.organisation.models import Branch
from backoffice.settings import queries as settings
from backoffice.watch.models import ChatRobot, LadderStep, Told, WatchMark
from backoffice.watch.queries import SWEEP, WATCHES, TheTold, Watch, robots_for, told_people
from backoffice.watch.rules import MOST_LINES, outside

from . import outbox
from .running import tidy

BATCH = 500
Stop = Callable[[], bool]

for _one in WATCHES.values():
    notices.kind(_one.ahead_kind, _one.ahead)
    notices.kind(_one.late_kind, _one.late)


@dataclass(frozen=True)
class Reached:
    """A step of the ladder that an open record has reached."""

    id: int
    number: str
    branch_id: int
    responsible: int | None
    due: datetime
    percent: int
    told: Told

    @property
    def mark(self) -> tuple[int, datetime, int, Told]:
        """What makes it one step of one due time."""
        return self.id, self.due, self.percent, self.told


def never() -> bool:
    """Go on to the end."""
    return False


def sweep(stop: Stop = never) -> int:
    """Take every step that is reached; returns how many were told of. Commits batch after batch.

    stop: asked between two batches whether to leave the rest for the next time.
    """
    count = 0
    for one in WATCHES.values():
        after: int | None = 0
        while after is not None and not stop():
            told, after = sweep_batch(one, after)
            db.session.commit()
            count += told
    return count


@jobs.job(SWEEP, _l("Watch the time limits and tell of those that run out"), when="* * * * *", commits=True)
def sweep_job(day: date, at: datetime) -> int:
    """The sweep as the worker starts it; once an hour the book of runs is tidied."""
    if clock.local(at).minute == 0:
        tidy(at)
        db.session.commit()
    return sweep()


def sweep_batch(one: Watch, after: int) -> tuple[int, int | None]:
    """Settle the next records of a limit behind the key `after`; (how many steps were told of, key to go on from).

    The caller commits. A fixed number of statements.
    """
    at, hours = clock.now(), settings.working_hours()
    rows = db.session.execute(candidates(one, at, after, is_open=hours.is_open(at))).all()
    if not rows:
        return 0, None
    onward = None
    if len(rows) == BATCH:
        last = rows[-1].id  # perhaps not all steps of it came along
        rows = [row for row in rows if row.id != last] or rows
        onward = rows[-1].id
    found = [
        Reached(row.id, str(row.number), row.branch_id, row.responsible, row.due, row.percent, row.told)
        for row in rows
        if share_reached(row.start, row.due, row.percent, one.kind, hours.calendar) <= at
    ]
    if not found:
        return 0, onward
    people = told_people()
    passed = _passed_over(one, found)
    nobody = {step.mark for step in found if not people.of(step.told, step.branch_id, step.responsible)}
    new = _mark(one, found, passed | nobody, at)
    to_tell = [step for step in found if step.mark in new and step.mark not in passed | nobody]
    _tell(one, to_tell, people)
    _tell_robots(one, [step for step in found if step.mark in new and step.mark not in passed], new)
    return len(to_tell), onward


def candidates(one: Watch, at: datetime, after: int, *, is_open: bool) -> Select[Any]:
    """Open records of a limit with the steps that they may have reached and that are not marked, locked.

    The exact moment is reckoned afterwards: the database compares with a second to spare.
    """
    model = one.model
    marked = exists().where(
        WatchMark.limit_key == one.key, WatchMark.subject_type == model.__tablename__, WatchMark.subject_id == model.id,
        WatchMark.due_at == one.due, WatchMark.percent == LadderStep.percent, WatchMark.told == LadderStep.told,
    )  # fmt: skip
    run = seconds_between(one.start, literal(at, type_=WatchMark.marked_at.type))
    whole = seconds_between(one.start, one.due)
    if one.kind is CalendarKind.WORKING_DAYS:  # neither before nor behind the wall clock's share, but for the due time
        reached = or_(LadderStep.percent < 100, one.due <= at)
    else:
        reached = (run + 1) * 100 >= whole * LadderStep.percent
    awake = () if is_open else (LadderStep.waits.is_(False),)
    return (
        select(
            model.id, (one.number if one.number is not None else model.number).label("number"), model.branch_id,
            one.start.label("start"), one.due.label("due"), LadderStep.percent, LadderStep.told,
            (one.responsible if one.responsible is not None else null()).label("responsible"),
        )
        .join(LadderStep, and_(LadderStep.limit_key == one.key, LadderStep.is_active))
        .where(
            model.branch_id.in_(select(Branch.id)),  # by branch and state, as the indexes are
            one.open(), model.id > after, reached, ~marked, *awake,
        )
        .order_by(model.id, LadderStep.percent, LadderStep.told)
        .limit(BATCH)
        .with_for_update(of=model, skip_locked=True, key_share=True)
    )  # fmt: skip


def _passed_over(one: Watch, found: Sequence[Reached]) -> set[tuple[int, datetime, int, Told]]:
    """Steps below another one that the same reader is told of now or was told of before."""
    highest: dict[tuple[int, datetime, Told], int] = defaultdict(int)
    query = select(WatchMark.subject_id, WatchMark.due_at, WatchMark.told, WatchMark.percent).where(
        WatchMark.limit_key == one.key, WatchMark.subject_type == one.model.__tablename__,
        WatchMark.subject_id.in_({step.id for step in found}), WatchMark.is_skipped.is_(False),
    )  # fmt: skip
    before = [(key, due, told, percent) for key, due, told, percent in db.session.execute(query)]
    for key, due, told, percent in [*before, *((s.id, s.due, s.told, s.percent) for s in found)]:
        highest[key, due, told] = max(highest[key, due, told], percent)
    return {step.mark for step in found if step.percent < highest[step.id, step.due, step.told]}


def _mark(
    one: Watch, found: Sequence[Reached], silent: Iterable[Any], at: datetime
) -> dict[tuple[int, datetime, int, Told], int]:
    """Write the marks that are not there yet; {mark: its key}. Two sweeps at once share none."""
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    quiet = set(silent)
    rows = [
        {
            "limit_key": one.key, "subject_type": one.model.__tablename__, "subject_id": step.id,
            "number": step.number[:60], "due_at": step.due, "percent": step.percent, "told": step.told,
            "is_skipped": step.mark in quiet, "marked_at": at,
        }
        for step in found
    ]  # fmt: skip
    statement = dialect.insert(WatchMark).values(rows).on_conflict_do_nothing()
    returned = db.session.execute(
        statement.returning(WatchMark.subject_id, WatchMark.due_at, WatchMark.percent, WatchMark.told, WatchMark.id)
    )
    return {(subject, due, percent, told): key for subject, due, percent, told, key in returned}


def _tell(one: Watch, steps: Sequence[Reached], people: TheTold) -> None:
    rows: dict[tuple[int, int, int], dict[str, Any]] = {}
    for step in steps:
        for user_id in people.of(step.told, step.branch_id, step.responsible):
            rows[step.id, step.percent, user_id] = {
                "user_id": user_id, "kind": _kind(one, step), "params": _params(step),
                "subject_type": one.model.__tablename__, "subject_id": step.id,
            }  # fmt: skip
    notices.write(list(rows.values()))


def _tell_robots(one: Watch, steps: Sequence[Reached], marks: dict[Any, int]) -> None:
    """One message for each robot and batch, whose key is its first mark: that belongs to no other batch."""
    if not steps:
        return
    robots = list(db.session.scalars(select(ChatRobot).where(ChatRobot.is_active).order_by(ChatRobot.id)))
    messages = []
    for robot in robots:
        mine = [step for step in steps if robots_for([robot], one.key, step.told, step.branch_id)]
        lines = []
        with force_locale(robot.locale or outbox.LOCALE):
            for step in mine:
                line = outside(str(notices.KINDS[_kind(one, step)]), _params(step))
                if line not in lines:  # one step may tell several readers
                    lines.append(line)
        if lines:
            key = f"robot{robot.id}:mark{min(marks[step.mark] for step in mine)}"
            messages.append(outbox.to_robot(robot, key, lines, max(len(lines) - MOST_LINES, 0)))
    outbox.enqueue(messages)


def _kind(one: Watch, step: Reached) -> str:
    return one.ahead_kind if step.percent < 100 else one.late_kind


def _params(step: Reached) -> dict[str, Any]:
    """What the notice says; the end of a day is the day's 24:00 and not the next day's midnight."""
    local = clock.local(step.due)
    shown = local.strftime("%m-%d %H:%M")
    if local.time() == local.time().min:
        shown = (local - timedelta(days=1)).strftime("%m-%d 24:00")
    return {"number": step.number, "due": shown, "percent": step.percent}
