"""What holds of every reading in all ten languages, tried on every reply of the labelled sets and on words of the lexicons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.lexicon import LEXICONS, Role
from engine.normalise import normalise
from engine.prepared import prepare
from engine.reading import MIXED, UNKNOWN, Reading
from engine.ruleset import Ruleset
from engine.understanding import LABELS, label, read
from evaluation.__main__ import reminder
from evaluation.labelled import SETS, load

NEGATIONS = {
    "ar": ("لا", "مش", "لن"), "es": ("no",), "fr": ("ne", "pas"), "ga": ("ní",), "lt": ("ne",), "pl": ("nie",),
    "pt": ("não",), "ro": ("nu",), "uk": ("не",),
}  # fmt: skip
# "No problem", "God willing", "what God wills" and "does not speak English": a no before these belongs to a saying.
SAYINGS = frozenset({"fadhb", "شاء", "mowie", "mówię", "بيحكي"})
ASKS_TO_KEEP = frozenset({"can i keep it please"})  # with a question mark it is the same wish
QUESTIONS = {
    "en": ("what time is it at?", "is it the same place?", "?"),
    "ga": ("cén t-am?", "an féidir libh glaoch orm?", "?"),
    "pl": ("o której godzinie?", "czy mam coś zabrać?", "?"),
    "uk": ("о котрій годині?", "чи треба щось брати?", "?"),
    "ro": ("la ce oră?", "trebuie să aduc ceva?", "?"),
    "pt": ("a que horas?", "preciso levar algo?", "?"),
    "es": ("¿a qué hora?", "¿tengo que llevar algo?", "?"),
    "fr": ("à quelle heure ?", "dois-je apporter quelque chose ?", "?"),
    "lt": ("kelintą valandą?", "ar reikia ką nors atsinešti?", "?"),
    "ar": ("في أي ساعة؟", "هل أحضر شيئا معي؟", "؟"),
}
INVISIBLE = "\u200b\u200d\ufeff\u00ad\u2060\u200e"


@cache
def rules() -> Ruleset:
    return reminder()


@cache
def replies(language: str) -> tuple[tuple[str, Reading], ...]:
    """Every different reply of the sets in one language, with its reading."""
    texts = dict.fromkeys(reply.text for reply in load(sorted(SETS.glob("*.jsonl"))) if reply.language == language)
    return tuple((text, reading(text, language)) for text in texts)


def reading(text: str, language: str) -> Reading:
    return read(rules(), text, language, rules().example)


def invisible(text: str) -> str:
    return "".join(c + INVISIBLE[at % len(INVISIBLE)] if c.isalpha() else c for at, c in enumerate(text))


def with_marks(text: str) -> str:
    repeated = re.sub(r"([.,!])(?=\s|$)", r"\1\1", text)
    return repeated if repeated.rstrip()[-1:] == "?" else f"{repeated}."


def spaced(text: str) -> str:
    spaces = "  \t\u00a0"
    return f" \t{re.sub(' ', spaces, text)} \n"


# --- what changes nothing ------------------------------------------------------------------------------------------------


# Each noise over every second reply, so that none is left out and the suite stays short.
@pytest.mark.parametrize(("first", "noise"), [(0, str.upper), (1, spaced), (0, invisible), (1, with_marks)])
@pytest.mark.parametrize("language", sorted(QUESTIONS))
def test_noise_changes_no_reading(language: str, first: int, noise: object) -> None:
    assert callable(noise)
    changed = [
        (text, found.intent, noisy.intent)
        for text, found in replies(language)[first::2]
        if (noisy := reading(noise(text), language)).intent != found.intent
    ]
    assert changed == []


# --- what must change a yes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", sorted(QUESTIONS))
def test_a_question_after_a_yes_is_no_plain_yes(language: str) -> None:
    said = (text for text, found in replies(language) if label(found) == "confirm")
    confirmed = [text for text in said if text.casefold() not in ASKS_TO_KEEP]
    assert len(confirmed) > 20
    asked = (f"{text} {question}" for text in confirmed for question in QUESTIONS[language])
    assert [text for text in asked if label(reading(text, language)) == "confirm"] == []


@pytest.mark.parametrize("language", sorted(NEGATIONS))
def test_a_no_put_into_a_yes_leaves_no_yes(language: str) -> None:
    negated = list(_negated(language))
    assert len(negated) > 50
    assert [text for text in negated if label(reading(text, language)) == "confirm"] == []


def _negated(language: str) -> Iterator[str]:
    """Every short yes that holds no negation itself, with one before each of its words in turn."""
    book = prepare(rules()).books[language]
    for text, found in replies(language):
        words = text.split()
        if label(found) != "confirm" or len(words) > 10 or _negative(language, text, book.spelt(normalise(text).words)):
            continue
        for negation in NEGATIONS[language]:
            for at, word in enumerate(words):
                if word.casefold() not in SAYINGS:
                    yield " ".join([*words[:at], negation, *words[at:]])


def _negative(language: str, text: str, spelt: list[str]) -> bool:
    book = prepare(rules()).books[language]
    said = [*normalise(text).words, *spelt, *book.alike(spelt)]
    return bool(book.roles_of(said) & (Role.NEGATION | Role.NO))


# --- whatever is written -------------------------------------------------------------------------------------------------


@cache
def vocabulary() -> tuple[str, ...]:
    """Words that mean something in one of the languages."""
    words = {word for lexicon in LEXICONS.values() for tails in lexicon.roles.values() for word in tails}
    words |= {word for lexicon in LEXICONS.values() for tails in lexicon.always.values() for word in tails}
    return tuple(sorted(words))


WORDS = (
    st.sampled_from(vocabulary()) | st.text(st.characters(), max_size=6) | st.sampled_from([".", ",", "?", "10", "20/6", ":)"])
)


@given(st.lists(WORDS).map(" ".join), st.sampled_from(sorted(LEXICONS)))
@example("؟", "ar")
@example("\u0301\u200b", "ga")
@example("ﷺ" * 2000, "ar")
@settings(max_examples=300, deadline=None)
def test_words_of_any_language_in_any_order_have_one_reading(text: str, language: str) -> None:
    found = reading(text, language)
    assert found == reading(text, language)
    assert found.intent in {*rules().intents, UNKNOWN, MIXED}
    assert label(found) in LABELS
