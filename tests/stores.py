"""Where tests keep their stores: the same tests run on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import sqlalchemy as sa

from conversations.database import open_database
from tests.servers import Postgres

_EMPTY = "freagra_empty"


class Store(Protocol):
    name: str

    def url(self, folder: Path) -> str:
        """The address of the folder's database: the same for the same folder, one of its own for another."""
        ...

    def copy(self, folder: Path, to: Path) -> None:
        """As the database of one folder is, so is that of another from now on. Nobody may have it open."""
        ...

    def away(self, folder: Path) -> AbstractContextManager[None]:
        """While it is entered the folder's database takes no writes."""
        ...

    def refusing(self, connection: sa.Connection, table: str, when: str) -> None:
        """From now on no row may be inserted into the table of which this SQL holds, NEW being the row."""
        ...


@cache
def _empty() -> bytes:
    """A SQLite file whose tables stand and are empty."""
    with TemporaryDirectory() as folder:
        with open_database(f"sqlite:///{folder}/empty.sqlite3") as database:
            database.migrate()
        return (Path(folder) / "empty.sqlite3").read_bytes()


class SqliteStore:
    """Files that begin as a copy of one whose tables stand."""

    name = "sqlite"

    def url(self, folder: Path) -> str:
        file = folder / "freagra.sqlite3"
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_empty())
        return f"sqlite:///{file}?timeout=0.05"

    def copy(self, folder: Path, to: Path) -> None:
        to.mkdir(parents=True, exist_ok=True)
        (to / "freagra.sqlite3").write_bytes((folder / "freagra.sqlite3").read_bytes())

    @contextmanager
    def away(self, folder: Path) -> Iterator[None]:
        with closing(sqlite3.connect(folder / "freagra.sqlite3", isolation_level=None)) as stranger:
            stranger.execute("BEGIN IMMEDIATE")
            yield
            stranger.execute("ROLLBACK")

    def refusing(self, connection: sa.Connection, table: str, when: str) -> None:
        refuse = "BEGIN SELECT RAISE(ABORT, 'unfit'); END"
        connection.exec_driver_sql(f"CREATE TRIGGER unfit BEFORE INSERT ON {table} WHEN {when} {refuse}")


class PostgresStore:
    """Databases of one server, made from an empty one whose tables stand: building them takes longer than most tests."""

    name = "postgresql"
    _numbers = itertools.count(1)

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._names: dict[Path, str] = {}
        with server.admin() as admin:
            made = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_EMPTY,)).fetchone()
        if made is None:
            with open_database(server.make(_EMPTY)) as database:
                database.migrate()

    def url(self, folder: Path) -> str:
        if folder not in self._names:
            self._make(folder, _EMPTY)
        return self.server.url(self._names[folder])

    def copy(self, folder: Path, to: Path) -> None:
        self._make(to, self._names[folder])

    @contextmanager
    def away(self, folder: Path) -> Iterator[None]:
        name = self._names[folder]
        with self.server.admin() as admin:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            yield
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())

    def refusing(self, connection: sa.Connection, table: str, when: str) -> None:
        refuse = "BEGIN RAISE EXCEPTION 'unfit' USING ERRCODE = 'integrity_constraint_violation'; END"
        connection.exec_driver_sql(f"CREATE FUNCTION unfit() RETURNS trigger LANGUAGE plpgsql AS $${refuse}$$")
        connection.exec_driver_sql(
            f"CREATE TRIGGER unfit BEFORE INSERT ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION unfit()"
        )

    def _make(self, folder: Path, template: str) -> None:
        self._names[folder] = f"freagra_{next(self._numbers)}"
        self.server.make(self._names[folder], template)

    def close(self) -> None:
        for name in self._names.values():
            self.server.drop(name)


current: Store = SqliteStore()


@contextmanager
def using(store: Store) -> Iterator[Store]:
    """What `store()` is for the time being."""
    global current
    before, current = current, store
    try:
        yield store
    finally:
        current = before


def store() -> Store:
    return current
