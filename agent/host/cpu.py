"""/proc/stat: where the CPUs spent their time, and how busy the kernel was switching between things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, repeat
from operator import sub

from agent.host.kernel_files import count_of, counts_of, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

# Kernel Documentation/filesystems/proc.rst, in USER_HZ (100 on every architecture user space sees).
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
GUEST_MODES = ("user", "nice")
SECONDS_PER_JIFFY = 0.01
# iowait and idle are known to step back a little; further than this the counters began anew (a CPU was replugged).
STEP_BACK_JIFFIES = 300

ACTIVITY = {
    "ctxt": "context_switches_total",
    "intr": "interrupts_total",
    "softirq": "softirqs_total",
    "btime": "boot_time_seconds",
    "processes": "forks_total",
    "procs_running": "processes_running_count",
    "procs_blocked": "processes_blocked_count",
}
RATIOS = ("cpu_busy_ratio", "cpu_user_ratio", "cpu_system_ratio", "cpu_iowait_ratio", "cpu_steal_ratio")

Jiffies = dict[str, list[int]]


class Cpu:
    """Ratios since the previous read (the first one is made when the source is), and the counters themselves."""

    name = "cpu"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/stat"
        self._before: Jiffies = {}
        self._parts: dict[str, tuple[list[str], list[str]]] = {}
        with suppress(SourceFailed):  # the first tick will say why
            self.read()

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        try:
            jiffies, activity = parse(self._path, read_text(self._path))
        except Exception:
            self._before = {}  # no ratio may span a stretch that was not seen
            raise
        before, self._before = self._before, jiffies
        said: list[Sample] = []
        for cpu, now in jiffies.items():
            said += map(Sample, RATIOS, ratios(before.get(cpu), now), repeat(cpu))
            if cpu != "total":
                said += self._counters(cpu, now)
        return iter(said + activity)

    def _counters(self, cpu: str, now: list[int]) -> Iterator[Sample]:
        parts = self._parts.get(cpu)
        if parts is None:
            parts = self._parts[cpu] = ([f"{cpu}/{mode}" for mode in MODES], [f"{cpu}/{mode}" for mode in GUEST_MODES])
        seconds = [spent * SECONDS_PER_JIFFY for spent in now]
        modes = map(Sample, repeat("cpu_seconds_total"), seconds, parts[0])
        return chain(modes, map(Sample, repeat("cpu_guest_seconds_total"), seconds[8:], parts[1]))


def parse(path: str, text: str) -> tuple[Jiffies, list[Sample]]:
    """({"total" | "0" | …: jiffies by mode, padded to 10}, kernel activity). Raises SourceFailed."""
    jiffies: Jiffies = {}
    activity: dict[str, Sample] = {}
    for line in whole_lines(path, text):
        key, _, rest = line.partition(" ")
        try:
            if key.startswith("cpu"):
                spent = counts_of(rest.split())
                if len(spent) < 4:
                    raise ValueError("fewer than 4 modes")  # noqa: TRY301 - one place names file and line
                jiffies[key[3:] or "total"] = (spent + [0] * 10)[:10]
            elif key in ACTIVITY:
                activity[key] = Sample(ACTIVITY[key], count_of(rest.split(" ", 1)[0]))
        except ValueError as error:
            raise unreadable(path, line, error) from error
    if "total" not in jiffies:
        raise unreadable(path, text[:40], ValueError("no line of all CPUs"))
    samples = [activity.get(key, Sample(metric, Gap.NOT_OFFERED)) for key, metric in ACTIVITY.items()]
    return jiffies, samples


def ratios(before: Sequence[int] | None, now: Sequence[int]) -> tuple[float | Gap, ...]:
    """Busy, user, system, iowait, steal: shares of the time between two reads; ``lost`` where there is no such time."""
    lost = (Gap.LOST,) * len(RATIOS)
    if before is None:
        return lost
    spent = list(map(sub, now[:8], before[:8]))
    if min(spent) < 0:
        if min(spent) < -STEP_BACK_JIFFIES:
            return lost
        spent = [max(jiffies, 0) for jiffies in spent]
    whole = sum(spent)
    if not whole:
        return lost
    user, nice, system, idle, iowait, irq, softirq, steal = spent
    return (
        (whole - idle - iowait) / whole,
        (user + nice) / whole,
        (system + irq + softirq) / whole,
        iowait / whole,
        steal / whole,
    )
