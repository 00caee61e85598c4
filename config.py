"""Settings of one installation, from environment variables only. Nothing that a manager would change in the panel.

MODE              demo (the default: works without any setting, on this machine only) or production
DATABASE_URL      sqlite:///... or postgresql://...; demo mode keeps an SQLite file in the instance directory
SECRET_KEY        signs the sessions; demo mode makes one and keeps it in the instance directory
ALLOWED_HOSTS     host names, separated by commas, under which the office answers; a leading dot takes in subdomains
PORT, BIND        port on loopback (8000); or the whole address to listen on, for example 0.0.0.0:8000
TRUSTED_PROXIES   how many reverse proxies stand in front and set X-Forwarded-* (0)
INSTANCE_DIR      directory of database, key and uploads (instance/ beside this file)
UPLOAD_DIR        directory of attachments (uploads/ in the instance directory)
TIME_ZONE         the office's time zone (Asia/Shanghai)
"""

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent
MEBIBYTE = 1024 * 1024
SHORTEST_KEY = 32
FEWEST_DIFFERENT_CHARACTERS = 8
#: Keys that stand in examples and tutorials, here in lower case.
WELL_KNOWN_KEYS = ("dev", "secret", "secretkey", "changeme", "changethis", "password", "default", "insecure", "example")


class Misconfigured(RuntimeError):
    """The office refuses to start; the text names every setting that is wrong and says what it should be."""

    def __init__(self, *problems: str) -> None:
        super().__init__("The office does not start:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


def load(environ: Mapping[str, str]) -> dict[str, Any]:
    """Flask's configuration as the environment variables ask for it.

    Raises Misconfigured, naming everything that is wrong at once. In demo mode the instance directory and, when none
    is given, a secret key are made here.
    """
    problems: list[str] = []
    mode = environ.get("MODE", "").strip() or "demo"
    if mode not in {"demo", "production"}:
        raise Misconfigured(f"MODE is {mode!r}: it must be demo or production")
    production = mode == "production"
    instance = Path(environ.get("INSTANCE_DIR", "").strip() or ROOT / "instance").resolve()

    database = _database(environ, production, instance, problems)
    hosts = _hosts(environ, production, problems)
    port = _number(environ, "PORT", 8000, range(1, 65536), problems)
    proxies = _number(environ, "TRUSTED_PROXIES", 0, range(10), problems)
    bind = _bind(environ, production, port, problems)
    zone = _zone(environ, problems)
    if production:
        problems.extend(_unfit_key(environ.get("SECRET_KEY", "")))
        if environ.get("FLASK_DEBUG", "").strip().lower() not in {"", "0", "false", "no"}:
            problems.append("FLASK_DEBUG is on: debugging shows the inside of the office to everybody, switch it off")
    if problems:
        raise Misconfigured(*problems)

    uploads = Path(environ.get("UPLOAD_DIR", "").strip() or instance / "uploads").resolve()
    for directory in (instance, uploads):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "MODE": mode,
        "SECRET_KEY": environ.get("SECRET_KEY", "").strip() or _kept_key(instance / "secret_key"),
        "SQLALCHEMY_DATABASE_URI": database,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(database),
        "TRUSTED_HOSTS": hosts,
        "TRUSTED_PROXIES": proxies,
        "PORT": port,
        "BIND": bind,
        "INSTANCE_DIR": str(instance),
        "UPLOAD_DIR": str(uploads),
        "BABEL_DEFAULT_TIMEZONE": zone,
        "PREFERRED_URL_SCHEME": "https" if production else "http",
        "SESSION_COOKIE_NAME": "__Host-backoffice" if production else "backoffice",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": production,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "WTF_CSRF_TIME_LIMIT": None,  # a form may lie open over lunch; its token lives as long as the session
        "MAX_CONTENT_LENGTH": 12 * MEBIBYTE,
        "MAX_FORM_PARTS": 2_000,  # a parts sale has up to 200 lines of six fields
        "MAX_FORM_MEMORY_SIZE": 2 * MEBIBYTE,  # a text of 1 MB reaches its field, which refuses it with a sentence
    }


