"""Signs of danger told in halves that stand some words apart: a part of a body, and what has become of it.

"My foot is pointing at the neighbours", "the tube in my kidney fell out": who tells it names the part first and what is wrong
with it in whatever words come, so that no stretch of words is foreseen. A line of a lexicon's `halves` is one word of each of
its classes, near one another in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

_FAR = 12  # words between two signs that belong together
_APART = 4  # words from each half to the next, those not counted that are passed over

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of danger as a reply holds it. `places` are those of its words among all that are not passed over, in order."""

    places: tuple[int, ...]
    kind: str
    text: str

    def goes_with(self, other: Sign) -> bool:
        """Whether another sign tells of the same as this one, in other words: near it, and not made of the same words."""
        near = abs(self.places[0] - other.places[0]) <= _FAR
        return near and self.text != other.text and frozenset(self.places).isdisjoint(other.places)


@dataclass(frozen=True, slots=True)
class Halves:
    """A language's halves by each word of the rarer one: the kind of sign they make, and the others."""

    by_word: Mapping[str, Sequence[tuple[str, Sequence[Words]]]]

    @property
    def words(self) -> Words:
        """Every word that stands in one."""
        others = (words for patterns in self.by_word.values() for _, halves in patterns for words in halves)
        return frozenset(self.by_word).union(*others)

    def told(self, words: Sequence[str], denies: Callable[[str], bool]) -> list[Sign]:
        """The signs in the words of one sentence. One of which anything is denied is none."""
        found = []
        for at, word in enumerate(words):
            for kind, others in self.by_word.get(word, ()):
                places = _near(words, at, others)
                if places and not any(_denied(words, place, places, denies) for place in places):
                    found.append(sign(words, places, kind))
        return found


def halves(lines: Mapping[str, Iterable[Sequence[Words]]]) -> Halves:
    """The halves of a lexicon, their words spelt as replies are when they are compared."""
    by_word: dict[str, list[tuple[str, Sequence[Words]]]] = {}
    for kind, patterns in lines.items():
        for pattern in patterns:
            rarest, *others = sorted(pattern, key=len)
            for word in rarest:
                by_word.setdefault(word, []).append((kind, tuple(others)))
    return Halves(by_word)


def sign(words: Sequence[str], places: Iterable[int], kind: str) -> Sign:
    """The sign of a kind that the words at some places make."""
    there = tuple(sorted(places))
    return Sign(there, kind, " ".join(words[place] for place in there))


def _near(words: Sequence[str], at: int, others: Sequence[Words]) -> list[int]:
    """The place `at` and that of a word of each of `others`, each its own and near what was found before; none where one has
    no word there.
    """
    places = [at]
    for half in others:
        begin, end = max(0, min(places) - _APART), max(places) + _APART + 1
        near = [place for place in range(begin, min(end, len(words))) if place not in places and words[place] in half]
        if not near:
            return []
        places.append(min(near, key=lambda place: abs(place - at)))
    return places


def _denied(words: Sequence[str], place: int, places: Sequence[int], denies: Callable[[str], bool]) -> bool:
    """Whether what stands straight before a half, and is none itself, takes it back: "the leg is not numb"."""
    return place > 0 and place - 1 not in places and denies(words[place - 1]) and not denies(words[place])
