"""A UPS as a picture: where the power comes from, what stands ready, what it feeds and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readings.units import show
from server.web.equipment.newest import Newest, Shown, shown
from server.web.equipment.parts import part_word
from server.web.equipment.signs import sign_of
from server.web.i18n import N_, Words

MAINS, BYPASS, BATTERY = 3.0, 4.0, 5.0
THROUGH_MAINS = {3.0, 6.0, 7.0}
LOAD_WARN, LOAD_BAD = 0.8, 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """One phase: volts, amperes, hertz, watts as they are known; ``load`` 0–1."""

    part: str
    values: Sequence[Shown]
    load: Shown | None = None
    share: float | None = None
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Supply:
    """Mains, bypass or battery. ``feeds``: the load hangs on it now."""

    key: str
    title: str
    feeds: bool
    sign: str
    word: str
    values: Sequence[Shown]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Power:
    """``answer``: (sign, sentence)."""

    sign: str
    answer: str
    supplies: Sequence[Supply]
    output: Sequence[Line]
    output_values: Sequence[Shown]
    flags: Sequence[Shown]


SOURCES: dict[float, str] = {
    1.0: N_("供电来源：其他"), 2.0: N_("没有输出"), 3.0: N_("市电供电"), 4.0: N_("旁路供电，电池不起保护作用"),
    5.0: N_("电池供电"), 6.0: N_("市电供电，正在升压"), 7.0: N_("市电供电，正在降压"),
}  # fmt: skip
INPUT = ("ups_input_voltage_volts", "ups_input_current_amperes", "ups_input_frequency_hertz", "ups_input_power_watts")
OUTPUT = ("ups_output_voltage_volts", "ups_output_current_amperes", "ups_output_power_watts")
BATTERY_VALUES = (
    *("ups_battery_charge_ratio", "ups_battery_runtime_seconds", "ups_battery_voltage_volts"),
    *("ups_battery_current_amperes", "ups_battery_temperature_celsius", "ups_on_battery_seconds"),
)
FLAGS = (
    *("ups_alarms_count", "ups_alarm_state", "ups_test_result", "ups_battery_replace_state", "ups_overload_state"),
    *("ups_shutdown_forced_state", "ups_charging_state", "ups_calibration_state"),
)
SHORT: dict[str, str] = {
    "ups_battery_charge_ratio": N_("电量"),
    "ups_battery_runtime_seconds": N_("可供电"),
    "ups_battery_voltage_volts": N_("电压"),
    "ups_battery_current_amperes": N_("电流"),
    "ups_battery_temperature_celsius": N_("温度"),
    "ups_on_battery_seconds": N_("已用电池"),
    "ups_output_frequency_hertz": N_("频率"),
    "ups_input_frequency_hertz": N_("频率"),
    "ups_alarms_count": N_("UPS 自报告警"),
    "ups_test_result": N_("上次自检"),
    "ups_battery_replace_state": N_("更换电池"),
    "ups_overload_state": N_("过载"),
    "ups_shutdown_forced_state": N_("强制关机"),
    "ups_charging_state": N_("充放电"),
    "ups_alarm_state": N_("告警"),
    "ups_calibration_state": N_("校准"),
}
METRICS = frozenset(
    {*INPUT, *OUTPUT, *BATTERY_VALUES, *FLAGS, "ups_output_source", "ups_output_load_ratio", "ups_battery_state"}
    | {"ups_output_frequency_hertz", "ups_bypass_voltage_volts"}
)


def power(newest: Newest, words: Words) -> Power | None:
    """None of what is no UPS."""
    if not newest.has("ups_output_source", "ups_output_load_ratio", "ups_battery_charge_ratio", "ups_battery_state"):
        return None
    source = newest.value("ups_output_source")
    feeds = {"mains": source in THROUGH_MAINS, "bypass": source == BYPASS, "battery": source == BATTERY}
    supplies = [
        Supply("mains", words("市电"), feeds["mains"], *_standing(feeds["mains"], _mains(newest), words), (),
               _lines(newest, INPUT, words)),
        *_bypass(newest, feeds["bypass"], words),
        _battery(newest, feeds["battery"], words),
    ]  # fmt: skip
    sign, answer = _answer(newest, source, words)
    return Power(
        sign,
        answer,
        supplies,
        _output(newest, words),
        _short(newest, ("ups_output_frequency_hertz",), words),
        _short(newest, FLAGS, words),
    )


def _answer(newest: Newest, source: float | None, words: Words) -> tuple[str, str]:
    said = [words(SOURCES[source]) if source in SOURCES else words("供电来源未知")]
    sign = sign_of("ups_output_source", source) or "unknown"
    loads = [value.value for value in newest.of("ups_output_load_ratio").values() if value.value is not None]
    if loads:
        said.append(words("负载 %(n)s %%", n=f"{max(loads) * 100:.0f}"))
    charge = newest.any_value("ups_battery_charge_ratio")
    if charge is not None:
        said.append(words("电池 %(n)s %%", n=f"{charge * 100:.0f}"))
    left = newest.any_value("ups_battery_runtime_seconds")
    if left is not None:
        said.append(words("可供电 %(time)s", time=" ".join(show(left, "seconds", words.language)).strip()))
    return sign, words("，").join(said) + words("。")


def _mains(newest: Newest) -> bool:
    """Whether there is a voltage to be had from outside."""
    return any((value.value or 0) > 50 for value in newest.of("ups_input_voltage_volts").values())


def _standing(feeds: bool, ready: bool, words: Words) -> tuple[str, str]:
    if feeds:
        return "normal", words("正在供电")
    return ("off", words("待命")) if ready else ("unknown", words("不知是否有电"))


def _bypass(newest: Newest, feeds: bool, words: Words) -> list[Supply]:
    lines = _lines(newest, ("ups_bypass_voltage_volts",), words)
    if not lines and not feeds:
        return []
    sign, word = ("warning", words("正在供电")) if feeds else ("off", words("待命"))
    return [Supply("bypass", words("旁路"), feeds, sign, word, (), lines)]


def _battery(newest: Newest, feeds: bool, words: Words) -> Supply:
    state = newest.get("ups_battery_state")
    sign, word = _standing(feeds, ready=True, words=words)
    if feeds:
        sign = "warning"
    if state is not None and state.value is not None:
        said = shown(state, words)
        if said.sign in {"warning", "fault"} or not feeds:
            sign, word = said.sign or "unknown", said.number
    return Supply("battery", words("电池"), feeds, sign, word, _short(newest, BATTERY_VALUES, words), ())


def _short(newest: Newest, metrics: Sequence[str], words: Words) -> list[Shown]:
    found = []
    for metric in metrics:
        for part, value in newest.offered(metric).items():
            one = shown(value, words, title=words(SHORT[metric]), part=part_word(part, words))
            if metric == "ups_alarms_count" and value.value is not None:
                sign = "warning" if value.value else "normal"
                one = Shown(one.title, one.part, one.number, one.unit, sign, one.gap, one.stale, one.at)
            found.append(one)
    return found


def _lines(newest: Newest, metrics: Sequence[str], words: Words) -> list[Line]:
    parts = dict.fromkeys(part for metric in metrics for part in newest.offered(metric))
    found = []
    for part in parts:
        values = [newest.get(metric, part) for metric in metrics]
        found.append(
            Line(part_word(part, words), [shown(one, words) for one in values if one and one.gap != "not_offered"])
        )
    return found


def _output(newest: Newest, words: Words) -> list[Line]:
    parts = dict.fromkeys(part for metric in (*OUTPUT, "ups_output_load_ratio") for part in newest.offered(metric))
    found = []
    for part in sorted(parts, key=lambda part: (part == "total", part)):
        load = newest.get("ups_output_load_ratio", part)
        share = load.value if load is not None else None
        sign = "" if share is None else "fault" if share >= LOAD_BAD else "warn" if share >= LOAD_WARN else ""
        values = [newest.get(metric, part) for metric in OUTPUT]
        found.append(
            Line(
                part_word(part, words) or words("合计"),
                [shown(one, words) for one in values if one and one.gap != "not_offered"],
                shown(load, words) if load is not None else None,
                share,
                sign,
            )
        )
    return found
