"""The motor: take what is due, decide each event, commit all of it at once.

One step takes a batch of inbox rows and due timers, in order. What fails fails alone: its traces are undone, the row is tried
again later, and after the third time it becomes a task for staff, so that no poisoned row ever holds the others up and
none is forgotten.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from conversations import timers
from conversations.arrivals import Arrivals
from conversations.batch import Batch
from conversations.changes import Changes, Reached
from conversations.commits import InOrder
from conversations.database import Database
from conversations.dispatch import Dispatch
from conversations.errors import FreagraError
from conversations.fences import Overtaken
from conversations.intake import BY_HAND
from conversations.leases import EVERYTHING, Holding, LeaseLost
from conversations.rulebook import Rulebook
from conversations.schema import instant
from conversations.strangers import Strangers
from conversations.together import Together
from conversations.vault import Vault
from conversations.writer import StoreAway
from engine.events import (
    TimerFired,
)
from engine.understanding import make_ready

_log = logging.getLogger("freagra.conversations")

_TRIES = 3
_FIRST = 256  # events of the first batch, so that its first commit comes soon; and of one that counts as a crowd
_PARTS = 4  # commits of a batch; its last ones are smaller, since nothing is decided beside them
_SMALLEST = 64  # events to a commit
_TIMERS = 1_024  # of a batch: they go in one commit, so that what is for one phone can be joined
_TRY_AGAIN = timedelta(seconds=20)
# These say nothing of any row: whatever was due is due again.
_STORE_FAULTS = (StoreAway, LeaseLost, sa.exc.OperationalError)


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of the worker did."""

    events: int
    failed: int


class ReliefGone(FreagraError):
    """The other process ended on the way. What it had not handed over for its commit is due as before."""

    code = "relief_gone"
    retryable = True


class Relief(Protocol):
    """A worker in another process, which decides in this one's place while there is a crowd: two threads share one interpreter
    lock, and deciding leaves the writing thread too little of it. What it decides it hands back; it writes nothing itself."""

    def ready(self) -> bool:
        """Whether it can take a step now. Where it is not there it is sent for, which takes a second or two."""

    def step(self, now: datetime) -> Step:
        """As `Worker.step`, and what was handed over is committed. Raises ReliefGone."""


