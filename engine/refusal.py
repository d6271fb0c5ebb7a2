"""When a refusal is taken at its word and when it is asked about: "can't make it, the car is banjaxed" gives the visit up,
"can't make it out, what does this say" does not.

A refusal is an answer with a "not" in it: "can't come", "not free", "don't want it". Such words are said of anything, and what
stands beside them tells of what:

- It is plain where it says that the writer does not come and no more than that, nothing is asked, and all else may be why. Then
  it is taken at its word, though nothing shows that the text is about an appointment.
- It is of something else where it is somebody else's ("you don't have to"), goes on to what is no visit ("can't come to the
  phone", `engine.complement`), is a habit ("I don't go often"), or has more beside it than may be why and nothing that shows an
  appointment. Then it is asked about.
- It is unclear where its own clause holds what may be refused ("I don't want to get caught") and the text speaks of no
  appointment. Then it is asked about.
- It is bleak where who gives the visit up, be it by "cancel", may give up more. Then a person reads it.

One that is none of these is an answer like any other (`engine.bearing`, `engine.explained`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from engine.complement import HITHER, POLITE, Complement
from engine.explained import Guard
from engine.lexicon import Role
from engine.phrase import NAME, Phrase, holds_any
from engine.phrasebook import Phrasebook
from engine.place import Place
from engine.prepared import Prepared
from engine.ruleset import ALWAYS_INTENTS

_REASON = 5  # words of no known reason beside a plain one
_REASON_OF_BARE = 1  # the same beside one that does not say of what
_SPARED = 3  # the same beside a "can't come" that is not plain
_IN_ITS_CLAUSE = 1  # words not understood beside one with a time in it: "can't do Friday, yoga"
_OUTING = frozenset(("go", "going"))  # of several, as likely somewhere else: "we're not going now, too wet"


@dataclass(frozen=True)
class Refusal:
    """One phrase in its place, with what else its text holds. One that refuses nothing is nothing of all this."""

    prepared: Prepared
    guard: Guard
    phrase: Phrase
    place: Place

    @property
    def book(self) -> Phrasebook:
        return self.place.book

    @property
    def of_visit(self) -> bool:
        """Whether what it refuses is the visit, not a day for it."""
        return self.phrase.negative and self.phrase.intent in self.prepared.refusing

    @property
    def bleak(self) -> bool:
        """Whether who gives the visit up may give up more than that."""
        gives_up = self.phrase.intent in self.prepared.refusing
        return gives_up and any(holds_any(spelt, self.book.bleak) for spelt in self.guard.said.spelt)

    @cached_property
    def plain(self) -> bool:
        """Whether it is taken at its word, whatever the reason. False for languages whose lexicon does not list who speaks."""
        if not self.of_visit or any(part.asked for part in self.guard.parts):
            return False
        return self._says_no_more and self._has_only_reasons

    @property
    def of_else(self) -> bool:
        """Whether its own clause tells how somebody does not come, or to what else: "not coming alone", "... to the phone"."""
        return self._refuses and self._complement.of_else

    @cached_property
    def _complement(self) -> Complement:
        return Complement(self.place)

    @property
    def _refuses(self) -> bool:
        """Whether it is an answer with a "not" in it."""
        phrase = self.phrase
        return phrase.negative and not phrase.key and phrase.intent in self.prepared.answers.difference(ALWAYS_INTENTS)

    @property
    def of_something_else(self) -> bool:
        """Whether it may be said of somebody else than a patient, or of something else than a visit."""
        if not self._refuses:
            return False
        if self.place.of_others() or self._complement.leads_off or self.place.habitual:
            return True
        return self.much_left and not self.guard.shown

    @cached_property
    def much_left(self) -> bool:
        """Whether more stands beside it than may be why. Where somebody is ("she's in Portiuncula") may, and some words of any
        kind beside a "can't come", if danger is told in none of them.
        """
        if self.plain:
            return False
        left = self.guard.unexplained(self.phrase)
        where = sum(word not in self.book.known for word in left) == 1
        spared = _SPARED if self.place.comes and not any(map(self.book.dangerous, left)) else 0
        return len(left) - where - spared > self.guard.room

    @property
    def unclear(self) -> bool:
        """Whether its own clause holds what may be refused, or somebody by name, and nothing shows that the text is to us."""
        guard, phrase = self.guard, self.phrase
        if not (phrase.negative and self.book.personal) or guard.ours or guard.said.named:
            return False
        own = [part for part in guard.parts if part.holds(phrase)]
        if len(guard.unknown) > 1 and any(NAME in part.words for part in own):
            return True
        if phrase.key or guard.polite or self.book.reasons.issuperset(word for part in own for word in part.unknown):
            return False
        return not (guard.flagged(Role.WHEN) and len(guard.unknown) <= _IN_ITS_CLAUSE)

    # --- what is plain -------------------------------------------------------------------------------------------------

    @property
    def _says_no_more(self) -> bool:
        """Whether it says that the writer does not come, and no more: "sorry, I can't come" and "can't", not "the van can't
        come", "I want to not be here" or "can't come to the phone". What goes on after it is a time, or begins something new
        ("... as the roof is off").
        """
        book, place = self.book, self.place
        if not book.personal:
            return False
        said = book.alike(book.spelt([*place.before, *place.own]))
        if book.coming.isdisjoint(said) and not place.bare:
            return False
        if "we" in said and not _OUTING.isdisjoint(place.own):
            return False
        who = book.personal & book.speakers
        rest = (word for word in said if word not in who and not book.role(word) & POLITE and word not in book.polite)
        first = next((word for word in rest if book.role(word) & Role.NEGATION or word not in book.passing), "")
        passed = HITHER | book.slots
        after = next((word for word in place.after if not book.role(word) & Role.WHEN and word not in passed), "")
        goes_on = after and not book.role(after) & Role.JOIN and after not in book.openers
        return bool(book.role(first) & Role.NEGATION) and not goes_on

    @property
    def _has_only_reasons(self) -> bool:
        """Whether what stands beside it may be why, whatever it is: not too long, to nobody familiar, and in no words of the
        body, of harm or of something else that is answered. One that does not say of what has a reason of a known kind, and
        none why a text cannot be read or answered.
        """
        book, told = self.book, self.guard.unknown
        left = [word for word in told if word not in book.reasons]
        bare = self.place.bare
        explained = len(left) < len(told) or any(part.reasoned for part in self.guard.parts)
        if bare and not book.handled.isdisjoint(self.guard.words):  # "can't, the phone is broken"
            return False
        if len(left) > (_REASON_OF_BARE if bare else _REASON) or (bare and not explained):
            return False
        against = book.familiar | (book.elsewhere - book.reasons)
        return against.isdisjoint(self.guard.words) and not any(map(book.alarming, left))
