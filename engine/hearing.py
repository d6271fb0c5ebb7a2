"""What a reply says, in clauses: the whole sentences that a segment is made of, and the phrases found in the rest of it.

A whole sentence ("she no longer uses this phone") says what it says, and no word of it is compared again. Where what leads in
to one or goes on after it may turn its meaning, the segment is taken apart clause by clause instead.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from engine import deaths
from engine.clauses import Clause, clauses
from engine.days_kept import DaysKept
from engine.lexicon import Role
from engine.normalise import is_number
from engine.objections import NOT
from engine.phrase import CANNOT, DAY, DEATH, ENGAGED, NUMBER, REASON, REMARK, TALE, Phrase, holds
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared
from engine.ruleset import ALWAYS_INTENTS
from engine.segments import Segment
from engine.sentences import Said

_THAT_DAY = ("that", "day")
_BESIDE_A_DAY = 3  # words
_UNSURE = Role.HEDGE | Role.CONDITION | Role.QUESTION | Role.CONTRAST


@dataclass(frozen=True, slots=True)
class Hearing:
    """Hears one reply with one phrasebook."""

    prepared: Prepared
    book: Phrasebook
    days: DaysKept
    segments: Sequence[Segment]

    def clauses(self) -> list[Clause]:
        """The clauses of a reply, sentences first. What somebody has on that day is heard as a wish for another time; beside an
        outright "cancel" it is why.
        """
        parts = self._heard(next(iter(self.prepared.yielding), REASON))
        outright = any(phrase.key and phrase.intent in self.prepared.refusing for part in parts for phrase, _ in part.found)
        if outright and any(_tells(self.book.said(segment.spelt, segment.asked), {ENGAGED}) for segment in self.segments):
            return self._heard(REASON)
        return parts

    def _heard(self, engaged: str) -> list[Clause]:
        """The clauses, what one has on that day heard as `engaged`. Those that tell why somebody does not come are sentences
        where the visit is refused: "Cancel it. Knee came right".
        """
        heard = [self._said(segment, engaged) for segment in self.segments]
        parts = self._clauses([self._without_reasons(*pair, engaged) for pair in zip(self.segments, heard, strict=True)])
        if not (any(_tells(said, {REASON}) for said in heard) and self._refuses(parts)):
            return parts
        living = [self._of_the_living(*pair, engaged) for pair in zip(self.segments, heard, strict=True)]
        explained = self._clauses(living)
        return explained if self._refuses(explained) else parts

    def _said(self, segment: Segment, engaged: str, without: Collection[str] = ()) -> Said | None:
        """What a segment says, but for some intents, by its sentences."""
        said = self.book.said(segment.spelt, segment.asked, without) or self._engaged_on_the_day(segment, without)
        if not _tells(said, {ENGAGED}) or said is None:
            return said
        return replace(said, sentences=tuple((engaged if each == ENGAGED else each, text) for each, text in said.sentences))

    def _engaged_on_the_day(self, segment: Segment, without: Collection[str]) -> Said | None:
        """What a segment says somebody has on the day that the patient was told, where it names that day alone and
        little more is said: "jury duty on the 20th".
        """
        words, book = segment.spelt, self.book
        if sum(len(other.spelt) for other in self.segments) - len(words) > _BESIDE_A_DAY:
            return None
        dated = [at for at, word in enumerate(words) if is_number(word) or book.role(word) & Role.WHEN]
        if not dated or ENGAGED in without or not self.days.only_told(" ".join(segment.written)):
            return None
        first, end = dated[0], dated[-1] + 1
        while first and book.role(words[first - 1]) & Role.STOP:  # "on the"
            first -= 1
        if any(at not in dated and not book.role(words[at]) & Role.STOP for at in range(first, end)):
            return None
        that_day = [*words[:first], *_THAT_DAY, *words[end:]]
        said = book.said(that_day, segment.asked)
        return replace(said, length=len(words)) if _tells(said, {ENGAGED}) and said and said.length == len(that_day) else None

    def _refuses(self, parts: Sequence[Clause]) -> bool:
        return any(phrase.intent in self.prepared.refusing for part in parts for phrase, _ in part.found)

    def _without_reasons(self, segment: Segment, said: Said | None, engaged: str) -> Said | None:
        """What a segment says where nothing tells that a visit is refused, unless it does so itself."""
        if not _tells(said, {REASON}) or _tells(said, self.prepared.refusing):
            return self._of_the_living(segment, said, engaged)
        return self._said(segment, engaged, {REASON})

    def _of_the_living(self, segment: Segment, said: Said | None, engaged: str) -> Said | None:
        """What a segment says. A death with a tale or a reason behind it is looked at word by word."""
        if _tells(said, {DEATH}) and _tells(said, {TALE, REASON}):
            return self._said(segment, engaged, {TALE, REASON, ENGAGED})
        return said

    def _clauses(self, sentences_in: Sequence[Said | None]) -> list[Clause]:
        sentences: list[Clause] = []
        rests: list[tuple[list[str], bool]] = []
        living: list[list[str]] = []  # segments that tell of no death or danger in a whole sentence
        for segment, said in zip(self.segments, sentences_in, strict=True):
            words, asked = segment.spelt, segment.asked
            rest = [] if said is None else self.book.alike(words[said.length :], follows=True)
            if said is None or (rest and self._turned(words[said.length :], asked)) or self._doubted(said, rest):
                rests.append((segment.alike, asked))
                living.append(segment.alike)
                continue
            own = "" if rest else _without(segment.written, said.beside)
            found = [self._sentence(*one, own) for one in said.sentences if one[0] in self.prepared.outcomes]
            heard = [*said.beside, *(word for phrase in found for word in phrase.words if word not in self.book.elsewhere)]
            when = any(word in (NUMBER, DAY) for phrase in found for word in phrase.words)
            flags = Role.WHEN if when else Role.NONE
            why = _tells(said, {REASON})
            remarked = _tells(said, {REMARK}) and not found
            clause = Clause([(phrase, "") for phrase in found], heard, flags=flags, reasoned=why, remarked=remarked)
            sentences.append(clause)
            rests.append((rest, asked))
            if any(phrase.intent == DEATH for phrase in found):
                plans = [word for phrase in found if phrase.intent != DEATH for word in phrase.words]
                living.append([*self.book.alike(plans), *rest])
            else:
                living.append(segment.alike)
        others = [clause for rest, asked in rests if rest for clause in clauses(self.book, rest, asked)]
        parts = [*sentences, *others]
        if any(phrase.intent == DEATH for clause in sentences for phrase, _ in clause.found):
            answered = any(phrase.intent in self.prepared.affirming for clause in parts for phrase, _ in clause.found)
            if answered or deaths.told_as_reason(self.book, living):
                for clause in sentences:
                    clause.found = [each for each in clause.found if each[0].intent != DEATH]
        return parts

    def ruled_out(self) -> set[str]:
        """The intents that a reply cannot have, by the words that its segments hold."""
        there = {word for segment in self.segments for word in segment.content}
        unless = self.book.unless
        met = [each for word in there & unless.keys() for each in unless[word] if there.issuperset(each[1])]
        return {intent for intent, pattern in met if any(self._bars(pattern, segment.content) for segment in self.segments)}

    def _bars(self, pattern: tuple[str, ...], words: Sequence[str]) -> bool:
        return holds(words if NOT in pattern else self._unrefused(words), pattern)

    def _unrefused(self, words: Sequence[str]) -> list[str]:
        """The words without what a "not" refuses: in "no need to reschedule, just cancel" nobody wants to reschedule."""
        kept: list[str] = []
        refused = False
        for word in words:
            if not refused or word in self.book.takers:
                kept.append(word)
            refused = word == NOT or (refused and word in self.book.takers)
        return kept

    def _turned(self, spelt: Sequence[str], asked: bool) -> bool:
        """Whether what goes on after a sentence may belong to it: "don't text | and drive", "stop texting | never me"."""
        parts = clauses(self.book, self.book.alike(spelt), asked)
        joined = self.book.role(spelt[0]) & Role.JOIN
        negated = self.book.roles_of(spelt) & (Role.NEGATION | Role.NO)
        return any((joined and clause.unknown) or (negated and not clause.found) for clause in parts)

    def _doubted(self, said: Said, rest: Sequence[str]) -> bool:
        """Whether what leads in to an answer, trails off or goes on after it may turn it: "I think | I will be there"."""
        answers = [self._sentence(*one) for one in said.sentences if one[0] in self.prepared.answers.difference(ALWAYS_INTENTS)]
        against = _UNSURE
        if said.sentences[0][0] == TALE:  # "I can't stay long | but | I will be there"
            against &= ~Role.CONTRAST
        for phrase in answers:
            affirms = phrase.intent in self.prepared.affirming
            if phrase.intent in self.prepared.yielding:  # a wish stays one with an "if you had" before it
                against &= ~Role.CONDITION
            against |= Role.NONE if affirms else Role.YES
            against |= Role.NEGATION | Role.NO if affirms or not phrase.negative else Role.NONE
        if len(said.sentences) > 1 and any(self.book.content(phrase.words) == [CANNOT] for phrase in answers):
            return True  # "I can't | confirm"
        turned = self.book.roles_of(said.beside) & against
        goes_on = bool(rest) and not self.book.role(rest[0]) & (Role.JOIN | Role.COURTESY | Role.FILLER)
        return bool(answers) and (bool(turned) or goes_on)

    def _sentence(self, intent: str, text: str, own: str = "") -> Phrase:
        """A whole sentence as a phrase: nothing can stand beside it in its clause, so no word of it is compared again. `own`
        are the patient's own words for it, where they are known.
        """
        words = tuple(text.split())
        negative = bool(self.book.roles_of([*words, *self.book.alike(words)]) & Role.NEGATION)
        return Phrase(intent, own or text, words, key=False, weak=False, negative=negative, asks=False)


def _tells(said: Said | None, intents: Collection[str]) -> bool:
    return said is not None and any(intent in intents for intent, _ in said.sentences)


def _without(words: Sequence[str], beside: Sequence[str]) -> str:
    """`words` as one text, but for those of `beside` that they begin and end with."""
    first, last = 0, len(words)
    while first < last and words[first] in beside:
        first += 1
    while last > first and words[last - 1] in beside:
        last -= 1
    return " ".join(words[first:last])
