"""The Bus of several processes.

Hints of work go by streams, one for each partition, read by whoever works it through a consumer group: what was delivered to a
worker that died stays pending, and the partition's next worker takes it over. What an entry says is only "look into this
partition"; in what order its events are worked says the store alone. Timers that fall due soon stand in a sorted set, by their
second, and become such hints when it comes. All else, such as pages that are open and rules that were published, goes by
publish and subscribe.

Nothing here may keep anyone waiting. `notify` leaves a note for a thread; what gathers while Redis answers goes together, and
each partition once. While Redis is away notes are thrown away, and `patience` tells the loops to look into the store sooner.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, cast

import redis

from adapters.local import LocalBus
from adapters.redis.address import client
from conversations.intake import WORK

_log = logging.getLogger("freagra.adapters")

_STREAM = "{freagra-work}:"
_TIMERS = "{freagra-work}:timers"
_GROUP = "workers"
_CHANNEL = "freagra-bus"
_MOST_HINTS = 1_000  # kept of each partition: one would do
_BLOCK = 1.0  # seconds
_PING = 1.0
_IDLE_MS = 10_000  # what a worker has had for so long without finishing, its partition's next worker takes over
_CALM, _ALONE = 5.0, 0.5  # patience while Redis answers, and while it does not

AWAY = "Redis does not answer: work goes on from the database, more slowly"

# Timers whose second has come become hints, each in the stream of its partition. Atomic, so that no two workers wake the same.
_FALL_DUE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 500)
for _, member in ipairs(due) do
  local partition = string.match(member, '^%d+')
  redis.call('XADD', string.gsub(KEYS[1], 'timers$', partition), 'MAXLEN', '~', ARGV[2], '*', 'due', '1')
end
if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end
return #due
"""


def stream(partition: int) -> str:
    return f"{_STREAM}{partition}"


