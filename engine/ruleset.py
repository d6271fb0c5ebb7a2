"""What a ruleset is, as typed values. `loader.py` makes them from YAML; nothing else does.

The vocabulary, in the order a ruleset file is read aloud:
  applies_to  which appointments it is for            intents   what a reply can mean, with keys and phrases
  hours       when texts go out, when staff are in    prompts   what we say, per language
  limits      how much is too much                    cadence   which text when, counted from the appointment
  always      what outranks every state               states    where a talk can stand, and the ways out
  staff       where a talk goes when staff settle it  phrases, talks   the tests that travel inside the file
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

from engine.appointment import Appointment
from engine.told import Told

# States every talk has without naming them: nothing sent yet, and over.
PLANNED = "planned"
CLOSED = "closed"
BUILT_IN_STATES = frozenset({PLANNED, CLOSED})

# What `always` must answer, whatever state the talk is in. The first five are intents that the patient can express;
# the rest come from the iPMS or the clock.
ALWAYS_INTENTS = ("urgent", "deceased", "wrong_number", "stop", "start")
ALWAYS_EVENTS = ("appointment_changed", "appointment_cancelled", "after_close")

# A reply that a state takes as it stands, whatever it says (for example the days that suit).
ANYTHING = "anything"
# A target that keeps the talk where it is.
STAY = "stay"

# What a state may ask of the iPMS on entry (ports.PatientSystem says what each does there).
HOSPITAL_ACTS = ("confirm", "request_cancel", "request_reschedule", "withdraw_request", "cancel")

# How much a STOP stops, from little to much: the texts about this appointment, those of its clinic, all of this hospital.
SERIES, CLINIC, ALL = SCOPES = ("series", "clinic", "all")


def wider(scope: str, than: str) -> bool:
    """Whether a STOP of this scope stops more than one of that; "" stops nothing."""
    order = ("", *SCOPES)
    return order.index(scope) > order.index(than)


# Work queues for staff (Task.kind).
TASK_KINDS = (
    "urgent", "bereavement", "wrong_number", "reschedule", "cancellation_review", "question", "unclear_reply", "running_late",
    "call_patient", "undelivered", "ipms_write_failed", "not_sent", "former_number", "fault",
)
PRIORITIES = ("urgent", "high", "normal", "low")

# Acts by which staff settle a talk that a ruleset gives a state for. The others (answer, call_back, note, take, close,
# wrong_number, deceased, stop, rescheduled) mean the same in every ruleset.
STAFF_TARGETS = ("confirm", "cancel", "keep", "hand_back")

# What staff may mean by a text that they send to many at once: that the appointment will not go ahead; something that patients
# may answer; something that asks nothing of them.
CALLED_OFF_BY_HAND, ASKS, TELLS = PURPOSES = ("called_off", "asks", "tells")

# Placeholders a prompt may use. {guess} is what an intent is called; {list} the lines of `one_phone` and {count} how many there
# are; {number} stands in such a line alone; all others come from the appointment and patient.
PLACEHOLDERS = (
    "clinician", "clinic", "place", "hospital", "phone", "date", "time", "weekday", "first_name", "initial", "guess", "list",
    "count", "number",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment counted from the appointment's start. `offset` is negative before it. Whole days keep the wall-clock time
    of the appointment across daylight saving, unless `at` names a time of day."""

    days: int = 0
    offset: timedelta = timedelta(0)
    at: time | None = None
    text: str = ""  # as written: "10 days before"


@dataclass(frozen=True, slots=True)
class AppliesTo:
    statuses: frozenset[str]  # FHIR R4 Appointment.status
    clinics: frozenset[str] | None = None  # None: all
    types: frozenset[str] | None = None

    def takes(self, appointment: Appointment) -> bool:
        """Whether the rules are for this appointment as it stands."""
        return (
            str(appointment.status) in self.statuses
            and (self.clinics is None or appointment.clinic in self.clinics)
            and (self.types is None or appointment.type in self.types)
        )


@dataclass(frozen=True, slots=True)
class WeekHours:
    """Opening spans per weekday, Monday first, in local time; each span is (from, to), from < to."""

    days: tuple[tuple[tuple[time, time], ...], ...]


