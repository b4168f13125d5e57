"""The device list's words for each probe as the probe's own settings.

What makes them raises SourceFailed where a secret is missing, or where the list can say what no probe can do yet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from readings.delivery import protocols
from readings.delivery.collection import ListedDevice
from readings.delivery.device_secrets import LoginSecret
from readings.model import Gap, SourceFailed

Make = Callable[[], list[dict[str, Any]]]  # the settings of each look: ports are several


def asked_by(device: ListedDevice) -> dict[str, tuple[str, Make]]:
    """By the protocol's name: the kind of probe (collector.probes.kinds) and what makes its settings."""
    said, ways = device.protocols, dict[str, tuple[str, Make]]()
    if said.icmp is not None:
        ways["icmp"] = "icmp", partial(_icmp, device, said.icmp)
    if said.tcp is not None:
        ways["tcp"] = "tcp", partial(_tcp, device, said.tcp)
    if said.http is not None:
        ways["http"] = "web", partial(_http, device, said.http)
    if said.modbus is not None:
        ways["modbus"] = "modbus", partial(_modbus, device, said.modbus)
    if said.redfish is not None:
        ways["redfish"] = "redfish", partial(_redfish, device, said.redfish)
    if said.ipmi is not None:
        ways["ipmi"] = "ipmi", partial(_ipmi, device, said.ipmi)
    if said.nut is not None:
        ways["nut"] = "nut", partial(_nut, device, said.nut)
    if said.sql is not None:
        ways["sql"] = "sql", partial(_sql, device, said.sql)
    if said.cli is not None and said.cli.backup:
        ways["cli"] = "configuration", partial(_backup, device, said.cli)
    return ways


def _login(device: ListedDevice, kind: str) -> LoginSecret:
    secret = device.login(kind)
    if secret is None:
        raise SourceFailed(Gap.NOT_OFFERED, f"the centre keeps no secret {kind} of {device.device_no}")
    return secret


def _signed_in(secret: LoginSecret) -> dict[str, Any]:
    return {"user": secret.user, "password": secret.password}


def _icmp(device: ListedDevice, said: protocols.IcmpSettings) -> list[dict[str, Any]]:
    return [{"host": device.address, "count": said.count, "time_limit_s": said.timeout_s}]


def _tcp(device: ListedDevice, said: protocols.TcpSettings) -> list[dict[str, Any]]:
    return [{"host": device.address, "port": port, "time_limit_s": said.timeout_s} for port in said.ports]


def _http(device: ListedDevice, said: protocols.HttpSettings) -> list[dict[str, Any]]:
    host = f"[{device.address}]" if ":" in device.address else device.address
    url = f"{said.scheme}://{host}:{said.port}{said.path}"
    return [{"url": url, "trust_any_certificate": not said.verify, "time_limit_s": said.timeout_s}]


def _modbus(device: ListedDevice, said: protocols.ModbusSettings) -> list[dict[str, Any]]:
    where: dict[str, Any] = {"host": device.address, "port": said.port}
    if said.serial:
        where = {"serial": said.serial, "baud": said.baud, "parity": said.parity, "stop_bits": said.stop_bits}
    return [{**where, "unit_id": said.unit, "map": said.map, "time_limit_s": said.timeout_s}]


def _redfish(device: ListedDevice, said: protocols.RedfishSettings) -> list[dict[str, Any]]:
    where = {"host": device.address, "port": said.port, "trust_any_certificate": not said.verify}
    return [{**where, **_signed_in(_login(device, "bmc")), "time_limit_s": said.timeout_s}]


def _ipmi(device: ListedDevice, said: protocols.IpmiSettings) -> list[dict[str, Any]]:
    where = {"host": device.address, "port": said.port, "cipher": said.cipher}
    return [{**where, **_signed_in(_login(device, "bmc")), "time_limit_s": said.timeout_s}]


def _nut(device: ListedDevice, said: protocols.NutSettings) -> list[dict[str, Any]]:
    return [{"host": device.address, "port": said.port, "ups": said.name, "time_limit_s": said.timeout_s}]


def _sql(device: ListedDevice, said: protocols.SqlSettings) -> list[dict[str, Any]]:
    where = {"engine": said.engine, "host": device.address, "port": said.port, "database": said.database}
    return [{**where, **_signed_in(_login(device, "sql")), "query": said.number, "time_limit_s": said.timeout_s}]


def _backup(device: ListedDevice, said: protocols.CliSettings) -> list[dict[str, Any]]:
    secret = _login(device, "ssh")
    where = {"host": device.address, "port": said.port, "platform": said.platform, "folder": device.device_no}
    with_ = {"password": secret.password, "private_key": secret.private_key}
    given = {name: text for name, text in with_.items() if text}
    return [{**where, "user": secret.user, **given, "host_key": said.host_key, "time_limit_s": said.timeout_s}]
