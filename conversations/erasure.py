"""Erasing a patient, where the hospital decides that it has to (GDPR, Article 17).

The patient's data key is destroyed, and with it all that was sealed under it, in the transcript too, which stays whole: its
hashes cover the sealed bytes. What lies sealed under the vault's own key, since it came in before its patient was known, is
found by opening it and written over; blind indexes, search tokens and the iPMS's ids of appointments go. What stays are rows
that name nobody: when something happened, of what kind and in which clinic, so that figures stay true. Each conversation ends
with an entry that says who erased it and why, and so does the audit.

Looking through what came in takes seconds to minutes where the store is large, so that is done by a reader, and the one
transaction that erases looks through what has come since.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations import audit, fences, finding
from conversations.audit import Act, Did
from conversations.bulk import portions
from conversations.changes import append
from conversations.database import Database
from conversations.intake import RECEIPT, REPLY
from conversations.people import Person
from conversations.places import entry_place, inbox_place, round_place, task_place, text_place, unmatched_place
from conversations.rounds import GIVEN, LEFT_OUT, WAITING
from conversations.schema import (
    appointments,
    blocks,
    conversations,
    former_phones,
    inbox,
    instant,
    moment,
    patients,
    proposals,
    round_patients,
    rounds,
    tasks,
    texts,
    timers,
    unmatched,
    writes,
)
from conversations.traces import LEAVING, ErasureRefused, Held, Traces, Whose, held, look, of_number
from conversations.transcript import ERASED, canonical, entry_hash
from conversations.vault import SealBroken, Vault
from conversations.writer import Writer
from engine.ruleset import ALL, CLINIC

WORDS = "(erased)"  # what stands in place of words where some have to stand
_LONGEST_WHY = 300


@dataclass(frozen=True, slots=True)
class By:
    """Who erases, and why. `person`: known by their password; else `name` is what they gave as theirs, and `login` who they are
    to the machine."""

    name: str
    why: str
    person: Person | None = None
    login: str = ""


def erase(database: Database, writer: Writer, vault: Vault, number: str, by: By, at: datetime) -> Held:
    """Erase the patient of this hospital number; what there was of them. All or nothing. Processes that have the key in their
    memory let it go within half a minute (`Service`), this one at once. Raises ErasureRefused, StoreAway."""
    if not by.name.strip() or not by.why.strip():
        raise ErasureRefused("An erasure is on record with who did it and why: say both.")
    if len(by.why) > _LONGEST_WHY:
        raise ErasureRefused(f"The reason is longer than {_LONGEST_WHY} characters.")
    with database.reader() as connection:
        whose = of_number(connection, vault, number)
        before = look(connection, vault, whose, Traces())

    def job(connection: Connection) -> Held:
        return _Erasing(connection, vault, number, by, instant(at)).erase(whose.phones, before)

    try:
        return writer.submit(job).result()
    finally:
        vault.forget()


# ---- erasing ---------------------------------------------------------------------------------------------------------


class _Erasing:
    """One erasure, in one transaction. Nothing that was decided before is committed behind it (`fences`)."""

    def __init__(self, connection: Connection, vault: Vault, number: str, by: By, at: int) -> None:
        self._connection = connection
        self._vault = vault
        self._number = number
        self._by = by
        self._at = at

    def erase(self, phones: frozenset[bytes], before: Traces) -> Held:
        fences.erase_alone(self._connection, self._at)
        whose = of_number(self._connection, self._vault, self._number)
        found = held(self._connection, self._vault, self._number)
        # With another phone than when the reader looked, all is looked through again: rare, and slow.
        traces = look(
            self._connection, self._vault, whose, before if phones == whose.phones else Traces()
        )
        self._patient(whose)
        ids = self._appointments(whose)
        self._talks(whose)
        self._texts(whose, traces)
        self._writes(traces, ids)
        self._rounds(whose, traces, ids)
        self._tasks(whose, traces)
        self._blocks(whose)
        self._inbox(traces)
        finding.forget(self._connection, [whose.id])
        self._note(whose, found)
        return found

    def _run(self, statement: sa.Update | sa.Delete | sa.Insert) -> None:
        self._connection.execute(statement)

    def _patient(self, whose: Whose) -> None:
        nobody = {
            "wrapped_key": None, "sealed": b"", "phone_index": None, "hospital_number_index": secrets.token_bytes(16),
            "language": "", "deceased": False, "do_not_text": False, "changed_at": self._at,
        }  # fmt: skip
        self._run(sa.update(patients).where(patients.c.id == whose.id).values(nobody))
        self._run(sa.delete(former_phones).where(former_phones.c.patient_id == whose.id))

    def _appointments(self, whose: Whose) -> dict[str, str]:
        """Under ids that the iPMS does not know: what it says of them from now on is of a patient whom we do not know. The new
        ids, by the old ones."""
        talk = conversations.c
        mine = sa.select(talk.appointment_id).where(talk.patient_id == whose.id)
        wanted = sa.or_(appointments.c.patient_id == whose.id, appointments.c.id.in_(mine))
        rows = self._connection.execute(sa.select(appointments).where(wanted).order_by(appointments.c.id)).all()
        ids: dict[str, str] = {}
        for row in rows:
            ids[row.id] = f"erased-{secrets.token_hex(12)}"
            copy = {**row._mapping, "id": ids[row.id], "patient_id": whose.id, "revision": "", "changed_at": self._at}
            self._run(sa.insert(appointments).values(copy))
            of_mine = sa.update(conversations).where(talk.appointment_id == row.id, talk.patient_id == whose.id)
            self._run(of_mine.values(appointment_id=ids[row.id]))
            # One that was another patient's before stays for the conversations of that one.
            theirs = sa.select(talk.id).where(talk.appointment_id == row.id).limit(1)
            if row.patient_id == whose.id and self._connection.execute(theirs).first() is None:
                self._run(sa.delete(appointments).where(appointments.c.id == row.id))
        return ids

    def _talks(self, whose: Whose) -> None:
        entries = []
        said = canonical({"actor": f"staff:{self._by.name}", "data": {"why": self._by.why}})
        for some in portions(whose.talks):
            rows = self._connection.execute(sa.select(conversations).where(conversations.c.id.in_(some))).all()
            for row in rows:
                seq = row.seq + 1
                sealed = self._vault.seal_own(entry_place(row.id, seq), said)
                head = entry_hash(row.id, seq, self._at, ERASED, sealed, row.head)
                entries.append((row.id, seq, self._at, ERASED, sealed, head))
                ended = {"seq": seq, "head": head, "sealed": b"", "closed": True, "changed_at": self._at}
                self._run(sa.update(conversations).where(conversations.c.id == row.id).values(ended))
            self._run(sa.delete(timers).where(timers.c.conversation_id.in_(some)))
        if entries:
            append(self._connection, entries, self._at)

    def _texts(self, whose: Whose, traces: Traces) -> None:
        for some in portions(whose.texts):
            mine = sa.update(texts).where(texts.c.key.in_(some))
            # A joint one that waits stays in the outbox, whose gate takes it apart: others are reminded by it too.
            withdrawn = {"phase": "done", "status": "unsent", "status_at": self._at}
            self._run(mine.where(LEAVING, texts.c.members == "").values(withdrawn))
            self._run(mine.values(sealed=b"", phone_index=None, reason=""))
            self._run(mine.where(texts.c.status == "unsent").values(reason="erased"))
        for some in portions(traces.joint):
            joint = sa.select(texts.c.key, texts.c.sealed, patients.c.wrapped_key).join(
                patients, patients.c.id == texts.c.patient_id
            )
            for row in self._connection.execute(joint.where(texts.c.key.in_(some), patients.c.wrapped_key.is_not(None))):
                said = orjson.loads(self._vault.open(row.wrapped_key, text_place(row.key), row.sealed))
                sealed = self._vault.seal(row.wrapped_key, text_place(row.key), canonical({**said, "text": WORDS}))
                # One that is about to leave is taken apart by the gate, which looks at each of its parts.
                self._run(sa.update(texts).where(texts.c.key == row.key).values(sealed=sealed))

    def _writes(self, traces: Traces, ids: Mapping[str, str]) -> None:
        for some in portions(traces.writes):
            mine = sa.update(writes).where(writes.c.id.in_(some))
            refused = {"status": "refused", "done_at": self._at}
            self._run(mine.where(writes.c.status == "queued").values(refused))
            self._run(mine.values(sealed=b"", reason=""))
            self._run(mine.where(writes.c.status == "refused").values(reason="erased"))
            for old, new in ids.items():
                self._run(mine.where(writes.c.appointment_id == old).values(appointment_id=new))

    def _rounds(self, whose: Whose, traces: Traces, ids: Mapping[str, str]) -> None:
        whom = round_patients.c
        mine = sa.update(round_patients).where(whom.patient_id == whose.id)
        for some in portions(traces.rounds):
            these = mine.where(whom.round_id.in_(some))
            self._run(these.where(whom.state.in_([WAITING, GIVEN])).values(state=LEFT_OUT, reason="erased"))
            for old, new in ids.items():
                self._run(these.where(whom.appointment_id == old).values(appointment_id=new))
            # Words to one patient; those to all of a day are the clinic's, and speak to nobody by name.
            query = sa.select(rounds.c.id, rounds.c.sealed).where(rounds.c.id.in_(some), rounds.c.kind == "patient")
            for row in self._connection.execute(query).all():
                said = orjson.loads(self._vault.open_own(round_place(row.id), row.sealed))
                erased = canonical({"texts": [[language, WORDS] for language, _ in said["texts"]]})
                sealed = self._vault.seal_own(round_place(row.id), erased)
                self._run(sa.update(rounds).where(rounds.c.id == row.id).values(sealed=sealed))

    def _tasks(self, whose: Whose, traces: Traces) -> None:
        mine = sa.update(tasks).where(tasks.c.patient_id == whose.id)
        self._run(mine.where(tasks.c.status == "open").values(self._closed))
        self._run(mine.values(sealed=b"", suggest=""))
        declined = {"status": "declined", "settled_by": self._by.name[:64], "settled_at": self._at}
        proposed = sa.update(proposals).where(proposals.c.patient_id == whose.id)
        self._run(proposed.where(proposals.c.status == "open").values(declined))
        self._run(proposed.values(sealed=b""))
        self._nobodys(whose, traces)

    def _nobodys(self, whose: Whose, traces: Traces) -> None:
        """What came from a phone of theirs before it was known as one, and the tasks that were made of that."""
        strange = sa.and_(unmatched.c.phone_index.in_(list(whose.phones)), unmatched.c.patient_id == "")
        rows = self._connection.execute(
            sa.select(unmatched).where(sa.or_(unmatched.c.patient_id == whose.id, strange))
        ).all()
        for row in rows:
            sealed = b""
            if not row.patient_id:
                said = orjson.loads(self._vault.open_own(unmatched_place(row.id), row.sealed))
                sealed = self._vault.seal_own(
                    unmatched_place(row.id), canonical({**said, "sender": "", "text": WORDS})
                )
            values = {"sealed": sealed, "phone_index": secrets.token_bytes(16)}
            self._run(sa.update(unmatched).where(unmatched.c.id == row.id).values(values))
        named = {row.task for row in rows if row.task}
        without = sa.select(tasks.c.key, tasks.c.sealed, tasks.c.status).where(tasks.c.patient_id.is_(None))
        for row in self._connection.execute(without).all():
            try:
                said = self._vault.open_own(task_place(row.key), row.sealed).decode()
            except SealBroken:
                continue
            if row.key in named or any(sender in said for sender in traces.senders):
                steps = [{**step, "why": WORDS, "words": ""} for step in orjson.loads(said)]
                blank = {"sealed": self._vault.seal_own(task_place(row.key), canonical(steps))}
                closed = self._closed if row.status == "open" else {}
                self._run(sa.update(tasks).where(tasks.c.key == row.key).values({**blank, **closed}))

    @property
    def _closed(self) -> dict[str, Any]:
        return {"status": "closed", "outcome": "erased", "closed_at": self._at, "changed_at": self._at}

    def _blocks(self, whose: Whose) -> None:
        """What stops texts to a number stays with the number, and names nobody any more: who wanted no texts would get some
        again, were the hospital to book them anew."""
        self._run(sa.delete(blocks).where(blocks.c.patient_id == whose.id))
        for some in portions(whose.talks):
            mine = blocks.c.conversation_id.in_(some)
            stands = sa.and_(blocks.c.lifted_at.is_(None), blocks.c.scope.in_([ALL, CLINIC]))
            self._run(sa.delete(blocks).where(mine, ~stands))
            self._run(sa.update(blocks).where(mine).values(conversation_id=""))

    def _inbox(self, traces: Traces) -> None:
        """Rows stay, so that what is delivered twice is still known. A reply that was not worked is left for that, as one from
        a number that nobody has; so are the gateway's words on texts that may have left."""
        for some in portions(traces.inbox):
            for row in self._connection.execute(sa.select(inbox).where(inbox.c.id.in_(some))).all():
                values: dict[str, Any] = {"phone_index": None}
                if row.status == "new":
                    if row.kind in (REPLY, RECEIPT):
                        continue
                    values |= {"status": "done", "outcome": "erased", "done_at": self._at}
                place = inbox_place(row.source, row.external_id)
                values["sealed"] = self._vault.seal_own(place, canonical({"erased": True}))
                self._run(sa.update(inbox).where(inbox.c.id == row.id).values(values))

    def _note(self, whose: Whose, found: Held) -> None:
        detail = {"why": self._by.why, "conversations": found.conversations}
        if self._by.login:
            detail["login"] = self._by.login
        act = Act(Did.ERASED, "freagra erase", f"patient:{whose.id}", whose.id, detail=detail)
        audit.note(self._connection, self._vault, self._by.person, act, moment(self._at), typed=self._by.name)
