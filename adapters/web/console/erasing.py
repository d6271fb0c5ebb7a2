"""`freagra erase` while the service runs: the service erases, for a person who gives their name and password."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from adapters.web.console.sign_in import check_right
from adapters.web.console.visit import Declined, Page, Visit
from conversations import erasure
from conversations.erasure import By
from conversations.people import Right
from conversations.service import CHANGED
from conversations.traces import ErasureRefused


async def erase(visit: Visit) -> Response:
    try:
        person = await check_right(visit, Right.ERASE)
    except Declined as declined:
        return _json(declined.status, {"message": declined.message})
    if person.scope.clinics is not None:
        return _json(403, {"message": "A patient is erased in all clinics: this is for people who see all of them."})
    house, by = visit.house, By(person.name, visit.form.get("why", ""), person)
    number, now = visit.form.get("patient", ""), house.clock.now()
    try:
        await asyncio.to_thread(erasure.erase, house.database, house.writer, house.vault, number, by, now)
    except ErasureRefused as refused:
        return _json(409, {"message": refused.message})
    house.bus.notify(CHANGED)
    return _json(200, {})


def _json(status: int, content: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


PAGES = (Page("POST", "/erasures", Right.ANYONE, erase),)
