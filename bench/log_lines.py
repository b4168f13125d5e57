"""How many lines of a log are read, judged and told a second: a burst through each of the three readers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.host.root import Root
from agent.oslog.journal import Journal
from agent.oslog.kernel_log import KernelLog
from agent.oslog.syslog import Syslog
from agent.oslog.telling import LogSource
from readings.model import Clocks, Sample

LINES = 100_000
TIMES = 3
BOOT = "0123456789abcdef0123456789abcdef"


def clocks() -> Clocks:
    return Clocks(BOOT, 1_000 * 10**9, 1_795_500_000 * 10**9)


def lines_per_second() -> dict[str, float]:
    """Of each reader the best of a few bursts. Every line is an error and no two are alike: no line costs more."""
    return {name: max(_told(log) for log in _bursts(made)) for name, made in READERS.items()}


def _bursts(made: Callable[[Root], LogSource]) -> Iterator[LogSource]:
    for _ in range(TIMES):
        with TemporaryDirectory() as folder:
            yield made(Root.under(folder))


def _told(log: LogSource) -> float:
    """Lines a second of CPU time, until all are told: the machine may be busy with something else."""
    began, told = time.process_time(), 0.0
    while told < LINES:
        told = next(item.value for item in log.read() if isinstance(item, Sample) and item.metric == "log_events_total")
        log.commit()
    return LINES / (time.process_time() - began)


def kernel_log(root: Root) -> KernelLog:
    Path(root.dev).mkdir()
    with Path(root.dev, "kmsg").open("w") as kernel:
        kernel.writelines(
            f"3,{number},{number * 10},-;EXT4-fs error (device sda1): inode #{number}: block {number * 7}\n"
            for number in range(LINES)
        )
    return KernelLog(root, clocks)


def journal(root: Root) -> Journal:
    folder = Path(root.var, "log", "journal", "machine")
    folder.mkdir(parents=True)
    (folder / "system.journal").touch()
    lines = [
        json.dumps(
            {
                "__CURSOR": f"s=0b1c2d;i={number:x};b={BOOT};m=1;t=2;x=3",
                "__REALTIME_TIMESTAMP": f"{1_795_400_000_000_000 + number}",
                "__MONOTONIC_TIMESTAMP": f"{number * 10}",
                "_BOOT_ID": BOOT,
                "PRIORITY": "3",
                "SYSLOG_IDENTIFIER": "matchd",
                "MESSAGE": f"order {number} refused: 报单 {number * 7} 无效",
            }
        )
        for number in range(LINES)
    ]
    asked = count()

    def ask(_arguments: Sequence[str], most: int, _seconds: float) -> list[str]:
        turn = next(asked)
        return lines[turn * most : (turn + 1) * most]

    return Journal(root, clocks, ask=ask)


def syslog(root: Root) -> Syslog:
    file = Path(root.var, "log", "syslog")
    file.parent.mkdir(parents=True)
    file.touch()
    with file.open("a") as log:
        for number in range(LINES):
            stamp = f"Nov 24 03:{number // 60_000:02}:{number // 1_000 % 60:02}"
            log.write(f"<11>{stamp} trade-01 matchd[7]: order {number} refused: 报单 {number * 7} 无效\n")
    return Syslog(root, clocks, f"{os.stat(file).st_ino} 0")  # noqa: PTH116 - as the mark was made


READERS: dict[str, Callable[[Root], LogSource]] = {"kernel_log": kernel_log, "journal": journal, "syslog": syslog}
