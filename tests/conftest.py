"""Options and rules of the test run; the fixtures are in tests/fixtures_*.py.

pytest --database sqlite        (the default) a file for each worker
pytest --database postgresql    the server of TEST_DATABASE_URL, or one that is started for this run

Every test runs in a transaction that is rolled back, inside an application context (fixture `transaction`), unless it
is marked no_app. With CI=true a skipped test is a failure.
"""

import signal
from collections.abc import Generator
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import settings

from tests import run

pytest_plugins = ["tests.fixtures_app", "tests.fixtures_browser", "tests.fixtures_live", "tests.fixtures_tools"]

settings.register_profile("office", deadline=None, derandomize=run.IN_CI, print_blob=True)
settings.load_profile("office")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=("sqlite", "postgresql"), default="sqlite", help="on which database the tests run"
    )


def pytest_configure(config: pytest.Config) -> None:
    if _is_worker(config):
        config.stash[run.RUN] = run.Run(**config.workerinput["test_run"])
    else:
        signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))  # and tidy up


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    run.current(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["test_run"] = asdict(run.current(node.config))


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        run.end(config)


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.getoption('database')}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[config.getoption("database")]
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        if item.path.name == "test_rules.py":
            item.add_marker("no_app")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Number bytes instead of printing them: a packed file holds the time of its making, and the workers must agree."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return _refuse_skip((yield))


def _refuse_skip(report: Any) -> Any:
    """In CI nothing may be left out silently."""
    if run.IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"in CI a skipped test is a failure: {reason}"
    return report


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
