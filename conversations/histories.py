"""Talks of the past, for running other rules over them. Reading only: nothing here writes, and no text or name leaves it but in
the `Impact` that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.errors import UnknownRuleset
from conversations.rulebook import Rulebook
from conversations.schema import conversations, instant, ledger, moment, patients, transcript
from conversations.transcript import entry_place
from conversations.vault import Vault
from engine.conversation import Entry
from engine.impact import Impact
from engine.ruleset import Ruleset

_ROWS = 2_000  # fetched at a time
_NEWEST = sa.select(ledger.c.at).order_by(ledger.c.batch.desc()).limit(1)


def count(connection: Connection, ruleset: str, since: datetime, until: datetime) -> int:
    """How many talks under rules of this name began in the period."""
    query = sa.select(sa.func.count()).select_from(conversations).where(*_began(ruleset, since, until))
    return connection.execute(query).scalar_one()


def impact(
    connection: Connection,
    vault: Vault,
    rulebook: Rulebook,
    draft: Ruleset,
    since: datetime,
    until: datetime,
    progress: Callable[[int], object] | None = None,
) -> Impact:
    """What the draft would have done to the talks that began from `since` to before `until` under rules of its name, each of
    them played up to the newest thing on record. `progress` is told of every talk, as it is done with."""
    found = Impact(draft)
    newest = connection.execute(_NEWEST).scalar()
    if newest is None:
        return found
    now = moment(newest)
    rows = connection.execute(_entries(draft.name, since, until), execution_options={"yield_per": _ROWS})
    for _, chain in groupby(rows, key=lambda row: row[0]):
        _add(found, connection, vault, rulebook, list(chain), now)
        if progress is not None:
            progress(1)
    return found


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


def _began(ruleset: str, since: datetime, until: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    talk = conversations.c
    return talk.ruleset == ruleset, talk.opened_at >= instant(since), talk.opened_at < instant(until)


def _entries(ruleset: str, since: datetime, until: datetime) -> sa.Select[Any]:
    entry = transcript.c
    return (
        sa.select(
            entry.conversation_id, entry.seq, entry.at, entry.kind, entry.sealed, conversations.c.version,
            patients.c.wrapped_key,
        )
        .join(conversations, conversations.c.id == entry.conversation_id)
        .join(patients, patients.c.id == conversations.c.patient_id)
        .where(*_began(ruleset, since, until))
        .order_by(entry.conversation_id, entry.seq)
    )  # fmt: skip
