"""A conversation: one appointment's talk with one patient, and the fold that builds it from its transcript.

Two rules hold this file together:

1. A conversation is nothing but the fold of its entries. `decide` never sets a field; it appends entries, and `apply` is the
   one place that says what an entry means. So a stored row can be rebuilt from the transcript exactly.
2. An entry holds all that the fold needs, as plain JSON values. Reading an old transcript asks nothing of today's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from engine import preferences
from engine.appointment import Appointment, AppointmentStatus, Listed, Patient
from engine.preferences import Preferences
from engine.reading import LANGUAGE
from engine.ruleset import CLOSED, PLANNED, wider

MACHINE = "machine"
PATIENT = "patient"
GATEWAY = "gateway"
IPMS = "ipms"
CLOCK = "clock"

# How many of our latest texts a talk remembers, to tell which one a reply answers.
REMEMBERED_TEXTS = 8
# A text with one of these words on it is taken to have told the patient what it says.
_ARRIVED = frozenset({"accepted", "sent", "delivered"})
_FAILED = frozenset({"undeliverable", "expired", "rejected", "unsent"})
# The graver block stands: a START lifts "opted_out" and never what was learnt besides.
OPTED_OUT = "opted_out"
_GRAVITY = ("", OPTED_OUT, "wrong_number", "deceased")


def supersedes(said: str, held: str) -> bool:
    """Whether a word on a text takes the place of the one held. Words come twice, late and in contradiction: the first
    final one stands, except that the text may have been delivered after all."""
    if held in ("delivered", said) or said == "queued":
        return False
    if held in _FAILED:
        return said == "delivered"
    if said == "unknown":
        return held == "queued"
    return not (said == "accepted" and held == "sent")


class Entry(NamedTuple):
    """One fact of the transcript. `kind` is a dotted name; `actor` one of the words above or "staff:NAME"."""

    kind: str
    at: datetime
    actor: str
    data: Mapping[str, Any]


class SentText(NamedTuple):
    key: str
    prompt: str
    about: int  # the appointment version it tells of, 0 none
    status: str
    day: str  # local day on which it was queued
    shared: str = ""  # key of the text that several talks share and in whose place it left
    number: int = 0  # its number in that text


class OpenedTask(NamedTuple):
    key: str
    kind: str


@dataclass(frozen=True, slots=True)
class Which:
    """We asked the phone which of `among` a reply is about. `words`: what of the reply is to be applied to the one named."""

    reply: str
    text: str
    words: str
    among: tuple[Listed, ...]


NO_PREFERENCES = Preferences()


class Conversation(NamedTuple):
    """A named tuple, not a dataclass like the other values: a talk gets a new one with each entry, and `_replace` makes it at
    a sixth of the cost of dataclasses.replace, which was half the cost of deciding."""

    id: str
    ruleset: str
    version: str
    appointment: Appointment
    patient: Patient
    opened_at: datetime
    state: str = PLANNED
    staff_own: bool = False
    closed: bool = False
    seq: int = 0  # entries so far
    visit: int = 0  # states entered so far; a timer set in an earlier visit is stale
    silent: bool = True  # no reply yet to what was last asked about this appointment version
    replies: int = 0
    last_reply: str = ""  # as normalised
    repeats: int = 0  # times in a row that the last reply came
    replied_at: datetime | None = None  # when the gateway had the last reply
    replied_before: datetime | None = None  # and the one before it
    spoke_at: datetime | None = None  # when the gateway last took a text of ours
    unclear: int = 0  # next rung of the unclear ladder
    waited: int = 0  # next rung of the no-reply ladder
    failures: int = 0  # deliveries that failed in a row
    guess: str = ""  # the meaning we asked about ("did you mean ...?")
    asked: str = ""  # key of the text whose answer is awaited
    told: int = 0  # the appointment version that the patient's phone was last told of
    told_at: datetime | None = None
    retold: bool = False  # the patient was told an earlier version before `told`
    day: str = ""  # local day of `day_texts`
    day_texts: int = 0
    reminded_at: datetime | None = None  # when a reminder or a question was last queued
    wish: str = ""  # what the iPMS was last asked to record and has not refused: confirm, request_cancel, ...
    wish_version: int = 0  # of which appointment version
    wish_key: str = ""
    blocked: str = ""
    stopped: str = ""  # how much this talk's own STOP stopped, one of ruleset.SCOPES
    which: Which | None = None  # what this talk asked for all talks of the phone, while it waits for the answer
    texts: tuple[SentText, ...] = ()
    tasks: tuple[OpenedTask, ...] = ()
    preferences: Preferences = NO_PREFERENCES  # when the patient would come instead, until that is settled
    handed_for: str = ""  # key of the text, sent by hand, for whose answer alone staff own the talk
    called_off_by: str = ""  # key of the text by which staff said that this appointment will not go ahead

    def text(self, key: str) -> SentText | None:
        """The text of this key, or what stood for this talk in the shared text of this key."""
        for text in self.texts:
            if key in (text.key, text.shared):
                return text
        return None

    def known_told(self) -> bool:
        """Whether it is more than likely that the patient has seen the version `told`: a text of it was delivered, or
        two were taken by the gateway."""
        telling = [text.status for text in self.texts if text.about == self.told and text.status in _ARRIVED]
        return "delivered" in telling or len(telling) > 1

    def task(self, kind: str) -> OpenedTask | None:
        for task in self.tasks:
            if task.kind == kind:
                return task
        return None


def appointment_json(appointment: Appointment) -> dict[str, Any]:
    return {
        "id": appointment.id,
        "version": appointment.version,
        "start": appointment.start.isoformat(),
        "status": str(appointment.status),
        "clinic": appointment.clinic,
        "clinic_name": appointment.clinic_name,
        "clinician": appointment.clinician,
        "place": appointment.place,
        "type": appointment.type,
        "hospital": appointment.hospital,
        "phone": appointment.phone,
    }


def appointment_of(data: Mapping[str, Any]) -> Appointment:
    id, version, start, status, *rest = _OF_APPOINTMENT(data)
    return Appointment(id, version, datetime.fromisoformat(start), AppointmentStatus(status), *rest)


def patient_json(patient: Patient) -> dict[str, Any]:
    return {
        "id": patient.id,
        "first_name": patient.first_name,
        "language": patient.language,
        "deceased": patient.deceased,
        "do_not_text": patient.do_not_text,
        "textable": patient.textable,
    }


def patient_of(data: Mapping[str, Any]) -> Patient:
    return Patient(*_OF_PATIENT(data))


def in_order(names: Iterable[str], unset: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """A function that gives the values of plain JSON data in the order of `names`; what the data lacks is as in `unset`.
    Passing them by their names as parsed would cost twice as much: Python finds a parameter quickly only by the very string
    that names it."""
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*names)

    def pick(data: Mapping[str, Any]) -> tuple[Any, ...]:
        try:
            return values(data)
        except KeyError:
            return values({**unset, **data})

    return pick


def unset(kind: Any) -> dict[str, Any]:
    """The values that fields of this dataclass have where none is given."""
    return {field.name: field.default for field in fields(kind) if field.default is not MISSING}


_OF_APPOINTMENT = in_order(Appointment.__match_args__, unset(Appointment))
_OF_PATIENT = in_order(Patient.__match_args__, unset(Patient))


def _listed_json(listed: Listed) -> list[Any]:
    facts = [listed.conversation, listed.patient, listed.first_name, listed.appointment, listed.version]
    return [*facts, listed.start.isoformat(), listed.clinic]


def listed_of(facts: Sequence[Any]) -> Listed:
    talk, patient, name, appointment, version, start, clinic = facts
    return Listed(talk, patient, name, appointment, version, datetime.fromisoformat(start), clinic)


def which_json(which: Which) -> dict[str, Any]:
    among = [_listed_json(each) for each in which.among]
    return {"reply": which.reply, "text": which.text, "words": which.words, "among": among}


def _which_of(data: Mapping[str, Any] | None) -> Which | None:
    if data is None:
        return None
    return Which(data["reply"], data["text"], data["words"], tuple(map(listed_of, data["among"])))


# ---- the fold --------------------------------------------------------------------------------------------------------
# One function per kind of entry that changes the conversation. A kind without one is a fact that changes nothing but `seq`.


_PLACE = {name: place for place, name in enumerate(Conversation._fields)}
_SEQ = _PLACE["seq"]


def _step(c: Conversation, **changes: Any) -> Conversation:
    """`c` with these changes, one entry on. The same as `_replace`, at half its cost."""
    values: list[Any] = [*c]
    values[_SEQ] += 1
    for name, value in changes.items():
        values[_PLACE[name]] = value
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
    return _step(c, which=_which_of(entry.data))


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
    if said in _ARRIVED and before.status not in _ARRIVED:
        changes["spoke_at"] = _said_at(entry)
    if said == "delivered":
        changes["failures"] = 0
    # A text that never arrived does not count as one that the patient had to bear.
    if before.day == c.day:
        changes["day_texts"] = c.day_texts - (said in _FAILED) + (before.status in _FAILED)
    changes.update(_telling(c, before, said, _said_at(entry)))
    return _step(c, **changes)


def _said_at(entry: Entry) -> datetime:
    """When the gateway said it, which is earlier than when we got round to it."""
    at = entry.data.get("at")
    return datetime.fromisoformat(at) if at is not None else entry.at


def _telling(c: Conversation, text: SentText, said: str, at: datetime) -> dict[str, Any]:
    """What a new word on a text changes about what the patient was told."""
    about = text.about
    if said in _ARRIVED:
        if about == c.told and about and not c.known_told():
            return {"told_at": at} if c.retold else {}
        if about <= c.told:
            return {}
        # Another version may have been told, as far as anyone knows, if only a text of it was on its way.
        another = c.told > 0 or any(other.about not in (0, about) for other in c.texts)
        return {"told": about, "told_at": at, "retold": c.retold or another}
    if about != c.told or not about or text.status not in _ARRIVED:
        return {}
    # It failed after all: it told nothing, and what was told before it no longer holds either.
    told = max((t.about for t in c.texts if t.key != text.key and t.status in _ARRIVED), default=0)
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


# ---- as JSON ---------------------------------------------------------------------------------------------------------


_NOTHING: Any = object()
# What a conversation holds where it holds nothing: that is left out of its JSON.
_UNSET: tuple[Any, ...] = tuple(Conversation._field_defaults.get(name, _NOTHING) for name in Conversation._fields)
_MOMENTS = ("opened_at", "told_at", "reminded_at", "replied_at", "replied_before", "spoke_at")


def _sent_json(text: SentText) -> list[Any]:
    facts = [text.key, text.prompt, text.about, text.status, text.day]
    return [*facts, text.shared, text.number] if text.shared else facts


def to_json(c: Conversation) -> dict[str, Any]:
    """What orjson writes such that `from_json` makes an equal conversation of it: JSON values and, as they are, moments and
    what is JSON field by field. Most talks hold nothing in most fields; such fields are left out."""
    held: dict[str, Any] = {
        name: value for name, value, unset in zip(Conversation._fields, c, _UNSET, strict=True) if value is not unset
    }
    if c.which is not None:
        held["which"] = which_json(c.which)
    if c.texts:
        held["texts"] = [_sent_json(text) for text in c.texts]
    if c.tasks:
        held["tasks"] = [[task.key, task.kind] for task in c.tasks]
    if c.preferences:
        held["preferences"] = preferences.to_json(c.preferences)
    return held


def whole_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same with every field, to hold two of them against each other: rows of earlier versions leave none out."""
    return {**_UNSET_JSON, **data}


