"""A visit that is given up outright: "cancel it" as a clause of its own. What stands beside that may be any reason, and a no
beside it refuses something else ("no more needles, cancel").
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.clauses import Clause
from engine.lexicon import Role
from engine.phrase import Phrase
from engine.phrasebook import Phrasebook
from engine.utterance import Utterance

_TURNED = Role.NEGATION | Role.NO | Role.QUESTION | Role.REQUEST | Role.HEDGE | Role.CONDITION | Role.CONTRAST


def given_up(said: Utterance, parts: Sequence[Clause]) -> Phrase | None:
    """The phrase that asks for it: the word of a key that gives the visit up, or that and what a visit is called, with nothing
    else in its clause and nobody behind it ("cancel him"). No letter: that is part of a name as often. None where nothing does,
    where a no stands within what else is said ("they've no curry"), or is all of it ("No, cancel").
    """
    prepared, book = said.prepared, said.book
    if any(_refuses_else(book, part.words) for part in parts):
        return None
    for part in parts:
        if part.asked or part.flags & _TURNED or len(part.found) != 1:
            continue
        phrase, _ = part.found[0]
        word, *object_ = phrase.words
        words = [each for each in part.words if not book.role(each) & Role.JOIN]
        keyed = len(word) > 1 and prepared.keys.get(word, ("",))[0] in prepared.refusing & {phrase.intent}
        somebody = not (book.persons - book.the_visit).isdisjoint(said.place(phrase).after[:1])
        if keyed and not somebody and book.the_visit.issuperset(object_) and words == list(phrase.words):
            return phrase
    return None


def _refuses_else(book: Phrasebook, words: Sequence[str]) -> bool:
    """Whether a clause holds a no that may be to the question, or to something else."""
    bare = bool(words) and all(book.role(word) & (Role.NO | Role.COURTESY) for word in words)
    return bare or any(book.role(word) & Role.NO and word[0].isalnum() for word in words[1:])
