"""A share in words: who asks it now, who stands by, and what there is to say of the lease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readings.units import show
from server.collection.blindness import SILENT_INTERVALS
from server.collection.lease import FOREVER_MS
from server.collection.rights import DEFAULT_INTERVAL_S
from server.collection.tables import CollectionShare
from server.live import Live
from server.times import rfc3339
from server.web.collection.known import Known
from server.web.i18n import Words

SILENT_MS = round(SILENT_INTERVALS * DEFAULT_INTERVAL_S * 1000)


@dataclass(frozen=True, slots=True)
class Member:
    """One of the two collectors of a share. ``heard`` "": never."""

    role: str
    agent_id: str
    device_no: str
    name: str
    holds: bool
    sign: str
    word: str
    heard: str


@dataclass(frozen=True, slots=True)
class ShareState:
    """``sign`` is fault while nobody asks it. ``lease`` is the sentence of its lease."""

    name: str
    sign: str
    word: str
    lease: str
    interval: str
    members: Sequence[Member]
    holder: str
    asked: bool


def heard_ms(live: Live, device_no: str) -> int:
    """When the centre last heard of a collector; 0: never."""
    device = live.devices.get(device_no)
    return device.received_ms or device.newest_ms if device is not None else 0


def alive(live: Live, device_no: str, now_ms: int) -> bool:
    return now_ms - heard_ms(live, device_no) <= SILENT_MS


def heard(live: Live, device_no: str, now_ms: int, words: Words) -> tuple[str, str, str]:
    """(sign, word, when) of a collector's last word; "" where there never was one."""
    at_ms = heard_ms(live, device_no)
    if not at_ms:
        return "unknown", words("从未上报"), ""
    if now_ms - at_ms <= SILENT_MS:
        return "normal", words("在报"), rfc3339(at_ms)
    return "unreachable", words("失联"), rfc3339(at_ms)


def share_state(share: CollectionShare, known: Known, live: Live, now_ms: int, words: Words) -> ShareState:
    members = [
        Member(
            words("主用") if agent_id == share.active_id else words("备用"),
            agent_id,
            known.host(agent_id),
            known.name(known.host(agent_id)),
            share.holder_id == agent_id,
            *heard(live, known.host(agent_id), now_ms, words),
        )
        for agent_id in (share.active_id, share.standby_id)
        if agent_id
    ]
    holder = next((member for member in members if member.holds), None)
    sign, word = _standing(share, holder, live, now_ms, words)
    return ShareState(
        name=share.name,
        sign=sign,
        word=word,
        lease=_lease(share, now_ms, words),
        interval=_span(share.interval_s, words),
        members=members,
        holder=holder.name if holder is not None else "",
        asked=sign in {"normal", "warning"},
    )


def _standing(share: CollectionShare, holder: Member | None, live: Live, now_ms: int, words: Words) -> tuple[str, str]:
    if holder is None:
        return "fault", words("无人在采")
    if not alive(live, holder.device_no, now_ms):
        return "fault", words("在采的采集器失联")
    if share.lease_until_ms < now_ms:
        return "warning", words("租约已过期")
    return ("normal", words("主用在采")) if share.holder_id == share.active_id else ("warning", words("备用在采"))


def _lease(share: CollectionShare, now_ms: int, words: Words) -> str:
    if not share.holder_id:
        return words("还没有采集器领取；主用采集器一上线即开始")
    if share.lease_until_ms >= FOREVER_MS:
        return words("没有备用，租约不到期：与中心断开也照采")
    left_s = (share.lease_until_ms - now_ms) / 1000
    if left_s >= 0:
        return words("租约还有 %(time)s，每三分之一周期续一次；到期未续由另一台接管", time=_span(left_s, words))
    return words("租约已过期 %(time)s，另一台一来问即接管", time=_span(-left_s, words))


def _span(seconds: float, words: Words) -> str:
    return " ".join(show(round(seconds) if seconds >= 1 else seconds, "seconds", words.language)).strip()
