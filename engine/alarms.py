"""Words that decide wherever they stand: danger, and the patient's death.

Each is a stretch of words ("took an overdose"), or words that alarm together in whatever order they come ("there was
blood, it just kept pouring"). Sayings that only sound so are known as such, and so is the death of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.clauses import match
from engine.lexicon import Role
from engine.normalise import BREAK
from engine.phrasebook import DECIDING, DISTANT_KIN, KIN, Phrase, Phrasebook, holds

_CLOSE = 9  # words between two that alarm together
_DEATH = "deceased"
_YOURS = ("your", KIN)

Sets = Sequence[frozenset[str]]


def found(
    book: Phrasebook, said: Sequence[str], spelt: Sequence[tuple[list[str], bool]], alike: Sequence[Sequence[str]]
) -> Phrase | None:
    """The gravest alarm of a reply, or None. `said` are its words as they stand; `spelt` are its segments as spelt, each with
    whether it asks; `alike` are the same with turns of phrase made one.
    """
    best: Phrase | None = None
    for (segment, asked), words in zip(spelt, alike, strict=True):
        content = [*book.grave(segment), BREAK]
        for at in range(len(content)):
            phrase = match(content, at, book.deciding)
            if phrase is None or (phrase.intent == _DEATH and _of_another(book, said, words, asked, alike)):
                continue
            if best is None or DECIDING.index(phrase.intent) < DECIDING.index(best.intent):
                best = phrase
    apart = [word for segment, _ in spelt for word in book.apart(segment)]
    best = best or _near(book, apart, alike)
    return None if best is None or any(_together(apart, sets) for sets in book.light) else best


def _near(book: Phrasebook, content: Sequence[str], alike: Sequence[Sequence[str]]) -> Phrase | None:
    best: Phrase | None = None
    of_another = any(DISTANT_KIN in words for words in alike)
    for at, word in enumerate(content):
        for phrase, sets in book.near.get(word, ()):
            if phrase.intent == _DEATH and (best is not None or of_another):
                continue
            places = _close(content, at, sets[1:])
            if places and (not at or at - 1 in places or not book.role(content[at - 1]) & Role.NO):
                best = replace(phrase, text=" ".join(content[place] for place in sorted(places)))
                if phrase.intent != _DEATH:
                    return best
    return best


def _of_another(
    book: Phrasebook, said: Sequence[str], words: Sequence[str], asked: bool, alike: Sequence[Sequence[str]]
) -> bool:
    """A death told as the patient's own reason ("my granny died, can I change it") is not the patient's death, nor is one
    that is asked about or that is the reader's ("sorry that your dad died").
    """
    return DISTANT_KIN in words or (asked and KIN not in words) or holds(words, _YOURS) or _as_a_reason(book, said, alike)


def _as_a_reason(book: Phrasebook, said: Sequence[str], alike: Sequence[Sequence[str]]) -> bool:
    """Whether the writer has plans of his own to change. Who will not come is the dead one where it is said of her or him:
    "mi madre murió, no irá".
    """
    if any(holds(said, absent) for absent in book.theirs):
        return False
    return any(holds(segment, plan) for segment in alike for plan in book.own_plans)


def _together(content: Sequence[str], sets: Sets) -> bool:
    return any(word in sets[0] and bool(_close(content, at, sets[1:])) for at, word in enumerate(content))


def _close(content: Sequence[str], at: int, sets: Sets) -> list[int]:
    """The place `at` and one close to it for a word of each set, each its own; none where a set has no word there."""
    near = [at]
    places = [place for place in range(max(0, at - _CLOSE), min(len(content), at + _CLOSE + 1)) if place != at]
    for words in sets:
        place = next((place for place in places if content[place] in words), None)
        if place is None:
            return []
        places.remove(place)
        near.append(place)
    return near
