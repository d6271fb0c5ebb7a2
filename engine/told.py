"""What a patient was told of the appointment, and whether a reply names something else: "yes, 2pm", "see you on the
21st", "with Dr Jones". Such a yes is for another appointment, or for a misread one, and is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import chain

from engine.calendar_names import names_of_days, names_of_months
from engine.hours_said import agreed_to, hours
from engine.time_words import DAYS_IN_WORDS, clock, plain, vocabulary, weekdays


@dataclass(frozen=True, slots=True)
class Told:
    """The appointment as the patient knows it. `start` is in local time; `today` (the patient's date when replying)
    gives "tomorrow" a meaning, and without it such words are passed over.
    """

    start: datetime
    clinician: str = ""
    today: date | None = None


_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d\d))?(?![\d/]|[.-]\d| ?[ap]\.?m)")
_ORDINAL = re.compile(r"(?<![\d/.-])(\d{1,2})(?: ?(?:st|nd|rd|th)|[uú]|-?(?:го|go|tego|ego))\b")
# "the twenty first", and no birthday
_LONGEST_FIRST = sorted((word.replace(" ", "[ -]") for word in DAYS_IN_WORDS), key=len, reverse=True)
_IN_WORDS = re.compile(rf"\b(?:{'|'.join(_LONGEST_FIRST)})\b(?! (?:birthday|century|time))")
# What makes something else of a number: a clock, a date, a length of time, money.
_UNIT = r"(?![\w:/.%€-]| ?(?:min|хв|мин|мін|год|час|h\b|hor|heure|ore|val|eur|km|دق|ساع|n[oó]im|uair))"
_FIRST_DAY = re.compile(r"(?:^|[,،;.!?\n] ?)(1[3-9]|2\d|3[01])(?= [^\W\d_])" + _UNIT)  # no hour of a clinic
_INFLECTED = frozenset({"pl", "uk", "lt"})  # weekdays come in cases: the beginning of the name tells
_SURNAME = r"\.? ([^\W\d_][\w'-]+)(?: ([^\W\d_][\w'-]+))?"
_TITLED = re.compile(rf"(?<!from )\b(?:dr|prof|professor|(?<=with |. to |.see |nder )(?:mr|ms|mrs)){_SURNAME}")
_SINCE = re.compile(r"\b(?:since|last) [^\W\d_]+")  # a day of the past: "my phone is dead since Tuesday"
# A day on which something was said about the visit: "I rang on Tuesday and cancelled", "told ye Monday that I'd be there". Of
# "confirmed Friday" and "said I'd come on Friday" the day is the visit's.
_SAID_ON = re.compile(
    r"\b(?:rang|rung|phoned|called|texted|emailed|wrote|replied|responded|answered|told|spoke|talked|asked|let"
    r"|sent|left|said|(?:i|i've|ive|we|already|have|daughter|son|wife|husband|and) (?:confirmed|cancelled|canceled))"
    r"(?: (?:an?|the|in|up|back|to|you|ye|yous|yez|know|yes|no|y|c|cancel|confirm|it|this|that|with|and"
    r"|cancelled|canceled|confirmed|already|message|text|email|voicemail|word|reception|receptionist|secretary|office"
    r"|clinic|hospital|desk|nurse|girl|lady|woman|there|from|appointment))*"
    r"(?: (?:on|last) [^\W\d_]+day\b| [^\W\d_]+day\b(?= (?:that|and|to) ))"
)
_ORDINAL_HOURS = frozenset({"pl", "uk", "ar"})  # "at the second": no other thing is counted so
_SHORT_NAME, _ENDING = 3, 3  # letters: no title, and what a case adds at most
_FULL = 5  # letters
_NEAR_DAYS = {"today": 0, "tonight": 0, "tomorrow": 1, "overmorrow": 2}  # kinds of engine.time_words: days from today
_ALSO_WORDS = frozenset({"march", "mars"})
_WORD = re.compile(r"[^\W\d_]{4,}")
_NO_MONTHS = frozenset({"sie"})  # short for a month, and typed without its accent the commonest word there is


@lru_cache(maxsize=32)
def _calendar(language: str) -> tuple[dict[str, int], re.Pattern[str] | None]:
    """Names of months (January 1) as CLDR has them, and a date made of a day and a month."""
    named = names_of_months(language, "wide", "abbreviated")
    months = {name: number for name, number in named.items() if len(name) > 2 and name not in _NO_MONTHS}
    if not months:
        return {}, None
    any_month = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
    dated = re.compile(
        rf"(?<![\w/.-])(?:(\d{{1,2}}) ?(?:st|nd|rd|th|[.ºª])?(?: of| de)? ({any_month})\b\.?"
        rf"|({any_month})\.? ?(?:the )?(\d{{1,2}})(?![\d:/]|[.]\d| ?[ap]\.?m)(?:st|nd|rd|th)?)"
    )
    return months, dated


def elsewhere(told: Told, text: str, language: str) -> str:
    """The first words of a cleaned reply (`normalise(text).text`) that name another day, hour or clinician than was
    told; "" where nothing does. Dates with a year that is not the appointment's are dates of birth and pass.
    """
    said = chain(_named(told, text, language), _in_passing(told, text, language))
    return next((words for words, agrees in said if not agrees), "")


def named(told: Told, text: str, language: str) -> bool:
    """Whether a cleaned reply names the day, hour or clinician that was told."""
    return any(agrees for _, agrees in _named(told, text, language))


def another_month(told: Told, text: str, language: str) -> str:
    """The month by which a cleaned reply tells when, where that is not the appointment's: "see you in July". "" for one that
    stands in a date or has been ("since October"), or that is also another word.
    """
    months, dated = _calendar(language or "en")
    rest = text if dated is None else dated.sub(" ", _SINCE.sub(" ", text))
    words: list[str] = _WORD.findall(rest)
    for word in words:
        stems = language in _INFLECTED and len(word) >= _FULL  # "w lipcu" is in "lipca"
        named = {
            number
            for name, number in months.items()
            if name == word or (stems and len(name) >= _FULL and word.startswith(name[:-1]))
        }
        if named and told.start.month not in named and word not in _ALSO_WORDS:
            return word
    return ""


def _named(told: Told, text: str, language: str) -> Iterator[tuple[str, bool]]:
    """What a reply names, each with whether it is what was told."""
    yield from hours(told.start, text)
    yield from _times_in(told, text, language)
    if language not in ("", "en"):
        yield from _times_in_words(told, text, language)
    yield from _dates(told, text, language)
    yield from _weekdays(told, text, language)
    yield from _near_days(told, text)
    yield from _people(told, text, language)


def _times_in(told: Told, text: str, language: str) -> Iterator[tuple[str, bool]]:
    dated = _calendar(language or "en")[1]
    days = [found.span() for found in dated.finditer(text)] if dated is not None else []
    for pattern in _numbered_hours(language):
        for found in pattern.finditer(text):
            of_day = any(start <= found.start(1) < end for start, end in days)  # "on the 20 of June"
            if int(found.group(1)) < 24 and not of_day:
                yield found.group(), int(found.group(1)) % 12 == told.start.hour % 12


@lru_cache(maxsize=32)
def _numbered_hours(language: str) -> tuple[re.Pattern[str], ...]:
    """What makes an hour of a number in another language than English: "a las 11", "11 val"."""
    words = vocabulary(language)
    before, after = _any_of(words.before_hour), _any_of(words.after_hour)
    led = re.compile(rf"(?<!\w)(?:{before})\.? ?(\d{{1,2}})(?!\w|[:./-]\d| ?(?:min|хв|мин|%))") if before else None
    followed = re.compile(rf"(?<![\d:./-])(\d{{1,2}}) ?(?:{after})\b(?! ?\d)") if after else None
    return tuple(pattern for pattern in (led, followed) if pattern is not None)


@lru_cache(maxsize=32)
def _days_of_month(language: str) -> tuple[re.Pattern[str], ...]:
    """What makes a day of a number in another language than English: "el 22", "22 числа", or its being said first."""
    shapes = tuple(map(_day_named, vocabulary(language).day))
    return (*shapes, _FIRST_DAY) if shapes else ()


def _day_named(said: str) -> re.Pattern[str]:
    """One way to name a day by its number #, with or without words around it: "el #", "# числ*"."""
    led, _, after = said.partition("#")
    before = rf"\b{re.escape(led)}" if led else ""
    follows = f"(?={_any_of((after,))}" + (")" if after.endswith("*") else r"\b)") if after else ""
    return re.compile(rf"{before}(?<![\d:./-])(\d{{1,2}}){follows}{_UNIT}")


def _any_of(said: tuple[str, ...]) -> str:
    """A regular expression for any of some words, the longest first; a star stands for an ending."""
    return "|".join(re.escape(word).replace(r"\*", r"\w*") for word in sorted(said, key=len, reverse=True))


def _times_in_words(told: Told, text: str, language: str) -> Iterator[tuple[str, bool]]:
    """Hours and days written out in another language than English: "a las dos", "o drugiej", "mañana"."""
    hours, phrases, near = clock(language), vocabulary(language).phrases, _near(language)
    words = re.findall(r"[^\W_]+", plain(text, language))
    at, led = 0, False
    while at < len(words):
        spans = (" ".join(words[at : at + length]) for length in (3, 2))
        said = next((span for span in spans if span in phrases or span in hours), words[at])
        length = said.count(" ") + 1
        kinds = {kind for kind, _ in phrases.get(said, ())}
        after = " ".join(words[at + length : at + length + 1])
        hour = hours.get(said)
        follows = {kind for kind, _ in phrases.get(after, ())}
        alone = not after or bool(follows - {"polite"}) or language in _ORDINAL_HOURS
        if hour is not None and (" " in said or (led and alone) or after in _oclock(language)):
            yield said, hour % 12 == told.start.hour % 12
        elif said in near and told.today is not None:
            yield said, told.today + near[said] == told.start.date()
        led = "at" in kinds or (led and "the" in kinds)
        at += length


@lru_cache(maxsize=32)
def _near(language: str) -> Mapping[str, timedelta]:
    """Folded words that name a day by nothing but how far it is from today ("tonight" is an evening besides)."""
    phrases = vocabulary(language).phrases
    kinds = {said: {kind for kind, _ in found} - {"part"} for said, found in phrases.items()}
    near = {said: named for said, named in kinds.items() if named and named <= _NEAR_DAYS.keys()}
    return {said: timedelta(days=_NEAR_DAYS[min(named)]) for said, named in near.items()}


@lru_cache(maxsize=32)
def _oclock(language: str) -> frozenset[str]:
    phrases = vocabulary(language).phrases
    return frozenset(said.split()[0] for said, kinds in phrases.items() if any(kind == "oclock" for kind, _ in kinds))


def _dates(told: Told, text: str, language: str) -> Iterator[tuple[str, bool]]:
    at = told.start.date()
    seen: list[tuple[int, int]] = []
    for found in _NUMERIC.finditer(text):
        day, month, year = int(found.group(1)), int(found.group(2)), found.group(3)
        seen.append(found.span())
        if year is not None and int(year) % 100 != at.year % 100:
            continue
        if 0 < month <= 12 and 0 < day <= 31 and found.group() not in ("24/7", "50/50"):
            clock = (day % 12, month) == (told.start.hour % 12, told.start.minute)
            yield found.group(), clock or (day, month) == (at.day, at.month)
    months, dated = _calendar(language or "en")
    for found in dated.finditer(text) if dated is not None else ():
        name = found.group(2) or found.group(3)
        day = int(found.group(1) or found.group(4))
        seen.append(found.span())
        if 0 < day <= 31:
            yield found.group(), (day, months[name]) == (at.day, at.month)
    for found in _ORDINAL.finditer(text):
        if not any(start <= found.start() < end for start, end in seen):
            yield found.group(), int(found.group(1)) == at.day
    for found in _IN_WORDS.finditer(text) if language in ("", "en") else ():
        yield found.group(), DAYS_IN_WORDS[found.group().replace("-", " ")] == at.day
    for pattern in _days_of_month(language):
        for found in pattern.finditer(text):
            if 0 < int(found.group(1)) <= 31 and not any(start <= found.start(1) < end for start, end in seen):
                yield found.group(), int(found.group(1)) == at.day


def _weekdays(told: Told, text: str, language: str) -> Iterator[tuple[str, bool]]:
    """Weekdays by their names, in their cases."""
    names, today = _days_by_name(language), told.start.weekday()
    said = plain(_SINCE.sub(" ", _SAID_ON.sub(" ", text)), language).replace("-", " ")
    for word in re.findall(r"[^\W\d_]+", said):
        day = names.get(word)
        if day is None and language in _INFLECTED:
            day = next((number for name, number in _nominatives(language).items() if _case_of(word, name)), None)
        if day is not None:
            yield word, day == today
    numbered = _numbered_days(language)
    for found in numbered.finditer(said) if numbered is not None else ():
        yield found.group(), weekdays(language)[found.group(1) or found.group(2)] == today


@lru_cache(maxsize=32)
def _days_by_name(language: str) -> Mapping[str, int]:
    """Folded weekdays in full. Those that only count in Portuguese ("segunda vez") and short ones are none: see below."""
    if language in ("", "en"):
        return names_of_days("en", "wide")
    full = {name: day for name, day in weekdays(language).items() if len(name) >= _FULL and " " not in name}
    words = vocabulary(language)
    other = words.doubtful | {name for counts in words.counting for name in (counts, f"{counts}s")}
    return _nominatives(language) | {name: day for name, day in full.items() if name not in other}


@lru_cache(maxsize=32)
def _numbered_days(language: str) -> re.Pattern[str] | None:
    """Weekdays that count as well, where they are led in as a day or said in full: "na sexta", "sexta feira"."""
    words = vocabulary(language)
    if not words.counting:
        return None
    names, counted = "|".join(words.counting), "|".join(words.counted)
    return re.compile(rf"\b(?:(?:{'|'.join(words.leading)}) ({names})s?(?! (?:{counted}))|({names})s? feiras?)\b")


@lru_cache(maxsize=32)
def _nominatives(language: str) -> dict[str, int]:
    return {plain(name, language): day for name, day in names_of_days(language, "wide").items()}


def _in_passing(told: Told, text: str, language: str) -> Iterator[tuple[str, bool]]:
    """What may be another hour or day, in an English reply, but does not show that it is about the visit."""
    if language not in ("", "en"):
        return
    yield from agreed_to(told.start, text)
    for found in _short_days().finditer(_SINCE.sub(" ", _SAID_ON.sub(" ", text))):
        yield found.group(), weekdays("en")[found.group(1) or found.group(2)] == told.start.weekday()


@lru_cache(maxsize=1)
def _short_days() -> re.Pattern[str]:
    """English weekdays as people shorten and misspell them; what is as often another word ("sat", "sun") only behind what leads
    in to a day.
    """
    known = names_of_days("en", "wide")
    short = sorted((name for name in weekdays("en") if name.removesuffix("s") not in known), key=len, reverse=True)
    doubtful = [name for name in short if name in vocabulary("en").doubtful]
    sure = "|".join(name for name in short if name not in doubtful)
    return re.compile(rf"\b(?:({sure})|(?:on|this|next|you|coming|for) ({'|'.join(doubtful)}))\b")


def _case_of(word: str, name: str) -> bool:
    return len(word) <= len(name) + 2 and word.startswith(name[: max(3, len(name) - 2)])


def _near_days(told: Told, text: str) -> Iterator[tuple[str, bool]]:
    """Today and tomorrow in English, whatever the language of the patient."""
    if told.today is None:
        return
    for found in _english_days().finditer(text):
        yield found.group(), told.today + _near("en")[found.group()] == told.start.date()


@lru_cache(maxsize=1)
def _english_days() -> re.Pattern[str]:
    longest_first = sorted(_near("en"), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def _people(told: Told, text: str, language: str) -> Iterator[tuple[str, bool]]:
    known = told.clinician.casefold()
    if known:
        for found in _TITLED.finditer(text):
            named = [name for name in found.groups() if name is not None]
            inflected = language in _INFLECTED and any(_name_in_case(name, part) for name in named for part in known.split())
            yield found.group(), inflected or any(name in known for name in named)


def _name_in_case(word: str, name: str) -> bool:
    """Whether a word is a name with the ending of a case: "u dr Smitha"."""
    return len(name) > _SHORT_NAME and word.startswith(name) and len(word) <= len(name) + _ENDING


def names_nothing(text: str, language: str) -> bool:
    """Whether a cleaned reply names no day, hour or clinician, whatever the patient was told."""
    return not any(c.isdigit() for c in text) and next(_named(_ANY, text, language), None) is None


_ANY = Told(datetime(2000, 1, 1), "anyone", date(2000, 1, 1))
