"""A wish for another time is heard in whatever order its words are put together, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from engine.understanding import label, read
from tests.engine.test_understanding import HANDED_OVER, RULES


def meaning(text: str) -> str:
    return label(read(RULES, text, "en", RULES.example))


@pytest.mark.parametrize(
    "text",
    [
        "Might I have a date in August?",
        "Would it be awkward to make it an afternoon? The minibus does not run before noon",
        "Could this be brought forward?",
        "Is it possible to prepone? I am travelling to India on 15th",
        "could ye gie me a later time hen, the weans are aff school",
        "Cannae make that wan, huv yous got anythin in the efternoon",
        "I have the eye clinic that same day can you sort out a different one",
        "No good mate, on the tools that week. What else is going?",
        "can u do like 4ish instead ive got double maths",
        "Please ma, kindly help me to move the appointment to the last week of July",
        "I can't, not before July anyhow",
        "month's mind Mass that morning, afternoon would do",
    ],
)
def test_a_wish_in_words_of_ones_own_moves_the_appointment(text: str) -> None:
    assert meaning(text) == "reschedule"


@pytest.mark.parametrize(
    "text",
    [
        "is there any chance to get a later bus",
        "could I get another copy of the letter",
        "can you send this to my daughter instead",
        "would you have a different doctor",
        "is there any other doctor I could see",
        "do I have one in August as well",
        "can I get back to you later",
        "would it be possible to say yes now and change later",
        "I'll come if the strike is off, if not could you give me another date",
        "can we move lunch to 1pm tomorrow",
        "could we do it another day? and where do I park",
        "could you make it later, my face is drooping since this morning",
        "no need for another date",
    ],
)
def test_what_only_sounds_like_a_wish_moves_nothing(text: str) -> None:
    assert meaning(text) != "reschedule"


def test_a_time_that_was_told_is_no_other_time() -> None:
    assert meaning("might I have a date in July") == "reschedule"
    assert meaning("might I have a date in the morning") in HANDED_OVER  # it is in the morning


@pytest.mark.parametrize(
    ("short", "long"),
    [("waitin on the vet", "waiting on the vet"), ("ah'm gonnae be aboot 20 minutes late", "i will be about 20 minutes late")],
)
def test_a_word_as_it_is_spoken_is_the_word(short: str, long: str) -> None:
    assert meaning(short) == meaning(long)


@pytest.mark.parametrize(
    "text",
    [
        "R. Airport run that morning, 4 Americans and their golf clubs",
        "R - the combine is booked for that day and the weather's to hold",
    ],
)
def test_a_letter_that_a_reply_begins_with_may_have_any_reason_behind_it(text: str) -> None:
    assert meaning(text) == "reschedule"
    assert meaning(text.replace("R", "C", 1)) in HANDED_OVER  # it keeps nobody on the list


@pytest.mark.parametrize("text", ["R. Kelly is on in the Point, are ye going", "R you coming to the match on Sunday"])
def test_a_letter_of_something_else_is_no_answer(text: str) -> None:
    assert meaning(text) in HANDED_OVER
