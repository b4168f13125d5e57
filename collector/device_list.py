"""The devices a collector polls, read strictly from one file that its owner alone can read: it holds communities.

``devices:`` is a list of {device_no, address, version, community | user, authentication, authentication_key, privacy,
privacy_key, context, transport, type, interval, timeout}; all but the first two have a default.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

import yaml

from collector.device_fields import DeviceFileError, Fields
from collector.device_type import DeviceType
from collector.polling import PolledDevice
from collector.protocols.snmp import Credential, Target, text_with_port
from readings.units import UnitError, in_unit

VERSIONS = {"v1": 1, "v2c": 2, "v3": 3}
AUTHENTICATION = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
PRIVACY = ("des", "aes128", "aes192", "aes256")
TRANSPORTS = ("quick", "tolerant")
MOST_DEVICES = 10_000


def load_device_list(file: Path, types: Mapping[str, DeviceType]) -> list[PolledDevice]:
    """Raises DeviceFileError, without a secret in it, for the first thing that is wrong."""
    try:
        mode = file.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise DeviceFileError(f"{file.name}: others may read it ({stat.filemode(mode)}): chmod 600")
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DeviceFileError(f"{file.name}: not YAML: {type(error).__name__}") from error
    try:
        fields = Fields(written)
        devices = [_device(row, types) for row in fields.each("devices")]
        fields.done()
    except DeviceFileError as error:
        raise DeviceFileError(f"{file.name}: {error}") from error
    numbers = [device.device_no for device in devices]
    twice = next((number for number in numbers if numbers.count(number) > 1), "")
    if twice or not devices or len(devices) > MOST_DEVICES:
        what = f"{twice!r} stands twice" if twice else f"{len(devices)} of them, 1 to {MOST_DEVICES}"
        raise DeviceFileError(f"{file.name}: devices: {what}")
    return devices


def _device(fields: Fields, types: Mapping[str, DeviceType]) -> PolledDevice:
    device_no = fields.text("device_no")
    try:
        host, port = text_with_port(fields.text("address"))
    except ValueError as error:
        raise fields.wrong("address", str(error)) from error
    type_id = fields.text("type", "")
    if type_id and type_id not in types:
        raise fields.wrong("type", f"no device type is called {type_id!r}")
    interval = _seconds(fields, "interval") if fields.has("interval") else None
    timeout = _seconds(fields, "timeout") if fields.has("timeout") else 3.0
    tolerant = _one_of(fields, "transport", TRANSPORTS, "quick") == "tolerant"
    target = Target(host, port, _credential(fields), timeout, tolerant=tolerant)
    fields.done()
    return PolledDevice(device_no, target, type_id, interval)


def _credential(fields: Fields) -> Credential:
    version = VERSIONS[_one_of(fields, "version", tuple(VERSIONS), "v2c")]
    if version < 3:
        return Credential(version, fields.text("community", "public"))
    key, privacy_key = fields.text("authentication_key", ""), fields.text("privacy_key", "")
    if privacy_key and not key:
        raise fields.wrong("privacy_key", "nothing is secret that is not authenticated")
    return Credential(
        version,
        user=fields.text("user"),
        authentication=_one_of(fields, "authentication", AUTHENTICATION, "sha1") if key else "",
        authentication_key=key,
        privacy=_one_of(fields, "privacy", PRIVACY, "aes128") if privacy_key else "",
        privacy_key=privacy_key,
        context=fields.text("context", ""),
    )


def _one_of(fields: Fields, field: str, words: tuple[str, ...], default: str) -> str:
    value = fields.text(field, default)
    if value not in words:
        raise fields.wrong(field, f"{value!r} is none of {', '.join(words)}")
    return value


def _seconds(fields: Fields, field: str) -> float:
    text = fields.text(field)
    try:
        seconds = in_unit(text, "seconds")
    except UnitError as error:
        raise fields.wrong(field, str(error)) from error
    if not 0 < seconds <= 3600:
        raise fields.wrong(field, f"{text!r} is not between 0 s and 1 h")
    return seconds
