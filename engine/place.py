"""Where a phrase stands in a reply, and what the words straight beside it tell: of whom it is said, and whether of what is so
in general. They are the very words that are passed over when phrases are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.lexicon import Role
from engine.phrase import CANNOT, NUMBER, Phrase, holds
from engine.phrasebook import Phrasebook
from engine.segments import Segment


@dataclass(frozen=True, slots=True)
class Place:
    """A phrase in its segment: the words before it, its own and those after it, as spelt, and its own as written. A whole
    sentence has nothing beside it.
    """

    book: Phrasebook
    before: Sequence[str]
    own: Sequence[str]
    after: Sequence[str]
    written: Sequence[str]
    whole: bool = False

    @property
    def comes(self) -> bool:
        """Whether it says of coming that somebody does or does not."""
        return not self.book.coming.isdisjoint(self.book.alike(self.own))

    @property
    def bare(self) -> bool:
        """Whether it is a refusal that does not say of what: "can't", "I can't"."""
        return self.book.content(self.book.spelt(self.own)) == [CANNOT]

    @property
    def underwent(self) -> bool:
        """Whether it tells what somebody has been through: "already been", of no thing that was made or read."""
        return not self.book.underwent.isdisjoint(self.own)

    @property
    def habitual(self) -> bool:
        """Whether it is told of what is so in general: "I don't go often"."""
        return not self.book.habits.isdisjoint((*self.before, *self.after))

    def of_others(self, late: bool = False) -> bool:
        """Whether it is said of somebody or something else: "you don't have to", "it's not coming"."""
        who = self.book.asides
        led = [word for word in self.before if word not in self.book.passing]
        subject = led[-1] if led else ""
        if subject in who.healers and len(led) > 1 and led[-2] in who.determiners:  # "the nurse can't come"
            return True
        return subject in self.book.others or (subject in self.book.things and (late or self.underwent or self.comes))

    def names_a_time(self, word: str) -> bool:
        """Whether a word beside it stands for a day, an hour or a slot."""
        return word == NUMBER or word in self.book.slots or bool(self.book.role(word) & Role.WHEN)


def place(book: Phrasebook, segments: Iterable[Segment], phrase: Phrase) -> Place:
    """Where a phrase stands in a reply: in the shortest stretch of the first segment that holds it."""

    def held(mended: Sequence[Sequence[str]]) -> bool:
        return holds(book.content(book.alike(book.joined(mended))), phrase.words)

    for segment in segments:
        if holds(segment.content, phrase.words):
            mended = segment.mended
            first, last = 0, len(mended)
            while last - first > 1 and held(mended[first : last - 1]):
                last -= 1
            while last - first > 1 and held(mended[first + 1 : last]):
                first += 1
            before, own, after = map(book.joined, (mended[:first], mended[first:last], mended[last:]))
            return Place(book, before, own, after, segment.written[first:last])
    return Place(book, (), phrase.words, (), phrase.text.split(), whole=True)
