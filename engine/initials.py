"""The letters in a reply that belong to a name and are no answer: the R of "Y, R. Kelly" and of "Mr R. Bellamy"."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine import clauses
from engine.lexicon import Role
from engine.normalise import fold
from engine.phrase import NAME
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared

_SURNAME = 4  # letters of one at least, behind an initial that is a key


def segments(prepared: Prepared, book: Phrasebook, tokens: Sequence[str]) -> list[tuple[list[str], bool]]:
    """The segments of a reply (`clauses.segments`) without the initial of a signature."""
    cut = clauses.segments(tokens)
    answered = len(cut) > 1 and len(cut[0][0]) == 1 and cut[0][0][0] in prepared.keys  # "Y - Rita R."
    kept = frozenset() if answered else prepared.keys.keys()
    found = [(_unsigned(book, words, kept), asked) for words, asked in cut]
    named = [(words, asked) for at, (words, asked) in enumerate(found) if not _initial(prepared, book, found, at)]
    return [(_answer(prepared, book, words), asked) for words, asked in named]


def _initial(prepared: Prepared, book: Phrasebook, found: Sequence[tuple[list[str], bool]], at: int) -> bool:
    """Whether a segment is a letter of a name: "R. Kelly", "Kelly, R"."""
    words = found[at][0]
    if at and at + 1 == len(found) and not found[at][1] and _signs(prepared, book, words, found[at - 1][0] if at == 1 else ()):
        return True
    if len(words) != 1 or len(words[0]) != 1:
        return False
    known = book.known
    after = found[at + 1][0] if at + 1 < len(found) else []
    named = [word for word in after[:2] if word not in known]
    if at == 0 and len(named) == 2:  # "C - Mary Byrne": the answer, and a whole name
        return False
    follows = bool(after) and after[0] not in known
    affirms = prepared.keys.get(words[0], ("",))[0] in prepared.affirming
    if follows and (at or not affirms):
        return True
    return (
        at + 1 == len(found)
        and at > 0
        and not affirms
        and found[at - 1][0][-1:] != []
        and found[at - 1][0][-1] not in known
    )


def _signs(prepared: Prepared, book: Phrasebook, words: Sequence[str], answer: Sequence[str]) -> bool:
    """Whether the last segment is an initial and a surname: "M Kavanagh". An initial that is a key may be an answer, but
    where a key alone has answered and no slip for a word of the language follows it: "Y. C Brennan".
    """
    if len(words) != 2 or len(words[0]) != 1 or not words[0].isalpha():
        return False
    initial, surname = map(fold, words)
    if initial in prepared.keys:
        answered = len(answer) == 1 and answer[0] in prepared.keys and answer[0] != initial
        return answered and _is_strange(book, surname)
    return _is_signature(book, initial, surname)


def _is_signature(book: Phrasebook, initial: str, surname: str) -> bool:
    """Whether a letter that is no word, as "u" is one, and a word that the language does not have are a name: "P Gallagher"."""
    if len(initial) != 1 or not initial.isalpha() or book.role(initial) or book.spelt([initial]) != [initial]:
        return False
    return surname.isalpha() and _is_strange(book, surname)


def _is_strange(book: Phrasebook, word: str) -> bool:
    """Whether the language has no such word, nor one that it may be a slip for, so that it may be a surname."""
    return len(word) >= _SURNAME and word not in book.known and book.spelt([word]) == [word]


def _answer(prepared: Prepared, book: Phrasebook, words: list[str]) -> list[str]:
    """Without the initial and surname behind or before an answer that says no more: "Y P Gallagher", "J Murphy yes please"."""
    if len(words) < 3:
        return words
    for name, rest in ((words[-2:], words[:-2]), (words[:2], words[2:])):
        initial, surname = map(fold, name)
        if initial not in prepared.keys and _is_signature(book, initial, surname) and _only_answers(prepared, book, rest):
            return rest
    return words


def _only_answers(prepared: Prepared, book: Phrasebook, words: Sequence[str]) -> bool:
    polite = Role.COURTESY | Role.ACK | Role.YES
    return all(word in prepared.keys or book.role(fold(word)) & polite for word in words)


def _unsigned(book: Phrasebook, words: list[str], kept: Collection[str]) -> list[str]:
    """Without the letter between a title or first name and a surname: the R of "Mr R. Bellamy". One of `kept` that ends its
    segment may be an answer: "Conor yes, Mary R".
    """
    if len(words) < 2 or not any(len(word) == 1 for word in words[1:]):
        return words
    titles = book.titles
    return [
        word
        for at, word in enumerate(words)
        if not (
            at
            and len(word) == 1
            and word.isalpha()
            and (at + 1 < len(words) or word not in kept)
            and (words[at - 1] in titles or book.alike([words[at - 1]]) == [NAME])
        )
    ]
