"""Three figures that stand for a device in the fleet: of a switch its ports, of a UPS where its power comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from readings.units import show
from server.web.equipment.interfaces import DOWN, IN, LOWER_DOWN, OUT, UP
from server.web.equipment.newest import Newest, shown, worst_of
from server.web.equipment.panel import VIRTUAL
from server.web.i18n import N_, Words
from server.web.kinds import family_of
from server.web.sight import Value


@dataclass(frozen=True, slots=True)
class Figure:
    """``sign`` "": a plain number. ``metric`` and ``part`` name the series whose course may stand beside it."""

    title: str
    number: str = ""
    unit: str = ""
    sign: str = ""
    metric: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Ports:
    up: int
    down: int
    total: int


def ports(newest: Newest) -> Ports:
    """Physical ones. ``down``: on, without link, and not always so: it has carried something."""
    up = down = total = 0
    for name, value in newest.of("interface_state").items():
        if VIRTUAL.match(name) or value.gap == "not_offered":
            continue
        total += 1
        if value.value == UP:
            up += 1
        elif value.value in (DOWN, LOWER_DOWN) and newest.value("interface_admin_state", name) != DOWN:
            down += any(newest.value(metric, name) != 0 for metric in (IN, OUT))
    return Ports(up, down, total)


def figures(kind: str, latest: Iterable[Value], words: Words) -> list[Figure] | None:
    """None of what is looked at like any host."""
    make = BY_KIND.get(kind) or BY_FAMILY.get(family_of(kind))
    return make(Newest(value for value in latest if not value.stale), words) if make is not None else None


def _network(newest: Newest, words: Words) -> list[Figure]:
    return [_ports(newest), _down(newest), _most(newest, "cpu_busy_ratio", N_("CPU"), words)]


def _firewall(newest: Newest, words: Words) -> list[Figure]:
    return [
        _ports(newest),
        _most(newest, "sessions_count", N_("会话"), words),
        _most(newest, "cpu_busy_ratio", N_("CPU"), words),
    ]


def _ports(newest: Newest) -> Figure:
    found = ports(newest)
    return Figure(N_("端口"), f"{found.up} / {found.total}" if found.total else "")


def _down(newest: Newest) -> Figure:
    found = ports(newest)
    return Figure(N_("断开"), str(found.down) if found.total else "", sign="fault" if found.down else "")


def _ups(newest: Newest, words: Words) -> list[Figure]:
    return [
        _state(newest, ("ups_output_source",), N_("供电"), words),
        _most(newest, "ups_battery_charge_ratio", N_("电池"), words),
        _most(newest, "ups_output_load_ratio", N_("负载"), words),
    ]


def _pdu(newest: Newest, words: Words) -> list[Figure]:
    return [
        _most(newest, "power_watts", N_("功率"), words),
        _most(newest, "current_amperes", N_("电流"), words),
        _state(newest, ("pdu_load_state", "power_supply_state"), N_("负载"), words),
    ]


def _cooling(newest: Newest, words: Words) -> list[Figure]:
    controlled = next((part for part in ("control", "return air") if newest.get("temperature_celsius", part)), None)
    return [
        _most(newest, "temperature_celsius", N_("温度"), words, part=controlled),
        _most(newest, "humidity_ratio", N_("湿度"), words, part=controlled),
        _state(newest, ("crac_system_state", "leak_state", "smoke_state", "door_open_state"), N_("状态"), words),
    ]


def _storage(newest: Newest, words: Words) -> list[Figure]:
    failed = newest.value("disks_failed_count")
    return [
        _most(newest, "filesystem_used_ratio", N_("容量"), words),
        Figure(N_("故障盘"), f"{failed:.0f}" if failed is not None else "", sign="fault" if failed else ""),
        _most(newest, "cpu_busy_ratio", N_("CPU"), words),
    ]


def _bmc(newest: Newest, words: Words) -> list[Figure]:
    metric = "temperature_celsius" if newest.has("temperature_celsius") else "bmc_temperature_celsius"
    return [
        _state(newest, ("hardware_state", "module_state", "bmc_sensor_state"), N_("硬件"), words),
        _most(newest, metric, N_("温度"), words),
        _state(newest, ("power_supply_state",), N_("电源"), words),
    ]


def _most(newest: Newest, metric: str, title: str, words: Words, part: str | None = None) -> Figure:
    """The sum where there is one, else the highest of all parts."""
    values = [value for value in newest.of(metric).values() if value.value is not None]
    wanted = ("total",) if part is None else (part,)
    chosen = [value for value in values if value.part in wanted] or values
    highest = max(chosen, key=lambda value: value.value or 0.0, default=None)
    if highest is None or highest.value is None:
        return Figure(title)
    number, unit = show(highest.value, highest.unit, words.language)
    return Figure(title, number, unit, metric=metric, part=highest.part)


def _state(newest: Newest, metrics: Sequence[str], title: str, words: Words) -> Figure:
    """The worst of all parts, in its word."""
    said = [
        shown(value, words)
        for metric in metrics
        for value in newest.offered(metric).values()
        if value.value is not None
    ]
    worst = worst_of([one.sign for one in said if one.sign])
    word = next((one.number for one in said if one.sign == worst), "")
    return Figure(title, word, sign=worst if word else "")


Make = Callable[[Newest, Words], list[Figure]]
BY_KIND: dict[str, Make] = {"firewall": _firewall, "ups": _ups, "pdu": _pdu, "bmc": _bmc}
BY_FAMILY: dict[str, Make] = {"network": _network, "cooling": _cooling, "storage": _storage}
