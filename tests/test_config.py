import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import config

pytestmark = pytest.mark.no_app

KEY = "kT4v-9sQ_2mXw7Lb0ZrYc6Hd1Nf8Gp3Ju5"
PRODUCTION = {
    "MODE": "production",
    "SECRET_KEY": KEY,
    "DATABASE_URL": "postgresql://office@db/office",
    "ALLOWED_HOSTS": "office.example.com",
}


def load(tmp_path: Path, **environ: str) -> dict[str, Any]:
    return config.load({"INSTANCE_DIR": str(tmp_path), **environ})


def refusal(tmp_path: Path, **environ: str) -> str:
    with pytest.raises(config.Misconfigured) as caught:
        load(tmp_path, **environ)
    return str(caught.value)


def test_demo_needs_no_setting(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings["MODE"] == "demo"
    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/backoffice.sqlite"
    assert settings["BIND"] == "127.0.0.1:8000"
    assert settings["TRUSTED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]
    assert settings["BABEL_DEFAULT_TIMEZONE"] == "Asia/Shanghai"
    assert settings["SESSION_COOKIE_HTTPONLY"] is True
    assert settings["SESSION_COOKIE_SECURE"] is False


def test_demo_key_is_kept_and_private(tmp_path: Path) -> None:
    key = load(tmp_path)["SECRET_KEY"]
    assert len(key) >= 32
    assert load(tmp_path)["SECRET_KEY"] == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert load(tmp_path / "other")["SECRET_KEY"] != key


@pytest.mark.parametrize("mode", ["prod", "PRODUCTION", "debug"])
def test_unknown_mode_is_refused(tmp_path: Path, mode: str) -> None:
    assert "MODE" in refusal(tmp_path, MODE=mode)


def test_production_starts_when_all_is_set(tmp_path: Path) -> None:
    settings = load(tmp_path, **PRODUCTION)
    assert settings["SECRET_KEY"] == KEY
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert settings["TRUSTED_HOSTS"] == ["office.example.com"]
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize(
    "key",
    [
        "", " ", "dev", "secret", "changeme", "12345678", "Change-Me", KEY[:31], "a" * 64, "abc" * 20, "changeme" * 5,
        "change-me-change-me-change-me-change-me", "secret key secret key secret key secret key",
    ],
)  # fmt: skip
def test_production_refuses_a_weak_key(tmp_path: Path, key: str) -> None:
    text = refusal(tmp_path, **PRODUCTION | {"SECRET_KEY": key})
    assert "SECRET_KEY" in text
    assert KEY[:31] not in text


def test_production_names_everything_that_is_missing(tmp_path: Path) -> None:
    text = refusal(tmp_path, MODE="production", FLASK_DEBUG="1")
    for name in ("SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS", "FLASK_DEBUG"):
        assert name in text


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"])
def test_production_names_what_is_missing(tmp_path: Path, missing: str) -> None:
    text = refusal(tmp_path, **{name: value for name, value in PRODUCTION.items() if name != missing})
    assert [name for name in PRODUCTION if f"- {name}" in text] == [missing]


@pytest.mark.parametrize("debug", ["1", "true", "on", "yes"])
def test_production_refuses_debugging(tmp_path: Path, debug: str) -> None:
    assert "FLASK_DEBUG" in refusal(tmp_path, **PRODUCTION, FLASK_DEBUG=debug)


@pytest.mark.parametrize("hosts", ["*", "*.example.com", ".", "https://office.example.com"])
def test_hosts_must_be_names(tmp_path: Path, hosts: str) -> None:
    assert "ALLOWED_HOSTS" in refusal(tmp_path, **PRODUCTION | {"ALLOWED_HOSTS": hosts})


@pytest.mark.parametrize("bind", ["0.0.0.0:8000", "[::]:8000", ":8000", "192.168.1.5:8000", "office:8000"])
def test_demo_listens_on_this_machine_only(tmp_path: Path, bind: str) -> None:
    assert "BIND" in refusal(tmp_path, BIND=bind)
    assert load(tmp_path, **PRODUCTION, BIND=bind)["BIND"] == bind


@pytest.mark.parametrize("bind", ["127.0.0.1:9000", "localhost:9000", "[::1]:9000", "unix:/run/office.sock"])
def test_loopback_binds_are_fine_in_demo(tmp_path: Path, bind: str) -> None:
    assert load(tmp_path, BIND=bind)["BIND"] == bind


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p%40@h:5433/d?sslmode=require", "postgresql+psycopg://u:p%40@h:5433/d?sslmode=require"),
        ("postgresql://h/d", "postgresql+psycopg://h/d"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////srv/office.sqlite", "sqlite:////srv/office.sqlite"),
    ],
)
def test_database_url_names_the_driver(tmp_path: Path, given: str, used: str) -> None:
    assert load(tmp_path, DATABASE_URL=given)["SQLALCHEMY_DATABASE_URI"] == used


def test_other_databases_are_refused(tmp_path: Path) -> None:
    text = refusal(tmp_path, DATABASE_URL="mysql://root:hush@h/d")
    assert "DATABASE_URL" in text
    assert "hush" not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "0"), ("PORT", "65536"), ("PORT", "eighty"), ("PORT", "-1"), ("PORT", "²"),
     ("TRUSTED_PROXIES", "-1"), ("TRUSTED_PROXIES", "all"), ("TIME_ZONE", "Mars/Base"), ("TIME_ZONE", "../etc")],
)  # fmt: skip
def test_nonsense_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    assert name in refusal(tmp_path, **{name: value})


def test_engine_options_fit_the_database(tmp_path: Path) -> None:
    assert load(tmp_path)["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"] == {"timeout": 30}
    options = load(tmp_path, **PRODUCTION)["SQLALCHEMY_ENGINE_OPTIONS"]
    assert options["pool_pre_ping"] is True
    assert "timeout" not in options["connect_args"]


def test_server_refuses_in_one_message(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "MODE": "production", "INSTANCE_DIR": str(tmp_path)}
    settings = str(config.ROOT / "gunicorn.conf.py")
    command = [sys.executable, "-m", "gunicorn", "-c", settings, "app:app"]
    answer = subprocess.run(
        command, cwd=config.ROOT, env=environ, capture_output=True, text=True, check=False, timeout=30
    )
    assert answer.returncode != 0
    assert "SECRET_KEY is missing" in answer.stderr
    assert "Traceback" not in answer.stderr
