"""A reply about several appointments, cut by what each part is about; whatever the words are, no part says what they do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from engine.addressing import Addressed, address
from engine.loader import load
from engine.normalise import clean
from engine.pointers import Choice
from engine.reading import Reading
from engine.ruleset import Ruleset
from engine.understanding import read

RULES = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
TOM = Choice("Tom", datetime(2026, 3, 20, 10, 0), "Eye Clinic", "Dr Nora Byrne", told=0)
AMY = Choice("Amy", datetime(2026, 3, 24, 14, 30), "Heart Clinic", "Mr. Joe Smith", told=1)
JACK = Choice("Jack", datetime(2026, 4, 1, 9, 0), "Ear Clinic", "Dr Pat Kelly", told=2)
WILL = Choice("Will", datetime(2026, 4, 1, 9, 0), "Eye Clinic", "Dr Nora Byrne", told=2)


@lru_cache(maxsize=1)
def rules() -> Ruleset:
    ruleset = load(RULES.read_text(), RULES.name, rehearse=False).ruleset
    assert ruleset is not None
    return ruleset


def meaning(_: int, words: str) -> Reading:
    return read(rules(), words, "en")


def cut(text: str, *choices: Choice) -> Addressed:
    return address(text, choices or (TOM, AMY), meaning, ("en", "ga"))


def means(text: str, *choices: Choice) -> dict[str, str]:
    """First name -> what is said of that appointment; "" where it is pointed at and nothing said."""
    held = choices or (TOM, AMY)
    parts = cut(text, *held).parts
    return {held[index].first_name: meaning(index, words).intent if words else "" for index, words in parts.items()}


@pytest.mark.parametrize(
    ("text", "tom", "amy"),
    [
        ("yes for Tom, cancel Amy's", "confirm", "cancel"),
        ("Tom yes Amy cancel", "confirm", "cancel"),
        ("yes Tom cancel Amy", "confirm", "cancel"),
        ("Tom: yes. Amy: cancel", "confirm", "cancel"),
        ("R for Tom, Y for Amy", "reschedule", "confirm"),
        ("YES FOR TOM AND AMY", "confirm", "confirm"),
        ("Tom and Amy yes", "confirm", "confirm"),
        ("Y for Tom, C for Amy, thanks a million", "confirm", "cancel"),
        ("Hi, yes for Tom. Can ye move Amy's please?", "confirm", "reschedule"),
        ("yes to both please", "confirm", "confirm"),
        ("confirm all", "confirm", "confirm"),
        ("Friday is fine, cancel Tuesday", "confirm", "cancel"),
        ("yes for the 20th and 24th", "confirm", "confirm"),
        ("1st one yes, 2nd cancel", "confirm", "cancel"),
        ("Dr Byrne yes, Smith cancel", "confirm", "cancel"),
        ("yes for tom. dont cancel amys", "confirm", "keep"),
        ("beidh mé ann do Tom, C Amy", "confirm", "cancel"),
    ],
)
def test_each_has_its_own_part(text: str, tom: str, amy: str) -> None:
    assert means(text) == {"Tom": tom, "Amy": amy}


@pytest.mark.parametrize(
    ("language", "text", "tom", "amy"),
    [
        ("pl", "tak dla Toma, Amy odwołać", "confirm", "cancel"),  # the name in another case
        ("pl", "tak dla Toma i Amy", "confirm", "confirm"),
        ("pl", "oboje tak", "confirm", "confirm"),
        ("es", "sí para Tom, cancelar la de Amy", "confirm", "cancel"),
        ("es", "sí para Tom y Amy", "confirm", "confirm"),
        ("es", "las dos sí", "confirm", "confirm"),
        ("fr", "oui pour les deux", "confirm", "confirm"),
        ("pt", "sim para o Tom, cancela a da Amy", "confirm", "cancel"),
    ],
)
def test_so_it_is_in_other_languages(language: str, text: str, tom: str, amy: str) -> None:
    parts = address(text, (TOM, AMY), lambda _, words: read(rules(), words, language), ("en", language)).parts
    said = {index: read(rules(), words, language).intent for index, words in parts.items()}
    assert said == {0: tom, 1: amy}


@pytest.mark.parametrize(
    ("text", "tom", "amy"),
    [
        ("Y1 R2", "confirm", "reschedule"),
        ("y1,c2", "confirm", "cancel"),
        ("1 Y 2 C", "confirm", "cancel"),
        ("1. Y 2. C", "confirm", "cancel"),
        ("1)Y 2)C", "confirm", "cancel"),
        ("1: Y\n2: C", "confirm", "cancel"),
        ("Y 1 & 2", "confirm", "confirm"),
        ("cancel 1, keep 2", "cancel", "keep"),
        ("Y1 and cancel the other one", "confirm", "cancel"),
        ("1 and 2", "", ""),
        ("C 1 2 please", "cancel", "cancel"),
    ],
)
def test_numbers_of_a_list_that_was_sent(text: str, tom: str, amy: str) -> None:
    listed = (replace(TOM, number=1), replace(AMY, number=2))
    assert means(text, *listed) == {"Tom": tom, "Amy": amy}


@pytest.mark.parametrize("text", ["Y1 R2", "2", "i have 2 kids", "yes to 1"])
def test_numbers_mean_nothing_where_no_list_was_sent(text: str) -> None:
    assert not cut(text).named


@pytest.mark.parametrize(
    "text",
    [
        "Y", "yes thanks", "all good", "thats all", "not at all", "any Friday", "move it to Friday", "another time",
        "see you next Friday",
    ],
)  # fmt: skip
def test_what_points_at_none(text: str) -> None:
    assert cut(text) == Addressed({})


@pytest.mark.parametrize(
    "text",
    [
        "cancel Amy's not Tom's",
        "all except Tom's",
        "both but not Tuesday",
        "yes for Tom on Tuesday",
        "if Tom's is at 10 then cancel Amy's",
        "either Tom or Amy",
        "Yes. Cancel Amy's",
        "yes, Tom and Amy no",
        "Tom: yes. Amy.",
        "Tom, cancel Amy's",
        "Tom cancel, Amy",
    ],
)
def test_what_hangs_together_is_not_cut(text: str) -> None:
    found = cut(text)
    assert found.doubt
    assert found.parts == {}


@pytest.mark.parametrize(
    "text",
    [
        "cancel Amy Tom is fine",
        "can't make Tom's Amy is fine",
        "cancel for Tom for Amy is fine",
        "cancel Tom's appointment Amy's appointment is fine",
        "cancel Friday Tuesday is fine",
        "cancel Eye Clinic Heart Clinic is fine",
        "Tom's Amy's cancel move",
        "Tom and Amy yes cancel",
        "cancel Tom Amy Jack is fine",
        "cancel Tom and Amy Jack is fine",
        "cancel Tom Amy and Jack are fine",
    ],
)
def test_names_side_by_side_between_words_are_not_shared_out(text: str) -> None:
    assert cut(text, TOM, AMY, JACK).doubt


@pytest.mark.parametrize(
    "text", ["cancel, Amy is fine", "cancel. Amy is fine", "can't make this one Amy is grand", "cancel Tom is fine"]
)
def test_one_answer_before_a_name_and_another_behind_it_are_in_doubt(text: str) -> None:
    assert cut(text).doubt == "it can be read in two ways"


@pytest.mark.parametrize(
    "text",
    [
        "cancel Tom Amy", "Tom Amy cancel please", "please cancel Tom and Amy thanks", "can you cancel both please",
        "Cancel for Tom he can't make it. Amy can't make it",
    ],
)  # fmt: skip
def test_what_is_said_of_two_is_said_of_both(text: str) -> None:
    assert means(text) == {"Tom": "cancel", "Amy": "cancel"}


def test_three_in_one_breath_are_told_apart_where_the_names_all_come_first_or_all_last() -> None:
    assert means("Tom yes Amy Jack cancel", TOM, AMY, JACK) == {"Tom": "confirm", "Amy": "cancel", "Jack": "cancel"}
    assert means("yes Tom Amy cancel Jack", TOM, AMY, JACK) == {"Tom": "confirm", "Amy": "confirm", "Jack": "cancel"}


def test_a_name_that_is_an_everyday_word_counts_where_it_is_a_name() -> None:
    assert not cut("I will be there", TOM, WILL).named
    assert means("yes for Will", TOM, WILL) == {"Will": "confirm"}
    assert means("cancel Will's", TOM, WILL) == {"Will": "cancel"}


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("uk", "Том", "так, лист прийшов 3 дні тому"),  # ago
        ("uk", "Том", "тому що я захворів"),  # because
        ("ga", "Ann", "beidh mé ann"),  # there
        ("pl", "Ona", "ona przyjdzie"),  # she
        ("es", "Una", "una pregunta"),  # a
        ("fr", "Dan", "je suis dans le bus"),  # in
        ("ro", "Nora", "nora mea vine"),  # daughter-in-law
    ],
)
def test_a_word_of_the_language_at_hand_is_no_name(language: str, name: str, text: str) -> None:
    choices = (replace(TOM, first_name=name, clinician="Dr Pat Kelly"), AMY)
    assert not address(text, choices, meaning, (language, "en")).named


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("uk", "Том", "так для Тома"),
        ("uk", "Іван", "скасувати Івану"),
        ("ga", "Ann", "beidh mé ann do Ann"),
        ("ga", "Ann", "Ann"),
    ],
)
def test_it_is_one_where_nothing_else_can_be_meant(language: str, name: str, text: str) -> None:
    choices = (replace(TOM, first_name=name), AMY)
    assert set(address(text, choices, meaning, (language, "en")).parts) == {0}


def test_twins_who_are_numbered_are_not_in_this_one() -> None:
    assert not cut("cancel this one", replace(TOM, first_name="Twin One"), replace(AMY, first_name="Twin Two")).named


def test_what_two_have_in_common_tells_them_not_apart() -> None:
    assert cut("cancel eye clinic", TOM, AMY, WILL).doubt
    assert means("cancel heart clinic", TOM, AMY, WILL) == {"Amy": "cancel"}


def test_both_is_said_of_two() -> None:
    assert cut("both", TOM, AMY, WILL).doubt
    assert means("yes to all 3", TOM, AMY, WILL) == {"Tom": "confirm", "Amy": "confirm", "Will": "confirm"}


def test_the_first_is_in_doubt_where_the_first_told_is_not_the_first_to_come() -> None:
    later = replace(TOM, told=1)
    earlier = replace(AMY, told=0)
    assert cut("Y to the first", later, earlier).doubt


WORDS = [
    "tom", "Amy's", "yes", "cancel", "and", ",", "1", "2", "20th", "friday", "not", "both", "all", ".", "the", "other", "one",
    "Y1", "?",
]  # fmt: skip


@given(st.text(max_size=80) | st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join))
def test_any_text_is_cut_the_same_twice_and_no_part_is_made_up(text: str) -> None:
    found = cut(text)
    assert cut(text) == found
    assert not (found.parts and found.doubt)
    assert set(found.parts) <= {0, 1}
    known = set(clean(text).replace("'", " ").split())
    for words in found.parts.values():
        assert "cancel" not in words or any("cancel" in word for word in known)


@given(st.sampled_from(["yes for {}", "cancel {}'s", "{} is fine", "R for {}", "dont cancel {}s"]), st.booleans())
def test_one_named_leaves_the_other_alone(form: str, which: bool) -> None:
    name = "Tom" if which else "Amy"
    assert set(means(form.format(name))) == {name}
