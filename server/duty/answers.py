"""Runs, their lines and the checklists as the API shows them."""

from __future__ import annotations

from typing import Any

from checklists.duty.filling import Filled
from checklists.duty.template import Template
from checklists.sentences import Text
from server.duty.lines import Act, Line, Run
from server.times import rfc3339, rfc3339_or_none

Object = dict[str, Any]


def run_object(run: Run) -> Object:
    """The run with its lines."""
    return {**head_object(run), "items": [line_object(run, line) for line in run.lines]}


def head_object(run: Run) -> Object:
    template = run.template
    return {
        "id": run.id,
        "number": run.number,
        "template": template.id,
        "version": template.version,
        "hash": run.template_hash,
        "zh": template.text.zh,
        "en": template.text.en,
        "calendar_date": run.calendar_date,
        "state": run.state,
        "started": rfc3339(run.started.at_ms),
        "started_by": run.started.by,
        "started_by_name": run.started.display_name,
        "closed": rfc3339(run.closed.at_ms) if run.closed else None,
        "closed_by": run.closed.by if run.closed else None,
        "closed_by_name": run.closed.display_name if run.closed else None,
        "record_sha256": run.record_sha256,
        "counts": dict(run.counts),
    }


def line_object(run: Run, line: Line) -> Object:
    """``verdict`` is what the reading says ("" where somebody looks), ``result`` what a person says ("" until then)."""
    spec, by_hand = line.spec, line.spec.by_hand
    return {
        "item": line.item,
        "section": {"id": spec.section, **_both(run.template.sections[spec.section])},
        **_both(spec.text),
        "device_no": line.device_no,
        "device_name": line.device_name,
        "verdict": line.verdict,
        "filled": None if line.filled is None else _filled(line.filled, line.filled_ms),
        "by_hand": None if by_hand is None else by_hand.as_json(),
        "proposal": spec.proposal,
        "why": spec.why,
        "state": line.state,
        "result": line.result,
        "value": line.value,
        "override": line.override,
        "note": line.note,
        "confirmed": _act(line.confirmed),
        "reviewed": _act(line.reviewed),
        "review_note": line.review_note,
        "version": line.version,
        "operator": list(spec.operator),
        "reviewer": list(spec.reviewer),
    }


def template_object(template: Template) -> Object:
    return {**template.as_json(), "hash": template.hash}


def _filled(filled: Filled, filled_ms: int | None) -> Object:
    """``at`` is when it was read, ``filled_at`` when the line was filled with it; ``why`` the reason as one word."""
    return {
        "value": filled.value,
        "unit": filled.unit,
        "shown": _both(filled.shown),
        "at": rfc3339_or_none(filled.at_ms),
        "filled_at": rfc3339_or_none(filled_ms),
        "age_seconds": None if filled.age_ms is None else filled.age_ms / 1000,
        "source": filled.source,
        "metric": filled.metric,
        "part": filled.part,
        "limit": _both(filled.limit),
        "fresh_seconds": filled.fresh_ms / 1000,
        "why": filled.why,
        "reason": _both(filled.reason),
    }


def _act(act: Act | None) -> Object | None:
    return None if act is None else {"by": act.by, "display_name": act.display_name, "at": rfc3339(act.at_ms)}


def _both(text: Text) -> Object:
    return {"zh": text.zh, "en": text.en}
