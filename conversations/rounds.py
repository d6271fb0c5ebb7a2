"""Rounds: texts that staff send by hand, to one patient or to all who are booked into a clinic on a day.

A round is on record with everyone it is for: who gets the text, and who does not and why (`reach` finds out). Its texts go the
way of all texts: a row of the inbox for each patient, under a key that is theirs in this round alone; a decision in the
patient's talk; the outbox with its gate. So nobody is texted twice, and a round that a crash broke off goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.bulk import insert_rows
from conversations.database import Database
from conversations.intake import WORK, Intake
from conversations.messages import of_round
from conversations.names import full_name
from conversations.people import Scope
from conversations.places import patient_place, round_place
from conversations.ports import Bus, Clock
from conversations.reach import Preview, RoundUnfit, Wording
from conversations.schema import appointments, inbox, instant, moment, patients, round_patients, rounds, texts
from conversations.transcript import canonical
from conversations.vault import Vault
from conversations.writer import Writer
from engine.events import ARRIVING, FAILED, TextedByHand, TextStatus

RUNNING, PAUSED, STOPPED, DONE = "running", "paused", "stopped", "done"
WAITING, GIVEN, QUEUED, LEFT_OUT = "waiting", "given", "queued", "left_out"

AT_ONCE = 100  # patients given to the inbox in one step: replies that come meanwhile wait behind no more than these


# ---- on record -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a round: `chosen` patients, of whom `waiting` have no text yet, `leaving` have one that has not left, `arrived`,
    `on_the_way`, `failed` and `withheld` are how the others fare; `left_out` got none from the beginning. `segments` is
    what has been queued."""

    chosen: int = 0
    waiting: int = 0
    leaving: int = 0
    on_the_way: int = 0
    arrived: int = 0
    failed: int = 0
    withheld: int = 0
    left_out: int = 0
    segments: int = 0

    @property
    def settled(self) -> int:
        """Patients for whom there is nothing left to do."""
        return self.chosen - self.waiting - self.leaving


@dataclass(frozen=True, slots=True)
class Round:
    """`day` is "" of a round to one patient."""

    id: str
    kind: str
    clinic: str
    day: str
    wording: Wording
    status: str
    begun_by: str
    begun_at: datetime
    changed_by: str
    changed_at: datetime
    counts: Counts

    @property
    def going(self) -> bool:
        return self.status in (RUNNING, PAUSED)


@dataclass(frozen=True, slots=True)
class Begun:
    """Who began a round, and when."""

    id: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reached:
    """A patient of a round, and how their text fares: `fate` is WAITING, GIVEN, LEFT_OUT or a TextStatus."""

    patient: str
    name: str
    number: str
    start: datetime
    talk: str
    text_key: str
    fate: str
    reason: str


def round_id(now: datetime, drawn: str) -> str:
    """32 hex digits that begin with the time. `drawn`: 20 random ones, drawn when the preview was shown, so that a form that is
    sent twice begins one round."""
    return f"{instant(now) // 1000:012x}{drawn}"


def begin(connection: Connection, vault: Vault, id: str, shown: Preview, by: str, at: datetime) -> bool:
    """Put a round on record, from where it is sent. False where it was already. Raises RoundUnfit for one that nobody gets."""
    if connection.execute(sa.select(rounds.c.id).where(rounds.c.id == id)).first() is not None:
        return False
    if not shown.chosen:
        raise RoundUnfit("whom", "Nobody would get this text.")
    said = shown.wording
    row = {
        "id": id,
        "kind": "day" if shown.whom.day is not None else "patient",
        "clinic": shown.clinic,
        "day": shown.whom.day.isoformat() if shown.whom.day is not None else "",
        "prompt": said.prompt,
        "sealed": vault.seal_own(round_place(id), canonical({"texts": said.texts})),
        "purpose": said.purpose,
        "status": RUNNING,
        "begun_by": by[:80],
        "changed_by": "",
        "begun_at": instant(at),
        "changed_at": instant(at),
    }
    connection.execute(sa.insert(rounds), row)
    once: dict[str, tuple[Any, ...]] = {}
    for position, each in enumerate((*shown.chosen, *shown.left_out)):
        state = LEFT_OUT if each.reason else WAITING
        facts = (id, each.patient, position, each.appointment, each.version, each.talk, state, each.reason[:80])
        once.setdefault(each.patient, facts)
    insert_rows(connection, round_patients, _WHOM, list(once.values()))
    return True


