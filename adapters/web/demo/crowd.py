"""The patients behind the simulated phones. They answer on the demonstration's clock, so that their answers come along
when it is set forward; a phone that the visitor takes up answers no more by itself."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import Counter, deque
from datetime import datetime, timedelta
from random import Random
from typing import Any

from adapters.gateways.simulator import SimulatedGateway, answer
from adapters.gateways.simulator.patients import language_of
from conversations.ports import Clock

_LOOK = 0.1  # seconds between looks at the clock
_HINTED = 0.9  # replies of which the gateway says what they answer


class Crowd:
    """`speed`: how many times faster than people these patients answer. `played`: numbers that the visitor answers for,
    digits without plus sign. `parts`: replies that are written down, each to the next text that a number gets, with the
    minutes that they take; who has a part says nothing else."""

    def __init__(self, gateway: SimulatedGateway, clock: Clock, *, seed: int, speed: float) -> None:
        self.played: set[str] = set()
        self.parts: dict[str, deque[tuple[float, str]]] = {}
        self._gateway = gateway
        self._clock = clock
        self._seed = seed
        self._speed = speed
        self._order = itertools.count()
        self._coming: list[tuple[datetime, int, str, str, bool]] = []
        self._had: Counter[str] = Counter()

    def next_at(self) -> datetime | None:
        """When the next answer comes, None where nobody is about to."""
        return next((at for at, _, number, _, _ in sorted(self._coming) if number not in self.played), None)

    def will_text(self, at: datetime, number: str, words: str, *, hinted: bool = False) -> None:
        heapq.heappush(self._coming, (at, next(self._order), number, words, hinted))

    async def run(self) -> None:
        """Until cancelled, or until the gateway closes."""
        with self._gateway.phones.watch() as queue:
            while True:
                try:
                    change = await asyncio.wait_for(queue.get(), _LOOK)
                except TimeoutError:
                    pass
                else:
                    if change is None:
                        return
                    if change["by"] == "hospital" and change["status"] == "delivered":
                        self._read(change)
                self._answer()

    def _read(self, change: dict[str, Any]) -> None:
        number, text = change["phone"], change["text"]
        if number in self.parts:
            if self.parts[number]:
                minutes, words = self.parts[number].popleft()
                self.will_text(self._clock.now() + timedelta(minutes=minutes), number, words)
            return
        self._had[number] += 1
        rng = Random(f"{self._seed}:{number}:{self._had[number]}")
        for seconds, words in answer(rng, text, language_of(text)):
            at = self._clock.now() + timedelta(seconds=seconds / self._speed)
            self.will_text(at, number, words, hinted=rng.random() < _HINTED)

    def _answer(self) -> None:
        while self._coming and self._coming[0][0] <= self._clock.now():
            _, _, number, words, hinted = heapq.heappop(self._coming)
            if number not in self.played:
                self._gateway.text_in(number, words, hinted=hinted)