def engine_options(url: str) -> dict[str, Any]:
    """SQLAlchemy's engine options for the database behind `url`."""
    options: dict[str, Any] = {"hide_parameters": True}  # names and phone numbers stay out of the logs
    if url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": 30}}
    # A database that is gone or cut off shows within seconds instead of hanging a clerk's page.
    patience = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 5}
    return options | {"pool_pre_ping": True, "pool_timeout": 10, "connect_args": patience}


def _database(environ: Mapping[str, str], production: bool, instance: Path, problems: list[str]) -> str:
    url = environ.get("DATABASE_URL", "").strip()
    if not url:
        if production:
            problems.append("DATABASE_URL is missing: say where the records are kept, for example postgresql:///office")
        return f"sqlite:///{instance / 'backoffice.sqlite'}"
    scheme, colon, rest = url.partition(":")
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg{colon}{rest}"
    if scheme not in {"sqlite", "postgresql+psycopg"}:
        problems.append("DATABASE_URL must begin with postgresql:// or sqlite:///")
    return url


def _hosts(environ: Mapping[str, str], production: bool, problems: list[str]) -> list[str]:
    hosts = [host.strip() for host in environ.get("ALLOWED_HOSTS", "").split(",") if host.strip()]
    if not hosts and production:
        problems.append("ALLOWED_HOSTS is missing: name the host under which the office is reached")
    problems.extend(
        f"ALLOWED_HOSTS contains {host!r}: write host names, a leading dot takes in subdomains"
        for host in hosts
        if "*" in host or "/" in host or not host.strip(".")
    )
    return hosts or ["127.0.0.1", "localhost", "[::1]"]


def _number(environ: Mapping[str, str], name: str, default: int, allowed: range, problems: list[str]) -> int:
    text = environ.get(name, "").strip() or str(default)
    if text.isascii() and text.isdigit() and int(text) in allowed:
        return int(text)
    problems.append(f"{name} is {text!r}: it must be a whole number from {allowed[0]} to {allowed[-1]}")
    return default


def _bind(environ: Mapping[str, str], production: bool, port: int, problems: list[str]) -> str:
    bind = environ.get("BIND", "").strip()
    if bind and not production and not _is_loopback(bind):
        problems.append(f"BIND is {bind!r}: the demo accounts are public, so demo mode listens on 127.0.0.1 only")
    return bind or f"127.0.0.1:{port}"


def _is_loopback(bind: str) -> bool:
    if bind.startswith("unix:"):
        return True
    host = bind.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _zone(environ: Mapping[str, str], problems: list[str]) -> str:
    name = environ.get("TIME_ZONE", "").strip() or "Asia/Shanghai"
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        problems.append(f"TIME_ZONE is {name!r}: there is no such zone, write a name such as Asia/Shanghai")
        return name


def _unfit_key(key: str) -> list[str]:
    """What is wrong with a production key, in words that never repeat the key."""
    key = key.strip()
    advice = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if not key:
        return [f"SECRET_KEY is missing: {advice}"]
    plain = "".join(character for character in key.lower() if character.isalnum())
    if plain in WELL_KNOWN_KEYS or any(known * (len(plain) // len(known)) == plain for known in WELL_KNOWN_KEYS):
        return [f"SECRET_KEY is one that everybody knows: {advice}"]
    if len(key) < SHORTEST_KEY:
        return [f"SECRET_KEY is shorter than {SHORTEST_KEY} characters: {advice}"]
    if len(set(key)) < FEWEST_DIFFERENT_CHARACTERS:
        return [f"SECRET_KEY repeats a few characters: {advice}"]
    return []


def _kept_key(path: Path) -> str:
    """The demo key of this instance directory; the first caller makes it, readable by its owner only."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # whoever is second takes the key of the first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    path.chmod(0o600)
    return path.read_text(encoding="ascii").strip()
