"""The search page: a talk by the patient's name, number or phone, by clinic, day, and words of the talk."""

from __future__ import annotations

from datetime import date

import phonenumbers
from sqlalchemy import Connection
from starlette.responses import Response

from adapters.web import plain
from adapters.web.console.visit import Page, Visit
from conversations.audit import Act, Did
from conversations.people import Right
from conversations.reach import clinics_seen
from conversations.search import Hits, Search, Wanted

_COUNTRY = "IE"


async def find(visit: Visit) -> Response:
    asked = {name: visit.query.get(name, "").strip()[:200] for name in ("q", "clinic", "day")}
    day = _day(asked["day"])
    wanted = Wanted(asked["q"], phone_of(asked["q"]), asked["clinic"], day)

    def look(connection: Connection) -> tuple[Hits, list[tuple[str, str]]]:
        return Search(connection, visit.house.vault, visit.scope).find(wanted), clinics_seen(connection, visit.scope)

    found, clinics = await visit.read(look)
    if wanted:
        await visit.note(Act(Did.SEARCHED, visit.page_asked.name, detail={k: v for k, v in asked.items() if v}))
    return visit.page(
        "find.html",
        asked=asked if day else {**asked, "day": ""},  # a browser's field of a day takes nothing else
        wanted=wanted,
        found=found,
        clinics=clinics,
        wrong_day=bool(asked["day"] and day is None),
        state_of=plain.state,
        status_of=lambda status: plain.APPOINTMENT_STATUS.get(status, status),
    )


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def phone_of(typed: str) -> str:
    """The number in E.164 form, "" for what is none."""
    try:
        number = phonenumbers.parse(typed, _COUNTRY)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


PAGES = (Page("GET", "/search", Right.READ, find, bar="Search"),)
