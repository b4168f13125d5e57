"""`zhishou agent`: a pass printed, passes sent, an end when asked for one, and nothing of the centre loaded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.running import Passes, seconds_to_next
from readings.delivery.answer import TransportError
from readings.delivery.credential import Credential, keep
from readings.delivery.https import client
from readings.delivery.spool import Spool
from readings.delivery.transport import Transport
from readings.model import Clocks, Sample
from readings.wire import unpack_series
from zhishou import main

Centre = Any  # the one of conftest, which a test folder without packages cannot import
FOREIGN = {"fastapi", "sqlmodel", "sqlalchemy", "duckdb", "numpy", "pysnmp", "yaml", "pydantic", "uvicorn", "server"}
ZHISHOU = [sys.executable, "-c", "from zhishou import main; raise SystemExit(main())"]


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [*ZHISHOU, "agent", "run", "--interval", "1", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as agent:
        try:
            yield agent
        finally:
            agent.kill()


def test_importing_the_agent_loads_nothing_of_the_centre() -> None:
    look = """
import pkgutil, sys, agent, readings
for package in (agent, readings):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        __import__(module.name)
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert FOREIGN & set(said.stdout.split()) == set()


def test_running_loads_no_psutil_on_linux_where_files_say_it_cheaper() -> None:
    look = "import sys, agent.host.sources, agent.running, agent.oslog.sources; print('psutil' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ("False" if sys.platform == "linux" else "True")


def test_check_on_a_host_without_anything_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agent", "check", "--json", "--root", str(tmp_path), "--state", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    (cpu,) = (row for row in said if row["metric"] == "cpu")
    assert cpu["gap"] == "not_offered"
    assert {frozenset(row) for row in said} <= {
        frozenset({"metric", "part", "value"}),
        frozenset({"metric", "part", "gap"}),
    }
    assert main(["agent", "check", "--root", str(tmp_path), "--state", str(tmp_path)]) == 0
    assert "/proc/stat: " in capsys.readouterr().out


def test_check_reads_this_very_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agent", "check", "--json", "--state", str(tmp_path)]) == 0
    said = {(row["metric"], row["part"]): row.get("value") for row in json.loads(capsys.readouterr().out)}
    assert 0 <= said["cpu_busy_ratio", "total"] <= 1
    assert said["memory_total_bytes", ""] > 2**20
    assert said["source_success", "memory"] == 1
    assert len(said) > 200


@pytest.mark.parametrize(("lang", "words"), [("zh", "尚未注册"), ("en", "not enrolled")])
def test_the_table_says_whether_the_host_is_enrolled(
    lang: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["agent", "check", "--lang", lang, "--root", str(tmp_path), "--state", str(tmp_path)]) == 0
    assert words in capsys.readouterr().out


def test_a_wrong_setting_ends_the_start_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHISHOU_AGENT_INTERVAL_S", "often")
    assert main(["agent", "run"]) == 2
    assert "interval_s: 'often' is not a number" in capsys.readouterr().err


def test_passes_reach_the_centre_under_the_credential(centre: Centre, tmp_path: Path) -> None:
    keep(tmp_path, Credential(centre.url, "agent-1", "SRV-1", "zsa_secret"))
    with running("--state", str(tmp_path)) as agent:
        assert centre.took.wait(30)
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(20) == 0
    assert set(centre.credentials) == {"Bearer zsa_secret"}
    series = {name for block in centre.batches[0].blocks for name, _ in unpack_series(block.series)}
    assert {"cpu_busy_ratio", "memory_used_ratio", "source_success", "spool_ticks"} <= series
    assert oct((tmp_path / "spool.db").stat().st_mode)[-3:] == "600"


def test_an_agent_that_is_not_let_in_keeps_everything_and_says_so(centre: Centre, tmp_path: Path) -> None:
    keep(tmp_path, Credential(centre.url, "agent-1", "SRV-1", "zsa_revoked"))
    centre.status = 401
    with running("--state", str(tmp_path)) as agent:
        assert agent.stderr is not None
        said = next(line for line in agent.stderr if "does not let" in line)
        agent.send_signal(signal.SIGINT)
        agent.stderr.read()
        assert agent.wait(20) == 0
    assert "401" in said
    spool = Spool(tmp_path / "spool.db")
    assert spool.counters().waiting >= 1
    spool.close()


def test_a_second_agent_on_the_same_state_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spool = Spool(tmp_path / "spool.db")
    try:
        assert main(["agent", "run", "--state", str(tmp_path)]) == 1
    finally:
        spool.close()
    assert "another process has this spool" in capsys.readouterr().err


class Slow:
    """A source that stops the agent at its third pass."""

    name = "slow"

    def __init__(self, stop: threading.Event) -> None:
        self.passes = 0
        self._stop = stop

    def read(self) -> list[Sample]:
        self.passes += 1
        if self.passes == 3:
            self._stop.set()
        if self.passes == 2:
            raise OSError(5, "Input/output error")
        return [Sample("load1", 1.0)]


def test_a_source_that_fails_costs_its_own_pass_only(tmp_path: Path) -> None:
    stop = threading.Event()
    source = Slow(stop)
    spool = Spool(tmp_path / "spool.db")
    passes = Passes([source], [], spool, lambda: Clocks("boot", 999_999_999, 5))
    passes.follow(1.0)
    passes.run(stop)
    assert source.passes == 3
    assert spool.counters().waiting == 3
    spool.close()


@pytest.mark.parametrize(("boottime", "seconds"), [(0, 15), (15 * 10**9, 15), (14 * 10**9, 1), (15 * 10**9 - 1, 1e-9)])
def test_passes_stand_on_whole_intervals(boottime: int, seconds: float) -> None:
    assert seconds_to_next(boottime, 15.0) == pytest.approx(seconds)


def test_an_answer_comes_with_its_status_and_its_wish(centre: Centre) -> None:
    centre.status = 503
    with client(centre.url, None) as http:
        answer = Transport(http, "x").post(b"anything")
    assert answer.status == 503
    assert b"as the test wants" in answer.body


def test_no_answer_is_a_transport_error() -> None:
    with client("http://127.0.0.1:1", None) as http, pytest.raises(TransportError, match="ConnectError"):
        Transport(http, "x").post(b"")


def test_a_proxy_of_the_environment_never_sees_a_reading(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    centre.status = 503
    with client(centre.url, None) as http:
        assert Transport(http, "x").post(b"").status == 503


def test_a_centre_that_answers_without_end_is_cut_off() -> None:
    def pour(_: httpx.Request) -> httpx.Response:
        return httpx.Response(500, content=(os.urandom(4096) for _ in range(10_000)))

    with httpx.Client(base_url="http://127.0.0.1", transport=httpx.MockTransport(pour)) as http:
        assert len(Transport(http, "x").post(b"").body) <= 70_000
