"""What others would have read: the market's keyword matcher and plain string likeness, with the ruleset's own keys and phrases.

Both get everything that the ruleset teaches, in every language, and the likeness gets the threshold that suits it best
on the very replies that it is judged by. So the difference that is left is not one of vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process

from engine.reading import UNKNOWN
from engine.ruleset import Ruleset
from engine.understanding import LABELS
from evaluation.labelled import Labelled
from evaluation.scores import Verdict, figures

_EDGES = " \t\r\n.,!;:\"'()-"
_LOWEST, _HIGHEST = 50, 100
_KEPT = {"keep": "confirm"}  # the visit stands


def whole_keys(ruleset: Ruleset) -> dict[str, str]:
    """Each key in lower case, and the label that it stands for."""
    return {key.casefold(): _label(intent.name) for intent in ruleset.intents.values() for key in intent.keys}


class Keywords:
    """The reply is a key, or begins with one, whatever its case and the marks around it."""

    def __init__(self, ruleset: Ruleset, first_word: bool = False) -> None:
        self._keys = whole_keys(ruleset)
        self._first_word = first_word

    def __call__(self, reply: Labelled) -> str:
        said = reply.text.casefold().strip(_EDGES)
        if self._first_word:
            said = (said.split() or [""])[0].strip(_EDGES)
        return self._keys.get(said, UNKNOWN)


class Likeness:
    """The phrase or key with the highest WRatio decides, where the score reaches a threshold."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._meant = whole_keys(ruleset)
        for intent in ruleset.intents.values():
            for phrases in (*intent.phrases.values(), *intent.words.values()):
                for phrase in phrases:
                    self._meant.setdefault(phrase.casefold(), _label(intent.name))
        choices = {default_process(text): text for text in reversed(self._meant)}
        choices.pop("", None)
        self._choices = choices

    def nearest(self, reply: Labelled) -> tuple[str, float]:
        """The label of the nearest phrase, and how near it is, 0 to 100."""
        said = default_process(reply.text)
        found = process.extractOne(said, self._choices.keys(), scorer=fuzz.WRatio) if said else None
        return (self._meant[self._choices[found[0]]], found[1]) if found else (UNKNOWN, 0.0)

    def best(self, replies: Sequence[Labelled]) -> tuple[int, list[Verdict]]:
        """The threshold at which coverage less the unsafe rate is highest, and its verdicts."""
        near = [(reply, *self.nearest(reply)) for reply in replies]

        def at(threshold: int) -> list[Verdict]:
            return [Verdict(reply, label if score >= threshold else UNKNOWN) for reply, label, score in near]

        def worth(verdicts: list[Verdict]) -> float:
            found = figures(verdicts)
            return (found.coverage or 0.0) - (found.unsafe or 0.0)

        return max(((t, at(t)) for t in range(_LOWEST, _HIGHEST + 1)), key=lambda tried: worth(tried[1]))


def _label(intent: str) -> str:
    name = _KEPT.get(intent, intent)
    return name if name in LABELS else UNKNOWN
