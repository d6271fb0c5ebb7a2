"""The process that decides beside the service while there is a crowd: nobody may notice that it is there, nor when it ends."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.relief import ReliefProcess
from conversations import schema, worker
from conversations.changes import Changes
from conversations.commits import Commits
from conversations.ports import InboundReply
from conversations.worker import ReliefGone, StoreAway
from engine.loader import load
from tests.conversations.clinic import HOSPITAL, RULES, Clinic, keys, open_clinic
from tests.waiting import eventually

pytestmark = pytest.mark.sqlite

PATIENTS = 24
BATCH = 8  # with so many due there is a crowd
WORDS = ("Y", "C", "R", "Is there parking?", "STOP", "zork plinth")


def phone(number: int) -> str:
    return f"+35387{number:07}"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with open_clinic(tmp_path, batch=BATCH, relief=True) as opened:
        book(opened)
        relieved(opened)
        yield opened


def book(clinic: Clinic) -> None:
    """Everyone was invited and told."""
    for number in range(PATIENTS):
        clinic.push(clinic.appointment(f"A{number}", mobile=phone(number), number=f"H{number}"))
    clinic.settle()
    clinic.deliver()


def relieved(clinic: Clinic) -> int:
    """The relief is there and takes steps; its process."""
    relief = clinic.house.relief
    assert relief is not None
    eventually(relief.ready)
    assert relief.process is not None
    return relief.process


def everyone_writes(clinic: Clinic) -> None:
    """Each the same in every run."""
    replies = [
        InboundReply(phone(number), HOSPITAL, WORDS[number % len(WORDS)], clinic.clock.now(), f"{clinic.clock.now()} {number}")
        for number in range(PATIENTS)
    ]
    clinic.run(clinic.house.intake.take_inbound(clinic.carrier.name, replies))


def work_off(clinic: Clinic) -> None:
    while clinic.house.worker.step(clinic.clock.now()).events:
        pass


def outcome(clinic: Clinic) -> tuple[list[str], list[str], list[str]]:
    """What the patients, the iPMS and the secretary have of it."""
    clinic.settle()
    clinic.assert_sound()
    tasks = clinic.rows(sa.select(schema.tasks.c.kind).order_by(schema.tasks.c.kind))
    texts = sorted(f"{each.to} {each.text}" for each in clinic.carrier.sent)
    return clinic.outcomes(), texts + sorted(write.action for write in clinic.book.asked), [row.kind for row in tasks]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str], list[str]]:
    """What comes of it where the service decides everything itself."""
    with open_clinic(tmp_path_factory.mktemp("alone"), batch=BATCH) as clinic:
        book(clinic)
        everyone_writes(clinic)
        work_off(clinic)
        return outcome(clinic)


class Parts:
    """Watches the parts that come to be committed, and may do something first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen = 0
        self.before: Callable[[Changes], None] = lambda _: None
        add = Commits.add

        def watched(commits: Commits, part: Changes, at: int) -> None:
            self.seen += 1
            self.before(part)
            add(commits, part, at)

        monkeypatch.setattr(Commits, "add", watched)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    return Parts(monkeypatch)


