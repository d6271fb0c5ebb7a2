"""The processes that `test_cluster.py` kills: web, worker or sender of one house on PostgreSQL and Redis.

Run as: cluster_server.py HOME LISTENER_FD CLOCK_OFFSET_SECONDS DATABASE_URL REDIS_URL. For each role on a line of standard
input it forks a process of that role and writes the process's id on standard output, as `kill_server.py` does.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
import uvicorn

from adapters.bootstrap import house
from adapters.logs import configure_logging
from adapters.serve import ROLES
from adapters.web.app import make_app
from conversations.database import DatabaseUnfit
from conversations.writer import StoreAway
from tests.trials.kill_server import ACCESS, GATEWAY, BookPatientSystem, OffsetClock, PostGateway, prepare_rules

LEASE = timedelta(seconds=3)


def serve(role: str, home: Path, listener: socket.socket, clock: OffsetClock, database_url: str, redis_url: str) -> None:
    gateway = PostGateway(home)
    with house(
        home=home,
        database_url=database_url,
        redis_url=redis_url,
        shared=True,
        duties=ROLES[role],
        lease=LEASE,
        gateway=gateway,
        patient_system=BookPatientSystem(home),
        clock=clock,
    ) as held:
        app = make_app(held, access=ACCESS, gateways={GATEWAY: gateway}, answers=role == "web")
        config = uvicorn.Config(app, port=0, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=5)
        uvicorn.Server(config).run(sockets=[listener] if role == "web" else None)


def main() -> None:
    home, listener = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    clock = OffsetClock(timedelta(seconds=float(sys.argv[3])))
    configure_logging("INFO")
    prepare_rules()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            while True:  # as systemd would start it again where the database is not there yet
                try:
                    serve(line.strip(), home, listener, clock, sys.argv[4], sys.argv[5])
                    os._exit(0)
                except (DatabaseUnfit, StoreAway, sa.exc.OperationalError):
                    time.sleep(0.2)
        print(child, flush=True)


if __name__ == "__main__":
    main()
