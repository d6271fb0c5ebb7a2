"""The web application of a service: webhooks, the API and the health page, with the house's loops running behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from adapters.bootstrap import House
from adapters.config import Access
from adapters.web.api import ApiSettings, api, key_digest
from adapters.web.console.routes import console_routes, fault_page, running
from adapters.web.console.visit import Console
from adapters.web.headers import SecurityHeaders
from adapters.web.health import Health, health_routes
from adapters.web.hooks import hook_routes, refusal
from adapters.web.lookup import appointment_lookup
from adapters.web.metrics import metrics_route
from conversations.ports import Gateway


def make_app(
    house: House,
    *,
    access: Access,
    gateways: Mapping[str, Gateway],
    console: Console | None = None,
    metrics_token: str = "",
    extra_routes: Sequence[BaseRoute] = (),
    answers: bool = True,
) -> Starlette:
    """The application. Its lifespan starts the loops of the house and, at the end, lets them finish what they have begun and
    closes gateways and iPMS. `console`: the pages for staff. `gateways` are those whose webhooks are taken, by the name in
    their path; `metrics_token` opens /metrics to other machines. A process that `answers` nobody tells how it is, and no
    more."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        house.service.start()
        try:
            async with AsyncExitStack() as stack:
                if console is not None:
                    await stack.enter_async_context(running(console))
                yield
        finally:
            await house.service.stop()
            for gateway in gateways.values():
                await gateway.close()
            await house.patient_system.close()

    health = Health(house) if console is None else console.health
    settings = ApiSettings(key_digests=(key_digest(access.api_key),))
    appointments = api(house.intake.take_appointments, appointment_lookup(house.database), settings, house.clock)
    app = Starlette(
        lifespan=lifespan,
        routes=[
            *health_routes(house, health),
            metrics_route(house, health, metrics_token),
            *([*hook_routes(gateways, house.intake, house.clock), appointments] if answers else []),
            *([] if console is None else console_routes(console)),
            *extra_routes,
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: partial(_http_fault, console), Exception: partial(_our_fault, console)},
    )
    app.router.redirect_slashes = False
    return app


# Read by programs; all else is read by people.
_FOR_PROGRAMS = ("/hooks/", "/api/", "/healthz", "/readyz", "/metrics")
_WORDS = {404: ("not_found", "there is nothing at this address"), 405: ("wrong_method", "not with this method")}


async def _http_fault(console: Console | None, request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = _WORDS.get(error.status_code, ("refused", error.detail))
    answer = await _told(console, request, error.status_code, code, message)
    answer.headers.update(error.headers or {})
    return answer


async def _our_fault(console: Console | None, request: Request, error: Exception) -> Response:  # noqa: ARG001
    return await _told(console, request, 500, "fault", "something went wrong on our side; it has been logged")


async def _told(console: Console | None, request: Request, status: int, code: str, message: str) -> Response:
    if console is None or request.url.path.startswith(_FOR_PROGRAMS):
        return refusal(status, code, message)
    return await fault_page(console, request, status, f"{message[0].upper()}{message[1:]}.")
