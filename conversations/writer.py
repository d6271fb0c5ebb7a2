"""The one thread that writes. Whatever is waiting is committed together, and its waiters are told when it is on the
disk.

A commit costs a disk flush however much it holds, so whoever comes while one is under way shares the next. Nobody is
made to wait for company: a group is what has gathered by the time the thread is free.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import chain
from operator import itemgetter
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import sqlalchemy as sa

from conversations.bulk import by_powers, insert_sql, rows_of_arrays
from conversations.database import Database, fold_log
from conversations.errors import FreagraError
from conversations.schema import inbox

T = TypeVar("T")
Job = Callable[[sa.Connection], T]

_log = logging.getLogger("freagra.conversations")

_MOST_IN_GROUP = 1_000
_MOST_ALONE = 64  # inbox rows that are a transaction by themselves; a compiled statement is kept for each number of them
_INBOX_COLUMNS = ("source", "kind", "external_id", "received_at", "sealed", "phone_index", "due", "partition")
_INBOX_VALUES = itemgetter(*_INBOX_COLUMNS)
_TAKEN_ONCE = "ON CONFLICT (source, external_id) DO NOTHING"

# What says nothing of the job and all of the database's circumstances; the same call may well succeed later.
_AWAY_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)


class StoreAway(FreagraError):
    """Nothing was written: the disk is full, the database locked, unreachable or closed."""

    code = "store_away"
    retryable = True


@dataclass(slots=True)
class _Item:
    """A job, or the values of an inbox row, and who waits for it."""

    waiter: Future[Any] | asyncio.Future[Any]
    job: Job[Any] | None
    row: tuple[Any, ...] = ()
    value: Any = None
    fault: BaseException | None = None


class _Then(Enum):
    """What the thread does behind the group that it has gathered."""

    GO_ON = "gather the next"
    FOLD = "fold the log in, then gather the next"
    END = "end"


class Writer:
    """Owns the database's write connection until `close`. Its methods may be called from any thread.

    A job is a function of the connection that reads and writes and returns something. It runs by itself, at most once,
    inside a transaction that it must not end. It sees what earlier jobs of its group wrote, and is undone alone when
    it raises: its caller gets the exception. When the group as a whole fails, every caller in it gets StoreAway and
    nothing was written. A caller that gives up waiting does not stop its job.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sa.Connection | None = None
        self._queue: SimpleQueue[_Item | _Then] = SimpleQueue()
        self._gate = threading.Lock()  # nothing is queued behind what ends the thread
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="freagra-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job[T]) -> Future[T]:
        """Queue a job; the future is done when its effects are on the disk. Raises StoreAway once closed."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # a queued job is not called back
        self._put(_Item(future, job))
        return future

    async def run(self, job: Job[T]) -> T:
        """The same for coroutines."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put(_Item(future, job))
        return await future

    def insert_inbox(self, row: Mapping[str, Any]) -> asyncio.Future[int | None]:
        """Put a row into the inbox: its id, or None where (source, external_id) was taken before. To be called and
        awaited in a coroutine. The row has source, kind, external_id, received_at, sealed, phone_index, due and partition; the
        rest begins as the schema says. Raises KeyError at once where one is missing; awaiting it raises what the
        database holds against it.
        """
        future: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._put(_Item(future, None, _INBOX_VALUES(row)))
        return future

    def fold(self) -> None:
        """Have the log folded in behind all that was submitted. Nobody waits for it but what is submitted after."""
        self._put(_Then.FOLD)

    def close(self) -> None:
        """Finish what was submitted, then stop. Blocks until done; may be called twice."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(_Then.END)
        self._thread.join()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, item: _Item | _Then) -> None:
        with self._gate:
            if self._closed:
                raise StoreAway("the store is closed")
            self._queue.put(item)

    # ---- the thread ----

    def _work(self) -> None:
        then = _Then.GO_ON
        while then is not _Then.END:
            group, then = self._gather()
            if group:
                self._write(group)
                _tell(group)
            if then is _Then.FOLD:
                self._fold()
        if self._connection is not None:
            self._connection.close()

    def _gather(self) -> tuple[list[_Item], _Then]:
        """All that waits, at least one unless something else is to be done; up to a bound."""
        group: list[_Item] = []
        item = self._queue.get()
        while isinstance(item, _Item):
            group.append(item)
            if len(group) == _MOST_IN_GROUP:
                return group, _Then.GO_ON
            try:
                item = self._queue.get_nowait()
            except Empty:
                return group, _Then.GO_ON
        return group, item

    def _fold(self) -> None:
        try:
            if self._connection is not None:
                fold_log(self._connection)
        except Exception as fault:  # noqa: BLE001 - what is in the log is on the disk, and is folded in another time
            _log.error("the log was not folded in: %s", fault)
            self._drop_connection()

    def _write(self, group: list[_Item]) -> None:
        """One transaction for all. Leaves each item's value or fault in it."""
        try:
            if self._connection is None:
                self._connection = self._database.writing()
            if _insert_alone(self._connection, group):
                return
            transaction = self._connection.begin()
            if not _fill(self._connection, group):
                transaction.rollback()
                return
            if not transaction.is_active:
                raise RuntimeError("a job ended the transaction that it shares with others")
            transaction.commit()
        except Exception as fault:  # noqa: BLE001 - the thread outlives whatever happens to one group
            cause = fault.orig if isinstance(fault, sa.exc.DBAPIError) else fault
            _log.error("a group of %d writes failed: %s", len(group), cause)
            for item in group:
                if item.fault is None:
                    item.fault = StoreAway(f"nothing was written: {cause}")
                    item.fault.__cause__ = fault
            self._drop_connection()

    def _drop_connection(self) -> None:
        """After a fault nobody can say what state the connection is in: the next group begins on a fresh one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _insert_alone(connection: sa.Connection, group: list[_Item]) -> bool:
    """Whether the group was inbox rows alone and is on the disk now: one INSERT is a transaction by itself on SQLite. That
    asks the driver once instead of thrice, and each time it is asked it gives up the interpreter lock, which beside a busy
    event loop takes longer to get back than the statement runs."""
    if connection.dialect.name != "sqlite" or len(group) > _MOST_ALONE or any(item.job for item in group):
        return False
    driver = connection.connection.driver_connection
    assert driver is not None, "a connection that is open has its driver's"
    sql = insert_sql("inbox", _INBOX_COLUMNS, len(group), _TAKEN_ONCE)
    try:
        result = driver.execute(sql, tuple(chain.from_iterable(item.row for item in group)))
    except sqlite3.Error:
        return False  # the guarded way finds out whose fault it is
    if result.rowcount != len(group):
        if result.rowcount:
            with connection.begin():
                _give_ids(group, connection.execute(_NEW_ROWS, {"after": result.lastrowid - result.rowcount}))
        return True
    for id_, item in enumerate(group, result.lastrowid - len(group) + 1):
        item.value = id_
    return True


def _fill(connection: sa.Connection, group: list[_Item]) -> bool:
    """Whether there is something to commit. Raises what concerns the whole group."""
    if len(group) == 1 and group[0].job is not None:
        # A savepoint would protect nobody: the transaction is all its own.
        return _attempt(group[0], partial(_run_job, connection, group[0]))
    rows = [item for item in group if item.job is None]
    for part in by_powers(rows, len(_INBOX_COLUMNS)):
        _insert_rows(connection, part)
    for item in group:
        if item.job is not None:
            _guard(connection, item, partial(_run_job, connection, item))
    return True


def _run_job(connection: sa.Connection, item: _Item) -> None:
    assert item.job is not None
    item.value = item.job(connection)


def _attempt(item: _Item, act: Callable[[], None]) -> bool:
    """Whether it went well. Its own failure is left in the item; the database's is raised."""
    try:
        act()
    except Exception as fault:  # a job may raise anything, and its submitter gets it
        if _is_away(fault):
            raise
        item.fault = fault
        return False
    return True


