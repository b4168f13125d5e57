"""Becoming known to the centre: a single-use token is given for a credential that only this agent has."""

from __future__ import annotations

import json
import re

import httpx
import msgspec

from readings.delivery.answer import TransportError, detail
from readings.delivery.credential import Credential
from readings.delivery.transport import ANSWER_WITHIN_S, Asking

ENROL_PATH = "/api/v1/enrol"
LONGEST_NAME = 200
# It stands in a header of every request: what could end that line is no credential.
CREDENTIAL = re.compile(r"[A-Za-z0-9._~+/=-]{1,500}")


class EnrolmentFailed(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The centre did not let this agent in."""


class _Answer(msgspec.Struct):
    agent_id: str
    device_no: str
    credential: str


def enrol(
    http: httpx.Client,
    server: str,
    token: str,
    hostname: str,
    facts: dict[str, str],
    *,
    within_s: float = ANSWER_WITHIN_S,
) -> Credential:
    """Use the token up. Raises EnrolmentFailed."""
    tried = f"enrol at {server}{ENROL_PATH}"
    body = json.dumps({"token": token, "hostname": hostname, "facts": facts}).encode()
    try:
        said = Asking(http, within_s).post(ENROL_PATH, body, {"Content-Type": "application/json"})
    except TransportError as error:
        raise EnrolmentFailed(f"{tried}: {error}") from error
    if said.status not in {200, 201}:
        raise EnrolmentFailed(f"{tried}: {said.status} {detail(said.body)}")
    try:
        answer = msgspec.json.decode(said.body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EnrolmentFailed(f"{tried}: answered what is no credential: {error}") from error
    names = (answer.agent_id, answer.device_no)
    if not all(name.isprintable() and len(name) <= LONGEST_NAME for name in names):
        raise EnrolmentFailed(f"{tried}: answered names that cannot be: {answer.agent_id[:40]!r}")
    if CREDENTIAL.fullmatch(answer.credential) is None:
        raise EnrolmentFailed(f"{tried}: answered what is no credential")
    return Credential(server, answer.agent_id, answer.device_no, answer.credential)
