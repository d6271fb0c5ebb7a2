"""What staff do at their desk, made so that two people never answer the same patient and nothing is done unseen.

Who has a patient is a compare-and-set on the patient's open tasks. Acting takes them; where a colleague has them the act is
refused and says who it is. An act that was decided on before the patient's last words is refused too.

Every act goes through the inbox, under a key of its own, like all that moves a conversation: the transcript has who did it.
What would text the patient or write to the iPMS waits there for a few seconds, on the disk, and can be taken back until
then; meanwhile its tasks are in no queue. Should it not settle them after all, they come back by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.errors import FreagraError
from conversations.intake import WORK, Intake
from conversations.pending import MARGIN, THEN, UNDO_FOR, pending
from conversations.people import Person
from conversations.places import conversation_place, entry_place, proposal_place, task_place, unmatched_place
from conversations.ports import Bus, Clock
from conversations.queues import task_steps
from conversations.schema import (
    appointments,
    conversations,
    inbox,
    instant,
    patients,
    proposals,
    tasks,
    transcript,
    unmatched,
)
from conversations.service import CHANGED
from conversations.transcript import canonical
from conversations.vault import Vault
from conversations.writer import Job, Writer
from engine.as_json import from_json
from engine.conversation import Conversation
from engine.events import AMONG_STAFF, StaffAct, StaffActed

T = TypeVar("T")

_COMES_BACK = timedelta(seconds=60)  # after which a task that its act did not settle is in its queue again

# Wrong to take the time over: what stops texts holds at once, and needs a second key press instead.
AT_ONCE = AMONG_STAFF | {StaffAct.TAKE, StaffAct.WRONG_NUMBER, StaffAct.DECEASED, StaffAct.STOP, StaffAct.ATTACH}


class Refused(FreagraError):
    """What staff asked for is not done; the message says why."""

    code = "refused"


class NotThere(Refused):
    """No such task or conversation, or none that this colleague may see."""

    code = "not_there"

    def __init__(self) -> None:
        super().__init__("There is no such task, or it is not of one of your clinics.")


class Taken(Refused):
    """A colleague has it."""

    code = "taken"

    def __init__(self, holder: str) -> None:
        super().__init__(f"{holder} has this patient. Nothing was done.")
        self.holder = holder


class Stale(Refused):
    """There is news that who decided on the act has not seen: the patient's words, or another time for the appointment."""

    code = "stale"

    def __init__(self) -> None:
        super().__init__("The patient has written, or it was moved, since you opened this. Nothing was done: read it first.")


class UnderWay(Refused):
    """Another act on the same talk has not taken effect yet."""

    code = "under_way"

    def __init__(self) -> None:
        super().__init__("Something you did a moment ago is on its way. Undo it first, or wait until it is done.")


