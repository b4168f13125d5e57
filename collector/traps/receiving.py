"""Notifications from the socket to events: known by address, bounded, proven, told by data.

First everything that waits is taken off the socket into bounded memory, whatever it is: a burst must not find the
kernel's buffer full. Then, one by one: whose address is it, is this device still within its bound, does it prove
itself (community of v1 and v2c, user of v3), was it told already (an inform that comes again), what does it mean.
"""

from __future__ import annotations

import hmac
import socket
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from selectors import EVENT_READ, BaseSelector
from typing import Any

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.error import PySnmpError
from pysnmp.proto.api import v1, v2c
from pysnmp.proto.proxy import rfc2576

from collector.listening.heard import Heard
from collector.listening.known import KnownSenders, Resolve, resolve
from collector.listening.sockets import LARGEST_DATAGRAM, MOST_AT_ONCE, kernel_drops
from collector.listening.storms import Bound, Storms
from collector.traps.bindings import Binding, plain
from collector.traps.peek import INFORM, TRAP_V1, TRAP_V2, Outside, acknowledged, peek
from collector.traps.secure import SecureReceiver
from collector.traps.texts import TrapTexts
from readings.delivery.collection import ListedDevice
from readings.delivery.device_secrets import SnmpSecret
from readings.model import Event

SOURCE = "trap"
MOST_WAITING = 50_000
MOST_WAITING_BYTES = 64 * 2**20
AGAIN_S = 120.0  # an inform is sent again for at most so long
MOST_REMEMBERED = 20_000

Address = tuple[Any, ...]
Notice = tuple[int, str, int, list[Binding]]  # request id, OID, uptime, varbinds


class _UnheardError(Exception):
    """It is not told; the text is the word it is counted under."""


@dataclass(frozen=True, slots=True)
class _Note:
    """One message of a device, not opened yet."""

    packet: bytes
    address: Address
    outside: Outside
    secret: SnmpSecret
    device_no: str


