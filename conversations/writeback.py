"""The way back to the iPMS: what was settled, and every text with its status, in order per appointment.

A write is tried until the iPMS takes it, refuses it, or says that it holds another version (then that version is asked for
and decided on). One appointment whose write keeps failing holds up its own later writes and nobody else's.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import schema
from conversations.database import Database
from conversations.intake import Intake
from conversations.outbox import backoff
from conversations.places import text_place, write_place
from conversations.ports import (
    AppointmentRecord,
    AppointmentWrite,
    Clock,
    MessageRecord,
    PatientSystem,
    PatientSystemAway,
    WriteResult,
    WriteStatus,
)
from conversations.schema import instant, moment
from conversations.vault import KeyErased, SealBroken, Vault
from conversations.writer import Writer

_log = logging.getLogger("freagra.conversations")

_writes, _texts = schema.writes, schema.texts
_TOLD = ("start", "status", "clinic", "clinician", "place")
# A write the iPMS did not take this often (about two days) is given to staff; the row stays and can be put back.
GIVE_UP = 200
# Where several write back: how long a write is one's own. Both sides give up a call sooner (`answer_seconds`).
_CLAIM = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Outcome:
    row: Any
    result: WriteResult


class Writeback:
    def __init__(
        self,
        database: Database,
        writer: Writer,
        vault: Vault,
        patient_system: PatientSystem,
        intake: Intake,
        clock: Clock,
        *,
        rng: random.Random | None = None,
        at_once: int = 32,
    ) -> None:
        self._database = database
        self._writer = writer
        self._vault = vault
        self._ipms = patient_system
        self._intake = intake
        self._clock = clock
        self._rng = rng or random.Random()
        self._at_once = at_once
        self._shared = database.path is None

    async def step(self) -> int:
        """Write what is due, the oldest of each appointment; how many were tried. Raises StoreAway."""
        now = self._clock.now()
        rows = await asyncio.to_thread(self._due, now)
        if rows and self._shared:
            rows = await self._writer.run(lambda connection: self._claim(connection, now))
        outcomes = await asyncio.gather(*(self._try(row, now) for row in rows))
        if outcomes:
            await self._settle(outcomes)
        return len(outcomes)

    def _due(self, now: datetime) -> list[Any]:
        with self._database.reader() as connection:
            return list(connection.execute(self._oldest(now)).all())

    def _claim(self, connection: Connection, now: datetime) -> list[Any]:
        """Several write back: what another one has in hand is left to it for the time of a claim, and with it all that comes
        behind it on the same appointment."""
        query = self._oldest(now).with_for_update(of=_writes, skip_locked=True)
        rows = list(connection.execute(query).all())
        taken = sa.update(_writes).where(_writes.c.id.in_([row.id for row in rows]))
        connection.execute(taken.values(due=instant(now + _CLAIM)))
        return rows

    def _oldest(self, now: datetime) -> sa.Select[Any]:
        """What is due, the oldest of each appointment."""
        earlier = _writes.alias("earlier")
        first = ~sa.exists().where(
            earlier.c.appointment_id == _writes.c.appointment_id, earlier.c.status == "queued", earlier.c.id < _writes.c.id
        )
        return (
            sa.select(
                _writes,
                schema.patients.c.wrapped_key,
                schema.appointments.c.revision,
                schema.appointments.c.patient_id.label("held_patient"),
                *(schema.appointments.c[name].label(f"held_{name}") for name in ("version", *_TOLD)),
            )
            .join_from(_writes, schema.patients, schema.patients.c.id == _writes.c.patient_id)
            .join(schema.appointments, schema.appointments.c.id == _writes.c.appointment_id)
            .where(_writes.c.status == "queued", _writes.c.due <= instant(now), first)
            .order_by(_writes.c.due, _writes.c.id)
            .limit(self._at_once)
        )

    async def _try(self, row: Any, claimed: datetime) -> _Outcome:
        """Whatever is wrong with this write is this write's alone."""
        if self._shared and self._clock.now() - claimed > _CLAIM / 2:
            # The process stood still in between, and another one may have it in hand by now.
            return _Outcome(row, WriteResult(WriteStatus.RETRY, "overslept", "the process stood still"))
        try:
            return await self._write(row)
        except (SealBroken, KeyErased) as fault:
            _log.error("write %s cannot be read: %s", row.key, type(fault).__name__)
            return _Outcome(row, WriteResult(WriteStatus.REFUSED, fault.code, "what was to be written cannot be read"))
        except Exception as fault:  # noqa: BLE001 - the port promises not to raise; a write is kept until it is answered
            _log.error("write %s met %s", row.key, type(fault).__name__)
            return _Outcome(row, WriteResult(WriteStatus.RETRY, "fault", f"a fault of our own ({type(fault).__name__})"))

    async def _write(self, row: Any) -> _Outcome:
        if row.wrapped_key is None:
            return _Outcome(row, WriteResult(WriteStatus.REFUSED, "erased", "the patient's data was erased"))
        if row.held_patient != row.patient_id:
            return _Outcome(row, WriteResult(WriteStatus.REFUSED, "other_patient", "it is another patient's appointment now"))
        content = orjson.loads(self._vault.open(row.wrapped_key, write_place(row.key), row.sealed))
        at = datetime.fromisoformat(content["at"])
        if row.kind == "message":
            text = content["text"] or await asyncio.to_thread(self._text, row, content["text_key"])
            record = MessageRecord(
                content["name"], row.appointment_id, content["direction"], text, content["status"], at
            )
            return _Outcome(row, await self._ipms.record(record))
        if row.action == "confirm" and content["version"] != row.held_version:
            # It changed between the patient's yes and now. What they agreed to is not what the iPMS would record.
            return _Outcome(row, WriteResult(WriteStatus.CONFLICT, "changed", "the appointment changed meanwhile"))
        start = content["start"]
        write = AppointmentWrite(
            row.key,
            row.appointment_id,
            row.action,
            row.revision,
            at,
            content["note"],
            datetime.fromisoformat(start) if start else None,
            content["preferences"],
        )
        result = await self._ipms.write(write)
        if result.status is WriteStatus.CONFLICT and result.current is None:
            result = await self._ask(row, result)
        if result.status is WriteStatus.CONFLICT and result.current is not None and _same(row, result.current):
            # Only the tag is another: someone saved the appointment as it was. Write again with the tag it has now.
            result = WriteResult(WriteStatus.RETRY, result.code, result.reason, 1.0, result.current)
        return _Outcome(row, result)

    async def _ask(self, row: Any, result: WriteResult) -> WriteResult:
        """After a conflict: what does the iPMS hold? If it will not say now, the write is tried again later."""
        try:
            current = await self._ipms.read(row.appointment_id)
        except PatientSystemAway:
            return WriteResult(WriteStatus.RETRY, result.code, "the iPMS holds another version and does not say which")
        if current is None:
            return WriteResult(WriteStatus.REFUSED, result.code, "the iPMS has no such appointment any more")
        return WriteResult(result.status, result.code, result.reason, current=current)

    def _text(self, row: Any, key: str) -> str:
        with self._database.reader() as connection:
            sealed = connection.execute(sa.select(_texts.c.sealed).where(_texts.c.key == key)).scalar()
        if sealed is None:
            return ""
        text: str = orjson.loads(self._vault.open(row.wrapped_key, text_place(key), sealed))["text"]
        return text

    async def _settle(self, outcomes: Sequence[_Outcome]) -> None:
        now = self._clock.now()
        rows: list[dict[str, Any]] = []
        for each in outcomes:
            row, result = each.row, each.result
            done = result.status is not WriteStatus.RETRY or row.attempts >= GIVE_UP
            if done and (row.kind == "appointment" or result.status is not WriteStatus.DONE):
                rows.append(self._intake.written_row(row.key, row.conversation_id, _named(row), result))
            if result.current is not None:
                # What the iPMS says it holds at this moment is older than nothing, whatever stamp it carries.
                held = replace(result.current, changed_at=None)
                rows.append(self._intake.appointment_row("ipms", f"conflict:{row.key}:{row.attempts}", held))
        # What came of it is in the inbox before the row says so: a crash between the two tells it twice, never not at all.
        if rows:
            await self._intake.take(rows)
        await self._writer.run(lambda connection: self._mark(connection, outcomes, now))

    def _mark(self, connection: Connection, outcomes: Sequence[_Outcome], now: datetime) -> None:
        for each in outcomes:
            row, result = each.row, each.result
            query = sa.update(_writes).where(_writes.c.id == row.id, _writes.c.status == "queued")
            if result.status is WriteStatus.RETRY and row.attempts < GIVE_UP:
                due = instant(now + backoff(row.attempts, self._rng, result.retry_after))
                values = {"due": due, "attempts": row.attempts + 1, "reason": result.reason[:200]}
            else:
                status = "done" if result.status is WriteStatus.DONE else "refused"
                values = {"status": status, "done_at": instant(now), "reason": result.reason[:200]}
            connection.execute(query.values(values))


def _same(row: Any, current: AppointmentRecord) -> bool:
    """Whether the iPMS's version tells the patient what ours does."""
    if moment(row.held_start) != current.start:
        return False
    return all(getattr(row, f"held_{name}") == getattr(current, name) for name in _TOLD if name != "start")


def _named(row: Any) -> str:
    return "message" if row.kind == "message" else row.action
