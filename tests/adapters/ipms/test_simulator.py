from __future__ import annotations

import asyncio
import base64
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest
import uvicorn
from starlette.applications import Starlette

from adapters.ipms.records import read_appointment, to_payload
from adapters.ipms.rest.client import RestPatientSystem, RestSettings
from adapters.ipms.simulator.book import Population, make_book
from adapters.ipms.simulator.server import Faults, SimulatedHospital
from adapters.web.api import ApiSettings, api, key_digest
from conversations.ports import AppointmentRecord, AppointmentWrite, MessageRecord, WriteStatus
from conversations.writer import StoreAway

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
KEY = "the-api-key"


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def book(count: int = 3, seed: int = 1, **changes: Any) -> list[AppointmentRecord]:
    return list(make_book(Random(seed), count, date(2026, 6, 1), **changes))


class TestBook:
    def test_the_same_seed_gives_the_same_book(self) -> None:
        assert book(200) == book(200)
        assert book(200) != book(200, seed=2)

    def test_is_such_as_the_api_takes(self) -> None:
        for record in book(300):
            assert read_appointment(to_payload(record)) == record

    def test_is_on_working_days_in_working_hours(self) -> None:
        starts = [record.start.astimezone(ZoneInfo("Europe/Dublin")) for record in book(500)]
        assert all(at.weekday() < 5 and 9 <= at.hour < 17 and at.minute % 15 == 0 for at in starts)
        assert date(2026, 6, 1) not in {at.date() for at in starts}  # a bank holiday
        assert {at.date() for at in starts} <= {date(2026, 6, 1) + timedelta(days=n) for n in range(30)}

    def test_mobiles_are_of_three_ranges_and_each_of_one_patient(self) -> None:
        records = book(3000, population=Population(shared_mobile=0, second_visit=0, no_mobile=0))
        mobiles = [record.patient.mobile or "" for record in records]
        assert {mobile[:6] for mobile in mobiles} == {"+35385", "+35386", "+35387"}
        assert len(set(mobiles)) == 3000

    def test_shares_of_the_population(self) -> None:
        mixed = Population(no_mobile=0.2, irish=0.5, shared_mobile=0.2, second_visit=0.3)
        records = book(2000, population=mixed)
        patients = {record.patient.id: record.patient for record in records}
        visits = Counter(record.patient.id for record in records)
        numbers = Counter(patient.mobile for patient in patients.values())
        assert 0.15 < numbers.pop(None) / len(patients) < 0.25
        assert 0.4 < sum(patient.language == "ga" for patient in patients.values()) / len(patients) < 0.6
        assert max(numbers.values()) > 1
        assert max(visits.values()) > 1

    def test_days_without_work(self) -> None:
        with pytest.raises(ValueError, match="no working day"):
            list(make_book(Random(1), 1, date(2026, 6, 6), days=2))


