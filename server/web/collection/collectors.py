"""The collectors: when each was last heard, how many of its devices answer, and what its ears made of what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.live import Live
from server.web.collection.known import Known
from server.web.collection.shares import heard
from server.web.i18n import N_, Words

LISTENERS: dict[str, str] = {"traps": N_("Trap"), "syslog": N_("Syslog")}
# What became of what came, in the order of a listener's own work; the last ones were lost or left out.
OUTCOMES: dict[str, str] = {
    "received": N_("收到"),
    "told": N_("记为事件"),
    "not_bad_enough": N_("级别不够，不记"),
    "repeated": N_("重发的，不再记"),
    "discovery": N_("引擎探询"),
    "folded": N_("风暴中，只计数"),
    "unknown_sender": N_("来源不在名册"),
    "refused": N_("凭据不符，拒收"),
    "damaged": N_("读不懂"),
    "too_long": N_("过长"),
    "overflowed": N_("内存写满，丢弃"),
    "dropped_by_kernel": N_("内核缓冲写满，丢弃"),
    "refused_connections": N_("连接过多，拒绝"),
    "not_acknowledged": N_("回执没有发出"),
}
LOST = frozenset({"overflowed", "dropped_by_kernel", "folded"})
STRANGE = frozenset({"unknown_sender", "refused", "damaged"})
ALWAYS = ("received", "told", "unknown_sender", "folded", "dropped_by_kernel")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``counts`` in the order of the listeners; None: never told of."""

    title: str
    sign: str
    counts: Sequence[str]


@dataclass(frozen=True, slots=True)
class CollectorState:
    device_no: str
    name: str
    hostname: str
    sign: str
    word: str
    heard: str
    asks: str
    answering: str
    listeners: Sequence[str]
    outcomes: Sequence[Outcome]
    lost: int
    strange: int


def collectors(known: Known, live: Live, now_ms: int, words: Words) -> list[CollectorState]:
    """Those that some share names, by number."""
    ids = {agent_id for share in known.shares for agent_id in (share.active_id, share.standby_id) if agent_id}
    rows = [_collector(agent_id, known, live, now_ms, words) for agent_id in ids]
    return sorted(rows, key=lambda row: row.device_no)


def _collector(agent_id: str, known: Known, live: Live, now_ms: int, words: Words) -> CollectorState:
    device_no = known.host(agent_id)
    agent = known.agents.get(agent_id)
    sign, word, at = heard(live, device_no, now_ms, words)
    numbers = {(value.metric, value.part): value.value for value in live.latest(device_no) if value.value is not None}
    came: dict[tuple[str, str], float] = {}
    for (metric, part), number in numbers.items():
        listener, _, outcome = part.partition(" ")
        if metric == "listener_messages_total" and listener in LISTENERS:
            came[listener, outcome] = number
        elif metric == "listener_hearing" and number and part in LISTENERS:
            came.setdefault((part, "received"), 0.0)  # it listens, and nothing came yet
    told = [listener for listener in LISTENERS if any(name == listener for name, _ in came)]
    return CollectorState(
        device_no=device_no,
        name=known.name(device_no),
        hostname=agent.hostname if agent is not None else "",
        sign=sign,
        word=word,
        heard=at,
        asks=_number(numbers.get(("collected_devices", ""))),
        answering=_number(numbers.get(("collected_devices_answering", ""))),
        listeners=[words(LISTENERS[listener]) for listener in told],
        outcomes=_outcomes(told, came, words),
        lost=round(sum(count for (_, outcome), count in came.items() if outcome in LOST)),
        strange=round(sum(count for (_, outcome), count in came.items() if outcome in STRANGE)),
    )


def _outcomes(told: Sequence[str], came: Mapping[tuple[str, str], float], words: Words) -> list[Outcome]:
    found = []
    for outcome, title in OUTCOMES.items():
        counts = [came.get((listener, outcome)) for listener in told]
        if told and (outcome in ALWAYS or any(counts)):
            wrong = bool(any(counts)) and outcome in LOST | STRANGE
            found.append(Outcome(words(title), "warning" if wrong else "", [_number(count) for count in counts]))
    return found


def _number(count: float | None) -> str:
    return "" if count is None else f"{count:,.0f}"
