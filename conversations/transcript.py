"""The transcript: how entries are hashed and chained, and how an outsider checks them.

Everything here can be done again in any language from this text, with the database and without any key.

    H(tag, field, ...) = SHA-256 of the tag byte, then for each field its length as 4 bytes big-endian and its bytes
    integers are 8 bytes big-endian, two's complement; text is UTF-8; instants are microseconds since 1970 UTC

    entry hash    H(00, conversation_id, seq, at, kind, sealed, previous)    previous: hash of entry seq-1 of the
    conversation,
                                                                             32 zero bytes for the first, whose seq is 1
    digest        H(01, hash, hash, ...)                                     of a batch's entries by conversation_id,
    then seq ledger hash   H(02, previous, batch, at, entries, digest)                previous: hash of row batch-1, 32
    zero bytes for
                                                                             the first, whose batch is 1

Each entry names the ledger row that covers it. An entry that is changed breaks its conversation's chain; one that is
taken away or put in breaks its batch's digest; a batch that is taken away breaks the ledger. `sealed` is hashed as it
lies, so that destroying a patient's key leaves all of it whole.

Whoever can write the database can rebuild all of it from some point on, and cutting off the newest batches looks like
a backup. Against both helps only a `Witness`, the ledger's newest row, kept by someone else: `verify` holds the ledger
against it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import orjson
import sqlalchemy as sa

from conversations.schema import conversations, ledger, moment, patients, transcript
from conversations.vault import KeyErased, SealBroken, Vault
from engine.as_json import to_json, whole_json
from engine.conversation import Entry
from engine.fold import fold

GENESIS = bytes(32)
ERASED = "patient.erased"  # the kind of an erased conversation's last entry

Progress = Callable[[int], object]  # called with how many more entries were dealt with

_SORTED = orjson.OPT_SORT_KEYS
_LENGTH = struct.Struct(">I")
_SEQ_AT = struct.Struct(">IqIq")  # two 8-byte integers, each behind its length
_ENTRY = b"\x00"
_BATCH = b"\x01"
_LEDGER = b"\x02"
_OF_HASH = (32).to_bytes(4, "big")  # the length before a hash
_ROWS = 1_000  # fetched at a time
_MOST_FAULTS = 10_000  # listed; further ones are counted


def canonical(data: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal data, equal bytes. Moments are as `isoformat` writes them. Raises TypeError
    for what JSON cannot hold."""
    return orjson.dumps(data, option=_SORTED)


def entry_place(conversation_id: str, seq: int) -> str:
    """Where an entry's `sealed` is sealed to."""
    return f"transcript|{conversation_id}|{seq}"


def conversation_place(conversation_id: str) -> str:
    return f"conversations|{conversation_id}"


# ---- hashes ----------------------------------------------------------------------------------------------------------


def _hash(tag: bytes, fields: Iterable[bytes]) -> bytes:
    parts = [tag]
    for each in fields:
        parts.append(len(each).to_bytes(4, "big"))
        parts.append(each)
    return hashlib.sha256(b"".join(parts)).digest()


