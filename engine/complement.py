"""What makes a refusal one of something else, mostly by following straight after it: "can't make it | any clearer", "can't
come | up with the money", "don't want | to get up".

What truly follows one is a time, a place that a visit is gone to ("can't make it | up to Dublin"), or something that begins
anew, which is mostly why ("can't make it | mam is bad"). The verb is taken for another where neither follows.

Where words stand more freely than in English, a list (`leading_off`) tells what makes it one wherever in its clause it is
said: how somebody comes or does not ("alone I'm not coming", "not by car") and what else is not come to ("to the phone").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from engine.lexicon import Role
from engine.phrasebook import Phrasebook
from engine.place import Place

HITHER = frozenset(("in", "up", "over", "down", "there"))
_APART = Role.JOIN | Role.CONTRAST  # what a clause begins with: "... as I am alone with the kids" tells why
POLITE = Role.FILLER | Role.COURTESY | Role.ACK | Role.NO
_TO, _ON, _IT, _ME, _YOU, _WITH, _GO = "to", "on", "it", "me", "you", "with", "go"
_OUTING = frozenset((_GO, "going"))
_AHEAD = ["ahead", _WITH]  # "... with this", which is the visit
_RISE = frozenset((("get", "up"), ("get", "down")))  # of a bed or a chair sooner than to us
_TOLD = frozenset(("is", "are", "was", "has", "have"))  # behind a thing that is told of: "work | is mental"
_NEAR = 3  # words in which what is visited stands after where one goes: "come over | to the clinic"


@dataclass(frozen=True)
class Complement:
    """What stands behind one refusal in its place."""

    place: Place

    @property
    def book(self) -> Phrasebook:
        return self.place.book

    @property
    def leads_off(self) -> bool:
        """Whether it makes the refusal one of something else. False where nothing follows that tells."""
        own, after = self.place.own, self.place.after
        if not after:
            return own[-1] == _TO or tuple(own[-2:]) in _RISE
        if self._doubts or self._of_it or self._meets:
            return True
        if self.place.comes:
            return self._made_so or self._goes_elsewhere
        if _TO not in (own[-1], after[0]):
            return False
        book = self.book
        verb = next((word for word in after[after[0] == _TO :] if word in book.aux or word not in book.passing), "")
        return verb not in book.visiting

    @property
    def of_else(self) -> bool:
        """Whether its clause holds words that make it one of something else wherever they stand there. False for languages
        whose lexicon does not list any.
        """
        place, listed = self.place, self.book.leading_off
        if not listed:
            return False
        led = list(takewhile(self._goes_on, reversed(place.before)))[::-1]
        after = list(takewhile(self._goes_on, place.after))
        own = [*led, *place.own, *after]
        words = [*own, *place.after[len(after) :]]
        begun = (words[at:] for at in range(len(own) + 1))  # at the word that joins, too: "can't be | and here and there"
        return any(tuple(words[: len(line)]) == line for words in begun if words for line in listed.get(words[0], ()))

    # --- of any verb --------------------------------------------------------------------------------------------------

    @property
    def _doubts(self) -> bool:
        """Whether its stretch ends in a doubt: "can't come in with a cough | I suppose"."""
        return bool(self.book.role(self.place.after[-1]) & Role.HEDGE)

    @property
    def _of_it(self) -> bool:
        """Whether something is or is not done with it: "can't keep it | up", "don't want it | by post"."""
        own, after = self.place.own, self.place.after
        how = after[after[0] == _IT :]
        return _IT in (own[-1], after[0]) and bool(how) and how[0] in self.book.strays and not self._arrives(how[1:])

    @property
    def _meets(self) -> bool:
        """Whether somebody is refused or missed who is not visited: "miss | her", "go | to them", "not coming | to me"."""
        book, own, after = self.book, self.place.own, self.place.after
        if self.place.comes and after[0] == _TO and after[1:2] and after[1] in book.persons.difference(book.visited):
            return True
        return after[0] in book.persons and own[-1] not in book.meeting

    # --- of coming and going ------------------------------------------------------------------------------------------

    @property
    def _made_so(self) -> bool:
        """Whether something is made of it: "can't make it | work", "... | any clearer", not "... | work is mental"."""
        book, own = self.book, self.place.own
        if own[-1] != _IT or book.making.isdisjoint(own):
            return False
        made = [word for word in self.place.after if word not in book.degrees]
        return bool(made) and made[0] in book.made and _TOLD.isdisjoint(made[1:2])

    @property
    def _goes_elsewhere(self) -> bool:
        """Whether it makes another verb of coming: "come | off it", "go | in a lift", "come | soon enough"."""
        book, own, after = self.book, self.place.own, self.place.after
        first, rest = after[0], after[1 : _NEAR + 1]
        if not book.paces.isdisjoint(after[:_NEAR]):
            return True
        if first == _TO:
            return self._goes_to(after[1:])
        if (_WITH, _ME) in pairwise((own[-1], *after)) and book.speakers.isdisjoint(self.place.before):
            return True  # "mam can't come | in with me"
        if first == _WITH and rest:
            may_come_alone = rest[0] in book.persons and not any(map(self._goes_on, rest[1:]))  # "I can't come with him"
            follows = own[-1] in _OUTING and (rest[0] in book.things or rest[0] in book.persons)  # "... going with that idea"
            return may_come_alone or follows
        if first in HITHER and not rest:  # "won't go in" with nobody who would
            return own[-1] == _GO and book.speakers.isdisjoint(self.place.before)
        if first in book.strays:
            ends = (first in HITHER and self._begins(rest[0])) or [first, *rest[:1]] == _AHEAD
            return not ends and not (first in book.directions and self._arrives(rest))
        if not rest or (first not in HITHER and first != _ON):
            return False
        thing = first != _ON and rest[0] in book.asides.determiners and not self._arrives(rest)
        return rest[0] in book.strays or thing

    def _goes_to(self, whom: Sequence[str]) -> bool:
        """Whether what is gone to is no visit: "to terms with it", "to him with this", "attend | to the garden"."""
        book = self.book
        if not whom or list(whom) == [_ME] or (whom[-2:-1] == [_WITH] and whom[-1] in book.things):
            return True
        if self.place.own[-1] in book.heeding and not self._arrives(whom[:_NEAR]):
            return True
        if whom[0] in book.persons and whom[0] != _YOU and whom[1:]:
            return not (self._begins(whom[1]) or self._arrives(whom[1:]))
        return not (book.strays - book.visited).isdisjoint(whom[: _NEAR - 1])

    # --- what truly follows -------------------------------------------------------------------------------------------

    def _begins(self, word: str) -> bool:
        """Whether something new begins with a word, or a time, so that nothing goes on before it."""
        book = self.book
        joins = book.role(word) & (POLITE | Role.JOIN) or word in book.polite
        return bool(joins) or (word in book.openers and word != _WITH) or self.place.names_a_time(word)

    def _goes_on(self, word: str) -> bool:
        """Whether no other clause begins with a word."""
        return not (self.book.role(word) & _APART or word in self.book.because)

    def _arrives(self, words: Sequence[str]) -> bool:
        """Whether a visit is gone to: "over | to you", "up | on Friday"."""
        if any(self.place.names_a_time(word) or word in self.book.ours for word in words):
            return True
        return list(words[:1]) == [_TO] and self.book.strays.isdisjoint(words[1:2])
