"""The rows that a batch leaves behind, and the one transaction that writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import fences, schema
from conversations.bulk import delete_rows, insert_rows, portions, update_rows
from conversations.database import serialise
from conversations.lines import LINE, move_talks
from conversations.transcript import Ledger, canonical
from conversations.vault import Vault
from engine.effects import CloseTask, OpenTask, UpdateTask
from engine.preferences import to_json
from engine.ruleset import PRIORITIES

_LISTS = (
    "entries", "texts", "replies", "withheld", "unmatched", "moved", "reached", "writes", "tasks", "task_steps", "task_moves",
    "blocks", "receipts", "former", "done", "later", "halts",
)  # fmt: skip
_lists = attrgetter(*_LISTS)
_ABSENT: Any = object()
Row = tuple[Any, ...]
# What the values of a row are, in order.
TALK = (
    "id", "patient_id", "appointment_id", "ruleset", "version", "state", "owner", "closed", "seq", "head", "sealed",
    "opened_at", "changed_at",
)  # fmt: skip
ENTRY = ("conversation_id", "seq", "at", "kind", "sealed", "hash")
WRITE = (
    "key", "conversation_id", "patient_id", "appointment_id", "kind", "action", "sealed", "status", "due", "queued_at",
)  # fmt: skip
UNMATCHED = ("id", "at", "phone_index", "sealed", "task")
TIMER = ("conversation_id", "name", "due", "visit", "attempts")


class TextRow(NamedTuple):
    """A row of `texts` as it is queued."""

    key: str
    conversation_id: str
    patient_id: str
    phone_index: bytes | None
    gateway: str
    lane: str
    prompt: str
    sealed: bytes
    segments: int
    about: int
    safety: bool
    members: str
    phase: str
    status: str
    due: int
    not_after: int
    queued_at: int
    status_at: int
    clinic: str
    round_id: str


_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Unblock:
    """Lift what the owner of this phone had stopped."""

    phone_index: bytes
    at: int


class Reached(NamedTuple):
    """What was decided of a patient's text of a round: its key, or why there is none."""

    the_round: str
    the_patient: str
    state: str  # queued | left_out
    text_key: str
    reason: str


@dataclass(slots=True)
class Changes:
    """Rows to come. What every event leaves many of (`Row`) is a tuple in the order of the columns below, the rest names its
    columns: many rows are made and written on the way of each reply, and a name for each value costs as much as the value."""

    patients: dict[str, dict[str, Any]] = field(default_factory=dict)
    appointments: dict[str, dict[str, Any]] = field(default_factory=dict)
    # What stood there when the batch read it, None for nothing: the seal of a patient's row, which is new with each change;
    # version and stamp of an appointment's.
    found_patients: dict[str, bytes | None] = field(default_factory=dict)
    found_appointments: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    talks: dict[str, Row] = field(default_factory=dict)  # by id, as the last event left them
    timers: dict[tuple[str, str], Row | None] = field(default_factory=dict)  # None: clear
    entries: list[Row] = field(default_factory=list)
    texts: list[TextRow] = field(default_factory=list)
    replies: list[Row] = field(default_factory=list)
    withheld: list[Row] = field(default_factory=list)
    unmatched: list[Row] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)  # talks whose appointment is of another clinic now
    reached: list[Reached] = field(default_factory=list)
    writes: list[Row] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    # The step, the wrapped key of the patient whose task it is, and when.
    task_steps: list[tuple[UpdateTask | CloseTask, bytes | None, int]] = field(default_factory=list)
    task_moves: list[tuple[str, int, str]] = field(default_factory=list)  # new start and clinic of an open task's appointment
    blocks: list[dict[str, Any] | Unblock] = field(default_factory=list)  # in order: the last word counts
    receipts: list[dict[str, Any]] = field(default_factory=list)  # new status of texts
    former: list[dict[str, Any]] = field(default_factory=list)
    done: list[Row] = field(default_factory=list)  # inbox rows worked: id, status, outcome, when
    later: list[dict[str, Any]] = field(default_factory=list)  # inbox rows to try again
    halts: list[tuple[str, str, int]] = field(default_factory=list)  # gateways whose account is at fault
    erasures: int = 0  # how many there had been when the batch began
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
        self.put(self.timers, (conversation, name), (conversation, name, due, visit, attempts))

    def clear_timer(self, conversation: str, name: str) -> None:
        self.put(self.timers, (conversation, name), None)


