"""The roles of a language's words, and what its turns of phrase come to: made once for all rulesets that add the same words
of their own.

What a ruleset writes as a phrase goes through the same rewritings as a reply, so one phrase in the file stands for the many
ways in which people say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from sys import intern

from engine.language import Language, split
from engine.lexicon import Role
from engine.normalise import BREAK, fold, is_number, normalise
from engine.phrase import ASK, ASK_PAST, NUMBER, SKIPPED, WHILE, Stretch
from engine.ruleset import LanguageWords

_PHRASES_KEPT = 16_384


class Grammar:
    """A language with what a ruleset adds to its negations, questions and fillers. Nothing here repairs a slip."""

    def __init__(self, language: Language, own: LanguageWords) -> None:
        self.language = language
        self.aux = language.words("aux")
        self.subjects = language.words("subjects")
        self.articles = language.words("articles") | self.subjects
        self._holders = language.words("holders")
        self._modals = language.words("modals")
        self._past = language.words("past")
        self._settled = language.words("settled")
        self._joined = language.words("joined")
        self._conjoining = language.words("conjoining")
        self._asked_of_holders = self.subjects & language.words("openers")
        self._unstressed = language.words("unstressed")
        self.roles: dict[str, int] = {ASK: Role.QUESTION, ASK_PAST: Role.QUESTION | Role.HEDGE, NUMBER: Role.WHEN}
        self.sameness = language.sameness.copy()
        self._phrases: dict[str, Stretch] = {}
        self._deciding: dict[str, Stretch] = {}
        self._give_roles(own)

    def _give_roles(self, own: LanguageWords) -> None:
        language, lexicon = self.language, self.language.lexicon
        added = {Role.NEGATION: own.negations, Role.QUESTION: own.questions, Role.FILLER: own.fillers}
        heads = {fold(head) for head in (*lexicon.same, *lexicon.spellings)}
        for role, entries in lexicon.roles.items():
            for entry in (*entries, *added.get(role, ())):
                written = split(entry.casefold())
                words = self.rewrite(written) if len(written) > 1 else self._same(language.spelling(written))
                if len(words) > 1:
                    name = "_".join(words)
                    self.sameness.add(language.people(language.spelling(written)), [name])
                    words = [name]
                elif words != written and words[0] in heads:
                    continue  # a group's name has the roles that the group is given, not those of its members
                if words:
                    self.roles[words[0]] = self.roles.get(words[0], Role.NONE) | role

    def role(self, word: str) -> int:
        return self.roles.get(word, Role.NONE)

    def roles_of(self, words: Sequence[str]) -> int:
        """All roles that any of the words has."""
        roles = Role.NONE
        for word in words:
            roles |= self.role(word)
        return roles

    def phrase(self, text: str) -> Stretch:
        """A phrase's words that count, as they are compared."""
        found = self._phrases.get(text)
        return _keep(self._phrases, text, self.content(self.rewrite(normalise(text).words))) if found is None else found

    def deciding_phrase(self, text: str) -> Stretch:
        """The words of a phrase that decides wherever it stands."""
        found = self._deciding.get(text)
        if found is None:
            words = self.grave(self.language.spelt(normalise(text).words))
            found = _keep(self._deciding, text, [*words, BREAK] if text.endswith(BREAK) else words)
        return found

    def content(self, words: Sequence[str]) -> list[str]:
        """Rewritten words without those that are skipped; dates and times in a row are one."""
        out: list[str] = []
        roles = self.roles
        for word in words:
            role = roles.get(word, Role.NONE)
            if (not role & SKIPPED or role & Role.JOIN) and not (word == NUMBER and out and out[-1] == NUMBER):
                out.append(word)
        return out

    def grave(self, spelt: Sequence[str]) -> list[str]:
        """What words that decide wherever they stand are compared with: words as spelt, sayings apart, for no turn
        of phrase may add to so grave a meaning.
        """
        unstressed = self._unstressed
        return [
            NUMBER if self.role(word) & Role.WHEN or (is_number(word) and len(word) > 1) else word
            for word in self.apart(spelt)
            if word not in unstressed
        ]

    def begun(self, word: str) -> bool:
        """Whether a rewriting of any kind begins with a spelt word: where none does, it stays as it is, or is a number."""
        language = self.language
        return word in language.spelling or word in language.people or word in self.sameness

    def apart(self, spelt: Sequence[str]) -> list[str]:
        """Spelt words, each saying that only sounds alarming made one word."""
        return self.language.sayings(spelt)

    def rewrite(self, words: Sequence[str]) -> list[str]:
        """Spelling, then sameness, then questions by their order of words ("will I", "is my ...")."""
        return self.alike(self.language.spelt(words))

    def alike(self, spelt: Sequence[str], follows: bool = False) -> list[str]:
        """Spelt words with turns of phrase, questions by order of words and dates each made one word. `follows` tells that
        they go on after a sentence.
        """
        same = self._same(spelt)
        if len(same) > 1:
            self._mark_inversions(same)
            self._mark_conjunctions(same, follows)
        roles = self.roles
        marked = [NUMBER if roles.get(word, Role.NONE) & Role.WHEN or is_number(word) else word for word in same]
        if NUMBER not in marked:
            return marked
        return [word for at, word in enumerate(marked) if not self._chooses_time(marked, at)]

    def _same(self, spelt: Sequence[str]) -> list[str]:
        """People first, each as what they are, so that a turn of phrase need not name them all."""
        return self.sameness(self.language.people(spelt))

    def _mark_inversions(self, words: list[str]) -> None:
        for at in range(len(words) - 1):
            if words[at] in self.aux:
                followers = self.subjects if at else self.articles
                if words[at] in self._holders:  # "have this phone" has an object, "have you" asks
                    followers = self.articles if not at and words[-1] in self._settled else self._asked_of_holders
                if words[at + 1] in followers and (at == 0 or not self._leads_verb(words[at - 1])):
                    words[at] = ASK_PAST if words[at] in self._past else ASK

    def _mark_conjunctions(self, words: list[str], follows: bool) -> None:
        """A question word that only joins is none: "after 3, when the kids are home", "a day when I am off"."""
        for at in range(not follows, len(words) - 1):
            told = words[at + 1] in self.articles
            joins = not at or words[at - 1] in self._joined or bool(self.role(words[at - 1]) & Role.WHEN)
            if words[at] in self._conjoining and told and joins:
                words[at] = WHILE

    def _chooses_time(self, words: Sequence[str], at: int) -> bool:
        """Whether a word is the "or" of "Monday or Tuesday": that is a choice of times, and no condition."""
        if not 0 < at < len(words) - 1 or words[at - 1] != NUMBER or words[at + 1] != NUMBER:
            return False
        return self.role(words[at]) & (Role.CONDITION | Role.JOIN) == Role.CONDITION | Role.JOIN

    def _leads_verb(self, word: str) -> bool:
        """Whether a verb after `word` is told and not asked: "I do it", "cannot do it", "to do it"."""
        role = self.role(word)
        return word in self.subjects or (bool(role & Role.NEGATION) and not role & Role.NO) or word in self._modals


def _keep(phrases: dict[str, Stretch], text: str, words: Sequence[str]) -> Stretch:
    """What a phrase was found to be, kept for the next version of the ruleset: each of its words one object for all."""
    if len(phrases) >= _PHRASES_KEPT:
        phrases.clear()
    phrases[text] = tuple(map(intern, words))
    return phrases[text]


@lru_cache(maxsize=64)
def grammar(language: Language, own: LanguageWords) -> Grammar:
    """A language's grammar with a ruleset's own words. Pure, and kept: most versions of a ruleset have the same."""
    return Grammar(language, own)
