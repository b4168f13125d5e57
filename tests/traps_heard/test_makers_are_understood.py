"""What a maker's trap means is told by data: kind, severity, both languages, raise and recovery."""

from __future__ import annotations

import pytest

from collector.traps.texts import TrapText, load_texts
from readings.model import Severity
from tests.traps_heard.conftest import MakeEar, switch

ENT_NAME = "1.3.6.1.2.1.47.1.1.1.1.7.67108867"
CISCO, HUAWEI, H3C = "1.3.6.1.4.1.9.9", "1.3.6.1.4.1.2011.5.25.219.2", "1.3.6.1.4.1.25506.2.6.2.0"
PAN, RUIJIE = "1.3.6.1.4.1.25461.2.1.3", "1.3.6.1.4.1.4881.1.1.10.2.1"
IDRAC, IBMC = "1.3.6.1.4.1.674.10892.5.3", "1.3.6.1.4.1.2011.2.235.1.1.500"

Sent = tuple[str, list[str], str, Severity, str]
SENT: dict[str, Sent] = {
    "huawei: a power supply fails": (
        f"{HUAWEI}.5.3", [ENT_NAME, "s", "PWR1"], "power_supply_failed", Severity.ERROR,
        "电源 PWR1 部分功能失效 / power supply PWR1 partly failed",
    ),
    "huawei: and is well again": (
        f"{HUAWEI}.5.4", [ENT_NAME, "s", "PWR1"], "power_supply_failed_over", Severity.NOTICE,
        "电源 PWR1 部分功能恢复 / power supply PWR1 partly failed before and is well again",
    ),
    "h3c: a board is too hot": (
        f"{H3C}.1", [ENT_NAME, "s", "Board 2"], "temperature_high", Severity.ERROR,
        "Board 2 温度超过门限 / Board 2 is hotter than its limit",
    ),
    "cisco: the configuration changed": (
        f"{CISCO}.43.2.0.1", [f"{CISCO}.43.1.1.6.1.4.9", "i", "2", f"{CISCO}.43.1.1.6.1.5.9", "i", "3"],
        "configuration_changed", Severity.NOTICE,
        "设备配置有变化：命令 → 运行配置 / the configuration changed: command → running configuration",
    ),
    "cisco: a fan is critical": (
        f"{CISCO}.13.3.0.8", [f"{CISCO}.13.1.4.1.2.1", "s", "Fan 1", f"{CISCO}.13.1.4.1.3.1", "i", "3"],
        "fan_state", Severity.CRITICAL, "风扇 Fan 1 状态：严重 / fan Fan 1 is critical",
    ),
    "brocade: a port goes offline": (
        "1.3.6.1.4.1.1588.2.1.1.1.0.3",
        ["1.3.6.1.4.1.1588.2.1.1.1.6.2.1.1.5", "i", "5", "1.3.6.1.4.1.1588.2.1.1.1.6.2.1.4.5", "i", "2"],
        "fibre_channel_port_state", Severity.WARNING, "光纤端口 5 变为 离线 / FC port 5 is now offline",
    ),
    "apc: on battery": (
        "1.3.6.1.4.1.318.0.5", ["1.3.6.1.4.1.318.2.3.3.0", "s", "UPS: On battery power"], "ups_on_battery",
        Severity.CRITICAL, "UPS 转电池供电（UPS: On battery power） / the UPS runs on battery (UPS: On battery power)",
    ),
    "eaton: mains is back": (
        "1.3.6.1.4.1.534.1.11.4.1.0.5", [], "ups_on_battery_over", Severity.NOTICE, "市电恢复 / mains is back",
    ),
    "hpe: a disk is about to fail": (
        "1.3.6.1.4.1.232.0.3046", ["1.3.6.1.4.1.232.3.2.5.1.1.6.0.1", "i", "4"], "disk_state", Severity.WARNING,
        "物理磁盘状态：预测将故障 / a physical disk is about to fail",
    ),
    "idrac: any number, with its sentence": (
        f"{IDRAC}.2.1.0.2233", [f"{IDRAC}.1.2.0", "s", "PSU 1 lost input", f"{IDRAC}.1.3.0", "i", "5"],
        "bmc_alert", Severity.CRITICAL,
        "iDRAC 告警（严重）：PSU 1 lost input / alert of iDRAC (critical): PSU 1 lost input",
    ),
    "ibmc: any number, with its words": (
        f"{IBMC}.10.7.17",
        [f"{IBMC}.1.2", "s", "DIMM010", f"{IBMC}.1.3", "s", "uncorrectable ECC", f"{IBMC}.1.4", "i", "4"],
        "bmc_alert", Severity.CRITICAL,
        "iBMC 事件（紧急）：DIMM010 uncorrectable ECC / event of iBMC (critical): DIMM010 uncorrectable ECC",
    ),
    "netapp: the last digit is the severity": (
        "1.3.6.1.4.1.789.0.13", ["1.3.6.1.4.1.789.1.1.12.0", "s", "Disk 0a.23 failed"], "storage_alert",
        Severity.CRITICAL, "ONTAP 严重事件：Disk 0a.23 failed / critical event of ONTAP: Disk 0a.23 failed",
    ),
    "netapp: any other, with its sentence": (
        "1.3.6.1.4.1.789.0.485", ["1.3.6.1.4.1.789.1.1.12.0", "s", "maxdirsize of vol1"], "storage_alert",
        Severity.WARNING, "ONTAP 事件：maxdirsize of vol1 / event of ONTAP: maxdirsize of vol1",
    ),
    "fortinet: the cluster switches over": (
        "1.3.6.1.4.1.12356.101.2.0.401", [], "ha_switched", Severity.ERROR,
        "高可用主备切换 / the cluster switched over",
    ),
    "f5: a pool member goes down": (
        "1.3.6.1.4.1.3375.2.4.0.10", ["1.3.6.1.4.1.3375.2.4.1.1", "s", "/Common/web 10.0.0.8:443"],
        "pool_member_down", Severity.ERROR,
        "服务成员离线：/Common/web 10.0.0.8:443 / a member of a pool went down: /Common/web 10.0.0.8:443",
    ),
    "palo alto: any event, with its sentence": (
        f"{PAN}.2.0.600", [f"{PAN}.1.304", "s", "Auto update failed", f"{PAN}.1.303", "i", "4"],
        "firewall_event", Severity.ERROR,
        "PAN-OS 事件（高）：Auto update failed / event of PAN-OS (high): Auto update failed",
    ),
    "palo alto: a power supply fails": (
        f"{PAN}.2.0.913", [f"{PAN}.1.304", "s", "PS 2", f"{PAN}.1.303", "i", "5"],
        "power_supply_failed", Severity.ERROR, "电源故障：PS 2 / a power supply failed: PS 2",
    ),
    "ruijie: a fan in a stack fails": (
        f"{RUIJIE}.2.26",
        [f"{RUIJIE}.1.43.1.2.1.3.2", "i", "3", f"{RUIJIE}.1.43.1.3.1.3.2", "i", "2",
         f"{RUIJIE}.1.43.1.4.1.3.2", "i", "5"],
        "fan_state", Severity.ERROR, "风扇 3/2 状态：异常 / fan 3/2 is abnormal",
    ),
    "ruijie: the memory of a node is well again": (
        f"{RUIJIE}.2.38", ["1.3.6.1.4.1.4881.1.1.10.2.35.1.2.1.3.1", "i", "61"], "memory_high_over", Severity.NOTICE,
        "内存占用恢复：61% / memory is well again: 61 %",
    ),
    "juniper: a fan fails": (
        "1.3.6.1.4.1.2636.4.1.2", ["1.3.6.1.4.1.2636.3.1.8.1.6.4.1.0.0", "s", "Top Fan Tray"], "fan_failed",
        Severity.ERROR, "风扇 Top Fan Tray 故障 / fan Top Fan Tray failed",
    ),
}  # fmt: skip


@pytest.mark.peer("snmptrap")
@pytest.mark.parametrize("name", SENT)
def test_a_makers_trap_is_told_by_its_text(name: str, ear: MakeEar) -> None:
    oid, words, kind, severity, text = SENT[name]
    listening = ear([switch()])
    listening.hear("-v", "2c", "-c", "area51", listening.at, "123", oid, *words)
    assert [(event.kind, event.severity, event.text) for _, event in listening.events] == [(kind, severity, text)]


def test_every_recovery_has_what_it_recovers_from() -> None:
    texts = list(load_texts())
    kinds = {text.kind for text in texts}
    over = {text.kind for text in texts if text.kind.endswith("_over")}
    assert over
    assert {kind for kind in over if kind.removesuffix("_over") not in kinds} == {"ups_bypass_over"}
    assert {text.kind for text in texts if text.kind in over and _severity(text) < Severity.NOTICE} == set()


def _severity(text: TrapText) -> Severity:
    return Severity[text.severity.upper()]
