"""The page of the demonstration, over HTTP: the page itself, its live changes, and what the visitor does as patient,
hospital or secretary. It works without script as well, one page at a time.

Nothing is guarded by a password, so it is for loopback only: requests for another host name, and acts that come from
another site's page, are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from adapters.bootstrap import House
from adapters.gateways.simulator import SimulatedGateway
from adapters.ipms.records import read_instant
from adapters.ipms.simulator.hospital import Entry, Hospital, Refused
from adapters.web.demo import panes, talk
from adapters.web.demo.clock import DemoClock
from adapters.web.demo.crowd import Crowd
from adapters.web.demo.document import document
from adapters.web.demo.markup import Markup
from adapters.web.demo.reader import Reader
from adapters.web.demo.timeline import Timeline
from adapters.web.hooks import BodyTooLarge, read_body
from conversations.people import Person
from engine.events import StaffAct

LARGEST = 16 * 1024
SECRETARY = "The secretary"  # how the transcript names the visitor at the desk
PANES = ("top", "phone", "book", "talk")

_LOOK = 0.2  # seconds between looks for changes
_HEARTBEAT = 15.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_FORWARD = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_STAFF_ACTS = frozenset(
    {
        StaffAct.TAKE,
        StaffAct.HAND_BACK,
        StaffAct.CONFIRM,
        StaffAct.CANCEL,
        StaffAct.KEEP,
        StaffAct.CALL_BACK,
        StaffAct.RESCHEDULED,
        StaffAct.ANSWER,
    }
)
_STATIC = {"demo.css": "text/css", "demo.js": "text/javascript", "icon.svg": "image/svg+xml"}


class _Declined(Exception):
    """What the visitor asked cannot be done; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Form = Mapping[str, str]


