"""The loops that keep a hospital's conversations going: the worker, the outbox, the way back to the iPMS, and the sweeps.

Every loop works until nothing is due, then sleeps until the bus wakes it or a moment has passed. A loop that meets trouble
says so, rests and goes on: what it was doing is on disk and will be met again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from conversations.finding import Finder
from conversations.intake import WORK
from conversations.leases import LeaseLost, Leases
from conversations.outbox import Outbox
from conversations.ports import Bus, Clock
from conversations.rounds import Rounds
from conversations.worker import Worker
from conversations.writeback import Writeback
from conversations.writer import StoreAway

_log = logging.getLogger("freagra.conversations")

SEND = "send"
WRITE = "write"
SWEEP = "sweep"
ROUND = "round"
SEARCH = "search"
LEASE = "lease"
RULES = "rules"  # other rules are in force
KEYS = "keys"
TIMERS = "timers"
CHANGED = "changed"  # something that people see: pages that are open wait for it

_IDLE = 0.25  # seconds between looks for what no one announced: timers that fall due, rows left by a crash
_SWEEP = 30.0
_REST = 1.0
_BEHIND = 2.0  # seconds between looks of the index for what is new in the transcript
_BREATH = 0.05  # between its steps, for those whom patients wait for
_GRACE = 20.0  # a send may be waiting for its gateway


_Loop = tuple[str, str, Callable[[], Awaitable[int]], float | None]  # name, bus topic, work, seconds it may sleep


@dataclass(slots=True)
class Pulse:
    """When each loop last came round, and its last trouble: what a health page shows."""

    beats: dict[str, datetime] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)


class Duty(Enum):
    """What a process does beside answering callers."""

    WORK = "work"  # decide
    SEND = "send"  # texts, and writes to the iPMS


EVERY_DUTY = frozenset(Duty)


class Service:
    """The loops of one process, those that its duties ask for. `leases`: of a process that shares its store with others;
    `refresh` then reads the rules in force anew, which another process may have published. `forget` lets go of the patients'
    keys that are kept in memory, since any process may have destroyed one."""

    def __init__(
        self,
        worker: Worker,
        outbox: Outbox,
        writeback: Writeback,
        rounds: Rounds,
        finder: Finder,
        clock: Clock,
        bus: Bus,
        *,
        duties: frozenset[Duty] = EVERY_DUTY,
        leases: Leases | None = None,
        refresh: Callable[[], None] = lambda: None,
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        self._worker = worker
        self._outbox = outbox
        self._writeback = writeback
        self._rounds = rounds
        self._finder = finder
        self._clock = clock
        self._bus = bus
        self._leases = leases
        self._refresh = refresh
        self._forget = forget
        self._loops = self._of(duties)
        self.pulse = Pulse()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self) -> None:
        """Begin the loops, in the running event loop."""
        self._tasks = [asyncio.create_task(self._loop(*each)) for each in self._loops]

    @property
    def loops(self) -> tuple[str, ...]:
        """The names of those that come round in this process."""
        return tuple(name for name, *_ in self._loops)

    def _of(self, duties: frozenset[Duty]) -> list[_Loop]:
        loops: list[_Loop] = [("keys", KEYS, self._let_go, _SWEEP)]
        if self._leases is not None:
            loops.append(("lease", LEASE, self._lease, self._leases.every))
            loops.append(("rules", RULES, self._reread, _SWEEP))
        if Duty.WORK in duties:
            loops.append(("worker", WORK, self._work, None))
            loops.append(("rounds", ROUND, self._round, _IDLE))
            loops.append(("search", SEARCH, self._find, _BEHIND))
        if Duty.WORK in duties and self._leases is not None:
            loops.append(("timers", TIMERS, self._announce, _SWEEP))
        if Duty.SEND in duties:
            loops.append(("outbox", SEND, self._outbox.step, _IDLE))
            loops.append(("writeback", WRITE, self._writeback.step, _IDLE))
            loops.append(("sweep", SWEEP, self._outbox.sweep, _SWEEP))
        return loops

    async def stop(self) -> None:
        """Let every loop finish what it has begun."""
        self._stopping = True
        for _, topic, _, _ in self._loops:
            self._bus.notify(topic)
        _, unfinished = await asyncio.wait(self._tasks, timeout=_GRACE) if self._tasks else (set(), set())
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._leases is not None:
            try:
                await asyncio.to_thread(self._leases.leave)
            except StoreAway:
                _log.warning("what this process worked is free only when its lease ends")

    async def _lease(self) -> int:
        assert self._leases is not None
        before = self._leases.holding().partitions
        await asyncio.to_thread(self._leases.renew, self._bus.trouble)
        held = self._leases.holding().partitions or frozenset()
        if held != before:
            _log.info("this process works %d of the partitions", len(held))
            self._bus.attend(held)
            self._bus.notify(WORK, held)
        return 0

    async def _reread(self) -> int:
        await asyncio.to_thread(self._refresh)
        return 0

    async def _let_go(self) -> int:
        self._forget()
        return 0

    async def _announce(self) -> int:
        soon = await asyncio.to_thread(self._worker.soon, self._clock.now(), 2 * timedelta(seconds=_SWEEP))
        for partition, second in soon:
            self._bus.notify_at(partition, second)
        return 0

    async def _work(self) -> int:
        try:
            step = await asyncio.to_thread(self._worker.step, self._clock.now())
        except LeaseLost:
            _log.warning("another process works what this one was slow with")
            return 0
        if step.events:
            self._bus.notify(SEND)
            self._bus.notify(WRITE)
            self._bus.notify(CHANGED)
        return step.events

    @property
    def _first(self) -> bool:
        """Whether this is the process that does what one is enough for."""
        return self._leases is None or 0 in (self._leases.holding().partitions or ())

    async def _round(self) -> int:
        return await self._rounds.step() if self._first else 0

    async def _find(self) -> int:
        if not self._first:
            return 0
        further = await asyncio.to_thread(self._finder.step)
        if further:
            await asyncio.sleep(_BREATH)
        return further

    async def _loop(self, name: str, topic: str, work: Callable[[], Awaitable[int]], idle: float | None) -> None:
        while not self._stopping:
            try:
                done = await work()
            except Exception as trouble:  # noqa: BLE001 - a loop that ends silently would stop the hospital's texts
                await self._rest(name, trouble)
                continue
            self.pulse.beats[name] = self._clock.now()
            self.pulse.troubles.pop(name, None)
            if not done or topic == SWEEP:
                await self._bus.wait(topic, self._bus.patience if idle is None else idle)

    async def _rest(self, name: str, trouble: Exception) -> None:
        # The type alone: a driver's message may quote a row.
        _log.error("%s rests after %s", name, type(trouble).__name__)
        self.pulse.troubles[name] = type(trouble).__name__
        await asyncio.sleep(_REST)
