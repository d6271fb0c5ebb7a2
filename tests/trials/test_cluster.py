"""The cluster trial: two webs, three workers and two senders on PostgreSQL and Redis under load, while whatever they stand on
is taken away. What was acknowledged has one outcome, nothing is said twice, and each patient's replies are read in order.

Two hardships of each kind in a run, in an order that the seed draws: processes killed, Redis emptied, Redis killed and started
empty, PostgreSQL killed and started again, a process stopped for longer than its lease and woken. Here run the first seeds;
FREAGRA_TRIAL_SEEDS=20 runs twenty.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests import servers
from tests.conversations.clinic import MONDAY
from tests.trials.cluster_server import LEASE
from tests.trials.kill_server import OffsetClock
from tests.trials.test_kill import Load, book, check, gone, settled

pytestmark = pytest.mark.trial
if servers.left_out():
    pytest.skip(servers.left_out(), allow_module_level=True)

PATIENCE = 180.0  # seconds
SEEDS = int(os.environ.get("FREAGRA_TRIAL_SEEDS", "3"))
ROLES = ("web",) * 2 + ("worker",) * 3 + ("sender",) * 2


class Cluster:
    def __init__(self, nursery: subprocess.Popen[str], postgres: servers.Postgres, redis: servers.Redis, rng: Random) -> None:
        self._nursery = nursery
        self._postgres = postgres
        self._redis = redis
        self._rng = rng
        self._processes: dict[int, str] = {}
        self.woken = 0

    def start(self, role: str) -> None:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(f"{role}\n")
        self._processes[int(self._nursery.stdout.readline())] = role

    def _any(self, *roles: str) -> int:
        return self._rng.choice([process for process, role in self._processes.items() if not roles or role in roles])

    async def hardship(self, load: Load) -> None:
        kinds: list[Callable[[], Awaitable[None]]] = [
            self.kill, self.kill, self.kill, self.kill, self.empty_redis, self.kill_redis, self.kill_postgres, self.sleep,
        ]  # fmt: skip
        for _ in range(2):
            self._rng.shuffle(kinds)
            for each in kinds:
                await traffic(load)
                await each()

    async def kill(self) -> None:
        await asyncio.sleep(self._rng.uniform(0.0, 0.5))  # anywhere in what they do
        process = self._any()
        os.kill(process, signal.SIGKILL)
        while not gone(process):
            await asyncio.sleep(0.002)
        self.start(self._processes.pop(process))

    async def empty_redis(self) -> None:
        self._redis.client().flushall()

    async def kill_redis(self) -> None:
        self._redis.end()
        await asyncio.sleep(self._rng.uniform(0.1, 2.0))
        self._redis.start()  # in this thread: they end with the one that started them

    async def kill_postgres(self) -> None:
        self._postgres.end(self._rng.choice((signal.SIGQUIT, signal.SIGINT)))  # at once, as in a crash; and in order
        await asyncio.sleep(self._rng.uniform(0.1, 1.0))
        self._postgres.start()

    async def sleep(self) -> None:
        process = self._any("worker", "sender")
        os.kill(process, signal.SIGSTOP)
        await asyncio.sleep(LEASE.total_seconds() + self._rng.uniform(1.0, 3.0))
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)
        self.woken += 1

    async def end(self) -> None:
        for process in self._processes:
            os.kill(process, signal.SIGTERM)
        while not all(map(gone, self._processes)):
            await asyncio.sleep(0.05)


async def traffic(load: Load) -> None:
    """Until some more replies were acknowledged, however slow the machine is."""
    until, wanted = time.monotonic() + PATIENCE, len(load.replies) + 8
    while len(load.replies) < wanted:
        if time.monotonic() > until:
            raise AssertionError(f"for {PATIENCE:.0f} s no replies were taken")
        await asyncio.sleep(0.02)


@contextmanager
def nursery(home: Path, listener: socket.socket, offset: float, *urls: str) -> Iterator[subprocess.Popen[str]]:
    script = Path(__file__).with_name("cluster_server.py")
    root = script.parents[2]
    with (
        open(home / "server.log", "wb") as log,
        subprocess.Popen(
            [sys.executable, str(script), str(home), str(listener.fileno()), str(offset), *urls],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1, cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)}, pass_fds=[listener.fileno()],
        ) as process,
    ):  # fmt: skip
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


async def trial(cluster: Cluster, load: Load, url: str) -> None:
    for role in ROLES:
        cluster.start(role)
    calling = asyncio.create_task(load.run())
    try:
        await cluster.hardship(load)
        await traffic(load)
    finally:
        load.over = True
        await calling
    try:
        await settled(url)
    finally:
        await cluster.end()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_cluster_that_loses_whatever_it_stands_on(seed: int, tmp_path: Path) -> None:
    offset = (MONDAY - datetime.now(UTC)).total_seconds()
    clock, rng = OffsetClock(timedelta(seconds=offset)), Random(seed)
    postgres, redis = servers.Postgres("fsync=off"), servers.Redis()
    try:
        url = postgres.make("freagra")
        book(tmp_path, clock, url)
        with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
            listener.set_inheritable(True)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            load = Load(address, tmp_path, clock, Random(rng.random()))
            with nursery(tmp_path, listener, offset, url, redis.url) as process:
                cluster = Cluster(process, postgres, redis, rng)
                asyncio.run(trial(cluster, load, url))
        assert load.faults == []
        assert len(load.replies) > 100
        assert cluster.woken == 2
        check(tmp_path, load, url)
        assert "Traceback" not in (tmp_path / "server.log").read_text()
    finally:
        postgres.close()
        redis.close()
