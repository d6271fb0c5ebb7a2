"""The audit page: who looked at what, who signed in, who changed whose rights."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from adapters.web.console.visit import Declined, Page, Visit
from adapters.zone import ZONE
from conversations import audit, people
from conversations.audit import Did
from conversations.people import Right

AT_ONCE = 100


async def show_audit(visit: Visit) -> Response:
    asked = {name: visit.query.get(name, "").strip() for name in ("person", "did", "patient", "since", "until", "before")}
    since, until = _day(asked["since"]), _day(asked["until"])
    rows = await visit.read(
        audit.read,
        visit.house.vault,
        visit.scope,
        person=asked["person"],
        patient=asked["patient"],
        did=Did(asked["did"]) if asked["did"] in set(Did) else None,
        since=since,
        until=None if until is None else until + timedelta(days=1),
        before=int(asked["before"]) if asked["before"].isdecimal() else None,
        limit=AT_ONCE + 1,
    )
    everyone = await visit.read(people.everyone)
    await visit.looked("audit")
    more = rows[AT_ONCE - 1].id if len(rows) > AT_ONCE else None
    return visit.page(
        "audit.html",
        rows=rows[:AT_ONCE],
        more=more,
        asked=asked,
        everyone=everyone,
        shown={each.id: each.shown for each in everyone},
        acts=list(Did),
        reads=visit.may(Right.READ),
    )


def _day(typed: str) -> datetime | None:
    """The beginning of a day, where the hospital is. Raises Declined."""
    if not typed:
        return None
    try:
        return datetime.combine(date.fromisoformat(typed), time(), ZONE)
    except ValueError as fault:
        raise Declined(422, "A day is written as in 2026-03-09.") from fault


PAGES = (Page("GET", "/audit", Right.AUDIT, show_audit, bar="Audit"),)
