"""What a text costs in SMS parts, and how to make it cost less.

Sources: the GSM 7-bit default alphabet and its extension table are those of 3GPP TS 23.038, section 6.2.1; part sizes
(160/153 septets, 70/67 UCS-2 code units) follow from the 140-octet payload and the 6-octet concatenation header of
3GPP TS 23.040, section 9.2.3.24.1.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

# One septet each.
_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Two septets each: an escape and a letter.
_EXTENDED = "\f^{}\\[~]|€"

_ALL_DEFAULT = re.compile(f"[{re.escape(_DEFAULT)}]*")
_ALL_GSM = re.compile(f"[{re.escape(_DEFAULT + _EXTENDED)}]*")
_TWO_SEPTETS = frozenset(_EXTENDED)


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs. `units` are septets in GSM-7 and 16-bit code units in UCS-2; `parts` are what a carrier bills.
    `forced_by` is the first character that GSM-7 lacks, "" where there is none."""

    encoding: Encoding
    units: int
    parts: int
    forced_by: str = ""


def segments(text: str) -> Segments:
    """The SMS parts of a text, counted exactly: an escape pair or a surrogate pair is never split across two parts, so
    a part may go out one unit short. An empty text is one part of 0 units."""
    size = len(text)
    plain_to = _ALL_DEFAULT.match(text).end()  # type: ignore[union-attr]  # the pattern matches the empty text too
    if plain_to == size:
        return Segments("GSM-7", size, 1 if size <= 160 else -(-size // 153))
    gsm_to = _ALL_GSM.match(text, plain_to).end()  # type: ignore[union-attr]
    if gsm_to == size:
        return Segments("GSM-7", *_pack([2 if c in _TWO_SEPTETS else 1 for c in text], 160, 153))
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if units == size:
        return Segments("UCS-2", size, 1 if size <= 70 else -(-size // 67), text[gsm_to])
    return Segments("UCS-2", *_pack([2 if c > "\uffff" else 1 for c in text], 70, 67), text[gsm_to])


def is_gsm7(text: str) -> bool:
    return _ALL_GSM.fullmatch(text) is not None


def _pack(widths: list[int], alone: int, joined: int) -> tuple[int, int]:
    units = sum(widths)
    if units <= alone:
        return units, 1
    parts, room = 1, joined
    for width in widths:
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return units, parts


# Characters of word processors and the plain ones that read the same.
_SAME = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4`",
    '"': "\u201c\u201d\u201e\u2033\u00ab\u00bb",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u00b7",
    "...": "\u2026",
    " ": "\u00a0\u2002\u2003\u2007\u2009\u200a\u202f",
    "": "\u00ad\u200b\u200e\u200f\u2060\ufeff",
}
_TYPOGRAPHY = {ord(odd): same for same, odds in _SAME.items() for odd in odds}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def plain(text: str) -> str:
    """Curly quotes, long dashes, ellipses and odd spaces as the GSM-7 characters that read the same, and letters
    composed (NFC) but otherwise untouched."""
    if text.isascii() and "`" not in text:
        return text
    return unicodedata.normalize("NFC", text.translate(_TYPOGRAPHY))


# Latin letters that no accent makes: the stroke is part of them, and readers know them without it.
_STROKES = {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i", "œ": "oe", "Œ": "OE"}


def fold(text: str) -> str:
    """`plain`, and Latin letters that GSM-7 lacks without their accents: á becomes a and ł becomes l, but é stays é.
    Letters of other scripts stay as they are."""
    return _NOT_ASCII.sub(_fold_match, plain(text))


def _fold_match(found: re.Match[str]) -> str:
    return _fold_letter(found.group())


@lru_cache(maxsize=1024)
def _fold_letter(letter: str) -> str:
    if letter in _DEFAULT:
        return letter
    if "\u0300" <= letter <= "\u036f":  # an accent that makes no letter with the one before it
        return ""
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else _STROKES.get(letter, letter)
