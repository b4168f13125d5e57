"""The kinds of devices in words, and the families of them that the fleet is looked at by."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from server.web.i18n import N_, Words

KIND_WORDS: dict[str, str] = {
    "server": N_("服务器"),
    "host": N_("主机"),
    "switch": N_("交换机"),
    "network": N_("网络设备"),
    "router": N_("路由器"),
    "firewall": N_("防火墙"),
    "wireless": N_("无线控制器"),
    "ups": N_("UPS"),
    "pdu": N_("配电单元"),
    "air_conditioner": N_("精密空调"),
    "environment": N_("环境监测"),
    "sensor": N_("传感器"),
    "storage": N_("存储"),
    "bmc": N_("带外控制器"),
    "database": N_("数据库"),
    "collector": N_("采集器"),
    "other": N_("其他"),
}
# Key → (word, kinds). What is in none of them is with the rest.
FAMILIES: dict[str, tuple[str, frozenset[str]]] = {
    "servers": (N_("服务器"), frozenset({"server", "host", "bmc", "collector"})),
    "network": (N_("网络"), frozenset({"switch", "network", "router", "firewall", "wireless"})),
    "power": (N_("供配电"), frozenset({"ups", "pdu"})),
    "cooling": (N_("制冷与环境"), frozenset({"air_conditioner", "environment", "sensor"})),
    "storage": (N_("存储"), frozenset({"storage"})),
    "other": (N_("其他"), frozenset()),
}


def kind_word(kind: str, words: Words) -> str:
    return words(KIND_WORDS[kind]) if kind in KIND_WORDS else kind


def family_of(kind: str) -> str:
    return next((key for key, (_, kinds) in FAMILIES.items() if kind in kinds), "other")


def type_word(device_type: str, words: Words) -> str:
    """What a collector recognised a device as: ``locale/device_types.toml``, else its id."""
    return words.of(_types().get(device_type)) or device_type


@cache
def _types() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "locale" / "device_types.toml").read_text("utf-8"))
