"""The transcript opened with its keys: told as lines, and folded anew to compare with the rows that are kept beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson
import sqlalchemy as sa

from conversations.bulk import stream
from conversations.places import conversation_place, entry_place
from conversations.schema import conversations, moment, patients, transcript
from conversations.transcript import ERASED, canonical
from conversations.vault import KeyErased, SealBroken, Vault
from conversations.verification import Progress
from engine.as_json import to_json, whole_json
from engine.conversation import Entry
from engine.fold import fold


def export(
    connection: sa.Connection, vault: Vault, *, conversation: str | None = None, patient: str | None = None
) -> Iterator[bytes]:
    """The entries of one conversation, or of all of a patient's, opened, one JSON object a line (newline included), in
    order of conversation and seq: conversation, seq, at (ISO 8601), kind, actor, data, hash (hexadecimal). Where the
    patient's key was destroyed, "erased": true stands in place of actor and data, and the last entry says who erased it
    and why. Raises SealBroken."""
    if (conversation is None) == (patient is None):
        raise ValueError("export takes a conversation or a patient, one of the two")
    query = _sealed_entries()
    if conversation is not None:
        query = query.where(transcript.c.conversation_id == conversation)
    else:
        query = query.where(conversations.c.patient_id == patient)
    for row in stream(connection, query):
        line: dict[str, Any] = {
            "conversation": row.conversation_id,
            "seq": row.seq,
            "at": moment(row.at).isoformat(),
            "kind": row.kind,
            "hash": row.hash.hex(),
        }
        try:
            opened = _opened(vault, row) if row.kind != ERASED else erased_entry(vault, row)
        except KeyErased:
            line["erased"] = True
        else:
            line |= {"actor": opened.actor, "data": opened.data}
        yield canonical(line) + b"\n"


@dataclass(frozen=True, slots=True)
class Difference:
    """A conversation whose stored row is not what its entries add up to, in plain words without personal data; or, with
    `erased`, one that cannot be compared because the patient's key was destroyed, which is no fault."""

    conversation: str
    what: str
    erased: bool = False


def replay(connection: sa.Connection, vault: Vault, progress: Progress | None = None) -> Iterator[Difference]:
    """Fold every conversation's entries anew and compare the result with its row. Yields nothing where all is as it
    should be."""
    stored = stream(connection, sa.select(conversations).order_by(conversations.c.id))
    entries = groupby(stream(connection, _sealed_entries()), key=lambda row: row.conversation_id)
    current = next(entries, None)
    for row in stored:
        while current is not None and current[0] < row.id:
            current = next(entries, None)
        count, found = 0, Difference(row.id, "it has no entries") if row.seq else None
        if current is not None and current[0] == row.id:
            chain = list(current[1])
            count, found = len(chain), _compare(vault, row, chain)
            current = next(entries, None)
        if found is not None:
            yield found
        if progress is not None:
            progress(count)


def _sealed_entries() -> sa.Select[Any]:
    return (
        sa.select(transcript, patients.c.wrapped_key)
        .join(conversations, conversations.c.id == transcript.c.conversation_id)
        .join(patients, patients.c.id == conversations.c.patient_id)
        .order_by(transcript.c.conversation_id, transcript.c.seq)
    )


def _opened(vault: Vault, row: Any) -> Entry:
    body = orjson.loads(vault.open(row.wrapped_key, entry_place(row.conversation_id, row.seq), row.sealed))
    return Entry(row.kind, moment(row.at), body["actor"], body["data"])


def erased_entry(vault: Vault, row: Any) -> Entry:
    """The last entry of an erased conversation, which the vault's own key seals: who erased it, and why."""
    body = orjson.loads(vault.open_own(entry_place(row.conversation_id, row.seq), row.sealed))
    return Entry(row.kind, moment(row.at), body["actor"], body["data"])


def _compare(vault: Vault, row: Any, chain: list[Any]) -> Difference | None:
    try:
        held = orjson.loads(vault.open(chain[0].wrapped_key, conversation_place(row.id), row.sealed))
        folded = fold(_opened(vault, entry) for entry in chain)
    except KeyErased:
        return Difference(row.id, "erased: the patient's key was destroyed", erased=True)
    except SealBroken as broken:
        return Difference(row.id, f"cannot be opened: {broken}")
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        # What a fold raises for entries that no engine wrote; its words may hold a patient's, so only its kind is told.
        return Difference(row.id, f"its entries do not add up ({type(fault).__name__})")
    anew = orjson.loads(canonical(to_json(folded)))
    wrong = _differing(whole_json(held), whole_json(anew))
    columns = {
        "ruleset": folded.ruleset,
        "version": folded.version,
        "state": folded.state,
        "owner": "staff" if folded.staff_own else "machine",
        "closed": folded.closed,
        "seq": folded.seq,
        "patient_id": folded.patient.id,
        "appointment_id": folded.appointment.id,
        "opened_at": folded.opened_at,
    }
    wrong += [f"column {name}" for name, value in columns.items() if _column(row, name) != value]
    return Difference(row.id, "other than its entries say: " + ", ".join(wrong)) if wrong else None


def _column(row: Any, name: str) -> Any:
    value = getattr(row, name)
    return moment(value) if name == "opened_at" else value


def _differing(held: Mapping[str, Any], anew: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in held.keys() | anew.keys() if held.get(name) != anew.get(name))
