"""Whole sentences are understood by who, does or does not, and what; the same words about something else are not."""

from __future__ import annotations

import pytest

from conversations.rulesets import load_file
from engine.lexicon import LEXICONS
from engine.sentences import Sentences, Sources
from engine.understanding import read
from tests.engine.test_understanding import SHIPPED, meaning

STOP = [
    "would you be so kind as to stop it, never text me again",
    "I never consented to text messages",
    "these texts have to stop",
    "can you turn off the reminders",
    "we don't want to be contacted by text again",
    "please remove my number from your system",
    "my husband no longer wants to get these messages",
]
WRONG_NUMBER = [
    "she no longer uses this phone",
    "I don't know any Gobnait",
    "I keep getting texts for someone else",
    "never been a patient in your hospital",
    "we didn't make any appointment with you",
    "you have mistaken me for someone else",
    "that number used to belong to another patient",
]
RUNNING_LATE = [
    "stuck behind a tractor on the ring road, sorry",
    "my lift never showed up",
    "driving around for a parking space",
    "we'll be about twenty past, sorry, running a bit behind",
    "just setting off from the house now, so sorry I'm late",
    "won't be there till about half ten",
]
ALREADY_ATTENDED = [
    "sure we were in with him on Monday",
    "had my bloods done last week",
    "the registrar saw me on the ward already",
    "my scan was done two weeks ago",
    "only after coming out of there",
]
DECEASED = [
    "mam didn't pull through",
    "he's gone to his rest",
    "her removal is this evening",
    "we lost dad to cancer in May",
    "I am his widow",
    "R.I.P.",
]
THANKS = [
    "thanks for looking after mam so well",
    "yer a star, keep up the good work",
    "can't thank you all enough",
    "I really appreciate the reminder",
    "very good of you to let me know",
]

CONFIRM = [
    "the wife and I will make our way in for 10",
    "that appointment still stands",
    "my taxi is booked already, I will be in",
    "nothing would stop me coming",
    "you can put me down as attending",
    "I am happy to accept that appointment on the 20th",
    "Dear Sir, I wish to confirm that my mother will be attending as arranged. Yours faithfully, R. Ashworth",
    "Yes.\nKind regards,\nDesmond Okafor",
    "ye can bank on me for the 20th",
    "he'll be brought in by the carer",
    "10 on the 20th it is",
    "I never asked to cancel",
]
CANCEL = [
    "ye can let somebody else have my place",
    "there is no further need for the appointment",
    "I have decided not to go ahead with it",
    "would you mind cancelling the one on the 20th",
    "my husband will no longer be attending",
    "I no longer wish to be seen by the doctor",
    "don't bother keeping a place for me",
    "I'm not going to that after all",
    "ye can have the appointment back",
    "will ye tell the doctor I won't be troubling him again",
    "can't see myself going to that now",
    "nah im good cancel it",
    "no need to reschedule, just cancel",
]
RESCHEDULE = [
    "could ye put it back a week",
    "are there any other dates available in July",
    "the 20th is awkward for me with work",
    "we are away on holidays until the 28th",
    "I had better pick another day",
    "I'd be most grateful for an alternative date. Yours, Dr. E. Whitcombe",
    "on nights that week, need a date when I'm off",
    "could you not do the week after?",
    "don't suppose there's any chance of a different day",
    "if you had something after lunch that would be handier",
    "can't do Friday. Monday or Tuesday?",
    "work won't let me off, can I have another date",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, "confirm") for text in CONFIRM),
        *((text, "cancel") for text in CANCEL),
        *((text, "reschedule") for text in RESCHEDULE),
        *((text, "stop") for text in STOP),
        *((text, "wrong_number") for text in WRONG_NUMBER),
        *((text, "running_late") for text in RUNNING_LATE),
        *((text, "already_attended") for text in ALREADY_ATTENDED),
        *((text, "deceased") for text in DECEASED),
        *((text, "thanks") for text in THANKS),
    ],
)
def test_a_sentence_nobody_listed_is_understood(text: str, expected: str) -> None:
    assert meaning(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "she no longer uses the pool",
        "I can't see myself going to that wedding",
        "do not bother keeping the cake for me",
        "withdraw my money",
        "I'm not going to that match",
        "ye can have the couch back",
        "RIP to my diet",
        "expect me for dinner",
        "I'll drag him in to the pub",
        "can't reach you on the phone",
        "would you make it after 8 for pints",
        "is there any way to make these cookies stop crumbling",
        "I don't know any good films",
        "these showers have to stop",
        "turn off the lights",
        "stuck behind a tractor is the name of the band",
        "he's gone to the shop",
        "I had it up to here",
        "we lost the match to Cork in May",
        "can you stop the car",
        "don't text and drive",
    ],
)
def test_the_same_words_about_something_else_are_not_taken(text: str) -> None:
    assert meaning(text) in ("unknown", "question")


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("Mam is gone to her rest, can I change my date", "deceased"),
        ("yes coming, granny's funeral is the day after", "deceased"),
        ("stop texting me? no, keep them coming", "stop"),
        ("cancel the texts not the appointment", "cancel"),
        ("I was there last time and I'll be there this time too", "cancel"),
        ("I'll be there when my leg is better", "confirm"),
        ("I will be attending if my bloods are ok", "confirm"),
        ("let me know when I am to come", "confirm"),
        ("Kind regards, C", "cancel"),
        ("We have decided against it, please don't cancel", "cancel"),
        ("give me a date in August and I'll be there", "confirm"),
        ("RIP to my dad, he won't be needing it", "cancel"),
    ],
)
def test_what_goes_on_after_a_sentence_is_heard(text: str, never: str) -> None:
    assert meaning(text) != never