@dataclass(frozen=True, slots=True)
class Hours:
    timezone: str
    sending: WeekHours
    staffed: WeekHours
    holidays: str | None = None  # ISO 3166 country of the `holidays` library, or None


@dataclass(frozen=True, slots=True)
class Limits:
    texts_a_day: int = 4  # ours, in one talk, counted per local day
    replies: int = 12  # theirs, in one talk; then a person
    steps: int = 40  # states entered in one talk; then a person
    segments: int = 2  # the most SMS parts that a text may cost
    reminder_gap: timedelta = timedelta(days=1)  # a reminder for the silent is skipped when one went out less than this ago


@dataclass(frozen=True, slots=True)
class Matching:
    """When a fuzzy score counts. Scores are rapidfuzz `ratio`, 0 to 100."""

    accept: float = 84
    ask: float = 68
    lead: float = 10
    exact_below: int = 4  # words shorter than this must match exactly


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    keys: tuple[str, ...] = ()  # whole-message keys, any language: Y, YES, 1, 👍
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language -> example phrases
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language -> words that decide wherever they stand
    unless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language -> phrases it must not be read in
    called: Mapping[str, str] = field(default_factory=dict)  # language -> how {guess} names it: "cancel the appointment"
    kind_of: str = ""  # the intent of questions, of which it is one that a text answers


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """Words of one language that readings need beside the intents."""

    negations: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()  # polite words that carry no meaning: please, hi, thanks


@dataclass(frozen=True, slots=True)
class Prompt:
    name: str
    texts: Mapping[str, str]  # language -> template with {placeholders}
    draft: frozenset[str] = frozenset()  # languages not yet signed off by a person


@dataclass(frozen=True, slots=True)
class DateFormats:
    """Babel patterns (CLDR, unicode.org/reports/tr35/tr35-dates.html) per language."""

    date: str = "MMMM d"
    time: str = "h:mm a"
    weekday: str = "EEEE"


@dataclass(frozen=True, slots=True)
class CadenceStep:
    """A reminder due at a moment. Exactly one of `go` and `say`. `only_if` is None, "silent" (no reply yet), or a state."""

    name: str
    when: Moment
    go: str | None = None
    say: str | None = None
    only_if: str | None = None
    late: bool = False  # an appointment booked after this moment still gets it, at once


@dataclass(frozen=True, slots=True)
class NoReply:
    """One rung of the ladder of waits. Exactly one of `after` (from acceptance of the question by the gateway) and `when`
    (from the appointment); exactly one of `say`, `ask` and `go`."""

    after: timedelta | None = None
    when: Moment | None = None
    say: str | None = None
    go: str | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the unclear ladder: say a prompt, or hand over. A rung that asks about a guess is passed over when
    nothing came near. One with `words_over` is for replies of more words than that, or with words of danger, whenever
    they come."""

    say: str | None = None
    go: str | None = None
    needs_guess: bool = False
    words_over: int | None = None


@dataclass(frozen=True, slots=True)
class ListPrompt:
    """A prompt about several appointments. `ask` has {list}, made of `line` once for each; of `named` where the phone is that
    of several patients."""

    ask: str
    line: str
    named: str

    def line_for(self, patients: int) -> str:
        return self.named if patients > 1 else self.line


MOST_LISTED = 3


@dataclass(frozen=True, slots=True)
class OnePhone:
    """What is said where one phone has several appointments. `which` asks which of them a reply is about, `together` is the
    reminder of several that are due on one day. Without the first a person finds out; without the second each has its own
    text. `handed` is said where a person finds out; without it nothing is."""

    which: ListPrompt | None = None
    together: ListPrompt | None = None
    handed: str | None = None
    most: int = MOST_LISTED  # appointments in one text; with more, a person finds out, and reminders are cut into several texts


@dataclass(frozen=True, slots=True)
class SendFailed:
    """After a text could not be delivered: try again after each wait, then go to `go`."""

    retries: tuple[timedelta, ...]
    go: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where a reply leads: a state, or `stay`, where `say` may answer."""

    go: str
    say: str | None = None


