"""What the store knows about itself, in its `facts`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.database import serialise
from conversations.errors import FreagraError
from conversations.schema import facts

_KEYS = "keys"


class OtherKeys(FreagraError):
    """The key file is not the one that this database was sealed with."""

    code = "other_keys"

    def __init__(self) -> None:
        super().__init__(
            "The key file is not the one this database was sealed with, so nothing in it could be read. "
            "Put back the keys.json that belongs to this database, from its backup, and start again."
        )


def match_keys(connection: Connection, fingerprint: str, at: int) -> None:
    """Hold the key file against the one the store was first opened with. Raises OtherKeys: going on with another would
    write what the right one cannot read."""
    serialise(connection, "keys")
    held = connection.execute(sa.select(facts.c.value).where(facts.c.name == _KEYS)).scalar()
    if held is None:
        connection.execute(sa.insert(facts).values(name=_KEYS, value=fingerprint, at=at))
    elif held != fingerprint:
        raise OtherKeys
