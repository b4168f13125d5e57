"""Forms as a browser sends them, and what came of them in the records."""

from __future__ import annotations

import json
from typing import Any

from sqlmodel import col, select

from server.audit.tables import AuditEntry
from server.records import Records
from tests.fixtures_centre import Client

PLANTED = "planted-in-the-form-7141"
HTML = {"accept": "text/html"}
SWITCH = {
    "device_no": "SW-1", "name": "接入 <b>一</b>", "kind": "switch", "location": "A07", "address": "192.0.2.7",
    "share": "room", "type": "", "interval_s": "30", "way.snmp": "1", "way.snmp.version": "2c",
    "way.snmp.port": "1161", "way.snmp.timeout_s": "5", "way.icmp": "1", "way.icmp.count": "3",
    "snmp.community": PLANTED,
}  # fmt: skip


def send(client: Client, path: str, **form: str) -> Any:
    return client.post(path, data={"csrf": client.http.headers["X-CSRF-Token"], **form}, headers=HTML)


def acts(records: Records, subject: str) -> list[tuple[str, str, Any]]:
    """(act, actor, new content) of the audit chain, in its order."""
    asked = select(AuditEntry).where(col(AuditEntry.subject) == subject).order_by(col(AuditEntry.sequence))
    with records.session() as session:
        entries = session.exec(asked).all()
    return [(entry.act, entry.actor, json.loads(entry.new) if entry.new else None) for entry in entries]
