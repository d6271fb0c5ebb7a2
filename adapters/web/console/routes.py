"""The console as routes of the web application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.bootstrap import House
from adapters.config import Costs
from adapters.local import SystemClock
from adapters.web.console.cookies import Cookies
from adapters.web.console.door import error_page, guarded, session_of
from adapters.web.console.live import Live
from adapters.web.console.pages import BAR, PAGES
from adapters.web.console.rendering import Assets, Templates
from adapters.web.console.sign_in import home
from adapters.web.console.visit import Console, Page, Visit
from adapters.web.health import STALE_AFTER, Health
from conversations.people import Person, Right
from conversations.ports import Clock
from conversations.sessions import Lasting
from conversations.writer import StoreAway


def make_console(
    house: House,
    *,
    clock: Clock | None = None,
    lasting: Lasting | None = None,
    arrive: Callable[[Request], Awaitable[Person | None]] | None = None,
    links: Sequence[tuple[str, str]] = (),
    secure: bool = True,
    stale_after: timedelta = STALE_AFTER,
    costs: Costs | None = None,
) -> Console:
    """`Console`, `Cookies` and `Health` say what is what. Raises NotBuilt."""
    return Console(
        house,
        Templates(Assets(), house.clock),
        Live(house.database, house.bus, house.clock),
        Health(house, stale_after),
        clock or SystemClock(),
        lasting or Lasting(),
        Cookies(secure),
        costs or Costs(),
        arrive,
        links,
        BAR,
    )


def console_routes(console: Console) -> list[Route]:
    return [console.templates.assets.route(), *(guarded(console, page) for page in PAGES)]


@asynccontextmanager
async def running(console: Console) -> AsyncIterator[None]:
    """Live pages are told of changes inside this block."""
    telling = asyncio.create_task(console.live.run())
    try:
        yield
    finally:
        console.live.close()
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def fault_page(console: Console, request: Request, status: int, message: str) -> Response:
    """For what has no page of its own: an unknown address, a fault of ours."""
    try:
        session = await session_of(console, request)
    except StoreAway:
        session = None
    return error_page(Visit(console, request, _NOWHERE, session), status, message)


_NOWHERE = Page("GET", "", Right.ANYONE, home)
