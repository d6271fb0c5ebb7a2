"""Fences: what makes it impossible that two workers on one PostgreSQL both decide from the same state and both commit.

Each part of a batch is decided on rows that were read before, outside of the transaction that writes what follows. So that
transaction asks whether they still stand as they were read. Conversations need no asking: the transcript has one entry of each
(conversation, seq), and whoever comes second meets it. Patients and appointments are compared and locked here. On SQLite one
worker has everything, and there is nothing to ask of these.

An erasure takes from a patient what a batch may hold in memory and would put back. So each of them is counted, and what was
decided before one is decided anew, on either engine.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.bulk import insert_rows
from conversations.database import serialise
from conversations.errors import FreagraError
from conversations.schema import appointments, facts, patients

_UNIQUE_VIOLATION = "23505"
_ERASURES = "erasures"  # the fact, and the lock


class Overtaken(FreagraError):
    """Someone else decided from the same state and was faster. Nothing was written; decide anew from what there is now."""

    code = "overtaken"
    retryable = True

    def __init__(self, what: str) -> None:
        super().__init__(f"another worker was faster: {what}")


def met(fault: sa.exc.IntegrityError) -> bool:
    """Whether the fault says that a row of this key is there already, and not that the row is unfit."""
    return getattr(fault.orig, "sqlstate", None) == _UNIQUE_VIOLATION


def patients_stand(connection: Connection, found: Mapping[str, bytes | None]) -> None:
    """Whether these patients' rows are sealed as they were read, None: were not there; they stay so until the transaction
    ends. Each change seals anew. Raises Overtaken."""
    table = patients.c
    query = sa.select(table.id, table.sealed).where(table.id.in_(list(found))).order_by(table.id).with_for_update()
    held = {row.id: bytes(row.sealed) for row in connection.execute(query)}
    if any(held.get(id) != sealed for id, sealed in found.items()):
        raise Overtaken("a patient")


def appointments_stand(connection: Connection, found: Mapping[str, tuple[int, int] | None]) -> None:
    """The same of appointments, by their version and stamp."""
    table = appointments.c
    query = sa.select(table.id, table.version, table.changed_at).where(table.id.in_(list(found)))
    rows = connection.execute(query.order_by(table.id).with_for_update())
    held = {row.id: (row.version, row.changed_at) for row in rows}
    if any(held.get(id) != stamp for id, stamp in found.items()):
        raise Overtaken("an appointment")


def erasures(connection: Connection) -> int:
    """How many patients were erased so far."""
    return int(connection.execute(_COUNTED).scalar() or 0)


def nobody_was_erased(connection: Connection, before: int) -> None:
    """Whether there were as many erasures then; it stays so until the transaction ends. Raises Overtaken."""
    serialise(connection, _ERASURES, shared=True)
    if erasures(connection) != before:
        raise Overtaken("a patient was erased")


def erase_alone(connection: Connection, at: int) -> None:
    """Count an erasure. Until its transaction ends nothing that was decided is committed."""
    serialise(connection, _ERASURES)
    row = (_ERASURES, str(erasures(connection) + 1), at)
    insert_rows(connection, facts, ("name", "value", "at"), [row], replacing=("value", "at"))


_COUNTED = sa.select(facts.c.value).where(facts.c.name == _ERASURES)
