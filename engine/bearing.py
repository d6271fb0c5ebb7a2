"""Whether an answer that was found among other words is one to us: of whom it is said, what follows it, and whether it is more
than everyday words.

"I can't make it" is an answer wherever it stands. "You don't have to", "I'll miss her", "he can't come back", "a nice
change" and "another one" hold the words of one and are none. What tells is straight beside them, in the very words that
are passed over when phrases are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.lexicon import Role
from engine.phrase import CANNOT, NUMBER, OPT_OUT, Phrase, holds
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared
from engine.ruleset import ALWAYS_INTENTS

_HAS_BEEN = "already_attended"
_LATE = "running_late"
_TO = "to"
_OTHER = frozenset(("other", "another", "different"))
_HITHER = frozenset(("in", "up", "over", "down", "there"))
_OUTING = frozenset(("go", "going"))  # of several, as likely somewhere else: "we're not going now, too wet"
_GLUED = ("+", "#", "&")  # "C++"
_POLITE = Role.FILLER | Role.COURTESY | Role.ACK | Role.NO
_LEADING = Role.FILLER | Role.COURTESY | Role.ACK | Role.YES | Role.NO | Role.JOIN | Role.REQUEST | Role.WISH | Role.WHEN
_TIME = re.compile(r"\d{1,2}(?:[:.]\d\d)?(?:am|pm)|\d{1,2}:\d\d|\d{1,2}(?:st|nd|rd|th)|\d{1,2}/\d{1,2}(?:/\d{2,4})?")
_PUT_OFF = 4  # words in which it stands before "another time": "talk to you some | other time"
_NEAR = 3  # words in which what is visited stands after where one goes: "come over | to the clinic"

Written = tuple[Sequence[str], Sequence[Sequence[str]], Sequence[str]]  # a segment's words, each mended, and its content


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phrase stands in its segment: the words before it, its own and those after it, as spelt, and its own as written.
    A whole sentence has nothing beside it.
    """

    before: Sequence[str]
    own: Sequence[str]
    after: Sequence[str]
    written: Sequence[str]
    whole: bool = False


def place(book: Phrasebook, segments: Iterable[Written], phrase: Phrase) -> Place:
    """Where a phrase stands in a reply: in the shortest stretch of the first segment that holds it."""

    def held(mended: Sequence[Sequence[str]]) -> bool:
        return holds(book.content(book.alike(book.joined(mended))), phrase.words)

    for words, mended, content in segments:
        if holds(content, phrase.words):
            first, last = 0, len(words)
            while last - first > 1 and held(mended[first : last - 1]):
                last -= 1
            while last - first > 1 and held(mended[first + 1 : last]):
                first += 1
            before, own, after = map(book.joined, (mended[:first], mended[first:last], mended[last:]))
            return Place(before, own, after, words[first:last])
    return Place((), phrase.words, (), phrase.text.split(), whole=True)


def plainly_refuses(book: Phrasebook, place: Place) -> bool:
    """Whether a phrase that refuses to come says so of the writer and says all of it: "sorry, I can't come", "can't", not "the
    van can't come", "I want to not be here" or "can't come to the phone". What goes on after it is a time, or begins something
    new ("... as the roof is off"). False for languages whose lexicon does not list who speaks.
    """
    if not book.personal:
        return False
    said = book.alike(book.spelt([*place.before, *place.own]))
    if book.coming.isdisjoint(said) and not is_bare(book, place):
        return False
    who = book.personal & book.speakers
    if "we" in said and not _OUTING.isdisjoint(place.own):
        return False
    rest = (word for word in said if word not in who and not book.role(word) & _POLITE and word not in book.polite)
    first = next((word for word in rest if book.role(word) & Role.NEGATION or word not in book.passing), "")
    passed = _HITHER | book.slots
    after = next((word for word in place.after if not book.role(word) & Role.WHEN and word not in passed), "")
    goes_on = after and not book.role(after) & Role.JOIN and after not in book.openers
    return bool(book.role(first) & Role.NEGATION) and not goes_on


def is_bare(book: Phrasebook, place: Place) -> bool:
    """Whether a refusal does not say of what it is one: "can't", "I can't"."""
    return book.content(book.spelt(place.own)) == [CANNOT]


def is_time(word: str) -> bool:
    """Whether a word as written is an hour or a date in figures, and no mere number."""
    return _TIME.fullmatch(word) is not None


