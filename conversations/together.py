"""Reminders for one phone that are due on one day leave as one text, where the ruleset says how.

Each talk first decides for itself what it has to say, and queues a text of its own. Before a batch is committed the texts to
one phone are joined: the joint text leaves in their place, and what the gateway says of it is said of each. So a talk needs to
know nothing of the others, and its retries, receipts and records are those of any text.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from conversations import schema
from conversations.batch import Batch
from conversations.bulk import among_those, rows_of
from conversations.changes import TextRow
from conversations.places import text_place
from conversations.schema import instant
from conversations.transcript import canonical
from engine import together
from engine.effects import BULK
from engine.events import TextJoined
from engine.ruleset import Ruleset
from engine.turn import cadence_timer

_log = logging.getLogger("freagra.conversations")

JOINED = "joined"  # the phase of a text in whose place another one leaves


@dataclass(frozen=True, slots=True)
class Member:
    """A talk's own text, in whose place a joint one leaves."""

    key: str
    talk: str


def members(written: str) -> list[Member]:
    """Of a row of `texts`; none for most."""
    return [Member(*each.split(":", 1)) for each in written.split()]


class Together:
    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    # ---- timers of one day -------------------------------------------------------------------------------------------

    def due_today(self, timers: Sequence[Any]) -> list[Any]:
        """The cadence timers of the phones of these that fall due later today and can be joined with them."""
        asking = [row for row in timers if self._asks(row)]
        if not asking:
            return []
        phones = {phone for row in asking if (phone := self._phone(row.conversation_id)) is not None}
        midnight = self._midnight(asking[0].conversation_id)
        now = instant(self._batch.now)
        found = list(rows_of(self._batch.connection, _DUE_OF_PHONES, phones, now=now, midnight=instant(midnight)))
        self._batch.load_talks(row.conversation_id for row in found)
        first = {self._phone(row.conversation_id): row for row in asking}
        return [row for row in found if self._asks(row) and self._alike(row, first.get(self._phone(row.conversation_id)))]

    def _asks(self, row: Any) -> bool:
        if row.conversation_id not in self._batch.talks:
            return False
        ruleset = self._ruleset(row.conversation_id)
        conversation = self._batch.talks[row.conversation_id].conversation
        return any(
            row.name == cadence_timer(step.name) and together.will_ask(ruleset, conversation, step) for step in ruleset.cadence
        )

    def _alike(self, row: Any, other: Any) -> bool:
        return other is not None and self._kind(row.conversation_id) == self._kind(other.conversation_id)

    def _kind(self, talk: str) -> tuple[str, str]:
        conversation = self._batch.talks[talk].conversation
        return conversation.version, conversation.patient.language

    def _phone(self, talk: str) -> bytes | None:
        held = self._batch.talks.get(talk)
        return None if held is None else self._batch.patients[held.conversation.patient.id].phone_index

    def _ruleset(self, talk: str) -> Ruleset:
        return self._batch.rulebook.version(self._batch.connection, self._batch.talks[talk].conversation.version)

    def _midnight(self, talk: str) -> datetime:
        zone = ZoneInfo(self._ruleset(talk).hours.timezone)
        day = self._batch.now.astimezone(zone).date() + timedelta(days=1)
        return datetime.combine(day, time(), zone)

    # ---- texts of one batch ------------------------------------------------------------------------------------------

    def join(self) -> None:
        """Join what the batch has queued and not committed. What cannot be joined leaves as it is."""
        own: dict[str, TextRow] = {}
        for rows in self._groups():
            self._batch.begin()
            try:
                own |= self._join(rows)
            except Exception as fault:  # noqa: BLE001 - a convenience must not cost the texts themselves
                self._batch.undo()
                _log.error("texts for one phone were not joined: %s", type(fault).__name__)
        if own:
            texts = self._batch.changes.texts
            texts[:] = [own.get(row.key, row) for row in texts]

    def _groups(self) -> Iterable[list[TextRow]]:
        by_phone: dict[bytes, list[TextRow]] = {}
        for row in self._batch.changes.texts:
            if row.lane == BULK and row.prompt and row.phone_index is not None and not row.members:
                by_phone.setdefault(row.phone_index, []).append(row)
        for several in by_phone.values():
            if len(several) > 1:
                yield from self._alike_groups(several)

    def _alike_groups(self, several: list[TextRow]) -> Iterable[list[TextRow]]:
        kinds: dict[tuple[str, str], dict[str, TextRow]] = {}
        for row in several:
            talk = row.conversation_id
            if together.may_be_joined(self._ruleset(talk), self._batch.talks[talk].conversation, row.key):
                kinds.setdefault(self._kind(talk), {})[talk] = row
        for rows in kinds.values():
            in_order = sorted(rows.values(), key=lambda row: self._order(row.conversation_id))
            rule = self._ruleset(in_order[0].conversation_id).one_phone
            most = rule.most if rule is not None else len(in_order)
            for start in range(0, len(in_order), most):
                if len(in_order[start : start + most]) > 1:
                    yield in_order[start : start + most]

    def _order(self, talk: str) -> tuple[datetime, str]:
        return self._batch.talks[talk].conversation.appointment.start, talk

    def _join(self, rows: list[TextRow]) -> dict[str, TextRow]:
        """Queue the joint text; the talks' own texts by key, as they are once it leaves in their place."""
        batch = self._batch
        talks = [row.conversation_id for row in rows]
        ruleset = self._ruleset(talks[0])
        joined = together.join(ruleset, [batch.talks[talk].conversation for talk in talks])
        keys = " ".join(row.key for row in rows)
        shared = rows[0].key[:14] + sha256(f"joined {keys}".encode()).hexdigest()[:18]
        for number, (row, part) in enumerate(zip(rows, joined.parts, strict=True), 1):
            event = TextJoined(row.key, shared, part, number, len(rows), joined.whole.segments.parts)
            batch.decide(row.conversation_id, event)
        prompt = together.listing(ruleset)
        whole = rows[0]._replace(
            key=shared,
            prompt=prompt.ask if prompt is not None else "",
            sealed=self._sealed(rows[0], shared, joined.whole.text),
            segments=joined.whole.segments.parts,
            about=0,
            members=" ".join(f"{row.key}:{row.conversation_id}" for row in rows),
            not_after=min(row.not_after for row in rows),
            clinic="",
        )
        # What each costs, the joint text costs.
        own = {
            row.key: row._replace(phase=JOINED, sealed=self._sealed(row, row.key, part), segments=0)
            for row, part in zip(rows, joined.parts, strict=True)
        }
        batch.changes.texts.append(whole)
        return own

    def _sealed(self, row: TextRow, key: str, text: str) -> bytes:
        patient = self._batch.patients[row.patient_id]
        content = canonical({"to": patient.record.get("mobile"), "text": text})
        sealed: bytes = self._batch.vault.seal(patient.wrapped_key, text_place(key), content)
        return sealed


_timers, _talks, _people = schema.timers.c, schema.conversations.c, schema.patients.c
_DUE_OF_PHONES = (
    sa.select(schema.timers)
    .join(schema.conversations, _talks.id == _timers.conversation_id)
    .join(schema.patients, _people.id == _talks.patient_id)
    .where(among_those(_people.phone_index), ~_talks.closed)
    .where(_timers.due > sa.bindparam("now"), _timers.due < sa.bindparam("midnight"))
    .where(_timers.name.like("cadence.%"))
)
