"""What means something only as the whole of a reply: "Cancelled", or the letter of a key that is a word of the language."""

from __future__ import annotations

from itertools import pairwise

from engine.lexicon import Role
from engine.objections import NOT_THEIRS
from engine.phrase import KIN, NAME, Phrase
from engine.utterance import Utterance

_QUIET = Role.COURTESY | Role.FILLER


def whole(said: Utterance) -> Phrase | None:
    """The phrase that a reply is the whole of, but for thanks; None where it is none."""
    if any(segment.asked for segment in said.segments):
        return None
    return _alone(said) or _letter(said)


def _alone(said: Utterance) -> Phrase | None:
    book, normal = said.book, said.normal
    if normal.cut:
        return None
    if normal.words in book.written:
        return book.written[normal.words]
    words = [word for word in said.content if not book.role(word) & _QUIET or word == NAME]
    found = book.alone.exactly(words)
    if found is None:
        return None
    all_of_it = {word for alike in said.alike for word in alike}.issuperset(book.rewrite(found.text.split()))
    if len(words) == 1 and found.intent == NOT_THEIRS and not all_of_it:
        return None  # "wrong" is not all of "wrong patient"
    ours = book.ours | {KIN}  # of "wrong doctor" the doctor is what is wrong
    pairs = [pair for alike in said.alike for pair in pairwise(alike)]
    return None if any(word == found.words[-1] and after in ours for word, after in pairs) else found


def _letter(said: Utterance) -> Phrase | None:
    """A key of one letter with nothing but thanks after it, though the letter is a word of the language: "Y gracias"."""
    letter, book = said.first, said.book
    intent, key = said.prepared.keys.get(letter, ("", ""))
    if not intent or len(letter) != 1 or not letter.isalpha():
        return None
    polite = book.rewrite(said.normal.words[1:])
    if not polite or not all(book.role(word) & _QUIET for word in polite):
        return None
    return Phrase(intent, key, (letter,), key=True, weak=False, negative=False, asks=False)
