"""What the pages of the desk share: who acts, by which names colleagues are known, and what was done a moment ago."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from adapters.web.console.visit import Declined
from adapters.zone import ZONE
from conversations import people, queues
from conversations.desk import NotThere, Refused, Taken
from conversations.names import full_name
from conversations.pending import Pending, undoable
from conversations.people import Person
from conversations.places import patient_place
from conversations.schema import conversations, patients
from conversations.vault import Vault
from engine.events import StaffAct

QUEUE_NAMES: Mapping[str, str] = {
    "urgent": "Urgent",
    "grave": "Wrong number or bereavement",
    "late": "Running late",
    "cancellation": "Cancellation review",
    "reschedule": "Reschedule",
    "question": "Question",
    "unclear": "Unclear reply",
    "call": "No answer, to call",
    "undelivered": "Undelivered",
    "unsent": "Not sent, and why",
    "ipms": "iPMS write failed",
    "other": "Faults and others",
}
ACT_NAMES: Mapping[str, str] = {
    "confirm": "Confirm",
    "cancel": "Cancel and free the slot",
    "keep": "Keep as it is",
    "rescheduled": "Rescheduled",
    "call_back": "Rang them",
    "answer": "Answer",
    "wrong_number": "Wrong number",
    "deceased": "Has died",
    "stop": "Stop texts",
    "hand_back": "Hand back to Freagra",
    "take": "Take over from Freagra",
    "close": "Close",
    "note": "Note",
}

assert QUEUE_NAMES.keys() == queues.QUEUES.keys()


@dataclass(frozen=True, slots=True)
class Undoable:
    """What this person did a moment ago, and to whom."""

    pending: Pending
    name: str

    @property
    def act(self) -> str:
        return ACT_NAMES[self.pending.act]


def recent(connection: Connection, vault: Vault, who: Person, now: datetime) -> list[Undoable]:
    found = [each for each in undoable(connection, vault, who, now) if each.until > now]
    if not found:
        return []
    query = (
        sa.select(conversations.c.id, patients.c.id.label("patient"), patients.c.sealed, patients.c.wrapped_key)
        .join(patients, patients.c.id == conversations.c.patient_id)
        .where(conversations.c.id.in_([each.talk for each in found]), patients.c.wrapped_key.is_not(None))
    )
    names = {
        row.id: full_name(orjson.loads(vault.open(row.wrapped_key, patient_place(row.patient), row.sealed)))
        for row in connection.execute(query)
    }
    return [Undoable(each, names.get(each.talk, "")) for each in found]


def shown_names(connection: Connection) -> dict[str, str]:
    """By which name each person is known to colleagues, by the name they sign in with."""
    return {each.name: each.shown for each in people.everyone(connection)}


def declined(refused: Refused, names: Mapping[str, str]) -> Declined:
    """What the desk refuses, as the pages say it."""
    if isinstance(refused, NotThere):
        return Declined(404, refused.message)
    if isinstance(refused, Taken):
        return Declined(409, f"{names.get(refused.holder, refused.holder)} has this patient. Nothing was done.")
    return Declined(409, refused.message)


# ---- snoozing --------------------------------------------------------------------------------------------------------

SNOOZES: Mapping[str, str] = {"hour": "1 hour", "afternoon": "14:00", "morning": "tomorrow, 9:00", "week": "a week"}


def snooze_until(choice: str, now: datetime) -> datetime:
    """Raises Declined for what is no choice."""
    local = now.astimezone(ZONE)
    match choice:
        case "hour":
            return now + timedelta(hours=1)
        case "afternoon":
            afternoon = local.replace(hour=14, minute=0, second=0, microsecond=0)
            return afternoon if afternoon > local else now + timedelta(hours=1)
        case "morning":
            return (local + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
        case "week":
            return (local + timedelta(days=7)).replace(hour=9, minute=0, second=0, microsecond=0)
    raise Declined(422, "Choose until when.")


def read_act(name: str) -> StaffAct:
    """Raises Declined for what staff cannot do."""
    if name in ACT_NAMES:
        return StaffAct(name)
    raise Declined(422, "There is no such act.")
