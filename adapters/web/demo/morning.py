"""What has happened at the hospital before the visitor comes, and what goes on while they look.

An inbox that is empty at first shows nothing. So the demonstration plays the last forty minutes before it opens: patients of
the book answer in words that are written down here, colleagues take some of it, and all of it goes the way of every reply.
What is written for later comes while the visitor watches.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from adapters.bootstrap import House
from adapters.web.demo.crowd import Crowd
from adapters.web.demo.timeline import Timeline
from conversations import people, schema
from conversations.people import Person, Role, Scope
from conversations.ports import AppointmentRecord
from conversations.schema import instant
from engine.events import StaffAct

LASTS = timedelta(minutes=40)
_MINUTE = timedelta(minutes=1)
_ROUTINE = timedelta(days=9)  # whose first reminder goes out at once


@dataclass(frozen=True, slots=True)
class Part:
    """A patient's part: their replies, each to the next text that they get, with the minutes that they take. `language` is what
    they read, "" for what the book has."""

    replies: Sequence[tuple[float, str]]
    language: str = ""


_LATE = Part([(34, "So sorry, bus broke down, I will be about 25 minutes late")])
_ASKS = Part([(11, "Is there parking?"), (9, "Thank you. And can my daughter come in with me?")])
# In the order of their appointments, the soonest first: who is in a hurry has one of the next days.
_BEFORE = (
    Part([(34, "Y but I have had chest pain since this morning")]),
    Part([(4, "canel")]),
    Part([(4, "R"), (7, "Any Tuesday after 2, I mind the grandchildren until 1")]),
    _ASKS,
    Part([(21, "Sorry to say he passed away on Sunday. Please take him off your list.")]),
    Part([(11, "هل يوجد موقف للسيارات؟")], language="ar"),
    Part([(4, "Yes thanks"), (16, "Something came up, might not make it"), (9, "C")]),
    Part([(20, "You have the wrong number, I only got this phone last month")]),
    Part([(12, "Czy mogę zmienić termin?"), (8, "wtorek po 14")], language="pl"),
    Part([(4, "Dj F q"), (7, "asdfg hj")]),
    Part([(29, "I've moved to Cork so I no longer need this")]),
    Part([(30, "Do I need to fast for this one? Nobody told me and the letter says nothing either way.")]),
)
_ANSWERED_AT, _ANSWER = 16, "Yes, at the main gate."
_STRANGER = (21, "353860010001", "Is this the eye clinic? I had a letter and no text. My number is new")
# While the visitor looks: seconds after the opening.
_AFTER = (
    (6, "Y"), (11, "Yes I'll be there"), (17, "C"), (24, "Any parking?"), (33, "Y thanks"), (41, "could I get a later one"),
    (55, "Grand, see you then"), (80, "I cant breathe properly"), (110, "Y"),
)  # fmt: skip
_CANNED = (
    ("en", "Parking", "There is parking at the main gate; the first 30 minutes are free."),
    ("en", "Someone with you", "Yes, one person may come in with you."),
    ("en", "Fasting", "You may eat and drink as usual before this appointment."),
    ("en", "We will ring", "We will ring you on this number today."),
    ("ga", "Páirceáil", "Tá páirceáil ag an bpríomhgheata; tá an chéad 30 nóiméad saor in aisce."),
    ("pl", "Parking", "Parking jest przy głównej bramie; pierwsze 30 minut jest bezpłatne."),
    ("ar", "موقف السيارات", "يوجد موقف للسيارات عند البوابة الرئيسية."),
)
_COLLEAGUES = (("noreen", "Noreen", (Role.SECRETARY,)), ("fergus", "Fergus", (Role.SECRETARY, Role.CLINIC_ADMIN)))


@dataclass(frozen=True, slots=True)
class Cast:
    """`book`: the appointments, with what the parts ask for. `parts`: who plays which, by number. `asks`: the appointment of
    whom a colleague answers."""

    book: Sequence[AppointmentRecord]
    parts: Mapping[str, Part]
    asks: str


def cast(book: Sequence[AppointmentRecord], opens: datetime, without: Collection[str]) -> Cast:
    """The parts given out among the patients of a book. `without`: numbers that the visitor plays. A number is written in
    digits without plus sign, as the simulated phones have it."""
    fit = [record for record in sorted(book, key=lambda each: each.start) if _fits(record, opens, without)]
    after = [Part([((LASTS + timedelta(seconds=seconds)) / _MINUTE, words)]) for seconds, words in _AFTER]
    parts = {record.id: part for record, part in zip(fit, (_LATE, *_BEFORE, *after), strict=False)}
    changed = [_changed(record, parts.get(record.id), opens) for record in book]
    asks = next((id for id, part in parts.items() if part is _ASKS), "")
    return Cast(changed, {number_of(record): parts[record.id] for record in fit if record.id in parts}, asks)


def _changed(record: AppointmentRecord, part: Part | None, opens: datetime) -> AppointmentRecord:
    if part is _LATE:
        return replace(record, start=opens + timedelta(minutes=45))
    if part is not None and part.language:
        return replace(record, patient=replace(record.patient, language=part.language))
    return record


def _fits(record: AppointmentRecord, opens: datetime, without: Collection[str]) -> bool:
    """Whether it is reminded of at once, in English, on a phone that nobody else plays."""
    number = number_of(record)
    return bool(number) and number not in without and record.patient.language == "en" and record.start < opens + _ROUTINE


def number_of(record: AppointmentRecord) -> str:
    return (record.patient.mobile or "").removeprefix("+")


class Morning:
    """`asks`: the appointment of whom a colleague answers and keeps."""

    def __init__(self, house: House, crowd: Crowd, timeline: Timeline, opens: datetime, asks: str) -> None:
        self._house = house
        self._crowd = crowd
        self._timeline = timeline
        self._opens = opens
        self._asks = asks

    async def play(self) -> None:
        """Until the clock stands at the opening; takes some seconds."""
        colleague = (await self._house.writer.run(self._staff))[0]
        minutes, number, words = _STRANGER
        self._crowd.will_text(self._opens - LASTS + minutes * _MINUTE, number, words)
        await self._until(self._opens - LASTS + _ANSWERED_AT * _MINUTE)
        await self._does(StaffAct.ANSWER, colleague, _ANSWER)
        await self._until(self._opens)
        await self._does(StaffAct.NOTE, colleague, "Her daughter rang as well: she brings the letter of the GP.")

    async def _until(self, at: datetime) -> None:
        await self._timeline.forward(at - self._house.clock.now())

    async def _does(self, act: StaffAct, colleague: Person, text: str) -> None:
        talk = schema.conversations.c

        def look() -> list[tuple[str, int]]:
            with self._house.database.reader() as connection:
                query = sa.select(talk.id, talk.seq).where(talk.appointment_id == self._asks)
                return [(row.id, row.seq) for row in connection.execute(query)]

        for id, seq in await asyncio.to_thread(look):
            await self._house.desk.act(id, act, colleague, seq, text=text)

    def _staff(self, connection: Connection) -> list[Person]:
        """The colleagues, who cannot sign in, and what is often answered."""
        at = self._house.clock.now()
        rows = [
            {
                "id": secrets.token_hex(16), "clinic": "", "language": language, "title": title, "text": text,
                "changed_by": _COLLEAGUES[-1][0], "changed_at": instant(at),
            }
            for language, title, text in _CANNED
        ]  # fmt: skip
        connection.execute(sa.insert(schema.canned_answers), rows)
        return [
            people.add(connection, name=name, shown=shown, roles=roles, scope=Scope(), password="", one_time=False, at=at)
            for name, shown, roles in _COLLEAGUES
        ]
