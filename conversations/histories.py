"""Talks of the past, for running other rules over them. Reading only: nothing here writes, and no text or name leaves it but in
the `Impact` that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.bulk import stream
from conversations.errors import UnknownRuleset
from conversations.places import entry_place
from conversations.rulebook import Rulebook
from conversations.schema import appointments, conversations, instant, ledger, moment, patients, transcript
from conversations.vault import Vault
from engine.conversation import Entry
from engine.impact import Impact
from engine.ruleset import Ruleset
from engine.teach import Known

_NEWEST = sa.select(ledger.c.at).order_by(ledger.c.batch.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Period:
    """Talks under rules of this name that began from `since` to before `until`; of appointments in these clinics, None: all."""

    ruleset: str
    since: datetime
    until: datetime
    clinics: frozenset[str] | None = None
    shared: str = ""  # of a ruleset that is like another: the name of that one, whose talks count too

    def where(self) -> tuple[sa.ColumnElement[bool], ...]:
        talk = conversations.c
        named = talk.ruleset.in_({self.ruleset, self.shared or self.ruleset})
        began = (named, talk.opened_at >= instant(self.since), talk.opened_at < instant(self.until))
        if self.clinics is None:
            return began
        there = sa.select(appointments.c.id).where(appointments.c.clinic.in_(sorted(self.clinics)))
        return (*began, talk.appointment_id.in_(there))


def count(connection: Connection, period: Period) -> int:
    """How many talks there are."""
    return connection.execute(sa.select(sa.func.count()).select_from(conversations).where(*period.where())).scalar_one()


def impact(
    connection: Connection,
    vault: Vault,
    rulebook: Rulebook,
    draft: Ruleset,
    period: Period,
    progress: Callable[[int], object] | None = None,
) -> Impact:
    """What the draft would have done to these talks, each of them played up to the newest thing on record. `progress` is told
    of every talk, as it is done with."""
    found = Impact(draft)
    newest = connection.execute(_NEWEST).scalar()
    if newest is None:
        return found
    now = moment(newest)
    rows = stream(connection, _entries(period))
    for _, chain in groupby(rows, key=lambda row: row[0]):
        _add(found, connection, vault, rulebook, list(chain), now)
        if progress is not None:
            progress(1)
    return found


def replies(connection: Connection, vault: Vault, period: Period) -> Iterator[Known]:
    """What patients wrote in these talks, each as often as it came."""
    query = _entries(period).where(transcript.c.kind.in_(["conversation.opened", "reply.read"]))
    language = ""
    for talk, seq, _, kind, sealed, _, key in stream(connection, query):
        if key is None:
            continue
        data = orjson.loads(vault.open(key, entry_place(talk, seq), sealed))["data"]
        if kind == "conversation.opened":
            language = data["patient"]["language"]
        else:
            yield Known(data["text"], language, "past reply")


def _add(
    found: Impact, connection: Connection, vault: Vault, rulebook: Rulebook, chain: list[Any], now: datetime
) -> None:
    _, _, _, _, _, version, key = chain[0]
    if key is None:
        found.unread += 1
        return
    try:
        before = rulebook.version(connection, version)
    except UnknownRuleset:
        found.unread += 1
        return
    bodies = [orjson.loads(vault.open(key, entry_place(talk, seq), sealed)) for talk, seq, _, _, sealed, *_ in chain]
    entries = [
        Entry(row[3], moment(row[2]), body["actor"], body["data"]) for row, body in zip(chain, bodies, strict=True)
    ]
    found.add(before, entries, now)


def _entries(period: Period) -> sa.Select[Any]:
    entry = transcript.c
    return (
        sa.select(
            entry.conversation_id, entry.seq, entry.at, entry.kind, entry.sealed, conversations.c.version,
            patients.c.wrapped_key,
        )
        .join(conversations, conversations.c.id == entry.conversation_id)
        .join(patients, patients.c.id == conversations.c.patient_id)
        .where(*period.where())
        .order_by(entry.conversation_id, entry.seq)
    )  # fmt: skip