class Worker:
    """Works the inbox and the timers of one store. Only one worker runs on an embedded store; steps never overlap, and while a
    `relief` takes one this one waits. Its first batch is of `first` events, at most, and twice as many of each that follows one
    that was full, up to `batch`."""

    def __init__(
        self,
        database: Database,
        commits: Callable[[Holding], InOrder],
        vault: Vault,
        rulebook: Rulebook,
        gateway: str,
        *,
        batch: int = 4096,
        first: int = _FIRST,
        holding: Callable[[], Holding] = lambda: EVERYTHING,
        relief: Relief | None = None,
    ) -> None:
        self._database = database
        self._commits = commits
        self._vault = vault
        self._rulebook = rulebook
        self._gateway = gateway
        self._most = batch
        self._first = min(batch, first)
        self._size = self._first
        self._holding = holding
        self._relief = relief
        self._arrivals = Arrivals(vault)
        self._crowd = False  # the batch before was full

    def make_ready(self) -> None:
        """Make the rulesets in force ready for reading, for which the first reply would wait otherwise."""
        for ruleset in self._rulebook.in_force():
            make_ready(ruleset)

    def step(self, now: datetime) -> Step:
        """Work one batch of what is due by `now`. No events: nothing was due. Raises StoreAway and LeaseLost; nothing is lost
        by either."""
        step = self._relieved(now) or self._own_step(now)
        self._crowd = step.events >= min(self._most, _FIRST)
        return step

    def _relieved(self, now: datetime) -> Step | None:
        if self._relief is None or not self._crowd or not self._relief.ready():
            return None
        try:
            step = self._relief.step(now)
        except ReliefGone as fault:
            _log.warning("the batch is decided here: %s", fault)
            return None
        self._size = self._first  # the next crowd, too, is the relief's after one small batch
        return step

    def _own_step(self, now: datetime) -> Step:
        """The first batch is small, and its first commit soon: whatever ends the process, it got some of the work done."""
        try:
            step = self._undisturbed(now)
        except _STORE_FAULTS:
            raise
        except Exception as fault:  # noqa: BLE001 - something in the batch spoils all of it; alone it spoils itself only
            _log.error("a batch failed and is worked row by row: %s", type(fault).__name__, exc_info=_traceless(fault))
            return self._row_by_row(now)
        self._size = min(self._most, self._size * 2 if step.events >= self._size else self._first)
        return step

    def _undisturbed(self, now: datetime) -> Step:
        """A batch, decided anew where another worker was faster with one of its conversations. That is rare; what meets it
        again and again is worked row by row."""
        for _ in range(_TRIES):
            try:
                return self._step(now, self._size)
            except Overtaken as fault:
                _log.info("a batch is decided anew: %s", fault)
        return self._step(now, self._size)

    def _step(self, now: datetime, size: int) -> Step:
        holding = self._holding()
        if holding.partitions is not None and not holding.partitions:
            return Step(0, 0)
        with self._commits(holding) as commits:
            step, worked = self._decided(now, size, holding, commits)
            if len(worked) == size >= _FIRST:
                with self._database.reader() as connection:
                    self._arrivals.look_ahead(connection, now, size, holding, worked)
        return step

    def _decided(self, now: datetime, size: int, holding: Holding, commits: InOrder) -> tuple[Step, set[int]]:
        """A batch decided and handed to its commits; and which inbox rows it worked."""
        with self._database.reader() as connection:
            batch = Batch(connection, self._vault, self._rulebook, self._gateway, now)
            rows = self._arrivals.due(batch.connection, now, size, holding)
            failed = self._work_inbox(batch, rows, commits) if rows else 0
            due = timers.due(batch.connection, now, min(size, _TIMERS), holding) if len(rows) < size else []
            failed += self._work_timers(batch, due) if due else 0
        # Without a reader beside it, so that the write-ahead log can be folded in behind it, and begun anew.
        if rows or due:
            commits.add(_part(batch), batch.at)
        return Step(len(rows) + len(due), failed), {row.id for row in rows}

    def soon(self, now: datetime, within: timedelta) -> set[tuple[int, int]]:
        """Partition and second (of 1970 UTC) of the timers that fall due within that time."""
        with self._database.reader() as connection:
            return timers.soon(connection, now, within, self._holding().partitions or ())

    # ---- when a batch fails as a whole -------------------------------------------------------------------------------

    def _row_by_row(self, now: datetime) -> Step:
        """The same batch, each row in a commit of its own."""
        events = failed = 0
        for _ in range(self._size):
            try:
                step = self._step(now, 1)
            except _STORE_FAULTS:
                raise
            except Exception as fault:  # noqa: BLE001 - here it is: the row that spoils what it is worked with
                step = self._set_first_back(now, fault)
            if not step.events:
                break
            events += step.events
            failed += step.failed
        return Step(events, failed)

    def _set_first_back(self, now: datetime, fault: Exception) -> Step:
        holding = self._holding()
        with self._database.reader() as connection, self._commits(holding) as commits:
            batch = Batch(connection, self._vault, self._rulebook, self._gateway, now)
            rows = self._arrivals.due(batch.connection, now, 1, holding)
            due = timers.due(batch.connection, now, 1, holding) if not rows else []
            for row in rows:
                self._set_back(batch, row, fault)
            for timer in due:
                self._set_timer_back(batch, timer, fault)
            commits.add(_part(batch), batch.at)
        return Step(1, 1)

    # ---- the inbox ---------------------------------------------------------------------------------------------------

    def _work_inbox(self, batch: Batch, rows: list[Any], commits: InOrder) -> int:
        contents: dict[int, dict[str, Any]] = {}
        unreadable: list[Any] = []
        for row in rows:
            try:
                contents[row.id] = self._arrivals.take(row)
            except Exception as fault:  # noqa: BLE001 - whatever is wrong with this row is this row's alone
                self._set_back(batch, row, fault)
                unreadable.append(row)
        readable = [row for row in rows if row.id in contents]
        dispatch = Dispatch(batch, readable, contents)
        batch.release()
        failed = len(unreadable)
        ends = _ends(len(readable))
        for number, row in enumerate(readable, 1):
            batch.begin()
            try:
                outcome = dispatch.work(row, contents.pop(row.id))
            except Exception as fault:  # noqa: BLE001 - one poisoned row must not stop the others
                batch.undo()
                self._set_back(batch, row, fault)
                failed += 1
            else:
                batch.changes.done.append((row.id, "done", outcome[:160], batch.at))
            if number in ends:
                commits.add(_part(batch), batch.at)
        return failed

    def _set_back(self, batch: Batch, row: Any, fault: Exception) -> None:
        """Try later, or give it to a person."""
        _log.error("inbox row %s (%s) failed: %s", row.id, row.kind, type(fault).__name__, exc_info=_traceless(fault))
        if row.attempts + 1 >= _TRIES:
            Strangers(batch).fault(row, f"It failed {_TRIES} times ({type(fault).__name__}).")
            batch.changes.done.append((row.id, "failed", type(fault).__name__[:160], batch.at))
            if row.kind == BY_HAND:
                _, round, patient = row.external_id.split(":")
                batch.changes.reached.append(Reached(round, patient, "left_out", "", "failed"))
        else:
            due = instant(batch.now + _TRY_AGAIN * (row.attempts + 1))
            batch.changes.later.append({"row": row.id, "due": due, "attempts": row.attempts + 1})

    # ---- timers ------------------------------------------------------------------------------------------------------

    def _work_timers(self, batch: Batch, due: list[Any]) -> int:
        batch.load_talks(row.conversation_id for row in due)
        failed = 0
        for row in [*due, *Together(batch).due_today(due)]:
            timer = (row.conversation_id, row.name)
            if timer in batch.changes.timers or timer in batch.moved_timers:
                continue  # an event of this very batch moved or cleared it
            batch.begin()
            try:
                batch.changes.clear_timer(row.conversation_id, row.name)
                if row.conversation_id in batch.talks:  # erased patients have timers that mean nothing any more
                    batch.decide(row.conversation_id, TimerFired(row.name, row.visit))
            except Exception as fault:  # noqa: BLE001 - one poisoned timer must not stop the others
                batch.undo()
                failed += 1
                self._set_timer_back(batch, row, fault)
        return failed

    def _set_timer_back(self, batch: Batch, row: Any, fault: Exception) -> None:
        _log.error("timer %s failed: %s", row.name, type(fault).__name__, exc_info=_traceless(fault))
        if row.attempts + 1 >= _TRIES:
            batch.changes.clear_timer(row.conversation_id, row.name)
            Strangers(batch).fault(row, f"The timer {row.name} failed {_TRIES} times ({type(fault).__name__}).")
            return
        later = instant(batch.now + _TRY_AGAIN * (row.attempts + 1))
        batch.changes.set_timer(row.conversation_id, row.name, later, row.visit, row.attempts + 1)


def _ends(count: int) -> frozenset[int]:
    """After which of so many events a part of the batch ends, but for the last of them. The last ones shrink by a third each:
    in a large store a part takes nearly as long to commit as to decide, and one half as large would wait for the one before."""
    most, at, ends = max(_SMALLEST, count // _PARTS), 0, []
    while count - at > _SMALLEST:
        at += min(most, max(_SMALLEST, (count - at) // 3))
        ends.append(at)
    return frozenset(ends) - {count}


def _part(batch: Batch) -> Changes:
    """What goes into the next commit, with what is for one phone joined."""
    Together(batch).join()
    return batch.part()


def _traceless(fault: Exception) -> Exception | None:
    """A traceback may quote what the patient wrote in its last line; frames alone never do."""
    return type(fault)("(text left out)").with_traceback(fault.__traceback__) if type(fault) in _PLAIN else None


_PLAIN = (KeyError, ValueError, TypeError, AttributeError, IndexError, AssertionError)

__all__ = ["Step", "StoreAway", "Worker"]
