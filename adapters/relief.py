"""The worker's relief: a process beside the service that decides while there is a crowd.

It opens the store to read, decides as the worker does, and hands each part of a batch back over a socket; the service's one
writer commits it and says so. It writes nothing and holds nothing that is not in the store, so that it may be killed at any
moment: what it had not handed over is due as before. Should the service be gone, the socket says so, and it ends.

It is started when there is a crowd and ends when it was not asked for a minute. Meanwhile, and whenever it is not there, the
service decides itself.

What goes over the socket, to the relief: how it begins, then the moment of each step. Back: that it is ready, then of each step
its parts, that these were all, and the step; and in between whatever is to be logged. To each part, and to the end of them, the
service says what became of the part *before*: so one is committed while another lies ready and the third is decided.
"""

from __future__ import annotations

import logging
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from logging.handlers import QueueHandler
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from adapters import tuning
from adapters.logs import Discreet, configure_logging
from conversations.changes import Changes
from conversations.commits import Commits
from conversations.database import Database, open_database
from conversations.leases import EVERYTHING, Holding
from conversations.rulebook import Rulebook
from conversations.vault import Keys, Vault
from conversations.worker import ReliefGone, Step, StoreAway, Worker
from engine.understanding import read

_log = logging.getLogger("freagra.adapters")

_IDLE = 60.0  # seconds after which it counts as not needed any more
_RESPITE = 60.0  # before another is started, where one ended unasked
_PATIENCE = 60.0  # for a part, which takes it a second; then it stands still, and the service goes on without it
_GRACE = 5.0  # for its end
_KEPT = 30.0  # for which it keeps patients' keys in memory


@dataclass(frozen=True, slots=True)
class _Begin:
    url: str
    keys: Keys
    gateway: str
    batch: int
    log_level: int
    idle: float


class _Said(Enum):
    READY = "it takes steps"
    ALL = "these were all parts of the step"


@dataclass(frozen=True, slots=True)
class _Part:
    changes: Changes
    at: int


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a part was not committed. `away`: for what says nothing of the part itself."""

    why: str
    away: bool

    def fault(self) -> Exception:
        return StoreAway(self.why) if self.away else RuntimeError(self.why)


class ReliefProcess:
    """The service's side of it. To be used by one thread at a time; `close` by any."""

    def __init__(
        self,
        database: Database,
        commits: Callable[[Holding], Commits],
        keys: Keys,
        gateway: str,
        batch: int,
        *,
        idle: float = _IDLE,
        patience: float = _PATIENCE,
    ) -> None:
        url = database.url.render_as_string(hide_password=False)
        self._begin = _Begin(url, keys, gateway, batch, logging.getLogger("freagra").getEffectiveLevel(), idle)
        self._commits = commits
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._ready = False
        self._not_before = 0.0

    @property
    def process(self) -> int | None:
        """Its number, None where it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def ready(self) -> bool:
        try:
            if self._connection is None and time.monotonic() >= self._not_before:
                self._start()
            while self._connection is not None and not self._ready and self._connection.poll():
                self._ready = self._hear(self._connection) is _Said.READY
        except (EOFError, OSError):
            self._bury()
        return self._ready

    def step(self, now: datetime) -> Step:
        """Raises ReliefGone, and StoreAway where the store was."""
        assert self._connection is not None, "it is ready"
        try:
            with self._commits(EVERYTHING) as commits:  # whatever happens, what was sent to the writer is waited for
                return self._step(self._connection, commits, now)
        except (EOFError, OSError) as fault:
            self._bury()
            raise ReliefGone("the process that decided beside the service has ended") from fault

    def close(self) -> None:
        """It writes nothing, so it need not be asked."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _step(self, connection: Connection, commits: Commits, now: datetime) -> Step:
        connection.send(now)
        while True:
            match self._hear(connection):
                case _Part(changes, at):
                    connection.send(_refusal(partial(commits.add, changes, at)))
                case _Said.ALL:
                    connection.send(_refusal(commits.settle))
                case Step() as step:
                    return step
                case _Refused() as refused:
                    raise refused.fault()

    def _start(self) -> None:
        self._process = None
        self._connection, theirs = Pipe()
        with theirs:
            command = [sys.executable, "-P", "-c", "from adapters.relief import main; main()", str(theirs.fileno())]
            # In a group of its own, so that Ctrl-C is for the service alone, which then ends it.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], process_group=0
            )
        # Whenever it ends, it leaves nothing behind in the system's list of processes.
        threading.Thread(target=self._process.wait, name="freagra-relief", daemon=True).start()
        self._connection.send(self._begin)

    def _hear(self, connection: Connection) -> object:
        """The next that is for us. What is to be logged is logged on the way."""
        while connection.poll(self._patience):
            said = connection.recv()
            if not isinstance(said, logging.LogRecord):
                return said
            logger = logging.getLogger(said.name)
            if logger.isEnabledFor(said.levelno):
                logger.handle(said)
        raise EOFError

    def _bury(self) -> None:
        """It has ended: because it was not asked for long enough, or of something that may well end the next one too."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._ready = None, False
        if not self._ended_well():
            _log.warning("there is no process that decides beside the service; it is tried again in a minute")
            self._not_before = time.monotonic() + _RESPITE

    def _ended_well(self) -> bool:
        if self._process is None:
            return False
        try:
            return self._process.wait(_GRACE) == 0
        except subprocess.TimeoutExpired:
            self.close()
            return False


def _refusal(act: Callable[[], None]) -> _Refused | None:
    try:
        act()
    except StoreAway as fault:
        return _Refused(str(fault), away=True)
    except Exception as fault:  # noqa: BLE001 - it is for the relief to work the rows of its batch one by one
        return _Refused(type(fault).__name__, away=False)
    return None


# ---- in the relief ---------------------------------------------------------------------------------------------------


class _Service:
    """The service, as the relief speaks with it. What is said to it goes out in order, from a thread: a part is some 2 MB, and
    takes long to be read by a process whose other thread commits. That the service has gone is noticed by listening."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._saying = ThreadPoolExecutor(1, "freagra-saying")

    def say(self, what: object) -> None:
        self._saying.submit(self._connection.send_bytes, pickle.dumps(what, pickle.HIGHEST_PROTOCOL))

    def hear(self) -> Any:
        """Raises EOFError and OSError where the service has gone."""
        return self._connection.recv()

    def calls(self, within: float) -> bool:
        """Whether it says something within so many seconds."""
        return self._connection.poll(within)

    def __enter__(self) -> _Service:
        return self

    def __exit__(self, *_: object) -> None:
        """All that was said has gone out, if there is someone to hear it."""
        self._saying.shutdown()
        self._connection.close()


