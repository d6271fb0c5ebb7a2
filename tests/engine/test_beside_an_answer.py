"""A plain answer with something beside it: a name that signs it, our own text as a mail program quotes it, why the last visit
was missed. And what stands beside one and takes it back.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.loader import load
from engine.understanding import label, read

SHIPPED = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
RULES = load(SHIPPED.read_text("utf-8"), SHIPPED.name, rehearse=False).ruleset
HANDED_OVER = {"unknown", "mixed", "question"}
REMINDER = (
    "Reminder: Your appointment with Dr. Smith is on June 20 at 10:00 AM. Reply Y to confirm, R to Reschedule or C to Cancel."
)


def meaning(text: str) -> str:
    assert RULES is not None
    return label(read(RULES, text, "en", RULES.example))


@pytest.mark.parametrize(
    ("quoted", "wanted"),
    [
        (f"C\n> {REMINDER}", "cancel"),
        (f"Y\n\n>> {REMINDER}", "confirm"),
        (f"> {REMINDER}\nR", "reschedule"),
        ("C\n> " + REMINDER.replace(". Reply", ".\n> Reply"), "cancel"),
        (f"Y\n-----Original Message-----\n{REMINDER}", "confirm"),
        (f"> {REMINDER}", "unknown"),
        (f"To: cancel\n{REMINDER}", "unknown"),
        (f"Yes I will\n\nOn Tue, {REMINDER}", "confirm"),
    ],
)
def test_our_text_quoted_as_mail_is_no_part_of_the_answer(quoted: str, wanted: str) -> None:
    assert meaning(quoted) == wanted


@pytest.mark.parametrize("text", ["Y Donna McAteer", "Y Oluwaseun Adebayo", "y bridie mcgonagle", "Y Donna McAteer 03.11.77"])
def test_the_letter_of_a_yes_may_be_signed_with_a_name_that_nobody_listed(text: str) -> None:
    assert meaning(text) == "confirm"


@pytest.mark.parametrize("text", ["C Brennan", "R McAteer", "y zork blark 3pm", "y donna mcateer 4pm", "Y though, whats wrong"])
def test_a_letter_before_what_is_no_whole_name_is_given_to_a_person(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize("text", ["no change", "No changes thanks", "there is no change", "grand no change, see ye"])
def test_no_change_keeps_the_appointment(text: str) -> None:
    assert meaning(text) == "confirm"


@pytest.mark.parametrize(
    "text",
    [
        "No reschedule",
        "no rescheduling",
        "No cancel",
        "no change in him he is still bad",
        "no change to my address",
        "no change, just a day later",
        "I have no change for parking",
    ],
)
def test_a_no_before_the_word_of_an_answer_is_not_taken_for_its_contrary(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "No car but getting the bus, I'll be there",
        "Yes. I've a new number now but it's still me",
        "Missed the last one but I'll be at this one",
        "I couldn't come the last time because I was sick. Yes I'll be there",
        "Why would I cancel? Course I'll be there",
        "swapped my shift, I'm ok for the 20th",
        "Yes, battery died, that's why I didn't answer yesterday",
        "ok lovely, see ya",
        "yow can count me in bab",
    ],
)
def test_what_is_told_beside_a_yes_leaves_it_one(text: str) -> None:
    assert meaning(text) == "confirm"


@pytest.mark.parametrize(
    "text",
    [
        "20th yes, but the 4th of july one I don't want",
        "yes to the 20th but I don't want the one in July",
        "Missed the last one and may miss this one",
        "No car but I'll be there if the bus runs",
        "why would I come",
    ],
)
def test_what_takes_a_yes_back_or_speaks_of_another_visit_is_no_yes(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("move it to august if poss", "reschedule"),
        ("would love a Friday instead xx", "reschedule"),
        ("Ray schedule please", "reschedule"),
        ("you can let that one go, my back's grand now", "cancel"),
        ("let some other poor soul have it", "cancel"),
        ("be there as soon as I can", "running_late"),
        ("He had this done in Craigavon", "already_attended"),
        ("already saw Dr Smith about this on Tuesday", "already_attended"),
        ("cancel pls im in hospital in australia", "cancel"),
        ("cancel please no transport", "cancel"),
        ("wont make it got no childcare", "cancel"),
        ("cant make it both kids have a tummy bug", "cancel"),
        ("cant make it \U0001f62d\U0001f62d sorry", "cancel"),
        ("Cancellation pls", "cancel"),
        ("Cancel ASAP", "cancel"),
        ("Mam isn't able to go in", "cancel"),
        ("Yes I'm sure I want it cancelled", "cancel"),
        ("10 is no good with the school run", "reschedule"),
        ("need to cancel thursday, would take any friday", "reschedule"),
        ("not fit to travel so cant come", "cancel"),
        ("Nothing wrong with me cancel it", "cancel"),
        ("need an afternoon slot", "reschedule"),
        ("I have to cancel but I still want to be seen", "reschedule"),
        ("not cancelling only moving", "reschedule"),
        ("Late sorry 10 mins", "running_late"),
        ("The late Mr Foley won't be needing it", "deceased"),
        ("No need to ring, I'm coming", "confirm"),
        ("moved my driving test so i can come", "confirm"),
        ("lectures are cancelled that day so yes", "confirm"),
        ("Had the wrong week in the diary but yes I'll be there", "confirm"),
        ("this is Mary Paterson ringing about the twentieth of June I will be there", "confirm"),
        ("y\u0332e\u0332s\u0332", "confirm"),
        ("c u @ 10", "confirm"),
    ],
)
def test_an_answer_in_other_words_is_one(text: str, wanted: str) -> None:
    assert meaning(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "C for Aoife Y for Cian",
        "cancel \u274c coming \u2705",
        "cancel all but this",
        "I will, yeah",
        "c u @ 11",
        "Can't bring both kids in, only Aoife",
        "last time I cancelled",
        "sorry for cancelling the last one",
        "I got a letter cancelling it",
        "am I cancelled",
        "must I come",
        "one of us can't come",
        "don't want him again",
        "I don't need you",
        "unconfirm",
        "change of name",
        "my carer is off that day",
        "got a text cancelling",
        "no show",
        "I won't need the lift",
        "end of June suits",
        "was there last year",
        "text my daughter not me",
        "this is my work phone",
    ],
)
def test_what_holds_the_words_of_an_answer_and_is_none_is_given_to_a_person(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I must cancel", "cancel"),
        ("don't need the appointment any more", "cancel"),
        ("I don't need to see him now", "cancel"),
        ("won't be needing ye at all now", "cancel"),
        ("need a change of date", "reschedule"),
        ("one of us will be there", "confirm"),
    ],
)
def test_what_only_looks_like_one_of_these_is_an_answer(text: str, wanted: str) -> None:
    assert meaning(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "oh I'll be there alright, in my dreams",
        "I'll be in, said nobody ever",
        "Ring the plumber and cancel him will you",
        "cancel the patient transport, my son will bring me in",
        "cancel the hospital lift",
        "sorry was late getting to my messages",
        "it can go",
        "ehh",
        "tsk",
    ],
)
def test_an_answer_to_something_else_and_a_joke_are_given_to_a_person(text: str) -> None:
    assert meaning(text) in HANDED_OVER


def test_a_slot_that_can_go_to_somebody_else_is_given_up() -> None:
    assert meaning("No longer needed, so this appointment can go to somebody who needs it") == "cancel"
