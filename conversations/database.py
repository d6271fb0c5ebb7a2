"""Opening the database: who may write, how durably, and from which version of the tables.

On SQLite one process writes, through one connection, which alone makes checkpoints; a lock beside the file holds
others off. Readers have connections of their own that refuse to write. A commit has reached the disk when it returns:
write-ahead log with synchronous=FULL. PostgreSQL needs none of that and takes the same calls.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa

from conversations.errors import FreagraError

_log = logging.getLogger("freagra.conversations")

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = sa.table("alembic_version", sa.column("version_num"))
_BUSY_SECONDS = 5.0
_WRITER_CACHE_KIB = 36_864  # all that one commit changes, and a part of the random indexes; with 96 MB none is faster
_READER_CACHE_KIB = 4_096  # of each; a batch of 4,096 replies reads as many pages with 8 MB
_CHECKPOINT_PAGES = 4_000  # of 4 KiB: the write-ahead log is folded in every 16 MiB
_MOST_PAGES = 60_000  # of one batch, which is folded in at its end: less than the limit below
# What the log file shrinks back to after a long reader let it grow. A full batch fills most of it: to cut the file after each
# was a quarter of what the writing thread did.
_LOG_LIMIT_BYTES = 256 << 20
_STATEMENTS = 512  # kept compiled by each connection
_READERS = 8
_STANDSTILL_MS = 10_000


class DatabaseInUse(FreagraError):
    """Another process has the same file open for writing."""

    code = "database_in_use"


class DatabaseUnfit(FreagraError):
    """The address, or what lies there, cannot be used. The message says why and how to mend it."""

    code = "database_unfit"


class Database:
    """An open database: one connection to write by, which a running service leaves to its Writer; readers for all."""

    def __init__(
        self, url: sa.URL, write: sa.Engine | None, read: sa.Engine, path: Path | None, lock: int | None
    ) -> None:
        self.url = url
        self.path = path  # of the SQLite file, None elsewhere
        self._write = write
        self._read = read
        self._lock = lock

    def reader(self) -> sa.Connection:
        """A connection that cannot write, to be closed by the caller (it is a context manager). All it reads is as of
        its first read, until it is rolled back or closed: a reader held open keeps SQLite's log from shrinking."""
        return self._read.connect()

    def writing(self) -> sa.Connection:
        """The write connection. Every transaction on it holds the write lock from its first statement (BEGIN
        IMMEDIATE). On SQLite there is one: asking again before it was closed raises DatabaseInUse. While a service
        runs it is its Writer's."""
        if self._write is None:
            raise DatabaseInUse(f"{self.url.render_as_string()} was opened to be read only")
        try:
            connection = self._write.connect()
            if self.path is None:
                # A process that stands still in the middle of a transaction must not keep the others waiting with it.
                connection.exec_driver_sql(f"SET idle_in_transaction_session_timeout = {_STANDSTILL_MS}")
                connection.commit()
            return connection
        except sa.exc.TimeoutError:
            raise DatabaseInUse(
                f"{self.url.render_as_string()}: the write connection is taken in this process"
            ) from None

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to the newest version, all steps or none, before anything else uses the database. Raises
        DatabaseUnfit for tables of a later version than this program knows."""
        with self.writing() as connection, connection.begin():
            serialise(connection, "migrate")
            if revision == "head" and _version(connection) == newest_version():
                return
        # Here, since a start on tables of this version never needs it: it takes 12 MB.
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every step it looks at
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        try:
            with self.writing() as connection, connection.begin():
                serialise(connection, "migrate")
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
        except CommandError as fault:
            raise DatabaseUnfit(
                f"{self.url.render_as_string()}: its tables are of a version that this Freagra does not know "
                f"({fault}). Use the Freagra that last ran on it, or a later one."
            ) from fault

    def close(self) -> None:
        """After the Writer was closed and all readers were: SQLite then folds its log into the file."""
        self._read.dispose()
        if self._write is not None:
            self._write.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_database(url: str, *, read_only: bool = False) -> Database:
    """Open, and on SQLite make where there is none, the database at `url`
    ("sqlite:////var/lib/freagra/freagra.sqlite3", "postgresql+psycopg://..."). Tables are `migrate`'s affair.

    `read_only` takes no lock, gives readers only, and works beside a running service. A SQLite address may carry
    `?timeout=`, the seconds to wait for another program's lock (5). Raises DatabaseInUse, DatabaseUnfit.
    """
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite":
        return _postgresql(address, read_only=read_only)
    if not address.database or address.database == ":memory:" or address.database.startswith("file:"):
        raise DatabaseUnfit(f"{url}: needs a file, as in sqlite:////var/lib/freagra/freagra.sqlite3")
    path = Path(address.database).absolute()
    seconds = float(str(address.query.get("timeout", _BUSY_SECONDS)))
    _warn_of_log_reset()
    if read_only:
        if not path.exists():
            raise DatabaseUnfit(f"{path}: there is no database here")
        return Database(address, None, _sqlite(path, seconds, writes=False), path, None)
    lock = _lock(path)
    try:
        # Made here so that it, and the log that takes its mode, are nobody else's to read.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        write = _sqlite(path, seconds, writes=True)
        with write.connect():
            pass  # sets the log mode once, before any reader comes
        return Database(address, write, _sqlite(path, seconds, writes=False), path, lock)
    except (OSError, sa.exc.DBAPIError) as fault:
        os.close(lock)
        reason = fault.orig if isinstance(fault, sa.exc.DBAPIError) else fault.strerror
        raise DatabaseUnfit(f"{path}: cannot be opened as a database: {reason}") from fault


def _postgresql(address: sa.URL, *, read_only: bool) -> Database:
    if address.drivername not in ("postgresql", "postgresql+psycopg"):
        raise DatabaseUnfit(
            f"{address.render_as_string()}: Freagra keeps its record in SQLite or PostgreSQL, as in "
            "sqlite:////var/lib/freagra/freagra.sqlite3 or postgresql+psycopg://freagra@db.hospital.example/freagra"
        )
    given = {name: value for name, value in _CONNECT.items() if name not in address.query}
    engine = sa.create_engine(
        address.set(drivername="postgresql+psycopg"),
        connect_args=given,
        pool_size=_READERS,
        max_overflow=-1,
        hide_parameters=True,
    )
    try:
        with engine.connect() as connection:
            for setting in ("fsync", "synchronous_commit"):
                if connection.exec_driver_sql(f"SHOW {setting}").scalar_one() == "off":
                    _log.warning("PostgreSQL has %s off: what it has acknowledged is lost when its machine fails", setting)
    except sa.exc.OperationalError as fault:
        engine.dispose()
        reason = str(fault.orig).strip().splitlines()
        raise DatabaseUnfit(f"{address.render_as_string()}: {reason[0] if reason else 'does not answer'}") from fault
    reading = engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
    return Database(address, None if read_only else engine, reading, None, None)


# What libpq is told unless the address says otherwise: a machine that is gone must not be waited for until TCP gives it up.
_CONNECT = {
    "connect_timeout": "5",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "application_name": "freagra",
}


def newest_version() -> str:
    """The version of the tables that this program works on: the number of its last migration."""
    return max(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("*_*.py"))


def _version(connection: sa.Connection) -> str | None:
    """The version of the tables that stand, None where there are none."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(sa.select(_VERSION.c.version_num))


