"""The words in which people say when they can come, for each language: names of days and months as CLDR has them (through
Babel) and as people text them, and the words around them.

The words are YAML beside this file, one file a language, read once when the engine is imported. Everything is folded: no
accents, no full stops, a space for each hyphen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from engine.calendar_names import names_of_days, names_of_months
from engine.normalise import fold
from engine.word_files import read_words

# In the order in which a reply is tried that is not in the patient's language.
LANGUAGES = ("en", "ga", "pl", "uk", "ro", "pt", "es", "fr", "lt", "ar")

# In these a mark of omission stands inside one word (can't, п'ятниця); in others between two (l'après-midi).
_ONE_WORD = frozenset({"en", "uk", "pl", "lt"})
_WORD = re.compile(r"[^\W\d_]+")
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
    "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
)  # fmt: skip

_BY_WORD = {word: day for day, word in enumerate(_ORDINALS, 1)} | {"thirtieth": 30, "thirty first": 31}
_BY_WORD |= {f"twenty {word}": 20 + day for day, word in enumerate(_ORDINALS[:9], 1)}
# The days of a month in English words, from the eleventh on: the smaller count anything ("the second one").
DAYS_IN_WORDS = {word: day for word, day in _BY_WORD.items() if day > 10}


def _read(language: str) -> Mapping[str, Any]:
    text = (resources.files(__name__) / f"{language}.yaml").read_text("utf-8")
    found = read_words(f"time_words/{language}.yaml", text)
    assert isinstance(found, dict), "blocks by name"
    return found


_FILES: Mapping[str, Mapping[str, Any]] = {language: _read(language) for language in LANGUAGES}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`phrases`: folded words with single spaces -> each kind of word they are, with what is meant by it."""

    language: str
    phrases: Mapping[str, tuple[tuple[str, object], ...]]
    longest: Mapping[str, int]  # first word of a phrase -> words in the longest that begins with it
    doubtful: frozenset[str]  # names that are other words as often
    verbs: frozenset[str]  # short names that are verbs as well, with which a reply ends: "da, vin" (I come, and Friday)
    leading: frozenset[str]  # what stands before a day: "na sexta"
    counting: tuple[str, ...]  # names that count as well, unless led in: "a segunda vez"
    counted: tuple[str, ...]  # what they count
    telling: frozenset[str]  # words by which the language is known
    before_hour: tuple[str, ...]  # as written, what makes an hour of a number: "a las"
    after_hour: tuple[str, ...]  # the same behind it: "val", "valand*" with whatever ending
    day: tuple[str, ...]  # how the day of a month is named by its number #: "el #"


def plain(text: str, language: str) -> str:
    """A cleaned text without accents and apostrophes. Digits of any script are figures."""
    if not text.isascii():
        figures = "".join(str(int(c)) if c.isdecimal() and not c.isascii() else c for c in text)
        text = re.sub(r"\S+", lambda word: fold(word.group()), figures)
    return text.replace("'", "" if language in _ONE_WORD else " ")


@lru_cache(maxsize=32)
def weekdays(language: str) -> Mapping[str, int]:
    """Folded name -> day, Monday 0. Empty for a language that CLDR has not."""
    known = names_of_days(language, "wide", "abbreviated")
    names = {_name(name, language): day for name, day in reversed(known.items())}  # of equals the first
    for day, more in enumerate(_FILES.get(language, {}).get("days", ())):
        names.update((_name(name, language), day) for name in more)
    for name, day in tuple(names.items()):
        if not name.endswith("s") and len(name) > 3:
            names.setdefault(f"{name}s", day)
        if language == "pt" and name.endswith(" feira"):
            names.setdefault(f"{name.removesuffix(' feira')}s feiras", day)
    return MappingProxyType(names)


@lru_cache(maxsize=32)
def months(language: str) -> Mapping[str, int]:
    """Folded name -> month, January 1."""
    known = names_of_months(language, "wide", "abbreviated")
    names = {_name(name, language): month for name, month in reversed(known.items())}
    for number, more in _FILES.get(language, {}).get("months", {}).items():
        names.update((_name(name, language), int(number)) for name in more)
    return MappingProxyType({name: month for name, month in names.items() if len(name) > 2 or language == "ar"})


def _name(name: str, language: str) -> str:
    return plain(name.replace("ʼ", "'").replace("-", " "), language)


@lru_cache(maxsize=32)
def clock(language: str) -> Mapping[str, int]:
    """Folded words of an hour -> the hour, 1 to 12."""
    data = _FILES.get(language, {})
    found: dict[str, int] = {}
    for listed in (data.get("hours", ()), data.get("clock", ())):
        for hour, said in enumerate(listed, 1):
            found.update((plain(word, language), hour) for word in ((said,) if isinstance(said, str) else said))
    return MappingProxyType(found)


@lru_cache(maxsize=32)
def vocabulary(language: str) -> Vocabulary:
    """Of a language that has no file here: its days and months alone."""
    data = _FILES.get(language, {})
    found: dict[str, dict[tuple[str, object], None]] = {}
    telling: set[str] = set()
    for phrase, kind, what in (*_names(language), *_phrases(data.get("words", {}), language)):
        found.setdefault(phrase, {})[kind, what] = None
        if kind not in ("hour_word", "ordinal"):
            telling.update(word for word in phrase.split() if len(word) > 1)
    longest: dict[str, int] = {}
    for phrase in found:
        first, *rest = phrase.split()
        longest[first] = max(longest.get(first, 0), len(rest) + 1)
    return Vocabulary(
        language,
        {phrase: tuple(kinds) for phrase, kinds in found.items()},
        longest,
        frozenset(data.get("doubtful", ())),
        frozenset(data.get("verbs", ())),
        frozenset(data.get("leading", ())),
        tuple(data.get("counting", ())),
        tuple(data.get("counted", ())),
        frozenset(telling),
        *(tuple(data.get("numbers", {}).get(named, ())) for named in ("before_hour", "after_hour", "day")),
    )


@lru_cache(maxsize=1)
def _speakers() -> Mapping[str, tuple[str, ...]]:
    """Word -> the languages that it tells."""
    found: dict[str, tuple[str, ...]] = {}
    for language in LANGUAGES:
        for word in vocabulary(language).telling:
            found[word] = (*found.get(word, ()), language)
    return found


def spoken(text: str, language: str) -> Vocabulary:
    """The words of the language that most of a cleaned reply is in: the patient's where that is as good as any."""
    speakers = _speakers()
    counts = dict.fromkeys((language or "en", "en", *LANGUAGES), 0)
    joined, parted = plain(text, "en"), plain(text, "fr")
    for one_word, written in ((True, joined), (False, parted)):
        for word in _WORD.findall(written):
            for each in speakers.get(word, ()):
                if one_word == (each in _ONE_WORD):
                    counts[each] += 1
    return vocabulary(max(counts, key=lambda each: counts[each]))  # of equals the first


def _names(language: str) -> Iterator[tuple[str, str, object]]:
    for name, day in weekdays(language).items():
        yield name, "weekday_name", day
    for name, month in months(language).items():
        yield name, "month_name", month
    for hour, word in enumerate(_FILES.get(language, {}).get("hours", ()), 1):
        yield plain(word, language), "hour_word", hour
    if language == "en":
        yield from ((word, "ordinal", day) for word, day in _BY_WORD.items())


def _phrases(words: Mapping[str, Any], language: str) -> Iterator[tuple[str, str, object]]:
    for kind, listed in words.items():
        named = listed.items() if isinstance(listed, Mapping) else (("", listed),)
        for what, phrases in named:
            for phrase in phrases:
                yield plain(phrase, language), kind, what
