"""What a device page draws: which metrics stand in one chart, and how a line of it is made."""

from __future__ import annotations

from dataclasses import dataclass

from server.web.i18n import N_

MAX_LINES = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of a chart. ``part`` None: every part is a line of its own, the busiest first.

    ``rate`` turns a counter into its increase per second; ``label`` names the line where the part does not.
    ``or_each``: every part where the one named is not there (a switch with boards has no total).
    """

    metric: str
    part: str | None = ""
    label: str = ""
    rate: bool = False
    or_each: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """``times`` the catalogue's unit is drawn: traffic in bits, as network people say it."""

    id: str
    title: str
    unit: str
    lines: tuple[Line, ...]
    from_zero: bool = True
    skip_parts: tuple[str, ...] = ()
    times: float = 1.0


PANELS: tuple[Panel, ...] = (
    Panel("cpu", N_("CPU 使用率"), "ratio", (Line("cpu_busy_ratio", "total", or_each=True),)),
    Panel("memory", N_("内存使用率"), "ratio", (Line("memory_used_ratio", or_each=True),)),
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
        "bits_per_second",
        (
            Line("network_receive_bytes_total", None, N_("收"), rate=True),
            Line("network_transmit_bytes_total", None, N_("发"), rate=True),
        ),
        skip_parts=("lo",),
        times=8,
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
    Panel(
        "temperature",
        N_("温度"),
        "celsius",
        (
            Line("temperature_celsius", None),
            Line("cooling_temperature_target_celsius", label=N_("设定")),
            Line("ups_battery_temperature_celsius", None, N_("电池")),
        ),
        from_zero=False,
    ),
    Panel("humidity", N_("湿度"), "ratio", (Line("humidity_ratio", None),)),
    Panel("ups_load", N_("UPS 负载率"), "ratio", (Line("ups_output_load_ratio", None),)),
    Panel("ups_charge", N_("UPS 电池电量"), "ratio", (Line("ups_battery_charge_ratio", None),)),
    Panel(
        "ups_voltage",
        N_("UPS 输入与输出电压"),
        "volts",
        (Line("ups_input_voltage_volts", None, N_("输入")), Line("ups_output_voltage_volts", None, N_("输出"))),
        from_zero=False,
    ),
    Panel("power", N_("功率"), "watts", (Line("power_watts", None),)),
    Panel("sessions", N_("会话数"), "", (Line("sessions_count"),)),
    Panel(
        "ping",
        N_("Ping 往返时间"),
        "seconds",
        (Line("ping_round_trip_seconds", label=N_("平均")), Line("ping_round_trip_longest_seconds", label=N_("最长"))),
    ),
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
