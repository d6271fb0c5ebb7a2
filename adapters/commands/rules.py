"""`freagra rules`: which rulesets are in force, and putting others in force."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from adapters.bootstrap import house
from adapters.commands.output import Failure, counted
from adapters.commands.rulefile import find
from adapters.commands.timeline import when
from adapters.config import Config
from adapters.gateways.carriers import carrier_of
from adapters.gateways.none import NoGateway
from adapters.ipms.none import NoPatientSystem
from adapters.ipms.records import TIMEZONE
from conversations.database import DatabaseInUse, open_database
from conversations.schema import conversations, moment, rulesets
from conversations.vault import load_keys


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


def publish_rules(config: Config, names: Sequence[str]) -> int:
    """Check the files and put them all in force, or none. Raises RulesBroken, Failure."""
    paths: list[Path] = [find(name) for name in names]
    try:
        with house(
            home=config.home,
            database_url=config.database,
            gateway=NoGateway(),
            patient_system=NoPatientSystem(),
            keys=load_keys(config.keys) if config.keys is not None else None,
            carrier=carrier_of(config.gateway),
        ) as opened:
            changed = opened.publish(paths)
    except DatabaseInUse as held:
        raise Failure(
            f"{held} A running service goes on with the rules it has: stop it, publish, and start it again."
        ) from held
    for name in changed:
        print(f"{name}: in force for conversations that begin from now on; those that run keep their version")
    if not changed:
        print("all of these are in force already")
    if config.rules:
        print("note: [service] rules names files, and the service puts those in force again whenever it starts")
    return 0
