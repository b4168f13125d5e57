"""Looking for devices in a network, carefully: so many addresses in a second, one request to each, no flood."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from collector.device_type import DeviceType
from collector.identify import read_device
from collector.protocols.snmp import Manner, Target
from collector.protocols.snmp_agents import agent_for, asked_whole, recognise
from readings.model import SourceFailed

MOST_ADDRESSES = 1024
AT_ONCE = 32
WITHIN_S = 60.0
WHO_IT_IS = ("system", "entity", "ups_mib")  # sources that tell name, model and serial


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered, as `zhishou device import` takes it; ``device_no`` is made of its name, until somebody
    gives it the number of the ledger.
    """

    device_no: str
    address: str
    type: str
    kind: str
    vendor: str
    model: str
    name: str
    serial: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def addresses_of(network: str) -> list[str]:
    """The hosts of a network. Raises ValueError when it is none or too large to be looked through by mistake.

    >>> addresses_of("192.0.2.0/30"), addresses_of("192.0.2.7")
    (['192.0.2.1', '192.0.2.2'], ['192.0.2.7'])
    """
    wanted = ipaddress.ip_network(network)
    if wanted.num_addresses > MOST_ADDRESSES:
        raise ValueError(f"{network}: {wanted.num_addresses} addresses, {MOST_ADDRESSES} at most: scan it in parts")
    return [str(address) for address in wanted.hosts()]


async def scan(network: str, target: Target, types: Mapping[str, DeviceType], per_second: float) -> list[Found]:
    """Devices that answer ``target``'s credential at its port, in the order of their addresses."""
    if not 0 < per_second <= 1_000:
        raise ValueError(f"{per_second:g} addresses in a second: from above 0 to 1000")
    free = asyncio.Semaphore(AT_ONCE)

    async def look(address: str) -> Found | None:
        try:
            return await _look(replace(target, host=address), types)
        except SourceFailed:
            return None
        finally:
            free.release()

    tasks: list[asyncio.Task[Found | None]] = []
    for address in addresses_of(network):
        await free.acquire()
        tasks.append(asyncio.create_task(look(address)))
        await asyncio.sleep(1 / per_second)
    return [found for found in await asyncio.gather(*tasks) if found is not None]


async def _look(target: Target, types: Mapping[str, DeviceType]) -> Found:
    agent = agent_for(target)
    type_, _ = await recognise(agent, types)
    sources = tuple(source for source in type_.sources if source.name in WHO_IT_IS)
    facts_alone = replace(type_, measures=(), states=(), sources=sources)
    asked = await asked_whole(agent, facts_alone, Manner(), WITHIN_S)
    reading = read_device(facts_alone, asked.walk())
    vendor = type_.vendor or reading.fact("vendor")
    model, name, serial = (reading.fact(key) for key in ("model", "name", "serial"))
    device_no = re.sub(r"[^\w.\-]+", "-", name or target.host).strip("-_.")[:64] or target.host
    return Found(device_no, str(target), type_.id, type_.kind, vendor, model, name, serial)
