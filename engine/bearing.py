"""Whether an answer that was found among other words is one to us: of whom it is said, what follows it, and whether it is more
than everyday words.

"I can't make it" is an answer wherever it stands. "You don't have to", "a nice change" and "another one" hold the words of one
and are none. What tells is straight beside them (`engine.place`); of a refusal more has to be asked (`engine.refusal`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from engine.explained import Guard
from engine.lexicon import Role
from engine.normalise import is_time
from engine.phrase import NUMBER, OPT_OUT, Phrase
from engine.phrasebook import Phrasebook
from engine.place import Place
from engine.prepared import Prepared
from engine.refusal import Refusal
from engine.ruleset import ALWAYS_INTENTS

HAS_BEEN = "already_attended"
_LATE = "running_late"
_TO = "to"
_OTHER = frozenset(("other", "another", "different"))
_GLUED = ("+", "#", "&")  # "C++"
_LEADING = Role.FILLER | Role.COURTESY | Role.ACK | Role.YES | Role.NO | Role.JOIN | Role.REQUEST | Role.WISH | Role.WHEN
_PUT_OFF = 4  # words in which it stands before "another time": "talk to you some | other time"
_NEAR = 3  # words beside it in which a time shows what it is said of


@dataclass(frozen=True)
class Bearing:
    """One phrase in its place, with what else its text holds."""

    prepared: Prepared
    guard: Guard
    phrase: Phrase

    @cached_property
    def place(self) -> Place:
        return self.guard.said.place(self.phrase)

    @property
    def book(self) -> Phrasebook:
        return self.guard.book

    @cached_property
    def refusal(self) -> Refusal:
        return Refusal(self.prepared, self.guard, self.phrase, self.place)

    @cached_property
    def shown(self) -> bool:
        """Whether something beside it shows that the text is about an appointment."""
        return self.guard.shown_over if self.phrase.intent == HAS_BEEN else self.guard.shown

    @cached_property
    def left(self) -> bool:
        """Whether more stands beside it than reasons explain."""
        if self.phrase.negative:
            return self.refusal.much_left
        return len(self.guard.unexplained(self.phrase)) > self.guard.room

    @property
    def in_doubt(self) -> bool:
        """Whether what is not understood beside it leaves open what is given up or moved, or whether anything is."""
        return self._of_a_strange_thing or self._gives_up_beside_more

    @property
    def _of_a_strange_thing(self) -> bool:
        """Whether its own clause holds a word of the language that nobody taught us and that is no reason: it may be what is
        given up or moved. False for languages whose lexicon does not list the words that mean nothing there (`idle`).
        """
        book = self.book
        own = {word for part in self.guard.parts if part.holds(self.phrase) for word in part.unknown}
        return bool(book.idle) and not (own & book.known) <= book.reasons | book.idle

    @property
    def _gives_up_beside_more(self) -> bool:
        """Whether it gives the visit up in other words than the key's, neither plainly nor with a please, and something beside
        it is not explained: "can sell you two tickets, your one can't go". One in eight of those was meant otherwise. False for
        languages whose lexicon does not list who speaks.
        """
        phrase, book = self.phrase, self.book
        if not book.personal or phrase.intent not in self.prepared.refusing or phrase.key or self.refusal.plain:
            return False
        left = [word for word in self.guard.unexplained(phrase) if word not in book.idle]
        where = phrase.negative and sum(word not in book.known for word in left) == 1  # "she's in Portiuncula"
        return len(left) > where and (phrase.negative or not self.guard.polite)

    @property
    def passes(self) -> bool:
        """Whether what else the text holds lets the answer be meant for us."""
        return self.refusal.plain or (not self.refusal.unclear and self.guard.passes(self.phrase))

    @property
    def astray(self) -> bool:
        """Whether it may be said of something else than a visit. False for languages whose lexicon does not list what tells."""
        phrase, place = self.phrase, self.place
        if self.refusal.of_else:
            return True
        if not self.book.vague:
            return False
        yields, been = phrase.intent in self.prepared.yielding, phrase.intent == HAS_BEEN
        answer = phrase.intent in self.prepared.answers.difference(ALWAYS_INTENTS)
        if not (self.shown or phrase.key or phrase.intent == self.prepared.asking) and self.guard.said.takes_up:
            return True
        if phrase.key and answer:
            return self._names_else(phrase, yields)
        if phrase.key and phrase.intent == OPT_OUT and len(phrase.words) == 1:
            return self._ends_else()
        if self.refusal.of_something_else or (phrase.intent == _LATE and place.of_others(late=True)):
            return True
        if self.refusal.plain:
            return False
        if yields and self._picks_else(phrase):
            return True
        if been and (place.habitual or (place.underwent and place.of_others())):
            return True
        if yields and not place.whole and (place.habitual or (self.left and not (phrase.asks or self.shown))):
            return True
        if yields and not phrase.key and (self._does_else() or self._other_thing() or self._asks_of_things()):
            return True
        if been and place.whole and self.left and not self.shown:
            return True
        if place.whole and (been or place.comes):  # a sentence that says who will not come says enough
            return False
        return (yields or been or (answer and (place.whole or place.bare))) and self._vague()

    def _names_else(self, phrase: Phrase, yields: bool) -> bool:
        """Whether the word of an answer is used for something else; one that is nothing else never is: RESCHEDULE."""
        own = self.place.own
        if len(own) > 1:
            return yields and own[-2] in self.book.asides.determiners  # "I want that switch"
        if phrase.letter:
            return self._thing() or self._is_verb()
        if self._another_does():
            return True
        if not yields:  # "never speaking to him again, cancel him"
            return not self.book.persons.isdisjoint(self.place.after[:1]) and self.left and not self.shown
        if self.place.written[-1] in self.prepared.keys:
            return False
        return self._thing() or (self.left and not self.shown)

    def _thing(self) -> bool:
        """Whether a lone word is the name of a thing, or what something does: "a nice change", "the world is changing"."""
        before, after = self.place.before, self.place.after
        if after and (after[0] in self.book.aux or after[0] in _GLUED):
            return True
        if not before:
            return False
        if before[-1] in _GLUED:
            return True
        if before[-1] == _TO and len(before) > 1:
            return not self._leads(before[-2])
        return not (self._leads(before[-1]) or self.place.names_a_time(before[-1]))

    def _is_verb(self) -> bool:
        """Whether a letter stands for the verb that sounds like it: "been 2 c him"."""
        return not (self.book.persons - self.book.polite).isdisjoint(self.place.after[:1])

    def _another_does(self) -> bool:
        """Whether somebody else is to do it: "tell the driver to cancel"."""
        before = self.place.before
        if len(before) < 2 or before[-1] != _TO or before[-2] in self.book.intending:
            return False
        return before[-2] in self.book.asides.mortals or not self._leads(before[-2])

    def _leads(self, word: str) -> bool:
        role = self.book.role(word)
        letter = len(word) == 1 and not role & Role.STOP
        return letter or bool(role & _LEADING) or word in self.book.leading or word in self.book.ours

    def _ends_else(self) -> bool:
        """Whether the word of an opt-out is told of what somebody does: "he needs to stop", "I'll end this one"."""
        before = self.place.before
        if not before or self.shown or before[-1] in self.book.saying:
            return False
        if self.book.role(before[-1]) & (Role.FILLER | Role.COURTESY | Role.YES | Role.ACK):
            return False
        told = before[-1] in self.book.aux and not self.book.things.isdisjoint(before)
        return told or not self.book.speakers.isdisjoint(before)

    def _picks_else(self, phrase: Phrase) -> bool:
        """Whether another thing than a time is what is asked for: "any other birthdays", "what plans do you have"."""
        before, own, after = self.place.before, self.place.own, self.place.after
        if own[-1] in self.book.picking and after:
            return after[0] in self.book.known and self._is_no_time(after[0])
        asked = phrase.asks and any(self.book.role(word) & Role.QUESTION for word in before[:-1])
        return asked and self._is_no_time(before[-1])

    def _is_no_time(self, word: str) -> bool:
        return not (self.book.role(word) or self.place.names_a_time(word) or word in self.book.ours)

    def _does_else(self) -> bool:
        """Whether something else than a visit is put off: "see you another time", "we'll catch up some other day". Who asks for
        it ("could the doctor see me another time") asks for a visit.
        """
        book, led = self.book, self.place.before
        asks = not book.aux.isdisjoint(led[:1]) or book.roles_of(book.alike(led)) & Role.REQUEST
        return not asks and book.polite.isdisjoint(led) and not book.partings.isdisjoint(led[-_PUT_OFF:])

    def _other_thing(self) -> bool:
        """Whether another thing is spoken of: "any other birthdays", "in any other country"."""
        own, after = self.place.own, self.place.after
        if own[-1] not in _OTHER or not after:
            return False
        return self._is_thing(after[0])

    def _asks_of_things(self) -> bool:
        """Whether what is asked for is named before it, and no time: "how many exams do you have this week"."""
        led = self.place.before
        if not self.book.roles_of(led) & Role.QUESTION or self.place.own[0] not in self.book.aux:
            return False
        return any(map(self._is_thing, led))

    def _is_thing(self, word: str) -> bool:
        """Whether a word names something that is no time, no visit and no part of a turn of phrase."""
        if word not in self.book.known or self.book.role(word) or self.place.names_a_time(word):
            return False
        return word not in self.book.ours and word not in self.book.vague

    def _vague(self) -> bool:
        """Whether it is made of words that are said of anything, and nothing shows what they are said of. A number is one of
        them but where it is written as an hour or a date, is better, or after something else.
        """
        before, own, after = self.place.before, self.place.own, self.place.after
        if any(word not in self.book.vague and (self.place.whole or word not in self.book.shifting) for word in own):
            return False
        if NUMBER in own and (not self.book.timing.isdisjoint(own) or any(map(is_time, self.place.written))):
            return False
        if any(map(self.place.names_a_time, after[:1])):
            return False
        near = (*before[-_NEAR:], *after[:_NEAR])
        asked_for = not self.book.giving.isdisjoint(before[-_NEAR:])
        return self.left or not (self.shown or asked_for or any(map(self.place.names_a_time, near)))