@dataclass(frozen=True, slots=True)
class TaskRule:
    kind: str
    due: timedelta  # in staffed hours
    priority: str = "normal"
    suggest: str | None = None  # the staff act put first
    why: str = ""


@dataclass(frozen=True, slots=True)
class State:
    name: str
    say: str | None = None
    asks: bool = False  # `ask:` in the file: `say` is a question and all four exits are needed
    hospital: str | None = None
    task: TaskRule | None = None
    settles_task: bool = False  # entering withdraws what the talk had asked of staff
    staff_own: bool = False  # staff own the talk from here; the machine is silent
    blocks: str | None = None  # "opted_out", "wrong_number" or "deceased": no more texts
    scope: str = ALL  # with "opted_out": how much STOP alone stops
    farewells: Mapping[str, str] = field(default_factory=dict)  # another scope that was named -> the answer
    welcome: str | None = None  # the prompt that says, after START, that texts come again
    if_said: str | None = None  # of a question which days suit: the state to go to where the reply said it already
    ends: bool = False  # over: the talk closes here, later replies are `after_close`
    replies: Mapping[str, Target] = field(default_factory=dict)
    no_reply: tuple[NoReply, ...] = ()
    unclear: tuple[Rung, ...] = ()
    send_failed: SendFailed | None = None


@dataclass(frozen=True, slots=True)
class PhraseCheck:
    text: str
    language: str
    meaning: str  # an intent, "unknown" or "mixed"
    line: int
    file: str = ""  # as in problems.Mark


@dataclass(frozen=True, slots=True)
class TalkStep:
    """One line of a talk. `kind` is the key as written: patient, bot, wait, receipt, staff, hospital, state, task ..."""

    kind: str
    value: Any
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Talk:
    name: str
    given: Mapping[str, str]
    steps: tuple[TalkStep, ...]
    ends: str | None
    line: int
    file: str = ""  # as in problems.Mark


@dataclass(frozen=True, slots=True)
class Shared:
    """A ruleset that others are like: `file` is the name by which problems tell of it."""

    name: str
    version: str
    source: str
    file: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    name: str
    summary: str
    version: str  # first 16 hex digits of the SHA-256 of the file's text, and of the version of the one that it is like
    languages: tuple[str, ...]  # the first is the fallback
    applies_to: AppliesTo
    hours: Hours
    limits: Limits
    matching: Matching
    accents: Mapping[str, str]  # language -> "keep" | "fold": what happens to letters that GSM-7 lacks
    formats: Mapping[str, DateFormats]
    words: Mapping[str, LanguageWords]
    intents: Mapping[str, Intent]
    prompts: Mapping[str, Prompt]
    cadence: tuple[CadenceStep, ...]
    closes: Moment  # when the talk is over, counted from the appointment
    always: Mapping[str, str]  # ALWAYS_INTENTS + ALWAYS_EVENTS -> state
    staff: Mapping[str, str]  # STAFF_TARGETS -> state
    states: Mapping[str, State]
    one_phone: OnePhone | None = None
    phrases: tuple[PhraseCheck, ...] = ()
    talks: tuple[Talk, ...] = ()
    segments: Mapping[str, int] = field(default_factory=dict)  # language -> its own limit, in place of limits.segments
    source: str = ""
    example: Told | None = None  # what the phrase checks of the file answer
    shared: Shared | None = None  # the ruleset that this one is like
    shared_hours: Hours | None = None  # where they differ: the hours of that one, for which its talks were written
    sensitive: bool = False  # no text says with whom or where the appointment is

    @property
    def service(self) -> str:
        """The name that this ruleset has in common with all that are like it: an appointment gets one of them."""
        return self.shared.name if self.shared is not None else self.name

    def about_another_time(self, state: State) -> bool:
        """Whether this state asks the hospital for another time, or the patient which would suit."""
        if state.hospital == "request_reschedule":
            return True
        answered = self.states.get(state.replies[ANYTHING].go) if ANYTHING in state.replies else None
        return answered is not None and answered.hospital == "request_reschedule"

    def most_segments(self, language: str) -> int:
        """The most SMS parts that a text in the language may cost."""
        return self.segments.get(language, self.limits.segments)
