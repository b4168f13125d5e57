"""Becoming known to the centre: a single-use token is given for a credential that only this agent has."""

from __future__ import annotations

import json

import httpx
import msgspec

from agent.credential import Credential

ENROL_PATH = "/api/v1/enrol"


class EnrolmentFailed(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The centre did not let this agent in."""


class _Answer(msgspec.Struct):
    agent_id: str
    device_no: str
    credential: str


def enrol(http: httpx.Client, server: str, token: str, hostname: str, facts: dict[str, str]) -> Credential:
    """Use the token up. Raises EnrolmentFailed."""
    tried = f"enrol at {server}{ENROL_PATH}"
    try:
        said = http.post(ENROL_PATH, json={"token": token, "hostname": hostname, "facts": facts})
    except httpx.HTTPError as error:
        raise EnrolmentFailed(f"{tried}: {type(error).__name__}: {error}") from error
    if said.status_code not in {200, 201}:
        raise EnrolmentFailed(f"{tried}: {said.status_code} {detail_of(said)}")
    try:
        answer = msgspec.json.decode(said.content, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EnrolmentFailed(f"{tried}: answered what is no credential: {error}") from error
    return Credential(server, answer.agent_id, answer.device_no, answer.credential)


def detail_of(said: httpx.Response) -> str:
    """The sentence of a problem document (RFC 9457), or the beginning of whatever came."""
    try:
        problem = json.loads(said.content)
        return str(problem.get("detail") or problem.get("title") or "")[:300]
    except (ValueError, AttributeError):
        return said.text[:200]
