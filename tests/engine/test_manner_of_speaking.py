"""Words of everyday life beside danger make no saying of it, and where one is taken for a saying a person reads the reply."""

from __future__ import annotations

import pytest

from engine.rehearsal import Rehearsal
from engine.understanding import label, read
from tests.engine.test_understanding import RULES, meaning


@pytest.mark.parametrize(
    "text",
    [
        "he collapsed in the gym",
        "she fainted during the lecture and won't wake",
        "he is choking on a sweet",
        "took an overdose after the exam",
        "took an overdose of paracetamol",
        "he passed out in the chair",
        "heart attack on easter sunday, he is in intensive care",
        "dad took a heart attack watching the match last night",
        "she had a heart attack over the weekend",
        "lips gone blue, freezing baby",
        "took too many tablets over the last few days",
        "hurt at the match, can't feel his legs",
        "going to kill myself, I cannot lose the kids",
        "single mum feeling suicidal",
        "blood everywhere hen",
        "thought it was indigestion but it's a heart attack",
        "chest pain, can't walk far",
        "he fell forward, blood everywhere",
        "can't breathe on the stairs",
        "had a stroke at midnight",
        "seizure from the drugs",
        "omg dad is after collapsing",
        "I do not want to live with this pain",
        "she had a fit over breakfast",
    ],
)
def test_everyday_words_beside_danger_make_no_saying_of_it(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "Dad died at Easter",
        "he died in the heat",
        "have you not heard, he died",
        "I'm the neighbour, he died Monday",
        "please tell the office he died",
        "Mrs King died",
        "omg he died",
    ],
)
def test_everyday_words_beside_a_death_make_no_saying_of_it(text: str) -> None:
    assert meaning(text) == "deceased"


@pytest.mark.parametrize(
    "text",
    [
        "dying in this heat",
        "drowning in paperwork",
        "I'm choking for a cuppa",
        "he's choking on his words",
        "he passed me the phone",
        "overdose of chocolate",
        "nearly had a heart attack when I saw the price",
        "she had a fit over the parking",
        "he died a hero in call of duty",
        "over my dead body",
    ],
)
def test_a_saying_alarms_nobody(text: str) -> None:
    assert meaning(text) not in ("urgent", "deceased")


@pytest.mark.parametrize("text", ["he had a stroke at easter", "would it be dead soon, my hamster"])
def test_a_word_of_danger_that_is_taken_for_a_saying_is_read_by_a_person(text: str) -> None:
    talk = Rehearsal(RULES, "en")
    talk.patient(text)
    assert talk.conversation.tasks


@pytest.mark.parametrize(
    "text", ["my aunt died last week", "the neighbour died", "auntie Joan died on the second so she will not be in"]
)
def test_the_death_of_one_who_may_be_the_patient_or_a_relation_comes_to_a_person_first(text: str) -> None:
    assert read(RULES, text, "en", RULES.example).rule == "bereaved"


@pytest.mark.parametrize(
    "text",
    [
        "he dropped dead at the match",
        "the man died shearing sheep in May",
        "Died in his sleep, the labrador was lying across his ankles",
        "Joe won't be at that clinic, he died out fishing with his collie",
        "the patient's dead, the home should have told you",
        "she died overnight, the priest is here",
        "You can give the ten o'clock to somebody else, Eileen died on the coach back from Knock",
    ],
)
def test_whoever_and_whatever_was_beside_somebody_who_died_he_or_she_died(text: str) -> None:
    reading = read(RULES, text, "en", RULES.example)
    assert reading.intent == "deceased" or reading.rule == "bereaved"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Please don't ring us, she died overnight and the priest has only arrived", "en"),
        ("C. Nan passed on Mother's Day with all the grandchildren around her", "en"),
        ("Nan's gone, died watching Emmerdale, slippers on", "en"),
        ("Vovô morreu domingo depois da feijoada, dormindo na rede, pode desmarcar", "pt"),
        ("teść zmarł w sanatorium w Ciechocinku, proszę go skreślić", "pl"),
    ],
)
def test_a_death_told_with_much_else_gives_up_no_visit_and_comes_to_a_person_first(text: str, language: str) -> None:
    assert read(RULES, text, language, RULES.example).rule == "bereaved"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my dog died so I can't come", "cancel"),
        ("our dog died, can I change it", "reschedule"),
        ("the spaniel is barking, mam is after collapsing", "urgent"),
        ("Dog is going to my sister and I'm going off the bridge", "urgent"),
    ],
)
def test_an_animal_is_told_of_where_it_is_named_and_nowhere_else(text: str, expected: str) -> None:
    assert meaning(text) == expected


@pytest.mark.parametrize("text", ["wish I was late for work", "found a lift on the way", "her chest of drawers"])
def test_no_saying_stands_in_the_place_of_another(text: str) -> None:
    assert meaning(text) not in ("urgent", "deceased")


@pytest.mark.parametrize("text", ["wish I was dead", "my chest is killing me"])
def test_an_alarm_that_holds_a_saying_is_one(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("krew się leje", "pl"),
        ("mąż mnie zabije", "pl"),
        ("vyras mane užmuš", "lt"),
        ("mi marido me va a matar", "es"),
        ("sospecha de infarto", "es"),
        ("mon mari va me tuer", "fr"),
        ("serce mnie boli, mam daleko do szpitala", "pl"),
        ("болить серце, далеко від лікарні", "uk"),
        ("قلبي يوجعني والمستشفى بعيد", "ar"),
    ],
)
def test_in_no_language_is_danger_a_saying(text: str, language: str) -> None:
    assert label(read(RULES, text, language, RULES.example)) == "urgent"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("właściciel tego numeru zmarł", "pl"),
        ("власник цього номера помер", "uk"),
        ("el dueño de este teléfono falleció", "es"),
    ],
)
def test_the_owner_of_the_number_has_died(text: str, language: str) -> None:
    assert label(read(RULES, text, language, RULES.example)) == "deceased"


@pytest.mark.parametrize("text", ["my dog Rex died last night", "our cat Molly passed away", "my dog died on the 20th"])
def test_an_animal_with_a_name_is_nobody_who_died(text: str) -> None:
    reading = read(RULES, text, "en", RULES.example)
    assert reading.intent != "deceased"
    assert reading.rule != "bereaved"
