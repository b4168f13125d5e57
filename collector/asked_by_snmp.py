"""A listed device as SNMP asks it: its settings and its secret become a target, or a sentence why they cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from collector.device_type import DeviceType
from collector.pacing import Paced
from collector.polled import AskedSource, Items, MakePolls, Poll
from collector.polling import SOURCE, DevicePoll, PolledDevice
from collector.protocols.snmp import Credential, Target
from readings.delivery.collection import ListedDevice
from readings.delivery.device_secrets import SnmpSecret
from readings.delivery.protocols import SnmpSettings
from readings.model import Clocks, Gap, SourceFailed

VERSIONS = {"1": 1, "2c": 2, "3": 3}
# The list's words for the algorithms and ours.
AUTHENTICATION = {"SHA": "sha1"}
PRIVACY = {"AES": "aes128"}
LONGEST_WALK_S = 60.0


def snmp_polls(types: Mapping[str, DeviceType], clocks: Callable[[], Clocks]) -> MakePolls:
    def make(device: ListedDevice) -> Sequence[Poll]:
        if device.protocols.snmp is None:
            return []
        if device.type and device.type not in types:
            unknown = SourceFailed(Gap.NOT_OFFERED, f"SNMP: no device type is called {device.type!r}")
            return [_only_says(device.device_no, unknown, clocks)]
        try:
            target = target_of(device, device.protocols.snmp)
        except SourceFailed as failed:
            return [_only_says(device.device_no, failed, clocks)]
        polled = PolledDevice(
            device.device_no, target, device.type, device.interval_s, repetitions=device.protocols.snmp.walks
        )
        return [Paced(DevicePoll(polled, types, clocks), device.interval_s, clocks)]

    return make


def target_of(device: ListedDevice, settings: SnmpSettings) -> Target:
    """Raises SourceFailed: there is no secret, or it is of another version."""
    secret = device.snmp_secret
    if secret is None:
        raise SourceFailed(Gap.NOT_OFFERED, f"SNMP: the centre keeps no secret snmp of {device.device_no}")
    return Target(
        device.address,
        settings.port,
        _credential(secret, settings),
        settings.timeout_s,
        # What did not come in time is a gap of its own, if the walk ends before the whole poll is given up.
        walk_within_s=min(LONGEST_WALK_S, device.interval_s * 0.8),
        tolerant=settings.transport == "tolerant",
        retries=settings.retries,
    )


def _credential(secret: SnmpSecret, settings: SnmpSettings) -> Credential:
    version = VERSIONS[settings.version]
    if version < 3:
        if not secret.community:
            raise SourceFailed(Gap.NOT_OFFERED, f"SNMP v{settings.version}: the secret is a user of v3, no community")
        return Credential(version, secret.community)
    if not secret.user:
        raise SourceFailed(Gap.NOT_OFFERED, "SNMP v3: the secret is a community, no user")
    return Credential(
        version,
        "",
        secret.user,
        AUTHENTICATION.get(secret.auth, secret.auth.lower()),
        secret.auth_key,
        PRIVACY.get(secret.privacy, secret.privacy.lower()),
        secret.privacy_key,
        settings.context,
    )


def _only_says(device_no: str, failed: SourceFailed, clocks: Callable[[], Clocks]) -> Poll:
    async def ask() -> Items:
        raise failed

    return AskedSource(device_no, SOURCE, ask, clocks)
