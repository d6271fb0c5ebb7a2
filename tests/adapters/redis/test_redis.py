"""What Redis carries between processes, on a real one that is emptied, killed and started again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from adapters.local import SystemClock
from adapters.redis import bus as buses
from adapters.redis.address import AddressUnfit, check
from adapters.redis.bus import RedisBus, stream
from adapters.redis.rate import SharedRate
from conversations.intake import WORK
from conversations.outbox import Bucket
from conversations.partitions import PARTITIONS
from tests import servers

if servers.redis_program() is None:
    pytest.skip(servers.left_out(), allow_module_level=True)


@pytest.fixture(params=["redis", "valkey"])
def program(request: pytest.FixtureRequest) -> str:
    found = servers.redis_program() if request.param == "redis" else servers.valkey_program()
    assert found is not None
    return found


@pytest.fixture
def server(program: str) -> Iterator[servers.Redis]:
    found = servers.Redis(program=program)
    yield found
    found.close()


class Processes:
    """Buses of several processes, closed at the end."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self._url = url
        self._stack = stack

    def bus(self, *partitions: int) -> RedisBus:
        made = RedisBus(self._url)
        made.attend(partitions)
        made.start()
        self._stack.callback(made.close)
        return made


@pytest.fixture
def processes(server: servers.Redis) -> Iterator[Processes]:
    with ExitStack() as stack:
        yield Processes(server.url, stack)


async def woken(bus: RedisBus, topic: str, act: Callable[[], None]) -> None:
    """Something of what `act` notifies again and again reaches whoever waits."""
    for _ in range(200):
        act()
        start = time.monotonic()
        await bus.wait(topic, 0.3)
        if time.monotonic() - start < 0.29:
            return
    raise AssertionError(f"nobody was woken for {topic}")


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_what_one_process_tells_another_one_hears(processes: Processes) -> None:
    one, other = processes.bus(), processes.bus()
    run(woken(other, "rules", lambda: one.notify("rules")))
    assert (one.trouble, other.trouble) == ("", "")


def test_a_hint_goes_to_who_works_the_partition_and_is_acknowledged(processes: Processes, server: servers.Redis) -> None:
    web, worker = processes.bus(), processes.bus(3, 4)

    async def work() -> None:
        await woken(worker, WORK, lambda: web.notify(WORK, {3}))
        await worker.wait(WORK, 0.01)  # it has looked, and waits again

    run(work())
    connection = server.client()
    servers.wait_until(lambda: not connection.xpending(stream(3), "workers")["pending"], "the hint is acknowledged")
    assert not connection.exists(stream(5))


