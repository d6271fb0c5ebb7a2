"""What the benchmarks share: a house on a fresh store, a shipped ruleset, made-up appointments, and how figures are told."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from adapters.bootstrap import House, house
from adapters.gateways.simulator.virtual import VirtualGateway
from adapters.ipms.none import NoPatientSystem
from adapters.ipms.simulator.book import make_book
from adapters.local import VirtualClock
from conversations.ports import AppointmentRecord
from conversations.rulesets import load_file
from engine.ruleset import Ruleset

REMINDER = Path(__file__).parent.parent / "rules" / "appointment-reminder.yaml"
# Whether a process beside the service decides, as it does by default on two cores.
RELIEVED = "FREAGRA_BENCH_ALONE" not in os.environ
# A Monday morning in sending hours.
MORNING = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rate:
    """Runs of one measurement, in events per second."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    def __str__(self) -> str:
        return f"{self.median:>10,.0f}/s  ({min(self.runs):,.0f} to {max(self.runs):,.0f})"


def reminder() -> Ruleset:
    loaded = load_file(REMINDER)
    if loaded.ruleset is None:
        raise SystemExit("\n".join(problem.render() for problem in loaded.problems))
    return loaded.ruleset


@contextmanager
def fresh_house(batch: int = 4096) -> Iterator[tuple[House, VirtualClock]]:
    clock = VirtualClock(MORNING)
    with (
        tempfile.TemporaryDirectory(prefix="freagra-bench-") as folder,
        house(
            home=Path(folder),
            database_url=f"sqlite:///{folder}/freagra.sqlite3",
            gateway=VirtualGateway(clock),
            patient_system=NoPatientSystem(),
            clock=clock,
            batch=batch,
            relief=RELIEVED,
        ) as held,
    ):
        held.publish([REMINDER])
        while held.relief is not None and not held.relief.ready():
            time.sleep(0.05)  # under load it is there from the second or third batch on
        yield held, clock


def beside(held: House) -> int | None:
    """The process that decides beside the service, None where there is none."""
    return held.relief.process if held.relief is not None else None


def spent(held: House) -> float:
    """Seconds of processor time so far, of the service and of the process beside it."""
    process = beside(held)
    if process is None:
        return time.process_time()
    figures = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")


def appointments(count: int, seed: int = 1) -> list[AppointmentRecord]:
    """Within the next ten days, so that the first reminder is due at once."""
    return list(make_book(Random(seed), count, MORNING.date() + timedelta(days=3), days=7))


async def take_all(held: House, records: Sequence[AppointmentRecord], prefix: str = "") -> None:
    for start in range(0, len(records), 1000):
        some = records[start : start + 1000]
        await held.intake.take_appointments(some, "api", [f"{prefix}{record.id}" for record in some])


def work_off(held: House, now: datetime) -> int:
    """Run the worker until nothing is due; how many events it worked."""
    events = 0
    while done := held.worker.step(now).events:
        events += done
    return events
