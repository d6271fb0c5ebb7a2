"""Texts from numbers that belong to no patient we know, and rows that could not be worked: nothing is dropped, a person
gets it."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from conversations.batch import Batch
from conversations.intake import opened
from conversations.places import task_place, unmatched_place
from conversations.schema import NEVER, instant
from conversations.transcript import canonical
from conversations.vault import SealBroken
from engine import hours
from engine.ruleset import ALL, PRIORITIES
from engine.understanding import label, read

# What a text from an unknown number asks for, as far as it can be read: kind of task, priority, how soon a person should see
# it, and what it looks like. Whose it is only they can find out, and somebody may be waiting for it.
_WANTS = {
    "urgent": ("urgent", "urgent", timedelta(minutes=15), "an emergency"),
    "deceased": ("bereavement", "urgent", timedelta(hours=1), "the news of a death"),
    "running_late": ("running_late", "high", timedelta(minutes=15), "someone who is late"),
    "cancel": ("question", "high", timedelta(hours=4), "a cancellation"),
    "reschedule": ("question", "high", timedelta(hours=4), "a wish for another time"),
    "thanks": ("question", "low", timedelta(days=1), "thanks"),
}
_OTHER = ("question", "normal", timedelta(hours=4), "")


class Strangers:
    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def reply(self, row: Any, content: dict[str, Any]) -> str:
        """A text from a number we do not know. Only a wish for no texts is acted on; it can harm nobody."""
        intent = "unknown"
        for ruleset in self._batch.rulebook.in_force()[:1]:
            intent = label(read(ruleset, content["text"]))
        outcome, task = self._work(row, content, intent)
        self._list(row, content, intent, outcome, task)
        return outcome

    def _work(self, row: Any, content: dict[str, Any], intent: str) -> tuple[str, str]:
        """What became of it, and the task that it made, "" for none."""
        if intent == "stop":
            self.stop(row.phone_index)
            return "acted: no texts to this number, which is no patient's we know", ""
        if intent == "start":
            self._batch.unblock(row.phone_index)
            return "acted: texts are wanted again", ""
        if intent == "wrong_number":
            return "noted: a wrong number, and the number is not known", ""
        kind, priority, due, looks = _WANTS.get(intent, _OTHER)
        why = f"A text from {content['sender']}, which is no patient's number that we know."
        if looks:
            why += f" It looks like {looks}."
        return "handed: the number is not known", self._open(row, kind, priority, why, content["text"], due)

    def _list(self, row: Any, content: dict[str, Any], intent: str, outcome: str, task: str) -> None:
        """Among all messages."""
        at = self._batch.at
        id = f"{at // 1000:012x}{sha256(f'unmatched {row.id}'.encode()).hexdigest()[:20]}"
        said = {"sender": content["sender"], "text": content["text"], "read_as": intent, "outcome": outcome}
        sealed = self._batch.vault.seal_own(unmatched_place(id), canonical(said))
        self._batch.changes.unmatched.append((id, at, row.phone_index, sealed, task))

    def stop(self, phone: bytes) -> None:
        """No more texts to this number, whoever has it."""
        block = {
            "reason": "opted_out",
            "phone_index": phone,
            "patient_id": None,
            "conversation_id": "",
            "scope": ALL,
            "clinic": "",
            "since": instant(self._batch.now),
        }
        self._batch.block(block)

    def changed_hands(self, row: Any, appointment: str) -> None:
        why = (
            f"The iPMS gave appointment {appointment} to another patient, who is reminded of it from now on. The former one "
            "gets no more texts about it and was not told: see whether they should be, and whether the change was right."
        )
        self._open(row, "fault", "high", why, "")

    def fault(self, row: Any, why: str) -> None:
        words = ""
        kind = getattr(row, "kind", "timer")
        if kind == "reply":
            try:
                content = opened(self._batch.vault, row)
                words = f"{content['sender']}: {content['text']}"
            except (SealBroken, ValueError, LookupError, TypeError):
                words = "(what it said cannot be read)"
        self._open(row, "fault", "high", f"Something that came in ({kind}) could not be worked. {why}", words)

    def _open(
        self, row: Any, kind: str, priority: str, why: str, words: str, within: timedelta = timedelta(hours=4)
    ) -> str:
        """The key of the task."""
        now = self._batch.now
        due = now + within
        for ruleset in self._batch.rulebook.in_force()[:1]:
            due = hours.due(ruleset.hours, now, within)
        named = [getattr(row, name, "") for name in ("id", "conversation_id", "name")]
        key = sha256(f"task {kind} {named} {now}".encode()).hexdigest()
        said = canonical([{"at": now.isoformat(), "why": why, "words": words}])
        self._batch.changes.tasks.append(
            {
                "key": key[:32],
                "conversation_id": None,
                "patient_id": None,
                "clinic": "",
                "kind": kind,
                "priority": PRIORITIES.index(priority),
                "status": "open",
                "suggest": "",
                "sealed": self._batch.vault.seal_own(task_place(key[:32]), said),
                "due": instant(due),
                "start": NEVER,
                "opened_at": instant(now),
                "changed_at": instant(now),
            }
        )
        return key[:32]
