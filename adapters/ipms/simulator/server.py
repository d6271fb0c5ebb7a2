"""A simulated iPMS over real HTTP: the contract of ../rest/README.md, an appointment book to watch and to act on, and
the pushing of every change to our API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from adapters.ipms.records import read_instant, to_payload
from adapters.ipms.rest.signing import BadSignature, content, read_secret, verify
from adapters.ipms.simulator.hospital import Hospital, Refused
from conversations.ports import AppointmentRecord, Clock

log = logging.getLogger("freagra.adapters")

BULK = 500  # appointments in one push
HEARTBEAT = 15.0  # seconds
FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0  # seconds between tries of a push
_MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Faults:
    """How often, between 0 and 1, a request meets trouble."""

    away: float = 0.0  # 503
    changed: float = 0.0  # another user saves the appointment just before: 412


class SimulatedHospital:
    """`app` is the server; while its lifespan runs, changes are pushed to `api_url` (the part before /api/v1) with
    `api_key`. `transport` stands in for the network in tests."""

    def __init__(
        self,
        book: Iterable[AppointmentRecord],
        *,
        secret: str,
        api_url: str,
        api_key: str,
        clock: Clock,
        rng: Random,
        faults: Faults | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.hospital = Hospital(book, clock)
        self._secret = read_secret(secret)
        self._clock = clock
        self._rng = rng
        self._faults = faults or Faults()
        self._client = httpx.AsyncClient(
            base_url=api_url.rstrip("/") + "/api/v1/",
            headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
            transport=transport,
            timeout=30.0,
        )
        self.app = Starlette(
            routes=[
                Route("/health", self._health, methods=["GET"]),
                Route("/appointments/{id:path}/responses", self._respond, methods=["POST"]),
                Route("/appointments/{id:path}", self._appointment, methods=["GET"]),
                Route("/messages/{key:path}", self._message, methods=["PUT"]),
                Route("/book", self._book, methods=["GET"]),
                Route("/book/{id:path}/{act}", self._act, methods=["POST"]),
                Route("/events", self._events, methods=["GET"]),
            ],
            exception_handlers={Refused: _refused, HTTPException: _http_fault},
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:  # noqa: ARG002  the shape of a lifespan
        pushing = asyncio.create_task(self.push())
        try:
            yield
        finally:
            pushing.cancel()
            with suppress(asyncio.CancelledError):
                await pushing
            await self._client.aclose()

    # ---- the contract ------------------------------------------------------------------------------------------------

    async def _health(self, request: Request) -> Response:
        await self._signed(request)
        return Response(status_code=204)

    async def _appointment(self, request: Request) -> Response:
        await self._signed(request)
        return _json(200, to_payload(self.hospital.entry(request.path_params["id"]).record))

    async def _respond(self, request: Request) -> Response:
        id = request.path_params["id"]
        body = _object(await self._signed(request))
        if self._faults.changed and self._rng.random() < self._faults.changed:
            self.hospital.touch(id)
        match = request.headers.get("if-match")
        try:
            start = read_instant(body["start"]) if body.get("start") else None
            key, action, note = str(body["key"]), str(body["action"]), str(body.get("note") or "")
            preferences = body.get("preferences")
            if preferences is not None and not isinstance(preferences, dict):
                raise TypeError("preferences are an object")
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(422, "bad_response", "key and action are needed, start is a time.") from error
        revision = None if match is None else match.strip('"')
        new = self.hospital.respond(id, key, action, note, start, revision, preferences)
        return _json(201 if new else 200, {"appointment": to_payload(self.hospital.entry(id).record)})

    async def _message(self, request: Request) -> Response:
        body = _object(await self._signed(request))
        wanted = ("key", "appointment", "direction", "text", "status", "at")
        if not all(isinstance(body.get(name), str) for name in wanted) or body["key"] != request.path_params["key"]:
            raise Refused(422, "bad_message", f"{', '.join(wanted)} are needed; key is that of the address.")
        self.hospital.record(body["appointment"], {name: body[name] for name in wanted})
        return Response(status_code=204)

    async def _signed(self, request: Request) -> bytes:
        """The body of a request that is signed as it should be."""
        body = await _body(request)
        path = request.scope["raw_path"].decode("latin-1")
        try:
            verify([self._secret], request.headers, content(request.method, path, body), self._clock.now())
        except BadSignature as error:
            raise Refused(401, "bad_signature", str(error)) from error
        if self._faults.away and self._rng.random() < self._faults.away:
            raise Refused(503, "away", "The iPMS is away for a moment.")
        return body

    # ---- the book ----------------------------------------------------------------------------------------------------

    async def _book(self, request: Request) -> Response:  # noqa: ARG002  the shape of a route
        return _json(200, [entry.to_json() for entry in self.hospital.entries()])

    async def _act(self, request: Request) -> Response:
        id, act = request.path_params["id"], request.path_params["act"]
        acts: Mapping[str, Callable[[str], None]] = {
            "cancel": self.hospital.cancel,
            "attend": self.hospital.attend,
            "miss": self.hospital.miss,
            "keep": self.hospital.keep,
        }
        if act == "move":
            body = _object(await _body(request))
            try:
                start = read_instant(str(body.get("start") or ""))
            except ValueError as error:
                raise Refused(422, "bad_start", f"start {error}") from error
            self.hospital.move(id, start)
        elif act in acts:
            acts[act](id)
        else:
            raise Refused(404, "unknown_act", f"The acts are move, {', '.join(acts)}.")
        return _json(200, self.hospital.entry(id).to_json())

    async def _events(self, request: Request) -> Response:  # noqa: ARG002
        async def stream() -> AsyncIterator[bytes]:
            with self.hospital.listen() as queue:
                yield b": listening\n\n"
                while True:
                    try:
                        event = await asyncio.wait_for(queue.get(), HEARTBEAT)
                    except TimeoutError:
                        yield b": still here\n\n"
                    else:
                        yield b"data: " + orjson.dumps(event) + b"\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    # ---- pushing -----------------------------------------------------------------------------------------------------

    async def push(self) -> None:
        """Pushes whatever has changed, for ever, oldest change first; tries again until it is taken or refused for
        good."""
        wait = FIRST_WAIT
        while True:
            if not self.hospital.unpushed:
                self.hospital.changed.clear()
                await self.hospital.changed.wait()
            if await self.push_once():
                wait = FIRST_WAIT
            else:
                await asyncio.sleep(wait * (1 + self._rng.random()))
                wait = min(wait * 2, LONGEST_WAIT)

    async def push_once(self) -> bool:
        """One request with what is due. False where it must be tried again."""
        unpushed = self.hospital.unpushed
        records = [self.hospital.entry(id).record for id in list(unpushed)[:BULK]]
        try:
            if len(records) == 1:
                path = f"appointments/{quote(records[0].id, safe='')}"
                answer = await self._client.put(path, content=orjson.dumps(to_payload(records[0])))
            else:
                body = orjson.dumps([to_payload(record) for record in records])
                answer = await self._client.post("appointments/bulk", content=body)
        except httpx.HTTPError as error:
            log.info("simulated hospital: a push found nobody (%s)", type(error).__name__)
            return False
        if answer.status_code in (401, 408, 425, 429) or answer.status_code >= 500:
            log.info("simulated hospital: a push was answered %d", answer.status_code)
            return False
        taken = _taken(answer, len(records))
        if not all(taken):
            log.warning("simulated hospital: %d of %d pushes were refused", taken.count(False), len(records))
        for record, was_taken in zip(records, taken, strict=True):
            # What changed while the request was on its way is due again.
            if self.hospital.entry(record.id).record is record:
                unpushed.pop(record.id, None)
            self.hospital.tell("pushed" if was_taken else "refused", record.id)
        return True


# ---- requests and answers --------------------------------------------------------------------------------------------


def _taken(answer: httpx.Response, count: int) -> list[bool]:
    """Which of the appointments of a push the API took."""
    if answer.status_code != 202:
        return [False] * count
    results = orjson.loads(answer.content).get("results")
    return [True] * count if results is None else [result["taken"] for result in results]


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise Refused(413, "too_large", f"A body may hold up to {_MOST_BYTES} bytes.")
    return bytes(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "not_json", "The body is not JSON.") from error
    if not isinstance(found, dict):
        raise Refused(422, "not_an_object", "The body must be a JSON object.")
    return found


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")


def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001  the shape of a handler
    assert isinstance(error, Refused)
    body: dict[str, Any] = {"error": {"code": error.code, "message": error.message}}
    if error.current is not None:
        body["appointment"] = to_payload(error.current)
    return _json(error.status, body, {"Retry-After": "1"} if error.status == 503 else None)


def _http_fault(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, HTTPException)
    body = {"error": {"code": f"http_{error.status_code}", "message": error.detail}}
    return _json(error.status_code, body, error.headers)
