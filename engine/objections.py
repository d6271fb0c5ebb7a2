"""What speaks against taking a phrase at its word: its clause negates, asks, doubts or conditions it, or it is told of
something or somebody else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.clauses import GOVERNED, Clause, lacks
from engine.lexicon import Role
from engine.phrase import ASK, DECIDING, IF_POSSIBLE, NUMBER, OPT_OUT, SAYING, Phrase, place
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared
from engine.ruleset import ALWAYS_INTENTS

NOT_THEIRS = "wrong_number"
PRECEDENCE = (*DECIDING, NOT_THEIRS)  # of ALWAYS_INTENTS: outrank every other meaning in the same text
NOT = "not"
CORRECTION = "correction"
OBJECT = "object"  # what follows is not ours: "cancel the taxi"
PAST = "past"  # tells why an answer is late, not that the day does not suit


@dataclass(frozen=True, slots=True)
class Objections:
    """Hears the clauses of one reply. `ruled_out` are intents that the reply cannot have, whatever it says."""

    prepared: Prepared
    book: Phrasebook
    parts: Sequence[Clause]
    ruled_out: Collection[str]

    def against(self, part: Clause, phrase: Phrase, object_: str) -> str:
        """What speaks against taking a phrase at its word in its clause; "" where nothing does. `object_` is what follows it
        (`engine.clauses`).
        """
        intent = phrase.intent
        if intent in self.ruled_out:
            return "unless"
        if (part.negated and not self._is_there(part, phrase)) or (
            (phrase.key or phrase.weak) and len(phrase.words) == 1 and self.says_no(part, phrase)
        ):
            return "negation"
        if is_asked(part) and intent != self.prepared.asking and not self._asks_itself(part, phrase):
            return "question"
        if part.flags & Role.CONDITION and not (intent in self.prepared.yielding and only_if_possible(self.book, part)):
            return "condition"
        if part.unknown and (self._only_a_time(phrase) or (intent == OPT_OUT and (object_ or len(phrase.words) == 1))):
            return OBJECT
        at = place(part.words, phrase.words) or 0
        if phrase.words[0] == NOT and at and self._corrects(part, phrase, at):
            return CORRECTION
        if intent == OPT_OUT and self._tells_of_texting(part, phrase):
            return "someone else"
        if intent in self.prepared.affirming and at and part.words[at - 1] in part.unknown and self._belongs(part, phrase):
            return OBJECT
        if intent in self.prepared.yielding and self._was_given(part, phrase, at):
            return "told"
        if intent in self.prepared.yielding and self._has_been(part, phrase, at):
            return PAST
        needless = phrase.negative and phrase.words[-1] in self.book.takers
        if needless and (len(part.unknown) > 1 or SAYING in part.words or self._needs_else(part, phrase, at)):
            return OBJECT  # "the Lord is my shepherd, I shall not want", "I don't need a lift"
        if intent in self.prepared.answers and not self.book.elsewhere.isdisjoint(set(part.words).difference(phrase.words)):
            return "elsewhere"  # a word of the phrase itself is none: whoever wrote the phrase knew what it is about
        if intent in self.prepared.answers and self._stranger(part, phrase, at):
            return "someone else"
        if intent in self.prepared.answers and self._doubts(part, phrase):
            return "hedge"
        takes = phrase.key or phrase.words[-1] in self.book.takers or (object_ == GOVERNED and intent not in ALWAYS_INTENTS)
        if intent in self.prepared.affirming:  # after a bare yes comes a name, after a longer phrase a place or a thing
            takes = not phrase.weak and not all(self.book.role(word) & Role.YES for word in phrase.words)
            named = bool(self.book.tales) and phrase.key and self.book.known.isdisjoint(part.unknown)
            takes = takes and not named  # "I confirm for my son Kacper"
            takes = takes and not (self.book.told_beside and self.book.told_beside.issuperset(part.unknown))
        if object_ and takes:
            return OBJECT
        return ""

    def _is_there(self, part: Clause, phrase: Phrase) -> bool:
        """Whether a "not" only asks if there is what is wished for: "is there nothing later?", "nie ma wcześniej?"."""
        wished = self.book.roles_of(phrase.words) & Role.WISH and not phrase.negative and not phrase.key
        return bool(wished and part.asked and phrase.intent in self.prepared.yielding and not part.unknown)

    def says_no(self, part: Clause, phrase: Phrase) -> bool:
        """Whether a no speaks against a lone key. A picture of a no only underlines "cancel"."""
        if not part.flags & Role.NO:
            return False
        if phrase.intent not in self.prepared.affirming and any(other.pleaded for other in self.parts):
            return False
        return phrase.intent in self.prepared.affirming or any(
            self.book.role(word) & Role.NO and word[0].isalnum() and not lacks(self.book, part.words, at)
            for at, word in enumerate(part.words)
        )

    def _doubts(self, part: Clause, phrase: Phrase) -> bool:
        """Whether a clause doubts an answer in it. A picture of sorrow doubts no refusal."""
        if not part.flags & Role.HEDGE or phrase.intent not in self.prepared.refusing:
            return bool(part.flags & Role.HEDGE)
        return any(self.book.role(word) & Role.HEDGE and word not in self.book.rueful for word in part.words)

    def _only_a_time(self, phrase: Phrase) -> bool:
        """Whether a wish names nothing but a time ("can we do Thursday instead"), which may be for anything: a curry, a
        lift, a shift.
        """
        roles = (self.book.role(word) | (Role.WHEN if word == NUMBER else 0) for word in phrase.words)
        return NUMBER in phrase.words and all(role & (Role.REQUEST | Role.WISH | Role.WHEN) for role in roles)

    def _corrects(self, part: Clause, phrase: Phrase, at: int) -> bool:
        """Whether a "not ..." only corrects what stands before it: "at 7 not 8", "cancel the texts, not the appointment"."""
        bare = all(word in (NOT, NUMBER) or word in self.book.ours for word in phrase.words)
        opens = all(self.book.role(word) & (Role.CONTRAST | Role.NO) for word in part.words[:at])
        return bare and not (opens and not any(other.flags & Role.WHEN for other in self.parts if other is not part))

    def _needs(self, part: Clause) -> bool:
        """Whether a question asks if something is needed: "will I need another date?" wishes for none."""
        asked = part.words[0] == ASK and not part.flags & Role.REQUEST
        return bool(self.book.given) and asked and part.words[1] in self.book.takers

    def _needs_else(self, part: Clause, phrase: Phrase, at: int) -> bool:
        """Whether what is not needed is a thing that is straight behind and turns no meaning: "I won't need the lift"."""
        behind = part.words[at + len(phrase.words) :]
        harmless = bool(behind) and self.book.role(behind[0]) == Role.HARMLESS
        return harmless and behind[0] in self.book.tales and behind[0] not in self.book.ours

    def _was_given(self, part: Clause, phrase: Phrase, at: int) -> bool:
        """Whether another time is told of and not wished for: "I was given a new date", "it was another day"."""
        if part.asked or part.flags & (Role.REQUEST | Role.QUESTION) or not self.book.role(phrase.words[0]) & Role.WISH:
            return False
        return not self.book.given.isdisjoint(part.words[:at])

    def _has_been(self, part: Clause, phrase: Phrase, at: int) -> bool:
        """Whether what would be a reason against the day is over: "I was on nights"."""
        book = self.book
        return at > 0 and part.words[at - 1] in book.past & book.bygone and NUMBER not in part.words and not phrase.asks

    def _tells_of_texting(self, part: Clause, phrase: Phrase) -> bool:
        """Whether a "not text" is what somebody does: "she doesn't text", but not "I do not want texts"."""
        who = self.book.asides.mortals | (self.book.personal & self.book.speakers)
        return phrase.words[0] == NOT and part.led.get(phrase) in who and self.book.takers.isdisjoint(phrase.words)

    def _belongs(self, part: Clause, phrase: Phrase) -> bool:
        """Whether a phrase goes on with what stands before it: "leave him to bring Mam", but not "tell him I'll be there"."""
        leader = part.led.get(phrase)
        return leader is not None and leader not in self.book.speakers and bool(self.book.given)

    def _stranger(self, part: Clause, phrase: Phrase, at: int) -> bool:
        """Whether an answer is told of something else: "the plumber can't come", "the dentist moved me". What stands straight
        before it is not understood, and is no name that signs.
        """
        if not at or part.words[at - 1] not in part.unknown or phrase.intent in self.prepared.affirming:
            return False
        if part.mine or (self.book.openers and phrase in part.led):  # "I'm sick can't come"
            return False
        word = part.words[at - 1] in self.book.known
        thing = part.words[at - 1] in part.things or (word and bool(self.book.personal))  # and no name or adverb
        if phrase.negative:
            return part.words[:at] == part.unknown[:at] and (thing or (at == 1 and not word))
        return thing and phrase.key and len(phrase.words) == 1 and not phrase.letter

    def _asks_itself(self, part: Clause, phrase: Phrase) -> bool:
        """Whether a phrase in a question is what the question wants: "can you change it?", "is there another day?" """
        if phrase.asks:
            return phrase.intent not in self.prepared.affirming and not self._needs(part)  # "no need to change it?"
        if phrase.intent in PRECEDENCE and len(phrase.words) > 1:  # "wrong number?"
            return not part.flags & (Role.QUESTION | Role.REQUEST)
        said = self.book.roles_of(phrase.words)
        told = part.flags & Role.WHEN and not (part.questioned or part.unknown)
        if told and phrase.key and phrase.intent in self.prepared.yielding and part.words[0] == phrase.words[0]:
            return True  # "move it to 12?"
        wanted = (part.flags | said) & Role.REQUEST and not part.questioned
        return bool(wanted) and phrase.intent in self.prepared.answers and phrase.intent not in self.prepared.affirming


def is_asked(part: Clause) -> bool:
    """Whether a clause asks something, by its mark or by its words."""
    return part.asked or bool(part.flags & (Role.QUESTION | Role.REQUEST))


def only_if_possible(book: Phrasebook, part: Clause) -> bool:
    """Whether a clause is conditioned, if at all, by nothing but "if possible", which a wish for another time is asked with."""
    return all(word == IF_POSSIBLE for word in part.words if book.role(word) & Role.CONDITION)
