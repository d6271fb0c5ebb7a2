"""Whether a text that holds grave words is grave: many tell a tale in them, laugh, or say them of anything."""

from __future__ import annotations

from collections.abc import Sequence

from engine.phrase import DISTANT_KIN, KIN, NAME, NUMBER, SAYING, Phrase
from engine.phrasebook import Phrasebook
from engine.utterance import Utterance

_LOOSE_DEATH = 2  # words that do not go with a death; a story holds more
_LOOSE_DANGER = 2  # words that go with no danger beside an alarm that is said of anything
_LOOSE_CRY = 1  # the same beside a mere cry for help
_BLAMED = 2  # words back from a trifle to the one that makes it the cause
_LOOSE_TALE = 4  # words of something else beside danger that is told in so many words
_LOOSE_TALE_TOGETHER = 3  # the same beside words that only together tell of it
_ANYBODY = frozenset((NAME, DISTANT_KIN, NUMBER, SAYING))


def tells_of_it(said: Utterance, intent: str) -> bool:
    """Whether a text that holds the gravest words of an intent tells us of it: "My father passed away in March", not "send this
    to ten friends, a girl broke the chain and died". Words that the language does not have may be names and count for nothing.
    True where no list tells what goes with it.
    """
    book, words = said.book, said.content
    beside = book.goes_with.get(intent)
    if beside is None or not book.ours.isdisjoint(words):
        return True
    strays = {word for word in words if word in book.known and not book.role(word) and word not in beside}
    return len(strays) <= _LOOSE_DEATH


def tells_of_danger(said: Utterance, alarm: Phrase) -> bool:
    """Whether a text of danger is about it. What people say of anything ("this heat is killing me") or laugh about alarms only
    where no trifle and little else that goes with no danger stands beside it, or somebody close does. True for languages whose
    lexicon does not list what is said so.
    """
    book, words, alarming = said.book, said.content, alarm.text.split()
    if KIN not in words and any(word in book.blamed and _blames(book, said.folded, at) for at, word in enumerate(said.folded)):
        return False
    if not book.loose or (not book.loose.issuperset(alarming) and book.familiar.isdisjoint(said.folded)):
        return True
    if any(word.rpartition("'")[2] in book.trifles for word in words):
        return False
    strays = {word for word in words if word[0].isalnum() and not book.role(word)} - book.explained - _ANYBODY
    few = len(strays) < (_LOOSE_CRY if book.cries.issuperset(alarming) else _LOOSE_DANGER)
    return few or KIN in words


def _blames(book: Phrasebook, said: Sequence[str], at: int) -> bool:
    """Whether the word at a place is what something comes of: "a stroke from these prices"."""
    return not book.blaming.isdisjoint(said[max(0, at - _BLAMED) : at])


def speaks_of_little_else(said: Utterance, alarm: Phrase) -> bool:
    """Whether a text of danger is not a tale of other things that holds the words by the way. One that is about somebody close
    or speaks of the visit is none. True where no list tells what is told beside danger.
    """
    book, words = said.book, said.content
    if not book.beside_danger or KIN in words or not book.ours.isdisjoint(words):
        return True
    told = {word for segment in said.spelt for word in book.apart(segment) if word[0].isalpha() and not book.role(word)}
    for explained in (book.beside_danger, book.reasons, book.weighty, book.asides.mortals, _ANYBODY):
        told -= explained
    told = {word for word in told if not book.dangerous(word)}
    return len(told) <= (_LOOSE_TALE if alarm.words else _LOOSE_TALE_TOGETHER)

