"""The rail of places, each with how many things wait there for a hand."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, func, select

from server.centre import Centre
from server.duty.tables import ChecklistRun
from server.verification.tables import VerificationRun
from server.web.i18n import N_

PLACES: tuple[tuple[str, str, str], ...] = (
    ("desk", "/", N_("值班台")),
    ("runs", "/runs", N_("检查单")),
    ("devices", "/devices", N_("设备")),
    ("verifications", "/verifications", N_("上线验证")),
    ("collection", "/collection", N_("采集")),
)


@dataclass(frozen=True, slots=True)
class Place:
    key: str
    href: str
    title: str
    waiting: int = 0


def places(centre: Centre) -> list[Place]:
    """Open checklists, and verifications that wait for an opinion."""
    runs = select(func.count()).select_from(ChecklistRun).where(col(ChecklistRun.state) == "open")
    submitted = select(func.count()).select_from(VerificationRun).where(col(VerificationRun.state) == "submitted")
    with centre.records.session() as session:
        waiting = {"runs": session.exec(runs).one(), "verifications": session.exec(submitted).one()}
    return [Place(key, href, title, waiting.get(key, 0)) for key, href, title in PLACES]
