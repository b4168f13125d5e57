"""Becoming known to the centre: a single-use token is given for a credential that only this agent has."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import msgspec

FILE = "credential.json"
ENROL_PATH = "/api/v1/enrol"


class EnrolmentFailed(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The centre did not let this agent in, or what it gave could not be kept."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Who this agent is to the centre at ``server``; ``device_no`` is what it was bound to when it enrolled."""

    server: str
    agent_id: str
    device_no: str
    credential: str


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


def keep(state: Path, credential: Credential) -> Path:
    """Write it for this user alone, whole or not at all. Raises OSError."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    file, new = state / FILE, state / f"{FILE}.new"
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as out:
        json.dump(asdict(credential), out)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
    folder = os.open(state, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return file


def kept(state: Path) -> Credential | None:
    """The credential, None before enrolment. Raises EnrolmentFailed when the file is there and cannot be used."""
    file = state / FILE
    try:
        return msgspec.convert(json.loads(file.read_text(encoding="utf-8")), Credential)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise EnrolmentFailed(f"{file}: {error}; enrol this host again") from error
