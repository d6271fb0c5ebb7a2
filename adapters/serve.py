"""`freagra serve`: the house of the configuration behind a web server, until it is told to stop.

SIGTERM and Ctrl-C end it in order: no new connections, requests under way are answered, the loops finish what they have
begun, the store is closed. Whatever had been acknowledged is on disk at any moment, so that killing it loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from adapters.bootstrap import House
from adapters.config import Config, ConfigError, access_of
from adapters.configured import address_waiting_texts, configured_house
from adapters.gateways.none import NO_GATEWAY, NoGateway
from adapters.supervised import keep_telling, tell
from adapters.tuning import settle
from adapters.web.app import make_app
from adapters.web.console.rendering import NotBuilt
from adapters.web.console.routes import make_console
from conversations import people
from conversations.service import EVERY_DUTY, Duty

_log = logging.getLogger("freagra.adapters")

_GRACE = 10  # seconds that requests under way have when the service is told to stop
_CONNECTIONS = 1000  # beyond these, and the bodies they may hold in memory, callers are told to come back


# What a process may be told to be, and what it does beside answering its health page. Callers are answered by web and all.
ROLES = {
    "all": EVERY_DUTY,
    "web": frozenset[Duty](),
    "worker": frozenset({Duty.WORK}),
    "sender": frozenset({Duty.SEND}),
}
_ANSWERING = ("all", "web")


def serve(config: Config, role: str = "all") -> int:
    """Run until told to stop; the exit code. Raises ConfigError, RulesBroken, and what opening the store raises."""
    if role != "all" and not config.shared:
        raise ConfigError(f"--role {role} is for several processes on PostgreSQL; on SQLite one does everything (--role all)")
    first_start = not config.key_file.exists()
    listener = _listen(config)
    with listener, configured_house(config, ROLES[role]) as house:
        address_waiting_texts(house)
        access = access_of(config)
        try:
            console = make_console(house, lasting=config.sessions, costs=config.costs)
        except NotBuilt as fault:
            raise ConfigError(str(fault)) from fault
        answers = role in _ANSWERING
        app = make_app(
            house,
            access=access,
            gateways={house.gateway.name: house.gateway},
            console=console if answers else None,
            metrics_token=config.metrics_token,
            answers=answers,
        )
        if Duty.WORK in ROLES[role]:
            house.worker.make_ready()
        settle()
        server = _Server(_settings(app, config), _greeting(config, house, listener, first_start, role), console.live.close)
        server.run_until_told(listener)
        _log.info("the service has stopped")
        return 0 if server.started else 1


def _listen(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # Named as TCP, or asyncio would not switch off the delay of small answers.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
    except OSError as fault:
        listener.close()
        raise ConfigError(f"cannot listen on {config.host} port {config.port}: {fault.strerror}") from fault
    return listener


def _settings(app: Any, config: Config) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,  # configure_logging has done it
        access_log=False,  # a log of addresses would hold the secrets in webhook paths
        server_header=False,
        forwarded_allow_ips=list(config.proxies),
        lifespan="on",
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE,
        ws="none",
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, greeting: str, close_pages: Callable[[], None]) -> None:
        super().__init__(config)
        self._greeting = greeting
        self._close_pages = close_pages

    def run_until_told(self, listener: socket.socket) -> None:
        # Once it has stopped, uvicorn raises the signal again for whoever was there before it: that is us, and we know.
        before = {each: signal.signal(each, self._told) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            self.run(sockets=[listener])
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _told(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  the shape of a handler
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(_forgotten)
        await super().startup(sockets)
        self._telling = asyncio.ensure_future(keep_telling())
        tell("READY=1")
        print(self._greeting, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        tell("STOPPING=1")
        self._close_pages()  # their streams would be waited for
        await super().shutdown(sockets)
        self._telling.cancel()


def _greeting(config: Config, house: House, listener: socket.socket, first_start: bool, role: str) -> str:
    port = listener.getsockname()[1]
    host = f"[{config.host}]" if ":" in config.host else config.host
    if role not in _ANSWERING:
        return f"Freagra's {role} runs (stop it with Ctrl-C); how it is says http://{host}:{port}/readyz"
    lines = [f"Freagra is at http://{host}:{port} (stop it with Ctrl-C)"]
    rules = ", ".join(ruleset.name for ruleset in house.rulebook.in_force())
    lines.append(f"  rules in force: {rules or 'none'}")
    if house.gateway.name == NoGateway.name:
        lines.append(f"  {NO_GATEWAY}: texts wait until there is one")
    else:
        public = config.public_url or "https://YOUR-ADDRESS"
        lines.append(f"  webhooks of {house.gateway.name}: {public}/hooks/{house.gateway.name}/SECRET/KIND")
        lines.append(f"    SECRET is webhook_secret in {config.access_file}")
    lines.append(f"  API for the iPMS: /api/v1 (its key is api_key in {config.access_file})")
    if first_start:
        lines += [
            "",
            f"New keys were made: {config.key_file}",
            "Back this file up now, apart from the database. Without it nobody can read what is stored;",
            "whoever has it and the database can read everything.",
        ]
    with house.database.reader() as connection:
        if not people.everyone(connection):
            # Beside a service on PostgreSQL other programs may write; a SQLite file is the service's alone.
            add = "`freagra people add NAME --role administrator`"
            alone = house.database.path is not None
            lines.append(f"  nobody can sign in to the console yet: {f'stop, {add}, start' if alone else add}")
    return "\n".join(lines)


def _forgotten(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:  # noqa: ARG001  asyncio's shape
    """asyncio's own report shows the exception in full."""
    error = context.get("exception")
    _log.error("the event loop reports: %s", context.get("message", ""), exc_info=error)
