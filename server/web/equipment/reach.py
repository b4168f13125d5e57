"""Can it be reached, and what does it offer: echoes, ports, pages, certificates, databases; a row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readings.units import show
from server.web.equipment.newest import Newest, Shown, shown
from server.web.i18n import N_, Words

DAY_S = 86_400
SOON_S = 30 * DAY_S
LOST_WARN = 0.01


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    part: str
    sign: str
    word: str
    values: Sequence[Shown]


# title, the state that decides (or none), the values beside it
KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (N_("TCP 端口"), "tcp_port_open", ("tcp_connect_seconds",)),
    (N_("网页"), "http_status_expected", ("http_status", "http_response_seconds")),
    (N_("网页正文"), "http_body_matches", ()),
    (N_("数据库"), "", ("sql_connect_seconds", "sql_answer_seconds")),
    (N_("数据库数值"), "", ("sql_number",)),
)
METRICS = frozenset(
    {metric for _, state, values in KINDS for metric in (state, *values) if metric}
    | {"ping_lost_ratio", "ping_round_trip_seconds", "ping_round_trip_longest_seconds", "ping_jitter_seconds"}
    | {"tls_certificate_expires_seconds", "tls_certificate_trusted"}
)


def rows(newest: Newest, words: Words) -> list[Row]:
    found = _ping(newest, words)
    for title, state, metrics in KINDS:
        parts = dict.fromkeys(part for metric in (state, *metrics) if metric for part in newest.offered(metric))
        for part in parts:
            decides = newest.get(state, part) if state else None
            values = [shown(one, words) for metric in metrics if (one := newest.get(metric, part)) is not None]
            said = shown(decides, words) if decides is not None else None
            sign, word = _said(said, values, words)
            found.append(Row(words(title), part, sign, word, values))
    return [*found, *_certificates(newest, words)]


def _said(said: Shown | None, values: Sequence[Shown], words: Words) -> tuple[str, str]:
    if said is not None:
        return (said.sign or "unknown", said.number) if said.known else ("unknown", said.gap)
    known = [value for value in values if value.known]
    return ("normal", words("应答")) if known else ("unknown", values[0].gap if values else words("无数据"))


def _ping(newest: Newest, words: Words) -> list[Row]:
    lost = newest.get("ping_lost_ratio")
    if lost is None:
        return []
    values = [
        shown(value, words)
        for metric in ("ping_round_trip_seconds", "ping_round_trip_longest_seconds", "ping_lost_ratio")
        if (value := newest.get(metric)) is not None
    ]
    if lost.value is None:
        return [Row("Ping", "", "unknown", shown(lost, words).gap, values)]
    sign = "fault" if lost.value >= 1 else "warning" if lost.value > LOST_WARN else "normal"
    return [Row("Ping", "", sign, words("应答") if lost.value < 1 else words("不应答"), values)]


def _certificates(newest: Newest, words: Words) -> list[Row]:
    found = []
    for part, value in newest.offered("tls_certificate_expires_seconds").items():
        trusted = newest.get("tls_certificate_trusted", part)
        said = shown(trusted, words) if trusted is not None else None
        sign, word = (said.sign, said.number) if said is not None and said.known else ("unknown", words("无数据"))
        if value.value is not None and value.value < SOON_S:
            left = " ".join(show(max(value.value, 0.0), "seconds", words.language)).strip()
            sign, word = (
                ("fault", words("证书已过期")) if value.value <= 0 else ("warning", words("%(time)s 后过期", time=left))
            )
        found.append(Row(words("TLS 证书"), part, sign or "unknown", word, [shown(value, words)]))
    return found
