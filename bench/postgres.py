"""A PostgreSQL server of the bench's own: Debian's where it is installed, else the package that the tests use."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.postgres_server import die_with_parent, packaged_binaries, unprivileged_account

START_SECONDS = 60
STOP_SECONDS = 60
#: As in the comparison with the other frameworks; everything else is PostgreSQL's default, durable commits too.
SETTINGS = {"shared_buffers": "2GB", "jit": "off", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}


class Server:
    """A server on the cluster in `directory`/cluster, which is made when it is not there; `start` it, then `stop`."""

    def __init__(self, directory: Path, settings: dict[str, str] | None = None) -> None:
        self.directory = directory
        self.settings = SETTINGS | (settings or {})
        self.process: subprocess.Popen[Any] | None = None

    @property
    def url(self) -> str:
        """Address of its maintenance database."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.directory}"

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.directory / "cluster"

    def start(self) -> None:
        """Start it, unless one runs there already; returns when it answers, else RuntimeError with the log's end."""
        if self._answers():
            return
        account = unprivileged_account() if os.geteuid() == 0 else None
        self.directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        identity: dict[str, Any] = {"cwd": self.directory, "stdin": subprocess.DEVNULL}
        if account:
            os.chown(self.directory, account.pw_uid, account.pw_gid)
            identity |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        binaries = self._binaries(everybody=account is not None)
        if not (self.data / "PG_VERSION").exists():
            options = ["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "--no-sync"]
            initdb = [str(binaries / "initdb"), "-D", str(self.data), *options]
            made = subprocess.run(initdb, capture_output=True, text=True, check=False, **identity)
            if made.returncode:
                raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
        settings = self.settings | {
            "listen_addresses": "", "unix_socket_directories": str(self.directory), "timezone": "UTC",
            "max_connections": "200",
        }  # fmt: skip
        command = [str(binaries / "postgres"), "-D", str(self.data)]
        command += [f"--{name}={value}" for name, value in settings.items()]
        log = self.directory / "log"
        with log.open("wb") as output:
            self.process = process = subprocess.Popen(
                command, stdout=output, stderr=output, start_new_session=True, preexec_fn=die_with_parent, **identity
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"PostgreSQL does not answer:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(f"host={self.directory} user=postgres dbname=postgres connect_timeout=5").close()
        except psycopg.OperationalError:
            return False
        return True

    def _binaries(self, *, everybody: bool) -> Path:
        """The programs that fit the cluster, Debian's newest for a new one."""
        version = self.data / "PG_VERSION"
        wanted = version.read_text().strip() if version.exists() else ""
        installed = {path.parent.name: path for path in Path("/usr/lib/postgresql").glob("*/bin")}
        newest = max(installed, key=int, default="")
        if (wanted or newest) in installed:
            return installed[wanted or newest]
        return packaged_binaries(self.directory, everybody=everybody)

    def stop(self) -> None:
        """End the server that `start` has started; harmless when it is gone."""
        if self.process is None:
            return
        for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(ending)
                try:
                    self.process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        self.process = None
