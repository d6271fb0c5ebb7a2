"""The page of one conversation: the whole talk, why it is here, and each act one key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from adapters.web import plain, telling
from adapters.web.console.canned import Canned, canned_for
from adapters.web.console.desk import ACT_NAMES, QUEUE_NAMES, SNOOZES, Undoable, declined, read_act, recent
from adapters.web.console.inbox import colleagues_of, inbox_of, within
from adapters.web.console.readings import Explained, explain
from adapters.web.console.visit import Declined, NotHere, Page, Visit
from adapters.zone import ZONE
from conversations import people, talks
from conversations.desk import Refused, Taken
from conversations.names import full_name
from conversations.people import Person, Right
from conversations.queues import Waiting
from conversations.talks import Fate, Said, Talk
from engine import wording
from engine.appointment import STANDING
from engine.events import StaffAct
from engine.ruleset import Ruleset
from engine.tongues import name as language_name

LONGEST_ANSWER = 640
_TICKS = {
    "queued": ("…", "about to go out"),
    "accepted": ("✓", "taken by the gateway"),
    "sent": ("✓", "on its way"),
    "delivered": ("✓✓", "delivered"),
    "undeliverable": ("✗", "could not be delivered"),
    "expired": ("✗", "could not be delivered in time"),
    "rejected": ("✗", "refused by the gateway"),
    "unknown": ("?", "no word of it came back"),
    "unsent": ("✗", "held back"),
}
# Of the transcript's steps, those that a secretary needs between the bubbles; the others show on demand.
_STEPS = frozenset(
    {
        "staff.acted", "staff.texted", "appointment.changed", "conversation.closed", "conversation.reopened",
        "conversation.handed",
        "conversation.handed_back", "texts.blocked", "texts.unblocked", "language.changed", "text.withheld", "task.opened",
        "preferences.noted", "patient.changed",
    }
)  # fmt: skip
_MUTE = frozenset({"text.status", "text.joined", "reply.settled", "reply.read", "text.queued"})


# ---- the talk --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bubble:
    """A text. `side` is patient, machine or staff; `by` who of staff wrote it. Of a reply `read` explains the reading and
    `outcome` says what came of it; of ours `ticks` and `fate` say how it fares."""

    seq: int
    at: datetime
    side: str
    text: str
    by: str = ""
    read: Explained | None = None
    intent: str = ""
    outcome: str = ""
    ticks: str = ""
    fate: str = ""
    failed: bool = False
    segments: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened between the texts. `minor`: shown on demand."""

    seq: int
    at: datetime
    title: str
    quote: str
    minor: bool


def thread(entries: Sequence[Said], fates: Mapping[str, Fate], names: Mapping[str, str]) -> Iterator[Bubble | Step]:
    outcomes = {
        said.entry.data["reply"]: said.entry.data["why"] for said in entries if said.entry.kind == "reply.settled"
    }
    for said in entries:
        kind, data, by = said.entry.kind, said.entry.data, said.entry.actor.removeprefix("staff:")
        if kind == "reply.read":
            yield Bubble(
                said.seq, said.entry.at, "patient", data["text"], read=explain(data), intent=data["intent"],
                outcome=outcomes.get(data["reply"], ""),
            )  # fmt: skip
        elif kind == "text.queued":
            yield _ours(said, fates.get(data["key"]), names.get(by, by))
        elif kind not in _MUTE:
            line = telling.tell(said.entry)
            title = line.title.replace(by, names[by]) if by in names else line.title
            quote = line.quote or ""
            notes = f" – {', '.join(line.notes)}" if line.notes and kind == "appointment.changed" else ""
            yield Step(said.seq, said.entry.at, title + notes, quote, kind not in _STEPS)


