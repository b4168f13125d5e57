"""The pieces of a device page, alike for the page itself and for the stream that keeps it true."""

from __future__ import annotations

from typing import Any

from server.centre import Centre
from server.web import device
from server.web.access import Caller
from server.web.collection.asked import asked
from server.web.courses import Glance
from server.web.equipment.whole import MANY_PORTS, equipment
from server.web.sight import Ledger

OF_EVERY_DEVICE = ("head", "indicators", "readings", "findings", "events", "sources")
OF_EQUIPMENT = ("power", "climate", "ports", "state", "interfaces", "reach", "configuration", "neighbours")


def context(centre: Centre, glance: Glance, ledger: Ledger, caller: Caller) -> dict[str, Any]:
    """What the templates of every piece are given: ``equipment`` and ``asked`` are None of a host with an agent."""
    by = asked(centre, ledger.device_no, glance.now_ms, glance.words)
    special = None
    if by is not None or ledger.kind != "server":
        latest = glance.sight.latest(ledger.device_no, glance.now_ms)
        special = equipment(centre, glance, ledger, latest, dict(glance.sight.facts(ledger.device_no)))
    return {
        "view": device.view(glance, ledger, special.takes if special is not None else ()),
        "equipment": special,
        "asked": by,
        "administers": caller.scope == "admin",
    }


def has_many_ports(given: dict[str, Any]) -> bool:
    special = given["equipment"]
    return special is not None and special.interfaces is not None and len(special.interfaces.rows) > MANY_PORTS


def pieces(given: dict[str, Any]) -> dict[str, str]:
    """Id of the element → the template of its inside."""
    found = {f"part-{part}": f"_device_{part}.html" for part in OF_EVERY_DEVICE}
    if given["equipment"] is not None:
        found |= {f"part-{part}": f"_equipment_{part}.html" for part in OF_EQUIPMENT}
    if given["asked"] is not None:
        found["part-asked"] = "_device_asked.html"
    return found
