"""One text or reply as staff see it: what it said, whose it is, and how it fared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.bulk import among_those, rows_of
from conversations.lines import LINES, REPLY_READ
from conversations.names import full_name
from conversations.places import entry_place, patient_place, text_place, unmatched_place
from conversations.schema import appointments, conversations, moment, patients, tasks, texts, transcript, unmatched
from conversations.vault import Vault

Found = tuple[str, sa.Table]  # a message's id, and the table it stands in


@dataclass(frozen=True, slots=True)
class Message:
    """A text or a reply. `status` is a TextStatus, "withheld" or "reply"; `reason` why a text fared so, as the gateway or we
    put it. `words` is "" of a text that was withheld, and `name`, `number` and `words` are None once the patient was
    erased. `segments` are 0 of what cost nothing by itself. Of a text from a number of no patient, `patient`, talk and clinic
    are "" and there is no appointment, until staff have found whose it is; `task` is the one that it made, while that is
    open."""

    id: str
    status: str
    reason: str
    at: datetime
    status_at: datetime
    words: str | None
    prompt: str
    phone: str
    segments: int
    talk: str
    patient: str
    name: str | None
    number: str | None
    clinic: str
    clinic_name: str
    appointment_at: datetime | None
    round: str = ""
    shared: bool = False  # it left as a part of a text that several talks share
    read_as: str = ""  # of a reply: the intent
    task: str = ""
    outcome: str = ""  # of a text from a number of no patient: what became of it, as the worker put it
    found_by: str = ""
    found_at: datetime | None = None

    @property
    def incoming(self) -> bool:
        return self.status == "reply"

    @property
    def unmatched(self) -> bool:
        """From a number of no patient, and nobody has found whose it is."""
        return not self.patient


def opened(connection: Connection, vault: Vault, found: Sequence[Found]) -> list[Message]:
    """These messages, in their order; raises SealBroken."""
    held: dict[str, Message] = {}
    keys = [id for id, table in found if table is texts]
    for row in rows_of(connection, _TEXTS.where(among_those(texts.c.key)), keys):
        held[row.key] = _text(vault, row)
    for kind, table in LINES.items():
        of_kind = (id for id, where in found if where is table)
        for row in rows_of(connection, _LINES_READ[kind].where(among_those(table.c.id)), of_kind):
            held[row.id] = _line(vault, row, kind)
    from_nobody = (id for id, where in found if where is unmatched)
    for row in rows_of(connection, _UNMATCHED.where(among_those(unmatched.c.id)), from_nobody):
        held[row.id] = _from_nobody(vault, row)
    return [held[id] for id, _ in found if id in held]


def of_task(connection: Connection, vault: Vault, task: str) -> Message | None:
    """The text from an unknown number that made this task. Raises SealBroken."""
    row = connection.execute(_UNMATCHED.where(unmatched.c.task == task)).first() if task else None
    return None if row is None else _from_nobody(vault, row)


def _text(vault: Vault, row: Any) -> Message:
    content: dict[str, Any] = {}
    if row.wrapped_key is not None:
        content = orjson.loads(vault.open(row.wrapped_key, text_place(row.key), row.sealed))
    return Message(
        id=row.key,
        status=row.status,
        reason=row.reason,
        at=moment(row.queued_at),
        status_at=moment(row.status_at),
        words=content.get("text"),
        prompt=row.prompt,
        phone=content.get("to") or "",
        segments=row.segments,
        round=row.round_id,
        shared=row.segments == 0,
        **_about(vault, row),
    )


def _line(vault: Vault, row: Any, kind: str) -> Message:
    data: dict[str, Any] = {}
    if row.wrapped_key is not None:
        place = entry_place(row.conversation_id, row.seq)
        data = orjson.loads(vault.open(row.wrapped_key, place, row.sealed))["data"]
    reply = kind == REPLY_READ
    return Message(
        id=row.id,
        status="reply" if reply else "withheld",
        reason=data.get("reason", ""),
        at=moment(row.at),
        status_at=moment(row.at),
        words=data.get("text", "" if not reply and data else None),
        prompt=data.get("prompt", ""),
        phone="",
        segments=0,
        round=data.get("round", ""),
        read_as=data.get("intent", ""),
        **_about(vault, row),
    )


def _from_nobody(vault: Vault, row: Any) -> Message:
    said: dict[str, Any] = {}
    if not row.patient_id:
        said = orjson.loads(vault.open_own(unmatched_place(row.id), row.sealed))
    elif row.wrapped_key is not None:
        said = orjson.loads(vault.open(row.wrapped_key, unmatched_place(row.id), row.sealed))
    about = _about(vault, row) if row.patient_id else _NOBODY
    return Message(
        id=row.id,
        status="reply",
        reason="",
        at=moment(row.at),
        status_at=moment(row.at),
        words=said.get("text"),
        prompt="",
        phone=said.get("sender", ""),
        segments=0,
        read_as=said.get("read_as", ""),
        task=row.open_task or "",
        outcome=said.get("outcome", ""),
        found_by=said.get("by", ""),
        found_at=datetime.fromisoformat(said["found_at"]) if "found_at" in said else None,
        **about,
    )


_NOBODY: Mapping[str, Any] = {
    "talk": "", "patient": "", "name": "", "number": "", "clinic": "", "clinic_name": "", "appointment_at": None,
}  # fmt: skip


def _about(vault: Vault, row: Any) -> dict[str, Any]:
    """Whose message it is, and about which appointment."""
    record: dict[str, Any] | None = None
    if row.wrapped_key is not None:
        record = orjson.loads(vault.open(row.wrapped_key, patient_place(row.patient_id), row.patient))
    return {
        "talk": row.conversation_id,
        "patient": row.patient_id,
        "name": None if record is None else full_name(record),
        "number": None if record is None else record.get("number", ""),
        "clinic": row.clinic,
        "clinic_name": row.clinic_name or row.clinic,
        "appointment_at": moment(row.start),
    }


_ABOUT = (
    conversations.c.patient_id,
    patients.c.sealed.label("patient"),
    patients.c.wrapped_key,
    appointments.c.clinic,
    appointments.c.clinic_name,
    appointments.c.start,
)


def _with_patient(query: sa.Select[Any], talk: sa.ColumnElement[str]) -> sa.Select[Any]:
    return (
        query.join(conversations, conversations.c.id == talk)
        .join(patients, patients.c.id == conversations.c.patient_id)
        .join(appointments, appointments.c.id == conversations.c.appointment_id)
    )


_TEXT = tuple(column for column in texts.c if column.name not in ("clinic", "patient_id"))
_TEXTS = _with_patient(sa.select(*_TEXT, *_ABOUT).select_from(texts), texts.c.conversation_id)
_LINES_READ = {
    kind: _with_patient(
        sa.select(table.c.id, table.c.conversation_id, table.c.seq, transcript.c.at, transcript.c.sealed, *_ABOUT)
        .select_from(table)
        .join(
            transcript,
            sa.and_(transcript.c.conversation_id == table.c.conversation_id, transcript.c.seq == table.c.seq),
        ),
        table.c.conversation_id,
    )
    for kind, table in LINES.items()
}
_UNMATCHED = (
    sa.select(
        unmatched.c.id,
        unmatched.c.at,
        unmatched.c.sealed,
        unmatched.c.conversation_id,
        unmatched.c.patient_id,
        unmatched.c.clinic,
        tasks.c.key.label("open_task"),
        patients.c.sealed.label("patient"),
        patients.c.wrapped_key,
        appointments.c.clinic_name,
        appointments.c.start,
    )
    .select_from(unmatched)
    .join(tasks, sa.and_(tasks.c.key == unmatched.c.task, tasks.c.status == "open"), isouter=True)
    .join(conversations, conversations.c.id == unmatched.c.conversation_id, isouter=True)
    .join(appointments, appointments.c.id == conversations.c.appointment_id, isouter=True)
    .join(patients, patients.c.id == unmatched.c.patient_id, isouter=True)
)
