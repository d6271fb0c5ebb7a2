"""The patient that someone at the console means, by what they type: a hospital number, a phone number or a name."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from adapters.web.console.find import phone_of
from adapters.web.console.visit import Declined, Visit
from adapters.zone import ZONE
from conversations import people
from conversations.search import Hit, Search, Wanted


def patients_meant(connection: Connection, visit: Visit, typed: str) -> tuple[Hit, ...]:
    """One talk of each patient that it may be, among those whom this person sees, the latest first."""
    wanted = Wanted(typed, phone_of(typed))
    once: dict[str, Hit] = {}
    for hit in Search(connection, visit.house.vault, visit.scope).find(wanted).hits:
        once.setdefault(hit.patient, hit)
    return tuple(once.values())


def names_shown(connection: Connection) -> dict[str, str]:
    """What colleagues read for the name that someone signs in with."""
    return {each.name: each.shown for each in people.everyone(connection)}


def day_of(typed: str) -> date | None:
    """None where nothing is typed. Raises Declined."""
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as fault:
        raise Declined(422, "A day is written as in 2026-03-09.") from fault


def midnight(day: date, zone: ZoneInfo = ZONE) -> datetime:
    return datetime.combine(day, time(), zone)
