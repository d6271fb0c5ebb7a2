"""The keys of answers as a reply holds them: two of them, the letters of two, a letter that looks like a small word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.clauses import Clause
from engine.lexicon import Role
from engine.objections import NOT
from engine.phrase import DAY, NUMBER, Phrase
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared
from engine.utterance import Utterance


@dataclass(frozen=True)
class KeysSaid:
    """One reply, as written and clause by clause."""

    said: Utterance
    parts: Sequence[Clause]

    @property
    def prepared(self) -> Prepared:
        return self.said.prepared

    @property
    def book(self) -> Phrasebook:
        return self.said.book

    @property
    def of_two(self) -> bool:
        """Whether the whole reply is two keys of different answers: "confirm cancel", and "yes cancel", which some read as one
        and some as the other.
        """
        words, keys = self.said.normal.words, self.prepared.keys
        if len(words) != 2 or not all(word in keys for word in words):
            return False
        if len(words[0]) == 1 and not words[1].isalnum():  # "C 👍"
            return False
        first, last = (keys[word][0] for word in words)
        outcomes, answers = self.prepared.outcomes, self.prepared.answers - self.prepared.courtesies
        return {first, last} <= answers and outcomes[first] != outcomes[last]

    @property
    def letters_of_two(self) -> bool:
        """Whether letters of two answers stand in it, each by itself: "C, well R really"."""
        letters = {word for part in self.parts if not part.negated for word in part.words if len(word) == 1}
        written = self.said.normal.words
        letters |= {word for word, after in pairwise(written) if len(word) == 1 and after in self.book.governing}  # "Y for Tom"
        intents = {self.prepared.keys[word][0] for word in letters & self.prepared.keys.keys()} & self.prepared.answers
        return len({self.prepared.outcomes[intent] for intent in intents}) > 1

    @property
    def began_with_a_yes(self) -> bool:
        """Whether the first word is the letter of a yes, taken for a small word of the language that looks like it: the Y of "Y
        для мене, а чоловіку відмініть".
        """
        affirms = self.prepared.picked_by(self.said.first) in self.prepared.affirming
        return affirms and not any(self.said.first in part.words for part in self.parts)

    def yes_to_another_day(self, phrase: Phrase) -> bool:
        """Whether a day is refused behind a yes: "yes Tuesday, not Thursday"."""
        day = any(word in (NUMBER, DAY) or self.book.role(word) & Role.WHEN for word in phrase.words)
        return phrase.words[0] == NOT and day and self._opens_with_a_yes and bool(self.book.role(self.said.first) & Role.YES)

    @property
    def yes_before_a_no(self) -> bool:
        """Whether it begins with the word for a yes and goes on with a no: "yes i cant make it" is a letter from "can"."""
        book, words = self.book, next(iter(self.said.spelt), [])
        after = next((word for word in words[1:] if word not in book.aux and not book.role(word) & Role.STOP), "")
        return self._opens_with_a_yes and bool(book.role(after) & Role.NEGATION and not book.role(after) & Role.NO)

    @property
    def _opens_with_a_yes(self) -> bool:
        key, _ = self.prepared.keys.get(self.said.first, ("", ""))
        return key in self.prepared.affirming
