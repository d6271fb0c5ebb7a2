"""Appointment books of an invented hospital. Names of people and places are made up; mobiles are drawn from the
ranges of 085, 086 and 087, so a book must never meet a real gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from adapters.zone import TIMEZONE
from conversations.ports import AppointmentRecord, PatientRecord
from engine.public_holidays import public_holidays

HOSPITAL = "St Brigid's Hospital"


@dataclass(frozen=True, slots=True)
class Clinic:
    code: str
    name: str
    place: str
    clinicians: tuple[str, ...]


CLINICS: tuple[Clinic, ...] = (
    Clinic("EYE", "Eye Clinic", "Outpatients, Level 2", ("Dr Nora Byrne", "Mr Declan Roche", "Dr Áine Ní Dhuibhir")),
    Clinic("CARD", "Heart Clinic", "Suite 4, Ground Floor", ("Dr Seán Ó Laoire", "Dr Priya Menon")),
    Clinic("ORTH", "Fracture Clinic", "Outpatients, Level 1", ("Mr Colm Hegarty", "Ms Ruth Delaney")),
    Clinic("DERM", "Skin Clinic", "Outpatients, Level 3", ("Dr Fergal Quirke", "Dr Marta Nowicka")),
    Clinic("ENT", "Ear, Nose and Throat Clinic", "West Wing", ("Mr Tomás Breathnach", "Ms Helen Garvey")),
    Clinic("DIAB", "Diabetes Centre", "Diabetes Centre, Level 1", ("Dr Owen Tully", "Dr Síle Ní Cheallaigh")),
    Clinic("PHYS", "Physiotherapy", "Therapy Block", ("Brian Lally", "Katarzyna Zielinska")),
    Clinic("MAT", "Antenatal Clinic", "Maternity Building", ("Dr Eimear Sugrue", "Dr Grace Adeyemi")),
)
_TYPES = ("NEW", "REVIEW", "REVIEW", "REVIEW")
_FIRST_NAMES = (
    "Ann", "Mary", "Seán", "Pádraig", "Aoife", "Niamh", "Conor", "Liam", "Siobhán", "Michael", "Patrick", "Bridget",
    "Eoin", "Róisín", "Tomasz", "Oksana", "Joana", "Declan", "Gráinne", "Cathal", "Una", "Peter", "Orla", "James",
)  # fmt: skip
_LAST_NAMES = (
    "Tierney", "Mac Giolla", "Geraghty", "Ó Braonáin", "Hanlon", "Culhane", "Wisniewski", "Larkin", "Moynihan",
    "Devane", "Scully", "Ní Fhloinn", "Bonham", "Cassidy", "Rafter", "Kovalenko", "Twomey", "Ferreira",
    "Lavelle", "Prunty",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Population:
    """Shares of patients, each between 0 and 1."""

    no_mobile: float = 0.03
    irish: float = 0.04  # are texted in Irish
    shared_mobile: float = 0.02  # use the phone of another patient
    second_visit: float = 0.03  # hold another appointment as well


# A step through all 30 million numbers of the three ranges that meets each once, since it has no factor in common
# with that.
_NUMBERS = 30_000_000
_STEP = 7_368_787
_RANGES = ("85", "86", "87")


def make_book(
    rng: Random,
    count: int,
    start: date,
    *,
    days: int = 30,
    timezone: str = TIMEZONE,
    population: Population | None = None,
) -> Iterator[AppointmentRecord]:
    """`count` booked appointments on the working days of Ireland among the `days` from `start` on, in quarter hours
    from 9 to 17. The same random numbers give the same book; `changed_at` is midnight of `start`. Raises ValueError
    where none of the days is a working day."""
    working = [day for offset in range(days) if _working(day := start + timedelta(days=offset))]
    if not working:
        raise ValueError(f"there is no working day in the {days} days from {start}")
    population = population or Population()
    zone = ZoneInfo(timezone)
    changed_at = datetime.combine(start, time(), zone).astimezone(UTC)
    first = rng.randrange(_NUMBERS)
    patient: PatientRecord | None = None
    mobile: str | None = None  # the last that anyone had
    for index in range(count):
        if patient is None or rng.random() >= population.second_visit:
            patient = _patient(rng, index, (first + index * _STEP) % _NUMBERS, population, mobile)
            mobile = patient.mobile or mobile
        clinic = rng.choice(CLINICS)
        at = datetime.combine(rng.choice(working), time(9), zone) + timedelta(minutes=15 * rng.randrange(32))
        yield AppointmentRecord(
            id=f"A-{100_000 + index}", patient=patient, start=at.astimezone(UTC), status="booked", clinic=clinic.code,
            clinic_name=clinic.name, clinician=rng.choice(clinic.clinicians), place=clinic.place,
            type=rng.choice(_TYPES), hospital=HOSPITAL, phone=f"020 910 01{CLINICS.index(clinic):02}",
            changed_at=changed_at, revision="1",
        )  # fmt: skip


def _patient(rng: Random, index: int, number: int, population: Population, shared: str | None) -> PatientRecord:
    mobile: str | None = f"+353{_RANGES[number // 10_000_000]}{number % 10_000_000:07}"
    chance = rng.random()
    if chance < population.no_mobile:
        mobile = None
    elif chance < population.no_mobile + population.shared_mobile:
        mobile = shared or mobile
    born = date(1935, 1, 1) + timedelta(days=rng.randrange(31_000))
    return PatientRecord(
        id=f"H{index + 1:07}", first_name=rng.choice(_FIRST_NAMES), last_name=rng.choice(_LAST_NAMES), mobile=mobile,
        language="ga" if rng.random() < population.irish else "en", date_of_birth=born.isoformat(),
    )  # fmt: skip


def _working(day: date) -> bool:
    return day.weekday() < 5 and day not in public_holidays("IE", day.year)