def test_a_sentence_is_evidence_in_the_patients_own_words() -> None:
    loaded = load_file(SHIPPED).ruleset
    assert loaded is not None
    reading = read(loaded, "She no longer uses this phone", "en")
    assert (reading.intent, reading.candidates[0].phrase) == ("wrong_number", "she no longer uses this phone")


def no_time(word: str) -> str:
    return word[:0]


def test_every_sentence_of_a_lexicon_can_be_found() -> None:
    for lexicon in LEXICONS.values():
        lists = lexicon.lists
        sources = Sources(lexicon.sentences, lexicon.classes, lists["lead_ins"], lists["trails"], lists["goes_on"])
        Sentences(sources, list, no_time, ()).compile()


def test_a_sentence_with_no_word_to_find_it_by_is_refused() -> None:
    with pytest.raises(ValueError, match="no word to find it by"):
        Sentences(Sources({"stop": ["(a|) (b|)"]}, {}, (), (), ()), list, no_time, ())


@pytest.mark.parametrize("pattern", ["stop (me|them (now|here))", "stop (me|them", "stop me) now"])
def test_a_choice_within_a_choice_or_a_bracket_by_itself_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="a choice stands within a choice, or a bracket by itself"):
        Sentences(Sources({"stop": [pattern]}, {}, (), (), ()), list, no_time, ())


def test_a_choice_that_stands_for_too_many_stretches_is_refused() -> None:
    words = {"one": [f"a{number}" for number in range(50)], "other": [f"b{number}" for number in range(50)]}
    with pytest.raises(ValueError, match="stands for 2501 stretches of words: write what follows one another side by side"):
        Sentences(Sources({"stop": ["stop (<one> <other>|that)"]}, words, (), (), ()), list, no_time, ())
    Sentences(Sources({"stop": ["stop <one> <other>"]}, words, (), (), ()), list, no_time, ())


@pytest.mark.parametrize(
    "text",
    [
        "I think I will be there on the 20th",
        "maybe we are not going to it",
        "he won't come out of the room for me",
        "she's moving in with him",
        "keep the change",
        "The last one I had to cancel",
        "can't make it up",
        "Y̶",
        "any other day suits for the walk",
        "Mary can't come so there's a spare seat in the car",
    ],
)
def test_what_only_sounds_like_an_answer_changes_nothing(text: str) -> None:
    assert meaning(text) not in {"confirm", "keep", "cancel", "reschedule", "stop"}