class Page:
    """`gateway_url` is where the simulated gateway listens: the visitor's texts go through it, so that they come in as
    real webhooks. `hospital_name` is what the hospital is called."""

    def __init__(
        self,
        *,
        house: House,
        clock: DemoClock,
        gateway: SimulatedGateway,
        gateway_url: str,
        hospital: Hospital,
        hospital_name: str,
        crowd: Crowd,
        timeline: Timeline,
        reader: Reader,
    ) -> None:
        self._house = house
        self._clock = clock
        self._gateway = gateway
        self._gateway_url = gateway_url
        self._hospital = hospital
        self._hospital_name = hospital_name
        self._crowd = crowd
        self._timeline = timeline
        self._reader = reader
        # No idle connections: one that the gateway closes as we write would lose a text.
        self._client = httpx.AsyncClient(timeout=10.0, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._changes = 0  # of phones and of the book
        self._running: set[asyncio.Task[None]] = set()
        self._closing = False
        static = files("adapters.web.demo") / "static"
        self._static = {name: (static / name).read_bytes() for name in _STATIC}

    def routes(self) -> list[Route]:
        return [
            Route("/demo", _guarded(self._page), methods=["GET"]),
            Route("/demo/live", _guarded(self._live), methods=["GET"]),
            Route("/demo/text", _guarded(self._act(self._text)), methods=["POST"]),
            Route("/demo/hospital", _guarded(self._act(self._as_hospital)), methods=["POST"]),
            Route("/demo/staff", _guarded(self._act(self._as_staff)), methods=["POST"]),
            Route("/demo/time", _guarded(self._act(self._time)), methods=["POST"]),
            Route("/demo/{name}", self._file, methods=["GET"]),
        ]

    def start(self) -> None:
        """Begin to watch the phones and the book, in the running event loop."""
        self._spawn(self._watch_phones())
        self._spawn(self._watch_book())

    async def close(self) -> None:
        """Ends every live page and stops watching."""
        self._closing = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._client.aclose()

    # ---- showing -----------------------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        chosen = self._chosen(request.query_params.get("appointment", ""))
        return HTMLResponse(document(await self._render(chosen)))

    async def _live(self, request: Request) -> Response:
        chosen = self._chosen(request.query_params.get("appointment", ""))
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._changing(chosen), media_type="text/event-stream", headers=headers)

    async def _changing(self, chosen: Entry) -> AsyncIterator[bytes]:
        """Each part of the page, at first and whenever it has changed."""
        shown: dict[str, str] = {}
        stamp: object = None
        quiet = 0.0
        while not self._closing:
            latest = await self._stamp()
            if latest == stamp:
                quiet += _LOOK
                if quiet >= _HEARTBEAT:
                    quiet = 0.0
                    yield b": still here\n\n"
                await asyncio.sleep(_LOOK)
                continue
            stamp, quiet = latest, 0.0
            for name, html in (await self._render(chosen)).items():
                if shown.get(name) != html:
                    shown[name] = html
                    yield b"event: pane\ndata: " + orjson.dumps({"name": name, "html": html}) + b"\n\n"

    async def _stamp(self) -> object:
        version = await asyncio.to_thread(self._reader.version)
        return version, self._changes, self._clock.ahead, self._timeline.running

    async def _render(self, chosen: Entry) -> dict[str, Markup]:
        counts = await asyncio.to_thread(self._reader.counts)
        standing = await asyncio.to_thread(self._reader.standing)
        talks = await asyncio.to_thread(self._reader.talks, chosen.record.id)
        following = await self._timeline.next()
        book = self._book()
        thread = self._gateway.phones.thread(panes.number(chosen))
        return {
            "top": panes.top(self._clock.now(), counts, book, following, self._timeline.running),
            "phone": panes.phone(chosen, book, thread, self._crowd.played),
            "book": panes.book(book, chosen, standing, self._hospital_name),
            "talk": talk.pane(chosen, talks),
        }

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._static:
            return PlainTextResponse("There is nothing here.", 404)
        return Response(self._static[name], media_type=_STATIC[name])

    def _book(self) -> list[Entry]:
        return sorted(self._hospital.entries(), key=lambda entry: (entry.record.start, entry.record.id))

    def _chosen(self, id: str) -> Entry:
        """The appointment of this id, else the first that waits for the visitor."""
        book = self._book()
        asked = next((entry for entry in book if entry.record.id == id), None)
        return asked or next((entry for entry in book if panes.number(entry) in self._crowd.played), book[0])

    # ---- acting ------------------------------------------------------------------------------------------------------

    def _act(self, act: Callable[[Form], Awaitable[None]]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return PlainTextResponse("This can be done from the page itself only.", 403)
            form = await _form(request)
            await act(form)
            if request.headers.get("x-freagra-page"):
                return Response(status_code=204)
            return RedirectResponse(f"/demo?appointment={quote(form.get('appointment', ''))}", 303)

        return handle

    def _named(self, form: Form) -> Entry:
        try:
            return self._hospital.entry(form.get("appointment", ""))
        except Refused as refused:
            raise _Declined(404, refused.message) from refused

    async def _text(self, form: Form) -> None:
        """The visitor texts as the patient, who answers no more by herself."""
        entry, text = self._named(form), form.get("text", "")
        number = panes.number(entry)
        if not number:
            raise _Declined(422, "This patient has no mobile.")
        if not text.strip() or len(text) > panes.LONGEST:
            raise _Declined(422, f"A text has from 1 to {panes.LONGEST} characters.")
        self._crowd.played.add(number)
        try:
            answer = await self._client.post(f"{self._gateway_url}/phones/{number}/texts", json={"text": text})
            answer.raise_for_status()
        except httpx.HTTPError as fault:
            raise _Declined(502, "The simulated gateway did not take the text.") from fault

    async def _as_hospital(self, form: Form) -> None:
        id, act = self._named(form).record.id, form.get("act", "")
        acts = {"cancel": self._hospital.cancel, "attend": self._hospital.attend, "miss": self._hospital.miss}
        if act == "move":
            self._hospital.move(id, self._time_of(form))
        elif act in acts:
            acts[act](id)
        else:
            raise _Declined(422, "There is no such act.")

    async def _as_staff(self, form: Form) -> None:
        entry, text = self._named(form), form.get("text", "").strip()
        talks = await asyncio.to_thread(self._reader.talks, entry.record.id)
        if form.get("talk") not in [each.id for each in talks] or form.get("act") not in _STAFF_ACTS:
            raise _Declined(422, "There is no such act or no such talk.")
        act = StaffAct(form["act"])
        if act is StaffAct.ANSWER and not 0 < len(text) <= talk.LONGEST_ANSWER:
            raise _Declined(422, f"An answer has from 1 to {talk.LONGEST_ANSWER} characters.")
        start = self._time_of(form) if act is StaffAct.RESCHEDULED else None
        # The same click on the same page twice is one act.
        key = sha256(orjson.dumps([form["talk"], form.get("seen"), act, text, form.get("start")])).hexdigest()
        await self._house.intake.take_staff_act(form["talk"], act, SECRETARY, key, text=text, start=start)

    def _time_of(self, form: Form) -> Any:
        try:
            start = read_instant(form.get("start", ""))
        except ValueError as problem:
            raise _Declined(422, f"The new time {problem}.") from problem
        if start <= self._clock.now():
            raise _Declined(422, "The new time is past already, by the clock of this demonstration.")
        return start

    async def _time(self, form: Form) -> None:
        to = form.get("to", "")
        if to == "next":
            self._spawn(self._timeline.to_next())
        elif to in _FORWARD:
            self._spawn(self._timeline.forward(_FORWARD[to]))
        else:
            raise _Declined(422, "The clock goes on by an hour, by a day or to the next event.")

    # ---- behind the page ---------------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _watch_phones(self) -> None:
        with self._gateway.phones.watch() as queue:
            while await queue.get() is not None:
                self._changes += 1

    async def _watch_book(self) -> None:
        with self._hospital.listen() as queue:
            while True:
                await queue.get()
                self._changes += 1


def arriving(person: Person) -> Callable[[Request], Awaitable[Person | None]]:
    """For the staff console: whoever comes to this machine's own names is `person`, without signing in."""

    async def arrive(request: Request) -> Person | None:
        return person if _at_home(request) else None

    return arrive


def _at_home(request: Request) -> bool:
    return urlsplit(f"//{request.headers.get('host', '')}").hostname in _LOOPBACK


def _guarded(handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Answers for this machine's own names only (a page of another site could point its name here), and puts into words
    what is declined."""

    async def guarded(request: Request) -> Response:
        if not _at_home(request):
            return PlainTextResponse("This page answers on this machine's own addresses only.", 421)
        try:
            return await handle(request)
        except _Declined as declined:
            return PlainTextResponse(str(declined), declined.status)

    return guarded


async def _form(request: Request) -> Form:
    try:
        body = await read_body(request, LARGEST)
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=16))
    except BodyTooLarge as fault:
        raise _Declined(413, "That is too much at once.") from fault
    except ValueError as fault:
        raise _Declined(400, "That is no form.") from fault
