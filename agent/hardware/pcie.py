"""PCI Express: errors each device reported (AER), and links that run slower or narrower than both of their ends could.

``aer_dev_fatal`` holds lines ``NAME count`` and last ``TOTAL_ERR_FATAL count`` (ABI/testing/sysfs-bus-pci-devices-aer).
The total need not be the sum: it is the kernel's own count and the one that is told.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from agent.host.kernel_files import count_of, entries, gap_for, read_number, read_small, read_word
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

ERRORS = {
    "aer_dev_correctable": "pcie_corrected_errors_total",
    "aer_dev_nonfatal": "pcie_nonfatal_errors_total",
    "aer_dev_fatal": "pcie_fatal_errors_total",
}
PORT_ERRORS = {
    "aer_rootport_total_err_cor": "pcie_port_corrected_errors_total",
    "aer_rootport_total_err_nonfatal": "pcie_port_nonfatal_errors_total",
    "aer_rootport_total_err_fatal": "pcie_port_fatal_errors_total",
}
MOST_DEVICES = 1024
GIGA = 1e9
BRIDGE = "0x0604"


class Pcie:
    name = "pcie"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.sys}/bus/pci/devices"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        devices = entries(self._folder)[:MOST_DEVICES]
        told = [sample for device in devices for sample in read_device(f"{self._folder}/{device}", device)]
        if not told:
            found = f"none of {len(devices)} PCI devices" if devices else "no PCI device"
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folder}: {found} has a PCI Express link or counts errors")
        return iter(told)


def read_device(folder: str, device: str) -> Iterator[Sample]:
    """What a device has no file for it is not asked for."""
    for file, metric in ERRORS.items():
        value = total(f"{folder}/{file}")
        if value is not Gap.NOT_OFFERED:
            yield Sample(metric, value, device)
    for file, metric in PORT_ERRORS.items():
        value = read_number(f"{folder}/{file}")
        if value is not Gap.NOT_OFFERED:
            yield Sample(metric, value, device)
    speed, width = link(folder, "current")
    if isinstance(speed, Gap) or isinstance(width, Gap):
        return
    yield Sample("pcie_link_transfers_per_second", speed, device)
    yield Sample("pcie_link_lanes_count", width, device)
    best_speed, best_width = link(folder, "max")
    yield Sample("pcie_link_transfers_maximum_per_second", best_speed, device)
    yield Sample("pcie_link_lanes_maximum_count", best_width, device)
    if not (read_word(f"{folder}/class") or "").startswith(BRIDGE):  # a port runs as its device lets it
        yield Sample("pcie_link_reduced", reduced(folder, (speed, width), (best_speed, best_width)), device)


def total(path: str) -> float | Gap:
    """The count of the last line, ``TOTAL_ERR_COR 12``."""
    try:
        text = read_small(path).decode("utf-8", "replace")
    except OSError as error:
        return gap_for(error)
    name, _, count = text.rstrip("\n").rpartition("\n")[2].partition(" ")
    if not name.startswith("TOTAL_ERR_") or not text.endswith("\n"):
        return Gap.UNREADABLE
    try:
        return count_of(count)
    except ValueError:
        return Gap.UNREADABLE


def link(folder: str, which: str) -> tuple[float | Gap, float | Gap]:
    """(transfers per second, lanes): ``8.0 GT/s PCIe`` and ``16``; no link there says ``Unknown`` and ``0``."""
    speed_word, width = read_word(f"{folder}/{which}_link_speed"), read_number(f"{folder}/{which}_link_width")
    words = (speed_word or "").split()
    try:
        speed: float | Gap = float(words[0]) * GIGA if words[1] == "GT/s" else Gap.UNREADABLE
    except (IndexError, ValueError):
        speed = Gap.NOT_OFFERED
    unused = not isinstance(width, Gap) and width in {0, 63, 255}
    return speed, Gap.NOT_OFFERED if unused else width


def reduced(folder: str, now: tuple[float, float], best: tuple[float | Gap, float | Gap]) -> float | Gap:
    """1 when the link is below what the device and the port above it can both do. A slow slot is no fault."""
    above = link(os.path.realpath(folder).rpartition("/")[0], "max")
    for is_now, most, most_above in zip(now, best, above, strict=True):
        if isinstance(most, Gap):
            return Gap.NOT_OFFERED
        if is_now < (most if isinstance(most_above, Gap) else min(most, most_above)):
            return 1.0
    return 0.0
