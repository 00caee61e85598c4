"""`python -m bench`: fill, start, measure, report. See README.md beside this file."""

import argparse
import dataclasses
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from backoffice.core import clock

from . import heavy, measure, report
from .desk import AT_ONCE, Desk, opened
from .fill import ensure_filled
from .inside import Inside, inside
from .operations import OPERATIONS, escalation, new_call, take_back
from .plain import beside_plain
from .postgres import Server
from .stores import PostgresStore, SqliteStore, Store


def main() -> None:
    """Read the command line and do it."""
    asked = _arguments()
    with ExitStack() as stack:
        directory = Path(asked.directory or stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        directory.chmod(0o711)  # an unprivileged server has to reach its cluster
        stores = _stores(asked, directory, stack)
        if asked.serve:
            _serve(stores)
            return
        for calls, store in stores:
            ensure_filled(store, calls, asked.seed, directory, _say, migrate=asked.migrate)
        if not asked.fill_only:
            _report(_measure(asked, stores, directory), asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the office beside the limit.")
    parser.add_argument("--rows", default="10000,100000,1000000", help="numbers of calls, separated by commas")
    parser.add_argument("--database", default="postgresql", help="postgresql, sqlite or both, separated by a comma")
    parser.add_argument("--repeat", type=int, default=30, help="how often each operation is done")
    parser.add_argument("--budget", type=float, default=8, help="seconds after which an operation is repeated no more")
    parser.add_argument("--seconds", type=float, default=4, help="how long four people read lists at the same time")
    parser.add_argument("--exports", type=int, default=3, help="how often 100,000 rows are exported; 0 leaves it out")
    parser.add_argument("--import-rows", type=int, default=30_000, help="units to import; 0 leaves it out")
    parser.add_argument("--directory", help="where the filled databases are kept; otherwise they are thrown away")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--seed", type=int, default=1, help="what the rows are made from")
    parser.add_argument(
        "--pg", action="append", default=[], metavar="NAME=VALUE", help="setting of the PostgreSQL server"
    )
    parser.add_argument("--migrate", action="store_true", help="migrate what was filled before instead of filling anew")
    parser.add_argument("--fill-only", action="store_true", help="fill the databases and stop")
    parser.add_argument("--serve", action="store_true", help="fill nothing: run the PostgreSQL server until Ctrl+C")
    return parser.parse_args()


def _stores(asked: argparse.Namespace, directory: Path, stack: ExitStack) -> list[tuple[int, Store]]:
    sizes = [int(text) for text in asked.rows.split(",")]
    found: list[tuple[int, Store]] = []
    for kind in asked.database.split(","):
        if kind == "postgresql":
            server = Server(directory, dict(pair.split("=", 1) for pair in asked.pg))
            server.start()
            stack.callback(server.stop)
            found += [(calls, PostgresStore(f"calls_{calls}", server)) for calls in sizes]
        elif kind == "sqlite":
            found += [(calls, SqliteStore(f"calls_{calls}", directory)) for calls in sizes]
        else:
            raise SystemExit(f"--database {kind}: postgresql or sqlite")
    return found


def _serve(stores: Sequence[tuple[int, Store]]) -> None:
    for _, store in stores:
        _say(store.url)
    try:
        while True:
            time.sleep(60)
    except KeyboardInterrupt:
        return


def _measure(asked: argparse.Namespace, stores: Sequence[tuple[int, Store]], directory: Path) -> dict[str, Any]:
    dice = Random(asked.seed)
    figures: dict[str, Any] = {}
    largest = max(calls for calls, _ in stores)
    with ExitStack() as stack:
        desks = []
        for calls, store in stores:
            with inside(store, directory) as product:
                addresses = product.addresses()
            desks.append(stack.enter_context(opened(store, calls, addresses, directory, asked.seed)))
        measured = measure.run(desks, asked.repeat, asked.budget, asked.seed, _say)
        for desk in desks:
            _say(f"{desk.title}: processor, exports, plans")
            figures[desk.title] = one = {
                "calls": desk.calls, "visible": desk.facts.visible, "hits": desk.facts.hits,
                "operations": {o.key: measured[desk.title, o.key].figures() for o in OPERATIONS},
                "cpu_ms": measure.cpu_of_lists(desk),
            }  # fmt: skip
            if desk.calls == largest:
                one["throughput"] = heavy.throughput(desk, asked.seconds)
            if asked.exports:
                one["exports"] = heavy.exports(desk, asked.exports, dice)
            with inside(desk.store, directory) as product:
                one["plans"] = _plans(desk, product, dice)
                one["beside_plain"] = beside_plain(product, desk, dice)
    if asked.import_rows:
        for calls, store in stores[:1] if len({s.kind for _, s in stores}) == 1 else _smallest_of_each(stores):
            _say(f"{store.kind} {calls:,}: import")
            figures[f"{store.kind} {calls:,}"]["imports"] = [
                heavy.import_units(store, rows, directory) for rows in (asked.import_rows // 10, asked.import_rows)
            ]
    return {"at": clock.now().isoformat(timespec="seconds"), "machine": report.machine(), "desks": figures}


def _smallest_of_each(stores: Sequence[tuple[int, Store]]) -> list[tuple[int, Store]]:
    kinds = dict.fromkeys(store.kind for _, store in stores)
    return [min((pair for pair in stores if pair[1].kind == kind), key=lambda pair: pair[0]) for kind in kinds]


def _plans(desk: Desk, product: Inside, dice: Random) -> dict[str, Any]:
    """Statements, time in the database and tables read whole of every operation; of writes only the statements."""
    found: dict[str, Any] = {}
    for one in OPERATIONS:
        if one.page is not None:
            found[one.key] = dataclasses.asdict(product.plan(one.page(desk, one.choose(desk, dice))))
    found["create"] = {
        "statements": product.statements_of(desk.addresses.new, dict(new_call(desk, desk.facts.customers[0])))
    }
    for number, key in ((5, "bulk_of_5"), (AT_ONCE, "bulk")):
        pairs: dict[str, Any] = {
            "reason": "请经理决定",
            "rowid": [v for k, v in escalation(desk, number) if k == "rowid"],
        }
        found[key] = {"statements": product.statements_of(desk.addresses.escalate, pairs)}
        take_back(desk)
    return found


def _report(result: dict[str, Any], asked: argparse.Namespace) -> None:
    print("\n".join(report.lines(result)))
    if asked.json:
        asked.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _say(words: str) -> None:
    print(f"[{time.perf_counter():8.1f}] {words}", flush=True)


if __name__ == "__main__":
    main()
