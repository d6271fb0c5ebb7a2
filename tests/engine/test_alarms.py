"""Danger and death are heard however they are told, and not where they are only a way of speaking."""

from __future__ import annotations

import pytest

from tests.engine.test_understanding import meaning


@pytest.mark.parametrize(
    "text",
    [
        "there is blood and it just keeps pouring",
        "he swallowed a whole box of paracetamol",
        "took all of me tablets last night, the whole packet",
        "mam is after falling down the stairs and she's not answering me",
        "the baby hasn't moved since yesterday",
        "one side of my face is after dropping",
        "there's no point in me being alive",
        "he said he'll kill me if I go",
        "I'm going to end it",
        "yes I'll be there but my chest is very tight",
    ],
)
def test_danger_is_heard_in_whatever_order_it_is_told(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "dying to see you",
        "this heat is killing me",
        "in agony after the gym",
        "gasping for a cup of tea",
        "I want to die I'm so hungover",
        "emergency chocolate needed",
        "bleeding the radiators tonight",
        "my phone died",
        "I'm dead on my feet",
        "who died in last night's episode",
        "did you hear Mick Kelly died? funeral is Saturday",
        "sorry to hear your dad passed away",
        "not a surgical emergency",
        "it will hurt more, da",
    ],
)
def test_a_way_of_speaking_alarms_nobody(text: str) -> None:
    assert meaning(text) not in ("urgent", "deceased")


@pytest.mark.parametrize(
    "text",
    ["my father has expired on 5th", "he slipped away on Sunday", "she took her own life in May", "her funeral was on Friday"],
)
def test_a_death_is_heard(text: str) -> None:
    assert meaning(text) == "deceased"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Can't make it, next week?", "reschedule"),
        ("I'm not able to come then but please don't take me off the list", "mixed"),
        ("The bus is off but I can come", "confirm"),
        ("I can come but", "unknown"),
        ("Hi this is not Noel, it's his wife, he'll be attending", "mixed"),
        ("Cant do the 20th for the hen but any other weekend is fine", "unknown"),
    ],
)
def test_what_stands_beside_an_answer_is_weighed(text: str, intent: str) -> None:
    assert meaning(text) == intent
