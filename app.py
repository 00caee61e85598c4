"""The office as a WSGI application: `gunicorn app:app`, `flask run`.

As a script (`python app.py`, or `make run`) it also brings the database up to date and then serves. In demo mode it
fills an empty database with demo data and prints the accounts.
"""

import errno
import os
import socket
import sys

from flask import Flask
from flask_migrate import upgrade

import config
from backoffice.commands import install_basics
from backoffice.core.db import db
from backoffice.factory import create_app


def main() -> None:
    """Prepare the database, say where the office is and who may log in, and become the server."""
    try:
        app = create_app()
    except config.Misconfigured as error:
        sys.exit(str(error))
    _check_port(app.config["BIND"])
    with app.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
        install_basics()
        db.session.commit()
    if app.config["MODE"] == "demo":
        _introduce_demo(app)
    with app.app_context():
        db.engine.dispose()
    print(f"The office is open at {_address(app.config['BIND'])} - Ctrl+C closes it.", flush=True)
    server = [sys.executable, "-m", "gunicorn", "-c", str(config.ROOT / "gunicorn.conf.py"), "app:app"]
    os.execve(sys.executable, server, os.environ | {"PYTHONPATH": str(config.ROOT)})  # noqa: S606 - fixed words, no shell


def _introduce_demo(app: Flask) -> None:
    from backoffice.commands import DEMO_ACCOUNTS, ensure_demo

    ensure_demo(app)
    print("Demo accounts, all with the password demo:")
    for username, role, branch in DEMO_ACCOUNTS:
        print(f"  {username:<14} {role:<28} {branch}")


def _check_port(bind: str) -> None:
    """Say it now, in one line, when the port is taken; the server would try for seconds."""
    host, _, port = bind.rpartition(":")
    if not port.isdigit():
        return
    with socket.socket(socket.AF_INET6 if "[" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                sys.exit(f"Port {port} is in use. Choose another one, for example PORT={int(port) % 65535 + 1}")
            sys.exit(f"The office cannot listen on {bind}: {error.strerror}")


def _address(bind: str) -> str:
    return bind if bind.startswith("unix:") else f"http://{bind}"


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
else:
    app = create_app()
