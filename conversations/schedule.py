"""What an appointment's snapshot means for us: a patient and an appointment on record, conversations that open, conversations
that hear of a change.

Snapshots come late, twice and out of order. The newest one wins, told by the iPMS's own clock (`changed_at`); an older one is
history and changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from conversations import schema
from conversations.batch import Batch
from conversations.bulk import among_those, rows_of
from conversations.intake import appointment_record
from conversations.partitions import mark
from conversations.ports import AppointmentRecord, PatientRecord
from conversations.rows import PREFERS, AppointmentRow, PatientRow
from conversations.schema import instant, moment
from conversations.strangers import Strangers
from engine.appointment import CALLED_OFF, Appointment, AppointmentStatus
from engine.events import AppointmentChanged, Opened, PatientChanged, StaffAct, StaffActed

# The conversations of one appointment: by our id of the patient, and the ruleset.
_Talks = dict[tuple[str, str], str]

_OTHER_HANDS = "the appointment is another patient's now"


def _new_patient_id(batch: Batch, index: bytes) -> str:
    """Our pseudonym of a patient met for the first time: no way back from it without the keys. It begins with the time, so
    that all that is kept by patient grows at its end."""
    milliseconds = instant(batch.now) // 1000
    return f"{milliseconds:012x}{index.hex()[:20]}"


def conversation_id(batch: Batch, appointment: str, ruleset: str, patient: PatientRow) -> str:
    """For a conversation that opens now. Ids begin with the time, so that the transcript grows at its end."""
    milliseconds = instant(batch.now) // 1000
    digest = batch.vault.number_index(f"conversation {appointment} {ruleset} {patient.id}").hex()
    return f"{milliseconds:012x}{mark(patient.phone_index or patient.number_index)}{digest[:18]}"


class Schedule:
    """Prefetches for all snapshots of a batch, then takes them one by one."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._of_appointment: dict[str, _Talks] = {}
        self._of_patient: dict[str, list[str]] = {}
        self._indexes: dict[str, bytes] = {}  # hospital number -> its blind index
        self._patients: dict[bytes, str] = {}  # blind index -> our id of the patient

    def prefetch(self, contents: list[dict[str, Any]]) -> None:
        batch = self._batch
        appointments = [content["id"] for content in contents]
        indexes = dict.fromkeys(self._index(content["patient"]["id"]) for content in contents)
        self._patients = batch.load_patients_by_number(indexes)
        patients = [self._patients[index] for index in indexes if index in self._patients]
        batch.load_appointments(appointments)
        for talk in rows_of(batch.connection, _OPEN_TALKS, patients):
            self._of_patient.setdefault(talk.patient_id, []).append(talk.id)
        # By appointment too: one that went to another patient keeps the conversations it had.
        for row in rows_of(batch.connection, _TALKS_ABOUT, (id for id in appointments if id in batch.appointments)):
            self._of_appointment.setdefault(row.appointment_id, {})[row.patient_id, row.ruleset] = row.id
        batch.load_talks(id for ids in self._of_patient.values() for id in ids)
        batch.load_talks(id for talks in self._of_appointment.values() for id in talks.values())

    def take(self, row: Any, content: dict[str, Any]) -> str:
        """One snapshot; what became of it, in a few words."""
        record = appointment_record(content)
        # Nothing can have changed after we heard of it: a stamp from the future would shut out all that comes later.
        changed_at = min(record.changed_at or moment(row.received_at), moment(row.received_at))
        patient = self._patient(record.patient, changed_at)
        held = self._batch.appointments.get(record.id)
        if held is not None and instant(changed_at) < held.changed_at:
            return "older than what is held"
        other = held is not None and held.patient_id != patient.id
        appointment = _appointment(record, held.appointment if held else None, other)
        self._batch.put_appointment(AppointmentRow(appointment, patient.id, record.revision, instant(changed_at)))
        talks = self._of_appointment.setdefault(record.id, {})
        if other:
            self._changed_hands(row, record.id, talks, patient.id)
        if held is not None and held.appointment != appointment:
            for (whose, _), talk in talks.items():
                # One that stopped because the appointment went to another patient is not about this one.
                if whose == patient.id and talk in self._batch.talks:
                    self._batch.decide(talk, AppointmentChanged(appointment))
        opened = self._open(appointment, patient, talks)
        outcome = opened or ("changed" if held is not None else "no ruleset applies")
        return f"{_OTHER_HANDS}; {outcome}" if other else outcome

    def _open(self, appointment: Appointment, patient: PatientRow, talks: _Talks) -> str:
        opened: list[str] = []
        for ruleset in self._batch.rulebook.applying(appointment):
            if self._batch.rulebook.served(ruleset, (name for whose, name in talks if whose == patient.id)):
                continue
            talk = conversation_id(self._batch, appointment.id, ruleset.name, patient)
            self._batch.decide(talk, Opened(talk, appointment, patient.facts()), ruleset=ruleset)
            talks[patient.id, ruleset.name] = talk
            self._of_patient.setdefault(patient.id, []).append(talk)
            opened.append(ruleset.name)
        return f"opened {', '.join(opened)}" if opened else ""

    def _changed_hands(self, row: Any, appointment: str, talks: _Talks, patient: str) -> None:
        """The appointment is another patient's now: an error put right, or two records of one person made one. The talks of
        all others end without a word; what they should hear, and whether it was right at all, a person finds out."""
        for (whose, _), talk in talks.items():
            if whose != patient and talk in self._batch.talks:
                self._batch.decide(talk, StaffActed(StaffAct.CLOSE, "iPMS", _OTHER_HANDS, tell=False))
        Strangers(self._batch).changed_hands(row, appointment)

    def _index(self, number: str) -> bytes:
        index = self._indexes.get(number)
        if index is None:
            index = self._indexes[number] = self._batch.vault.number_index(number)
        return index

    def _patient(self, record: PatientRecord, changed_at: datetime) -> PatientRow:
        batch = self._batch
        index = self._index(record.id)
        id = self._patients.get(index)
        if id is None:
            id = _new_patient_id(batch, index)
            batch.changes.put(self._patients, index, id)
        held = batch.patients.get(id)
        if held is not None and (held.wrapped_key is None or instant(changed_at) < held.changed_at):
            return held
        phone_index = batch.vault.phone_index(record.mobile) if record.mobile else None
        row = PatientRow(
            id=id,
            number_index=index,
            phone_index=phone_index,
            wrapped_key=held.wrapped_key if held else batch.vault.new_patient_key()[1],
            record={
                "number": record.id,
                "first_name": record.first_name,
                "last_name": record.last_name,
                "mobile": record.mobile,
                "date_of_birth": record.date_of_birth,
                **_preference(held, record.language),
            },
            language=record.language,
            deceased=record.deceased,
            do_not_text=record.do_not_text,
            changed_at=instant(changed_at),
        )
        if held is not None and _same(held, row):
            if row.changed_at > held.changed_at:
                batch.put_patient(row)  # so that what is older than this word stays history
            return row
        batch.put_patient(row)
        if held is None:
            return row
        number_changed = held.phone_index != row.phone_index
        if number_changed and held.phone_index is not None:
            batch.leave_phone(id, held.phone_index, instant(changed_at))
        if number_changed or held.facts() != row.facts():
            for talk in self._of_patient.get(id, ()):
                if talk in batch.talks:
                    batch.decide(talk, PatientChanged(row.facts(), number_changed))
        return row


