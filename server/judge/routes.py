"""A device's findings over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from checklists.sentences import limit_text
from server.devices.known import known_device
from server.judge.judge import Judge
from server.judge.state import Finding
from server.times import rfc3339
from server.web.access import CentreDep, ReaderDep

router = APIRouter(prefix="/api/v1/devices/{device_no}", tags=["devices"])


@router.get("/findings")
def findings(device_no: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    """What each rule says of each part now, what is not met first."""
    known_device(centre, device_no)
    return {"findings": findings_of(centre.judge, device_no)}


def findings_of(judge: Judge, device_no: str) -> list[dict[str, Any]]:
    return [finding_object(judge, finding) for finding in judge.findings(device_no)]


def finding_object(judge: Judge, finding: Finding) -> dict[str, Any]:
    """``evidence``: the reading of the last change, ``value`` in base units, ``limit`` as people read it."""
    rule = judge.rules[finding.rule]
    return {
        "rule": finding.rule,
        "part": finding.part,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "since": rfc3339(finding.standing.since_ms),
        "at": rfc3339(finding.at_ms),
        "reason": finding.reason or None,
        "sentence": {"zh": finding.text.zh, "en": finding.text.en},
        "evidence": {
            "metric": finding.metric,
            "part": finding.part,
            "value": finding.value,
            "unit": rule.unit,
            "limit": {"zh": limit_text(rule, "zh"), "en": limit_text(rule, "en")},
            "at": rfc3339(finding.at_ms),
        },
    }
