"""A gateway that behaves like Phonovation's InteractSMS over real HTTP, with phones in people's hands behind it.

Towards us it speaks the V2 API (`POST /token`, `POST /api/v2/Campaign`, `GET /health`) and calls our webhooks. Towards
a person it shows the phones: `GET /phones`, `GET /phones/{number}`, `POST /phones/{number}/texts` with `{"text": ...}`
to text in, `GET /events` (server-sent events, one for every text and every change of a text). Phone numbers are digits,
with or without plus sign. It guards nothing but the API itself and is meant for loopback.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from adapters.gateways.simulator import patients, webhooks
from adapters.gateways.simulator.behaviour import Behaviour, Fate
from adapters.gateways.simulator.phones import Phones, Text
from conversations.ports import Clock

log = logging.getLogger("freagra.adapters")

MAX_BODY = 256 * 1024
HEARTBEAT = 15.0  # seconds between signs of life on /events
OPT_OUTS = "50123"  # the vendor's shared short code

_NUMBER = re.compile("[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """`callback_url` is our webhook address without its last part: http://host/hooks/{gateway}/{secret}. `credits` are
    parts of texts that may still be sent, None for no end of them. `page_origins` are web pages of another origin that
    may read the phones."""

    callback_url: str
    verify_secret: str = field(repr=False)
    username: str = "hospital"
    password: str = field(default="simulated", repr=False)
    senders: tuple[str, ...] = ("HOSPITAL",)
    long_code: str = "353879999999"  # to which patients reply
    credits: int | None = None
    page_origins: tuple[str, ...] = ()


class SimulatedGateway:
    """`app` is the server. Its lifespan starts and closes the gateway; where another application mounts it, which runs
    no lifespan, call `start` and `close`."""

    def __init__(
        self,
        settings: SimulatorSettings,
        behaviour: Behaviour | None = None,
        *,
        persona: patients.Persona | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`persona` answers the hospital's texts; None where only people do. `clock` gives the time stamps of texts and
        webhooks, the machine's time where there is none; delays always pass in real seconds."""
        self.phones = Phones()
        self.webhooks_given_up = 0  # that our side never answered 200
        self._settings = settings
        self._behaviour = behaviour if behaviour is not None else Behaviour()
        self._persona = persona
        self._now = clock.now if clock is not None else _utc_now
        self._rng = Random(self._behaviour.seed)
        self._credits = settings.credits
        self._tokens: dict[str, float] = {}  # token -> when it ends, monotonic
        self._burst = 0
        self._taken: dict[str, int] = {}  # texts taken by phone
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self.app = Starlette(
            lifespan=self._lifespan,
            routes=[
                Route("/token", self._token, methods=["POST"]),
                Route("/api/v2/Campaign", self._campaign, methods=["POST"]),
                Route("/health", self._health),
                Route("/phones", self._all_phones),
                Route("/phones/{number}", self._one_phone),
                Route("/phones/{number}/texts", self._text_from_page, methods=["POST"]),
                Route("/events", self._events),
            ],
            middleware=[
                Middleware(
                    CORSMiddleware,
                    allow_origins=settings.page_origins,
                    allow_methods=["GET", "POST"],
                    allow_headers=["content-type"],
                )
            ],
        )

    async def start(self) -> None:
        self._client = httpx.AsyncClient(timeout=10.0, trust_env=False, limits=httpx.Limits(max_connections=32))

    async def close(self) -> None:
        """Drops every webhook and answer still to come and ends /events."""
        self.phones.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def text_in(self, number: str, text: str, *, to: str | None = None, hinted: bool = True) -> Text:
        """A person texts the hospital, or the short code where `to` says so. `hinted`: the gateway tells which text of
        ours it takes this for an answer to, the last that the phone had."""
        to = to or self._settings.long_code
        thread = self.phones.thread(number)
        last = next((each.key for each in reversed(thread) if each.by == "hospital" and each.key), "")
        record = Text(len(thread) + 1, "patient", text, self._now(), "sending", to)
        self.phones.add(number, record)
        body = webhooks.inbound(
            number, text, to=to, at=record.at, secret=self._settings.verify_secret, answers=last if hinted else ""
        )
        self._spawn(self._carry_in(number, record, body))
        return record

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        await self.start()
        try:
            yield
        finally:
            await self.close()

    # ---- the gateway's API -------------------------------------------------------------------------------------------

    async def _token(self, request: Request) -> Response:
        body = await _body(request)
        try:
            form = dict(parse_qsl((body or b"").decode("ascii"), max_num_fields=16))
        except ValueError:
            form = {}
        if form.get("grant_type") != "password" or form.get("client_id") != "ismstoken":
            return _json({"error": "unsupported_grant_type"}, 400)
        if (form.get("username"), form.get("password")) != (self._settings.username, self._settings.password):
            return _json({"error": "invalid_grant"}, 400)
        now = time.monotonic()
        self._tokens = {token: end for token, end in self._tokens.items() if end > now}
        token = secrets.token_urlsafe(48)
        life = self._behaviour.token_life
        self._tokens[token] = now + life
        refresh = secrets.token_urlsafe(24)
        return _json({"access_token": token, "expires_in": life, "refresh_token": refresh, "token_type": "Bearer"})

    async def _campaign(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._tokens.get(token, 0.0) <= time.monotonic():
            return _json({"message": "Unauthorized"}, 401)
        if self._rng.random() < self._behaviour.server_error and not self._burst:
            self._burst = self._behaviour.burst
        if self._burst:
            self._burst -= 1
            return _json({"message": "Service unavailable"}, 503)
        if self._rng.random() < self._behaviour.throttled:
            return _json({"message": "Too many requests"}, 429, {"retry-after": "1"})
        campaign = _read_campaign(await _body(request))
        if isinstance(campaign, list):
            return _json({"success": False, "message": "Validation failed", "errors": campaign}, 400)
        fates = [self._take(campaign, msisdn, key) for msisdn, key in campaign.recipients]
        await asyncio.sleep(max(fate.answer_after for fate in fates))
        if any(fate.hangs for fate in fates):
            await asyncio.sleep(self._behaviour.hang)
        return _json({"success": True, "message": "Campaign scheduled", "errors": []})

    async def _health(self, _: Request) -> Response:
        return _json({"status": "Healthy"})

    def _take(self, campaign: _Campaign, msisdn: str, key: str) -> Fate:
        """Sets off all that becomes of one text. As far as is known the real gateway does not notice that an id is used
        twice, so nor does this one: the phone gets the text twice, for a test to see."""
        number = self._taken[msisdn] = self._taken.get(msisdn, 0) + 1
        rng = Random(f"{self._behaviour.seed}:{msisdn}:{number}")
        fate = self._behaviour.fate(rng)
        problem = self._problem(campaign, msisdn, fate)
        thread = self.phones.thread(msisdn)
        status = "rejected" if problem else "sent"
        record = Text(len(thread) + 1, "hospital", campaign.text, self._now(), status, campaign.sender, key)
        self.phones.add(msisdn, record)
        outcome, message = problem or ("MESSAGE_SUCCESS", "Your message has been queued.")
        named = None if outcome == "CAMPAIGN_ERROR" else key
        self._spawn(self._report(fate, outcome, message, named))
        if not problem:
            self._spawn(self._deliver(fate, msisdn, record, rng))
        return fate

    def _problem(self, campaign: _Campaign, msisdn: str, fate: Fate) -> tuple[str, str] | None:
        """Status and message of a processing result that refuses the text."""
        if campaign.sender not in self._settings.senders or fate.campaign_error:
            return "CAMPAIGN_ERROR", "Sender is not valid"
        if not _NUMBER.fullmatch(msisdn):
            return "MESSAGE_ERROR", "null/empty MSISDN"
        if fate.message_error:
            return "MESSAGE_ERROR", "Error trying to add a new message to SMSBroadcastMessage"
        if self._credits is not None:
            if self._credits < 1:
                return "MESSAGE_ERROR", "Error trying to add a new message. No credits available"
            self._credits -= 1
        return None

    # ---- what comes of it --------------------------------------------------------------------------------------------

    async def _report(self, fate: Fate, outcome: str, message: str, key: str | None) -> None:
        await asyncio.sleep(fate.result_after)
        body = webhooks.result(outcome, message, at=self._now(), key=key)
        await self._call("result", webhooks.JSON, body, fate.results)

    async def _deliver(self, fate: Fate, msisdn: str, record: Text, rng: Random) -> None:
        await asyncio.sleep(fate.receipt_after)
        self.phones.change(msisdn, record, "delivered" if fate.delivered else "undelivered")
        if fate.delivered and self._persona is not None:
            for delay, reply in self._persona(rng, record.text, patients.language_of(record.text)):
                self._spawn(self._reply(delay / self._behaviour.patient_speed, msisdn, reply, fate.hinted))
        if fate.receipts and record.key:
            body = webhooks.receipt(
                record.key,
                fate.delivered,
                sender=record.other,
                to=msisdn,
                at=self._now(),
                secret=self._settings.verify_secret,
            )
            await self._call("receipt", webhooks.FORM, body, fate.receipts)

    async def _reply(self, delay: float, number: str, text: str, hinted: bool) -> None:
        await asyncio.sleep(delay)
        self.text_in(number, text, hinted=hinted)

    async def _carry_in(self, number: str, record: Text, body: bytes) -> None:
        taken = await self._call("inbound", webhooks.FORM, body, 1)
        self.phones.change(number, record, "taken" if taken else "lost")

    async def _call(self, kind: str, content_type: str, body: bytes, times: int) -> bool:
        """Posts a webhook `times` times, each until it is answered 200 or the waits are used up. Whether all went."""
        taken = [await self._call_once(kind, content_type, body) for _ in range(times)]
        return all(taken)

    async def _call_once(self, kind: str, content_type: str, body: bytes) -> bool:
        url = f"{self._settings.callback_url.rstrip('/')}/{kind}"
        for wait in (*self._behaviour.webhook_waits, None):
            if self._client is None:
                return False
            try:
                answer = await self._client.post(url, content=body, headers={"content-type": content_type})
                if answer.status_code == 200:
                    return True
            except httpx.HTTPError:
                pass  # as good as any answer but 200
            if wait is not None:
                await asyncio.sleep(wait)
        self.webhooks_given_up += 1
        log.warning("simulated gateway: a webhook (%s) was never answered 200", kind)
        return False

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("simulated gateway: %s", type(error).__name__, exc_info=error)

    # ---- the phones --------------------------------------------------------------------------------------------------

    async def _all_phones(self, _: Request) -> Response:
        threads = self.phones.threads.items()
        return _json({"phones": {number: [text.as_json(number) for text in thread] for number, thread in threads}})

    async def _one_phone(self, request: Request) -> Response:
        number = request.path_params["number"].removeprefix("+")
        thread = self.phones.thread(number)
        if not thread:
            return _json({"error": "No text has gone to or come from this phone."}, 404)
        return _json({"phone": number, "texts": [text.as_json(number) for text in thread]})

    async def _text_from_page(self, request: Request) -> Response:
        number = request.path_params["number"].removeprefix("+")
        said = _object(await _body(request))
        text, to = (said or {}).get("text"), (said or {}).get("to")
        if not _NUMBER.fullmatch(number) or not isinstance(text, str) or to not in (None, OPT_OUTS):
            way = f'POST {{"text": "..."}} to /phones/353871234567/texts; add "to": "{OPT_OUTS}" for the opt-out code.'
            return _json({"error": way}, 400)
        return _json(self.text_in(number, text, to=to).as_json(number), 202)

    async def _events(self, _: Request) -> Response:
        async def stream() -> AsyncIterator[bytes]:
            with self.phones.watch() as queue:
                yield b": watching\n\n"
                while True:
                    try:
                        change = await asyncio.wait_for(queue.get(), HEARTBEAT)
                    except TimeoutError:
                        yield b": still here\n\n"
                        continue
                    if change is None:
                        return
                    yield b"event: text\ndata: " + orjson.dumps(change) + b"\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-store"})


@dataclass(frozen=True, slots=True)
class _Campaign:
    text: str
    sender: str
    recipients: Sequence[tuple[str, str]]  # msisdn, notifyId


def _read_campaign(body: bytes | None) -> _Campaign | list[str]:
    """The campaign, or what is wrong with it."""
    said = _object(body)
    if said is None:
        return ["The body must be a JSON object."]
    text, sender, recipients = said.get("text"), said.get("from"), said.get("recipientInfo")
    errors = []
    if not isinstance(text, str) or not text:
        errors.append("text is required.")
    if not isinstance(sender, str) or not sender:
        errors.append("from is required.")
    if not isinstance(recipients, list) or not recipients or not all(isinstance(each, dict) for each in recipients):
        errors.append("recipientInfo is required.")
        recipients = []
    pairs = [(each.get("msisdn") or "", each.get("notifyId") or "") for each in recipients]
    if not all(isinstance(msisdn, str) and isinstance(key, str) for msisdn, key in pairs):
        errors.append("msisdn and notifyId must be strings.")
    return errors or _Campaign(str(text), str(sender), pairs)


async def _body(request: Request) -> bytes | None:
    """None where it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _object(body: bytes | None) -> dict[str, Any] | None:
    try:
        said = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")
