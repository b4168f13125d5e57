"""A machine room played from public recordings of real devices: what a collector reads of them, as batches.

Each reading is what ``zhishou collector`` makes of the recording; only what counts goes on counting.
"""

from __future__ import annotations

import html
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import numpy as np

from collector.actions.check import explain_recording
from collector.device_files import load_device_types
from collector.identify import DeviceReading
from readings.catalogue import load_catalogue
from readings.delivery.runner import RUNNER
from readings.model import GAP_FLOATS, Gap
from readings.wire import Batch, Block, SourceGap, Tick, WireEvent, WireFact, pack_series
from tests.recordings import recordings

INTERVAL_S = 60
BOOT = "7f0a4c1e-0000-4000-8000-00000000c011"
SECOND = 1_000_000_000
Series = tuple[str, str]
DIFF = """the configuration changed: 3 lines came, 1 went
@@ -41,5 +41,7 @@
 interface GigabitEthernet0/0/9
- description to <b>old</b> rack
+ description to rack A07
+ port link-type access
+ snmp-agent community read cipher ******
 #"""


class Caller(Protocol):
    """An administrator at the API: httpx's client, or that of the tests."""

    def request(self, method: str, path: str, *, json: Any = ...) -> Any: ...


@dataclass(frozen=True)
class Machine:
    """A device of the room. ``over``: what it says otherwise than its recording; ``gap``: it says nothing, and why."""

    device_no: str
    name: str
    kind: str
    recording: str = ""
    location: str = "机房一 B03"
    protocols: Mapping[str, Any] = field(default_factory=lambda: {"snmp": {}, "icmp": {}, "trap": {}})
    over: Mapping[Series, float] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    gap: tuple[Gap, str] | None = None


PORT = "GigabitEthernet0/0/"
ROOM = (
    Machine(
        "SW-0101", "核心交换机一", "switch", "huawei-s5720",
        protocols={"snmp": {"version": "3"}, "icmp": {}, "cli": {"platform": "huawei_vrp", "backup": True}, "trap": {},
                   "syslog": {}},
        over={("interface_state", f"{PORT}11"): 1, ("interface_state", f"{PORT}5"): 2,
              ("interface_admin_state", f"{PORT}21"): 2},
        facts={f"interface.{PORT}6": "行情网关二 <script>alert(1)</script>; d4:94:e8:0d:e1:20",
               f"interface.{PORT}5": "至 A07 机柜; d4:94:e8:0d:e1:20",
               f"neighbour.{PORT}1": "DUMSYS-90 Gi1/0/1", f"neighbour.{PORT}12": "ap-lobby<img src=x> eth0",
               f"neighbour.{PORT}5": "acc-a07 Gi0/1",
               "configuration_revision": "9c41d2ab8f03"},
    ),
    Machine("SW-0102", "汇聚交换机二", "switch", "cisco-c3750"),
    Machine("SW-0103", "核心路由机框", "switch", "h3c-comware-7-1-075"),
    Machine("FC-0201", "光纤交换机", "switch", "brocade-ds-5100b"),
    Machine("FW-0301", "边界防火墙", "firewall", "topsec-ngfw4000-uf"),
    Machine("UPS-0401", "UPS 一路", "ups", "eaton-93e-80"),
    Machine("UPS-0402", "UPS 二路", "ups", "phoenixtec-power", over={("ups_output_source", ""): 5,
            ("ups_battery_charge_ratio", ""): 0.64, ("ups_battery_runtime_seconds", ""): 1380,
            ("ups_output_load_ratio", "line 1"): 0.83, ("ups_on_battery_seconds", ""): 260}),
    Machine("PDU-0501", "机柜配电一", "pdu", "apc-8932"),
    Machine("AC-0601", "精密空调一", "air_conditioner", "vertiv-power"),
    Machine("ENV-0602", "机柜温湿度", "environment", "geist-temperature-sensor"),
    Machine("STO-0701", "存储一", "storage", "netapp-fas3270"),
    Machine("BMC-0801", "带外控制器", "bmc", "ibm-x3550-m3", protocols={"snmp": {}, "ipmi": {}}),
    Machine("SW-0901", "接入交换机九", "switch", gap=(Gap.TIMED_OUT, "SNMP v2c 192.0.2.91 port 161: no answer in 5 s")),
    Machine("SW-0902", "接入交换机十", "switch", gap=(Gap.REFUSED, "SNMP v3 192.0.2.92: wrong user or key")),
)  # fmt: skip


@cache
def read(recording: str) -> DeviceReading:
    return explain_recording(recordings()[recording], load_device_types(load_catalogue())).reading


def values_of(machine: Machine, at_s: float) -> dict[Series, float]:
    """Everything at a moment. Bytes flow on ports that are up, errors grow on one in a dozen of them."""
    counted = {key for key, metric in load_catalogue().items() if metric.kind == "counter"}
    found: dict[Series, float] = {}
    samples = {(one.metric, one.part): one.value for one in read(machine.recording).samples} | dict(machine.over)
    for (metric, part), value in samples.items():
        if isinstance(value, Gap):
            found[metric, part] = GAP_FLOATS[value]
        elif metric in counted and samples.get(("interface_state", part)) == 1:
            speed = samples.get(("network_speed_bytes_per_second", part))
            pace = _pace(machine, metric, part, speed if isinstance(speed, float) else 0.0)
            # It swells and ebbs, and never runs backwards.
            found[metric, part] = value + pace * (at_s % 1e6 + 60 * math.sin(at_s / 190 + len(part)))
        else:
            found[metric, part] = float(value)
    return found


