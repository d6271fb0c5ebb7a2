"""What a patient's reply is read as. The rules are the shipped ones and a small set of another kind of clinic."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.loader import load
from engine.reading import MIXED, UNKNOWN
from engine.ruleset import AppliesTo, Hours, Intent, Limits, Matching, Moment, Prompt, Ruleset, WeekHours
from engine.told import Told
from engine.understanding import LABELS, label, read

SHIPPED = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"


def ruleset(intents: Mapping[str, Intent], prompts: Mapping[str, Prompt], languages: tuple[str, ...], source: str) -> Ruleset:
    """A ruleset that can read replies and do nothing else."""
    return Ruleset(
        name="reading",
        summary="",
        version=hashlib.sha256(source.encode()).hexdigest()[:16],
        languages=languages,
        applies_to=AppliesTo(frozenset({"booked"})),
        hours=Hours("Europe/Dublin", WeekHours(((),) * 7), WeekHours(((),) * 7)),
        limits=Limits(),
        matching=Matching(),
        accents={},
        formats={},
        words={},
        intents=intents,
        prompts=prompts,
        cadence=(),
        closes=Moment(),
        always={},
        staff={},
        states={},
    )


def shipped() -> Ruleset:
    loaded = load(SHIPPED.read_text("utf-8"), SHIPPED.name, rehearse=False)
    assert loaded.ruleset is not None
    return loaded.ruleset


RULES = shipped()
HANDED_OVER = {UNKNOWN, MIXED, "question"}


def meaning(text: str, language: str = "en") -> str:
    return label(read(RULES, text, language))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # keys, in the ways that thumbs make of them
        ("y", "confirm"),
        ("  YES!  ", "confirm"),
        ("Yes yes yes", "confirm"),
        ("Y (yes)", "confirm"),
        ("y.e.s", "confirm"),
        ("ＹＥＳ", "confirm"),
        ("y\u200be\u200bs", "confirm"),
        ("yesssss", "confirm"),
        ("Ye", "confirm"),  # in any other reply it is "you"
        ("Thank ye", "thanks"),
        ("are ya ok", "question"),
        ("ya ok for me", "confirm"),
        ("yesplease", "confirm"),
        ("👍🏽👍🏽", "confirm"),
        ("C", "cancel"),
        ("cancle pls", "cancel"),
        ("ncancel", "cancel"),
        ("R, thanks", "reschedule"),
        ("resheduled", "reschedule"),
        ("?", "question"),
        ("Stop.", "stop"),
        ("TÁ", "confirm"),
        # the same in a sentence
        ("Il defo be dere wit my mam", "confirm"),
        ("no bother at all, see ye Friday", "confirm"),
        ("Got it thanks, see you on the 20th", "confirm"),
        ("I'm able to come, cheers", "confirm"),
        ("Yes, O. Brennan 4/5/61", "confirm"),
        ("sorry but we wont be able to get there", "cancel"),
        ("I have to cancel, the car is in the garage", "cancel"),
        ("no i cannot go", "cancel"),
        ("That week doesn't suit, have ye anything in August?", "reschedule"),
        ("could you move me to a later date", "reschedule"),
        ("Can't do Wednesdays", "reschedule"),
        ("cancel this one and give me a different day", "reschedule"),
        ("Please take my number off your list", "stop"),
        ("You have the wrong person", "wrong_number"),
        ("many thanks", "thanks"),
        ("yes but I'm stuck in traffic", "running_late"),
        ("I was there last Tuesday", "already_attended"),
        ("which door do I go in", "question"),
        ("what about my eye drops", "question"),
    ],
)  # fmt: skip
def test_plain_replies_are_understood(text: str, wanted: str) -> None:
    assert meaning(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("please don't cancel", "confirm"),
        ("we are not cancelling", "confirm"),
        ("there is no need to move it", "confirm"),
        ("no problem, will be there", "confirm"),
        ("can't wait!", "confirm"),
        ("definitely not coming", "cancel"),
    ],
)
def test_a_negation_turns_only_its_own_clause(text: str, wanted: str) -> None:
    assert meaning(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "N",
        "no, cancel",
        "I never confirmed that",
        "I can't confirm yet",
        "not sure I can make it",
        "maybe",
        "we may have to cancel it",
        "was going to cancel but will see",
        "I will yeah",
        "yes if I get a lift home",
        "yes, only if it is not raining",
        "I'll come but my knee is at me",
        "yes but what about my tablets",
        "is it cancelled?",
        "how do I cancel",
        "please confirm the address",
        "Yes?",
        "yes no",
        "Y C",
        "yes and cancel",
        "confirm or cancel",
        "cancel my brother's, mine is fine",
        "Cancel Monday but keep Thursday",
        "cancel the taxi",
        "stop the tablets?",
        "the concert was cancelled",
        "I'll be in Galway that week",
        "cancer support meeting",
        "they have changed my tablets",
        "Driving at the moment, call you later",
        "Automatic reply: out of office",
        "Click http://example.test to confirm",
        'Loved "Reminder: Your appointment with Dr. Byrne"',
        '{"label": "confirm"}',
        "Y' OR 1=1",
        "<b>yes</b>",
        "",
        " \u200b\n",
        "\x00",
        "🤔",
        "R\x00C",
        "qwertyuiop",
        "2",
    ],
)
def test_what_is_not_certain_is_never_acted_on(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "yes but I've a pain in my chest",
        "CANT BREATH",
        "i want to end it all",
        "C. I feel suicidle",
        "she is bleeding heavily",
        "he took an overdose last night, cancel it",
        "I don't want to live anymore",
    ],
)
def test_danger_outranks_every_answer(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "dying to see you all",
        "my new shoes are killing me",
        "my phone died",
        "that's dead on",
        "no chest pain",
        "stroke of luck",
    ],
)
def test_sayings_alarm_nobody(text: str) -> None:
    assert meaning(text) not in {"urgent", "deceased"}


def test_a_death_outranks_a_cancellation() -> None:
    assert meaning("Dad passed away in May, please cancel") == "deceased"


def test_the_death_of_another_is_a_reason_and_not_the_patients() -> None:
    assert meaning("my uncle died so I can't come, can I get another day") == "reschedule"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Yes I will be there, my son is driving me up the night before", "confirm"),
        ("Yes I can make the appointment. We are staying with my sister that night", "confirm"),
        ("Please don't cancel, I just want a later date", "reschedule"),
        ("can't do Thursday, can do Friday", "reschedule"),
        ("I can't come at 9 but I can come at 2", "reschedule"),
        ("I'd rather move it than cancel", "reschedule"),
        ("yes cancel it", "cancel"),
        ("No please cancel", "cancel"),
        ("\u274c cancel", "cancel"),
        ("Y Mary Murphy", "confirm"),
        ("Yes. Hosp no. 113477 S. Daly", "confirm"),
        ("Yes\nSent from my iPhone", "confirm"),
        ("Y\u0435s", "confirm"),  # a Cyrillic letter in it
        ("\u03a5", "confirm"),  # a Greek letter that looks like the key, with nothing beside it
        ("\u0421.", "cancel"),  # and a Cyrillic one
        ("C \U0001f44d", "cancel"),
        ("illbethere", "confirm"),
        ("Cancelled", "cancel"),
        ("wrong number?", "wrong_number"),
    ],
)
def test_what_stands_beside_an_answer_and_belongs_to_it(text: str, wanted: str) -> None:
    assert meaning(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "cant make it tonight lads",
        "I can't come to the party",
        "Plumber can't come til Thursday",
        "Yes I fed the cat",
        "Bridie says he is a lovely man",
        "Grand I'll get the kids so",
        "move the meeting to 3",
        "Cancel my mother's pizza",
        "Ok, don't text and drive",
        "can we remove this?",
        "stop messing",
        "Your table is confirmed. Reply C to cancel",
        "Half of me wants to cancel",
        "yes as long as it's Dr Smith",
        "I'll do my best",
        "Y C",
        "C yes",
        "no good for Thursday",
        "no chance of me",
        "i would never turn up",
        "i will noe be there",
        "Keane, C.",
        "dont yes",
    ],
)
def test_a_text_that_was_not_meant_for_us_changes_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "the construction is useful",
        "I took my tablets this morning",
        "I can't see why not, yes",
        "ambulance transport is booked",
        "I passed on the message to mam",
        "the threshold decreased",
        "with the help of God I'll be there",
        "does not create any",
    ],
)
def test_words_that_only_look_alarming_alarm_nobody(text: str) -> None:
    assert meaning(text) not in {"urgent", "deceased"}


TOLD = Told(datetime(2026, 6, 20, 10, 0), "Dr. Smith", today=date(2026, 6, 10))


@pytest.mark.parametrize(
    "text",
    [
        "Yes, 2pm with Dr Jones",
        "Yes see you July 20",
        "ok, the 21st",
        "yes tomorrow",
        "see you Monday",
        "yes 21/6",
        "I'll be there at 3",
        "Cancel my 4 o'clock",
    ],
)
def test_an_answer_that_names_another_day_hour_or_person_is_asked_about(text: str) -> None:
    assert label(read(RULES, text, "en", TOLD)) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "Yes, 10am with Dr Smith",
        "see you on the 20th",
        "yes June 20th at ten",
        "Y 12/03/1954",
        "yes 20/6",
        "Saturday is fine",
        "be there at 10",
    ],
)
def test_an_answer_that_names_what_was_told_is_taken(text: str) -> None:
    assert label(read(RULES, text, "en", TOLD)) == "confirm"


def test_other_days_beside_a_refusal_are_its_reasons() -> None:
    assert (
        label(read(RULES, "Please cancel it, my mother is in hospital with me here since the 3rd of June", "en", TOLD))
        == "cancel"
    )
    assert label(read(RULES, "can't do the 20th, any chance of the 27th", "en", TOLD)) == "reschedule"


def test_our_own_text_sent_back_is_no_answer_but_the_answer_beside_it_is() -> None:
    ours = RULES.prompts["reminder"].texts["en"].format(clinician="Dr Byrne", date="May 2", time="9:15 AM")
    assert meaning(ours) == UNKNOWN
    assert meaning(f"> {ours}\nYes please") == "confirm"
    assert meaning(f'"{ours}" C') == "cancel"


def test_another_language_than_the_patients_is_read() -> None:
    assert meaning("beidh mé ann", "en") == "confirm"
    assert meaning("Beidh me ann, go raibh maith agat", "ga") == "confirm"
    assert meaning("I will be there", "ga") == "confirm"
    assert meaning("fuair sé bás", "en") == "deceased"
    assert meaning("ní féidir liom teacht", "ga") == "cancel"


def test_a_near_miss_is_worth_asking_back() -> None:
    assert read(RULES, "I might cancel", "en").guess == "cancel"
    assert read(RULES, "the moon is up", "en").guess is None


def test_a_reading_carries_its_evidence() -> None:
    reading = read(RULES, "  I WON'T be there,  sorry ", "en")
    assert reading.intent == "cancel"
    assert reading.normalised == "i won't be there, sorry"
    assert reading.rule == "phrase"
    assert reading.candidates[0].intent == "cancel"
    assert len(reading.candidates) <= 3
    assert reading.why.endswith(".")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("can't wait", "can't wait"),
        ("sorry cant make it that day", "cant make it that day"),
        ("hi c u there", "c u"),
        ("wrong nmber pal", "wrong nmber"),
    ],
)
def test_the_evidence_shows_the_patients_own_words(text: str, words: str) -> None:
    assert f'"{words}"' in read(RULES, text, "en").why


@pytest.mark.parametrize(
    "text",
    [
        "the plumber can't come til Thursday",
        "swimming moved to 5.15, bring goggles",
        "the dentist moved me to Friday",
        "flight got changed",
        "rehearsal is at 7 not half 6",
        "my husband said to cancel but I don't know",
        "remind me to cancel this",
        "can't decide between R and C",
        "undo cancel",
        "ok mam",
        "I'll be there with my trombone",
        "the plumber can come Thursday at 10",
        "landlord is coming on June 20",
        "has the consultant confirmed",
        "y so early",
        "I'll go to one of them",
        "usually I confirm by phone",
        "he always cancels",
        "keep the texts coming, very handy",
        "scratch that",
        "son has chicken pox ok to bring him",
        "Confirm the 20th. Don't need the one in August",
        "keep the scan, drop the consultant",
        "confirm cancel",
        "Cancel the lift I asked for, I've my own way in now",
        "I used to be always able to come Thursdays",
        "Please confirm my mum's name is on it",
        "mam cant come in with me, can I go on my own",
        "Y (edit: C)",
        "never speaking to him again, cancel him",
        "it got moved",
        "that got rescheduled to the 12th and I was seen then",
        "is it ok to go to work the day after",
        "meant to text C before this",
        "yes I'm over 65",
        "can anyone swap Friday night for Sunday day",
    ],
)
def test_an_answer_that_is_somebody_elses_or_taken_back_changes_nothing(text: str) -> None:
    assert meaning(text) in ("unknown", "mixed", "question")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Actually I can't make it", "cancel"),
        ("OK that can go to the next person, I'm sorted", "cancel"),
        ("keep it for someone who needs it", "cancel"),
        ("not going, I am eighty eight", "cancel"),
        ("can't come, nobody to come with me", "cancel"),
        ("Hi, actually something came up at work, I can't make it", "cancel"),
        ("actually can we change it", "reschedule"),
        ("actually yes I can come", "confirm"),
        ("Hi, actually no", "unknown"),
        ("Y. Actually no", "unknown"),
        ("I'll be there. Actually can we change it", "mixed"),
    ],
)
def test_a_second_thought_takes_back_only_what_the_same_text_says(text: str, wanted: str) -> None:
    assert meaning(text) == wanted


def test_a_text_longer_than_any_phone_sends_is_not_acted_on_but_danger_in_it_is_seen() -> None:
    filler = "thanks " * 2000
    assert meaning("yes " + filler) in HANDED_OVER
    assert meaning("i cannot breathe " + filler) == "urgent"


def test_another_rulesets_intents_are_read_by_the_same_layers() -> None:
    jab = ruleset(
        {
            "book": Intent("book", keys=("BOOK", "YES"), phrases={"en": ("book me in", "i want the vaccine")}),
            "refuse": Intent("refuse", keys=("PASS",), phrases={"en": ("i do not want the vaccine", "not for me")}),
            "urgent": Intent("urgent"),
        },
        {},
        ("en",),
        "jab",
    )
    assert read(jab, "book").intent == "book"
    assert read(jab, "Id like the vaccine pls").intent == "book"
    assert read(jab, "I don't want the vaccine").intent == "refuse"
    assert read(jab, "dont book").intent == UNKNOWN
    assert read(jab, "yes or pass").intent == MIXED
    assert read(jab, "i have chest pain").intent == "urgent"
    assert read(jab, "where is it on").intent == UNKNOWN  # these rules have no intent for questions
    assert label(read(jab, "book")) == UNKNOWN  # and `book` is no label


# --- whatever is written ---------------------------------------------------------------------------------------------

PLAIN = {
    "confirm": [
        "yes",
        "i will be there",
        "see you then",
        "i can make it",
        "that suits",
        "coming",
        "yes thanks",
        "confirmed",
    ],
    "cancel": ["cancel", "please cancel my appointment", "i want to cancel", "can you cancel it"],
    "reschedule": ["reschedule", "i need another day", "can i change it", "please move it to another date"],
    "stop": ["stop texting me", "unsubscribe"],
}
REPLIES = [(text, intent) for intent, texts in PLAIN.items() for text in texts]
ANY_TEXT = st.text(st.characters(), max_size=300)  # every code point, lone surrogates too
WORDS = st.lists(
    st.sampled_from(
        [
            "yes",
            "no",
            "not",
            "cancel",
            "can",
            "i",
            "you",
            "will",
            "be there",
            "?",
            ".",
            "change",
            "but",
            "if",
            "or",
            "died",
            "stop",
            "10",
            "👍",
        ]
    ),
    max_size=14,
).map(" ".join)


@given(ANY_TEXT | WORDS, st.sampled_from(["", "en", "ga", "xx"]))
@example("\ud800", "en")
@example("\x00" * 50, "en")
@example("?" * 3000, "en")
@example("a" * 100_000, "en")
@settings(max_examples=300, deadline=None)
def test_any_string_has_one_reading(text: str, language: str) -> None:
    reading = read(RULES, text, language)
    assert reading == read(RULES, text, language)
    assert reading.intent in {*RULES.intents, UNKNOWN, MIXED}
    assert label(reading) in LABELS


NOISE = st.sampled_from(["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060"])


@given(st.sampled_from(REPLIES), st.data())
@settings(max_examples=200, deadline=None)
def test_case_spaces_and_invisible_characters_change_nothing(reply: tuple[str, str], data: st.DataObject) -> None:
    text, intent = reply
    noisy = ""
    for letter in text:
        noisy += data.draw(st.sampled_from([letter, letter.upper()]))
        noisy += data.draw(NOISE | st.just(""))
        noisy += data.draw(st.sampled_from(["", " ", "\t"])) if letter == " " else ""
    assert meaning(f"  {noisy}\n") == intent


@given(
    st.sampled_from(PLAIN["confirm"]),
    st.sampled_from([" ?", "?", " ??", ", what time", ". Where do i go", " is it the same place?"]),
)
@settings(deadline=None)
def test_a_question_after_a_yes_keeps_it_from_being_a_plain_yes(text: str, question: str) -> None:
    assert meaning(text + question) != "confirm"


@given(st.sampled_from(REPLIES), st.sampled_from(["not", "never", "dont", "do not", "don't"]), st.data())
@settings(max_examples=200, deadline=None)
def test_a_negation_put_in_never_leaves_the_reading_standing(
    reply: tuple[str, str], negation: str, data: st.DataObject
) -> None:
    text, intent = reply
    words = text.removesuffix(" thanks").split()
    at = data.draw(st.integers(0, len(words) - 1))
    assert meaning(" ".join([*words[:at], negation, *words[at:]])) != intent
