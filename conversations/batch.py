"""A batch of work: load many, decide many, commit once.

A batch reads from its own snapshot and keeps every row it touches in memory, so that the hundredth event of the batch sees
what the first one did. Nothing is written until `changes`, whose rows one writer job commits together with the marks that
say which events they answer. One event that fails is undone alone: its traces are taken back and the batch goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import schema
from conversations.changes import Changes, Unblock, task_step
from conversations.database import portions
from conversations.errors import PatientErased
from conversations.rulebook import Rulebook
from conversations.schema import instant, moment
from conversations.transcript import GENESIS, canonical, conversation_place, entry_hash, entry_place
from conversations.vault import Vault
from engine.appointment import Appointment, AppointmentStatus, Patient
from engine.conversation import Conversation, from_json, to_json
from engine.decide import Decision, decide
from engine.effects import (
    BlockTexts,
    ClearTimer,
    CloseTask,
    Effect,
    OpenTask,
    PreferLanguage,
    RecordMessage,
    SendText,
    SetTimer,
    UnblockTexts,
    UpdateTask,
    WriteAppointment,
)
from engine.events import Event
from engine.preferences import to_json as preferences_json
from engine.ruleset import CLINIC, PRIORITIES, Ruleset

# Of the sealed record: the language that the patient asked us for, until the iPMS holds another than it did then.
PREFERS = "prefers"


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient as stored. `record` holds what is sealed: number, first_name, last_name, mobile, date_of_birth, prefers.
    `language` is the iPMS's."""

    id: str
    number_index: bytes
    phone_index: bytes | None
    wrapped_key: bytes | None
    record: dict[str, Any]
    language: str
    deceased: bool
    do_not_text: bool
    changed_at: int

    def facts(self) -> Patient:
        return Patient(
            id=self.id,
            first_name=self.record.get("first_name", ""),
            language=self.record.get(PREFERS) or self.language,
            deceased=self.deceased,
            do_not_text=self.do_not_text,
            textable=self.phone_index is not None,
        )


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    appointment: Appointment
    patient_id: str
    revision: str
    changed_at: int


@dataclass(slots=True)
class Talk:
    """A conversation and where its chain ends."""

    conversation: Conversation
    head: bytes


def patient_place(patient_id: str) -> str:
    return f"patients|{patient_id}"


def text_place(key: str) -> str:
    return f"texts|{key}"


def write_place(key: str) -> str:
    return f"writes|{key}"


def task_place(key: str) -> str:
    return f"tasks|{key}"


@dataclass(frozen=True, slots=True)
class Part:
    """What one commit writes. `talks`: rows of the conversations that were opened or moved on."""

    changes: Changes
    talks: list[dict[str, Any]]
    at: int


