"""A reply cut into words, figures and marks, each with the kinds of word that it may be, and a way of looking along them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from engine.time_words import Vocabulary, plain

_TOKEN = re.compile(
    r"(?P<iso>(?<!\d)\d{4}-\d\d?-\d\d?(?!\d))"
    r"|(?P<dmy>(?<!\d)\d\d?([/.-])\d\d?\3(?:\d{4}|\d\d)(?!\d))"
    r"|(?P<ampm>(?<![\d:.])\d\d?(?:[:.h]\d\d)? ?[ap](?:m\b|\.m\b\.?))"
    r"|(?P<clock>(?<![\d:./-])\d\d?[:h]\d\d(?!\d))"
    r"|(?P<dm>(?<![\d:./])\d\d?[/.]\d\d?(?![\d:]|[/.]\d))"
    r"|(?P<ordinal>(?<!\d)\d\d?(?:st|nd|rd|th|ro|er|u|o|ª|º|-?го|-?е)\b)"
    r"|(?P<number>\d+)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<mark>[^\w ])"
)
_CLITICS = ("و", "ب", "ل", "ول", "وب")  # Arabic: and, at, for are written onto the word
RANGE = ("to", "until", "dash")


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    kinds: Mapping[str, object]


def tokens(text: str, words: Vocabulary) -> list[Token]:
    """A cleaned reply cut into what the vocabulary knows, longest first, and the rest."""
    pieces = [(found.lastgroup or "", found.group()) for found in _TOKEN.finditer(plain(text, words.language))]
    pieces = [(("mark", "-") if text in "–—" else (kind, text)) for kind, text in pieces]
    found: list[Token] = []
    place = 0
    while place < len(pieces):
        length, token = _longest(pieces, place, words)
        found.append(token)
        place += length
    return found


def _longest(pieces: list[tuple[str, str]], place: int, words: Vocabulary) -> tuple[int, Token]:
    kind, text = pieces[place]
    if kind in ("word", "mark"):
        most = words.longest.get(text, 0)
        # A hyphen joins the words of a name (segunda-feira) and of a phrase (mid-term).
        ahead = range(place, min(place + 2 * most, len(pieces)))
        ends = [index for index in ahead if pieces[index][1] != "-" or index == place]
        for length in range(min(most, len(ends)), 0, -1):
            phrase = " ".join(pieces[index][1] for index in ends[:length])
            kinds = words.phrases.get(phrase)
            if kinds is not None:
                return ends[length - 1] + 1 - place, Token(phrase, dict(kinds))
        if words.language == "ar":
            for clitic in _CLITICS:
                bare = plain(text.removeprefix(clitic), "ar")
                if bare != text and bare in words.phrases:
                    return 1, Token(bare, dict(words.phrases[bare]))
        return 1, Token(text, {"dash" if text == "-" else kind: text})
    return 1, Token(text, _numeric(kind, text, words.language))


def _numeric(kind: str, text: str, language: str) -> Mapping[str, object]:
    figures = [int(each) for each in re.findall(r"\d+", text)]
    if kind == "number":
        return {"number": figures[0]} if len(text) < 3 else {"year" if len(text) == 4 else "word": figures[0]}
    if kind == "ordinal":
        return {"ordinal": figures[0]}
    if kind == "iso":
        return {"full": calendar_day(*figures)}
    if kind == "dmy":
        return {"full": calendar_day(figures[2] + (2000 if figures[2] < 100 else 0), figures[1], figures[0])}
    if kind == "dm":
        return _day_or_clock(text, figures[0], figures[1], language)
    hour, minute = figures[0], (figures[1] if len(figures) > 1 else 0)
    if minute > 59 or hour > 23:
        return {"word": text}
    if kind == "ampm":
        return {"clock": time(hour % 12 + (12 if "p" in text else 0), minute)} if 1 <= hour <= 12 else {"word": text}
    return {"clock": time(hour + (12 if 1 <= hour <= 6 and text[0] != "0" else 0), minute)}


def _day_or_clock(text: str, first: int, second: int, language: str) -> Mapping[str, object]:
    """17/12 is a date and 10.30 a time; 10.05 may be either and is left alone."""
    dated = 1 <= first <= 31 and 1 <= second <= 12
    if "/" in text:
        if text == "24/7":
            return {"flag": "any_time"}
        return {"day_month": (first, second)} if dated else {"word": text}
    if language == "lt" and len(text) == 5 and first <= 12 < second <= 31:
        return {"day_month": (second, first)}
    timed = first <= 23 and second <= 59 and len(text.split(".")[1]) == 2
    if dated and not (timed and second % 5 == 0):
        return {"day_month": (first, second)}
    if timed and not dated:
        return {"clock": time(first + (12 if 1 <= first <= 6 else 0), second)}
    return {"word": text}


def calendar_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


class Cursor:
    """Looks along the tokens of one reply. Places before the first and after the last hold nothing."""

    def __init__(self, found: list[Token], words: Vocabulary) -> None:
        self._tokens = found
        self._words = words
        self._count = len(found)

    def _has(self, place: int, *kinds: str) -> bool:
        return 0 <= place < self._count and not self._tokens[place].kinds.keys().isdisjoint(kinds)

    def _text(self, place: int) -> str:
        return self._tokens[place].text if 0 <= place < len(self._tokens) else ""

    def _past(self, place: int, *kinds: str) -> int:
        while self._has(place, *kinds):
            place += 1
        return place

    def _weekday(self, place: int) -> int | None:
        if not self._has(place, "weekday_name") or not self._sure(place, "weekday_name"):
            return None
        day = self._tokens[place].kinds["weekday_name"]
        assert isinstance(day, int)
        return day

    def _month(self, place: int) -> int | None:
        if not self._has(place, "month_name") or not self._sure(place, "month_name"):
            return None
        month = self._tokens[place].kinds["month_name"]
        assert isinstance(month, int)
        return month

    def _sure(self, place: int, kind: str) -> bool:
        """Whether a word that is often another ("sat", "may") is meant as the name of a day or month here."""
        text = self._text(place)
        if text not in self._words.doubtful and (kind == "weekday_name" or len(text) > 3):
            return True
        if kind == "month_name":
            numbered = ("number", "ordinal")
            after = self._past(place + 1, "the")
            if self._has(place - 1, *numbered) or self._has(after, *numbered):
                return True
            if self._has(place + 1, "or", "and", "dash") and self._has(place + 2, "month_name"):
                return True
            if self._has(place - 1, "of") and self._has(place - 2, *numbered, "start_of", "mid", "end_of"):
                return True
            cues = ("of", "in", "until", "before", "from", "start_of", "mid", "end_of", "after", "next", "not")
            cue = place - 2 if self._has(place - 1, "dash") else place - 1
            return self._has(cue, *cues) and self._words.language in ("en", "fr", "ro", "pl")
        around = ("or", "and", "dash", "to", "mark")
        for step in (-1, 1):
            side = place + 2 * step if self._has(place + step, *around) else place + step
            if self._has(side, "weekday_name"):
                return True
        cues = ("not", "any", "on", "this", "next", "except", "can", "of", "the", "at", "unsuited")
        return self._has(place - 1, *cues) or len(self._tokens) == 1 or self._has(place + 1, "part", "suits", "unsuited")

    def _hour(self, place: int) -> int | None:
        if self._has(place, "hour_word"):
            hour = self._tokens[place].kinds["hour_word"]
        elif self._has(place, "number"):
            hour = self._tokens[place].kinds["number"]
        else:
            return None
        assert isinstance(hour, int)
        most = 12 if self._words.language == "en" and not self._has(place + 1, "oclock") else 20
        return hour if 1 <= hour <= most else None
