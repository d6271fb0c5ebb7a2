"""Which rules each clinic and each type of appointment gets, as the house would choose them now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from starlette.responses import Response

from adapters.web.console.visit import Page, Visit
from conversations import schema
from conversations.people import Right
from conversations.rulebook import Rulebook
from engine.appointment import Appointment, AppointmentStatus


@dataclass(frozen=True, slots=True)
class Use:
    """Of one clinic and type: the rules that an appointment still to come gets, and those after the visit."""

    clinic: str
    name: str
    type: str
    before: tuple[str, ...]
    after: tuple[str, ...]


async def show(visit: Visit) -> Response:
    return visit.page("clinics.html", uses=await visit.read(_uses, visit), trials=visit.house.versions.trials())


def _uses(connection: sa.Connection, visit: Visit) -> list[Use]:
    held = schema.appointments.c
    query = (
        sa.select(held.clinic, sa.func.max(held.clinic_name), held.type)
        .where(visit.scope.where(held.clinic), held.clinic != "")
        .group_by(held.clinic, held.type)
        .order_by(held.clinic, held.type)
    )
    book = visit.house.rulebook
    start = visit.now + timedelta(days=10)

    def chosen(clinic: str, type: str, *statuses: AppointmentStatus) -> tuple[str, ...]:
        made = (Appointment("", 1, start, status, clinic, "", "", "", type, "", "") for status in statuses)
        return _names(book, made)

    return [
        Use(
            clinic,
            name,
            type,
            chosen(clinic, type, AppointmentStatus.BOOKED),
            chosen(clinic, type, AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW),
        )
        for clinic, name, type in connection.execute(query)
    ]


def _names(book: Rulebook, made: Iterable[Appointment]) -> tuple[str, ...]:
    found = (ruleset.name for each in made for ruleset in book.in_force() if ruleset.applies_to.takes(each))
    return tuple(dict.fromkeys(found))


PAGES = (Page("GET", "/clinics", Right.READ_RULES, show, bar="Clinics"),)
