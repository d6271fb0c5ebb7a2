"""How an outsider checks the transcript: each conversation's chain, and the ledger, without any key.

Whoever can write the database can rebuild all of it from some point on, and cutting off the newest batches looks like
a backup. Against both helps only a `Witness`, the ledger's newest row, kept by someone else: `verify` holds the ledger
against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from conversations.bulk import stream
from conversations.schema import conversations, ledger, transcript
from conversations.transcript import GENESIS, digest_of, entry_hash, ledger_hash

Progress = Callable[[int], object]  # called with how many more entries were dealt with

_MOST_FAULTS = 10_000  # listed; further ones are counted
_TOLD = 1_000  # entries after which progress is told


@dataclass(frozen=True, slots=True)
class Witness:
    """The ledger's newest row at some time. Kept outside, it proves later that nothing up to it was changed or cut
    off."""

    batch: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, in plain words, and where."""

    what: str
    conversation: str | None = None
    seq: int | None = None
    batch: int | None = None

    def __str__(self) -> str:
        places = (("conversation", self.conversation), ("entry", self.seq), ("batch", self.batch))
        where = ", ".join(f"{name} {value}" for name, value in places if value is not None)
        return f"{where}: {self.what}" if where else self.what


@dataclass(frozen=True, slots=True)
class Verdict:
    """`newest` is the ledger's newest row, to be kept as witness. `unlisted` counts faults beyond the ten thousand
    listed."""

    entries: int
    conversations: int
    batches: int
    newest: Witness
    faults: tuple[Fault, ...] = ()
    unlisted: int = 0

    @property
    def whole(self) -> bool:
        return not self.faults


class _Faults:
    def __init__(self) -> None:
        self.listed: list[Fault] = []
        self.unlisted = 0

    def add(self, what: str, conversation: str | None = None, seq: int | None = None, batch: int | None = None) -> None:
        if len(self.listed) < _MOST_FAULTS:
            self.listed.append(Fault(what, conversation, seq, batch))
        else:
            self.unlisted += 1


def verify(connection: sa.Connection, progress: Progress | None = None, witness: Witness | None = None) -> Verdict:
    """Walk every conversation's chain and the ledger, and say all that is wrong. Needs no key; reads each entry twice.

    Run it on a reader in a transaction of its own: what is committed meanwhile does not disturb it, though the
    write-ahead log cannot shrink until it is done. Memory is bounded; sorting the entries by batch takes some 100
    bytes each of temporary disk, none of it personal.
    """
    faults = _Faults()
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        connection.exec_driver_sql("PRAGMA temp_store=FILE")
    try:
        entries, talks = _verify_chains(connection, faults, progress)
        newest, batches = _verify_ledger(connection, faults, witness)
    finally:
        if on_sqlite:
            connection.exec_driver_sql("PRAGMA temp_store=MEMORY")
    return Verdict(entries, talks, batches, newest, tuple(faults.listed), faults.unlisted)


def _verify_chains(connection: sa.Connection, faults: _Faults, progress: Progress | None) -> tuple[int, int]:
    rows = _sound(connection, faults, transcript, list(transcript.c), order=["conversation_id", "seq"])
    row_of = conversations.c
    heads = _sound(connection, faults, conversations, [row_of.id, row_of.seq, row_of.head], order=["id"])
    entries = talks = 0
    head = next(heads, None)
    for id_, chain in groupby(rows, key=lambda row: row.conversation_id):
        talks += 1
        while head is not None and head.id < id_:
            faults.add("there is a row for it but not one entry", head.id)
            head = next(heads, None)
        count, last = _verify_chain(id_, chain, faults, progress)
        entries += count
        if head is None or head.id != id_:
            faults.add("there are entries but no row for it", id_)
            continue
        if head.seq != last[0]:
            faults.add(f"its row says that its last entry is {head.seq}; the last one found is {last[0]}", id_)
        elif head.head != last[1]:
            faults.add("its row names another last entry than the one found", id_)
        head = next(heads, None)
    while head is not None:
        faults.add("there is a row for it but not one entry", head.id)
        head = next(heads, None)
    return entries, talks


