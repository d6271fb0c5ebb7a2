"""The loops that keep a hospital's conversations going: the worker, the outbox, the way back to the iPMS, and the sweeps.

Every loop works until nothing is due, then sleeps until the bus wakes it or a moment has passed. A loop that meets trouble
says so, rests and goes on: what it was doing is on disk and will be met again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from conversations.finding import Finder
from conversations.intake import WORK
from conversations.outbox import Outbox
from conversations.ports import Bus, Clock
from conversations.rounds import Rounds
from conversations.worker import Worker
from conversations.writeback import Writeback

_log = logging.getLogger("freagra.conversations")

SEND = "send"
WRITE = "write"
SWEEP = "sweep"
ROUND = "round"
SEARCH = "search"
CHANGED = "changed"  # something that people see: pages that are open wait for it

_IDLE = 0.25  # seconds between looks for what no one announced: timers that fall due, rows left by a crash
_SWEEP = 30.0
_REST = 1.0
_BEHIND = 2.0  # seconds between looks of the index for what is new in the transcript
_BREATH = 0.05  # between its steps, for those whom patients wait for
_GRACE = 20.0  # a send may be waiting for its gateway


@dataclass(slots=True)
class Pulse:
    """When each loop last came round, and its last trouble: what a health page shows."""

    beats: dict[str, datetime] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)


class Service:
    def __init__(
        self, worker: Worker, outbox: Outbox, writeback: Writeback, rounds: Rounds, finder: Finder, clock: Clock, bus: Bus
    ) -> None:
        self._worker = worker
        self._outbox = outbox
        self._writeback = writeback
        self._rounds = rounds
        self._finder = finder
        self._clock = clock
        self._bus = bus
        self.pulse = Pulse()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self) -> None:
        """Begin the loops, in the running event loop."""
        self._tasks = [
            asyncio.create_task(self._loop("worker", WORK, self._work, _IDLE)),
            asyncio.create_task(self._loop("outbox", SEND, self._outbox.step, _IDLE)),
            asyncio.create_task(self._loop("writeback", WRITE, self._writeback.step, _IDLE)),
            asyncio.create_task(self._loop("rounds", ROUND, self._rounds.step, _IDLE)),
            asyncio.create_task(self._loop("sweep", SWEEP, self._outbox.sweep, _SWEEP)),
            asyncio.create_task(self._loop("search", SEARCH, self._find, _BEHIND)),
        ]

    async def stop(self) -> None:
        """Let every loop finish what it has begun."""
        self._stopping = True
        for topic in (WORK, SEND, WRITE, ROUND, SWEEP, SEARCH):
            self._bus.notify(topic)
        _, unfinished = await asyncio.wait(self._tasks, timeout=_GRACE) if self._tasks else (set(), set())
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _work(self) -> int:
        step = await asyncio.to_thread(self._worker.step, self._clock.now())
        if step.events:
            self._bus.notify(SEND)
            self._bus.notify(WRITE)
            self._bus.notify(CHANGED)
        return step.events

    async def _find(self) -> int:
        further = await asyncio.to_thread(self._finder.step)
        if further:
            await asyncio.sleep(_BREATH)
        return further

    async def _loop(self, name: str, topic: str, work: Callable[[], Awaitable[int]], idle: float) -> None:
        while not self._stopping:
            try:
                done = await work()
            except Exception as trouble:  # noqa: BLE001 - a loop that ends silently would stop the hospital's texts
                await self._rest(name, trouble)
                continue
            self.pulse.beats[name] = self._clock.now()
            self.pulse.troubles.pop(name, None)
            if not done or topic == SWEEP:
                await self._bus.wait(topic, idle)

    async def _rest(self, name: str, trouble: Exception) -> None:
        # The type alone: a driver's message may quote a row.
        _log.error("%s rests after %s", name, type(trouble).__name__)
        self.pulse.troubles[name] = type(trouble).__name__
        await asyncio.sleep(_REST)