_UNSET_JSON: Mapping[str, Any] = {**Conversation._field_defaults, "texts": [], "tasks": [], "preferences": None}


def from_json(data: Mapping[str, Any]) -> Conversation:
    values: list[Any] = [*_UNSET]
    for name, value in data.items():
        values[_PLACE[name]] = value
    for place in _PLACES_OF_MOMENTS:
        if values[place] is not None:
            values[place] = datetime.fromisoformat(values[place])
    values[_APPOINTMENT] = appointment_of(values[_APPOINTMENT])
    values[_PATIENT] = patient_of(values[_PATIENT])
    values[_TEXTS] = tuple(SentText(*text) for text in values[_TEXTS])
    values[_TASKS] = tuple(OpenedTask(*task) for task in values[_TASKS])
    values[_WHICH] = _which_of(values[_WHICH])
    held = data.get("preferences")
    values[_PREFERENCES] = preferences.from_json(held) if held else NO_PREFERENCES
    return tuple.__new__(Conversation, values)


_PLACES_OF_MOMENTS = tuple(_PLACE[name] for name in _MOMENTS)
_APPOINTMENT, _PATIENT, _TEXTS, _TASKS, _WHICH, _PREFERENCES = (
    _PLACE[name] for name in ("appointment", "patient", "texts", "tasks", "which", "preferences")
)
