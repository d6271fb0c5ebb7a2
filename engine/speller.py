"""Words put right: slips of the finger, doubled letters, run-ons, elisions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from engine.language import Language
from engine.normalise import fold, is_number
from engine.phrase import NAME, NUMBER

REPAIR_FROM = 5  # shorter words are never a target for a slip of the finger: no/now, yes/yet, see/she
_CLITIC_FROM = 4  # letters with the one that is a word by itself: Arabic "in" of "in my chest"
_TWO_SLIPS_FROM = 9  # letters: "definately" may be two slips away, "blessing" is not "bleeding"
_REPAIR_LIKE = 80.0
_LONGEST_WORD = 30
_THRICE = re.compile(r"(.)\1{2,}")
_TWICE = re.compile(r"(.)\1+")


@dataclass(frozen=True, eq=False, slots=True)
class Speller:
    """Puts right what a language and a ruleset do not have. Nothing is touched that is one of their words."""

    language: Language
    known: frozenset[str]
    targets: tuple[str, ...]  # what a slip may have been meant for
    gravest: frozenset[str]  # of them, those that decide: no more than one slip away
    heads: frozenset[str]  # what a run-on may begin with: "yesthanks"
    negations: tuple[str, ...]

    def spelt(self, words: Sequence[str]) -> list[str]:
        """The words put right and nothing more."""
        return self.joined(self.mended(words))

    def mended(self, words: Sequence[str]) -> list[Sequence[str]]:
        """Each word by itself put right: most as they are, a run-on in its words."""
        return [self._known_or_repaired(word) for word in words]

    def joined(self, mended: Iterable[Sequence[str]]) -> list[str]:
        """Mended words with those spellings that take several words put right."""
        return self.language.spelling([part for parts in mended for part in parts])

    def _known_or_repaired(self, word: str) -> Sequence[str]:
        folded = word if word.isascii() else self.language.accented.get(word) or fold(word)
        if folded in self.known:
            return (folded,)
        if not folded:  # nothing but accents
            return ()
        return (NUMBER,) if is_number(folded) else self._repaired(folded)

    def _repaired(self, word: str) -> list[str]:
        """A word that the language does not have, put right where one slip of the finger explains it; else as it is."""
        known = self.known
        for shorter in (_THRICE.sub(r"\1\1", word), _TWICE.sub(r"\1", word)):
            if shorter != word and shorter in known:
                return [shorter]
        if word.endswith("in") and f"{word}g" in known and f"{word}g" not in self.gravest:  # "waitin"
            return [f"{word}g"]
        if word.endswith("'s") and word[:-2] in known:
            return [word[:-2]]
        head, mark, rest = word.partition("'")
        if mark and rest and head in self.language.words("elisions"):  # French "j'annule", "l'heure"
            return [head, *self._known_or_repaired(rest)]
        if len(word) > _LONGEST_WORD or not word.isalnum():
            return [word]
        if len(word) > _CLITIC_FROM and word[0] in self.language.words("clitics") and word[1:] in known:
            return [word[1:]]
        latin = self.language.latin
        meant = latin.meant(word) if latin is not None else ""
        if meant:
            return [meant]
        parts = self._parted(word)
        if parts:
            return parts
        if len(word) >= REPAIR_FROM - 1 and word.isalpha():
            found = process.extract(word, self.targets, scorer=fuzz.ratio, score_cutoff=_REPAIR_LIKE, limit=2)
            allowed = 1 if len(word) < _TWO_SLIPS_FROM else 2
            near = [
                target
                for target, _, _ in found
                if OSA.distance(word, target, score_cutoff=allowed) <= (1 if target in self.gravest else allowed)
            ]
            near = [target for target in near if not (self._contrary(word, target) or _begins_otherwise(word, target))]
            if near and (len(near) == 1 or found[0][1] > found[1][1] or self._one_word(near)):
                return [near[0]]
        return [word]

    def _contrary(self, word: str, target: str) -> bool:
        """Whether the slip would take a negation away: Lithuanian "neatvyksiu" is no misspelt "atvyksiu"."""
        return any(
            word.startswith(negation) and OSA.distance(word[len(negation) :], target, score_cutoff=1) <= 1
            for negation in self.negations
        )

    def _one_word(self, targets: Sequence[str]) -> bool:
        """Whether words, none of which alarms, are spellings of one and the same: "apointment" and "appointmnt"."""
        meant = {tuple(self.language.spelling([target])) for target in targets}
        return len(meant) == 1 and self.gravest.isdisjoint([*targets, *next(iter(meant))])

    def _stands_alone(self, word: str) -> bool:
        """Whether a word may be one of a run-on. Of two letters it is not the short form of another: the "wi" of "I will"."""
        if word not in self.known or len(word) > 2:
            return word in self.known
        spelt = self.language.spelling([word])
        return spelt == [word] or len(spelt) > 1

    def _parted(self, word: str, begun: bool = False, most: int = 6) -> list[str]:
        """A run-on in its words ("yesthanks"), begun by a word that stands alone well; empty where it is none."""
        subjects = self.language.words("subjects")
        for at in range(1, len(word)) if begun else range(len(word) - 1, 0, -1):
            head, rest = word[:at], word[at:]
            if (head in self.heads) if not begun else (head in subjects or (at > 1 and self._stands_alone(head))):
                if len(rest) > 1 and rest in self.known and self.language.people([rest]) != [NAME]:
                    return [head, rest]
                more = self._parted(rest, True, most - 1) if most > 2 and len(rest) > 2 else []
                if more:
                    return [head, *more]
        return []


def _begins_otherwise(word: str, target: str) -> bool:
    """Whether a short word of as many letters begins with another one: "loving" is no slip of "moving"."""
    return len(word) == len(target) < _TWO_SLIPS_FROM and word[0] != target[0] and word[:2] != target[1::-1]
