"""Patients, appointments and talks as the store holds them, opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from conversations.schema import moment
from engine.appointment import Appointment, AppointmentStatus, Patient
from engine.conversation import Conversation

# Of the sealed record: the language that the patient asked us for, until the iPMS holds another than it did then.
PREFERS = "prefers"


class PatientRow(NamedTuple):
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


class AppointmentRow(NamedTuple):
    appointment: Appointment
    patient_id: str
    revision: str
    changed_at: int


@dataclass(slots=True)
class Talk:
    """A conversation and where its chain ends."""

    conversation: Conversation
    head: bytes


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
