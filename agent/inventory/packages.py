"""Installed packages: from dpkg's own file, or from rpm asked in a thread of its own; told in bounded pieces.

``packages.count`` and ``packages.sha256`` are over all; ``packages.list.<letters>`` names them with their versions, a
fact for every first letter (four letters where they begin with lib), so that one changed package changes one of them.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping

from agent.host.root import Root
from agent.inventory.words import raw
from agent.watched.child import Ended, run
from agent.watched.turns import Turns

MOST_STATUS_BYTES = 64 * 2**20
MOST_PACKAGES = 20_000
LONGEST_LIST = 15_000  # characters, below what a fact may have
RPM = ("/usr/bin/rpm", "-qa", "--queryformat", "%{NAME}.%{ARCH}\\t%{EVR}\\n")
RPM_WITHIN_S = 60.0
RPM_EVERY_S = 3600.0
RPM_BYTES = 4 * 2**20
FIELD = re.compile(rb"^(Package|Architecture|Version|Status): *(.*)$", re.MULTILINE)

Packages = Mapping[str, str]


class Installed:
    """Looks again only when dpkg's file changed, or rpm's hour is up."""

    def __init__(self, root: Root, ask: Callable[[], Ended] | None = None) -> None:
        self._status = f"{root.var}/lib/dpkg/status"
        self._rpm_folders = (f"{root.var}/lib/rpm", f"{root.files}/usr/lib/sysimage/rpm")
        self._live = root.live
        self._seen: tuple[int, int, int] | None = None
        self._facts: dict[str, str] = {}
        self._turns: Turns[str, Ended | OSError] = Turns(lambda _: _asked(ask or rpm), patience_s=0.0)

    def facts(self) -> dict[str, str]:
        """None yet while rpm is under way. Raises OSError."""
        try:
            said = os.stat(self._status)  # noqa: PTH116 - text paths, as everywhere here
        except FileNotFoundError:
            return self._from_rpm()
        signature = (said.st_ino, said.st_mtime_ns, said.st_size)
        if signature != self._seen:
            self._facts = told("dpkg", in_status(raw(self._status, MOST_STATUS_BYTES)))
            self._seen = signature
        return self._facts

    def _from_rpm(self) -> dict[str, str]:
        if not self._live or not any(os.path.isdir(folder) for folder in self._rpm_folders):  # noqa: PTH112 - text paths
            raise FileNotFoundError(2, "neither dpkg nor rpm keeps packages here", self._status)
        answered = self._turns.take({"rpm": RPM_EVERY_S})["rpm"]
        if answered is None:
            return self._facts
        if isinstance(answered.answer, OSError):
            raise answered.answer
        if answered.answer.code != 0 or answered.answer.late:
            raise OSError(5, f"rpm -qa ended with {answered.answer.code} after {answered.answer.seconds:.1f} s")
        self._facts = told("rpm", in_rpm(answered.answer.output))
        return self._facts


def rpm() -> Ended:
    """Raises OSError."""
    return run(RPM, RPM_WITHIN_S, most_bytes=RPM_BYTES)


def _asked(ask: Callable[[], Ended]) -> Ended | OSError:
    try:
        return ask()
    except OSError as error:
        return error


def in_status(status: bytes) -> Packages:
    """Name (with its architecture) → version of all that dpkg has installed (deb-control(5) stanzas)."""
    found: dict[str, str] = {}
    for stanza in status.split(b"\n\n"):
        fields = {key: value.strip() for key, value in FIELD.findall(stanza)}
        if fields.get(b"Status", b"").endswith(b" installed") and b"Package" in fields:
            name = fields[b"Package"] + b":" + fields.get(b"Architecture", b"?")
            found[name.decode("utf-8", "replace")] = fields.get(b"Version", b"?").decode("utf-8", "replace")
    return found


def in_rpm(output: bytes) -> Packages:
    """Name.architecture → epoch:version-release; several versions of one (kernels) stand beside each other."""
    found: dict[str, str] = {}
    for line in output.decode("utf-8", "replace").splitlines():
        name, tab, version = line.partition("\t")
        if tab:
            found[name] = f"{found[name]},{version}" if name in found else version
    return found


def told(manager: str, packages: Packages) -> dict[str, str]:
    """The facts. A list that grows too long is cut; count and sum are over all."""
    lines = [f"{name}={packages[name]}" for name in sorted(packages)[:MOST_PACKAGES]]
    lists: dict[str, list[str]] = {}
    for line in lines:
        lists.setdefault(line[:4] if line.startswith("lib") else line[:1].lower(), []).append(line)
    facts = {
        "packages.manager": manager,
        "packages.count": str(len(packages)),
        "packages.sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }
    return facts | {f"packages.list.{letters}": " ".join(some)[:LONGEST_LIST] for letters, some in lists.items()}
