"""A centre as a process of its own with people in it, for a browser to look at."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from server.audit.chain import Actor
from server.people.register import create_person
from server.records import Records
from server.senders.enrolment import create_enrolment
from tests.pages.browser.viewer import PASSWORD


def people_and_tokens(data: Path, senders: Mapping[str, str]) -> dict[str, str]:
    """Three people, and an enrolment token for each device_no of ``senders`` (its name)."""
    data.chmod(0o700)
    records = Records(data / "records.db")
    now, by = datetime.now(UTC), Actor("command", "a test")  # noqa: TID251 - before the centre owns a clock
    try:
        for name, shown, post in (
            ("jia", "甲", "sysadmin"),
            ("yi", "乙", "security_admin"),
            ("bing", "丙", "room_admin"),
        ):
            create_person(
                records,
                name=name,
                password=PASSWORD,
                display_name=shown,
                posts=[post],
                scope="admin" if name == "jia" else "write",
                language="zh",
                actor=by,
                now=now,
            )
        return {
            device_no: create_enrolment(
                records, actor=by, now=now, device_no=device_no, device_name=name, ttl=timedelta(hours=1)
            )[1]
            for device_no, name in senders.items()
        }
    finally:
        records.close()


@contextmanager
def running_centre(data: Path, log: Path) -> Iterator[str]:
    """Its address. Nothing unexpected may stand in its log at the end."""
    with log.open("wb") as output:
        command = [sys.executable, "-m", "zhishou", "server", "run", "--data", str(data), "--port", "0"]
        server = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, "ZHISHOU_LOG_LEVEL": "info"}
        )
        try:
            yield _address(server, log)
        finally:
            server.terminate()
            server.wait(timeout=20)
    assert [line for line in log.read_text().splitlines() if "unexpected error" in line] == []


def enrolled(url: str, token: str) -> dict[str, str]:
    """What the centre gave: agent_id, credential."""
    answer = httpx.post(f"{url}/api/v1/enrol", json={"token": token}, timeout=30)
    assert answer.status_code == 201, answer.text
    given: dict[str, str] = answer.json()
    return given


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(240):
        found = re.search(r"address=(http://\S+)", log.read_text())
        if found:
            return found[1]
        assert server.poll() is None, log.read_text()
        time.sleep(0.25)
    pytest.fail(f"the server says no address: {log.read_text()[-2000:]}")