def test_it_decides_what_the_service_would_have(
    clinic: Clinic, alone: tuple[list[str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def own(*_: Any) -> Any:
        raise AssertionError("the service decided itself")

    everyone_writes(clinic)
    clinic.house.worker.step(clinic.clock.now())  # a full batch: from here on there is a crowd
    monkeypatch.setattr(worker.Worker, "_own_step", own)
    work_off(clinic)
    monkeypatch.undo()
    assert outcome(clinic) == alone


@pytest.mark.parametrize("part", [1, 2, 3])
def test_killed_while_it_decides_it_loses_nothing(
    part: int, clinic: Clinic, alone: tuple[list[str], ...], parts: Parts
) -> None:
    relief = relieved(clinic)
    everyone_writes(clinic)

    def kill(_: Changes) -> None:
        if parts.seen == 1 + part:  # the first is the service's own
            os.kill(relief, signal.SIGKILL)

    parts.before = kill
    work_off(clinic)
    assert outcome(clinic) == alone


def test_killed_between_two_steps_it_is_done_without(clinic: Clinic, alone: tuple[list[str], ...]) -> None:
    relief = relieved(clinic)
    everyone_writes(clinic)
    clinic.house.worker.step(clinic.clock.now())
    os.kill(relief, signal.SIGKILL)
    work_off(clinic)
    assert outcome(clinic) == alone


def test_what_the_disk_does_not_take_is_due_again(
    clinic: Clinic, alone: tuple[list[str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StoreAway("the disk is full")

    everyone_writes(clinic)
    clinic.house.worker.step(clinic.clock.now())
    monkeypatch.setattr(Commits, "_commit", full)
    with pytest.raises(StoreAway, match="the disk is full"):
        work_off(clinic)
    monkeypatch.undo()
    work_off(clinic)
    assert outcome(clinic) == alone


def test_a_part_that_is_refused_is_worked_row_by_row(
    clinic: Clinic, alone: tuple[list[str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Commits._commit

    def only_one(commits: Commits, connection: sa.Connection, part: Changes, at: int) -> None:
        if len(part.done) > 1:
            raise ValueError("more than one")
        commit(commits, connection, part, at)

    everyone_writes(clinic)
    clinic.house.worker.step(clinic.clock.now())
    monkeypatch.setattr(Commits, "_commit", only_one)
    work_off(clinic)
    monkeypatch.undo()
    assert outcome(clinic) == alone


def test_what_it_has_to_say_the_service_logs_and_no_words_with_it(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    everyone_writes(clinic)
    clinic.house.worker.step(clinic.clock.now())
    spoilt = sa.update(schema.inbox).where(schema.inbox.c.status == "new").values(sealed=b"\x02spoilt")
    clinic.house.writer.submit(lambda held: held.execute(spoilt)).result()
    with caplog.at_level(logging.INFO):
        clinic.house.worker.step(clinic.clock.now())
    failed = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(failed) == BATCH
    assert all(said.startswith("inbox row ") and "failed: SealBroken" in said for said in failed)


def test_rules_that_were_published_since_are_in_force_for_it(clinic: Clinic) -> None:
    changed = RULES.read_text().replace("texts_a_day: 6", "texts_a_day: 5")
    path = clinic.house.home / RULES.name
    path.write_text(changed)
    version = load(changed).ruleset
    assert version is not None
    assert clinic.house.publish([path]) != []
    for number in range(PATIENTS):
        clinic.push(clinic.appointment(f"B{number}", mobile=phone(100 + number), number=f"N{number}"))
    work_off(clinic)
    talks = schema.conversations.c
    begun = clinic.rows(sa.select(talks.version).where(talks.appointment_id.like("B%")).distinct())
    assert [row.version for row in begun] == [version.version]


def test_a_small_hospital_never_sees_it(tmp_path: Path) -> None:
    with open_clinic(tmp_path, batch=BATCH, relief=True) as clinic:
        for number in range(PATIENTS):
            clinic.push(clinic.appointment(f"A{number}", mobile=phone(number), number=f"H{number}"))
            clinic.settle()
        assert clinic.house.relief is not None
        assert clinic.house.relief.process is None


def test_when_it_stands_still_the_service_goes_on_without_it(clinic: Clinic, alone: tuple[list[str], ...]) -> None:
    house = clinic.house
    commits = partial(Commits, house.writer, house.vault)
    relief = ReliefProcess(house.database, commits, keys(), clinic.carrier.name, BATCH, patience=0.1)
    with closing(relief):
        eventually(relief.ready)
        assert relief.process is not None
        everyone_writes(clinic)
        os.kill(relief.process, signal.SIGSTOP)
        with pytest.raises(ReliefGone):
            relief.step(clinic.clock.now())
        assert relief.process is None
    work_off(clinic)
    assert outcome(clinic) == alone


def test_it_ends_when_it_is_not_asked_and_comes_again(clinic: Clinic, alone: tuple[list[str], ...]) -> None:
    house = clinic.house
    commits = partial(Commits, house.writer, house.vault)
    relief = ReliefProcess(house.database, commits, keys(), clinic.carrier.name, BATCH, idle=0.01)
    with closing(relief):
        assert not relief.ready()
        eventually(lambda: relief.process is None)
        eventually(relief.ready)
        everyone_writes(clinic)
        with suppress(ReliefGone):
            while relief.step(clinic.clock.now()).events:
                pass
    work_off(clinic)
    assert outcome(clinic) == alone


def test_it_ends_when_the_service_is_killed() -> None:
    """The service says who its relief is, and is killed."""
    script = Path(__file__).with_name("relieved_service.py")
    root = script.parents[2]
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    ) as service:
        assert service.stdout is not None
        relief = int(service.stdout.readline())
        service.kill()
    eventually(lambda: not _runs(relief))


def _runs(process: int) -> bool:
    """Whoever inherits an orphan may be slow to bury it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
