"""Words that decide wherever they stand: danger, and the patient's death.

Each is a stretch of words ("took an overdose"), or words that alarm together in whatever order they come ("there was
blood, it just kept pouring"). Sayings that only sound so are known as such, and so is the death of another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from engine import deaths
from engine.lexicon import Role
from engine.normalise import BREAK, is_number
from engine.phrase import DEATH, DECIDING, DISTANT_KIN, NUMBER, Phrase
from engine.phrasebook import Phrasebook
from engine.points import Score
from engine.segments import Segment
from engine.utterance import Utterance

_CLOSE = 14  # words from the first to the last of several that alarm together
_CLOSE_OF_TWO = 8

Sets = Sequence[frozenset[str]]


@dataclass(frozen=True)
class Alarms:
    """What one reply tells of danger and of death, each thing worked out when it is first asked for."""

    said: Utterance

    @cached_property
    def found(self) -> Phrase | None:
        """The gravest alarm, with the words that tell it as its text, or None."""
        said = self.said
        if self._gravest is None:
            return None
        apart = [word for sentence in _sentences(said.book, said.spelt) for word in sentence]
        return None if any(_together(apart, sets) for sets in said.book.light) else self._gravest

    @property
    def set_aside(self) -> bool:
        """Whether it holds words of danger or of death that are not taken for an alarm: "this heat is killing me"."""
        return self.found is None and (self._named or self._gravest is not None)

    @property
    def points(self) -> Score | None:
        """The score of danger where nothing else is made of the reply, or None: not where it holds an alarm that was heard
        and set aside, tells of a beast or of what has long been so.
        """
        book, told = self.said.book, self.said.book.asides.of_somebody(self.said.spelt)
        if (self.found is None and self._named) or book.asides.long_known(told):
            return None
        return book.points.told(_sentences(book, told), book.denies)

    @property
    def death_told(self) -> bool:
        """Whether somebody's death is told who may be the patient, or whom the patient lost: a grandmother, a neighbour."""
        book, told = self.said.book, self.said.spelt
        for at, segment in enumerate(self.said.segments):
            for phrase, _, _ in () if segment.asked else _deciding(book, segment):
                if phrase.intent != DEATH or deaths.of_a_creature(book, told, at, phrase.words):
                    continue
                if DISTANT_KIN in segment.alike or deaths.of_a_patient(book, segment.spelt, phrase.words, told):
                    return True
        return False

    @cached_property
    def _gravest(self) -> Phrase | None:
        return _gravest(self.said)

    @cached_property
    def _named(self) -> bool:
        """Whether a word stands in it that decides wherever it stands, whatever is made of it."""
        return any(True for segment in self.said.segments for _ in _deciding(self.said.book, segment))


def _gravest(said: Utterance) -> Phrase | None:
    """The gravest alarm of a reply, be it in a saying or not."""
    book, alike, told = said.book, said.alike, said.spelt
    best: Phrase | None = None
    death: Phrase | None = None
    others = False  # a death is told of somebody or something that is no patient
    for number, (segment, dated) in enumerate(zip(said.segments, said.dated, strict=True)):
        for phrase, content, places in _deciding(book, segment):
            if phrase.intent == DEATH:
                if not deaths.of_a_patient(book, segment.spelt, phrase.words, told):
                    others = True
                    continue
                if deaths.of_a_creature(book, told, number, phrase.words):
                    continue
                asked = segment.asked or deaths.asks(book, segment.spelt)
                if deaths.of_another(book, said.folded, number, phrase.words, asked, alike):
                    continue
            elif book.asides.not_now(content, places, dated):
                continue
            phrase = replace(phrase, text=" ".join(content[at] for at in places if content[at] is not BREAK))
            if phrase.intent == DEATH:
                death = death or phrase
            if best is None or _gravity(book, phrase) < _gravity(book, best):
                best = phrase
    if best is not None and death is not None and best.text in book.asides.causes:
        best = death  # "had a massive stroke and died"
    if best is not None and best.intent == DEATH and others and len(best.words) == 1:
        best = None  # "the laptop passed away, RIP"
    sentences = _sentences(book, told)
    apart = [word for sentence in sentences for word in sentence]
    if best is None:
        best = _near(book, apart, said.dated, alike, deaths=not others)
        if best is not None and best.intent == DEATH and deaths.spells_out_plans(book, alike):
            best = None
        best = best or _signs(book, sentences, told)
    if best is None or best.intent == DEATH:
        return best
    words = set(best.text.split())
    return best if any(words & set(spelt) for spelt in book.asides.of_somebody(told)) else None


