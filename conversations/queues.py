"""The work queues of staff: what waits for a person, and in which order it needs one.

First the urgent; among equals the appointment that comes soonest, those that are over behind those to come, and what is
about no appointment last; then whoever has waited longest. The order, the filters and the counts live in one index over
the open tasks, so that a page costs what it shows and not what waits. Only the tasks of the page are opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.names import full_name
from conversations.people import Person
from conversations.places import patient_place, task_place
from conversations.schema import NEVER, appointments, conversations, instant, moment, patients, tasks
from conversations.vault import KeyErased, Vault
from engine.ruleset import PRIORITIES

# The queues, in the order in which they are listed, and the kinds of task in each. What no queue names is in "other".
QUEUES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "urgent": frozenset({"urgent"}),
        "grave": frozenset({"bereavement", "wrong_number", "former_number"}),
        "late": frozenset({"running_late"}),
        "cancellation": frozenset({"cancellation_review"}),
        "reschedule": frozenset({"reschedule"}),
        "question": frozenset({"question"}),
        "unclear": frozenset({"unclear_reply"}),
        "call": frozenset({"call_patient"}),
        "undelivered": frozenset({"undelivered"}),
        "unsent": frozenset({"not_sent"}),
        "ipms": frozenset({"ipms_write_failed"}),
        "other": frozenset({"fault"}),
    }
)
OTHER = "other"
_QUEUE_OF = {kind: queue for queue, kinds in QUEUES.items() for kind in kinds}
_NAMED = frozenset(_QUEUE_OF) - QUEUES[OTHER]

PAGE = 25

Whose = Literal["all", "mine", "unassigned"]


def queue_of(kind: str) -> str:
    """The queue that tasks of this kind are in."""
    return _QUEUE_OF.get(kind, OTHER)


@dataclass(frozen=True, slots=True)
class View:
    """Which of the open tasks that `who` may see: of one queue ("" for all) and one clinic ("" for all of theirs), whose, only
    those that are `overdue`, or instead those that are `snoozed`."""

    who: Person
    queue: str = ""
    clinic: str = ""
    whose: Whose = "all"
    overdue: bool = False
    snoozed: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task as its queue shows it. `why` it was opened, the latest `news` of it and the patient's latest `words`; `wanted`:
    when the patient would come; `start` is None where it is about no appointment."""

    key: str
    talk: str
    patient: str
    name: str
    language: str
    kind: str
    priority: str
    clinic: str
    clinic_name: str
    clinician: str
    start: datetime | None
    why: str
    news: str
    words: str
    wanted: str
    suggest: str
    owner: str
    due: datetime
    opened_at: datetime
    shown_from: datetime | None
    closed: bool = False

    @property
    def queue(self) -> str:
        return queue_of(self.kind)


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is where the following page begins, "" where there is none."""

    tasks: Sequence[Waiting]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Open tasks of one queue, without those that are snoozed, which are counted apart."""

    all: int = 0
    mine: int = 0
    unassigned: int = 0
    overdue: int = 0
    snoozed: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.all + other.all,
            self.mine + other.mine,
            self.unassigned + other.unassigned,
            self.overdue + other.overdue,
            self.snoozed + other.snoozed,
        )


class BadPlace(ValueError):
    """Not where a page begins."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page ends. `as_of` parts the appointments to come from those that are over, for all pages of one look."""

    as_of: int
    priority: int
    over: bool
    start: int
    opened_at: int
    key: str

    def __str__(self) -> str:
        return f"{self.as_of}.{self.priority}.{int(self.over)}.{self.start}.{self.opened_at}.{self.key}"

    @staticmethod
    def read(text: str) -> _Place:
        parts = text.split(".")
        if len(parts) != 6 or not all(part.isdecimal() and len(part) < 20 for part in parts[:5]):
            raise BadPlace(text)
        as_of, priority, over, start, opened_at = map(int, parts[:5])
        return _Place(as_of, priority, bool(over), start, opened_at, parts[5])


_t = tasks.c
_OPEN = _t.status == "open"


def page(
    connection: Connection, vault: Vault, view: View, now: datetime, *, after: str = "", limit: int = PAGE
) -> Page:
    """The next `limit` tasks of a view. Raises BadPlace for an `after` that no page gave."""
    place = _Place.read(after) if after else None
    as_of = place.as_of if place is not None else instant(now)
    chosen = _filters(view, instant(now))
    found: list[Any] = []
    for priority in range(len(PRIORITIES)):
        for over in (False, True):
            if place is not None and (priority, over) < (place.priority, place.over):
                continue
            if len(found) > limit:
                break
            query = (
                sa.select(_t.key, _t.priority, _t.start, _t.opened_at)
                .where(_OPEN, _t.priority == priority, _t.start < as_of if over else _t.start >= as_of, *chosen)
                .order_by(_t.start, _t.opened_at, _t.key)
                .limit(limit + 1 - len(found))
            )
            if place is not None and (priority, over) == (place.priority, place.over):
                reached = sa.tuple_(sa.literal(place.start), sa.literal(place.opened_at), sa.literal(place.key))
                query = query.where(sa.tuple_(_t.start, _t.opened_at, _t.key) > reached)
            found += connection.execute(query).all()
    shown = found[:limit]
    following = ""
    if len(found) > limit:
        last = shown[-1]
        following = str(_Place(as_of, last.priority, last.start < as_of, last.start, last.opened_at, last.key))
    return Page(waiting(connection, vault, [row.key for row in shown]), following)


