"""The outbox: texts leave here, and nowhere else.

A text is marked `sending` on disk before the gateway is asked, and what the gateway said comes back through the inbox. So
after a crash a text is queued (nobody was asked), settled (the answer is on disk), or `sending`: then it may or may not have
left, and we wait for the gateway's webhook before deciding; it is never sent again blindly. Answers go before
news, news before reminders. Each gateway has one bucket of segments per second.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import schema
from conversations.changes import halt
from conversations.database import Database
from conversations.gate import look
from conversations.intake import RECEIPT, WORK, Intake, receipt_content
from conversations.places import text_place
from conversations.ports import Bus, Clock, Gateway, InboundReceipt, OutboundText, Rate, SendResult, SendStatus
from conversations.rulebook import Rulebook
from conversations.schema import instant, moment
from conversations.vault import KeyErased, SealBroken, Vault
from conversations.writer import Writer
from engine.effects import LANES
from engine.events import TAKEN_APART, TextStatus

_log = logging.getLogger("freagra.conversations")

# A `sending` text with no word from the gateway for this long is reported as unknown.
NO_WORD = timedelta(minutes=10)
# After an account fault (credit, sender) the lane rests this long before it tries again.
HALT = timedelta(minutes=5)

# A claim that is older than this when the gateway would be asked is not acted on.
_OVERSLEPT = timedelta(minutes=1)

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=15)
_texts = schema.texts


def backoff(attempts: int, rng: random.Random, asked: float | None = None) -> timedelta:
    """How long to wait after this many failures: doubling, up to a quarter of an hour, half of it drawn at random so that a
    thousand texts do not come back in one moment. Never less than the other side asked for."""
    wait = min(_FIRST_WAIT * 2 ** min(attempts, 10), _LONGEST_WAIT)
    drawn: timedelta = wait * (0.5 + rng.random() / 2)
    return max(drawn, timedelta(seconds=asked or 0))


def burst(rate: float) -> float:
    """The most segments that may leave in one moment, where so many a second are agreed."""
    return max(rate, 2.0)


class Bucket:
    """The Rate of one process: refills at `rate` a second up to `burst`, and begins full. Each of `sharers()` processes that
    cannot ask one another lets its part of it through."""

    def __init__(self, rate: float, clock: Clock, sharers: Callable[[], int] = lambda: 1) -> None:
        self._rate = rate
        self._clock = clock
        self._sharers = sharers
        self._filled = burst(rate)
        self._at = clock.now()

    async def draw(self, wanted: int) -> float:
        now, most = self._clock.now(), burst(self._rate)
        elapsed = max((now - self._at).total_seconds(), 0)
        self._filled = min(most, self._filled + elapsed * self._rate / max(self._sharers(), 1))
        self._at = now
        drawn = max(min(self._filled, wanted), 0.0)
        self._filled -= drawn
        return drawn

    async def give_back(self, segments: float) -> None:
        self._filled += segments


class Outbox:
    """Sends what is due through one gateway."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        vault: Vault,
        rulebook: Rulebook,
        gateway: Gateway,
        intake: Intake,
        clock: Clock,
        bus: Bus,
        *,
        rng: random.Random | None = None,
        at_once: int = 64,
        rate: Rate | None = None,
    ) -> None:
        self._database = database
        self._writer = writer
        self._vault = vault
        self._rulebook = rulebook
        self._gateway = gateway
        self._intake = intake
        self._clock = clock
        self._bus = bus
        self._rng = rng or random.Random()
        self._at_once = at_once
        self._burst = burst(gateway.segments_per_second)
        self._rate = rate or Bucket(gateway.segments_per_second, clock)

    async def step(self) -> int:
        """Send what may leave now; how many texts were moved on. Raises StoreAway."""
        now = self._clock.now()
        due = await asyncio.to_thread(self._next, now)
        if not due:
            return 0
        drawn = await self._rate.draw(sum(due.values()))
        # Looked at and claimed in one transaction: nothing that is committed before the claim can escape the look.
        claim = await self._writer.run(lambda connection: self._claim(connection, list(due), now, drawn))
        await self._rate.give_back(claim.left)
        if claim.unsent:
            self._bus.notify(WORK)
        results = await asyncio.gather(*(self._send(row, now) for row in claim.sending))
        await self._note([receipt for receipt in results if receipt is not None])
        return claim.moved

    def _next(self, now: datetime) -> dict[str, int]:
        """What is due and nobody else is about to send: key and segments."""
        with self._database.reader() as connection:
            return {} if self._halted(connection, now) else self._lanes(connection, now)

    def _lanes(self, connection: Connection, now: datetime) -> dict[str, int]:
        found: dict[str, int] = {}
        for lane in LANES:
            if len(found) < self._at_once:
                found.update(self._due(connection, lane, now)[: self._at_once - len(found)])
        return found

    def _claim(self, connection: Connection, keys: list[str], now: datetime, drawn: float) -> _Claim:
        """Mark on disk what will be sent, and with it report what will not."""
        if connection.dialect.name != "sqlite":
            # Several send: what another one looks at is left to it, and what it has claimed meanwhile is not queued any more.
            keys = list(self._lanes(connection, now))
        claim = _Claim(left=drawn)
        full = False
        for each in look(connection, self._rulebook, keys, now):
            if each.row.phase != "queued":
                continue
            if each.unsent is not None:
                claim.unsent += 1
                if each.parts:
                    _set(connection, each.row.key, phase="done", status="unsent", reason=each.unsent, status_at=instant(now))
                for held in each.parts or (each,):
                    receipt = InboundReceipt(held.row.key, TextStatus.UNSENT, reason=held.unsent or TAKEN_APART)
                    connection.execute(sa.insert(schema.inbox), self._rows([receipt]))
                    _set(connection, held.row.key, phase="held", status_at=instant(now))
            elif each.later is not None:
                claim.later += 1
                _set(connection, each.row.key, due=instant(each.later))
            elif not full and claim.left >= min(each.row.segments, self._burst):
                claim.left -= each.row.segments
                claim.sending.append(each.row)
                _set(connection, each.row.key, phase="sending", status_at=instant(now))
            else:
                full = True  # nothing shorter slips past the one that has to wait
        return claim

    def _due(self, connection: Connection, lane: str, now: datetime) -> list[tuple[str, int]]:
        query = (
            sa.select(_texts.c.key, _texts.c.segments)
            .where(_texts.c.phase == "queued", _texts.c.lane == lane, _texts.c.due <= instant(now))
            .where(_texts.c.gateway == self._gateway.name)
            .order_by(_texts.c.due)
            .limit(self._at_once)
        )
        if not connection.get_execution_options().get("postgresql_readonly"):
            query = query.with_for_update(skip_locked=True)
        return [(key, segments) for key, segments in connection.execute(query)]

    def _halted(self, connection: Connection, now: datetime) -> bool:
        query = sa.select(schema.facts.c.at).where(schema.facts.c.name == f"halted:{self._gateway.name}")
        since = connection.execute(query).scalar()
        return since is not None and now < moment(since) + HALT

    async def _send(self, row: Any, claimed: datetime) -> InboundReceipt | None:
        if self._clock.now() - claimed > _OVERSLEPT:
            # The process stood still in between. What was right to send then may be wrong by now: look again.
            await self._writer.run(lambda connection: _unclaim(connection, row.key, claimed))
            return None
        try:
            content = orjson.loads(self._vault.open(row.wrapped_key, text_place(row.key), row.sealed))
            text = OutboundText(row.key, content["to"], content["text"], moment(row.not_after), row.segments, row.clinic)
        except (SealBroken, KeyErased, ValueError, LookupError) as fault:
            _log.error("text %s cannot be read: %s", row.key, type(fault).__name__)
            return InboundReceipt(row.key, TextStatus.REJECTED, "unreadable", "what was to be sent cannot be read")
        try:
            result = await self._gateway.send(text)
        except Exception as fault:  # noqa: BLE001 - the port promises not to raise; one text must not cost the others theirs
            _log.error("gateway %s raised %s", self._gateway.name, type(fault).__name__)
            return None  # it may have left
        match result.status:
            case SendStatus.ACCEPTED:
                return InboundReceipt(row.key, TextStatus.ACCEPTED, result.code, result.reason)
            case SendStatus.REFUSED:
                return InboundReceipt(
                    row.key, TextStatus.REJECTED, result.code, result.reason, opted_out=result.opted_out
                )
            case SendStatus.UNKNOWN:
                return None  # stays `sending` until the gateway's webhook or the sweep says more
            case SendStatus.RETRY | SendStatus.HALTED:
                await self._set_back(row, result)
                return None

    async def _set_back(self, row: Any, result: SendResult) -> None:
        now = self._clock.now()
        due = instant(now + backoff(row.attempts, self._rng, result.retry_after))
        halted = result.status is SendStatus.HALTED

        def job(connection: Connection) -> None:
            if halted:
                halt(connection, self._vault, self._gateway.name, result.reason, instant(now))
            connection.execute(
                sa.update(_texts)
                .where(_texts.c.key == row.key, _texts.c.phase == "sending")
                .values(phase="queued", due=due, attempts=row.attempts + (0 if halted else 1), reason=result.reason[:200])
            )

        if halted:
            _log.error("gateway %s refuses our account: %s", self._gateway.name, result.code)
        await self._writer.run(job)

    async def _note(self, receipts: Sequence[InboundReceipt]) -> None:
        if receipts:
            await self._intake.take(self._rows(receipts))

    def _rows(self, receipts: Sequence[InboundReceipt]) -> list[dict[str, Any]]:
        source = f"outbox:{self._gateway.name}"
        return [
            self._intake.row(
                source, RECEIPT, f"{receipt.key}:{receipt.status}", receipt_content(receipt), about=receipt.key or ""
            )
            for receipt in receipts
        ]

    async def sweep(self) -> int:
        """Report texts that were handed over and never heard of again; how many."""
        now = self._clock.now()

        def find() -> list[str]:
            with self._database.reader() as connection:
                query = (
                    sa.select(_texts.c.key)
                    .where(_texts.c.phase == "sending", _texts.c.status_at <= instant(now - NO_WORD))
                    .limit(500)
                )
                return list(connection.execute(query).scalars())

        lost = await asyncio.to_thread(find)
        await self._note([InboundReceipt(key, TextStatus.UNKNOWN, reason="no word from the gateway") for key in lost])
        return len(lost)


@dataclass(slots=True)
class _Claim:
    """What one step does with the texts that are due."""

    left: float  # of the segments drawn
    sending: list[Any] = field(default_factory=list)
    unsent: int = 0
    later: int = 0

    @property
    def moved(self) -> int:
        return len(self.sending) + self.unsent + self.later


def _unclaim(connection: Connection, key: str, claimed: datetime) -> None:
    """Queue it again, unless it was given up as unknown meanwhile."""
    query = sa.update(_texts).where(_texts.c.key == key, _texts.c.phase == "sending", _texts.c.status_at == instant(claimed))
    connection.execute(query.values(phase="queued"))


def _set(connection: Connection, key: str, **values: Any) -> None:
    connection.execute(sa.update(_texts).where(_texts.c.key == key).values(**values))
