"""`freagra demo`: all of Freagra alive in one process, with a simulated hospital, gateway and patients around it.

Three servers on loopback talk over real HTTP: Freagra itself with the page on top, the gateway, and the hospital. All
stand on one clock of their own (`adapters/web/demo/clock.py` says why).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import secrets
import signal
import socket
import sys
import tempfile
import webbrowser
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
import uvicorn

from adapters.bootstrap import House, house
from adapters.config import load_or_make_access
from adapters.gateways.phonovation import Phonovation, PhonovationSettings
from adapters.gateways.simulator import Behaviour, SimulatedGateway, SimulatorSettings
from adapters.ipms.rest.client import RestPatientSystem, RestSettings
from adapters.ipms.simulator.book import HOSPITAL, Population, make_book
from adapters.ipms.simulator.server import SimulatedHospital
from adapters.local import LocalBus
from adapters.web.app import make_app
from adapters.web.console.rendering import NotBuilt
from adapters.web.console.routes import make_console
from adapters.web.console.visit import Console
from adapters.web.demo.clock import DemoClock, opening
from adapters.web.demo.crowd import Crowd
from adapters.web.demo.morning import LASTS, Morning, cast, number_of
from adapters.web.demo.page import SECRETARY, Page, arriving
from adapters.web.demo.reader import Reader
from adapters.web.demo.timeline import Timeline
from adapters.zone import ZONE
from conversations import people
from conversations.intake import WORK
from conversations.people import Person, Role, Scope
from conversations.ports import AppointmentRecord
from conversations.service import SEND, WRITE

APPOINTMENTS = 48
WAITING = 3  # patients who answer only through the visitor
SEED = 592  # of a book and a crowd that show a bit of everything

_LOOPBACK = "127.0.0.1"
_GATEWAY = "phonovation"
_SENDER = "HOSPITAL"
_PERSON = "secretary"  # what the visitor would sign in with
_PEOPLE = Population(no_mobile=0.04, irish=0.08, shared_mobile=0.0, second_visit=0.0)
# Quick receipts, few faults: the visitor watches this, and setting the clock forward waits for it.
_BEHAVIOUR = Behaviour(
    seed=SEED, answer_after=(0.02, 0.1), result_after=(0.05, 0.2), receipt_after=(0.3, 0.8), undelivered=0.02
)
_STARTING = 20.0  # seconds
_STOPPING = 3


def demo(*, port: int = 8080, speed: float = 60.0, open_browser: bool = False, home: Path | None = None) -> int:
    """Run the demonstration until it is interrupted; the exit code. `port` 0 takes a free one. `speed`: how many times
    faster than people the simulated patients answer. `home` keeps the store, in a folder that holds none yet; otherwise
    it is gone afterwards."""
    if home is not None and (home / "freagra.sqlite3").exists():
        print(f"{home} holds a store already; the demonstration wants an empty folder.", file=sys.stderr)
        return 2
    try:
        sockets = [_listener(port), _listener(0), _listener(0)]
    except OSError as fault:
        print(f"port {port} cannot be used ({fault.strerror}); name another one with --port.", file=sys.stderr)
        return 1
    with contextlib.ExitStack() as stack:
        for each in sockets:
            stack.enter_context(contextlib.closing(each))
        if home is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="freagra-demo-")))
        logging.getLogger("freagra").setLevel(logging.ERROR)  # faults are part of the show
        logging.getLogger("httpx").setLevel(logging.WARNING)
        try:
            asyncio.run(_run(sockets, speed, home, open_browser))
        except NotBuilt as fault:
            print(fault, file=sys.stderr)
            return 1
    return 0


def _listener(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((_LOOPBACK, port))
    except OSError:
        found.close()
        raise
    return found


def _url(listener: socket.socket) -> str:
    return f"http://{_LOOPBACK}:{listener.getsockname()[1]}"


async def _run(sockets: Sequence[socket.socket], speed: float, home: Path, open_browser: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    with _scene(sockets, speed, home) as (apps, page, crowd, console, morning):
        answering = asyncio.create_task(crowd.run())
        async with contextlib.AsyncExitStack() as stack:
            # Freagra first and last: whoever calls it finds it there.
            for app, listener in zip(apps, sockets, strict=True):
                await stack.enter_async_context(_serving(app, listener))
            page.start()
            stack.push_async_callback(page.close)
            stack.callback(console.live.close)
            stack.callback(answering.cancel)
            print("The last forty minutes before you come are being played, which takes some seconds.", flush=True)
            await morning.play()
            address = f"{_url(sockets[0])}/"
            print(f"Freagra is alive: open {address} for the secretary's desk, {address}demo for a patient's phone", flush=True)
            print("(Ctrl-C ends it)", flush=True)
            if open_browser:
                await asyncio.to_thread(webbrowser.open, address)
            await stop.wait()
        with contextlib.suppress(asyncio.CancelledError):
            await answering


@contextlib.contextmanager
def _scene(
    sockets: Sequence[socket.socket], speed: float, home: Path
) -> Iterator[tuple[list[Any], Page, Crowd, Console, Morning]]:
    """All parts, wired: the applications of Freagra, gateway and hospital in the order of `sockets`, the visitor's page, the
    patients, the staff console, and what happens before the visitor comes."""
    service_url, gateway_url, hospital_url = map(_url, sockets)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    access = load_or_make_access(home)
    opens = opening(datetime.now(ZONE).date())
    clock, bus = DemoClock(opens - LASTS), LocalBus()
    verify_secret, password = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    signing = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"

    phone_network = SimulatedGateway(
        SimulatorSettings(
            callback_url=f"{service_url}/hooks/{_GATEWAY}/{access.webhook_secret}",
            verify_secret=verify_secret,
            password=password,
            senders=(_SENDER,),
        ),
        _BEHAVIOUR,
        clock=clock,
    )
    crowd = Crowd(phone_network, clock, seed=SEED, speed=speed)
    book = _appointments(clock)
    crowd.played.update(_waiting(book, clock))
    given = cast(book, opens, crowd.played)
    crowd.parts.update({number: deque(part.replies) for number, part in given.parts.items()})
    ipms = SimulatedHospital(
        given.book, secret=signing, api_url=service_url, api_key=access.api_key, clock=clock, rng=Random(SEED)
    )
    gateway = Phonovation(
        PhonovationSettings(
            username="hospital",
            password=password,
            sender=_SENDER,
            webhook_secrets=(access.webhook_secret,),
            verify_secrets=(verify_secret,),
            auth_url=gateway_url,
            api_url=gateway_url,
            segments_per_second=40.0,
        )
    )
    patient_system = RestPatientSystem(RestSettings(base_url=hospital_url, secret=signing), clock)
    database = f"sqlite:///{(home / 'freagra.sqlite3').absolute()}"
    with house(home=home, database_url=database, gateway=gateway, patient_system=patient_system, clock=clock, bus=bus) as built:
        built.publish()
        reader = Reader(built)

        def wake() -> None:
            for topic in (WORK, SEND, WRITE):
                bus.notify(topic)

        def calm() -> bool:
            latest = [text for thread in phone_network.phones.threads.values() for text in thread[-3:]]
            return not ipms.hospital.unpushed and all(text.status not in ("sent", "sending") for text in latest)

        timeline = Timeline(clock, reader, crowd, wake=wake, calm=calm)
        page = Page(
            house=built,
            clock=clock,
            gateway=phone_network,
            gateway_url=gateway_url,
            hospital=ipms.hospital,
            hospital_name=HOSPITAL,
            crowd=crowd,
            timeline=timeline,
            reader=reader,
        )
        console = make_console(
            built,
            arrive=arriving(_secretary(built)),
            links=[("/demo", "Phone and book")],
            secure=False,
            stale_after=timedelta(days=365),  # the clock leaps, which is no fault of the loops
        )
        gateways = {_GATEWAY: gateway}
        service = make_app(built, access=access, gateways=gateways, console=console, extra_routes=page.routes())
        morning = Morning(built, crowd, timeline, opens, given.asks)
        yield [service, phone_network.app, ipms.app], page, crowd, console, morning


def _secretary(built: House) -> Person:
    """The visitor at the desk, who may see all there is to see. Nobody knows the password."""
    hashed, at = people.hash_password(people.new_password(), _PERSON), datetime.now(UTC)

    def job(connection: sa.Connection) -> Person:
        return people.add(
            connection, name=_PERSON, shown=SECRETARY, roles=list(Role), scope=Scope(), password=hashed, one_time=False, at=at
        )

    return built.writer.submit(job).result()


def _appointments(clock: DemoClock) -> list[AppointmentRecord]:
    """A book of the next twelve days, as the hospital entered it an hour ago."""
    today = clock.now().astimezone(ZONE).date()
    entered = clock.now() - timedelta(hours=1)
    book = make_book(Random(SEED), APPOINTMENTS, today + timedelta(days=1), days=12, population=_PEOPLE)
    return [replace(record, changed_at=entered) for record in book]


def _waiting(book: Sequence[AppointmentRecord], clock: DemoClock) -> list[str]:
    """The phones that wait for the visitor: those whose first reminder goes out at once, and rather some that leave
    time for a talk than the very next."""
    soon, late = clock.now() + timedelta(days=4), clock.now() + timedelta(days=9)
    fitting = [
        (record.start < soon, record.start, number_of(record))
        for record in book
        if record.patient.mobile and record.patient.language == "en" and record.start < late
    ]
    return [number for _, _, number in sorted(fitting)[:WAITING]]


class _Server(uvicorn.Server):
    """One of several in a process: signals are the process's affair."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _serving(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    """The application answers on `listener` inside this block."""
    server = _Server(
        uvicorn.Config(app, lifespan="on", log_level="warning", access_log=False, timeout_graceful_shutdown=_STOPPING)
    )
    serving = asyncio.create_task(server.serve([listener]))
    try:
        async with asyncio.timeout(_STARTING):
            while not server.started:
                if serving.done():
                    raise RuntimeError("a server of the demonstration did not start; its log says why")
                await asyncio.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        await serving
