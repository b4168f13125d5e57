"""`zhishou server init`, and from then on HTTPS: the centre, the agent beside it, and one that comes by its token."""

from __future__ import annotations

import re
import socket
import ssl
import time
from pathlib import Path

import httpx
import pytest

from tests.command_line.conftest import WITHIN_S, Run, Start, Up


def trust(data: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=data / "tls" / "ca.crt")


def knock(up: Up, name: str) -> None:
    """A handshake that wants a certificate for this name."""
    address = ("127.0.0.1", int(up.url.rpartition(":")[2]))
    with socket.create_connection(address) as raw, trust(up.data).wrap_socket(raw, server_hostname=name):
        pass


def test_one_word_before_up_and_everything_is_https(start: Start, run: Run, tmp_path: Path) -> None:
    made = run("server", "init")
    assert made.returncode == 0, made.stderr
    fingerprint = made.stdout.split()[-1]

    up = start()
    assert up.url.startswith("https://127.0.0.1:")
    up.wait_for(r"agent +\| .*for device .* sending to https://")
    assert httpx.get(f"{up.url}/healthz", verify=trust(up.data), timeout=30).json() == {"status": "ok"}
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{up.url}/healthz", timeout=30)
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{up.url.replace('https', 'http')}/healthz", timeout=30)

    token = run("enrolment", "create", "--device", "S-001").stdout.split()[-1]
    assert token.endswith(f".{fingerprint}")
    state = tmp_path / "another"
    came = run("agent", "enrol", "--server", up.url, "--state", str(state), ZHISHOU_ENROLMENT_TOKEN=token)
    assert came.returncode == 0, came.stderr
    assert (state / "ca.crt").read_bytes() == (up.data / "tls" / "ca.crt").read_bytes()

    with pytest.raises(ssl.SSLCertVerificationError, match=r"watch\.example"):
        knock(up, "watch.example")
    before = httpx.get(f"{up.url}/api/v1/ca", verify=trust(up.data), timeout=30).content
    assert run("server", "init", "--name", "watch.example").returncode == 0
    up.wait_for("certificate taken over")
    knock(up, "watch.example")  # met by a new connection, without a restart
    assert httpx.get(f"{up.url}/api/v1/ca", verify=trust(up.data), timeout=30).content == before
    assert up.stop() == 0
    assert token.partition(".")[0] not in "\n".join(up.lines)


def test_with_a_certificate_it_may_listen_beyond_loopback(run: Run, tmp_path: Path) -> None:
    # Not started (tests stay on loopback): a taken port is what stops it, no longer the address.
    assert "plain HTTP beyond loopback is refused" in run("server", "run", "--host", "192.0.2.1").stderr
    run("server", "init", "--name", "192.0.2.1")

    refused = run("server", "run", "--host", "192.0.2.1", "--port", "0")

    assert re.search(r"cannot listen on 192\.0\.2\.1", refused.stderr)


def test_files_that_do_not_belong_together_are_named(run: Run, tmp_path: Path) -> None:
    run("server", "init")
    half = run("server", "init", "--cert", str(tmp_path / "data" / "tls" / "server.pem"))
    assert half.returncode == 1
    assert "--cert, --key and --ca belong together" in half.stderr

    other = run("server", "init", "--data", str(tmp_path / "other"))
    assert other.returncode == 0
    mixed = run(
        *("server", "init", "--cert", str(tmp_path / "data" / "tls" / "server.pem")),
        *("--key", str(tmp_path / "other" / "tls" / "server.pem")),
        *("--ca", str(tmp_path / "data" / "tls" / "ca.crt")),
    )
    assert mixed.returncode == 1
    assert mixed.stderr.count("does not fit") == 1
    assert "Traceback" not in mixed.stderr


def test_a_damaged_certificate_stops_the_start_with_its_name(run: Run, tmp_path: Path) -> None:
    run("server", "init")
    (tmp_path / "data" / "tls" / "server.pem").write_text("damaged")
    refused = run("server", "run", "--port", "0")
    assert refused.returncode == 1
    assert "server.pem: cannot be served with" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_running_agent_follows_its_configuration_and_changes_its_credential(start: Start, run: Run) -> None:
    assert run("server", "init").returncode == 0
    up = start()
    up.wait_for(r"agent +\| .*for device")
    admin = run("token", "create", "boss", "--scope", "admin").stdout.split()[-1]
    headers = {"Authorization": f"Bearer {admin}"}
    with httpx.Client(base_url=up.url, verify=trust(up.data), headers=headers, timeout=30) as http:
        up.wait_for(r"collector +\| .*device list 1: 0 devices")
        [device] = [each for each in http.get("/api/v1/devices").json()["devices"] if each["kind"] == "server"]
        agents = f"/api/v1/devices/{device['device_no']}/agents"
        [agent] = http.get(agents).json()["agents"]
        before = (up.data / "agent" / "credential.json").read_text()

        wanted = {"interval_s": 1, "rotate_credential": True}
        assert http.patch(f"/api/v1/agents/{agent['agent_id']}", json=wanted).status_code == 200
        up.wait_for(r"agent +\| .*configuration 1 of the centre is followed")
        up.wait_for(r"agent +\| .*the credential was changed")

        assert (up.data / "agent" / "credential.json").read_text() != before
        up.child("agent run").kill()
        up.wait_for(r"agent +\| .*for device", times=2)
        give_up = time.monotonic() + WITHIN_S
        while http.get(agents).json()["agents"][0]["rotate_credential"]:  # until the centre's next second
            assert time.monotonic() < give_up, "\n".join(up.lines)
            time.sleep(0.2)
        [after] = http.get(agents).json()["agents"]
    assert (after["state"], after["settings"]) == ("active", {"interval_s": 1.0})
    assert up.stop() == 0
