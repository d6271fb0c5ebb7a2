"""The transcript: how entries are hashed and chained.

Everything here can be done again in any language from this text, with the database and without any key; `verification` does.

    H(tag, field, ...) = SHA-256 of the tag byte, then for each field its length as 4 bytes big-endian and its bytes
    integers are 8 bytes big-endian, two's complement; text is UTF-8; instants are microseconds since 1970 UTC

    entry hash   H(00, conversation_id, seq, at, kind, sealed, previous)
                     previous: the hash of entry seq-1 of the conversation; 32 zero bytes for the first, whose seq is 1
    digest       H(01, hash, hash, ...)
                     of a batch's entries, by conversation_id, then seq
    ledger hash  H(02, previous, batch, at, entries, digest)
                     previous: the hash of row batch-1; 32 zero bytes for the first, whose batch is 1

Each entry names the ledger row that covers it. An entry that is changed breaks its conversation's chain; one that is
taken away or put in breaks its batch's digest; a batch that is taken away breaks the ledger. `sealed` is hashed as it
lies, so that destroying a patient's key leaves all of it whole.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from conversations.schema import ledger

GENESIS = bytes(32)
ERASED = "patient.erased"  # the kind of an erased conversation's last entry

_SORTED = orjson.OPT_SORT_KEYS
_LENGTH = struct.Struct(">I")
_SEQ_AT = struct.Struct(">IqIq")  # two 8-byte integers, each behind its length
_ENTRY = b"\x00"
_BATCH = b"\x01"
_LEDGER = b"\x02"
_OF_HASH = (32).to_bytes(4, "big")  # the length before a hash


def canonical(data: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal data, equal bytes. Moments are as `isoformat` writes them. Raises TypeError
    for what JSON cannot hold."""
    return orjson.dumps(data, option=_SORTED)


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


def digest_of(hashes: list[bytes]) -> bytes:
    """The same as _hash(_BATCH, hashes), for hashes of 32 bytes."""
    return hashlib.sha256(_BATCH + _OF_HASH.join([b"", *hashes])).digest()


def ledger_hash(previous: bytes, batch: int, at: int, entries: int, digest: bytes) -> bytes:
    return _hash(_LEDGER, (previous, _integer(batch), _integer(at), _integer(entries), digest))


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
        digest = digest_of(hashes)
        self.hash = ledger_hash(self.hash, self.next_batch, at, len(hashes), digest)
        self.batch = self.next_batch
        return {"batch": self.batch, "at": at, "entries": len(hashes), "digest": digest, "hash": self.hash}


_NEWEST = sa.select(ledger.c.batch, ledger.c.hash).order_by(ledger.c.batch.desc()).limit(1)