class RedisBus(LocalBus):
    """Runs its threads from `start` to `close`."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._name = secrets.token_hex(8)
        self._stopping = threading.Event()
        self._note = threading.Condition()
        self._topics: set[str] = set()
        self._due: set[int] = set()
        self._later: dict[str, int] = {}
        self._attended: frozenset[int] = frozenset()
        # Hints delivered; those that the worker is looking into; those that it has, and that are to be acknowledged.
        self._read: list[tuple[str, bytes]] = []
        self._looked: list[tuple[str, bytes]] = []
        self._finished: list[tuple[str, bytes]] = []
        self._troubled: set[str] = set()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for name, work in (("tell", self._tell), ("hear", self._hear), ("attend", self._attend)):
            thread = threading.Thread(target=self._keep, args=(name, work), name=f"freagra-redis-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        self._stopping.set()
        with self._note:
            self._note.notify_all()
        for thread in self._threads:
            thread.join()

    # ---- the port ----------------------------------------------------------------------------------------------------

    @property
    def trouble(self) -> str:  # type: ignore[override]
        return AWAY if self._troubled else ""

    @property
    def patience(self) -> float:  # type: ignore[override]
        return _ALONE if self._troubled else _CALM

    def notify(self, topic: str, partitions: Iterable[int] = ()) -> None:
        found = set(partitions)
        if topic != WORK or not found or found & self._attended:
            super().notify(topic)
        with self._note:
            # What this process works itself needs no telling, unless it dies before it has: then the sweep finds it.
            self._due |= found
            if not found:
                self._topics.add(topic)
            self._note.notify()

    def notify_at(self, partition: int, second: int) -> None:
        with self._note:
            self._later[f"{partition}:{second}"] = second
            self._note.notify()

    def attend(self, partitions: Iterable[int]) -> None:
        self._attended = frozenset(partitions)

    async def wait(self, topic: str, seconds: float) -> None:
        if topic != WORK:
            await super().wait(topic, seconds)
            return
        # Whoever waits for work has done all that was due: what was delivered before it began to look is finished.
        with self._note:
            if self._looked:
                self._finished += self._looked
                self._looked = []
                self._note.notify()
        await super().wait(topic, seconds)
        with self._note:
            self._looked, self._read = self._read, []

    # ---- threads -----------------------------------------------------------------------------------------------------

    def _keep(self, name: str, work: Callable[[redis.Redis], None]) -> None:
        """Begin anew, on a client of its own, whenever Redis was away."""
        rest = 0.1
        while not self._stopping.is_set():
            try:
                connection = client(self._url, block=_BLOCK)
                try:
                    connection.ping()
                    if name in self._troubled:
                        self._troubled.discard(name)
                        _log.warning("Redis answers again (%s)", name)
                        super().notify(WORK)  # what was not told meanwhile
                    rest = 0.1
                    work(connection)
                finally:
                    connection.close()
            except (redis.RedisError, OSError) as fault:
                if name not in self._troubled:
                    _log.warning("Redis is away (%s): %s", name, type(fault).__name__)
                self._troubled.add(name)
                with self._note:
                    self._topics, self._due, self._later = set(), set(), {}
                self._stopping.wait(rest)
                rest = min(rest * 2, 2.0)

    def _tell(self, connection: redis.Redis) -> None:
        last = time.monotonic()
        stopping = False
        while not stopping:
            stopping = self._stopping.is_set()  # what was noted until then is told all the same
            with self._note:
                if not stopping and not (self._topics or self._due or self._later or self._finished):
                    self._note.wait(_PING)
                topics, self._topics = self._topics, set()
                due, self._due = self._due, set()
                later, self._later = self._later, {}
                finished, self._finished = self._finished, []
            self._send(connection, topics, due, later)
            self._acknowledge(connection, finished)
            if time.monotonic() - last > _PING:
                connection.ping()
                last = time.monotonic()

    def _send(self, connection: redis.Redis, topics: set[str], due: set[int], later: dict[str, int]) -> None:
        if due or later:
            work = connection.pipeline(transaction=False)
            for partition in sorted(due):
                work.xadd(stream(partition), {"due": "1"}, maxlen=_MOST_HINTS, approximate=True)
            if later:
                work.zadd(_TIMERS, dict(later))
            work.execute()
        for topic in sorted(topics):
            connection.publish(_CHANNEL, f"{self._name} {topic}")

    @staticmethod
    def _acknowledge(connection: redis.Redis, finished: list[tuple[str, bytes]]) -> None:
        by_stream: dict[str, list[bytes]] = {}
        for name, id in finished:
            by_stream.setdefault(name, []).append(id)
        if by_stream:
            done = connection.pipeline(transaction=False)
            for name, ids in by_stream.items():
                done.xack(name, _GROUP, *ids)
                done.xdel(name, *ids)
            done.execute()

    def _hear(self, connection: redis.Redis) -> None:
        heard: Any = cast(Any, connection).pubsub(ignore_subscribe_messages=True)
        try:
            heard.subscribe(_CHANNEL)
            asked = time.monotonic()
            while not self._stopping.is_set():
                message = heard.get_message(timeout=_BLOCK)
                if message is not None and message["type"] == "message":
                    whose, _, topic = message["data"].decode().partition(" ")
                    if whose != self._name:
                        super().notify(topic)
                elif time.monotonic() - asked > 2 * _PING:
                    heard.ping()  # a connection that is dead says nothing either
                    asked = time.monotonic()
        finally:
            heard.close()

    def _attend(self, connection: redis.Redis) -> None:
        """Hints for the partitions that this process works."""
        fall_due = connection.register_script(_FALL_DUE)
        known: frozenset[int] = frozenset()
        took_over = 0.0
        while not self._stopping.is_set():
            attended = self._attended
            if not attended:
                self._stopping.wait(0.1)
                continue
            for partition in sorted(attended - known):
                self._group(connection, partition)
            known = attended
            fall_due(keys=[_TIMERS], args=[int(time.time()), _MOST_HINTS])
            if time.monotonic() - took_over > _IDLE_MS / 4_000:
                self._take_over(connection, attended)
                took_over = time.monotonic()
            try:
                streams: dict[Any, Any] = {stream(partition): ">" for partition in sorted(attended)}
                said: Any = connection.xreadgroup(_GROUP, self._name, streams, count=100, block=int(_BLOCK * 1_000))
            except redis.ResponseError as fault:
                if not str(fault).startswith("NOGROUP"):
                    raise
                known = frozenset()  # Redis was emptied
                continue
            self._deliver((name.decode(), id) for name, entries in said or () for id, _ in entries)

    def _take_over(self, connection: redis.Redis, attended: frozenset[int]) -> None:
        """What workers before us were given and did not finish."""
        for partition in sorted(attended):
            name = stream(partition)
            said: Any = connection.xautoclaim(name, _GROUP, self._name, min_idle_time=_IDLE_MS, count=100)
            self._deliver((name, id) for id, _ in said[1])

    def _deliver(self, entries: Iterable[tuple[str, bytes]]) -> None:
        found = list(entries)
        if found:
            with self._note:
                self._read += found
            super().notify(WORK)

    @staticmethod
    def _group(connection: redis.Redis, partition: int) -> None:
        try:
            connection.xgroup_create(stream(partition), _GROUP, id="0", mkstream=True)
        except redis.ResponseError as fault:
            if not str(fault).startswith("BUSYGROUP"):
                raise
