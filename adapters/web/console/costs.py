"""What texts cost: how many segments a text takes as it is written, and what they come to."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from adapters.web.console.visit import Page, Visit
from conversations.people import Right
from engine import sms


def cost_of(visit: Visit, text: str) -> dict[str, Any]:
    """For the line below a field that a text is written in (`segments.html`)."""
    found = sms.segments(text)
    parts = found.parts if text else 0
    return {"units": found.units, "parts": parts, "forced_by": found.forced_by, "cost": visit.console.costs.told(parts)}


async def segments(visit: Visit) -> Response:
    """The line anew, while someone writes."""
    return visit.page("segments.html", **cost_of(visit, visit.form.get("text", "")))


PAGES = (Page("POST", "/segments", Right.WORK, segments),)
