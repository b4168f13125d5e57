"""What the tests of probes share: servers on free loopback ports, and one line about what came back."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from readings.catalogue import Catalogue, load_catalogue
from readings.model import Event, Fact, Gap, Sample
from tests import loopback
from tests.loopback import Serve


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the repository."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def closed_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def values(catalogue: Catalogue) -> Callable[[Iterable[Sample | Event | Fact]], dict[str, float | str]]:
    """``{"metric part": value or the gap's word}``; every metric must stand in the catalogue, with a known state."""

    def told(items: Iterable[Sample | Event | Fact]) -> dict[str, float | str]:
        found: dict[str, float | str] = {}
        for item in items:
            if not isinstance(item, Sample):
                continue
            metric, name = catalogue[item.metric], f"{item.metric} {item.part}".strip()
            assert name not in found, f"{name} is told twice"
            assert metric.part or not item.part, f"{name}: the catalogue says part {metric.part!r}"
            if metric.states and not isinstance(item.value, Gap):
                assert int(item.value) in metric.states, f"{name}: {item.value} is no state"
            found[name] = item.value.word if isinstance(item.value, Gap) else item.value
        return found

    return told


@pytest.fixture(scope="session")
def serving() -> Callable[[Serve], AbstractAsyncContextManager[int]]:
    """tests.loopback.serving"""
    return loopback.serving


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """``certificates(30)`` is a PEM file (key and certificate of localhost) made now for that many days."""
    folder = tmp_path_factory.mktemp("certificates")

    def make(days: int) -> Path:
        file = folder / f"{days}.pem"
        if not file.exists():
            key, cert = folder / f"{days}.key", folder / f"{days}.crt"
            command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
            command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
            command += ["-days", str(days), "-keyout", str(key), "-out", str(cert)]
            subprocess.run(command, check=True, capture_output=True, timeout=30)
            file.write_text(key.read_text() + cert.read_text())
        return file

    return make
