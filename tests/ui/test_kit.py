"""The admin kit on a toy office.

Its tables and acts must not mix with the real ones, so each file of tests/ui/kit runs in a process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import config
from tests.databases import Databases

KIT = Path(__file__).parent / "kit"


@pytest.mark.no_app
@pytest.mark.parametrize("name", sorted(path.name for path in KIT.glob("check_*.py")))
def test_kit(name: str, databases: Databases, tmp_path: Path) -> None:
    """Runs the file on the database of this test run; its output is the message."""
    database = f"toy_{name.removesuffix('.py')}"
    environment = {
        **os.environ,
        "TOY_DATABASE_URL": databases.create_bare(database),
        "PYTHONPATH": f"{KIT}{os.pathsep}{config.ROOT}",
    }
    command = [
        sys.executable, "-m", "pytest", str(KIT / name), "-q", "-c", os.devnull, "--rootdir", str(KIT),
        "--confcutdir", str(KIT), "-p", "toy_fixtures", "-p", "no:cacheprovider", "-p", "no:xdist",
        "--basetemp", str(tmp_path / "run"),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    finally:
        databases.drop(database)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
