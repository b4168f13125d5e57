"""The interfaces of a device: what each does now, and which of them wants a look first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from readings.units import show
from server.web.courses import EMPTY, Glance, Spark
from server.web.equipment.neighbours import MAC, Neighbour
from server.web.equipment.newest import Newest, natural
from server.web.equipment.optics import Optics
from server.web.health import GAP_REASONS
from server.web.i18n import N_, Words
from server.web.sight import Ledger, Series, Value

UP, DOWN = 1.0, 2.0
NOT_KNOWN, LOWER_DOWN = 4.0, 7.0
BUSY = 0.9
BITS = "bits_per_second"
SPARKS_KEPT_MS = 20_000
IN, OUT = "network_receive_bytes_total", "network_transmit_bytes_total"
FAULTS = ("network_receive_errors_total", "network_transmit_errors_total")
DROPS = ("network_receive_drops_total", "network_transmit_drops_total")
# What a port is doing, worst first: the order of the table, of the legend and of what may be filtered.
ORDER = ("down", "errors", "busy", "unknown", "drops", "up", "waiting", "unused", "off")
STATE_WORDS: dict[str, str] = {
    "errors": N_("有错误"),
    "down": N_("断开"),
    "busy": N_("接近满载"),
    "unknown": N_("无数据"),
    "drops": N_("有丢弃"),
    "up": N_("连通"),
    "waiting": N_("等待"),
    "unused": N_("未用"),
    "off": N_("已停用"),
}
SIGNS = {
    "errors": "warning", "down": "fault", "busy": "warning", "unknown": "unknown", "drops": "warning",
    "up": "normal", "waiting": "off", "unused": "off", "off": "off",
}  # fmt: skip
TROUBLE = frozenset({"errors", "down", "busy", "unknown", "drops"})
USED = TROUBLE | {"up"}


@dataclass(frozen=True, slots=True)
class Flow:
    """What goes one way: (number, unit) or a gap's word; ``share`` of the speed, None where either is not known."""

    number: str
    unit: str
    share: float | None
    gap: str
    spark: Markup


@dataclass(frozen=True, slots=True)
class Interface:
    """``state`` is one of ORDER; ``why`` says more where it is not plain."""

    name: str
    alias: str
    state: str
    sign: str
    word: str
    why: str
    speed: tuple[str, str] | None
    flows: Sequence[Flow]
    errors: str
    drops: str
    optics: Optics | None
    neighbours: Sequence[Neighbour]

    @property
    def trouble(self) -> bool:
        return self.state in TROUBLE

    @property
    def used(self) -> bool:
        return self.state in USED