def _guard(connection: sa.Connection, item: _Item, act: Callable[[], None]) -> None:
    connection.exec_driver_sql("SAVEPOINT job")
    if not _attempt(item, act):
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
    connection.exec_driver_sql("RELEASE SAVEPOINT job")


def _insert_rows(connection: sa.Connection, items: Sequence[_Item]) -> None:
    """Each item's value becomes the id of its row, or stays None where the inbox has it."""
    on_sqlite = connection.dialect.name == "sqlite"
    insert = _insert_on_sqlite if on_sqlite else _insert_elsewhere
    first = items[0]
    if on_sqlite:
        # It is one statement, which SQLite undoes by itself when it fails: no savepoint needed.
        _attempt(first, partial(insert, connection, items))
    else:
        _guard(connection, first, partial(insert, connection, items))
    if first.fault is not None and len(items) > 1:
        # One of them is unfit: each for itself then.
        first.fault = None
        for item in items:
            _insert_rows(connection, [item])


def _insert_on_sqlite(connection: sa.Connection, items: Sequence[_Item]) -> None:
    sql = insert_sql("inbox", _INBOX_COLUMNS, len(items), _TAKEN_ONCE)
    result = connection.exec_driver_sql(sql, tuple(chain.from_iterable(item.row for item in items)))
    count, last = result.rowcount, result.lastrowid
    if count == 0:
        return
    # New rows get consecutive ids, in the order given; RETURNING would step once a row (see `insert_rows`).
    if count == len(items):
        for id_, item in enumerate(items, last - count + 1):
            item.value = id_
        return
    new = connection.execute(_NEW_ROWS, {"after": last - count})
    _give_ids(items, new)