def _integer(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def entry_hash(conversation_id: str, seq: int, at: int, kind: str, sealed: bytes, previous_hash: bytes) -> bytes:
    # The same as _hash(_ENTRY, ...) of the six fields, spelt out: this runs for every entry that is ever written.
    fields = (
        _ENTRY,
        _word(conversation_id),
        _SEQ_AT.pack(8, seq, 8, at),
        _word(kind),
        _LENGTH.pack(len(sealed)),
        sealed,
        _LENGTH.pack(len(previous_hash)),
        previous_hash,
    )
    return hashlib.sha256(b"".join(fields)).digest()


@lru_cache(1024)
def _word(word: str) -> bytes:
    """A kind of entry, or the conversation of one entry after the other, as a field."""
    encoded = word.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def _digest(hashes: list[bytes]) -> bytes:
    """The same as _hash(_BATCH, hashes), for hashes of 32 bytes."""
    return hashlib.sha256(_BATCH + _OF_HASH.join([b"", *hashes])).digest()


def _ledger_hash(previous: bytes, batch: int, at: int, entries: int, digest: bytes) -> bytes:
    return _hash(_LEDGER, (previous, _integer(batch), _integer(at), _integer(entries), digest))


@dataclass(frozen=True, slots=True)
class Witness:
    """The ledger's newest row at some time. Kept outside, it proves later that nothing up to it was changed or cut
    off."""

    batch: int
    hash: bytes


class Ledger:
    """Where the ledger stands, and what its next row is."""

    __slots__ = ("batch", "hash")

    def __init__(self, batch: int = 0, hash: bytes = GENESIS) -> None:
        self.batch = batch
        self.hash = hash

    @classmethod
    def read(cls, connection: sa.Connection) -> Ledger:
        """As of this transaction. Whoever adds a row reads first, in the transaction that adds it."""
        row = connection.execute(_NEWEST).first()
        return cls() if row is None else cls(row.batch, row.hash)

    @property
    def next_batch(self) -> int:
        """What the entries of the next row carry in their `batch` column."""
        return self.batch + 1

    def close(self, at: int, entries: Iterable[tuple[str, int, bytes]]) -> dict[str, Any]:
        """The row that covers these entries, at least one, each (conversation_id, seq, hash), given in any order. The
        ledger stands at that row from then on."""
        hashes = [hash for _, _, hash in sorted(entries)]
        if not hashes:
            raise ValueError("a ledger row covers at least one entry")
        digest = _digest(hashes)
        self.hash = _ledger_hash(self.hash, self.next_batch, at, len(hashes), digest)
        self.batch = self.next_batch
        return {"batch": self.batch, "at": at, "entries": len(hashes), "digest": digest, "hash": self.hash}


_NEWEST = sa.select(ledger.c.batch, ledger.c.hash).order_by(ledger.c.batch.desc()).limit(1)


# ---- verify ----------------------------------------------------------------------------------------------------------


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
        if progress is not None and count % _ROWS == 0:
            progress(_ROWS)
    if progress is not None:
        progress(count % _ROWS)
    return count, (seq, previous)


def _verify_ledger(connection: sa.Connection, faults: _Faults, witness: Witness | None) -> tuple[Witness, int]:
    entry = transcript.c
    rows = _stream(
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
        elif row.hash != _ledger_hash(newest.hash, row.batch, row.at, row.entries, row.digest):
            faults.add("its ledger row was changed, or the one before it was: its hash does not fit", batch=row.batch)
        hashes = []
        if current is not None and current[0] == row.batch:
            hashes = [covered.hash for covered in current[1]]
            current = next(batches, None)
        if len(hashes) != row.entries:
            faults.add(f"it covers {row.entries} entries and {len(hashes)} are there", batch=row.batch)
        elif _digest(hashes) != row.digest:
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
    return _stream(connection, sa.select(*columns).where(typed).order_by(*(table.c[name] for name in order)))


def _stream(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Any]:
    with connection.execute(query, execution_options={"yield_per": _ROWS}) as rows:
        yield from rows


# ---- export and replay -----------------------------------------------------------------------------------------------


def export(
    connection: sa.Connection, vault: Vault, *, conversation: str | None = None, patient: str | None = None
) -> Iterator[bytes]:
    """The entries of one conversation, or of all of a patient's, opened, one JSON object a line (newline included), in
    order of conversation and seq: conversation, seq, at (ISO 8601), kind, actor, data, hash (hexadecimal). Where the
    patient's key was destroyed, "erased": true stands in place of actor and data, and the last entry says who erased it
    and why. Raises SealBroken."""
    if (conversation is None) == (patient is None):
        raise ValueError("export takes a conversation or a patient, one of the two")
    query = _sealed_entries()
    if conversation is not None:
        query = query.where(transcript.c.conversation_id == conversation)
    else:
        query = query.where(conversations.c.patient_id == patient)
    for row in _stream(connection, query):
        line: dict[str, Any] = {
            "conversation": row.conversation_id,
            "seq": row.seq,
            "at": moment(row.at).isoformat(),
            "kind": row.kind,
            "hash": row.hash.hex(),
        }
        try:
            opened = _opened(vault, row) if row.kind != ERASED else erased_entry(vault, row)
        except KeyErased:
            line["erased"] = True
        else:
            line |= {"actor": opened.actor, "data": opened.data}
        yield canonical(line) + b"\n"


@dataclass(frozen=True, slots=True)
class Difference:
    """A conversation whose stored row is not what its entries add up to, in plain words without personal data; or, with
    `erased`, one that cannot be compared because the patient's key was destroyed, which is no fault."""

    conversation: str
    what: str
    erased: bool = False


def replay(connection: sa.Connection, vault: Vault, progress: Progress | None = None) -> Iterator[Difference]:
    """Fold every conversation's entries anew and compare the result with its row. Yields nothing where all is as it
    should be."""
    stored = _stream(connection, sa.select(conversations).order_by(conversations.c.id))
    entries = groupby(_stream(connection, _sealed_entries()), key=lambda row: row.conversation_id)
    current = next(entries, None)
    for row in stored:
        while current is not None and current[0] < row.id:
            current = next(entries, None)
        count, found = 0, Difference(row.id, "it has no entries") if row.seq else None
        if current is not None and current[0] == row.id:
            chain = list(current[1])
            count, found = len(chain), _compare(vault, row, chain)
            current = next(entries, None)
        if found is not None:
            yield found
        if progress is not None:
            progress(count)


def _sealed_entries() -> sa.Select[Any]:
    return (
        sa.select(transcript, patients.c.wrapped_key)
        .join(conversations, conversations.c.id == transcript.c.conversation_id)
        .join(patients, patients.c.id == conversations.c.patient_id)
        .order_by(transcript.c.conversation_id, transcript.c.seq)
    )


def _opened(vault: Vault, row: Any) -> Entry:
    body = orjson.loads(vault.open(row.wrapped_key, entry_place(row.conversation_id, row.seq), row.sealed))
    return Entry(row.kind, moment(row.at), body["actor"], body["data"])


def erased_entry(vault: Vault, row: Any) -> Entry:
    """The last entry of an erased conversation, which the vault's own key seals: who erased it, and why."""
    body = orjson.loads(vault.open_own(entry_place(row.conversation_id, row.seq), row.sealed))
    return Entry(row.kind, moment(row.at), body["actor"], body["data"])


def _compare(vault: Vault, row: Any, chain: list[Any]) -> Difference | None:
    try:
        held = orjson.loads(vault.open(chain[0].wrapped_key, conversation_place(row.id), row.sealed))
        folded = fold(_opened(vault, entry) for entry in chain)
    except KeyErased:
        return Difference(row.id, "erased: the patient's key was destroyed", erased=True)
    except SealBroken as broken:
        return Difference(row.id, f"cannot be opened: {broken}")
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        # What a fold raises for entries that no engine wrote; its words may hold a patient's, so only its kind is told.
        return Difference(row.id, f"its entries do not add up ({type(fault).__name__})")
    anew = orjson.loads(canonical(to_json(folded)))
    wrong = _differing(whole_json(held), whole_json(anew))
    columns = {
        "ruleset": folded.ruleset,
        "version": folded.version,
        "state": folded.state,
        "owner": "staff" if folded.staff_own else "machine",
        "closed": folded.closed,
        "seq": folded.seq,
        "patient_id": folded.patient.id,
        "appointment_id": folded.appointment.id,
        "opened_at": folded.opened_at,
    }
    wrong += [f"column {name}" for name, value in columns.items() if _column(row, name) != value]
    return Difference(row.id, "other than its entries say: " + ", ".join(wrong)) if wrong else None


def _column(row: Any, name: str) -> Any:
    value = getattr(row, name)
    return moment(value) if name == "opened_at" else value


def _differing(held: Mapping[str, Any], anew: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in held.keys() | anew.keys() if held.get(name) != anew.get(name))
