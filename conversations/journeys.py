"""The way of one message, step by step, as the transcript has it: when a text was queued, taken by the gateway, delivered or
not, and why; how a reply was read and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.lines import LINES, REPLY_READ, TEXT_WITHHELD, line_id
from conversations.people import Scope
from conversations.places import entry_place
from conversations.said import Message, opened
from conversations.schema import conversations, moment, patients, texts, transcript, unmatched
from conversations.vault import Vault


@dataclass(frozen=True, slots=True)
class Step:
    """One fact of a text's way. `what` is queued, joined, withheld, a TextStatus, or of a reply: read, settled, found (whose it
    is); `by` who of staff wrote or found it; `code` and `reason` as the gateway gave them. `at` is when we had its word."""

    what: str
    at: datetime
    reason: str = ""
    code: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A text that has not left: when it is tried next, and how often the gateway could not take it."""

    due: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Journey:
    message: Message
    steps: Sequence[Step]
    waiting: Waiting | None


def journey(connection: Connection, vault: Vault, id: str, scope: Scope) -> Journey | None:
    """A message and its way, step by step; None where there is none, or of a clinic outside of the scope."""
    tables = (texts, *LINES.values(), unmatched)
    message = next((held for table in tables for held in opened(connection, vault, [(id, table)])), None)
    if message is None or message.clinic not in scope:
        return None
    row = connection.execute(sa.select(texts).where(texts.c.key == id)).first()
    waiting = None
    if row is not None and row.phase in ("queued", "sending"):
        waiting = Waiting(moment(row.due), row.attempts)
    steps = _steps_of_nobodys(message) if message.outcome else _steps(connection, vault, message)
    return Journey(message, steps, waiting)


def _steps_of_nobodys(message: Message) -> list[Step]:
    outcome, _, why = message.outcome.partition(": ")
    steps = [Step("read", message.at, message.read_as), Step("settled", message.at, why, outcome)]
    if message.found_at is not None:
        steps.append(Step("found", message.found_at, by=message.found_by))
    return steps


def _steps(connection: Connection, vault: Vault, message: Message) -> list[Step]:
    entry = transcript.c
    query = (
        sa.select(entry.seq, entry.at, entry.kind, entry.sealed, patients.c.wrapped_key)
        .join(conversations, conversations.c.id == entry.conversation_id)
        .join(patients, patients.c.id == conversations.c.patient_id)
        .where(entry.conversation_id == message.talk, entry.kind.in_(_ON_THE_WAY))
        .order_by(entry.seq)
    )
    steps: list[Step] = []
    reply = ""
    for row in connection.execute(query):
        if row.wrapped_key is None:
            continue
        body = orjson.loads(vault.open(row.wrapped_key, entry_place(message.talk, row.seq), row.sealed))
        data, at = body["data"], moment(row.at)
        mine = line_id(row.at, message.talk, row.seq) == message.id
        if row.kind == "text.queued" and data["key"] == message.id:
            by = body["actor"].removeprefix("staff:") if body["actor"].startswith("staff:") else ""
            steps.append(Step("queued", at, by=by))
        elif row.kind == "text.joined" and data["key"] == message.id:
            steps.append(Step("joined", at, str(data["count"])))
        elif row.kind == "text.status" and data["key"] == message.id:
            said_at = datetime.fromisoformat(data["at"]) if "at" in data else at
            steps.append(Step(data["status"], said_at, data["reason"], data["code"]))
        elif row.kind == TEXT_WITHHELD and mine:
            steps.append(Step("withheld", at, data["reason"]))
        elif row.kind == REPLY_READ and mine:
            reply = data["reply"]
            steps.append(Step("read", at, data["intent"]))
        elif row.kind == "reply.settled" and reply and data["reply"] == reply:
            steps.append(Step("settled", at, data["why"], data["outcome"]))
            reply = ""
    return steps


_ON_THE_WAY = ("text.queued", "text.joined", "text.status", TEXT_WITHHELD, REPLY_READ, "reply.settled")
