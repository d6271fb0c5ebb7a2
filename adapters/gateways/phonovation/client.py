"""The way out to Phonovation: token, send, health.

Source: https://knowledgebase.phonovation.com/oauth-api. The send answer holds no id of the gateway's own and nothing
says that a repeated send is recognised, so our key travels as `notifyId` and a send whose answer is lost is UNKNOWN,
never silently repeated.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from adapters.gateways.phonovation.faults import BAD_NUMBER, fault
from adapters.gateways.phonovation.settings import PhonovationSettings
from adapters.gateways.phonovation.webhooks import Webhooks
from adapters.retry_after import retry_after
from conversations.ports import Inbound, OutboundText, SendResult, SendStatus, WebhookRequest

log = logging.getLogger("freagra.adapters")

MAX_ANSWER = 64 * 1024
RENEW_AT = 0.75  # of a token's life
RENEW_PAUSE = 5.0  # seconds, where renewal failed and the old token still holds
NO_ANSWER = "The gateway did not answer; it may have taken the text."
TOKEN_LIFE = 120.0  # seconds, where the answer does not say

_KEY = re.compile("[0-9a-f]{32}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    renew_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class _Answer:
    """`said` is the JSON object of the body, None where the body is none or larger than we read."""

    status: int
    headers: Mapping[str, str]
    said: Mapping[str, Any] | None


class Phonovation:
    """One account. For use within one event loop. `transport` and `monotonic` are for tests."""

    def __init__(
        self,
        settings: PhonovationSettings,
        *,
        name: str = "phonovation",
        transport: httpx.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.segments_per_second = settings.segments_per_second
        self._settings = settings
        self._monotonic = monotonic
        self._webhooks = Webhooks(settings)
        self._token: _Token | None = None
        self._renewal: asyncio.Task[_Token | SendResult] | None = None
        self._token_url = settings.auth_url.rstrip("/") + "/token"
        self._send_url = settings.api_url.rstrip("/") + "/api/v2/Campaign"
        self._health_url = settings.api_url.rstrip("/") + "/health"
        # One exchange may not drag on by trickling bytes. Longer than its steps together up to the first byte of the
        # answer, so that it only ever cuts a read.
        self._deadline = 3 * settings.connect_seconds + 2 * settings.answer_seconds
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(
                connect=settings.connect_seconds,
                pool=settings.connect_seconds,
                write=settings.answer_seconds,
                read=settings.answer_seconds,
            ),
            # Idle connections are dropped early: one that the server closes as we write would leave a text UNKNOWN.
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=3.0),
            headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "freagra"},
            follow_redirects=False,
            trust_env=False,
        )

    async def send(self, text: OutboundText) -> SendResult:
        """Hands one text over, as a campaign of one recipient (personal texts need a call each). `not_after` is for the
        outbox to keep: no validity period is known of this gateway."""
        if not _NUMBER.fullmatch(text.to):
            return SendResult(SendStatus.REFUSED, BAD_NUMBER.code, "The number is not in international form.")
        if not _KEY.fullmatch(text.key):
            return SendResult(SendStatus.REFUSED, "bad_key", "The text's key is not 32 lowercase hex digits.")
        try:
            body = orjson.dumps(
                {
                    "text": text.text,
                    "from": self.sender(text.clinic),
                    "recipientInfo": [{"msisdn": text.to[1:], "notifyId": text.key}],
                }
            )
        except orjson.JSONEncodeError:
            return SendResult(SendStatus.REFUSED, "bad_text", "The text holds characters that cannot be sent.")
        token = await self._bearer()
        if isinstance(token, SendResult):
            return token
        result = await self._hand_over(token, body)
        if result is None:
            token = await self._bearer(refused=token.value)
            if isinstance(token, SendResult):
                return token
            result = await self._hand_over(token, body)
        if result is None:
            result = SendResult(SendStatus.HALTED, "token_refused", "The gateway refuses the tokens that it gives us.")
        if result.status is not SendStatus.ACCEPTED:
            log.warning("%s did not take a text: %s (%s)", self.name, result.status, result.code)
        return result

    def sender(self, clinic: str) -> str:
        return self._settings.senders.get(clinic, self._settings.sender)

    def read_webhook(self, request: WebhookRequest) -> Sequence[Inbound]:
        return self._webhooks.read(request)

    async def healthy(self) -> bool:
        """Whether the gateway answers its health check. Says nothing about our account."""
        try:
            async with asyncio.timeout(self._deadline), self._client.stream("GET", self._health_url) as response:
                return response.status_code == 200
        except (httpx.HTTPError, TimeoutError):
            return False

    async def close(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        await self._client.aclose()

    async def _hand_over(self, token: _Token, body: bytes) -> SendResult | None:
        """None where the token was refused: then the text was not taken."""
        headers = {"authorization": f"Bearer {token.value}", "content-type": "application/json"}
        try:
            answer = await self._exchange("POST", self._send_url, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return SendResult(SendStatus.RETRY, "no_connection", "The gateway could not be reached.")
        except (httpx.HTTPError, TimeoutError):
            # The request was written, or some of it, or all of it as far as we can tell.
            return SendResult(SendStatus.UNKNOWN, "no_answer", NO_ANSWER)
        return None if answer.status == 401 else _judge(answer)

    async def _bearer(self, refused: str = "") -> _Token | SendResult:
        """A token that is good for now and is not the one just refused. However many ask, one renewal runs."""
        token = self._token
        if token is not None and token.value != refused and self._monotonic() < token.renew_at:
            return token
        renewal = self._renewal
        if renewal is None:
            renewal = self._renewal = asyncio.create_task(self._renew(refused))
            renewal.add_done_callback(self._renewed)
        # Shielded: one sender that is cancelled takes nobody else's token away.
        outcome: _Token | SendResult = await asyncio.shield(renewal)
        if isinstance(outcome, _Token) and outcome.value == refused:
            # A renewal that began before the refusal failed and fell back on the old token.
            return SendResult(SendStatus.RETRY, "login_failed", "The gateway's login gave no new token.")
        return outcome

    def _renewed(self, _: asyncio.Task[_Token | SendResult]) -> None:
        self._renewal = None

    async def _renew(self, refused: str) -> _Token | SendResult:
        asked_at = self._monotonic()
        fresh = await self._log_in(asked_at)
        old = self._token
        if isinstance(fresh, _Token):
            self._token = fresh
            return fresh
        log.warning("%s gave no token: %s (%s)", self.name, fresh.status, fresh.code)
        still_good = old is not None and old.value != refused and asked_at < old.expires_at
        if fresh.status is SendStatus.RETRY and old is not None and still_good:
            self._token = _Token(old.value, min(asked_at + RENEW_PAUSE, old.expires_at), old.expires_at)
            return self._token
        self._token = None
        return fresh

    async def _log_in(self, asked_at: float) -> _Token | SendResult:
        form = {
            "grant_type": "password",
            "client_id": "ismstoken",
            "username": self._settings.username,
            "password": self._settings.password,
        }
        try:
            answer = await self._exchange("POST", self._token_url, data=form)
        except (httpx.HTTPError, TimeoutError):  # no text was under way, so every such fault can be tried again
            return SendResult(SendStatus.RETRY, "login_no_answer", "The gateway's login did not answer.")
        if answer.status in (400, 401, 403):
            return SendResult(SendStatus.HALTED, "login_refused", "The gateway refuses our user name or password.")
        if answer.status == 200 and answer.said is not None:
            value = answer.said.get("access_token")
            if isinstance(value, str) and _TOKEN.fullmatch(value):
                life = _seconds(answer.said.get("expires_in"), TOKEN_LIFE, at_most=86_400.0)
                return _Token(value, asked_at + RENEW_AT * life, asked_at + life)
        if answer.status == 429 or answer.status >= 500 or answer.status in (200, 408):
            return SendResult(
                SendStatus.RETRY, "login_failed", "The gateway's login gave no token.", retry_after=_retry_after(answer)
            )
        return SendResult(SendStatus.HALTED, "login_failed", f"The gateway's login answered {answer.status}.")

    async def _exchange(self, method: str, url: str, **request: Any) -> _Answer:
        """One request and its answer, of which no more than MAX_ANSWER bytes are read. Raises httpx.HTTPError and
        TimeoutError."""
        async with asyncio.timeout(self._deadline):
            body = bytearray()
            async with self._client.stream(method, url, **request) as response:
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        break
        said = None
        if len(body) <= MAX_ANSWER:
            try:
                said = orjson.loads(bytes(body))
            except orjson.JSONDecodeError:
                said = None
        return _Answer(response.status_code, response.headers, said if isinstance(said, dict) else None)


def _judge(answer: _Answer) -> SendResult:
    """What the answer to a send means for the text."""
    status, said = answer.status, answer.said
    if said is not None and said.get("success") is False and status < 500 and status != 429:
        blame = fault(_messages(said))
        return SendResult(SendStatus.HALTED if blame.halts else SendStatus.REFUSED, blame.code, blame.reason)
    if 200 <= status < 300:
        if said is not None and said.get("success") is True:
            return SendResult(SendStatus.ACCEPTED)
        return SendResult(SendStatus.UNKNOWN, "unreadable", "The gateway's answer made no sense; it may have the text.")
    if status == 504:  # a proxy in front of the gateway says what a time-out says: nobody knows
        return SendResult(SendStatus.UNKNOWN, "http_504", NO_ANSWER)
    if status >= 500 or status in (408, 429):
        return SendResult(
            SendStatus.RETRY, f"http_{status}", "The gateway is busy or out of order.", retry_after=_retry_after(answer)
        )
    if status in (402, 403, 404, 405) or 300 <= status < 400:
        return SendResult(SendStatus.HALTED, f"http_{status}", f"The gateway answered {status}: check its address.")
    return SendResult(SendStatus.REFUSED, f"http_{status}", f"The gateway answered {status} to this text.")


def _messages(said: Mapping[str, Any]) -> list[str]:
    """Every text in `message` and `errors`, whose shape the vendor does not state: texts, or objects holding texts."""
    errors = said.get("errors")
    found = [said.get("message"), *(errors if isinstance(errors, list) else [errors])]
    for item in list(found):
        if isinstance(item, dict):
            found.extend(item.values())
    return [item for item in found if isinstance(item, str)]


def _retry_after(answer: _Answer) -> float | None:
    return retry_after(answer.headers.get("retry-after", ""), datetime.now(UTC))


def _seconds(value: object, default: float, *, at_most: float) -> float:
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) else default
    except ValueError:
        return default
    return min(seconds, at_most) if seconds > 0 else default
