"""One conversation as staff see it: its latest entries, and whatever stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.pending import Pending, pending
from conversations.people import Scope
from conversations.places import conversation_place, entry_place, patient_place
from conversations.playback import erased_entry
from conversations.queues import Waiting, waiting
from conversations.rows import appointment_of
from conversations.schema import appointments, conversations, moment, patients, tasks, texts, transcript
from conversations.vault import Vault
from engine.appointment import Appointment
from engine.as_json import from_json
from engine.conversation import Conversation, Entry

LATEST = 60  # entries that are shown at first, and each time more are asked for
_OTHERS = 20


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of the transcript and its place in it."""

    seq: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Fate:
    """How a text fares: its status, the gateway's reason, when that was said, and the segments it costs."""

    status: str
    reason: str
    at: datetime
    segments: int


@dataclass(frozen=True, slots=True)
class Other:
    """Another appointment of the patient and the talk about it, going on or over."""

    appointment: str
    talk: str
    start: datetime
    clinic_name: str
    clinician: str
    status: str
    state: str


@dataclass(frozen=True, slots=True)
class Talk:
    """`record` is the patient's: number, first_name, last_name, mobile, date_of_birth. `entries` end with the latest;
    `earlier`: there are more before them. `others`: what else the patient has or had at clinics of the scope,
    the latest first."""

    conversation: Conversation
    appointment: Appointment
    patient: str
    record: Mapping[str, Any]
    do_not_text: bool
    deceased: bool
    ruleset: str
    version: str
    entries: Sequence[Said]
    earlier: bool
    fates: Mapping[str, Fate]
    tasks: Sequence[Waiting]
    pending: Sequence[Pending]
    others: Sequence[Other]

    @property
    def seq(self) -> int:
        """Of the latest entry there is."""
        return self.conversation.seq

    @property
    def holder(self) -> str:
        """Who has it, "" for nobody."""
        return next((task.owner for task in self.tasks if task.owner), "")


def talk(
    connection: Connection, vault: Vault, id: str, scope: Scope, now: datetime, *, limit: int = LATEST
) -> Talk | None:
    """None where there is none, where it is of a clinic outside of the scope, and where the patient was erased."""
    row = _row(connection, id, scope)
    if row is None:
        return None
    entries, earlier = _entries(connection, vault, row, row.seq + 1, limit)
    held = orjson.loads(vault.open(row.wrapped_key, conversation_place(id), row.sealed))
    own = sa.select(tasks.c.key).where(tasks.c.conversation_id == id, tasks.c.status == "open")
    keys = connection.execute(own.order_by(tasks.c.priority, tasks.c.opened_at, tasks.c.key)).scalars().all()
    return Talk(
        conversation=from_json(held),
        appointment=_appointment(connection, row.appointment_id),
        patient=row.patient_id,
        record=orjson.loads(vault.open(row.wrapped_key, patient_place(row.patient_id), row.patient)),
        do_not_text=row.do_not_text,
        deceased=row.deceased,
        ruleset=row.ruleset,
        version=row.version,
        entries=entries,
        earlier=earlier,
        fates=_fates(connection, entries),
        tasks=waiting(connection, vault, keys),
        pending=pending(connection, vault, id, now),
        others=_others(connection, row, scope),
    )


def before(
    connection: Connection, vault: Vault, id: str, scope: Scope, seq: int, *, limit: int = LATEST
) -> tuple[Sequence[Said], bool, Mapping[str, Fate]] | None:
    """The entries before entry `seq`, whether there are more before those, and how the texts among them fare."""
    row = _row(connection, id, scope)
    if row is None:
        return None
    entries, earlier = _entries(connection, vault, row, seq, limit)
    return entries, earlier, _fates(connection, entries)


def erased(connection: Connection, vault: Vault, id: str, scope: Scope) -> Entry | None:
    """The entry that ends a conversation whose patient was erased. None where there is no such, or of a clinic outside of the
    scope."""
    row = connection.execute(_TALK, {"id": id}).first()
    if row is None or row.wrapped_key is not None or row.clinic not in scope:
        return None
    last = sa.select(transcript).where(transcript.c.conversation_id == id, transcript.c.seq == row.seq)
    return erased_entry(vault, connection.execute(last).one())


def _row(connection: Connection, id: str, scope: Scope) -> Any:
    row = connection.execute(_TALK, {"id": id}).first()
    return row if row is not None and row.wrapped_key is not None and row.clinic in scope else None


def _entries(connection: Connection, vault: Vault, row: Any, end: int, limit: int) -> tuple[list[Said], bool]:
    entry = transcript.c
    query = (
        sa.select(entry.seq, entry.at, entry.kind, entry.sealed)
        .where(entry.conversation_id == row.id, entry.seq < end, entry.seq >= end - limit)
        .order_by(entry.seq)
    )
    said = []
    for each in connection.execute(query):
        body = orjson.loads(vault.open(row.wrapped_key, entry_place(row.id, each.seq), each.sealed))
        said.append(Said(each.seq, Entry(each.kind, moment(each.at), body["actor"], body["data"])))
    return said, end - limit > 1


def _fates(connection: Connection, entries: Sequence[Said]) -> dict[str, Fate]:
    keys = [said.entry.data["key"] for said in entries if said.entry.kind == "text.queued"]
    columns = (texts.c.key, texts.c.status, texts.c.reason, texts.c.status_at, texts.c.segments)
    found = connection.execute(sa.select(*columns).where(texts.c.key.in_(keys))) if keys else ()
    return {row.key: Fate(row.status, row.reason, moment(row.status_at), row.segments) for row in found}


def _appointment(connection: Connection, id: str) -> Appointment:
    return appointment_of(connection.execute(sa.select(appointments).where(appointments.c.id == id)).one())


def _others(connection: Connection, row: Any, scope: Scope) -> list[Other]:
    talks = conversations.c
    query = (
        sa.select(talks.id.label("talk"), talks.state, appointments)
        .join(appointments, appointments.c.id == talks.appointment_id)
        .where(talks.patient_id == row.patient_id, talks.id != row.id)
        .order_by(appointments.c.start.desc(), talks.id)
        .limit(_OTHERS)
    )
    return [
        Other(
            appointment=each.id,
            talk=each.talk,
            start=moment(each.start),
            clinic_name=each.clinic_name or each.clinic,
            clinician=each.clinician,
            status=each.status,
            state=each.state,
        )
        for each in connection.execute(query)
        if each.clinic in scope
    ]


_TALK = (
    sa.select(
        conversations,
        appointments.c.clinic,
        patients.c.sealed.label("patient"),
        patients.c.wrapped_key,
        patients.c.do_not_text,
        patients.c.deceased,
    )
    .join_from(conversations, appointments, appointments.c.id == conversations.c.appointment_id)
    .join(patients, patients.c.id == conversations.c.patient_id)
    .where(conversations.c.id == sa.bindparam("id"))
)
