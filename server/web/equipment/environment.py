"""What keeps equipment alive: power supplies, fans, temperatures, parts; the worst first, each with its limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from readings.units import show
from server.web.equipment.newest import Newest, Shown, natural, shown, worst_of
from server.web.equipment.parts import part_word
from server.web.i18n import N_, Words
from server.web.sight import Value

RANK = ("fault", "warning", "unknown", "", "normal", "off")
OPEN_ROWS = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """Metrics of the same part that bound one: below ``low`` or above ``high`` warns, above ``critical`` is a fault."""

    high: str = ""
    critical: str = ""
    low: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """``states`` and ``values`` are metrics; a part's row shows its state and all its values."""

    title: str
    states: tuple[str, ...] = ()
    values: Mapping[str, Limits] | None = None


KINDS: tuple[Kind, ...] = (
    Kind(N_("整机"), ("hardware_state", "fibre_channel_switch_state", "system_power_state")),
    Kind(
        N_("电源"),
        ("power_supply_state",),
        {"power_supply_power_watts": Limits(), "power_supply_voltage_volts": Limits()},
    ),
    Kind(
        N_("风扇"),
        ("fan_state",),
        {"fan_rpm": Limits(low="fan_minimum_rpm"), "fan_drive_ratio": Limits(), "bmc_fan_rpm": Limits()},
    ),
    Kind(
        N_("温度"),
        ("temperature_state",),
        {
            "temperature_celsius": Limits(
                "temperature_maximum_celsius", "temperature_critical_celsius", "temperature_minimum_celsius"
            ),
            "bmc_temperature_celsius": Limits(),
        },
    ),
    Kind(N_("湿度"), (), {"humidity_ratio": Limits()}),
    Kind(N_("机房信号"), ("leak_state", "leak_cable_state", "smoke_state", "door_open_state")),
    Kind(N_("部件"), ("module_state", "battery_state", "bmc_redundant")),
    Kind(
        N_("电压、电流与功率"),
        ("bmc_sensor_state", "pdu_load_state"),
        {
            "voltage_volts": Limits(),
            "current_amperes": Limits(),
            "power_watts": Limits(),
            "bmc_voltage_volts": Limits(),
            "bmc_current_amperes": Limits(),
            "bmc_power_watts": Limits(),
        },
    ),
)
METRICS = frozenset(metric for kind in KINDS for metric in (*kind.states, *(kind.values or {})))


@dataclass(frozen=True, slots=True)
class Row:
    part: str
    sign: str
    word: str
    values: Sequence[Shown]
    limit: str


@dataclass(frozen=True, slots=True)
class Section:
    """``rows`` stand open, ``more`` behind their number. ``summary`` is the whole in a few words."""

    title: str
    sign: str
    summary: str
    rows: Sequence[Row]
    more: Sequence[Row]


def sections(
    newest: Newest, words: Words, *, without: Collection[str] = (), leave: Collection[str] = ()
) -> list[Section]:
    """``without``: parts that stand elsewhere (light in the ports); ``leave``: metrics that do."""
    found = []
    for kind in KINDS:
        rows = _rows(kind, newest, words, without, leave)
        if rows:
            summary = _summary(rows, words)
            open_rows = [row for row in rows if row.sign in {"fault", "warning"}]
            rest = [row for row in rows if row.sign not in {"fault", "warning"}]
            room = max(0, OPEN_ROWS - len(open_rows))
            if len(rest) <= room + 2:  # two rows more are shorter than the line that would hide them
                room = len(rest)
            sign = worst_of([row.sign for row in rows if row.sign])
            found.append(Section(words(kind.title), sign, summary, [*open_rows, *rest[:room]], rest[room:]))
    return found


def _rows(kind: Kind, newest: Newest, words: Words, without: Collection[str], leave: Collection[str]) -> list[Row]:
    limits = {metric: bound for metric, bound in (kind.values or {}).items() if metric not in leave}
    states = [metric for metric in kind.states if metric not in leave]
    parts = {part for metric in (*states, *limits) for part in newest.offered(metric)} - set(without)
    rows = [_row(part, states, limits, newest, words, titled=len(limits) > 1) for part in sorted(parts, key=natural)]
    return sorted(rows, key=lambda row: (RANK.index(row.sign) if row.sign in RANK else 3, _heat(row)))


def _heat(row: Row) -> float:
    """The hottest of what has no sign first: nothing else orders plain numbers."""
    try:
        return -float(row.values[0].number) if row.values and row.values[0].unit == "℃" else 0.0
    except ValueError:
        return 0.0


def _row(
    part: str, states: Sequence[str], limits: Mapping[str, Limits], newest: Newest, words: Words, *, titled: bool
) -> Row:
    said = [
        shown(value, words)
        for metric in states
        if (value := newest.get(metric, part)) is not None and value.gap != "not_offered"
    ]
    values: list[Shown] = []
    signs = [(one.sign, one.number) for one in said if one.known]
    told: list[str] = []
    for metric, bound in limits.items():
        value = newest.get(metric, part)
        if value is None or value.gap == "not_offered":
            continue
        values.append(shown(value, words))
        sign, word, limit = _against(value, bound, part, newest, words)
        if sign:
            signs.append((sign, word))
        if limit:
            told.append(limit)
    if newest.value("sensor_fault", part) == 1 and values:
        signs.append(("fault", words("传感器故障")))
    gaps = [one.gap for one in (*said, *values) if not one.known and one.gap]
    sign = worst_of([sign for sign, _ in signs if sign])
    word = next((word for one, word in signs if one == sign), "")
    if not signs and gaps and not any(one.known for one in values):
        sign, word = "unknown", words("无数据")
    name = part_word(part, words) if part else (said or values)[0].title if said or values else ""
    return Row(name, sign, word, values, " · ".join(told))


def _against(value: Value, bound: Limits, part: str, newest: Newest, words: Words) -> tuple[str, str, str]:
    """(sign, word, the limit as text) of a value against the limits that the device itself told."""
    high, critical, low = (
        newest.value(metric, part) if metric else None for metric in (bound.high, bound.critical, bound.low)
    )
    limit = ""
    if high is not None or critical is not None:
        number, unit = show(high if high is not None else critical or 0.0, value.unit, words.language)
        limit = words("上限 %(limit)s", limit=f"{number} {unit}".strip())
    if value.value is None:
        return "", "", limit
    if critical is not None and value.value >= critical:
        return "fault", words("高于临界值"), limit
    if high is not None and value.value > high:
        return "warning", words("高于上限"), limit
    if low is not None and value.value < low:
        return "warning", words("低于下限"), limit
    return ("normal", words("在限内"), limit) if limit else ("", "", "")


def _summary(rows: Sequence[Row], words: Words) -> str:
    counted = Counter(row.word for row in rows if row.word)
    said = [f"{word} {count}" for word, count in counted.items()]
    hottest = [
        (float(value.number), value.number, row.part) for row in rows for value in row.values if value.unit == "℃"
    ]
    if hottest and len(rows) > 1:
        _, number, part = max(hottest)
        said.append(words("最高 %(n)s ℃（%(part)s）", n=number, part=part))
    return " · ".join(said)
