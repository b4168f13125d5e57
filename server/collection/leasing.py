"""A collector asks for its shares: its leases are renewed, or one that ended passes to it, by compare-and-set."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, or_, select

from readings.delivery.collection import Lease, Leases
from server.audit.chain import Actor, append
from server.collection.lease import ASKED_IN_A_LEASE, ShareState, Turn, lasts_ms, next_end_ms, turn
from server.collection.tables import CollectionShare, ShareHeld
from server.records import Records
from server.senders.tables import AgentIdentity
from server.times import to_ms


def shares_of(session: Session, agent_id: str) -> list[CollectionShare]:
    """Those this collector asks, or stands by for."""
    asked = select(CollectionShare).where(
        or_(col(CollectionShare.active_id) == agent_id, col(CollectionShare.standby_id) == agent_id)
    )
    return list(session.exec(asked.order_by(col(CollectionShare.name))).all())


def ask_leases(records: Records, agent_id: str, now: datetime) -> tuple[Leases, bool]:
    """(what the collector holds now, whether a share changed hands)."""
    now_ms, leases, changed = to_ms(now), [], False
    with records.writing() as session:
        agent = session.get(AgentIdentity, agent_id)
        for row in shares_of(session, agent_id):
            share = state_of(row)
            wanted = turn(share, agent_id, now_ms)
            held = wanted is not Turn.WAIT and _set(session, row, share, agent_id, now_ms)
            term = row.term
            if held and wanted is Turn.TAKE:
                term, changed = row.term + 1, True
                pass_on(session, row.name, agent_id, term, now, before=row.holder_id)
            lasts_s = lasts_ms(share) / 1000 if held else 0.0
            every_s = lasts_ms(share) / 1000 / ASKED_IN_A_LEASE
            leases.append(Lease(row.name, held, term, lasts_s, every_s, alone=held and not share.standby))
    return Leases(agent.configuration_revision if agent else 0, leases), changed


def state_of(row: CollectionShare) -> ShareState:
    return ShareState(row.active_id, row.standby_id, row.interval_s, row.holder_id, row.lease_until_ms)


def _set(session: Session, row: CollectionShare, share: ShareState, asking: str, now_ms: int) -> bool:
    """Only if the share is still as it was read: of two that ask at once one gets it."""
    taken = asking != share.holder
    found = update(CollectionShare).where(
        col(CollectionShare.name) == row.name,
        col(CollectionShare.term) == row.term,
        col(CollectionShare.lease_until_ms) == row.lease_until_ms,
    )
    values = {"holder_id": asking, "term": row.term + taken, "lease_until_ms": next_end_ms(share, now_ms)}
    result = session.connection().execute(found.values(**values))
    return bool(result.rowcount == 1)


def pass_on(session: Session, share: str, holder: str, term: int, now: datetime, *, before: str) -> None:
    """The stretch of who held it ends, and that of ``holder`` ("": nobody) begins, in the same moment."""
    open_one = update(ShareHeld).where(col(ShareHeld.share) == share, col(ShareHeld.until_ms).is_(None))
    session.connection().execute(open_one.values(until_ms=to_ms(now)))
    if holder:
        session.add(ShareHeld(share=share, holder_id=holder, term=term, from_ms=to_ms(now)))
    session.flush()
    append(
        session,
        at=now,
        actor=Actor("agent", holder) if holder else Actor("system", "collection"),
        act="collection.taken" if holder else "collection.ended",
        subject=f"share/{share}",
        old={"holder": before},
        new={"holder": holder, "term": term},
    )
