"""What a scan found, as a file a person has looked over: read strictly, and compared with what is known already."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from sqlmodel import select

from readings.delivery.collection import check_address
from readings.delivery.protocols import CollectionRefused
from server.collection.adding import KIND
from server.collection.tables import CollectedDevice
from server.devices.ledger import DeviceRefused, check_device_no
from server.devices.tables import Device
from server.records import Records

LARGEST_FILE = 4 * 2**20
MOST_FOUND = 1_024  # as many as one scan looks at

Text = Annotated[str, msgspec.Meta(max_length=200)]


class FoundRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """The file of a scan cannot be taken; the text says which line of it and why."""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    device_no: Text
    kind: Annotated[str, msgspec.Meta(pattern=f"^{KIND.pattern}$")]
    type: Text = ""
    vendor: Text = ""
    model: Text = ""
    name: Text = ""
    serial: Text = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """``port`` 0: the usual one."""

    device: Device
    host: str
    port: int
    type: str


def proposals(records: Records, file: Path) -> tuple[list[Proposal], list[str]]:
    """(what can be added, a line for each that is passed over because it is known). Raises FoundRefused."""
    rows = _rows(file)
    with records.session() as session:
        asked = {row.address: row.device_no for row in session.exec(select(CollectedDevice)).all()}
        serials = {row.serial: row.device_no for row in session.exec(select(Device)).all() if row.serial}
        taken = set(session.exec(select(Device.device_no)).all())
    found: list[Proposal] = []
    passed_over: list[str] = []
    for number, row in enumerate(rows, 1):
        host, port = _parted(row.address)
        if host in asked:
            passed_over.append(f"{row.address}: asked already as {asked[host]}")
            continue
        if row.serial and row.serial in serials:
            passed_over.append(f"{row.address}: serial {row.serial} is in the ledger as {serials[row.serial]}")
            continue
        try:
            one = Proposal(_device(row, taken), check_address(host), port, row.type)
        except (CollectionRefused, DeviceRefused) as error:
            raise FoundRefused(f"{file}: device {number}: {error}") from error
        taken.add(one.device.device_no)
        found.append(one)
    return found, passed_over


def _device(row: _Row, taken: Collection[str]) -> Device:
    """Raises DeviceRefused."""
    device_no = check_device_no(row.device_no)
    if device_no in taken:
        raise DeviceRefused(f"device_no: {device_no} is taken: give {row.address} another")
    return Device(
        device_no=device_no,
        name=row.name,
        kind=row.kind,
        vendor=row.vendor,
        model=row.model,
        serial=row.serial,
        created_ms=0,
    )


def _parted(address: str) -> tuple[str, int]:
    """Host and port: ``host``, ``host:port``, ``[v6]:port``.

    >>> _parted("10.0.0.1:1161"), _parted("fe80::1")
    (('10.0.0.1', 1161), ('fe80::1', 0))
    """
    parts = re.fullmatch(r"\[(?P<v6>.+)\](:(?P<p6>\d{1,5}))?|(?P<host>[^:]+)(:(?P<port>\d{1,5}))?", address)
    if parts is None:
        return address, 0
    return parts["v6"] or parts["host"], int(parts["p6"] or parts["port"] or 0)


def _rows(file: Path) -> list[_Row]:
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST_FILE + 1)
        rows = msgspec.json.decode(text, type=list[_Row])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FoundRefused(f"{file}: not a list of `zhishou collector scan --json`: {str(error)[:200]}") from error
    if len(rows) > MOST_FOUND:
        raise FoundRefused(f"{file}: {len(rows)} devices, {MOST_FOUND} at most")
    return rows