def change(connection: Connection, id: str, status: str, by: str, at: datetime) -> bool:
    """Pause, go on with (`running`) or stop a round; False where it is over. What has not left is held accordingly."""
    going = sa.and_(rounds.c.id == id, rounds.c.status.in_([RUNNING, PAUSED]))
    values = {"status": status, "changed_by": by[:80], "changed_at": instant(at)}
    if connection.execute(sa.update(rounds).where(going).values(values)).rowcount != 1:
        return False
    if status == STOPPED:
        waits = sa.and_(round_patients.c.round_id == id, round_patients.c.state == WAITING)
        connection.execute(sa.update(round_patients).where(waits).values(state=LEFT_OUT, reason="stopped by staff"))
    if status in (RUNNING, STOPPED):
        # The gate is to look at them now.
        queued = sa.and_(of_round(id), texts.c.phase == "queued")
        connection.execute(sa.update(texts).where(queued).values(due=instant(at)))
    return True


def by_id(connection: Connection, vault: Vault, id: str, scope: Scope) -> Round | None:
    """None where there is none, or of a clinic outside of the scope."""
    row = connection.execute(sa.select(rounds).where(rounds.c.id == id)).first()
    if row is None or row.clinic not in scope:
        return None
    return _round(connection, vault, row)


def of_day(connection: Connection, clinic: str, day: str) -> Sequence[Begun]:
    """The rounds that the patients of this clinic's day have had, or are getting, the newest first."""
    of = rounds.c
    query = sa.select(of.id, of.begun_by, of.begun_at).where(of.clinic == clinic, of.day == day).order_by(of.id.desc())
    return [Begun(row.id, row.begun_by, moment(row.begun_at)) for row in connection.execute(query)]


def latest(
    connection: Connection, vault: Vault, scope: Scope, *, before: str = "", limit: int = 20
) -> tuple[Sequence[Round], str]:
    """The newest rounds, and from where the list goes on, "" where it ends."""
    query = sa.select(rounds).where(scope.where(rounds.c.clinic)).order_by(rounds.c.id.desc()).limit(limit + 1)
    if before:
        query = query.where(rounds.c.id < before)
    rows = connection.execute(query).all()
    found = [_round(connection, vault, row) for row in rows[:limit]]
    return found, found[-1].id if len(rows) > limit else ""


def reached(connection: Connection, vault: Vault, id: str, *, left_out: bool, limit: int = 500) -> Sequence[Reached]:
    """Patients of a round in its order: those who were to get the text, or those who were left out."""
    whom = round_patients.c
    query = (
        sa.select(
            round_patients, texts.c.status, texts.c.reason.label("text_reason"), appointments.c.start,
            patients.c.sealed.label("patient"), patients.c.wrapped_key,
        )
        .join(patients, patients.c.id == whom.patient_id)
        .join(appointments, appointments.c.id == whom.appointment_id)
        .join(texts, sa.and_(whom.text_key != "", texts.c.key == whom.text_key), isouter=True)
        .where(whom.round_id == id, whom.state == LEFT_OUT if left_out else whom.state != LEFT_OUT)
        .order_by(whom.position)
        .limit(limit)
    )  # fmt: skip
    found = []
    for row in connection.execute(query):
        record: dict[str, Any] = {}
        if row.wrapped_key is not None:
            record = orjson.loads(vault.open(row.wrapped_key, patient_place(row.patient_id), row.patient))
        found.append(
            Reached(
                patient=row.patient_id,
                name=full_name(record),
                number=record.get("number", ""),
                start=moment(row.start),
                talk=row.conversation_id,
                text_key=row.text_key,
                fate=row.status or row.state,
                reason=row.text_reason or row.reason,
            )
        )
    return found


def _round(connection: Connection, vault: Vault, row: Any) -> Round:
    return Round(
        id=row.id,
        kind=row.kind,
        clinic=row.clinic,
        day=row.day,
        wording=_wording(vault, row),
        status=row.status,
        begun_by=row.begun_by,
        begun_at=moment(row.begun_at),
        changed_by=row.changed_by,
        changed_at=moment(row.changed_at),
        counts=count(connection, row.id),
    )


def _wording(vault: Vault, row: Any) -> Wording:
    content = orjson.loads(vault.open_own(round_place(row.id), row.sealed))
    return Wording(row.purpose, tuple((language, words) for language, words in content["texts"]), row.prompt)


