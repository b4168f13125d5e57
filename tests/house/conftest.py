"""The repository itself as a thing under test: its tracked files, read once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file of the repository: what git tracks, or all that is no cache where this is no clone."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [file for name in listed.stdout.decode().split("\0") if name and (file := ROOT / name).is_file()]
    hidden = {".venv", ".git", "__pycache__", "artefacts"}
    return [file for file in ROOT.rglob("*") if file.is_file() and not hidden & set(file.relative_to(ROOT).parts)]


@pytest.fixture(scope="session")
def modules(tracked: list[Path]) -> list[Path]:
    """Every Python module we wrote (Alembic's revisions are generated once and kept as they are)."""
    return [file for file in tracked if file.suffix == ".py" and "versions" not in file.parts]


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project built as a wheel, by the build libraries of the lock."""
    folder = tmp_path_factory.mktemp("wheel")
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
        root,
    ]
    built = subprocess.run(pip, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("zhishou-*.whl"))
