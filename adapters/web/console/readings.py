"""How a reply was read, in words for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import DamerauLevenshtein

from adapters.web import plain

_NEAR = 2  # letters by which a word may differ from the one it was taken for


@dataclass(frozen=True, slots=True)
class Explained:
    """`read_as` and `why` in words; `spelling`: which words were taken for which; `next_best`: what came nearest to another
    meaning, "" where nothing did. Scores are 0 to 100, 100 the same words."""

    read_as: str
    score: int
    why: str
    spelling: Sequence[str]
    next_best: str


def explain(data: Mapping[str, Any]) -> Explained:
    """From the data of an entry `reply.read`."""
    candidates = data["candidates"]
    phrase = candidates[0][1] if candidates and candidates[0][0] == data["intent"] else ""
    other = next(((intent, near, score) for intent, near, score in candidates if intent != data["intent"]), None)
    return Explained(
        read_as=plain.meaning(data["intent"]),
        score=round(data["score"]),
        why=data["why"] or plain.rule(data["rule"]).capitalize() + ".",
        spelling=_spelling(data["normalised"], phrase),
        next_best=f"{plain.meaning(other[0])}, “{other[1]}”, {other[2]:.0f}" if other is not None else "",
    )


def _spelling(said: str, phrase: str) -> list[str]:
    """Which words of a reply were taken for words of the phrase that are spelt nearly so."""
    known = phrase.casefold().split()
    found = []
    for word in said.casefold().split():
        if word in known or len(word) < 4:
            continue
        nearest = min(known, key=lambda each: DamerauLevenshtein.distance(word, each), default="")
        apart = DamerauLevenshtein.distance(word, nearest)
        if nearest and apart <= _NEAR < len(nearest):
            found.append(f"“{word}” is {plain.counted(apart, 'letter')} from “{nearest}”")
    return found
