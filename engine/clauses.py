"""A reply cut into clauses, and for each what it says and what stands against taking it at its word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.lexicon import Role
from engine.normalise import ASKED, BREAK, is_number
from engine.phrase import BARRING, NAME, NUMBER, SKIPPED, Phrase
from engine.phrasebook import Phrasebook

_QUIET = Role.REQUEST | Role.WISH | Role.HARMLESS | Role.WHEN | Role.COURTESY | Role.ACK | Role.YES | Role.NO
_LOUD = Role.NEGATION | Role.QUESTION | Role.HEDGE | Role.CONDITION | Role.CONTRAST
_NAME_LETTERS = 3  # of each part of a name that no list has
_SIGNATURE = 2  # this many strange words after an answer are taken for a name

# What follows a phrase and is not understood: "cancel taxi" (bare), "cannot come to the party" (governed).
BARE = "bare"
GOVERNED = "governed"


@dataclass(slots=True)
class Clause:
    """One clause as it is built. Words that a phrase explains count for the phrase alone, not for or against it."""

    found: list[tuple[Phrase, str]] = field(default_factory=list)  # phrase, the object that follows it: "", BARE, GOVERNED
    words: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    strange: int = 0  # of `unknown`, how many are no word of the language
    flags: int = Role.NONE
    asked: bool = False  # ends in a question mark
    opened: bool = False  # begins with a "but"
    contrasts: int = 0
    things: set[str] = field(default_factory=set)  # of `unknown`, those that "my" or "the" shows to be no name
    mine: bool = False  # begins with who speaks, or of whom it is spoken: "I", "she"
    led: dict[Phrase, str] = field(default_factory=dict)  # phrases with the word before them that is passed over: "I", "to"
    pleaded: bool = False  # an answer in it begins with "please", so that a no before it agrees
    parted: bool = False  # a verb stands in it whose object may come before its other half: Irish "cuir ... ar ceal"
    reasoned: bool = False  # a whole sentence in it tells why somebody does not come
    remarked: bool = False  # a whole sentence in it is understood, and means nothing by itself

    @property
    def overcomes(self) -> bool:
        """Whether its only "but" is the word that it begins with: it tells against what came before, not against itself."""
        return self.contrasts == 1 and self.opened

    @property
    def negated(self) -> bool:
        return bool(self.flags & Role.NEGATION)

    @property
    def questioned(self) -> bool:
        return bool(self.flags & Role.QUESTION)

    def holds(self, phrase: Phrase) -> bool:
        return any(found == phrase for found, _ in self.found)


def segments(tokens: Sequence[str]) -> list[tuple[list[str], bool]]:
    """Stretches between clause marks, each with whether a question mark ends it."""
    out: list[tuple[list[str], bool]] = []
    now: list[str] = []
    for token in tokens:
        if token is BREAK or token is ASKED:
            if now:
                out.append((now, token is ASKED))
                now = []
            elif token is ASKED and out:
                out[-1] = (out[-1][0], True)
            elif token is ASKED:
                out.append(([], True))
        else:
            now.append(token)
    if now:
        out.append((now, False))
    return out


def clauses(book: Phrasebook, words: Sequence[str], asked: bool) -> list[Clause]:
    """Clauses of one segment whose words are already rewritten."""
    roles = book.roles
    out = [Clause()]
    content, led, pleaded = _led(book, words)
    at, end = 0, len(content)
    previous: Phrase | None = None
    behind: Phrase | None = None  # the one before a day: of "I cancel tomorrow our trip" the trip is the object
    barred = False  # after "than", "instead of": what follows is what is not wanted
    while at < end:
        word = content[at]
        role = roles.get(word, Role.NONE)
        phrase = book.phrases.longest(content, at)
        opens = led.get(at) in book.openers and _told(book, previous)
        if at in pleaded:
            asks = phrase is not None and phrase.key and bool(out[-1].unknown)  # "I'm not in Cork now | please cancel"
            opens = opens or asks or _asked_for(book, previous)
        if opens or (phrase is None and role & Role.JOIN and (out[-1].words or out[-1].flags)):
            out.append(Clause())
        clause = out[-1]
        if _broken_off(book, previous, role, phrase) and clause.found:
            clause.unknown.extend(word for word in clause.found.pop()[0].words if not book.role(word) & Role.HARMLESS)
            previous = None
        clause.mine |= not clause.words and led.get(at) in book.speakers
        if phrase is not None:
            clause.pleaded |= led.get(at) in book.pleas
            if at in led:
                clause.led[phrase] = led[at]
            if NAME not in clause.words:
                clause.strange = 0  # a name stands after an answer; before it, an adverb that turns it is likelier
            if barred:
                barred = False
            else:
                if clause.found and previous is not None and previous.negative and previous.words[-1] in book.takers:
                    clause.found.pop()  # "I do not want" + "another day" refuses the other day, nothing else
                    clause.flags |= Role.NEGATION
                clause.found.append((phrase, BARE if clause.parted and _has_object(book, clause) else ""))
                previous = phrase
            clause.words.extend(phrase.words)
            at += len(phrase.words)
            continue
        barred = word == BARRING
        clause.parted |= word in book.parted
        if role & Role.CONTRAST:
            clause.opened = clause.opened or (not clause.words and bool(role & Role.JOIN))
            clause.contrasts += 1
        # "No, I can't" begins with a no that agrees with what follows; "not" and any later no turn it round. A picture of a
        # no underlines what is said, and "no childcare" is why.
        mild = role & Role.NO and (not clause.words or not word[0].isalnum() or lacks(book, content, at))
        clause.flags |= role & ~Role.NEGATION if mild else role
        clause.words.append(word)
        if not role & (_QUIET | _LOUD | Role.JOIN | SKIPPED) and word[0].isalnum() and not barred:
            clause.unknown.append(word)
            leader = led.get(at)
            if leader in book.asides.determiners:
                clause.things.add(word)
            placed = (clause.found and book.knows_names) or NAME in clause.words or clause.strange == len(clause.words) - 1
            if placed and not (word in book.known or is_number(word) or _no_name(book, leader, clause)):
                clause.strange += 1
            previous = previous or (behind if leader in book.asides.determiners else None)
            if previous is not None and clause.found and clause.found[-1][0] is previous:
                clause.found[-1] = (previous, GOVERNED if led.get(at) in book.governing else BARE)
            elif leader in book.governing - book.asides.determiners and clause.found and word not in book.weighty | book.ours:
                clause.found[-1] = (clause.found[-1][0], GOVERNED)  # "any other day suits | for the walk"
        behind = previous or (behind if role & Role.WHEN else None)
        previous = None
        at += 1
    out[-1].asked = asked
    for clause in out:
        if clause.negated and any(phrase.negative for phrase, _ in clause.found) and _agrees(book, clause):
            clause.flags &= ~Role.NEGATION
    for clause in out:
        if (
            clause.unknown or sum(not _polite(book, phrase) for phrase, _ in clause.found) > 1
        ):  # a lone word means something only where it is not part of something that is not understood
            lone = [phrase for phrase, _ in clause.found if _lone(book, clause, phrase)]
            clause.found = [(phrase, object_) for phrase, object_ in clause.found if phrase not in lone]
            if clause.unknown:
                clause.unknown.extend(phrase.words[0] for phrase in lone)
    return out


def lacks(book: Phrasebook, words: Sequence[str], at: int) -> bool:
    """Whether a no tells what somebody has not: "no childcare"."""
    return at + 1 < len(words) and words[at + 1] in book.lacking


def _no_name(book: Phrasebook, leader: str | None, clause: Clause) -> bool:
    """Whether a strange word is no name of who signs, by the word that leads it: "for Ballinasloe", "il est idiot"."""
    if leader is None or book.openers or leader in book.governing:
        return leader in book.openers or leader in book.governing
    said = clause.found[-1][0] if clause.found else None
    told = said is None or (said.key and not _polite(book, said))  # a longer answer tells the way: "I come from Athlone"
    return told and bool(book.role(leader) & Role.STOP) and leader not in book.titles and NAME not in clause.words


def _has_object(book: Phrasebook, clause: Clause) -> bool:
    return any(word not in book.parted for word in clause.unknown)


def _agrees(book: Phrasebook, clause: Clause) -> bool:
    """Whether what negates beside a negative phrase only underlines it, as languages do that say "I do not cancel nothing"."""
    denying = Counter(word for word in clause.words if book.role(word) & Role.NEGATION)
    beyond = denying - Counter(word for phrase, _ in clause.found for word in phrase.words)  # "I won't not come" has one more
    return all(word in book.concord for word in beyond)


def _led(book: Phrasebook, words: Sequence[str]) -> tuple[list[str], dict[int, str], set[int]]:
    """The content of `words`, for each place in it the word that was skipped just before (the "to" of "to the party", the "my"
    of "my son is driving"), and the places before which a "please" or "sorry" was, which ends what was asked for: "cancel
    please | my car broke down".
    """
    content: list[str] = []
    led: dict[int, str] = {}
    pleaded: set[int] = set()
    skipped = ""
    for word in words:
        role = book.role(word)
        if role & SKIPPED and not role & Role.JOIN:
            skipped = word if word in book.speakers else skipped or word  # "stop texting me, I ..." without its comma
            if book.openers and word in book.polite:
                pleaded.add(len(content))
            continue
        if word == NUMBER and content and content[-1] == NUMBER:
            continue
        if skipped:
            led[len(content)] = skipped
            skipped = ""
        content.append(word)
    return content, led, pleaded


def _broken_off(book: Phrasebook, previous: Phrase | None, role: int, phrase: Phrase | None) -> bool:
    """Whether a phrase that ends in "will" or "can" was no answer by itself: "I'll get the kids", "I can do Wednesdays"."""
    if previous is None or previous.words[-1] not in book.aux:
        return False
    return phrase is None and not role & (Role.COURTESY | Role.ACK | Role.YES | Role.JOIN)


def _told(book: Phrasebook, previous: Phrase | None) -> bool:
    """Whether a phrase says all that it says by itself, so that "my ..." after it begins something new."""
    return previous is not None and not previous.key and previous.words[-1] not in book.takers


def _asked_for(book: Phrasebook, previous: Phrase | None) -> bool:
    """Whether a phrase before a "please" is all that is asked for: "cancel", but not "yes"."""
    return previous is not None and not all(book.role(word) & Role.YES for word in previous.words)


def _polite(book: Phrasebook, phrase: Phrase) -> bool:
    return phrase.weak or all(book.role(word) & Role.COURTESY for word in phrase.words)


def _lone(book: Phrasebook, clause: Clause, phrase: Phrase) -> bool:
    courtesy = book.role(phrase.words[0]) & Role.COURTESY
    if len(phrase.words) > 1 or phrase.weak or courtesy or "_" in phrase.words[0]:  # a name with _ stands for several words
        return False
    if clause.unknown:
        signed = clause.words[0] == phrase.words[0] and _may_sign(book, clause.words[1:])
        if phrase.words[0] in book.beginnings and not signed:
            return True
        return (phrase.letter and not signed) or not phrase.key
    return bool(book.role(phrase.words[0]) & Role.HARMLESS)


def _may_sign(book: Phrasebook, words: Sequence[str]) -> bool:
    """Whether words behind a letter may be a name: "Mary Murphy", and what is none of the language's words: "Donna McAteer".
    One such word makes an initial of the letter: "C Brennan".
    """
    if NAME in words[:1]:
        return True
    words = [word for word in words if word != NUMBER]  # when whoever signs was born
    strange = [word for word in words if len(word) >= _NAME_LETTERS and word[0].isalpha() and word not in book.known]
    return len(words) == _SIGNATURE and strange == words


def signature_only(parts: Sequence[Clause]) -> bool:
    """Whether all that is not understood may be a name: a few words that the language does not have."""
    unknown = sum(len(clause.unknown) for clause in parts)
    return unknown <= _SIGNATURE and unknown == sum(clause.strange for clause in parts)


def flags_of(parts: Iterable[Clause]) -> int:
    """The flags that any of the clauses has."""
    flags = Role.NONE
    for part in parts:
        flags |= part.flags
    return flags
