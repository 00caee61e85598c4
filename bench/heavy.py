"""What takes seconds: exports with their memory, an import of units, several people at once."""

import csv
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import psutil

import config

from .client import Answer, Client
from .desk import Desk
from .fill import SUPERVISOR, environment, local_day
from .operations import days_as_moments, moment_of
from .servers import Memory, Served
from .stores import Store

CLIENTS = 4


def exports(desk: Desk, repeat: int, dice: Random) -> dict[str, Any]:
    """CSV and XLSX of the same calls, the limit's CSV between them: seconds, first byte, MB over idle, MB of file."""
    low, high = desk.facts.range_low, desk.facts.range_high
    days = {"received_at_from": local_day(moment_of(low)), "received_at_to": local_day(moment_of(high))}
    path = f"{desk.addresses.export}?{urlencode({'all': '1', **days})}"
    last = f"{desk.addresses.export}?{urlencode({'all': '1', **days, 'received_at_from': days['received_at_to']})}"
    bounds = urlencode(days_as_moments(desk, low))
    asks: dict[str, tuple[Served, Callable[[], Answer]]] = {
        "csv": (desk.product_server, lambda: desk.product.post(path, [("as", "csv")], keep=False)),
        "xlsx": (desk.product_server, lambda: desk.product.post(path, [("as", "xlsx")], keep=False)),
        "limit": (desk.limit_server, lambda: desk.limit.get(f"/export?{bounds}", keep=False)),
    }
    for kind in ("csv", "xlsx"):
        desk.product.post(last, [("as", kind)], keep=False)  # what is loaded once is no growth
    desk.limit.get(f"/export?{bounds}", keep=False)
    found: dict[str, Any] = {name: {"ms": [], "first_ms": [], "mb_over_idle": []} for name in asks}
    for turn in range(repeat):
        names = list(asks)
        dice.shuffle(names)
        for name in names:
            if name == "xlsx" and turn > 1:
                continue
            served, ask = asks[name]
            memory = Memory(served)
            memory.start()
            answer = ask()
            if answer.status != 200:
                found[name]["note"] = f"answers {answer.status}"
                continue
            found[name]["ms"].append(answer.seconds * 1000)
            found[name]["first_ms"].append(answer.first * 1000)
            found[name]["mb_over_idle"].append(memory.growth())
    (found["rows"],) = desk.store.rows(
        "SELECT count(*) FROM limit_call WHERE branch_id = ? AND received_at >= ? AND received_at < ?",
        desk.facts.branch, *days_as_moments(desk, low).values(),
    )[0]  # fmt: skip
    return found


def throughput(desk: Desk, seconds: float) -> dict[str, float]:
    """List pages in a second with four people at once, over so many seconds each: product, limit."""
    return {
        "product": _pages_per_second(desk.product, desk.list_address(), seconds),
        "limit": _pages_per_second(desk.limit, "/list", seconds),
    }


def _pages_per_second(like: Client, path: str, seconds: float) -> float:
    stop = time.perf_counter() + seconds
    counts = [0] * CLIENTS

    def browse(place: int) -> None:
        client = Client(like.port, dict(like.cookies))
        while time.perf_counter() < stop:
            client.get(path, keep=False)
            counts[place] += 1

    threads = [threading.Thread(target=browse, args=(place,)) for place in range(CLIENTS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def import_units(store: Store, rows: int, directory: Path) -> dict[str, Any]:
    """`flask import units` of so many rows, into a copy of the database: rows a second, the command's peak memory."""
    copy = store.copy_to(f"{store.name}_import")
    try:
        file = directory / "units.csv"
        _write_units(copy, rows, file)
        return _run_import(copy, file, rows, directory)
    finally:
        copy.drop()


def _write_units(store: Store, rows: int, file: Path) -> None:
    mine = (
        "SELECT c.number FROM customer c JOIN branch b ON b.id = c.branch_id"
        " WHERE b.code = 'HZ' ORDER BY c.id LIMIT 5000"
    )
    customers = [row[0] for row in store.rows(mine)]
    models = [row[0] for row in store.rows("SELECT code FROM product_model ORDER BY id")]
    dice, prefix = Random(rows), secrets.token_hex(3)
    with file.open("w", newline="", encoding="utf-8") as output:
        writer = csv.writer(output)
        writer.writerow(["serial number", "model", "customer", "delivered on", "place"])
        for number in range(rows):
            writer.writerow([
                f"IM-{prefix}-{number:06}", dice.choice(models), dice.choice(customers),
                f"20{dice.randrange(16, 26)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 28):02}", "二号泵房",
            ])  # fmt: skip


def _run_import(store: Store, file: Path, rows: int, directory: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "flask", "--app", "app", "import", "units", str(file), "--as", SUPERVISOR]
    environ = environment(store.url, directory / "instance") | {"PYTHONPATH": str(config.ROOT), "LC_ALL": "C.UTF-8"}
    started = time.perf_counter()
    with (directory / "import.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=config.ROOT, env=environ, stdout=log, stderr=log)
        watched, samples = psutil.Process(process.pid), [0.0]
        while process.poll() is None:
            try:
                samples.append(watched.memory_info().rss / 2**20)
            except psutil.Error:
                break
            time.sleep(0.05)
        process.wait()
        seconds = time.perf_counter() - started
        log.seek(0)
        said = log.read()
    own = re.search(r"\(([\d.]+) s", said)
    working = (float(own[1]) if own else 0) or seconds  # a few rows take 0.0 seconds in the command's own words
    found: dict[str, Any] = {
        "rows": rows, "seconds": working, "rows_per_second": rows / working, "peak_mb": max(samples),
        "half_way_mb": samples[len(samples) // 2],
    }  # fmt: skip
    if process.returncode:
        found["note"] = said.strip()[-300:]
    return found
