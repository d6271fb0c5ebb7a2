"""A talk of the past, decided anew: what its transcript says came from outside, given to `decide` under other rules.

Replies, receipts, the hospital's word and what staff did come as they came, at the moment they came. What the rules themselves
bring about does not: timers are set and fire as these rules have it (but for those drawn forward so that one text could remind
of several appointments), and a text that was never sent in the past is taken to be delivered at once. Nothing is sent,
written or kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from engine.as_json import appointment_of, listed_of, patient_of
from engine.conversation import OPTED_OUT, Conversation, Entry
from engine.decide import ABOUT_ANOTHER, LONG_UNDER_WAY, WHICH_UNKNOWN, decide
from engine.effects import ClearTimer, OpenTask, SendText, SetTimer, WriteAppointment
from engine.events import (
    AppointmentChanged,
    Doubt,
    Event,
    LanguageChosen,
    Opened,
    PatientChanged,
    ReplyReceived,
    StaffAct,
    StaffActed,
    TextedByHand,
    TextJoined,
    TextReported,
    TextsResumed,
    TextStatus,
    TimerFired,
    Waited,
    WriteReported,
)
from engine.ruleset import Ruleset

_TIMERS_AT_MOST = 1000

Place = tuple[str, int]  # the how-manieth of its name: a text by its prompt, a write by its action


class Happened(NamedTuple):
    """`about` is the text or the write of the past that the event speaks of, if it speaks of one."""

    at: datetime
    event: Event
    about: Place | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What came from outside, in order, and the texts that went out then."""

    happened: tuple[Happened, ...]
    texts: frozenset[Place]


def past(entries: Sequence[Entry]) -> Past:
    """What the entries of a talk, from its first, say came from outside. Raises KeyError or ValueError for entries that no
    engine wrote."""
    return _Reading(entries).read()


class _Reading:
    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._places: dict[str, Place] = {}  # of the key of a text or a write
        self._counted: Counter[str] = Counter()

    def read(self) -> Past:
        happened: list[Happened] = []
        for number, entry in enumerate(self._entries):
            data = entry.data
            if entry.kind in ("text.queued", "ipms.queued"):
                self._place(data["key"], f"{entry.kind} {data.get('prompt', data.get('action'))}")
                continue
            if entry.kind == "texts.unblocked" and self._by_another_talk(happened, entry):
                happened.append(Happened(entry.at, TextsResumed()))
                continue
            event = self._event(number, entry)
            if event is not None:
                about = self._places.get(data["key"]) if entry.kind in _SPEAKING_OF else None
                happened.append(Happened(entry.at, event, about))
        return Past(tuple(happened), frozenset(self._places.values()))

    def _place(self, key: str, name: str) -> None:
        self._places[key] = (name, self._counted[name])
        self._counted[name] += 1

    @staticmethod
    def _by_another_talk(happened: Sequence[Happened], entry: Entry) -> bool:
        """Texts wanted again, and nothing that this talk heard at that moment says so."""
        last = happened[-1]
        return not (last.at == entry.at and isinstance(last.event, ReplyReceived | StaffActed | PatientChanged))

    def _event(self, number: int, entry: Entry) -> Event | None:
        data = entry.data
        match entry.kind:
            case "conversation.opened":
                return Opened(data["conversation"], appointment_of(data["appointment"]), patient_of(data["patient"]))
            case "reply.read":
                return self._reply(number, data)
            case "timer.fired" if self._joined(number):
                return TimerFired(data["name"], 0)
            case "text.joined":
                return TextJoined(
                    data["key"], data["shared"], data["text"], data["number"], data["count"], data["segments"]
                )
            case "text.status":
                at = datetime.fromisoformat(data["at"]) if "at" in data else None
                status = TextStatus(data["status"])
                return TextReported(data["key"], status, data["code"], data["reason"], at, self._blocks(number))
            case "appointment.changed":
                return AppointmentChanged(appointment_of(data["appointment"]))
            case "patient.changed":
                return PatientChanged(patient_of(data["patient"]), data["number_changed"])
            case "language.changed" if not data["reply"]:
                return LanguageChosen(data["language"])
            case "staff.acted":
                start = datetime.fromisoformat(data["start"]) if data["start"] else None
                by = entry.actor.removeprefix("staff:")
                replies = -1 if "crossed" in data else None  # it was given back then, and is now
                act, to = StaffAct(data["act"]), data.get("to", "")
                return StaffActed(act, by, data["text"], start, self._told(number), to=to, replies=replies)
            case "staff.texted":
                return self._by_hand(number, entry)
            case "ipms.status":
                conflict = data["status"] == "conflict"
                return WriteReported(data["key"], data["action"], data["status"] == "done", conflict, data["reason"])
        return None

    def _by_hand(self, number: int, entry: Entry) -> TextedByHand:
        """With the words as this patient had them, which have no placeholders left."""
        data = entry.data
        said = [each.data for each in self._following(number) if each.kind == "text.queued"]
        texts = tuple((each["language"], each["text"]) for each in said) or (("en", ""),)
        by = entry.actor.removeprefix("staff:")
        return TextedByHand(data["round"], by, texts, data["prompt"], data["purpose"])

    def _reply(self, number: int, data: Any) -> ReplyReceived:
        """The reply as the talk was given it. What was known of it beside its words shows in what became of it."""
        settled = ""
        doubt = None
        for entry in self._following(number):
            if entry.kind == "which.asked":
                doubt = Doubt(tuple(map(listed_of, entry.data["among"])), ask=True)
            elif entry.kind == "reply.settled":
                settled = entry.data["why"]
                break
        if settled == WHICH_UNKNOWN:
            doubt = Doubt(())
        waited = data.get("waited")
        return ReplyReceived(
            data["reply"],
            data["text"],
            datetime.fromisoformat(data["received_at"]),
            answers=data["answers"],
            former_number=data["former_number"],
            stale=settled == LONG_UNDER_WAY,
            part=data.get("part"),
            waited=None if waited is None else Waited(waited["reply"], waited["text"], recorded=True),
            doubt=doubt,
            aside=settled == ABOUT_ANOTHER,
        )

    def _blocks(self, number: int) -> bool:
        return any(entry.kind == "texts.blocked" for entry in self._entries[number + 1 : number + 2])

    def _joined(self, number: int) -> bool:
        """Whether the text for which the time had come left with others of the phone, which may draw it forward."""
        return any(entry.kind == "text.joined" for entry in self._entries[number + 1 : number + 4])

    def _told(self, number: int) -> bool:
        """Whether the patient was sent a text of what staff did."""
        return any(entry.kind in ("text.queued", "text.withheld") for entry in self._following(number))

    def _following(self, number: int) -> Iterator[Entry]:
        """The entries that followed from this one: those of its moment, up to the next that came from outside."""
        at = self._entries[number].at
        for entry in self._entries[number + 1 :]:
            if entry.at != at or entry.kind in _FROM_OUTSIDE:
                return
            yield entry


