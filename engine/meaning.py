"""One meaning out of all that a reply says, or none: clauses heard together, with what speaks against each.

A phrase is taken at its word unless its clause negates, asks, doubts or conditions it, or it has an object that is
not ours ("cancel the taxi"). A yes is taken only where nothing at all speaks beside it; other answers may have
their reasons beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from rapidfuzz import fuzz, process

from engine import alarms, beside, deaths, initials
from engine.affirmed import Affirmed
from engine.bearing import Bearing, Place, is_bare, is_time, place, plainly_refuses
from engine.clauses import Clause, flags_of, match, segments, signature_only
from engine.days_kept import DaysKept
from engine.explained import Guard, speaks_of_little_else, tells_of_danger, tells_of_it
from engine.hearing import Hearing
from engine.lexicon import Role
from engine.normalise import Normalised, fold
from engine.objections import CORRECTION, NOT_THEIRS, PRECEDENCE, Objections, is_asked
from engine.outlived import Outlived
from engine.phrase import ASK, DECIDING, KIN, NAME, OPT_OUT, Phrase, holds_any
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared
from engine.reading import BEREAVED, MIXED, ROBOT, UNKNOWN, Candidate, Reading
from engine.ruleset import ALWAYS_INTENTS, Matching
from engine.told import Told

_LOUD = Role.NEGATION | Role.QUESTION | Role.HEDGE | Role.CONDITION | Role.CONTRAST | Role.NO
_QUIET = Role.COURTESY | Role.FILLER
_SECOND_THOUGHT = Role.HEDGE | Role.CONTRAST
_HAS_BEEN = "already_attended"  # what no yes to come goes along with
_DOUBTS = ("hedge", "condition", "question", "object")  # what leaves a meaning possible
_WORST_SCORE_SHOWN = 40.0
_REASON = 3  # words that a reason for not coming may hold beside what reasons are commonly told in


@dataclass(slots=True)
class _Heard:
    """A phrase that was found, and what speaks against taking it at its word ("" where nothing does)."""

    phrase: Phrase
    against: str = ""


@dataclass(slots=True)
class Reader:
    """One reading of one reply with one phrasebook. Used once: make it, call `read`."""

    prepared: Prepared
    matching: Matching
    book: Phrasebook
    normal: Normalised
    told: Told | None = None
    spelt: list[tuple[list[str], bool]] = field(default_factory=list)  # segments put right, each with whether it asks
    segments: list[tuple[list[str], bool]] = field(default_factory=list)  # the same with turns of phrase made one
    parts: list[Clause] = field(default_factory=list)
    heard: list[_Heard] = field(default_factory=list)
    contents: list[list[str]] = field(default_factory=list)
    written: list[tuple[list[str], list[Sequence[str]]]] = field(default_factory=list)  # segments as they stand, and mended
    ruled_out: set[str] = field(default_factory=set)
    places: dict[Phrase, Place] = field(default_factory=dict)

    def read(self) -> Reading:
        reading = self._read()
        if reading.intent == UNKNOWN and self._mourns():
            return self._say(self.prepared.asking or UNKNOWN, BEREAVED, "Somebody close to who writes has died.")
        if reading.intent != self.prepared.asking:
            return reading
        topic = self.book.topic([word for words, _ in self.spelt for word in words])
        return replace(reading, topic=topic, why=f"{reading.why} It asks nothing else: {topic}.") if topic else reading

    def _read(self) -> Reading:
        found = self._begun(initials.segments(self.prepared, self.book, self.normal.tokens))
        self.written = [(words, self.book.mended(words)) for words, _ in found]
        self.spelt = [(self.book.joined(mended), asked) for (_, mended), (_, asked) in zip(self.written, found, strict=True)]
        self.segments = [(self.book.alike(words), asked) for words, asked in self.spelt]
        self.contents = [self.book.content(words) for words, _ in self.segments]
        self.ruled_out = self._hearing.ruled_out(self.contents)
        decided = self._deciding_words()
        if decided is not None:
            return self._unless_outlived(decided) if decided.intent == alarms.DEATH else decided
        roles = self.book.roles
        if any(roles.get(word, Role.NONE) & Role.ROBOT for words, _ in self.segments for word in words):
            return self._say(UNKNOWN, ROBOT, "It reads like an automatic answer or an advertisement.")
        alone = self._alone() or self._letter()
        told_else = alone is not None and alone.intent in self.prepared.affirming and self._affirmation().of_talk
        if alone is not None and not told_else and not self._astray(alone):
            return self._act(alone, "it is all that is said")
        self._hear_out()
        return self._combined()

    def _begun(self, found: list[tuple[list[str], bool]]) -> list[tuple[list[str], bool]]:
        """The segments without the "actually" that a reply begins with: nothing stands before it that it could take back."""
        for number, (words, asked) in enumerate(found):
            at = next((at for at, word in enumerate(words) if not self.book.role(word) & _QUIET), None)
            if at is None:
                continue
            if self.book.role(words[at]) & _SECOND_THOUGHT != _SECOND_THOUGHT:
                return found
            rest = words[:at] + words[at + 1 :]
            return [*found[:number], *([(rest, asked)] if rest or asked else []), *found[number + 1 :]]
        return found

    @property
    def _hearing(self) -> Hearing:
        return Hearing(self.prepared, self.book)

    @property
    def first(self) -> str:
        """The first word of the reply, "" where it has none."""
        return next(iter(self.normal.words), "")

    def _hear_out(self) -> None:
        """All that the text says, each with what speaks against it."""
        written, alike = [words for words, _ in self.written], [words for words, _ in self.segments]
        self.parts = self._hearing.clauses(written, self.spelt, alike)
        objections = self._objections()
        self.heard = [
            _Heard(phrase, objections.against(part, phrase, object_)) for part in self.parts for phrase, object_ in part.found
        ]

    def _unless_outlived(self, death: Reading) -> Reading:
        """A death, unless the text holds an answer of somebody living: then that is what it says, or it is for a person."""
        self._hear_out()
        told = [(said, alike) for (said, _), (alike, _) in zip(self.spelt, self.segments, strict=True)]
        outlived = Outlived(self.prepared, self.book, told)
        told_first = death.candidates[0].phrase.split()[:1] == [self.first]  # "R I P Tommy"
        standing = [heard.phrase for heard in self.heard if not heard.against]
        if outlived.answered(standing):
            answer = self._combined()
            if answer.intent in self.prepared.affirming | self.prepared.yielding:
                return answer
        elif not (
            outlived.may_answer(standing, "" if told_first else self.first)
            or outlived.by_the_way(standing, death.candidates[0].phrase)
        ):
            return death
        why = f'"{death.candidates[0].phrase}" tells of a death, and what else is said may be an answer of somebody living.'
        return self._say(self.prepared.asking or UNKNOWN, BEREAVED, why)

    def _mourns(self) -> bool:
        spelt, alike = ([words for words, _ in segments] for segments in (self.spelt, self.segments))
        return deaths.mourned(self.book, spelt, alike)

    def alarm(self) -> Reading | None:
        """What decides wherever it stands, and nothing else: for a reply that is read in another language."""
        found = initials.segments(self.prepared, self.book, self.normal.tokens)
        self.spelt = [(self.book.spelt(words), asked) for words, asked in found]
        self.segments = [(self.book.alike(words), asked) for words, asked in self.spelt]
        self.contents = [self.book.content(words) for words, _ in self.segments]
        decided = self._deciding_words()
        return decided if decided is not None and decided.intent in DECIDING else None

    def _deciding_words(self) -> Reading | None:
        said = [fold(word) for word in self.normal.words]
        best = alarms.found(self.book, said, self.spelt, [words for words, _ in self.segments])
        content = [word for words in self.contents for word in words]
        if best is None or not tells_of_it(self.book, content, best.intent):
            return None
        if best.intent != alarms.DEATH and not (
            tells_of_danger(self.book, content, best.text, said) and speaks_of_little_else(self.book, self.spelt, content, best)
        ):
            return self._say(UNKNOWN, "not-to-us", f'"{best.text}" stands beside much that goes with no danger.')
        why = f'"{best.text}" decides wherever it stands, before anything else in the text.'
        return self._say(best.intent, "word", why, 100.0, Candidate(best.intent, best.text, 100.0))

    def _alone(self) -> Phrase | None:
        """A phrase that means something only as the whole of a reply: "Cancelled"."""
        if self.normal.cut or any(asked for _, asked in self.segments):
            return None
        if self.normal.words in self.book.written:
            return self.book.written[self.normal.words]
        words = [word for content in self.contents for word in content if not self.book.role(word) & _QUIET or word == NAME]
        found = match(words, 0, self.book.alone) if words else None
        if found is None or len(found.words) != len(words):
            return None
        all_of_it = {word for said, _ in self.segments for word in said}.issuperset(self.book.rewrite(found.text.split()))
        if len(words) == 1 and found.intent == NOT_THEIRS and not all_of_it:
            return None  # "wrong" is not all of "wrong patient"
        ours = self.book.ours | {KIN}  # of "wrong doctor" the doctor is what is wrong
        said = [pair for segment, _ in self.segments for pair in pairwise(segment)]
        return None if any(word == found.words[-1] and after in ours for word, after in said) else found

    def _letter(self) -> Phrase | None:
        """A key of one letter with nothing but thanks after it, though the letter is a word of the language: "Y gracias"."""
        letter = self.first
        intent, key = self.prepared.keys.get(letter, ("", ""))
        if not intent or len(letter) != 1 or not letter.isalpha() or any(asked for _, asked in self.segments):
            return None
        rest = [word for words, _ in segments(self.normal.tokens) for word in words][1:]
        polite = self.book.rewrite(rest)
        if not polite or not all(self.book.role(word) & _QUIET for word in polite):
            return None
        return Phrase(intent, key, (letter,), key=True, weak=False, negative=False, asks=False)

    # --- one meaning out of all clauses ------------------------------------------------------------------------------

    def _combined(self) -> Reading:
        prepared = self.prepared
        standing = [
            heard.phrase for heard in self.heard if not heard.against and heard.phrase.intent not in self.prepared.courtesies
        ]
        strong = [phrase for phrase in standing if not phrase.weak] or standing
        for name in PRECEDENCE:
            for phrase in strong:
                if phrase.intent == name:
                    if name == NOT_THEIRS and any(other.intent == _HAS_BEEN for other in strong):
                        continue  # "attended, please update your records"
                    if name == NOT_THEIRS and (self._agreed() or any(other.intent in prepared.affirming for other in strong)):
                        why = f'"{self._said(phrase)}" stands beside a yes: somebody answers for the patient.'
                        return self._say(MIXED, "two-meanings", why)
                    if not self._guard().passes_remark(phrase):
                        return self._say(UNKNOWN, "not-to-us", "Nothing in it shows that it was written to us.")
                    return self._act(phrase, "outranks every other meaning")
        outcomes = {prepared.outcomes[phrase.intent]: phrase for phrase in reversed(strong)}
        if not outcomes:
            return self._nothing_stands()
        if len(outcomes) > 1:
            return self._several(outcomes)
        (phrase,) = outcomes.values()
        return self._affirmed(phrase) if phrase.intent in prepared.affirming else self._single(phrase)

    def _agreed(self) -> bool:
        """Whether a yes stands before a "but", as a word of no phrase: "yes but not with Dr Smith"."""
        roles = self.book.roles_of([word for words, _ in self.segments for word in words])
        return bool(roles & Role.YES and roles & Role.CONTRAST)

    def _several(self, outcomes: dict[str, Phrase]) -> Reading:
        """Two meanings: a remark takes a yes along with it ("yes but running late"); all else is asked about."""
        prepared = self.prepared
        if len(outcomes) == 2 and (wish := beside.wish(self.prepared, self.parts, outcomes)) is not None:
            return self._single(wish)
        if len(outcomes) == 2 and (cannot := beside.refused_but_offers(self.prepared, self.parts, outcomes)) is not None:
            (wish_for,) = prepared.yielding
            return self._say(wish_for, "another-time", f'"{self._said(cannot)}", and then a time that would do.', 100.0)
        agreed = beside.led_up_to(self.prepared, self.book, self.parts)
        if len(outcomes) == 2 and agreed is not None and agreed in outcomes.values():
            return self._single(agreed)
        remarks = [phrase for phrase in outcomes.values() if phrase.intent not in prepared.answers]
        answers = [phrase for phrase in outcomes.values() if phrase.intent in prepared.answers]
        beside_yes = len(remarks) == 1 and all(phrase.intent in prepared.affirming for phrase in answers)
        if beside_yes and (remarks[0].intent != _HAS_BEEN or all(len(phrase.words) == 1 for phrase in answers)):
            return self._single(remarks[0])
        said = ", ".join(f'"{self._said(phrase)}" ({phrase.intent})' for phrase in outcomes.values())
        return self._say(MIXED, "two-meanings", f"It says things that lead to different outcomes: {said}.")

    def _affirmed(self, phrase: Phrase) -> Reading:
        """A yes is taken only where nothing at all speaks beside it."""
        if self._is_question():
            return self._question()
        if self._elsewhere():
            return self._say(UNKNOWN, "elsewhere", f'"{self._said(phrase)}" seems to be about something else than a visit.')
        affirmed = self._affirmation()
        if any(self._differs(each.phrase, phrase) and not affirmed.overrules(each.phrase, each.against) for each in self.heard):
            return self._say(MIXED, "two-meanings", f'"{self._said(phrase)}" stands beside another, uncertain meaning.')
        if phrase.letter and self._letters():
            return self._say(MIXED, "two-meanings", f'"{phrase.text}" stands beside the letter of another answer.')
        flags = flags_of(affirmed.answering)
        if flags & (Role.CONDITION | Role.WISH):
            return self._say(MIXED, "condition", f'"{self._said(phrase)}" stands under a condition.')
        agrees = any(heard.phrase.negative for heard in self.heard if not heard.against)
        if flags & Role.NEGATION or (flags & Role.NO and not agrees):
            return self._say(UNKNOWN, "negation", f'A negation stands beside "{self._said(phrase)}".')
        if flags & Role.HEDGE:
            return self._say(UNKNOWN, "hedge", f'"{self._said(phrase)}" is said with doubt.', guess=phrase.intent)
        written = [(mended, content) for (_, mended), content in zip(self.written, self.contents, strict=True)]
        if self._days().has_been(phrase, written):
            return self._say(UNKNOWN, "told", f'"{self._said(phrase)}" seems to be told of what has been.')
        if affirmed.held_back:
            return self._say(UNKNOWN, "contrast", f'"{self._said(phrase)}" is held back by what follows.', guess=phrase.intent)
        if (phrase.weak and not affirmed.only_acknowledges) or affirmed.astray:
            return self._say(UNKNOWN, "more-said", f'More is said than "{self._said(phrase)}".', guess=phrase.intent)
        if not affirmed.explained:
            unknown = ", ".join([word for part in self.parts for word in part.unknown][:5])
            why = f'More is said than "{self._said(phrase)}": {unknown}.'
            return self._say(UNKNOWN, "more-said", why, guess=phrase.intent)
        if self.normal.cut:
            return self._say(UNKNOWN, "too-long", "The reply is longer than is read.", guess=phrase.intent)
        return self._act(phrase, "nothing in the text speaks against it")

    def _single(self, phrase: Phrase) -> Reading:
        """One meaning that is no yes: reasons and small talk beside it do not matter, a second thought does."""
        answer = phrase.intent in self.prepared.answers
        more = any(part.unknown or (phrase in part.led and not part.pleaded) for part in self.parts)  # "he quit", "the end"
        if phrase.intent == OPT_OUT and len(phrase.words) == 1 and more:
            return self._say(UNKNOWN, "more-said", f'More is said than "{self._said(phrase)}".', guess=phrase.intent)
        if self._bleak(phrase):
            why = f'"{self._said(phrase)}", and who says so may refuse more than a visit.'
            return self._say(self.prepared.asking or UNKNOWN, "bleak", why)
        if all(map(self._astray, self._alike_said(phrase))):
            why = f'"{self._said(phrase)}" may be said of something else than a visit.'
            return self._say(UNKNOWN, "not-to-us", why, guess=phrase.intent)
        kept = self.prepared.yielding | frozenset(ALWAYS_INTENTS)
        refuses = phrase.negative and phrase.intent not in kept  # "we won't be in, when can we come"
        own = [part for part in self.parts if not refuses or any(found is phrase for found, _ in part.found)]
        request = phrase.asks or any(part.flags & Role.REQUEST for part in own)
        if phrase.intent in self.prepared.answers - self.prepared.affirming and self._days().by(phrase):
            return self._say(MIXED, "told-day", f'"{self._said(phrase)}", and the day that was told seems to suit.')
        if answer and (wish_for := self._another_time_beside(phrase)):
            return self._say(wish_for, "another-time", f'"{self._said(phrase)}", and with it another time.', 100.0)
        if beside.deferred(self.prepared, self.book, self.parts, phrase, self._days().alone):
            return self._say(MIXED, "another-time", f'"{self._said(phrase)}", beside when the patient would come.')
        if phrase.intent == _HAS_BEEN and any(part.asked and part.words[:1] == [ASK] for part in self.parts):
            return self._question()  # "I had my scan already, is this for the results?"
        if answer and not request and self._is_question(offers=phrase.intent in self.prepared.yielding):
            return self._question()
        if answer and self._elsewhere():
            return self._say(UNKNOWN, "elsewhere", f'"{self._said(phrase)}" seems to be about something else than a visit.')
        if not (self._passes(phrase) if answer else self._guard().passes_remark(phrase)):
            return self._say(UNKNOWN, "not-to-us", "Nothing in it shows that it was written to us.", guess=phrase.intent)
        yes = prepared.affirming if (prepared := self.prepared) and request else frozenset()
        doubtful = [heard for heard in self.heard if heard.against in _DOUBTS and heard.phrase.intent not in yes]
        if answer and any(self._differs(heard.phrase, phrase) for heard in doubtful):
            return self._say(MIXED, "two-meanings", f'"{self._said(phrase)}" stands beside another, uncertain meaning.')
        if answer and self._flags() & Role.CONDITION:
            return self._say(MIXED, "condition", f'"{self._said(phrase)}" stands beside a condition.')
        if answer and (beside.left_open(self.parts) or (self._flags() & Role.HEDGE and self._flags() & Role.CONTRAST)):
            return self._say(UNKNOWN, "hedge", f'"{self._said(phrase)}" is taken back or doubted.', guess=phrase.intent)
        if answer and any(heard.against == "negation" and heard.phrase.intent == phrase.intent for heard in self.heard):
            return self._say(MIXED, "negation", f'"{self._said(phrase)}", and the same after a no.', guess=phrase.intent)
        if phrase.letter and self._letters():
            return self._say(MIXED, "two-meanings", f'"{phrase.text}" stands beside the letter of another answer.')
        if answer and self._began_with_a_yes():
            return self._say(MIXED, "two-meanings", f'"{self._said(phrase)}" stands behind the letter of a yes.')
        objections = self._objections()
        if phrase.key and len(phrase.words) == 1 and any(objections.says_no(part, phrase) for part in self.parts):
            return self._say(UNKNOWN, "negation", f'A no stands beside "{self._said(phrase)}", which may be its contrary.')
        corrected = any(heard.against == CORRECTION for heard in self.heard)
        if answer and (corrected or beside.half_meant(self.parts, phrase)):
            return self._say(MIXED, "contrast", f'"{self._said(phrase)}" is not all of it: a "not" stands beside it.')
        if answer and self.normal.cut:
            return self._say(UNKNOWN, "too-long", "The reply is longer than is read.", guess=phrase.intent)
        return self._act(phrase, "no other meaning stands")

    def _alike_said(self, phrase: Phrase) -> list[Phrase]:
        """The phrases that stand for the same as one does, each of which may carry it."""
        same = self.prepared.outcomes[phrase.intent]
        standing = [heard.phrase for heard in self.heard if not heard.against]
        return [each for each in standing if self.prepared.outcomes[each.intent] == same] or [phrase]

    def _astray(self, phrase: Phrase) -> bool:
        """Whether an answer may be said of something else than a visit. False for languages whose lexicon does not list what
        tells.
        """
        if not self.book.vague:
            return False
        shown = self._shown(phrase.intent == _HAS_BEEN)
        if not (shown or phrase.key or phrase.intent == self.prepared.asking) and self._affirmation().takes_up:
            return True
        guard, found = self._guard(), self._place(phrase)
        refused = phrase.negative and not self.book.coming.isdisjoint(self.book.alike(found.own))
        plain = self._plainly_refused(phrase)
        left = not plain and guard.much_left(phrase, _REASON if refused else 0)
        bearing = Bearing(self.prepared, self.book, found, shown or plain, left)
        return bearing.astray(phrase)

    @property
    def _refusing(self) -> frozenset[str]:
        """The answers that give the visit up."""
        return self.prepared.answers.difference(self.prepared.affirming, self.prepared.yielding, ALWAYS_INTENTS)

    def _bleak(self, phrase: Phrase) -> bool:
        return phrase.intent in self._refusing and any(holds_any(words, self.book.bleak) for words, _ in self.spelt)

    def _plainly_refused(self, phrase: Phrase) -> bool:
        """Whether a phrase is a plain refusal to come, and all that stands beside it may be the reason."""
        if not (phrase.negative and phrase.intent in self._refusing) or any(part.asked for part in self.parts):
            return False
        found = self._place(phrase)
        return plainly_refuses(self.book, found) and self._guard().only_reasons(is_bare(self.book, found))

    def _shown(self, been: bool) -> bool:
        """Whether something beside the answers shows that the text is about an appointment, or one that has been."""
        book = self.book
        words = {*self.normal.words, *(word for said, _ in self.segments for word in said)}
        if not (book.ours | book.polite).isdisjoint(words) or (been and not book.undergone.isdisjoint(words)):
            return True
        if self._days().named or self._flags() & Role.REQUEST:
            return True
        return any((book.role(word) & Role.WHEN and word not in book.vague) or is_time(word) for word in self.normal.words)

    def _another_time_beside(self, phrase: Phrase) -> str | None:
        return beside.another_time_beside(self.prepared, self.book, self.parts, phrase, self._days().that_day)

    def _passes(self, phrase: Phrase) -> bool:
        return self._guard().passes(phrase) or self._plainly_refused(phrase)

    def _letters(self) -> bool:
        """Whether letters of two answers stand in it, each by itself: "C, well R really"."""
        letters = {word for part in self.parts if not part.negated for word in part.words if len(word) == 1}
        intents = {self.prepared.keys[word][0] for word in letters & self.prepared.keys.keys()} & self.prepared.answers
        return len({self.prepared.outcomes[intent] for intent in intents}) > 1

    def _began_with_a_yes(self) -> bool:
        """Whether the first word is the letter of a yes, taken for a small word of the language that looks like it: the Y of "Y
        для мене, а чоловіку відмініть".
        """
        affirms = self.prepared.picked_by(self.first) in self.prepared.affirming
        return affirms and not any(self.first in part.words for part in self.parts)

    def _elsewhere(self) -> bool:
        """Whether another answer in the text is one to something else: "can't do the 20th for the hen, any day is fine"."""
        return any(heard.against == "elsewhere" for heard in self.heard)

    def _objections(self) -> Objections:
        return Objections(self.prepared, self.book, self.parts, self.ruled_out)

    def _guard(self) -> Guard:
        said = [word for words, _ in self.segments for word in words]
        asked = [word for words, _ in self.spelt for word in words if word in self.book.pleas]  # "new date please" is one turn
        return Guard(self.book, self.parts, [*said, *asked], self._days().named)

    def _affirmation(self) -> Affirmed:
        alike = [words for words, _ in self.segments]
        spelt = [words for words, _ in self.spelt]
        return Affirmed(self.prepared, self.book, self.parts, alike, spelt, self._days().named)

    def _days(self) -> DaysKept:
        return DaysKept(self.book, self.normal, self.told)

    def _nothing_stands(self) -> Reading:
        if self._is_question():
            return self._question()
        flags = self._flags()
        dropped = [heard for heard in self.heard if heard.against and heard.phrase.intent not in self.prepared.courtesies]
        if dropped:
            first = dropped[0]
            guess = first.phrase.intent if first.against in ("hedge", "object") else None
            why = f'"{self._said(first.phrase)}" ({first.phrase.intent}) is not taken at its word: {first.against}.'
            return self._say(UNKNOWN, first.against, why, guess=guess)
        unknown = [word for part in self.parts for word in part.unknown]
        if flags & Role.NO and not unknown:
            return self._say(UNKNOWN, "no", "A bare no: to which of the questions is not said.")
        polite = next((heard.phrase for heard in self.heard if heard.phrase.intent in self.prepared.courtesies), None)
        if polite and (not unknown or signature_only(self.parts)) and not flags & (Role.NEGATION | Role.HEDGE | Role.CONDITION):
            return self._act(polite, "it is only politeness")
        return self._alike(flags)

    def _alike(self, flags: int) -> Reading:
        """No phrase stands in it word for word; one may be near enough as a whole."""
        candidates = self._candidates()
        rule, why = "nothing-matched", "It is not like any phrase that we know."
        if candidates and candidates[0].score >= self.matching.ask:
            first = candidates[0]
            rival = next(
                (c for c in candidates if self.prepared.outcomes[c.intent] != self.prepared.outcomes[first.intent]),
                None,
            )
            clear = rival is None or first.score - rival.score >= self.matching.lead
            if first.score >= self.matching.accept and clear and not flags & _LOUD and self._slip_only(first.phrase):
                return self._say(
                    first.intent, "fuzzy", f'Like "{first.phrase}", and no other meaning is near.', first.score, first
                )
            if clear:
                why = f'Like "{first.phrase}", but not enough to act on.'
                return self._say(UNKNOWN, rule, why, guess=first.intent)
        return self._say(UNKNOWN, rule, why)

    def _slip_only(self, text: str) -> bool:
        """Whether the reply differs from a phrase in misspelt words alone: a word of the language is never a slip."""
        phrase = next(p for phrases in self.book.phrases.values() for p in phrases if p.text == text)
        said = [word for words in self.contents for word in words]
        strange = [word for word in said if word not in phrase.words]
        missing = [word for word in phrase.words if word not in said]
        return all(word not in self.book.known for word in strange) and all(
            len(word) >= self.matching.exact_below for word in (*strange, *missing)
        )

    # --- evidence ----------------------------------------------------------------------------------------------------

    def _flags(self) -> int:
        return flags_of(self.parts)

    def _is_question(self, offers: bool = False) -> bool:
        """Whether a clause asks something that is no answer itself. `offers`: nor a time that would do ("not the 20th, the
        22nd?").
        """
        objections = self._objections()
        return any(
            is_asked(part)
            and not (offers and beside.nothing_but_a_time(part))
            and not any(
                not objections.against(part, phrase, "") for phrase, _ in part.found if phrase.intent != self.prepared.asking
            )
            for part in self.parts
        )

    def _question(self) -> Reading:
        asking = self.prepared.asking
        if asking is None:
            return self._say(UNKNOWN, "question", "It asks something.")
        return self._say(asking, "question", "It asks something, so an answer in it is not acted on.", 100.0)

    def _differs(self, one: Phrase, other: Phrase) -> bool:
        outcomes = self.prepared.outcomes
        return not one.weak and one.intent in self.prepared.answers and outcomes[one.intent] != outcomes[other.intent]

    def _act(self, phrase: Phrase, because: str) -> Reading:
        rule = "phrase" if len(phrase.words) > 1 or not phrase.key else "keyword"
        why = f'It says "{self._said(phrase)}", and {because}.'
        return self._say(phrase.intent, rule, why, 100.0, Candidate(phrase.intent, phrase.text, 100.0))

    def _said(self, phrase: Phrase) -> str:
        """The patient's own words that were taken for a phrase; the phrase where they cannot be told apart."""
        if f" {phrase.text} " in f" {self.normal.text} ":
            return phrase.text
        return " ".join(self._place(phrase).written)

    def _place(self, phrase: Phrase) -> Place:
        found = self.places.get(phrase)
        if found is None:
            segments = ((*said, content) for said, content in zip(self.written, self.contents, strict=True))
            found = self.places[phrase] = place(self.book, segments, phrase)
        return found

    def _candidates(self) -> list[Candidate]:
        said = " ".join(word for words in self.contents for word in words)[:200]
        found = process.extract(said, self.book.choices, scorer=fuzz.ratio, limit=6, score_cutoff=_WORST_SCORE_SHOWN)
        return [Candidate(p.intent, p.text, round(score, 1)) for p, score in ((self.book.whole[c], s) for c, s, _ in found)]

    def _say(
        self,
        intent: str,
        rule: str,
        why: str,
        score: float = 0.0,
        first: Candidate | None = None,
        guess: str | None = None,
    ) -> Reading:
        candidates = ([first] if first else []) + [c for c in self._candidates() if first is None or c.phrase != first.phrase]
        if not score and candidates:
            score = candidates[0].score
        return Reading(intent, score, rule, self.normal.text, tuple(candidates[:3]), guess, why)
