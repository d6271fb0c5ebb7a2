"""A ruleset made ready for reading: its phrasebooks, what whole messages mean, which intents are one outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine import sms
from engine.lexicon import Role
from engine.normalise import fold, normalise
from engine.phrasebook import Phrasebook
from engine.ruleset import ALWAYS_INTENTS, Ruleset

QUOTED_FROM = 12  # letters of our own text in a row are no coincidence


@dataclass(frozen=True, slots=True)
class Prepared:
    """A ruleset made ready: its phrasebooks, what whole messages mean, and which intents are one outcome."""

    version: str
    books: Mapping[str, Phrasebook]
    keys: Mapping[str, tuple[str, str]]  # whole message -> (intent, key as written)
    outcomes: Mapping[str, str]  # intent -> the first intent with the same outcome
    affirming: frozenset[str]  # what a plain yes says
    answers: frozenset[str]  # intents that have keys: the options a patient is offered
    courtesies: frozenset[str]  # intents that are nothing but politeness, in any of the languages
    asking: str | None  # the intent of questions: the one with the key "?"
    yielding: frozenset[str]  # answers that wish for another time
    refusing: frozenset[str]  # answers that give the visit up
    prompts: Mapping[str, tuple[str, ...]]  # fixed stretches of our own texts by their first QUOTED_FROM letters

    def picked_by(self, letter: str) -> str:
        """The intent that a single letter picks as a key, "" where it is none or no single letter."""
        return self.keys.get(letter, ("",))[0] if len(letter) == 1 else ""


class _Shelf:
    """Phrasebooks by all that goes into one, the oldest dropped first: of two versions of a ruleset that read a language alike,
    as most do, the second has the first one's book, which is most of the work of preparing."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._books: dict[tuple[object, ...], Phrasebook] = {}

    def book(self, ruleset: Ruleset, language: str) -> Phrasebook:
        intents = ruleset.intents.values()
        read = (
            (each.name, each.kind_of, each.keys, *(said.get(language) for said in (each.phrases, each.words, each.unless)))
            for each in intents
        )
        key = (language, ruleset.words.get(language), *read)
        found = self._books.get(key)
        if found is None:
            found = Phrasebook(ruleset, language)
            if len(self._books) >= self._most:
                self._books.pop(next(iter(self._books)), None)
            self._books[key] = found
        return found


_SHELF = _Shelf(64)


def prepare(ruleset: Ruleset) -> Prepared:
    """Index a ruleset for reading. Pure; costs some milliseconds, so callers keep the result per version."""
    books = {language: _SHELF.book(ruleset, language) for language in ruleset.languages}
    keys: dict[str, tuple[str, str]] = {}
    for intent in ruleset.intents.values():
        for key in intent.keys:
            keys.setdefault(" ".join(normalise(key).words) or key.strip(), (intent.name, key))
    own = next(iter(books.values()))
    for said, (name, key) in list(keys.items()):
        if fold(said) not in own.known:  # as typed without accents, unless that is a word here: "ta" is thanks in English
            keys.setdefault(fold(said), (name, key))
    outcomes: dict[str, str] = {}
    named: dict[tuple[tuple[str, str], ...], str] = {}
    for intent in ruleset.intents.values():
        called = tuple(sorted(intent.called.items()))
        outcomes[intent.name] = named.setdefault(called, intent.name) if called else intent.name
    yes = {
        name
        for word, (name, _) in keys.items()
        if any(book.role(word if word.isascii() else fold(word)) & Role.YES for book in books.values())
    }
    asking = next((name for name, intent in ruleset.intents.items() if "?" in intent.keys), None)
    affirming = frozenset(name for name in outcomes if any(outcomes[name] == outcomes[other] for other in yes))
    answers = frozenset(name for name, intent in ruleset.intents.items() if intent.keys and name != asking)
    yielding = frozenset(
        phrase.intent
        for book in books.values()
        for phrase in book.phrases
        if ruleset.intents[phrase.intent].keys and all(book.role(word) & Role.WISH for word in phrase.words)
    )
    return Prepared(
        version=ruleset.version,
        books=books,
        keys=keys,
        outcomes=outcomes,
        affirming=affirming,
        answers=answers,
        courtesies=frozenset().union(*(book.courtesies(ruleset.intents) for book in books.values())),
        asking=asking,
        yielding=yielding,
        refusing=answers.difference(affirming, yielding, ALWAYS_INTENTS),
        prompts=_prompt_parts(ruleset),
    )


@lru_cache(maxsize=8_192)
def _as_quoted(text: str) -> str:
    return normalise(text).text


def _prompt_parts(ruleset: Ruleset) -> Mapping[str, tuple[str, ...]]:
    parts = {
        _as_quoted(sent)
        for prompt in ruleset.prompts.values()
        for text in prompt.texts.values()
        for part in re.split(r"\{\w+\}|(?<=[.!?]) ", text)
        for sent in (part, sms.fold(part))  # as written, and as `accents: fold` sends it
    }
    found: dict[str, tuple[str, ...]] = {}
    for part in sorted(parts, key=lambda part: (-len(part), part)):
        if len(part) >= QUOTED_FROM:
            found[part[:QUOTED_FROM]] = (*found.get(part[:QUOTED_FROM], ()), part)
    return found
