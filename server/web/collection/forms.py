"""The forms of the collection: what stands in each field, what was typed, and what the server said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from readings.delivery.device_secrets import SECRETS, SnmpSecret
from server.collection.tables import CollectedDevice, CollectionShare
from server.web.collection.known import Known
from server.web.collection.refusals import placed, said
from server.web.collection.way_fields import FIELD_WORDS, HINTS, SUGGESTED, protocols_typed, typed, way_fields
from server.web.collection.ways import WAY_WORDS
from server.web.i18n import N_, Words
from server.web.kinds import KIND_WORDS

LONGEST = 2_000
LONGEST_KEY = 20_000
# Which secret a way asks with.
SECRET_OF: dict[str, str] = {
    "snmp": "snmp",
    "trap": "snmp",
    "cli": "ssh",
    "redfish": "bmc",
    "ipmi": "bmc",
    "sql": "sql",
}
SECRET_WORDS: dict[str, str] = {
    "snmp": N_("SNMP 团体名或用户"),
    "ssh": N_("SSH 登录"),
    "bmc": N_("带外控制器登录"),
    "sql": N_("数据库登录"),
}
AUTHENTICATION = ("", "MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512")
PRIVACY = ("", "DES", "AES", "AES192", "AES256")
SNMP_FIELDS = ("community", "user", "auth", "auth_key", "privacy", "privacy_key")
LOGIN_FIELDS = ("user", "password", "private_key")


@dataclass(frozen=True, slots=True)
class FormField:
    """``name`` is the form's; ``said`` what the server says of what was typed, "" while nothing is wrong."""

    name: str
    title: str
    kind: str
    value: str
    hint: str = ""
    said: str = ""
    required: bool = False
    choices: Sequence[tuple[str, str]] = ()
    suggested: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WayForm:
    name: str
    title: str
    on: bool
    said: str
    fields: Sequence[FormField]


@dataclass(frozen=True, slots=True)
class SecretForm:
    """``since`` and ``by`` of the one there is, "" where there is none. Its words are never filled in."""

    kind: str
    title: str
    said: str
    since: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """What the server said, and at which field of the form it stands ("" : at none)."""

    field: str = ""
    text: str = ""

    @classmethod
    def of(cls, refusal: Exception, words: Words) -> Refused:
        return cls(placed(str(refusal)), said(str(refusal), words))

    def at(self, name: str) -> str:
        return self.text if self.field == name else ""


@dataclass(frozen=True, slots=True)
class AskingForm:
    device: Sequence[FormField]
    asking: Sequence[FormField]
    ways: Sequence[WayForm]
    secrets: Sequence[SecretForm]
    refused: Refused = field(default_factory=Refused)

    @property
    def elsewhere(self) -> str:
        """What was said and stands at no field that is shown."""
        shown = {one.name for one in (*self.device, *self.asking)}
        shown |= {name for way in self.ways for name in (f"way.{way.name}", *(one.name for one in way.fields))}
        shown |= {f"secret.{one.kind}" for one in self.secrets}
        return "" if self.refused.field in shown else self.refused.text


def asking_form(
    sent: Mapping[str, str],
    known: Known,
    words: Words,
    refused: Refused,
    *,
    adding: bool,
    secrets: Sequence[SecretForm],
) -> AskingForm:
    """``adding``: with the fields of a new row of the ledger."""
    shares = [(share.name, share.name) for share in known.shares]
    types = sorted({told for told in known.types.values() if told})

    def one(name: str, title: str, kind: str = "text", **more: Any) -> FormField:
        return FormField(name, words(title), kind, sent.get(name, ""), said=refused.at(name), **more)

    device = [
        one("device_no", N_("设备编号"), required=True),
        one("name", N_("设备名称")),
        one("kind", N_("种类"), "choice", choices=[(kind, words(word)) for kind, word in KIND_WORDS.items()]),
        one("location", N_("位置")),
    ]
    asking = [
        one("address", N_("地址"), required=True, hint=words("IP 地址或主机名")),
        one("share", N_("采集分组"), "choice", choices=shares),
        one("type", N_("设备类型"), suggested=types, hint=words("留空则自动识别")),
        one("interval_s", N_("周期（秒）"), "number", hint="5–3600"),
    ]
    ways = [
        WayForm(
            way,
            words(WAY_WORDS[way]) if way in WAY_WORDS else way,
            bool(sent.get(f"way.{way}")),
            refused.at(f"way.{way}"),
            [
                FormField(
                    f"way.{way}.{each.name}",
                    words(FIELD_WORDS[each.name]) if each.name in FIELD_WORDS else each.name,
                    each.kind,
                    sent.get(f"way.{way}.{each.name}", ""),
                    words(HINTS[each.name]) if each.name in HINTS else "",
                    refused.at(f"way.{way}.{each.name}"),
                    each.required,
                    [(choice, choice) for choice in each.choices],
                    SUGGESTED.get(each.name, ()),
                )
                for each in fields
            ],
        )
        for way, fields in way_fields().items()
    ]
    return AskingForm(device if adding else [], asking, ways, secrets, refused)


