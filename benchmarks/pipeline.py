"""(A) a bare Starlette endpoint, (B) our inbound webhook to durable acknowledgement, (C) replies fully processed.

A and B are asked by `wrk` (Debian package wrk) over 64 kept connections, one after the other under the same uvicorn, one
process each. C works off an inbox of replies: read, decided, transcript and outbox committed.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from adapters.gateways.simulator.webhooks import inbound
from adapters.tuning import settle
from benchmarks.parts import Rate, appointments, fresh_house, take_all, work_off
from benchmarks.replying import REPLIES
from conversations import schema
from conversations.ports import InboundReceipt, InboundReply
from engine.events import TextStatus

SECRET = "a-path-secret-of-the-benchmark"
VERIFY = "a-verify-secret"
_SECONDS = 5
_BODIES = 200_000


def _bodies(path: Path) -> None:
    """Webhook bodies, all different, one a line."""
    rng = Random(1)
    with path.open("wb") as file:
        for n in range(_BODIES):
            body = inbound(
                f"35387{n:07}", rng.choice(REPLIES), to="353879999999", at=datetime.now(UTC), secret=VERIFY
            )
            file.write(body + b"\n")


_SCRIPT = """
local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local n = 0
local headers = {["Content-Type"] = "application/x-www-form-urlencoded"}
request = function()
  n = n %% #bodies + 1
  return wrk.format("POST", "%s", headers, bodies[n])
end
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ask(kind: str, path: str, bodies: Path) -> float:
    """Answers of 200 a second, from a server of its own."""
    port = _free_port()
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.server", kind, str(port)])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        script = bodies.with_suffix(f".{kind}.lua")
        script.write_text(_SCRIPT % (bodies, path))
        command = ["wrk", "-t1", "-c64", f"-d{_SECONDS}s", "-s", str(script), f"http://127.0.0.1:{port}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if refused:
        raise SystemExit(f"{kind}: {refused[1]} requests were not answered 200")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None:
        raise SystemExit(f"wrk said nothing of a rate:\n{said}")
    return float(rate[1])


async def _processed(count: int) -> float:
    with fresh_house() as (held, clock):
        records = [record for record in appointments(count) if record.patient.mobile]
        await take_all(held, records)
        work_off(held, clock.now())
        with held.database.reader() as connection:
            keys = connection.execute(schema.texts.select()).scalars().all()
        await held.intake.take_inbound("virtual", [InboundReceipt(key, TextStatus.ACCEPTED) for key in keys])
        work_off(held, clock.now())
        clock.move(timedelta(hours=1))
        rng = Random(2)
        replies = [
            InboundReply(record.patient.mobile or "", "+353879999999", rng.choice(REPLIES), clock.now(), str(number))
            for number, record in enumerate(records)
        ]
        await held.intake.take_inbound("virtual", replies)
        settle()  # what the benchmark itself holds is not the service's to look through
        start = time.perf_counter()
        worked = await asyncio.to_thread(work_off, held, clock.now())
        return worked / (time.perf_counter() - start)


def run(runs: int = 3) -> None:
    if shutil.which("wrk") is None:
        print("(A) (B) left out: wrk is not installed (Debian package wrk)")
        return
    with tempfile.TemporaryDirectory(prefix="freagra-bench-") as folder:
        bodies = Path(folder) / "bodies"
        _bodies(bodies)
        bare, durable, processed = [], [], []
        for _ in range(runs):
            bare.append(_ask("bare", "/", bodies))
            durable.append(_ask("hooks", f"/hooks/phonovation/{SECRET}/inbound", bodies))
            processed.append(asyncio.run(_processed(12_000)))
    a, b, c = Rate(tuple(bare)), Rate(tuple(durable)), Rate(tuple(processed))
    print(f"(A) bare Starlette POST              {a}")
    print(f"(B) webhook to durable acknowledgement {b}   B/A {b.median / a.median:.2f}  (goal 0.35)")
    print(f"(C) replies fully processed          {c}   C/A {c.median / a.median:.2f}  (goal 0.15)\n")
