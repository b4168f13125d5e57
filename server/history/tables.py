"""What the records know of the history: its series, its sealed segments, and how far it is durable."""

from __future__ import annotations

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel


class SeriesRow(SQLModel, table=True):
    """The number that stands for a series inside segments."""

    __tablename__ = "history_series"
    __table_args__ = (UniqueConstraint("device_no", "metric", "part"),)

    id: int = Field(primary_key=True)
    device_no: str
    metric: str
    part: str


class Segment(SQLModel, table=True):
    """One sealed Parquet file, sorted by series and time. Parquet has no page checksum: ``sha256`` is it."""

    __tablename__ = "history_segment"

    file: str = Field(primary_key=True)
    sha256: str
    size: int = Field(sa_type=BigInteger)
    samples: int = Field(sa_type=BigInteger)
    min_ms: int = Field(sa_type=BigInteger)
    max_ms: int = Field(sa_type=BigInteger)
    min_series: int
    max_series: int


class HistoryCursor(SQLModel, table=True):
    """The id of the last arrival that stands in a sealed segment."""

    __tablename__ = "history_cursor"

    name: str = Field(primary_key=True)
    arrival: int = Field(sa_type=BigInteger)
