"""The two facts a conversation is about: an appointment and the patient who holds it, as the iPMS tells them.

Status words are those of FHIR R4 Appointment.status (hl7.org/fhir/R4/valueset-appointmentstatus). Nothing here identifies
the patient beyond the first name: phone and hospital number never enter the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AppointmentStatus(StrEnum):
    PROPOSED = "proposed"
    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    CHECKED_IN = "checked-in"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    ENTERED_IN_ERROR = "entered-in-error"
    WAITLIST = "waitlist"


# The appointment will still take place, as far as anyone knows.
STANDING = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.PENDING})
# The appointment will not take place.
CALLED_OFF = frozenset({AppointmentStatus.CANCELLED, AppointmentStatus.ENTERED_IN_ERROR})


@dataclass(frozen=True, slots=True)
class Appointment:
    """One appointment at one version. `version` is ours: it rises whenever something the patient is told changes
    (start, clinic, clinician, place), so that a reply to the old facts is never taken for an answer to the new ones."""

    id: str
    version: int
    start: datetime  # aware, UTC
    status: AppointmentStatus
    clinic: str  # the clinic's code in the iPMS
    clinic_name: str
    clinician: str
    place: str
    type: str  # appointment type code in the iPMS; "" where it has none
    hospital: str = ""  # name patients know the hospital by
    phone: str = ""  # number patients ring to reach the clinic


@dataclass(frozen=True, slots=True)
class Listed:
    """One of several appointments that a phone was told of: what a list for the phone may show of it (`start`, `first_name`),
    and what staff find it by."""

    conversation: str
    patient: str
    first_name: str
    appointment: str
    version: int
    start: datetime
    clinic: str


@dataclass(frozen=True, slots=True)
class Patient:
    """What the engine may know of a patient."""

    id: str  # our pseudonymous id, never the hospital number
    first_name: str
    language: str  # BCP 47 primary tag; "" when unknown
    deceased: bool = False
    do_not_text: bool = False
    textable: bool = True  # a mobile number is on record