class TooLate(Refused):
    """What should be undone is done."""

    code = "too_late"

    def __init__(self) -> None:
        super().__init__("It is done and cannot be undone any more.")


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was taken. `key` undoes it until `undo_until`, None where it took effect at once. `again`: it had been taken
    before, and counts once."""

    key: str
    undo_until: datetime | None = None
    again: bool = False


class Desk:
    """Safe to use from any coroutine of the service. Everything it takes is on the disk when it returns; raises StoreAway."""

    def __init__(self, writer: Writer, vault: Vault, intake: Intake, clock: Clock, bus: Bus) -> None:
        self._writer = writer
        self._vault = vault
        self._intake = intake
        self._clock = clock
        self._bus = bus

    # ---- who has it --------------------------------------------------------------------------------------------------

    async def claim(self, task: str, who: Person, *, take_from: str = "") -> None:
        """The task, and the patient's others that `who` may see, are `who`'s. Raises Taken where a colleague has any of the
        patient's, unless it is the one to `take_from`."""
        await self._owned(task, who, who.name, take_from, StaffAct.CLAIM)

    async def assign(self, task: str, who: Person, to: str, *, take_from: str = "") -> None:
        """The same for a colleague."""
        await self._owned(task, who, to, take_from, StaffAct.ASSIGN)

    async def release(self, task: str, who: Person) -> None:
        """Nobody has it any more. Raises Taken for what a colleague has."""
        await self._owned(task, who, "", "", StaffAct.RELEASE)

    async def _owned(self, task: str, who: Person, owner: str, take_from: str, act: StaffAct) -> None:
        def job(held: Connection) -> None:
            row = _task(held, task, who)
            changed = _give(held, row.patient_id, task, who, owner, take_from, self._at())
            if changed and row.conversation_id:
                to = owner if act is StaffAct.ASSIGN else ""
                self._put(held, row.conversation_id, StaffActed(act, who.name, tell=False, to=to))

        await self._run(job)

    async def snooze(self, task: str, who: Person, until: datetime) -> None:
        """In no queue before then, unless there is news of it. Raises Taken."""

        def job(held: Connection) -> None:
            row = _task(held, task, who)
            _give(held, row.patient_id, task, who, who.name, "", self._at())
            held.execute(sa.update(tasks).where(tasks.c.key == task).values(shown_from=instant(until), changed_at=self._at()))
            if row.conversation_id:
                self._put(held, row.conversation_id, StaffActed(StaffAct.SNOOZE, who.name, tell=False, until=until))

        await self._run(job)

    # ---- acts --------------------------------------------------------------------------------------------------------

    async def act(
        self,
        talk: str,
        act: StaffAct,
        who: Person,
        seen: int,
        *,
        text: str = "",
        start: datetime | None = None,
        tell: bool = True,
        then: StaffAct | None = None,
    ) -> Done:
        """Do this with a talk of which `who` has seen the entries up to `seen`, and `then` that, to be undone as one. Raises
        NotThere, Taken, Stale, UnderWay."""
        now = self._clock.now()
        due = now if act in AT_ONCE else now + UNDO_FOR
        digest = sha256(f"{text}\x1f{start}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        key = f"{talk}/{seen}/{act}/{digest}"

        def job(held: Connection) -> Done:
            row = _talk(held, talk, who)
            if _known(held, key):
                return Done(key, again=True)
            if act not in AMONG_STAFF:
                self._clear_way(held, row, who, seen)
                if due > now:
                    away = sa.update(tasks).where(tasks.c.conversation_id == talk, tasks.c.status == "open")
                    held.execute(away.values(shown_from=instant(due + _COMES_BACK)))
            # What comes between now and then is told by what they knew of.
            c = _conversation(self._vault, row)
            acted = StaffActed(act, who.name, text, start, tell, replies=c.replies, version=c.appointment.version)
            self._put(held, talk, acted, key=key, due=due)
            if then is not None:
                self._put(held, talk, replace(acted, act=then, text="", start=None), key=f"{key}{THEN}", due=due)
            return Done(key, due - MARGIN if due > now else None)

        return await self._run(job)

    def _clear_way(self, held: Connection, row: Any, who: Person, seen: int) -> None:
        if pending(held, self._vault, row.id, self._clock.now()):
            raise UnderWay
        entry = transcript.c
        since = sa.select(entry.seq).where(
            entry.conversation_id == row.id, entry.seq > seen, entry.kind.in_(("reply.read", "appointment.changed"))
        )
        if held.execute(since.limit(1)).first() is not None:
            raise Stale
        _give(held, row.patient_id, "", who, who.name, "", self._at())

    async def undo(self, key: str, who: Person) -> None:
        """Take back an act that has not taken effect. Raises TooLate, NotThere."""
        talk, _, rest = key.partition("/")
        act = rest.split("/")[1] if rest.count("/") == 2 else ""

        def job(held: Connection) -> None:
            _talk(held, talk, who)
            mine = inbox.c
            both = mine.external_id.in_((key, f"{key}{THEN}"))
            waits = sa.and_(mine.source == "staff", both, mine.status == "new")
            back = sa.update(inbox).where(waits, mine.due > instant(self._clock.now() + MARGIN))
            taken_back = back.values(status="done", outcome=f"taken back by {who.name}"[:160], done_at=self._at())
            if not held.execute(taken_back).rowcount:
                raise TooLate
            again = sa.update(tasks).where(tasks.c.conversation_id == talk, tasks.c.status == "open")
            held.execute(again.values(shown_from=0))
            self._put(held, talk, StaffActed(StaffAct.UNDO, who.name, act, tell=False))

        await self._run(job)

    async def settle_loose(self, task: str, who: Person, outcome: str, note: str = "") -> None:
        """Close a task that is about no conversation. Raises NotThere, Taken."""
        await self._run(lambda held: self._close_loose(held, task, who, outcome, note))

    async def attach(self, task: str, talk: str, who: Person) -> None:
        """The text from an unknown number that made this task is found to be of the talk's patient. It becomes a task of the
        talk, and is listed with the patient's messages. Raises NotThere, Taken."""

        def job(held: Connection) -> None:
            of = _talk(held, talk, who)
            which = sa.and_(unmatched.c.task == task, unmatched.c.patient_id == "")
            query = sa.select(unmatched, tasks.c.kind).join(tasks, tasks.c.key == unmatched.c.task).where(which)
            text = held.execute(query).first()
            if text is None:
                raise NotThere
            # What was said is the patient's from now on: not for others to read in the task, nor there once they are erased.
            self._close_loose(held, task, who, "attached", keep=False)
            held.execute(sa.update(tasks).where(tasks.c.key == task).values(clinic=of.clinic))
            place = unmatched_place(text.id)
            said = orjson.loads(self._vault.open_own(place, text.sealed))
            found = {**said, "by": who.name, "found_at": self._clock.now().isoformat()}
            whose = {"clinic": of.clinic, "conversation_id": talk, "patient_id": of.patient_id}
            sealed = self._vault.seal(of.wrapped_key, place, canonical(found))
            held.execute(sa.update(unmatched).where(unmatched.c.id == text.id).values(sealed=sealed, **whose))
            words = f"{said['sender']}: {said['text']}"
            self._put(held, talk, StaffActed(StaffAct.ATTACH, who.name, words, tell=False, to=text.kind))

        await self._run(job)

    def _close_loose(
        self, held: Connection, task: str, who: Person, outcome: str, note: str = "", *, keep: bool = True
    ) -> None:
        """`keep`: what it said so far stays with it."""
        row = _task(held, task, who)
        if row.conversation_id is not None:
            raise NotThere
        _give(held, None, task, who, who.name, "", self._at())
        steps = task_steps(self._vault, row) if keep else []
        steps.append({"at": self._clock.now().isoformat(), "why": f"{who.name}: {outcome}", "words": note})
        closed = {
            "sealed": self._vault.seal_own(task_place(task), canonical(steps)),
            "status": "closed",
            "outcome": outcome[:64],
            "closed_at": self._at(),
            "changed_at": self._at(),
        }
        held.execute(sa.update(tasks).where(tasks.c.key == task).values(closed))

    async def propose(self, talk: str, seq: int, wanted: str, who: Person, note: str = "") -> bool:
        """File that the reply in entry `seq` meant the intent `wanted`, for the keeper of the clinic's rules. False where that
        was filed before. Raises NotThere."""

        def job(held: Connection) -> bool:
            row = _talk(held, talk, who)
            entry = held.execute(
                sa.select(transcript).where(
                    transcript.c.conversation_id == talk, transcript.c.seq == seq, transcript.c.kind == "reply.read"
                )
            ).first()
            if entry is None:
                raise NotThere
            data = orjson.loads(self._vault.open(row.wrapped_key, entry_place(talk, seq), entry.sealed))["data"]
            key = sha256(f"proposal {talk}/{seq}/{wanted}".encode()).hexdigest()[:32]
            if held.execute(sa.select(proposals.c.key).where(proposals.c.key == key)).first() is not None:
                return False
            text = {"text": data.get("part", data["text"]), "normalised": data["normalised"], "note": note}
            filed = {
                "key": key,
                "conversation_id": talk,
                "patient_id": row.patient_id,
                "clinic": row.clinic,
                "ruleset": row.ruleset,
                "version": row.version,
                "language": row.language,
                "sealed": self._vault.seal(row.wrapped_key, proposal_place(key), canonical(text)),
                "read_as": data["intent"],
                "rule": data["rule"],
                "wanted": wanted,
                "proposed_by": who.name,
                "proposed_at": self._at(),
            }
            held.execute(sa.insert(proposals).values(filed))
            self._put(held, talk, StaffActed(StaffAct.MEANT, who.name, wanted, tell=False))
            return True

        return await self._run(job)

    # ---- what they share ---------------------------------------------------------------------------------------------

    def _at(self) -> int:
        return instant(self._clock.now())

    def _put(self, held: Connection, talk: str, acted: StaffActed, *, key: str = "", due: datetime | None = None) -> None:
        """An act as a row of the inbox, in the transaction that it belongs to."""
        # Whatever has no key of its own happens as often as it is asked for.
        key = key or f"{talk}/at {self._clock.now().isoformat()}/{acted.act}/{acted.by}"
        row = self._intake.staff_row(talk, acted, key)
        if due is not None:
            row["due"] = instant(due)
        if not _known(held, key):
            held.execute(sa.insert(inbox).values(row))

    async def _run(self, job: Job[T]) -> T:
        done = await self._writer.run(job)
        self._bus.notify(WORK)
        self._bus.notify(CHANGED)
        return done


def _conversation(vault: Vault, row: Any) -> Conversation:
    """As a row of `_talk` holds it."""
    return from_json(orjson.loads(vault.open(row.wrapped_key, conversation_place(row.id), row.sealed)))


def _known(held: Connection, key: str) -> bool:
    query = sa.select(inbox.c.id).where(inbox.c.source == "staff", inbox.c.external_id == key)
    return held.execute(query).first() is not None


def _task(held: Connection, task: str, who: Person) -> Any:
    """The open task. Raises NotThere."""
    row = held.execute(
        sa.select(tasks, patients.c.wrapped_key)
        .join(patients, patients.c.id == tasks.c.patient_id, isouter=True)
        .where(tasks.c.key == task, tasks.c.status == "open")
    ).first()
    if row is None or row.clinic not in who.scope:
        raise NotThere
    return row


def _talk(held: Connection, talk: str, who: Person) -> Any:
    """The conversation, with its clinic and its patient's key and language. Raises NotThere, also for an erased patient."""
    talks = conversations.c
    columns = (talks.id, talks.patient_id, talks.ruleset, talks.version, talks.sealed)
    row = held.execute(
        sa.select(*columns, appointments.c.clinic, patients.c.wrapped_key, patients.c.language)
        .join(appointments, appointments.c.id == talks.appointment_id)
        .join(patients, patients.c.id == talks.patient_id)
        .where(talks.id == talk)
    ).first()
    if row is None or row.wrapped_key is None or row.clinic not in who.scope:
        raise NotThere
    return row


def _give(
    held: Connection, patient: str | None, task: str, who: Person, owner: str, take_from: str, at: int
) -> bool:
    """Make the patient's open tasks that `who` may see, or the one task that is no patient's, `owner`'s. False where they were
    already. Raises Taken where a colleague has any of the patient's, unless it is the one to `take_from`."""
    which = tasks.c.patient_id == patient if patient is not None else tasks.c.key == task
    open_ones = sa.and_(which, tasks.c.status == "open")
    free = {"", who.name, owner, take_from}
    # The holder is asked for in the update too: on PostgreSQL a colleague's may come between.
    mine = sa.update(tasks).where(open_ones, tasks.c.owner.in_(free), tasks.c.owner != owner)
    changed = held.execute(mine.where(who.scope.where(tasks.c.clinic)).values(owner=owner, changed_at=at)).rowcount
    holder = held.execute(sa.select(tasks.c.owner).where(open_ones, tasks.c.owner.not_in(free)).limit(1)).scalar()
    if holder is not None:
        raise Taken(holder)
    return changed > 0
