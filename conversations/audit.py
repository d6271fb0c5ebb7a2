"""Who looked at what, and who did what to accounts: one row each, never changed and never removed.

What was done to a conversation stands in its transcript. This is the rest: every look at a patient's record, every search,
every export, every sign-in and every change of a person's rights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.people import Person, Scope
from conversations.schema import audit, instant, moment
from conversations.transcript import canonical
from conversations.vault import Vault


class Did(StrEnum):
    LOOKED = "looked"  # at the record named
    LISTED = "listed"  # a list on which several patients could be told by name or words
    SEARCHED = "searched"
    EXPORTED = "exported"
    ERASED = "erased a patient"
    TEXTED = "texted by hand"  # began, paused, went on with or stopped a round of texts
    DENIED = "was denied"  # a page or record that is not theirs
    SIGNED_IN = "signed in"
    REFUSED = "sign-in refused"
    SIGNED_OUT = "signed out"
    PROVED = "gave the password again"
    ADDED = "added a person"
    CHANGED = "changed a person"
    DISABLED = "disabled a person"
    ENABLED = "enabled a person"
    PASSWORD = "set a password"


@dataclass(frozen=True, slots=True)
class Act:
    """`detail` may hold what identifies a patient (the words of a search, an address): it is sealed. The rest stands plain and
    must not: `record` names one by our own id, "conversation:ID"."""

    did: Did
    route: str = ""
    record: str = ""
    patient: str = ""
    clinic: str = ""
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """An act as it stands in the audit. `name` is the person's sign-in name, or what was typed as one."""

    id: int
    at: datetime
    person: str
    name: str
    act: Act


def note(connection: Connection, vault: Vault, person: Person | None, act: Act, at: datetime, *, typed: str = "") -> None:
    """`typed`: where nobody was signed in, the name that was given; only what can be a name is kept of it, since people type
    passwords into the wrong field."""
    sealed = None
    if act.detail is not None:
        sealed = vault.seal_own(_place(instant(at), act), canonical(act.detail))
    row = {
        "at": instant(at),
        "person_id": "" if person is None else person.id,
        "name": typed[:64] if person is None else person.name,
        "did": str(act.did),
        "route": act.route[:80],
        "record": act.record[:160],
        "patient_id": act.patient,
        "clinic": act.clinic,
        "sealed": sealed,
    }
    connection.execute(sa.insert(audit), row)


def read(
    connection: Connection,
    vault: Vault,
    scope: Scope,
    *,
    person: str = "",
    patient: str = "",
    did: Did | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Noted]:
    """The newest first, at most `limit`; `before`: older ones than the row of this id. Whoever does not see all clinics reads
    what concerns theirs, or none; and not what was said of the latter, which may name a patient of any. Raises SealBroken."""
    query = sa.select(audit).where(scope.where(audit.c.clinic)).order_by(audit.c.id.desc()).limit(limit)
    if person:
        query = query.where(audit.c.person_id == person)
    if patient:
        query = query.where(audit.c.patient_id == patient)
    if did is not None:
        query = query.where(audit.c.did == str(did))
    if since is not None:
        query = query.where(audit.c.at >= instant(since))
    if until is not None:
        query = query.where(audit.c.at < instant(until))
    if before is not None:
        query = query.where(audit.c.id < before)
    return [_noted(vault, row, scope) for row in connection.execute(query)]


def _noted(vault: Vault, row: Any, scope: Scope) -> Noted:
    act = Act(Did(row.did), row.route, row.record, row.patient_id, row.clinic)
    if row.sealed is not None and (row.clinic or scope.clinics is None):
        detail = orjson.loads(vault.open_own(_place(row.at, act), row.sealed))
        act = Act(act.did, act.route, act.record, act.patient, act.clinic, detail)
    return Noted(row.id, moment(row.at), row.person_id, row.name, act)


def _place(at: int, act: Act) -> str:
    """The row's id is not known yet when it is sealed: what it says in plain binds the sealed part to it."""
    return f"audit.sealed|{at}|{act.did}|{act.record[:160]}"