@dataclass(frozen=True, slots=True)
class Interfaces:
    """``counts``: (state, word, how many), worst first. ``answer`` says in a sentence how the ports are."""

    rows: Sequence[Interface]
    counts: Sequence[tuple[str, str, int]]
    answer: str


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of ports beside their counters: facts by key, neighbours and light by port."""

    facts: Mapping[str, str]
    neighbours: Mapping[str, Sequence[Neighbour]]
    light: Mapping[str, Optics]


def interfaces(glance: Glance, ledger: Ledger, newest: Newest, around: Around) -> Interfaces | None:
    """None of a device without any. Courses are asked of ports that carry something only."""
    names = sorted(newest.of("interface_state"), key=natural)
    if not names:
        return None
    words = glance.words
    moving = [
        Series(metric, name, rate=True)
        for name in names
        for metric in (IN, OUT, *FAULTS, *DROPS)
        if (newest.value("interface_state", name) == UP or metric in (IN, OUT)) and newest.value(metric, name)
    ]
    sparks = glance.courses.sparks(ledger, moving, glance.now_ms, kept_ms=SPARKS_KEPT_MS)
    rows = [_row(name, newest, sparks, around, words) for name in names]
    rows.sort(key=lambda row: ORDER.index(row.state))  # the natural order stays within
    counted = Counter(row.state for row in rows)
    counts = [(state, words(STATE_WORDS[state]), counted[state]) for state in ORDER if counted[state]]
    return Interfaces(rows, counts, _answer(rows, counted, words))


def _row(name: str, newest: Newest, sparks: Mapping[Series, Spark], around: Around, words: Words) -> Interface:
    speed = newest.value("network_speed_bytes_per_second", name)
    rates = {metric: sparks.get(Series(metric, name, rate=True), EMPTY) for metric in (IN, OUT, *FAULTS, *DROPS)}
    flows = [_flow(newest.get(metric, name), rates[metric], speed, words) for metric in (IN, OUT)]
    errors, drops = (_per_minute(rates, metrics) for metrics in (FAULTS, DROPS))
    shares = [flow.share for flow in flows if flow.share is not None]
    state, why = _state(newest, name, words)
    if state == "up":
        state = "errors" if errors else "busy" if max(shares, default=0) >= BUSY else "drops" if drops else "up"
    return Interface(
        name=name,
        alias=_alias(around.facts.get(f"interface.{name}", ""), name),
        state=state,
        sign=SIGNS[state],
        word=words(STATE_WORDS[state]),
        why=why,
        speed=show(speed * 8, BITS) if speed else None,
        flows=flows,
        errors=_counted(errors),
        drops=_counted(drops),
        optics=around.light.get(name),
        neighbours=around.neighbours.get(name, ()),
    )


def _state(newest: Newest, name: str, words: Words) -> tuple[str, str]:
    oper = newest.get("interface_state", name)
    if oper is None or oper.value is None:
        gap = oper.gap if oper is not None else None
        return "unknown", words(GAP_REASONS[gap]) if gap in GAP_REASONS else ""
    if oper.stale:
        return "unknown", words("读数已过时")
    if newest.value("interface_admin_state", name) == DOWN:
        return "off", ""
    if oper.value == UP:
        return "up", ""
    if oper.value in (DOWN, LOWER_DOWN):
        return _without_link(newest, name, oper.value, words)
    return "unknown" if oper.value == NOT_KNOWN else "waiting", words.of(oper.states.get(int(oper.value)))


def _without_link(newest: Newest, name: str, oper: float, words: Words) -> tuple[str, str]:
    """A port that is on and without link has either carried something before, or nobody ever used it."""
    if all(newest.value(metric, name) == 0 for metric in (IN, OUT)):
        return "unused", words("开启，但从未有流量")
    return "down", words("下层接口断开") if oper == LOWER_DOWN else words("开启，但没有连接")


def _flow(value: Value | None, spark: Spark, speed: float | None, words: Words) -> Flow:
    if value is None or value.value is None:
        gap = value.gap if value is not None else None
        return Flow("", "", None, words(GAP_REASONS[gap]) if gap in GAP_REASONS else "", EMPTY.line)
    rate = 0.0 if value.value == 0 else spark.newest
    if rate is None:
        return Flow("", "", None, words("等下一次读数"), spark.line)
    number, unit = show(rate * 8, BITS)
    return Flow(number, unit, min(rate / speed, 9.99) if speed else None, "", spark.line)


def _per_minute(rates: Mapping[str, Spark], metrics: Sequence[str]) -> float:
    return sum(rates[metric].mean or 0.0 for metric in metrics) * 60


def _counted(per_minute: float) -> str:
    return "" if not per_minute else "<0.1" if per_minute < 0.1 else f"{per_minute:.3g}"


def _alias(told: str, name: str) -> str:
    """What somebody wrote on the port: without its address, and without what the maker writes where nobody did."""
    alias = "; ".join(text for text in told.split("; ") if text and MAC.fullmatch(text) is None)
    return "" if alias.casefold() in {name.casefold(), f"{name} interface".casefold()} or _is_hex(alias) else alias


def _is_hex(text: str) -> bool:
    return re.fullmatch(r"([0-9a-f]{2}:)+[0-9a-f]{2}", text) is not None


def _answer(rows: Sequence[Interface], counted: Mapping[str, int], words: Words) -> str:
    up = sum(counted[state] for state in ("up", "errors", "busy", "drops") if state in counted)
    said = [words("%(n)s 个接口，%(up)s 个连通", n=len(rows), up=up)]
    said += [
        words("%(n)s 个%(state)s", n=counted[state], state=words(STATE_WORDS[state]))
        for state in ("down", "errors", "busy", "drops", "unknown")
        if counted.get(state)
    ]
    return words("，").join(said) + words("。")
