"""A text with words that nobody taught us is acted on only where what is left of it was plainly written to a clinic."""

from __future__ import annotations

import pytest

from engine.reading import UNKNOWN
from engine.understanding import label, read
from tests.engine.test_understanding import HANDED_OVER, RULES


def meaning(text: str) -> str:
    return label(read(RULES, text, "en", RULES.example))


@pytest.mark.parametrize(
    "text",
    [
        "Running late, the sitter only just came. Order the nachos",
        "running about 20 min late, get us a pint in and some crisps",
        "Wrong number on the raffle ticket, so near",
        "two tickets for the Wrong Numbers, row 12, last tour",
        "we already went, the penguins were asleep",
        "Can't go past a good custard slice",
        "The cleaner is not coming today, her aunt expired. You sweep the stairs please",
        "we're sitting with the family this week, please don't contact us",
    ],
)
def test_what_was_written_to_somebody_else_changes_nothing(text: str) -> None:
    assert meaning(text) in (UNKNOWN, "stop")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Running late, stuck behind a lorry outside Naas", "running_late"),
        ("traffic at a standstill, bad crash on the M7 ahead of us, will be 20 late", "running_late"),
        ("You have the wrong number, this is a garage in Sligo", "wrong_number"),
        ("saw Dr Smith last week, all clear, your records must be old", "already_attended"),
        ("Sorry have to cancel, childminder let me down", "cancel"),
        ("cancel thanks, the lump turned out to be nothing", "cancel"),
        ("Can I change it please, vomiting bug in the house and the kids are off school", "reschedule"),
    ],
)
def test_reasons_beside_an_answer_leave_it_one(text: str, expected: str) -> None:
    assert meaning(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "can't come Monday but the 20th is fine",
        "the 20th is the only day I can do",
        "yes but not with Dr Smith",
        "wrong doctor",
        "changed doctor",
        "please don't cancel on me again",
        "wont be in work tomorrow, throwing up",
        "I've bloods there that day",
    ],
)
def test_what_keeps_the_day_or_names_another_matter_is_not_acted_on(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "Forward this to nine friends before midnight, a boy in Ohio deleted it and died of thirst",
        "not to alarm anyone but the goldfish bowl broke, water through the kitchen ceiling, plants dead and the cooker ruined",
    ],
)
def test_a_story_with_a_death_in_it_is_no_news_of_the_patient(text: str) -> None:
    assert meaning(text) == UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "My mother passed away peacefully in her sleep on Sunday, please take her off your list",
        "He died in the ambulance on the way in to ye, someone should have told you",
        "I act for the estate of the late Thomas Nally, kindly direct letters to this office",
    ],
)
def test_a_death_told_at_length_is_heard(text: str) -> None:
    assert meaning(text) == "deceased"


@pytest.mark.parametrize("text", ["he quit", "the end", "stop calling me that"])
def test_only_what_was_said_to_us_is_an_opt_out(text: str) -> None:
    assert meaning(text) != "stop"


@pytest.mark.parametrize("text", ["STOP", "please stop", "stop texting me", "end"])
def test_an_opt_out_is_heard(text: str) -> None:
    assert meaning(text) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "cancel, back from Spain on the 28th so after that",
        "c 20th need july",
        "cancel until I'm off the crutches",
        "cancel it for now, will be home in October",
        "Cancel that and book me in with Dr Jones in July",
        "cancel the 20th & give me one in July",
        "cancel it, looking for one in the evening",
        "cancel please, put me in for September",
        "we won't be in, kids have chickenpox. When can we come",
        "have to pull out, but would like to stay on the list",
        "I do not need it in June, I need it in September",
        "cancel. Put me back on the list",
        "can't attend, please advise",
        "not attending the 20th. Waiting for ye to send the new date",
        "won't make it, away in Spain til July",
    ],
)
def test_a_cancellation_with_another_time_beside_it_is_asked_about(text: str) -> None:
    assert meaning(text) in {*HANDED_OVER, "reschedule"}


@pytest.mark.parametrize(
    "text",
    [
        "C. was in A&E last week and they sorted it",
        "Cancel. Philomena Grealish 22/11/1947",
        "cancel my appointment on the 20th of June at 10am please",
        "please cancel as my brother's funeral is on that day",
        "cancel, waited 4 hours the last time",
    ],
)
def test_a_time_that_has_been_or_was_told_leaves_a_cancellation_one(text: str) -> None:
    assert meaning(text) == "cancel"


@pytest.mark.parametrize(
    "text",
    [
        "I was given a new date, is this the old one",
        "I wish it was another day but sure what can you do",
        "I got another date in the post",
        "my new date is the 4th of July",
        "do I need another appointment after this",
        "my appointment card says a different date",
        "can you send me another text the day before",
        "we're moving",
        "will I need to come back another day",
        "been waiting on another date since March",
        "can I change doctor",
        "need to change my address with ye",
        "can I come 15 mins early",
        "confirm reschedule",
    ],
)
def test_another_time_that_is_only_told_of_moves_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "have you another date",
        "would doctor have another day",
        "is it too late to get another date",
        "please send out a fresh appointment",
        "I confirm that I need to reschedule",
    ],
)
def test_another_time_that_is_asked_for_moves_the_appointment(text: str) -> None:
    assert meaning(text) == "reschedule"


@pytest.mark.parametrize(
    "text",
    ["I have already come to this appointment", "i come yesterday already", "I already go to appointment", "present yesterday"],
)
def test_a_coming_that_has_been_confirms_nothing(text: str) -> None:
    assert meaning(text) in {*HANDED_OVER, "already_attended"}


@pytest.mark.parametrize("text", ["I confirmed this already by phone", "I was away last week but I will be there"])
def test_what_has_been_beside_a_yes_to_come_leaves_it_one(text: str) -> None:
    assert meaning(text) == "confirm"


@pytest.mark.parametrize(
    "text", ["I'm her daughter, she doesn't text", "we don't text, ring the landline", "don't text while driving"]
)
def test_whoever_does_not_text_opts_out_of_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize("text", ["please don't text", "you should not text me", "I do not want these texts"])
def test_whoever_wants_no_texts_opts_out(text: str) -> None:
    assert meaning(text) == "stop"


@pytest.mark.parametrize(
    "text", ["I'm afraid to bring Mam on the 20th", "I cannot leave him to bring Mam on the 20th", "too scared to come in"]
)
def test_what_is_feared_is_no_yes(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize("text", ["yes I know", "yes I got the letter", "I thought I was coming on the 20th"])
def test_a_yes_to_something_else_confirms_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize("text", ["yes I got the letter, I'll be there", "Yes I have it in the diary"])
def test_a_yes_to_something_else_beside_an_answer_leaves_it_one(text: str) -> None:
    assert meaning(text) == "confirm"
