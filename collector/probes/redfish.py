"""Redfish: the resources of a management controller worth reading (DMTF DSP0266, DSP2046)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx

from collector.probes import tls
from collector.probes.redfish_session import RedfishSettings, Resource, Session
from readings.model import Gap, SourceFailed

ROOT = "/redfish/v1/"
MOST_ENTRIES = 2000  # of one log


@dataclass(frozen=True, slots=True)
class Log:
    path: str
    name: str
    entries: tuple[Resource, ...]


@dataclass(slots=True)
class RedfishAnswer:
    """Resources as they came; ``failures`` of single ones by path: (gap, sentence).

    ``sensors``, ``fans`` and ``supplies`` (each with its metrics) come from controllers without Thermal and Power.
    """

    systems: list[Resource] = field(default_factory=list)
    chassis: list[Resource] = field(default_factory=list)
    thermal: list[Resource] = field(default_factory=list)
    power: list[Resource] = field(default_factory=list)
    sensors: list[Resource] = field(default_factory=list)
    fans: list[Resource] = field(default_factory=list)
    supplies: list[tuple[Resource, Resource]] = field(default_factory=list)
    managers: list[Resource] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    failures: dict[str, tuple[Gap, str]] = field(default_factory=dict)


async def ask(settings: RedfishSettings) -> RedfishAnswer:
    """Raises SourceFailed: nothing answers, the credentials are refused, or it is no Redfish."""
    verify = tls.unchecked() if settings.trust_any_certificate else tls.trusting(settings.ca_file)
    try:
        async with (
            asyncio.timeout(settings.whole_limit_s),
            httpx.AsyncClient(
                base_url=settings.address,
                verify=verify,
                timeout=settings.time_limit_s,
                follow_redirects=False,
                trust_env=False,
                headers={"Accept": "application/json", "OData-Version": "4.0"},
            ) as client,
        ):
            session = Session(client, settings)
            try:
                await session.open()
                return await _walk(session)
            finally:
                await session.close()
    except TimeoutError as error:
        tried = f"Redfish {settings.address}"
        raise SourceFailed(Gap.TIMED_OUT, f"{tried}: not all answered in {settings.whole_limit_s:g} s") from error


async def _walk(session: Session) -> RedfishAnswer:
    """All that is read. The root must be there; what else fails is a failure of its own path."""
    answer = RedfishAnswer()
    root = await session.get(ROOT)
    if "RedfishVersion" not in root and "Systems" not in root:
        raise SourceFailed(Gap.UNREADABLE, f"{ROOT}: what came back is no Redfish service root")
    answer.systems = await _collection(session, root, "Systems", answer)
    answer.chassis = await _collection(session, root, "Chassis", answer)
    answer.managers = await _collection(session, root, "Managers", answer)
    for chassis in answer.chassis:
        await _thermal(session, chassis, answer)
        await _power(session, chassis, answer)
    for owner in (*answer.systems, *answer.managers):
        for service in await _collection(session, owner, "LogServices", answer):
            await _log(session, service, answer)
    return answer


async def _thermal(session: Session, chassis: Resource, answer: RedfishAnswer) -> None:
    """``Thermal``, or what took its place in 2020.4: sensors one by one and a collection of fans."""
    old = await _one(session, chassis, "Thermal", answer)
    if old is not None:
        answer.thermal.append(old)
        return
    answer.sensors += await _collection(session, chassis, "Sensors", answer)
    subsystem = await _one(session, chassis, "ThermalSubsystem", answer)
    if subsystem is not None:
        answer.fans += await _collection(session, subsystem, "Fans", answer)


async def _power(session: Session, chassis: Resource, answer: RedfishAnswer) -> None:
    """``Power``, or the subsystem in its place, whose supplies keep their numbers in a resource of their own."""
    old = await _one(session, chassis, "Power", answer)
    if old is not None:
        answer.power.append(old)
        return
    subsystem = await _one(session, chassis, "PowerSubsystem", answer)
    if subsystem is not None:
        for supply in await _collection(session, subsystem, "PowerSupplies", answer):
            answer.supplies.append((supply, await _one(session, supply, "Metrics", answer) or {}))


async def _collection(session: Session, owner: Resource, name: str, answer: RedfishAnswer) -> list[Resource]:
    found: list[Resource] = []
    path = None
    try:
        path = await session.linked(owner, name)
        for member in await session.members(path) if path is not None else []:
            one = await _one(session, {"member": member}, "member", answer)
            if one is not None:
                found.append(one)
    except SourceFailed as failure:
        _note(answer, path or name, failure)
    return found


async def _one(session: Session, owner: Resource, name: str, answer: RedfishAnswer) -> Resource | None:
    path = None
    try:
        path = await session.linked(owner, name)
        return None if path is None else await session.get(path)
    except SourceFailed as failure:
        _note(answer, path or name, failure)
        return None


async def _log(session: Session, service: Resource, answer: RedfishAnswer) -> None:
    path = None
    try:
        path = await session.linked(service, "Entries")
        if path is None:
            return
        entries = [entry for entry in await session.members(path, MOST_ENTRIES) if isinstance(entry, dict)]
        answer.logs.append(Log(path, str(service.get("Name") or service.get("Id") or path), tuple(entries)))
    except SourceFailed as failure:
        _note(answer, path or "Entries", failure)


def _note(answer: RedfishAnswer, path: str, failure: SourceFailed) -> None:
    # A controller that refuses or is gone half-way is a gap of the whole: the rest would only be refused as well.
    if failure.gap in {Gap.REFUSED, Gap.UNREACHABLE, Gap.TIMED_OUT}:
        raise failure
    answer.failures[path] = (failure.gap, failure.detail)
