"""Which device an address is: by the device list, and by nothing that a sender says of itself."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress

from readings.delivery.collection import ListedDevice

Resolve = Callable[[str], list[str]]


def resolve(name: str) -> list[str]:
    """Addresses of a host name; none when it cannot be resolved."""
    with suppress(OSError, UnicodeError):
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)})
    return []


class KnownSenders:
    """Address → device. An address that two devices claim is neither's: nobody can tell them apart by it."""

    def __init__(self, devices: Iterable[ListedDevice] = (), find: Resolve = resolve) -> None:
        self._devices: dict[str, ListedDevice] = {}
        self.disputed: dict[str, set[str]] = {}
        for device in devices:
            further = device.protocols.trap.sources if device.protocols.trap else []
            for address in {normal(one) for told in (device.address, *further) for one in _addresses(told, find)}:
                other = self._devices.get(address)
                if other is not None and other.device_no != device.device_no:
                    self.disputed.setdefault(address, {other.device_no}).add(device.device_no)
                self._devices[address] = device
        for address in self.disputed:
            del self._devices[address]

    def find(self, address: str) -> ListedDevice | None:
        return self._devices.get(normal(address))


def normal(address: str) -> str:
    """One spelling; an IPv4 address that came through an IPv6 socket is the IPv4 one.

    >>> normal("::ffff:192.0.2.7"), normal("192.0.2.7"), normal("fe80::1%eth0")
    ('192.0.2.7', '192.0.2.7', 'fe80::1')
    """
    if ":" not in address:
        return address
    told = ipaddress.ip_address(address.partition("%")[0])
    return str(getattr(told, "ipv4_mapped", None) or told)


def _addresses(told: str, find: Resolve) -> list[str]:
    try:
        return [str(ipaddress.ip_address(told))]
    except ValueError:
        return find(told)
