"""`freagra init` and `freagra migrate`: what a service of several processes needs done once before any of them starts.

One process alone does both by itself when it starts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from alembic.runtime.migration import MigrationContext

from adapters.commands.output import counted, progress
from adapters.config import Config, access_of, make_access
from conversations import moving
from conversations.database import Database, open_database
from conversations.vault import load_or_make_keys


def init(config: Config, folder: Path | None) -> int:
    """Make the key file and the access file where there are none: in `folder`, or where the configuration has them. What is
    there is checked and left as it is. Raises ConfigError, KeyFileError."""
    if folder is not None:
        config = replace(config, home=folder, keys=None, access=None)
    made = [path for path in (config.key_file, config.access_file) if not path.exists()]
    load_or_make_keys(config.key_file)
    if config.access_file in made:
        make_access(config.access_file)
    access_of(config)
    for path in (config.key_file, config.access_file):
        print(f"{path}: {'made' if path in made else 'was there and is left as it is'}")
    print(f"Keep a copy of {config.key_file.name} apart from the database: without it nobody can read what is stored;")
    print("whoever has it and the database can read everything.")
    return 0


def migrate(config: Config) -> int:
    """Bring the tables of the configured database to this version. Raises DatabaseInUse, DatabaseUnfit."""
    if not config.database_url:
        config.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open_database(config.database) as database:
        before = _revision(database)
        database.migrate()
        after = _revision(database)
        where = database.url.render_as_string()
    earlier = "" if before == after else f", before: {before or 'none'}"
    print(f"{where}: its tables are those of this version ({after}){earlier}")
    return 0


def _revision(database: Database) -> str | None:
    with database.reader() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def move_store(source: str, target: str) -> int:
    """Move the record from one database to another. Raises what opening them raises, and MoveRefused."""
    with open_database(source) as old, open_database(target) as new:
        old.migrate()
        new.migrate()
        with old.reader() as reader:
            rows = moving.count(reader)
        with progress(sum(rows.values()) + 2 * rows["transcript"], "moving", "rows") as bar:
            verdict = moving.move(old, new, bar.update)
    told = counted(verdict.entries, "entry", "entries"), counted(verdict.conversations, "conversation")
    print(f"moved and verified: {counted(sum(rows.values()), 'row')}, of them {told[0]} of {told[1]}")
    print(f"both records end in batch {verdict.newest.batch}, hash {verdict.newest.hash.hex()}")
    print("Set database_url (or FREAGRA_DATABASE_URL) to the new one, keep keys.json, and start the service.")
    return 0
