"""Whose reply is this, and about which appointment?

First the gateway's own reference to the text that is answered; then the phone, found by its blind index. A phone may serve a
whole family: where it has several talks going on, engine/several.py says which of them the reply is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from conversations import schema
from conversations.batch import Batch
from conversations.bulk import among_those, rows_of
from conversations.changes import Unblock
from conversations.together import members
from engine.conversation import OPTED_OUT
from engine.ruleset import SCOPES
from engine.stopping import covers


@dataclass(frozen=True, slots=True)
class Addressee:
    """The conversation that a reply belongs to; or the phone's several talks that are going on, and those of them that were
    told by the text which the gateway says is answered."""

    talk: str
    former_number: bool = False
    going: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()


class Stop(NamedTuple):
    """What a phone has stopped, by one STOP of it."""

    scope: str
    clinic: str
    talk: str


class PhoneBook:
    """All that a batch's replies may refer to, fetched at once."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._patients: dict[bytes, list[str]] = {}
        self._former: dict[bytes, list[str]] = {}
        self._talks: dict[str, list[str]] = {}  # patient -> conversations, the latest first
        self._texts: dict[str, tuple[tuple[str, ...], bytes | None]] = {}  # key -> conversations, phone it went to
        self._stops: dict[bytes, list[Stop]] = {}

    def prefetch(self, phones: list[bytes], keys: list[str]) -> None:
        connection = self._batch.connection
        for phone, patient, talk in self._batch.load_talks_of_phones(phones):
            talks = self._talks.setdefault(patient, [])
            if not talks:
                self._patients.setdefault(phone, []).append(patient)
            if talk is not None:
                talks.append(talk)
        for row in rows_of(connection, _FORMER, phones):
            self._former.setdefault(row.phone_index, []).append(row.patient_id)
        for row in rows_of(connection, _STOPS, phones):
            self._stops.setdefault(row.phone_index, []).append(Stop(row.scope, row.clinic, row.conversation_id))
        for text in rows_of(connection, _TEXTS, keys):
            told = tuple(each.talk for each in members(text.members)) if text.members else (text.conversation_id,)
            self._texts[text.key] = (told, text.phone_index)
        self._fetch_talks_of_former()

    def _fetch_talks_of_former(self) -> None:
        once = (id for ids in self._former.values() for id in ids if id not in self._talks)
        found = list(rows_of(self._batch.connection, _TALKS_OF, once))
        for row in found:
            self._talks.setdefault(row.patient_id, []).append(row.id)
        self._batch.load_talks([row.id for row in found] + [talk for told, _ in self._texts.values() for talk in told])

    def stopped(self, phone: bytes, talk: str = "") -> str:
        """The widest scope in which texts to this phone are stopped, by the last words of whoever has it; "" for none. With a
        talk: in which those of this talk are."""
        stops = self._standing(phone)
        if not stops:
            return ""
        if talk:
            clinic = self._batch.talks[talk].conversation.appointment.clinic
            stops = [s for s in stops if covers(s.scope, same_talk=s.talk == talk, same_clinic=s.clinic == clinic)]
        return max((stop.scope for stop in stops), key=SCOPES.index, default="")

    def _standing(self, phone: bytes) -> list[Stop]:
        stops = self._stops.get(phone, [])
        for step in self._batch.stops.get(phone, ()):
            if isinstance(step, Unblock):
                stops = []
            elif step["reason"] == OPTED_OUT:
                stops = [*stops, Stop(step["scope"], step["clinic"], step["conversation_id"])]
        return stops

    def talks_of(self, phone: bytes) -> list[str]:
        """The conversations of all whose number it is."""
        return self._talks_of(self._owners(phone))

    def _owners(self, phone: bytes) -> list[str]:
        """The patients whose number it is, as the events of this very batch left it."""
        held = self._batch.patients
        owners = [id for id in self._patients.get(phone, ()) if id not in held or held[id].phone_index == phone]
        if phone in self._batch.got_phone:
            changed = dict.fromkeys(self._batch.got_phone[phone])
            owners += [id for id in changed if held[id].phone_index == phone and id not in owners]
        return owners

    def _once(self, phone: bytes) -> list[str]:
        """The patients whose number it was."""
        return [*self._batch.left_phone.get(phone, ()), *self._former.get(phone, ())]

    def _talks_of(self, patients: list[str]) -> list[str]:
        """Their conversations, of each patient the latest first."""
        found: list[str] = []
        for patient in patients:
            talks = self._talks.get(patient, [])
            if not talks and patient in self._batch.patients:
                # The number came with a change in this batch, and the conversations came with the change.
                talks = [id for id, talk in self._batch.talks.items() if talk.conversation.patient.id == patient]
            found += [id for id in talks if id in self._batch.talks]
        return found

    def find(self, phone: bytes, answers: str | None) -> Addressee | None:
        """None where the number is nobody's we know."""
        owners = self._owners(phone)
        answered: tuple[str, ...] = ()
        if answers is not None and answers in self._texts:
            told, sent_to = self._texts[answers]
            held = [talk for talk in told if talk in self._batch.talks]
            # The gateway's reference is a hint that must agree with the number we sent to.
            if sent_to == phone and held:
                answered = tuple(talk for talk in held if self._batch.talks[talk].conversation.patient.id in owners)
                if not answered:
                    return Addressee(held[0], former_number=True)
        talks = self._talks_of(owners)
        if talks:
            return self._likeliest(talks, answered)
        once = self._talks_of(self._once(phone))
        return Addressee(once[0], former_number=True) if once else None

    def _likeliest(self, talks: list[str], answered: tuple[str, ...]) -> Addressee:
        """The talk that the gateway names or the one that goes on, else the one that ended last; all that go on, where they are
        several."""
        if len(talks) == 1:
            return Addressee(talks[0])
        held = [self._batch.talks[talk].conversation for talk in talks]
        going = [c for c in held if not c.closed and c.told]
        if len(going) > 1 and (not answered or any(c.id in answered for c in going)):
            return Addressee(going[0].id, going=tuple(c.id for c in going), answered=answered)
        if len(answered) == 1 or (answered and not going):
            return Addressee(answered[0])
        if going:
            return Addressee(going[0].id)
        waiting = [c for c in held if not c.closed]
        last = max(waiting or held, key=lambda c: (c.spoke_at or c.opened_at, c.id))
        return Addressee(last.id)


_once, _blocks, _texts, _talks = (
    table.c for table in (schema.former_phones, schema.blocks, schema.texts, schema.conversations)
)
_FORMER = sa.select(_once.patient_id, _once.phone_index).where(among_those(_once.phone_index))
_STOPS = sa.select(_blocks.phone_index, _blocks.scope, _blocks.clinic, _blocks.conversation_id).where(
    among_those(_blocks.phone_index), _blocks.reason == OPTED_OUT, _blocks.lifted_at.is_(None)
)
_TEXTS = sa.select(_texts.key, _texts.conversation_id, _texts.phone_index, _texts.members).where(among_those(_texts.key))
_TALKS_OF = (
    sa.select(_talks.id, _talks.patient_id)
    .where(among_those(_talks.patient_id))
    .order_by(_talks.changed_at.desc(), _talks.id)
)
