"""Ruleset files that the settings name: each is taken once for every change of it, at the start of the service.

What was taken stands in the store, so that a file which is as it was does not undo what a person published since, and the
studio can say which rulesets have a file and whether that file says what is in force.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import shelf
from conversations.rule_record import Act, note
from conversations.rulebook import publish
from conversations.rulesets import load_file, named
from conversations.schema import facts, rule_acts, rulesets
from conversations.shelf import Following, as_shared
from engine.carrier import Carrier
from engine.loader import Loaded
from engine.ruleset import Ruleset, Shared

_FACT = "rule files"
_BY = "the settings"


@dataclass(frozen=True, slots=True)
class Taken:
    """The file of a ruleset: its path as the settings name it, and the digest of the text that was taken from it last."""

    path: str
    digest: str


def load_files(connection: Connection, paths: Sequence[Path], carrier: Carrier | None) -> list[Loaded]:
    """The files, each like one of the others or like what is in force; and what is in force and like one of them, on it."""
    held: dict[str, Shared] = dict(shelf.in_force(connection))
    first = [load_file(path, carrier=carrier, shelf=held) for path in paths]
    held |= {each.name: as_shared(each) for each in _whole(first) if each.shared is None}
    loaded = [load_file(path, carrier=carrier, shelf=held) for path in paths]
    named = [ruleset.name for ruleset in _whole(loaded)]
    followers: list[Following] = []
    for ruleset in _whole(loaded):
        followers += shelf.following(connection, ruleset, carrier, but=named)
    return loaded + [each.loaded for each in followers]


def _whole(loaded: Sequence[Loaded]) -> list[Ruleset]:
    """The rulesets that load, those that others are like first."""
    found = [each.ruleset for each in loaded if each.ruleset is not None]
    return sorted(found, key=lambda ruleset: ruleset.shared is not None)


def put_in_force(connection: Connection, loaded: Sequence[Loaded], at: int) -> list[str]:
    """All of them; the names of those that were not."""
    return [ruleset.name for ruleset in _whole(loaded) if publish(connection, ruleset, at)]


def taken(connection: Connection) -> Mapping[str, Taken]:
    """By the names of the rulesets, what the service took when it started last."""
    held = connection.execute(sa.select(facts.c.value).where(facts.c.name == _FACT)).scalar()
    return {} if held is None else {name: Taken(*each) for name, each in orjson.loads(held).items()}


def differs(source: str, file: Taken) -> bool:
    """Whether this text is another than was taken from the file."""
    return _digest(source) != file.digest


def changed(connection: Connection, paths: Sequence[Path]) -> list[Path]:
    """The files that are not as they were taken last, or whose rulesets are not in force in any version."""
    before, held = taken(connection), _in_force(connection)
    return [path for path in paths if (name := (file := _file(path))[0]) not in held or before.get(name) != file[1]]


def take(connection: Connection, paths: Sequence[Path], loaded: Sequence[Loaded], at: int) -> list[str]:
    """Put in force what was loaded of those that have changed, and out of force what came from a file that is not named any
    more; the first time, whatever else no person has published. The names of those that are in or out of force by it."""
    before = taken(connection)
    now = dict(_file(path) for path in paths)
    put = []
    for ruleset in _whole(loaded):
        if publish(connection, ruleset, at):
            put.append(ruleset.name)
            why = f"{now[ruleset.name].path} has changed" if ruleset.name in now else f"with {ruleset.service}"
            note(connection, ruleset.name, ruleset.version, Act.TAKEN, _BY, why, at)
    held = _in_force(connection)
    gone = ((set(before) if before else held - _published(connection)) & held) - set(now)
    for name in sorted(gone):
        connection.execute(sa.update(rulesets).where(rulesets.c.name == name).values(in_force=False))
    if now != before:
        _remember(connection, now, at)
    return put + sorted(gone)


def _file(path: Path) -> tuple[str, Taken]:
    """The name of the ruleset in this file, "" where it says none, and what would be taken."""
    try:
        source = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        source = ""
    return named(source), Taken(str(path), _digest(source))


def _in_force(connection: Connection) -> set[str]:
    return set(connection.execute(sa.select(rulesets.c.name).where(rulesets.c.in_force)).scalars())


def _published(connection: Connection) -> set[str]:
    """The rulesets that a person put in force."""
    acts = sa.select(rule_acts.c.name).where(rule_acts.c.act.in_([Act.PUBLISHED, Act.ROLLED_BACK])).distinct()
    return set(connection.execute(acts).scalars())


def _remember(connection: Connection, files: Mapping[str, Taken], at: int) -> None:
    value = orjson.dumps({name: (each.path, each.digest) for name, each in files.items()}).decode()
    found = connection.execute(sa.update(facts).where(facts.c.name == _FACT).values(value=value, at=at))
    if not found.rowcount:
        connection.execute(sa.insert(facts).values(name=_FACT, value=value, at=at))


def _digest(source: str) -> str:
    return sha256(source.encode()).hexdigest()[:16]
