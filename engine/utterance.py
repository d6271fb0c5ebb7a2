"""One reply as one phrasebook hears it, before anything is made of it."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property

from engine.days_kept import DaysKept
from engine.lexicon import Role
from engine.normalise import Normalised, fold, is_number
from engine.phrase import NUMBER, YEAR_PAST, Phrase, holds_any
from engine.phrasebook import Phrasebook
from engine.place import Place, place
from engine.prepared import Prepared
from engine.segments import Segment, segments
from engine.told import Told

_YEAR = re.compile(r"(?:19|20)\d\d")


class Utterance:
    """What is said, in `segments`, to whom was `told` of an appointment, where that is known."""

    def __init__(self, prepared: Prepared, book: Phrasebook, normal: Normalised, told: Told | None = None) -> None:
        self.prepared = prepared
        self.book = book
        self.normal = normal
        self.told = told
        self.segments = segments(prepared, book, normal.tokens)
        self.spelt = [segment.spelt for segment in self.segments]
        self.alike = [segment.alike for segment in self.segments]
        self.content = [word for segment in self.segments for word in segment.content]
        self._places: dict[Phrase, Place] = {}

    @cached_property
    def folded(self) -> list[str]:
        """The words as they stand, but for their accents."""
        return [fold(word) for word in self.normal.words]

    @property
    def first(self) -> str:
        """The first word, "" where there is none."""
        return next(iter(self.normal.words), "")

    @property
    def takes_up(self) -> bool:
        """Whether it begins as talk goes on: "and", "but"."""
        return self.opens_with(self.book.taking_up)

    def opens_with(self, words: Collection[str], but: int = Role.NONE) -> bool:
        """Whether it begins with one of some words, and not as an excuse does ("so sorry"), nor before a word of a role that is
        named: "oh yes".
        """
        first, second = (*next(iter(self.spelt), ()), "", "")[:2]
        return first in words and not (self.book.role(second) & but or second in self.book.polite)

    @cached_property
    def days(self) -> DaysKept:
        """What the days and hours in it say of its answer."""
        return DaysKept(self.book, self.normal, self.told)

    @property
    def named(self) -> bool:
        """Whether it names what the patient was told."""
        return self.days.named

    @cached_property
    def dated(self) -> list[list[str]]:
        """Its spelt segments, with a mark behind the numbers of each that names a year before the appointment's, unless
        anything in the reply is told as of now.
        """
        year = self.told.start.year if self.told is not None else 0
        past = [any(_YEAR.fullmatch(word) and int(word) < year for word in segment.written) for segment in self.segments]
        if not any(past) or any(holds_any(spelt, self.book.asides.present) for spelt in self.spelt):  # few name a year
            return self.spelt
        return [_dated(spelt) if gone_by else spelt for spelt, gone_by in zip(self.spelt, past, strict=True)]

    @cached_property
    def answering(self) -> list[Segment]:
        """Its segments without those that are nothing but what patients tell beside a yes."""
        tells = self.book.only_tells
        return [segment for segment in self.segments if not tells(segment.spelt, segment.asked)]

    def place(self, phrase: Phrase) -> Place:
        """Where a phrase stands in it."""
        found = self._places.get(phrase)
        if found is None:
            found = self._places[phrase] = place(self.book, self.segments, phrase)
        return found

    def quoted(self, phrase: Phrase) -> str:
        """The patient's own words that were taken for a phrase; the phrase where they cannot be told apart."""
        if f" {phrase.text} " in f" {self.normal.text} ":
            return phrase.text
        return " ".join(self.place(phrase).written)


def _dated(spelt: list[str]) -> list[str]:
    return [part for word in spelt for part in ((word, YEAR_PAST) if word == NUMBER or is_number(word) else (word,))]
