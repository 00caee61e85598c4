"""`flask sweep` and `flask worker`: what runs without anybody at a screen."""

import logging
import signal
import threading
import time
from collections.abc import Callable

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from backoffice.core.jobs import RunState

from .queries import SWEEP
from .workflow import run_by_command, run_due, send_due

log = logging.getLogger(__name__)
EVERY = 60.0
#: Seconds between two attempts while the database does not answer: doubled each time up to the last.
FIRST_PAUSE, LAST_PAUSE = 5.0, 300.0
#: Seconds between two looks for work of `BETWEEN`.
GLANCE = 5.0
Stop = Callable[[], bool]
#: Long work that a worker does between two rounds, so that it keeps no notice waiting: given when to put it aside, each
#: says whether it has finished something. Later features add theirs.
BETWEEN: list[Callable[[Stop], bool]] = []


@click.command("sweep")
@with_appcontext
def sweep_command() -> None:
    """Take every step of the time limits that is reached: job J-01, safe at any time and from several hosts at once."""
    run = run_by_command(SWEEP)
    if run.state is not RunState.DONE:
        raise click.ClickException(f"The sweep has failed: {run.error}")
    click.echo(f"{run.found} steps told.")


@click.command("worker")
@click.option("--once", is_flag=True, help="One round, then end.")
@with_appcontext
def worker_command(*, once: bool) -> None:
    """Every minute: the jobs that are due, the sweep among them, then the outbox; in between, long work such as files.

    SIGTERM ends it after the step at hand. As many workers as you like may run, on any number of hosts.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if once:
        count = one_round(app, stop.is_set)
        while not stop.is_set() and between(app, stop.is_set):
            pass
        click.echo(f"{count['runs']} runs, {count['messages']} messages.")
        return
    log.info("the worker has started")
    work(app, stop)
    log.info("the worker has ended")


def one_round(app: Flask, stop: Stop) -> dict[str, int]:
    """Run what is due, then send what waits. Raises SQLAlchemyError where the database does not answer."""
    with app.app_context():  # a session of its own, so that parameters are read anew
        runs = run_due(stop)
    with app.app_context():
        return {"runs": runs, "messages": send_due(stop)}


def work(app: Flask, stop: threading.Event, every: float = EVERY, first_pause: float = FIRST_PAUSE) -> None:
    """Round after round until `stop` is set; what goes wrong is logged and tried again, later and later."""
    pause = first_pause
    while not stop.is_set():
        wait = 0.0
        try:
            one_round(app, stop.is_set)
            pause = first_pause
            wait = _fill(app, stop, every) if BETWEEN else every
        except SQLAlchemyError as error:
            log.warning("the database does not answer (%s): again in %s seconds", type(error).__name__, pause)
            wait, pause = pause, min(pause * 2, LAST_PAUSE)
        except Exception:
            log.exception("this round has failed: again in %s seconds", pause)
            wait, pause = pause, min(pause * 2, LAST_PAUSE)
        stop.wait(wait)


def _fill(app: Flask, stop: threading.Event, seconds: float) -> float:
    """Do long work for so long; the seconds that are left then."""
    end = time.monotonic() + seconds

    def over() -> bool:
        return stop.is_set() or time.monotonic() >= end

    while not over():
        if not between(app, over):
            stop.wait(max(min(GLANCE, end - time.monotonic()), 0))
    return max(end - time.monotonic(), 0)


def between(app: Flask, stop: Stop) -> bool:
    """Do one piece of each kind of long work; whether anything was finished."""
    done = False
    for work_on in BETWEEN:
        with app.app_context():
            done = work_on(stop) or done
    return done
