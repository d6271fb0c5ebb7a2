"""Clocks and the bus of a service that runs in one process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands until it is moved; for simulations and tests."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def move_to(self, now: datetime) -> None:
        """Never back."""
        self._now = max(self._now, now.astimezone(UTC))

    def move(self, duration: timedelta) -> None:
        self.move_to(self._now + duration)


class LocalBus:
    """Wakes the loops of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}
        self._early: set[str] = set()

    trouble = ""
    patience = 0.25

    def notify_at(self, partition: int, second: int) -> None:
        """The loops of one process look often enough."""

    def attend(self, partitions: Iterable[int]) -> None:
        """All that is notified is for this process."""

    def notify(self, topic: str, partitions: Iterable[int] = ()) -> None:  # noqa: ARG002  whoever waits looks at all of it
        with self._lock:
            waiter = self._events.get(topic)
            if waiter is None:
                self._early.add(topic)
                return
        loop, event = waiter
        if event.is_set():
            return  # it is awake already
        if not loop.is_closed():
            loop.call_soon_threadsafe(event.set)

    async def wait(self, topic: str, seconds: float) -> None:
        with self._lock:
            waiter = self._events.get(topic)
            if waiter is None or waiter[0] is not asyncio.get_running_loop():
                waiter = (asyncio.get_running_loop(), asyncio.Event())
                self._events[topic] = waiter
                if topic in self._early:
                    self._early.discard(topic)
                    waiter[1].set()
        event = waiter[1]
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        event.clear()
