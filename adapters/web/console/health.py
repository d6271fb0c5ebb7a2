"""The health page, for the clinic's IT: what works, what waits, what went wrong."""

from __future__ import annotations

from starlette.responses import Response

from adapters.web.console.visit import Page, Visit
from conversations.people import Right

# What each loop of the service does, in words.
LOOPS = {
    "keys": "Letting go of keys",
    "lease": "Share of the work",
    "rules": "Rules that others published",
    "worker": "Decisions",
    "rounds": "Texts by hand",
    "search": "Search index",
    "timers": "Timers",
    "outbox": "Sending",
    "writeback": "Writing to the iPMS",
    "sweep": "Texts without an answer",
}


async def show_health(visit: Visit) -> Response:
    standing = await visit.console.health.standing()
    template = "health_figures.html" if visit.wants_part else "health.html"
    return visit.page(template, standing=standing, loops=LOOPS, rules=visit.house.rulebook.in_force())


PAGES = (Page("GET", "/health", Right.HEALTH, show_health, bar="Health"),)
