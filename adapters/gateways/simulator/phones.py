"""The simulated patients' phones: every text in and out, and who is watching."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

BACKLOG = 1000  # changes that a watcher may lag behind before it is cut off


@dataclass(slots=True)
class Text:
    """`by`: "hospital" or "patient". `status` of the hospital's: sent, delivered, undelivered, rejected; of the
    patient's: sending, taken, lost (our webhook never took it)."""

    number: int
    by: str
    text: str
    at: datetime
    status: str
    other: str  # whom it came from or went to, as the phone shows it
    key: str = ""  # the hospital's notifyId

    def as_json(self, phone: str) -> dict[str, Any]:
        return {"phone": phone, **asdict(self), "at": self.at.isoformat(timespec="milliseconds")}


class Phones:
    """Threads by phone number (digits without plus sign), in the order in which the phones first appeared."""

    def __init__(self) -> None:
        self.threads: dict[str, list[Text]] = {}
        self._watchers: set[asyncio.Queue[dict[str, Any] | None]] = set()

    def add(self, phone: str, text: Text) -> None:
        self.threads.setdefault(phone, []).append(text)
        self._tell(phone, text)

    def change(self, phone: str, text: Text, status: str) -> None:
        text.status = status
        self._tell(phone, text)

    def thread(self, phone: str) -> list[Text]:
        return self.threads.get(phone, [])

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[dict[str, Any] | None]]:
        """A queue of every text from now on, new or with a new status. None ends it: the gateway closes, or the watcher
        has fallen too far behind."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(BACKLOG + 1)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)

    def close(self) -> None:
        for queue in list(self._watchers):
            self._cut(queue)

    def _tell(self, phone: str, text: Text) -> None:
        for queue in list(self._watchers):
            if queue.qsize() >= BACKLOG:
                self._cut(queue)
            else:
                queue.put_nowait(text.as_json(phone))

    def _cut(self, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        self._watchers.discard(queue)
        queue.put_nowait(None)
