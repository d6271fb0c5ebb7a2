"""A conversation: one appointment's talk with one patient, as it stands after the entries of its transcript.

`decide` never sets a field of it; it appends entries, and engine/fold.py is the one place that says what an entry means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from engine.appointment import Appointment, Listed, Patient
from engine.preferences import Preferences
from engine.ruleset import PLANNED

MACHINE = "machine"
PATIENT = "patient"
GATEWAY = "gateway"
IPMS = "ipms"
CLOCK = "clock"

# A text with one of these words on it is taken to have told the patient what it says.
ARRIVED = frozenset({"accepted", "sent", "delivered"})
FAILED = frozenset({"undeliverable", "expired", "rejected", "unsent"})
OPTED_OUT = "opted_out"  # why a talk is blocked, where the patient asked for it


def supersedes(said: str, held: str) -> bool:
    """Whether a word on a text takes the place of the one held. Words come twice, late and in contradiction: the first
    final one stands, except that the text may have been delivered after all."""
    if held in ("delivered", said) or said == "queued":
        return False
    if held in FAILED:
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
        telling = [text.status for text in self.texts if text.about == self.told and text.status in ARRIVED]
        return "delivered" in telling or len(telling) > 1

    def task(self, kind: str) -> OpenedTask | None:
        for task in self.tasks:
            if task.kind == kind:
                return task
        return None


# Where a field stands in the tuple: what makes a conversation by place is half as dear as by name.
PLACE: Mapping[str, int] = {name: place for place, name in enumerate(Conversation._fields)}
