"""A mail server and a robot's end of the line, real ones on this machine, that can behave badly."""

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Mail(socketserver.StreamRequestHandler):
    """Speaks SMTP line by line, as `server.mood` says."""

    def handle(self) -> None:
        mood = self.server.mood
        self.server.connections += 1
        if mood == "hang":
            self.server.released.wait(60)
            return
        self._say("220 test ESMTP")
        while line := self.rfile.readline().decode("ascii", "replace").strip():
            word = line.upper().partition(" ")[0]
            if mood == "drip":
                for _ in range(600):
                    if self.server.released.wait(0.1):
                        return
                    self.wfile.write(b"2")
            if word == "RCPT" and mood in {"450 later", "550 unknown"}:
                self._say(mood)
            elif word == "DATA":
                if mood == "554 no":
                    self._say(mood)
                    continue
                self._say("354 go on")
                content = []
                while (row := self.rfile.readline()) not in {b".\r\n", b""}:
                    content.append(row)
                self.server.received.append(b"".join(content).decode())
                if mood == "drop":
                    return
                self._say("552 too much" if mood == "552 after" else "250 taken")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """The mails it took stand in `received`; its `mood` is one of: ok, hang, drip, drop, or an answer."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.mood, self.received, self.connections = "ok", [], 0
        self.released = threading.Event()

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Robot(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        server: Any = self.server
        server.received.append((self.path, json.loads(self.rfile.read(size))))
        if server.mood == "hang":
            server.released.wait(60)
            return
        if server.mood == "drop":
            self.connection.close()
            return
        status, answer = server.answer
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *args: Any) -> None:
        pass


class RobotServer(ThreadingHTTPServer):
    """What was posted stands in `received`; it answers `answer`, or behaves as `mood` says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Robot)
        self.mood, self.received, self.answer = "ok", [], (200, {"errcode": 0, "code": 0})
        self.released = threading.Event()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, *args: Any) -> None:
        pass


@contextmanager
def running(server: Any) -> Iterator[Any]:
    """The server in a thread of its own, for the time of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def took(most: float) -> Iterator[None]:
    """That the block took no longer."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < most