def commit(connection: Connection, changes: Changes, vault: Vault, at: int) -> None:
    """Write everything, in the transaction of `connection`. The unique (conversation, seq) of the transcript is the fence: had
    another worker decided for one of these conversations meanwhile, this raises Overtaken (IntegrityError on SQLite) and
    nothing stands. So it does where a patient or appointment is not as the batch read it, and where anybody was erased
    meanwhile.

    Every kind of row is one statement for many rows: one statement a row gives up the interpreter lock as often, and beside
    a busy thread each time costs more than the statement."""
    try:
        _write(connection, changes, vault, at)
    except sa.exc.IntegrityError as fault:
        if fences.met(fault):
            raise fences.Overtaken("what was decided is in the store") from fault
        raise


def _write(connection: Connection, changes: Changes, vault: Vault, at: int) -> None:
    fences.nobody_was_erased(connection, changes.erasures)
    shared = connection.dialect.name != "sqlite"
    if changes.patients:
        if shared:
            fences.patients_stand(connection, changes.found_patients)
        _keep(connection, schema.patients, changes.patients, changes.found_patients, _PATIENT_CHANGES)
    if changes.appointments:
        if shared:
            fences.appointments_stand(connection, changes.found_appointments)
        _keep(connection, schema.appointments, changes.appointments, changes.found_appointments, _APPOINTMENT_CHANGES)
    if changes.former:
        _insert(connection, schema.former_phones, changes.former, replacing=("until",))
    insert_rows(connection, schema.conversations, TALK, list(changes.talks.values()), replacing=_TALK_CHANGES)
    insert_rows(connection, schema.texts, TextRow._fields, changes.texts)
    insert_rows(connection, schema.replies, LINE, changes.replies)
    insert_rows(connection, schema.withheld, LINE, changes.withheld)
    insert_rows(connection, schema.unmatched, UNMATCHED, changes.unmatched)
    move_talks(connection, changes.moved)
    if changes.reached:
        connection.execute(_REACHED, [each._asdict() for each in changes.reached])
    insert_rows(connection, schema.writes, WRITE, changes.writes)
    if changes.tasks:
        _insert(connection, schema.tasks, changes.tasks)
    for step in changes.blocks:
        if isinstance(step, Unblock):
            connection.execute(_UNBLOCK, {"phone": step.phone_index, "at": step.at})
        else:
            _insert(connection, schema.blocks, [step])
    if changes.receipts:
        _take_receipts(connection, changes.receipts)
    _timers(connection, changes)
    _task_steps(connection, changes, vault)
    if changes.task_moves:
        moves = {move[0]: move for move in changes.task_moves}
        update_rows(connection, _tasks, "key", ("start", "clinic"), list(moves.values()))
    for gateway, reason, when in changes.halts:
        halt(connection, vault, gateway, reason, when)
    if changes.later:
        connection.execute(_LATER, changes.later)
    update_rows(connection, _inbox, "id", ("status", "outcome", "done_at"), changes.done)
    if changes.entries:
        # At the end: whoever has come this far is alone until the commit is on the disk.
        append(connection, changes.entries, at)


def _keep(
    connection: Connection,
    table: sa.Table,
    rows: Mapping[str, dict[str, Any]],
    found: Mapping[str, object],
    replacing: Sequence[str],
) -> None:
    """Rows that were not there are refused where another worker has made them meanwhile."""
    new = [row for id, row in rows.items() if found[id] is None]
    if connection.dialect.name == "sqlite" or not new:
        _insert(connection, table, list(rows.values()), replacing=replacing)
        return
    _insert(connection, table, new)
    if known := [row for id, row in rows.items() if found[id] is not None]:
        _insert(connection, table, known, replacing=replacing)


def halt(connection: Connection, vault: Vault, gateway: str, reason: str, at: int) -> None:
    """Note that a gateway's account is at fault: its lane rests until the note is old or removed. Staff get a task, one a
    day."""
    _insert(connection, schema.facts, [{"name": f"halted:{gateway}", "value": reason, "at": at}], replacing=("value", "at"))
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


def append(connection: Connection, entries: list[Row], at: int) -> None:
    """Add entries (`ENTRY`) to the transcript, and the row of the ledger that covers them."""
    serialise(connection, "ledger")
    ledger = Ledger.read(connection)
    batch = ledger.next_batch
    insert_rows(connection, schema.transcript, (*ENTRY, "batch"), [(*entry, batch) for entry in entries])
    row = ledger.close(at, map(_CHAINED, entries))
    connection.execute(sa.insert(schema.ledger), row)


def _timers(connection: Connection, changes: Changes) -> None:
    delete_rows(connection, schema.timers, [key for key, row in changes.timers.items() if row is None])
    rows = [row for row in changes.timers.values() if row is not None]
    insert_rows(connection, schema.timers, TIMER, rows, replacing=("due", "visit", "attempts"))