@dataclass(frozen=True, slots=True)
class Overview:
    """How many wait in each queue, for the person and the clinic of a view, and the `clinics` to choose among: the person's, or
    all of which a task is open."""

    counts: Mapping[str, Count]
    clinics: Sequence[str]

    @property
    def total(self) -> Count:
        return sum(self.counts.values(), Count())


def overview(connection: Connection, view: View, now: datetime) -> Overview:
    """Of one query, which reads nothing but an index in its own order, whatever the view."""
    at, who = instant(now), view.who
    snoozed = sa.func.count().filter(_t.shown_from > at)
    overdue = sa.func.count().filter(_t.shown_from <= at, _t.due < at)
    groups = (
        sa.select(_t.kind, _t.clinic, _t.owner, sa.func.count(), snoozed, overdue)
        .where(_OPEN)
        .group_by(_t.kind, _t.clinic, _t.owner)
    )
    found = dict.fromkeys(QUEUES, Count())
    open_in = set()
    for kind, clinic, owner, every, away, late in connection.execute(groups):
        if clinic not in who.scope:
            continue
        open_in.add(clinic)
        if not view.clinic or clinic == view.clinic:
            shown = every - away
            mine, nobodys = shown if owner == who.name else 0, shown if not owner else 0
            found[queue_of(kind)] += Count(shown, mine, nobodys, late, away)
    clinics = sorted(who.scope.clinics if who.scope.clinics is not None else open_in - {""})
    return Overview(found, clinics)


def _scope(view: View) -> Iterable[sa.ColumnElement[bool]]:
    scope = view.who.scope
    if view.clinic:
        yield _t.clinic == view.clinic if view.clinic in scope else sa.false()
    elif scope.clinics is not None:
        yield scope.where(_t.clinic)


def _filters(view: View, at: int) -> list[sa.ColumnElement[bool]]:
    chosen = [*_scope(view), _t.shown_from > at if view.snoozed else _t.shown_from <= at]
    if view.queue == OTHER:
        chosen.append(_t.kind.not_in(sorted(_NAMED)))
    elif view.queue:
        chosen.append(_t.kind.in_(sorted(QUEUES.get(view.queue, ()))))
    if view.whose != "all":
        chosen.append(_t.owner == (view.who.name if view.whose == "mine" else ""))
    if view.overdue:
        chosen.append(_t.due < at)
    return chosen


# ---- what a task says ------------------------------------------------------------------------------------------------

_TASKS = (
    sa.select(
        tasks,
        appointments.c.clinic_name,
        appointments.c.clinician,
        patients.c.sealed.label("patient"),
        patients.c.wrapped_key,
        patients.c.language,
    )
    .join_from(tasks, conversations, conversations.c.id == tasks.c.conversation_id, isouter=True)
    .join(appointments, appointments.c.id == conversations.c.appointment_id, isouter=True)
    .join(patients, patients.c.id == tasks.c.patient_id, isouter=True)
    .where(tasks.c.key.in_(sa.bindparam("keys", expanding=True)))
)


def waiting(connection: Connection, vault: Vault, keys: Sequence[str]) -> list[Waiting]:
    """These tasks, opened, in this order; those that are there."""
    if not keys:
        return []
    rows = {row.key: row for row in connection.execute(_TASKS, {"keys": list(keys)})}
    return [_waiting(vault, rows[key]) for key in keys if key in rows]


def _waiting(vault: Vault, row: Any) -> Waiting:
    record, steps = _record(vault, row), task_steps(vault, row)
    wanted = next((step["preferences"]["summary"] for step in reversed(steps) if "preferences" in step), "")
    return Waiting(
        key=row.key,
        talk=row.conversation_id or "",
        patient=row.patient_id or "",
        name=full_name(record),
        language=record.get("prefers") or row.language or "",
        kind=row.kind,
        priority=PRIORITIES[row.priority],
        clinic=row.clinic,
        clinic_name=row.clinic_name or row.clinic,
        clinician=row.clinician or "",
        start=moment(row.start) if row.start != NEVER else None,
        why=steps[0]["why"] if steps else "",
        news=steps[-1]["why"] if steps and steps[-1]["why"] != steps[0]["why"] else "",
        words=next((step["words"] for step in reversed(steps) if step["words"]), ""),
        wanted=wanted,
        suggest=row.suggest,
        owner=row.owner,
        due=moment(row.due),
        opened_at=moment(row.opened_at),
        shown_from=moment(row.shown_from) if row.shown_from else None,
        closed=row.status != "open",
    )


def _record(vault: Vault, row: Any) -> dict[str, Any]:
    if row.wrapped_key is None:
        return {}
    record: dict[str, Any] = orjson.loads(vault.open(row.wrapped_key, patient_place(row.patient_id), row.patient))
    return record


def task_steps(vault: Vault, row: Any) -> list[dict[str, Any]]:
    """What happened on a task, the first first: at, why, words, and preferences where there are some. Nothing of one whose
    patient was erased. `row` has the patient's wrapped key beside the task."""
    try:
        if row.patient_id is None:
            opened = vault.open_own(task_place(row.key), row.sealed)
        else:
            opened = vault.open(row.wrapped_key, task_place(row.key), row.sealed)
    except KeyErased:
        return []
    steps: list[dict[str, Any]] = orjson.loads(opened)
    return steps
