"""The rulesets in force, and every version that a running conversation still keeps.

Rulesets are published into the store, so that a conversation finds the version it began with although the file has changed
since. An appointment gets a conversation under each ruleset that applies to it: its reminder, and its follow-up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import shelf
from conversations.errors import UnknownRuleset
from conversations.schema import rule_trials, rulesets
from engine.appointment import Appointment
from engine.loader import load
from engine.ruleset import Ruleset, Shared


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


# Asked before each batch of a process beside the service, so made once.
_IN_FORCE = sa.select(rulesets.c.version).where(rulesets.c.in_force).order_by(rulesets.c.name)
_TRIALS = (
    sa.select(rule_trials.c.name, rule_trials.c.version, rule_trials.c.clinics, rule_trials.c.share)
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
        self._services: Mapping[str, frozenset[str]] = {}

    def in_force(self) -> tuple[Ruleset, ...]:
        return self._in_force

    def refresh(self, connection: Connection) -> None:
        loaded = tuple(self.version(connection, version) for version in connection.execute(_IN_FORCE).scalars().all())
        on_trial: dict[str, tuple[OnTrial, ...]] = {}
        for name, version, clinics, share in connection.execute(_TRIALS).all():
            trial = OnTrial(self.version(connection, version), frozenset(clinics.split()), share)
            on_trial[name] = (*on_trial.get(name, ()), trial)
        services = shelf.services(connection)
        with self._lock:
            self._in_force, self._on_trial, self._services = loaded, on_trial, services

    def version(self, connection: Connection, version: str) -> Ruleset:
        """The ruleset of this version. Raises UnknownRuleset when the store never had it."""
        found = self._versions.get(version)
        if found is not None:
            return found
        source = connection.execute(sa.select(rulesets.c.source).where(rulesets.c.version == version)).scalar()
        if source is None:
            raise UnknownRuleset(version)
        # Checked when it was published; its talks need not be played again at every start.
        loaded = load(source, f"version {version}", rehearse=False, shelf=shelf.of_version(connection, version))
        if loaded.ruleset is None:
            raise UnknownRuleset(version)
        with self._lock:
            self._versions[version] = loaded.ruleset
        return loaded.ruleset

    def applying(self, appointment: Appointment, *, tried: bool = True) -> list[Ruleset]:
        """The rulesets in force that apply to this appointment as it stands, each in the version that is on trial for it, if
        one is and it may be `tried`. One that is like a shared ruleset takes its place."""
        chosen = (self._tried(ruleset, appointment) if tried else ruleset for ruleset in self._in_force)
        found: dict[str, Ruleset] = {}
        for ruleset in chosen:
            if ruleset.applies_to.takes(appointment):
                held = found.get(ruleset.service)
                if held is None or (held.shared is None and ruleset.shared is not None):
                    found[ruleset.service] = ruleset
        return list(found.values())

    def served(self, ruleset: Ruleset, names: Iterable[str]) -> bool:
        """Whether one of these rulesets, under which talks of an appointment were begun, is this one, one that it is like, or
        like the same."""
        family = {ruleset.name, ruleset.service}
        return any(name in family or not family.isdisjoint(self._services.get(name, ())) for name in names)

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
        _insert(connection, ruleset.version, ruleset.name, ruleset.source, at, ruleset.shared)


def _insert(connection: Connection, version: str, name: str, source: str, at: int, shared: Shared | None) -> None:
    if shared is not None:
        known = connection.execute(sa.select(rulesets.c.version).where(rulesets.c.version == shared.version)).scalar()
        if known is None:
            _insert(connection, shared.version, shared.name, shared.source, at, None)
    values = {"version": version, "name": name, "source": source, "published_at": at, "in_force": False}
    connection.execute(sa.insert(rulesets).values(values | {"shared": shared.version if shared is not None else ""}))

