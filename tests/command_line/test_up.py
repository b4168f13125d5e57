"""One command and this machine is watched; one signal and nothing stays behind."""

from __future__ import annotations

import signal
import socket
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import httpx
import psutil

from tests.command_line.conftest import Run, Start, Up, left_running


def ask(up: Up, path: str, token: str) -> httpx.Response:
    return httpx.get(f"{up.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_this_machine_is_watched_within_one_command(start: Start, run: Run) -> None:
    up = start()
    password = up.wait_for(r"shown this once").rpartition(" ")[2]
    token = run("token", "create", "test", "--scope", "read").stdout.split()[-1]

    device, collector = sorted(
        ask(up, "/api/v1/devices", token).json()["devices"], key=lambda each: each["kind"] == "collector"
    )
    signed_in = httpx.post(f"{up.url}/api/v1/sign-in", json={"name": "admin", "password": password}, timeout=30)

    assert httpx.get(f"{up.url}/healthz", timeout=30).json() == {"status": "ok"}
    assert signed_in.status_code == 200
    assert signed_in.json()["person"]["scope"] == "admin"
    up.wait_for(r"agent +\| .*for device")
    for each in (device, collector):
        assert ask(up, f"/api/v1/devices/{each['device_no']}/agents", token).json()["agents"][0]["state"] == "active"
    assert (device["kind"], collector["kind"]) == ("server", "collector")
    assert stat.S_IMODE(up.data.stat().st_mode) == 0o700
    for file in up.data.rglob("*"):
        assert not stat.S_IMODE(file.stat().st_mode) & 0o077, file

    children = psutil.Process(up.program.pid).children(recursive=True)
    assert up.stop() == 0
    assert left_running(children) == []
    logged = "\n".join(up.lines)
    assert logged.count(password) == 1
    assert token not in logged
    assert "zsa_" not in logged
    assert "zse_" not in logged

    again = start()
    again.wait_for("Ctrl-C stops it")
    assert "shown this once" not in "\n".join(again.lines)
    assert len(ask(again, "/api/v1/devices", token).json()["devices"]) == 2


def test_who_dies_is_started_again_and_it_is_said(start: Start) -> None:
    up = start(env={"ZHISHOU_ADMIN_PASSWORD": "correct horse battery"})
    url = up.url
    up.wait_for("Ctrl-C stops it")

    up.child("server run").kill()
    up.wait_for(r"server ended \(signal 9\); starting it again in 1 s")
    assert httpx.get(f"{url}/healthz", timeout=60).status_code == 200
    up.child("agent run").kill()
    up.wait_for(r"agent ended \(signal 9\)")
    up.wait_for(r"agent +\| .*for device", times=2)

    assert up.stop() == 0
    assert "correct horse battery" not in "\n".join(up.lines)


def test_no_child_outlives_a_killed_supervisor(start: Start) -> None:
    up = start()
    up.wait_for("Ctrl-C stops it")
    children = psutil.Process(up.program.pid).children(recursive=True)
    assert len(children) >= 3

    up.program.kill()

    assert left_running(children) == []


def test_ctrl_c_stops_it_too(start: Start) -> None:
    up = start()
    up.wait_for(r"agent +\| .*for device")
    up.wait_for(r"collector +\| .*asks devices")

    up.program.send_signal(signal.SIGINT)

    assert up.program.wait(60) == 0
    up.wait_for("^stopped$")
    ended = [line for line in up.lines if "| " in line and ("stopped" in line or "closed" in line)]
    assert [line.split()[0] for line in ended] == ["collector", "agent", "server"]


def test_a_second_one_on_the_same_folder_says_who_has_it(start: Start, run: Run) -> None:
    up = start()
    up.wait_for("Ctrl-C stops it")

    second = run("up", "--port", "0")
    server = run("server", "run", "--port", "0")

    assert second.returncode == server.returncode == 1
    assert f"already in use by process {up.program.pid} (zhishou up)" in second.stderr
    assert "already in use by process" in server.stderr


def test_a_taken_port_is_said_before_anything_starts(run: Run) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        refused = run("up", "--port", str(taken.getsockname()[1]))

    assert refused.returncode == 1
    assert refused.stderr.startswith("zhishou up: cannot listen on 127.0.0.1:")
    assert "--port" in refused.stderr


def test_plain_http_beyond_loopback_is_refused(run: Run) -> None:
    for words in (("up",), ("server", "run")):
        refused = run(*words, "--host", "0.0.0.0", "--port", "0")

        assert refused.returncode == 1
        assert "plain HTTP beyond loopback is refused" in refused.stderr
        assert "--behind-tls-proxy" in refused.stderr


def test_an_unusable_first_password_stops_the_start(run: Run) -> None:
    refused = run("up", "--port", "0", ZHISHOU_ADMIN_PASSWORD="short")

    assert refused.returncode == 1
    assert "ZHISHOU_ADMIN_PASSWORD: a password has at least 10 characters" in refused.stderr


def test_records_that_are_damaged_stop_the_start_with_their_name(run: Run, tmp_path: Path) -> None:
    run("token", "create", "x", "--scope", "read")
    with closing(sqlite3.connect(tmp_path / "data" / "records.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
        connection.commit()

    refused = run("up", "--port", "0")

    assert refused.returncode == 1
    assert "written by a newer version" in refused.stderr
    assert "Traceback" not in refused.stderr
