"""The rulesets in force, and every version that a running conversation still keeps.

Rulesets are published into the store, so that a conversation finds the version it began with although the file has changed
since. An appointment gets a conversation under each ruleset that applies to it: its reminder, and its follow-up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.errors import UnknownRuleset
from conversations.schema import rule_trials, rulesets
from engine.appointment import Appointment
from engine.loader import load
from engine.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class OnTrial:
    """A version that some new conversations begin with: those of these clinics (of all, where none is named), and of them so
    many in a hundred."""

    ruleset: Ruleset
    clinics: frozenset[str]
    share: int

    def takes(self, appointment: Appointment) -> bool:
        """Always the same of one appointment: which are on trial does not change from one look to the next."""
        if self.clinics and appointment.clinic not in self.clinics:
            return False
        drawn = sha256(f"{self.ruleset.version} {appointment.id}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") % 100 < self.share


_TRIALS = (
    sa.select(rule_trials.c.name, rule_trials.c.version, rulesets.c.source, rule_trials.c.clinics, rule_trials.c.share)
    .join(rulesets, rulesets.c.version == rule_trials.c.version)
    .where(rule_trials.c.ended_at.is_(None))
    .order_by(rule_trials.c.id)
)


class Rulebook:
    """Loaded rulesets. Safe to use from several threads; `refresh` reads what is in force, and what is on trial beside it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._versions: dict[str, Ruleset] = {}
        self._in_force: tuple[Ruleset, ...] = ()
        self._on_trial: dict[str, tuple[OnTrial, ...]] = {}  # by the name of the ruleset

    def in_force(self) -> tuple[Ruleset, ...]:
        return self._in_force

    def refresh(self, connection: Connection) -> None:
        rows = connection.execute(
            sa.select(rulesets.c.version, rulesets.c.source).where(rulesets.c.in_force).order_by(rulesets.c.name)
        ).all()
        loaded = tuple(self._load(version, source) for version, source in rows)
        on_trial: dict[str, tuple[OnTrial, ...]] = {}
        for name, version, source, clinics, share in connection.execute(_TRIALS):
            trial = OnTrial(self._load(version, source), frozenset(clinics.split()), share)
            on_trial[name] = (*on_trial.get(name, ()), trial)
        with self._lock:
            self._in_force, self._on_trial = loaded, on_trial

    def version(self, connection: Connection, version: str) -> Ruleset:
        """The ruleset of this version. Raises UnknownRuleset when the store never had it."""
        found = self._versions.get(version)
        if found is not None:
            return found
        source = connection.execute(sa.select(rulesets.c.source).where(rulesets.c.version == version)).scalar()
        if source is None:
            raise UnknownRuleset(version)
        return self._load(version, source)

    def _load(self, version: str, source: str) -> Ruleset:
        found = self._versions.get(version)
        if found is None:
            # Checked when it was published; its talks need not be played again at every start.
            loaded = load(source, f"version {version}", rehearse=False)
            if loaded.ruleset is None:
                raise UnknownRuleset(version)
            found = loaded.ruleset
            with self._lock:
                self._versions[version] = found
        return found

    def applying(self, appointment: Appointment) -> list[Ruleset]:
        """The rulesets in force that apply to this appointment as it stands, each in the version that is on trial for it, if
        one is."""
        chosen = (self._tried(ruleset, appointment) for ruleset in self._in_force)
        return [ruleset for ruleset in chosen if ruleset.applies_to.takes(appointment)]

    def _tried(self, ruleset: Ruleset, appointment: Appointment) -> Ruleset:
        for trial in self._on_trial.get(ruleset.name, ()):
            if trial.takes(appointment):
                return trial.ruleset
        return ruleset


def publish(connection: Connection, ruleset: Ruleset, at: int) -> bool:
    """Put a ruleset in force in place of the version of the same name that was. False where it is in force already."""
    current = connection.execute(
        sa.select(rulesets.c.version).where(rulesets.c.name == ruleset.name, rulesets.c.in_force)
    ).scalar()
    if current == ruleset.version:
        return False
    connection.execute(sa.update(rulesets).where(rulesets.c.name == ruleset.name).values(in_force=False))
    keep(connection, ruleset, at)
    connection.execute(sa.update(rulesets).where(rulesets.c.version == ruleset.version).values(in_force=True))
    return True


def keep(connection: Connection, ruleset: Ruleset, at: int) -> None:
    """Have the version in the store, so that a conversation can keep it; whether it is in force is as it was."""
    known = connection.execute(sa.select(rulesets.c.version).where(rulesets.c.version == ruleset.version)).scalar()
    if known is None:
        values = {"version": ruleset.version, "name": ruleset.name, "source": ruleset.source, "published_at": at}
        connection.execute(sa.insert(rulesets).values(values | {"in_force": False}))


def retire_others(connection: Connection, names: Iterable[str]) -> list[str]:
    """Put out of force every ruleset but these: no conversation begins with one of the others any more, those that run go
    on. The names of those that were in force."""
    kept = list(names)
    found = sa.select(rulesets.c.name).where(rulesets.c.in_force, rulesets.c.name.not_in(kept)).order_by(rulesets.c.name)
    retired = list(connection.execute(found).scalars())
    connection.execute(sa.update(rulesets).where(rulesets.c.name.in_(retired)).values(in_force=False))
    return retired