def test_a_hint_that_a_worker_died_with_is_taken_over(
    processes: Processes, server: servers.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = server.client()
    connection.xgroup_create(stream(7), "workers", id="0", mkstream=True)
    connection.xadd(stream(7), {"due": "1"})
    connection.xreadgroup("workers", "the one that died", {stream(7): ">"})
    monkeypatch.setattr(buses, "_IDLE_MS", 50)
    worker = processes.bus(7)
    run(woken(worker, WORK, lambda: None))
    (pending,) = [each for each in connection.xinfo_consumers(stream(7), "workers") if each["name"] == b"the one that died"]
    assert pending["pending"] == 0


def test_a_timer_wakes_the_worker_of_its_partition_when_it_is_due(processes: Processes, server: servers.Redis) -> None:
    web, worker = processes.bus(), processes.bus(9)
    later = int(time.time()) + 3_600
    run(woken(worker, WORK, lambda: web.notify_at(9, int(time.time()) - 1)))
    web.notify_at(9, later)
    connection = server.client()
    servers.wait_until(lambda: connection.zscore(buses._TIMERS, f"9:{later}") == later, "it stands in the set")


def test_redis_that_is_away_keeps_nobody_waiting_and_is_found_again(processes: Processes, server: servers.Redis) -> None:
    web, worker = processes.bus(), processes.bus(1)
    run(woken(worker, WORK, lambda: web.notify(WORK, {1})))
    assert web.patience > 1
    server.end()
    servers.wait_until(lambda: bool(web.trouble and worker.trouble), "they know that it is away")
    assert web.patience < 1
    for _ in range(1_000):
        web.notify(WORK, {1})
    server.start()
    servers.wait_until(lambda: not (web.trouble or worker.trouble), "they know that it is back")
    run(woken(worker, WORK, lambda: web.notify(WORK, {1})))


def test_redis_that_was_emptied_is_filled_anew(processes: Processes, server: servers.Redis) -> None:
    web, worker = processes.bus(), processes.bus(2)
    run(woken(worker, WORK, lambda: web.notify(WORK, {2})))
    server.client().flushall()
    run(woken(worker, WORK, lambda: web.notify(WORK, {2})))


# ---- the rate --------------------------------------------------------------------------------------------------------


def rate(url: str, segments: float) -> SharedRate:
    return SharedRate(url, "carrier", segments, Bucket(segments, SystemClock(), lambda: 2))


def test_all_senders_draw_from_one_bucket(server: servers.Redis) -> None:
    async def draw() -> None:
        one, other = rate(server.url, 0.001), rate(server.url, 0.001)
        assert await one.draw(1) == 1.0  # the bucket holds two at first
        assert 0.99 < await other.draw(5) < 1.01
        assert await one.draw(1) < 0.01
        await other.give_back(1.0)
        assert await one.draw(5) > 0.99
        one.close()
        other.close()

    run(draw())


def test_without_redis_each_sender_has_its_part(server: servers.Redis) -> None:
    server.end()

    async def draw() -> None:
        one = rate(server.url, 0.001)
        assert await one.draw(5) == 2.0
        await one.give_back(1.0)
        assert 0.99 < await one.draw(5) < 1.01
        server.start()
        assert await one.draw(1) == 1.0
        one.close()

    run(draw())


# ---- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["redis.example", "http://redis.example", "redis+sentinel://one.example", "redis+cluster://"])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(AddressUnfit, match="must be like"):
        check(url)


@contextmanager
def cluster(program: str, nodes: int) -> Iterator[list[servers.Redis]]:
    """So many masters, each with its share of the slots."""
    with ExitStack() as stack:
        ports = [servers.free_port() for _ in range(nodes)]  # at which they speak with each other
        found = []
        for port in ports:
            node = servers.Redis("--cluster-enabled", "yes", "--cluster-port", str(port), program=program)
            stack.callback(node.close)
            found.append(node)
        for number, node in enumerate(found):
            first, end = number * 16_384 // nodes, (number + 1) * 16_384 // nodes
            node.client().execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
            node.client().execute_command("CLUSTER", "MEET", "127.0.0.1", found[0].port, ports[0])

        def whole() -> bool:
            said = [node.client().execute_command("CLUSTER", "INFO") for node in found]
            return all(b"cluster_state:ok" in each and b"cluster_known_nodes:%d" % nodes in each for each in said)

        servers.wait_until(whole, "the cluster is whole")
        yield found


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_cluster_of_redis_serves(program: str, nodes: int) -> None:
    with cluster(program, nodes) as found, ExitStack() as stack:
        url = f"redis+cluster://127.0.0.1:{found[-1].port}"
        check(url)
        processes = Processes(url, stack)
        web, worker = processes.bus(), processes.bus(*range(PARTITIONS))
        for partition in (0, 3, PARTITIONS - 1):
            run(woken(worker, WORK, lambda: web.notify(WORK, {partition})))  # noqa: B023  it is called at once
        run(woken(web, "rules", lambda: worker.notify("rules")))
        run(woken(worker, WORK, lambda: web.notify_at(3, int(time.time()))))
        assert (web.trouble, worker.trouble) == ("", "")
        assert asyncio.run(rate(url, 5.0).draw(2)) == 2.0
        held = [{name.decode() for name in node.client().execute_command("KEYS", "*")} for node in found]
        work = [names for names in held if any(name.startswith("{freagra-work}:") for name in names)]
        assert len(work) == 1  # one node has all streams and timers, so that a script and a read may name several
        assert {name for name in set().union(*held) if "freagra-work" not in name} == {"freagra-rate:{carrier}"}


def test_a_sentinel_says_which_redis_serves_and_work_goes_on_when_another_does(server: servers.Redis) -> None:
    with ExitStack() as stack:
        replica = servers.Redis("--replicaof", f"127.0.0.1 {server.port}", program=server.program)
        stack.callback(replica.close)
        sentinel = servers.Sentinel(server)
        stack.callback(sentinel.close)
        check(sentinel.url)

        def watched() -> bool:
            replicas = sentinel.client().execute_command("SENTINEL", "REPLICAS", "house")
            return len(replicas) == 1 and replica.client().info("replication")["master_link_status"] == "up"

        servers.wait_until(watched, "the sentinel knows both")
        processes = Processes(sentinel.url, stack)
        web, worker = processes.bus(), processes.bus(1)
        senders = rate(sentinel.url, 5.0)
        stack.callback(senders.close)
        run(woken(worker, WORK, lambda: web.notify(WORK, {1})))
        server.end()
        servers.wait_until(lambda: bool(web.trouble and worker.trouble), "they know that it is away")
        servers.wait_until(lambda: not (web.trouble or worker.trouble), "they have found the other one")
        assert replica.client().info("replication")["role"] == "master"
        run(woken(worker, WORK, lambda: web.notify(WORK, {1})))
        assert asyncio.run(senders.draw(2)) == 2.0
        assert replica.client().exists(stream(1), "freagra-rate:{carrier}") == 2
