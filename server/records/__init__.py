"""The records: everything people and programs must be able to prove later, in one transactional database."""

from server.records.store import Records, RecordsError

__all__ = ["Records", "RecordsError"]
