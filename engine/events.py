"""What can happen to a conversation. Every event is a plain value; `decide` takes them one at a time. Those that come most are
named tuples, which are made in a third of the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from engine.appointment import Appointment, Listed, Patient
from engine.ruleset import ASKS


class TextStatus(StrEnum):
    """Life of a text we sent, in rising order of certainty (standards: see docs/gateways.md)."""

    QUEUED = "queued"
    ACCEPTED = "accepted"  # the gateway has it
    SENT = "sent"  # the carrier has it
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    REJECTED = "rejected"  # the gateway refused it
    UNKNOWN = "unknown"  # no word came back in time
    UNSENT = "unsent"  # we held it back: `reason` says why


ARRIVING = frozenset({TextStatus.ACCEPTED, TextStatus.SENT, TextStatus.DELIVERED})
FAILED = frozenset({TextStatus.UNDELIVERABLE, TextStatus.EXPIRED, TextStatus.REJECTED, TextStatus.UNKNOWN})


# The reason of UNSENT for a part of a shared text that was held back because of another part of it.
TAKEN_APART = "taken apart"


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation begins: an appointment is on record and a ruleset applies to it."""

    conversation: str
    appointment: Appointment
    patient: Patient


@dataclass(frozen=True, slots=True)
class Doubt:
    """It cannot be told which of the phone's appointments a reply is about, or which of its patients. `ask`: the phone is to be
    asked; otherwise a person finds out. One talk `speaks` for all of them."""

    among: tuple[Listed, ...]
    ask: bool = False
    speaks: bool = True


@dataclass(frozen=True, slots=True)
class Waited:
    """An earlier reply, of which only now is known what it is about. `recorded`: it stands in this talk already."""

    reply: str
    text: str
    recorded: bool


class ReplyReceived(NamedTuple):
    """A text from the patient's phone. `received_at` is when the gateway had it; `answers` is the key of the text that the
    gateway says it answers, if it says so; `former_number` that the phone is no longer the patient's. `opted_out`: this phone
    has the texts of this talk stopped, by whichever talk; `stopped`: the widest scope (ruleset.SCOPES) in which it has any
    stopped, "" for none. `at_carrier`: the carrier took it as an opt-out, so it stops everything. `stale`: it was long under
    way, or nobody knows how long.

    Where the phone has several appointments (engine/several.py): `part` is the words that are about this one, of the reply
    itself or of the one that `waited`; `shown` the version of the appointment in the list that was answered; `beside` the
    phone's other appointments, for staff; `aside`: it turned out to be about another one; `first`: no other talk has it too."""

    reply: str  # our inbox id
    text: str
    received_at: datetime
    answers: str | None = None
    former_number: bool = False
    opted_out: bool = False
    stale: bool = False
    stopped: str = ""
    at_carrier: bool = False
    part: str | None = None
    waited: Waited | None = None
    shown: int | None = None
    beside: tuple[Listed, ...] = ()
    doubt: Doubt | None = None
    aside: bool = False
    first: bool = True

    @property
    def about(self) -> str:
        """The words that are about this appointment."""
        return self.text if self.part is None else self.part


@dataclass(frozen=True, slots=True)
class TextJoined:
    """A queued text of this conversation leaves as a part of one that several conversations of the phone share: number
    `number` of `count` there. `text` is what of it is about this patient, `segments` what the whole costs."""

    key: str
    shared: str
    text: str
    number: int
    count: int
    segments: int


class TextReported(NamedTuple):
    """The gateway's word, or our own, on a text of this conversation. `code` and `reason` as the gateway gave them, `at` when
    we had its word; None: now. `opted_out`: the carrier lets no texts through to this phone."""

    key: str
    status: TextStatus
    code: str = ""
    reason: str = ""
    at: datetime | None = None
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class TimerFired:
    """`visit` is the conversation's visit count when the timer was set; a timer of an earlier visit is stale."""

    name: str
    visit: int


@dataclass(frozen=True, slots=True)
class AppointmentChanged:
    """The iPMS's present word on the appointment: moved, changed, cancelled, attended."""

    appointment: Appointment


@dataclass(frozen=True, slots=True)
class PatientChanged:
    """`number_changed`: texts go to another phone from now on, which has seen nothing of this talk yet."""

    patient: Patient
    number_changed: bool = False


@dataclass(frozen=True, slots=True)
class TextsResumed:
    """The phone wants texts again: another of its talks heard START."""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """The patient asked, in another talk, to be written to in this language (ISO 639)."""

    language: str


class StaffAct(StrEnum):
    TAKE = "take"  # staff own the talk from here
    CONFIRM = "confirm"
    CANCEL = "cancel"
    KEEP = "keep"
    RESCHEDULED = "rescheduled"
    CALL_BACK = "call_back"  # rung, or to be rung: note says what came of it
    ANSWER = "answer"  # free text to the patient
    WRONG_NUMBER = "wrong_number"
    DECEASED = "deceased"
    STOP = "stop"
    NOTE = "note"
    HAND_BACK = "hand_back"  # the machine goes on
    ATTACH = "attach"  # a text from a number that we did not know was found to be this patient's
    CLOSE = "close"
    # What staff do among themselves. It stands in the transcript and moves nothing.
    CLAIM = "claim"  # "I have this one"
    RELEASE = "release"  # nobody has it any more
    ASSIGN = "assign"
    SNOOZE = "snooze"
    UNDO = "undo"  # an act was taken back before it took effect
    MEANT = "meant"  # what a reply was meant to say, proposed to the clinic's rules


# Acts that leave a talk as it is.
AMONG_STAFF = frozenset(
    {
        StaffAct.NOTE, StaffAct.CLAIM, StaffAct.RELEASE, StaffAct.ASSIGN, StaffAct.SNOOZE, StaffAct.UNDO, StaffAct.MEANT,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StaffActed:
    """`text` is what to text the patient (answer), the note among colleagues (note, call_back, close), which act was taken back
    (undo), the intent that was meant (meant) or the text that was found to be the patient's (attach). `start` is the new start
    of a rescheduled appointment, as staff settled it in the iPMS; `until` the end of a snooze; `to` whom a task was assigned
    to, or the kind of the task of an attached text. `replies` and `version` are how many replies of the patient the colleague
    could know of when they decided, and which version of the appointment; None: not known."""

    act: StaffAct
    by: str
    text: str = ""
    start: datetime | None = None
    tell: bool = True  # also tell the patient, where the act has a text
    until: datetime | None = None
    to: str = ""
    replies: int | None = None
    version: int | None = None


# The reason of UNSENT for a text of a round that staff stopped before it left.
ROUND_STOPPED = "stopped by staff"


@dataclass(frozen=True, slots=True)
class TextedByHand:
    """The talk's part in a round of texts that staff send. It says `texts`, which may have placeholders (language, words; the
    first for patients of no other language), or the ruleset's `prompt`. `purpose` is one of ruleset.PURPOSES."""

    round: str
    by: str
    texts: tuple[tuple[str, str], ...] = ()
    prompt: str = ""
    purpose: str = ASKS


@dataclass(frozen=True, slots=True)
class WriteReported:
    """What became of something we wrote to the iPMS. `conflict`: the iPMS holds another version of the appointment."""

    key: str
    action: str
    ok: bool
    conflict: bool = False
    reason: str = ""


Event = (
    Opened | ReplyReceived | TextJoined | TextReported | TimerFired | AppointmentChanged | PatientChanged | StaffActed
    | TextedByHand | WriteReported | TextsResumed | LanguageChosen
)
