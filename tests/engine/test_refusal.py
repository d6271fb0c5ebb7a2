"""A refusal is taken at its word where it is said of the visit, whatever the reason, and asked about where it may be said of
anything else.
"""

from __future__ import annotations

import pytest

from engine.understanding import label, read
from tests.engine.test_understanding import HANDED_OVER, RULES


def meaning(text: str) -> str:
    return label(read(RULES, text, "en", RULES.example))


@pytest.mark.parametrize(
    "text",
    [
        "you don't have to",
        "ah you don't need to, I'll do it myself",
        "they don't go any more",
        "it's not coming, the courier said",
        "everyone says they can't make it",
        "the nurse can't come on the 20th",
        "the interpreter can't come, she told me",
    ],
)
def test_a_refusal_of_somebody_else_cancels_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "I'll miss him though",
        "going to miss you all",
        "I don't want them",
        "she can't come back over, her sister is staying",
        "can't go wrong with a good scone",
        "I don't want to get caught",
        "we don't want to be rude",
        "I don't need to know that",
        "I don't want to",
        "I don't go often",
        "I usually can't make it",
        "can't make it, the wizard has to guard the dragon's gold in chapter nine",
        "I won't be there, save me some popcorn and tell Pete his drums are in the shed",
        "we're not going now, it's far too wet",
        "can't come to the phone, I'm milking",
        "I don't need this today",
        "not able to come before, the cows were calving, that's why I missed it",
        "can't",
        "I can't, my hands are shaking that much",
        "can't come, I can't see the point of any of it",
        "I can't go to them with this",
        "So I don't go near the sea anymore",
        "I'm not for sure",
        "so I cancelled my gym membership",
        "can't make it any bigger",
        "can't make it play, the link is dead",
        "can't make it easy can ye",
        "can't make it go away",
        "won't make it any better",
        "I can't come with him",
        "Is it possible to cancel just the scan and still see him",
        "it's cancelled",
        "Had to cancel a week in Salou for this",
        "Mary said she'll text ye herself to cancel",
        "they said on the phone ye might cancel me",
        "Cancel the cancel",
        "C above",
        "C for coming",
        "don't need reminding",
        "can't come up with a password",
        "cant come up on the list for ages",
        "can't come to grips with this phone",
        "can't come soon enough",
        "can't be there quick enough for me",
        "can't come by the letter",
        "can't come by myself I'm fifteen",
        "cant come w/o my mam",
        "the name is not coming to me",
        "can't come before herself",
        "can't come in with a cough I suppose",
        "can't attend to the garden anymore",
        "I can't attend to it right now",
        "I can't go over it all again",
        "I can't go into it by text",
        "can't go in a lift",
        "can't go out in the cold for long",
        "I can't go to him with this",
        "can't go to the gp with it",
        "I won't go against the doctor",
        "won't go in",
        "can't get up",
        "can't keep it up",
        "don't want it by post",
        "can't, no letter came",
        "can't, no signal",
    ],
)
def test_a_refusal_that_goes_on_to_something_else_cancels_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "Can sell you two tickets for the 20th, your one can't go",
        "Got a text from Tallaght as well, cancelling that one",
        "Slipped away in the hospice tues night, no need for the appt",
        "he slapped me, cant come",
        "Withdraw the booking, died after dialysis with the racing page in his hand",
    ],
)
def test_what_gives_up_in_its_own_words_beside_more_than_is_understood_is_asked_about(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "no more needles, cancel",
        "no come. cancel please",
        "I'm no longer under Dr Smith, cancel please",
        "I'm not in Ireland any more please cancel",
        "The cure worked. No doctor needed. Cancel away",
        "surplus to requirements, the scan was clear. cancel",
    ],
)
def test_a_visit_given_up_outright_is_cancelled_whatever_no_stands_beside(text: str) -> None:
    assert meaning(text) == "cancel"


@pytest.mark.parametrize(
    "text",
    [
        "cancel that, they've no curry",
        "No, cancel him",
        "No thanks, cancel",
        "No. Cancel?",
        "If no bus, cancel",
        "no, cancel the other one",
        "Cancel it, dont want surgery, scared of dying on the table",
        "cancel. actually no keep it",
    ],
)
def test_what_only_looks_given_up_outright_is_asked_about(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "Please remove my appointment from the system, I won't need it",
        "Unable to attend on 20/6. Apologies for any inconvenience caused.",
        "She can't come, sorry for the trouble",
        "i'm in hospital in castlebar i cant go",
        "I no longer require this, my GP has referred me elsewhere",
        "We live now in Limerick, doctor there has my papers, so this one is not necessary. Sorry for trouble",
        "I shall not be requiring the appointment. Please allocate it to another patient.",
        "Can't come, I'm afraid, we're moving house",
    ],
)
def test_what_gives_up_in_its_own_words_beside_what_is_understood_cancels(text: str) -> None:
    assert meaning(text) == "cancel"


