"""Danger by points, counted as an early-warning score counts them: for what no phrase, sentence or sign foresees.

"Standing on the bridge now sorry", "chainsaw slipped, its my thigh": nobody can list what people will write, but the words of
such texts are not those of an answer. Each word of a lexicon's `points` raises the score or, where it is at home in small talk,
lowers it; a long text needs more. Enough points alarm, and with a few less a person reads the reply, but only where the patient
would else be asked again: an answer that is understood stays one, and what is known to be no danger ("no bleeding", "stroke
clinic") is not counted again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.lexicon import Lexicon
from engine.normalise import fold

_ENOUGH = 5  # points that alarm
_ENOUGH_ASKED = 6  # of a question, which goes to a person anyway: "will it hurt, I faint at needles"
_TOO_MANY = 3  # with as many, a person had better read it
_TOGETHER = 2  # words that raise the score: one alone never alarms
_TELLING = 2  # points that one of them must have
_FREE = 6  # words; beyond them
_LENGTH = 10  # as many cost a point


@dataclass(frozen=True, slots=True)
class Points:
    """What each word of a language is worth."""

    worth: Mapping[str, int]

    def told(self, sentences: Iterable[Sequence[str]], denies: Callable[[str], bool]) -> Score | None:
        """The score of a reply that is not to be asked about, or None. A word that is denied counts nothing, one said twice
        counts once.
        """
        said = [word for sentence in sentences for at, word in enumerate(sentence) if not (at and denies(sentence[at - 1]))]
        raising = tuple(word for word in dict.fromkeys(said) if self.worth.get(word, 0) > 0)
        if len(raising) < _TOGETHER or max(map(self.worth.__getitem__, raising)) < _TELLING:
            return None
        points = sum(self.worth.get(word, 0) for word in set(said)) - max(0, len(said) - _FREE) // _LENGTH
        return Score(points, raising) if points >= _TOO_MANY else None


@dataclass(frozen=True, slots=True)
class Score:
    """Points, and the words that they are for."""

    points: int
    words: tuple[str, ...]

    def alarms(self, asked: bool) -> bool:
        """Whether they are enough. `asked` tells that the reply is a question."""
        return self.points >= (_ENOUGH_ASKED if asked else _ENOUGH)


def points(lexicon: Lexicon, spelt: Callable[[Sequence[str]], list[str]]) -> Points:
    """The points of a lexicon, its words spelt as replies are when they are compared."""
    worth: dict[str, int] = {}
    for value, lines in lexicon.points.items():
        for line in lines:
            words = spelt([line])
            worth.setdefault(words[0] if len(words) == 1 else fold(line), value)
    return Points(worth)
