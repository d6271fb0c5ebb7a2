"""The doors to the outside, as Protocols. Adapters implement them; tests put fakes behind them; nothing else crosses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from engine.events import TextStatus


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, aware, UTC."""
        ...


# ---- gateway ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutboundText:
    """`key`: 32 lowercase hex digits of ours. `to`: E.164 with plus sign."""

    key: str
    to: str
    text: str
    not_after: datetime
    segments: int = 1
    clinic: str = ""  # whose text it is, where that has a sender of its own


class SendStatus(StrEnum):
    ACCEPTED = "accepted"  # the gateway has the text
    REFUSED = "refused"  # this text will never go: bad number, blocked, opted out at the carrier
    RETRY = "retry"  # it did not take it, try later (5xx, 429, no connection)
    UNKNOWN = "unknown"  # it may have taken it (timed out after the request was written)
    HALTED = "halted"  # the account is at fault (credit, sender, password): stop the lane and tell staff


@dataclass(frozen=True, slots=True)
class SendResult:
    status: SendStatus
    code: str = ""
    reason: str = ""  # for staff; never holds text, name or number
    retry_after: float | None = None  # seconds
    opted_out: bool = False  # the carrier says this number takes no texts


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """`kind` is the last part of the path: /hooks/{gateway}/{secret}/{kind}. `client` is the caller's address as the web
    room knows it, "" where it does not."""

    kind: str
    secret: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    client: str = ""


@dataclass(frozen=True, slots=True)
class InboundReply:
    """A text from a phone. `external_id` is the gateway's id, None where it has none: then the same text from the same
    phone within a few seconds counts once. `answers`: the key of the text the gateway says it answers."""

    sender: str  # E.164
    to: str
    text: str
    sent_at: datetime
    external_id: str | None = None
    answers: str | None = None
    opt_out: bool = False  # came through the carrier's own opt-out channel
    stale: bool = False  # far older than a reply should be, or of no known age: for review by staff, not to be acted on


@dataclass(frozen=True, slots=True)
class InboundReceipt:
    """The gateway's word on a text. `key` is ours; None for a word on the whole account (`status` rejected)."""

    key: str | None
    status: TextStatus
    code: str = ""
    reason: str = ""
    at: datetime | None = None
    external_id: str | None = None
    halts: bool = False  # an account fault: credit, sender
    stale: bool = False  # far older than a receipt should be, or of no known age
    opted_out: bool = False  # the carrier says this number takes no texts


Inbound = InboundReply | InboundReceipt


class WebhookRefused(Exception):
    """A webhook that is not taken. `status` is the HTTP answer, `code` for machines, the message for a person; none of the
    three holds personal data."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Gateway(Protocol):
    name: str
    segments_per_second: float

    async def send(self, text: OutboundText) -> SendResult:
        """Hand one text over. Never raises for what the gateway or the network does."""
        ...

    def sender(self, clinic: str) -> str:
        """The name or number that texts of this clinic come from, "" where there is none yet."""
        ...

    def read_webhook(self, request: WebhookRequest) -> Sequence[Inbound]:
        """What the webhook says. Pure and quick. Raises WebhookRefused."""
        ...

    async def healthy(self) -> bool: ...

    async def close(self) -> None: ...


# ---- iPMS ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient as the iPMS tells it. `id` is the hospital number. `mobile` E.164 or None."""

    id: str
    first_name: str
    last_name: str = ""
    mobile: str | None = None
    language: str = ""
    deceased: bool = False
    do_not_text: bool = False
    date_of_birth: str = ""


@dataclass(frozen=True, slots=True)
class AppointmentRecord:
    """An appointment as the iPMS tells it: always a full snapshot. `changed_at` orders snapshots; an older one than we hold
    is history. `revision` is the iPMS's own version tag, sent back with writes so that it can refuse a stale one."""

    id: str
    patient: PatientRecord
    start: datetime  # aware, UTC
    status: str  # FHIR R4 Appointment.status
    clinic: str
    clinic_name: str = ""
    clinician: str = ""
    place: str = ""
    type: str = ""
    hospital: str = ""
    phone: str = ""
    changed_at: datetime | None = None
    revision: str = ""


class WriteStatus(StrEnum):
    DONE = "done"
    CONFLICT = "conflict"  # the iPMS holds another version; `current` if it said which
    REFUSED = "refused"  # it will never take this
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class WriteResult:
    status: WriteStatus
    code: str = ""
    reason: str = ""
    retry_after: float | None = None
    current: AppointmentRecord | None = None


@dataclass(frozen=True, slots=True)
class AppointmentWrite:
    """One thing we write to the iPMS. `key` makes it idempotent. `action`: confirm, request_cancel, request_reschedule,
    withdraw_request, cancel, reschedule. `note` holds the patient's words or what staff settled, `preferences` what
    was read in them of when the patient would come, in the JSON form of `engine/preferences.py`."""

    key: str
    appointment: str
    action: str
    revision: str
    at: datetime
    note: str = ""
    start: datetime | None = None
    preferences: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A text or reply, or its new delivery status, for the patient's record. Same key, later status: an update."""

    key: str
    appointment: str
    direction: str  # "out" | "in"
    text: str
    status: str
    at: datetime


class PatientSystem(Protocol):
    """The iPMS. Changes come in through the intake (REST push, import); this is the way out and the way to ask."""

    name: str

    async def read(self, appointment: str) -> AppointmentRecord | None:
        """The appointment as it stands now, None where the iPMS knows none. Raises PatientSystemAway."""
        ...

    async def write(self, write: AppointmentWrite) -> WriteResult: ...

    async def record(self, message: MessageRecord) -> WriteResult: ...

    async def healthy(self) -> bool: ...

    async def close(self) -> None: ...


class PatientSystemAway(Exception):
    """The iPMS did not answer, or not with sense."""


# ---- the bus: hints that something is due ----------------------------------------------------------------------------


class Bus(Protocol):
    """Wakes sleepers, of this process and of all others that share its store. Holds nothing that matters: a hint that is lost
    is found again by the next sweep of the store."""

    @property
    def trouble(self) -> str:
        """What staff should know of it, in plain words; "" when all is well."""
        ...

    @property
    def patience(self) -> float:
        """Seconds that a loop may sleep at most before it looks into the store itself."""
        ...

    def notify(self, topic: str, partitions: Iterable[int] = ()) -> None:
        """From any thread. `partitions`: those in which there is something to do, where that is known."""
        ...

    def notify_at(self, partition: int, second: int) -> None:
        """At this second since 1970 UTC there will be work in the partition: a timer falls due."""
        ...

    def attend(self, partitions: Iterable[int]) -> None:
        """This process works these from now on: hints of work there are for it."""
        ...

    async def wait(self, topic: str, seconds: float) -> None:
        """Return when the topic was notified since the last wait on it, or after so many seconds."""
        ...


class Rate(Protocol):
    """How many segments may leave through a gateway now. One for all who send through it."""

    async def draw(self, wanted: int) -> float:
        """Take up to so many; what it gives may be a fraction, and nothing. A text longer than all that it can hold leaves
        when it is full."""
        ...

    async def give_back(self, segments: float) -> None:
        """What was drawn and not used; below nothing where more was used."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a submitted record: `where` in the caller's words, `message` says how to mend it."""

    where: str
    message: str
    detail: Mapping[str, Any] = field(default_factory=dict)
