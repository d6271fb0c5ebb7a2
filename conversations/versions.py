"""Versions of rules: drafted, proposed, published to all or on trial first, and rolled back in one step.

A draft may hold anything, also what does not load: it is someone's work. What is published has been through the loader with
all its talks, and those that every ruleset has to pass, in the very text that goes into force. Where the hospital wants two
pairs of eyes, whoever proposed a version cannot publish it. Every act is on record with who, when and why. """

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.database import Database
from conversations.errors import FreagraError
from conversations.ports import Clock
from conversations.rulebook import Rulebook, keep, publish
from conversations.schema import instant, moment, rule_acts, rule_drafts, rule_trials, rulesets
from conversations.writer import Writer
from engine.carrier import Carrier
from engine.loader import Loaded, load
from engine.ruleset import Ruleset

_MOST_WHY = 500
_T = TypeVar("_T")


class Act(StrEnum):
    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"  # a proposal taken back, to be worked on
    PUBLISHED = "published"
    TRIED = "tried"
    ENDED = "ended"  # a trial
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
    name: str
    version: str
    published_at: datetime
    in_force: bool


def where(clinics: Sequence[str], share: int) -> str:
    """Of a trial, for a person."""
    of = f"{share} in 100 of " if share < 100 else ""
    there = f" in {', '.join(clinics)}" if clinics else ""
    return f"{of}new conversations{there}"