def serialise(connection: sa.Connection, what: str, *, shared: bool = False) -> None:
    """Until its transaction ends, no other one that says the same `what` goes on from here; those that share it do, beside one
    another. On SQLite that is so anyway."""
    if connection.dialect.name != "sqlite":
        lock = sa.func.pg_advisory_xact_lock_shared if shared else sa.func.pg_advisory_xact_lock
        connection.execute(sa.select(lock(sa.func.hashtextextended(f"freagra {what}", 0))))


def let_log_grow(connection: sa.Connection) -> None:
    """Have SQLite's log not folded in by this commit, nor by any before `fold_log`, unless it has grown long: pages that many
    commits change are written into the file once then. Of the write connection alone."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={_MOST_PAGES}")


def fold_log(connection: sa.Connection) -> None:
    """Fold SQLite's log in as far as no reader needs it, and let each commit see to that again. Of the write connection,
    outside a transaction. It takes some 50 ms for a batch, in which readers go on."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None, "a connection that is open has its driver's"
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)").close()
        driver.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}").close()


def in_use(url: str) -> bool:
    """Whether a service, or a command that writes, has this SQLite database to itself; False of any other database."""
    path = sa.make_url(url).database
    if not url.startswith("sqlite") or not path or not Path(path).exists():
        return False
    try:
        os.close(_lock(Path(path)))
    except DatabaseInUse:
        return True
    return False


def _lock(path: Path) -> int:
    """The descriptor that holds the lock; the system lets go of it when the process ends, however it ends."""
    beside = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise DatabaseUnfit(f"{beside}: {fault.strerror}. The folder must exist and be ours to write in.") from fault
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise DatabaseInUse(
            f"{path}: process {holder or 'unknown'} has this database open for writing. Stop it first; "
            "what only reads may run beside it."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _sqlite(path: Path, seconds: float, *, writes: bool) -> sa.Engine:
    settings = {
        "busy_timeout": int(seconds * 1000),
        "foreign_keys": "ON",
        "secure_delete": "ON",
        "temp_store": "MEMORY",
        "mmap_size": 0,
        "cache_size": -(_WRITER_CACHE_KIB if writes else _READER_CACHE_KIB),
    }
    if writes:
        settings |= {
            "journal_mode": "WAL",
            "synchronous": "FULL",
            "fullfsync": "ON",  # macOS: its plain fsync does not reach the disk
            "checkpoint_fullfsync": "ON",
            "wal_autocheckpoint": _CHECKPOINT_PAGES,
            "journal_size_limit": _LOG_LIMIT_BYTES,
        }
    else:
        settings |= {"wal_autocheckpoint": 0, "query_only": "ON"}

    def connect() -> sqlite3.Connection:
        # isolation_level None: the driver begins nothing by itself, the "begin" event below does.
        connection = sqlite3.connect(
            path, seconds, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
        )
        try:
            for name, value in settings.items():
                connection.execute(f"PRAGMA {name}={value}")
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    pool_size = 1 if writes else _READERS
    engine = sa.create_engine(
        "sqlite://",
        creator=connect,
        poolclass=sa.QueuePool,
        pool_size=pool_size,
        max_overflow=0 if writes else -1,
        pool_timeout=0 if writes else 30,
        hide_parameters=True,  # an error's text may be logged
    )
    start = "BEGIN IMMEDIATE" if writes else "BEGIN"
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(start))
    return engine


@lru_cache(maxsize=1)
def _warn_of_log_reset() -> None:
    """Once per process. The fault: SQLite 3.7.0 to 3.51.2, mended in 3.51.3 and in 3.44.6 and 3.50.7 of the older
    lines."""
    version = sqlite3.sqlite_version_info
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    if not mended:
        _log.info(
            "SQLite %s has the WAL-reset fault, which two connections that write at once can trigger. Freagra writes "
            "and checkpoints from one connection only and so avoids it; let no other program write to its database.",
            sqlite3.sqlite_version,
        )
