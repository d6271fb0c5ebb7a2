"""How the service fares, counted from the store: what waits, since when, and how much of what was sent went wrong. Nothing of a
patient is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.outbox import HALT
from conversations.schema import facts, inbox, instant, moment, tasks, texts, writes
from engine.events import FAILED, TextStatus
from engine.ruleset import PRIORITIES

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Queue:
    """What is due and not done yet, and when the oldest of it fell due."""

    waiting: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """`tasks` are open ones by priority, without those that are snoozed; `oldest_task` was opened first of those that nobody
    has taken. `sent` and `failed` count texts of the last day, `unsent` those that were held back. `halted`: why the gateway
    refuses our account, None where it does not."""

    inbox: Queue
    texts: Queue
    unsettled: int  # handed to the gateway, without its word so far
    writes: Queue
    tasks: Mapping[str, int]
    overdue: int
    oldest_task: datetime | None
    sent: int
    failed: int
    unsent: int
    halted: str | None

    @property
    def failing(self) -> float:
        """The share of the last day's texts that did not arrive."""
        return self.failed / self.sent if self.sent else 0.0


def read(connection: Connection, gateway: str, now: datetime) -> Vitals:
    at = instant(now)

    def queue(due: sa.Column[int], *which: sa.ColumnElement[bool]) -> Queue:
        waiting, oldest = connection.execute(sa.select(sa.func.count(), sa.func.min(due)).where(*which, due <= at)).one()
        return Queue(waiting, None if oldest is None else moment(oldest))

    unsettled = sa.select(sa.func.count()).select_from(texts).where(texts.c.phase == "sending")
    shown = sa.and_(tasks.c.status == "open", tasks.c.shown_from <= at)
    by_priority = sa.select(tasks.c.priority, sa.func.count()).where(shown).group_by(tasks.c.priority)
    open_tasks = dict.fromkeys(PRIORITIES, 0) | {PRIORITIES[row[0]]: row[1] for row in connection.execute(by_priority)}
    overdue = connection.execute(sa.select(sa.func.count()).select_from(tasks).where(shown, tasks.c.due < at)).scalar_one()
    oldest = connection.execute(sa.select(sa.func.min(tasks.c.opened_at)).where(shown, tasks.c.owner == "")).scalar()
    counts = _texts_since(connection, now - DAY)
    return Vitals(
        queue(inbox.c.due, inbox.c.status == "new"),
        queue(texts.c.due, texts.c.phase == "queued"),
        connection.execute(unsettled).scalar_one(),
        queue(writes.c.due, writes.c.status == "queued"),
        open_tasks,
        overdue,
        None if oldest is None else moment(oldest),
        sum(count for status, count in counts.items() if status not in _NOT_SENT),
        sum(counts.get(status, 0) for status in FAILED),
        counts.get(TextStatus.UNSENT, 0),
        _halted(connection, gateway, now),
    )


_NOT_SENT = frozenset({TextStatus.QUEUED, TextStatus.UNSENT})


def _texts_since(connection: Connection, since: datetime) -> dict[TextStatus, int]:
    """How many of each status. Keys begin with the milliseconds of their time, so that it is a stretch of the table."""
    first = f"{instant(since) // 1000:012x}"
    query = (
        sa.select(texts.c.status, sa.func.count())
        .where(texts.c.key >= first, texts.c.segments > 0)  # one that leaves in a joint text has none of its own
        .group_by(texts.c.status)
    )
    return {TextStatus(status): count for status, count in connection.execute(query)}


def _halted(connection: Connection, gateway: str, now: datetime) -> str | None:
    """The note stays when the lane goes on; it tells of the present only while the lane rests."""
    found = connection.execute(sa.select(facts.c.value, facts.c.at).where(facts.c.name == f"halted:{gateway}")).first()
    return found.value if found is not None and now < moment(found.at) + HALT else None
