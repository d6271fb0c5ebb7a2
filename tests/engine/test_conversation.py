from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import orjson
import pytest

from engine.appointment import Listed
from engine.as_json import appointment_json, appointment_of, from_json, patient_json, patient_of, to_json, whole_json
from engine.conversation import Conversation, Entry, supersedes
from engine.events import Doubt, PatientChanged, ReplyReceived, StaffAct, TextJoined, TextStatus, WriteReported
from engine.fold import apply, fold
from engine.loader import load
from engine.rehearsal import Rehearsal
from engine.ruleset import Ruleset

RULES = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@lru_cache(maxsize=1)
def rules() -> Ruleset:
    ruleset = load(RULES.read_text(), RULES.name, rehearse=False).ruleset
    assert ruleset is not None
    return ruleset


@lru_cache(maxsize=1)
def eventful() -> tuple[Entry, ...]:
    """A talk in which nearly everything happens."""
    play = Rehearsal(rules())
    mine = play.conversation.appointment
    listed = Listed("rehearsal", "p", "Mary", mine.id, mine.version, mine.start, mine.clinic)
    play.happen(ReplyReceived("w", "C", play.now, doubt=Doubt((listed, replace(listed, conversation="b")), ask=True)))
    play.wait(timedelta(hours=5))
    play.staff(StaffAct.HAND_BACK)
    play.wait(timedelta(days=1))
    play.happen(TextJoined(play.conversation.texts[-1].key, "a" * 32, "1) today", 1, 2, 1))
    play.patient("thanks")
    play.patient("maybe cancel")
    play.patient("Y")
    play.happen(WriteReported(play.conversation.wish_key, "request_cancel", ok=False))
    play.wait(timedelta(days=1))
    play.patient("KEEP")
    play.change("moved to in 12 days at 14:00")
    play.receipt(TextStatus.UNDELIVERABLE)
    play.wait(timedelta(hours=1))
    play.staff(StaffAct.TAKE)
    play.staff(StaffAct.ANSWER, "We will ring you.")
    play.happen(PatientChanged(replace(play.conversation.patient, language="ga"), number_changed=True))
    play.staff(StaffAct.HAND_BACK)
    play.patient("STOP")
    play.patient("START")
    play.wait(timedelta(days=8))
    play.change("cancelled")
    play.patient("is there parking")
    return tuple(play.entries)


def stored(entries: tuple[Entry, ...]) -> list[Entry]:
    """The entries as a transcript gives them back."""
    return [
        Entry(entry.kind, datetime.fromisoformat(entry.at.isoformat()), entry.actor, json.loads(json.dumps(entry.data)))
        for entry in entries
    ]


def test_the_talk_is_eventful() -> None:
    kinds = {entry.kind for entry in eventful()}
    assert kinds >= {
        "conversation.opened", "state.entered", "text.queued", "text.status", "send.failed", "timer.fired", "reply.read",
        "reply.asked", "guess.dropped", "reply.settled", "task.opened", "task.closed", "ipms.queued", "ipms.status",
        "appointment.changed", "patient.changed", "staff.acted", "conversation.handed", "conversation.handed_back",
        "texts.blocked", "texts.unblocked", "which.asked", "which.settled", "text.joined",
    }  # fmt: skip


def test_replaying_a_stored_transcript_rebuilds_the_conversation() -> None:
    assert fold(stored(eventful())) == fold(eventful())


def test_after_every_entry_the_row_says_all_there_is_to_say() -> None:
    conversation: Conversation | None = None
    for number, entry in enumerate(eventful(), 1):
        conversation = apply(conversation, entry)
        assert conversation.seq == number
        row = orjson.dumps(to_json(conversation))
        assert from_json(orjson.loads(row)) == conversation
        assert orjson.dumps(to_json(from_json(orjson.loads(row)))) == row


def test_a_row_that_also_names_what_the_talk_does_not_hold_reads_the_same() -> None:
    """So did rows before such fields were left out."""
    conversation = fold(eventful())
    row = orjson.loads(orjson.dumps(to_json(conversation)))
    assert len(row) < len(Conversation._fields) == len(whole_json(row))
    assert from_json(whole_json(row)) == conversation


def test_going_on_from_a_stored_row_comes_to_the_same() -> None:
    entries = eventful()
    half = len(entries) // 2
    conversation = from_json(orjson.loads(orjson.dumps(to_json(fold(entries[:half])))))
    for entry in stored(entries[half:]):
        conversation = apply(conversation, entry)
    assert conversation == fold(entries)


def test_an_entry_of_a_kind_that_means_nothing_here_only_counts() -> None:
    before = fold(eventful())
    after = apply(before, Entry("staff.noted", NOON, "staff:nora", {"text": "rang"}))
    assert after == before._replace(seq=before.seq + 1)


def test_applying_leaves_what_was_before_as_it_was() -> None:
    first, *rest = eventful()
    before = apply(None, first)
    copy = before._replace()
    for entry in rest:
        apply(before, entry)
    assert before == copy


def test_no_entries_are_no_conversation() -> None:
    with pytest.raises(ValueError, match="no entries"):
        fold([])


def test_a_transcript_begins_at_its_beginning() -> None:
    with pytest.raises(ValueError, match=r"begins with conversation\.opened"):
        fold(eventful()[1:])


def test_appointment_and_patient_survive_json() -> None:
    conversation = fold(eventful())
    assert appointment_of(json.loads(json.dumps(appointment_json(conversation.appointment)))) == conversation.appointment
    assert patient_of(json.loads(json.dumps(patient_json(conversation.patient)))) == conversation.patient


class TestBlocks:
    @pytest.mark.parametrize(
        ("reasons", "left", "after_start"),
        [
            (["opted_out"], "opted_out", ""),
            (["deceased", "opted_out"], "deceased", "deceased"),
            (["opted_out", "wrong_number"], "wrong_number", "wrong_number"),
            (["wrong_number", "deceased"], "deceased", "deceased"),
        ],
    )
    def test_the_graver_one_stands(self, reasons: list[str], left: str, after_start: str) -> None:
        conversation = fold(eventful()[:1])
        for reason in reasons:
            conversation = apply(conversation, Entry("texts.blocked", NOON, "machine", {"reason": reason, "scope": "all"}))
        assert conversation.blocked == left
        assert apply(conversation, Entry("texts.unblocked", NOON, "machine", {})).blocked == after_start


class TestWordsOnTexts:
    @pytest.mark.parametrize(
        ("words", "status"),
        [
            ("accepted sent delivered", "delivered"),
            ("delivered sent accepted", "delivered"),
            ("delivered undeliverable", "delivered"),
            ("undeliverable delivered", "delivered"),
            ("undeliverable sent accepted", "undeliverable"),
            ("undeliverable expired", "undeliverable"),
            ("accepted unknown", "accepted"),
            ("unknown accepted", "accepted"),
            ("sent accepted queued", "sent"),
            ("unsent unknown", "unsent"),
        ],
    )
    def test_they_come_in_any_order_and_end_right(self, words: str, status: str) -> None:
        held = "queued"
        for word in words.split():
            if supersedes(word, held):
                held = word
        assert held == status

    @pytest.mark.parametrize("status", list(TextStatus))
    def test_the_same_word_again_says_nothing_new(self, status: TextStatus) -> None:
        assert not supersedes(str(status), str(status))
