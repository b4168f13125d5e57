"""The history of readings: a head in memory, sealed Parquet segments, and what is asked of both."""

from server.history.coverage import Coverage, CoverageGap
from server.history.history import History, HistoryFullError
from server.history.points import Range, Summary, TooManyPointsError

__all__ = ["Coverage", "CoverageGap", "History", "HistoryFullError", "Range", "Summary", "TooManyPointsError"]
