"""Whether the service lives, and whether it works. Neither answer holds anything of a patient."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.bootstrap import House
from adapters.gateways.none import NO_GATEWAY, NoGateway
from conversations.outbox import HALT
from conversations.schema import facts, instant, moment
from conversations.writer import StoreAway

_log = logging.getLogger("freagra.adapters")

_LOOPS = ("worker", "outbox", "writeback", "sweep")
_STORE_SECONDS = 5.0  # a write that takes longer than this says that the store is in trouble
_REMEMBERED = 2.0  # seconds: whoever asks all the time does not make us write all the time
_FACT = "store_written"


def health_routes(house: House, stale_after: timedelta) -> list[Route]:
    """`/healthz`: the process answers. `/readyz`: the store takes writes and every loop came round within `stale_after`
    by the house's clock; 503 where not, and either way what there is to know."""
    store = _Store(house)

    async def healthz(request: Request) -> Response:  # noqa: ARG001  the shape of a route
        return _json(200, {"status": "alive"})

    async def readyz(request: Request) -> Response:  # noqa: ARG001
        trouble = await store.trouble()
        loops = _loops(house, stale_after)
        ready = trouble is None and all(word == "beating" for word in loops.values())
        answer = {
            "status": "ready" if ready else "not ready",
            "store": trouble or "writable",
            "loops": loops,
            "gateway": await asyncio.to_thread(_gateway, house),
            "rules": {ruleset.name: ruleset.version for ruleset in house.rulebook.in_force()},
        }
        return _json(200 if ready else 503, answer)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]


class _Store:
    """Tries the store with a real write, at most every few seconds."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = asyncio.Lock()
        self._until = 0.0
        self._trouble: str | None = None

    async def trouble(self) -> str | None:
        async with self._lock:
            if time.monotonic() >= self._until:
                self._trouble = await self._try()
                self._until = time.monotonic() + _REMEMBERED
            return self._trouble

    async def _try(self) -> str | None:
        row = {"name": _FACT, "value": "", "at": instant(self._house.clock.now())}

        def job(connection: sa.Connection) -> None:
            connection.execute(facts.delete().where(facts.c.name == _FACT))
            connection.execute(facts.insert(), row)

        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self._house.writer.run(job)
        except StoreAway as fault:
            _log.error("the store is away: %s", fault)
            return "takes no writes"
        except TimeoutError:
            return f"took longer than {_STORE_SECONDS:.0f} seconds to write"
        return None


def _loops(house: House, stale_after: timedelta) -> dict[str, str]:
    pulse, now = house.service.pulse, house.clock.now()
    found = {}
    for name in _LOOPS:
        beat = pulse.beats.get(name)
        if name in pulse.troubles:
            found[name] = f"in trouble: {pulse.troubles[name]}"
        elif beat is None:
            found[name] = "has not come round yet"
        else:
            found[name] = "beating" if now - beat <= stale_after else f"stands since {beat.isoformat()}"
    return found


def _gateway(house: House) -> str:
    name = house.gateway.name
    if name == NoGateway.name:
        return f"{NO_GATEWAY}: texts wait"
    try:
        with house.database.reader() as connection:
            query = sa.select(facts.c.value, facts.c.at).where(facts.c.name == f"halted:{name}")
            halted = connection.execute(query).first()
    except sa.exc.SQLAlchemyError as fault:
        return f"{name}: not known, the store cannot be read ({type(fault).__name__})"
    # The note stays when the lane goes on; it tells of the present only while the lane rests.
    if halted is not None and house.clock.now() < moment(halted.at) + HALT:
        return f"{name}: refuses our account ({halted.value})"
    return f"{name}: in use"


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
