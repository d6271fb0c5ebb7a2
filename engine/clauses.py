"""A reply cut into clauses, and for each what it says and what stands against taking it at its word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.lexicon import Role
from engine.normalise import ASKED, BREAK, is_number
from engine.phrasebook import Phrase, Phrasebook

_SKIPPED = Role.STOP | Role.FILLER
_QUIET = Role.REQUEST | Role.WISH | Role.HARMLESS | Role.WHEN | Role.COURTESY | Role.ACK | Role.YES | Role.NO
_LOUD = Role.NEGATION | Role.QUESTION | Role.HEDGE | Role.CONDITION | Role.CONTRAST
_SIGNATURE = 2  # this many strange words after an answer are taken for a name


@dataclass(slots=True)
class Clause:
    """One clause as it is built. Words that a phrase explains count for the phrase alone, not for or against it."""

    found: list[tuple[Phrase, bool]] = field(
        default_factory=list
    )  # phrase, whether an unknown word follows as its object
    words: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    strange: int = 0  # of `unknown`, how many are no word of the language
    flags: int = Role.NONE
    asked: bool = False  # ends in a question mark

    @property
    def negated(self) -> bool:
        return bool(self.flags & Role.NEGATION)

    @property
    def questioned(self) -> bool:
        return bool(self.flags & Role.QUESTION)


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


def match(words: Sequence[str], at: int, table: dict[str, list[Phrase]]) -> Phrase | None:
    """The longest phrase of `table` that begins at `at`, or None."""
    for phrase in table.get(words[at], ()):
        length = len(phrase.words)
        if length == 1 or tuple(words[at : at + length]) == phrase.words:
            return phrase
    return None


def clauses(book: Phrasebook, words: Sequence[str], asked: bool) -> list[Clause]:
    """Clauses of one segment whose words are already rewritten."""
    roles = book.roles
    out = [Clause()]
    content = book.content(words)
    at, end = 0, len(content)
    previous: Phrase | None = None
    while at < end:
        word = content[at]
        phrase = match(content, at, book.phrases)
        clause = out[-1]
        if phrase is not None:
            if previous is not None and previous.negative and previous.words[-1] in book.takers:
                clause.found.pop()  # "I do not want" + "another day" refuses the other day, nothing else
                clause.flags |= Role.NEGATION
            clause.found.append((phrase, False))
            clause.words.extend(phrase.words)
            previous = phrase
            at += len(phrase.words)
            continue
        role = roles.get(word, Role.NONE)
        if role & Role.JOIN and (clause.words or clause.flags):
            clause = Clause()
            out.append(clause)
        # "No, I can't" begins with a no that agrees with what follows; "not" and any later no turn it round.
        clause.flags |= role & ~Role.NEGATION if role & Role.NO and not clause.words else role
        clause.words.append(word)
        if not role & (_QUIET | _LOUD | Role.JOIN | _SKIPPED) and word[0].isalnum():
            clause.unknown.append(word)
            if word not in book.known and not is_number(word):
                clause.strange += 1
            if previous is not None and clause.found and clause.found[-1][0] is previous:
                clause.found[-1] = (previous, True)
        previous = None
        at += 1
    out[-1].asked = asked
    for clause in out:
        if (
            clause.unknown or len(clause.found) > 1
        ):  # a lone word means something only where it is not part of something that is not understood
            lone = [phrase for phrase, _ in clause.found if _lone(book, phrase, bool(clause.unknown))]
            clause.found = [(phrase, object_) for phrase, object_ in clause.found if phrase not in lone]
            if clause.unknown:
                clause.unknown.extend(phrase.words[0] for phrase in lone)
    return out


def _lone(book: Phrasebook, phrase: Phrase, beside_unknown: bool) -> bool:
    courtesy = book.role(phrase.words[0]) & Role.COURTESY
    if (
        len(phrase.words) > 1 or phrase.weak or courtesy or "_" in phrase.words[0]
    ):  # a name with _ stands for several words
        return False
    if beside_unknown:
        return phrase.letter or not phrase.key
    return bool(book.role(phrase.words[0]) & Role.HARMLESS)


def signature_only(parts: Sequence[Clause]) -> bool:
    """Whether all that is not understood may be a name: a few words that the language does not have."""
    unknown = sum(len(clause.unknown) for clause in parts)
    return unknown <= _SIGNATURE and unknown == sum(clause.strange for clause in parts)
