"""Faults this kernel is made to have: whatever they leave in its log cannot be taken out again."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

# A directory's only block is overwritten while nothing is mounted; who lists it then makes ext4 complain.
DAMAGE_A_FILESYSTEM = """
cd "$1" && truncate -s 8M image && mkfs.ext4 -q -F -b 1024 -O ^metadata_csum image && mkdir at
mount -o loop image at && mkdir at/d && touch at/d/one at/d/two && umount at
block=$(debugfs -R 'blocks /d' image 2>/dev/null | tr -d ' \\n')
dd if=rubbish of=image bs=1024 seek="$block" conv=notrunc status=none
mount -o loop,errors=continue image at
device=$(basename "$(findmnt -n -o SOURCE at)")
ls at/d >/dev/null 2>&1 || true
cat "/sys/fs/ext4/$device/errors_count"
echo "$device"
umount at
"""
MEMORY_GROUPS = Path("/sys/fs/cgroup/memory")  # cgroup v1
EAT = "import os; held = [os.urandom(2**20) for _ in range(200)]"


def damage_a_filesystem(folder: Path) -> str:
    """The text in the kernel's error. Raises OSError where there is no loop device or no mkfs."""
    (folder / "rubbish").write_bytes(secrets.token_bytes(1024).replace(b"\0", b"\xff"))
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", DAMAGE_A_FILESYSTEM, "sh", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"},
    )
    if done.returncode:
        raise OSError(f"no damaged ext4 image: {done.stderr[-500:]}")
    errors, device = done.stdout.split()
    assert int(errors) >= 1
    return f"EXT4-fs error (device {device})"


def run_out_of_memory(_folder: Path) -> str:
    """As above, from a control group of 32 MB. Raises OSError where there are none (or they are of version 2)."""
    group = MEMORY_GROUPS / f"zhishou-test-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(32 * 2**20))
        joining = f"open({str(group / 'cgroup.procs')!r}, 'w').write('0'); {EAT}"
        done = subprocess.run([sys.executable, "-c", joining], check=False, timeout=60)
        assert done.returncode == -9, done
    finally:
        group.rmdir()
    return "Memory cgroup out of memory"
