"""The BMC through ``ipmitool``: whether it can be asked at all, and asking it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from agent.hardware.command import Answer, Asking
from agent.hardware.hypervisor import Nature
from agent.host.root import Root
from readings.model import Gap, SourceFailed

DEVICES = ("ipmi0", "ipmi/0", "ipmidev/0")
NO_DEVICE = re.compile(r"could not open device|no such (?:file|device)|unable to establish", re.IGNORECASE)


class Bmc:
    """``remote``: arguments that lead to a BMC over the network; without them it is this host's own."""

    def __init__(self, root: Root, programs: Asking, found: Nature, remote: Sequence[str] = ()) -> None:
        self._root = root
        self._found = found
        self._programs = programs
        self._remote = tuple(remote)

    def offered(self) -> None:
        """Raises SourceFailed."""
        if not self._remote:
            devices = [path for name in DEVICES if os.path.exists(path := f"{self._root.dev}/{name}")]  # noqa: PTH110 - text paths
            if not devices:
                why = "there is no BMC, or its driver (ipmi_devintf) is not loaded" + self._found.because()
                raise SourceFailed(Gap.NOT_OFFERED, f"{self._root.dev}/ipmi0: {why}")
            if not os.access(devices[0], os.R_OK | os.W_OK):
                raise SourceFailed(Gap.REFUSED, f"{devices[0]}: needs to read and write it (root, or a udev rule)")
        self._program()

    def ask(self, *words: str, seconds: float) -> Answer:
        """Raises SourceFailed; an answer with another exit code than 0 that says something is for the caller."""
        answer = self._programs.run([self._program(), *self._remote, *words], seconds)
        if answer.code and not answer.out.strip():
            gap = Gap.UNREACHABLE if NO_DEVICE.search(answer.err) else Gap.UNREADABLE
            raise SourceFailed(gap, f"ipmitool {' '.join(words)}: {answer.last_words()}")
        return answer

    def _program(self) -> str:
        program = self._programs.find("ipmitool")
        if program is None:
            raise SourceFailed(
                Gap.NOT_OFFERED, "ipmitool: this host has a BMC and no program to ask it (Debian: ipmitool)"
            )
        return program