class Batch:
    def __init__(self, connection: Connection, vault: Vault, rulebook: Rulebook, gateway: str, now: datetime) -> None:
        self.connection = connection
        self.vault = vault
        self.rulebook = rulebook
        self.gateway = gateway
        self.now = now
        self.changes = Changes()
        self.patients: dict[str, PatientRow] = {}
        self.appointments: dict[str, AppointmentRow] = {}
        self.talks: dict[str, Talk] = {}
        self.moved_timers: set[tuple[str, str]] = set()  # set or cleared by parts before
        self.past_blocks: list[dict[str, Any] | Unblock] = []  # set or lifted by parts before

    # ---- loading -----------------------------------------------------------------------------------------------------

    def load_talks(self, ids: Iterable[str]) -> None:
        """Bring these conversations and their patients in, those that are not in yet. Erased ones stay out."""
        wanted = [id for id in dict.fromkeys(ids) if id not in self.talks]
        found: list[Any] = []
        table = schema.conversations
        for some in portions(wanted):
            query = sa.select(table.c.id, table.c.patient_id, table.c.head, table.c.sealed).where(table.c.id.in_(some))
            found.extend(self.connection.execute(query).all())
        self.load_patients(row.patient_id for row in found)
        for row in found:
            patient = self.patients.get(row.patient_id)
            if patient is None or patient.wrapped_key is None:
                continue
            opened = self.vault.open(patient.wrapped_key, conversation_place(row.id), row.sealed)
            self.talks[row.id] = Talk(from_json(orjson.loads(opened)), row.head)

    def load_patients(self, ids: Iterable[str]) -> None:
        wanted = [id for id in dict.fromkeys(ids) if id not in self.patients]
        for some in portions(wanted):
            self._take_patients(schema.patients.c.id.in_(some))

    def load_patients_by_number(self, indexes: Iterable[bytes]) -> None:
        for some in portions(indexes):
            self._take_patients(schema.patients.c.hospital_number_index.in_(some))

    def _take_patients(self, where: sa.ColumnElement[bool]) -> None:
        for row in self.connection.execute(sa.select(schema.patients).where(where)):
            if row.id in self.patients:
                continue
            record: dict[str, Any] = {}
            if row.wrapped_key is not None:
                record = orjson.loads(self.vault.open(row.wrapped_key, patient_place(row.id), row.sealed))
            self.patients[row.id] = PatientRow(
                row.id,
                row.hospital_number_index,
                row.phone_index,
                row.wrapped_key,
                record,
                row.language,
                row.deceased,
                row.do_not_text,
                row.changed_at,
            )

    def load_appointments(self, ids: Iterable[str]) -> None:
        wanted = [id for id in dict.fromkeys(ids) if id not in self.appointments]
        for some in portions(wanted):
            query = sa.select(schema.appointments).where(schema.appointments.c.id.in_(some))
            for row in self.connection.execute(query):
                self.appointments[row.id] = AppointmentRow(appointment_of(row), row.patient_id, row.revision, row.changed_at)

    # ---- parts ------------------------------------------------------------------------------------------------------

    def part(self) -> Part:
        """All that followed from the events so far, for one commit. What the batch holds in memory stays, and the next part
        goes on from there."""
        part = Part(self.changes, self._talk_rows(), instant(self.now))
        self.moved_timers.update(self.changes.timers)
        self.past_blocks.extend(self.changes.blocks)
        self.changes = Changes()
        return part

    # ---- one event ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """From here on, until `begin` again, everything can be taken back by `undo`."""
        self.changes.mark()

    def undo(self) -> None:
        self.changes.rewind()

    def put_patient(self, row: PatientRow) -> None:
        self.changes.put(self.patients, row.id, row)
        stored = {
            "id": row.id,
            "hospital_number_index": row.number_index,
            "phone_index": row.phone_index,
            "wrapped_key": row.wrapped_key,
            "sealed": self.vault.seal(row.wrapped_key, patient_place(row.id), canonical(row.record)),
            "language": row.language,
            "deceased": row.deceased,
            "do_not_text": row.do_not_text,
            "changed_at": row.changed_at,
        }
        self.changes.put(self.changes.patients, row.id, stored)

    def put_appointment(self, row: AppointmentRow) -> None:
        known = row.appointment
        self.changes.put(self.appointments, known.id, row)
        stored = {
            "id": known.id,
            "patient_id": row.patient_id,
            "version": known.version,
            "start": instant(known.start),
            "status": str(known.status),
            "clinic": known.clinic,
            "clinic_name": known.clinic_name,
            "clinician": known.clinician,
            "place": known.place,
            "type": known.type,
            "hospital": known.hospital,
            "phone": known.phone,
            "revision": row.revision,
            "changed_at": row.changed_at,
        }
        self.changes.put(self.changes.appointments, known.id, stored)

    def decide(self, talk_id: str, event: Event, *, ruleset: Ruleset | None = None) -> Decision:
        """Decide one event of one conversation and take note of all that follows from it."""
        talk = self.talks.get(talk_id)
        conversation = talk.conversation if talk is not None else None
        if ruleset is None:
            assert conversation is not None, "a conversation that is opened brings its ruleset"
            ruleset = self.rulebook.version(self.connection, conversation.version)
        decision = decide(ruleset, conversation, event, self.now)
        self._note(talk_id, talk, decision)
        return decision

    def _note(self, talk_id: str, talk: Talk | None, decision: Decision) -> None:
        if not decision.entries:
            return
        after = decision.conversation
        patient = self.patients[after.patient.id]
        if patient.wrapped_key is None:
            raise PatientErased
        head = talk.head if talk is not None else GENESIS
        seq = after.seq - len(decision.entries)
        for entry in decision.entries:
            seq += 1
            at = instant(entry.at)
            content = canonical({"actor": entry.actor, "data": entry.data})
            sealed = self.vault.seal(patient.wrapped_key, entry_place(talk_id, seq), content)
            head = entry_hash(talk_id, seq, at, entry.kind, sealed, head)
            self.changes.entries.append(
                {"conversation_id": talk_id, "seq": seq, "at": at, "kind": entry.kind, "sealed": sealed, "hash": head}
            )
        self.changes.put(self.talks, talk_id, Talk(after, head))
        self.changes.put(self.changes.talks, talk_id, None)
        for effect in decision.effects:
            self._carry_out(after, patient, effect)

    def _talk_rows(self) -> list[dict[str, Any]]:
        """The rows of the conversations that were opened or moved on."""
        at = instant(self.now)
        rows = []
        for talk_id in self.changes.talks:
            talk = self.talks[talk_id]
            c = talk.conversation
            key = self.patients[c.patient.id].wrapped_key
            rows.append(
                {
                    "id": talk_id,
                    "patient_id": c.patient.id,
                    "appointment_id": c.appointment.id,
                    "ruleset": c.ruleset,
                    "version": c.version,
                    "state": c.state,
                    "owner": "staff" if c.staff_own else "machine",
                    "closed": c.closed,
                    "seq": c.seq,
                    "head": talk.head,
                    "sealed": self.vault.seal(key, conversation_place(talk_id), canonical(to_json(c))),
                    "opened_at": instant(c.opened_at),
                    "changed_at": at,
                }
            )
        return rows

    # ---- effects -----------------------------------------------------------------------------------------------------

    def _carry_out(self, c: Conversation, patient: PatientRow, effect: Effect) -> None:
        """An effect as rows. Nothing leaves the house here: the outbox does that, after the commit."""
        match effect:
            case SendText():
                self._send(c, patient, effect)
            case SetTimer():
                self.changes.set_timer(c.id, effect.name, instant(effect.due), effect.visit)
            case ClearTimer():
                self.changes.clear_timer(c.id, effect.name)
            case WriteAppointment():
                content = {
                    "version": effect.version,
                    "note": effect.note,
                    "start": effect.start.isoformat() if effect.start else None,
                    "at": self.now.isoformat(),
                    "preferences": preferences_json(effect.preferences) if effect.preferences else None,
                }
                self._write(c, patient, effect.key, "appointment", effect.action, content)
            case RecordMessage():
                content = {
                    "direction": effect.direction,
                    "text_key": effect.text_key,
                    "text": effect.text,
                    "status": effect.status,
                    "at": effect.at.isoformat(),
                }
                self._write(c, patient, effect.key, "message", effect.direction, content)
            case OpenTask():
                self._open_task(c, patient, effect)
            case UpdateTask() | CloseTask():
                self.changes.task_steps.append((effect, c.id, patient.id, instant(self.now)))
            case BlockTexts():
                self.changes.blocks.append(
                    {
                        "reason": effect.reason,
                        "phone_index": None if effect.reason == "deceased" else patient.phone_index,
                        "patient_id": patient.id if effect.reason == "deceased" else None,
                        "conversation_id": c.id,
                        "scope": effect.scope,
                        "clinic": c.appointment.clinic if effect.scope == CLINIC else "",
                        "since": instant(self.now),
                    }
                )
            case PreferLanguage():
                self.put_patient(replace(patient, record={**patient.record, PREFERS: effect.language}))
            case UnblockTexts():
                if patient.phone_index is not None:
                    self.changes.blocks.append(Unblock(patient.phone_index, instant(self.now)))

    def _send(self, c: Conversation, patient: PatientRow, effect: SendText) -> None:
        at = instant(self.now)
        content = canonical({"to": patient.record.get("mobile"), "text": effect.text})
        self.changes.texts.append(
            {
                "key": effect.key,
                "conversation_id": c.id,
                "patient_id": patient.id,
                "phone_index": patient.phone_index,
                "gateway": self.gateway,
                "lane": effect.lane,
                "prompt": effect.prompt,
                "sealed": self.vault.seal(patient.wrapped_key, text_place(effect.key), content),
                "segments": effect.segments,
                "about": effect.about,
                "safety": effect.safety,
                "phase": "queued",
                "status": "queued",
                "due": at,
                "not_after": instant(effect.not_after),
                "queued_at": at,
                "status_at": at,
            }
        )

    def _write(
        self, c: Conversation, patient: PatientRow, key: str, kind: str, action: str, content: dict[str, Any]
    ) -> None:
        at = instant(self.now)
        self.changes.writes.append(
            {
                "key": key,
                "conversation_id": c.id,
                "patient_id": patient.id,
                "appointment_id": c.appointment.id,
                "kind": kind,
                "action": action,
                "sealed": self.vault.seal(patient.wrapped_key, write_place(key), canonical(content)),
                "status": "queued",
                "due": at,
                "queued_at": at,
            }
        )

    def _open_task(self, c: Conversation, patient: PatientRow, effect: OpenTask) -> None:
        at = instant(self.now)
        words = [task_step(at, effect)]
        self.changes.tasks.append(
            {
                "key": effect.key,
                "conversation_id": c.id,
                "patient_id": patient.id,
                "clinic": c.appointment.clinic,
                "kind": effect.kind,
                "priority": PRIORITIES.index(effect.priority),
                "status": "open",
                "suggest": effect.suggest or "",
                "sealed": self.vault.seal(patient.wrapped_key, task_place(effect.key), canonical(words)),
                "due": instant(effect.due),
                "opened_at": at,
                "changed_at": at,
            }
        )


def appointment_of(row: Any) -> Appointment:
    return Appointment(
        id=row.id,
        version=row.version,
        start=moment(row.start),
        status=AppointmentStatus(row.status),
        clinic=row.clinic,
        clinic_name=row.clinic_name,
        clinician=row.clinician,
        place=row.place,
        type=row.type,
        hospital=row.hospital,
        phone=row.phone,
    )
