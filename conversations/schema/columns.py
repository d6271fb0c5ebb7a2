"""What all tables are made with: their metadata, instants as integers, bytes as the drivers give them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

metadata = sa.MetaData()


class Bytes(sa.LargeBinary):
    """Bytes as the drivers give and take them: both do, and to wrap each value anew costs as much as to fetch it."""

    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> None:  # noqa: ARG002  every dialect is the same
        return None

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:  # noqa: ARG002
        return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


# The start of what has no appointment: later than any.
NEVER = instant(datetime(9999, 1, 1, tzinfo=UTC))


def instant_column(name: str, *, null: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, index=index)


def spans(column: str, length: int) -> sa.ColumnClause[int]:
    """Which span of so many microseconds, counted from 1970 UTC, an instant of this column lies in. A database looks into an
    index for the very words that it was made with."""
    return sa.literal_column(f"({column} / {length})", sa.BigInteger)


# Of rows without end: a national service counts past what an INTEGER of PostgreSQL holds within two years. SQLite counts by
# its INTEGER alone, which has 64 bits.
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
