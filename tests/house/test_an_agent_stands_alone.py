"""A host gets five small libraries and no piece of the centre: installed from its lock, in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CENTRE_ONLY = ["fastapi", "sqlmodel", "sqlalchemy", "duckdb", "numpy", "pysnmp", "uvicorn", "pydantic"]
LOOK = """
import json, sys
sys.argv = ["zhishou", "agent", "check", "--json"]
from zhishou import main
try:
    code = main()
except SystemExit as stop:
    code = stop.code
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"code": code or 0, "loaded": loaded}), file=sys.stderr)
"""


def run(*command: str | Path, cwd: Path, minutes: float = 5) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=minutes * 60)


@pytest.fixture(scope="module")
def alone(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment that holds what requirements/agent.lock pins and this project, no more."""
    folder = tmp_path_factory.mktemp("alone")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    pip: list[str | Path] = [python, "-m", "pip", "install", "-q", "--no-input", "--retries", "1"]
    locked = run(*pip, "--require-hashes", "-r", root / "requirements" / "agent.lock", cwd=folder)
    if locked.returncode != 0 and "No matching distribution" in locked.stderr and os.environ.get("CI") != "true":
        pytest.skip("no package index can be reached from here")
    assert locked.returncode == 0, locked.stderr
    own = run(*pip, "--no-deps", "--no-index", wheel, cwd=folder)
    assert own.returncode == 0, own.stderr
    return python


@pytest.fixture(scope="module")
def checked(alone: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, object]], dict[str, object]]:
    """What `agent check --json` printed there, and how it ended with what it had loaded."""
    told = run(alone, "-I", "-c", LOOK, cwd=tmp_path_factory.mktemp("elsewhere"))
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout), json.loads(told.stderr.splitlines()[-1])


def test_an_agent_alone_checks_its_host(checked: tuple[list[dict[str, object]], dict[str, object]]) -> None:
    readings, end = checked
    assert end["code"] == 0
    assert {"metric", "part", "value"} in [reading.keys() for reading in readings]
    assert all(("value" in reading) != ("gap" in reading) for reading in readings)
    assert {"cpu_busy_ratio", "memory_used_ratio", "source_success"} <= {str(reading["metric"]) for reading in readings}


def test_an_agent_loads_no_piece_of_the_centre(
    checked: tuple[list[dict[str, object]], dict[str, object]],
) -> None:
    loaded = checked[1]["loaded"]
    assert isinstance(loaded, list)
    assert set(CENTRE_ONLY) & set(loaded) == set()
    assert {"server", "checklists", "collector"} & set(loaded) == set()
