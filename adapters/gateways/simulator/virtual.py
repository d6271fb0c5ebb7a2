"""A gateway without network or waiting, for a virtual clock: receipts and replies lie on a heap until their time."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import NoReturn

from adapters.gateways.simulator import patients
from adapters.gateways.simulator.behaviour import Behaviour, Fate
from conversations.ports import (
    Clock,
    Inbound,
    InboundReceipt,
    InboundReply,
    OutboundText,
    SendResult,
    SendStatus,
    WebhookRefused,
    WebhookRequest,
)
from engine.events import TextStatus

NUMBER = "+353879999999"  # of the hospital, to which replies go

# A decent Irish network on a working day.
PLAUSIBLE = Behaviour(
    result_after=(0.2, 3.0),
    receipt_after=(2.0, 240.0),
    undelivered=0.02,
    no_receipt=0.005,
    duplicate=0.01,
    out_of_order=0.01,
)


class VirtualGateway:
    """The Gateway port on `clock`. What happens depends on seed, phone and how many texts the phone has had, on nothing
    else: the same run gives the same receipts and replies.

    `persona` decides what the phone's owner answers (patients.answer unless told), `language` which language is theirs
    (told by the text unless given)."""

    def __init__(
        self,
        clock: Clock,
        behaviour: Behaviour = PLAUSIBLE,
        *,
        name: str = "virtual",
        segments_per_second: float = 50.0,
        persona: patients.Persona = patients.answer,
        language: Callable[[str], str] | None = None,
    ) -> None:
        self.name = name
        self.segments_per_second = segments_per_second
        self.texts = 0  # taken
        self.segments = 0
        self._clock = clock
        self._behaviour = behaviour
        self._persona = persona
        self._language = language
        self._order = itertools.count()  # of equal times
        self._coming: list[tuple[datetime, int, Inbound]] = []
        self._had: Counter[str] = Counter()
        self._tries: Counter[str] = Counter()
        self._burst = 0

    async def send(self, text: OutboundText) -> SendResult:
        now = self._clock.now()
        if not text.to.startswith("+") or not text.to[1:].isdigit():
            return SendResult(SendStatus.REFUSED, "bad_number", "The number is not in international form.")
        busy = self._busy(text.to)
        if busy is not None:
            return busy
        rng = Random(f"{self._behaviour.seed}:{text.to}:{self._had[text.to]}")
        self._had[text.to] += 1
        fate = self._behaviour.fate(rng)
        self._plan(text, fate, now)
        if not fate.campaign_error and not fate.message_error:
            self.texts += 1
            self.segments += text.segments
            if fate.delivered:
                self._answer(text, fate, now, rng)
        if fate.hangs:
            return SendResult(SendStatus.UNKNOWN, "no_answer", "The gateway did not answer; it may have it.")
        return SendResult(SendStatus.ACCEPTED)

    def next_at(self) -> datetime | None:
        """When the next receipt or reply comes in, None where none is under way."""
        return self._coming[0][0] if self._coming else None

    def due(self, now: datetime) -> list[Inbound]:
        """Every receipt and reply that has come in by `now`, in the order of coming; each is given out once."""
        found = []
        while self._coming and self._coming[0][0] <= now:
            found.append(heapq.heappop(self._coming)[2])
        return found

    def read_webhook(self, request: WebhookRequest) -> NoReturn:  # noqa: ARG002 - the port names it
        raise WebhookRefused(404, "not_found", "This gateway has no webhooks.")

    def sender(self, clinic: str) -> str:  # noqa: ARG002  the port's shape
        return "HOSPITAL"

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is held open."""

    def _busy(self, phone: str) -> SendResult | None:
        if not self._behaviour.server_error and not self._behaviour.throttled:
            return None
        rng = Random(f"{self._behaviour.seed}:{phone}:try {self._tries[phone]}")
        self._tries[phone] += 1
        if rng.random() < self._behaviour.server_error and not self._burst:
            self._burst = self._behaviour.burst
        if self._burst:
            self._burst -= 1
            return SendResult(SendStatus.RETRY, "http_503", "The gateway is busy or out of order.")
        if rng.random() < self._behaviour.throttled:
            return SendResult(SendStatus.RETRY, "http_429", "The gateway is busy or out of order.", retry_after=1.0)
        return None

    def _plan(self, text: OutboundText, fate: Fate, now: datetime) -> None:
        done = now + timedelta(seconds=fate.result_after)
        key: str | None = text.key
        status, code, reason, halts = TextStatus.ACCEPTED, "", "", False
        if fate.campaign_error:
            key, status, halts = None, TextStatus.REJECTED, True
            code, reason = "sender_invalid", "The gateway does not accept our sender name."
        elif fate.message_error:
            status, code, reason = TextStatus.REJECTED, "gateway_internal", "The gateway had an internal fault."
        word = InboundReceipt(key, status, code, reason, done, f"result:{text.key}:{status}:{done.isoformat()}", halts)
        self._bring(done, word, fate.results)
        if status is TextStatus.REJECTED:
            return
        at = now + timedelta(seconds=fate.receipt_after)
        final = TextStatus.DELIVERED if fate.delivered else TextStatus.UNDELIVERABLE
        code, reason = ("", "") if fate.delivered else ("not_delivered", "The network did not deliver it.")
        word = InboundReceipt(text.key, final, code, reason, at, f"receipt:{text.key}:{final}:{at.isoformat()}")
        self._bring(at, word, fate.receipts)

    def _answer(self, text: OutboundText, fate: Fate, now: datetime, rng: Random) -> None:
        read = now + timedelta(seconds=fate.receipt_after)
        language = self._language(text.to) if self._language else patients.language_of(text.text)
        for delay, words in self._persona(rng, text.text, language):
            at = read + timedelta(seconds=delay / self._behaviour.patient_speed)
            hint = text.key if fate.hinted else None
            self._bring(at, InboundReply(text.to, NUMBER, words, at, answers=hint), 1)

    def _bring(self, at: datetime, word: Inbound, times: int) -> None:
        for repeat in range(times):
            heapq.heappush(self._coming, (at + timedelta(seconds=repeat), next(self._order), word))


