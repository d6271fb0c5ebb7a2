"""A wish for another time, in whatever order its words are put together: "might I have a date in July", "would it be awkward to
make it an afternoon", "the 20th is no use, what else is going".

Whoever wishes for one asks ("can I", "any chance", "have you anything") and says when else: "another day", "later", "move it",
or a time that is not the appointment's. A stretch of a clause that says both, in nothing but words that such wishes are made of
(`wish_words`), is one wherever it stands; a word that is none and belongs to it makes it a wish for something else ("a later
bus"). Beside it stands at most why it is wished for. None is heard in a language whose lexicon has no such words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine import beside
from engine.availability import read_preferences
from engine.clauses import Clause, clauses
from engine.lexicon import Role
from engine.phrase import CANNOT, KIN, NUMBER, Phrase
from engine.preferences import Window
from engine.utterance import Utterance

_NOTICE = timedelta(days=7)  # before the appointment, where it is not told when the reply was written
_AFTER = 3  # words behind "after" or "before" that may say when that is
_UNEXPLAINED = 4  # words of no known reason beside a wish
_UNEXPLAINED_TO_US = 8  # the same where something shows that the text is to us

# Kinds of words, each a letter in the text that patterns are held against: a word is of the first kind that lists it.
_KINDS = {
    "asks": "m", "is_there": "h", "hopes": "c", "needs": "n", "whatever": "y", "what": "w", "others": "o", "sooner": "l",
    "else": "e", "instead": "i", "moves": "r", "moved": "R", "forward": "f", "bids": "b", "does": "v", "whom": "u",
    "persons": "p", "determiners": "d", "ones": "k", "slots": "s", "bounds": "a", "leads": "j", "ways": "g", "between": "z",
    "time": "t", "please": "q", "strange": "x", "first": "^",
}  # fmt: skip


def _letters(kinds: str) -> str:
    return "".join(_KINDS[kind] for kind in kinds.split())


def _pattern(written: str) -> re.Pattern[str]:
    """A regular expression in which <asks> is a word of that kind, <asks hopes> one of either, <not strange> any other one, and
    [asked] a part of `_PARTS`.
    """
    whole = re.sub(r"\[(\w+)\]", lambda part: _PARTS[part[1]], written)
    return re.compile(re.sub(r"<(not )?([\w ]+)>", lambda one: f"[{'^' * bool(one[1])}{re.escape(_letters(one[2]))}]", whole))


_PARTS = {
    # "could I", "would my mother", "could the appointment"
    "asked": "(?:<asks><between please>*(?:<persons whom>|<determiners><persons slots>|<time>|(?=<others>))"
    "|<is_there><persons><between>)",
    # "is there", "do you have", "got any"
    "have": "(?:<is_there><whom>(?=<is_there whatever bounds determiners slots others sooner>)|<first><is_there>(?=<whatever>)"
    "|<is_there>(?=<whatever><slots time others>))<is_there>?",
    # but not "do I need"
    "need": "(?<!<is_there asks><persons whom>)<needs>",
    "at_once": "<first><between please>*",
}
_ANOTHER = _pattern(
    "(?:[asked]|<hopes>|[need]|[have]|[at_once]<whatever bids>|<please>)<not strange>*?"
    "(?:<others sooner><sooner time>*<slots time>|<determiners><slots time><bounds><between please>*$)"
)
_LATER = _pattern(
    "(?:[asked]<not strange whom>*?<does moves bids is_there>|<hopes>|[have]<whatever>?|[at_once]<whatever>)"
    "<not strange whom>*?<sooner>(?!<slots ones>)"
)
_INSTEAD = _pattern(
    "[asked]<not strange ways>*?<does bids is_there moves><not strange>*?<time><not strange>*?<instead>"
)
_MOVED = _pattern(
    "(?:[asked]|<hopes please>)<not strange>*?"
    "(?:<moves>(?:<persons slots>|<determiners><others persons slots>|<leads forward ways>)|<does bids><persons>?<forward>)"
    "|[have]<not strange>*?<does is_there><persons determiners slots>*<moved>"
    "|[at_once]<moves>(?:<persons>|<determiners><persons slots>)<not strange>*?<please>"
)
_THEN = _pattern(
    "(?:[asked]<not strange ways>*?<does bids is_there moves>|[asked]<not strange>*?<moves>|<hopes>"
    "|[at_once](?:<bids><persons>|<moves><persons slots leads>)|[have]|[at_once]<whatever>)<not strange ways>*?<time>"
)
# "find me another"
_BARE = _pattern(
    "(?:[asked]|<hopes please>|[need]|[have]|[at_once]<whatever bids>)<not strange>*?<others>(?:<ones>|<please>*$)"
    "|<what><else>(?:<is_there><between>|<is_there><whom><is_there>?|<asks><whom><does>)"
)
_STRETCH = _pattern("<not strange>{2,}")
_LEADS_UP = _letters("is_there persons whom whatever asks hopes leads")  # "is there any | chance of"
_GOES_ON = _letters("does bids leads others determiners moves")  # to what follows it
_WANTS_MORE = _letters("others leads determiners does bids moves what whatever needs asks")
_ENDS = _letters("bounds sooner else forward instead between ones")
_NEW = _letters("persons determiners whom asks")  # begins something else
_BEGINS = _NEW + _letters("is_there")
_HOW_LATE = _letters("determiners others")


@dataclass(frozen=True, slots=True)
class _Wish:
    """One wish in a reply. `rest` is what else is said, in words as written, each stretch with whether a question mark ends it;
    `bare` tells that what is wished for is not named.
    """

    rest: Sequence[tuple[Sequence[str], bool]]
    bare: bool


@dataclass(frozen=True, slots=True)
class Wished:
    """What one reply wishes for."""

    said: Utterance

    @property
    def another_time(self) -> bool:
        """Whether it wishes for another time, and says nothing besides but why."""
        if not self._may_wish:
            return False
        wish = next(self._wishes(), None)
        return wish is not None and self._says_only_why(wish)

    @property
    def _may_wish(self) -> bool:
        """Whether it holds a word that asks, and one that may say when else. Most replies do not."""
        book = self.said.book
        words = {word for spelt in self.said.spelt for word in spelt}
        if not words & book.asking_words:
            return False
        return bool(words & book.elsewhen_words) or any(word == NUMBER or book.role(word) & Role.WHEN for word in words)

    # --- the wish ------------------------------------------------------------------------------------------------------

    def _wishes(self) -> Iterator[_Wish]:
        book = self.said.book
        heard = [(segment.written, segment.asked) for segment in self.said.segments]
        for at, (written, _) in enumerate(heard):
            spelt = [" ".join(book.spelt([word])) for word in written]
            kinds = "".join(map(self._kind, spelt))
            for stretch in _STRETCH.finditer(kinds):
                first, end = stretch.start(), _end(kinds, *stretch.span())
                opens = _KINDS["first"] if not first or book.role(spelt[first - 1]) & Role.JOIN else ""
                found = self._found(opens + kinds[first:end], written[first:])
                if found is None or not _stands_apart(kinds, end):
                    continue
                begins = first + max(0, found[0] - len(opens))
                against = Role.NEGATION | (Role.HEDGE if kinds[begins] == _KINDS["needs"] else 0)  # "probably need another day"
                begins = max(first, len(kinds[:begins].rstrip(_LEADS_UP)))
                if not any(book.roles_of(word.split()) & against and word != CANNOT for word in spelt[:begins]):
                    yield _Wish([*heard[:at], (written[:begins], False), (written[end:], False), *heard[at + 1 :]], found[1])

    def _kind(self, word: str) -> str:
        book = self.said.book
        first, _, more = word.partition(" ")
        kind = book.wish_words.get(word) or book.wish_words.get(first)  # "I have"
        if kind is not None and not (more and book.roles_of(more.split()) & Role.NEGATION):
            return _KINDS[kind]
        role = book.role(word)
        if word == NUMBER or role & Role.WHEN:
            return _KINDS["time"]
        if role & (Role.FILLER | Role.COURTESY | Role.ACK | Role.YES):
            return _KINDS["please" if word in book.pleas else "between"]
        return _KINDS["persons" if book.alike([word]) == [KIN] else "strange"]

    def _found(self, kinds: str, written: Sequence[str]) -> tuple[int, bool] | None:
        """Where a wish begins in a stretch, and whether it is bare; None where there is none."""
        for pattern in (_ANOTHER, _LATER, _INSTEAD, _MOVED):
            if found := pattern.search(kinds):
                return found.start(), False
        found = _THEN.search(kinds + _KINDS["time"] if kinds.endswith(_KINDS["bounds"]) else kinds)
        if found and self._names_another(written[: len(kinds) + _AFTER]):
            return found.start(), False
        return (found.start(), True) if (found := _BARE.search(kinds)) else None

    def _names_another(self, words: Sequence[str]) -> bool:
        """Whether words name a time that is wanted and not the appointment's."""
        told = self.said.told
        if told is None:
            return False
        today = told.today or (told.start - _NOTICE).date()
        wanted = read_preferences(" ".join(words), self.said.book.language, today, told.start).wanted
        return bool(wanted) and not any(_holds(window, told.start) for window in wanted)

    # --- what stands beside it -----------------------------------------------------------------------------------------

    def _says_only_why(self, wish: _Wish) -> bool:
        """Whether what stands beside a wish may be why: no other answer but a refusal of this time, no question, nothing that
        alarms, and not much of no known reason. A bare wish wants one that is known.
        """
        book = self.said.book
        rest = [(book.alike(book.spelt(written)), asked) for written, asked in wish.rest if written]
        words = [word for alike, _ in rest for word in alike]
        if any(book.role(word) & (Role.QUESTION | Role.REQUEST) for word in words):
            return False
        parts = [part for alike, asked in rest for part in clauses(book, alike, asked)]
        if any(part.asked and not beside.nothing_but_a_time(part) for part in parts):
            return False
        if not all(self._goes_along(part, *found) for part in parts for found in part.found):
            return False
        left = [word for word in words if word[0].isalpha() and not book.role(word) and word not in book.reasons]
        to_us = not (book.ours | book.polite).isdisjoint(self.said.normal.words)
        if len(left) > (_UNEXPLAINED_TO_US if to_us else _UNEXPLAINED) or any(map(book.alarming, left)):
            return False
        yields = any(phrase.intent in self.said.prepared.yielding for part in parts for phrase, _ in part.found)
        refuses = yields or bool(book.roles_of(words) & (Role.NEGATION | Role.NO))
        known = to_us or refuses or self.said.named or not book.reasons.isdisjoint(words)
        return (to_us or (book.elsewhere - book.reasons).isdisjoint(words)) and (known or not wish.bare)

    def _goes_along(self, part: Clause, phrase: Phrase, object_: str) -> bool:
        """Whether what a clause says takes no wish back: it wishes too, refuses this time, thanks, or comes to what is no visit
        ("we shall be in Norfolk").
        """
        prepared = self.said.prepared
        if phrase.intent in prepared.affirming:
            denied = part.flags & (Role.NEGATION | Role.NO)  # "no good"
            return bool(object_ or denied) and not part.flags & Role.CONDITION
        refuses = phrase.negative and not phrase.key and phrase.intent in prepared.refusing
        return refuses or phrase.intent in prepared.yielding | prepared.courtesies


def _end(kinds: str, first: int, end: int) -> int:
    """Where a stretch ends without the words that begin what follows it: "later on | my son is sick"."""
    if end < len(kinds):
        while end - first > 1 and kinds[end - 1] in _BEGINS and kinds[end - 2] not in _GOES_ON:
            end -= 1
    return end


def _stands_apart(kinds: str, end: int) -> bool:
    """Whether what follows a stretch does not belong to it, as in "a later | bus", "another | copy"."""
    if end == len(kinds):
        return True
    last, before, follows = kinds[end - 1], kinds[end - 2], kinds[end]
    if last in _WANTS_MORE or (last == _KINDS["sooner"] and before in _HOW_LATE):
        return False
    return follows in _NEW or last in _ENDS


def _holds(window: Window, start: datetime) -> bool:
    """Whether an appointment lies in a window."""
    day, hour = start.date(), start.time()
    opens, closes = window.hours()
    return (
        (not window.days or day.weekday() in window.days)
        and (not window.dates or any(period.holds(day) for period in window.dates))
        and (opens is None or opens <= hour)
        and (closes is None or hour < closes)
        and (not window.at or any((at.hour % 12, at.minute) == (hour.hour % 12, hour.minute) for at in window.at))
    )
