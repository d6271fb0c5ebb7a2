"""Whether a text with words in it that nobody taught us was written to us, so that what it seems to say is acted on.

Whoever tells a clinic something gives reasons, and those are of few kinds: illness, work, the family, the way. What is left
when they are taken away was told to somebody else ("running late, put the spuds on") unless the text speaks of the visit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.clauses import Clause
from engine.lexicon import Role
from engine.phrase import DISTANT_KIN, KIN, NAME, NUMBER, OPT_OUT, SAYING, Phrase
from engine.phrasebook import Phrasebook

_LOOSE = 2  # words not explained beside a plain answer; with more, the text must show that it is to us
_LOOSE_WISH = 1  # beside what may be said of anything: "another day", "not free"
_LOOSE_REASON = 5  # words not explained beside a plain refusal to come
_LOOSE_REASON_BARE = 1  # the same beside one that does not say of what
_LOOSE_REMARK = 1
_LOOSE_OPT_OUT = 1  # words that do not go with texts beside an opt-out
_FEW = 3
_TOLD_POLITELY = 4
_LOOSE_DEATH = 2  # words that do not go with a death; a story holds more
_LOOSE_DANGER = 2  # words that go with no danger beside an alarm that is said of anything
_LOOSE_CRY = 1  # the same beside a mere cry for help
_BLAMED = 2  # words back from a trifle to the one that makes it the cause
_LOOSE_TALE = 4  # words of something else beside danger that is told in so many words
_LOOSE_TALE_TOGETHER = 3  # the same beside words that only together tell of it
_ANYBODY = frozenset((NAME, DISTANT_KIN, NUMBER, SAYING))
_LETTER = 3  # words not understood beside a lone letter: "... see you soon. C"


@dataclass(frozen=True, slots=True)
class Guard:
    """What one text holds, for the question whether it was written to us. `named`: it names what the patient was told."""

    book: Phrasebook
    parts: Sequence[Clause]
    words: Sequence[str]
    named: bool

    def passes(self, phrase: Phrase) -> bool:
        """Whether an answer with more beside it was meant for us: it speaks of an appointment or of what was told, or is plain
        and said politely. Where no list tells the words that show it, only a mere time is asked: "I prefer Friday".
        """
        unknown = sum(len(part.unknown) for part in self.parts)
        if not unknown:
            return True
        if not self.book.personal and phrase.intent == OPT_OUT:
            return self.about_texts()
        if not self.book.personal:
            return not (unknown > _LOOSE_WISH and self._names_a_time(phrase)) or self._shows_it()
        if phrase.letter and unknown > _LETTER:
            return False
        if not self.book.ours.isdisjoint(self.words):
            return True
        if phrase.negative and unknown > 1 and any(NAME in part.words and _holds(part, phrase) for part in self.parts):
            return self.named
        polite = self._flagged(Role.REQUEST | Role.COURTESY) or not self.book.polite.isdisjoint(self.words)
        if phrase.negative and not (phrase.key or polite or self.named) and self._left_in(phrase):
            return self._flagged(Role.WHEN) and unknown <= _LOOSE_WISH  # "I don't want to get caught"
        plain = polite or phrase.key or phrase.negative or self._flagged(Role.WHEN)
        left = self._left(self.book.reasons)
        if unknown <= _LOOSE_WISH or (plain and left <= _LOOSE and (unknown <= _FEW or left <= 1)) or self.named:
            return True
        if any(phrase.key and part.words == list(phrase.words) for part in self.parts if _holds(part, phrase)):
            return True  # "Cancel. ..."
        told = left <= _TOLD_POLITELY and bool(polite and (phrase.key or phrase.negative))
        return told and not self.book.personal.isdisjoint(self.words)

    def much_left(self, phrase: Phrase, loose: int = 0) -> bool:
        """Whether more stands beside an answer than reasons for it explain, or what goes with a remark of its kind. `loose`
        words may be left where danger is told in none of them.
        """
        reasons, goes = self.book.reasons, self.book.goes_with.get(phrase.intent, frozenset())
        about = self.named or not (self.book.ours | self.book.polite).isdisjoint(self.words)
        left = [word for part in self.parts for word in part.unknown if word not in reasons and word not in goes]
        where = phrase.negative and sum(word not in self.book.known for word in left) == 1  # "she's in Portiuncula"
        spared = 0 if any(map(self.book.dangerous, left)) else loose
        return len(left) - where - spared > about

    def only_reasons(self, bare: bool) -> bool:
        """Whether what stands beside a plain refusal to come may be why, whatever it is: not too long, to nobody familiar, and
        in no words of the body, of harm or of something else that is answered. A `bare` one, which may be to anything, has a
        reason of a known kind beside it.
        """
        book = self.book
        told = [word for part in self.parts for word in part.unknown]
        left = [word for word in told if word not in book.reasons]
        if len(left) > (_LOOSE_REASON_BARE if bare else _LOOSE_REASON) or (bare and len(left) == len(told)):
            return False
        against = book.familiar | (book.elsewhere - book.reasons)
        return against.isdisjoint(self.words) and not any(map(book.alarming, left))

    def about_texts(self) -> bool:
        """Whether an opt-out was meant for us: not in "don't write to me any more, it is over between us"."""
        few = self._left(self.book.of_texts) <= _LOOSE_OPT_OUT
        return few or not (self.book.ours | self.book.polite).isdisjoint(self.words)

    def passes_remark(self, phrase: Phrase) -> bool:
        """Whether a remark, which changes nothing but calls a person, was made to us. True where no list tells what goes with
        remarks of its kind.
        """
        beside = self.book.goes_with.get(phrase.intent)
        if beside is None:
            return True
        if self.named or not self.book.ours.isdisjoint(self.words):
            return True
        strange = self.book.elsewhere - beside
        polite = not self.book.polite.isdisjoint(self.words)
        return strange.isdisjoint(self.words) and self._left(beside) <= _LOOSE_REMARK + polite

    def _names_a_time(self, phrase: Phrase) -> bool:
        """Whether an answer is nothing but a time that is wished for or does not suit, which may be for anything."""
        mere = Role.WISH | Role.REQUEST | Role.WHEN
        wished = all(word == NUMBER or self.book.role(word) & mere for word in phrase.words)
        return NUMBER in phrase.words and (phrase.negative or wished)

    def _shows_it(self) -> bool:
        return self.named or not (self.book.ours | self.book.polite).isdisjoint(self.words)

    def _left(self, explained: frozenset[str]) -> int:
        return sum(word not in explained for part in self.parts for word in part.unknown)

    def _left_in(self, phrase: Phrase) -> bool:
        """Whether something stands in an answer's own clause that is no reason."""
        return any(word not in self.book.reasons for part in self.parts if _holds(part, phrase) for word in part.unknown)

    def _flagged(self, roles: int) -> bool:
        return any(part.flags & roles for part in self.parts)


