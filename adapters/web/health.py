"""Whether the service lives, and whether it works, for machines that watch it. No answer holds anything of a patient."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

import orjson
import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.bootstrap import House
from adapters.gateways.none import NO_GATEWAY, NoGateway
from adapters.ipms.none import NoPatientSystem
from conversations import vitals
from conversations.backup import Made, last_backup
from conversations.bulk import insert_rows
from conversations.schema import facts, instant
from conversations.vitals import Vitals
from conversations.writer import StoreAway

_log = logging.getLogger("freagra.adapters")

T = TypeVar("T")

STALE_AFTER = timedelta(minutes=2)
BEATING = "beating"

_STORE_SECONDS = 5.0  # a write that takes longer than this says that the store is in trouble
_REMEMBERED = 2.0  # seconds: whoever asks all the time does not make us write all the time
_ASKED_AGAIN = 30.0  # seconds between questions to gateway and iPMS
_FACT = "store_written"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that we depend on: whether it works, and how in words."""

    good: bool
    words: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is known. `store`: what is wrong with it, None where it takes writes. `loops`: BEATING or what is wrong with
    each. `vitals` is None where the store cannot be read. `troubles` are those of the whole service with which work goes on: a
    yellow light."""

    store: str | None
    loops: Mapping[str, str]
    gateway: Part
    ipms: Part
    vitals: Vitals | None
    backup: Made | None
    troubles: list[str]

    @property
    def ready(self) -> bool:
        return self.store is None and all(word == BEATING for word in self.loops.values())


class Health:
    """`stale_after`: how long, on the house's clock, a loop may be silent before it counts as standing."""

    def __init__(self, house: House, stale_after: timedelta = STALE_AFTER) -> None:
        self._house = house
        self._stale_after = stale_after
        self._store = _Remembered(self._try_store, _REMEMBERED)
        self._gateway = _Remembered(house.gateway.healthy, _ASKED_AGAIN)
        self._ipms = _Remembered(house.patient_system.healthy, _ASKED_AGAIN)

    async def ready(self) -> tuple[str | None, Mapping[str, str]]:
        """What is wrong with the store, and how each loop is: asks nothing of anyone outside."""
        return await self._store.value(), self._loops()

    async def standing(self) -> Standing:
        trouble, loops = await self.ready()
        known = asyncio.to_thread(last_backup, self._house.database, self._house.home)
        found, made = await asyncio.gather(asyncio.to_thread(self.vitals), known)
        gateway, ipms = await self._gateway_stands(found), await self._ipms_stands()
        return Standing(trouble, loops, gateway, ipms, found, made, await asyncio.to_thread(self.troubles))

    async def _gateway_stands(self, found: Vitals | None) -> Part:
        name = self._house.gateway.name
        if name == NoGateway.name or found is None or found.halted is not None:
            return Part(False, self.gateway_words(found))
        answers = await self._gateway.value()
        return Part(answers, self.gateway_words(found) if answers else f"{name}: does not answer")

    async def _ipms_stands(self) -> Part:
        name = self._house.patient_system.name
        if name == NoPatientSystem.name:
            return Part(True, "none is configured: staff enter answers by hand")
        answers = await self._ipms.value()
        return Part(answers, f"{name}: answers" if answers else f"{name}: does not answer")

    def vitals(self) -> Vitals | None:
        try:
            with self._house.database.reader() as connection:
                return vitals.read(connection, self._house.gateway.name, self._house.clock.now())
        except sa.exc.SQLAlchemyError as fault:
            _log.error("the store cannot be read: %s", type(fault).__name__)
            return None

    def troubles(self) -> list[str]:
        try:
            return self._house.troubles()
        except sa.exc.SQLAlchemyError:
            return []  # `store` says it

    def gateway_words(self, found: Vitals | None) -> str:
        name = self._house.gateway.name
        if name == NoGateway.name:
            return f"{NO_GATEWAY}: texts wait"
        if found is None:
            return f"{name}: not known, the store cannot be read"
        return f"{name}: in use" if found.halted is None else f"{name}: refuses our account ({found.halted})"

    def _loops(self) -> dict[str, str]:
        pulse, now = self._house.service.pulse, self._house.clock.now()
        found = {}
        for name in self._house.service.loops:
            beat = pulse.beats.get(name)
            if name in pulse.troubles:
                found[name] = f"in trouble: {pulse.troubles[name]}"
            elif beat is None:
                found[name] = "has not come round yet"
            else:
                found[name] = BEATING if now - beat <= self._stale_after else f"stands since {beat.isoformat()}"
        return found

    async def _try_store(self) -> str | None:
        """What is wrong with it, by a real write."""
        row = (_FACT, "", instant(self._house.clock.now()))

        def job(connection: sa.Connection) -> None:
            insert_rows(connection, facts, ("name", "value", "at"), [row], replacing=("at",))

        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self._house.writer.run(job)
        except StoreAway as fault:
            _log.error("the store is away: %s", fault)
            return "takes no writes"
        except TimeoutError:
            return f"took longer than {_STORE_SECONDS:.0f} seconds to write"
        return None


class _Remembered(Generic[T]):
    """What a question was answered a moment ago, so that whoever asks all the time does not make us ask all the time."""

    def __init__(self, ask: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._until = 0.0
        self._value: T

    async def value(self) -> T:
        async with self._lock:
            if time.monotonic() >= self._until:
                self._value = await self._ask()
                self._until = time.monotonic() + self._seconds
            return self._value


def health_routes(house: House, health: Health) -> list[Route]:
    """`/healthz`: the process answers. `/readyz`: the store takes writes and every loop comes round; 503 where not, and either
    way what there is to know."""

    async def healthz(request: Request) -> Response:  # noqa: ARG001  the shape of a route
        return _json(200, {"status": "alive"})

    async def readyz(request: Request) -> Response:  # noqa: ARG001
        trouble, loops = await health.ready()
        ready = trouble is None and all(word == BEATING for word in loops.values())
        answer = {
            "status": "ready" if ready else "not ready",
            "store": trouble or "writable",
            "loops": loops,
            "troubles": await asyncio.to_thread(health.troubles),
            "gateway": health.gateway_words(await asyncio.to_thread(health.vitals)),
            "rules": {ruleset.name: ruleset.version for ruleset in house.rulebook.in_force()},
        }
        return _json(200 if ready else 503, answer)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
