"""What the days and hours in a reply say of its answer: that it keeps what was told, or is told of what has been."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from engine.lexicon import Role
from engine.normalise import Normalised
from engine.phrase import NUMBER, SUITS, Phrase, holds
from engine.phrasebook import Phrasebook
from engine.segments import Segment
from engine.time_words import plain, vocabulary, weekdays
from engine.told import Told, another_month, elsewhere, named

_SHORT = 6  # words: the last of them goes with the yes before it
_FEW = 8  # words: all are said of the visit
_LAST_DAY = 31


@dataclass(frozen=True)
class DaysKept:
    """One reply beside what the patient was told, if anything was."""

    book: Phrasebook
    normal: Normalised
    told: Told | None

    @cached_property
    def named(self) -> bool:
        """Whether the reply names a day, hour or clinician that was told."""
        return self.told is not None and named(self.told, self.normal.text, self.book.language)

    def alone(self) -> bool:
        """Whether of all days and hours it names only those that were told, be it as "that day"."""
        return self.only_told(self.normal.text) or self.that_day()

    def by(self, phrase: Phrase) -> bool:
        """Whether what was told is kept by an answer that would change it: "can't come Monday but the 20th is fine", "the 20th
        is the only day I can do", "pasuje mi 20 czerwca".
        """
        if phrase.key or not self.named:
            return False
        suits = set(phrase.words) == {SUITS, NUMBER}
        if NUMBER in phrase.words and not phrase.negative and (suits or any(map(self._restricts, phrase.words))):
            return self.alone()
        words = self.normal.words
        turns = [at for at, word in enumerate(words) if self.book.role(word) & Role.CONTRAST]
        tail = words[turns[-1] + 1 :] if turns else ()
        after = self.book.roles_of(self.book.rewrite(tail))
        return self.only_told(" ".join(tail)) and bool(after & (Role.ACK | Role.YES)) and not after & (Role.NEGATION | Role.NO)

    def beside_another(self, refused: Phrase, yeses: Iterable[Phrase]) -> bool:
        """Whether what was told is agreed to and another day or hour refused: "20th fine, 27th no good"."""
        if self.told is None or not elsewhere(self.told, refused.text, self.book.language):
            return False
        return any(self.only_told(yes.text) for yes in yeses)

    def ends_in_another(self) -> str:
        """The bare number or weekday that a short reply ends in and that the patient was not told: "tak 11", "oui ven", "si, el
        vie"; "" where it ends in none.
        """
        words = list(self.normal.words)
        polite = Role.COURTESY | Role.ACK | Role.YES | Role.FILLER
        while len(words) > 1 and self.book.role(words[-1]) & polite:
            words.pop()
        if self.told is None or not 1 < len(words) <= _SHORT:
            return ""
        last, start = plain(words[-1], self.book.language).replace("-", " "), self.told.start
        if last.isdecimal():
            told = int(last) in (start.day, start.hour, start.hour % 12 or 12)
            return "" if told or int(last) > _LAST_DAY else words[-1]
        days = vocabulary(self.book.language)
        if self.book.language == "en" or last in days.verbs:  # `told` knows the English days better
            return ""
        led = self.book.role(words[-2]) & Role.YES or words[-2] in days.leading
        if last in days.doubtful and not led:
            return ""
        day = weekdays(self.book.language).get(last)
        return "" if day in (None, start.weekday()) else words[-1]

    def in_another_month(self) -> str:
        """The month that a short reply names and that is not the appointment's, "" where it names none: "see you in July"."""
        words = self.normal.words
        if self.told is None or len(words) > _FEW or not self.book.past.isdisjoint(words):
            return ""
        return another_month(self.told, self.normal.text, self.book.language)

    def has_been(self, phrase: Phrase, segments: Iterable[Segment]) -> bool:
        """Whether a yes is told of what has been: "I have already come to this", "I come yesterday"."""
        book = self.book
        if phrase.key or book.coming.isdisjoint(phrase.words):
            return False
        said = ({word for words in each.mended for word in words} for each in segments if holds(each.content, phrase.words))
        return any(not words.isdisjoint(book.over) and words.isdisjoint(book.ahead) for words in said)

    def that_day(self) -> bool:
        """Whether "that day" or its like is all that it says of when."""
        text = f" {' '.join(self.normal.words)} "
        rest = text
        for said in self.book.that_day:
            rest = rest.replace(f" {said} ", " ")
        return rest != text and NUMBER not in self.book.rewrite(rest.split())

    def only_told(self, text: str) -> bool:
        """Whether words name a day or an hour that was told, and no other."""
        told, language = self.told, self.book.language
        return told is not None and named(told, text, language) and not elsewhere(told, text, language)

    def _restricts(self, word: str) -> bool:
        return self.book.role(word) & (Role.CONTRAST | Role.JOIN) == Role.CONTRAST
