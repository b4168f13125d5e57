"""Where a service is shown everything read-only and folders twice, the agent still says how the host's disks are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.host.mount_table import mounted, repeated

REPOSITORY = Path(__file__).parents[2]
SHOW = """
import json, sys
from agent.host.filesystems import Filesystems
from agent.host.root import Root
seen = {sample.part: sample.value for sample in Filesystems(Root()).read() if sample.metric == "filesystem_readonly"}
print(json.dumps({point: value for point, value in seen.items() if point.startswith(sys.argv[1])}))
"""


@pytest.mark.peer("unshare", "mount")
def test_as_under_protect_system_strict(tmp_path: Path) -> None:
    well, failed = tmp_path / "well", tmp_path / "failed"
    steps = f"""
        mount -t tmpfs tmpfs {well} && mkdir {well}/state && mount -t tmpfs -o ro tmpfs {failed}
        mount --bind {well}/state {well}/state
        mount --bind {well} {well} && mount -o remount,bind,ro {well}
        grep -q '{well} tmpfs ro' /proc/mounts
        exec {sys.executable} -c '{SHOW}' {tmp_path}
    """
    well.mkdir()
    failed.mkdir()

    ran = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-e", "-c", steps],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {str(well): 0.0, str(failed): 1.0}


TABLE = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 8:1 / / ro,relatime shared:1 - ext4 /dev/sda1 rw
24 22 8:1 /home /home ro,relatime shared:1 - ext4 /dev/sda1 rw
25 22 8:2 / /data\040one ro,relatime shared:2 master:3 - xfs /dev/sda2 ro,attr2
26 22 0:31 /@home /vol rw,relatime - btrfs /dev/sdb rw
27 22 0:31 /@root /vol2 rw,relatime - btrfs /dev/sdb rw
28 22 8:1 /srv-old /srv rw
this is no line of it
"""


def test_what_a_mount_is_of() -> None:
    table = mounted(TABLE)
    assert {point: each.readonly for point, each in table.items()} == {
        "/": False,
        "/home": False,
        r"/data\040one": True,
        "/vol": False,
        "/vol2": False,
    }
    assert repeated(table.values()) == {"/home"}, "two volumes beside each other are two"
