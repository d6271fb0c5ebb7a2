"""Shared rulesets as the store holds them: for texts that are like one, and for what is to follow when one changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.schema import rulesets
from engine.carrier import Carrier
from engine.likeness import Shelf
from engine.loader import Loaded, load
from engine.ruleset import Ruleset, Shared

_r = rulesets.c
_own, _below = rulesets.alias(), rulesets.alias()
_SERVICES = sa.select(_own.c.name, _below.c.name).join(_below, _below.c.version == _own.c.shared).distinct()


@dataclass(frozen=True, slots=True)
class Following:
    """A ruleset in force that is like another, as it stands now and as it will on a new version of that one."""

    name: str
    version: str
    loaded: Loaded

    @property
    def ruleset(self) -> Ruleset:
        assert self.loaded.ruleset is not None, "those that do not load were refused"
        return self.loaded.ruleset


def as_shared(ruleset: Ruleset) -> Shared:
    return Shared(ruleset.name, ruleset.version, ruleset.source, f"{ruleset.name}.yaml")


def in_force(connection: Connection) -> Shelf:
    """What a text may be like from now on: the rulesets in force that stand by themselves."""
    query = sa.select(_r.name, _r.version, _r.source).where(_r.in_force, _r.shared == "").order_by(_r.name)
    return {row.name: Shared(row.name, row.version, row.source, f"{row.name}.yaml") for row in connection.execute(query)}


def of_version(connection: Connection, version: str) -> Shelf:
    """What the text of this version is like, in the version that it was published on."""
    own, below = rulesets.alias(), rulesets.alias()
    query = (
        sa.select(below.c.name, below.c.version, below.c.source)
        .join(own, own.c.shared == below.c.version)
        .where(own.c.version == version)
    )
    return {row.name: Shared(row.name, row.version, row.source, f"{row.name}.yaml") for row in connection.execute(query)}


def following(connection: Connection, shared: Ruleset, carrier: Carrier | None, but: Sequence[str] = ()) -> list[Following]:
    """The rulesets in force that are like the one of this name, `but` those of these names, loaded on this version of it."""
    shelf = {shared.name: as_shared(shared)}
    return [
        Following(row.name, row.version, load(row.source, f"{row.name}.yaml", carrier=carrier, shelf=shelf))
        for row in connection.execute(_followers(shared.name))
        if row.name not in but
    ]


def versions_following(connection: Connection, name: str) -> set[str]:
    """The versions in force that are like the ruleset of this name."""
    return {row.version for row in connection.execute(_followers(name))}


def _followers(name: str) -> sa.Select[tuple[str, str, str]]:
    own, below = rulesets.alias(), rulesets.alias()
    return (
        sa.select(own.c.name, own.c.version, own.c.source)
        .join(below, below.c.version == own.c.shared)
        .where(own.c.in_force, below.c.name == name)
        .order_by(own.c.name)
    )


def services(connection: Connection) -> Mapping[str, frozenset[str]]:
    """Of each ruleset that is or was like another: the names of those."""
    found: dict[str, set[str]] = {}
    for name, shared in connection.execute(_SERVICES):
        found.setdefault(name, set()).add(shared)
    return {name: frozenset(shared) for name, shared in found.items()}


def overlapping(ruleset: Ruleset, others: Sequence[Ruleset]) -> Ruleset | None:
    """One of these that is like the same ruleset and is for some of the same appointments."""

    def meet(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
        return one is None or other is None or bool(one & other)

    def alike(other: Ruleset) -> bool:
        mine, theirs = ruleset.applies_to, other.applies_to
        same = ruleset.shared is not None and other.shared is not None and ruleset.service == other.service
        return (
            same
            and other.name != ruleset.name
            and bool(mine.statuses & theirs.statuses)
            and meet(mine.clinics, theirs.clinics)
            and meet(mine.types, theirs.types)
        )

    return next(filter(alike, others), None)
