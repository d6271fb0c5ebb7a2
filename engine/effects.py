"""What a decision asks the world to do. Effects are committed with the decision and carried out afterwards, each under a
key of ours, so that carrying one out twice does it once. Those that are asked for most are named tuples, which are made in a
third of the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from engine.preferences import Preferences
from engine.ruleset import ALL

# Lanes of the outbox. An answer to a patient leaves at once and never waits behind the others; the hospital's news and
# reminders leave in sending hours only, news first.
REPLY = "reply"
NOTICE = "notice"
BULK = "bulk"
LANES = (REPLY, NOTICE, BULK)


class SendText(NamedTuple):
    """`key` is 32 lowercase hex digits, unique to this text, and travels to the gateway as its reference. `about` is the
    appointment version that the text tells of (0: none). The text is worthless after `not_after`."""

    key: str
    prompt: str
    text: str
    language: str
    segments: int
    lane: str
    about: int
    not_after: datetime
    safety: bool = False  # goes out although texts are blocked by the very decision that caused it (one farewell)
    round: str = ""  # the round by which staff sent it, "" where no round did


class WriteAppointment(NamedTuple):
    """`action` is one of ruleset.HOSPITAL_ACTS or "reschedule". `version` is the appointment version the patient spoke of."""

    key: str
    action: str
    version: int
    note: str = ""
    start: datetime | None = None
    preferences: Preferences | None = None  # what `note` says of when the patient would come


class RecordMessage(NamedTuple):
    """Put a text, a reply or its delivery status on the patient's record in the iPMS."""

    key: str
    direction: str  # "out" | "in"
    text_key: str  # the text's key, or the reply's inbox id
    text: str
    status: str
    at: datetime
    name: str = ""  # under which it stands in the iPMS, where `text_key` stands there for another appointment too


@dataclass(frozen=True, slots=True)
class OpenTask:
    key: str
    kind: str
    priority: str
    due: datetime
    why: str
    suggest: str | None = None
    words: str = ""  # the patient's own words
    preferences: Preferences | None = None  # all that the patient has said of when they would come


@dataclass(frozen=True, slots=True)
class UpdateTask:
    """Something happened on a task that is still open: new words, a higher priority, less time. A priority never falls and a
    `due` that is later than the task's changes nothing."""

    key: str
    why: str
    priority: str | None = None
    words: str = ""
    preferences: Preferences | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class CloseTask:
    key: str
    outcome: str


class SetTimer(NamedTuple):
    """One timer per name and conversation; setting it again moves it."""

    name: str
    due: datetime
    visit: int


class ClearTimer(NamedTuple):
    name: str


@dataclass(frozen=True, slots=True)
class BlockTexts:
    """No more texts: `reason` is "opted_out" (this number, as far as `scope` says, one of ruleset.SCOPES), "wrong_number" (this
    number) or "deceased" (this patient)."""

    reason: str
    scope: str = ALL


@dataclass(frozen=True, slots=True)
class UnblockTexts:
    """Lifts "opted_out" of every scope, and nothing else."""


@dataclass(frozen=True, slots=True)
class PreferLanguage:
    """The patient asked to be written to in this language (ISO 639), in this talk and in all others."""

    language: str


Effect = (
    SendText | WriteAppointment | RecordMessage | OpenTask | UpdateTask | CloseTask | SetTimer | ClearTimer | BlockTexts
    | UnblockTexts | PreferLanguage
)
