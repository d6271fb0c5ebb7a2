"""Partitions: which part of the work an event belongs to, where several workers share it.

All that is of one phone lies in one partition, and a partition is worked by one worker at a time: so what a patient's phone
brings is worked in the order it came, and a family that shares a phone is decided by one. A patient without a phone goes by the
hospital number. Conversations carry their partition in their id (after the time) and hand it on to the keys of their texts,
writes and tasks, so that a receipt finds its way without a look into the store.

It is a matter of order and of little waste, never of safety: a patient whose number changes has talks in the old partition and
replies in the new one, and there the fences of the store hold (`changes.commit`).
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

PARTITIONS = 64

_PLACE = 12  # behind the time, in ids and keys: two hexadecimal digits
_DIGITS = frozenset("0123456789abcdef")


def of_index(index: bytes) -> int:
    """Of a phone or a hospital number, by its blind index."""
    return index[0] % PARTITIONS


def of_id(id: str) -> int:
    """Of a conversation, or of a text, write or task of one."""
    digits = id[_PLACE : _PLACE + 2]
    return int(digits, 16) % PARTITIONS if len(digits) == 2 and _DIGITS.issuperset(digits) else 0


def mark(index: bytes) -> str:
    """The two digits that say so in an id."""
    return f"{of_index(index):02x}"


def id_among(column: sa.ColumnElement[str], partitions: Iterable[int]) -> sa.ColumnElement[bool]:
    """Whether the conversation of this id lies in one of these partitions. `of_id` in SQL."""
    digits = [f"{each:02x}" for wanted in partitions for each in range(wanted, 256, PARTITIONS)]
    return sa.func.substr(column, _PLACE + 1, 2).in_(digits)
