"""The fold: the conversation that the entries of a transcript add up to.

Two rules hold this file together:

1. A conversation is nothing but the fold of its entries. `apply` is the one place that says what an entry means, so a stored
   row can be rebuilt from the transcript exactly.
2. An entry holds all that the fold needs, as plain JSON values. Reading an old transcript asks nothing of today's rules.

There is one function for each kind of entry that changes the conversation. A kind without one changes nothing but `seq`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine import preferences
from engine.as_json import appointment_of, patient_of, which_of
from engine.conversation import (
    ARRIVED,
    FAILED,
    NO_PREFERENCES,
    OPTED_OUT,
    PLACE,
    Conversation,
    Entry,
    OpenedTask,
    SentText,
    supersedes,
)
from engine.reading import LANGUAGE
from engine.ruleset import CLOSED, wider

# How many of our latest texts a talk remembers, to tell which one a reply answers.
REMEMBERED_TEXTS = 8
# The graver block stands: a START lifts "opted_out" and never what was learnt besides.
_GRAVITY = ("", OPTED_OUT, "wrong_number", "deceased")

_SEQ = PLACE["seq"]


def _step(c: Conversation, **changes: Any) -> Conversation:
    """`c` with these changes, one entry on. The same as `_replace`, at half its cost."""
    values: list[Any] = [*c]
    values[_SEQ] += 1
    for name, value in changes.items():
        values[PLACE[name]] = value
    return tuple.__new__(Conversation, values)


def _opened(entry: Entry) -> Conversation:
    data = entry.data
    return Conversation(
        id=data["conversation"],
        ruleset=data["ruleset"],
        version=data["version"],
        appointment=appointment_of(data["appointment"]),
        patient=patient_of(data["patient"]),
        opened_at=entry.at,
        seq=1,
    )


def _reply_read(c: Conversation, entry: Entry) -> Conversation:
    if entry.data["former_number"]:
        return _step(c)  # not the patient's words: they break no silence and use up nobody's patience
    same = entry.data["normalised"] == c.last_reply
    return _step(
        c,
        silent=c.silent and entry.data["intent"] == LANGUAGE,  # which asks to be asked again
        replies=c.replies + 1,
        last_reply=entry.data["normalised"],
        repeats=c.repeats + 1 if same else 1,
        replied_at=datetime.fromisoformat(entry.data["received_at"]),
        replied_before=c.replied_at,
    )


def _which_asked(c: Conversation, entry: Entry) -> Conversation:
    return _step(c, which=which_of(entry.data))


def _which_settled(c: Conversation, _: Entry) -> Conversation:
    return _step(c, which=None)


def _reply_asked(c: Conversation, entry: Entry) -> Conversation:
    return _step(c, unclear=entry.data["rung"] + 1, guess=entry.data.get("guess", ""))


def _guess_dropped(c: Conversation, _: Entry) -> Conversation:
    return _step(c, guess="")


def _state_entered(c: Conversation, entry: Entry) -> Conversation:
    state = entry.data["state"]
    return _step(
        c,
        state=state,
        visit=c.visit + 1,
        staff_own=entry.data.get("staff_own", False),
        closed=state == CLOSED or entry.data.get("ends", False),
        unclear=0,
        waited=0,
        failures=0,
        guess="",
        asked="",
        handed_for="",
    )


def _waited(c: Conversation, entry: Entry) -> Conversation:
    return _step(c, waited=entry.data["rung"] + 1)


def _text_queued(c: Conversation, entry: Entry) -> Conversation:
    data = entry.data
    text = SentText(data["key"], data["prompt"], data["about"], "queued", data["day"])
    return _step(
        c,
        texts=(*c.texts[1 - REMEMBERED_TEXTS :], text),
        asked=text.key if data["asks"] else c.asked,
        day=data["day"],
        day_texts=c.day_texts + 1 if data["day"] == c.day else 1,
        reminded_at=entry.at if data["lane"] == "bulk" or data["asks"] else c.reminded_at,
    )


def _text_joined(c: Conversation, entry: Entry) -> Conversation:
    data = entry.data
    texts = (
        text._replace(shared=data["shared"], number=data["number"]) if text.key == data["key"] else text for text in c.texts
    )
    return _step(c, texts=tuple(texts))


def _text_status(c: Conversation, entry: Entry) -> Conversation:
    said = entry.data["status"]
    before = c.text(entry.data["key"])
    if before is None or not supersedes(said, before.status):
        return _step(c)
    after = before._replace(status=said)
    changes: dict[str, Any] = {"texts": tuple(after if text is before else text for text in c.texts)}
    if said in ARRIVED and before.status not in ARRIVED:
        changes["spoke_at"] = _said_at(entry)
    if said == "delivered":
        changes["failures"] = 0
    # A text that never arrived does not count as one that the patient had to bear.
    if before.day == c.day:
        changes["day_texts"] = c.day_texts - (said in FAILED) + (before.status in FAILED)
    changes.update(_telling(c, before, said, _said_at(entry)))
    return _step(c, **changes)


def _said_at(entry: Entry) -> datetime:
    """When the gateway said it, which is earlier than when we got round to it."""
    at = entry.data.get("at")
    return datetime.fromisoformat(at) if at is not None else entry.at


def _telling(c: Conversation, text: SentText, said: str, at: datetime) -> dict[str, Any]:
    """What a new word on a text changes about what the patient was told."""
    about = text.about
    if said in ARRIVED:
        if about == c.told and about and not c.known_told():
            return {"told_at": at} if c.retold else {}
        if about <= c.told:
            return {}
        # Another version may have been told, as far as anyone knows, if only a text of it was on its way.
        another = c.told > 0 or any(other.about not in (0, about) for other in c.texts)
        return {"told": about, "told_at": at, "retold": c.retold or another}
    if about != c.told or not about or text.status not in ARRIVED:
        return {}
    # It failed after all: it told nothing, and what was told before it no longer holds either.
    told = max((t.about for t in c.texts if t.key != text.key and t.status in ARRIVED), default=0)
    return {} if told == about else {"told": told, "told_at": at, "retold": c.retold or told > 0}


def _send_failed(c: Conversation, _: Entry) -> Conversation:
    return _step(c, failures=c.failures + 1)


def _handed(c: Conversation, entry: Entry) -> Conversation:
    # What we asked last is void: a yes that comes once staff are done is not an answer to it.
    text = entry.data.get("text", "")
    return _step(
        c,
        staff_own=True,
        guess="",
        handed_for=c.handed_for if c.staff_own else text,
        called_off_by=text if entry.data.get("called_off") else c.called_off_by,
    )


def _handed_back(c: Conversation, _: Entry) -> Conversation:
    return _step(c, staff_own=False, handed_for="")


def _closed(c: Conversation, _: Entry) -> Conversation:
    return _step(c, closed=True)


def _reopened(c: Conversation, _: Entry) -> Conversation:
    return _step(c, closed=False)


def _appointment_changed(c: Conversation, entry: Entry) -> Conversation:
    appointment = appointment_of(entry.data["appointment"])
    moved = appointment.version != c.appointment.version
    # What would have suited instead of the earlier time says nothing of the new one.
    wanted = NO_PREFERENCES if moved else c.preferences
    return _step(
        c,
        appointment=appointment,
        silent=moved or c.silent,
        preferences=wanted,
        called_off_by="" if moved else c.called_off_by,
    )


def _patient_changed(c: Conversation, entry: Entry) -> Conversation:
    c = _step(c, patient=patient_of(entry.data["patient"]))
    # Another phone: whoever holds it has been told nothing yet.
    if not entry.data["number_changed"]:
        return c
    return c._replace(
        texts=tuple(text._replace(about=0) for text in c.texts),
        told=0,
        told_at=None,
        retold=c.told > 0 or c.retold,
        guess="",
        blocked="" if c.blocked == "wrong_number" else c.blocked,
    )


def _language_changed(c: Conversation, entry: Entry) -> Conversation:
    return _step(c, patient=replace(c.patient, language=entry.data["language"]))


def _task_opened(c: Conversation, entry: Entry) -> Conversation:
    task = OpenedTask(entry.data["key"], entry.data["kind"])
    return _step(c, tasks=(*c.tasks, task))


def _task_closed(c: Conversation, entry: Entry) -> Conversation:
    settled = entry.data["kind"] == "reschedule"
    return _step(
        c,
        tasks=tuple(task for task in c.tasks if task.key != entry.data["key"]),
        preferences=NO_PREFERENCES if settled else c.preferences,
    )


def _preferences_noted(c: Conversation, entry: Entry) -> Conversation:
    return _step(c, preferences=c.preferences.then(preferences.from_json(entry.data)))


def _preferences_dropped(c: Conversation, _: Entry) -> Conversation:
    return _step(c, preferences=NO_PREFERENCES)


def _ipms_queued(c: Conversation, entry: Entry) -> Conversation:
    data = entry.data
    return _step(c, wish=data["action"], wish_version=data["appointment_version"], wish_key=data["key"])


def _ipms_status(c: Conversation, entry: Entry) -> Conversation:
    if entry.data["status"] == "done" or entry.data["key"] != c.wish_key:
        return _step(c)
    return _step(c, wish="", wish_version=0, wish_key="")


def _blocked(c: Conversation, entry: Entry) -> Conversation:
    reason = entry.data["reason"]
    scope = entry.data.get("scope", "")
    stopped = scope if wider(scope, c.stopped) else c.stopped
    return _step(c, blocked=max(c.blocked, reason, key=_GRAVITY.index), stopped=stopped)


def _unblocked(c: Conversation, _: Entry) -> Conversation:
    return _step(c, blocked="" if c.blocked == OPTED_OUT else c.blocked, stopped="")


_FOLD: Mapping[str, Callable[[Conversation, Entry], Conversation]] = {
    "reply.read": _reply_read,
    "reply.asked": _reply_asked,
    "guess.dropped": _guess_dropped,
    "which.asked": _which_asked,
    "which.settled": _which_settled,
    "state.entered": _state_entered,
    "silence.noted": _waited,
    "text.queued": _text_queued,
    "text.joined": _text_joined,
    "text.status": _text_status,
    "send.failed": _send_failed,
    "conversation.handed": _handed,
    "conversation.handed_back": _handed_back,
    "conversation.closed": _closed,
    "conversation.reopened": _reopened,
    "appointment.changed": _appointment_changed,
    "patient.changed": _patient_changed,
    "preferences.noted": _preferences_noted,
    "preferences.dropped": _preferences_dropped,
    "language.changed": _language_changed,
    "task.opened": _task_opened,
    "task.closed": _task_closed,
    "ipms.queued": _ipms_queued,
    "ipms.status": _ipms_status,
    "texts.blocked": _blocked,
    "texts.unblocked": _unblocked,
}


def apply(conversation: Conversation | None, entry: Entry) -> Conversation:
    """The conversation after one more entry. The first entry of any transcript is `conversation.opened`."""
    if conversation is None:
        if entry.kind != "conversation.opened":
            raise ValueError(f"a transcript begins with conversation.opened, not {entry.kind}")
        return _opened(entry)
    step = _FOLD.get(entry.kind)
    if step is None:
        return _step(conversation)
    return step(conversation, entry)


def fold(entries: Iterable[Entry]) -> Conversation:
    """The conversation that these entries, from the first on, add up to. Raises ValueError for none at all."""
    conversation: Conversation | None = None
    for entry in entries:
        conversation = apply(conversation, entry)
    if conversation is None:
        raise ValueError("no entries")
    return conversation