def _pace(machine: Machine, metric: str, part: str, speed: float) -> float:
    """A second, the same at every moment; bytes as a share of the port's speed."""
    dice = zlib.crc32(f"{machine.device_no} {part}".encode())
    if metric in {"network_receive_bytes_total", "network_transmit_bytes_total"}:
        return speed * (0.0004 + (dice % 97) ** 3 / 1e6) * (0.4 if "transmit" in metric else 1.0)
    if "errors" in metric or "drops" in metric:
        return 0.2 if speed and dice % 12 == 5 and "receive" in metric else 0.0
    return float(dice % 900)


def room_batch(
    first: int, moments: Sequence[tuple[int, int]], *, facts: bool, machines: Sequence[Machine] = ROOM
) -> Batch:
    """Ticks at these moments (boottime ns, wall ns). ``facts``: with facts and what happened, as at the beginning."""
    ticks = [Tick(first + place, 0, boot, wall) for place, (boot, wall) in enumerate(moments)]
    every = list(range(len(ticks)))
    blocks, gaps, events, told = [], [], [], []
    for machine in machines:
        no = machine.device_no
        if machine.gap is not None:
            gaps.append(SourceGap(no, "snmp", every, *machine.gap))
            continue
        rows = [values_of(machine, wall / SECOND) for _, wall in moments]
        blocks.append(Block(no, "snmp", every, pack_series(list(rows[0])), _matrix(rows)))
        blocks.append(Block(no, RUNNER, every, *_proof(len(ticks), "snmp")))
        if "icmp" in machine.protocols:
            ping = [
                {("ping_lost_ratio", ""): 0.0, ("ping_round_trip_seconds", ""): 0.0009 + 0.0002 * (at % 3)}
                for at in every
            ]
            blocks.append(Block(no, "icmp", every, pack_series(list(ping[0])), _matrix(ping)))
        if facts:
            found = read(machine.recording)
            known = {"device_type": found.type.id, **{fact.key: fact.value for fact in found.facts}, **machine.facts}
            told += [WireFact(no, len(ticks) - 1, key, value) for key, value in known.items()]
    own = _own(len(ticks), sum(machine.gap is None for machine in machines), len(machines))
    blocks.append(Block("", "collection", every, *own))
    if facts:
        here = {machine.device_no for machine in machines}
        events = [event for event in _events(len(ticks) - 1) if event.device in here]
        gaps += [gap for gap in _refusals(len(ticks) - 1) if gap.device in here]
    return Batch([BOOT], ticks, blocks, gaps, events, told, interval_s=INTERVAL_S)


def _refusals(last: int) -> list[SourceGap]:
    """Ways that bring nothing beside others that do."""
    return [
        SourceGap("SW-0101", "cli", [last], Gap.REFUSED, "CLI 192.0.2.10 port 22 as backup: wrong password"),
        SourceGap("BMC-0801", "ipmi", [last], Gap.NOT_OFFERED, "the centre keeps no secret bmc of BMC-0801"),
    ]


def _events(last: int) -> list[WireEvent]:
    ups = "UPS 转电池供电：预计还可供电 23 分钟 / the UPS runs on battery: 23 min left"
    down = f"接口 {PORT}5（索引 9）断开：管理状态 开启 / interface {PORT}5 (index 9) went down: admin up"
    return [
        WireEvent("UPS-0402", last, 0, "trap", "ups_on_battery", 2, ups),
        WireEvent("SW-0101", last, 1, "trap", "link_down", 4, down),
        WireEvent("SW-0101", last, 2, "syslog", "device_log", 3, "%%01IFNET/2/IF_STATE <script>alert(2)</script> 风扇"),
        WireEvent("SW-0101", last, 3, "configuration", "configuration_changed", 4, DIFF),
    ]


def _matrix(rows: Sequence[Mapping[Series, float]]) -> bytes:
    return np.array([list(row.values()) for row in rows], "<f8").tobytes()


def _proof(ticks: int, source: str) -> tuple[bytes, bytes]:
    series = [("source_success", source), ("source_duration_seconds", source)]
    return pack_series(series), np.array([[1.0, 0.42]] * ticks, "<f8").tobytes()


def _own(ticks: int, answering: int, asked: int) -> tuple[bytes, bytes]:
    heard = {"traps received": 41, "traps told": 37, "traps unknown_sender": 3, "traps folded": 1,
             "syslog received": 218, "syslog told": 12, "syslog not_bad_enough": 206,
             "syslog unknown_sender": 0}  # fmt: skip
    row = {("collected_devices", ""): asked, ("collected_devices_answering", ""): answering}
    row |= {("listener_messages_total", part): count for part, count in heard.items()}
    return pack_series(list(row)), np.array([list(row.values())] * ticks, "<f8").tobytes()


def furnish(boss: Caller, active: str, standby: str, machines: Sequence[Machine] = ROOM) -> None:
    """The share, the devices, how they are asked and with what: over the API, as an administrator does."""

    def said(method: str, path: str, **words: Any) -> None:
        answer = boss.request(method, f"/api/v1{path}", json=words)
        assert answer.status_code < 300, answer.text

    said("PUT", "/collection/shares/room", active_id=active, standby_id=standby, interval_s=60)
    for number, machine in enumerate(machines, 10):
        said("POST", "/devices", device_no=machine.device_no, name=machine.name, kind=machine.kind,
             location=machine.location)  # fmt: skip
        said("PUT", f"/devices/{machine.device_no}/secrets/snmp", community=f"planted-{machine.device_no}")
        said("PUT", f"/devices/{machine.device_no}/collection", share="room", address=f"192.0.2.{number}",
             protocols=dict(machine.protocols))  # fmt: skip


def seen(page: str) -> str:
    """What a person reads: no tags, no attributes, no scripts, spaces as one and none beside Chinese marks."""
    plain = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    return re.sub(r" ?([，；、。]) ?", r"\1", " ".join(html.unescape(plain).split()))
