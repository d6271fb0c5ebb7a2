"""A phrase as it is compared with what a reply says, and the marks that stand in it for words of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass

from engine.lexicon import Role

NUMBER = "#"
DAY = "@"
ASK = "ask"
ASK_PAST = "ask_past"
WHILE = "while"  # a question word that asks nothing
SAYING = "saying"
TALE = "tale"  # a whole sentence of what patients tell beside a yes: it answers nothing, and nothing hangs on it
REASON = "reason"  # the same of what patients tell beside a refusal
ENGAGED = "engaged"  # the same of what patients have on that day: why they refuse, and by itself a wish for another time
REMARK = "remark"  # a whole sentence that is understood and means nothing by itself
CANNOT = "cannot"
IF_POSSIBLE = "if_possible"  # a condition that a wish may stand under and stay one
SUITS = "suits"
BARRING = "rather_than"
NAME = "firstname"
KIN = "kin"
DISTANT_KIN = "distant_kin"
YEAR_PAST = "year_past"
DEATH = "deceased"
DECIDING = ("urgent", DEATH)  # of ALWAYS_INTENTS: their words decide wherever they stand
OPT_OUT = "stop"  # of ALWAYS_INTENTS: said of much else too ("stop messing"), so nothing unknown may stand in its clause

SKIPPED = Role.STOP | Role.FILLER  # passed over when phrases are compared

Stretch = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of an intent, as compared. `words` are rewritten and without words that are skipped."""

    intent: str
    text: str
    words: tuple[str, ...]
    key: bool  # the last word is a key of the intent, so what follows it is its object
    weak: bool  # nothing but acknowledgement: any other meaning beside it decides; of an alarm, one in a layman's words
    negative: bool  # holds a negation of its own
    asks: bool  # is a question or a wish itself, so that a question mark does not speak against it

    @property
    def letter(self) -> bool:
        """A single letter or figure, which means something only where it stands alone."""
        return len(self.words) == 1 and len(self.words[0]) == 1 and self.words[0].isalnum()


class Phrases:
    """Phrases by their words, so that the longest that begins at a place is found at once. Of two with the same words the
    first counts.
    """

    __slots__ = ("_by_first",)

    def __init__(self) -> None:
        self._by_first: dict[str, tuple[list[int], dict[Stretch, Phrase]]] = {}  # with the lengths there are, the longest first

    def add(self, phrase: Phrase) -> None:
        lengths, phrases = self._by_first.setdefault(phrase.words[0], ([], {}))
        phrases.setdefault(phrase.words, phrase)
        if len(phrase.words) not in lengths:
            lengths.append(len(phrase.words))
            lengths.sort(reverse=True)

    def __iter__(self) -> Iterator[Phrase]:
        """Those that begin alike together, the longest of them first."""
        for _, phrases in self._by_first.values():
            yield from sorted(phrases.values(), key=lambda phrase: -len(phrase.words))

    @property
    def beginnings(self) -> KeysView[str]:
        """The words that one of them begins with."""
        return self._by_first.keys()

    def exactly(self, words: Sequence[str]) -> Phrase | None:
        """The phrase that is made of these words, or None."""
        found = self._by_first.get(words[0]) if words else None
        return None if found is None else found[1].get(tuple(words))

    def longest(self, words: Sequence[str], at: int) -> Phrase | None:
        """The longest phrase that begins at a place, or None."""
        found = self._by_first.get(words[at])
        if found is None:
            return None
        lengths, phrases = found
        for length in lengths:
            phrase = phrases.get(tuple(words[at : at + length]))
            if phrase is not None:
                return phrase
        return None


def place(words: Sequence[str], pattern: tuple[str, ...]) -> int | None:
    """Where `pattern` first stands in `words` as one stretch, None where it does not."""
    first, length = pattern[0], len(pattern)
    if first not in words:
        return None
    return next((at for at, word in enumerate(words) if word == first and tuple(words[at : at + length]) == pattern), None)


def holds(words: Sequence[str], pattern: tuple[str, ...]) -> bool:
    """Whether `pattern` stands in `words` as one stretch."""
    return place(words, pattern) is not None


def by_first(stretches: Iterable[Sequence[str]]) -> dict[str, list[Stretch]]:
    """Stretches of words, each once, by their first words."""
    return _by_word(stretches, 0)


def by_last(stretches: Iterable[Sequence[str]]) -> dict[str, list[Stretch]]:
    """The same by their last words."""
    return _by_word(stretches, -1)


def _by_word(stretches: Iterable[Sequence[str]], at: int) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = {}
    for stretch in dict.fromkeys(map(tuple, stretches)):
        found.setdefault(stretch[at], []).append(stretch)
    return found


def holds_any(words: Sequence[str], stretches: Mapping[str, Sequence[Stretch]]) -> bool:
    """Whether one of `stretches`, which are `by_first`, stands in `words`."""
    return any(holds(words, stretch) for word in words for stretch in stretches.get(word, ()))
