"""What holds for every language's lexicon, so that a new one cannot break the reading of replies unnoticed."""

from __future__ import annotations

import pytest

from conversations.rulesets import load_file
from engine.lexicon import LEXICONS, Lexicon, Role, parse
from engine.normalise import fold
from engine.phrase import SAYING
from engine.prepared import prepare
from engine.ruleset import ALWAYS_INTENTS
from tests.engine.test_understanding import SHIPPED

LOADED = load_file(SHIPPED)
assert LOADED.ruleset is not None
RULES = LOADED.ruleset
BOOKS = prepare(RULES).books


def folded(lexicon: Lexicon, role: int) -> set[str]:
    return {fold(word) for word in lexicon.roles[role]}


@pytest.mark.parametrize("language", sorted(LEXICONS))
def test_no_word_that_turns_a_meaning_is_passed_over(language: str) -> None:
    lexicon = LEXICONS[language]
    passed_over = folded(lexicon, Role.STOP) | folded(lexicon, Role.FILLER)
    for role in (Role.NEGATION, Role.HEDGE, Role.CONDITION, Role.QUESTION, Role.CONTRAST):
        assert not passed_over & folded(lexicon, role)


@pytest.mark.parametrize("language", sorted(LEXICONS))
def test_no_alarm_holds_a_saying(language: str) -> None:
    """One that did would be met by any saying in its place: "wish I was dead" by "wish I was late for work"."""
    assert [phrase.text for phrase in BOOKS[language].deciding if SAYING in phrase.words] == []


@pytest.mark.parametrize("language", sorted(LEXICONS))
def test_what_is_said_always_is_said_of_intents_that_exist(language: str) -> None:
    known = set(RULES.intents) | set(ALWAYS_INTENTS)
    assert set(LEXICONS[language].always) <= known
    assert set(LEXICONS[language].unless) <= known


@pytest.mark.parametrize("language", sorted(LEXICONS))
def test_every_language_can_say_what_matters(language: str) -> None:
    assert language in BOOKS
    said = {phrase.intent for phrase in BOOKS[language].phrases}
    assert {"confirm", "reschedule", "cancel", "keep", "stop", "wrong_number", "question", "thanks"} <= said
    assert {phrase.intent for phrase in BOOKS[language].deciding} == {"urgent", "deceased"}


def test_a_line_may_say_what_would_take_many() -> None:
    text = """
classes: {them: [him, her], doctors: [doctor, <them>]}
same: {attend: ["(bring|get) <them> (in|)", see <doctors>]}
near: {urgent: ["<them> (blue|grey)"]}
"""
    lexicon = parse("xx", text)
    assert set(lexicon.same["attend"]) == {
        "bring him in", "bring him", "bring her in", "bring her", "get him in", "get him", "get her in", "get her",
        "see doctor", "see him", "see her",
    }  # fmt: skip
    assert lexicon.near["urgent"] == ((frozenset({"him", "her"}), frozenset({"blue", "grey"})),)


def test_a_class_that_is_nowhere_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="lexicon xx: no class `thme`"):
        parse("xx", "same: {attend: [bring <thme>]}")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("points: {much: [rope]}", "`points` lists words by a whole number, and `much` is none"),
        ('points: {"2": [hot tap]}', "`hot tap` of `points` is several words; each counts by itself"),
        ('points: {"3": [rope], "-1": [rope]}', "`rope` of `points` is worth both 3 and -1; keep one"),
    ],
)
def test_a_word_that_is_worth_nothing_plain_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=f"^lexicon xx: {wrong}"):
        parse("xx", text)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("unless:\n  urgent: [joking]\nstops: [the]\nunless:\n  deceased: [dead on]\n", "line 4: `unless` stands in line 1"),
        ("always:\n  urgent: [help]\n  urgent: [bleeding]\n", "line 3: `urgent` stands in line 2"),
        ("same: {attend: [come], attend: [go]}\n", "line 1: `attend` stands in line 1"),
    ],
)
def test_a_group_that_stands_twice_is_refused_and_none_of_its_words_lost(text: str, where: str) -> None:
    with pytest.raises(ValueError, match=f"^lexicon/xx.yaml, {where} already; put what it lists under that one"):
        parse("xx", text)


def test_what_is_no_yaml_is_refused_at_its_line() -> None:
    with pytest.raises(ValueError, match=r"^lexicon/xx.yaml, line 3: "):
        parse("xx", "stops: [the]\nunless: {urgent: [joking]\nyes: [sure]\n")


def test_what_decides_in_english_ends_in_a_word_that_is_compared() -> None:
    """Of "will do something terrible" without its last word, which is passed over, "will do something" would alarm."""
    unstressed = set(LEXICONS["en"].lists["unstressed"])
    said = [phrase.text for phrase in BOOKS["en"].deciding]
    assert [text for text in said if text.rstrip(".").split()[-1] in unstressed] == []
