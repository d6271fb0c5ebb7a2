"""Whether a text with words in it that nobody taught us was written to us, so that what it seems to say is acted on.

Whoever tells a clinic something gives reasons, and those are of few kinds: illness, work, the family, the way. What is left
when they are taken away was told to somebody else ("running late, put the spuds on") unless the text speaks of the visit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.clauses import Clause
from engine.lexicon import Role
from engine.normalise import is_time
from engine.phrase import NUMBER, OPT_OUT, Phrase
from engine.phrasebook import Phrasebook
from engine.utterance import Utterance

_LOOSE = 2  # words not explained beside a plain answer; with more, the text must show that it is to us
_LOOSE_WISH = 1  # beside what may be said of anything: "another day", "not free"
_LOOSE_REMARK = 1
_LOOSE_OPT_OUT = 1  # words that do not go with texts beside an opt-out
_FEW = 3
_TOLD_POLITELY = 4
_LETTER_FIRST = 10  # the same behind the letter that asks for another time
_LETTER = 3  # words not understood beside a lone letter: "... see you soon. C"


@dataclass(frozen=True)
class Guard:
    """What one text holds, clause by clause, for the question whether it was written to us."""

    said: Utterance
    parts: Sequence[Clause]

    @property
    def book(self) -> Phrasebook:
        return self.said.book

    @cached_property
    def words(self) -> list[str]:
        """Its words, and a "please" that a turn of phrase has taken in: "new date please"."""
        pleas = [word for spelt in self.said.spelt for word in spelt if word in self.book.pleas]
        return [*(word for alike in self.said.alike for word in alike), *pleas]

    @cached_property
    def unknown(self) -> list[str]:
        """The words in it that are not understood."""
        return [word for part in self.parts for word in part.unknown]

    @cached_property
    def shown(self) -> bool:
        """Whether something beside its answers shows that it is about an appointment."""
        book, written = self.book, self.said.normal.words
        if not (book.ours | book.polite).isdisjoint(self._all) or self.said.named or self.flagged(Role.REQUEST):
            return True
        return any((book.role(word) & Role.WHEN and word not in book.vague) or is_time(word) for word in written)

    @property
    def shown_over(self) -> bool:
        """Whether something shows that it is about one, be it one that has been."""
        return self.shown or not self.book.undergone.isdisjoint(self._all)

    @property
    def ours(self) -> bool:
        """Whether it speaks of an appointment."""
        return not self.book.ours.isdisjoint(self.words)

    @property
    def polite(self) -> bool:
        """Whether something is said politely in it."""
        return self.flagged(Role.REQUEST | Role.COURTESY) or not self.book.polite.isdisjoint(self.words)

    def passes(self, phrase: Phrase) -> bool:
        """Whether an answer with more beside it was meant for us: it speaks of an appointment or of what was told, or is plain
        and said politely. Where no list tells the words that show it, only a mere time is asked: "I prefer Friday".
        """
        unknown = len(self.unknown)
        if not unknown:
            return True
        if not self.book.personal and phrase.intent == OPT_OUT:
            return self.about_texts()
        if not self.book.personal:
            return not (self._left(self.book.reasons) > _LOOSE_WISH and self._names_a_time(phrase)) or self._shows_it()
        if phrase.letter and unknown > _LETTER:
            return self._answers_first(phrase)
        if self.ours or self.said.named:
            return True
        polite = self.polite
        plain = polite or phrase.key or phrase.negative or self.flagged(Role.WHEN)
        left = self._left(self.book.reasons)
        if unknown <= _LOOSE_WISH or (plain and left <= _LOOSE and (unknown <= _FEW or left <= 1)):
            return True
        if any(phrase.key and part.words == list(phrase.words) for part in self.parts if part.holds(phrase)):
            return True  # "Cancel. ..."
        told = left <= _TOLD_POLITELY and bool(polite and (phrase.key or phrase.negative))
        return told and not self.book.personal.isdisjoint(self.words)

    def _answers_first(self, phrase: Phrase) -> bool:
        """Whether a reply begins with the letter that keeps the patient on the list, by itself, and what follows may be why:
        "R. Airport run that morning". Nothing in it may alarm.
        """
        first = self.parts[0]
        yields = phrase.intent in self.said.prepared.yielding and first.words == list(phrase.words)
        return yields and len(self.unknown) <= _LETTER_FIRST and not any(map(self.book.alarming, self.unknown))

    def unexplained(self, phrase: Phrase) -> list[str]:
        """The words beside an answer that are no reason for it, nor what goes with a remark of its kind."""
        reasons, goes = self.book.reasons, self.book.goes_with.get(phrase.intent, frozenset())
        return [word for word in self.unknown if word not in reasons and word not in goes]

    @property
    def room(self) -> int:
        """How many unexplained words may stand beside an answer: one where something shows that the text is to us."""
        return int(self._shows_it())

    def about_texts(self) -> bool:
        """Whether an opt-out was meant for us: not in "don't write to me any more, it is over between us"."""
        return self._left(self.book.of_texts) <= _LOOSE_OPT_OUT or self._to_us()

    def passes_remark(self, phrase: Phrase) -> bool:
        """Whether a remark, which changes nothing but calls a person, was made to us. True where no list tells what goes with
        remarks of its kind.
        """
        beside = self.book.goes_with.get(phrase.intent)
        if beside is None:
            return True
        if self.said.named or self.ours:
            return True
        strange = self.book.elsewhere - beside
        polite = not self.book.polite.isdisjoint(self.words)
        return strange.isdisjoint(self.words) and self._left(beside) <= _LOOSE_REMARK + polite

    def flagged(self, roles: int) -> bool:
        return any(part.flags & roles for part in self.parts)

    def _names_a_time(self, phrase: Phrase) -> bool:
        """Whether an answer is nothing but a time that is wished for or does not suit, which may be for anything."""
        mere = Role.WISH | Role.REQUEST | Role.WHEN
        wished = all(word == NUMBER or self.book.role(word) & mere for word in phrase.words)
        return NUMBER in phrase.words and (phrase.negative or wished)

    def _shows_it(self) -> bool:
        return self.said.named or self._to_us()

    def _to_us(self) -> bool:
        return not (self.book.ours | self.book.polite).isdisjoint(self.words)

    def _left(self, explained: frozenset[str]) -> int:
        return sum(word not in explained for word in self.unknown)

    @cached_property
    def _all(self) -> set[str]:
        return {*self.said.normal.words, *(word for alike in self.said.alike for word in alike)}
