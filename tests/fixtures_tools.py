"""The clock, the count of statements, real data, and the fence around the network."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

import config
from backoffice.core import clock
from backoffice.core.db import db
from tests.run import IN_CI

#: A Monday, nine o'clock in Shanghai.
START_OF_WORK = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NOT_COUNTED = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "PRAGMA")


class FrozenClock:
    """A clock that the test moves by hand."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.set(START_OF_WORK)

    @property
    def now(self) -> datetime:
        """What the office reads."""
        return clock.now()

    def set(self, moment: datetime) -> None:
        """Show `moment`, which must be aware."""
        self._stack.close()
        self._stack.enter_context(clock.freeze(moment))

    def advance(self, **duration: float) -> datetime:
        """Move on, for example `advance(hours=2, minutes=30)`; returns the new moment."""
        self.set(self.now + timedelta(**duration))
        return self.now


@pytest.fixture
def frozen_clock() -> Iterator[FrozenClock]:
    """The office's clock, standing at nine on a Monday morning until the test moves it."""
    with ExitStack() as stack:
        yield FrozenClock(stack)


@dataclass
class Statements:
    """What was sent to the database."""

    texts: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many statements."""
        return len(self.texts)

    def __str__(self) -> str:
        return "\n".join(self.texts)


@pytest.fixture
def count_statements() -> Callable[[], AbstractContextManager[Statements]]:
    """`with count_statements() as sent: ...` - then `sent.count`, and `str(sent)` for the message of the assert."""

    @contextmanager
    def counting() -> Iterator[Statements]:
        db.session.commit()  # what the test has prepared does not count
        sent = Statements()

        def note(*details: Any) -> None:
            statement = details[2]
            if not statement.lstrip().upper().startswith(NOT_COUNTED):
                sent.texts.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return counting


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data(name)`: path of a file in the real data directory beside the checkout (or in REAL_DATA_DIR)."""
    directory = Path(os.environ.get("REAL_DATA_DIR") or config.ROOT / "../shared/data").resolve()

    def find(name: str) -> Path:
        path = directory / name
        if not path.is_file():
            (pytest.fail if IN_CI else pytest.skip)(f"{name} is not in the real data directory; REAL_DATA_DIR names it")
        return path

    return find


_fence = {"up": False}


def _refuse_foreign(occasion: str, details: tuple[Any, ...]) -> None:
    if not _fence["up"] or not occasion.startswith("socket."):
        return
    if occasion in {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"}:
        address = details[1]
        host = address[0] if isinstance(address, tuple) else None
    elif occasion in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = details[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if isinstance(host, str) and host not in {"", "localhost"} and not _is_loopback(host):
        raise RuntimeError(f"tests talk to this machine only, not to {host}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


sys.addaudithook(_refuse_foreign)


@pytest.fixture(autouse=True)
def only_this_machine() -> Iterator[None]:
    """While a test runs, no Python socket of this process reaches beyond loopback."""
    _fence["up"] = True
    yield
    _fence["up"] = False
