"""Which transport asks an agent, and what a device is found to be by asking it."""

from __future__ import annotations

from collections.abc import Mapping

from collector.device_type import DeviceType
from collector.identify import SYS_DESCR, SYS_OBJECT_ID, identify, signs
from collector.protocols.snmp import Agent, Asked, Manner, Target, ask
from collector.protocols.snmp_quick import QuickAgent
from collector.walk import Walk
from readings.model import Gap, SourceFailed


def agent_for(target: Target) -> Agent:
    """Raises SourceFailed when the target cannot be spoken to in the way it asks for."""
    if not target.tolerant:
        return QuickAgent(target)
    # pysnmp takes half a second to import: only who has an odd device pays for it.
    from collector.protocols.snmp_tolerant import TolerantAgent  # noqa: PLC0415 - see above

    return TolerantAgent(target)


async def recognise(agent: Agent, types: Mapping[str, DeviceType]) -> tuple[DeviceType, Walk]:
    """The device's type, and what was asked to find it. Raises SourceFailed when it does not answer."""
    answers = await agent.get([SYS_DESCR, SYS_OBJECT_ID])
    if not answers:
        raise SourceFailed(Gap.REFUSED, "it answers, but does not say what it is (sysObjectID)")
    # Few rows are enough to know that something is there.
    careful = Manner(repetitions=5)
    for root in _signs_that_matter(answers, types):
        rows = await agent.rows(root, careful)
        answers.update(rows.values)
    walk = Walk(answers)
    return identify(walk, types), walk


def _signs_that_matter(answers: Mapping[str, object], types: Mapping[str, DeviceType]) -> tuple[str, ...]:
    """Signs of those types whose name fits, else of those without a name: no device is asked for every vendor's."""
    object_id = str(answers.get(SYS_OBJECT_ID, ""))
    ways = [way for one in types.values() for way in one.recognise]
    return signs([way for way in ways if way.named(object_id)] or [way for way in ways if not way.sys_object_ids])


async def asked_whole(agent: Agent, type_: DeviceType, manner: Manner, within_s: float) -> Asked:
    """Everything the type asks for."""
    return await ask(agent, type_.roots(), manner, within_s)
