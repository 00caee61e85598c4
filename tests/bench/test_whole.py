"""The bench from end to end on a few calls, and the servers that it starts."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from bench.operations import OPERATIONS
from bench.postgres import Server
from bench.stores import PostgresStore, SqliteStore, Store

pytestmark = pytest.mark.no_app


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory with a short name, through which an unprivileged server may go."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.mark.sqlite
def test_every_operation_is_measured(directory: Path) -> None:
    """Neither product nor limit refuses what the bench asks; nothing is said of the times."""
    figures = directory / "figures.json"
    command = [
        sys.executable, "-m", "bench", "--database", "sqlite", "--rows", "300", "--repeat", "1", "--exports", "1",
        "--import-rows", "20", "--seconds", "0.2", "--directory", str(directory), "--json", str(figures),
    ]  # fmt: skip
    run = subprocess.run(command, cwd=config.ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    desk = json.loads(figures.read_text())["desks"]["sqlite 300"]
    for one in OPERATIONS:
        found = desk["operations"][one.key]
        assert found["ratio"] > 0, (one.key, found["note"])
        assert not found["note"].startswith("fails"), (one.key, found["note"])
        assert desk["plans"][one.key]["statements"] > 0
    assert set(desk["beside_plain"]) == {
        "board", "goods", "cards", "movements", "balance", "dues", "payments", "invoices", "cash", "ages",
    }  # fmt: skip
    assert all(found["statements"] > 0 for found in desk["beside_plain"].values())
    assert all(desk["exports"][kind]["ms"] for kind in ("csv", "xlsx", "limit"))
    assert all("note" not in found for found in desk["imports"])
    assert "list page 1" in run.stdout


def comes_and_goes(store: Store, other: str) -> None:
    store.make()
    store.execute("CREATE TABLE a (b integer)", "INSERT INTO a VALUES (1), (2)")
    copy = store.copy_to(other)
    copy.execute("DELETE FROM a WHERE b = 1")
    assert copy.rows("SELECT b FROM a WHERE b > ?", 0) == [(2,)]
    assert store.rows("SELECT count(*) FROM a") == [(2,)]
    for one in (store, copy):
        assert one.exists()
        one.drop()
        assert not one.exists()


@pytest.mark.sqlite
def test_a_database_in_a_file(directory: Path) -> None:
    comes_and_goes(SqliteStore("one", directory), "two")


@pytest.mark.postgresql
def test_a_server_of_its_own(directory: Path) -> None:
    server = Server(directory, {"shared_buffers": "16MB"})
    server.start()
    try:
        second = Server(directory)  # finds the first and leaves it to its owner
        second.start()
        second.stop()
        store = PostgresStore("one", server)
        comes_and_goes(store, "two")
        store.make()
        assert store.rows("SHOW shared_buffers") == [("16MB",)]
    finally:
        server.stop()
    assert not (directory / "cluster" / "postmaster.pid").exists()
