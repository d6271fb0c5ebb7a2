"""Acts of staff that have not taken effect: they wait in the inbox, and can be taken back until shortly before they are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.intake import opened
from conversations.people import Person
from conversations.schema import inbox, instant, moment
from conversations.vault import Vault
from engine.events import AMONG_STAFF, StaffAct

UNDO_FOR = timedelta(seconds=10)  # how long an act waits before it takes effect
MARGIN = timedelta(seconds=1)  # before that, in which it is under way already
THEN = "/then"  # ends the key of what is done behind an act, to be undone with it


@dataclass(frozen=True, slots=True)
class Pending:
    """An act that can still be undone."""

    key: str
    talk: str
    act: StaffAct
    by: str
    until: datetime


def pending(held: Connection, vault: Vault, talk: str, now: datetime) -> Sequence[Pending]:
    """The acts on a talk that have not taken effect."""
    return _waiting(held, vault, now, inbox.c.external_id > f"{talk}/", inbox.c.external_id < f"{talk}0")


def undoable(held: Connection, vault: Vault, who: Person, now: datetime) -> Sequence[Pending]:
    """What this colleague did a moment ago."""
    return [each for each in _waiting(held, vault, now, inbox.c.due > instant(now)) if each.by == who.name]


def _waiting(held: Connection, vault: Vault, now: datetime, *which: sa.ColumnElement[bool]) -> list[Pending]:
    row_of = inbox.c
    query = sa.select(inbox).where(row_of.source == "staff", sa.text("status = 'new'"), *which).order_by(row_of.id)
    found = []
    for row in held.execute(query):
        content = opened(vault, row)
        act = StaffAct(content["act"])
        if act not in AMONG_STAFF and row.due > instant(now) and not row.external_id.endswith(THEN):
            found.append(Pending(row.external_id, content["conversation"], act, content["by"], moment(row.due) - MARGIN))
    return found
