"""The head of the audit chain as receipts carry it: every agent keeps the last one it was told."""

from __future__ import annotations

from server.audit.chain import head
from server.records import Records


class AuditWitness:
    """Read again by ``refresh``; ``told`` costs nothing and stands in every receipt."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._head = ""
        self.refresh()

    def refresh(self) -> None:
        with self._records.session() as session:
            self._head = str(head(session))

    def told(self) -> str:
        """``sequence:hash`` of the head."""
        return self._head
