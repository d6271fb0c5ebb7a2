"""The state of a simulated iPMS: an appointment book, what was written back to it, and what is yet to be told to us."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from adapters.ipms.records import to_payload
from conversations.ports import AppointmentRecord, Clock

# What a patient's answer is called in the book.
RESPONSES: Mapping[str, str] = {
    "confirm": "confirmed",
    "request_cancel": "cancel requested",
    "request_reschedule": "reschedule requested",
    "withdraw_request": "kept",
}
_CHANGES = ("cancel", "reschedule")
_LISTENER_BACKLOG = 1000


class Refused(Exception):
    """A request that the hospital does not do. `status` is the HTTP answer; `current` the appointment as it stands,
    where that is the reason."""

    def __init__(self, status: int, code: str, message: str, current: AppointmentRecord | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.current = current


@dataclass(slots=True)
class Entry:
    """One appointment of the book. `messages` by key, in the order in which they first came."""

    record: AppointmentRecord
    response: str = ""
    note: str = ""
    preferences: Mapping[str, Any] | None = None
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            **to_payload(self.record),
            "response": self.response,
            "note": self.note,
            "preferences": self.preferences,
            "messages": list(self.messages.values()),
        }


class Hospital:
    """A book that staff and write-backs change. Every change of what a patient would be told raises the revision and
    is due to be pushed; a patient's response is neither."""

    def __init__(self, records: Iterable[AppointmentRecord], clock: Clock) -> None:
        self._clock = clock
        self._entries = {record.id: Entry(record) for record in records}
        self._done: dict[str, bytes] = {}  # writes by key: a digest of what each asked
        self._listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        self.unpushed: dict[str, None] = dict.fromkeys(self._entries)  # in the order in which they changed
        self.changed = asyncio.Event()

    def entry(self, id: str) -> Entry:
        """Raises Refused (404)."""
        try:
            return self._entries[id]
        except KeyError:
            raise Refused(404, "unknown_appointment", "There is no such appointment.") from None

    def entries(self) -> list[Entry]:
        return list(self._entries.values())

    # ---- staff -------------------------------------------------------------------------------------------------------

    def move(self, id: str, start: datetime) -> None:
        self._change(id, "moved", start=start, status="booked")

    def cancel(self, id: str) -> None:
        self._change(id, "cancelled", status="cancelled")

    def attend(self, id: str) -> None:
        self._change(id, "attended", status="fulfilled")

    def miss(self, id: str) -> None:
        self._change(id, "missed", status="noshow")

    def keep(self, id: str) -> None:
        """Staff settled a request with the patient: the appointment stays as it is."""
        self.entry(id).response = "kept"
        self.tell("kept", id)

    def touch(self, id: str) -> None:
        """Another user saves the appointment: a new revision of the same facts."""
        entry = self.entry(id)
        revision = str(int(entry.record.revision or 0) + 1)
        entry.record = replace(entry.record, revision=revision, changed_at=self._clock.now())
        self._push(id)

    def _change(self, id: str, kind: str, **facts: Any) -> None:
        entry = self.entry(id)
        entry.record = replace(entry.record, **facts)
        entry.response = ""
        self.touch(id)
        self.tell(kind, id)

    def _push(self, id: str) -> None:
        self.unpushed.pop(id, None)
        self.unpushed[id] = None
        self.changed.set()

    # ---- what is written back ----------------------------------------------------------------------------------------

    def respond(
        self,
        id: str,
        key: str,
        action: str,
        note: str,
        start: datetime | None,
        revision: str | None,
        preferences: Mapping[str, Any] | None = None,
    ) -> bool:
        """Does a write once; False where its key was done before. `revision` None asks for no check. Raises Refused."""
        entry = self.entry(id)
        asked = hashlib.sha256(orjson.dumps([id, action, note, start, preferences])).digest()
        if key in self._done:
            if self._done[key] != asked:
                raise Refused(422, "key_reused", "This key was used for something else.")
            return False
        if action not in RESPONSES and action not in _CHANGES:
            raise Refused(422, "unknown_action", f"The actions are {', '.join((*RESPONSES, *_CHANGES))}.")
        if action == "reschedule" and start is None:
            raise Refused(422, "start_missing", "To reschedule takes a start.")
        if revision is not None and revision != entry.record.revision:
            raise Refused(412, "other_revision", "The appointment was changed since.", entry.record)
        if entry.record.status != "booked":
            raise Refused(409, "not_booked", "The appointment is not booked any more.", entry.record)
        self._done[key] = asked
        entry.note, entry.preferences = note, preferences
        if action in RESPONSES:
            entry.response = RESPONSES[action]
            self.tell("written", id, action=action)
        elif action == "cancel":
            self.cancel(id)
        elif start is not None:
            self.move(id, start)
        return True

    def record(self, id: str, message: Mapping[str, Any]) -> None:
        """Keeps a message on the patient's record, or its later status. Raises Refused."""
        self.entry(id).messages[str(message["key"])] = dict(message)
        self.tell("message", id, direction=message["direction"], status=message["status"])

    # ---- who watches -------------------------------------------------------------------------------------------------

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[dict[str, Any]]]:
        """What happens from here on. A listener that falls far behind misses the oldest."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_LISTENER_BACKLOG)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def tell(self, kind: str, id: str, **facts: Any) -> None:
        event = {"kind": kind, "id": id, "at": self._clock.now().isoformat(), **facts}
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)
