"""The inbox rows that are due, and what they say.

The next rows are read and opened while the last commits of a batch are under way, when there is nothing else to do. Which rows
are due, and in which order, is asked anew when they are worked: rows that were read ahead only need not be read then.
"""

from __future__ import annotations

from collections import namedtuple
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import schema
from conversations.bulk import among_those, rows_of
from conversations.errors import FreagraError
from conversations.intake import opened
from conversations.leases import Holding
from conversations.schema import instant
from conversations.vault import Vault

_inbox = schema.inbox
_BY_ID = sa.select(_inbox).where(among_those(_inbox.c.id))

# Of the batch before, at most, whose commits are under way and whose rows so seem due still.
_UNDER_WAY = 1_024

# Python's own named tuples are asked for their values in a third of the time that SQLAlchemy's rows take.
_Arrived = namedtuple("_Arrived", schema.inbox.c.keys())  # type: ignore[misc]


class Arrivals:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._ahead: dict[int, Any] = {}
        self._contents: dict[int, dict[str, Any]] = {}

    def due(self, connection: Connection, now: datetime, size: int, holding: Holding) -> list[Any]:
        """The first rows that are due by now, `size` at most. One that was read ahead is as it was: it may be set back, done or
        erased meanwhile, and is not due then, or has been tried once more."""
        ahead, self._ahead = self._ahead, {}
        if not ahead:
            self._contents = {}
            return _read(connection, _due(sa.select(_inbox), now, size, holding))
        due = connection.execute(_due(sa.select(_inbox.c.id, _inbox.c.attempts), now, size, holding)).all()
        stale = [id for id, attempts in due if id not in ahead or ahead[id].attempts != attempts]
        fresh: list[Any] = list(map(_Arrived._make, rows_of(connection, _BY_ID, stale)))
        ahead.update((row.id, row) for row in fresh)
        rows = [ahead[id] for id, _ in due]
        self._contents = {row.id: self._contents[row.id] for row in rows if row.id in self._contents}
        return rows

    def take(self, row: Any) -> dict[str, Any]:
        """What a row says, to be asked once. Raises what `opened` does."""
        content = self._contents.pop(row.id, None)
        return opened(self._vault, row) if content is None else content

    def look_ahead(self, connection: Connection, now: datetime, size: int, holding: Holding, worked: set[int]) -> None:
        """Read and open what will be due once the rows `worked` are done."""
        rows = _read(connection, _due(sa.select(_inbox), now, size + _UNDER_WAY, holding))
        self._ahead = {row.id: row for row in [row for row in rows if row.id not in worked][:size]}
        self._contents = {}
        for row in self._ahead.values():
            try:
                self._contents[row.id] = opened(self._vault, row)
            except (FreagraError, ValueError):
                continue  # it is found again when it is worked, and what is wrong with it


def _due(query: sa.Select[Any], now: datetime, size: int, holding: Holding) -> sa.Select[Any]:
    query = query.where(_inbox.c.status == "new", _inbox.c.due <= instant(now)).order_by(_inbox.c.due, _inbox.c.id).limit(size)
    return query if holding.partitions is None else query.where(_inbox.c.partition.in_(holding.partitions))


def _read(connection: Connection, query: sa.Select[Any]) -> list[Any]:
    return list(map(_Arrived._make, connection.execute(query).all()))

