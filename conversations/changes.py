"""The rows that a batch leaves behind, and the one transaction that writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import schema
from conversations.database import insert_rows, update_rows
from conversations.transcript import Ledger, canonical
from conversations.vault import Vault
from engine.effects import CloseTask, OpenTask, UpdateTask
from engine.preferences import to_json
from engine.ruleset import PRIORITIES

_LISTS = ("entries", "texts", "writes", "tasks", "task_steps", "blocks", "receipts", "former", "done", "later", "halts")
_lists = attrgetter(*_LISTS)
_AT_ONCE = 500  # ids in one IN (...)
_ABSENT: Any = object()
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Unblock:
    """Lift what the owner of this phone had stopped."""

    phone_index: bytes
    at: int


@dataclass(slots=True)
class Changes:
    patients: dict[str, dict[str, Any]] = field(default_factory=dict)
    appointments: dict[str, dict[str, Any]] = field(default_factory=dict)
    talks: dict[str, None] = field(default_factory=dict)  # ids, in the order they were first moved
    timers: dict[tuple[str, str], dict[str, Any] | None] = field(default_factory=dict)  # None: clear
    entries: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    writes: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    task_steps: list[tuple[UpdateTask | CloseTask, str, str, int]] = field(default_factory=list)
    blocks: list[dict[str, Any] | Unblock] = field(default_factory=list)  # in order: the last word counts
    receipts: list[dict[str, Any]] = field(default_factory=list)  # new status of texts
    former: list[dict[str, Any]] = field(default_factory=list)
    done: list[dict[str, Any]] = field(default_factory=list)  # inbox rows worked
    later: list[dict[str, Any]] = field(default_factory=list)  # inbox rows to try again
    halts: list[tuple[str, str, int]] = field(default_factory=list)  # gateways whose account is at fault
    _lengths: tuple[int, ...] = ()
    _log: list[tuple[dict[Any, Any], Any, Any]] = field(default_factory=list)

    def put(self, held: dict[_K, _V], key: _K, value: _V) -> None:
        """Set a key of a map such that `rewind` takes it back."""
        self._log.append((held, key, held.get(key, _ABSENT)))
        held[key] = value

    def mark(self) -> None:
        self._lengths = tuple(map(len, _lists(self)))
        self._log.clear()

    def rewind(self) -> None:
        """Forget all since `mark`."""
        for held, length in zip(_lists(self), self._lengths, strict=True):
            del held[length:]
        for held, key, before in reversed(self._log):
            if before is _ABSENT:
                del held[key]
            else:
                held[key] = before
        self._log.clear()

    def set_timer(self, conversation: str, name: str, due: int, visit: int, attempts: int = 0) -> None:
        row = {"conversation_id": conversation, "name": name, "due": due, "visit": visit, "attempts": attempts}
        self.put(self.timers, (conversation, name), row)

    def clear_timer(self, conversation: str, name: str) -> None:
        self.put(self.timers, (conversation, name), None)


def commit(connection: Connection, changes: Changes, talks: list[dict[str, Any]], vault: Vault, at: int) -> None:
    """Write everything, in the transaction of `connection`; `talks` are the rows of the conversations in `changes.talks`. The
    unique (conversation, seq) of the transcript is the fence: had another worker decided for one of these conversations
    meanwhile, this raises IntegrityError and nothing stands.

    Every kind of row is one statement for many rows: one statement a row gives up the interpreter lock as often, and beside
    a busy thread each time costs more than the statement."""
    if changes.patients:
        _insert(connection, schema.patients, list(changes.patients.values()), replacing=True)
    if changes.appointments:
        _insert(connection, schema.appointments, list(changes.appointments.values()), replacing=True)
    if changes.former:
        _insert(connection, schema.former_phones, changes.former, replacing=True)
    if talks:
        _insert(connection, schema.conversations, talks, replacing=True)
    if changes.entries:
        _append(connection, changes.entries, at)
    for table, rows in (
        (schema.texts, changes.texts),
        (schema.writes, changes.writes),
        (schema.tasks, changes.tasks),
    ):
        if rows:
            _insert(connection, table, rows)
    for step in changes.blocks:
        if isinstance(step, Unblock):
            connection.execute(_UNBLOCK, {"phone": step.phone_index, "at": step.at})
        else:
            _insert(connection, schema.blocks, [step])
    if changes.receipts:
        _take_receipts(connection, changes.receipts)
    _timers(connection, changes)
    _task_steps(connection, changes, vault)
    for gateway, reason, when in changes.halts:
        halt(connection, vault, gateway, reason, when)
    if changes.later:
        connection.execute(_LATER, changes.later)
    if changes.done:
        _mark_done(connection, changes.done)


def halt(connection: Connection, vault: Vault, gateway: str, reason: str, at: int) -> None:
    """Note that a gateway's account is at fault: its lane rests until the note is old or removed. Staff get a task, one a
    day."""
    _insert(connection, schema.facts, [{"name": f"halted:{gateway}", "value": reason, "at": at}], replacing=True)
    now = schema.moment(at)
    key = sha256(f"halted {gateway} {now:%Y-%m-%d}".encode()).hexdigest()[:32]
    if connection.execute(sa.select(_tasks.c.key).where(_tasks.c.key == key)).first() is not None:
        return
    why = f"No text can leave through {gateway}: it refuses our account ({reason or 'no reason given'}). Texts wait meanwhile."
    task = {
        "key": key,
        "clinic": "",
        "kind": "fault",
        "priority": PRIORITIES.index("urgent"),
        "status": "open",
        "suggest": "",
        "sealed": vault.seal_own(f"tasks|{key}", canonical([{"at": now.isoformat(), "why": why, "words": ""}])),
        "due": at,
        "opened_at": at,
        "changed_at": at,
    }
    _insert(connection, _tasks, [task])


def _append(connection: Connection, entries: list[dict[str, Any]], at: int) -> None:
    ledger = Ledger.read(connection)
    batch = ledger.next_batch
    for entry in entries:
        entry["batch"] = batch
    _insert(connection, schema.transcript, entries)
    row = ledger.close(at, [(entry["conversation_id"], entry["seq"], entry["hash"]) for entry in entries])
    connection.execute(sa.insert(schema.ledger), row)


def _timers(connection: Connection, changes: Changes) -> None:
    cleared = [key for key, row in changes.timers.items() if row is None]
    for start in range(0, len(cleared), _AT_ONCE):
        some = sa.tuple_(_timer.c.conversation_id, _timer.c.name).in_(cleared[start : start + _AT_ONCE])
        connection.execute(sa.delete(_timer).where(some))
    rows = [row for row in changes.timers.values() if row is not None]
    if rows:
        _insert(connection, schema.timers, rows, replacing=True)


def _task_steps(connection: Connection, changes: Changes, vault: Vault) -> None:
    """Updates and closings, on what the task says at this moment: the batch may have opened it itself."""
    for step, _, patient_id, at in changes.task_steps:
        if isinstance(step, CloseTask):
            connection.execute(_CLOSE_TASK, {"task": step.key, "done": step.outcome[:64], "at": at})
            continue
        wrapped, sealed, priority = connection.execute(_TASK, {"task": step.key, "patient": patient_id}).one()
        place = f"tasks|{step.key}"
        words = orjson.loads(vault.open(wrapped, place, sealed))
        words.append(task_step(at, step))
        if step.priority is not None:
            priority = min(priority, PRIORITIES.index(step.priority))
        connection.execute(
            _UPDATE_TASK,
            {"task": step.key, "words": vault.seal(wrapped, place, canonical(words)), "urgency": priority, "at": at},
        )


def task_step(at: int, effect: OpenTask | UpdateTask) -> dict[str, Any]:
    """What happened on a task, as its row holds it sealed; `preferences` where the patient said when they would come: all
    that they have said of it until then."""
    step: dict[str, Any] = {"at": schema.moment(at).isoformat(), "why": effect.why, "words": effect.words}
    if effect.preferences is not None:
        step["preferences"] = to_json(effect.preferences)
    return step


def _insert(connection: Connection, table: sa.Table, rows: list[dict[str, Any]], *, replacing: bool = False) -> None:
    """Rows of one batch and table all have the same columns."""
    columns = tuple(rows[0])
    insert_rows(connection, table, columns, list(map(itemgetter(*columns), rows)), replacing=replacing)


def _take_receipts(connection: Connection, receipts: list[dict[str, Any]]) -> None:
    latest = {each["text"]: each for each in receipts}  # a text may have had several words in one batch
    words = list(map(_WORD, latest.values()))
    update_rows(connection, _texts, "key", ("phase", "status", "reason", "status_at"), words)


def _mark_done(connection: Connection, done: list[dict[str, Any]]) -> None:
    """Most rows of a batch end alike, so one statement for each kind of end."""
    ends: dict[tuple[str, str, int], list[int]] = {}
    for each in done:
        ends.setdefault((each["state"], each["result"], each["at"]), []).append(each["row"])
    for (state, result, at), ids in ends.items():
        for first in range(0, len(ids), _AT_ONCE):
            worked = _inbox.c.id.in_(ids[first : first + _AT_ONCE])
            connection.execute(sa.update(_inbox).where(worked).values(status=state, outcome=result, done_at=at))


_texts, _tasks, _timer, _inbox = schema.texts, schema.tasks, schema.timers, schema.inbox
_UNBLOCK = (
    sa.update(schema.blocks)
    .where(
        schema.blocks.c.phone_index == sa.bindparam("phone"),
        schema.blocks.c.reason == "opted_out",
        schema.blocks.c.lifted_at.is_(None),
    )
    .values(lifted_at=sa.bindparam("at"))
)
_TASK = (
    sa.select(schema.patients.c.wrapped_key, _tasks.c.sealed, _tasks.c.priority)
    .join_from(_tasks, schema.patients, schema.patients.c.id == sa.bindparam("patient"))
    .where(_tasks.c.key == sa.bindparam("task"))
)
_CLOSE_TASK = (
    sa.update(_tasks)
    .where(_tasks.c.key == sa.bindparam("task"), _tasks.c.status == "open")
    .values(status="closed", outcome=sa.bindparam("done"), closed_at=sa.bindparam("at"), changed_at=sa.bindparam("at"))
)
_UPDATE_TASK = (
    sa.update(_tasks)
    .where(_tasks.c.key == sa.bindparam("task"))
    .values(sealed=sa.bindparam("words"), priority=sa.bindparam("urgency"), changed_at=sa.bindparam("at"))
)
_WORD = itemgetter("text", "phase", "status", "reason", "status_at")
# What it sets is whatever columns its rows name.
_LATER = sa.update(_inbox).where(_inbox.c.id == sa.bindparam("row"))
