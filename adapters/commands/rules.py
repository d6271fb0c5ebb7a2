"""`freagra rules`: which rulesets are in force, and putting others in force."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from adapters.bootstrap import RulesBroken
from adapters.commands import online
from adapters.commands.alone import alone
from adapters.commands.output import Failure, counted
from adapters.commands.rulefile import find
from adapters.commands.timeline import when
from adapters.config import Config
from adapters.gateways.carriers import carrier_of
from adapters.zone import TIMEZONE
from conversations import rule_files
from conversations.database import open_database
from conversations.schema import conversations, moment, rulesets

_INSTEAD = "Nothing answers there, so it cannot be asked: stop whatever holds the database, or start the service."


def list_rules(config: Config) -> int:
    with open_database(config.database, read_only=True) as database, database.reader() as connection:
        talk = conversations.c
        running = (
            sa.select(sa.func.count())
            .where(talk.version == rulesets.c.version, talk.closed.is_(sa.false()))
            .scalar_subquery()
        )
        columns = (rulesets.c.name, rulesets.c.version, rulesets.c.published_at, rulesets.c.in_force)
        query = sa.select(*columns, running.label("running")).order_by(rulesets.c.name, rulesets.c.published_at.desc())
        rows = [row for row in connection.execute(query) if row.in_force or row.running]
    if not rows:
        print("no ruleset is in force yet; freagra serve begins with those that come with Freagra")
    for row in rows:
        state = "in force" if row.in_force else "replaced"
        since = when(moment(row.published_at), ZoneInfo(TIMEZONE), year=True)
        print(f"{row.name}  {row.version}  {state}, published {since}, {counted(row.running, 'open conversation')}")
    return 0


def pull_rules(config: Config, folder: Path, *, over: bool = False) -> int:
    """Write the rulesets in force as files, NAME.yaml each, beside a running service. 1 where a file holds something else,
    which is left as it is unless `over`. Raises Failure."""
    with open_database(config.database, read_only=True) as database, database.reader() as connection:
        query = sa.select(rulesets.c.name, rulesets.c.source).where(rulesets.c.in_force).order_by(rulesets.c.name)
        held = connection.execute(query).all()
    folder.mkdir(parents=True, exist_ok=True)
    kept = 0
    for name, source in held:
        path = folder / f"{name}.yaml"
        text = source.encode("utf-8")
        if path.exists() and path.read_bytes() == text:
            print(f"{path}: is as in force")
            continue
        if path.exists() and not over:
            kept += 1
            print(f"{path}: holds something else and is left; --over writes over it", file=sys.stderr)
            continue
        path.write_bytes(text)
        print(f"{path}: written")
    if not held:
        raise Failure("no ruleset is in force yet; freagra serve begins with those that come with Freagra")
    return int(kept > 0)


def push_rules(config: Config, names: Sequence[str], by: str) -> int:
    """Make each file the draft of its ruleset, for the studio; a service that runs is asked to. Raises Failure, and RulesBroken
    where a file has errors."""
    paths: list[Path] = [find(name) for name in names]
    if online.runs(config):
        return online.ask(config, "push", paths, _named(by), "")
    with alone(config, _INSTEAD) as opened:
        with opened.database.reader() as connection:
            loaded = rule_files.load_files(connection, paths, carrier_of(config.gateway))[: len(paths)]
        if broken := [each for each in loaded if not each.ok]:
            raise RulesBroken(broken)
        for path, each in zip(paths, loaded, strict=True):
            assert each.ruleset is not None, "those that are broken were refused"
            name, versions = each.ruleset.name, opened.versions
            draft = versions.draft(name)
            saved = versions.save(name, each.ruleset.source, by or _NOBODY, draft.edition if draft is not None else 0)
            over = f", in place of what {draft.changed_by} had saved" if draft is not None else ""
            print(f"{path}: is the draft of {name} now (edition {saved.edition}){over}; publish it in the console")
    return 0


_NOBODY = "freagra rules"  # who did it, where the service does not run and nobody is asked


def _named(by: str) -> str:
    """Raises Failure (2)."""
    if not by:
        raise Failure("the service runs, so it wants to know who you are: say --by NAME, as you sign in to the console", 2)
    return by


def publish_rules(config: Config, names: Sequence[str], by: str, why: str) -> int:
    """Check the files and put them all in force, or none; a service that runs is asked to, by a person who may. Raises
    RulesBroken, Failure."""
    paths: list[Path] = [find(name) for name in names]
    if online.runs(config):
        if not why.strip():
            raise Failure("the service runs, and what is published there is on record: say --why in a few words", 2)
        return online.ask(config, "publish", paths, _named(by), why)
    with alone(config, _INSTEAD) as opened:
        changed = opened.publish(paths)
    for name in changed:
        print(f"{name}: in force for conversations that begin from now on; those that run keep their version")
    if not changed:
        print("all of these are in force already")
    if config.rules:
        print("note: [service] rules names files; one that changes is put in force when the service starts")
    return 0
