"""Answers that are given in a roundabout way: told of an earlier one, as what keeps the patient that day, or in the words of
another answer. And what only sounds like one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.loader import load
from engine.understanding import label, read

SHIPPED = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
RULES = load(SHIPPED.read_text("utf-8"), SHIPPED.name, rehearse=False).ruleset
HANDED_OVER = {"unknown", "mixed", "question"}


def meaning(text: str) -> str:
    assert RULES is not None
    return label(read(RULES, text, "en", RULES.example))


GIVEN = {
    "confirm": (
        "I confirmed it last Monday",
        "I texted Y on Saturday",
        "told ye Monday that I'd be there",
        "rang on Friday to confirm",
        "we did confirm this on the phone",
        "I didn't cancel. I am coming",
    ),
    "cancel": (
        "I phoned on Monday and cancelled it",
        "my daughter rang to cancel it",
        "left a message on Friday to cancel",
        "told the secretary last week I wouldn't be coming",
        "I sent C already",
    ),
}


@pytest.mark.parametrize(("text", "wanted"), [(text, wanted) for wanted, texts in GIVEN.items() for text in texts])
def test_an_answer_that_was_given_before_is_given(text: str, wanted: str) -> None:
    assert meaning(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "I confirmed last week but something came up",
        "I replied yes by mistake",
        "I replied yes on Tuesday but I can't now",
        "I thought I confirmed this last week",
        "I confirmed Friday",
        "rang to confirm my Friday appointment",
        "told ye I'd come Friday",
        "said yes to the dress",
        "told my boss I was coming",
        "I never cancelled",
        "ye rang on Monday and cancelled",
        "I rang Monday and cancelled the taxi",
        "I rang to cancel and then changed my mind",
        "I rang on Monday and nobody answered",
        "did I cancel it on Monday?",
    ],
)
def test_what_was_said_of_something_else_or_taken_back_is_no_answer(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "that's my dialysis day",
        "jury service that week",
        "booked on a flight that morning",
        "it's my sons graduation that day",
        "we're moving house that day",
        "my interview is at the same time",
        "it clashes with my chemo",
        "anything but a Thursday",
    ],
)
def test_what_keeps_a_patient_that_day_asks_for_another(text: str) -> None:
    assert meaning(text) == "reschedule"


def test_what_keeps_a_patient_is_why_where_they_cancel_outright() -> None:
    assert meaning("Cancel please. The funeral is that day") == "cancel"


@pytest.mark.parametrize(
    "text",
    [
        "That's my chemo day so I'm in the building anyway, see you then",
        "jury duty that day was cancelled so I can come",
        "is that my chemo day?",
        "that was my chemo day",
        "doesn't clash with my dialysis",
        "that's my day off",
        "already booked in for that day",
        "I'm getting the bus that morning",
        "my wife has chemo that day",
    ],
)
def test_what_keeps_nobody_asks_for_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


OTHER_WORDS = {
    "cancel": (
        "confirming we won't be there",
        "this is to confirm the cancellation of my appointment",
        "yes I really do want to cancel it",
        "I wish I could but I can't",
        "cancel it and text me back to confirm",
        "not a hope I'll be able to come",
        "put me down for a C",
    ),
    "reschedule": (
        "confirming that I need another day",
        "scrap that one and book me in for August",
        "drop the 20th and give me the following week",
        "I don't want it cancelled only moved",
        "I want it put back not cancelled",
        "it's R I meant",
    ),
    "confirm": ("not C. Y.", "my answer is Y not C"),
}


@pytest.mark.parametrize(("text", "wanted"), [(text, wanted) for wanted, texts in OTHER_WORDS.items() for text in texts])
def test_an_answer_in_the_words_of_another_is_what_it_says(text: str, wanted: str) -> None:
    assert meaning(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "confirm you cancelled it",
        "would love to come but can't park",
        "I'd come if I could get a lift",
        "I thought I could make it and I can",
        "cancel that and put me down as a yes",
        "no chance I'll miss it",
        "you won't see me without a mask",
        "that's a C for effort",
        "yes I want to cancel the other one",
        "not Y",
    ],
)
def test_the_words_of_an_answer_about_something_else_are_none(text: str) -> None:
    assert meaning(text) in HANDED_OVER


IDIOM = {
    "confirm": (
        "sure where else would I be",
        "I'd be cracked not to come after all that waiting",
        "divil a bit of bother",
        "we'll be below at ye Thursday",
        "I'll be there, no ifs or buts",
        "wouldn't dream of missing it",
        "no fear of me forgetting",
        "why wouldn't I? See you Thursday",
        "I can't stay long but I'll be there at 10",
        "my son swapped his shift to drive me, yes",
        "the husband wanted me to cancel but I'm coming",
        "Y. R Brennan",
    ),
    "already_attended": (
        "had the scope done already in Tullamore",
        "I'm only just home from ye",
        "I'm after being at that one",
    ),
}


@pytest.mark.parametrize("text", IDIOM["confirm"])
def test_a_yes_in_everyday_idiom_is_one(text: str) -> None:
    assert meaning(text) == "confirm"


@pytest.mark.parametrize("text", IDIOM["already_attended"])
def test_a_visit_that_has_been_is_told_in_many_ways(text: str) -> None:
    assert meaning(text) == "already_attended"


@pytest.mark.parametrize(
    "text",
    [
        "I'd be mad to come",
        "no chance of me coming",
        "over my dead body will I go",
        "I was going to come but decided to cancel",
        "can't come soon enough",
        "even if it rains",
        "nobody is coming",
        "the weekend can't come soon enough",
        "Y. C oops",
        "Y. C sorry",
    ],
)
def test_an_idiom_of_something_else_is_no_yes(text: str) -> None:
    assert meaning(text) != "confirm"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("thanks for cancelling the old one", "thanks"),
        ("couldn't be more grateful", "thanks"),
        ("no it's me should be thanking ye", "thanks"),
        ("you've got the chipper here love", "wrong_number"),
        ("is this text for the previous owner of this phone?", "wrong_number"),
        ("circling the car park", "running_late"),
        ("one stop away on the luas", "running_late"),
        ("no more of these text yokes", "stop"),
    ],
)
def test_thanks_lateness_and_the_wrong_phone_in_other_words(text: str, wanted: str) -> None:
    assert meaning(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "thanks for nothing",
        "thanks for moving it but I still can't come",
        "is this text for me",
        "be there but not for long",
        "no more of these tablets",
        "these texts are driving me mad",
    ],
)
def test_what_only_sounds_like_them_is_given_to_a_person(text: str) -> None:
    assert meaning(text) in HANDED_OVER