def _insert_elsewhere(connection: sa.Connection, items: Sequence[_Item]) -> None:
    insert = f"INSERT INTO inbox ({', '.join(_INBOX_COLUMNS)}) SELECT * FROM {rows_of_arrays(inbox, _INBOX_COLUMNS)} AS new"
    arrays = tuple(list(values) for values in zip(*(item.row for item in items), strict=True))
    _give_ids(items, connection.exec_driver_sql(f"{insert} {_TAKEN_ONCE} RETURNING id, source, external_id", arrays))


_NEW_ROWS = sa.select(inbox.c.id, inbox.c.source, inbox.c.external_id).where(inbox.c.id > sa.bindparam("after"))


def _give_ids(items: Sequence[_Item], rows: sa.CursorResult[Any]) -> None:
    new = {(row.source, row.external_id): row.id for row in rows}
    for item in items:
        source, _, external_id = item.row[:3]
        item.value = new.pop((source, external_id), None)


def _is_away(fault: Exception) -> bool:
    """Whether the database failed, rather than what was asked of it."""
    if isinstance(fault, sa.exc.DBAPIError):
        if isinstance(fault.orig, sqlite3.Error):
            return _is_away(fault.orig)
        return fault.connection_invalidated or isinstance(fault, sa.exc.OperationalError)
    # The low byte is the code, the rest its finer meaning; errors of the driver's own carry none.
    return isinstance(fault, sqlite3.Error) and getattr(fault, "sqlite_errorcode", 0) & 0xFF in _AWAY_CODES


def _tell(group: list[_Item]) -> None:
    """Each waiter gets its answer; an event loop is woken once for all of its own."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Item]] = {}
    for item in group:
        if isinstance(item.waiter, Future):
            if item.fault is None:
                item.waiter.set_result(item.value)
            else:
                item.waiter.set_exception(item.fault)
        else:
            by_loop.setdefault(item.waiter.get_loop(), []).append(item)
    for loop, items in by_loop.items():
        try:
            loop.call_soon_threadsafe(_answer, items)
        except RuntimeError:
            _log.warning("the event loop was closed before it could be told of %d writes", len(items))


def _answer(items: list[_Item]) -> None:
    for item in items:
        if item.waiter.done():
            continue  # cancelled
        if item.fault is None:
            item.waiter.set_result(item.value)
        else:
            item.waiter.set_exception(item.fault)
