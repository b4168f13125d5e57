"""The life of a device between issue and production: which steps there are, who may take them, what must be true.

Steps that belong to an act of a verification (its start, its end, its opinion) are taken by that act alone; the others
by hand. ``in_production`` is reached only over a verification that was passed and signed (1.5-16, 1.5-20); the database
refuses it otherwise as well (migration 0011).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from checklists.sentences import Text
from server.audit.chain import Actor, append
from server.devices.tables import Device, DeviceEntry
from server.people.acting import ActRefused, check_post
from server.people.tables import Person
from server.times import to_ms
from server.verification.tables import VerificationRun


class Life(StrEnum):
    """As stored; the order is the way through."""

    STOCKED = "stocked"
    ISSUED = "issued"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    IN_PRODUCTION = "in_production"


LIFE_WORDS: dict[Life, Text] = {
    Life.STOCKED: Text("已入库", "in stock"),
    Life.ISSUED: Text("已领用", "issued"),
    Life.VERIFYING: Text("验证中", "in verification"),
    Life.VERIFIED: Text("验证合格", "verified"),
    Life.IN_PRODUCTION: Text("生产运行", "in production"),
}

Condition = Callable[[Session, Device], Text | None]  # None when it holds, else why not


def has_owner(_session: Session, device: Device) -> Text | None:
    """1.5-23: 在办理领用出库手续、确定相关责任人后,方可正式使用."""
    asked = (("owner_dept", "责任部门", device.owner_dept), ("owner", "责任人", device.owner))
    missing = [(name, zh) for name, zh, value in asked if not value]
    if not missing:
        return None
    return Text(
        f"{device.device_no} 还没有{'和'.join(zh for _, zh in missing)}",
        f"device {device.device_no} has no {' and no '.join(name for name, _ in missing)}",
    )


def is_passed(session: Session, device: Device) -> Text | None:
    """1.5-20: its newest finished verification is signed as a pass."""
    signed = select(VerificationRun).where(
        col(VerificationRun.device_no) == device.device_no, col(VerificationRun.state) == "signed"
    )
    newest = session.exec(signed.order_by(col(VerificationRun.signed_ms).desc()).limit(1)).first()
    if newest is None:
        return Text(f"{device.device_no} 没有已签署的上线验证", f"device {device.device_no} has no signed verification")
    if newest.opinion == "pass":
        return None
    return Text(
        f"上线验证 {newest.number} 签署为不合格", f"verification {newest.number} was signed as {newest.opinion}"
    )


@dataclass(frozen=True, slots=True)
class Step:
    """``act``: not by hand, only by that; else by who holds one of ``posts``. ``must``: else ``clause`` is broken."""

    leaves: Life
    to: Life
    clause: str
    posts: frozenset[str] = frozenset()
    act: Text | None = None
    must: tuple[Condition, ...] = ()


STARTED = Text("启动上线验证", "the start of a verification")
STEPS = (
    Step(
        Life.STOCKED, Life.ISSUED, "1.5-23", frozenset({"general_admin", "room_admin", "sysadmin"}), must=(has_owner,)
    ),
    Step(Life.ISSUED, Life.VERIFYING, "1.5-16", act=STARTED),
    Step(Life.VERIFIED, Life.VERIFYING, "1.5-16", act=STARTED),
    Step(Life.VERIFYING, Life.VERIFIED, "1.5-20", act=Text("上线验证签署为合格", "a verification signed as a pass")),
    Step(
        Life.VERIFYING,
        Life.ISSUED,
        "1.5-20",
        act=Text("上线验证撤回或签署为不合格", "a verification withdrawn or signed as a fail"),
    ),
    Step(Life.VERIFIED, Life.IN_PRODUCTION, "1.5-20", frozenset({"sysadmin"}), must=(is_passed, has_owner)),
)


def step(leaves: str, to: str) -> Step:
    """Raises ActRefused naming where one can go from here."""
    for each in STEPS:
        if (each.leaves, each.to) == (leaves, to):
            return each
    ways = [each.to for each in STEPS if each.leaves == leaves]
    names = {life.value: words.zh for life, words in LIFE_WORDS.items()}
    raise ActRefused(
        f"from {leaves} a device cannot become {to} (it can become: {', '.join(ways) or 'nothing yet'})",
        zh=f"“{names.get(leaves, leaves)}”的设备不能转为“{names.get(to, to)}”"
        f"（可转为：{'、'.join(LIFE_WORDS[way].zh for way in ways) or '无'}）",
        clause="1.5-16" if to == Life.IN_PRODUCTION else "1.5-4",
    )


def move(
    session: Session, device: Device, to: str, *, actor: Actor, now: datetime, note: str = "", reference: str = ""
) -> None:
    """Take one step in the caller's transaction, with its entry in the ledger and in the chain. Raises ActRefused.

    For the act a step belongs to; a person's own step is ``move_by_hand``.
    """
    chosen = step(device.life, to)
    for condition in chosen.must:
        if why_not := condition(session, device):
            words = LIFE_WORDS[chosen.to]
            raise ActRefused(
                f"{why_not.en}: it cannot become {to}", zh=f"{why_not.zh}，不能转为“{words.zh}”", clause=chosen.clause
            )
    old, device.life = device.life, chosen.to.value
    session.add(device)
    session.add(
        DeviceEntry(
            device_no=device.device_no,
            at_ms=to_ms(now),
            kind="life",
            actor=actor.name,
            old=old,
            new=device.life,
            note=note,
            reference=reference,
        )
    )
    append(
        session,
        at=now,
        actor=actor,
        act="device.moved",
        subject=f"device/{device.device_no}",
        old={"life": old},
        new={"life": device.life, "note": note, "reference": reference},
    )


def move_by_hand(
    session: Session, device: Device, to: str, person: Person, *, actor: Actor, now: datetime, note: str = ""
) -> None:
    """A person's own step. Raises ActRefused: no such step, not by hand, not this person's post, not true yet."""
    chosen = step(device.life, to)
    words = LIFE_WORDS[chosen.to]
    if chosen.act is not None:
        raise ActRefused(
            f"a device becomes {to} only by {chosen.act.en}",
            zh=f"转为“{words.zh}”只能由{chosen.act.zh}",
            clause=chosen.clause,
        )
    clause = "1.5-21" if to == Life.IN_PRODUCTION else "1.5-23"
    check_post(person, chosen.posts, f"make a device {to}", clause=clause, zh=f"把设备转为“{words.zh}”")
    move(session, device, to, actor=actor, now=now, note=note)
