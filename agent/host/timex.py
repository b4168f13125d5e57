"""adjtimex(2): whether the kernel believes its clock is kept right, and how far off it may be."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

STA_NANO = 0x2000
TIME_ERROR = 5
PPM16 = 1e-6 / 65536  # frequency is in parts per million, scaled by 2^16
MICRO = 1e-6
# struct timex of linux/timex.h without its modes, which stay 0 (change nothing).
RAW = struct.Struct("@4x 4l i l 4l l 2l i 5l i")
SPARE_BYTES = 64  # behind tai the kernel keeps room for more


class Timex(NamedTuple):
    """The fields of struct timex that are read, as the kernel gives them, and its answer (the clock's state)."""

    state: int
    offset: int
    frequency: int
    maximum_error: int
    estimated_error: int
    status: int
    constant: int
    tick: int
    pps_frequency: int
    jitter: int
    shift: int
    stability: int
    jitter_count: int
    calibration_count: int
    error_count: int
    stability_count: int
    tai: int


class KernelClock:
    name = "timex"

    def __init__(self, root: Root, ask: Callable[[], Timex] | None = None) -> None:
        self._ask = ask or (adjtimex() if root.live else None)

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        if self._ask is None:
            raise SourceFailed(Gap.NOT_OFFERED, "adjtimex: asked of the running Linux kernel only")
        return samples(self._ask())


def samples(said: Timex) -> Iterator[Sample]:
    fine = 1e-9 if said.status & STA_NANO else MICRO
    yield Sample("clock_synchronised", 0.0 if said.state == TIME_ERROR else 1.0)
    yield Sample("clock_kernel_offset_seconds", said.offset * fine)
    yield Sample("clock_maximum_error_seconds", said.maximum_error * MICRO)
    yield Sample("clock_estimated_error_seconds", said.estimated_error * MICRO)
    yield Sample("clock_frequency_ratio", 1 + said.frequency * PPM16)
    yield Sample("clock_status", float(said.status))
    yield Sample("clock_loop_time_constant", float(said.constant))
    yield Sample("clock_tick_seconds", said.tick * MICRO)
    yield Sample("clock_tai_offset_seconds", float(said.tai))
    yield Sample("clock_pps_frequency_hertz", said.pps_frequency * PPM16)
    yield Sample("clock_pps_jitter_seconds", said.jitter * fine)
    yield Sample("clock_pps_shift_seconds", float(1 << said.shift) if 0 <= said.shift < 32 else Gap.UNREADABLE)
    yield Sample("clock_pps_stability_hertz", said.stability * PPM16)
    yield Sample("clock_pps_jitters_total", float(said.jitter_count))
    yield Sample("clock_pps_calibrations_total", float(said.calibration_count))
    yield Sample("clock_pps_errors_total", float(said.error_count))
    yield Sample("clock_pps_stability_exceeded_total", float(said.stability_count))


def adjtimex() -> Callable[[], Timex] | None:
    """A function that asks the kernel (modes = 0 changes nothing), None where there is no adjtimex."""
    import ctypes  # noqa: PLC0415 - half a megabyte that only a live Linux needs

    try:
        call = ctypes.CDLL(None, use_errno=True).adjtimex
    except (AttributeError, OSError, TypeError):
        return None

    raw = ctypes.create_string_buffer(RAW.size + SPARE_BYTES)

    def ask() -> Timex:
        state = call(raw)
        if state < 0:
            raise OSError(ctypes.get_errno(), f"adjtimex: {os.strerror(ctypes.get_errno())}")
        said = RAW.unpack_from(raw)
        return Timex(state, *said[:6], *said[10:])  # between them precision, tolerance and the time of day

    return ask
