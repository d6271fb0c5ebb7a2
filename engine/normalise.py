"""A reply's raw text made comparable: one case, one kind of quote, no invisible characters, words and clause marks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

# Ten SMS parts hold 1,530 GSM-7 letters, so no phone sends more in one text; what lies beyond is not read.
LONGEST = 2000
_LONGEST_RAW = 4 * LONGEST  # before invisible characters and repeated spaces and marks are gone

BREAK = "."  # the token for a clause boundary
ASKED = "?"
SHARE = "%"  # the token for a part of a hundred

_INVISIBLE = re.compile(
    "[\u00ad\u0305\u0332\u0333\u033f\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufff0-\uffff]")
_QUOTES = {ord(c): "'" for c in "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4`\uff07"}
_QUOTES |= {ord(c): '"' for c in "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033"}
_QUOTES |= {ord(c): " - " for c in "\u2012\u2013\u2014\u2015"} | {
    ord("\u2026"): ".",
    ord("\u061f"): "?",
    ord("\u060c"): ",",
    ord("\u061b"): ";",
    ord("\u066b"): ".",
    ord("\u06d4"): ".",
    ord("\u037e"): "?",
}
# Digits of Arabic and of Persian as figures; the stroke that only stretches an Arabic word, and its vowel signs, away.
_QUOTES |= {first + digit: str(digit) for first in (0x0660, 0x06F0) for digit in range(10)}
_QUOTES |= dict.fromkeys((0x0640, 0x066C, *range(0x064B, 0x0660), 0x0670, *range(0x06D6, 0x06EE)), "")
_FACE = re.compile(r"(?<![a-z0-9])(?:[:;=8][-'^]?[dp()\[\]/|*o3]+|<3+|\^_*\^|x[d]+)(?![a-z0-9])")
_DOTTED = re.compile(r"(?<![^\W_])(?:[a-z]\.){2,}[a-z]\.?(?![^\W_])")  # one word with its letters apart: r.i.p., d.o.b
_TOKEN = re.compile(
    r"\d+(?:[:./\-]\d+)+(?:am|pm)?(?![^\W_])|w/o(?![^\W_])|[^\W_]+(?:'[^\W_]+)*|\?|(?<=\w)-(?=\w)|[.,!;:()\[\]\"\n/*]|-|[^\w\s]"
)
# A number may have an ending: 10am, 20th, and as other languages have it 20ú, 20e, 20-go, 20-го.
_NUMBER = re.compile(r"\d+(?:[:./\-]\d+)*(?:am|pm|st|nd|rd|th|ish|mins?|h|u|e|er|eme|o|d|(?:te)?go|го|е|\u0635|\u0645)?$")
_TIME = re.compile(r"\d{1,2}(?:[:.]\d\d)?(?:am|pm)|\d{1,2}:\d\d|\d{1,2}(?:st|nd|rd|th)|\d{1,2}/\d{1,2}(?:/\d{2,4})?")
# How sure somebody is, in figures: "80%", "60/40". All of a hundred, or more of it, is what people say for certainly.
_SURE = re.compile(r"(?<![\w.,/])1\d\d ?%")
_SHARE = re.compile(r"(?<![\w.,/])(?:\d{1,2}(?:[.,]\d+)? ?(?:%|per ?cent(?![^\W_]))|(\d\d)[/-](\d\d)(?![\w./-]))")
_AT = re.compile(r"(?<!\S)@ ?(?=\d)")  # "c u @ 10"
_REPEATED = re.compile(r"([.,!])\1+")
_JOINED = frozenset("-'_~^`´\"*")
_BREAKS = frozenset(".,!;:()[]\n/¿¡")

# Arabic writes "and", "the", "to the" and "with the" as one word with what follows. "And" is parted from every word but
# those that begin with its letter themselves (arrived, time, mother, one ...); the articles go where three letters are
# left, but for words that only look so (cancel, two thousand) or mean another thing without theirs (Sunday, next, second).
_AND = "\u0648"
_AND_OF_ITS_OWN = re.compile(
    "و(?:[اأ]?ص[لو]|ا?ق[تعف]|ا?فق|الد|ا?ف[اىية]|افت|ج[عه]|ا?حد|ا?ض[حع]|اج[دبه]|ر(?:ق[هة]|اء)|ل(?:ا$|اد|يد|د|و|كن)|ين|يكند|زن|داع|عك|سط|تس|اتس|ايد|ظيف|صف[هة]|كيل|اخا$)"
)
_AND_BEFORE = frozenset(("لا", "لم", "لن", "ما", "مش", "مو", "هو", "هي", "في", "هل", "من", "كم", "قد"))  # short words
_ARTICLE = re.compile(
    r"^(?:ال|بال|لل|فال|كال|ب?هال|عال(?!م[يه]*$|ي|ق|ج(?:[تونها]|ين?$)))"
    r"(?!غ[اويته]|فين$|تزم|تهاب|تقي|(?:احد|تاني|تانيه|ثاني|ثانيه|جاي|جايه|جي|قادم|قادمه|اول|اولي|مريض|مريضه|حالي)$)(?=[^\W\d_]{3})"
)
_SAME_LETTER = str.maketrans("\u0671\u0649\u0629\u06cc\u06a9\u06af\u0686\u067e\u06a4\u06c1", "ايهيككجبفه", "\u0621")


# Letters that carry a stroke or hook which Unicode does not take apart, as people type them without.
_BARE = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ґ": "г"})
# Letters of two alphabets that look alike: a word that mixes the two is meant in Latin ("Yеs" with a Cyrillic е).
_LOOKALIKE = str.maketrans("аеіјкмнорсстухвѕԁαεικνορτυχ", "aeijkmhopcctyxbsdaeiknoptux")
# ... and one such letter that is all of a reply is the key that it looks like.
_ENDS = " .,;:!\n"
_LONE = {"\u0443": "y", "\u04af": "y", "\u03c5": "y", "\u0441": "c", "\u03f2": "c"}
_MIXED = re.compile(r"(?=\w*[a-z])(?=\w*[\u0370-\u03ff\u0400-\u052f])\w+")


@dataclass(frozen=True)
class Normalised:
    """`text` is the cleaned reply; `tokens` its words (numbers and pictures among them), BREAK where a clause may
    end and ASKED for a question mark. `cut` tells that the reply was longer than is read.
    """

    text: str
    tokens: tuple[str, ...]
    cut: bool = False

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(token for token in self.tokens if token is not BREAK and token is not ASKED)


def is_number(token: str) -> bool:
    """Whether a token is a number, a time or a date in figures: 10, 10:30, 20th, 20/6."""
    return token[:1].isdecimal() and _NUMBER.match(token) is not None


def is_time(word: str) -> bool:
    """Whether a word as written is an hour or a date in figures, and no mere number."""
    return _TIME.fullmatch(word) is not None


def clean(text: str) -> str:
    """The reply in one case with plain quotes and single spaces; invisible and control characters gone. Any string
    will do.
    """
    if text.isascii():
        cleaned = text.lower()
    else:
        cleaned = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_QUOTES).casefold()
        cleaned = _MIXED.sub(lambda word: word.group().translate(_LOOKALIKE), unicodedata.normalize("NFC", cleaned))
    cleaned = _REPEATED.sub(r"\1", _CONTROL.sub(" ", cleaned))
    lines = "\n".join(" ".join(line.split()) for line in cleaned.split("\n")).strip()
    return lines if text.isascii() else _LONE.get(lines.strip(_ENDS), lines)


def normalise(text: str) -> Normalised:
    """Clean a reply and cut it into tokens. Never raises; work is bounded by LONGEST."""
    cleaned = clean(text[:_LONGEST_RAW])
    cut = len(text) > _LONGEST_RAW or len(cleaned) > LONGEST
    cleaned = cleaned[:LONGEST]
    plain = _DOTTED.sub(lambda found: found.group().replace(".", ""), _FACE.sub(" ", _shares(_AT.sub("at ", cleaned))))
    tokens: list[str] = []
    end = -1
    for match in _TOKEN.finditer(plain):
        token = match.group()
        if token == "-":  # inside a word it joins (re-schedule), elsewhere it parts
            if match.start() == end and plain[match.end() : match.end() + 1].strip():
                end = match.end()
                continue
            token = BREAK
        elif token in _BREAKS:
            token = BREAK
        elif token == ASKED:
            token = ASKED
        elif token in _JOINED:
            continue
        end = match.end()
        if token is BREAK and (not tokens or tokens[-1] is BREAK):
            continue
        tokens.append(token)
    if not plain.isascii() and _AND in plain:
        tokens = [part for token in tokens for part in _without_and(token)]
    return Normalised(cleaned, tuple(tokens), cut)


def _shares(text: str) -> str:
    """The text with SHARE for each part of a hundred, and 100 for all of it."""
    return _SHARE.sub(_share, _SURE.sub("100", text))


def _share(found: re.Match[str]) -> str:
    one, other = found.groups()
    return f" {SHARE} " if one is None or int(one) + int(other) == 100 else found.group()


def _without_and(token: str) -> tuple[str, ...]:
    if token[0] != _AND or (token[1:] not in _AND_BEFORE if len(token) < 4 else _AND_OF_ITS_OWN.match(token)):
        return (token,)
    return (_AND, token[1:])


def fold(word: str) -> str:
    """A word without its accents: what people type on a phone without fadas. Arabic words also lose their hamzas and
    article, for each of which people write one letter or another, or none.
    """
    return word if word.isascii() else _folded(word)


@lru_cache(maxsize=32_768)
def _folded(word: str) -> str:
    folded = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    if "\u0600" <= folded[:1] <= "\u06ff":
        return _ARTICLE.sub("", folded.translate(_SAME_LETTER))
    return folded.translate(_BARE)
