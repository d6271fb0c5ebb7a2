"""The fields of an appointment as a hospital submits it: one table from which the checks (`records.py`), the import's
column names (`csv.py`) and the OpenAPI description (`adapters/web/openapi.py`) are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "instant", "status", "mobile", "language", "flag", "day"]


@dataclass(frozen=True, slots=True)
class Field:
    """`path` is the name in JSON, with a dot before fields of the patient. `columns` are the names that a CSV header
    may use, in any case, with spaces, dashes or underscores alike; the first is the one we document."""

    path: str
    kind: Kind
    meaning: str
    example: str | bool
    columns: tuple[str, ...]
    required: bool = False
    longest: int = 200

    @property
    def of_patient(self) -> bool:
        return self.path.startswith("patient.")

    @property
    def name(self) -> str:
        return self.path.removeprefix("patient.")


FIELDS: tuple[Field, ...] = (
    Field(
        "id", "text", "The appointment's id in the iPMS, unique for ever.", "A-100234",
        ("appointment_id", "id", "appt_id", "appointment_number"), required=True, longest=128,
    ),
    Field(
        "start", "instant",
        "When it begins, ISO 8601 (2026-06-20T10:00+01:00) or day first (20/06/2026 10:00). Without a UTC offset it is "
        "the time on the hospital's clock.",
        "2026-06-20T10:00:00+01:00", ("start", "appointment_start", "datetime", "date_time"), required=True, longest=40,
    ),
    Field(
        "status", "status",
        "A word of FHIR R4 Appointment.status (booked, cancelled, fulfilled, noshow ...) or a usual hospital word for "
        "one: Scheduled, Attended, DNA, CNA.",
        "booked", ("status", "appointment_status"), required=True, longest=64,
    ),
    Field(
        "clinic", "text", "The clinic's code in the iPMS.", "EYE",
        ("clinic", "clinic_code"), required=True, longest=64,
    ),
    Field("clinic_name", "text", "What patients call the clinic.", "Eye Clinic", ("clinic_name", "clinic_description")),
    Field(
        "clinician", "text", "Whom the patient will see, as texts should name them.", "Dr Nora Byrne",
        ("clinician", "consultant", "doctor", "clinician_name"),
    ),
    Field("place", "text", "Where to go.", "Outpatients, Level 2", ("place", "location", "room")),
    Field(
        "type", "text", "The appointment type's code in the iPMS.", "NEW",
        ("type", "appointment_type", "visit_type"), longest=64,
    ),
    Field(
        "hospital", "text", "The name patients know the hospital by.", "St Brigid's Hospital",
        ("hospital", "hospital_name", "site"),
    ),
    Field(
        "phone", "text", "The number that patients ring to reach the clinic.", "01 555 0100",
        ("clinic_phone", "phone", "contact_number"), longest=40,
    ),
    Field(
        "changed_at", "instant", "When the iPMS last changed this appointment; orders what arrives out of order.",
        "2026-05-02T09:14:03Z", ("changed_at", "updated_at", "last_modified", "modified"), longest=40,
    ),
    Field(
        "revision", "text", "The iPMS's own version tag, sent back with what we write.", "7",
        ("revision", "version", "etag"), longest=128,
    ),
    Field(
        "patient.id", "text", "The patient's hospital number.", "H004711",
        ("patient_id", "hospital_number", "mrn", "patient_number"), required=True, longest=64,
    ),
    Field(
        "patient.first_name", "text", "First name.", "Ann",
        ("first_name", "forename", "given_name"), longest=100,
    ),
    Field(
        "patient.last_name", "text", "Last name.", "Doyle",
        ("last_name", "surname", "family_name"), longest=100,
    ),
    Field(
        "patient.mobile", "mobile",
        "Mobile number, as people write it or in E.164. A number that cannot take texts is left out, with a warning.",
        "087 123 4567", ("mobile", "mobile_number", "mobile_phone", "cell"), longest=40,
    ),
    Field(
        "patient.language", "language", "The language to text in: a BCP 47 tag or its English name.", "ga",
        ("language", "preferred_language"), longest=35,
    ),
    Field("patient.deceased", "flag", "The patient has died.", False, ("deceased", "is_deceased"), longest=8),
    Field(
        "patient.do_not_text", "flag", "The patient does not want texts.", False,
        ("do_not_text", "no_sms", "sms_opt_out"), longest=8,
    ),
    Field(
        "patient.date_of_birth", "day", "Date of birth, ISO 8601 or day first.", "1958-03-21",
        ("date_of_birth", "dob", "birth_date"), longest=10,
    ),
)  # fmt: skip

# # FHIR R4 Appointment.status and what hospitals write for each; compared without case, spaces and punctuation.
STATUS_WORDS: Mapping[str, tuple[str, ...]] = {
    "proposed": ("suggested",),
    "pending": ("provisional", "tentative", "requested", "unconfirmed"),
    "booked": ("scheduled", "confirmed", "active", "open"),
    "arrived": ("in clinic", "waiting", "present"),
    "checked-in": ("kiosk check-in",),
    "fulfilled": ("attended", "seen", "completed", "complete", "finished", "departed", "done"),
    "cancelled": ("canceled", "cancelled by patient", "cancelled by hospital", "CNA", "could not attend", "withdrawn"),
    "noshow": ("DNA", "did not attend", "missed", "FTA", "failed to attend", "not attended"),
    "entered-in-error": ("error", "deleted", "void", "voided"),
    "waitlist": ("waiting list", "wait listed"),
}

# Words that we do not take, since they can mean opposite things.
STATUS_DOUBTS: Mapping[str, str] = {
    "rescheduled": "could mean the old time or the new one; write booked with the new start, or cancelled for the old",
    "rebooked": "could mean the old time or the new one; write booked with the new start, or cancelled for the old",
    "closed": "could mean attended or cancelled; write one of these",
}

LANGUAGE_NAMES: Mapping[str, str] = {
    "english": "en", "irish": "ga", "gaeilge": "ga", "gaelic": "ga", "polish": "pl", "polski": "pl", "ukrainian": "uk",
    "romanian": "ro", "portuguese": "pt", "lithuanian": "lt", "latvian": "lv", "russian": "ru", "french": "fr",
    "spanish": "es", "german": "de", "italian": "it", "arabic": "ar", "chinese": "zh", "hungarian": "hu", "czech": "cs",
    "slovak": "sk", "bulgarian": "bg", "croatian": "hr", "somali": "so", "urdu": "ur", "hindi": "hi", "georgian": "ka",
}  # fmt: skip
