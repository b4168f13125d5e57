"""Air conditioning at a glance: is it running, how warm and humid it is against what was set, what it complains of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readings.units import show
from server.web.equipment.newest import Newest, Shown, shown, worst_of
from server.web.equipment.parts import part_word
from server.web.i18n import Words
from server.web.sight import Value

FAR_K = 3.0
STATES = ("crac_system_state", "crac_cooling_state")
METRICS = frozenset(
    {*STATES, "cooling_temperature_target_celsius", "cooling_fan_ratio", "cooling_alarm_state", "temperature_celsius"}
    | {"humidity_ratio"}
)
CONTROLLED = ("control", "return air", "")


@dataclass(frozen=True, slots=True)
class Climate:
    """The temperature and humidity that is controlled come first; ``off_by`` is how far from ``target`` it is."""

    sign: str
    answer: str
    states: Sequence[Shown]
    temperatures: Sequence[Shown]
    humidities: Sequence[Shown]
    target: Shown | None
    off_by: str
    far: bool
    fans: Sequence[Shown]
    alarms: Sequence[Shown]


def climate(newest: Newest, words: Words) -> Climate | None:
    """None of what cools nothing."""
    if not newest.has(*STATES, "cooling_temperature_target_celsius", "cooling_alarm_state"):
        return None
    target = newest.get("cooling_temperature_target_celsius")
    temperatures, humidities = (_ordered(newest, metric) for metric in ("temperature_celsius", "humidity_ratio"))
    warm = next((value.value for value in temperatures if value.value is not None), None)
    off = warm - target.value if warm is not None and target is not None and target.value is not None else None
    alarms = [
        shown(value, words, part=part_word(part, words))
        for part, value in newest.offered("cooling_alarm_state").items()
    ]
    states = [shown(value, words) for metric in STATES for value in newest.offered(metric).values()]
    raised = [alarm for alarm in alarms if alarm.sign == "fault"]
    far = off is not None and abs(off) >= FAR_K
    sign = worst_of([*(one.sign for one in (*states, *alarms) if one.sign), *(["warning"] if far else [])]) or "unknown"
    return Climate(
        sign=sign,
        answer=_answer(states, raised, warm, humidities, words),
        states=states,
        temperatures=[shown(value, words, part=part_word(value.part, words)) for value in temperatures],
        humidities=[shown(value, words, part=part_word(value.part, words)) for value in humidities],
        target=shown(target, words, title=words("设定")) if target is not None else None,
        off_by=f"{off:+.1f} K" if off is not None else "",
        far=far,
        fans=[
            shown(value, words, part=part_word(part, words))
            for part, value in newest.offered("cooling_fan_ratio").items()
        ],
        alarms=sorted(alarms, key=lambda alarm: alarm.sign != "fault"),
    )


def _ordered(newest: Newest, metric: str) -> list[Value]:
    def place(value: Value) -> int:
        return CONTROLLED.index(value.part) if value.part in CONTROLLED else len(CONTROLLED)

    return sorted(newest.offered(metric).values(), key=place)


def _answer(
    states: Sequence[Shown], raised: Sequence[Shown], warm: float | None, humidities: Sequence[Value], words: Words
) -> str:
    said = [words("空调%(state)s", state=states[0].number) if states and states[0].known else words("空调运行状态未知")]
    if warm is not None:
        said.append(" ".join(show(warm, "celsius", words.language)))
    humid = next((value.value for value in humidities if value.value is not None), None)
    if humid is not None:
        said.append(words("湿度 %(n)s %%", n=f"{humid * 100:.0f}"))
    said.append(words.many("%(n)s 项告警", len(raised)) if raised else words("没有告警"))
    return words("，").join(said) + words("。")
