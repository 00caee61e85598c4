"""Making files of lists: claimed by one worker, written piece by piece, gone on with where it broke off (C-57).

A piece is on the disk before the checkpoint says so; what lies behind the last checkpoint is cut off. So the file does
not depend on how often its making was killed. A checkpoint counts only while the claim is one's own, and the part file
has one writer at a time: two workers never make the same file, whatever the clock says. No transaction is open while
something is written to the disk.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, BinaryIO

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from backoffice.core import clock, notices
from backoffice.core.db import db, writing
from backoffice.organisation.models import User
from backoffice.registers import queries
from backoffice.registers.models import OPEN, ExportProblem, ExportRun, ExportState
from backoffice.registers.rules import MOST_ATTEMPTS, PIECE
from backoffice.settings import queries as settings
from backoffice.watch.workflow.running import here

from . import files, lists

log = logging.getLogger(__name__)
Stop = Callable[[], bool]

READY = notices.kind("export.ready", _l("Your file is ready: %(count)s records, to be taken until %(day)s."))
FAILED = notices.kind("export.failed", _l("A file that you asked for could not be made. Look why."))


def never() -> bool:
    """Go on to the end."""
    return False


def make_waiting(stop: Stop = never) -> int:
    """Make what waits until nothing does; returns how many files were finished or given up."""
    count = 0
    while not stop() and make_next(stop):
        count += 1
    return count


def make_next(stop: Stop = never) -> bool:
    """Make the next file that waits, or go on with one; whether one was finished or given up. Commits.

    stop: asked after each piece whether to put it aside, to be gone on with. Raises SQLAlchemyError where the database
    does not answer; the file is taken up again later.
    """
    run = _claim()
    if run is None:
        return False
    with lists.source.desk(run.user_id, run.locale) as person:
        making = _Making(run)
        try:
            return making.go(person, stop)
        except DBAPIError:
            db.session.rollback()
            raise
        except Exception:
            db.session.rollback()
            log.exception("export %s could not be made", run.id)
            making.fail(ExportProblem.BROKEN)
            return True


def _claim() -> ExportRun | None:
    """Take the next file that nobody makes; None where there is none. Commits."""
    before = writing.get()
    try:
        writing.set(False)
        waits = db.session.scalar(select(ExportRun.id).where(ExportRun.state.in_(OPEN)).limit(1))
        db.session.commit()
        writing.set(True)
        run = db.session.scalars(queries.to_make(clock.now())).first() if waits is not None else None
        if run is None:
            db.session.rollback()
            return None
        broke_off = run.state is ExportState.RUNNING and run.claim != ""
        now = clock.now()
        run_out = broke_off and run.attempts + 1 >= MOST_ATTEMPTS
        token = f"{here()}:{uuid.uuid4().hex}"
        _set(
            run.id, state=ExportState.RUNNING, claim=token, beat_at=now, started_at=run.started_at or now,
            attempts=run.attempts + broke_off,
        )  # fmt: skip
        db.session.commit()
        run = db.session.scalars(
            select(ExportRun).where(ExportRun.id == run.id).execution_options(populate_existing=True)
        ).one()
        db.session.commit()
    finally:
        writing.set(before)
    if run_out:
        _Making(run).fail(ExportProblem.BROKEN)
        return _claim()
    return run


def _set(key: int, *conditions: Any, **values: Any) -> bool:
    """Write columns of a file's row; whether it was there."""
    statement = update(ExportRun).where(ExportRun.id == key, *conditions)
    values |= {"updated_at": clock.now(), "version": ExportRun.version + 1}
    done: Any = db.session.execute(statement.values(values).execution_options(synchronize_session=False))
    return bool(done.rowcount)