@pytest.mark.parametrize(
    "text",
    ["no need of a visit now. I said goodbye to the children and they don't understand", "I want to not be here any more"],
)
def test_a_bleak_refusal_cancels_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER | {"urgent"}


@pytest.mark.parametrize(
    "text",
    [
        "I don't need it any more",
        "I don't want to go",
        "can't come to you with work",
        "can't make it out to the clinic",
        "can't make it up to Dublin that day",
        "cant come in with this flu",
        "can't come up that day",
        "can't come over to you, the car is broken",
        "can't go up because of work",
        "I can't go to her on the day, sorry",
        "won't be up that day",
        "can't get up to you that day",
        "can't make it, work is mental",
        "Can't come over to you that day, sorry",
        "I no longer need to see the doctor",
        "it is not needed now",
        "she can't come, she's in hospital",
        "won't be able to make it up to you",
        "She can't make it, she's in Beaumont",
        "we won't be there, the piano is being tuned",
        "can't come, have to collect my son from the airport",
        "can't make it, my niece has her debs",
        "I cannot attend, there is a strike on the ferry",
        "can't, the cows are calving",
        "I can't, I'm minding the neighbour's twins",
        "I can't come, there's nobody to open the shop",
        "I won't be able to come as the choir is singing for the bishop",
        "cant come in im stuck offshore on the rig",
        "We cannot attend, the chapel roof is being blessed and himself is sacristan",
        "Not coming. The bus was cut from our village.",
        "I can't make it due to a family emergency",
        "can't come, burying my uncle that day",
        "I can't attend. The removal men are arriving that morning",
        "not able for it that day sorry",
        "sorry but I can't come",
        "So sorry I can't come",
        "I can't come into the hospital that day",
    ],
)
def test_a_refusal_of_the_visit_is_taken_at_its_word_whatever_the_reason(text: str) -> None:
    assert meaning(text) == "cancel"


@pytest.mark.parametrize(
    ("word", "more"),
    [
        ("can't make it, the car is banjaxed", "can't make it out, what does this say"),
        ("I can't come, the hens got out", "I can't come to the phone, the hens got out"),
        ("I can't go on the 20th", "I can't go to them with this"),
        ("we won't be there, the priest is calling", "they won't be there, the priest is calling"),
    ],
)
def test_what_goes_on_or_who_it_is_tells_a_refusal_from_mere_inability(word: str, more: str) -> None:
    assert meaning(word) == "cancel"
    assert meaning(more) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "Feeling loads better, give it to someone else",
        "Cancel it. Knee came right",
        "I have relocated to Manchester so you can close my file",
        "mums away n no1 can take me so i cant come",
        "I went private so you can give it to somebody else",
        "With regret I must decline",
        "I'm gonna have to pass",
        "Can't go, nobody to watch the wean",
        "C. Moved to Leeds now",
        "can't, the cows are calving",
        "LEAVE IT OFF",
    ],
)
def test_a_reason_told_in_a_sentence_of_its_own_leaves_a_refusal_one(text: str) -> None:
    assert meaning(text) == "cancel"


@pytest.mark.parametrize(
    "text",
    [
        "the knee came right but the hip is bad",
        "the pain has gone, do I still come?",
        "I moved to Manchester, is my appointment still on?",
        "my GP sorted it",
        "I don't need a lift",
        "I not come by car",
        "I'll pass the message on",
        "pass this on to my wife",
        "leave it off my file please that I smoke",
        "give my slot number to the desk",
        "cancel everything. tell dr smith it wasnt his fault",
        "take me off it, my phone is for emergencies",
        "I must decline the biopsy but I will come to see him",
    ],
)
def test_a_reason_alone_or_beside_something_else_cancels_nothing(text: str) -> None:
    assert meaning(text) != "cancel"


@pytest.mark.parametrize(
    "text",
    ["yes i cant make it", "Yes cant come", "y won't make it", "Yes not coming", "Y im not able to come", "tak nie mogę"],
)
def test_a_yes_that_goes_on_with_a_no_is_asked_about(text: str) -> None:
    """A letter lies between "yes i cant make it" and its contrary."""
    assert meaning(text) == "mixed"


@pytest.mark.parametrize(
    "text", ["yes sorry i cant make it", "ok i cant make it", "Yes please cancel", "yeah no, wont be in", "Defo not coming"]
)
def test_a_refusal_behind_what_agrees_with_it_is_one(text: str) -> None:
    assert meaning(text) == "cancel"


@pytest.mark.parametrize(
    "text",
    [
        "yes cancel",
        "Yes reschedule",
        "I don't want to lose my place but I can't come that day",
        "cant come but dont want to lose my place on the list",
    ],
)
def test_what_some_read_as_a_refusal_and_some_not_is_given_to_a_person(text: str) -> None:
    assert meaning(text) in HANDED_OVER