def _verify_chain(
    id_: str, chain: Iterator[Any], faults: _Faults, progress: Progress | None
) -> tuple[int, tuple[int, bytes]]:
    """How many entries there are, and the last one's seq and hash."""
    count, seq, previous = 0, 0, GENESIS
    for row in chain:
        count += 1
        if row.seq != seq + 1:
            # Nothing to hold this entry's hash against; the chain is taken up again behind the gap.
            faults.add(f"entry {seq + 1} comes before it and is missing", id_, row.seq, row.batch)
        elif row.hash != entry_hash(id_, row.seq, row.at, row.kind, row.sealed, previous):
            faults.add("it was changed, or the entry before it was: its hash does not fit", id_, row.seq, row.batch)
        seq, previous = row.seq, row.hash
        if progress is not None and count % _TOLD == 0:
            progress(_TOLD)
    if progress is not None:
        progress(count % _TOLD)
    return count, (seq, previous)


def _verify_ledger(connection: sa.Connection, faults: _Faults, witness: Witness | None) -> tuple[Witness, int]:
    entry = transcript.c
    rows = stream(
        connection,
        sa.select(entry.batch, entry.conversation_id, entry.seq, entry.hash)
        .where(_typed(connection, list(entry)))
        .order_by(entry.batch, entry.conversation_id, entry.seq),
    )
    batches = groupby(rows, key=lambda row: row.batch)
    current = next(batches, None)
    newest, count, witnessed = Witness(0, GENESIS), 0, witness is None or witness.batch == 0
    for row in _sound(connection, faults, ledger, list(ledger.c), order=["batch"]):
        count += 1
        while current is not None and current[0] < row.batch:
            faults.add("there are entries of it but no ledger row", batch=current[0])
            current = next(batches, None)
        if row.batch != newest.batch + 1:
            faults.add(f"batch {newest.batch + 1} comes before it and is missing", batch=row.batch)
        elif row.hash != ledger_hash(newest.hash, row.batch, row.at, row.entries, row.digest):
            faults.add("its ledger row was changed, or the one before it was: its hash does not fit", batch=row.batch)
        hashes = []
        if current is not None and current[0] == row.batch:
            hashes = [covered.hash for covered in current[1]]
            current = next(batches, None)
        if len(hashes) != row.entries:
            faults.add(f"it covers {row.entries} entries and {len(hashes)} are there", batch=row.batch)
        elif digest_of(hashes) != row.digest:
            faults.add("its entries are not those it was made of", batch=row.batch)
        newest = Witness(row.batch, row.hash)
        if witness is not None and newest.batch == witness.batch:
            witnessed = True
            if newest.hash != witness.hash:
                faults.add("the witness holds another hash for it: the ledger was rewritten", batch=row.batch)
    while current is not None:
        faults.add("there are entries of it but no ledger row", batch=current[0])
        current = next(batches, None)
    if witness is not None and not witnessed:
        faults.add("the witness has seen it and it is not there: the ledger was cut off", batch=witness.batch)
    return newest, count


def _typed(connection: sa.Connection, columns: list[sa.Column[Any]]) -> sa.ColumnElement[bool]:
    """SQLite keeps a value of any type in any column: true where all are of the type that the schema names."""
    if connection.dialect.name != "sqlite":
        return sa.true()
    names = ((sa.LargeBinary, "blob"), (sa.String, "text"), (sa.Integer, "integer"))
    return sa.and_(*(sa.func.typeof(c) == name for c in columns for kind, name in names if isinstance(c.type, kind)))


def _sound(
    connection: sa.Connection, faults: _Faults, table: sa.Table, columns: list[sa.Column[Any]], order: list[str]
) -> Iterator[Any]:
    """The rows that can be read, in order; the others are counted as a fault."""
    typed = _typed(connection, columns)
    if odd := connection.execute(sa.select(sa.func.count()).select_from(table).where(~typed)).scalar_one():
        faults.add(f"{odd} rows of {table.name} hold a value of the wrong type and were left out of what follows")
    return stream(connection, sa.select(*columns).where(typed).order_by(*(table.c[name] for name in order)))
