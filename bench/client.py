"""A small HTTP client with a cookie jar that times what it asks."""

import http.client
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Answer:
    """What came back. `seconds` to the last byte, `first` to the first one."""

    status: int
    body: bytes
    seconds: float
    first: float
    location: str = ""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


@dataclass
class Client:
    """One browser at one server on loopback; its connection is kept open."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    timeout: float = 300

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)

    def get(self, path: str, *, keep: bool = True) -> Answer:
        """Ask for a page."""
        return self._send("GET", path, None, keep=keep)

    def post(self, path: str, pairs: list[tuple[str, str]], *, keep: bool = True) -> Answer:
        """Send a form with the CSRF token and a fresh key."""
        pairs = [*pairs, ("csrf_token", self.csrf), ("client_key", secrets.token_urlsafe(16))]
        return self._send("POST", path, urlencode(pairs).encode(), keep=keep)

    def take_token(self, page: Answer) -> None:
        """Keep the CSRF token of a page."""
        found = _CSRF.search(page.text)
        if found:
            self.csrf = found[1]

    def _send(self, method: str, path: str, body: bytes | None, *, keep: bool) -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Host": "127.0.0.1"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        for attempt in (1, 2):
            try:
                return self._once(method, path, body, headers, keep=keep)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self._connection.close()  # the server has closed an idle connection
                if attempt == 2:
                    raise
        raise AssertionError

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str], *, keep: bool) -> Answer:
        if self._connection.sock is None:
            self._connection.connect()  # not part of what is timed
        started = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        parts = [answer.read(1)]
        first = time.perf_counter() - started
        while part := answer.read(1 << 16):
            parts.append(part if keep else b"")
        seconds = time.perf_counter() - started
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        if answer.will_close:
            self._connection.close()
        return Answer(answer.status, b"".join(parts), seconds, first, answer.headers.get("Location", ""))