_SPEAKING_OF = frozenset({"text.status", "text.joined", "ipms.status"})
_FROM_OUTSIDE = _SPEAKING_OF | {
    "conversation.opened", "reply.read", "appointment.changed", "patient.changed", "staff.acted",
    "staff.texted",
}  # fmt: skip


# ---- deciding it anew ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Played:
    """A talk under given rules: where it stands, and what came of it. `asked` is what the iPMS was asked to record, in order;
    `tasks` what staff were asked to do; `segments` what its texts cost in SMS parts."""

    conversation: Conversation
    asked: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    texts: int = 0
    segments: int = 0


def play(ruleset: Ruleset, past: Past, until: datetime) -> Played:
    """The talk from its opening to the moment `until`."""
    return _Replay(ruleset, past).run(until)


class _Replay:
    def __init__(self, ruleset: Ruleset, past: Past) -> None:
        self._ruleset = ruleset
        self._past = past
        self._timers: dict[str, SetTimer] = {}
        self._keys: dict[Place, str] = {}
        self._counted: Counter[str] = Counter()
        self._played: Played | None = None
        self._now = past.happened[0].at

    def run(self, until: datetime) -> Played:
        for at, event, about in self._past.happened:
            self._pass_time(at)
            self._now = at
            known = event if about is None else self._about_ours(event, about)
            if known is not None:
                self._decide(self._as_this_talk_stands(known))
        self._pass_time(until)
        assert self._played is not None, "a past begins with the opening of its talk"
        return self._played

    def _pass_time(self, until: datetime) -> None:
        for _ in range(_TIMERS_AT_MOST):
            due = min(self._timers.values(), key=lambda timer: (timer.due, timer.name), default=None)
            if due is None or due.due > until:
                return
            self._now = max(self._now, due.due)
            del self._timers[due.name]
            self._decide(TimerFired(due.name, due.visit))

    def _about_ours(self, event: Event, about: Place) -> Event | None:
        """A word on a text or write of the past as one on the same of this talk; None where there is none here."""
        key = self._keys.get(about)
        if key is None:
            return None
        match event:
            case TextReported():
                return TextReported(key, event.status, event.code, event.reason, event.at, event.opted_out)
            case TextJoined():
                return TextJoined(key, event.shared, event.text, event.number, event.count, event.segments)
            case WriteReported():
                return WriteReported(key, event.action, event.ok, event.conflict, event.reason)
        return event

    def _as_this_talk_stands(self, event: Event) -> Event:
        if isinstance(event, TimerFired):
            timer = self._timers.pop(event.name, None)
            return TimerFired(event.name, timer.visit if timer is not None else -1)
        if isinstance(event, ReplyReceived) and self._played is not None:
            c = self._played.conversation
            if c.blocked == OPTED_OUT:
                return ReplyReceived(
                    event.reply, event.text, event.received_at, event.answers, event.former_number, True, event.stale,
                    c.stopped, part=event.part, waited=event.waited, doubt=event.doubt, aside=event.aside,
                )  # fmt: skip
        return event

    def _decide(self, event: Event) -> None:
        decision = decide(self._ruleset, self._played.conversation if self._played else None, event, self._now)
        if self._played is None:
            self._played = Played(decision.conversation)
        played = self._played
        played.conversation = decision.conversation
        unheard: list[str] = []
        for effect in decision.effects:
            match effect:
                case SendText():
                    played.texts += 1
                    played.segments += effect.segments
                    if self._place(effect.key, f"text.queued {effect.prompt}") not in self._past.texts:
                        unheard.append(effect.key)
                case WriteAppointment():
                    played.asked.append(effect.action)
                    self._place(effect.key, f"ipms.queued {effect.action}")
                case OpenTask():
                    played.tasks.append(effect.kind)
                case SetTimer():
                    self._timers[effect.name] = effect
                case ClearTimer():
                    self._timers.pop(effect.name, None)
        for key in unheard:
            self._decide(TextReported(key, TextStatus.DELIVERED))

    def _place(self, key: str, name: str) -> Place:
        place = (name, self._counted[name])
        self._counted[name] += 1
        self._keys[place] = key
        return place