class Versions:
    """All that is done to the rules of a running service. `second_person`: whoever proposed a version cannot publish it.
    Every method that changes something raises RulesRefused."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        rulebook: Rulebook,
        clock: Clock,
        carrier: Carrier | None = None,
        *,
        second_person: bool = False,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """`told` is called when other rules are in force, for whoever else has a rulebook."""
        self._database = database
        self._writer = writer
        self._rulebook = rulebook
        self._clock = clock
        self._carrier = carrier
        self._told = told
        self.second_person = second_person

    # ---- reading -----------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Of every ruleset that there is or was, or that is being drafted."""
        with self._database.reader() as connection:
            query = sa.union(sa.select(rulesets.c.name), sa.select(rule_drafts.c.name))
            return sorted(connection.execute(query).scalars())

    def in_force(self, name: str) -> Version | None:
        return next((each for each in self.published(name) if each.in_force), None)

    def published(self, name: str) -> list[Version]:
        """Every version that was ever in force or on trial, the newest first."""
        table = rulesets.c
        query = (
            sa.select(table.name, table.version, table.published_at, table.in_force)
            .where(table.name == name)
            .order_by(table.published_at.desc(), table.version)
        )
        with self._database.reader() as connection:
            rows = connection.execute(query).all()
        return [Version(name, version, moment(at), in_force) for name, version, at, in_force in rows]

    def source(self, version: str) -> str:
        """The text of a version that was in force or on trial. Raises RulesRefused."""
        with self._database.reader() as connection:
            found = connection.execute(sa.select(rulesets.c.source).where(rulesets.c.version == version)).scalar()
        if found is None:
            raise RulesRefused(f"there is no version {version}")
        return str(found)

    def draft(self, name: str) -> Draft | None:
        """The draft of this ruleset that is open, if one is."""
        with self._database.reader() as connection:
            return _open_draft(connection, name)

    def trials(self, name: str = "") -> list[Trial]:
        """Those that go on; of one ruleset, or all."""
        with self._database.reader() as connection:
            return open_trials(connection, name)

    def record(self, name: str) -> list[Done]:
        """What was done to the rules of this name, the latest first."""
        query = sa.select(rule_acts).where(rule_acts.c.name == name).order_by(rule_acts.c.id.desc())
        with self._database.reader() as connection:
            rows = connection.execute(query).all()
        return [Done(row.name, row.version, row.act, row.by, row.why, row.where, moment(row.at)) for row in rows]

    def check(self, source: str, name: str) -> Loaded:
        """The text as it is checked before it is published."""
        return load(source, f"{name}.yaml", carrier=self._carrier)

    # ---- drafting ----------------------------------------------------------------------------------------------------

    def save(self, name: str, source: str, by: str, edition: int = 0) -> Draft:
        """Keep the text as the draft of this ruleset. `edition` is that of the draft which was worked on, 0 where there was
        none: what someone else saved meanwhile is not written over. A proposal that is changed is a draft again."""

        def job(connection: Connection, at: int) -> Draft:
            held = _open_draft(connection, name)
            if (held.edition if held is not None else 0) != edition:
                who = held.changed_by if held is not None else "someone"
                raise RulesRefused(f"{who} changed this draft meanwhile; load it anew, or copy your text before you do")
            values = {"source": source, "status": "draft", "changed_by": by, "changed_at": at, "edition": edition + 1}
            if held is None:
                current = connection.execute(_IN_FORCE, {"name": name}).scalar()
                values |= {"name": name, "base": current or "", "begun_by": by}
                connection.execute(sa.insert(rule_drafts).values(values))
            else:
                changed = sa.update(rule_drafts).where(rule_drafts.c.id == held.id)
                connection.execute(changed.values(values | {"proposed_by": "", "why": ""}))
            return _certain(_open_draft(connection, name))

        return self._do(job)

    def discard(self, name: str, by: str) -> None:
        def job(connection: Connection, at: int) -> None:
            held = _wanted(connection, name)
            changed = sa.update(rule_drafts).where(rule_drafts.c.id == held.id)
            connection.execute(changed.values(status="withdrawn", changed_by=by, changed_at=at))

        self._do(job)

    def propose(self, name: str, by: str, why: str) -> Draft:
        """Give a draft to a colleague who is to publish it. It has to load."""
        self._whole(self._wanted(name))

        def job(connection: Connection, at: int) -> Draft:
            held = _wanted(connection, name)
            values = {"status": "proposed", "proposed_by": by, "why": _said(why), "changed_at": at}
            connection.execute(sa.update(rule_drafts).where(rule_drafts.c.id == held.id).values(values))
            _note(connection, name, _version_of(held.source), Act.PROPOSED, by, why, at)
            return _certain(_open_draft(connection, name))

        return self._do(job)

    # ---- publishing --------------------------------------------------------------------------------------------------

    def publish(
        self, name: str, by: str, why: str, *, edition: int, clinics: Sequence[str] = (), share: int = 100
    ) -> Ruleset:
        """Put the draft of this ruleset in force for conversations that begin from now on: for all, or on trial in these
        clinics or for so many in a hundred. `edition` is that of the draft which was looked at."""
        held = self._wanted(name)
        if held.edition != edition:
            raise RulesRefused(f"{held.changed_by} changed this draft meanwhile; look at it again before you publish it")
        if self.second_person and held.status != "proposed":
            raise RulesRefused("this hospital wants a second person's approval: propose it, and let a colleague publish it")
        if self.second_person and by == held.proposed_by:
            raise RulesRefused("you proposed this version; a colleague has to publish it")
        if not 1 <= share <= 100:
            raise RulesRefused("a share is a whole number from 1 to 100")
        ruleset = self._whole(held)

        def job(connection: Connection, at: int) -> None:
            now = _wanted(connection, name)
            if now.edition != edition:
                raise RulesRefused(f"{now.changed_by} changed this draft meanwhile; look at it again before you publish it")
            if clinics or share < 100:
                _begin_trial(connection, ruleset, clinics, share, at)
                _note(connection, name, ruleset.version, Act.TRIED, by, why, at, where(clinics, share))
            else:
                _end_trials(connection, name, at)
                publish(connection, ruleset, at)
                _note(connection, name, ruleset.version, Act.PUBLISHED, by, why, at)
            done = sa.update(rule_drafts).where(rule_drafts.c.id == now.id)
            connection.execute(done.values(status="published", changed_by=by, changed_at=at))

        self._do(job)
        self._refresh()
        return ruleset

    def extend(self, trial: int, by: str, why: str) -> Ruleset:
        """Put what is on trial in force for all. A second person is not asked again: one was when the trial began."""
        held = self._trial(trial)
        ruleset = self._still_whole(held.version, held.name)

        def job(connection: Connection, at: int) -> None:
            _end_trials(connection, held.name, at)
            publish(connection, ruleset, at)
            _note(connection, held.name, ruleset.version, Act.PUBLISHED, by, why, at, "after a trial")

        self._do(job)
        self._refresh()
        return ruleset

    def end_trial(self, trial: int, by: str, why: str) -> None:
        """New conversations begin with what holds everywhere again; those that began on trial go on as they are."""
        held = self._trial(trial)

        def job(connection: Connection, at: int) -> None:
            connection.execute(sa.update(rule_trials).where(rule_trials.c.id == trial).values(ended_at=at))
            _note(connection, held.name, held.version, Act.ENDED, by, why, at, held.where)

        self._do(job)
        self._refresh()

    def roll_back(self, name: str, version: str, by: str, why: str) -> Ruleset:
        """Put an earlier version in force again, in one step, and end what is on trial. One person is enough: it was in force
        before, and what is wrong should not wait for a colleague."""
        ruleset = self._still_whole(version, name)
        if ruleset.name != name:
            raise RulesRefused(f"version {version} is one of {ruleset.name}, not of {name}")

        def job(connection: Connection, at: int) -> None:
            _end_trials(connection, name, at)
            if not publish(connection, ruleset, at):
                raise RulesRefused(f"version {version} is in force already")
            _note(connection, name, version, Act.ROLLED_BACK, by, why, at)

        self._do(job)
        self._refresh()
        return ruleset

    def previous(self, name: str) -> str | None:
        """The version that a roll-back puts in force: what was in force, for all, before the present one."""
        acts = (Act.PUBLISHED, Act.ROLLED_BACK)
        current = self.in_force(name)
        held = current.version if current is not None else ""
        for done in self.record(name):
            if done.act in acts and done.version != held:
                return done.version
        return next((each.version for each in self.published(name) if each.version != held), None)

    # ---- underneath --------------------------------------------------------------------------------------------------

    def _do(self, job: Callable[[Connection, int], _T]) -> _T:
        at = instant(self._clock.now())
        return self._writer.submit(lambda connection: job(connection, at)).result()

    def _refresh(self) -> None:
        self._told()
        with self._database.reader() as connection:
            self._rulebook.refresh(connection)

    def _wanted(self, name: str) -> Draft:
        with self._database.reader() as connection:
            return _wanted(connection, name)

    def _trial(self, id: int) -> Trial:
        for trial in self.trials():
            if trial.id == id:
                return trial
        raise RulesRefused("this trial is over")

    def _whole(self, draft: Draft) -> Ruleset:
        loaded = self.check(draft.source, draft.name)
        if loaded.ruleset is None:
            raise RulesRefused("the draft has errors; mend them first", loaded)
        if loaded.ruleset.name != draft.name:
            said = f'the draft of "{draft.name}" says "ruleset: {loaded.ruleset.name}"; a version keeps its name'
            raise RulesRefused(said, loaded)
        return loaded.ruleset

    def _still_whole(self, version: str, name: str) -> Ruleset:
        loaded = self.check(self.source(version), name)
        if loaded.ruleset is None:
            raise RulesRefused(f"version {version} does not pass the checks of today; make a draft of it and mend it", loaded)
        return loaded.ruleset


