"""Texts from numbers that belong to no patient we know, and rows that could not be worked: nothing is dropped, a person
gets it."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from conversations.batch import Batch, task_place
from conversations.changes import Unblock
from conversations.intake import opened
from conversations.schema import instant
from conversations.transcript import canonical
from conversations.vault import SealBroken
from engine import hours
from engine.ruleset import ALL, PRIORITIES
from engine.understanding import read


class Strangers:
    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def reply(self, row: Any, content: dict[str, Any]) -> str:
        """A text from a number we do not know. Only a wish for no texts is acted on; it can harm nobody."""
        intent = "unknown"
        for ruleset in self._batch.rulebook.in_force()[:1]:
            intent = read(ruleset, content["text"]).intent
        if intent == "stop":
            self._batch.changes.blocks.append(
                {
                    "reason": "opted_out",
                    "phone_index": row.phone_index,
                    "patient_id": None,
                    "conversation_id": "",
                    "scope": ALL,
                    "clinic": "",
                    "since": instant(self._batch.now),
                }
            )
            return "acted: no texts to this number, which is no patient's we know"
        if intent == "start":
            self._batch.changes.blocks.append(Unblock(row.phone_index, instant(self._batch.now)))
            return "acted: texts are wanted again"
        urgent = intent == "urgent"
        why = f"A text from {content['sender']}, which is no patient's number that we know."
        self._open(row, "urgent" if urgent else "question", "urgent" if urgent else "normal", why, content["text"])
        return "handed: the number is not known"

    def changed_hands(self, row: Any, appointment: str) -> None:
        why = (
            f"The iPMS gave appointment {appointment} to another patient. Its texts are stopped and neither patient was told: "
            "see which of them should be."
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

    def _open(self, row: Any, kind: str, priority: str, why: str, words: str) -> None:
        now = self._batch.now
        due = now + timedelta(hours=4)
        for ruleset in self._batch.rulebook.in_force()[:1]:
            due = hours.add_open(ruleset.hours, ruleset.hours.staffed, now, timedelta(hours=4))
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
                "opened_at": instant(now),
                "changed_at": instant(now),
            }
        )
