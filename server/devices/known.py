"""The device a route is about, or 404."""

from __future__ import annotations

from server.devices.ledger import NoSuchDevice, find_device
from server.devices.tables import Device
from server.web.access import CentreDep
from server.web.problems import not_found


def known_device(centre: CentreDep, device_no: str) -> Device:
    """Raises Problem 404."""
    try:
        return find_device(centre.records, device_no)
    except NoSuchDevice as error:
        raise not_found(str(error), device_no=device_no) from error