class _Making:
    """The making of one file by whoever has claimed it."""

    def __init__(self, run: ExportRun) -> None:
        self.run = run
        self.until, self.total = run.until_key, run.rows_total
        self.rows, self.bytes, self.place = run.rows_done, run.bytes_done, run.place

    def go(self, person: User | None, stop: Stop) -> bool:
        """Write until the end, or until it is put aside; whether it came to an end."""
        run = self.run
        if problem := self._problem(person):
            return self.fail(problem)
        assert person is not None  # noqa: S101 - else there was a problem
        if self.until is None:
            self.until = self._reading(lambda: lists.source.newest(run.register))
        work = lists.source.opened(run, person, self.until)
        if self.total is None:
            most = settings.integer("C-43")
            self.total = self._reading(lambda: work.count(most))
            if self.total > most:
                return self.fail(ExportProblem.TOO_MANY)
        with files.alone(run.stored_name) as part:
            if part is None or not self._checkpoint(until_key=self.until, rows_total=self.total):
                self._put_aside()
                return False
            if not self._write(work, part, stop):
                return False
            packed = work.packed(files.blocks(part))
            size = self.bytes if packed is None else files.pack(run.stored_name, packed)
            return self._finish(work, person, size)

    def _problem(self, person: User | None) -> ExportProblem | None:
        if person is None or not person.is_active:
            return ExportProblem.NOT_ACTIVE
        run = self.run
        if self._reading(lambda: lists.source.known(run.register, run.address, person)) is None:
            return ExportProblem.NO_RIGHT
        return None

    def _write(self, work: lists.Work, part: BinaryIO, stop: Stop) -> bool:
        """Piece after piece behind the last checkpoint; False where it was put aside or taken away."""
        if not files.cut(part, self.bytes):
            self._begin_anew(part)
        if not self.bytes:
            self.bytes = files.keep(part, work.head())
        while True:
            try:
                content, rows, place = self._reading(lambda: work.piece(self.place, self.rows, PIECE))
            except ValueError:  # the list runs in another order than when it was begun
                self._begin_anew(part)
                self.bytes = files.keep(part, work.head())
                continue
            self.bytes = files.keep(part, content)
            self.rows, self.place = self.rows + rows, place
            if not self._checkpoint(rows_done=self.rows, bytes_done=self.bytes, place=self.place):
                return False
            if rows < PIECE:
                return True
            if stop():
                self._put_aside()
                return False

    def _begin_anew(self, part: BinaryIO) -> None:
        self.rows, self.bytes, self.place = 0, 0, ""
        files.cut(part, 0)

    def _finish(self, work: lists.Work, person: User, size: int) -> bool:
        """Ready: written into the trail and told, in one transaction. The rights are looked at once more."""
        self._reading(lambda: db.session.refresh(person))
        if problem := self._problem(person):
            return self.fail(problem)
        now = clock.now()
        until = clock.day_end(clock.local(now).date() + timedelta(days=settings.integer("C-58")))
        last = clock.local(until - timedelta(seconds=1)).date()

        def do() -> bool:
            mine = self._mine(
                state=ExportState.READY, claim="", beat_at=None, rows_total=self.rows, size=size, finished_at=now,
                expires_at=until,
            )  # fmt: skip
            if mine:
                work.write_down(self.rows)
                notices.send(READY, [person.id], self.run, count=self.rows, day=last.isoformat())
            return mine

        return self._transaction(do)

    def fail(self, problem: ExportProblem) -> bool:
        """Give it up and tell whoever asked for it; what was written of it is removed by the next job."""

        def do() -> bool:
            mine = self._mine(
                state=ExportState.FAILED, problem=problem, claim="", beat_at=None, finished_at=clock.now()
            )
            if mine:
                notices.send(FAILED, [self.run.user_id], self.run)
            return mine

        self._transaction(do)
        return True

    # -- its row -----------------------------------------------------------------------------------------------------

    def _checkpoint(self, **values: Any) -> bool:
        return self._transaction(lambda: self._mine(beat_at=clock.now(), **values))

    def _put_aside(self) -> None:
        self._transaction(lambda: self._mine(claim="", beat_at=None))

    def _mine(self, **values: Any) -> bool:
        """Write into the row while the claim is one's own; False where it is no longer."""
        run = self.run
        return _set(run.id, ExportRun.claim == run.claim, ExportRun.state == ExportState.RUNNING, **values)

    @staticmethod
    def _transaction(do: Callable[[], bool]) -> bool:
        """One short writing transaction; taken back where it has found nothing to write."""
        db.session.commit()
        before = writing.get()
        writing.set(True)
        try:
            done = do()
            if done:
                db.session.commit()
            else:
                db.session.rollback()
            return done
        finally:
            writing.set(before)

    @staticmethod
    def _reading(ask: Callable[[], Any]) -> Any:
        """One reading transaction, which keeps nobody from writing."""
        before = writing.get()
        writing.set(False)
        try:
            found = ask()
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        else:
            return found
        finally:
            writing.set(before)
