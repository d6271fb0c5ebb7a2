"""What the page shows of the store. Reads only; everything sealed is opened here and nowhere else of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from adapters.bootstrap import House
from conversations import schema
from conversations.places import task_place
from conversations.playback import export
from conversations.schema import instant, moment
from engine.conversation import Entry
from engine.ruleset import PRIORITIES, Ruleset

_texts, _talks, _tasks, _timers = schema.texts, schema.conversations, schema.tasks, schema.timers
_writes, _inbox = schema.writes, schema.inbox
# Texts that no gateway ever took.
_HELD = ("queued", "unsent", "rejected")


@dataclass(frozen=True, slots=True)
class Task:
    """`steps` are what happened on it: at, why, words, and preferences where the patient said when they would come."""

    kind: str
    priority: str
    open: bool
    due: datetime
    suggest: str
    outcome: str
    steps: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Timer:
    name: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation as it stands. `sent` is how each of its texts fares, by key."""

    id: str
    state: str
    staff_own: bool
    closed: bool
    ruleset: Ruleset
    entries: Sequence[Entry]
    tasks: Sequence[Task]
    timers: Sequence[Timer]
    sent: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Counts:
    texts: int
    segments: int
    replies: int
    open_tasks: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Planned:
    """The next thing that will happen by itself."""

    at: datetime
    timer: str = ""  # "" where it is something else that waits for its time
    appointment: str = ""


class Reader:
    def __init__(self, house: House) -> None:
        self._house = house

    def version(self) -> tuple[int, ...]:
        """Another one whenever something that the page shows may have changed."""
        queries = (
            sa.select(sa.func.max(schema.ledger.c.batch)),
            sa.select(sa.func.max(_texts.c.status_at)),
            sa.select(sa.func.count()).select_from(_inbox),
            sa.select(sa.func.count()).select_from(_tasks).where(_tasks.c.status == "open"),
        )
        with self._house.database.reader() as connection:
            return tuple(connection.execute(query).scalar() or 0 for query in queries)

    def counts(self) -> Counts:
        sent = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(_texts.c.segments), 0)).where(
            _texts.c.status.not_in(_HELD), _texts.c.segments > 0
        )
        replies = sa.select(sa.func.count()).select_from(_inbox).where(_inbox.c.kind == "reply")
        tasks = sa.select(sa.func.count(), sa.func.count().filter(_tasks.c.status == "open")).select_from(_tasks)
        with self._house.database.reader() as connection:
            texts, segments = connection.execute(sent).one()
            every, still_open = connection.execute(tasks).one()
            return Counts(texts, segments, connection.execute(replies).scalar_one(), still_open, every)

    def standing(self) -> dict[str, str]:
        """Where each appointment's talk stands, its state, by appointment: the latest talk where there are several."""
        query = sa.select(_talks.c.appointment_id, _talks.c.state).order_by(_talks.c.opened_at, _talks.c.id)
        with self._house.database.reader() as connection:
            return {row.appointment_id: row.state for row in connection.execute(query)}

    def talks(self, appointment: str) -> list[Talk]:
        """The talks about an appointment, the first one first."""
        with self._house.database.reader() as connection:
            query = (
                sa.select(_talks, schema.patients.c.wrapped_key)
                .join(schema.patients, schema.patients.c.id == _talks.c.patient_id)
                .where(_talks.c.appointment_id == appointment)
                .order_by(_talks.c.opened_at, _talks.c.id)
            )
            return [self._talk(connection, row) for row in connection.execute(query).all()]

    def _talk(self, connection: Connection, row: Any) -> Talk:
        lines = (orjson.loads(line) for line in export(connection, self._house.vault, conversation=row.id))
        timers = sa.select(_timers).where(_timers.c.conversation_id == row.id).order_by(_timers.c.due)
        tasks = sa.select(_tasks).where(_tasks.c.conversation_id == row.id).order_by(_tasks.c.opened_at)
        sent = sa.select(_texts.c.key, _texts.c.status).where(_texts.c.conversation_id == row.id)
        return Talk(
            row.id,
            row.state,
            row.owner == "staff",
            row.closed,
            self._house.rulebook.version(connection, row.version),
            [
                Entry(line["kind"], datetime.fromisoformat(line["at"]), line.get("actor", ""), line.get("data", {}))
                for line in lines
            ],
            [self._task(each, row.wrapped_key) for each in connection.execute(tasks)],
            [Timer(each.name, moment(each.due)) for each in connection.execute(timers)],
            {each.key: each.status for each in connection.execute(sent)},
        )

    def _task(self, row: Any, wrapped_key: bytes | None) -> Task:
        steps: list[Mapping[str, Any]] = []
        if wrapped_key is not None:
            steps = orjson.loads(self._house.vault.open(wrapped_key, task_place(row.key), row.sealed))
        return Task(row.kind, PRIORITIES[row.priority], row.status == "open", moment(row.due), row.suggest, row.outcome, steps)

    # ---- what is to come ---------------------------------------------------------------------------------------------

    def next_planned(self, now: datetime) -> Planned | None:
        """The next timer, or text, write or row of the inbox that waits for its time."""
        at = instant(now)
        timer = (
            sa.select(_timers.c.due, _timers.c.name, _talks.c.appointment_id)
            .join(_talks, _talks.c.id == _timers.c.conversation_id)
            .where(_timers.c.due > at)
            .order_by(_timers.c.due)
            .limit(1)
        )
        waiting = (
            sa.select(sa.func.min(_texts.c.due)).where(_texts.c.phase == "queued", _texts.c.due > at),
            sa.select(sa.func.min(_writes.c.due)).where(_writes.c.status == "queued", _writes.c.due > at),
            sa.select(sa.func.min(_inbox.c.due)).where(_inbox.c.status == "new", _inbox.c.due > at),
        )
        with self._house.database.reader() as connection:
            first = connection.execute(timer).first()
            dues = [due for query in waiting if (due := connection.execute(query).scalar()) is not None]
        found = [Planned(moment(due)) for due in dues]
        if first is not None:
            found.append(Planned(moment(first.due), first.name, first.appointment_id))
        return min(found, key=lambda planned: planned.at, default=None)

    def busy(self, now: datetime) -> bool:
        """Whether something that is due by now has not been done yet."""
        at = instant(now)
        queries = (
            sa.exists().where(_inbox.c.status == "new", _inbox.c.due <= at),
            sa.exists().where(_timers.c.due <= at),
            sa.exists().where(_texts.c.phase == "queued", _texts.c.due <= at),
            sa.exists().where(_texts.c.phase.in_(("sending", "held"))),
            sa.exists().where(_writes.c.status == "queued", _writes.c.due <= at),
        )
        with self._house.database.reader() as connection:
            return bool(connection.execute(sa.select(sa.or_(*queries))).scalar())
