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

pytestmark = pytest.mark.no_app

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


def answers(port: int, host: str = "127.0.0.1") -> int:
    """Status of the start page; waits until the server is there."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
                return int(connection.makefile("rb").readline().split()[1])
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def is_alone_in_its_group(group: int) -> bool:
    """Whether no living process is left of the group that began with this process."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = entry.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            return False
    return True


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_office_opens_and_closes(start: Start, port: int, ending: signal.Signals) -> None:
    process = start(str(config.ROOT / "app.py"))
    assert answers(port) in {200, 302}
    assert answers(port, host="office.example.com") == 400
    process.send_signal(ending)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert f"http://127.0.0.1:{port}" in said
    assert "Demo accounts" in said
    assert "Traceback" not in said
    assert is_alone_in_its_group(process.pid)


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
    assert answers(port) == 500
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /calls?search=13800138000 HTTP/1.0\r\nReferer: http://x/?search=13800138000\r\n\r\n")
        connection.makefile("rb").read()
    process.terminate()
    said, _ = process.communicate(timeout=30)
    assert "/calls" in said
    assert "out of order" in said
    assert "13800138000" not in said
