"""Is a device silent, or does this collector see nothing? Its own blindness must not be told as theirs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from readings.delivery.runner import RUNNER, TakenTick
from readings.model import Gap

ToldGap = tuple[str, str, Gap, str]

FEWEST = 3  # with fewer devices silence says too little
CUT_OFF = {Gap.UNREACHABLE, Gap.TIMED_OUT}


def is_silent(tick: TakenTick) -> bool:
    """Whether nothing of it came from the device: no block but the runner's own, a gap of the way to it.

    What we do not offer ourselves (a protocol that is not understood) is no sign of life.
    """
    why = {gap for _, _, gap, _ in tick.gaps}
    return not _came(tick) and bool(why & CUT_OFF) and why <= {*CUT_OFF, Gap.NOT_OFFERED}


@dataclass(slots=True)
class _Seen:
    asked_s: float
    answered: bool


class Sight:
    """Told of every poll; ``is_blind`` when none of all devices that were asked lately answered.

    The first polls after a cut still say ``unreachable``: nobody can know it from one.
    """

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def saw(self, device_no: str, *, answered: bool, now_s: float) -> None:
        self._seen[device_no] = _Seen(now_s, answered)

    def forget(self, keeping: set[str]) -> None:
        self._seen = {device_no: seen for device_no, seen in self._seen.items() if device_no in keeping}

    def answering(self) -> int:
        return sum(seen.answered for seen in self._seen.values())

    def is_blind(self) -> bool:
        return len(self._seen) >= FEWEST and not self.answering()

    def told(self, device_no: str, tick: TakenTick, now_s: float) -> TakenTick:
        """The tick as it goes on: of a silent device only its gaps, ``blind`` where it is we who see nothing.

        The runner's own readings of a silent device are left out: who was not heard must be found silent.
        """
        why = {gap for _, _, gap, _ in tick.gaps}
        if why == {Gap.NOT_OFFERED} and not _came(tick):
            # Nothing was asked: the runner's own readings would say that the device was met.
            said = "nothing it is listed with can be asked"
            return replace(tick, blocks=[], gaps=_blind(tick.gaps, said))
        silent = is_silent(tick)
        self.saw(device_no, answered=not silent, now_s=now_s)
        if not silent:
            return tick
        gaps = [told for told in tick.gaps if told[2] in CUT_OFF]
        if self.is_blind():
            gaps = _blind(gaps, f"this collector reaches none of its {len(self._seen)} devices")
        return replace(tick, blocks=[], gaps=gaps)


def _came(tick: TakenTick) -> bool:
    return any(source != RUNNER for _, source, _, _ in tick.blocks)


def _blind(gaps: list[ToldGap], why: str) -> list[ToldGap]:
    return [(device, source, Gap.BLIND, f"{why}; {detail}") for device, source, _, detail in gaps]