class Inbox:
    """Our side: takes what is pushed, unless it is away."""

    def __init__(self) -> None:
        self.taken: list[AppointmentRecord] = []
        self.away = 0

    async def accept(self, records: Sequence[AppointmentRecord], source: str, keys: Sequence[str]) -> list[str]:
        assert source == "api"
        if self.away:
            self.away -= 1
            raise StoreAway("the disk is full")
        self.taken += records
        return ["taken"] * len(keys)

    async def lookup(self, id: str) -> Mapping[str, Any] | None:
        return {"id": id}

    def latest(self, id: str) -> AppointmentRecord:
        return [record for record in self.taken if record.id == id][-1]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """The application over real HTTP on loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()


class Ground:
    """A simulated hospital and our API; without a transport over real HTTP."""

    def __init__(self, inbox: Inbox, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.inbox = inbox
        self.client = httpx.AsyncClient(base_url=url, transport=transport)
        self.ipms = RestPatientSystem(RestSettings(base_url=url, secret=SECRET), Clock(), transport)

    async def book(self) -> dict[str, dict[str, Any]]:
        return {entry["id"]: entry for entry in (await self.client.get("/book")).json()}


Test = Callable[[Ground], Awaitable[None]]


def on(test: Test, records: list[AppointmentRecord] | None = None, **given: Any) -> None:
    """Runs the test with both sides in this process; pushes run as they do in a server."""

    async def run() -> None:
        inbox, app = our_side(given.pop("away", 0))
        transport = httpx.ASGITransport(app)
        simulated = hospital(records, "http://127.0.0.1", transport=transport, **given)
        pushing = asyncio.create_task(simulated.push())
        ground = Ground(inbox, "http://127.0.0.1", httpx.ASGITransport(simulated.app))
        await test(ground)
        pushing.cancel()

    asyncio.run(run())


def over_http(test: Test) -> None:
    async def run() -> None:
        inbox, app = our_side(0)
        async with served(app) as api_url, served(hospital(None, api_url).app) as url:
            ground = Ground(inbox, url)
            async with ground.client:
                await test(ground)
            await ground.ipms.close()

    asyncio.run(run())


def our_side(away: int) -> tuple[Inbox, Starlette]:
    inbox = Inbox()
    inbox.away = away
    mount = api(inbox.accept, inbox.lookup, ApiSettings(key_digests=(key_digest(KEY),)), Clock())
    return inbox, Starlette(routes=[mount])


def hospital(records: list[AppointmentRecord] | None, api_url: str, **given: Any) -> SimulatedHospital:
    kept = book() if records is None else records
    return SimulatedHospital(
        kept, secret=SECRET, api_url=api_url, api_key=KEY, clock=Clock(), rng=Random(1), **given
    )  # fmt: skip


def response(action: str, *, key: str = "k1", revision: str = "1", **more: Any) -> AppointmentWrite:
    return AppointmentWrite(key, "A-100000", action, revision, datetime.now(UTC), **more)


class TestPushes:
    def test_the_book_and_then_each_change(self) -> None:
        async def test(ground: Ground) -> None:
            await ground.inbox.until(lambda: len(ground.inbox.taken) == 3)
            moved = await ground.client.post("/book/A-100001/move", json={"start": "2026-06-22T11:00"})
            assert moved.json()["start"] == "2026-06-22T10:00:00+00:00"
            await ground.inbox.until(lambda: len(ground.inbox.taken) == 4)
            latest = ground.inbox.latest("A-100001")
            assert (latest.start, latest.revision) == (datetime(2026, 6, 22, 10, 0, tzinfo=UTC), "2")
            assert latest.changed_at is not None
            for act, status in (("cancel", "cancelled"), ("attend", "fulfilled"), ("miss", "noshow")):
                await ground.client.post(f"/book/A-100002/{act}")
                await ground.inbox.until(lambda: ground.inbox.latest("A-100002").status == status)  # noqa: B023

        over_http(test)

    def test_are_tried_again_until_taken(self) -> None:
        async def test(ground: Ground) -> None:
            await ground.inbox.until(lambda: len(ground.inbox.taken) == 3)

        on(test, away=2)

    def test_a_large_book_goes_in_parts(self) -> None:
        async def test(ground: Ground) -> None:
            await ground.inbox.until(lambda: len(ground.inbox.taken) == 1200)
            assert [record.id for record in ground.inbox.taken] == [f"A-{100_000 + n}" for n in range(1200)]

        on(test, book(1200))

    def test_one_that_is_refused_does_not_block_the_rest(self) -> None:
        async def test(ground: Ground) -> None:
            await ground.inbox.until(lambda: len(ground.inbox.taken) == 2)

        records = book()
        spoilt = {**{name: getattr(records[0], name) for name in records[0].__slots__}, "clinic": "x" * 65}
        on(test, [AppointmentRecord(**spoilt), *records[1:]])


class TestWriteBack:
    def test_what_patients_answer_stands_in_the_book(self) -> None:
        async def test(ground: Ground) -> None:
            for number, (action, standing) in enumerate(
                [
                    ("confirm", "confirmed"), ("request_reschedule", "reschedule requested"),
                    ("request_cancel", "cancel requested"), ("withdraw_request", "kept"),
                ]
            ):  # fmt: skip
                result = await ground.ipms.write(response(action, key=f"k{number}", note="any Tuesday"))
                assert result.status is WriteStatus.DONE
                entry = (await ground.book())["A-100000"]
                assert (entry["response"], entry["note"]) == (standing, "any Tuesday")
                assert (entry["status"], entry["revision"]) == ("booked", "1")
                assert entry["preferences"] is None

        on(test)

    def test_when_the_patient_would_come_stands_beside_their_words(self) -> None:
        async def test(ground: Ground) -> None:
            wanted = {"summary": "Tuesdays", "wanted": [{"daysOfWeek": ["tue"]}], "words": ["any Tuesday"]}
            result = await ground.ipms.write(response("request_reschedule", note="any Tuesday", preferences=wanted))
            assert result.status is WriteStatus.DONE
            entry = (await ground.book())["A-100000"]
            assert (entry["note"], entry["preferences"]) == ("any Tuesday", wanted)

        on(test)

    def test_what_staff_settle_changes_the_appointment_and_comes_back(self) -> None:
        async def test(ground: Ground) -> None:
            start = datetime(2026, 6, 23, 13, 0, tzinfo=UTC)
            assert (await ground.ipms.write(response("reschedule", start=start))).status is WriteStatus.DONE
            await ground.inbox.until(lambda: any(record.start == start for record in ground.inbox.taken))
            cancel = response("cancel", key="k2", revision="2")
            assert (await ground.ipms.write(cancel)).status is WriteStatus.DONE
            await ground.inbox.until(lambda: ground.inbox.latest("A-100000").status == "cancelled")
            late = await ground.ipms.write(response("confirm", key="k3", revision="3"))
            assert (late.status, late.code) == (WriteStatus.CONFLICT, "not_booked")

        on(test)

    def test_the_same_key_does_it_once(self) -> None:
        async def test(ground: Ground) -> None:
            start = datetime(2026, 6, 23, 13, 0, tzinfo=UTC)
            for _ in range(3):
                assert (await ground.ipms.write(response("reschedule", start=start))).status is WriteStatus.DONE
            assert (await ground.book())["A-100000"]["revision"] == "2"
            other = await ground.ipms.write(response("cancel", revision="2"))
            assert (other.status, other.code) == (WriteStatus.REFUSED, "key_reused")

        on(test)

    def test_another_revision_is_a_conflict_that_tells_the_present_one(self) -> None:
        async def test(ground: Ground) -> None:
            await ground.client.post("/book/A-100000/move", json={"start": "2026-06-22T11:00"})
            result = await ground.ipms.write(response("confirm"))
            assert (result.status, result.code) == (WriteStatus.CONFLICT, "other_revision")
            assert result.current is not None
            assert result.current.start == datetime(2026, 6, 22, 10, 0, tzinfo=UTC)
            assert result.current == await ground.ipms.read("A-100000")
            assert (await ground.book())["A-100000"]["response"] == ""

        on(test)

    def test_messages_and_their_statuses(self) -> None:
        async def test(ground: Ground) -> None:
            for status in ("sent", "delivered"):
                message = MessageRecord("m1", "A-100000", "out", "Reminder: ...", status, datetime.now(UTC))
                assert (await ground.ipms.record(message)).status is WriteStatus.DONE
            reply = MessageRecord("r/1", "A-100000", "in", "Y", "received", datetime.now(UTC))
            assert (await ground.ipms.record(reply)).status is WriteStatus.DONE
            messages = (await ground.book())["A-100000"]["messages"]
            assert [(each["direction"], each["text"], each["status"]) for each in messages] == [
                ("out", "Reminder: ...", "delivered"), ("in", "Y", "received"),
            ]  # fmt: skip

        on(test)

    def test_what_it_does_not_know(self) -> None:
        async def test(ground: Ground) -> None:
            now = datetime.now(UTC)
            assert await ground.ipms.read("B-1") is None
            nobody = AppointmentWrite("k", "B-1", "confirm", "1", now)
            assert (await ground.ipms.write(nobody)).code == "unknown_appointment"
            assert (await ground.ipms.write(response("dance"))).code == "unknown_action"
            assert (await ground.ipms.write(response("reschedule"))).code == "start_missing"
            about_nothing = MessageRecord("m", "B-1", "out", "", "", now)
            assert (await ground.ipms.record(about_nothing)).code == "unknown_appointment"

        on(test)

    def test_only_signed_requests_are_taken(self) -> None:
        async def test(ground: Ground) -> None:
            body = orjson.dumps({"key": "k", "action": "confirm"})
            unsigned = await ground.client.post("/appointments/A-100000/responses", content=body)
            assert unsigned.status_code == 401
            other = "whsec_" + base64.b64encode(b"z" * 32).decode()
            stranger = RestPatientSystem(RestSettings(base_url=str(ground.client.base_url), secret=other), Clock())
            assert (await stranger.write(response("confirm"))).status is WriteStatus.RETRY
            assert not await stranger.healthy()
            await stranger.close()
            assert await ground.ipms.healthy()
            assert (await ground.book())["A-100000"]["response"] == ""

        over_http(test)

    @pytest.mark.parametrize(
        ("faults", "status"),
        [(Faults(away=1), WriteStatus.RETRY), (Faults(changed=1), WriteStatus.CONFLICT)],
    )
    def test_faults_on_demand(self, faults: Faults, status: WriteStatus) -> None:
        async def test(ground: Ground) -> None:
            assert (await ground.ipms.write(response("confirm"))).status is status

        on(test, faults=faults)


class TestDesk:
    def test_staff_keep_what_was_asked_to_be_cancelled(self) -> None:
        async def test(ground: Ground) -> None:
            await ground.ipms.write(response("request_cancel"))
            kept = await ground.client.post("/book/A-100000/keep")
            assert (kept.json()["response"], kept.json()["revision"]) == ("kept", "1")

        on(test)

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("POST", "/book/B-1/cancel", b"", 404), ("POST", "/book/A-100000/dance", b"", 404),
            ("POST", "/book/A-100000/move", b"{", 400), ("POST", "/book/A-100000/move", b"[]", 422),
            ("POST", "/book/A-100000/move", b"{}", 422), ("POST", "/book/A-100000/move", b'{"start": "soon"}', 422),
            ("POST", "/book/A-100000/move", b" " * 300_000, 413), ("GET", "/nothing", b"", 404),
            ("DELETE", "/book", b"", 405),
        ],
    )  # fmt: skip
    def test_acts_that_cannot_be_done(self, method: str, path: str, body: bytes, status: int) -> None:
        async def test(ground: Ground) -> None:
            answer = await ground.client.request(method, path, content=body)
            assert answer.status_code == status
            assert answer.json()["error"]["code"]

        on(test, book(1))

    def test_events_as_they_happen(self) -> None:
        async def test(ground: Ground) -> None:
            await ground.inbox.until(lambda: len(ground.inbox.taken) == 3)
            seen = []
            async with ground.client.stream("GET", "/events") as stream, asyncio.timeout(10):
                async for line in stream.aiter_lines():
                    if line == ": listening":
                        await ground.ipms.write(response("confirm"))
                        await ground.client.post("/book/A-100001/cancel")
                    if line.startswith("data: "):
                        event = orjson.loads(line[6:])
                        seen.append((event["kind"], event["id"]))
                    if len(seen) == 3:
                        break
            assert seen == [("written", "A-100000"), ("cancelled", "A-100001"), ("pushed", "A-100001")]

        over_http(test)