def _ours(said: Said, fate: Fate | None, by: str) -> Bubble:
    status = fate.status if fate is not None else "queued"
    ticks, meaning = _TICKS.get(status, ("", status))
    if fate is not None and fate.reason and ticks == "✗":
        meaning = f"{meaning}: {fate.reason}"
    staff = said.entry.actor.startswith("staff:")
    return Bubble(
        said.seq, said.entry.at, "staff" if staff else "machine", said.entry.data["text"], by=by if staff else "Freagra",
        ticks=ticks, fate=meaning, failed=ticks == "✗", segments=said.entry.data["segments"],
    )  # fmt: skip


# ---- what can be done ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do. `needs` is what it asks for: "" nothing, "sure" a second look, "when" a time, "text" words. `does` says
    in a line what follows; `says` is the text that the patient gets, "" for none."""

    act: str
    key: str
    name: str
    does: str
    needs: str = ""
    says: str = ""


_KEYS = {
    "confirm": "y", "cancel": "x", "keep": "k", "rescheduled": "r", "call_back": "b", "answer": "a", "wrong_number": "w",
    "deceased": "d", "stop": "o", "hand_back": "h", "take": "t", "close": "e",
}  # fmt: skip
_DOES = {
    "confirm": "Confirmed in the iPMS.",
    "cancel": "Cancelled in the iPMS, and the slot is free.",
    "keep": "Any request for a change is withdrawn in the iPMS.",
    "rescheduled": "Moved in the iPMS, whose word of it tells the patient the new time.",
    "call_back": "Settles it as rung. Nothing is texted.",
    "answer": "Your words, by text.",
    "wrong_number": "No more texts to this number, at once.",
    "deceased": "No more texts to this patient, at once.",
    "stop": "No more texts to this number, at once.",
    "hand_back": "Freagra goes on with the talk.",
    "take": "Freagra says nothing more until you hand it back.",
    "close": "The talk is over; its tasks are settled.",
}
# What to do first where the rules suggest nothing.
_FIRST = {
    "question": "answer", "unclear_reply": "answer", "urgent": "call_back", "bereavement": "deceased",
    "wrong_number": "wrong_number", "former_number": "call_back", "running_late": "call_back", "call_patient": "call_back",
    "undelivered": "call_back", "not_sent": "call_back",
}  # fmt: skip
_NEEDS = {"rescheduled": "when", "answer": "text", "wrong_number": "sure", "deceased": "sure", "stop": "sure"}
_WITH_TEXT = ("confirm", "cancel", "keep", "stop")


def acts_for(talk: Talk, ruleset: Ruleset, now: datetime) -> list[Act]:
    """What staff can do with a talk as it stands."""
    c = talk.conversation
    stands = talk.appointment.status in STANDING and talk.appointment.start > now
    possible = ["rescheduled", "confirm", "keep", "cancel"] if stands else []
    possible = [act for act in possible if act == "rescheduled" or act in ruleset.staff]
    possible += ["call_back", "answer"]
    if not c.closed:
        possible.append("hand_back" if c.staff_own and "hand_back" in ruleset.staff else "take")
    possible += ["stop", "wrong_number", "deceased", "close"]
    return [
        Act(act, _KEYS[act], ACT_NAMES[act], _DOES[act], _NEEDS.get(act, ""), _says(talk, ruleset, act)) for act in possible
    ]


def _says(talk: Talk, ruleset: Ruleset, act: str) -> str:
    """The text that the patient gets with an act."""
    name = ruleset.staff.get(act) if act != "stop" else ruleset.always.get("stop")
    state = ruleset.states.get(name or "")
    if act not in _WITH_TEXT or state is None or state.say is None or gets_no_text(talk):
        return ""
    return wording.render(ruleset, state.say, talk.appointment, talk.conversation.patient, None).text


def gets_no_text(talk: Talk) -> str:
    """Why this patient can be sent nothing, "" where they can."""
    c = talk.conversation
    if talk.deceased:
        return "the patient has died"
    if talk.do_not_text:
        return "marked do not text"
    if c.blocked:
        return f"texts are stopped: {plain.kind(c.blocked)}"
    return "" if c.patient.textable else "no mobile number"


def suggested(task: Waiting | None, acts: Sequence[Act]) -> Act | None:
    """What to do first: as the rules suggest, else what its kind asks for."""
    if task is None:
        return None
    wanted = task.suggest or _FIRST.get(task.kind, "")
    return next((act for act in acts if act.act == wanted), None)


# ---- the page --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Look:
    talk: Talk
    ruleset: Ruleset
    everyone: list[Person]
    canned: list[Canned]
    undo: list[Undoable]


def _refuse_erased(connection: Connection, visit: Visit) -> None:
    """Raises Declined where there was a conversation whose patient was erased."""
    last = talks.erased(connection, visit.house.vault, visit.path["id"], visit.scope)
    if last is not None:
        day, by = f"{last.at.astimezone(ZONE):%-d %B %Y}", last.actor.removeprefix("staff:")
        raise Declined(410, f"This patient’s data were erased on {day} by {by}. What is left of the conversation names nobody.")


def _look(connection: Connection, visit: Visit) -> _Look | None:
    house = visit.house
    found = talks.talk(connection, house.vault, visit.path["id"], visit.scope, visit.now)
    if found is None:
        _refuse_erased(connection, visit)
        return None
    return _Look(
        found,
        house.rulebook.version(connection, found.version),
        people.everyone(connection),
        canned_for(connection, found.appointment.clinic, found.conversation.patient.language or "en"),
        recent(connection, house.vault, visit.person, visit.now),
    )


async def conversation(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, status: int = 200, refused: str = "", typed: Mapping[str, str] | None = None) -> Response:
    """`refused`: why what was asked was not done; what was `typed` stays in its field."""
    look = await visit.read(_look, visit)
    if look is None:
        raise NotHere
    talk, ruleset = look.talk, look.ruleset
    c = talk.conversation
    await visit.looked(f"conversation:{c.id}", patient=talk.patient, clinic=talk.appointment.clinic)
    acts = acts_for(talk, ruleset, visit.now)
    first = talk.tasks[0] if talk.tasks else None
    names = {each.name: each.shown for each in look.everyone}
    return visit.page(
        "conversation_main.html" if visit.wants_part else "conversation.html",
        status,
        talk=talk,
        c=c,
        name=full_name(talk.record) or "Name not known",
        first=first,
        acts=acts,
        suggestion=suggested(first, acts),
        thread=list(thread(talk.entries, talk.fates, names)),
        earlier=talk.entries[0].seq if talk.earlier else 0,
        latest_reply=max((said.seq for said in talk.entries if said.entry.kind == "reply.read"), default=0),
        who_did=[said for said in talk.entries if said.entry.actor.startswith("staff:") and said.entry.kind == "staff.acted"],
        notes=[said for said in talk.entries if said.entry.kind == "staff.acted" and said.entry.data["act"] == "note"],
        tell=telling.tell,
        names=names,
        colleagues=colleagues_of(look.everyone, first) if first is not None else [],
        undo=look.undo,
        canned=look.canned,
        queue_names=QUEUE_NAMES,
        act_names=ACT_NAMES,
        snoozes=SNOOZES,
        no_text=gets_no_text(talk),
        language=language_name(c.patient.language or ruleset.languages[0]),
        state=plain.state(c.state),
        intents=[(name, plain.kind(name)) for name in ruleset.intents],
        refused=refused,
        typed={name: (typed or {}).get(name, "") for name in ("act", "text", "day", "time")},
        longest=LONGEST_ANSWER,
        works=visit.may(Right.WORK),
        inbox=inbox_of(visit),
        here=within(visit, f"/conversations/{c.id}"),
        meaning=plain.meaning,
        status_of=lambda status: plain.APPOINTMENT_STATUS.get(status, status),
        state_of=plain.state,
    )


async def earlier(visit: Visit) -> Response:
    """The entries before some entry, as a part of the page."""
    seq = visit.query.get("seq", "")
    if not seq.isdecimal() or len(seq) > 9:
        raise NotHere
    found = await visit.read(_before, visit, int(seq))
    if found is None:
        raise NotHere
    (entries, more, fates), names = found
    return visit.page(
        "thread.html",
        thread=list(thread(entries, fates, names)),
        earlier=entries[0].seq if entries and more else 0,
        talk_id=visit.path["id"],
        latest_reply=0,
        intents=[],
        works=False,
    )


def _before(connection: Connection, visit: Visit, seq: int) -> Any:
    found = talks.before(connection, visit.house.vault, visit.path["id"], visit.scope, seq)
    if found is None:
        _refuse_erased(connection, visit)
    return None if found is None else (found, {each.name: each.shown for each in people.everyone(connection)})


# ---- acts ------------------------------------------------------------------------------------------------------------


async def act(visit: Visit) -> Response:
    """Do what was chosen. Back to the inbox where it settles something; else the page again."""
    form, chosen = visit.form, read_act(visit.form.get("act", ""))
    try:
        done = await visit.house.desk.act(
            visit.path["id"],
            chosen,
            visit.person,
            _seen(form),
            text=_text(chosen, form),
            start=_start(form) if chosen is StaffAct.RESCHEDULED else None,
            tell=form.get("silent") != "1",
            then=StaffAct.HAND_BACK if chosen is StaffAct.ANSWER and form.get("open") != "1" else None,
        )
    except Declined as fault:
        return await _page(visit, fault.status, fault.message, form)
    except Refused as refused:
        if isinstance(refused, Taken) or refused.code != "not_there":
            names = {each.name: each.shown for each in await visit.read(people.everyone)}
            return await _page(visit, 409, declined(refused, names).message, form)
        raise NotHere from refused
    if chosen in (StaffAct.NOTE, StaffAct.TAKE) or (chosen is StaffAct.ANSWER and form.get("open") == "1"):
        return visit.to(within(visit, f"/conversations/{visit.path['id']}"), "" if done.undo_until else "Noted.")
    return visit.to(inbox_of(visit), "" if done.undo_until else f"Done: {ACT_NAMES[chosen].lower()}.")


def _seen(form: Mapping[str, str]) -> int:
    seen = form.get("seen", "")
    if not seen.isdecimal() or len(seen) > 9:
        raise Declined(422, "The form is not whole. Load the page again.")
    return int(seen)


def _text(chosen: StaffAct, form: Mapping[str, str]) -> str:
    text = form.get("text", "").replace("\r\n", "\n").strip()
    if chosen in (StaffAct.ANSWER, StaffAct.NOTE) and not text:
        raise Declined(422, "There is nothing written yet.")
    if len(text) > LONGEST_ANSWER:
        raise Declined(422, f"A text may have {LONGEST_ANSWER} characters at most; this has {len(text)}.")
    return text


def _start(form: Mapping[str, str]) -> datetime:
    try:
        day_and_time = datetime.fromisoformat(f"{form.get('day', '')}T{form.get('time', '')}")
    except ValueError as fault:
        raise Declined(422, "Say the new day and time.") from fault
    return day_and_time.replace(tzinfo=ZONE)


async def meant(visit: Visit) -> Response:
    wanted, seq = visit.form.get("intent", ""), visit.form.get("seq", "")
    if not wanted or not seq.isdecimal() or len(seq) > 9:
        raise Declined(422, "Choose what was meant.")
    look = await visit.read(_look, visit)
    if look is None:
        raise NotHere
    if wanted not in look.ruleset.intents:
        raise Declined(422, "The rules have no such meaning.")
    try:
        new = await visit.house.desk.propose(
            visit.path["id"], int(seq), wanted, visit.person, visit.form.get("note", "").strip()[:300]
        )
    except Refused as refused:
        raise NotHere from refused
    said = "Filed for whoever keeps the rules." if new else "It was filed before."
    return visit.to(within(visit, f"/conversations/{visit.path['id']}"), said)


PAGES = (
    Page("GET", "/conversations/{id}", Right.READ, conversation),
    Page("GET", "/conversations/{id}/earlier", Right.READ, earlier),
    Page("POST", "/conversations/{id}/act", Right.WORK, act),
    Page("POST", "/conversations/{id}/meant", Right.WORK, meant),
)
