"""What a device page draws: which metrics stand in one chart, and how a line of it is made."""

from __future__ import annotations

from dataclasses import dataclass

from server.web.i18n import N_

MAX_LINES = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of a chart. ``part`` None: every part is a line of its own, the busiest first.

    ``rate`` turns a counter into its increase per second; ``label`` names the line where the part does not.
    """

    metric: str
    part: str | None = ""
    label: str = ""
    rate: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    id: str
    title: str
    unit: str
    lines: tuple[Line, ...]
    from_zero: bool = True
    skip_parts: tuple[str, ...] = ()


PANELS: tuple[Panel, ...] = (
    Panel("cpu", N_("CPU 使用率"), "ratio", (Line("cpu_busy_ratio", "total"),)),
    Panel("memory", N_("内存使用率"), "ratio", (Line("memory_used_ratio"),)),
    Panel(
        "load",
        N_("负载"),
        "",
        (Line("load1", label=N_("1 分钟")), Line("load5", label=N_("5 分钟")), Line("load15", label=N_("15 分钟"))),
    ),
    Panel("disk", N_("磁盘使用率"), "ratio", (Line("filesystem_used_ratio", None),)),
    Panel(
        "network",
        N_("网络"),
        "bytes_per_second",
        (
            Line("network_receive_bytes_total", None, N_("收"), rate=True),
            Line("network_transmit_bytes_total", None, N_("发"), rate=True),
        ),
        skip_parts=("lo",),
    ),
    Panel(
        "disk_io",
        N_("磁盘读写"),
        "bytes_per_second",
        (
            Line("disk_read_bytes_total", None, N_("读"), rate=True),
            Line("disk_written_bytes_total", None, N_("写"), rate=True),
        ),
    ),
    Panel("temperature", N_("温度"), "celsius", (Line("temperature_celsius", None),), from_zero=False),
)

# Key → (how far back, the step the history is asked for; 0: as read). About 250–400 points each.
RANGES: dict[str, tuple[int, int]] = {
    "15m": (15 * 60, 0),
    "1h": (3600, 15),
    "1d": (86400, 300),
    "1w": (7 * 86400, 1800),
    "30d": (30 * 86400, 7200),
    "180d": (180 * 86400, 43200),
}
RANGE_WORDS: dict[str, str] = {
    "15m": N_("15 分钟"),
    "1h": N_("小时"),
    "1d": N_("天"),
    "1w": N_("周"),
    "30d": N_("月"),
    "180d": N_("半年"),
}
