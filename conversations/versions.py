"""Versions of rules: drafted, proposed, published to all or on trial first, and rolled back in one step.

A draft may hold anything, also what does not load: it is someone's work. What is published has been through the loader with
all its talks, and those that every ruleset has to pass, in the very text that goes into force. Where the hospital wants two
pairs of eyes, whoever proposed a version cannot publish it. Every act is on record with who, when and why. With a shared
ruleset all that are like it get a new version, or it is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import shelf
from conversations.database import Database
from conversations.ports import Clock
from conversations.rule_record import (
    Act,
    Done,
    Draft,
    RulesRefused,
    Trial,
    Version,
    note,
    open_draft,
    open_trials,
    published,
    record,
    said,
    wanted,
    where,
)
from conversations.rulebook import Rulebook, keep, publish
from conversations.schema import instant, rule_drafts, rule_trials, rulesets
from conversations.shelf import Following
from conversations.writer import Writer
from engine.carrier import Carrier
from engine.likeness import Shelf
from engine.loader import Loaded, load
from engine.ruleset import Ruleset

_T = TypeVar("_T")


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
        with self._database.reader() as connection:
            return published(connection, name)

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
            return open_draft(connection, name)

    def trials(self, name: str = "") -> list[Trial]:
        """Those that go on; of one ruleset, or all."""
        with self._database.reader() as connection:
            return open_trials(connection, name)

    def record(self, name: str) -> list[Done]:
        """What was done to the rules of this name, the latest first."""
        with self._database.reader() as connection:
            return record(connection, name)

    def check(self, source: str, name: str) -> Loaded:
        """The text as it is checked before it is published: what it is like is what is in force."""
        return self.check_file(source, f"{name}.yaml", self.shelf())

    def check_file(self, source: str, file: str, shelf: Shelf) -> Loaded:
        """The text of this file, which may be like one of these."""
        return load(source, file, carrier=self._carrier, shelf=shelf)

    def shelf(self) -> Shelf:
        """The rulesets that a text may be like from now on."""
        with self._database.reader() as connection:
            return shelf.in_force(connection)

    def shelf_of(self, version: str) -> Shelf:
        """What this version is like, as it was then."""
        with self._database.reader() as connection:
            return shelf.of_version(connection, version)

    # ---- drafting ----------------------------------------------------------------------------------------------------

    def save(self, name: str, source: str, by: str, edition: int = 0) -> Draft:
        """Keep the text as the draft of this ruleset. `edition` is that of the draft which was worked on, 0 where there was
        none: what someone else saved meanwhile is not written over. A proposal that is changed is a draft again."""

        def job(connection: Connection, at: int) -> Draft:
            held = open_draft(connection, name)
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
            return _certain(open_draft(connection, name))

        return self._do(job)

    def discard(self, name: str, by: str) -> None:
        def job(connection: Connection, at: int) -> None:
            held = wanted(connection, name)
            changed = sa.update(rule_drafts).where(rule_drafts.c.id == held.id)
            connection.execute(changed.values(status="withdrawn", changed_by=by, changed_at=at))

        self._do(job)

    def propose(self, name: str, by: str, why: str) -> Draft:
        """Give a draft to a colleague who is to publish it. It has to load."""
        ruleset = self._whole(self._wanted(name))
        self._followers(ruleset)

        def job(connection: Connection, at: int) -> Draft:
            held = wanted(connection, name)
            if held.source != ruleset.source:
                raise RulesRefused(f"{held.changed_by} changed this draft meanwhile; look at it again before you propose it")
            values = {"status": "proposed", "proposed_by": by, "why": said(why), "changed_at": at}
            connection.execute(sa.update(rule_drafts).where(rule_drafts.c.id == held.id).values(values))
            note(connection, name, ruleset.version, Act.PROPOSED, by, why, at)
            return _certain(open_draft(connection, name))

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
        on_trial = bool(clinics) or share < 100
        followers = [] if on_trial else self._followers(ruleset)

        def job(connection: Connection, at: int) -> None:
            now = wanted(connection, name)
            if now.edition != edition:
                raise RulesRefused(f"{now.changed_by} changed this draft meanwhile; look at it again before you publish it")
            shared = ruleset.shared
            if shared is not None and connection.execute(_IN_FORCE, {"name": shared.name}).scalar() != shared.version:
                raise RulesRefused(f"{shared.name}, which it is like, was published meanwhile; look at the draft again")
            if on_trial:
                _begin_trial(connection, ruleset, clinics, share, at)
                note(connection, name, ruleset.version, Act.TRIED, by, why, at, where(clinics, share))
            else:
                _end_trials(connection, name, at)
                self._put_in_force(connection, ruleset, followers, by, at)
                note(connection, name, ruleset.version, Act.PUBLISHED, by, why, at)
            done = sa.update(rule_drafts).where(rule_drafts.c.id == now.id)
            connection.execute(done.values(status="published", changed_by=by, changed_at=at))

        self._do(job)
        self._refresh()
        return ruleset

    def extend(self, trial: int, by: str, why: str) -> Ruleset:
        """Put what is on trial in force for all. A second person is not asked again: one was when the trial began."""
        held = self._trial(trial)
        ruleset = self._still_whole(held.version, held.name)
        followers = self._followers(ruleset)

        def job(connection: Connection, at: int) -> None:
            _end_trials(connection, held.name, at)
            self._put_in_force(connection, ruleset, followers, by, at)
            note(connection, held.name, ruleset.version, Act.PUBLISHED, by, why, at, "after a trial")

        self._do(job)
        self._refresh()
        return ruleset

    def end_trial(self, trial: int, by: str, why: str) -> None:
        """New conversations begin with what holds everywhere again; those that began on trial go on as they are."""
        held = self._trial(trial)

        def job(connection: Connection, at: int) -> None:
            connection.execute(sa.update(rule_trials).where(rule_trials.c.id == trial).values(ended_at=at))
            note(connection, held.name, held.version, Act.ENDED, by, why, at, held.where)

        self._do(job)
        self._refresh()

    def roll_back(self, name: str, version: str, by: str, why: str) -> Ruleset:
        """Put an earlier version in force again, in one step, and end what is on trial. One person is enough: it was in force
        before, and what is wrong should not wait for a colleague."""
        ruleset = self._still_whole(version, name)
        if ruleset.name != name:
            raise RulesRefused(f"version {version} is one of {ruleset.name}, not of {name}")
        followers = self._followers(ruleset)

        def job(connection: Connection, at: int) -> None:
            _end_trials(connection, name, at)
            if not self._put_in_force(connection, ruleset, followers, by, at):
                raise RulesRefused(f"version {version} is in force already")
            note(connection, name, version, Act.ROLLED_BACK, by, why, at)

        self._do(job)
        self._refresh()
        return ruleset

    def give_up(self, name: str, by: str, why: str) -> None:
        """Put a clinic's own rules out of force: new conversations there begin with the shared ones."""
        current = self.in_force(name)
        if current is None or not current.like:
            raise RulesRefused(f"{name} is like no other ruleset in force, so nothing would hold in its place")

        def job(connection: Connection, at: int) -> None:
            _end_trials(connection, name, at)
            connection.execute(sa.update(rulesets).where(rulesets.c.name == name).values(in_force=False))
            note(connection, name, current.version, Act.GIVEN_UP, by, why, at)

        self._do(job)
        self._refresh()

    def previous(self, name: str) -> str | None:
        """The version that a roll-back puts in force: what was in force, for all, before the present one."""
        acts = (Act.PUBLISHED, Act.ROLLED_BACK)
        current = self.in_force(name)
        held = current.version if current is not None else ""
        record = self.record(name)
        for done in record:
            if done.act in acts and done.version != held:
                return done.version
        # What was in force before the record began: no act brought it.
        acted_on = {held, *(done.version for done in record)}
        return next((each.version for each in self.published(name) if each.version not in acted_on), None)

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
            return wanted(connection, name)

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

    def _followers(self, ruleset: Ruleset) -> list[Following]:
        """The rulesets that are like this one, on this version of it. Raises RulesRefused where one would have errors, and
        where another clinic's own rules are for the same appointments."""
        other = shelf.overlapping(ruleset, self._rulebook.in_force())
        if other is not None:
            raise RulesRefused(
                f"{other.name} is for some of the same appointments; an appointment gets one of the rulesets that are like "
                f"{ruleset.service}: say under applies_to: which of them are this one's"
            )
        if ruleset.shared is not None:
            return []
        with self._database.reader() as connection:
            found = shelf.following(connection, ruleset, self._carrier)
        for each in found:
            if each.loaded.ruleset is None:
                name = each.loaded.problems[0].file.removesuffix(".yaml")
                raise RulesRefused(f"{each.name} is like this ruleset and would have errors with it; mend {name}", each.loaded)
        return found

    def _put_in_force(
        self, connection: Connection, ruleset: Ruleset, followers: Sequence[Following], by: str, at: int
    ) -> bool:
        """This one, and with it those that are like it. False where it is in force already."""
        if shelf.versions_following(connection, ruleset.name) != {each.version for each in followers}:
            raise RulesRefused("rules that are like these were published meanwhile; try again")
        if not publish(connection, ruleset, at):
            return False
        for each in followers:
            publish(connection, each.ruleset, at)
            note(connection, each.name, each.ruleset.version, Act.PUBLISHED, by, f"with {ruleset.name}", at)
        return True

    def _still_whole(self, version: str, name: str) -> Ruleset:
        loaded = load(self.source(version), f"{name}.yaml", carrier=self._carrier, shelf=self.shelf_of(version))
        if loaded.ruleset is None:
            raise RulesRefused(f"version {version} does not pass the checks of today; make a draft of it and mend it", loaded)
        return loaded.ruleset


_IN_FORCE = sa.select(rulesets.c.version).where(rulesets.c.name == sa.bindparam("name"), rulesets.c.in_force)


def _certain(draft: Draft | None) -> Draft:
    assert draft is not None, "it was written just now"
    return draft


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