_IN_FORCE = sa.select(rulesets.c.version).where(rulesets.c.name == sa.bindparam("name"), rulesets.c.in_force)


def _certain(draft: Draft | None) -> Draft:
    assert draft is not None, "it was written just now"
    return draft


def _open_draft(connection: Connection, name: str) -> Draft | None:
    table = rule_drafts.c
    query = sa.select(rule_drafts).where(table.name == name, table.status.in_(["draft", "proposed"]))
    row = connection.execute(query.order_by(table.id.desc()).limit(1)).first()
    return None if row is None else _draft(row)


def _draft(row: Any) -> Draft:
    return Draft(
        row.id, row.name, row.source, row.base, row.status, row.edition, row.begun_by, row.changed_by, row.proposed_by, row.why,
        moment(row.changed_at),
    )  # fmt: skip


def _wanted(connection: Connection, name: str) -> Draft:
    held = _open_draft(connection, name)
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


def _begin_trial(connection: Connection, ruleset: Ruleset, clinics: Sequence[str], share: int, at: int) -> None:
    if connection.execute(_IN_FORCE, {"name": ruleset.name}).scalar() is None:
        raise RulesRefused(f"no version of {ruleset.name} is in force beside which this could be tried; publish it for all")
    _end_trials(connection, ruleset.name, at)
    keep(connection, ruleset, at)
    values = {"name": ruleset.name, "version": ruleset.version, "clinics": " ".join(clinics), "share": share, "began_at": at}
    connection.execute(sa.insert(rule_trials).values(values))


def _end_trials(connection: Connection, name: str, at: int) -> None:
    going_on = sa.update(rule_trials).where(rule_trials.c.name == name, rule_trials.c.ended_at.is_(None))
    connection.execute(going_on.values(ended_at=at))


def _version_of(source: str) -> str:
    loaded = load(source, rehearse=False)
    return loaded.ruleset.version if loaded.ruleset is not None else ""


def _said(why: str) -> str:
    said = " ".join(why.split())
    if not said:
        raise RulesRefused("say why in a few words: whoever looks for it later will want to know")
    return said[:_MOST_WHY]


def _note(connection: Connection, name: str, version: str, act: Act, by: str, why: str, at: int, where: str = "") -> None:
    values = {"name": name, "version": version, "act": str(act), "by": by, "why": _said(why), "where": where, "at": at}
    connection.execute(sa.insert(rule_acts).values(values))
