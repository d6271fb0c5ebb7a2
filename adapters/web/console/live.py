"""What open pages are told as it happens, over server-sent events.

The bus says that something has changed; what, is read from the store once for all pages that are open, and each page hears of
the clinics of its own person only. Events, by name:

    counts    HTML of how many tasks are open, for the bar on top
    tasks     an open task came, changed or was closed: lists of tasks should be fetched again
    talk      the conversation that the page shows (/live?talk=ID&seen=N, N being its last entry there) has changed
    session   "going on", "ending" (two minutes are left), "ended"
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from conversations import schema
from conversations.database import Database
from conversations.people import Scope
from conversations.ports import Bus, Clock
from conversations.schema import instant
from conversations.service import CHANGED

_tasks, _talks = schema.tasks, schema.conversations
_SWEEP = 5.0  # seconds between looks when the bus says nothing
_GATHER = 0.2  # seconds: what happens within them is told at once
_HEARTBEAT = 15.0


@dataclass(frozen=True, slots=True)
class Counts:
    open: int = 0
    urgent: int = 0


@dataclass(frozen=True, slots=True)
class Board:
    """Open tasks by clinic, without those that are snoozed: how many, how many of them urgent, and when one of them last
    changed."""

    rows: tuple[tuple[str, int, int, int], ...] = ()

    def within(self, scope: Scope) -> tuple[tuple[str, int, int, int], ...]:
        return tuple(row for row in self.rows if row[0] in scope)

    def counts(self, scope: Scope) -> Counts:
        mine = self.within(scope)
        return Counts(sum(row[1] for row in mine), sum(row[2] for row in mine))


def read_board(connection: sa.Connection, at: datetime) -> Board:
    urgent = sa.func.sum(sa.case((_tasks.c.priority == 0, 1), else_=0))
    query = (
        sa.select(_tasks.c.clinic, sa.func.count(), urgent, sa.func.max(_tasks.c.changed_at))
        .where(_tasks.c.status == "open", _tasks.c.shown_from <= instant(at))
        .group_by(_tasks.c.clinic)
        .order_by(_tasks.c.clinic)
    )
    return Board(tuple((row[0], row[1], int(row[2]), row[3]) for row in connection.execute(query)))


class Live:
    """`run` reads while pages are open; `events` is what one page hears."""

    def __init__(self, database: Database, bus: Bus, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._board = Board()
        self._open: set[asyncio.Event] = set()
        self._closing = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._bus.wait(CHANGED, _SWEEP)
            if self._open:
                with contextlib.suppress(sa.exc.SQLAlchemyError):  # the health page tells of a store that is away
                    self._board = await self._read(read_board, self._clock.now())
                self._wake()
            await asyncio.sleep(_GATHER)

    def close(self) -> None:
        """End every page's stream, so that the server can stop."""
        self._closing = True
        self._wake()

    async def events(
        self,
        scope: Scope,
        talk: str,
        session: Callable[[], Awaitable[str]],
        counts_html: Callable[[Counts], str],
        *,
        seen: int | None = None,
        listed: bool = False,
    ) -> AsyncIterator[bytes]:
        """`session` says how the session stands; `talk` has been held against the scope. What happened between the making of
        the page and this is told too: `seen` is the last entry of the talk that the page has; `listed`: it lists tasks."""
        waked = asyncio.Event()
        self._open.add(waked)
        said: dict[str, Any] = {}
        try:
            self._board = await self._read(read_board, self._clock.now())
            stamp = None if not talk else await self._read(_talk_stamp, talk)
            if stamp is not None and seen is not None:
                stamp = (seen, stamp[1])
            said = {"tasks": None if listed else self._board.within(scope), "talk": stamp}
            yield b"retry: 2000\n\n"
            while not self._closing:
                standing = await session()
                if said.get("session") != standing:
                    said["session"] = standing
                    yield _event("session", standing)
                if standing == "ended":
                    return
                counts = self._board.counts(scope)
                if said.get("counts") != counts:
                    said["counts"] = counts
                    yield _event("counts", counts_html(counts))
                if said["tasks"] != (tasks := self._board.within(scope)):
                    said["tasks"] = tasks
                    yield _event("tasks", "changed")
                if talk and said["talk"] != (stamp := await self._read(_talk_stamp, talk)):
                    said["talk"] = stamp
                    yield _event("talk", "changed")
                try:
                    async with asyncio.timeout(_HEARTBEAT):
                        await waked.wait()
                except TimeoutError:
                    yield b": here\n\n"
                waked.clear()
        finally:
            self._open.discard(waked)

    async def _read(self, query: Callable[..., Any], *args: Any) -> Any:
        def run() -> Any:
            with self._database.reader() as connection:
                return query(connection, *args)

        return await asyncio.to_thread(run)

    def _wake(self) -> None:
        for waked in self._open:
            waked.set()


def _talk_stamp(connection: sa.Connection, talk: str) -> tuple[int, int] | None:
    """Another one whenever the conversation has an entry more, or one of its tasks or texts has changed."""
    queries = (
        sa.select(_talks.c.seq).where(_talks.c.id == talk),
        sa.select(sa.func.max(_tasks.c.changed_at)).where(_tasks.c.conversation_id == talk),
        sa.select(sa.func.max(schema.texts.c.status_at)).where(schema.texts.c.conversation_id == talk),
    )
    found = tuple(connection.execute(query).scalar() or 0 for query in queries)
    return found[0], max(found[1:])


def _event(name: str, data: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()