def _preference(held: PatientRow | None, language: str) -> dict[str, str]:
    """What the patient asked us for outranks the iPMS's language until that changes."""
    if held is None or held.language != language or PREFERS not in held.record:
        return {}
    return {PREFERS: held.record[PREFERS]}


def _same(held: PatientRow, row: PatientRow) -> bool:
    return (
        held.record == row.record
        and held.language == row.language
        and held.deceased == row.deceased
        and held.do_not_text == row.do_not_text
    )


def _appointment(record: AppointmentRecord, held: Appointment | None, other: bool) -> Appointment:
    """The snapshot as a value. Its version rises when what patients are told changes, when it stands again, or when it is
    an `other` patient's."""
    status = AppointmentStatus(record.status)
    version = 1
    if held is not None:
        told = (held.start, held.clinic, held.clinician, held.place)
        telling = (record.start, record.clinic, record.clinician, record.place)
        again = held.status in CALLED_OFF and status not in CALLED_OFF
        version = held.version + (1 if told != telling or again or other else 0)
    return Appointment(
        id=record.id,
        version=version,
        start=record.start,
        status=status,
        clinic=record.clinic,
        clinic_name=record.clinic_name,
        clinician=record.clinician,
        place=record.place,
        type=record.type,
        hospital=record.hospital,
        phone=record.phone,
    )


_talks = schema.conversations.c
_OPEN_TALKS = sa.select(_talks.id, _talks.patient_id).where(among_those(_talks.patient_id), ~_talks.closed)
_TALKS_ABOUT = sa.select(_talks.id, _talks.appointment_id, _talks.patient_id, _talks.ruleset).where(
    among_those(_talks.appointment_id)
)
