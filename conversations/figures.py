"""What came of a span of time, counted from the store: for the report of savings, and for simulations.

Counts come from what stands in plain columns; nothing sealed is opened. A text counts for when it was queued, a reply for when
it was received, a write for when the iPMS took it, a task for when it was opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.schema import appointments, conversations, inbox, instant, tasks, texts, writes
from engine.effects import BULK
from engine.events import ARRIVING, FAILED, TextStatus

# Texts that left in a joint one have no segments of their own: the joint one is counted.
_SENT = sa.and_(texts.c.status != TextStatus.UNSENT, texts.c.segments > 0)
# Of a joint text each member reminded of an appointment of its own.
_REACHED = sa.and_(texts.c.lane == BULK, texts.c.members == "", texts.c.status.in_(sorted(ARRIVING)))


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one hospital or clinic in a span of time. `segments` are SMS parts, what the gateway bills."""

    conversations: int  # opened
    reminders: int  # texts that remind, sent
    reached: int  # appointments with a reminder that left for the phone and did not fail
    texts: int  # sent, of all kinds
    segments: int
    undelivered: int
    not_sent: int  # held back at the send gate
    confirmed: int  # by the iPMS
    reschedules: int
    cancels: int
    escalations: Mapping[str, int]  # tasks for staff, by kind


@dataclass(frozen=True, slots=True)
class Replies:
    """What replies ended in. `pending` have no outcome yet; none stays so."""

    received: int
    understood: int
    asked_again: int
    handed_to_staff: int
    needed_nothing: int

    @property
    def pending(self) -> int:
        return self.received - self.understood - self.asked_again - self.handed_to_staff - self.needed_nothing


def figures(connection: Connection, since: datetime, until: datetime, clinic: str | None = None) -> Figures:
    """From `since` on, before `until`; of one clinic by its code, or of all."""

    def within(column: sa.Column[int]) -> sa.ColumnElement[bool]:
        return sa.and_(column >= instant(since), column < instant(until))

    def of_clinic(query: sa.Select[Any], talk: sa.Column[str]) -> sa.Select[Any]:
        if clinic is None:
            return query
        own = sa.select(conversations.c.id).join(appointments, appointments.c.id == conversations.c.appointment_id)
        return query.where(talk.in_(own.where(appointments.c.clinic == clinic)))

    def sums(table: sa.Table, at: sa.Column[int], talk: sa.Column[str], **what: sa.ColumnElement[Any]) -> Any:
        columns = (sa.func.coalesce(value, 0).label(name) for name, value in what.items())
        return connection.execute(of_clinic(sa.select(*columns).select_from(table).where(within(at)), talk)).one()

    def number(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count().filter(*where)

    sent = sums(
        texts, texts.c.queued_at, texts.c.conversation_id,
        reminders=number(_SENT, texts.c.lane == BULK),
        reached=sa.func.count(sa.distinct(texts.c.conversation_id)).filter(_REACHED),
        texts=number(_SENT),
        segments=sa.func.sum(texts.c.segments).filter(_SENT),
        undelivered=number(_SENT, texts.c.status.in_(sorted(FAILED))),
        not_sent=number(texts.c.status == TextStatus.UNSENT, texts.c.members == ""),
    )  # fmt: skip
    done = writes.c.status == "done"
    written = sums(
        writes, writes.c.done_at, writes.c.conversation_id,
        confirmed=number(done, writes.c.action == "confirm"),
        reschedules=number(done, writes.c.action == "request_reschedule"),
        cancels=number(done, writes.c.action == "request_cancel"),
    )  # fmt: skip
    opened = sums(conversations, conversations.c.opened_at, conversations.c.id, number=number())
    kinds = sa.select(tasks.c.kind, sa.func.count()).where(within(tasks.c.opened_at))
    kinds = kinds.group_by(tasks.c.kind).order_by(tasks.c.kind)
    if clinic is not None:
        kinds = kinds.where(tasks.c.clinic == clinic)
    return Figures(
        conversations=opened.number,
        **{name: int(value) for name, value in sent._mapping.items()},
        **{name: int(value) for name, value in written._mapping.items()},
        escalations={kind: int(count) for kind, count in connection.execute(kinds)},
    )


def replies(connection: Connection, since: datetime, until: datetime) -> Replies:
    """Of the whole hospital: which clinic a reply is for stands in its talk alone."""
    query = sa.select(inbox.c.status, inbox.c.outcome).where(
        inbox.c.kind == "reply", inbox.c.received_at >= instant(since), inbox.c.received_at < instant(until)
    )
    outcomes: Counter[str] = Counter()
    for status, outcome in connection.execute(query):
        # One that could not be worked became a task.
        outcomes[outcome.partition(":")[0] if status == "done" else "handed" if status == "failed" else ""] += 1
    return Replies(outcomes.total(), outcomes["acted"], outcomes["asked"], outcomes["handed"], outcomes["noted"])


def clinics(connection: Connection, since: datetime, until: datetime) -> list[str]:
    """Codes of those that had conversations opened in this span."""
    query = (
        sa.select(appointments.c.clinic)
        .join(conversations, conversations.c.appointment_id == appointments.c.id)
        .where(conversations.c.opened_at >= instant(since), conversations.c.opened_at < instant(until))
        .distinct()
        .order_by(appointments.c.clinic)
    )
    return list(connection.execute(query).scalars())
