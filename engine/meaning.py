"""One meaning out of all that a reply says, or none: clauses heard together, with what speaks against each.

A phrase is taken at its word unless its clause negates, asks, doubts or conditions it, or it has an object that is
not ours ("cancel the taxi"). A yes is taken only where nothing at all speaks beside it; other answers may have
their reasons beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from engine.clauses import Clause, clauses, match, segments, signature_only
from engine.lexicon import Role
from engine.normalise import Normalised
from engine.phrasebook import DISTANT_KIN, Phrase, Phrasebook, Prepared, holds
from engine.reading import MIXED, UNKNOWN, Candidate, Reading
from engine.ruleset import Matching

_PRECEDENCE = ("urgent", "deceased", "wrong_number")  # of ALWAYS_INTENTS: outrank every other meaning in the same text
_DEATH = "deceased"
_LOUD = Role.NEGATION | Role.QUESTION | Role.HEDGE | Role.CONDITION | Role.CONTRAST | Role.NO
_WORST_SCORE_SHOWN = 40.0


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
    segments: list[tuple[list[str], bool]] = field(default_factory=list)
    parts: list[Clause] = field(default_factory=list)
    heard: list[_Heard] = field(default_factory=list)
    contents: list[list[str]] = field(default_factory=list)
    ruled_out: set[str] = field(default_factory=set)

    def read(self) -> Reading:
        spelt = [(self.book.spelt(words), asked) for words, asked in self._without_initials()]
        self.segments = [(self.book.alike(words), asked) for words, asked in spelt]
        self.contents = [self.book.content(words) for words, _ in self.segments]
        self.ruled_out = {
            intent
            for intent, patterns in self.book.unless.items()
            if any(holds(words, pattern) for pattern in patterns for words in self.contents)
        }
        decided = self._deciding_words(spelt)
        if decided is not None:
            return decided
        roles = self.book.roles
        if any(roles.get(word, Role.NONE) & Role.ROBOT for words, _ in self.segments for word in words):
            return self._say(UNKNOWN, "robot", "It reads like an automatic answer or an advertisement.")
        for words, asked in self.segments:
            self.parts.extend(clauses(self.book, words, asked))
        self.heard = [
            _Heard(phrase, self._against(part, phrase, object_))
            for part in self.parts
            for phrase, object_ in part.found
        ]
        return self._combined()

    def _without_initials(self) -> list[tuple[list[str], bool]]:
        """Segments without the initial of a signature: the R of "Y, R. Kelly"."""
        found = segments(self.normal.tokens)
        return [
            (words, asked)
            for at, (words, asked) in enumerate(found)
            if not (
                at
                and len(words) == 1
                and len(words[0]) == 1
                and at + 1 < len(found)
                and found[at + 1][0][0] not in self.book.known
            )
        ]

    def _deciding_words(self, spelt: Sequence[tuple[list[str], bool]]) -> Reading | None:
        best: Phrase | None = None
        for (said, _), (words, _) in zip(spelt, self.segments, strict=True):
            content = self.book.grave(said)
            for at in range(len(content)):
                phrase = match(content, at, self.book.deciding)
                if phrase is None or (phrase.intent == _DEATH and self._death_of_another(words)):
                    continue
                if best is None or _rank(phrase.intent) < _rank(best.intent):
                    best = phrase
        if best is None:
            return None
        why = f'"{best.text}" decides wherever it stands, before anything else in the text.'
        return self._say(best.intent, "word", why, 100.0, Candidate(best.intent, best.text, 100.0))

    def _death_of_another(self, words: Sequence[str]) -> bool:
        """A death told as the patient's own reason ("my granny died, can I change it") is not the patient's death."""
        if DISTANT_KIN in words:
            return True
        return any(holds(all_words, plan) for all_words, _ in self.segments for plan in self.book.own_plans)

    def _against(self, part: Clause, phrase: Phrase, object_: bool) -> str:
        intent = phrase.intent
        if intent in self.ruled_out:
            return "unless"
        if part.negated or (part.flags & Role.NO and phrase.key and len(phrase.words) == 1):
            return "negation"
        if self._asked(part) and intent != self.prepared.asking and not self._asks_itself(part, phrase):
            return "question"
        if part.flags & Role.CONDITION:
            return "condition"
        if part.flags & Role.HEDGE and intent in self.prepared.answers:
            return "hedge"
        takes = phrase.key or phrase.words[-1] in self.book.takers
        if intent in self.prepared.affirming:  # after a bare yes comes a name, after a longer phrase a place or a thing
            takes = not phrase.weak and not all(self.book.role(word) & Role.YES for word in phrase.words)
        if object_ and takes:
            return "object"
        return ""

    def _asks_itself(self, part: Clause, phrase: Phrase) -> bool:
        """Whether a phrase in a question is what the question wants: "can you change it?", "is there another day?" """
        if phrase.asks:
            return True
        said = self.book.roles_of(phrase.words)
        wanted = (part.flags | said) & Role.REQUEST and not part.questioned
        return bool(wanted) and phrase.intent in self.prepared.answers and phrase.intent not in self.prepared.affirming

    @staticmethod
    def _asked(part: Clause) -> bool:
        return part.asked or bool(part.flags & (Role.QUESTION | Role.REQUEST))

    # --- one meaning out of all clauses ------------------------------------------------------------------------------

    def _combined(self) -> Reading:
        prepared = self.prepared
        standing = [
            heard.phrase
            for heard in self.heard
            if not heard.against and heard.phrase.intent not in self.prepared.courtesies
        ]
        strong = [phrase for phrase in standing if not phrase.weak] or standing
        for name in _PRECEDENCE:
            for phrase in strong:
                if phrase.intent == name:
                    return self._act(phrase, "outranks every other meaning")
        outcomes = {prepared.outcomes[phrase.intent]: phrase for phrase in reversed(strong)}
        if not outcomes:
            return self._nothing_stands()
        if len(outcomes) > 1:
            return self._several(outcomes)
        (phrase,) = outcomes.values()
        return self._affirmed(phrase) if phrase.intent in prepared.affirming else self._single(phrase)

    def _several(self, outcomes: dict[str, Phrase]) -> Reading:
        """Two meanings: a remark takes a yes along with it ("yes but running late"); all else is asked about."""
        prepared = self.prepared
        remarks = [phrase for phrase in outcomes.values() if phrase.intent not in prepared.answers]
        answers = [phrase for phrase in outcomes.values() if phrase.intent in prepared.answers]
        if len(remarks) == 1 and all(phrase.intent in prepared.affirming for phrase in answers):
            return self._single(remarks[0])
        said = ", ".join(f'"{phrase.text}" ({phrase.intent})' for phrase in outcomes.values())
        return self._say(MIXED, "two-meanings", f"It says things that lead to different outcomes: {said}.")

    def _affirmed(self, phrase: Phrase) -> Reading:
        """A yes is taken only where nothing at all speaks beside it."""
        flags = self._flags()
        if self._is_question():
            return self._question()
        if any(heard.against and self._differs(heard.phrase, phrase) for heard in self.heard):
            return self._say(
                MIXED, "two-meanings", f'"{phrase.text}" stands beside another meaning that is not certain.'
            )
        if flags & (Role.CONDITION | Role.WISH):
            return self._say(MIXED, "condition", f'"{phrase.text}" stands under a condition.')
        agrees = any(heard.phrase.negative for heard in self.heard if not heard.against)
        if flags & Role.NEGATION or (flags & Role.NO and not agrees):
            return self._say(UNKNOWN, "negation", f'A negation stands beside "{phrase.text}".')
        if flags & Role.HEDGE:
            return self._say(UNKNOWN, "hedge", f'"{phrase.text}" is said with doubt.', guess=phrase.intent)
        unknown = [word for part in self.parts for word in part.unknown]
        if unknown and (flags & Role.CONTRAST or not signature_only(self.parts)):
            return self._say(
                UNKNOWN,
                "more-said",
                f'More is said than "{phrase.text}": {", ".join(unknown[:5])}.',
                guess=phrase.intent,
            )
        if self.normal.cut:
            return self._say(UNKNOWN, "too-long", "The reply is longer than is read.", guess=phrase.intent)
        return self._act(phrase, "nothing in the text speaks against it")

    def _single(self, phrase: Phrase) -> Reading:
        """One meaning that is no yes: reasons and small talk beside it do not matter, a second thought does."""
        answer = phrase.intent in self.prepared.answers
        request = phrase.asks or bool(self._flags() & Role.REQUEST)
        if answer and not request and self._is_question():
            return self._question()
        yes = prepared.affirming if (prepared := self.prepared) and request else frozenset()
        doubtful = [
            heard
            for heard in self.heard
            if heard.against in ("hedge", "condition", "question", "object") and heard.phrase.intent not in yes
        ]
        if answer and any(self._differs(heard.phrase, phrase) for heard in doubtful):
            return self._say(
                MIXED, "two-meanings", f'"{phrase.text}" stands beside another meaning that is not certain.'
            )
        if answer and self._flags() & Role.CONDITION:
            return self._say(MIXED, "condition", f'"{phrase.text}" stands beside a condition.')
        if answer and self._flags() & Role.HEDGE and self._flags() & Role.CONTRAST:
            return self._say(UNKNOWN, "hedge", f'"{phrase.text}" is taken back or doubted.', guess=phrase.intent)
        if phrase.key and len(phrase.words) == 1 and self._flags() & Role.NO:
            return self._say(UNKNOWN, "negation", f'A no stands beside "{phrase.text}", which may be its contrary.')
        if answer and self.normal.cut:
            return self._say(UNKNOWN, "too-long", "The reply is longer than is read.", guess=phrase.intent)
        return self._act(phrase, "no other meaning stands")

    def _nothing_stands(self) -> Reading:
        if self._is_question():
            return self._question()
        flags = self._flags()
        dropped = [
            heard for heard in self.heard if heard.against and heard.phrase.intent not in self.prepared.courtesies
        ]
        if dropped:
            first = dropped[0]
            guess = first.phrase.intent if first.against in ("hedge", "object") else None
            why = f'"{first.phrase.text}" ({first.phrase.intent}) is not taken at its word: {first.against}.'
            return self._say(UNKNOWN, first.against, why, guess=guess)
        unknown = [word for part in self.parts for word in part.unknown]
        if flags & Role.NO and not unknown:
            return self._say(UNKNOWN, "no", "A bare no: to which of the questions is not said.")
        polite = next((heard.phrase for heard in self.heard if heard.phrase.intent in self.prepared.courtesies), None)
        if (
            polite
            and (not unknown or signature_only(self.parts))
            and not flags & (Role.NEGATION | Role.HEDGE | Role.CONDITION)
        ):
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
        flags = Role.NONE
        for part in self.parts:
            flags |= part.flags
        return flags

    def _is_question(self) -> bool:
        return any(
            self._asked(part)
            and not any(
                not self._against(part, phrase, False)
                for phrase, _ in part.found
                if phrase.intent != self.prepared.asking
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
        why = f'It says "{phrase.text}", and {because}.'
        return self._say(phrase.intent, rule, why, 100.0, Candidate(phrase.intent, phrase.text, 100.0))

    def _candidates(self) -> list[Candidate]:
        said = " ".join(word for words in self.contents for word in words)[:200]
        found = process.extract(said, self.book.choices, scorer=fuzz.ratio, limit=6, score_cutoff=_WORST_SCORE_SHOWN)
        return [
            Candidate(p.intent, p.text, round(score, 1)) for p, score in ((self.book.whole[c], s) for c, s, _ in found)
        ]

    def _say(
        self,
        intent: str,
        rule: str,
        why: str,
        score: float = 0.0,
        first: Candidate | None = None,
        guess: str | None = None,
    ) -> Reading:
        candidates = ([first] if first else []) + [
            c for c in self._candidates() if first is None or c.phrase != first.phrase
        ]
        if not score and candidates:
            score = candidates[0].score
        return Reading(intent, score, rule, self.normal.text, tuple(candidates[:3]), guess, why)


def _rank(intent: str) -> int:
    return _PRECEDENCE.index(intent) if intent in _PRECEDENCE else len(_PRECEDENCE)