def _gravity(book: Phrasebook, phrase: Phrase) -> tuple[int, bool]:
    """How grave what a phrase tells is, the gravest first; of two alike comes first the one that is not said of anything."""
    return DECIDING.index(phrase.intent), bool(book.loose) and book.loose.issuperset(phrase.text.split())


def _deciding(book: Phrasebook, segment: Segment) -> Iterator[tuple[Phrase, list[str], range]]:
    """What stands in a segment of the words that decide wherever they stand, each with the words around it and its places
    in them.
    """
    content = [*book.grave(segment.spelt), BREAK]
    for at in range(len(content)):
        phrase = book.deciding.longest(content, at)
        if phrase is not None:
            yield phrase, content, range(at, at + len(phrase.words))


def _sentences(book: Phrasebook, told: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[NUMBER if is_number(word) else word for word in book.apart(spelt)] for spelt in told]


def _near(
    book: Phrasebook,
    content: Sequence[str],
    spelt: Sequence[Sequence[str]],
    alike: Sequence[Sequence[str]],
    deaths: bool,
) -> Phrase | None:
    best: Phrase | None = None
    familiar = not book.familiar.isdisjoint(content) and book.ours.isdisjoint(content)
    deaths = deaths and not any(DISTANT_KIN in words for words in alike)
    for at, word in enumerate(content):
        for phrase, sets in book.near.get(word, ()):
            if (phrase.intent == DEATH and (best is not None or not deaths)) or (phrase.weak and familiar):
                continue
            places = _close(content, at, sets[1:], _CLOSE if len(sets) > 2 else _CLOSE_OF_TWO)
            if not places or (at and at - 1 not in places and book.role(content[at - 1]) & Role.NO):
                continue
            if book.asides.partly_denied(content, places):
                continue
            if phrase.intent == DEATH or not book.asides.not_now(content, places, [word for words in spelt for word in words]):
                best = replace(phrase, text=" ".join(content[place] for place in sorted(places)))
                if phrase.intent != DEATH:
                    return best
    return best


def _signs(book: Phrasebook, sentences: Sequence[Sequence[str]], spelt: Sequence[Sequence[str]]) -> Phrase | None:
    """What is told by signs alone. Nothing where it is said to a familiar, or has long been so."""
    told = book.signs.told(sentences, book.denies)
    if not told or book.asides.long_known(spelt):
        return None
    words = {word for segment in spelt for word in segment}
    if not book.familiar.isdisjoint(words) and book.ours.isdisjoint(words):
        return None
    return Phrase(DECIDING[0], told, (), key=False, weak=True, negative=False, asks=False)


def _together(content: Sequence[str], sets: Sets) -> bool:
    return any(word in sets[0] and bool(_close(content, at, sets[1:], _CLOSE)) for at, word in enumerate(content))


def _close(content: Sequence[str], at: int, sets: Sets, reach: int) -> list[int]:
    """The place `at` and one within reach of it for a word of each set, each its own and as near as can be; none where a set
    has no word there.
    """
    first, end = max(0, at - reach), min(len(content), at + reach + 1)
    around = content[first:end]
    for words in sets:
        if words.isdisjoint(around):
            return []
    places = sorted((place for place in range(first, end) if place != at), key=lambda place: abs(place - at))
    others = _each_its_own(content, places, sets)
    near = [] if others is None else [at, *others]
    return near if near and max(near) - min(near) <= _CLOSE else []


def _each_its_own(content: Sequence[str], places: Sequence[int], sets: Sets) -> list[int] | None:
    """A place for a word of each set, the first ones that leave every set one of its own; None where there are too few."""
    if not sets:
        return []
    for place in places:
        if content[place] in sets[0]:
            others = _each_its_own(content, [other for other in places if other != place], sets[1:])
            if others is not None:
                return [place, *others]
    return None
