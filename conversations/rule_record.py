"""What stands on record of rules: drafts, trials, versions and acts, as values and as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.errors import FreagraError
from conversations.schema import moment, rule_acts, rule_drafts, rule_trials, rulesets
from engine.loader import Loaded

_MOST_WHY = 500


class Act(StrEnum):
    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"  # a proposal taken back, to be worked on
    PUBLISHED = "published"
    TRIED = "tried"
    ENDED = "ended"  # a trial
    GIVEN_UP = "given up"  # a clinic's own rules: the shared ones hold there again
    TAKEN = "taken"  # from a file that the settings name
    ROLLED_BACK = "rolled back"


class RulesRefused(FreagraError):
    """An act on rules that cannot be done. The message says why and what to do; `loaded` has the problems, where the text is
    what is wrong."""

    def __init__(self, message: str, loaded: Loaded | None = None) -> None:
        super().__init__(message)
        self.loaded = loaded


@dataclass(frozen=True, slots=True)
class Draft:
    """`base` is the version that was in force when it was begun, "" where none of its name was."""

    id: int
    name: str
    source: str
    base: str
    status: str
    edition: int
    begun_by: str
    changed_by: str
    proposed_by: str
    why: str
    changed_at: datetime

    @property
    def open(self) -> bool:
        return self.status in ("draft", "proposed")


@dataclass(frozen=True, slots=True)
class Trial:
    id: int
    name: str
    version: str
    clinics: tuple[str, ...]
    share: int
    began_at: datetime

    @property
    def where(self) -> str:
        return where(self.clinics, self.share)


@dataclass(frozen=True, slots=True)
class Done:
    """One line of the record of rules."""

    name: str
    version: str
    act: str
    by: str
    why: str
    where: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """`like` is the ruleset that it is like, in the version `shared`; both "" where it stands by itself."""

    name: str
    version: str
    published_at: datetime
    in_force: bool
    like: str = ""
    shared: str = ""


def where(clinics: Sequence[str], share: int) -> str:
    """Of a trial, for a person."""
    of = f"{share} in 100 of " if share < 100 else ""
    there = f" in {', '.join(clinics)}" if clinics else ""
    return f"{of}new conversations{there}"


def published(connection: Connection, name: str) -> list[Version]:
    """Every version that was ever in force or on trial, the newest first."""
    table, below = rulesets.alias(), rulesets.alias()
    query = (
        sa.select(table.c.version, table.c.published_at, table.c.in_force, table.c.shared, below.c.name.label("like"))
        .join(below, below.c.version == table.c.shared, isouter=True)
        .where(table.c.name == name)
        .order_by(table.c.published_at.desc(), table.c.version)
    )
    return [
        Version(name, row.version, moment(row.published_at), row.in_force, row.like or "", row.shared)
        for row in connection.execute(query)
    ]


def record(connection: Connection, name: str) -> list[Done]:
    """What was done to the rules of this name, the latest first."""
    rows = connection.execute(sa.select(rule_acts).where(rule_acts.c.name == name).order_by(rule_acts.c.id.desc()))
    return [Done(row.name, row.version, row.act, row.by, row.why, row.where, moment(row.at)) for row in rows]


def open_draft(connection: Connection, name: str) -> Draft | None:
    table = rule_drafts.c
    query = sa.select(rule_drafts).where(table.name == name, table.status.in_(["draft", "proposed"]))
    row = connection.execute(query.order_by(table.id.desc()).limit(1)).first()
    return None if row is None else _draft(row)


def _draft(row: Any) -> Draft:
    return Draft(
        row.id, row.name, row.source, row.base, row.status, row.edition, row.begun_by, row.changed_by, row.proposed_by, row.why,
        moment(row.changed_at),
    )  # fmt: skip


def wanted(connection: Connection, name: str) -> Draft:
    held = open_draft(connection, name)
    if held is None:
        raise RulesRefused(f"there is no draft of {name}; change something first")
    return held


def open_trials(connection: Connection, name: str = "") -> list[Trial]:
    """The trials that go on, the oldest first; of one ruleset, or all."""
    query = sa.select(rule_trials).where(rule_trials.c.ended_at.is_(None)).order_by(rule_trials.c.id)
    rows = connection.execute(query.where(rule_trials.c.name == name) if name else query).all()
    return [
        Trial(row.id, row.name, row.version, tuple(row.clinics.split()), row.share, moment(row.began_at)) for row in rows
    ]


def said(why: str) -> str:
    """The reason as it goes on record. Raises RulesRefused where none is given."""
    words = " ".join(why.split())
    if not words:
        raise RulesRefused("say why in a few words: whoever looks for it later will want to know")
    return words[:_MOST_WHY]


def note(connection: Connection, name: str, version: str, act: Act, by: str, why: str, at: int, where: str = "") -> None:
    """Put an act on record."""
    values = {"name": name, "version": version, "act": str(act), "by": by, "why": said(why), "where": where, "at": at}
    connection.execute(sa.insert(rule_acts).values(values))
