"""The two applications as they are served in production: gunicorn with the product's settings, two workers."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

import config
from tests.postgres_server import die_with_parent

WORKERS = 2
START_SECONDS = 60


class Served:
    """One application under gunicorn; `start` it, then `stop` it."""

    def __init__(self, application: str, environ: dict[str, str], log: Path) -> None:
        self.application, self.environ, self.log = application, environ, log
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when all workers answer. No worker is replaced while it is measured."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
        own = {"PYTHONPATH": str(config.ROOT), "PORT": str(self.port), "WEB_CONCURRENCY": str(WORKERS)}
        command = [
            sys.executable, "-m", "gunicorn", "-c", str(config.ROOT / "gunicorn.conf.py"), "--max-requests", "0",
            self.application,
        ]  # fmt: skip
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=config.ROOT, env=kept | self.environ | own, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.application} does not start, see {self.log}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return connection.recv(12).startswith(b"HTTP/")
        except OSError:
            return False

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children()

    def cpu_seconds(self) -> float:
        """Seconds of processor that the workers have used so far."""
        return sum(sum(worker.cpu_times()[:2]) for worker in self.workers)

    def stop(self) -> None:
        """End it; harmless when it is gone."""
        if self.process is None:
            return
        for ending, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
            if self.process.poll() is None:
                os.killpg(self.process.pid, ending)
                try:
                    self.process.wait(patience)
                except subprocess.TimeoutExpired:
                    continue
        self.process = None


class Memory:
    """The growth of the workers of `served` between `start` and `growth`: the most that one of them has had, in MB."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.idle: dict[int, int] = {}

    def start(self) -> None:
        """Note what they hold now and forget the peaks so far (Linux keeps them for each process)."""
        for worker in self.served.workers:
            Path(f"/proc/{worker.pid}/clear_refs").write_text("5")
            self.idle[worker.pid] = worker.memory_info().rss

    def growth(self) -> float:
        """MB by which the peak of any worker lies above what it held at the start."""
        return max((_peak(pid) - idle) / 2**20 for pid, idle in self.idle.items())


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def peak_of_children() -> float:
    """The largest memory that any ended child has had, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
