"""Many rows in few statements.

On SQLite one statement for many rows is several times quicker than one for each: every step of a statement gives up the
interpreter lock, and beside a busy thread it takes longer to get back than the step ran. Compiling a long statement costs
as much as running it, so rows go by powers of two: the driver keeps those few statements compiled. PostgreSQL gets what
SQLAlchemy makes of the same tables.

Values go to the driver as they are: plain int, str, bytes, bool, None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

T = TypeVar("T")
Row = Sequence[Any]

_VALUES_IN_ONE = 8_192  # of one statement; SQLite takes up to 32,766
_IN_ONE = 500  # values of one IN (...)


def portions(wanted: Iterable[T]) -> Iterator[list[T]]:
    """What is wanted, each once and in order, in lists short enough for one IN (...)."""
    once = list(dict.fromkeys(wanted))
    for start in range(0, len(once), _IN_ONE):
        yield once[start : start + _IN_ONE]


def insert_rows(
    connection: sa.Connection,
    table: sa.Table,
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    replacing: Sequence[str] = (),
    once: bool = False,
) -> None:
    """INSERT many rows, each a value for every column in order. A row whose primary key is there already gives that one
    its values of the columns `replacing`, or is left out where each goes in `once`; otherwise it is refused. What never
    changes is best not named there, since every index on a named column is written anew."""
    if connection.dialect.name != "sqlite":
        statement = postgresql.insert(table)
        if replacing:
            new = {name: statement.excluded[name] for name in replacing}
            statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=new)
        elif once:
            statement = statement.on_conflict_do_nothing()
        connection.execute(statement, [dict(zip(columns, row, strict=True)) for row in rows])
        return
    suffix = "ON CONFLICT DO NOTHING" if once else ""
    if replacing:
        keys = ", ".join(column.name for column in table.primary_key)
        taken = ", ".join(f"{name} = excluded.{name}" for name in replacing)
        suffix = f"ON CONFLICT ({keys}) DO UPDATE SET {taken}"
    for part in _by_powers(rows, len(columns)):
        connection.exec_driver_sql(insert_sql(table.name, tuple(columns), len(part), suffix), _flat(part))


def update_rows(
    connection: sa.Connection, table: sa.Table, key: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """UPDATE many rows, each given as its key and then the new value of every column in order. No key twice."""
    if connection.dialect.name != "sqlite":
        statement = sa.update(table).where(table.c[key] == sa.bindparam("the_key"))
        connection.execute(statement, [dict(zip(("the_key", *columns), row, strict=True)) for row in rows])
        return
    for part in _by_powers(rows, 1 + len(columns)):
        connection.exec_driver_sql(_update_sql(table.name, key, tuple(columns), len(part)), _flat(part))


def delete_rows(connection: sa.Connection, table: sa.Table, keys: Sequence[Row]) -> None:
    """DELETE the rows with these primary keys, those that are there."""
    columns = tuple(column.name for column in table.primary_key)
    if connection.dialect.name != "sqlite":
        matches = (table.c[name] == sa.bindparam(f"the_{name}") for name in columns)
        statement = sa.delete(table).where(*matches)
        names = [f"the_{name}" for name in columns]
        connection.execute(statement, [dict(zip(names, key, strict=True)) for key in keys])
        return
    for part in _by_powers(keys, 1 + len(columns)):
        firsts = tuple(key[0] for key in part)
        connection.exec_driver_sql(_delete_sql(table.name, columns, len(part)), firsts + _flat(part))


def _by_powers(rows: Sequence[T], columns: int) -> Iterator[Sequence[T]]:
    """The rows in as few parts as there can be whose lengths are powers of two."""
    size = 1 << (_VALUES_IN_ONE // columns).bit_length() - 1
    first = 0
    while first < len(rows):
        while size > len(rows) - first:
            size >>= 1
        yield rows[first : first + size]
        first += size


def _flat(rows: Sequence[Row]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(rows))


def _values(columns: int, rows: int) -> str:
    return ",".join(["(" + ",".join("?" * columns) + ")"] * rows)


@lru_cache(maxsize=1024)
def insert_sql(table: str, columns: tuple[str, ...], rows: int, suffix: str = "") -> str:
    """INSERT of so many rows, with question marks. `suffix` is what follows the values, such as ON CONFLICT."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {_values(len(columns), rows)} {suffix}"


@lru_cache(maxsize=1024)
def _update_sql(table: str, key: str, columns: tuple[str, ...], rows: int) -> str:
    new = ", ".join(f"{name} = new.{name}" for name in columns)
    return (
        f"WITH new(the_key, {', '.join(columns)}) AS (VALUES {_values(1 + len(columns), rows)}) "
        f"UPDATE {table} SET {new} FROM new WHERE {table}.{key} = new.the_key"
    )


@lru_cache(maxsize=1024)
def _delete_sql(table: str, columns: tuple[str, ...], rows: int) -> str:
    # SQLite would read the whole table for the second IN alone; for the first it looks into the index.
    return (
        f"DELETE FROM {table} WHERE {columns[0]} IN (VALUES {_values(1, rows)}) "
        f"AND ({', '.join(columns)}) IN (VALUES {_values(len(columns), rows)})"
    )
