"""What there is of a patient: their rows, and what else tells of them that no index leads to from a patient.

What came in before its patient was known lies sealed under the vault's own key, and is found by opening it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import partitions
from conversations.bulk import portions, stream
from conversations.errors import FreagraError
from conversations.intake import APPOINTMENT, BY_HAND, RECEIPT, REPLY, opened
from conversations.places import patient_place
from conversations.schema import (
    blocks,
    conversations,
    former_phones,
    inbox,
    patients,
    round_patients,
    tasks,
    texts,
    writes,
)
from conversations.together import members
from conversations.vault import SealBroken, Vault

LEAVING = texts.c.phase.in_(["queued", "joined"])


class ErasureRefused(FreagraError):
    """Nobody was erased; the message says why."""

    code = "erasure_refused"


@dataclass(frozen=True, slots=True)
class Held:
    """What there is of a patient. `open`: conversations that go on; `unsent`: texts that have not left; `tasks`: open ones.
    `deceased` may be known here alone, from a reply."""

    patient: str
    conversations: int
    open: int
    unsent: int
    tasks: int
    deceased: bool


@dataclass(frozen=True, slots=True)
class Whose:
    """By what traces of the patient are told."""

    id: str
    number: str
    mobile: str
    phones: frozenset[bytes]  # blind indexes of the mobiles, the present one and former ones
    talks: tuple[str, ...]
    texts: frozenset[str]

    @property
    def parts(self) -> list[int]:
        """Where in the inbox something about their talks and texts can lie. 0: what is older than partitions."""
        return sorted({0, *map(partitions.of_id, (*self.talks, *self.texts))})


@dataclass(slots=True)
class Traces:
    """Rows that no index leads to from a patient, and up to where they were looked for."""

    inbox: list[int] = field(default_factory=list)
    writes: list[int] = field(default_factory=list)
    joint: list[str] = field(default_factory=list)  # texts of other patients that the patient's reminder left in
    rounds: list[str] = field(default_factory=list)
    senders: set[str] = field(default_factory=set)  # phones as they were written in replies
    inbox_end: int = 0
    writes_end: int = 0
    texts_end: str = ""


def held(connection: Connection, vault: Vault, number: str) -> Held:
    """What would be erased. Raises ErasureRefused where there is no patient of this hospital number."""
    whose = of_number(connection, vault, number)
    going = sa.select(conversations.c.id).where(conversations.c.patient_id == whose.id, ~conversations.c.closed)
    waiting = sa.select(sa.func.count()).where(tasks.c.patient_id == whose.id, tasks.c.status == "open")
    query = sa.select(patients.c.deceased).where(patients.c.id == whose.id)
    known = sa.select(blocks.c.id).where(blocks.c.patient_id == whose.id, blocks.c.lifted_at.is_(None))
    return Held(
        patient=whose.id,
        conversations=len(whose.talks),
        open=len(connection.execute(going).all()),
        unsent=sum(
            connection.execute(sa.select(sa.func.count()).where(texts.c.key.in_(some), LEAVING)).scalar_one()
            for some in portions(whose.texts)
        ),
        tasks=connection.execute(waiting).scalar_one(),
        deceased=bool(connection.execute(query).scalar()) or connection.execute(known).first() is not None,
    )


def of_number(connection: Connection, vault: Vault, number: str) -> Whose:
    query = sa.select(patients).where(patients.c.hospital_number_index == vault.number_index(number))
    row = connection.execute(query).first()
    if row is None:
        raise ErasureRefused("There is no patient of this hospital number. It must be written exactly as the iPMS has it.")
    record = orjson.loads(vault.open(row.wrapped_key, patient_place(row.id), row.sealed))
    once = connection.execute(sa.select(former_phones.c.phone_index).where(former_phones.c.patient_id == row.id)).scalars()
    talk = sa.select(conversations.c.id).where(conversations.c.patient_id == row.id).order_by(conversations.c.id)
    talks = tuple(connection.execute(talk).scalars())
    keys: set[str] = set()
    for some in portions(talks):
        keys.update(connection.execute(sa.select(texts.c.key).where(texts.c.conversation_id.in_(some))).scalars())
    phones = {row.phone_index, *once} - {None}
    return Whose(row.id, number, record.get("mobile") or "", frozenset(phones), talks, frozenset(keys))


def look(connection: Connection, vault: Vault, whose: Whose, since: Traces) -> Traces:
    """The traces there are, on top of those found before."""
    found = Traces(
        [*since.inbox], [*since.writes], [*since.joint], [*since.rounds], {*since.senders, *filter(None, [whose.mobile])}
    )
    arrived = sa.select(inbox).where(inbox.c.id > since.inbox_end)
    for row in stream(connection, arrived.where(inbox.c.phone_index.in_(list(whose.phones)))):
        found.inbox.append(row.id)
        found.senders.update(filter(None, [_content(vault, row).get("sender")]))
    # Of an appointment the phone may be one that we were never told of otherwise, and lead to any partition.
    anywhere = inbox.c.kind == APPOINTMENT
    others = arrived.where(inbox.c.kind != REPLY, sa.or_(anywhere, inbox.c.partition.in_(whose.parts)))
    found.inbox += [row.id for row in stream(connection, others) if _names(_content(vault, row), row.kind, whose)]
    mine = sa.select(writes.c.id).where(writes.c.patient_id == whose.id, writes.c.id > since.writes_end)
    found.writes += connection.execute(mine).scalars()
    joined = sa.select(texts.c.key, texts.c.members).where(
        texts.c.members != "", texts.c.patient_id != whose.id, texts.c.key > since.texts_end
    )
    talks = frozenset(whose.talks)
    found.joint += [
        row.key for row in stream(connection, joined) if any(each.talk in talks for each in members(row.members))
    ]
    of_rounds = sa.select(round_patients.c.round_id).where(round_patients.c.patient_id == whose.id)
    found.rounds = list(connection.execute(of_rounds).scalars())
    found.inbox_end = connection.execute(sa.select(sa.func.max(inbox.c.id))).scalar() or 0
    found.writes_end = connection.execute(sa.select(sa.func.max(writes.c.id))).scalar() or 0
    found.texts_end = connection.execute(sa.select(sa.func.max(texts.c.key))).scalar() or ""
    return found


def _names(content: Mapping[str, Any], kind: str, whose: Whose) -> bool:
    """Whether what came in is the patient's."""
    if kind == APPOINTMENT:
        return bool(content["patient"]["id"] == whose.number) if content.get("patient") else False
    if kind == RECEIPT:
        return content.get("key") in whose.texts
    if kind == BY_HAND:
        return content.get("patient") == whose.id
    return content.get("conversation") in whose.talks


def _content(vault: Vault, row: Any) -> dict[str, Any]:
    try:
        return opened(vault, row)
    except (SealBroken, ValueError):
        return {}  # nobody can read it, and so nobody can tell whose it is