def count(connection: Connection, id: str) -> Counts:
    """How far a round is."""
    whom = round_patients.c
    query = (
        sa.select(whom.state, texts.c.status, sa.func.count(), sa.func.sum(texts.c.segments))
        .select_from(round_patients)
        .join(texts, sa.and_(whom.text_key != "", texts.c.key == whom.text_key), isouter=True)
        .where(whom.round_id == id)
        .group_by(whom.state, texts.c.status)
    )
    sums: Counter[str] = Counter()
    for state, status, many, segments in connection.execute(query):
        sums[_COUNTED.get(status, "on_the_way") if status else _UNDECIDED[state]] += many
        sums["segments"] += int(segments or 0) if status != TextStatus.UNSENT else 0
    chosen = sum(sums.values()) - sums["segments"] - sums["left_out"]
    return Counts(chosen=chosen, **sums)


_UNDECIDED = {WAITING: "waiting", GIVEN: "waiting", QUEUED: "leaving", LEFT_OUT: "left_out"}
_COUNTED = {
    TextStatus.QUEUED: "leaving",
    TextStatus.DELIVERED: "arrived",
    TextStatus.UNSENT: "withheld",
    **dict.fromkeys(ARRIVING - {TextStatus.DELIVERED}, "on_the_way"),
    **dict.fromkeys(FAILED, "failed"),
}


def _place(id: str) -> str:
    return f"rounds|{id}"


# ---- sending ---------------------------------------------------------------------------------------------------------


class Rounds:
    """Gives the patients of running rounds to the inbox, a few at a time. Steps never overlap."""

    def __init__(
        self,
        database: Database, writer: Writer, vault: Vault, intake: Intake, clock: Clock, bus: Bus, *, at_once: int = AT_ONCE
    ) -> None:
        self._database = database
        self._writer = writer
        self._vault = vault
        self._intake = intake
        self._clock = clock
        self._bus = bus
        self._at_once = at_once

    async def step(self) -> int:
        """Give the next patients of the round that was begun first; how many. Raises StoreAway."""
        for id, over in await asyncio.to_thread(self._going):
            if over:
                await self._writer.run(partial(self._end, id))
                continue
            given = await self._writer.run(partial(self._give, id))
            self._bus.notify(WORK)
            return given
        return 0

    def _going(self) -> list[tuple[str, bool]]:
        """The rounds in which there is something to do, and whether that is to end them."""
        with self._database.reader() as connection:
            going = sa.select(rounds.c.id, rounds.c.status).where(rounds.c.status.in_([RUNNING, PAUSED])).order_by(rounds.c.id)
            found = [(id, status, self._over(connection, id)) for id, status in connection.execute(going).all()]
        return [(id, over) for id, status, over in found if over or (over is False and status == RUNNING)]

    def _over(self, connection: Connection, id: str) -> bool | None:
        """Whether nothing of it can be held back any more; None while all are given and some have not left."""
        whom = round_patients.c

        def any_in(state: str) -> bool:
            query = sa.select(whom.patient_id).where(whom.round_id == id, whom.state == state)
            return connection.execute(query.limit(1)).first() is not None

        if any_in(WAITING):
            return False
        leaving = sa.select(texts.c.key).where(of_round(id), texts.c.status == str(TextStatus.QUEUED)).limit(1)
        return None if any_in(GIVEN) or connection.execute(leaving).first() is not None else True

    def _give(self, id: str, held: Connection) -> int:
        """In one transaction: who is given is marked so, and who is marked is never given again."""
        running = sa.select(rounds).where(rounds.c.id == id, rounds.c.status == RUNNING)
        row = held.execute(running.with_for_update()).first()  # other processes wait
        whom = round_patients.c
        waiting = sa.select(whom.patient_id, whom.conversation_id).where(whom.round_id == id, whom.state == WAITING)
        next_ones = held.execute(waiting.order_by(whom.position).limit(self._at_once)).all() if row is not None else []
        if row is None or not next_ones:
            return 0
        said = _wording(self._vault, row)
        event = TextedByHand(id, row.begun_by, said.texts, said.prompt, said.purpose)
        given = [self._intake.by_hand_row(each.conversation_id, each.patient_id, event) for each in next_ones]
        held.execute(sa.insert(inbox), given)
        marked = whom.patient_id.in_([each.patient_id for each in next_ones])
        held.execute(sa.update(round_patients).where(whom.round_id == id, marked).values(state=GIVEN))
        return len(next_ones)

    def _end(self, id: str, held: Connection) -> None:
        over = sa.update(rounds).where(rounds.c.id == id, rounds.c.status.in_([RUNNING, PAUSED]))
        held.execute(over.values(status=DONE, changed_at=instant(self._clock.now())))


_WHOM = (
    "round_id", "patient_id", "position", "appointment_id", "version", "conversation_id", "state", "reason",
)  # fmt: skip
