"""One language as its lexicon has it, made ready once for all rulesets: its lists, its rewritings, its sentences.

Words go through two rewritings before anything is compared. Spelling turns slips, contractions and txt-speak into
plain words; sameness turns turns of phrase into one word ("be there", "make it" and "turn up" are all `attend`).
Between them people become what they are ("my mum" is kin), so that a turn of phrase need not name them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

from engine.lexicon import LEXICONS, NO_LEXICON, Role
from engine.normalise import fold, is_number
from engine.phrase import DAY, DISTANT_KIN, KIN, NAME, NUMBER, SAYING
from engine.rewriter import Rewriter
from engine.sentences import Sentences, Sources

_BARRED = (Role.NEGATION, Role.QUESTION, Role.HEDGE, Role.CONDITION, Role.CONTRAST)


class Language:
    """A language without a ruleset. `code` may be one that has no lexicon: then all of it is empty."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.lexicon = lexicon = LEXICONS.get(code, NO_LEXICON)
        self._words: dict[str, frozenset[str]] = {}
        self.spelling, self._people, self.sayings, self.sameness = Rewriter(), Rewriter(), Rewriter(), Rewriter()
        for into, variants in lexicon.spellings.items():
            for variant in variants:
                self.spelling.add(split(variant), split(into))
        kin = {KIN: lexicon.lists["kin"], DISTANT_KIN: lexicon.lists["distant_kin"], NAME: lexicon.same.get(NAME, ())}
        for into, variants in kin.items():
            for variant in variants:
                self._people.add(self.spelling(split(variant)), [into])
        for into, variants in lexicon.same.items():
            for variant in variants if into != NAME else ():
                self.sameness.add(self._people(self.spelling(split(variant))), split(into))
        for variant in lexicon.same.get(SAYING, ()):
            self.sayings.add(self.spelling(split(variant)), [SAYING])
        self.firstnames = frozenset(map(fold, lexicon.same.get(NAME, ())))

    def words(self, name: str) -> frozenset[str]:
        """The words of one of the lexicon's lists, without accents."""
        found = self._words.get(name)
        if found is None:
            found = self._words[name] = frozenset(map(fold, self.lexicon.lists[name]))
        return found

    def spelt(self, words: Sequence[str]) -> list[str]:
        """Words as the lexicon spells them, none of them repaired."""
        folded = map(fold, words)
        return self.spelling([NUMBER if is_number(word) else word for word in folded])

    def peopled(self, spelt: Sequence[str]) -> list[str]:
        """Spelt words, each person made what they are to the patient, each first name one."""
        return self._people(spelt)

    @property
    def rewriters(self) -> tuple[Rewriter, Rewriter]:
        """Those that every ruleset uses as they are."""
        return self.spelling, self._people

    @cached_property
    def sentences(self) -> Sentences:
        """The whole sentences that the lexicon has."""
        lexicon, lists = self.lexicon, self.lexicon.lists
        marks = {fold(word): DAY for word in lexicon.roles[Role.WHEN]}
        marks |= {fold(word): NUMBER for word in (*lists["clock"], NUMBER)}
        return Sentences(
            Sources(lexicon.sentences, lexicon.classes, lists["lead_ins"], lists["trails"], lists["goes_on"]),
            lambda words: self.spelling([fold(word) for word in words]),
            lambda word: NUMBER if is_number(word) else marks.get(word, ""),
            {fold(word) for role in _BARRED for word in lexicon.roles[role] if word.isalpha()},
        )


@lru_cache(maxsize=32)
def language(code: str) -> Language:
    """A language by its code. Pure; made when first asked for, and kept."""
    return Language(code)


@lru_cache(maxsize=1)
def answers() -> Mapping[str, frozenset[str]]:
    """How each language says yes and no, in one word."""
    return {
        code: frozenset(map(fold, (*lexicon.roles[Role.YES], *lexicon.roles[Role.NO]))) for code, lexicon in LEXICONS.items()
    }


def split(text: str) -> list[str]:
    """An entry of a lexicon in its words, without accents."""
    return [fold(word) for word in text.split()]
