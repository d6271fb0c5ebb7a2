"""The console as staff meet it: a house with patients in it, served on a real port, and people who come to it, with a browser
or without."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn

from adapters.config import Access
from adapters.local import VirtualClock
from adapters.web.app import make_app
from adapters.web.console.cookies import SESSION, Cookies
from adapters.web.console.routes import make_console
from conversations import people
from conversations.people import Person, Role, Scope
from tests.conversations.clinic import MONDAY, Clinic, open_clinic

T = TypeVar("T")

PASSWORD = "forty escalations before nine"
METRICS_TOKEN = "m" * 32
_PATIENCE = 20.0  # seconds
ACCESS = Access(api_key="k" * 32, webhook_secret="s" * 32)


@cache
def _hashed() -> str:
    return people.hash_password(PASSWORD, "nobody")


class Office:
    """`do` lets the clinic behind the console do something, in the thread that is its own. `wall` is the clock of sessions."""

    def __init__(self, clinic: Clinic, thread: ThreadPoolExecutor, url: str, wall: VirtualClock) -> None:
        self._clinic = clinic
        self._thread = thread
        self.url = url
        self.wall = wall

    def do(self, act: Callable[[Clinic], T]) -> T:
        """While the console is served the house's own loops work what `hear` and the like take in: `settle` is not for then."""
        return self._thread.submit(act, self._clinic).result()

    def eventually(self, holds: Callable[[Clinic], bool]) -> None:
        """Wait until the house's loops have brought it to that."""
        end = time.monotonic() + _PATIENCE
        while not self.do(holds):
            assert time.monotonic() < end, "it never came to that"
            time.sleep(0.05)

    def employ(self, name: str, *roles: Role, clinics: set[str] | None = None, one_time: bool = False) -> Person:
        """Someone who signs in with PASSWORD."""

        def add(clinic: Clinic) -> Person:
            def job(connection: Any) -> Person:
                return people.add(
                    connection, name=name, shown=name.capitalize(), roles=roles or (Role.SECRETARY,), password=_hashed(),
                    scope=Scope(None if clinics is None else frozenset(clinics)), one_time=one_time, at=self.wall.now(),
                )  # fmt: skip

            return clinic.house.writer.submit(job).result()

        return self.do(add)

    def visitor(self) -> Visitor:
        return Visitor(self.url)

    @contextmanager
    def another(self) -> Iterator[Visitor]:
        """A visitor of a second web process on the same store."""
        with _served(self._clinic, self.wall) as url:
            yield Visitor(url)

    def signed_in(self, name: str) -> Visitor:
        visitor = self.visitor()
        answer = visitor.sign_in(name)
        assert answer.status_code == 303, answer.text
        return visitor


class Visitor:
    """Someone with a browser that runs no script: it keeps cookies, says where it comes from, and sends a form's hidden fields
    back with it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=20, limits=limits)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._keep(self._client.get(path, headers=self._headers(headers)))

    def post(self, path: str, form: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
        """`form` may hold lists; csrf is added unless it is in there. A header that is "" is left out."""
        sent = {"csrf": self.csrf, **(form or {})}
        given = self._headers({"origin": self.url, "sec-fetch-site": "same-origin", **headers})
        return self._keep(self._client.post(path, data=sent, headers=given))

    @contextmanager
    def listen(self, path: str = "/live") -> Iterator[Iterator[tuple[str, str]]]:
        """The events of a live page, as they come: name and data."""
        with self._client.stream("GET", path, headers=self._headers({"accept": "text/event-stream"})) as answer:
            assert answer.status_code == 200
            yield _events(answer.iter_lines())

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        answer = self.post("/sign-in", {"name": name, "password": password, "to": "/"})
        if answer.status_code == 303:
            self.get("/password")
        return answer

    @property
    def token(self) -> str:
        return self.cookies.get(Cookies().name(SESSION), "")

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said = {name.replace("_", "-"): value for name, value in headers.items() if value}
        return {**({"cookie": cookie} if cookie else {}), **said}

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        for each in answer.headers.get_list("set-cookie"):
            name, _, value = each.partition(";")[0].partition("=")
            if "max-age=0" in each.lower() or value in ("", '""'):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        if found := re.search(r'name="csrf" value="([0-9a-f]+)"', answer.text):
            self.csrf = found[1]
        return answer


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    name, data = "", []
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        elif not line and name:
            yield name, "\n".join(data)
            name, data = "", []


def plain(html: str) -> str:
    """The words of a page."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


@contextmanager
def open_office(home: Path, seed: Callable[[Clinic], None] = lambda _: None) -> Iterator[Office]:
    """`seed` runs before the console is served."""
    wall = VirtualClock(MONDAY)
    thread = ThreadPoolExecutor(1, thread_name_prefix="clinic")
    opened = open_clinic(home)
    clinic = thread.submit(opened.__enter__).result()
    try:
        thread.submit(seed, clinic).result()
        with _served(clinic, wall) as url:
            yield Office(clinic, thread, url, wall)
    finally:
        thread.submit(opened.__exit__, None, None, None).result()
        thread.shutdown()


@contextmanager
def _served(clinic: Clinic, wall: VirtualClock) -> Iterator[str]:
    console = make_console(clinic.house, clock=wall, stale_after=timedelta(days=1))
    app = make_app(clinic.house, access=ACCESS, gateways={}, console=console, metrics_token=METRICS_TOKEN)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        console.live.close()
        server.should_exit = True
        thread.join()
        listener.close()
