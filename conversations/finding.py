"""The index by which talks are found, and how it grows: outside the ways of opening and replying, behind them.

Nothing that could be searched lies open in the store, so what a talk is found by are keyed tokens (`Vault.search_token`): of
the patient's names, of the day of the appointment, of the words of replies and of what staff wrote. Tokens are made from
the transcript, read on from where the last pass ended. A talk is found a few seconds after it happened.

What it gives away to who has the database and no key: how often each token occurs and which ones go together, which for
common names and words may be guessed. Hence only what people search by has tokens: whole names, their first three letters,
and pairs of either; words of three letters and more; not a reply that is a bare Y, R or C.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import fences
from conversations.bulk import among_those, insert_rows, portions, rows_of
from conversations.database import Database
from conversations.fences import Overtaken
from conversations.names import full_name
from conversations.places import entry_place, patient_place
from conversations.ports import Clock
from conversations.schema import appointments, conversations, facts, instant, moment, patients, search_tokens, transcript
from conversations.vault import Vault
from conversations.writer import Writer
from engine.normalise import clean, fold

# Kinds of token.
NAME, PAIR, DAY, WORD = "name", "pair", "day", "word"
BEGINNING = 3  # letters of a name that are a token of their own
SHORTEST = 3  # letters of a word of the talk that is one

# Where the index has come to, by what counts places: a record that moves from one engine to the other is read anew.
_CURSORS = {"sqlite": "search_cursor", "postgresql": "search_cursor_of_batches"}
_ENTRIES = 1_000  # read in one step
_BATCHES = 20  # on PostgreSQL
_LETTERS = re.compile(r"[^\W_]+")
_OF_PATIENT = ("conversation.opened", "patient.changed", "appointment.changed")
_SAID = ("reply.read", "staff.acted")

Token = tuple[str, str]


def words(text: str) -> list[str]:
    """The words of a text as they are searched: one case, no accents, no apostrophes."""
    return [fold(word) for word in _LETTERS.findall(clean(text).replace("'", ""))]


def name_tokens(record: Mapping[str, Any]) -> set[Token]:
    said = full_name(record)
    # O'Brien is found as OBrien and as Brien.
    names = sorted({*words(said), *(fold(part) for part in _LETTERS.findall(clean(said)))})
    two = list(combinations(names, 2))
    begun = {(NAME, name[:BEGINNING]) for name in names} | {beginnings(*each) for each in two}
    return {(NAME, name) for name in names} | {pair(*each) for each in two} | begun


def pair(one: str, other: str) -> Token:
    """Two names of one patient."""
    return (PAIR, " ".join(sorted((one, other))))


def beginnings(one: str, other: str) -> Token:
    """How two names of one patient begin."""
    return pair(one[:BEGINNING], other[:BEGINNING])


def word_tokens(text: str) -> set[Token]:
    return {(WORD, word) for word in words(text) if len(word) >= SHORTEST}


def day_token(day: date) -> Token:
    return (DAY, day.isoformat())


@dataclass(frozen=True, slots=True)
class _Known:
    """A talk as it stands, for its tokens."""

    clinic: str
    start: int
    wrapped_key: bytes
    record: Mapping[str, Any]


class Finder:
    """Lets the index grow. One at a time on a store."""

    def __init__(
        self, database: Database, writer: Writer, vault: Vault, clock: Clock, *, timezone: str = "Europe/Dublin"
    ) -> None:
        self._database = database
        self._writer = writer
        self._vault = vault
        self._clock = clock
        self._zone = ZoneInfo(timezone)

    def step(self) -> int:
        """Read on in the transcript; how many places further. 0: all has been read."""
        with self._database.reader() as connection:
            before = fences.erasures(connection)
            begin = _cursor(connection)
            end = _end(connection, begin)
            if end == begin:
                return 0
            rows = self._rows(connection, begin, end)
        at = instant(self._clock.now())

        def job(held: Connection) -> None:
            fences.nobody_was_erased(held, before)
            insert_rows(held, search_tokens, ("token", "clinic", "talk"), rows, once=True)
            cursor = (_CURSORS[held.dialect.name], str(end), at)
            insert_rows(held, facts, ("name", "value", "at"), [cursor], replacing=("value", "at"))

        try:
            self._writer.submit(job).result()
        except Overtaken:
            return 0  # read anew by the next step
        return end - begin

    def _rows(self, connection: Connection, begin: int, end: int) -> list[tuple[bytes, str, bytes]]:
        """In the order of the index, so that rows of one token are written together."""
        entry, place = transcript.c, _place(connection)
        query = sa.select(entry.conversation_id, entry.seq, entry.kind, entry.sealed).where(
            place > begin, place <= end, entry.kind.in_((*_OF_PATIENT, *_SAID))
        )
        entries = connection.execute(query).all()
        talks = self._talks(connection, (row.conversation_id for row in entries))
        rows: set[tuple[bytes, str, bytes]] = set()
        for row in entries:
            known = talks.get(row.conversation_id)
            if known is None:
                continue  # erased
            talk = bytes.fromhex(row.conversation_id)
            rows.update((self._vault.search_token(*token), known.clinic, talk) for token in self._tokens(row, known))
        return sorted(rows)

    def _tokens(self, row: Any, known: _Known) -> Iterable[Token]:
        if row.kind in _OF_PATIENT:
            day = moment(known.start).astimezone(self._zone).date()
            return name_tokens(known.record) | {day_token(day)}
        place = entry_place(row.conversation_id, row.seq)
        data = orjson.loads(self._vault.open(known.wrapped_key, place, row.sealed))["data"]
        if row.kind == "reply.read" and (data["rule"] == "key" or data["former_number"]):
            return ()
        return word_tokens(data["text"])

    def _talks(self, connection: Connection, ids: Iterable[str]) -> dict[str, _Known]:
        found = {}
        for row in rows_of(connection, _TALKS, ids):
            if row.wrapped_key is not None:
                record = orjson.loads(self._vault.open(row.wrapped_key, patient_place(row.patient_id), row.sealed))
                found[row.id] = _Known(row.clinic, row.start, row.wrapped_key, record)
        return found


def forget(connection: Connection, ids: Sequence[str]) -> None:
    """Take these patients' talks out of the index, in the transaction that destroys their keys. The index is read whole for
    that, once for all of them: it has no way from a talk to its tokens, which would double it."""
    talks = conversations.c
    for some in portions(ids):
        found = connection.execute(sa.select(talks.id).where(talks.patient_id.in_(some))).scalars()
        gone = [bytes.fromhex(id) for id in found]
        for part in portions(gone):
            connection.execute(sa.delete(search_tokens).where(search_tokens.c.talk.in_(part)))


_TALKS = (
    sa.select(
        conversations.c.id,
        conversations.c.patient_id,
        appointments.c.clinic,
        appointments.c.start,
        patients.c.wrapped_key,
        patients.c.sealed,
    )
    .join_from(conversations, appointments, appointments.c.id == conversations.c.appointment_id)
    .join(patients, patients.c.id == conversations.c.patient_id)
    .where(among_those(conversations.c.id))
)


def _place(connection: Connection) -> sa.ColumnElement[int]:
    """What rises with each entry, or with each commit of some."""
    if connection.dialect.name == "sqlite":
        return sa.literal_column("transcript.rowid", sa.BigInteger)
    return transcript.c.batch


def _cursor(connection: Connection) -> int:
    name = _CURSORS[connection.dialect.name]
    return int(connection.execute(sa.select(facts.c.value).where(facts.c.name == name)).scalar() or 0)


def _end(connection: Connection, begin: int) -> int:
    """Where the next step ends: no place up to there will be filled any more."""
    if connection.dialect.name == "sqlite":
        last = connection.execute(sa.text("SELECT max(rowid) FROM transcript")).scalar() or 0
        return max(begin, min(begin + _ENTRIES, last))
    last = connection.execute(sa.text("SELECT max(batch) FROM ledger")).scalar() or 0
    return max(begin, min(begin + _BATCHES, last))


__all__ = [
    "DAY", "NAME", "PAIR", "WORD", "Finder", "beginnings", "day_token", "forget", "name_tokens", "pair", "word_tokens", "words",
]  # fmt: skip
