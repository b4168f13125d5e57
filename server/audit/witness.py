"""The head of the audit chain as receipts carry it: every agent keeps the last one it was told."""

from __future__ import annotations

from server.audit.chain import head
from server.records import Records

CONFIGURATION_REVISION = 0  # nothing is configured from here yet


class AuditWitness:
    """Read again by ``refresh``; ``told`` costs nothing and stands in every receipt."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._head = ""
        self.refresh()

    def refresh(self) -> None:
        with self._records.session() as session:
            self._head = str(head(session))

    def told(self) -> tuple[int, str]:
        """(configuration revision, ``sequence:hash`` of the head)."""
        return CONFIGURATION_REVISION, self._head
