from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from adapters.gateways.simulator import answer
from adapters.gateways.simulator.patients import AGAIN, GUESS, NOTICE, QUESTION, UNDOABLE, WHICH_DAYS, language_of

REMINDER = (
    "Reminder: Your appointment with Dr Ryan is on June 20 at 10:00 AM. "
    "Reply Y to confirm, R to Reschedule or C to Cancel."
)
MEABHRUCHAN = "Meabhrúchán: Tá coinne agat le Dr Ryan ar 20 Meitheamh ag 10:00. Freagair Y, R nó C."
WHICH = "Which days and times would suit you? Reply KEEP to leave it as it is."
GUESSED = "Sorry, did you mean: cancel the appointment? Reply Y or N."
DONE = "Thank you, you are confirmed for June 20 at 10:00 AM. If anything changes just text us back."


def people(text: str, language: str = "en", number: int = 2000) -> list[list[tuple[float, str]]]:
    return [answer(Random(f"person {n}"), text, language) for n in range(number)]


def test_the_same_person_answers_the_same() -> None:
    assert people(REMINDER, number=200) == people(REMINDER, number=200)


@pytest.mark.parametrize("table", [AGAIN, GUESS, NOTICE, UNDOABLE, WHICH_DAYS])
def test_shares_are_per_cent(table: tuple[tuple[str, int], ...]) -> None:
    assert sum(share for _, share in table) == 100


def test_shares_of_a_reminder_are_per_thousand() -> None:
    assert sum(share for _, share in QUESTION) == 1000


def test_most_say_yes_some_say_nothing_and_every_trouble_occurs() -> None:
    talks = people(REMINDER, number=4000)
    first = Counter(talk[0][1].lower().rstrip(".! ") if talk else None for talk in talks)
    assert 0.18 < first[None] / 4000 < 0.26
    assert 0.2 < first["y"] / 4000 < 0.45
    for trouble in ("r", "c", "wrong number", "stop", "he died last week", "i cant breathe properly"):
        assert first[trouble] > 0
    assert any(len(talk) == 2 and talk[1][0] - talk[0][0] < 100 for talk in talks)  # twice in a hurry
    assert any(len(talk) == 2 and talk[1][0] - talk[0][0] > 3600 for talk in talks)  # another mind later


def test_half_have_answered_within_about_half_an_hour() -> None:
    delays = sorted(talk[0][0] for talk in people(REMINDER) if talk)
    assert 1200 < delays[len(delays) // 2] < 2700
    assert delays[-1] <= 3 * 86_400
    assert all(first[0] <= second[0] for first, second in (talk for talk in people(REMINDER) if len(talk) == 2))


def test_irish_speakers_mostly_answer_in_irish() -> None:
    said = Counter(reply for talk in people(MEABHRUCHAN, "ga") for _, reply in talk)
    assert said["Beidh mé ann"] > 10
    assert said["Ní bheidh mé ann"] > 0
    assert not any("é" in reply for talk in people(REMINDER) for _, reply in talk)


def test_other_texts_get_fitting_answers() -> None:
    days = {reply for talk in people(WHICH) for _, reply in talk}
    assert {"Any Tuesday after 2", "KEEP"} <= days
    guesses = {reply.upper().rstrip(".") for talk in people(GUESSED) for _, reply in talk}
    assert {"Y", "N", "YES"} <= guesses
    silent = sum(not talk for talk in people(DONE))
    assert silent > 1700


def test_language_by_the_words() -> None:
    assert [language_of(text) for text in (REMINDER, MEABHRUCHAN, DONE)] == ["en", "ga", "en"]
