"""`freagra import`: appointments from a CSV file into the store, or through the API of the service that holds it."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import httpx
import orjson

from adapters.bootstrap import House
from adapters.commands.output import Failure, counted, progress, say_errors
from adapters.commands.refused import write_refused
from adapters.config import Config, access_of
from adapters.configured import configured_house
from adapters.ipms.csv import Row, read_csv
from adapters.ipms.records import content_key, to_payload
from conversations.database import DatabaseInUse
from conversations.ports import AppointmentRecord, Problem

_AT_ONCE = 200  # even the longest that there can be fit into one request to the API
_SECONDS = 60.0


class Sink(Protocol):
    def take(self, records: Sequence[AppointmentRecord]) -> list[str]:
        """Make them durable: "taken", "seen" (the same before), or what is wrong, for each."""
        ...


@dataclass(slots=True)
class Count:
    taken: int = 0
    seen: int = 0
    warned: int = 0
    refused: dict[int, list[Problem]] = field(default_factory=dict)


def import_file(path: Path, config: Config, report: Path | None = None) -> int:
    """1 where a line was refused. What was refused, and what was left out of the others, is told line by line on
    standard error. Raises Failure."""
    digest, total = _measured(path)
    count = Count()
    with _sink(config, digest) as (sink, way), progress(total, "importing", "lines") as bar:
        rows = read_csv(path)
        line = 0
        while some := list(islice(rows, _AT_ONCE)):
            _take(path, some, sink, count)
            bar.update(some[-1].line - line)
            line = some[-1].line
    _finish(path, count, way, report)
    return int(bool(count.refused))


def _measured(path: Path) -> tuple[str, int]:
    """The digest of the file, which names this import of it, and its lines."""
    digest, lines = hashlib.sha256(), 0
    try:
        with open(path, "rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
                lines += part.count(b"\n")
    except OSError as fault:
        raise Failure(f"{path}: cannot be read: {fault.strerror}", 2) from fault
    return digest.hexdigest(), lines


def _take(path: Path, rows: Sequence[Row], sink: Sink, count: Count) -> None:
    good = [(row, row.record) for row in rows if row.record is not None]
    words = dict(zip((row.line for row, _ in good), sink.take([record for _, record in good]), strict=True))
    for row in rows:
        word = words.get(row.line)
        problems = list(row.problems)
        if word == "taken":
            count.taken += 1
        elif word == "seen":
            count.seen += 1
        elif word is not None:
            problems.append(Problem("", word))
        if problems:
            count.refused[row.line] = problems
        count.warned += bool(row.warnings and not problems)
        say_errors(_told(path, row.line, problem) for problem in problems)
        say_errors(_told(path, row.line, warning, "warning: ") for warning in row.warnings)


def _told(path: Path, line: int, problem: Problem, weight: str = "") -> str:
    return f"{path}:{line}: {weight}{_said(problem)}"


def _said(problem: Problem) -> str:
    return f"{problem.where}: {problem.message}" if problem.where else problem.message


def _finish(path: Path, count: Count, way: str, report: Path | None) -> None:
    told = [f"{counted(count.taken, 'appointment')} taken {way}"]
    if count.seen:
        told.append(f"{count.seen:,} known already")
    if count.warned:
        told.append(f"{count.warned:,} with something left out")
    told.append(f"{counted(len(count.refused), 'line')} refused")
    print(f"{path}: {', '.join(told)}")
    if report is None or not count.refused:
        return
    problems = {line: "; ".join(map(_said, found)) for line, found in count.refused.items()}
    try:
        write_refused(path, report, problems)
    except OSError as fault:
        raise Failure(f"{report}: cannot be written: {fault.strerror}") from fault
    print(f"{report}: the refused lines, to be mended and imported again")


# ---- where they go ---------------------------------------------------------------------------------------------------


@contextmanager
def _sink(config: Config, digest: str) -> Iterator[tuple[Sink, str]]:
    with ExitStack() as stack:
        house: House | None = None
        holder = ""
        try:
            house = stack.enter_context(configured_house(config))
        except DatabaseInUse as held:
            holder = str(held)
        if house is None:
            api = _Api(config, digest, holder, stack.enter_context(httpx.Client(timeout=_SECONDS, trust_env=False)))
            yield api, f"through the service at {api.address}"
            return
        runner = stack.enter_context(asyncio.Runner())
        if house.leases is not None:
            house.leases.renew()  # of a shared store it works its share, and the processes that serve work theirs
        try:
            yield _Store(house, runner, digest), "into the store"
        finally:
            if house.leases is not None:
                house.leases.leave()
            runner.run(house.gateway.close())
            runner.run(house.patient_system.close())


class _Store:
    """Straight into the store: no service runs here."""

    def __init__(self, house: House, runner: asyncio.Runner, digest: str) -> None:
        self._house = house
        self._runner = runner
        self._digest = digest

    def take(self, records: Sequence[AppointmentRecord]) -> list[str]:
        keys = [content_key(record, _scope(record, self._digest)) for record in records]
        taken = self._runner.run(self._house.intake.take_appointments(records, "import", keys))
        # Worked chunk by chunk, so that memory stays small however long the file is.
        while self._house.worker.step(self._house.clock.now()).events:
            pass
        return taken


def _scope(record: AppointmentRecord, digest: str) -> str:
    """A record that says when it was changed names itself; another is the same only within the same file."""
    return "" if record.changed_at or record.revision else digest


class _Api:
    """Through the service that has the store open, as an iPMS would."""

    def __init__(self, config: Config, digest: str, holder: str, client: httpx.Client) -> None:
        self.address = config.address
        self._holder = holder
        self._client = client
        self._headers = {
            "Authorization": f"Bearer {access_of(config).api_key}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"import {digest}",
        }

    def take(self, records: Sequence[AppointmentRecord]) -> list[str]:
        if not records:
            return []
        answer = self._post(orjson.dumps([to_payload(record) for record in records]))
        if answer.status_code == 401:
            raise Failure(f"{self.address} does not take the API key of this installation's access.json")
        if answer.status_code not in (202, 422):
            raise Failure(f"{self.address} answers {answer.status_code} to an import; what it had taken stays taken")
        return _words(answer, len(records))

    def _post(self, body: bytes) -> httpx.Response:
        url = f"{self.address}/api/v1/appointments/bulk"
        for wait in (1.0, 2.0, 5.0, 10.0, None):
            try:
                answer = self._client.post(url, content=body, headers=self._headers)
            except httpx.HTTPError as fault:
                away = f"Nothing answers at {self.address} to take the import for it ({type(fault).__name__})."
                raise Failure(f"{self._holder} {away}") from fault
            if answer.status_code != 503 or wait is None:
                return answer
            time.sleep(wait)
        raise AssertionError("the last try returns")


def _words(answer: httpx.Response, count: int) -> list[str]:
    """A word for each record of a bulk answer."""
    try:
        said: dict[str, Any] = orjson.loads(answer.content)
        if answer.status_code == 202:
            return [_word(result) for result in said["results"]]
        # None was taken; it takes by the same table that we have checked with, so this is another version's service.
        return [str(said["error"]["message"])] * count
    except (orjson.JSONDecodeError, KeyError, TypeError) as fault:
        raise Failure("what answers is not the API of Freagra") from fault


def _word(result: dict[str, Any]) -> str:
    if result["taken"]:
        return "seen" if result["repeat"] else "taken"
    return "; ".join(f"{problem['where']}: {problem['message']}" for problem in result["problems"])
