"""The evidence in a reading: the rule that decided, why in one sentence, and the phrases that the reply is nearest to."""

from __future__ import annotations

from dataclasses import dataclass

from engine.phrase import Phrase
from engine.reading import UNKNOWN, Candidate, Reading
from engine.resemblance import Resemblance
from engine.utterance import Utterance

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """Makes the reading of one reply, whatever was decided."""

    said: Utterance
    resemblance: Resemblance

    def say(
        self, intent: str, rule: str, why: str, score: float = 0.0, first: Candidate | None = None, guess: str | None = None
    ) -> Reading:
        """A reading whose candidates are the nearest phrases, behind the `first` one where that decided. Without a score it has
        that of the nearest.
        """
        candidates = self.resemblance.candidates
        if first is not None:
            candidates = [first, *(each for each in candidates if each.phrase != first.phrase)]
        if not score and candidates:
            score = candidates[0].score
        return Reading(intent, score, rule, self.said.normal.text, tuple(candidates[:_SHOWN]), guess, why)

    def act(self, phrase: Phrase, because: str) -> Reading:
        """A phrase taken at its word."""
        rule = "phrase" if len(phrase.words) > 1 or not phrase.key else "keyword"
        why = f'It says "{self.said.quoted(phrase)}", and {because}.'
        return self.say(phrase.intent, rule, why, 100.0, Candidate(phrase.intent, phrase.text, 100.0))

    def ask(self) -> Reading:
        """A question."""
        asking = self.said.prepared.asking
        if asking is None:
            return self.say(UNKNOWN, "question", "It asks something.")
        return self.say(asking, "question", "It asks something, so an answer in it is not acted on.", 100.0)
