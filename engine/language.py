"""One language as its lexicon has it, made ready once for all rulesets: its lists, its rewritings, its sentences.

Words go through two rewritings before anything is compared. Spelling turns slips, contractions and txt-speak into
plain words; sameness turns turns of phrase into one word ("be there", "make it" and "turn up" are all `attend`).
Between them people become what they are ("my mum" is kin), so that a turn of phrase need not name them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from sys import intern

from engine.latin import Latin
from engine.lexicon import LEXICONS, NO_LEXICON, Lexicon, Role
from engine.normalise import fold, is_number
from engine.phrase import DAY, DECIDING, DISTANT_KIN, KIN, NAME, NUMBER, SAYING, Stretch
from engine.points import points
from engine.rewriter import Rewriter
from engine.sentences import Sentences, Sources
from engine.signs import signs

_COMMON = "en"  # whose words stand in replies of every language
_SHORT = 3  # letters of a Latin word that may be any
_BARRED = (Role.NEGATION, Role.QUESTION, Role.HEDGE, Role.CONDITION, Role.CONTRAST)


class Language:
    """A language without a ruleset. `code` may be one that has no lexicon: then all of it is empty."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.lexicon = lexicon = LEXICONS.get(code, NO_LEXICON)
        self._words: dict[str, frozenset[str]] = {}
        self._spelt_sets: dict[frozenset[str], frozenset[str]] = {}
        self._spelt_words: dict[str, list[str]] = {}
        names = tuple(lexicon.same.get(NAME, ()))
        people = {KIN: lexicon.lists["kin"], DISTANT_KIN: lexicon.lists["distant_kin"], NAME: names}
        turns = {head: variants for head, variants in lexicon.same.items() if head != NAME}
        single = {name for name in names if name.isalpha()}
        self.spelling = _rewriter(lexicon.spellings, list)
        self.latin = self._in_latin_letters() if lexicon.latin else None
        self.people = _rewriter(people, self.spelling)
        self.sameness = _rewriter(turns, lambda words: self.people(self.spelling(words)), single)
        self.sayings = self._of_sayings(lexicon)
        self.signs = signs(lexicon, self.spelt, self.spelt_set)
        self.points = points(lexicon, self.spelt)
        self.accented = {variant: head for head, variants in lexicon.accented.items() for variant in variants}
        self.single = frozenset(single)  # first names and turns of phrase of one word, as they are written
        self.firstnames = frozenset(map(fold, names))

    def _of_sayings(self, lexicon: Lexicon) -> Rewriter:
        """What makes one word of a saying, but not within an alarm: "is killing me", but not "my chest is killing me"."""
        sayings = _rewriter({SAYING: lexicon.same.get(SAYING, ())}, self.spelling)
        alarms = [self.spelling(split(line)) for intent in DECIDING for line in lexicon.always.get(intent, ())]
        for words in [words for words in alarms if SAYING in sayings(words)]:
            sayings.add(words, words)
        return sayings

    def _in_latin_letters(self) -> Latin:
        """What reads the language in Latin letters. What of it the lexicon itself has in such letters is spelt in its own."""
        lexicon = self.lexicon
        told, heads = _said(lexicon), {*map(fold, (*lexicon.same, *lexicon.spellings)), KIN, DISTANT_KIN, NAME}
        heads |= {fold(variant) for variants in lexicon.same.values() for variant in variants}  # each is what it is already
        roles = {fold(word) for entries in (*lexicon.roles.values(), *lexicon.lists.values()) for word in entries}
        latin = Latin(lexicon.latin, told | roles, lexicon.lists["latin_leads"], _english())
        for word in sorted(told - roles - heads):
            meant = latin.meant(word) if len(word) > _SHORT and word not in self.spelling else ""
            if meant:
                self.spelling.add([word], [meant])
        return latin

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

    def spelt_set(self, words: frozenset[str]) -> frozenset[str]:
        """Single words as the lexicon spells them: one set for all who ask for the same."""
        found = self._spelt_sets.get(words)
        if found is None:
            found = self._spelt_sets[words] = frozenset(part for word in words for part in self._spelt_word(word))
        return found

    def _spelt_word(self, word: str) -> list[str]:
        found = self._spelt_words.get(word)
        if found is None:
            found = self._spelt_words[word] = [intern(part) for part in self.spelt([word])]
        return found

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


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    return _said(LEXICONS[_COMMON])


def _said(lexicon: Lexicon) -> frozenset[str]:
    """Every word that stands in one of a lexicon's phrases, alarms and signs, or in its vocabulary."""
    groups = (lexicon.spellings, lexicon.same, lexicon.always, lexicon.signs, lexicon.dire, lexicon.hints)
    told = {fold(word) for group in groups for lines in group.values() for line in lines for word in line.split()}
    apart = (*lexicon.near.values(), *lexicon.halves.values())
    near = {fold(word) for lines in apart for sets in lines for words in sets for word in words}
    listed = {fold(word) for entries in lexicon.roles.values() for entry in entries for word in entry.split()}
    common = {fold(word) for word in lexicon.common}
    return frozenset(told | near | common | (listed if lexicon.language == _COMMON else set()))


def _rewriter(
    groups: Mapping[str, Iterable[str]], written: Callable[[Sequence[str]], list[str]], single: set[str] | None = None
) -> Rewriter:
    """Every variant of a group into its head. Where two groups have one, the first keeps it. Adds to `single` those that are
    one word.
    """
    rules: dict[Stretch, Stretch] = {}
    for head, variants in groups.items():
        into = tuple(split(head))
        for variant in variants:
            words = tuple(written(split(variant)))
            if words != into:
                rules.setdefault(words, into)
            if single is not None and variant.isalpha():
                single.add(variant)
    return Rewriter(rules)


def split(text: str) -> list[str]:
    """An entry of a lexicon in its words, without accents."""
    return [intern(fold(word)) for word in text.split()]