@dataclass(frozen=True, slots=True)
class Bearing:
    """One phrase in its place. `shown` tells that something beside the answers shows the text to be about an appointment,
    `left` that more stands beside them than reasons explain.
    """

    prepared: Prepared
    book: Phrasebook
    place: Place
    shown: bool
    left: bool

    def astray(self, phrase: Phrase) -> bool:
        """Whether a phrase may be said of something else than a visit."""
        yields, been = phrase.intent in self.prepared.yielding, phrase.intent == _HAS_BEEN
        answer = phrase.intent in self.prepared.answers.difference(ALWAYS_INTENTS)
        if phrase.key and answer:
            return self._names_else(phrase, yields)
        if phrase.key and phrase.intent == OPT_OUT and len(phrase.words) == 1:
            return self._ends_else()
        if phrase.intent == _LATE and self._of_others(late=True):
            return True
        if yields and self._picks_else(phrase):
            return True
        if answer and phrase.negative and (self._of_others() or self._goes_on() or self._habitual()):
            return True
        if been and (self._habitual() or (self._underwent and self._of_others())):
            return True
        if yields and not self.place.whole and (self._habitual() or (self.left and not (phrase.asks or self.shown))):
            return True
        if yields and not phrase.key and (self._does_else() or self._other_thing() or self._asks_of_things()):
            return True
        if self.left and not self.shown and ((been and self.place.whole) or (answer and phrase.negative)):
            return True
        if self.place.whole and (been or self._comes):  # a sentence that says who will not come says enough
            return False
        return (yields or been or (answer and (self.place.whole or is_bare(self.book, self.place)))) and self._vague()

    def _names_else(self, phrase: Phrase, yields: bool) -> bool:
        """Whether the word of an answer is used for something else; one that is nothing else never is: RESCHEDULE."""
        own = self.place.own
        if len(own) > 1:
            return yields and own[-2] in self.book.asides.determiners  # "I want that switch"
        if phrase.letter:
            return self._thing()
        if not yields or self.place.written[-1] in self.prepared.keys:
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
        return not (self._leads(before[-1]) or self._names_a_time(before[-1]))

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

    def _of_others(self, late: bool = False) -> bool:
        """Whether it is said of somebody or something else: "you don't have to", "it's not coming"."""
        who = self.book.asides
        led = [word for word in self.place.before if word not in self.book.passing]
        subject = led[-1] if led else ""
        if subject in who.healers and len(led) > 1 and led[-2] in who.determiners:  # "the nurse can't come"
            return True
        return subject in self.book.others or (subject in self.book.things and (late or self._underwent or self._comes))

    def _goes_on(self) -> bool:
        """Whether what follows a refusal makes it one of something else: "miss her", "come back", "don't want to get up"."""
        own, after = self.place.own, self.place.after
        if not after:
            return own[-1] == _TO
        if self._comes and after[0] == _TO and after[1:2] and after[1] in self.book.persons.difference(self.book.visited):
            return True
        if after[0] in self.book.persons and own[-1] not in self.book.meeting:
            return True
        if self._comes:
            directed = after[0] in self.book.directions and self._arrives(after[1 : _NEAR + 1])
            return after[0] in self.book.strays and not directed
        if _TO not in (own[-1], after[0]):
            return False
        verb = next((word for word in after[after[0] == _TO :] if word in self.book.aux or word not in self.book.passing), "")
        return verb not in self.book.visiting

    def _picks_else(self, phrase: Phrase) -> bool:
        """Whether another thing than a time is what is asked for: "any other birthdays", "what plans do you have"."""
        before, own, after = self.place.before, self.place.own, self.place.after
        if own[-1] in self.book.picking and after:
            return after[0] in self.book.known and self._is_no_time(after[0])
        asked = phrase.asks and any(self.book.role(word) & Role.QUESTION for word in before[:-1])
        return asked and self._is_no_time(before[-1])

    def _is_no_time(self, word: str) -> bool:
        return not (self.book.role(word) or self._names_a_time(word) or word in self.book.ours)

    def _habitual(self) -> bool:
        """Whether it is told of what is so in general: "I don't go often"."""
        return not self.book.habits.isdisjoint((*self.place.before, *self.place.after))

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
        if word not in self.book.known or self.book.role(word) or self._names_a_time(word):
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
        if any(map(self._names_a_time, after[:1])):
            return False
        near = (*before[-_NEAR:], *after[:_NEAR])
        asked_for = not self.book.giving.isdisjoint(before[-_NEAR:])
        return self.left or not (self.shown or asked_for or any(map(self._names_a_time, near)))

    @property
    def _underwent(self) -> bool:
        """Whether what somebody has been through is told: "already been", of no thing that was made or read."""
        return not self.book.underwent.isdisjoint(self.place.own)

    @property
    def _comes(self) -> bool:
        return not self.book.coming.isdisjoint(self.book.alike(self.place.own))

    def _names_a_time(self, word: str) -> bool:
        return word == NUMBER or word in self.book.slots or bool(self.book.role(word) & Role.WHEN)

    def _arrives(self, words: Sequence[str]) -> bool:
        """Whether a visit is gone to: "over | to you", "up | on Friday"."""
        return any(self._names_a_time(word) or word in self.book.ours or word in self.book.visited for word in words)
