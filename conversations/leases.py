"""Who works which partitions: processes that share one PostgreSQL, and how one that is gone is replaced.

Every process is a member, by a row that it renews. A worker owns its even share of the partitions. Whoever finds a row that was
not renewed in time buries that member: the row goes, and what it owned is free to take. A process that was only asleep finds
itself buried when it wakes: its row is gone, and the fence in each of its commits asks for that row, locked, so that it can
be buried before the commit or after it and never meanwhile. All times are the database's.

On SQLite there is one process, which has everything.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.database import serialise
from conversations.errors import FreagraError
from conversations.partitions import PARTITIONS
from conversations.schema import members, partitions
from conversations.writer import Writer

LEASE = timedelta(seconds=10)

_NOW = sa.select(sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger))
_MICROSECOND = timedelta(microseconds=1)


class LeaseLost(FreagraError):
    """What was decided is another worker's to decide by now; nothing was written, and nothing is lost."""

    code = "lease_lost"
    retryable = True

    def __init__(self) -> None:
        super().__init__("the lease on this work is another process's now")


@dataclass(frozen=True, slots=True)
class Holding:
    """What a worker may work: these partitions (None: all there are), as long as `fence`, called in the transaction that
    writes what came of it, does not raise LeaseLost."""

    partitions: frozenset[int] | None
    fence: Callable[[Connection], None]


EVERYTHING = Holding(None, lambda _: None)


class Leases:
    """The membership of one process. `works`: it wants its share of the partitions."""

    def __init__(self, writer: Writer, *, works: bool, sends: bool, lease: timedelta = LEASE) -> None:
        self._writer = writer
        self._works = works
        self._sends = sends
        self._lease = lease // _MICROSECOND
        self._lock = threading.Lock()
        self._id = ""
        self._generation = 0
        self._held: frozenset[int] = frozenset()
        self.senders = 1

    @property
    def every(self) -> float:
        """Seconds between renewals."""
        return self._lease / 1e6 / 4

    def holding(self) -> Holding:
        with self._lock:
            id, generation, held = self._id, self._generation, self._held

        def fence(connection: Connection) -> None:
            # What was given away since was given by this thread, in a transaction before this one.
            if generation != self._generation:
                raise LeaseLost
            row = connection.execute(sa.select(members.c.id).where(members.c.id == id).with_for_update(read=True)).first()
            if row is None:
                raise LeaseLost

        return Holding(held, fence)

    def renew(self, trouble: str = "") -> None:
        """Stay a member, bury who is gone, and have the share that is due by now. `trouble` is what the others should know
        of this one. Raises StoreAway; then everything lapses in time."""
        held = self._writer.submit(lambda connection: self._renew(connection, trouble)).result()
        self._hold(held)  # what was taken is ours once that is on the disk, and not before

    def leave(self) -> None:
        """What this process owned is free at once. Raises StoreAway."""
        self._writer.submit(self._leave).result()

    def _renew(self, connection: Connection, trouble: str) -> frozenset[int]:
        serialise(connection, "members")
        now = connection.execute(_NOW).scalar_one()
        alive = sa.update(members).where(members.c.id == self._id).values(until=now + self._lease, trouble=trouble[:200])
        if not connection.execute(alive).rowcount:
            self._join(connection, now, trouble)
        self._bury(connection, now)
        counts = sa.select(sa.func.count().filter(members.c.works), sa.func.count().filter(members.c.sends))
        workers, self.senders = connection.execute(counts).one()
        return self._balance(connection, -(-PARTITIONS // max(workers, 1))) if self._works else frozenset()

    def _join(self, connection: Connection, now: int, trouble: str) -> None:
        """As a new member: whatever an earlier one of this process owned was taken from it."""
        self._hold(frozenset(), id=secrets.token_hex(16))
        row = {"id": self._id, "works": self._works, "sends": self._sends, "until": now + self._lease, "trouble": trouble[:200]}
        connection.execute(sa.insert(members), row)

    def _bury(self, connection: Connection, now: int) -> None:
        lapsed = sa.select(members.c.id).where(members.c.until < now, members.c.id != self._id)
        lapsed = lapsed.with_for_update(skip_locked=True)
        gone = list(connection.execute(lapsed).scalars())
        if gone:
            connection.execute(sa.delete(members).where(members.c.id.in_(gone)))
        orphaned = sa.and_(partitions.c.owner != "", partitions.c.owner.not_in(sa.select(members.c.id)))
        connection.execute(sa.update(partitions).where(orphaned).values(owner=""))

    def _balance(self, connection: Connection, share: int) -> frozenset[int]:
        own = sa.select(partitions.c.partition).where(partitions.c.owner == self._id)
        held = sorted(connection.execute(own).scalars())
        if len(held) > share:
            # At once: a commit of ours that comes behind this one would be too late.
            self._hold(frozenset(held[:share]))
            connection.execute(sa.update(partitions).where(partitions.c.partition.in_(held[share:])).values(owner=""))
        elif len(held) < share:
            free = sa.select(partitions.c.partition).where(partitions.c.owner == "").order_by(partitions.c.partition)
            wanted = list(connection.execute(free.limit(share - len(held))).scalars())
            connection.execute(sa.update(partitions).where(partitions.c.partition.in_(wanted)).values(owner=self._id))
            held += wanted
        return frozenset(held[:share])

    def _hold(self, held: frozenset[int], *, id: str = "") -> None:
        with self._lock:
            if id or self._held - held:
                self._generation += 1
            self._id = id or self._id
            self._held = held

    def _leave(self, connection: Connection) -> None:
        serialise(connection, "members")
        connection.execute(sa.update(partitions).where(partitions.c.owner == self._id).values(owner=""))
        connection.execute(sa.delete(members).where(members.c.id == self._id))
        self._hold(frozenset(), id="-")


def troubles(connection: Connection) -> list[str]:
    """What the members of this house say is wrong with them, each once."""
    said = sa.select(members.c.trouble).where(members.c.trouble != "").distinct().order_by(members.c.trouble)
    return list(connection.execute(said).scalars())
