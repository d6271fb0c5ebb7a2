"""Freagra without one of its layers, to see what each is worth.

A layer is taken out by emptying what it works with, in the lexicons or in the ruleset, or, where it is code and no data,
by standing something inert in its place while a variant reads. The engine knows nothing of it. What is left then
works as it does otherwise, so a figure tells what is lost without the layer, not what it would do alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from unittest.mock import patch

from engine import clauses, grammar, language, phrasebook, prepared, understanding
from engine.clauses import segments
from engine.lexicon import LEXICONS, Lexicon, Role
from engine.phrase import DECIDING
from engine.ruleset import LanguageWords, Ruleset
from engine.speller import Speller
from evaluation.labelled import Labelled
from evaluation.scores import Verdict, judge

_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: `lexicon` and `ruleset` give either without it, `instead` stands in for code (owner, name, stand-in)."""

    name: str
    taken_out: str
    lexicon: Callable[[Lexicon], Lexicon] = lambda lexicon: lexicon
    ruleset: Callable[[Ruleset], Ruleset] = lambda ruleset: ruleset
    instead: tuple[tuple[object, str, object], ...] = ()

    def read(self, ruleset: Ruleset, replies: Sequence[Labelled]) -> list[Verdict]:
        """Replies read without this layer."""
        # Another version, so that nothing prepared with the layer is found and nothing without it stays behind.
        without = replace(self.ruleset(ruleset), version=f"{ruleset.version} without {self.name}")
        with self._out():
            return judge(replies, reader(without))

    @contextmanager
    def _out(self) -> Iterator[None]:
        lexicons = {language: self.lexicon(lexicon) for language, lexicon in LEXICONS.items()}
        with ExitStack() as stack:
            stack.enter_context(patch.object(language, "LEXICONS", lexicons))
            # What is kept of a language was made with the layer.
            stack.enter_context(patch.object(phrasebook, "language", language.language.__wrapped__))
            stack.enter_context(patch.object(phrasebook, "grammar", grammar.grammar.__wrapped__))
            stack.enter_context(patch.object(prepared, "_SHELF", prepared._Shelf(len(lexicons))))
            for owner, name, stand_in in self.instead:
                stack.enter_context(patch.object(owner, name, stand_in))
            yield


def reader(ruleset: Ruleset) -> Callable[[Labelled], str]:
    """Freagra's own way of reading."""
    return lambda reply: understanding.label(understanding.read(ruleset, reply.text, reply.language, ruleset.example))


def _without_roles(*roles: int) -> Callable[[Lexicon], Lexicon]:
    return lambda lexicon: replace(lexicon, roles=dict(lexicon.roles) | dict.fromkeys(roles, ()))


def _without_lists(*names: str) -> Callable[[Lexicon], Lexicon]:
    return lambda lexicon: replace(lexicon, lists=dict(lexicon.lists) | dict.fromkeys(names, ()))


def _both(one: Callable[[Lexicon], Lexicon], other: Callable[[Lexicon], Lexicon]) -> Callable[[Lexicon], Lexicon]:
    return lambda lexicon: other(one(lexicon))


def _own_words(**emptied: tuple[str, ...]) -> Callable[[Ruleset], Ruleset]:
    def without(ruleset: Ruleset) -> Ruleset:
        words: Mapping[str, LanguageWords] = {name: replace(own, **emptied) for name, own in ruleset.words.items()}
        return replace(ruleset, words=words)

    return without


def _without_deciding(ruleset: Ruleset) -> Ruleset:
    return replace(ruleset, intents={name: replace(intent, words={}) for name, intent in ruleset.intents.items()})


def _without_always(lexicon: Lexicon) -> Lexicon:
    always = {name: said for name, said in lexicon.always.items() if name not in DECIDING}
    return replace(lexicon, always=always, near={}, points={})


def _never_asked(tokens: Sequence[str]) -> list[tuple[list[str], bool]]:
    return [(words, False) for words, _ in segments(tokens)]


LAYERS = (
    Layer("spelling lists", "slips, contractions and txt-speak", lambda lexicon: replace(lexicon, spellings={})),
    Layer(
        "repair of slips",
        "words that no list has: one slip of the finger, run-ons, drawn-out letters",
        instead=((Speller, "_repaired", lambda _self, word: [word]),),
    ),
    Layer("sameness", "turns of phrase that mean the same", lambda lexicon: replace(lexicon, same={})),
    Layer("whole sentences", "clauses understood by their classes of words", lambda lexicon: replace(lexicon, sentences={})),
    Layer("negations", "words that turn a clause round", _without_roles(Role.NEGATION), _own_words(negations=())),
    Layer(
        "questions",
        "question words, requests, order of words, question marks within a text",
        _both(_without_roles(Role.QUESTION, Role.REQUEST), _without_lists("aux")),
        _own_words(questions=()),
        instead=((clauses, "segments", _never_asked),),
    ),
    Layer("hedges and conditions", "maybe, if, unless, but", _without_roles(Role.HEDGE, Role.CONDITION, Role.CONTRAST)),
    Layer(
        "deciding words",
        "words of emergency and of death that decide wherever they stand; the phrases stay",
        _without_always,
        _without_deciding,
    ),
    Layer(
        "points of danger",
        "words that add up to danger where nothing else is clear",
        lambda lexicon: replace(lexicon, points={}),
    ),
    Layer(
        "quotes and robots",
        "our text quoted back, reactions, automatic answers, program code",
        _both(_without_roles(Role.ROBOT), _without_lists("tapbacks")),
        instead=(
            (understanding, "_without_quotes", lambda _prepared, text: text),
            (understanding, "_CODE", _NEVER),
        ),
    ),
    Layer(
        "likeness",
        "string distance to a whole phrase, where no phrase stands in it word for word",
        ruleset=lambda ruleset: replace(ruleset, matching=replace(ruleset.matching, accept=101.0, ask=101.0)),
    ),
    Layer(
        "other languages",
        "every language of the ruleset but its first",
        ruleset=lambda ruleset: replace(ruleset, languages=ruleset.languages[:1]),
    ),
)
