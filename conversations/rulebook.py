"""The rulesets in force, and every version that a running conversation still keeps.

Rulesets are published into the store, so that a conversation finds the version it began with although the file has changed
since. An appointment gets a conversation under each ruleset that applies to it: its reminder, and its follow-up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.errors import UnknownRuleset
from conversations.schema import rulesets
from engine.appointment import Appointment
from engine.loader import load
from engine.ruleset import Ruleset


class Rulebook:
    """Loaded rulesets. Safe to use from several threads; `refresh` reads what is in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._versions: dict[str, Ruleset] = {}
        self._in_force: tuple[Ruleset, ...] = ()

    def in_force(self) -> tuple[Ruleset, ...]:
        return self._in_force

    def refresh(self, connection: Connection) -> None:
        rows = connection.execute(
            sa.select(rulesets.c.version, rulesets.c.source).where(rulesets.c.in_force).order_by(rulesets.c.name)
        ).all()
        loaded = tuple(self._load(version, source) for version, source in rows)
        with self._lock:
            self._in_force = loaded

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
        """The rulesets in force that apply to this appointment as it stands."""
        return [ruleset for ruleset in self._in_force if ruleset.applies_to.takes(appointment)]


def publish(connection: Connection, ruleset: Ruleset, at: int) -> bool:
    """Put a ruleset in force in place of the version of the same name that was. False where it is in force already."""
    current = connection.execute(
        sa.select(rulesets.c.version).where(rulesets.c.name == ruleset.name, rulesets.c.in_force)
    ).scalar()
    if current == ruleset.version:
        return False
    connection.execute(sa.update(rulesets).where(rulesets.c.name == ruleset.name).values(in_force=False))
    known = connection.execute(sa.select(rulesets.c.version).where(rulesets.c.version == ruleset.version)).scalar()
    if known is None:
        connection.execute(
            sa.insert(rulesets).values(
                version=ruleset.version, name=ruleset.name, source=ruleset.source, published_at=at, in_force=True
            )
        )
    else:
        connection.execute(sa.update(rulesets).where(rulesets.c.version == ruleset.version).values(in_force=True))
    return True


def retire_others(connection: Connection, names: Iterable[str]) -> list[str]:
    """Put out of force every ruleset but these: no conversation begins with one of the others any more, those that run go
    on. The names of those that were in force."""
    kept = list(names)
    found = sa.select(rulesets.c.name).where(rulesets.c.in_force, rulesets.c.name.not_in(kept)).order_by(rulesets.c.name)
    retired = list(connection.execute(found).scalars())
    connection.execute(sa.update(rulesets).where(rulesets.c.name.in_(retired)).values(in_force=False))
    return retired
