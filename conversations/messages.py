"""Every text that was issued and every reply, newest first, and how each text fares.

Four tables are read in one order: texts to send, texts that were withheld before that, replies, and texts from numbers of no
patient. All of their ids begin with the time. Only the page that is shown is opened; the rest is found by indexes. Of a text
that several talks share, each talk's own part is listed and the whole is not: it may be about patients of other clinics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge, nlargest
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.bulk import portions
from conversations.lines import LINES, line_id
from conversations.people import Scope
from conversations.said import Found, Message, opened
from conversations.schema import appointments, conversations, instant, patients, replies, texts, transcript, unmatched, withheld
from conversations.vault import Vault
from engine.events import TextStatus

# What a list can be narrowed down to: the statuses of texts that belong to it, and the tables beside them.
FATES: Mapping[str, tuple[tuple[TextStatus, ...], tuple[sa.Table, ...]]] = {
    "arrived": ((TextStatus.DELIVERED,), ()),
    "on the way": ((TextStatus.QUEUED, TextStatus.ACCEPTED, TextStatus.SENT), ()),
    "did not arrive": ((TextStatus.UNDELIVERABLE, TextStatus.EXPIRED, TextStatus.REJECTED, TextStatus.UNKNOWN), ()),
    "not sent": ((TextStatus.UNSENT,), (withheld,)),
    "replies": ((), (replies, unmatched)),
    "unknown numbers": ((), (unmatched,)),
}
_EVERYTHING = (tuple(TextStatus), (withheld, replies, unmatched))


@dataclass(frozen=True, slots=True)
class Wanted:
    """`patients`: our ids, None for any. `since` and `until` bound the time, the latter excluded. `fate`: a key of FATES, ""
    for all. `round`: texts of this round alone. `phone`: with the patients' also what came from this number (its blind index)
    when it was no patient's."""

    clinic: str = ""
    patients: tuple[str, ...] | None = None
    fate: str = ""
    since: datetime | None = None
    until: datetime | None = None
    round: str = ""
    phone: bytes | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """`older`: from where the list goes on, "" where it ends."""

    messages: Sequence[Message]
    older: str


def listing(
    connection: Connection, vault: Vault, scope: Scope, wanted: Wanted, *, before: str = "", limit: int = 50
) -> Listing:
    """The newest, at most `limit`; `before`: older ones than what was listed up to there. Raises SealBroken."""
    bounds = _Bounds.of(wanted, before)
    if wanted.patients is not None:
        found = _of_patients(connection, scope, wanted, bounds)
    elif wanted.round:
        found = _of_round(connection, scope, wanted, bounds)
    else:
        found = _of_clinics(connection, scope, wanted, bounds, limit)
    ids = list(islice(_newest(found), limit + 1))
    shown = [each for each in opened(connection, vault, ids[:limit]) if each.clinic in scope]
    return Listing(shown, ids[limit - 1][0] if len(ids) > limit else "")


def every(
    connection: Connection, vault: Vault, scope: Scope, wanted: Wanted, *, most: int, at_once: int = 500
) -> Iterator[Message]:
    """The same without pages, for an export; at most so many."""
    before = ""
    while most > 0:
        page = listing(connection, vault, scope, wanted, before=before, limit=min(at_once, most))
        yield from page.messages
        most -= at_once
        before = page.older
        if not before:
            return


def patients_by(connection: Connection, vault: Vault, hospital_number: str, phones: Iterable[str]) -> tuple[str, ...]:
    """Our ids of those with this hospital number, or now with one of these numbers in E.164."""
    indexes = [vault.phone_index(phone) for phone in phones]
    of = patients.c
    by_number = of.hospital_number_index == vault.number_index(hospital_number)
    query = sa.select(of.id).where(sa.or_(by_number, of.phone_index.in_(indexes)) if indexes else by_number)
    return tuple(connection.execute(query).scalars())


