"""All parts of the inventory as one source of facts. The runner tells those that changed, and once a day all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from agent.host.root import Root
from agent.inventory import parts
from agent.inventory.listening import listening
from agent.inventory.packages import Installed
from readings.model import Fact

LOOK_EVERY = 20  # passes
MOST_FACTS = 1_900  # below what a source may tell in one pass


class Inventory:
    """A part that cannot be read keeps what was known of it, and ``inventory.unknown`` says which and why."""

    name = "inventory"

    def __init__(self, root: Root, looks: Mapping[str, Callable[[], Mapping[str, str]]] | None = None) -> None:
        self._looks = looks_at(root) if looks is None else looks
        self._known: dict[str, Mapping[str, str]] = {}
        self._gone: set[str] = set()
        self._passes = 0

    def read(self) -> Iterator[Fact]:
        """All facts, every LOOK_EVERY passes; one that is no longer so has no text. Nothing in between."""
        due = self._passes % LOOK_EVERY == 0
        self._passes += 1
        if due:
            yield from self._facts()

    def _facts(self) -> Iterator[Fact]:
        unknown: list[str] = []
        for part, look in self._looks.items():
            try:
                now = look()
            except OSError as error:
                unknown.append(f"{part}: {error.strerror or error}")
                continue
            self._gone |= self._known.get(part, {}).keys() - now.keys()
            self._known[part] = now
        facts = {key: value for known in self._known.values() for key, value in known.items()}
        self._gone -= facts.keys()
        facts |= dict.fromkeys(sorted(self._gone), "")
        yield Fact("inventory.unknown", "; ".join(unknown) or "none")
        if len(facts) > MOST_FACTS:
            yield Fact("inventory.left_out", f"{len(facts) - MOST_FACTS} facts of {len(facts)}")
        for key in list(facts)[:MOST_FACTS]:
            yield Fact(key, facts[key])


def looks_at(root: Root) -> dict[str, Callable[[], Mapping[str, str]]]:
    """Part → what looks at it; each may raise OSError."""
    installed = Installed(root)
    return {
        "cpus": lambda: parts.cpus(root),
        "dimms": lambda: parts.dimms(root),
        "disks": lambda: parts.disks(root),
        "cards": lambda: parts.cards(root),
        "pci": lambda: parts.pci(root),
        "bmc": lambda: parts.bmc(root),
        "listening": lambda: listening(root),
        "packages": installed.facts,
    }
