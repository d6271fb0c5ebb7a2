"""The patient that someone at the console means, by what they type: a hospital number, a phone number or a name."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import phonenumbers
from sqlalchemy import Connection

from adapters.web.console.rendering import ZONE
from adapters.web.console.visit import Declined, Visit
from conversations.queues import Colleague
from conversations.search import Hit, Search, Wanted

_COUNTRY = "IE"


def colleague(visit: Visit) -> Colleague:
    return Colleague(visit.person.name, visit.scope.clinics)


def patients_meant(connection: Connection, visit: Visit, typed: str) -> tuple[Hit, ...]:
    """One talk of each patient that it may be, among those whom this person sees, the latest first."""
    wanted = Wanted(typed, phone_of(typed))
    once: dict[str, Hit] = {}
    for hit in Search(connection, visit.house.vault, colleague(visit)).find(wanted).hits:
        once.setdefault(hit.patient, hit)
    return tuple(once.values())


def phone_of(typed: str) -> str:
    """The number in E.164 form, "" for what is none."""
    try:
        number = phonenumbers.parse(typed, _COUNTRY)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def day_of(typed: str) -> date | None:
    """None where nothing is typed. Raises Declined."""
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as fault:
        raise Declined(422, "A day is written as in 2026-03-09.") from fault


def midnight(day: date, zone: ZoneInfo = ZONE) -> datetime:
    return datetime.combine(day, time(), zone)
