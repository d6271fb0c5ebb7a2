"""What may stand beside a yes. A patient who will come tells why the answer is late, who drives and how the hip is; none of
that takes a yes back, not even where it is told with a "not" or a "but".

So a clause beside the yes is heard as a tale where every word of it is explained: of a kind that patients tell a clinic
(`tales`), and nothing that coming hangs on (`at_stake`, `obstacles`). A yes that may be to anything ("yeah", "grand") needs
more: an excuse for how or when it is said, or a word of the appointment. A language that lists no tales hears none: there all
that is said counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from engine.clauses import GOVERNED, Clause, signature_only
from engine.lexicon import Role
from engine.objections import OBJECT, PAST
from engine.phrase import DAY, DISTANT_KIN, KIN, NAME, NUMBER, SKIPPED, Phrase, holds_any, place
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared
from engine.utterance import Utterance

_ASIDE = 14  # words that are not understood and yet may stand beside a full answer, where no list tells what patients tell
_STRAY = 1  # of them, how many may lead up to it where nothing else shows that the text is about an appointment
_UNEXPLAINED = 3  # words of the language that no list explains, beside a full answer
_NAMED = frozenset((KIN, NAME))
_TOLD_TO_NAMES = 2  # words not understood, for each name among them
_PLACE = 1  # word that the language does not have, beside what patients tell, where no list tells all of that
_FEW = 4  # words of a whole reply whose commas may stand for nothing
_NAMES = 3  # words that the language does not have: people and places
_ACK = Role.ACK | Role.YES | Role.COURTESY | Role.WHEN
_TURNS = Role.NEGATION | Role.NO | Role.HEDGE | Role.CONTRAST | Role.CONDITION
_REFUSES = Role.NEGATION | Role.NO | Role.CONTRAST
_ASKS = Role.QUESTION | Role.REQUEST | Role.WISH


@dataclass(frozen=True)
class Affirmed:
    """One reply whose only outcome is a yes, clause by clause."""

    said: Utterance
    parts: Sequence[Clause]

    @property
    def prepared(self) -> Prepared:
        return self.said.prepared

    @property
    def book(self) -> Phrasebook:
        return self.said.book

    @cached_property
    def full(self) -> bool:
        """Whether a yes in it says by itself what it is to: "I'll be there", "confirmed", the letter of the key."""
        return any(
            phrase.letter or not self.book.thin.issuperset(phrase.words) for part in self.parts for phrase in self._yes(part)
        )

    @cached_property
    def answering(self) -> list[Clause]:
        """Its clauses without those that only tell something."""
        return [part for at, part in enumerate(self.parts) if not self._told(at)]

    def overrules(self, other: Phrase, against: str) -> bool:
        """Whether the yes stands though another answer may be heard in it: one of the past ("I was on nights"), thanks of any
        kind, or beside a full yes one with an object of its own ("I don't need parking").
        """
        if against in ("", PAST) or (self.book.tales and other.intent in self.prepared.courtesies):
            return True
        return against == OBJECT and self._coming and not other.key

    @property
    def held_back(self) -> bool:
        """Whether a "but" or an "only" holds the yes back. One that leads up to the yes is overcome: "the bus is off but I can
        come".
        """
        return any(part.flags & Role.CONTRAST and not (part.overcomes and self._leads(part)) for part in self.answering)

    def _leads(self, part: Clause) -> bool:
        """Whether the yes of a clause is the first of the reply, or one that says by itself what it is to and no time: "I dread
        it but I'll be there", not "yes but make it 11".
        """
        first = next((each for each in self.answering if self._yes(each)), None)
        full = any(not self.book.thin.issuperset(phrase.words) for phrase in self._yes(part))
        return part is first or (bool(self.book.tales) and full and not part.flags & Role.WHEN and NUMBER not in part.words)

    @property
    def only_acknowledges(self) -> bool:
        """Whether an "ok" or "grand" is the whole of it: of a sentence that holds one it says nothing ("he is a lovely man").
        True for languages whose lexicon does not list what may stand beside one.
        """
        words = [word for part in self.answering if not self._thanks(part) for word in part.words]
        book = self.book
        if not book.beside_ack:
            return True
        told = self.said.alike if book.tales else [part.words for part in self.parts]  # not "gerai, sūnus mane atveš"
        if not self.said.named and any(KIN in words for words in told):  # "ok mam" is said to her
            return False
        if any(object_ == GOVERNED for part in self.answering for _, object_ in part.found):  # "ok, Saturday at Anna's"
            return False
        if any(part.strange for part in self.answering) and NAME not in words:
            return False
        beside = book.beside_ack | book.tales if self.said.named else book.beside_ack
        return all(book.role(word) & _ACK or word in beside or word not in book.known for word in words)

    @property
    def lost_a_not(self) -> bool:
        """Whether it says in the words of a yes what is only said of a no: "sorry I can make it", "I will, yeah"."""
        joined = [word for spelt in self.said.spelt for word in spelt]
        told = [*self.said.spelt, joined] if len(joined) <= _FEW else self.said.spelt
        return any(holds_any(spelt, self.book.admitted) for spelt in told)

    @property
    def astray(self) -> bool:
        """Whether it is said of something else ("yeah they do"), in the words of coming ("I need to go"), or of one who may not
        come ("yes he is in hospital").
        """
        if self.lost_a_not or self._bare:
            return True
        if self.said.answering and all(self._comes(segment.spelt, self.book.callers) for segment in self.said.answering):
            return True  # "the plumber can come on Thursday at 10"
        if self._ours:
            return False
        if not self.full and len(self.said.answering) < len(self.said.segments) and not self._begins:
            return True  # "I'm grand yeah, just in from work"
        answering = [segment.alike for segment in self.said.answering]
        remarks = not (self.full or self._bound_for_us) and any(holds_any(alike, self.book.remarks) for alike in answering)
        return remarks or self.of_talk or self._others_come

    @property
    def _bare(self) -> bool:
        """Whether it is a word like "can" and nothing more."""
        words = [word for said in self.said.spelt for word in said]
        return len(words) == 1 and words[0] in self.book.aux

    @property
    def _begins(self) -> bool:
        """Whether a segment begins with the yes, but for what is polite."""
        role, quiet = self.book.role, Role.COURTESY | Role.FILLER
        firsts = (next((word for word in said.spelt if not role(word) & quiet), "") for said in self.said.answering)
        return any(role(first) & Role.YES for first in firsts)

    @property
    def of_talk(self) -> bool:
        """Whether it goes on with talk that was not with us: it begins so ("and yes"), only sounds like coming ("keep going"),
        or is a yes to anything, in words that delight or echo ("that is so cool", "it does").
        """
        book = self.book
        if self._ours:
            return False
        answering = [segment.spelt for segment in self.said.answering]
        if self.said.takes_up or any(holds_any(words, book.leavings) for words in answering):
            return True
        thanks = any(book.role(word) & Role.COURTESY for words in self.said.alike for word in words)
        wonders = (self.said.opens_with(book.wondering, Role.YES) and not thanks) or any(map(self._echoes, answering))
        return not self.full and (wonders or any(holds_any(words, book.delights) for words in answering))

    def _echoes(self, words: Sequence[str]) -> bool:
        """Whether a segment, but for its yes, answers a question that was not ours: "it does", "me too"."""
        roles = self.book.roles
        at = next((at for at, word in enumerate(words) if not roles.get(word, 0) & (Role.YES | Role.JOIN)), 0)
        return self.book.echo(words[at:]) in self.book.echoes

    @cached_property
    def _others_come(self) -> bool:
        """Whether whoever comes is nobody's patient: "my friends are coming", "it is going well"."""
        book = self.book
        said = [(part, phrase) for part in self.parts for phrase in self._yes(part) if not book.thin.issuperset(phrase.words)]
        return bool(said) and all(self._of_another(part, phrase) for part, phrase in said)

    def _of_another(self, part: Clause, phrase: Phrase) -> bool:
        book = self.book
        if phrase.key or book.coming.isdisjoint(book.alike(phrase.words)) or phrase.text.partition(" ")[0] in book.speakers:
            return False
        before = part.words[: place(part.words, phrase.words) or 0]
        who = book.subject(before)
        if (who or part.led.get(phrase)) in book.company:
            return True
        return not who and any(self._comes(segment, (DISTANT_KIN,)) for segment in self.said.alike)

    def _comes(self, words: Sequence[str], callers: Collection[str]) -> bool:
        """Whether the first of some callers among words is said to come."""
        book = self.book
        at = next((at for at, word in enumerate(words) if word in callers), None)
        if at is None:
            return False
        said = [word for word in book.alike(words[at + 1 :]) if word not in book.passing and word not in book.aux]
        return bool(said) and said[0] in book.coming

    @property
    def explained(self) -> bool:
        """Whether all that is not understood may stand beside the yes."""
        unknown = [word for part in self.parts for word in part.unknown]
        if not unknown:
            return True
        if not self.book.tales:
            return signature_only(self.parts) or self._aside() or self._reasoned()
        if signature_only(self.parts):
            return self.full or self._signed()
        if any(map(self._weighs, self.parts)):
            return False
        if any(self._yes(part) and part.unknown and not self._belongs(part) for part in self.answering):
            return False
        left = [word for word in unknown if word not in self.book.tales]
        names = [word for word in left if word not in self.book.known]
        if not self.full:
            return not left and (self._ours or self._bound_for_us or any(map(self._excuses, self.parts)))
        if not left or (len(unknown) <= _STRAY and self._coming and self._leads_up(left)):
            return True
        if len(names) > _NAMES:
            return False
        if left == names and (_TOLD_TO_NAMES * len(left) <= len(unknown) or self._for_kin):
            return True
        if self._about_us:
            return self._coming and len(left) - len(names) <= _UNEXPLAINED
        lettered = any(phrase.letter for part in self.parts for phrase in self._yes(part))
        return len(left) <= _STRAY and ((self._coming and left != names) or (self.full and lettered and len(unknown) > _STRAY))

    # --- what is told beside it ----------------------------------------------------------------------------------------

    def _yes(self, part: Clause) -> list[Phrase]:
        return [phrase for phrase, _ in part.found if phrase.intent in self.prepared.affirming]

    def _thanks(self, part: Clause) -> bool:
        """Whether a clause is nothing but thanks: "got it thanks"."""
        return not part.unknown and bool(part.found) and all(p.intent in self.prepared.courtesies for p, _ in part.found)

    def _excuses(self, part: Clause) -> bool:
        """Whether a clause excuses how or when the patient answers: "sorry, the phone was dead"."""
        return not self.book.excuses.isdisjoint(part.words)

    @cached_property
    def _ours(self) -> bool:
        return self.said.named or any(word in self.book.ours for segment in self.said.alike for word in segment)

    @cached_property
    def _bound_for_us(self) -> bool:
        """Whether a reply that begins with its yes tells of the way here: who drives, who minds the children."""
        return self._begins and any(not self.book.bound_for.isdisjoint(part.words) for part in self.parts)

    def _told(self, at: int) -> bool:
        """Whether the clause at a place only tells something: it holds no answer, nor what one hangs on."""
        if self._because(at):
            return True
        part, book = self.parts[at], self.book
        if part.asked or part.flags & _ASKS or not book.at_stake.isdisjoint(part.words):
            return False
        untold = [word for word in part.words if not self._is_told(word)]
        goes_on = (at > 0 and self._told(at - 1)) or (self._coming and part.unknown and not untold)
        if book.tales.isdisjoint(part.words) and not goes_on:
            return False
        quiet = all(phrase.weak or phrase.intent in self.prepared.courtesies for phrase, _ in part.found)
        if not quiet or len(untold) > self._coming or any(book.role(word) & _TURNS for word in untold):
            return False
        if self._excuses(part):
            return True
        if part.flags & _REFUSES and not book.obstacles.isdisjoint(part.words):
            return False
        return self.full and not (part.opened and at and self._yes(self.parts[at - 1]))

    def _is_told(self, word: str) -> bool:
        """Whether a word is explained where something is told, and doubts nothing."""
        book = self.book
        if word in book.tales or word in book.telling:
            return True
        role = book.role(word)
        return not role & (Role.HEDGE | Role.CONTRAST | Role.CONDITION) and bool(role or word not in book.known)

    @cached_property
    def _coming(self) -> bool:
        """Whether it says in so many words that somebody comes."""
        full = [phrase for part in self.parts for phrase in self._yes(part) if not self.book.thin.issuperset(phrase.words)]
        told = [phrase for phrase in full if len(phrase.words) > 1 and self.book.takers.isdisjoint(phrase.words)]
        return any(not self.book.coming.isdisjoint(self.book.alike(phrase.words)) for phrase in told)

    @cached_property
    def _about_us(self) -> bool:
        """Whether a word beside a full answer shows that it is about an appointment."""
        book = self.book
        words = [word for part in self.parts for word in part.words]
        own = {word for part in self.parts for phrase, _ in part.found if not phrase.key for word in phrase.words}
        return any(book.role(word) & (Role.YES | Role.WHEN | Role.COURTESY) or word in book.ours - own for word in words)

    def _weighs(self, part: Clause) -> bool:
        """Whether a clause holds what a person should hear. What is early or late in an excuse is the answer."""
        weighty = self.book.weighty.intersection(part.unknown)
        return not weighty <= (self.book.excuses if self._excuses(part) else frozenset())

    def _belongs(self, part: Clause) -> bool:
        """Whether what is not understood in the clause of a yes goes with it: "bet I'll be there", "I'll be there by bus", and
        who comes, but no thing: "rain is coming".
        """
        book = self.book
        if any(object_ and not (phrase.weak and self._coming) for phrase, object_ in part.found) and not self._for_kin:
            return False
        yes = next((phrase for phrase in self._yes(part) if not book.thin.issuperset(phrase.words)), None)
        if yes is None:
            return self.full and all(word in book.tales or word not in book.known for word in part.unknown)
        at = place(part.words, yes.words) or 0
        before = [word for word in part.words[:at] if word in part.unknown]
        behind = [word for word in part.words[at:] if word in part.unknown]
        who = not before or part.led.get(yes) in book.speakers or len(yes.words) > 1 or book.asides.mortals.issuperset(before)
        return who and all(word in book.tales or (word not in book.known and self._about_us) for word in behind)

    @cached_property
    def _for_kin(self) -> bool:
        """Whether a key is given for somebody of the family, whose name stands beside it: "I confirm for my son Kacper"."""
        named = [part for part in self.parts if part.unknown]
        keyed = len(named) == 1 and any(p.key and not self.book.thin.issuperset(p.words) for p in self._yes(named[0]))
        return keyed and any(KIN in said for said in self.said.alike)

    def _signed(self) -> bool:
        """Whether strange words beside a bare yes sign it: "yes, this is Kunle", not "yeah it was gross"."""
        book = self.book
        for segment in self.said.alike:
            strange = [word for word in segment if word not in book.known and word.isalpha() and word not in _NAMED]
            known = [word for word in segment if word in book.known and len(word) > 1 and word.isalpha() and word not in _NAMED]
            if strange and not all(book.role(word) & _ACK or word in book.signing for word in known):
                return False
            told = (word.rpartition("_")[2] in book.aux and book.role(after) & Role.ACK for word, after in pairwise(segment))
            if strange and any(told):
                return False  # "it's super wack"
        return True

    # --- where no list tells what patients tell ------------------------------------------------------------------------

    def _aside(self) -> bool:
        """Whether what is not understood is told beside a full answer ("I will be there, my son is driving me"): in clauses of
        its own, not for long, with a word that shows it to be about an appointment, and without one that a person should hear.
        """
        book = self.book
        full = False
        for part in self.parts:
            said = [phrase for phrase in self._yes(part) if not phrase.weak]
            full = full or any(map(self._says_more_than_when, said))
            led_in = all(object_ == "" for _, object_ in part.found)  # "bet I'll be there", not "I'll be there pizza"
            if said and part.unknown and (len(part.unknown) > 1 or not led_in or not full):
                return False
        unknown = [word for part in self.parts for word in part.unknown]
        short = len(unknown) <= _ASIDE and sum(part.strange for part in self.parts) <= _NAMES
        few = len(unknown) <= _STRAY and self._leads_up(unknown)
        return full and (self._about_us or few) and short and not any(word in book.weighty for word in unknown)

    def _says_more_than_when(self, phrase: Phrase) -> bool:
        """Whether a yes is more than a word and a time: "I'll be there at six" may be said to anybody."""
        book = self.book
        return sum(word not in (NUMBER, DAY) and not book.role(word) & (SKIPPED | Role.WHEN) for word in phrase.words) > 1

    def _because(self, at: int) -> bool:
        """Whether the clause at a place gives a yes before it its reason and denies nothing: "przyjdę, bo długo czekałam"."""
        part, book = self.parts[at], self.book
        first = part.words[0] if part.words else ""
        goes_on = bool(book.role(first) & Role.JOIN) and at > 0 and self._because(at - 1)
        if part.asked or part.flags & _REFUSES or not (first in book.because or goes_on):
            return False
        quiet = all(phrase.weak or phrase.intent in self.prepared.courtesies for phrase, _ in part.found)
        return quiet and any(map(self._yes, self.parts[:at]))

    def _reasoned(self) -> bool:
        """Whether a yes has nothing beside it but what patients tell with one (who drives, leave from work, a fear of needles)
        or why they come. A mere "yes" is one to us only where something shows that the text is about an appointment.
        """
        book = self.book
        told = [part for at, part in enumerate(self.parts) if not self._because(at)]
        if not all(map(self._is_reason, told)) or any(not book.weighty.isdisjoint(part.unknown) for part in self.parts):
            return False
        said = [phrase for part in self.parts for phrase in self._yes(part) if not phrase.weak]
        full = any(not all(book.role(word) & Role.YES for word in phrase.words) for phrase in said)
        return full or (bool(said) and self._ours)

    def _is_reason(self, part: Clause) -> bool:
        """Whether a clause tells nothing but what patients tell with a yes, and whence: "by bus from Tramore"."""
        left = [word for word in part.unknown if word not in self.book.reasons]
        return not left or (len(left) == _PLACE < len(part.unknown) and self.book.known.isdisjoint(left))

    def _leads_up(self, unknown: Iterable[str]) -> bool:
        """Whether all that is not understood stands before the answer: "tell Dr Smith I'll be there", not "there, with
        chips".
        """
        before: list[str] = []
        for part in self.parts:
            yes = next((phrase for phrase in self._yes(part) if not phrase.weak), None)
            if yes is not None:
                at = place(part.words, yes.words) or 0
                return set(unknown) <= {*before, *part.words[:at]}
            before += part.words
        return False
