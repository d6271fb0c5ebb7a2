"""Which timers are due.

They are found by the hour in which they fall due (`schema.timers`): of the present hour all are looked through, in the index,
and those that are due are taken in the order of their moments.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.leases import Holding
from conversations.partitions import id_among, of_id
from conversations.schema import HOUR, HOUR_OF_UTC, instant, moment, timers

_MOST_SOON = 10_000
_hour = HOUR_OF_UTC
_IN_ORDER = (_hour, timers.c.due)


def due(connection: Connection, now: datetime, size: int, holding: Holding) -> list[Any]:
    """The first rows that are due by `now`, `size` at most."""
    until = instant(now)
    query = sa.select(timers).where(_hour <= until // HOUR, timers.c.due <= until).order_by(*_IN_ORDER).limit(size)
    if holding.partitions is not None:
        query = query.where(id_among(timers.c.conversation_id, holding.partitions))
    return list(connection.execute(query).all())


def soon(connection: Connection, now: datetime, within: timedelta, partitions: Iterable[int]) -> set[tuple[int, int]]:
    """Partition and second (of 1970 UTC) of the timers that fall due within that time, after `now`."""
    since, until = instant(now), instant(now + within)
    query = sa.select(timers.c.conversation_id, timers.c.due).where(
        _hour.between(since // HOUR, until // HOUR),
        timers.c.due > since,
        timers.c.due <= until,
        id_among(timers.c.conversation_id, partitions),
    )
    rows = connection.execute(query.limit(_MOST_SOON)).all()
    return {(of_id(row.conversation_id), -(-row.due // 1_000_000)) for row in rows}


def next_due(connection: Connection) -> datetime | None:
    """When the first of all falls due, None where there is none."""
    first = connection.execute(sa.select(timers.c.due).order_by(*_IN_ORDER).limit(1)).scalar()
    return None if first is None else moment(first)
