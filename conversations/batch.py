"""A batch of work: load many, decide many, commit once.

A batch reads from its own snapshot and keeps every row it touches in memory, so that the hundredth event of the batch sees
what the first one did. Nothing is written until `changes`, whose rows one writer job commits together with the marks that
say which events they answer. One event that fails is undone alone: its traces are taken back and the batch goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import fences, schema
from conversations.bulk import among_those, portions, rows_of
from conversations.changes import Changes, Row, TextRow, Unblock, task_step
from conversations.errors import PatientErased
from conversations.lines import LINES, REPLY_READ, line_id
from conversations.places import conversation_place, entry_place, patient_place, task_place, text_place, write_place
from conversations.rows import PREFERS, AppointmentRow, PatientRow, Talk, appointment_of
from conversations.rulebook import Rulebook
from conversations.schema import instant
from conversations.transcript import GENESIS, canonical, entry_hash
from conversations.vault import Vault
from engine.as_json import from_json, to_json
from engine.conversation import Conversation
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


class Batch:
    def __init__(self, connection: Connection, vault: Vault, rulebook: Rulebook, gateway: str, now: datetime) -> None:
        self.connection = connection
        self.vault = vault
        self.rulebook = rulebook
        self.gateway = gateway
        self.now = now
        self.at = instant(now)
        self.erasures = fences.erasures(connection)
        self.changes = Changes(erasures=self.erasures)
        self.patients: dict[str, PatientRow] = {}
        self.appointments: dict[str, AppointmentRow] = {}
        self.talks: dict[str, Talk] = {}
        self._stored: dict[str, bytes] = {}  # patient -> `sealed` of the row that the store holds
        self.moved_timers: set[tuple[str, str]] = set()  # set or cleared by parts before
        self.stops: dict[bytes, tuple[dict[str, Any] | Unblock, ...]] = {}  # set or lifted for a phone by events so far
        # What the events of all parts so far did to phones: whose each is now, and whose it was.
        self.got_phone: dict[bytes, tuple[str, ...]] = {}
        self.left_phone: dict[bytes, tuple[str, ...]] = {}

    # ---- loading -----------------------------------------------------------------------------------------------------

    def load_talks(self, ids: Iterable[str]) -> None:
        """Bring these conversations and their patients in, those that are not in yet. Erased ones stay out."""
        wanted = [id for id in dict.fromkeys(ids) if id not in self.talks]
        for some in portions(wanted):
            self._take_talks(self.connection.execute(_TALKS, {"those": some}).all())

    def load_talks_of_phones(self, phones: Iterable[bytes]) -> list[tuple[bytes, str, str | None]]:
        """Bring in the talks of those who have these phones: phone, patient and talk of each, of a patient the latest first;
        no talk where a patient has none."""
        found: list[tuple[bytes, str, str | None]] = []
        for some in portions(phones):
            rows = sorted(self.connection.execute(_TALKS_OF_PHONES, {"those": some}).all(), key=_latest_first)
            self._take_talks([row for row in rows if row[0] is not None])
            found += [(row[6], row[4], row[0]) for row in rows]
        return found

    def _take_talks(self, rows: Sequence[Sequence[Any]]) -> None:
        """The talks of rows of `_TALK`, with their patients. One that the batch knows stays as its events left it."""
        self._take_patients([row[4:] for row in rows])
        talks = self.talks
        for id, head, sealed, _, _, _, _, key, *_ in rows:
            if key is not None and id not in talks:
                talks[id] = Talk(from_json(orjson.loads(self.vault.open(key, conversation_place(id), sealed))), head)

    def load_patients_by_number(self, indexes: Iterable[bytes]) -> dict[bytes, str]:
        """Bring in the patients with these blind indexes of hospital numbers; the ids of those there are."""
        found: dict[bytes, str] = {}
        for some in portions(indexes):
            rows = self.connection.execute(_PATIENTS_BY_NUMBER, {"those": some}).all()
            self._take_patients(rows)
            found.update((row[1], row[0]) for row in rows)
        return found

    def _take_patients(self, rows: Sequence[Sequence[Any]]) -> None:
        """The patients of rows of `_PATIENT`. One whom the batch knows stays as its events left them."""
        for id, number_index, phone_index, wrapped_key, sealed, *rest in rows:
            if id in self.patients:
                continue
            record: dict[str, Any] = {}
            if wrapped_key is not None:
                record = orjson.loads(self.vault.open(wrapped_key, patient_place(id), sealed))
            self.patients[id] = PatientRow(id, number_index, phone_index, wrapped_key, record, *rest)
            self._stored[id] = sealed

    def load_appointments(self, ids: Iterable[str]) -> None:
        wanted = (id for id in ids if id not in self.appointments)
        for row in rows_of(self.connection, _APPOINTMENTS, wanted):
            self.appointments[row.id] = AppointmentRow(appointment_of(row), row.patient_id, row.revision, row.changed_at)

    def release(self) -> None:
        """Let go of the snapshot, all that the events need being in memory. What is read after all is as of then."""
        self.connection.rollback()

    # ---- parts ------------------------------------------------------------------------------------------------------

    def part(self) -> Changes:
        """All that followed from the events so far, for one commit. What the batch holds in memory stays, and the next part
        goes on from there."""
        self.changes.mark()  # none of it is taken back any more
        part, self.changes = self.changes, Changes(erasures=self.erasures)
        self._stored.update((id, row["sealed"]) for id, row in part.patients.items())
        self.moved_timers.update(part.timers)
        return part

    # ---- one event ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """From here on, until `begin` again, everything can be taken back by `undo`."""
        self.changes.mark()

    def undo(self) -> None:
        self.changes.rewind()

    def put_patient(self, row: PatientRow) -> None:
        if row.id not in self.changes.patients:
            self.changes.put(self.changes.found_patients, row.id, self._stored.get(row.id))
        self.changes.put(self.patients, row.id, row)
        if row.phone_index is not None:
            owners = self.got_phone.get(row.phone_index, ())
            self.changes.put(self.got_phone, row.phone_index, (*owners, row.id))
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

    def leave_phone(self, patient: str, phone_index: bytes, until: int) -> None:
        """The phone was the patient's until then."""
        once = self.left_phone.get(phone_index, ())
        self.changes.put(self.left_phone, phone_index, (patient, *once))
        self.changes.former.append({"phone_index": phone_index, "patient_id": patient, "until": until})

    def put_appointment(self, row: AppointmentRow) -> None:
        known = row.appointment
        if known.id not in self.changes.appointments:
            held = self.appointments.get(known.id)
            found = None if held is None else (held.appointment.version, held.changed_at)
            self.changes.put(self.changes.found_appointments, known.id, found)
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
        seal = self.vault.sealer(patient.wrapped_key)
        for seq, (kind, when, actor, data) in enumerate(decision.entries, after.seq + 1 - len(decision.entries)):
            at = self.at if when is self.now else instant(when)
            sealed = seal(entry_place(talk_id, seq), canonical({"actor": actor, "data": data}))
            head = entry_hash(talk_id, seq, at, kind, sealed, head)
            self.changes.entries.append((talk_id, seq, at, kind, sealed, head))
            if kind in LINES:
                line = (line_id(at, talk_id, seq), talk_id, seq, after.appointment.clinic)
                (self.changes.replies if kind == REPLY_READ else self.changes.withheld).append(line)
        self.changes.put(self.talks, talk_id, Talk(after, head))
        self.changes.put(self.changes.talks, talk_id, self._talk_row(talk_id, after, head, patient.wrapped_key))
        if talk is not None and after.tasks and after.appointment is not talk.conversation.appointment:
            start, clinic = instant(after.appointment.start), after.appointment.clinic
            self.changes.task_moves.extend((task.key, start, clinic) for task in after.tasks)
        if talk is not None and after.appointment.clinic != talk.conversation.appointment.clinic:
            self.changes.moved.append((talk_id, after.appointment.clinic))
        for effect in decision.effects:
            self._carry_out(after, patient, effect)

    def _talk_row(self, talk_id: str, c: Conversation, head: bytes, key: bytes) -> Row:
        return (
            talk_id,
            c.patient.id,
            c.appointment.id,
            c.ruleset,
            c.version,
            c.state,
            "staff" if c.staff_own else "machine",
            c.closed,
            c.seq,
            head,
            self.vault.seal(key, conversation_place(talk_id), canonical(to_json(c))),
            instant(c.opened_at),
            self.at,
        )

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
                    "start": effect.start,
                    "at": self.now,
                    "preferences": preferences_json(effect.preferences) if effect.preferences else None,
                }
                self._write(c, patient, effect.key, "appointment", effect.action, content)
            case RecordMessage():
                content = {
                    "direction": effect.direction,
                    "text_key": effect.text_key,
                    "name": effect.name or effect.text_key,
                    "text": effect.text,
                    "status": effect.status,
                    "at": effect.at,
                }
                self._write(c, patient, effect.key, "message", effect.direction, content)
            case OpenTask():
                self._open_task(c, patient, effect)
            case UpdateTask() | CloseTask():
                self.changes.task_steps.append((effect, patient.wrapped_key, self.at))
            case BlockTexts():
                self.block(
                    {
                        "reason": effect.reason,
                        "phone_index": None if effect.reason == "deceased" else patient.phone_index,
                        "patient_id": patient.id if effect.reason == "deceased" else None,
                        "conversation_id": c.id,
                        "scope": effect.scope,
                        "clinic": c.appointment.clinic if effect.scope == CLINIC else "",
                        "since": self.at,
                    }
                )
            case PreferLanguage():
                self.put_patient(patient._replace(record={**patient.record, PREFERS: effect.language}))
            case UnblockTexts():
                if patient.phone_index is not None:
                    self.unblock(patient.phone_index)

    def block(self, row: dict[str, Any]) -> None:
        """No texts, as a row of `blocks` says."""
        self.changes.blocks.append(row)
        if row["phone_index"] is not None:
            self.changes.put(self.stops, row["phone_index"], (*self.stops.get(row["phone_index"], ()), row))

    def unblock(self, phone: bytes) -> None:
        """Lift what the owner of this phone had stopped."""
        lifted = Unblock(phone, self.at)
        self.changes.blocks.append(lifted)
        self.changes.put(self.stops, phone, (lifted,))

    def _send(self, c: Conversation, patient: PatientRow, effect: SendText) -> None:
        content = canonical({"to": patient.record.get("mobile"), "text": effect.text})
        self.changes.texts.append(
            TextRow(
                effect.key,
                c.id,
                patient.id,
                patient.phone_index,
                self.gateway,
                effect.lane,
                effect.prompt,
                self.vault.seal(patient.wrapped_key, text_place(effect.key), content),
                effect.segments,
                effect.about,
                effect.safety,
                "",
                "queued",
                "queued",
                self.at,
                instant(effect.not_after),
                self.at,
                self.at,
                c.appointment.clinic,
                effect.round,
            )
        )

    def _write(
        self, c: Conversation, patient: PatientRow, key: str, kind: str, action: str, content: dict[str, Any]
    ) -> None:
        sealed = self.vault.seal(patient.wrapped_key, write_place(key), canonical(content))
        self.changes.writes.append(
            (key, c.id, patient.id, c.appointment.id, kind, action, sealed, "queued", self.at, self.at)
        )

    def _open_task(self, c: Conversation, patient: PatientRow, effect: OpenTask) -> None:
        words = [task_step(self.at, effect)]
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
                "start": instant(c.appointment.start),
                "opened_at": self.at,
                "changed_at": self.at,
            }
        )


_people, _talk = schema.patients.c, schema.conversations.c
_PATIENT = (
    _people.id,
    _people.hospital_number_index,
    _people.phone_index,
    _people.wrapped_key,
    _people.sealed,
    _people.language,
    _people.deceased,
    _people.do_not_text,
    _people.changed_at,
)
_PATIENTS_BY_NUMBER = sa.select(*_PATIENT).where(among_those(_people.hospital_number_index))
_TALK = sa.select(_talk.id, _talk.head, _talk.sealed, _talk.changed_at, *_PATIENT)
_TALKS = _TALK.join_from(schema.conversations, schema.patients, _people.id == _talk.patient_id).where(
    among_those(_talk.id)
)
_TALKS_OF_PHONES = _TALK.join_from(
    schema.patients, schema.conversations, _people.id == _talk.patient_id, isouter=True
).where(among_those(_people.phone_index))
_APPOINTMENTS = sa.select(schema.appointments).where(among_those(schema.appointments.c.id))


def _latest_first(row: Sequence[Any]) -> tuple[str, int, str]:
    talk, _, _, changed_at, patient, *_ = row
    return patient, -(changed_at or 0), talk or ""
