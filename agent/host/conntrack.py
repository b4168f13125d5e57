"""Connection tracking: how many flows the firewall remembers, and those it had to forget."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import hex_count, read_number, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

FIELDS = ("found", "invalid", "ignore", "insert", "insert_failed", "drop", "early_drop", "search_restart")


class Conntrack:
    name = "conntrack"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.proc}/sys/net/netfilter"
        self._path = f"{root.proc}/net/stat/nf_conntrack"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        count, limit = (read_number(f"{self._folder}/nf_conntrack_{what}") for what in ("count", "max"))
        if isinstance(count, Gap):
            raise SourceFailed(count, f"{self._folder}/nf_conntrack_count: connections are not tracked here")
        yield Sample("conntrack_entries_count", count)
        yield Sample("conntrack_entries_limit_count", limit)
        yield Sample("conntrack_used_ratio", limit if isinstance(limit, Gap) else _share(count, limit))
        try:
            said = parse(self._path, read_text(self._path))
        except SourceFailed as failure:
            said = dict.fromkeys(FIELDS, failure.gap)
        for field, value in said.items():
            yield Sample(f"conntrack_{field}_total", value)


def _share(count: float, limit: float) -> float | Gap:
    return count / limit if limit > 0 else Gap.NOT_OFFERED


def parse(path: str, text: str) -> dict[str, float | Gap]:
    """A head line of names over a line of hexadecimal counters a CPU: their sums. Raises SourceFailed."""
    head, *rows = whole_lines(path, text)
    names = head.split()
    sums: dict[str, int] = {}
    for row in rows:
        words = row.split()
        try:
            for name, word in zip(names, words, strict=True):
                sums[name] = sums.get(name, 0) + hex_count(word)
        except ValueError as error:
            raise unreadable(path, row, error) from error
    return {field: float(sums[field]) if field in sums else Gap.NOT_OFFERED for field in FIELDS}
