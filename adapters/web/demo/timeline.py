"""Setting the demonstration's clock forward so that nothing on the way is skipped: it stops wherever something falls
due and waits until that has been done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from adapters.web.demo.clock import DemoClock
from adapters.web.demo.crowd import Crowd
from adapters.web.demo.reader import Planned, Reader

# What falls due this close together is done at one stop.
TOGETHER = timedelta(minutes=3)
_PATIENCE = 4.0  # real seconds that a stop may take
_LOOK = 0.05
_QUIET = 2  # looks in a row that find nothing to do


class Timeline:
    def __init__(
        self, clock: DemoClock, reader: Reader, crowd: Crowd, *, wake: Callable[[], None], calm: Callable[[], bool]
    ) -> None:
        """`wake` tells the service to look what is due; `calm` says that nothing is under way outside of it."""
        self.running = False
        self._clock = clock
        self._reader = reader
        self._crowd = crowd
        self._wake = wake
        self._calm = calm

    async def next(self) -> Planned | None:
        """What happens next by itself, on the clock."""
        planned = await asyncio.to_thread(self._reader.next_planned, self._clock.now())
        answer = self._crowd.next_at()
        if answer is not None and (planned is None or answer < planned.at):
            return Planned(answer, "answer")
        return planned

    async def forward(self, by: timedelta) -> None:
        """Returns when the clock is there. Does nothing while it is being set forward already."""
        async with self._alone() as mine:
            if mine:
                await self._run_to(self._clock.now() + by)

    async def to_next(self) -> None:
        """To the next thing that happens by itself, and until it has been done."""
        async with self._alone() as mine:
            planned = await self.next() if mine else None
            if planned is not None:
                await self._stop_at(planned.at)

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        if self.running:
            yield False
            return
        self.running = True
        try:
            yield True
        finally:
            self.running = False

    async def _run_to(self, end: datetime) -> None:
        await self._settle()
        while (planned := await self.next()) is not None and planned.at <= end:
            await self._stop_at(min(planned.at + TOGETHER, end))
        await self._stop_at(end)

    async def _stop_at(self, at: datetime) -> None:
        self._clock.set_forward(at)
        await self._settle()

    async def _settle(self) -> None:
        quiet = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while quiet < _QUIET:
                    self._wake()
                    await asyncio.sleep(_LOOK)
                    answer = self._crowd.next_at()
                    waiting = answer is not None and answer <= self._clock.now()
                    busy = waiting or not self._calm() or await asyncio.to_thread(self._reader.busy, self._clock.now())
                    quiet = 0 if busy else quiet + 1
