"""Writes to a hospital's iPMS over HTTP, and asks it. README.md beside this file is the contract that the other side
keeps."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from adapters.addresses import is_safe_url
from adapters.ipms.records import read_appointment
from adapters.ipms.rest.signing import content, read_secret, sign
from adapters.retry_after import retry_after
from adapters.zone import TIMEZONE
from conversations.ports import (
    AppointmentRecord,
    AppointmentWrite,
    Clock,
    MessageRecord,
    PatientSystemAway,
    WriteResult,
    WriteStatus,
)

log = logging.getLogger("freagra.adapters")

MOST_BYTES = 256 * 1024  # of an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class RestSettings:
    """Raises ValueError naming every setting that is wrong. The secret is never part of the repr nor of an error."""

    base_url: str
    secret: str = field(repr=False)
    timezone: str = TIMEZONE  # of times that the iPMS gives without an offset
    connect_seconds: float = 5.0
    answer_seconds: float = 15.0

    def __post_init__(self) -> None:
        problems = []
        if not is_safe_url(self.base_url):
            problems.append("base_url must be an https address (http is taken on this machine's loopback only)")
        try:
            read_secret(self.secret)
        except ValueError as error:
            problems.append(f"secret: {error}")
        if min(self.connect_seconds, self.answer_seconds) <= 0:
            problems.append("connect_seconds and answer_seconds must be more than 0")
        if problems:
            raise ValueError("; ".join(problems))


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    def json(self) -> Mapping[str, Any]:
        """The object that the body holds, an empty one where it holds none."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}


