"""The server that `test_kill.py` kills.

Run as: kill_server.py HOME LISTENER_FD CLOCK_OFFSET_SECONDS. It gets everything ready to run and opens nothing; for each
line on standard input it forks a server, a process of its own that opens the store and serves until it is killed, and
writes that process's id on standard output. Forking saves the seconds that importing and preparing the rules take, fifty
times over.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import uvicorn

from adapters.bootstrap import house
from adapters.config import Access
from adapters.logs import configure_logging
from adapters.web.app import make_app
from conversations.ports import (
    AppointmentRecord,
    AppointmentWrite,
    Inbound,
    InboundReceipt,
    InboundReply,
    MessageRecord,
    OutboundText,
    SendResult,
    SendStatus,
    WebhookRefused,
    WebhookRequest,
    WriteResult,
    WriteStatus,
)
from conversations.rulesets import load_file
from engine.events import TextStatus
from engine.understanding import make_ready
from tests.conversations.clinic import RULES

ACCESS = Access(api_key="an-api-key-for-the-kill-test", webhook_secret="a-webhook-secret")
GATEWAY = "post"


class OffsetClock:
    def __init__(self, offset: timedelta) -> None:
        self._offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset


class Ledger:
    """A file that outlives the process: one line for each thing that left it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, **line: object) -> None:
        os.write(self._file, orjson.dumps(line) + b"\n")


class PostGateway:
    name = GATEWAY
    segments_per_second = 10_000.0

    def __init__(self, home: Path) -> None:
        self._sent = Ledger(home / "sent.jsonl")

    async def send(self, text: OutboundText) -> SendResult:
        self._sent.write(key=text.key, to=text.to)
        return SendResult(SendStatus.ACCEPTED)

    def read_webhook(self, request: WebhookRequest) -> Sequence[Inbound]:
        said = orjson.loads(request.body)
        match request.kind:
            case "inbound":
                at = datetime.fromisoformat(said["at"])
                return [InboundReply(said["from"], "+353870000000", said["text"], at, said["id"])]
            case "receipt":
                return [InboundReceipt(said["key"], TextStatus.DELIVERED, external_id=said["key"])]
        raise WebhookRefused(404, "not_found", "there is no such webhook")

    def sender(self, clinic: str) -> str:  # noqa: ARG002  the port's shape
        return "HOSPITAL"

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        return None


class BookPatientSystem:
    name = "book"

    def __init__(self, home: Path) -> None:
        self._written = Ledger(home / "written.jsonl")

    async def read(self, appointment: str) -> AppointmentRecord | None:  # noqa: ARG002  the port's shape
        return None

    async def write(self, write: AppointmentWrite) -> WriteResult:
        self._written.write(key=write.key, action=write.action, appointment=write.appointment)
        return WriteResult(WriteStatus.DONE)

    async def record(self, message: MessageRecord) -> WriteResult:  # noqa: ARG002
        return WriteResult(WriteStatus.DONE)

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        return None


def serve(home: Path, listener: socket.socket, clock: OffsetClock) -> None:
    gateway = PostGateway(home)
    with house(
        home=home,
        database_url=f"sqlite:///{home}/freagra.sqlite3",
        gateway=gateway,
        patient_system=BookPatientSystem(home),
        clock=clock,
        relief=True,
    ) as held:
        app = make_app(held, access=ACCESS, gateways={GATEWAY: gateway})
        config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=5)
        uvicorn.Server(config).run(sockets=[listener])


def prepare_rules() -> None:
    """What reading replies needs, for all that are forked."""
    loaded = load_file(RULES)
    assert loaded.ruleset is not None
    make_ready(loaded.ruleset)


def main() -> None:
    home, listener = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    clock = OffsetClock(timedelta(seconds=float(sys.argv[3])))
    configure_logging("INFO")
    prepare_rules()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed leave nothing behind
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve(home, listener, clock)
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