def _task_steps(connection: Connection, changes: Changes, vault: Vault) -> None:
    """Updates and closings, on what the tasks say at this moment: the batch may have opened them itself."""
    steps = changes.task_steps
    held: dict[str, Any] = {}
    for some in portions(step.key for step, _, _ in steps):
        found = connection.execute(sa.select(
            _tasks.c.key, _tasks.c.status, _tasks.c.sealed, _tasks.c.priority, _tasks.c.due
        ).where(_tasks.c.key.in_(some)))
        held.update((row.key, row) for row in found)
    words: dict[str, list[dict[str, Any]]] = {}
    updated: dict[str, tuple[str, bytes | None, int, int, int]] = {}
    closed: dict[str, tuple[str, str, str, int, int]] = {}
    for step, wrapped, at in steps:
        if isinstance(step, CloseTask):
            if step.key in held and held[step.key].status == "open":
                closed.setdefault(step.key, (step.key, "closed", step.outcome[:64], at, at))
            continue
        if step.key not in words:
            words[step.key] = orjson.loads(vault.open(wrapped, f"tasks|{step.key}", held[step.key].sealed))
        words[step.key].append(task_step(at, step))
        known = updated.get(step.key)
        priority, due = (known[2], known[3]) if known is not None else (held[step.key].priority, held[step.key].due)
        if step.priority is not None:
            priority = min(priority, PRIORITIES.index(step.priority))
        if step.due is not None:
            due = min(due, schema.instant(step.due))
        updated[step.key] = (step.key, wrapped, priority, due, at)
    # What has news is looked at again, snoozed or not.
    new = [
        (key, vault.seal(wrapped, f"tasks|{key}", canonical(words[key])), priority, due, 0, at)
        for key, wrapped, priority, due, at in updated.values()
    ]
    update_rows(connection, _tasks, "key", ("sealed", "priority", "due", "shown_from", "changed_at"), new)
    update_rows(connection, _tasks, "key", ("status", "outcome", "closed_at", "changed_at"), list(closed.values()))


def task_step(at: int, effect: OpenTask | UpdateTask) -> dict[str, Any]:
    """What happened on a task, as its row holds it sealed; `preferences` where the patient said when they would come: all
    that they have said of it until then."""
    step: dict[str, Any] = {"at": schema.moment(at).isoformat(), "why": effect.why, "words": effect.words}
    if effect.preferences is not None:
        step["preferences"] = to_json(effect.preferences)
    return step


def _insert(
    connection: Connection, table: sa.Table, rows: Sequence[dict[str, Any]], *, replacing: Sequence[str] = ()
) -> None:
    """Rows of one batch and table all have the same columns."""
    columns = tuple(rows[0])
    insert_rows(connection, table, columns, list(map(itemgetter(*columns), rows)), replacing=replacing)


def _take_receipts(connection: Connection, receipts: list[dict[str, Any]]) -> None:
    latest = {each["text"]: each for each in receipts}  # a text may have had several words in one batch
    words = list(map(_WORD, latest.values()))
    update_rows(connection, _texts, "key", ("phase", "status", "reason", "status_at"), words)


_texts, _tasks, _inbox = schema.texts, schema.tasks, schema.inbox
# What may change of a row that is there; the rest of it never does.
_PATIENT_CHANGES = ("phone_index", "wrapped_key", "sealed", "language", "deceased", "do_not_text", "changed_at")
_APPOINTMENT_CHANGES = tuple(column.name for column in schema.appointments.c if not column.primary_key)
_TALK_CHANGES = ("state", "owner", "closed", "seq", "head", "sealed", "changed_at")
_UNBLOCK = (
    sa.update(schema.blocks)
    .where(
        schema.blocks.c.phone_index == sa.bindparam("phone"),
        schema.blocks.c.reason == "opted_out",
        schema.blocks.c.lifted_at.is_(None),
    )
    .values(lifted_at=sa.bindparam("at"))
)
_REACHED = (
    sa.update(schema.round_patients)
    .where(
        schema.round_patients.c.round_id == sa.bindparam("the_round"),
        schema.round_patients.c.patient_id == sa.bindparam("the_patient"),
    )
    .values(state=sa.bindparam("state"), text_key=sa.bindparam("text_key"), reason=sa.bindparam("reason"))
)
_CHAINED = itemgetter(0, 1, 5)  # of an ENTRY: conversation, seq, hash
_WORD = itemgetter("text", "phase", "status", "reason", "status_at")
# What it sets is whatever columns its rows name.
_LATER = sa.update(_inbox).where(_inbox.c.id == sa.bindparam("row"))
