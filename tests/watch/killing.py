"""A process of its own: round after round it forks two sweepers and kills them at random moments (PostgreSQL).

python -m tests.watch.killing URL INSTANCE ROUNDS SEED BEGIN
"""

import os
import random
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.watch.workflow import sweep
from tests.fixtures_app import make_app


def main(url: str, instance: str, rounds: int, seed: int, begin: datetime) -> None:
    chance = random.Random(seed)
    app = make_app(url, Path(instance))
    with app.app_context():
        with clock.freeze(begin - timedelta(days=1)):
            sweep()  # so that the children find every statement compiled
        db.session.remove()
        db.engine.dispose()
    started = time.monotonic()
    for child in [fork(app, begin - timedelta(days=1)) for _ in range(2)]:
        os.waitpid(child, 0)
    longest = min(1.2 * (time.monotonic() - started), 0.3)  # the kill comes somewhere within a sweep, or a little after
    killed = 0
    for number in range(rounds):
        moment = begin + timedelta(minutes=number)
        children = [fork(app, moment) for _ in range(2)]
        moments = sorted(chance.uniform(0, longest) for _ in children)
        for child, wait in zip(children, (moments[0], moments[1] - moments[0]), strict=True):
            time.sleep(wait)
            os.kill(child, signal.SIGKILL)
        for child in children:
            _, status = os.waitpid(child, 0)
            killed += os.WIFSIGNALED(status)
    sys.stdout.write(f"{killed}\n")


def fork(app: object, moment: datetime) -> int:
    child = os.fork()
    if child:
        return child
    try:
        with app.app_context(), clock.freeze(moment):
            sweep()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), datetime.fromisoformat(sys.argv[5]))
