"""The kill test: a real server under load, killed without warning fifty times. What it acknowledged, it kept."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa

from adapters.bootstrap import house
from adapters.ipms.records import check_appointment
from conversations import playback, schema, verification
from conversations.database import open_database
from conversations.vault import Vault, load_or_make_keys
from tests.conversations.clinic import MONDAY, RULES
from tests.trials.kill_server import ACCESS, GATEWAY, BookPatientSystem, OffsetClock, PostGateway

pytestmark = pytest.mark.trial

KILLS = 50
PATIENTS = 400
CALLERS = 12
WORDS = ("Y", "Y", "Y", "C", "R", "KEEP", "any Tuesday after 2", "zork plinth", "is there parking?", "STOP", "START")
PATIENCE = 60.0  # seconds after the last kill


@dataclass
class Load:
    """Callers who post until they are told that it was taken, as a gateway and an iPMS do."""

    url: str
    home: Path
    clock: OffsetClock
    rng: Random
    replies: list[str] = field(default_factory=list)  # ids that were acknowledged
    appointments: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)  # phones to which a text was carried
    times: dict[str, tuple[float, float]] = field(default_factory=dict)  # id -> when it was sent first, when acknowledged
    over: bool = False
    taken: int = 0  # of whatever kind
    _number: int = 0

    async def run(self) -> None:
        limits = httpx.Limits(max_connections=CALLERS + 2)
        async with httpx.AsyncClient(base_url=self.url, timeout=3.0, limits=limits) as client:
            await asyncio.gather(self._carry(client), *(self._call(client) for _ in range(CALLERS)))

    async def took(self, more: int) -> None:
        """Until the server has taken so many more."""
        enough, until = self.taken + more, time.monotonic() + PATIENCE
        while self.taken < enough:
            assert time.monotonic() < until, f"in {PATIENCE:.0f} s a server took {more - enough + self.taken} of {more}"
            await asyncio.sleep(0.005)

    async def _call(self, client: httpx.AsyncClient) -> None:
        while not self.over:
            self._number += 1
            if self.rng.random() < 0.1:
                await self._book(client, f"N{self._number}")
            elif self.reached:
                await self._reply(client, f"m{self._number}")
            await asyncio.sleep(0.001)

    async def _reply(self, client: httpx.AsyncClient, id: str) -> None:
        said = {"id": id, "from": self.rng.choice(self.reached), "text": self.rng.choice(WORDS)}
        said["at"] = self.clock.now().isoformat()
        sent = time.monotonic()
        if await self._post(client, "POST", f"/hooks/{GATEWAY}/secret/inbound", said):
            self.replies.append(id)
            self.times[id] = (sent, time.monotonic())

    async def _book(self, client: httpx.AsyncClient, id: str) -> None:
        if await self._post(client, "PUT", f"/api/v1/appointments/{id}", appointment(id, self._number)):
            self.appointments.append(id)

    async def _carry(self, client: httpx.AsyncClient) -> None:
        """The network: a receipt for every text that the gateway was given."""
        seen = 0
        while not self.over:
            sent = lines(self.home / "sent.jsonl")
            for line in sent[seen : seen + 20]:
                await self._post(client, "POST", f"/hooks/{GATEWAY}/secret/receipt", {"key": line["key"]})
                self.reached.append(line["to"])
            seen = min(seen + 20, len(sent))
            await asyncio.sleep(0.02)

    async def _post(self, client: httpx.AsyncClient, method: str, path: str, body: Any) -> bool:
        """Whether it was acknowledged, however often it took; False once the trial is over."""
        while True:
            try:
                headers = {"Authorization": f"Bearer {ACCESS.api_key}"}
                answer = await client.request(method, path, json=body, headers=headers)
            except httpx.HTTPError:
                if self.over:
                    return False
                await asyncio.sleep(0.02)
                continue
            if answer.status_code in (200, 202):
                self.taken += 1
                return True
            if answer.status_code != 503:
                self.faults.append(f"{path}: {answer.status_code} {answer.text}")
                return False
            await asyncio.sleep(0.05)


def phone(number: int) -> str:
    return f"+35386{number:07}"


def appointment(id: str, number: int) -> dict[str, Any]:
    start = MONDAY + timedelta(days=4 + number % 3, hours=number % 5)
    patient = {"id": f"H{id}", "first_name": "Ann", "last_name": "Tierney", "mobile": f"+35385{number:07}"}
    return {
        "id": id, "start": start.isoformat(), "status": "booked", "clinic": "EYE", "clinician": "Dr Nora Byrne",
        "patient": patient,
    }  # fmt: skip


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


@contextmanager
def nursery(home: Path, listener: socket.socket, offset: float) -> Iterator[subprocess.Popen[str]]:
    script = Path(__file__).with_name("kill_server.py")
    command = [sys.executable, str(script), str(home), str(listener.fileno()), str(offset)]
    root = script.parents[2]
    with (
        open(home / "server.log", "wb") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1, cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)}, pass_fds=[listener.fileno()],
        ) as process,
    ):  # fmt: skip
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


def start(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("start\n")
    return int(process.stdout.readline())


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


async def wait_until_gone(process: int) -> None:
    while not gone(process):
        await asyncio.sleep(0.002)


def book(home: Path, clock: OffsetClock, url: str) -> None:
    """The hospital before the first kill."""
    with house(
        home=home,
        database_url=url,
        gateway=PostGateway(home),
        patient_system=BookPatientSystem(home),
        clock=clock,
    ) as held:
        held.publish([RULES])
        records = []
        for number in range(PATIENTS):
            body = appointment(f"A{number}", number)
            checked = check_appointment({**body, "patient": {**body["patient"], "mobile": phone(number)}}, "Europe/Dublin")
            assert checked.record is not None, checked.problems
            records.append(checked.record)
        asyncio.run(held.intake.take_appointments(records, "api", [record.id for record in records]))


async def trial(home: Path, listener: socket.socket, offset: float, rng: Random) -> Load:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    load = Load(url, home, OffsetClock(timedelta(seconds=offset)), Random(rng.random()))
    with nursery(home, listener, offset) as process:
        calling = asyncio.create_task(load.run())
        for _ in range(KILLS):
            server = start(process)
            # Before it has opened its store, or well into its work: told by what it took, not by the clock of a busy machine.
            if rng.random() < 0.5:
                await asyncio.sleep(rng.uniform(0.0, 0.2))
            else:
                await load.took(rng.randrange(1, 120))
            os.kill(server, signal.SIGKILL)
            await wait_until_gone(server)
        server = start(process)
        await asyncio.sleep(0.5)
        load.over = True
        await calling
        await settled(_url(home))
        os.kill(server, signal.SIGTERM)
        await wait_until_gone(server)
    return load


def _url(home: Path) -> str:
    return f"sqlite:///{home}/freagra.sqlite3"


async def settled(url: str) -> None:
    """Until the last server has worked all that was taken."""
    until = time.monotonic() + PATIENCE
    with open_database(url, read_only=True) as database:
        while time.monotonic() < until:
            with database.reader() as connection:
                new = connection.execute(
                    sa.select(sa.func.count()).select_from(schema.inbox).where(schema.inbox.c.status == "new")
                ).scalar_one()
                queued = connection.execute(
                    sa.select(sa.func.count()).select_from(schema.texts).where(schema.texts.c.phase == "queued")
                ).scalar_one()
            if not new and not queued:
                return
            await asyncio.sleep(0.1)
    raise AssertionError(f"after {PATIENCE:.0f} s there are still {new} rows in the inbox and {queued} texts to send")


def test_killed_fifty_times_under_load(tmp_path: Path) -> None:
    offset = (MONDAY - datetime.now(UTC)).total_seconds()
    book(tmp_path, OffsetClock(timedelta(seconds=offset)), _url(tmp_path))
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        listener.set_inheritable(True)
        load = asyncio.run(trial(tmp_path, listener, offset, Random(20260302)))
    assert load.faults == []
    assert len(load.replies) > 500
    assert len(load.appointments) > 50
    check(tmp_path, load, _url(tmp_path))
    log = (tmp_path / "server.log").read_text()
    assert "Traceback" not in log
    assert " ERROR " not in log


def check(home: Path, load: Load, url: str) -> None:
    vault = Vault(load_or_make_keys(home / "keys.json"))
    inbox, texts, talks = schema.inbox, schema.texts, schema.conversations
    with open_database(url, read_only=True) as database, database.reader() as connection:
        verdict = verification.verify(connection)
        assert verdict.whole, [str(fault) for fault in verdict.faults][:5]
        assert list(playback.replay(connection, vault)) == []

        # Every acknowledged reply has exactly one outcome.
        settled: Counter[str] = Counter()
        said: Counter[tuple[str, int, int, str]] = Counter()  # a prompt is said once a visit, or again to another reply
        queued: Counter[str] = Counter()
        read: dict[str, list[str]] = {}  # talk -> its replies, in the order they were read
        for talk in connection.execute(sa.select(talks.c.id)).scalars().all():
            visit = replies_read = 0
            order: list[str] = []
            for line in playback.export(connection, vault, conversation=talk):
                entry = orjson.loads(line)
                if entry["kind"] == "reply.settled":
                    settled[entry["data"]["reply"]] += 1
                elif entry["kind"] == "reply.read":
                    replies_read += 1
                    order.append(entry["data"]["reply"])
                elif entry["kind"] == "state.entered":
                    visit += 1
                elif entry["kind"] == "text.queued":
                    said[(talk, visit, replies_read, entry["data"]["prompt"])] += 1
                    queued[entry["data"]["key"]] += 1
            read[talk] = order
        replies = connection.execute(sa.select(inbox).where(inbox.c.kind == "reply")).all()
        rows = {row.external_id.removeprefix("reply:"): row for row in replies}
        assert set(load.replies) <= set(rows)
        assert {row.status for row in replies} == {"done"}
        assert settled == Counter({str(row.id): 1 for row in replies})

        # A reply that was sent when another one had been acknowledged is read after it.
        names = {str(row.id): row.external_id.removeprefix("reply:") for row in replies}
        for order in read.values():
            times = [load.times[names[id]] for id in order if names[id] in load.times]
            for place, (sent, _) in enumerate(times):
                assert all(acknowledged > sent for _, acknowledged in times[place + 1 :])

        # No text is queued twice, and none was handed over twice.
        assert set(queued) == set(connection.execute(sa.select(texts.c.key)).scalars())
        assert set(queued.values()) == {1}
        assert [each for each, times in said.items() if times > 1] == []
        handed = Counter(line["key"] for line in lines(home / "sent.jsonl"))
        assert [key for key, times in handed.items() if times > 1] == []
        assert set(handed) <= set(queued)

        # Every acknowledged appointment has its conversation.
        held = set(connection.execute(sa.select(talks.c.appointment_id)).scalars())
        assert set(load.appointments) <= held
        kinds = set(connection.execute(sa.select(schema.tasks.c.kind)).scalars())
        assert "fault" not in kinds
