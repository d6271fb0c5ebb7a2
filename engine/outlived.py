"""Whether who answers a reminder in a text that tells of a death is alive, so that it was another who died: nobody confirms
or moves the appointment of the dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine import deaths
from engine.lexicon import Role
from engine.phrase import KIN, NAME, Phrase, place
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared
from engine.ruleset import ALWAYS_INTENTS
from engine.utterance import Utterance

_NEWS = 5  # words of a death that are all of a text: "since my husband died"


@dataclass(frozen=True, slots=True)
class Outlived:
    """One text that tells of a death."""

    text: Utterance

    @property
    def prepared(self) -> Prepared:
        return self.text.prepared

    @property
    def book(self) -> Phrasebook:
        return self.text.book

    def answered(self, standing: Iterable[Phrase]) -> bool:
        """Whether one of the phrases that stand is an answer of somebody living: a yes that says more than "yes, he died" and
        is not told of the dead ("he will attend in an urn"), or a wish for another time.
        """
        for phrase in standing:
            if phrase.intent in self.prepared.yielding and self._wishes(phrase):
                return True
            affirms = phrase.intent in self.prepared.affirming and not self._leaves(phrase)
            if affirms and not self._of_whom_it_is and self._says_more(phrase) and not self._of_another(phrase):
                return True
        return False

    def may_answer(self, standing: Iterable[Phrase], first: str) -> bool:
        """Whether the text may answer for the writer, one close to whom died: it begins with the letter of an answer, says "I
        can't come", or cancels and tells what the writer cannot ("I haven't the heart for it").
        """
        picked = self.prepared.picked_by(first)
        if picked in self.prepared.yielding:  # "R dad died"
            return True
        if self._ends_in_a_yes and not self._of_whom_it_is:  # "himself is dead, the neighbour is bringing me, yes"
            return True
        if any(phrase.intent in self.prepared.affirming and self._leaves(phrase) for phrase in standing):
            return True
        told = (pair for alike in self.text.alike for pair in pairwise(alike))
        if not any(whose in self.book.openers and who == KIN for whose, who in told):
            return False
        refusing = self.prepared.answers - self.prepared.affirming - frozenset(ALWAYS_INTENTS)
        refused = [phrase for phrase in standing if phrase.intent in refusing and not self._of_the_dead(phrase)]
        own = [spelt for spelt in self.text.spelt if not self._writers.isdisjoint(spelt)]
        unable = bool(refused) and any(map(self._cannot, own))
        cannot = any(spelt in own for phrase in refused if phrase.negative for spelt in self._said(phrase))
        return picked in refusing or unable or cannot

    def by_the_way(self, standing: Iterable[Phrase], death: str) -> bool:
        """Whether a death, told in the words `death`, is not told to us as news: as the time of something else where the writer
        answers for himself or nothing is said of our texts ("nobody to mind them since mam died, cancel"), or as a funeral of
        nobody who is named where the writer speaks of himself ("the removal is that morning, I'm doing the teas").
        """
        spelt = self.text.spelt
        own = {word for said in spelt for word in said} & self.book.personal & self.book.speakers
        if deaths.of_nobody(self.book, death, spelt, self.text.alike):
            return bool(own)
        if not any(deaths.in_passing(self.book, said, death.partition(" ")[0]) for said in spelt):
            return False
        answers = self.prepared.answers.difference(ALWAYS_INTENTS)
        to_us = self.book.ours | self.book.asides.addressing
        to_nobody = all(map(to_us.isdisjoint, spelt)) and sum(map(len, spelt)) > _NEWS
        return to_nobody or any(phrase.intent in answers for phrase in standing)

    def _of_the_dead(self, phrase: Phrase) -> bool:
        """Whether a refusal says itself of whom it is told: "she will not be there"."""
        told = (said[: place(said, phrase.words) or 0] for said in self.text.alike)
        return any(self.book.subject(before) in self.book.asides.mortals for before in told)

    def _cannot(self, spelt: Sequence[str]) -> bool:
        """Whether a segment says that something is not, now: "I haven't", but not "I didn't"."""
        said = pairwise(("", *spelt))
        return any(self.book.role(word) & Role.NEGATION and not {before, word} & self.book.past for before, word in said)

    @property
    def _ends_in_a_yes(self) -> bool:
        last = next((segment.content for segment in reversed(self.text.segments) if segment.content), [])
        return len(self.text.segments) > 1 and bool(last) and all(self.book.role(word) & Role.YES for word in last)

    @property
    def _of_whom_it_is(self) -> bool:
        """Whether nobody but who died is spoken of, so that the appointment may be his: "confirm, he died"."""
        alike = {word for said in self.text.alike for word in said}
        spelt = {word for said in self.text.spelt for word in said}
        return KIN not in alike and NAME not in alike and self._writers.isdisjoint(spelt)

    def _wishes(self, phrase: Phrase) -> bool:
        """Whether a wish for another time is one, and no "too late"."""
        said = self.book.alike(phrase.words)
        wanted = not self.book.takers.isdisjoint(said) or self.book.roles_of(said) & (Role.WISH | Role.REQUEST)
        return phrase.key or bool(wanted)

    def _says_more(self, phrase: Phrase) -> bool:
        if phrase.letter:
            return not self.book.role(phrase.words[0]) & Role.JOIN  # Spanish "y" is an "and"
        if phrase.weak:
            return " " in phrase.text  # "see you then", but not "ok"
        return not all(self.book.role(word) & Role.YES for word in phrase.words)

    def _leaves(self, phrase: Phrase) -> bool:
        """Whether a yes only says what need not be done, whoever died: "don't reschedule, he passed away"."""
        return bool(self.book.roles_of(phrase.words) & Role.NEGATION)

    def _of_another(self, phrase: Phrase) -> bool:
        """Whether an answer is told of somebody else than the writer, who is not named beside it."""
        if phrase.letter:
            return False
        others = self.book.asides.mortals
        return any(self._writers.isdisjoint(spelt) and not others.isdisjoint(spelt) for spelt in self._said(phrase))

    def _said(self, phrase: Phrase) -> Iterable[Sequence[str]]:
        """The segments, as spelt, that may hold a phrase."""
        return (each.spelt for each in self.text.segments if all(w in each.alike or w in each.spelt for w in phrase.words))

    @property
    def _writers(self) -> frozenset[str]:
        return self.book.speakers - self.book.asides.mortals
