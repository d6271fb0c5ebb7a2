"""Several processes on one PostgreSQL: who works what, and that what two of them decide is written once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.bootstrap import house
from conversations import schema
from conversations.commits import Commits
from conversations.database import open_database
from conversations.fences import Overtaken
from conversations.leases import LeaseLost, Leases, troubles
from conversations.partitions import PARTITIONS, id_among, of_id, of_index
from conversations.search import Search, Wanted
from conversations.service import Duty, Service
from conversations.worker import Worker
from conversations.writer import Writer
from tests import servers
from tests.conversations.clinic import ANN, BEN, EVERYWHERE, Book, Carrier, Clinic, keys, open_clinic
from tests.stores import store

if servers.postgres_programs() is None:
    pytest.skip(servers.left_out(), allow_module_level=True)


class Process:
    """A process of the house as its leases see it."""

    def __init__(self, folder: Path, stack: ExitStack, *, works: bool = True, lease: float = 60.0) -> None:
        database = stack.enter_context(open_database(store().url(folder)))
        self.writer = stack.enter_context(Writer(database))
        self.leases = Leases(self.writer, works=works, sends=False, lease=timedelta(seconds=lease))
        self.database = database

    def holds(self) -> frozenset[int]:
        return self.leases.holding().partitions or frozenset()

    def passes(self) -> bool:
        fence = self.leases.holding().fence
        try:
            self.writer.submit(fence).result()
        except LeaseLost:
            return False
        return True


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def test_partitions_are_shared_evenly_and_by_nobody_twice(tmp_path: Path, stack: ExitStack) -> None:
    first, second, third = (Process(tmp_path, stack) for _ in range(3))
    first.leases.renew()
    assert first.holds() == frozenset(range(PARTITIONS))
    for _ in range(3):
        for each in (first, second, third):
            each.leases.renew()
    shares = [each.holds() for each in (first, second, third)]
    assert frozenset().union(*shares) == frozenset(range(PARTITIONS))
    assert sorted(map(len, shares)) == [20, 22, 22]
    third.leases.leave()
    for _ in range(2):
        first.leases.renew()
        second.leases.renew()
    assert len(first.holds()) == len(second.holds()) == PARTITIONS // 2
    assert not first.holds() & second.holds()


def test_who_answers_callers_takes_no_share(tmp_path: Path, stack: ExitStack) -> None:
    web, worker = Process(tmp_path, stack, works=False), Process(tmp_path, stack)
    web.leases.renew()
    worker.leases.renew()
    assert web.holds() == frozenset()
    assert len(worker.holds()) == PARTITIONS


def test_one_that_slept_beyond_its_lease_is_replaced_and_can_write_nothing(tmp_path: Path, stack: ExitStack) -> None:
    sleeper, other = Process(tmp_path, stack, lease=-1.0), Process(tmp_path, stack)
    sleeper.leases.renew()
    assert sleeper.passes()
    decided_before = sleeper.leases.holding().fence
    other.leases.renew()
    assert len(other.holds()) == PARTITIONS
    assert not sleeper.passes()
    sleeper.leases.renew()  # it is a new member now
    with pytest.raises(LeaseLost):
        sleeper.writer.submit(decided_before).result()


def test_a_commit_that_has_passed_the_fence_is_waited_for(tmp_path: Path, stack: ExitStack) -> None:
    slow, other = Process(tmp_path, stack, lease=-1.0), Process(tmp_path, stack)
    slow.leases.renew()
    fence, inside, go_on = slow.leases.holding().fence, threading.Event(), threading.Event()

    def job(connection: sa.Connection) -> None:
        fence(connection)
        inside.set()
        go_on.wait()

    under_way = slow.writer.submit(job)
    inside.wait()
    other.leases.renew()
    assert other.holds() == frozenset()
    go_on.set()
    under_way.result()
    other.leases.renew()
    assert len(other.holds()) == PARTITIONS


def test_what_was_given_away_is_not_written_behind_it(tmp_path: Path, stack: ExitStack) -> None:
    first, second = Process(tmp_path, stack), Process(tmp_path, stack)
    first.leases.renew()
    before = first.leases.holding().fence
    second.leases.renew()
    first.leases.renew()
    assert len(first.holds()) == PARTITIONS // 2
    with pytest.raises(LeaseLost):
        first.writer.submit(before).result()
    assert first.passes()


def test_what_troubles_one_is_known_to_all(tmp_path: Path, stack: ExitStack) -> None:
    one, other = Process(tmp_path, stack), Process(tmp_path, stack)
    one.leases.renew("the moon is full")
    other.leases.renew()
    with other.database.reader() as connection:
        assert troubles(connection) == ["the moon is full"]
    one.leases.renew()
    with other.database.reader() as connection:
        assert troubles(connection) == []


# ---- partitions of what comes in -------------------------------------------------------------------------------------


def test_all_that_is_of_one_phone_lies_in_one_partition(clinic: Clinic) -> None:
    clinic.invite("A1")
    clinic.invite("A2", number="H2")
    clinic.invite("A3", number="H3", mobile=BEN)
    clinic.reply(ANN, "C")
    clinic.reply(BEN, "Y")
    clinic.deliver()
    vault = clinic.house.vault
    anns, bens = (of_index(vault.phone_index(phone)) for phone in (ANN, BEN))
    assert anns != bens
    assert {of_id(clinic.talk(id).id) for id in ("A1", "A2")} == {anns}
    assert of_id(clinic.talk("A3").id) == bens
    for talk, partition in ((clinic.talk("A1").id, anns), (clinic.talk("A3").id, bens)):
        keys = clinic.rows(sa.select(schema.texts.c.key).where(schema.texts.c.conversation_id == talk))
        assert {of_id(row.key) for row in keys} == {partition}
    inbox = clinic.rows(sa.select(schema.inbox.c.partition).distinct())
    assert {row.partition for row in inbox} == {anns, bens}
    among = sa.select(schema.conversations.c.id).where(id_among(schema.conversations.c.id, [bens, bens]))
    assert [row.id for row in clinic.rows(among)] == [clinic.talk("A3").id]


# ---- two that decide the same ----------------------------------------------------------------------------------------


def second_worker(clinic: Clinic, stack: ExitStack, tmp_path: Path) -> Worker:
    process = Process(tmp_path, stack)
    vault = clinic.house.vault
    commits = partial(Commits, process.writer, vault)
    return Worker(process.database, commits, vault, clinic.house.rulebook, clinic.carrier.name)


def test_two_workers_that_decide_the_same_reply_do_not_both_commit(
    clinic: Clinic, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.invite()
    clinic.deliver()
    clinic.hear(ANN, "Y")
    other = second_worker(clinic, stack, tmp_path)
    at = clinic.clock.now()
    met: list[str] = []
    whole = Worker._work_inbox

    def meanwhile(worker: Worker, batch: object, rows: object, commits: object) -> int:
        failed = whole(worker, batch, rows, commits)  # type: ignore[arg-type]
        if worker is clinic.house.worker and not met:
            met.append("the other one was faster")
            assert other.step(at).events == 1
        return failed

    monkeypatch.setattr(Worker, "_work_inbox", meanwhile)
    clinic.settle()
    assert met
    assert clinic.outcomes() == ["acted: read as confirm"]
    assert clinic.book.actions() == ["confirm"]
    assert clinic.tasks() == []


def test_a_patient_whom_another_worker_changed_meanwhile_is_decided_anew(
    clinic: Clinic, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.invite()
    clinic.push(clinic.appointment("A2", first_name="Anna"))
    clinic.clock.move(timedelta(minutes=1))
    other = second_worker(clinic, stack, tmp_path)
    # As if this snapshot had come in another partition: the patient gets another number there.
    record = clinic.appointment("A3", first_name="Anna", mobile=BEN)
    elsewhere = clinic.house.intake.appointment_row("ipms:book", "A3", record)
    overtaken: list[Overtaken] = []
    whole = Worker._step

    def step(worker: Worker, *given: object) -> object:
        try:
            return whole(worker, *given)  # type: ignore[arg-type]
        except Overtaken as fault:
            overtaken.append(fault)
            raise

    read = Worker._work_inbox

    def meanwhile(worker: Worker, *given: object) -> int:
        failed = read(worker, *given)  # type: ignore[arg-type]
        if worker is clinic.house.worker and not overtaken:
            clinic.change(sa.insert(schema.inbox).values(elsewhere))
            other.step(clinic.clock.now())
        return failed

    monkeypatch.setattr(Worker, "_step", step)
    monkeypatch.setattr(Worker, "_work_inbox", meanwhile)
    clinic.settle()
    assert overtaken
    (patient,) = clinic.rows(sa.select(schema.patients))
    assert patient.phone_index == clinic.house.vault.phone_index(BEN)
    assert {row.appointment_id for row in clinic.rows(sa.select(schema.conversations))} == {"A1", "A2", "A3"}


def test_what_one_worker_does_for_all_another_goes_on_with(tmp_path: Path, stack: ExitStack) -> None:
    with open_clinic(tmp_path) as clinic:
        clinic.invite("A1", number="H1", mobile=ANN, days=9, first_name="Gobnait")
        gone = Process(tmp_path, stack, lease=0.2)
        gone.leases.renew()
        assert 0 in gone.holds()

        def found() -> bool:
            with clinic.house.database.reader() as connection:
                return bool(Search(connection, clinic.house.vault, EVERYWHERE).find(Wanted("gobnait")).hits)

        async def live(service: Service) -> None:
            service.start()
            try:
                await asyncio.to_thread(servers.wait_until, found, "the index has grown")
            finally:
                await service.stop()

        with house(
            home=tmp_path, database_url=store().url(tmp_path), gateway=Carrier(clinic.clock, 1.0), patient_system=Book(),
            clock=clinic.clock, keys=keys(), shared=True, duties=frozenset({Duty.WORK}), lease=timedelta(seconds=1),
        ) as another:  # fmt: skip
            assert not found()
            asyncio.run(live(another.service))
