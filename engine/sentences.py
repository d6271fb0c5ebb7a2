"""Whole sentences by classes of words: who, does or does not, what.

A phrase is found within a clause, so it must mean the same whatever stands beside it. A sentence leaves no word of a
clause over but what leads in ("sorry, I think ...") and what trails off ("... any more, thanks"), so its words may be
everyday ones: "she no longer uses this phone" is somebody else's phone, "she no longer uses the pool" is nothing to us.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.phrase import REASON, TALE

_PART = re.compile(r"(?:<(\w+)>|\(([^()]*)\)|(\S+?))(\*?)(?= |$)")
_CLASS = re.compile(r"<(\w+)>")
_CHOICES = re.compile(r"\([^()]*\)")
_FIRST = "~"  # before a first name
_STRANGE = "^"  # before a word that the language does not have, which is often a name
_NAMES = {"first": rf"{_FIRST}\S+ (?:[~^]\S+ )?", "name": r"[~^]\S+ (?:[~^]\S+ )?"}
_MARKS = str.maketrans("", "", _FIRST + _STRANGE)
_TIME = "#"  # an hour, a number, minutes
_DAY = "@"
_ANY = "_"
_MOST = 2_000  # stretches that one choice may stand for: each is written out, at every start
_TOLD_IN = 3  # words: shorter ones before what is no sentence may be its beginning ("I can't | thank him enough")
_TOLD = (TALE, REASON)  # of two sentences in the same words, one that answers is meant sooner than one of these
_ASKS = "?"  # ends a sentence that may be put as a question: "can you stop texting me?"

Words = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True, eq=False)
class _Sentence:
    """One pattern. Compiled when first met: hundreds at every start would take a second."""

    intent: str
    written: str
    asks: bool
    needs: tuple[frozenset[str], ...]  # of each of these one word must stand in the clause

    @cached_property
    def shape(self) -> re.Pattern[str]:
        return re.compile(self.written)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Words in a row: as a regular expression, and the one that tells most."""

    written: str
    telling: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the beginning of a clause says: each intent with its words, how many of the clause's words that takes, and the
    words of it that lead in and trail off.
    """

    sentences: tuple[tuple[str, str], ...]
    length: int
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """What a lexicon has of sentences: patterns by intent, what may lead in, trail off and join, and what goes on after."""

    patterns: Mapping[str, Sequence[str]]
    classes: Mapping[str, Sequence[str]]
    leads: Sequence[str]
    trails: Sequence[str]
    goes_on: Sequence[str]


class Sentences:
    """The sentences of one language, found by a word that each must hold. `spelt` puts words right as it does a reply's,
    `time` gives the mark of a word that tells a time or a day, `barred` are the words that no gap may hold: negations,
    doubts, questions.
    """

    def __init__(self, sources: Sources, spelt: Words, time: Callable[[str], str], barred: Iterable[str]) -> None:
        self._spelt, self._time, self._classes = spelt, time, sources.classes
        self.words: set[str] = set()
        self._parts: dict[str, tuple[str, frozenset[str]]] = {}
        self._stretches: dict[str, _Stretch] = {}
        stops = "|".join(sorted(re.escape(word) for word in barred))
        self._gap = rf"(?!(?:{stops}) )\S+ " if stops else r"\S+ "
        self._lead = re.compile(f"(?:{self._either(map(self._plain, sources.leads))})*")
        self._trail = re.compile(f"(?:{self._either(map(self._plain, sources.trails))})*")
        self._goes_on = frozenset(sources.goes_on)
        self._by_word: dict[str, list[_Sentence]] = {}
        for intent, patterns in sources.patterns.items():
            for pattern in patterns:
                self._add(intent, pattern)
        self._parts.clear()  # every pattern is made of them
        self._stretches.clear()

    def said(
        self, words: Sequence[str], asked: bool, name_mark: Callable[[str], str], without: Collection[str] = ()
    ) -> Said | None:
        """What a clause says by its sentences, but for those of some intents; None where it is not made of them. Pure."""
        by_word = self._by_word
        met = {sentence: None for word in words for sentence in by_word.get(word, ())}
        if not met:
            return None
        there = set(words)
        sentences = [
            sentence
            for sentence in met
            if (sentence.asks or not asked)
            and sentence.intent not in without
            and not any(map(there.isdisjoint, sentence.needs))
        ]
        if not sentences:
            return None
        text, places = self._marked(words, name_mark)
        at, beside = 0, ""
        found: list[tuple[str, str]] = []
        before: list[tuple[int, str]] = []  # where each begins, with what stands beside those before it
        while at < len(text):
            past = _end(self._trail, text, at) if found else at  # what may trail off may begin the next: "... god bless you"
            begins = dict.fromkeys((at, past, _end(self._lead, text, at), _end(self._lead, text, past)))
            tried = ((one, one.shape.match(text, start)) for one in sentences for start in begins)
            reach = [(match.end(), one, match) for one, match in tried if match is not None]
            if not reach:
                break
            end, sentence, match = max(reach, key=lambda each: (each[0], each[1].intent not in _TOLD, -each[2].start()))
            before.append((at, beside))
            found.append((sentence.intent, match.group().strip().translate(_MARKS)))
            beside += text[at : match.start()]
            at = end
        if not found:
            return None
        past = _end(self._trail, text, at)
        while past < len(text) and text[past:].split(" ", 1)[0] not in self._goes_on:
            found.pop()
            past, beside = before.pop()
            at = past
            if not found or any(said.count(" ") + 1 < _TOLD_IN for _, said in found):
                return None
        if past < len(text) and asked:
            return None
        beside += text[at:past]
        at = past
        return Said(tuple(found), places[text.count(" ", 0, at)], tuple(beside.split()))

    def compile(self) -> None:
        """Compile every sentence now. Raises re.error for a pattern that is none."""
        for sentences in self._by_word.values():
            for sentence in sentences:
                _ = sentence.shape

    def _marked(self, words: Sequence[str], name_mark: Callable[[str], str]) -> tuple[str, list[int]]:
        """The words with names marked as such and times in a row made one, a space after each; and where each begins."""
        marked: list[str] = []
        places: list[int] = []
        for at, word in enumerate(words):
            mark = self._time(word)
            if mark and marked and marked[-1] == mark:
                continue
            marked.append(mark or name_mark(word) + word)
            places.append(at)
        return "".join(f"{word} " for word in marked), [*places, len(words)]

    def _add(self, intent: str, pattern: str) -> None:
        if not {"(", ")"}.isdisjoint(_CHOICES.sub("", pattern)):
            raise ValueError(f'in the sentence "{pattern}" a choice stands within a choice, or a bracket by itself')
        asks = pattern.endswith(_ASKS)
        shape = ""
        choices: list[frozenset[str]] = []
        for part in _PART.finditer(pattern.removesuffix(_ASKS)):
            name, choice, word, again = part.groups()
            if name in _NAMES:
                shape += _NAMES[name]
            elif word == _ANY:
                shape += f"(?:{self._gap}){again}"
            else:
                either, telling = self._part(part.group().removesuffix("*"), choice if name is None and not word else None)
                shape += f"(?:{either}){again}"
                if telling and not again:
                    choices.append(telling)
        needs = sorted((choice for choice in choices if all(map(_telling, choice))), key=self._commonness)
        if not needs:
            raise ValueError(f'the sentence "{pattern}" has no word to find it by')
        rarest, *others = needs
        sentence = _Sentence(intent, shape, asks, tuple(others))
        for word in rarest:
            self._by_word.setdefault(word, []).append(sentence)

    def _part(self, text: str, choice: str | None) -> tuple[str, frozenset[str]]:
        """A word, class or choice as a regular expression, and a telling word of each alternative; none where it may miss."""
        if text not in self._parts:
            written = [each for one in ((text,) if choice is None else choice.split("|")) for each in self._alternatives(one)]
            if len(written) > _MOST:
                side_by_side = "write what follows one another side by side, each a choice of its own"
                raise ValueError(f'"{text[:60]} ..." stands for {len(written)} stretches of words: {side_by_side}')
            plain = list(map(self._plain, written))
            telling = (each.telling for each in plain) if all(written) else ()
            self._parts[text] = self._either(plain), frozenset(telling)
        return self._parts[text]

    def _alternatives(self, text: str) -> Iterable[str]:
        """Every text that one stands for, a class of words in it taken word for word."""
        part = next((part for part in _CLASS.finditer(text) if part.group(1) not in _NAMES), None)
        if part is None:
            yield text
            return
        for word in self._classes[part.group(1)]:
            yield from self._alternatives(text[: part.start()] + word + text[part.end() :])

    def _commonness(self, words: frozenset[str]) -> tuple[int, int]:
        """How often a word of a set is met, roughly: short words are."""
        return sum(len(word) < 4 for word in words), len(words)

    def _plain(self, text: str) -> _Stretch:
        """A stretch of words as a reply has them. Few are in one pattern only."""
        found = self._stretches.get(text)
        if found is None:
            words = [self._time(word) or word for word in self._spelt(text.split())]
            self.words.update(word for word in words if word[0].isalpha())
            found = self._stretches[text] = _Stretch("".join(map(_written, words)), max(words, key=_telling, default=""))
        return found

    def _either(self, stretches: Iterable[_Stretch]) -> str:
        """A regular expression for one of several stretches of words, the longest first."""
        return "|".join(sorted({each.written for each in stretches}, key=lambda text: (-len(text), text)))


def _written(word: str) -> str:
    return _NAMES[word[1:-1]] if word[:1] == "<" else f"{re.escape(word)} "


def _telling(word: str) -> int:
    """How well a reply is known by a word; 0 for a mark, which no reply holds as it stands."""
    return len(word) if word[0].isalpha() else 0


def _end(shape: re.Pattern[str], text: str, at: int) -> int:
    match = shape.match(text, at)
    return at if match is None else match.end()
