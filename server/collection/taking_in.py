"""A device taken in whole: its row in the ledger, how it is asked, and with what; all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.audit.chain import Actor
from server.collection.roster import put_device_in
from server.collection.tables import CollectedDevice
from server.device_secrets.keeping import set_secret_in
from server.device_secrets.vault import Vault
from server.devices.ledger import add_device
from server.devices.tables import Device
from server.records import Records


def take_in(
    records: Records,
    vault: Vault,
    device: Device,
    asked: CollectedDevice,
    secrets: Mapping[str, Mapping[str, Any]],
    *,
    actor: Actor,
    now: datetime,
) -> Device:
    """``secrets``: by kind. Each act stands in the audit chain as if done alone.

    Raises DeviceRefused, CardRefused, CollectionRefused, KeyRefused; then nothing was kept.
    """
    with records.writing() as session:
        add_device(session, device, actor=actor, now=now)
        asked.device_no = device.device_no
        put_device_in(session, asked, actor=actor, now=now)
        for kind, words in secrets.items():
            set_secret_in(session, vault, device.device_no, kind, words, actor=actor, now=now)
    return device
