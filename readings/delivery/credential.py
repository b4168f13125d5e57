"""Who this agent is to the centre, kept in its state folder for its own user alone."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

FILE = "credential.json"


class CredentialUnusable(Exception):  # noqa: N818 - it reads as the sentence it makes
    """There is a credential file, and it cannot be used."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Who this agent is to the centre at ``server``; ``device_no`` is what it was bound to when it enrolled."""

    server: str
    agent_id: str
    device_no: str
    credential: str


def keep(state: Path, credential: Credential) -> Path:
    """Write it for this user alone, whole or not at all. Raises OSError."""
    file = state / FILE
    write_private(file, json.dumps(asdict(credential)).encode())
    return file


def write_private(file: Path, text: bytes) -> None:
    """For this user alone, whole or not at all, and on disk. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
    if os.name == "posix":  # elsewhere a folder cannot be opened, and a rename is as safe as it gets
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def kept(state: Path) -> Credential | None:
    """The credential, None before enrolment. Raises CredentialUnusable when the file is there and cannot be used."""
    file = state / FILE
    try:
        return msgspec.convert(json.loads(file.read_text(encoding="utf-8")), Credential)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CredentialUnusable(f"{file}: {error}; enrol this host again") from error