class _HandedOver:
    """The commits of a batch that the service makes for the relief."""

    def __init__(self, service: _Service) -> None:
        self._service = service
        self._asked = False
        self._refused = False

    def add(self, part: Changes, at: int) -> None:
        self._hear()
        self._ask(_Part(part, at))

    def _ask(self, what: object) -> None:
        self._service.say(what)
        self._asked = True

    def _hear(self) -> None:
        """What the service says to what it was told last."""
        if not self._asked:
            return
        self._asked = False
        refused = self._service.hear()
        if refused is not None:
            self._refused = True
            raise refused.fault()

    def __enter__(self) -> _HandedOver:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._refused:
            self._hear()
            self._ask(_Said.ALL)
            self._hear()


class _Telling(QueueHandler):
    """Has what is logged here logged by the service."""

    def __init__(self, service: _Service) -> None:
        super().__init__(service)  # type: ignore[arg-type]  # all that is asked of it is in `enqueue`
        self._service = service
        self.setFormatter(Discreet("%(message)s"))

    def enqueue(self, record: logging.LogRecord) -> None:
        self._service.say(record)


def main() -> None:
    # systemd tells all processes of a service to stop; the service ends this one, or the socket says that it has gone.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with _Service(Connection(int(sys.argv[1]))) as service:
        try:
            _relieve(service)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
        except Exception as fault:  # noqa: BLE001 - its words may quote what a patient wrote, and Python would print them
            _log.error("the process that decides beside the service ends: %s", type(fault).__name__, exc_info=fault)
            sys.exit(1)


def _relieve(service: _Service) -> None:
    tuning.begin()
    begin: _Begin = service.hear()
    configure_logging(logging.getLevelName(begin.log_level))
    logging.getLogger().handlers = [_Telling(service)]
    rulebook = Rulebook()
    with open_database(begin.url, read_only=True) as database:
        vault = Vault(begin.keys)
        # The service's own batches before it were the small ones.
        worker = Worker(
            database, lambda _: _HandedOver(service), vault, rulebook, begin.gateway, batch=begin.batch, first=begin.batch
        )
        _read_rules(database, rulebook)
        for ruleset in rulebook.in_force():
            read(ruleset, "")  # makes its phrasebooks, which takes longer than a batch
        tuning.settle()
        service.say(_Said.READY)
        kept_since = time.monotonic()
        while service.calls(begin.idle):
            now = service.hear()
            if time.monotonic() - kept_since > _KEPT:
                vault.forget()  # the service may have destroyed one
                kept_since = time.monotonic()
            _read_rules(database, rulebook)  # the console may have published others since
            try:
                service.say(worker.step(now))
            except StoreAway as fault:
                service.say(_Refused(str(fault), away=True))


def _read_rules(database: Database, rulebook: Rulebook) -> None:
    with database.reader() as connection:
        rulebook.refresh(connection)
