"""What one event adds to a talk: entries, and with them what others are asked to do: the iPMS to record, staff to see to.

The conversation moves only through the entries (`fold.apply`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from engine import hours, preferences
from engine.appointment import Listed
from engine.availability import read_preferences
from engine.cadence import plan
from engine.conversation import MACHINE, Conversation, Entry
from engine.effects import CloseTask, Effect, OpenTask, UpdateTask, WriteAppointment
from engine.fold import apply
from engine.preferences import Preferences
from engine.ruleset import PRIORITIES, Moment, Ruleset, TaskRule

# Tasks about what the patient wants done with the appointment: a new wish replaces the one before it.
WISHES = frozenset({"reschedule", "cancellation_review"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def named_to_staff(listed: Sequence[Listed]) -> str:
    """Appointments as staff find them. No patient's name: the task is on the record of one of them."""
    return "; ".join(f"{each.appointment} ({each.clinic}, {each.start:%Y-%m-%d %H:%M})" for each in listed)


@lru_cache(maxsize=16)
def _stamp(now: datetime) -> str:
    """The time as keys begin with it: the same for all events of a batch."""
    return f"{(now - _EPOCH) // _MILLISECOND:012x}"


class Errands:
    """One event being worked on. `c`: the conversation as the entries so far have made it."""

    def __init__(self, ruleset: Ruleset, conversation: Conversation | None, now: datetime) -> None:
        self.ruleset = ruleset
        self.now = now
        self.entries: list[Entry] = []
        self.effects: list[Effect] = []
        self.muted = ""  # the scope in which another talk of the phone has stopped the texts of this one
        # None for the moment that it takes to open one.
        self.c: Conversation = conversation  # type: ignore[assignment]
        self._today = ""
        self._began = _stamp(now)

    def record(self, kind: str, data: Mapping[str, Any], actor: str = MACHINE) -> None:
        entry = Entry(kind, self.now, actor, data)
        self.c = apply(self.c, entry)
        self.entries.append(entry)

    def key(self, what: str) -> str:
        """32 hex digits for the next thing of this kind: the same decision made again gives the same key. Keys begin with
        the time, so that tables kept in their order grow at the end; then come two digits of the conversation's id, which
        say in which part of the work it lies."""
        digest = sha256(f"{self.c.id}/{self.c.seq}/{what}".encode()).hexdigest()
        return f"{self._began}{self.c.id[12:14]}{digest}"[:32]

    def at(self, moment: Moment) -> datetime:
        return hours.resolve(moment, self.c.appointment.start, self.ruleset.hours.timezone)

    @property
    def closes(self) -> datetime:
        """When the talk is over."""
        return plan(self.ruleset, self.c.appointment.start).closes

    def stands(self) -> bool:
        """Whether there is still something to talk about: the appointment is on, and not over."""
        on = str(self.c.appointment.status) in self.ruleset.applies_to.statuses
        return on and self.now < self.closes

    def today(self) -> str:
        """The local day."""
        if not self._today:
            self._today = hours.local_day(self.ruleset.hours.timezone, self.now).isoformat()
        return self._today

    # ---- iPMS --------------------------------------------------------------------------------------------------------

    def preferred(self, text: str, received_at: datetime) -> Preferences:
        """What a reply says of when the patient would come; nothing of it is noted yet."""
        zone = ZoneInfo(self.ruleset.hours.timezone)
        language = self.c.patient.language or self.ruleset.languages[0]
        said_on = received_at.astimezone(zone).date()
        return read_preferences(text, language, said_on, self.c.appointment.start.astimezone(zone))

    def prefer(self, said: Preferences) -> bool:
        """Take note of it. False where it says nothing."""
        if said:
            self.record("preferences.noted", preferences.to_json(said))
        return bool(said)

    def write(self, action: str, *, note: str = "", start: datetime | None = None, more: bool = False) -> None:
        """Ask the iPMS to record something, unless it is what it was last asked to record of this very version; `more`:
        even then, since there is more to say."""
        repeats = (action, self.c.appointment.version) == (self.c.wish, self.c.wish_version)
        if repeats and start is None and not more:
            return
        if action == "withdraw_request" and self.c.wish not in ("request_cancel", "request_reschedule"):
            return
        key = self.key("write")
        version = self.c.appointment.version
        data: dict[str, Any] = {"key": key, "action": action, "appointment_version": version, "note": note}
        if start is not None:
            data["start"] = start.isoformat()
        wanted = self.c.preferences if action == "request_reschedule" and self.c.preferences else None
        if wanted is not None:
            data["note"] = note = " / ".join(dict.fromkeys((*wanted.words, *filter(None, (note,)))))
            data["preferences"] = preferences.to_json(wanted)
        self.record("ipms.queued", data)
        self.effects.append(WriteAppointment(key, action, version, note, start, wanted))

    # ---- staff -------------------------------------------------------------------------------------------------------

    def hand_over(
        self,
        kind: str,
        why: str,
        *,
        due: timedelta = timedelta(hours=4),
        priority: str = "normal",
        words: str = "",
    ) -> None:
        """Give the talk to staff without a word to the patient."""
        if not self.c.staff_own:
            self.record("conversation.handed", {"why": why})
        self.open_task(TaskRule(kind, due, priority, None, why), words=words)

    def open_task(self, rule: TaskRule, *, words: str = "") -> None:
        """Open a task, or add to the one of its kind that is open already."""
        due = hours.due(self.ruleset.hours, self.now, rule.due)
        open_already = self.c.task(rule.kind)
        if open_already is not None:
            self.update_task(open_already.key, rule.why, words=words, priority=rule.priority, due=due)
            return
        if rule.kind in WISHES:
            self.settle_tasks(WISHES - {rule.kind}, f"replaced by {rule.kind}")
        key = self.key("task")
        data: dict[str, Any] = {
            "key": key,
            "kind": rule.kind,
            "priority": rule.priority,
            "due": due.isoformat(),
            "why": rule.why,
            "suggest": rule.suggest,
            "words": words,
        }
        wanted = self._wanted(rule.kind)
        if wanted is not None:
            data["preferences"] = preferences.to_json(wanted)
        self.record("task.opened", data)
        self.effects.append(OpenTask(key, rule.kind, rule.priority, due, rule.why, rule.suggest, words, wanted))

    def _wanted(self, kind: str) -> Preferences | None:
        """What a task of this kind holds of when the patient would come."""
        return self.c.preferences if kind == "reschedule" and self.c.preferences else None

    def update_task(
        self, key: str, why: str, *, words: str = "", priority: str | None = None, due: datetime | None = None
    ) -> None:
        assert priority is None or priority in PRIORITIES
        data: dict[str, Any] = {"key": key, "why": why, "words": words, "priority": priority}
        if due is not None:
            data["due"] = due.isoformat()
        wanted = next((self._wanted(task.kind) for task in self.c.tasks if task.key == key), None)
        if wanted is not None:
            data["preferences"] = preferences.to_json(wanted)
        self.record("task.updated", data)
        self.effects.append(UpdateTask(key, why, priority, words, wanted, due))

    def settle_tasks(self, kinds: frozenset[str] | set[str] | None, outcome: str, actor: str = MACHINE) -> None:
        """Close the open tasks of these kinds; None: of every kind."""
        for task in self.c.tasks:
            if kinds is None or task.kind in kinds:
                self.record("task.closed", {"key": task.key, "kind": task.kind, "outcome": outcome}, actor)
                self.effects.append(CloseTask(task.key, outcome))