# ---- which ones ------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class _Bounds:
    """Ids from `first` on and before `end`; "" where there is no bound."""

    first: str
    end: str

    @classmethod
    def of(cls, wanted: Wanted, before: str) -> _Bounds:
        first = "" if wanted.since is None else _begins(wanted.since)
        end = "" if wanted.until is None else _begins(wanted.until)
        return cls(first, min(filter(None, (end, before)), default=""))

    def on(self, column: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
        return [*([column >= self.first] if self.first else ()), *([column < self.end] if self.end else ())]

    def hold(self, id: str) -> bool:
        return id >= self.first and (not self.end or id < self.end)


def _begins(at: datetime) -> str:
    return f"{instant(at) // 1000:012x}"


def _newest(found: Iterable[Iterable[Found]]) -> Iterator[Found]:
    """Of several lists, each with the newest first."""
    return merge(*found, key=lambda each: each[0], reverse=True)


def _of_clinics(
    connection: Connection, scope: Scope, wanted: Wanted, bounds: _Bounds, limit: int
) -> list[list[Found]]:
    statuses, lines = FATES.get(wanted.fate, _EVERYTHING)
    within = _within(scope, wanted.clinic)
    found: list[list[Found]] = []
    if within is None and not wanted.fate:
        query = sa.select(texts.c.key).where(texts.c.members == "", *bounds.on(texts.c.key))
        found.append(_ids(connection, query, texts, texts.c.key, limit))
        statuses = ()
    elif within is None:
        within = _all_clinics(connection)
    for clinic in within or ():
        for status in statuses:
            query = sa.select(texts.c.key).where(texts.c.clinic == clinic, texts.c.status == str(status))
            found.append(_ids(connection, query.where(*bounds.on(texts.c.key)), texts, texts.c.key, limit))
    for line in lines:
        # What is nobody's yet is of no clinic.
        nobodys = [""] if line is unmatched and not wanted.clinic else []
        for each in (None,) if within is None else (*nobodys, *within):
            query = sa.select(line.c.id).where(*bounds.on(line.c.id))
            query = query if each is None else query.where(line.c.clinic == each)
            found.append(_ids(connection, query, line, line.c.id, limit))
    return found


def _within(scope: Scope, clinic: str) -> list[str] | None:
    """The clinics to look at one by one; None: all there are."""
    if clinic:
        return [clinic] if clinic in scope else []
    return None if scope.clinics is None else sorted(scope.clinics)


def _all_clinics(connection: Connection) -> list[str]:
    """Those that have texts or lines, by one look into the index for each."""
    found: set[str] = set()
    for column in (texts.c.clinic, withheld.c.clinic, replies.c.clinic):
        clinic: str | None = ""
        while clinic is not None:
            found.add(clinic)
            clinic = connection.execute(sa.select(sa.func.min(column)).where(column > clinic)).scalar()
    return sorted(found - {""})


def _ids(
    connection: Connection, query: sa.Select[Any], table: sa.Table, column: sa.ColumnElement[str], limit: int
) -> list[Found]:
    rows = connection.execute(query.order_by(column.desc()).limit(limit + 1)).scalars()
    return [(id, table) for id in rows]


def _of_patients(connection: Connection, scope: Scope, wanted: Wanted, bounds: _Bounds) -> list[list[Found]]:
    """All that was said to and by a patient is little: it is put in order here."""
    statuses, lines = FATES.get(wanted.fate, _EVERYTHING)
    within = _within(scope, wanted.clinic)
    found: list[Found] = []
    for talks in portions(_talks_of(connection, wanted.patients or (), within)):
        query = sa.select(texts.c.key).where(texts.c.conversation_id.in_(talks), texts.c.members == "")
        query = query.where(texts.c.status.in_([str(status) for status in statuses]))
        found += [(key, texts) for key in connection.execute(query.where(*bounds.on(texts.c.key))).scalars()]
        kinds = [kind for kind, table in LINES.items() if table in lines]
        entry = transcript.c
        rows = sa.select(entry.at, entry.conversation_id, entry.seq, entry.kind).where(
            entry.conversation_id.in_(talks), entry.kind.in_(kinds)
        )
        ids = [(line_id(row.at, row.conversation_id, row.seq), LINES[row.kind]) for row in connection.execute(rows)]
        found += [each for each in ids if bounds.hold(each[0])]
    if unmatched in lines:
        found += [(id, unmatched) for id in connection.execute(_unmatched_of(wanted, within, bounds)).scalars()]
    return [nlargest(len(found), found, key=lambda each: each[0])]


def _unmatched_of(wanted: Wanted, within: Sequence[str] | None, bounds: _Bounds) -> sa.Select[Any]:
    of = unmatched.c
    whose = of.patient_id.in_(wanted.patients or ())
    query = sa.select(of.id).where(sa.or_(whose, of.phone_index == wanted.phone) if wanted.phone else whose)
    if within is not None:
        query = query.where(of.clinic.in_([*([] if wanted.clinic else [""]), *within]))
    return query.where(*bounds.on(of.id))


def _talks_of(connection: Connection, wanted: Sequence[str], within: Sequence[str] | None) -> list[str]:
    query = (
        sa.select(conversations.c.id)
        .join(appointments, appointments.c.id == conversations.c.appointment_id)
        .where(conversations.c.patient_id.in_(wanted))
    )
    if within is not None:
        query = query.where(appointments.c.clinic.in_(within))
    return list(connection.execute(query).scalars())


def _of_round(connection: Connection, scope: Scope, wanted: Wanted, bounds: _Bounds) -> list[list[Found]]:
    statuses, _ = FATES.get(wanted.fate, _EVERYTHING)
    query = sa.select(texts.c.key).where(of_round(wanted.round), texts.c.members == "")
    query = query.where(texts.c.status.in_([str(status) for status in statuses]), *bounds.on(texts.c.key))
    within = _within(scope, wanted.clinic)
    if within is not None:
        query = query.where(texts.c.clinic.in_(within))
    return [[(key, texts) for key in connection.execute(query.order_by(texts.c.key.desc())).scalars()]]


def of_round(id: str) -> sa.ColumnElement[bool]:
    """Said so that the index of such texts is known to hold all of them."""
    return sa.and_(texts.c.round_id == id, texts.c.round_id != sa.literal_column("''"))
