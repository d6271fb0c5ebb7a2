"""What a draft of rules would have done to talks of the past: which replies would have been read differently, which talks
would have come out differently, and what that would have cost in staff's work and in texts.

First the replies are read, which is cheap. A talk whose replies all read the same, under rules that lead and say the same,
needs no more. Others are decided anew under the draft; and where that is not what is on record, under the rules they had as
well, so that whatever differs is the rules' doing. Nothing is sent or written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.appointment import Appointment
from engine.conversation import Conversation, Entry
from engine.events import AppointmentChanged, LanguageChosen, Opened, PatientChanged, ReplyReceived
from engine.fold import fold
from engine.reading import Reading
from engine.replaying import Past, Played, past, play
from engine.ruleset import Ruleset
from engine.stopping import reread
from engine.told import Told
from engine.understanding import read

# What a talk came to beside what the iPMS was asked to record (`confirm`, `request_cancel`, ...) and why texts were stopped
# (`opted_out`, `wrong_number`, `deceased`).
WITH_STAFF = "with_staff"
UNANSWERED = "unanswered"  # no reply, and staff were asked to look after it
OPEN = "open"  # nothing was settled

# Of a ruleset, what has no part in where a talk leads or what it says.
_BESIDE = frozenset({
    "name", "version", "source", "summary", "applies_to", "phrases", "talks", "example", "shared", "shared_hours",
    "sensitive",
})  # fmt: skip
# ... and what has a part in how replies are read.
_READING = frozenset({"languages", "matching", "words", "intents"})


@dataclass(frozen=True, slots=True)
class Reread:
    """A reply that would be read differently. `before` and `after` are intents, `unknown` or `mixed`; a guess that would be
    asked about stands behind it: `unknown (cancel?)`."""

    conversation: str
    clinic: str
    reply: str
    at: datetime
    text: str
    language: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Course:
    """What a talk came to, and by how much: `tasks` that staff were given, texts and their SMS parts."""

    outcome: str
    state: str
    tasks: tuple[str, ...]
    texts: int
    segments: int


@dataclass(frozen=True, slots=True)
class Turned:
    """A talk that would have come out differently."""

    conversation: str
    appointment: str
    clinic: str
    before: Course
    after: Course


@dataclass(slots=True)
class Tally:
    """Of all talks that were compared, under one of the two rules."""

    tasks: Counter[str] = field(default_factory=Counter)
    texts: int = 0
    segments: int = 0

    def add(self, course: Course) -> None:
        self.tasks.update(course.tasks)
        self.texts += course.texts
        self.segments += course.segments


@dataclass(slots=True)
class Impact:
    """What `draft` would have done, talk by talk. `elsewhere`: talks about appointments that the draft is not for, which are
    not compared. `unread`: talks that could not be, because the patient was erased or their rules are gone."""

    draft: Ruleset
    talks: int = 0
    replies: int = 0
    elsewhere: int = 0
    unread: int = 0
    rereads: list[Reread] = field(default_factory=list)
    turned: list[Turned] = field(default_factory=list)
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    _changed: dict[str, frozenset[str]] = field(default_factory=dict)  # of each version: in what the draft differs from it

    def outcomes(self) -> Mapping[tuple[str, str], int]:
        """How many talks would have come to what instead of what, the most first. What stayed the same is left out."""
        pairs = ((talk.before.outcome, talk.after.outcome) for talk in self.turned)
        return dict(Counter(pair for pair in pairs if pair[0] != pair[1]).most_common())

    def readings(self) -> Mapping[tuple[str, str], int]:
        """How many replies would have been read as what instead of what, the most first."""
        return dict(Counter((each.before, each.after) for each in self.rereads).most_common())

    def add(self, before: Ruleset, entries: Sequence[Entry], until: datetime) -> None:
        """Compare one talk that was held under the rules `before`, given by its entries from the first, up to the moment
        `until`."""
        history = past(entries)
        opened = history.happened[0].event
        assert isinstance(opened, Opened), "a past begins with the opening of its talk"
        if not self.draft.applies_to.takes(opened.appointment):
            self.elsewhere += 1
            return
        self.talks += 1
        changed = self._changes_from(before)
        self.replies += sum(isinstance(each.event, ReplyReceived) for each in history.happened)
        rereads = list(_rereads(before, self.draft, opened.conversation, history)) if changed & _READING else []
        self.rereads += rereads
        was = now = _recorded(entries)
        if rereads or not changed <= _READING:
            now = _course(play(self.draft, history, until))
        if now != was:
            was = _course(play(before, history, until))
        self.before.add(was)
        self.after.add(now)
        if (was.outcome, was.state, was.tasks, was.texts) != (now.outcome, now.state, now.tasks, now.texts):
            about = opened.appointment
            self.turned.append(Turned(opened.conversation, about.id, about.clinic, was, now))

    def _changes_from(self, before: Ruleset) -> frozenset[str]:
        """The parts of the rules that differ, of those that have a part in a talk."""
        found = self._changed.get(before.version)
        if found is None:
            names = (part.name for part in fields(Ruleset) if part.name not in _BESIDE)
            found = frozenset(name for name in names if getattr(before, name) != getattr(self.draft, name))
            self._changed[before.version] = found
        return found


def _course(played: Played) -> Course:
    c = played.conversation
    return Course(_outcome(c), c.state, tuple(played.tasks), played.texts, played.segments)


def _recorded(entries: Sequence[Entry]) -> Course:
    c = fold(entries)
    tasks = tuple(entry.data["kind"] for entry in entries if entry.kind == "task.opened")
    segments = [entry.data["segments"] for entry in entries if entry.kind == "text.queued"]
    return Course(_outcome(c), c.state, tasks, len(segments), sum(segments))


def _outcome(c: Conversation) -> str:
    if c.blocked:
        return c.blocked
    if c.wish and c.wish != "withdraw_request":
        return c.wish
    if c.staff_own or (c.tasks and c.replies):
        return WITH_STAFF
    return UNANSWERED if c.tasks else OPEN


# ---- reading ---------------------------------------------------------------------------------------------------------


def _rereads(before: Ruleset, draft: Ruleset, talk: str, history: Past) -> Iterator[Reread]:
    appointment: Appointment | None = None
    language = ""
    for at, event, _ in history.happened:
        match event:
            case Opened():
                appointment, language = event.appointment, event.patient.language
            case AppointmentChanged():
                appointment = event.appointment
            case PatientChanged():
                language = event.patient.language
            case LanguageChosen():
                language = event.language
            case ReplyReceived() if appointment is not None:
                was = _meaning(_read(before, event, appointment, language))
                now = _meaning(_read(draft, event, appointment, language))
                if was != now:
                    said_in = language or before.languages[0]
                    yield Reread(talk, appointment.clinic, event.reply, at, event.text, said_in, was, now)


def _read(ruleset: Ruleset, reply: ReplyReceived, appointment: Appointment, language: str) -> Reading:
    zone = ZoneInfo(ruleset.hours.timezone)
    told = Told(appointment.start.astimezone(zone), appointment.clinician, reply.received_at.astimezone(zone).date())
    return reread(read(ruleset, reply.about, language, told), appointment)


def _meaning(reading: Reading) -> str:
    return f"{reading.intent} ({reading.guess}?)" if reading.guess is not None else reading.intent
