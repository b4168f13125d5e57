"""The collection whole: one sentence, what wants a hand first, the shares with their devices, the collectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from server.centre import Centre
from server.collection.tables import CollectedDevice
from server.times import rfc3339
from server.web.collection.collectors import CollectorState, collectors
from server.web.collection.known import Known, known
from server.web.collection.shares import ShareState, share_state
from server.web.collection.ways import ANSWERING, Answering, Way, answering, in_words, ways
from server.web.i18n import N_, Words
from server.web.kinds import kind_word, type_word

ORDER = ("refused", "silent", "blind", "cannot", "late", "partly", "never", "answered")
MOST_NEEDS = 12
COUNT_WORDS: dict[str, str] = {
    "refused": N_("%(n)s 台被拒绝"),
    "silent": N_("%(n)s 台没有应答"),
    "blind": N_("%(n)s 台看不到"),
    "cannot": N_("%(n)s 台采不了"),
    "late": N_("%(n)s 台久未采集"),
    "partly": N_("%(n)s 台部分有应答"),
    "never": N_("%(n)s 台尚未采集"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """``trouble``: the first way that does not answer, None where all do."""

    device_no: str
    name: str
    kind: str
    address: str
    type: str
    answering: Answering
    ways: Sequence[Way]
    trouble: Way | None
    at: str


@dataclass(frozen=True, slots=True)
class Share:
    state: ShareState
    rows: Sequence[Row]
    counts: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Need:
    sign: str
    word: str
    what: str
    why: str
    href: str
    act: str


@dataclass(frozen=True, slots=True)
class CollectionView:
    answer: Sequence[tuple[str, str]]
    needs: Sequence[Need]
    more_needs: int
    shares: Sequence[Share]
    collectors: Sequence[CollectorState]


def view(centre: Centre, now_ms: int, words: Words) -> CollectionView:
    kept = known(centre)
    rows: dict[str, list[Row]] = {share.name: [] for share in kept.shares}
    for collected in kept.collected:
        rows.setdefault(collected.share, []).append(_row(collected, kept, centre, now_ms, words))
    shares = [
        _share(share_state(share, kept, centre.live, now_ms, words), rows[share.name], words) for share in kept.shares
    ]
    shares.sort(key=lambda share: (share.state.asked, share.state.name))
    boxes = collectors(kept, centre.live, now_ms, words)
    needs = _needs(shares, boxes, words)
    return CollectionView(
        answer=_answer(shares, words),
        needs=needs[:MOST_NEEDS],
        more_needs=max(0, len(needs) - MOST_NEEDS),
        shares=shares,
        collectors=boxes,
    )


def _row(collected: CollectedDevice, kept: Known, centre: Centre, now_ms: int, words: Words) -> Row:
    device_no = collected.device_no
    live = centre.live.devices.get(device_no)
    device = kept.devices.get(device_no)
    interval_s = max(collected.interval_s, live.interval_s if live is not None else 0.0)
    told = ways(collected.protocols, live, {}, words)
    asked = [source.at_ms for source in live.sources.values()] if live is not None else []
    return Row(
        device_no=device_no,
        name=kept.name(device_no),
        kind=kind_word(device.kind, words) if device is not None else "",
        address=collected.address,
        type=type_word(kept.types.get(device_no, "") or collected.device_type, words),
        answering=in_words(answering(collected.protocols, live, now_ms, interval_s), words),
        ways=told,
        trouble=next((way for way in told if way.sign not in {"normal", "off"}), None),
        at=rfc3339(max(asked)) if asked else "",
    )


def _share(state: ShareState, rows: list[Row], words: Words) -> Share:
    rows.sort(key=lambda row: (ORDER.index(row.answering.key), row.device_no))
    counted = Counter(row.answering.key for row in rows)
    counts = [(words(ANSWERING[key][1]), counted[key]) for key in ORDER if counted[key]]
    return Share(state, rows, counts)


def _answer(shares: Sequence[Share], words: Words) -> list[tuple[str, str]]:
    """The first sentence in pieces (sign or "", text)."""
    if not shares:
        return [("", words("还没有采集分组。先让一台采集器接入，再建分组。"))]
    rows = [row for share in shares for row in share.rows]
    counted = Counter(row.answering.key for row in rows)
    said = [("", words.many("%(n)s 个分组", len(shares)))]
    if nobody := sum(not share.state.asked for share in shares):
        said += [("", words("，")), ("fault", words("%(n)s 个无人在采", n=nobody))]
    said.append(("", words("；")))
    said.append(("", words.many("%(n)s 台设备", len(rows))))
    bad = [key for key in ORDER if key != "answered" and counted[key]]
    for key in bad:
        said += [("", words("，")), (ANSWERING[key][0], words(COUNT_WORDS[key], n=counted[key]))]
    said.append(("", words("。") if bad or not rows else words("，全部有应答。")))
    return said


def _needs(shares: Sequence[Share], boxes: Sequence[CollectorState], words: Words) -> list[Need]:
    needs = [
        Need(share.state.sign, share.state.word, words("分组 %(name)s", name=share.state.name), _who(share, words),
             f"/collection/shares/{share.state.name}", words("查看"))
        for share in shares
        if not share.state.asked or share.state.sign == "warning"
    ]  # fmt: skip
    troubled = [
        row
        for share in shares
        for row in share.rows
        if row.answering.key in {"refused", "silent", "blind", "cannot", "late", "partly"}
    ]
    troubled.sort(key=lambda row: ORDER.index(row.answering.key))
    needs += [
        Need(
            row.answering.sign,
            row.answering.word,
            row.name,
            _why(row, words),
            f"/devices/{row.device_no}#asked",
            words("查看"),
        )
        for row in troubled
    ]
    needs += [
        Need("warning", words("有丢弃"), box.name, words("%(n)s 条 Trap 或 Syslog 没有逐条记录", n=box.lost),
             "#collectors", words("查看"))
        for box in boxes
        if box.lost
    ]  # fmt: skip
    return needs


def _who(share: Share, words: Words) -> str:
    said = [f"{member.role} {member.name} {member.word}" for member in share.state.members]
    if not share.state.asked and share.rows:
        said.append(words.many("%(n)s 台设备没有人看", len(share.rows)))
    return words("；").join(said)


def _why(row: Row, words: Words) -> str:
    way = row.trouble
    if way is None:
        return ""
    said = way.detail or way.word
    return said if said.startswith(way.title) else f"{way.title}{': ' if words.language == 'en' else '：'}{said}"
