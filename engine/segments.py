"""The stretches of a reply between clause marks, each in all the forms that its words are compared in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine import initials
from engine.lexicon import Role
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared

_LEAD = 4  # words of a yes before something is told: "yes that's great thanks | ..."
_POLITE = Role.YES | Role.COURTESY | Role.FILLER | Role.ACK
_QUIET = Role.COURTESY | Role.FILLER
_SECOND_THOUGHT = Role.HEDGE | Role.CONTRAST


class Segment(NamedTuple):
    """One of them. `asked` tells that a question mark ends it."""

    written: list[str]  # its words as they stand
    mended: list[Sequence[str]]  # each by itself put right
    spelt: list[str]  # put right together
    alike: list[str]  # with turns of phrase made one
    content: list[str]  # of those, what is not skipped
    asked: bool


def segments(prepared: Prepared, book: Phrasebook, tokens: Sequence[str]) -> list[Segment]:
    """The segments of a reply, without the initial of a signature and the "actually" that it begins with. A yes and what is
    only told behind it are two, though no stop is between them.
    """
    found = _begun(book, initials.segments(prepared, book, tokens))
    return [_segment(book, part, asked) for words, asked in found for part in _parted(prepared, book, words, asked)]


def _segment(book: Phrasebook, words: list[str], asked: bool) -> Segment:
    mended = book.mended(words)
    spelt = book.joined(mended)
    alike = book.alike(spelt)
    return Segment(words, mended, spelt, alike, book.content(alike), asked)


def _parted(prepared: Prepared, book: Phrasebook, words: list[str], asked: bool) -> list[list[str]]:
    """A segment, in two where a yes leads in what patients tell beside one: "Y | sorry, was at football"."""
    if len(words) < 2 or not book.tells:
        return [words]
    letter = prepared.picked_by(words[0]) in prepared.affirming
    if not (letter or book.roles_of(book.spelt(words[:1])) & Role.YES):
        return [words]
    for at in range(1, min(len(words), _LEAD + 1)):
        if book.only_tells(book.spelt(words[at:]), asked):
            return [words[:at], words[at:]]
        if not book.roles_of(book.spelt(words[at : at + 1])) & _POLITE:
            break
    return [words]


def _begun(book: Phrasebook, found: list[tuple[list[str], bool]]) -> list[tuple[list[str], bool]]:
    """The segments without the "actually" that a reply begins with: nothing stands before it that it could take back."""
    for number, (words, asked) in enumerate(found):
        at = next((at for at, word in enumerate(words) if not book.role(word) & _QUIET), None)
        if at is None:
            continue
        if book.role(words[at]) & _SECOND_THOUGHT != _SECOND_THOUGHT:
            return found
        rest = words[:at] + words[at + 1 :]
        return [*found[:number], *([(rest, asked)] if rest or asked else []), *found[number + 1 :]]
    return found
