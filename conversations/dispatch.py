"""What each inbox row means, by its kind: a reply, a receipt, a snapshot of an appointment, an act of staff, a text by hand, an
answer of the iPMS; and to which talks it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from conversations.batch import Batch
from conversations.changes import Reached
from conversations.intake import APPOINTMENT, BY_HAND, RECEIPT, REPLY, STAFF_ACT, WRITTEN, acted_of, by_hand_of
from conversations.receipts import Receipts
from conversations.schedule import Schedule
from conversations.schema import moment
from conversations.strangers import Strangers
from conversations.whose import Addressee, PhoneBook
from engine.effects import PreferLanguage, UnblockTexts
from engine.events import Event, LanguageChosen, ReplyReceived, TextsResumed, WriteReported
from engine.ruleset import Ruleset
from engine.several import Held, share
from engine.understanding import read


class Dispatch:
    """Works the inbox rows of one batch, kind by kind, with everything they may need fetched beforehand."""

    def __init__(self, batch: Batch, rows: list[Any], contents: dict[int, dict[str, Any]]) -> None:
        self._batch = batch
        by_kind: dict[str, list[Any]] = {}
        for row in rows:
            by_kind.setdefault(row.kind, []).append(row)
        self._schedule = Schedule(batch)
        self._schedule.prefetch([contents[row.id] for row in by_kind.get(APPOINTMENT, ())])
        self._phones = PhoneBook(batch)
        replies = by_kind.get(REPLY, [])
        keys = [contents[row.id]["answers"] for row in replies if contents[row.id]["answers"]]
        self._phones.prefetch([row.phone_index for row in replies], keys)
        self._receipts = Receipts(batch)
        self._receipts.prefetch([contents[row.id]["key"] for row in by_kind.get(RECEIPT, ())])
        batch.load_talks(
            contents[row.id]["conversation"] for kind in (STAFF_ACT, BY_HAND, WRITTEN) for row in by_kind.get(kind, ())
        )

    def work(self, row: Any, content: dict[str, Any]) -> str:
        """The outcome in a few words, for the row's record."""
        return _WORK[row.kind](self, row, content)

    def _receipt(self, row: Any, content: dict[str, Any]) -> str:
        return self._receipts.take(content, moment(row.received_at))

    def _appointment(self, row: Any, content: dict[str, Any]) -> str:
        return self._schedule.take(row, content)

    def _reply(self, row: Any, content: dict[str, Any]) -> str:
        found = self._phones.find(row.phone_index, content["answers"])
        if content["opt_out"]:
            content["text"] = "STOP"
        if found is None:
            return Strangers(self._batch).reply(row, content)
        event = ReplyReceived(
            reply=str(row.id),
            text=content["text"],
            received_at=min(datetime.fromisoformat(content["sent_at"]), moment(row.received_at)),
            answers=content["answers"],
            former_number=found.former_number,
            opted_out=bool(self._phones.stopped(row.phone_index, found.talk)),
            stopped=self._phones.stopped(row.phone_index),
            at_carrier=content["opt_out"],
            stale=content.get("stale", False),
        )
        if found.former_number and read(self._ruleset(found.talk), event.text).intent == "stop":
            Strangers(self._batch).stop(row.phone_index)
        events = [(found.talk, event)] if not found.going else self._shared(row.phone_index, found, event)
        settled = [self._settle(row.phone_index, talk, each) for talk, each in events]
        return f"{settled[0]['outcome']}: {settled[0]['why']}"

    def _settle(self, phone: bytes, talk: str, event: ReplyReceived) -> Mapping[str, Any]:
        """A reply, or its part, in one talk; what became of it."""
        decision = self._batch.decide(talk, event)
        for effect in decision.effects:
            if isinstance(effect, UnblockTexts):
                self._tell_others(phone, talk, TextsResumed())
            elif isinstance(effect, PreferLanguage):
                self._tell_others(phone, talk, LanguageChosen(effect.language), decision.conversation.patient.id)
        return decision.entries[-1].data

    def _shared(self, phone: bytes, found: Addressee, event: ReplyReceived) -> list[tuple[str, ReplyReceived]]:
        """A reply from a phone with several talks, each with what of it is for it."""
        talks = (self._batch.talks[talk].conversation for talk in found.going)
        shared = share([Held(c, self._ruleset(c.id)) for c in talks], event, found.answered)
        return [(talk, each._replace(opted_out=bool(self._phones.stopped(phone, talk)))) for talk, each in shared]

    def _ruleset(self, talk: str) -> Ruleset:
        return self._batch.rulebook.version(self._batch.connection, self._batch.talks[talk].conversation.version)

    def _tell_others(self, phone: bytes, heard: str, event: Event, patient: str = "") -> None:
        """What one talk heard holds for all of the phone, or of the patient: START lifts whatever was stopped, and a language
        is the patient's everywhere."""
        for talk in self._phones.talks_of(phone):
            if talk != heard and patient in ("", self._batch.talks[talk].conversation.patient.id):
                self._batch.decide(talk, event)

    def _staff_act(self, row: Any, content: dict[str, Any]) -> str:  # noqa: ARG002  all kinds are worked alike
        if content["conversation"] not in self._batch.talks:
            return "no such conversation"
        self._batch.decide(content["conversation"], acted_of(content))
        return "done"

    def _by_hand(self, row: Any, content: dict[str, Any]) -> str:  # noqa: ARG002
        """A patient's text of a round; what became of it stands in the round too."""
        talk, event = content["conversation"], by_hand_of(content)
        key, reason = "", "there is no such conversation any more"
        if talk in self._batch.talks:
            for entry in self._batch.decide(talk, event).entries:
                if entry.kind == "text.queued":
                    key, reason = entry.data["key"], ""
                elif entry.kind == "text.withheld":
                    reason = entry.data["reason"]
        state = "queued" if key else "left_out"
        self._batch.changes.reached.append(Reached(event.round, content["patient"], state, key, reason[:80]))
        return reason or state

    def _written(self, row: Any, content: dict[str, Any]) -> str:  # noqa: ARG002
        if content["conversation"] not in self._batch.talks:
            return "no such conversation"
        event = WriteReported(content["key"], content["action"], content["ok"], content["conflict"], content["reason"])
        self._batch.decide(content["conversation"], event)
        return "noted"


# Not kept by each desk: one that refers to itself, and with it all of a batch, would lie in memory until the garbage collector
# comes, which it seldom does (`adapters/tuning.py`).
_WORK: Mapping[str, Callable[[Dispatch, Any, dict[str, Any]], str]] = {
    REPLY: Dispatch._reply,
    RECEIPT: Dispatch._receipt,
    APPOINTMENT: Dispatch._appointment,
    STAFF_ACT: Dispatch._staff_act,
    BY_HAND: Dispatch._by_hand,
    WRITTEN: Dispatch._written,
}
