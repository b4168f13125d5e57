"""How one device is asked, on its own page: by whom, at which address, by which ways, and what each said last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from readings.units import show
from server.centre import Centre
from server.collection.tables import CollectedDevice
from server.times import rfc3339
from server.web.collection.forms import SECRET_WORDS
from server.web.collection.known import Kept, known, last_heard_of, secrets_of
from server.web.collection.shares import ShareState, heard_ms, share_state
from server.web.collection.ways import Answering, Way, answering, in_words, ways
from server.web.i18n import Words
from server.web.kinds import type_word


@dataclass(frozen=True, slots=True)
class Asked:
    """``blind``: why nobody can say how the device is, "" while somebody can. ``type`` as recognised, else as set."""

    device_no: str
    address: str
    type: str
    recognised: bool
    interval: str
    share: ShareState | None
    answering: Answering
    ways: Sequence[Way]
    secrets: Sequence[Kept]
    at: str
    blind: str

    @property
    def trouble(self) -> Way | None:
        """The first way that brings nothing, None while all do."""
        return next((way for way in self.ways if way.sign not in {"normal", "off"}), None)


def asked(centre: Centre, device_no: str, now_ms: int, words: Words) -> Asked | None:
    """None of a device that no collector asks."""
    with centre.records.session() as session:
        row = session.get(CollectedDevice, device_no)
    if row is None:
        return None
    kept = known(centre)
    live = centre.live.devices.get(device_no)
    share = next(
        (share_state(one, kept, centre.live, now_ms, words) for one in kept.shares if one.name == row.share), None
    )
    told = [source.at_ms for source in live.sources.values()] if live is not None else []
    interval_s = max(row.interval_s, live.interval_s if live is not None else 0.0)
    recognised = kept.types.get(device_no, "")
    return Asked(
        device_no=device_no,
        address=row.address,
        type=type_word(recognised or row.device_type, words),
        recognised=bool(recognised),
        interval=" ".join(show(row.interval_s, "seconds", words.language)).strip(),
        share=share,
        answering=in_words(answering(row.protocols, live, now_ms, interval_s), words),
        ways=ways(row.protocols, live, last_heard_of(centre.records, device_no), words),
        secrets=[
            replace(kept, kind=words(SECRET_WORDS.get(kept.kind, kept.kind)))
            for kept in secrets_of(centre.records, device_no)
        ],
        at=rfc3339(max(told)) if told else "",
        blind=_blind(centre, device_no, share, now_ms, words),
    )


def _blind(centre: Centre, device_no: str, share: ShareState | None, now_ms: int, words: Words) -> str:
    if not centre.judge.is_blind(device_no, now_ms):
        return ""
    holder = next((member for member in share.members if member.holds), None) if share is not None else None
    if holder is None:
        return words("现在没有采集器在采这台设备，它的好坏无从知道。")
    at_ms = heard_ms(centre.live, holder.device_no)
    if holder.sign == "normal":
        return words(
            "采集器 %(name)s 够不到它的任何设备，多半是采集器自己的网络断了；这不说明设备有故障。", name=holder.name
        )
    ago = " ".join(show(max(0.0, (now_ms - at_ms) / 1000), "seconds", words.language)).strip() if at_ms else ""
    if not ago:
        return words("采集器 %(name)s 从未上报，设备的好坏无从知道。", name=holder.name)
    return words(
        "采集器 %(name)s 已 %(ago)s 没有消息，这段时间设备的好坏无从知道；不说明设备有故障。", name=holder.name, ago=ago
    )
