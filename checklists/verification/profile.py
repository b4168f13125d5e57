"""A profile: what a device of a kind must show, for how long, and the copy of it a run is judged by to its end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from checklists.rule_fields import Fields, RuleError
from checklists.sentences import Text
from checklists.verification.allowing import MOST_ALLOWED, Allowed, allowed
from checklists.verification.coverage import LOGS
from checklists.verification.criterion import Criterion, Named
from checklists.verification.kernel_errors import KERNEL, KernelErrors
from checklists.verification.memory import MemoryNormal
from checklists.verification.minutes import MINUTE_MS
from checklists.verification.observation import DailyObservation
from checklists.verification.processor import CpuNormal
from checklists.verification.reboots import UnplannedReboot
from checklists.verification.time_watched import Continuity, EffectiveTime
from readings.catalogue import Metric

Catalogue = Mapping[str, Metric]
LONGEST_WINDOW_MS = 90 * 24 * 3_600_000
RULES: dict[str, type[Criterion]] = {
    kind.rule: kind
    for kind in (
        EffectiveTime,
        Continuity,
        KernelErrors,
        UnplannedReboot,
        CpuNormal,
        MemoryNormal,
        DailyObservation,
    )
}


@dataclass(frozen=True, slots=True)
class Profile:
    """``written`` is all of it as it stands in the file, as JSON can hold it: what is frozen and what is hashed."""

    id: str
    version: int
    name: Text
    kinds: tuple[str, ...]
    window_ms: int
    log: str
    counter: str
    criteria: Sequence[Criterion]
    allow: Sequence[Allowed]
    proposal: bool
    why: str
    written: Mapping[str, Any]

    def as_json(self) -> str:
        """Canonical: the same content is the same text."""
        return json.dumps(self.written, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical text, in hex."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()


def from_json(text: str) -> Profile:
    """The profile ``as_json`` froze. Raises RuleError where this version of the product cannot judge by it."""
    try:
        written = json.loads(text)
    except ValueError as error:
        raise RuleError(f"the frozen profile is not JSON: {error}") from error
    return profile(written)


def profile(written: object, catalogue: Catalogue | None = None) -> Profile:
    """From what a file says. ``catalogue`` None: its metrics were found in one when it was frozen. Raises RuleError."""
    fields = Fields(written)
    frozen = _plain(written)
    name, version = fields.text("id"), fields.whole("version")
    window_ms = fields.duration_ms("window")
    if not MINUTE_MS <= window_ms <= LONGEST_WINDOW_MS or window_ms % MINUTE_MS:
        raise RuleError(f"window: {window_ms / 1000:g} s: whole minutes, at least one and at most 90 days")
    kinds = fields.texts("kinds")
    if not kinds:
        raise RuleError("kinds: is missing")
    continuity = fields.inside("continuity")
    log, counter = continuity.word("log", LOGS), continuity.text("counter")
    _look_up([counter], "continuity.counter", catalogue)
    if catalogue is not None and catalogue[counter].kind != "counter":
        raise RuleError(
            f"continuity.counter: {counter} is a {catalogue[counter].kind}; only a counter goes on or breaks"
        )
    continuity.done()
    entries = fields.each("allow")
    if len(entries) > MOST_ALLOWED:
        raise RuleError(f"allow: more than {MOST_ALLOWED} entries")
    found = Profile(
        id=name,
        version=version,
        name=Text(fields.text("zh"), fields.text("en")),
        kinds=kinds,
        window_ms=window_ms,
        log=log,
        counter=counter,
        criteria=_criteria(fields.each("criteria"), log, catalogue),
        allow=tuple(allowed(entry) for entry in entries),
        proposal=fields.flag("proposal"),
        why=fields.text("why", ""),
        written=frozen,
    )
    fields.done()
    return found


def _criteria(written: Sequence[Fields], log: str, catalogue: Catalogue | None) -> tuple[Criterion, ...]:
    found: list[Criterion] = []
    for fields in written:
        name, kind = fields.text("id"), fields.word("rule", RULES.keys())
        if name in {criterion.named.id for criterion in found}:
            raise RuleError(f"{fields.name('id')}: {name!r} is told twice")
        if kind in {criterion.rule for criterion in found}:
            raise RuleError(f"{fields.name('rule')}: {kind} is told twice")
        if kind == KernelErrors.rule and log != KERNEL:
            raise RuleError(f"continuity.log: {log}: the kernel's errors are proved by {KERNEL} alone")
        if not fields.has("blocker"):
            raise RuleError(f"{fields.name('blocker')}: is missing")
        named = Named(name, Text(fields.text("zh"), fields.text("en")), fields.flag("blocker"))
        _look_up(RULES[kind].metrics, fields.name("rule"), catalogue)
        found.append(RULES[kind].read(named, fields))
        fields.done()
    if not any(criterion.named.blocker for criterion in found):
        raise RuleError("criteria: no blocker among them: such a profile could never fail")
    return tuple(found)


def _look_up(metrics: Sequence[str], where: str, catalogue: Catalogue | None) -> None:
    unknown = [metric for metric in metrics if catalogue is not None and metric not in catalogue]
    if unknown:
        raise RuleError(f"{where}: {unknown[0]!r} is not in the catalogue")


def _plain(written: Any) -> Any:
    """As JSON can hold it: days as texts."""
    if isinstance(written, Mapping):
        return {str(key): _plain(value) for key, value in written.items()}
    if isinstance(written, list):
        return [_plain(value) for value in written]
    return written.isoformat() if isinstance(written, date) else written
