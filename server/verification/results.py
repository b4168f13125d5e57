"""A judgement as JSON and back: what findings keep, records freeze and the API shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from checklists.sentences import Text
from checklists.verification.outcome import Coverage, Outcome, Result


def result_object(result: Result) -> dict[str, Any]:
    return {
        "criterion": result.criterion,
        "outcome": result.outcome.value,
        "marginal": bool(result.marginal),
        "margin": plain(result.margin),
        "required": text_object(result.required),
        "measured": text_object(result.measured),
        "sentence": text_object(result.sentence),
        "evidence": plain(result.evidence),
    }


def result_of(kept: Mapping[str, Any]) -> Result:
    return Result(
        criterion=kept["criterion"],
        outcome=Outcome(kept["outcome"]),
        required=Text(**kept["required"]),
        measured=Text(**kept["measured"]),
        sentence=Text(**kept["sentence"]),
        margin=kept["margin"],
        marginal=kept["marginal"],
        evidence=kept["evidence"],
    )


def titled(results: Iterable[Mapping[str, Any]], profile: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each result with the name of its criterion and whether it blocks, in the order of the frozen profile.

    From its JSON alone: what an old run says can be shown when nobody can judge by its profile any more.
    """
    of = {result["criterion"]: result for result in results}
    return [
        {"zh": criterion["zh"], "en": criterion["en"], "blocker": criterion["blocker"], **of[criterion["id"]]}
        for criterion in profile["criteria"]
        if criterion["id"] in of
    ]


def coverage_object(coverage: Coverage) -> dict[str, Any]:
    return {
        "sample": plain(coverage.sample),
        "event": plain(coverage.event),
        "counter": plain(coverage.counter),
    }


def text_object(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def plain(value: Any) -> Any:
    """What JSON can say of it: numbers of numpy as Python's, NaN and infinities as null."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