class TrapListener:
    """On ``sock`` (collector.listening.sockets.udp_socket). Not for several threads."""

    def __init__(
        self,
        sock: socket.socket,
        texts: TrapTexts,
        bound: Bound,
        *,
        boottime_ns: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        find: Resolve = resolve,
    ) -> None:
        self._sock = sock
        self._texts = texts
        self._storms = Storms(SOURCE, bound)
        self._boottime_ns = boottime_ns
        self._monotonic = monotonic
        self._find = find
        self._secure = SecureReceiver(sock)
        self._known = KnownSenders()
        self._secrets: dict[str, SnmpSecret] = {}
        self._waiting: deque[tuple[bytes, Address, int]] = deque()
        self._waiting_bytes = 0
        self._told: OrderedDict[tuple[str, int, str, int], float] = OrderedDict()
        self._heard = Heard()
        self._counts: Counter[str] = Counter()

    def start(self, selector: BaseSelector) -> None:
        selector.register(self._sock, EVENT_READ, self.drain)

    def use(self, devices: Sequence[ListedDevice]) -> None:
        self._known = KnownSenders(devices, self._find)
        self._secrets = {device.device_no: told for device in devices if (told := device.snmp_secret) is not None}

    def drain(self) -> None:
        """What waits in the kernel, into memory."""
        now_ns = self._boottime_ns()
        for _ in range(MOST_AT_ONCE):
            try:
                packet, address = self._sock.recvfrom(LARGEST_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error of an answer sent before
            self._counts["received"] += 1
            if len(self._waiting) >= MOST_WAITING or self._waiting_bytes >= MOST_WAITING_BYTES:
                self._counts["overflowed"] += 1
                continue
            self._waiting.append((packet, address, now_ns))
            self._waiting_bytes += len(packet)

    def work(self, budget_s: float) -> bool:
        until = self._monotonic() + budget_s
        while self._waiting:
            packet, address, at_ns = self._waiting.popleft()
            self._waiting_bytes -= len(packet)
            self._counts[self._hear(packet, address, at_ns)] += 1
            if self._monotonic() >= until:
                break
        if not self._waiting:
            self._heard.events += self._storms.over(self._monotonic(), self._boottime_ns())
        return bool(self._waiting)

    def take(self) -> Heard:
        heard, self._heard = self._heard, Heard()
        heard.counts = self._counts + Counter({"dropped_by_kernel": kernel_drops(self._sock)})
        return heard

    def close(self) -> None:
        self._sock.close()

    def _hear(self, packet: bytes, address: Address, at_ns: int) -> str:
        """What became of it, as it is counted."""
        try:
            note = self._admit(packet, address)
            notice, inform = self._open(note)
        except _UnheardError as why:
            return str(why)
        except (PySnmpError, PyAsn1Error, ValueError, TypeError, IndexError, KeyError):
            return "damaged"
        if inform and self._came_before(address[0], notice):
            return "repeated"
        _, oid, _, bindings = notice
        meaning = self._texts.tell(oid, bindings)
        event = Event(SOURCE, meaning.kind, meaning.severity, meaning.text, at_ns, cursor=oid)
        self._heard.events.append((note.device_no, event))
        return "told"

    def _admit(self, packet: bytes, address: Address) -> _Note:
        """Raises _UnheardError, Damaged."""
        device = self._known.find(address[0])
        if device is None:
            raise _UnheardError("unknown_sender")
        outside = peek(packet)
        secret = self._secrets.get(device.device_no)
        if secret is None or not _fits(outside, secret):
            raise _UnheardError("refused")
        if not self._storms.admit(device.device_no, self._monotonic()):
            if outside.pdu == INFORM:
                self._acknowledge(packet, outside, address)  # or it would come again, and make the storm worse
            raise _UnheardError("folded")
        return _Note(packet, address, outside, secret, device.device_no)

    def _open(self, note: _Note) -> tuple[Notice, bool]:
        """(the notification, whether it is an inform). Raises _UnheardError, what the libraries raise."""
        if note.outside.version == 3:
            engine_id, now_s = note.outside.engine_id, self._monotonic()
            proven = self._secure.take(
                note.packet, note.address, engine_id, note.secret, device=note.device_no, now_s=now_s
            )
            if proven is None:
                raise _UnheardError("refused" if note.outside.name else "discovery")
            return (proven.request_id, proven.oid, proven.uptime, proven.bindings), proven.inform
        if note.outside.version == 0:
            message, _ = decoder.decode(note.packet, asn1Spec=v1.Message())
            pdu = rfc2576.v1_to_v2(v1.apiMessage.get_pdu(message))
            return (0, *plain(v2c.apiPDU.get_varbinds(pdu))), False
        message, _ = decoder.decode(note.packet, asn1Spec=v2c.Message())
        pdu = v2c.apiMessage.get_pdu(message)
        notice = (int(v2c.apiPDU.get_request_id(pdu)), *plain(v2c.apiPDU.get_varbinds(pdu)))
        inform = note.outside.pdu == INFORM
        if inform:
            self._acknowledge(note.packet, note.outside, note.address)
        return notice, inform

    def _acknowledge(self, packet: bytes, outside: Outside, address: Address) -> None:
        try:
            self._sock.sendto(acknowledged(packet, outside), address)
        except OSError:
            self._counts["not_acknowledged"] += 1  # it comes again

    def _came_before(self, address: str, notice: Notice) -> bool:
        """Whether this inform was told already: by address and request id, and what a sender that began its request
        ids anew would not repeat.
        """
        key, now_s = (address, *notice[:3]), self._monotonic()
        while self._told and (now_s - next(iter(self._told.values())) > AGAIN_S or len(self._told) >= MOST_REMEMBERED):
            self._told.popitem(last=False)
        if key in self._told:
            return True
        self._told[key] = now_s
        return False


def _fits(outside: Outside, secret: SnmpSecret) -> bool:
    """Community or user are those of the device; nothing but notifications in v1 and v2c."""
    if outside.version == 3:
        # Discovery asks without a user: the engine answers it.
        return bool(secret.user) and outside.name in {secret.user.encode(), b""}
    kinds = {TRAP_V1} if outside.version == 0 else {TRAP_V2, INFORM}
    return (
        outside.pdu in kinds and bool(secret.community) and hmac.compare_digest(outside.name, secret.community.encode())
    )
