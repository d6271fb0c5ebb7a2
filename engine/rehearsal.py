"""A talk played through with no hospital, gateway or clock: the ruleset, a made-up appointment and a time that we move.

It serves the talks written inside rulesets, `freagra chat` and whatever else wants to see what rules do. It is the same
`decide` that runs the hospital, in a loop that carries out its effects in memory: texts are accepted and delivered at once
unless the step that follows says otherwise, timers fire when the time is moved past them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.appointment import Appointment, AppointmentStatus, Patient
from engine.conversation import Conversation, Entry
from engine.decide import Decision, decide
from engine.effects import (
    ClearTimer,
    CloseTask,
    OpenTask,
    SendText,
    SetTimer,
    WriteAppointment,
)
from engine.events import (
    AppointmentChanged,
    Event,
    Opened,
    ReplyReceived,
    StaffAct,
    StaffActed,
    TextReported,
    TextStatus,
    TimerFired,
)
from engine.preferences import summary
from engine.ruleset import Ruleset, Talk, TalkStep
from engine.turn import Move

# A Monday morning in an ordinary week: counting back from "in 10 days" meets no Sunday and no clock change.
BEGINNING = datetime(2026, 3, 2, 10, 0)
# How long the patient of a rehearsal takes to answer.
THINKING = timedelta(minutes=1)
_TIMERS_AT_MOST = 1000

_WHEN = re.compile(r"in (\d+) days? at (\d{1,2}):(\d{2})")
_SPAN = re.compile(r"(\d+)\s*(m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def span(text: str) -> timedelta | None:
    """A duration as rulesets write it (15m, 24h, 2d), None where it is none."""
    found = _SPAN.fullmatch(text.strip())
    return int(found[1]) * _UNITS[found[2]] if found else None


@dataclass(frozen=True, slots=True)
class Said:
    """A text the machine sent."""

    key: str
    prompt: str
    text: str
    segments: int


@dataclass(frozen=True, slots=True)
class TalkFault:
    line: int
    column: int
    message: str
    file: str = ""  # as in problems.Mark


@dataclass
class Rehearsal:
    """One talk in progress. `said`, `written` and `opened` hold what has come out and was not taken yet."""

    ruleset: Ruleset
    language: str = ""
    appointment: str = "in 10 days at 10:00"
    status: str = ""
    beginning: datetime | None = None
    deliver: bool = True
    said: list[Said] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    moves: set[Move] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.ruleset.hours.timezone)
        self.now = (self.beginning or BEGINNING.replace(tzinfo=self.zone)).astimezone(ZoneInfo("UTC"))
        self._timers: dict[str, SetTimer] = {}
        self._replies = 0
        self._last: Said | None = None
        self._on_the_way: list[str] = []  # texts that the gateway has and the patient has not
        self._conversation: Conversation | None = None
        status = self.status or sorted(self.ruleset.applies_to.statuses)[0]
        appointment = Appointment(
            id="rehearsal",
            version=1,
            start=self._when(self.appointment),
            status=AppointmentStatus(status),
            clinic="EYE",
            clinic_name="Eye clinic",
            clinician="Dr. Smith",
            place="Outpatients",
            type="",
            hospital="St. Brigid's Hospital",
            phone="01 555 0100",
        )
        patient = Patient("rehearsal", "Mary", self.language or self.ruleset.languages[0])
        self.happen(Opened("rehearsal", appointment, patient))

    @property
    def conversation(self) -> Conversation:
        assert self._conversation is not None, "a rehearsal opens with its talk"
        return self._conversation

    def _when(self, text: str) -> datetime:
        found = _WHEN.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"“{text}” is not a time of the form “in 10 days at 10:00”")
        day = self.now.astimezone(self.zone).date() + timedelta(days=int(found[1]))
        local = datetime.combine(day, time(int(found[2]), int(found[3])), self.zone)
        return local.astimezone(ZoneInfo("UTC"))

    # ---- what can be done --------------------------------------------------------------------------------------------

    def patient(self, text: str, *, thinking: timedelta = THINKING) -> Decision:
        """The patient texts, having thought for a while."""
        self.wait(thinking)
        self._replies += 1
        return self.happen(ReplyReceived(f"reply-{self._replies}", text, self.now))

    def wait(self, duration: timedelta) -> None:
        """Move the time, firing the timers that fall due on the way, earliest first."""
        until = self.now + duration
        self._deliver()
        for _ in range(_TIMERS_AT_MOST):
            due = min(self._timers.values(), key=lambda timer: (timer.due, timer.name), default=None)
            if due is None or due.due > until:
                break
            if self._on_the_way:
                self._deliver()
                continue
            self.now = max(self.now, due.due)
            del self._timers[due.name]
            self.happen(TimerFired(due.name, due.visit))
        self.now = until

    def _deliver(self) -> None:
        while self._on_the_way:
            self.happen(TextReported(self._on_the_way.pop(0), TextStatus.DELIVERED))

    def receipt(self, status: TextStatus) -> None:
        """The gateway's last word on the latest text."""
        if self._last is not None:
            if self._last.key in self._on_the_way:
                self._on_the_way.remove(self._last.key)
            self.happen(TextReported(self._last.key, status))

    def staff(self, act: StaffAct, text: str = "", start: datetime | None = None) -> None:
        self._deliver()
        self.happen(StaffActed(act, "rehearsal", text, start))

    def change(self, what: str) -> None:
        """`moved to in 12 days at 14:00`, `cancelled`, `attended` or `missed`. Raises ValueError for anything else."""
        self._deliver()
        now = self.conversation.appointment
        if what.startswith("moved to "):
            now = replace(now, version=now.version + 1, start=self._when(what.removeprefix("moved to ")))
        elif what in _STATUSES:
            now = replace(now, status=_STATUSES[what])
        else:
            raise ValueError(f"“{what}” is not one of: moved to in 12 days at 14:00, {', '.join(_STATUSES)}")
        self.happen(AppointmentChanged(now))

    def happen(self, event: Event) -> Decision:
        decision = decide(self.ruleset, self._conversation, event, self.now)
        self._conversation = decision.conversation
        self.entries.extend(decision.entries)
        self.moves.update(decision.moves)
        accepted: list[str] = []
        for effect in decision.effects:
            match effect:
                case SendText():
                    self._last = Said(effect.key, effect.prompt, effect.text, effect.segments)
                    if effect.prompt:  # what staff write themselves is no line of the machine's
                        self.said.append(self._last)
                    accepted.append(effect.key)
                case SetTimer():
                    self._timers[effect.name] = effect
                case ClearTimer():
                    self._timers.pop(effect.name, None)
                case WriteAppointment():
                    self.written.append(effect.action)
                case OpenTask():
                    self.opened.append(effect.kind)
                case CloseTask() | _:
                    pass
        if self.deliver:
            self._on_the_way.extend(accepted)
            for key in accepted:
                self.happen(TextReported(key, TextStatus.ACCEPTED))
        return decision


