"""A page of the console as it is declared, and one visit to it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from adapters.bootstrap import House
from adapters.config import Costs
from adapters.web.console.cookies import NOTICE, Cookies
from adapters.web.console.live import Live
from adapters.web.console.rendering import Templates
from adapters.web.health import Health
from conversations import audit
from conversations.audit import Act, Did
from conversations.people import Person, Right, Scope
from conversations.ports import Clock
from conversations.service import CHANGED
from conversations.sessions import Lasting, Session

P = ParamSpec("P")
T = TypeVar("T")

LARGEST_FORM = 64 * 1024

_LOOK_AGAIN = 300.0  # seconds in which the same session's looks at the same record are one look: live pages read it again
_LOOKS_KEPT = 10_000


class Declined(Exception):
    """What was asked cannot be done; the message says why and what to do instead, and holds nothing of a patient."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class NotHere(Declined):
    """There is no such record, or none that this person may see: the two are not told apart."""

    def __init__(self, message: str = "There is nothing here that you can see.") -> None:
        super().__init__(404, message)


@dataclass(slots=True)
class Console:
    """What all visits share. `clock` is real time, by which sessions go; the house's may be a demonstration's. `arrive`: who a
    visitor without a session is, where nobody has to sign in, nor to give a password later. `links`: further places in the bar
    on top, (address, words). `hashing`: passwords are hashed a few at a time, since each takes a core and 32 MiB."""

    house: House
    templates: Templates
    live: Live
    health: Health
    clock: Clock
    lasting: Lasting = field(default_factory=Lasting)
    cookies: Cookies = field(default_factory=Cookies)
    costs: Costs = field(default_factory=Costs)
    arrive: Callable[[Request], Awaitable[Person | None]] | None = None
    links: Sequence[tuple[str, str]] = ()
    bar: Sequence[Page] = ()  # the pages that stand in the bar on top
    looks: OrderedDict[tuple[str, str], float] = field(default_factory=OrderedDict)
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))


@dataclass(frozen=True, slots=True)
class Visit:
    """One request by one person. Handlers get it and answer with what its methods make."""

    console: Console
    request: Request
    page_asked: Page
    session: Session | None
    form: Mapping[str, str] = field(default_factory=dict)  # of a POST, already checked to come from our own page
    choices: Sequence[tuple[str, str]] = ()  # the same, every field of it, for those that come several times

    @property
    def house(self) -> House:
        return self.console.house

    @property
    def person(self) -> Person:
        assert self.session is not None, "a page that anyone may see has no person"
        return self.session.person

    @property
    def scope(self) -> Scope:
        """The clinics whose patients this person may see: every query for patients' data carries `scope.where(column)`."""
        return self.person.scope

    def may(self, right: Right) -> bool:
        return self.session is not None and self.person.may(right)

    @property
    def now(self) -> datetime:
        """By the clock that conversations go by."""
        return self.house.clock.now()

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def path(self) -> Mapping[str, str]:
        """What stands in the path in place of {names}."""
        return self.request.path_params

    @property
    def wants_part(self) -> bool:
        """htmx asks for a part of the page and not for all of it."""
        return self.request.headers.get("hx-request") == "true" and self.request.headers.get("hx-boosted") != "true"

    # ---- the store ---------------------------------------------------------------------------------------------------

    async def read(self, query: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **more: P.kwargs) -> T:
        """What `query` finds, on a connection that cannot write, in a thread of its own."""

        def run() -> T:
            with self.house.database.reader() as connection:
                return query(connection, *args, **more)

        return await asyncio.to_thread(run)

    async def write(self, job: Callable[[sa.Connection], T]) -> T:
        """Run a job of the store's one writer; done when it is on the disk. Live pages hear of it. Raises StoreAway."""
        result = await self.house.writer.run(job)
        self.house.bus.notify(CHANGED)
        return result

    async def looked(self, record: str, *, patient: str = "", clinic: str = "") -> None:
        """Note that this person saw a record ("conversation:ID"), before it is shown."""
        assert self.session is not None
        key, at = (self.session.id, record), time.monotonic()
        looks = self.console.looks
        if at - looks.get(key, -_LOOK_AGAIN) < _LOOK_AGAIN:
            return
        await self.note(Act(Did.LOOKED, self.page_asked.name, record, patient, clinic))
        looks[key] = at
        looks.move_to_end(key)
        while len(looks) > _LOOKS_KEPT:
            looks.popitem(last=False)

    async def note(self, act: Act) -> None:
        """Put something into the audit: a search, an export, a change of someone's rights."""
        person = None if self.session is None else self.person
        vault, at = self.house.vault, self.now
        await self.house.writer.run(lambda connection: audit.note(connection, vault, person, act, at))

    # ---- answers -----------------------------------------------------------------------------------------------------

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A template of `templates/`, with `visit` and `values` in it. For parts of a page as well: name the part's own."""
        notice = self.console.cookies.read(self.request, NOTICE)
        html = self.console.templates.render(template, visit=self, notice=notice, **values)
        answer = HTMLResponse(html, status)
        if notice and not self.wants_part:
            self.console.cookies.drop(answer, NOTICE)
        return answer

    def to(self, address: str, notice: str = "") -> Response:
        """After an act: go to this page of ours. `notice` is shown there once and must hold nothing of a patient."""
        answer = RedirectResponse(address, 303)
        if notice:
            self.console.cookies.put(answer, NOTICE, quote(notice))
        return answer

    @property
    def csrf(self) -> str:
        return "" if self.session is None else self.session.csrf

    @property
    def bar(self) -> list[Page]:
        return [page for page in self.console.bar if self.may(page.right)]


Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A route of the console. `right` is what it asks of a person, without exception. `bar`: its words in the bar on top, ""
    where it does not stand there. `proven`: the password must have been given within the last minutes. `largest`: bytes of a
    form. `by_itself`: browsers ask for it on their own, so it keeps no session alive."""

    method: str
    path: str
    right: Right
    handle: Handler
    bar: str = ""
    proven: bool = False
    largest: int = LARGEST_FORM
    by_itself: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"
