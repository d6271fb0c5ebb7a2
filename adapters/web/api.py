"""The API through which an iPMS tells us of appointments. Nothing is answered "taken" before `accept` has returned, and
`accept` returns when the records are on disk.

Whatever goes wrong is answered in one shape: {"error": {"code", "message", "problems": [{"where", "message"}]}}. No
answer repeats a phone number, and no log line holds anything of a record.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from adapters.ipms.records import Checked, check_appointment, content_key
from adapters.web.openapi import describe
from adapters.zone import TIMEZONE
from conversations.ports import AppointmentRecord, Clock, Problem
from conversations.writer import StoreAway

log = logging.getLogger("freagra.adapters")

VERSION = "1"
MOST_ITEMS = 1000
MOST_PROBLEMS = 200
RETRY_AFTER = 5  # seconds
_JSON_TYPES = frozenset({"application/json"})
_LINE_TYPES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines"})


class Accept(Protocol):
    def __call__(
        self, records: Sequence[AppointmentRecord], source: str, keys: Sequence[str]
    ) -> Awaitable[Sequence[str]]:
        """Makes the records durable, each under its key; "taken" or "seen" for each. Raises StoreAway."""
        ...


Lookup = Callable[[str], Awaitable[Mapping[str, Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """`key_digests`: SHA-256 in hex of each API key that is live; two while one replaces the other. None: nobody gets
    in. `timezone`: that of submitted times without an offset."""

    key_digests: tuple[str, ...] = field(repr=False)
    source: str = "api"
    timezone: str = TIMEZONE
    most_bytes: int = 64 * 1024
    most_bulk_bytes: int = 4 * 1024 * 1024


class _Refusal(Exception):
    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        problems: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.problems = problems
        self.headers = headers


def api(accept: Accept, lookup: Lookup, settings: ApiSettings, clock: Clock) -> Mount:
    """The API, to be mounted at the root of an application. `lookup` answers what we hold of an appointment, None
    where we hold nothing, and raises StoreAway."""
    handlers = _Handlers(accept, lookup, settings, clock)
    app = Starlette(
        routes=[
            Route("/openapi.json", handlers.document, methods=["GET"]),
            Route("/appointments/bulk", handlers.bulk, methods=["POST"]),
            # An id may hold a slash, sent as %2F.
            Route("/appointments/{id:path}", handlers.appointment, methods=["GET", "PUT"]),
        ],
        exception_handlers={
            _Refusal: _refused,
            HTTPException: _http_fault,
            StoreAway: _away,
            Exception: _fault,
        },
    )
    app.router.redirect_slashes = False
    return Mount("/api/v1", app=app)


def key_digest(key: str) -> str:
    """What `ApiSettings.key_digests` keeps of an API key. Keys are random and long, so a plain hash is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class _Handlers:
    def __init__(self, accept: Accept, lookup: Lookup, settings: ApiSettings, clock: Clock) -> None:
        self._accept = accept
        self._lookup = lookup
        self._settings = settings
        self._clock = clock
        self._document = orjson.dumps(describe(VERSION, MOST_ITEMS), option=orjson.OPT_INDENT_2)

    async def document(self, request: Request) -> Response:  # noqa: ARG002  the shape of a route
        return Response(self._document, media_type="application/json")

    async def appointment(self, request: Request) -> Response:
        self._authorise(request)
        id = request.path_params["id"]
        if not id:
            raise HTTPException(404)
        return await (self._put(request, id) if request.method == "PUT" else self._get(id))

    async def _get(self, id: str) -> Response:
        found = await self._lookup(id)
        if found is None:
            raise _Refusal(404, "unknown_appointment", "We hold no appointment of this id.")
        return _json(200, found)

    async def _put(self, request: Request, id: str) -> Response:
        _content_type(request, _JSON_TYPES)
        scope = self._scope(request)
        body = _parse(await _body(request, self._settings.most_bytes))
        if not isinstance(body, dict):
            raise _Refusal(422, "not_an_appointment", "The body must be a JSON object: one appointment.")
        checked = self._check_put(body, id)
        if checked.record is None:
            raise _Refusal(422, "refused", _counted(len(checked.problems)), checked.problems)
        (result,) = await self._take([checked.record], scope)
        log.info("appointment taken through the API: %s", result)
        return _json(202, _taken(checked.record, result, checked.warnings))

    def _check_put(self, body: dict[str, Any], id: str) -> Checked:
        given = body.get("id")
        checked = check_appointment({**body, "id": id}, self._settings.timezone)
        if given is None or given == id:
            return checked
        problem = Problem("id", "is not the id in the address; leave it out or make them alike")
        return Checked(None, (problem, *checked.problems), checked.warnings)

    async def bulk(self, request: Request) -> Response:
        self._authorise(request)
        kind = _content_type(request, _JSON_TYPES | _LINE_TYPES)
        scope = self._scope(request)
        body = await _body(request, self._settings.most_bulk_bytes)
        items = _array(body) if kind in _JSON_TYPES else _lines(body)
        checks = [self._check_item(item) for item in items]
        records = [checked.record for checked in checks if checked.record is not None]
        if not records:
            raise _Refusal(422, "refused", f"None of {len(checks)} appointments can be taken.", _all_problems(checks))
        words = iter(await self._take(records, scope))
        log.info("%d appointments taken through the API, %d refused", len(records), len(checks) - len(records))
        return _json(202, _bulk_answer(items, checks, words))

    def _check_item(self, item: Any) -> Checked:
        if isinstance(item, _Broken):
            return Checked(None, (Problem("", item.message),))
        if not isinstance(item, dict):
            return Checked(None, (Problem("", "must be a JSON object: one appointment"),))
        return check_appointment(item, self._settings.timezone)

    async def _take(self, records: list[AppointmentRecord], scope: str) -> Sequence[str]:
        # What names itself may be known from before; what does not is news each time it arrives (see content_key).
        arrival = scope or self._clock.now().isoformat()
        keys = [
            content_key(record, scope if record.changed_at or record.revision else arrival) for record in records
        ]
        return await self._accept(records, self._settings.source, keys)

    def _scope(self, request: Request) -> str:
        key = request.headers.get("idempotency-key")
        if key is None:
            return ""
        if not 0 < len(key) <= 255 or not key.isprintable():
            raise _Refusal(400, "bad_idempotency_key", "Idempotency-Key must be 1 to 255 printable characters.")
        return f"key:{key}"

    def _authorise(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        digest = key_digest(key.strip())
        # Every digest is compared, so that the time taken says nothing about which came near.
        known = [hmac.compare_digest(digest, each) for each in self._settings.key_digests]
        if scheme.lower() == "bearer" and any(known):
            return
        log.warning("a request to the API without a valid key")
        message = "Send the API key as: Authorization: Bearer KEY"
        raise _Refusal(401, "unauthorised", message, headers={"WWW-Authenticate": 'Bearer realm="freagra"'})


# ---- what comes in ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Broken:
    """A line of a bulk request that is not JSON."""

    message: str


def _content_type(request: Request, taken: frozenset[str]) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in taken:
        raise _Refusal(415, "wrong_type", f"Content-Type must be {' or '.join(sorted(taken))}.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _Refusal(415, "wrong_encoding", "The body must not be compressed.")
    return kind


async def _body(request: Request, most: int) -> bytes:
    too_large = _Refusal(413, "too_large", f"The body may hold up to {most} bytes.", headers={"Connection": "close"})
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise too_large
    except ClientDisconnect as error:
        raise _Refusal(400, "incomplete", "The connection ended before the body did.") from error
    return bytes(body)


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _Refusal(400, "not_json", f"The body is not JSON: {error.msg} at {where}.") from error


def _array(body: bytes) -> list[Any]:
    items = _parse(body)
    if not isinstance(items, list):
        raise _Refusal(422, "not_a_list", "The body must be a JSON array of appointments, or one JSON object a line.")
    return _counted_items(items)


def _lines(body: bytes) -> list[Any]:
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    return [_line(number, line) for number, line in _counted_items(lines)]


def _line(number: int, line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return _Broken(f"line {number} is not JSON: {error.msg} at column {error.colno}")


def _counted_items(items: list[Any]) -> list[Any]:
    if not items:
        raise _Refusal(422, "empty", "The body holds no appointments.")
    if len(items) > MOST_ITEMS:
        raise _Refusal(413, "too_many", f"The body holds {len(items)} appointments; send up to {MOST_ITEMS} at once.")
    return items


# ---- what goes out ---------------------------------------------------------------------------------------------------


def _json(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")


def _listed(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [{"where": problem.where, "message": problem.message} for problem in problems]


def _counted(problems: int) -> str:
    return f"The appointment cannot be taken: {problems} problem{'' if problems == 1 else 's'}."


def _taken(record: AppointmentRecord, result: str, warnings: Sequence[Problem]) -> dict[str, Any]:
    return {"taken": True, "repeat": result == "seen", "id": record.id, "warnings": _listed(warnings)}


def _bulk_answer(items: list[Any], checks: list[Checked], words: Any) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    for index, (item, checked) in enumerate(zip(items, checks, strict=True)):
        if checked.record is not None:
            results.append({"index": index, **_taken(checked.record, next(words), checked.warnings)})
            continue
        id = item.get("id") if isinstance(item, dict) else None
        refused = {"index": index, "taken": False, "id": id[:128] if isinstance(id, str) else ""}
        faults = {"problems": _listed(checked.problems), "warnings": _listed(checked.warnings)}
        results.append({**refused, **faults})
    taken = sum(checked.record is not None for checked in checks)
    return {"taken": taken, "refused": len(checks) - taken, "results": results}


def _all_problems(checks: list[Checked]) -> list[Problem]:
    found = [
        Problem(f"[{index}].{problem.where}".rstrip("."), problem.message)
        for index, checked in enumerate(checks)
        for problem in checked.problems
    ]
    if len(found) > MOST_PROBLEMS:
        more = Problem("", f"and {len(found) - MOST_PROBLEMS} problems more")
        found = [*found[:MOST_PROBLEMS], more]
    return found


def _error(
    status: int, code: str, message: str, problems: Sequence[Problem] = (), headers: Mapping[str, str] | None = None
) -> Response:
    error = {"code": code, "message": message, "problems": _listed(problems)}
    return _json(status, {"error": error}, headers)


def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001  the shape of a handler
    assert isinstance(error, _Refusal)
    return _error(error.status, error.code, error.message, error.problems, error.headers)


_HTTP_FAULTS = {
    404: ("not_found", "There is nothing at this address; /api/v1/openapi.json describes what there is."),
    405: ("wrong_method", "This method is not for this address; Allow says which are."),
}


def _http_fault(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, HTTPException)
    code, message = _HTTP_FAULTS.get(error.status_code, ("refused", error.detail))
    return _error(error.status_code, code, message, headers=error.headers)


def _away(request: Request, error: Exception) -> Response:  # noqa: ARG001
    log.error("the store is away: %s", error)
    message = "Nothing was taken, because it could not be written. Try again."
    return _error(503, "store_away", message, headers={"Retry-After": str(RETRY_AFTER)})


def _fault(request: Request, error: Exception) -> Response:  # noqa: ARG001
    log.error("a request to the API failed: %s", type(error).__name__)
    return _error(500, "fault", "Something is wrong on our side. Send it again; what was taken is not taken twice.")