def tells_of_it(book: Phrasebook, words: Sequence[str], intent: str) -> bool:
    """Whether a text that holds the gravest words of an intent tells us of it: "My father passed away in March", not "send this
    to ten friends, a girl broke the chain and died". `words` are the reply's content. Words that the language does not have may
    be names and count for nothing. True where no list tells what goes with it.
    """
    beside = book.goes_with.get(intent)
    if beside is None or not book.ours.isdisjoint(words):
        return True
    strays = {word for word in words if word in book.known and not book.role(word) and word not in beside}
    return len(strays) <= _LOOSE_DEATH


def tells_of_danger(book: Phrasebook, words: Sequence[str], phrase: str, said: Sequence[str]) -> bool:
    """Whether a text that alarms by `phrase` is about it. What people say of anything ("this heat is killing me") or laugh
    about alarms only where no trifle and little else that goes with no danger stands beside it, or somebody close does. `words`
    are the reply's content, `said` its words as they stand. True for languages whose lexicon does not list what is said so.
    """
    alarming = phrase.split()
    if KIN not in words and any(word in book.blamed and _blames(book, said, at) for at, word in enumerate(said)):
        return False
    if not book.loose or (not book.loose.issuperset(alarming) and book.familiar.isdisjoint(said)):
        return True
    if any(word.rpartition("'")[2] in book.trifles for word in words):
        return False
    strays = {word for word in words if word[0].isalnum() and not book.role(word)} - book.explained - _ANYBODY
    few = len(strays) < (_LOOSE_CRY if book.cries.issuperset(alarming) else _LOOSE_DANGER)
    return few or KIN in words


def _blames(book: Phrasebook, said: Sequence[str], at: int) -> bool:
    """Whether the word at a place is what something comes of: "a stroke from these prices"."""
    return not book.blaming.isdisjoint(said[max(0, at - _BLAMED) : at])


def speaks_of_little_else(
    book: Phrasebook, spelt: Sequence[tuple[Sequence[str], bool]], words: Sequence[str], alarm: Phrase
) -> bool:
    """Whether a text of danger, its segments as `spelt`, is not a tale of other things that holds the words by the way. One
    that is about somebody close or speaks of the visit is none. True where no list tells what is told beside danger.
    """
    if not book.beside_danger or KIN in words or not book.ours.isdisjoint(words):
        return True
    told = {word for segment, _ in spelt for word in book.apart(segment) if word[0].isalpha() and not book.role(word)}
    for explained in (book.beside_danger, book.reasons, book.weighty, book.asides.mortals, _ANYBODY):
        told -= explained
    told = {word for word in told if not book.dangerous(word)}
    return len(told) <= (_LOOSE_TALE if alarm.words else _LOOSE_TALE_TOGETHER)


def _holds(part: Clause, phrase: Phrase) -> bool:
    return any(found == phrase for found, _ in part.found)
