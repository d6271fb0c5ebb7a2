"""Which phrases a reply resembles as a whole, letter by letter, where no phrase stands in it word for word."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz, process

from engine.reading import Candidate
from engine.ruleset import Matching
from engine.utterance import Utterance

_COMPARED = 200  # letters
_WORST_SCORE_SHOWN = 40.0
_MOST = 6


@dataclass(frozen=True)
class Resemblance:
    """What one reply is like, and how like by `matching` is enough."""

    said: Utterance
    matching: Matching

    @cached_property
    def candidates(self) -> list[Candidate]:
        """The nearest phrases, best first."""
        text, book = " ".join(self.said.content)[:_COMPARED], self.said.book
        found = process.extract(text, book.choices, scorer=fuzz.ratio, limit=_MOST, score_cutoff=_WORST_SCORE_SHOWN)
        return [Candidate(p.intent, p.text, round(score, 1)) for p, score in ((book.whole[c], s) for c, s, _ in found)]

    @property
    def nearest(self) -> Candidate | None:
        """The phrase that it is worth asking about, None where there is none or one of another outcome is as near."""
        first = next(iter(self.candidates), None)
        if first is None or first.score < self.matching.ask:
            return None
        outcomes = self.said.prepared.outcomes
        rival = next((each for each in self.candidates if outcomes[each.intent] != outcomes[first.intent]), None)
        return first if rival is None or first.score - rival.score >= self.matching.lead else None

    def is_slip(self, candidate: Candidate) -> bool:
        """Whether the reply is that phrase, but for misspelt words: a word of the language is never a slip."""
        if candidate.score < self.matching.accept:
            return False
        book, said = self.said.book, self.said.content
        phrase = next(phrase for phrase in book.whole.values() if phrase.text == candidate.phrase)
        strange = [word for word in said if word not in phrase.words]
        missing = [word for word in phrase.words if word not in said]
        long = all(len(word) >= self.matching.exact_below for word in (*strange, *missing))
        return long and book.known.isdisjoint(strange)
