"""What every test may ask for: real programs by name (``@pytest.mark.peer``) and golden files (``--accept``)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.clean_debian import packed_root

pytest_plugins = ("tests.fixtures_centre",)  # centre, client, person, token …

Find = Callable[[], str | None]


def on_path(*names: str) -> Find:
    """The first of these programs that is there. Debian keeps some outside an ordinary user's PATH."""
    folders = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return lambda: next((found for name in names if (found := shutil.which(name, path=folders))), None)


def file_at(path: str) -> Find:
    return lambda: path if Path(path).is_file() else None


def newest_at(pattern: str) -> Find:
    """Of a program that Debian keeps once per version, outside every PATH."""
    return lambda: next(iter(sorted(map(str, Path("/").glob(pattern.lstrip("/"))), reverse=True)), None)


def when_it_runs(*command: str) -> Find:
    """For an ability rather than a program: the command is tried once and must end with 0."""

    def find() -> str | None:
        program = shutil.which(command[0])
        if program is None:
            return None
        tried = subprocess.run(command, capture_output=True, check=False, timeout=20)
        return program if tried.returncode == 0 else None

    return find


# name in @pytest.mark.peer("…") -> how it is found here. scripts/debian-packages installs them all.
PEERS: dict[str, Find] = {
    "chromium": on_path("chromium", "chromium-browser"),
    "clean debian": packed_root,
    "debugfs": on_path("debugfs"),
    "dmidecode": on_path("dmidecode"),
    "dpkg-deb": on_path("dpkg-deb"),
    "gcc": on_path("gcc"),
    "ipmi_sim": on_path("ipmi_sim"),
    "ipmitool": on_path("ipmitool"),
    "journalctl": on_path("journalctl"),
    "journald": file_at("/lib/systemd/systemd-journald"),
    "logger": on_path("logger"),
    "loop device": when_it_runs("losetup", "--find"),
    "mariadbd": on_path("mariadbd"),
    "mkfs.ext4": on_path("mkfs.ext4"),
    "mount": when_it_runs("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"),
    "node_exporter": on_path("prometheus-node-exporter", "node_exporter"),
    "nut": file_at("/lib/nut/dummy-ups"),
    "openssl": on_path("openssl"),
    "postgres": newest_at("/usr/lib/postgresql/*/bin/postgres"),
    "prometheus": on_path("prometheus"),
    "promtool": on_path("promtool"),
    "root": lambda: "uid 0" if os.getuid() == 0 else None,
    "smartctl": on_path("smartctl"),
    "snmpd": on_path("snmpd"),
    "snmptrap": on_path("snmptrap"),
    "systemd-analyze": on_path("systemd-analyze"),
    "systemd-cat": on_path("systemd-cat"),
    "unshare": on_path("unshare"),
    "victoria-metrics": on_path("victoria-metrics", "victoria-metrics-prod"),
}


@cache
def peer_path(name: str) -> str | None:
    """Where the program called ``name`` in PEERS is, None when it is missing."""
    if name not in PEERS:
        raise pytest.UsageError(f"peer({name!r}): tests/conftest.py knows {', '.join(PEERS)}")
    return PEERS[name]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="write golden files anew; the diff is the review")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A missing peer skips the test by name, and fails it where nothing may be missing (CI=true)."""
    for mark in item.iter_markers("peer"):
        for name in mark.args:
            if peer_path(name) is not None:
                continue
            reason = f"{name} is missing on this machine (scripts/debian-packages installs it where it may)"
            if os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def peer() -> Callable[[str], str]:
    """``peer("prometheus")`` is the path of that program; ask only in a test marked with it."""

    def path(name: str) -> str:
        found = peer_path(name)
        assert found is not None, f"{name}: mark the test with @pytest.mark.peer({name!r})"
        return found

    return path


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """``golden("page.txt", text)`` compares with golden/page.txt beside the test; ``pytest --accept`` writes it."""
    folder = request.path.parent / "golden"
    accept = bool(request.config.getoption("--accept"))

    def compare(name: str, text: str) -> None:
        file = folder / name
        if accept:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.is_file(), f"{file}: not there yet; run pytest --accept and read what it wrote"
        assert text == file.read_text(encoding="utf-8"), f"{file} differs; pytest --accept if the new text is right"

    return compare