_STATUSES = {
    "cancelled": AppointmentStatus.CANCELLED,
    "attended": AppointmentStatus.FULFILLED,
    "missed": AppointmentStatus.NOSHOW,
}

# ---- talks -----------------------------------------------------------------------------------------------------------


def run_talk(ruleset: Ruleset, talk: Talk) -> tuple[list[TalkFault], set[Move]]:
    """Play a talk and say where it departs from what it should be: the first departure only, since what follows it means
    nothing. The moves are the transitions it took. A talk of a shared ruleset is played at the hours it was written for."""
    if talk.file and ruleset.shared_hours is not None:
        hours = replace(ruleset.hours, sending=ruleset.shared_hours.sending, staffed=ruleset.shared_hours.staffed)
        ruleset = replace(ruleset, hours=hours)
    try:
        play = Rehearsal(
            ruleset,
            language=talk.given.get("language", ""),
            appointment=talk.given.get("appointment", "in 10 days at 10:00"),
            status=_STATUSES.get(talk.given.get("status", ""), ""),
        )
    except ValueError as error:
        return [TalkFault(talk.line, 1, str(error), talk.file)], set()
    for step in talk.steps:
        message = _play(play, step)
        if message is not None:
            return [TalkFault(step.line, step.column, message, talk.file)], play.moves
    message = _unexpected(play)
    if message is None and talk.ends is not None and play.conversation.state != talk.ends:
        message = f"the talk ends in “{play.conversation.state}”, not in “{talk.ends}”"
    faults = [] if message is None else [TalkFault(talk.steps[-1].line if talk.steps else talk.line, 1, message, talk.file)]
    return faults, play.moves


def run_talks(ruleset: Ruleset, talks: Iterable[Talk]) -> tuple[list[TalkFault], set[Move]]:
    faults: list[TalkFault] = []
    moves: set[Move] = set()
    for talk in talks:
        found, taken = run_talk(ruleset, talk)
        faults.extend(found)
        moves |= taken
    return faults, moves


def _unexpected(play: Rehearsal) -> str | None:
    if not play.said:
        return None
    said = play.said[0]
    return f"before this the machine says “{said.prompt}”, which the talk does not mention"


def _play(play: Rehearsal, step: TalkStep) -> str | None:
    """Carry out one line; what is wrong with it, or None."""
    value = step.value if isinstance(step.value, str) else step.value.get("act" if step.kind == "staff" else "kind", "")
    match step.kind:
        case "bot":
            return _expect_said(play, value)
        case "silence":
            return _unexpected(play)
        case "hospital":
            return _expect(play.written, value, "the iPMS is asked to")
        case "task":
            wants = "" if isinstance(step.value, str) else step.value.get("wants", "")
            return _expect(play.opened, value, "a task is opened:") or _expect_wanted(play, wants)
        case "state":
            state = play.conversation.state
            return None if state == value else f"the talk stands in “{state}” here, not in “{value}”"
    # Whatever happens next must not swallow a text that the talk did not mention; a receipt speaks of the text just said.
    unexpected = _unexpected(play)
    if unexpected is not None:
        return unexpected
    play.written.clear()
    play.opened.clear()
    return _happen(play, step, value)


def _happen(play: Rehearsal, step: TalkStep, value: str) -> str | None:
    match step.kind:
        case "patient":
            play.patient(value)
        case "wait":
            duration = span(value)
            if duration is None:
                return f"“{value}” is not a wait such as 15m, 24h or 2d"
            play.wait(duration)
        case "receipt":
            play.receipt(TextStatus(value))
        case "staff":
            text = "" if isinstance(step.value, str) else str(step.value.get("text", ""))
            play.staff(StaffAct(value), text)
        case "appointment":
            try:
                play.change(value)
            except ValueError as error:
                return str(error)
        case _:
            return f"a talk has no step “{step.kind}”"
    return None


def _expect_said(play: Rehearsal, prompt: str) -> str | None:
    if not play.said:
        return f"the machine says nothing here; “{prompt}” was expected"
    said = play.said.pop(0)
    return None if said.prompt == prompt else f"the machine says “{said.prompt}” here, not “{prompt}”"


def _expect_wanted(play: Rehearsal, wants: str) -> str | None:
    wanted = summary(play.conversation.preferences)
    return None if wants in ("", wanted) else f"the patient would come: {wanted or 'not said'}; not: {wants}"


def _expect(found: list[str], value: str, what: str) -> str | None:
    if value in found:
        found.remove(value)
        return None
    return f"{what} {found[0] if found else 'nothing'} here, not “{value}”"
