"""What a collector is told to ask: the device list, and the leases on shares of it.

``GET /api/v1/collectors/self/devices`` answers with a :class:`DeviceList` under the credential of a collector; its
revision is the one that receipts name. ``POST /api/v1/collectors/self/leases`` answers with :class:`Leases`.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

import msgspec

from readings.delivery.device_secrets import SECRETS, LoginSecret, SnmpSecret
from readings.delivery.protocols import CollectionRefused, Protocols, protocols_from

DEVICES_PATH = "/api/v1/collectors/self/devices"
LEASES_PATH = "/api/v1/collectors/self/leases"
MOST_DEVICES = 5_000
MOST_PROTOCOLS = 50  # of one device; there are a dozen
LONGEST_NAME = 60
LARGEST_LIST_BYTES = 16 * 2**20
INTERVAL_S = (5.0, 3600.0)
HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*")
DEVICE_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}")


class ListedDevice(msgspec.Struct, frozen=True):
    """``type`` "": to be recognised. ``secrets``: by kind, as :data:`SECRETS` says.

    ``not_understood``: by name the protocols that a newer centre may know and we do not, with what is wrong; made here
    when the list is read, and empty on the wire.
    """

    device_no: str
    share: str
    address: str
    type: str = ""
    interval_s: float = 60.0
    protocols: Protocols = Protocols()
    secrets: dict[str, dict[str, Any]] = {}
    not_understood: dict[str, str] = {}

    def __repr__(self) -> str:
        """Whatever logs a device does not log its secrets."""
        return f"ListedDevice({self.device_no}, {self.address}, secrets: {', '.join(self.secrets) or 'none'})"

    @property
    def snmp_secret(self) -> SnmpSecret | None:
        told = self.secrets.get("snmp")
        return None if told is None else msgspec.convert(told, SnmpSecret)

    def login(self, kind: str) -> LoginSecret | None:
        """``kind``: ssh, bmc or sql."""
        told = self.secrets.get(kind)
        return None if told is None else msgspec.convert(told, LoginSecret)


class DeviceList(msgspec.Struct, frozen=True):
    revision: int
    devices: Annotated[list[ListedDevice], msgspec.Meta(max_length=MOST_DEVICES)] = []


class Lease(msgspec.Struct, frozen=True):
    """``lasts_s`` from the moment the question was sent, asked again ``every_s``; ``alone``: no other could take over,
    so it does not end.
    """

    share: str
    held: bool
    term: int
    lasts_s: float
    every_s: float
    alone: bool = False


class Leases(msgspec.Struct, frozen=True):
    revision: int
    leases: list[Lease] = []


class _Written(ListedDevice, frozen=True):
    """A device before its protocols were looked at."""

    protocols: dict[str, Any] = {}  # type: ignore[assignment]  # they become Protocols one by one


class _WrittenList(msgspec.Struct, frozen=True):
    revision: int
    devices: Annotated[list[_Written], msgspec.Meta(max_length=MOST_DEVICES)] = []


def decode_list(body: bytes) -> DeviceList:
    """A protocol or a secret that is not understood is that device's alone. Raises CollectionRefused."""
    try:
        told = msgspec.json.decode(body, type=_WrittenList)
        return DeviceList(told.revision, [_understood(device) for device in told.devices])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CollectionRefused(f"the device list: {str(error)[:300]}") from error


def _understood(written: _Written) -> ListedDevice:
    known, strange = Protocols(), {}
    for name, words in list(written.protocols.items())[:MOST_PROTOCOLS]:
        try:
            told = protocols_from({name: words})
        except CollectionRefused as error:
            strange[name[:LONGEST_NAME]] = str(error)
        else:
            known = msgspec.structs.replace(known, **{name: getattr(told, name)})
    secrets = {kind: words for kind, words in written.secrets.items() if kind in SECRETS}
    for kind, words in secrets.items():
        msgspec.convert(words, SECRETS[kind])
    return ListedDevice(
        written.device_no,
        written.share,
        written.address,
        written.type,
        written.interval_s,
        known,
        secrets,
        strange,
    )


def decode_leases(body: bytes) -> Leases:
    """Raises CollectionRefused."""
    try:
        return msgspec.json.decode(body, type=Leases)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CollectionRefused(f"the leases: {str(error)[:300]}") from error


def check_address(address: str) -> str:
    """An IP address or a host name. Raises CollectionRefused."""
    try:
        return str(ipaddress.ip_address(address.strip()))
    except ValueError:
        if HOST_NAME.fullmatch(address.strip()) is None:
            raise CollectionRefused(f"address: {address[:60]!r} is neither an IP address nor a host name") from None
        return address.strip()
