"""The office as it is started by `make run`: one process to begin with, none left at the end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import config

# The demo keeps its SQLite file whatever the database of the test run, so once is enough.
pytestmark = [pytest.mark.no_app, pytest.mark.sqlite]

START_SECONDS = 120  # the first start makes the demo data
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(*command: str, **environ: str) -> subprocess.Popen[str]:
        known = {"PATH": os.environ["PATH"], "INSTANCE_DIR": str(tmp_path), "PORT": str(port), "WEB_CONCURRENCY": "2"}
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=tmp_path,
            env=known | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)


def answers(process: subprocess.Popen[str], port: int, host: str = "127.0.0.1") -> int:
    """Status of the start page; waits until the server is there."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, process.communicate()[0]
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
                return int(connection.makefile("rb").readline().split()[1])
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def nobody_is_left(group: int) -> bool:
    """Whether every process of the group that began with this process has ended."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = entry.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            return False
    return True


def test_the_office_opens_and_closes_and_opens_again(start: Start, port: int) -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):
        process = start(str(config.ROOT / "app.py"))
        assert answers(process, port) in {200, 302}
        assert answers(process, port, host="office.example.com") == 400
        process.send_signal(ending)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 0, said
        assert f"http://127.0.0.1:{port}" in said
        assert "Demo accounts" in said
        assert "Traceback" not in said
        assert nobody_is_left(process.pid)


def test_a_taken_port_is_named(start: Start, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        process = start(str(config.ROOT / "app.py"))
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.strip().splitlines() == [f"Port {port} is in use. Choose another one, for example PORT={port + 1}"]


def test_a_refusal_is_one_message(start: Start) -> None:
    process = start(str(config.ROOT / "app.py"), MODE="production")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "SECRET_KEY is missing" in said
    assert "Traceback" not in said


def test_logs_hold_no_query(start: Start, port: int, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def app(environ, start_response):\n    raise RuntimeError('out of order')\n")
    settings = {
        "MODE": "production",
        "SECRET_KEY": "kT4v-9sQ_2mXw7Lb0ZrYc6Hd1Nf8Gp3Ju5",
        "DATABASE_URL": "sqlite://",
        "ALLOWED_HOSTS": "localhost",
        "PYTHONPATH": os.pathsep.join([str(config.ROOT), str(tmp_path)]),
    }
    process = start("-m", "gunicorn", "-c", str(config.ROOT / "gunicorn.conf.py"), "broken:app", **settings)
    assert answers(process, port) == 500
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /calls?search=13800138000 HTTP/1.0\r\nReferer: http://x/?search=13800138000\r\n\r\n")
        connection.makefile("rb").read()
    process.terminate()
    said, _ = process.communicate(timeout=30)
    assert "/calls" in said
    assert "out of order" in said
    assert "13800138000" not in said
