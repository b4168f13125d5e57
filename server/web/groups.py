"""The live values of a device page: a few rows per family that a person watches; the rest stands in the full table."""

from __future__ import annotations

from dataclasses import dataclass

from server.web.i18n import N_


@dataclass(frozen=True, slots=True)
class Row:
    """One metric. ``part`` None: a row per part. ``rate``: a counter's increase per second; ``bits``: that in bits."""

    metric: str
    part: str | None = ""
    rate: bool = False
    bits: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    title: str
    rows: tuple[Row, ...]
    most: int = 8


FAMILIES: tuple[Family, ...] = (
    Family(
        N_("处理器"),
        (
            Row("cpu_busy_ratio", "total"),
            Row("cpu_iowait_ratio", "total"),
            Row("cpu_steal_ratio", "total"),
            Row("load1"),
            Row("load_per_core"),
        ),
    ),
    Family(
        N_("内存"),
        (Row("memory_used_ratio"), Row("memory_available_bytes"), Row("swap_used_bytes")),
    ),
    Family(N_("磁盘"), (Row("filesystem_used_ratio", None), Row("filesystem_available_bytes", None)), most=6),
    Family(
        N_("磁盘读写"),
        (
            Row("disk_read_bytes_total", None, rate=True, title=N_("读")),
            Row("disk_written_bytes_total", None, rate=True, title=N_("写")),
        ),
        most=6,
    ),
    Family(
        N_("网络"),
        (
            Row("network_receive_bytes_total", None, rate=True, bits=True, title=N_("收")),
            Row("network_transmit_bytes_total", None, rate=True, bits=True, title=N_("发")),
            Row("network_receive_errors_total", None, title=N_("接收错误")),
        ),
        most=8,
    ),
    Family(N_("温度与风扇"), (Row("temperature_celsius", None), Row("fan_rpm", None)), most=10),
    Family(N_("系统"), (Row("processes_count"), Row("processes_running_count"), Row("clock_offset_seconds"))),
)
FAMILY_OF_QUICK = ("cpu_busy_ratio", "memory_used_ratio", "filesystem_used_ratio")
