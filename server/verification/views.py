"""What pages ask of a verification beyond its whole object: its frozen content, its strips, its outcomes counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from checklists.verification.outcome import Outcome
from server.centre import Centre
from server.records import Records
from server.verification.description import record_of
from server.verification.strips import Strip, strips
from server.verification.tables import VerificationRun


def frozen_content(records: Records, run: VerificationRun) -> dict[str, Any] | None:
    """The content of its record (``record_content``), None when it has none yet."""
    if run.record_sha256 is None:
        return None
    with records.session() as session:
        content: dict[str, Any] = json.loads(record_of(session, run).content)
    return content


def strips_of(centre: Centre, run: VerificationRun) -> list[Strip]:
    """As its record has them; of a running one as it was judged last. Empty when neither is there."""
    content = frozen_content(centre.records, run)
    if content is not None:
        return strips(content["minutes"])
    newest = centre.verifications.newest_of(run) if run.state == "running" else None
    return [] if newest is None else strips(newest.course)


def outcomes_counted(results: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Every outcome, worst first, also those that no result has."""
    counted = Counter(result["outcome"] for result in results)
    return {outcome.value: counted[outcome.value] for outcome in Outcome}
