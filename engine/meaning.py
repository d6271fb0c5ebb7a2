"""One meaning out of all that a reply says, or none: clauses heard together, with what speaks against each.

A phrase is taken at its word unless its clause negates, asks, doubts or conditions it, or it has an object that is
not ours ("cancel the taxi"). A yes is taken only where nothing at all speaks beside it; other answers may have
their reasons beside them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from engine import beside
from engine.affirmed import Affirmed
from engine.bearing import HAS_BEEN, Bearing
from engine.clauses import Clause, flags_of, signature_only
from engine.evidence import Evidence
from engine.explained import Guard
from engine.keys_said import KeysSaid
from engine.lexicon import Role
from engine.objections import CORRECTION, NOT_THEIRS, PRECEDENCE, Objections, is_asked, only_if_possible
from engine.outright import given_up
from engine.phrase import ASK, OPT_OUT, Phrase
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared
from engine.reading import MIXED, OUTRIGHT, UNKNOWN, Candidate, Reading
from engine.ruleset import ALWAYS_INTENTS
from engine.utterance import Utterance

_LOUD = Role.NEGATION | Role.QUESTION | Role.HEDGE | Role.CONDITION | Role.CONTRAST | Role.NO
_BESIDE = ("more-said", "negation")  # objections to what else is said, not to the answer
_DOUBTS = ("hedge", "condition", "question", "object")  # what leaves a meaning possible


@dataclass(frozen=True, slots=True)
class _Heard:
    """A phrase that was found, and what speaks against taking it at its word ("" where nothing does)."""

    phrase: Phrase
    against: str = ""


@dataclass(frozen=True)
class Meaning:
    """What one reply means by its clauses. `ruled_out` are intents that it cannot have, whatever it says. Without clauses it
    has nothing beside the phrase that is the whole of it.
    """

    said: Utterance
    evidence: Evidence
    parts: Sequence[Clause] = ()
    ruled_out: Collection[str] = ()
    _bearings: dict[Phrase, Bearing] = field(default_factory=dict, init=False)

    def is_answer(self, phrase: Phrase) -> bool:
        """Whether a phrase that is the whole of the reply is an answer to us."""
        no_yes = phrase.intent in self.prepared.affirming and (self._affirmed.of_talk or self._affirmed.lost_a_not)
        return not (no_yes or self._bearing(phrase).astray)

    @property
    def standing(self) -> list[Phrase]:
        """What it says that nothing in its own clause speaks against."""
        return [heard.phrase for heard in self._heard if not heard.against]

    def reading(self) -> Reading:
        """The one meaning that is left, or why there is none."""
        prepared = self.prepared
        standing = [phrase for phrase in self.standing if phrase.intent not in prepared.courtesies]
        strong = [phrase for phrase in standing if not phrase.weak] or standing
        outranking = self._outranking(strong)
        if outranking is not None:
            return outranking
        outcomes = {prepared.outcomes[phrase.intent]: phrase for phrase in reversed(strong)}
        if not outcomes:
            return self._nothing_stands()
        if len(outcomes) > 1:
            return self._several(outcomes)
        (phrase,) = outcomes.values()
        return self._yes(phrase) if phrase.intent in prepared.affirming else self._any_other(phrase)

    def _outranking(self, strong: Sequence[Phrase]) -> Reading | None:
        """What decides beside any other meaning in the same text; a wrong number not where somebody has been or will come."""
        say, said = self.evidence.say, self.said.quoted
        for phrase in (each for name in PRECEDENCE for each in strong if each.intent == name):
            if phrase.intent == NOT_THEIRS and any(other.intent == HAS_BEEN for other in strong):
                continue  # "attended, please update your records"
            affirmed = self._agreed() or any(other.intent in self.prepared.affirming for other in strong)
            if phrase.intent == NOT_THEIRS and affirmed:
                return say(MIXED, "two-meanings", f'"{said(phrase)}" stands beside a yes: somebody answers for the patient.')
            if phrase.intent == OPT_OUT and len(phrase.words) == 1 and affirmed:
                return say(MIXED, "two-meanings", f'"{said(phrase)}" stands beside a yes, and may be said of something else.')
            if not self._guard.passes_remark(phrase):
                return say(UNKNOWN, "not-to-us", "Nothing in it shows that it was written to us.")
            return self.evidence.act(phrase, "outranks every other meaning")
        return None

    def _agreed(self) -> bool:
        """Whether a yes stands before a "but", as a word of no phrase: "yes but not with Dr Smith"."""
        roles = self.book.roles_of([word for alike in self.said.alike for word in alike])
        return bool(roles & Role.YES and roles & Role.CONTRAST)

    def _several(self, outcomes: dict[str, Phrase]) -> Reading:
        """Two meanings: a remark takes a yes along with it ("yes but running late"); all else is asked about."""
        prepared, say, said = self.prepared, self.evidence.say, self.said.quoted
        if len(outcomes) == 2:
            if (wish := beside.wish(prepared, self.parts, outcomes)) is not None:
                return self._any_other(wish)
            if (cannot := beside.refused_but_offers(prepared, self.book, self.parts, outcomes)) is not None:
                (wish_for,) = prepared.yielding
                return say(wish_for, "another-time", f'"{said(cannot)}", and then a time that would do.', 100.0)
            agreed = beside.led_up_to(prepared, self.book, self.parts)
            if agreed is not None and agreed in outcomes.values():
                return self._any_other(agreed)
        remarks = [phrase for phrase in outcomes.values() if phrase.intent not in prepared.answers]
        answers = [phrase for phrase in outcomes.values() if phrase.intent in prepared.answers]
        beside_yes = len(remarks) == 1 and all(phrase.intent in prepared.affirming for phrase in answers)
        if beside_yes and (remarks[0].intent != HAS_BEEN or all(len(phrase.words) == 1 for phrase in answers)):
            return self._any_other(remarks[0])
        both = ", ".join(f'"{said(phrase)}" ({phrase.intent})' for phrase in outcomes.values())
        return say(MIXED, "two-meanings", f"It says things that lead to different outcomes: {both}.")

    def _yes(self, phrase: Phrase) -> Reading:
        """A yes is taken only where nothing at all speaks beside it."""
        affirmed, say, said = self._affirmed, self.evidence.say, self.said.quoted
        if self._is_question():
            return self.evidence.ask()
        if self._elsewhere():
            return say(UNKNOWN, "elsewhere", f'"{said(phrase)}" seems to be about something else than a visit.')
        others = (heard for heard in self._heard if self._differs(heard.phrase, phrase))
        if not all(affirmed.overrules(other.phrase, other.against) for other in others):
            return say(MIXED, "two-meanings", f'"{said(phrase)}" stands beside another, uncertain meaning.')
        if phrase.letter and self._keys.letters_of_two:
            return say(MIXED, "two-meanings", f'"{phrase.text}" stands beside the letter of another answer.')
        flags = flags_of(affirmed.answering)
        if flags & (Role.CONDITION | Role.WISH):
            return say(MIXED, "condition", f'"{said(phrase)}" stands under a condition.')
        agrees = any(heard.phrase.negative for heard in self._heard if not heard.against)
        if flags & Role.NEGATION or (flags & Role.NO and not agrees):
            return say(UNKNOWN, "negation", f'A negation stands beside "{said(phrase)}".')
        if flags & Role.HEDGE:
            return say(UNKNOWN, "hedge", f'"{said(phrase)}" is said with doubt.', guess=phrase.intent)
        if self.said.days.has_been(phrase, self.said.segments):
            return say(UNKNOWN, "told", f'"{said(phrase)}" seems to be told of what has been.')
        if affirmed.held_back:
            return say(UNKNOWN, "contrast", f'"{said(phrase)}" is held back by what follows.', guess=phrase.intent)
        if (phrase.weak and not affirmed.only_acknowledges) or affirmed.astray:
            return say(UNKNOWN, "more-said", f'More is said than "{said(phrase)}".', guess=phrase.intent)
        if not affirmed.explained:
            unknown = ", ".join(self._guard.unknown[:5])
            why = f'More is said than "{said(phrase)}": {unknown}.'
            return say(UNKNOWN, "more-said", why, guess=phrase.intent)
        if self.said.normal.cut:
            return say(UNKNOWN, "too-long", "The reply is longer than is read.", guess=phrase.intent)
        return self.evidence.act(phrase, "nothing in the text speaks against it")

    def _any_other(self, phrase: Phrase) -> Reading:
        """One meaning that is no yes: reasons and small talk beside it do not matter, a second thought does."""
        against = self._against(phrase)
        if against is None:
            return self.evidence.act(phrase, "no other meaning stands")
        asked_for = self._given_up if against.rule in _BESIDE and phrase.intent in self.prepared.refusing else None
        if asked_for is None or self._against(asked_for, outright=True) is not None:
            return against
        why = f'"{self.said.quoted(asked_for)}" is asked for outright, and what stands beside it may be why.'
        return self.evidence.say(asked_for.intent, OUTRIGHT, why, 100.0, Candidate(asked_for.intent, asked_for.text, 100.0))

    def _against(self, phrase: Phrase, outright: bool = False) -> Reading | None:
        """What speaks against one meaning that is no yes. `outright` tells that it is given up in a clause of its own."""
        return (
            self._of_no_visit(phrase)
            or self._with_a_day(phrase)
            or self._with_a_question(phrase)
            or self._with_much_more(phrase)
            or self._doubted(phrase, outright)
        )

    def _of_no_visit(self, phrase: Phrase) -> Reading | None:
        """What may be said of something else than a visit, or of more than that."""
        said, say = self.said.quoted, self.evidence.say
        more = any(part.unknown or (phrase in part.led and not part.pleaded) for part in self.parts)  # "he quit", "the end"
        if phrase.intent == OPT_OUT and len(phrase.words) == 1 and more:
            return say(UNKNOWN, "more-said", f'More is said than "{said(phrase)}".', guess=phrase.intent)
        if self._bearing(phrase).refusal.bleak:
            why = f'"{said(phrase)}", and who says so may refuse more than a visit.'
            return say(self.prepared.asking or UNKNOWN, "bleak", why)
        if all(self._bearing(each).astray for each in self._alike_said(phrase)):
            why = f'"{said(phrase)}" may be said of something else than a visit.'
            return say(UNKNOWN, "not-to-us", why, guess=phrase.intent)
        return None

    def _with_a_day(self, phrase: Phrase) -> Reading | None:
        """An answer beside a day or an hour that makes another one of it."""
        prepared, days, said, say = self.prepared, self.said.days, self.said.quoted, self.evidence.say
        answer = phrase.intent in prepared.answers
        if answer and phrase.intent not in prepared.affirming and days.by(phrase):
            return say(MIXED, "told-day", f'"{said(phrase)}", and the day that was told seems to suit.')
        if answer and days.beside_another(phrase, (each for each in self.standing if each.intent in prepared.affirming)):
            return say(MIXED, "told-day", f'"{said(phrase)}", and the day that was told is agreed to.')
        if answer and (wish_for := beside.another_time_beside(prepared, self.book, self.parts, phrase, days.that_day)):
            return say(wish_for, "another-time", f'"{said(phrase)}", and with it another time.', 100.0)
        if beside.deferred(prepared, self.book, self.parts, phrase, days.alone):
            return say(MIXED, "another-time", f'"{said(phrase)}", beside when the patient would come.')
        return None

    def _with_a_question(self, phrase: Phrase) -> Reading | None:
        """What asks something besides."""
        if phrase.intent == HAS_BEEN and any(part.asked and part.words[:1] == [ASK] for part in self.parts):
            return self.evidence.ask()  # "I had my scan already, is this for the results?"
        answer = phrase.intent in self.prepared.answers
        if answer and not self._requests(phrase) and self._is_question(offers=phrase.intent in self.prepared.yielding):
            return self.evidence.ask()
        return None

    def _with_much_more(self, phrase: Phrase) -> Reading | None:
        """What stands beside words that another may be meant by."""
        answer, say = phrase.intent in self.prepared.answers, self.evidence.say
        if answer and self._elsewhere():
            why = f'"{self.said.quoted(phrase)}" seems to be about something else than a visit.'
            return say(UNKNOWN, "elsewhere", why)
        if not (self._bearing(phrase).passes if answer else self._guard.passes_remark(phrase)):
            return say(UNKNOWN, "not-to-us", "Nothing in it shows that it was written to us.", guess=phrase.intent)
        return None

    def _doubted(self, phrase: Phrase, outright: bool) -> Reading | None:
        """An answer that something else in the text doubts, takes back or leaves open."""
        answer, say, said = phrase.intent in self.prepared.answers, self.evidence.say, self.said.quoted
        yes = self.prepared.affirming if self._requests(phrase) else frozenset()
        doubtful = [heard for heard in self._heard if heard.against in _DOUBTS and heard.phrase.intent not in yes]
        if answer and any(self._differs(heard.phrase, phrase) for heard in doubtful):
            return say(MIXED, "two-meanings", f'"{said(phrase)}" stands beside another, uncertain meaning.')
        if answer and phrase.intent not in ALWAYS_INTENTS and not outright and self._bearing(phrase).in_doubt:
            unknown = ", ".join(self._guard.unknown[:5])
            return say(UNKNOWN, "more-said", f'More is said than "{said(phrase)}": {unknown}.', guess=phrase.intent)
        if answer and self._keys.of_two:
            return say(MIXED, "two-meanings", "It is two keys, each of another answer.")
        if answer and self._conditioned(phrase):
            return say(MIXED, "condition", f'"{said(phrase)}" stands beside a condition.')
        if answer and (beside.left_open(self.parts) or (self._flags & Role.HEDGE and self._flags & Role.CONTRAST)):
            return say(UNKNOWN, "hedge", f'"{said(phrase)}" is taken back or doubted.', guess=phrase.intent)
        if answer and any(heard.against == "negation" and heard.phrase.intent == phrase.intent for heard in self._heard):
            return say(MIXED, "negation", f'"{said(phrase)}", and the same after a no.', guess=phrase.intent)
        if phrase.letter and self._keys.letters_of_two:
            return say(MIXED, "two-meanings", f'"{phrase.text}" stands beside the letter of another answer.')
        if answer and self._keys.began_with_a_yes:
            return say(MIXED, "two-meanings", f'"{said(phrase)}" stands behind the letter of a yes.')
        if answer and phrase.intent not in self.prepared.affirming and self._keys.yes_before_a_no:
            return say(MIXED, "two-meanings", f'"{said(phrase)}" stands behind a yes, and may be a slip for its contrary.')
        no = phrase.key and len(phrase.words) == 1 and any(self._objections.says_no(part, phrase) for part in self.parts)
        if no and not outright:
            return say(UNKNOWN, "negation", f'A no stands beside "{said(phrase)}", which may be its contrary.')
        corrected = any(heard.against == CORRECTION for heard in self._heard) or self._keys.yes_to_another_day(phrase)
        if answer and (corrected or beside.half_meant(self.parts, phrase)):
            return say(MIXED, "contrast", f'"{said(phrase)}" is not all of it: a "not" stands beside it.')
        if answer and self.said.normal.cut:
            return say(UNKNOWN, "too-long", "The reply is longer than is read.", guess=phrase.intent)
        return None

    def _conditioned(self, phrase: Phrase) -> bool:
        """Whether an answer stands beside a condition; a wish for another time stays one beside an "if possible"."""
        conditions = [part for part in self.parts if part.flags & Role.CONDITION]
        mere = phrase.intent in self.prepared.yielding and all(only_if_possible(self.book, part) for part in conditions)
        return bool(conditions) and not mere

    def _alike_said(self, phrase: Phrase) -> list[Phrase]:
        """The phrases that stand for the same as one does, each of which may carry it."""
        outcomes = self.prepared.outcomes
        return [each for each in self.standing if outcomes[each.intent] == outcomes[phrase.intent]] or [phrase]

    def _requests(self, phrase: Phrase) -> bool:
        """Whether something is asked for; of a refusal, in its own clause: the rest of "we won't be in, when can we come" is a
        question.
        """
        refuses = self._bearing(phrase).refusal.of_visit
        return phrase.asks or any(part.flags & Role.REQUEST for part in self.parts if not refuses or part.holds(phrase))

    def _nothing_stands(self) -> Reading:
        if self._is_question():
            return self.evidence.ask()
        flags = self._flags
        dropped = [heard for heard in self._heard if heard.against and heard.phrase.intent not in self.prepared.courtesies]
        if dropped:
            first = dropped[0]
            guess = first.phrase.intent if first.against in ("hedge", "object") else None
            why = f'"{self.said.quoted(first.phrase)}" ({first.phrase.intent}) is not taken at its word: {first.against}.'
            return self.evidence.say(UNKNOWN, first.against, why, guess=guess)
        unknown = self._guard.unknown
        if flags & Role.NO and not unknown:
            return self.evidence.say(UNKNOWN, "no", "A bare no: to which of the questions is not said.")
        polite = next((heard.phrase for heard in self._heard if heard.phrase.intent in self.prepared.courtesies), None)
        if polite and (not unknown or signature_only(self.parts)) and not flags & (Role.NEGATION | Role.HEDGE | Role.CONDITION):
            return self.evidence.act(polite, "it is only politeness")
        return self._alike()

    def _alike(self) -> Reading:
        """No phrase stands in it word for word; one may be near enough as a whole."""
        resemblance, say = self.evidence.resemblance, self.evidence.say
        near = resemblance.nearest
        if near is None:
            return say(UNKNOWN, "nothing-matched", "It is not like any phrase that we know.")
        understood = any(part.remarked for part in self.parts)  # "it can go" is no slip of "I can go"
        if not (understood or self._flags & _LOUD) and resemblance.is_slip(near):
            return say(near.intent, "fuzzy", f'Like "{near.phrase}", and no other meaning is near.', near.score, near)
        return say(UNKNOWN, "nothing-matched", f'Like "{near.phrase}", but not enough to act on.', guess=near.intent)

    # --- what it holds -----------------------------------------------------------------------------------------------

    @property
    def prepared(self) -> Prepared:
        return self.said.prepared

    @property
    def book(self) -> Phrasebook:
        return self.said.book

    @cached_property
    def _heard(self) -> list[_Heard]:
        """All that it says, each with what speaks against it."""
        against = self._objections.against
        return [_Heard(phrase, against(part, phrase, object_)) for part in self.parts for phrase, object_ in part.found]

    @cached_property
    def _flags(self) -> int:
        return flags_of(self.parts)

    @property
    def _keys(self) -> KeysSaid:
        return KeysSaid(self.said, self.parts)

    @cached_property
    def _objections(self) -> Objections:
        return Objections(self.prepared, self.book, self.parts, self.ruled_out)

    @cached_property
    def _given_up(self) -> Phrase | None:
        return given_up(self.said, self.parts)

    @cached_property
    def _guard(self) -> Guard:
        return Guard(self.said, self.parts)

    @cached_property
    def _affirmed(self) -> Affirmed:
        return Affirmed(self.said, self.parts)

    def _bearing(self, phrase: Phrase) -> Bearing:
        found = self._bearings.get(phrase)
        if found is None:
            found = self._bearings[phrase] = Bearing(self.prepared, self._guard, phrase)
        return found

    def _is_question(self, offers: bool = False) -> bool:
        """Whether a clause asks something that is no answer itself. `offers`: nor a time that would do ("not the 20th, the
        22nd?").
        """
        against, asking = self._objections.against, self.prepared.asking
        return any(
            is_asked(part)
            and not (offers and beside.nothing_but_a_time(part))
            and not any(not against(part, phrase, "") for phrase, _ in part.found if phrase.intent != asking)
            for part in self.parts
        )

    def _differs(self, one: Phrase, other: Phrase) -> bool:
        outcomes = self.prepared.outcomes
        return not one.weak and one.intent in self.prepared.answers and outcomes[one.intent] != outcomes[other.intent]

    def _elsewhere(self) -> bool:
        """Whether another answer in the text is one to something else: "can't do the 20th for the hen, any day is fine"."""
        return any(heard.against == "elsewhere" for heard in self._heard)
