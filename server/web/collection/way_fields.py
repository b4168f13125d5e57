"""The fields of a form for each way to ask a device, made of the words the device list itself is checked by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from readings.delivery.protocols import Protocols
from server.web.i18n import N_

FIELD_WORDS: dict[str, str] = {
    "version": N_("版本"),
    "port": N_("端口号"),
    "timeout_s": N_("超时（秒）"),
    "retries": N_("重试次数"),
    "transport": N_("传输"),
    "walks": N_("一次最多取几行"),
    "context": N_("上下文"),
    "sources": N_("还从哪些地址来"),
    "worst": N_("记到哪一级"),
    "platform": N_("平台"),
    "backup": N_("每天备份配置"),
    "map": N_("寄存器表"),
    "unit": N_("从站号"),
    "verify": N_("核对证书"),
    "cipher": N_("加密套件"),
    "count": N_("每次几个"),
    "ports": N_("端口"),
    "scheme": N_("协议"),
    "path": N_("路径"),
    "engine": N_("数据库"),
    "database": N_("库名"),
    "number": N_("取一个数的查询"),
    "name": N_("UPS 名称"),
    "host_key": N_("主机密钥"),
    "serial": N_("串口设备"),
    "baud": N_("波特率"),
    "parity": N_("校验位"),
    "stop_bits": N_("停止位"),
}
HINTS: dict[str, str] = {
    "transport": N_("设备从别的地址回答时选 tolerant"),
    "sources": N_("逗号分隔；设备用别的地址发 Trap 或 Syslog 时填"),
    "worst": N_("0 紧急 … 7 调试，此级及更严重的记为事件"),
    "ports": N_("逗号分隔"),
    "number": N_("只读的一句查询，回答一个数"),
    "host_key": N_("公钥或 SHA256 指纹；留空则记住第一次见到的"),
    "serial": N_("采集器上的串口，如 /dev/ttyS0；填了就不走网络"),
}
# What collectors of this version know (a test compares); others may be typed.
SUGGESTED: dict[str, tuple[str, ...]] = {
    "platform": ("huawei_vrp", "h3c_comware", "cisco_ios", "cisco_nxos", "ruijie", "zte"),
    "map": ("crac_generic", "leak_detector", "smoke_door_contacts", "temperature_humidity_transmitter"),
}


@dataclass(frozen=True, slots=True)
class WayField:
    """``kind``: text, number, list, choice or check. ``default`` as text; ``required``: it has none."""

    name: str
    kind: str
    default: str
    required: bool
    choices: Sequence[str] = ()
    whole: bool = True


@cache
def way_fields() -> Mapping[str, Sequence[WayField]]:
    """By way, in the order of the device list's own words."""
    found: dict[str, Sequence[WayField]] = {}
    told = inspect.type_info(Protocols)
    assert isinstance(told, inspect.StructType)
    for way in told.fields:
        assert isinstance(way.type, inspect.UnionType)
        shape = next(each for each in way.type.types if isinstance(each, inspect.StructType))
        found[way.name] = [_field(field) for field in shape.fields]
    return found


def _field(field: inspect.Field) -> WayField:
    default = field.default if field.default is not msgspec.NODEFAULT else None
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    text = "" if default is None else ", ".join(map(str, default)) if isinstance(default, list) else str(default)
    match field.type:
        case inspect.BoolType():
            return WayField(field.name, "check", "1" if default else "", field.required)
        case inspect.LiteralType(values=values):
            return WayField(field.name, "choice", text, field.required, [str(value) for value in values])
        case inspect.IntType():
            return WayField(field.name, "number", text, field.required)
        case inspect.FloatType():
            return WayField(
                field.name, "number", f"{default:g}" if default is not None else "", field.required, (), whole=False
            )
        case inspect.ListType(item_type=item):
            return WayField(field.name, "list", text, field.required, (), whole=isinstance(item, inspect.IntType))
        case _:
            return WayField(field.name, "text", text, field.required)


def typed(protocols: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Settings as a form has them typed: "way.snmp" → "1", "way.snmp.port" → "161"."""
    found: dict[str, str] = {}
    for way, fields in way_fields().items():
        said = protocols.get(way)
        if said is not None:
            found[f"way.{way}"] = "1"
        for field in fields:
            value = (said or {}).get(field.name)
            if value is None:
                found[f"way.{way}.{field.name}"] = field.default
            elif isinstance(value, bool):
                found[f"way.{way}.{field.name}"] = "1" if value else ""
            elif isinstance(value, list):
                found[f"way.{way}.{field.name}"] = ", ".join(map(str, value))
            else:
                found[f"way.{way}.{field.name}"] = f"{value:g}" if isinstance(value, float) else str(value)
    return found


def protocols_typed(sent: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The other way round, of the ways that are wanted. What is no number stays text: the list refuses it by name."""
    return {
        way: {
            field.name: value
            for field in fields
            if (value := _value(field, sent.get(f"way.{way}.{field.name}", ""))) is not None
        }
        for way, fields in way_fields().items()
        if sent.get(f"way.{way}")
    }


def _value(field: WayField, text: str) -> Any:
    """None: it is left to its default."""
    text = text.strip()
    if field.kind == "check":
        return None if bool(text) == bool(field.default) else bool(text)
    if field.required and field.kind == "list" and not text:
        return []
    if text == field.default or (not text and field.kind != "text"):
        return None
    if field.kind == "list":
        pieces = [piece for piece in text.replace("，", ",").replace("、", ",").replace(" ", ",").split(",") if piece]
        return [_number(piece, whole=True) if field.whole else piece for piece in pieces]
    return _number(text, whole=field.whole) if field.kind == "number" else text


def _number(text: str, *, whole: bool) -> int | float | str:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text
