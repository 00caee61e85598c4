"""A process of its own: forks two makers at a time and kills them at random moments, until every file is ready.

python -m tests.registers.killing URL INSTANCE FOLDER SEED
"""

import os
import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from backoffice.core.db import db
from backoffice.registers import rules
from backoffice.registers.models import OPEN, ExportRun
from backoffice.registers.queries import exports as queries
from backoffice.registers.workflow import files, make_waiting, making
from tests.fixtures_app import make_app


def main(url: str, instance: str, folder: str, seed: int) -> None:
    chance = random.Random(seed)
    making.PIECE = 20
    making.MOST_ATTEMPTS = 10_000
    rules.LEASE = queries.LEASE = timedelta(
        milliseconds=50
    )  # whoever is gone is succeeded at once, and whoever is slow too
    app = make_app(url, Path(instance))
    files.configure(folder)
    killed = 0
    while True:
        with app.app_context():
            left = db.session.scalar(select(func.count()).where(ExportRun.state.in_(OPEN)))
            db.session.remove()
            db.engine.dispose()
        if not left:
            break
        children = [fork(app) for _ in range(2)]
        moments = sorted(chance.uniform(0.02, 0.4) for _ in children)
        for child, wait in zip(children, (moments[0], moments[1] - moments[0]), strict=True):
            time.sleep(wait)
            os.kill(child, signal.SIGKILL)
        for child in children:
            _, status = os.waitpid(child, 0)
            killed += os.WIFSIGNALED(status)
    sys.stdout.write(f"{killed}\n")


def fork(app: object) -> int:
    child = os.fork()
    if child:
        return child
    try:
        with app.app_context():
            make_waiting()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
