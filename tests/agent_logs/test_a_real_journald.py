"""A systemd-journald of our own, in a mount namespace: what it really keeps, rotates and throws away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

INSIDE = Path(__file__).with_name("in_a_journal.py")
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.peer("journald", "journalctl", "systemd-cat", "logger", "mount")
def test_what_services_say_is_told_once_over_restarts_and_rotation() -> None:
    ran = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", sys.executable, str(INSIDE)],
        capture_output=True,
        check=False,
        timeout=180,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert ran.returncode == 0, ran.stderr.decode()
    answers = json.loads(ran.stdout)
    lost, after = answers.pop("the place is gone")
    assert answers == {
        "errors only, both ways in": [
            ["user_log", "matchd: order book 订单簿 broken"],
            ["user_log", "oldd: disk quota reached"],
        ],
        "a self-test": [["journal", "1.0"]],
        "after a restart": [],
        "said between two runs": [["user_log", "matchd: while nobody read"]],
        "across a rotation": [["user_log", "matchd: in the new file"]],
    }
    assert lost[0] == "log_lost"
    assert after == ["user_log", "matchd: after what is gone"]