class RestPatientSystem:
    """A PatientSystem. `transport` stands in for the network in tests."""

    def __init__(
        self, settings: RestSettings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = "rest"
        self._settings = settings
        self._clock = clock
        self._secret = read_secret(settings.secret)
        self._base = httpx.URL(settings.base_url.rstrip("/") + "/")
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(settings.answer_seconds, connect=settings.connect_seconds),
            # Let go of idle connections before the other side does, which is after 5 s for most servers.
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=3.0),
            headers={"Accept": "application/json", "User-Agent": "freagra"},
        )

    async def read(self, appointment: str) -> AppointmentRecord | None:
        try:
            answer = await self._call("GET", f"appointments/{_segment(appointment)}", f"read-{secrets.token_hex(16)}")
        except httpx.HTTPError as error:
            raise PatientSystemAway(f"the iPMS does not answer: {type(error).__name__}") from error
        if answer.status in (404, 410):
            return None
        if answer.status != 200:
            raise PatientSystemAway(f"the iPMS answers {answer.status}")
        record = self._record(answer.json(), appointment)
        if record is None:
            raise PatientSystemAway("the iPMS sent something that is not this appointment")
        return record

    async def write(self, write: AppointmentWrite) -> WriteResult:
        body = {
            "key": write.key,
            "appointment": write.appointment,
            "action": write.action,
            "revision": write.revision,
            "at": write.at.astimezone(UTC).isoformat(),
            "note": write.note,
            "start": None if write.start is None else write.start.astimezone(UTC).isoformat(),
            "preferences": write.preferences,
        }
        headers = {"If-Match": tag} if (tag := _entity_tag(write.revision)) else {}
        path = f"appointments/{_segment(write.appointment)}/responses"
        return await self._deliver("POST", path, write.key, body, headers, write.appointment)

    async def record(self, message: MessageRecord) -> WriteResult:
        body = {
            "key": message.key,
            "appointment": message.appointment,
            "direction": message.direction,
            "text": message.text,
            "status": message.status,
            "at": message.at.astimezone(UTC).isoformat(),
        }
        # A later status of the same message is another request, which must not be taken for a repeat of the first.
        id = f"{message.key}.{message.status}"
        return await self._deliver("PUT", f"messages/{_segment(message.key)}", id, body, {}, message.appointment)

    async def healthy(self) -> bool:
        try:
            answer = await self._call("GET", "health", f"health-{secrets.token_hex(16)}")
        except httpx.HTTPError:
            return False
        return 200 <= answer.status < 300

    async def close(self) -> None:
        await self._client.aclose()

    async def _deliver(
        self, method: str, path: str, id: str, body: Mapping[str, Any], headers: Mapping[str, str], appointment: str
    ) -> WriteResult:
        try:
            answer = await self._call(method, path, id, body, {"Idempotency-Key": id, **headers})
        except httpx.TimeoutException:
            return WriteResult(WriteStatus.RETRY, "timeout", "The iPMS did not answer in time.")
        except httpx.HTTPError as error:
            log.warning("the iPMS cannot be reached: %s", type(error).__name__)
            return WriteResult(WriteStatus.RETRY, "unreachable", "The iPMS cannot be reached.")
        return self._result(answer, appointment)

    async def _call(
        self,
        method: str,
        path: str,
        id: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> _Answer:
        data = b"" if body is None else orjson.dumps(body)
        url = httpx.URL(f"{self._base}{path}")
        signed = sign(self._secret, id, self._clock.now(), content(method, url.raw_path.decode("ascii"), data))
        request = self._client.build_request(method, url, content=data or None, headers={**(headers or {}), **signed})
        if data:
            request.headers["Content-Type"] = "application/json"
        try:
            # The client's own limits are per read; a server that drips bytes would hold us for ever.
            async with asyncio.timeout(self._settings.connect_seconds + self._settings.answer_seconds):
                return await self._exchange(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the answer took too long", request=request) from error

    async def _exchange(self, request: httpx.Request) -> _Answer:
        response = await self._client.send(request, stream=True)
        try:
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > MOST_BYTES:
                    raise httpx.RemoteProtocolError("the answer is too large", request=request)
        finally:
            await response.aclose()
        return _Answer(response.status_code, response.headers, bytes(received))

    def _result(self, answer: _Answer, appointment: str) -> WriteResult:
        status, code = answer.status, _code(answer)
        if status in (200, 201, 204):
            return WriteResult(WriteStatus.DONE)
        if status in (409, 412):
            current = self._record(answer.json().get("appointment"), appointment)
            return WriteResult(WriteStatus.CONFLICT, code, "The iPMS holds another version.", current=current)
        log.warning("the iPMS answers %d to a write", status)
        if status in (401, 403):
            return WriteResult(WriteStatus.RETRY, code, "The iPMS does not accept our signature; check the secret.")
        if status in (408, 425, 429) or status >= 500:
            wait = retry_after(answer.headers.get("retry-after", ""), self._clock.now())
            return WriteResult(WriteStatus.RETRY, code, f"The iPMS answers {status}.", wait)
        if 400 <= status < 500:
            return WriteResult(WriteStatus.REFUSED, code, f"The iPMS refuses this: {status}.")
        return WriteResult(WriteStatus.RETRY, code, f"The iPMS answers {status}; check its address.")

    def _record(self, found: Any, appointment: str) -> AppointmentRecord | None:
        """The appointment that an answer holds, None where it holds another or cannot be read."""
        if not isinstance(found, dict):
            return None
        read = read_appointment(found, self._settings.timezone)
        if isinstance(read, list):
            log.warning("the iPMS sent an unreadable appointment: %s", ", ".join(problem.where for problem in read))
            return None
        return read if read.id == appointment else None


def _segment(text: str) -> str:
    return quote(text, safe="")


def _entity_tag(revision: str) -> str:
    """The revision as an entity tag (RFC 9110, section 8.8.3), "" where it cannot be one; the body holds it anyway."""
    if re.fullmatch(r'(?:W/)?"[\x21\x23-\x7e]*"', revision):
        return revision
    return f'"{revision}"' if re.fullmatch(r"[\x21\x23-\x7e]+", revision) else ""


def _code(answer: _Answer) -> str:
    """A short word for machines. The message beside it is left alone: it might name the patient."""
    error = answer.json().get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, str) and re.fullmatch(r"[a-z][a-z0-9_.\-]{0,39}", code):
        return code
    return f"http_{answer.status}"
