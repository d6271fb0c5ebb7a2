"""An answer counts only where it is said of a visit: by whom, with what after it, and in more than everyday words."""

from __future__ import annotations

import pytest

from engine.understanding import label, read
from tests.engine.test_understanding import HANDED_OVER, RULES


def meaning(text: str) -> str:
    return label(read(RULES, text, "en", RULES.example))


@pytest.mark.parametrize(
    "text",
    [
        "that's a nice change",
        "the whole town is changing",
        "they never really change",
        "my brother is getting a switch",
        "time for the big move",
        "it was between B and C",
        "I'd say it's the C",
        "C++ is handy to know",
        "I got a B and a C",
        "he needs to stop",
        "I'll end this one first",
        "I just quit after that",
        "she loves to dance",
        "my granny's favourite stitch",
        "he mowed the grass",
        "I hate testing",
    ],
)
def test_the_word_of_an_answer_may_be_the_name_of_a_thing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "another one",
        "have you any other ideas?",
        "this is a new one",
        "that's awkward",
        "this is hard",
        "it doesn't work like that",
        "not 12 million surely",
        "it was an 8.4, a bit high",
        "she was 17",
        "you were well out of it",
        "just out of interest",
        "been there loads, gorgeous beaches",
        "it's a restaurant on the quay",
        "wrong",
        "that's just wrong",
        "nope Declan",
        "I get the two of them mixed up",
        "a date",
        "we go every other day",
        "I have school tomorrow but the pancakes are worth it",
        "ready to move out of this kip",
        "I was there, the band threw hats into the crowd",
        "one sec",
        "Just two. 15 and 11",
        "it would be more like 60",
        "it's a bit late now",
        "your parcel is 20 minutes away",
        "see you another time so",
        "we'll catch up some other day",
        "I'll watch it later then",
        "any other letters I should bring?",
        "if you could live in any other country",
        "how many exams do you have this week?",
    ],
)
def test_everyday_words_alone_are_no_answer(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a Friday would be better", "reschedule"),
        ("anything on a Monday", "reschedule"),
        ("I have a wedding that day", "reschedule"),
        ("option C please", "cancel"),
        ("C - Mary Burke", "cancel"),
        ("Change", "reschedule"),
        ("need to change the day", "reschedule"),
        ("appointment date change", "reschedule"),
        ("R to change please", "reschedule"),
        ("could you send me a new one", "reschedule"),
        ("could I see the doctor another day", "reschedule"),
        ("Mam is sick, need another day please", "reschedule"),
        ("any other day?", "reschedule"),
        ("another one please", "reschedule"),
        ("that doesn't suit", "reschedule"),
        ("11 would be better", "reschedule"),
        ("too early for me", "reschedule"),
        ("wrong patient", "wrong_number"),
        ("no Declan here", "wrong_number"),
        ("would you ever stop", "stop"),
        ("please make it stop", "stop"),
        ("just another 5 minutes please", "running_late"),
        ("I've already been", "already_attended"),
        ("it was this morning", "already_attended"),
        ("I was seen in the clinic last week", "already_attended"),
    ],
)
def test_an_answer_about_a_visit_stays_one(text: str, expected: str) -> None:
    assert meaning(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Any other gossip from the weekend?",
        "How many kids do you have this week",
        "any other neighbours called in?",
        "it's a bit late now for that",
        "I have an exam in C & C++",
        "also not needed",
    ],
)
def test_what_asks_for_another_thing_than_a_time_or_goes_on_with_talk_is_no_answer(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what other dates do you have", "reschedule"),
        ("How many slots do you have next week", "reschedule"),
        ("I'm a little late", "running_late"),
    ],
)
def test_who_asks_for_a_time_or_is_late_is_answered(text: str, said: str) -> None:
    assert meaning(text) == said


@pytest.mark.parametrize(
    "text",
    ["tell the bus driver to cancel", "get mam to cancel", "the wife to cancel", "been 2 c him alredy", "c him please"],
)
def test_what_another_is_to_do_and_a_letter_that_is_a_verb_cancel_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text", ["forgot to cancel", "happy for you to cancel", "phoned to cancel", "this is to cancel", "I've had to cancel"]
)
def test_what_the_writer_does_is_an_answer(text: str) -> None:
    assert meaning(text) == "cancel"


@pytest.mark.parametrize(
    "text", ["isn't it on the 21st", "isn't it Tuesday", "is there a late clinic", "is it too late to change the time?"]
)
def test_what_asks_how_it_is_wishes_for_nothing(text: str) -> None:
    assert meaning(text) == "question"


def test_who_cancels_twice_wishes_for_no_other_time() -> None:
    assert meaning("won't be going, you can cancel that for the twentieth thanks") == "cancel"
    assert meaning("can't come, can come next week") == "reschedule"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cancel Thursday and give me any day you have", "reschedule"),
        ("cancel this and stick me on the list again", "reschedule"),
        ("yes Tuesday, not Thursday", "mixed"),
        ("no, not the 20th", "reschedule"),
        ("keep me on the list but not for that day", "reschedule"),
    ],
)
def test_who_would_come_another_day_gives_nothing_up(text: str, expected: str) -> None:
    assert meaning(text) == expected
