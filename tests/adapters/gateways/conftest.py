"""What the gateway tests share: servers on loopback, and a transport that goes nowhere else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette


class LoopbackOnly(httpx.AsyncHTTPTransport):
    """Real HTTP, to this machine only."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        try:
            near = ip_address(host).is_loopback
        except ValueError:
            near = host == "localhost"
        assert near, f"a test reached out to {host}"
        return await super().handle_async_request(request)


@pytest.fixture
def serve() -> Iterator[Callable[[Starlette], str]]:
    """Runs an application under uvicorn on a free port of loopback until the test is over; its address comes back."""
    running: list[tuple[uvicorn.Server, threading.Thread, socket.socket]] = []

    def start(app: Starlette) -> str:
        # With the protocol named, asyncio turns Nagle's algorithm off, which would cost 40 ms an answer.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)  # from here on connections wait until the server takes them
        config = uvicorn.Config(
            app, log_config=None, access_log=False, ws="none", loop="asyncio", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread, listener))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, _, _ in running:
        server.should_exit = True
    for _, thread, listener in running:
        thread.join(20)
        listener.close()
        assert not thread.is_alive()


@pytest.fixture
def loopback_only() -> Callable[[], httpx.AsyncBaseTransport]:
    return LoopbackOnly
