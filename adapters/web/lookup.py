"""What the API tells of an appointment: how it stands with us, and how its conversations do. Nothing of the patient."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from adapters.web.api import Lookup
from conversations.database import Database
from conversations.schema import appointments, conversations, moment
from conversations.writer import StoreAway


def appointment_lookup(database: Database) -> Lookup:
    """Raises StoreAway where the store cannot be read."""

    async def lookup(id: str) -> Mapping[str, Any] | None:
        return await asyncio.to_thread(_look, database, id)

    return lookup


def _look(database: Database, id: str) -> dict[str, Any] | None:
    held, talk = appointments.c, conversations.c
    try:
        with database.reader() as connection:
            query = sa.select(held.status, held.version, held.start, held.changed_at).where(held.id == id)
            found = connection.execute(query).first()
            if found is None:
                return None
            columns = (talk.ruleset, talk.state, talk.owner, talk.closed, talk.changed_at)
            of_this = sa.select(*columns).where(talk.appointment_id == id).order_by(talk.opened_at, talk.id)
            talks = connection.execute(of_this).all()
    except sa.exc.OperationalError as fault:
        raise StoreAway(f"cannot be read: {fault.orig}") from fault
    return {
        "id": id,
        "status": found.status,
        "version": found.version,
        "start": moment(found.start).isoformat(),
        "changed_at": moment(found.changed_at).isoformat(),
        "conversations": [
            {
                "ruleset": row.ruleset,
                "state": row.state,
                "owner": row.owner,
                "closed": row.closed,
                "changed_at": moment(row.changed_at).isoformat(),
            }
            for row in talks
        ],
    }
