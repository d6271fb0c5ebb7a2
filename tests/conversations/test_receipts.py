"""What becomes of a text, by the words of a gateway that speaks early, twice, late and against itself."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import schema
from conversations.ports import InboundReceipt, OutboundText
from conversations.receipts import supersedes
from engine.events import TextStatus
from tests.conversations.clinic import ANN, BEN, Clinic

WORDS = [status for status in TextStatus if status not in (TextStatus.QUEUED, TextStatus.UNSENT)]
FAILURES = {TextStatus.UNDELIVERABLE, TextStatus.EXPIRED, TextStatus.REJECTED}


def folded(words: tuple[TextStatus, ...]) -> TextStatus:
    held = TextStatus.QUEUED
    for word in words:
        held = word if supersedes(word, held) else held
    return held


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
def test_the_order_of_words_does_not_matter_but_for_failures_that_differ(words: list[TextStatus]) -> None:
    ends = {folded(order) for order in itertools.permutations(words)}
    if TextStatus.DELIVERED in words:
        assert ends == {TextStatus.DELIVERED}
    elif FAILURES & set(words):
        assert ends == FAILURES & set(words)  # the first of them stands
    else:
        assert len(ends) == 1


@given(st.lists(st.sampled_from(WORDS), max_size=8), st.sampled_from(WORDS))
def test_a_word_said_again_changes_nothing(words: list[TextStatus], again: TextStatus) -> None:
    once = folded((*words, again))
    assert folded((*words, again, again)) == once


def test_queued_is_no_word_of_a_gateway() -> None:
    assert not any(supersedes(TextStatus.QUEUED, held) for held in TextStatus)


@pytest.mark.parametrize(
    ("words", "status", "phase"),
    [
        ("sent delivered", "delivered", "done"),
        ("delivered sent accepted", "delivered", "done"),
        ("delivered delivered", "delivered", "done"),
        ("undeliverable delivered", "delivered", "done"),
        ("delivered undeliverable", "delivered", "done"),
        ("undeliverable expired", "undeliverable", "done"),
        ("expired sent", "expired", "done"),
        ("sent", "sent", "handed"),
        ("unknown", "accepted", "handed"),
        ("rejected", "rejected", "done"),
    ],
)
def test_early_twice_late_and_contradictory_words_end_right(
    clinic: Clinic, words: str, status: str, phase: str
) -> None:
    clinic.invite()
    key = clinic.text("reminder").key
    for word in words.split():
        clinic.receipt(key, TextStatus(word))
    (row,) = [each for each in clinic.texts() if each.key == key]
    assert (row.status, row.phase) == (status, phase)
    last = [message.status for message in clinic.book.messages if message.key == key and message.status != "sent"][-1]
    assert last == ("accepted" if status == "sent" else status)
    told = [entry["data"]["status"] for entry in clinic.entries("text.status") if entry["data"]["key"] == key]
    assert told[-1] == status


def test_words_worked_in_one_batch_fold_as_they_do_one_by_one(clinic: Clinic) -> None:
    clinic.invite("A1")
    clinic.invite("A2", number="H2", mobile=BEN)
    first, second = (row.key for row in clinic.texts("reminder"))
    rows = [
        clinic.house.intake.row("gateway:carrier", "receipt", f"x{n}", _word(key, status))
        for n, (key, status) in enumerate(
            [(first, "delivered"), (second, "undeliverable"), (first, "undeliverable"), (second, "delivered")]
        )
    ]
    clinic.run(clinic.house.intake.take(rows))
    clinic.settle()
    assert [row.status for row in clinic.texts("reminder")] == ["delivered", "delivered"]
    assert len(clinic.prompts(BEN)) == 1


def _word(key: str, status: str) -> dict[str, object]:
    return {"key": key, "status": status, "code": "", "reason": "", "halts": False}


def test_a_text_that_is_undeliverable_is_tried_again_and_not_once_it_arrived_after_all(clinic: Clinic) -> None:
    clinic.invite()
    key = clinic.text("reminder").key
    clinic.receipt(key, TextStatus.UNDELIVERABLE)
    clinic.receipt(key, TextStatus.DELIVERED)
    clinic.wait(days=2)
    assert clinic.prompts() == ["reminder"]
    clinic.receipt(key, TextStatus.UNDELIVERABLE)  # a lie by now
    clinic.reply(ANN, "Y")
    assert clinic.book.actions() == ["confirm"]


def test_a_word_on_a_text_that_is_not_ours_is_noted_and_no_more(clinic: Clinic) -> None:
    clinic.invite()
    clinic.receipt("f" * 32, TextStatus.DELIVERED)
    assert clinic.outcomes("receipt")[-1] == "no text of ours has this key"
    assert clinic.tasks() == []


def test_a_receipt_before_the_gateways_own_answer(clinic: Clinic) -> None:
    """The webhook overtakes the answer to the request: both are worked, the receipt first."""
    def overtake(text: OutboundText) -> None:
        rows = [clinic.house.intake.inbound_row("carrier", InboundReceipt(text.key, TextStatus.DELIVERED))]
        clinic.house.writer.submit(lambda held: held.execute(schema.inbox.insert(), rows).rowcount).result()

    clinic.carrier.before = overtake
    clinic.invite()
    assert clinic.text("reminder").status == "delivered"
    clinic.reply(ANN, "Y")
    assert clinic.book.actions() == ["confirm"]