def fresh(known: Known) -> dict[str, str]:
    """A form for a new device, as most are: a switch, asked by SNMP and by echoes, whose traps are heard."""
    held = [one.name for one in known.shares if one.holder_id] or [one.name for one in known.shares]
    share = held[0] if held else ""
    return {"kind": "switch", "interval_s": "60", "share": share, **typed({"snmp": {}, "icmp": {}, "trap": {}})}


def as_it_is(row: CollectedDevice) -> dict[str, str]:
    told = {"address": row.address, "share": row.share, "type": row.device_type, "interval_s": f"{row.interval_s:g}"}
    return told | typed(row.protocols)


def asked_as_typed(device_no: str, sent: Mapping[str, str]) -> CollectedDevice:
    """Raises ValueError where the interval is no number."""
    return CollectedDevice(
        device_no=device_no,
        share=sent.get("share", ""),
        address=sent.get("address", "").strip(),
        device_type=sent.get("type", "").strip(),
        interval_s=number(sent.get("interval_s", "")),
        protocols=protocols_typed(sent),
    )


def number(text: str) -> float:
    """Raises ValueError, worded as the device list words its own."""
    try:
        return float(text.strip() or 60)
    except ValueError:
        raise ValueError("interval_s: Expected `float`, got `str`") from None


def secret_words(kind: str, sent: Mapping[str, str], before: str = "") -> dict[str, str]:
    """What was typed of a secret; empty where nothing was. ``before``: how its fields' names begin in the form."""
    names = SNMP_FIELDS if SECRETS.get(kind) is SnmpSecret else LOGIN_FIELDS
    told = {name: sent.get(f"{before}{name}", "") for name in names}
    return {name: text.replace("\r\n", "\n") for name, text in told.items() if text}


def needed(sent: Mapping[str, str]) -> list[str]:
    """The kinds of secrets that the ways wanted ask with."""
    return list(dict.fromkeys(kind for way, kind in SECRET_OF.items() if sent.get(f"way.{way}")))


def share_fields(
    sent: Mapping[str, str], known: Known, words: Words, refused: Refused, *, adding: bool
) -> list[FormField]:
    agents = [
        (
            agent.id,
            " · ".join(
                dict.fromkeys(text for text in (known.name(agent.device_no), agent.device_no, agent.hostname) if text)
            ),
        )
        for agent in known.agents.values()
        if agent.state == "active"
    ]
    agents.sort(key=lambda agent: agent[1])

    def one(name: str, title: str, kind: str = "text", **more: Any) -> FormField:
        return FormField(name, words(title), kind, sent.get(name, ""), said=refused.at(name), **more)

    return [
        *([one("share", N_("名称"), required=True, hint=words("小写字母、数字、- 和 _"))] if adding else []),
        one("active_id", N_("主用采集器"), "choice", choices=agents),
        one("standby_id", N_("备用采集器"), "choice", choices=[("", words("没有")), *agents]),
        one("interval_s", N_("租约周期（秒）"), "number", hint=words("主用失联后，备用最迟一又三分之一个周期接管")),
    ]


def share_as_it_is(share: CollectionShare) -> dict[str, str]:
    return {"active_id": share.active_id, "standby_id": share.standby_id, "interval_s": f"{share.interval_s:g}"}
