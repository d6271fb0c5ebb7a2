"""The send gate: the last look at a text before it leaves.

What was right when a text was queued may be wrong a minute later: the patient died, opted out, got another number, the
appointment moved. So every text is checked again in the moment of sending, against what the store holds then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import schema
from conversations.rulebook import Rulebook
from conversations.schema import instant, moment
from conversations.together import members
from engine import hours
from engine.appointment import CALLED_OFF
from engine.conversation import OPTED_OUT
from engine.effects import REPLY
from engine.events import ROUND_STOPPED, TAKEN_APART
from engine.hospital import IMMINENT
from engine.ruleset import SCOPES, wider
from engine.stopping import covers

# A text of a paused round is looked at again after this long; going on brings it back at once.
PAUSE = timedelta(minutes=5)

_texts, _patients, _talks, _appointments = schema.texts, schema.patients, schema.conversations, schema.appointments

_LOOK = (
    sa.select(
        _texts,
        _patients.c.deceased,
        _patients.c.do_not_text,
        _patients.c.wrapped_key,
        _patients.c.phone_index.label("phone_now"),
        _talks.c.version.label("ruleset"),
        _talks.c.owner,
        _appointments.c.version.label("appointment_version"),
        _appointments.c.status.label("appointment_status"),
        _appointments.c.clinic,
        _appointments.c.start,
    )
    .join_from(_texts, _patients, _patients.c.id == _texts.c.patient_id)
    .join(_talks, _talks.c.id == _texts.c.conversation_id)
    .join(_appointments, _appointments.c.id == _talks.c.appointment_id)
)


@dataclass(frozen=True, slots=True)
class Look:
    """What the gate says of one text: send it, hold it back for good (`unsent`, why), or keep it until `later`. `parts`: of a
    joint text, the same of each text in whose place it leaves."""

    row: Any
    unsent: str | None = None
    later: datetime | None = None
    parts: tuple[Look, ...] = ()


def look(connection: Connection, rulebook: Rulebook, keys: list[str], now: datetime) -> list[Look]:
    """Look at these queued texts, in the order of `keys`."""
    rows = {row.key: row for row in connection.execute(_LOOK.where(_texts.c.key.in_(keys)))}
    own = [each.key for row in rows.values() if row.members for each in members(row.members)]
    if own:
        rows.update((row.key, row) for row in connection.execute(_LOOK.where(_texts.c.key.in_(own))))
    blocked = _blocks(connection, list(rows.values()))
    rounds = _rounds(connection, [row for row in rows.values() if row.round_id])

    def judge(key: str) -> Look:
        row = rows[key]
        looked = _judge(connection, rulebook, row, blocked, now)
        return looked if looked.unsent is not None or not row.round_id else _of_round(looked, rounds.get(key), now)

    return [_whole(rows[key], judge) if rows[key].members else judge(key) for key in keys if key in rows]


def _whole(row: Any, judge: Callable[[str], Look]) -> Look:
    """A joint text leaves whole or not at all."""
    parts = tuple(judge(each.key) for each in members(row.members))
    if any(part.unsent for part in parts):
        return Look(row, unsent=TAKEN_APART, parts=parts)
    later = max((part.later for part in parts if part.later is not None), default=None)
    return Look(row, later=later, parts=parts)


def _blocks(connection: Connection, rows: list[Any]) -> dict[bytes | str, list[Any]]:
    """Phone or patient -> the blocks that stand."""
    blocks = schema.blocks
    phones = [row.phone_index for row in rows if row.phone_index is not None]
    patients = [row.patient_id for row in rows]
    query = sa.select(blocks).where(
        blocks.c.lifted_at.is_(None), sa.or_(blocks.c.phone_index.in_(phones), blocks.c.patient_id.in_(patients))
    )
    found: dict[bytes | str, list[Any]] = {}
    for block in connection.execute(query):
        found.setdefault(block.phone_index or block.patient_id, []).append(block)
    return found


def _blocked(row: Any, blocks: list[Any]) -> str | None:
    """Why this text is blocked, None if it is not. The one farewell ("you will get no more texts") of the talk that caused the
    block may pass, and one that stops more passes what was stopped before."""
    own = max((each.scope for each in blocks if each.conversation_id == row.conversation_id), key=SCOPES.index, default="")
    for block in blocks:
        same_talk = block.conversation_id == row.conversation_id
        if block.reason == OPTED_OUT and not covers(
            block.scope, same_talk=same_talk, same_clinic=block.clinic == row.clinic
        ):
            continue
        told = same_talk or (block.reason == OPTED_OUT and wider(own, block.scope))
        if not (row.safety and told):
            return str(block.reason).replace("_", " ")
    return None


def _judge(
    connection: Connection, rulebook: Rulebook, row: Any, blocked: dict[bytes | str, list[Any]], now: datetime
) -> Look:
    if row.wrapped_key is None:
        return Look(row, unsent="erased")
    if row.deceased:
        return Look(row, unsent="deceased")
    if row.do_not_text:
        return Look(row, unsent="do not text")
    if row.phone_index is None or row.phone_now != row.phone_index:
        return Look(row, unsent="former number")
    reason = _blocked(row, [*blocked.get(row.phone_index, ()), *blocked.get(row.patient_id, ())])
    if reason is not None:
        return Look(row, unsent=reason)
    if row.not_after <= instant(now):
        return Look(row, unsent="expired")
    if row.about and row.about != row.appointment_version:
        return Look(row, unsent="appointment changed")
    if row.about and row.appointment_status in _OFF:
        return Look(row, unsent="appointment called off")
    if row.lane != REPLY:
        if row.owner == "staff" and not row.round_id:
            return Look(row, unsent="staff own the talk")
        if row.round_id and timedelta(0) <= moment(row.start) - now < IMMINENT:
            return Look(row)
        ruleset = rulebook.version(connection, row.ruleset)
        opens = hours.next_open(ruleset.hours, ruleset.hours.sending, now)
        if opens > now:
            return Look(row, later=opens)
    return Look(row)


def _rounds(connection: Connection, rows: list[Any]) -> dict[str, Any]:
    """Of texts of rounds: how the round stands, and the appointment version that it meant."""
    if not rows:
        return {}
    whom, rounds = schema.round_patients, schema.rounds
    query = (
        sa.select(_texts.c.key, rounds.c.status, whom.c.version)
        .join_from(_texts, rounds, rounds.c.id == _texts.c.round_id)
        .join(whom, sa.and_(whom.c.round_id == _texts.c.round_id, whom.c.patient_id == _texts.c.patient_id))
        .where(_texts.c.key.in_([row.key for row in rows]))
    )
    return {row.key: row for row in connection.execute(query)}


def _of_round(looked: Look, round: Any, now: datetime) -> Look:
    """A text of a round that staff paused waits until they go on."""
    if round is None or round.status == "stopped":
        return Look(looked.row, unsent=ROUND_STOPPED)
    if round.version != looked.row.appointment_version:
        return Look(looked.row, unsent="appointment changed")
    if round.status == "paused":
        return Look(looked.row, later=now + PAUSE)
    return looked


_OFF = frozenset(str(status) for status in CALLED_OFF)
