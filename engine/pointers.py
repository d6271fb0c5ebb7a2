"""What in a reply points at one of several appointments: a first name, a clinic, a clinician, a weekday, a date, a time, a
number of a list that we sent, "both", "the other one"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from engine.lexicon import LEXICONS
from engine.locales import known
from engine.normalise import clean, fold

NAME, PLACE, DAY, TIME, NUMBER, ALL, OTHER = "name", "place", "day", "time", "number", "all", "other"


@dataclass(frozen=True, slots=True)
class Choice:
    """An appointment that a reply may be about. `start` is local; `number` its number in the list that the phone was last
    sent, 0 where it was in none; `told` its place in the order in which the phone was told of them."""

    first_name: str
    start: datetime
    clinic: str = ""
    clinician: str = ""
    number: int = 0
    told: int = 0


WORD, JOIN, BREAK = "word", "join", "break"
POINTING = frozenset({NAME, PLACE, DAY, TIME, NUMBER, ALL, OTHER})

_TOKEN = re.compile(r"\d{1,2}[:.h]\d{2}(?!\d)|\d+|[^\W\d_]+(?:['-][^\W\d_]+)*|[^\w\s]|\n")
_LETTERS = re.compile(r"[^\W\d_]+")
_JOINS = frozenset({"and", "&", "+", ",", "agus", "oraz", "et", "si", "și", "ir", "та", "و"})
_JOINS_OF_NAMES = frozenset({"i", "y", "e", "a", "é"})  # "and", and in other languages something else
_BREAKS = frozenset(".;!?\n") | {"but"}


@dataclass(slots=True)
class Token:
    """One word, or a pointer of several words. `begin` and `end` count characters of the cleaned reply; `role` is what the word
    does in the languages that count (engine.lexicon.Role)."""

    kind: str
    text: str
    begin: int
    end: int
    at: frozenset[int] = frozenset()
    role: int = 0


class Pointers:
    """Finds what points at one of the choices."""

    def __init__(self, choices: Sequence[Choice], languages: tuple[str, ...]) -> None:
        self._choices = choices
        self._everyone = frozenset(range(len(choices)))
        self._weekdays, self._months = _calendar(languages)
        self._roles = _roles(languages)
        self._words_too = _words_too(languages)
        self._endings = tuple(ending for language in languages for ending in _ENDINGS.get(language, ()))
        self._names = self._by_word((choice.first_name,) for choice in choices)
        self._places = self._by_word((choice.clinic, choice.clinician) for choice in choices)
        self._listed = {choice.number: frozenset({at}) for at, choice in enumerate(choices) if choice.number}
        # "Both" and "all" are all that the phone was last shown together.
        self._shown = frozenset[int]().union(*self._listed.values()) or self._everyone

    def _by_word(self, texts: Iterable[tuple[str, ...]]) -> dict[str, frozenset[int]]:
        found: dict[str, set[int]] = {}
        for at, several in enumerate(texts):
            for word in {_plain(word) for text in several for word in _LETTERS.findall(clean(text))}:
                if len(word) > 2 or (len(word) == 2 and word not in _SHORT_WORDS):
                    found.setdefault(word, set()).add(at)
        # What is said of all of them tells none apart, and neither does a title.
        return {
            word: frozenset(at) for word, at in found.items() if len(at) < len(self._choices) and word not in _COMMON_TITLES
        }

    def mark(self, cleaned: str) -> list[Token]:
        raw = [
            Token(WORD, found.group(), found.start(), found.end(), role=self._roles.get(found.group(), 0))
            for found in _TOKEN.finditer(cleaned)
        ]
        out: list[Token] = []
        at = 0
        while at < len(raw):
            for find in (self._all, self._other, self._time, self._date, self._number, self._weekday, self._name, self._place):
                found = find(raw, at)
                if found is not None:
                    kind, length, which = found
                    last = raw[at + length - 1]
                    out.append(Token(kind, cleaned[raw[at].begin : last.end], raw[at].begin, last.end, which))
                    at += length
                    break
            else:
                token = raw[at]
                if token.text in _JOINS or (
                    token.text in _JOINS_OF_NAMES and out and out[-1].kind == NAME and self._name(raw, at + 1) is not None
                ):
                    token.kind = JOIN
                elif token.text in _BREAKS:
                    token.kind = BREAK
                out.append(token)
                at += 1
        return self._complemented(out)

    def _complemented(self, tokens: list[Token]) -> list[Token]:
        """ "The other one" is the one that is left when all else that is pointed at is taken away."""
        taken = frozenset[int]().union(*(token.at for token in tokens if token.kind in POINTING and token.kind != OTHER))
        for token in tokens:
            if token.kind == OTHER:
                token.at = self._everyone - taken if taken else frozenset()
        return tokens

    # Each of these: kind, how many tokens, which choices; None where nothing of the kind begins here.

    def _all(self, raw: list[Token], at: int) -> tuple[str, int, frozenset[int]] | None:
        word, after = raw[at].text, _text(raw, at + 1)
        before = _text(raw, at - 1)
        for both in _BOTH_OF_SEVERAL:
            if tuple(token.text for token in raw[at : at + len(both)]) == both:
                return (ALL, len(both), self._shown if len(self._shown) == 2 else frozenset())
        if word in _BOTH:
            length = 3 if after == "of" and _text(raw, at + 2) in _THEM else 2 if after in _APPOINTMENTS else 1
            return (ALL, length, self._shown if len(self._shown) == 2 else frozenset())
        if word not in _ALL:
            return None
        if after == "of" and _text(raw, at + 2) in _THEM:
            return (ALL, 3, self._shown)
        if after == "the" and _text(raw, at + 2) in _APPOINTMENTS:
            return (ALL, 3, self._shown)
        if after in _APPOINTMENTS:
            return (ALL, 2, self._shown)
        if after == str(len(self._shown)) or after in _COUNTS.get(len(self._shown), ()):
            return (ALL, 2, self._shown)
        if (len(raw) == 1 or before in _BEFORE_ALL) and after in ("", ".", "!", ",", "please", "pls", "thanks", "thank"):
            return (ALL, 1, self._shown)
        if at == 0 and after in _BEFORE_ALL - {"for", "to"} and not _text(raw, at + 2):
            return (ALL, 1, self._shown)
        return None

    def _other(self, raw: list[Token], at: int) -> tuple[str, int, frozenset[int]] | None:
        if raw[at].text not in ("other", "others") or _text(raw, at - 1) not in ("the", "my", "his", "her", "their"):
            return None
        after = _text(raw, at + 1)
        if after in _TIME_WORDS:
            return None
        return (OTHER, 2 if after in _APPOINTMENTS else 1, frozenset())

    def _time(self, raw: list[Token], at: int) -> tuple[str, int, frozenset[int]] | None:
        token = raw[at].text
        after = _text(raw, at + 1)
        if re.fullmatch(r"\d{1,2}[:.h]\d{2}", token):
            hour, minute = (int(part) for part in re.split(r"[:.h]", token))
        elif token.isdecimal() and len(token) <= 2 and (after in _HALVES or after in ("o'clock", "oclock")):
            hour, minute = int(token), 0
        else:
            return None
        half = after if after in _HALVES else ""
        hours = {hour % 12 + 12 * (half[0] == "p")} if half else {hour, hour + 12} if 0 < hour < 12 else {hour}
        found = frozenset(
            index for index, each in enumerate(self._choices) if each.start.hour in hours and each.start.minute == minute
        )
        length = 2 if half or after in ("o'clock", "oclock") else 1
        return (TIME, length, found) if found and not self._wished(raw, at) else None

    def _date(self, raw: list[Token], at: int) -> tuple[str, int, frozenset[int]] | None:
        found = self._date_here(raw, at)
        if found is None or self._wished(raw, at):
            return None
        length, day, month = found
        which = frozenset(
            index for index, each in enumerate(self._choices) if each.start.day == day and month in (0, each.start.month)
        )
        return (DAY, length, which) if which else None

    def _date_here(self, raw: list[Token], at: int) -> tuple[int, int, int] | None:
        """Tokens, day, month (0: not said) of a date that begins here."""
        word, after = raw[at].text, _text(raw, at + 1)
        if word in self._months:
            day = _day_of(after)
            if day:
                return (3 if _text(raw, at + 2) in _NTH else 2, day, self._months[word])
            return None
        day = _day_of(word)
        if not day:
            dotted = re.fullmatch(r"(\d{1,2})\.(\d{2})", word)
            if dotted and 1 <= int(dotted[2]) <= 12 and not self._time(raw, at):
                return (1, int(dotted[1]), int(dotted[2]))
            return None
        if after in ("/", "-") and _day_of(_text(raw, at + 2)) and int(_text(raw, at + 2)) <= 12:
            year = _text(raw, at + 3) == after and _text(raw, at + 4).isdecimal()
            return (5 if year else 3, day, int(_text(raw, at + 2)))
        nth = 1 if after in _NTH else 0
        of = 1 if _text(raw, at + 1 + nth) == "of" else 0
        month = self._months.get(_text(raw, at + 1 + nth + of), 0)
        if month:
            return (2 + nth + of, day, month)
        return (1 + nth, day, 0) if nth and (day > 3 or not self._listed) else None

    def _weekday(self, raw: list[Token], at: int) -> tuple[str, int, frozenset[int]] | None:
        word = raw[at].text.removesuffix("'s")
        day = self._weekdays.get(word)
        if day is None or self._wished(raw, at) or (word in _WORDS_TOO and _text(raw, at - 1) not in ("on", "for", "the")):
            return None
        which = frozenset(index for index, each in enumerate(self._choices) if each.start.weekday() == day)
        return (DAY, 1, which) if which else None

    def _wished(self, raw: list[Token], at: int) -> bool:
        """Whether a day or time is one that the patient would like, or counts from, rather than the appointment's own."""
        before = _text(raw, at - 1)
        return before in _WISHED or (before in ("the", "on", "at") and _text(raw, at - 2) in _WISHED)

    def _number(self, raw: list[Token], at: int) -> tuple[str, int, frozenset[int]] | None:
        """A number of the list that was sent, or a first, a second, a last."""
        word, after, before = raw[at].text, _text(raw, at + 1), _text(raw, at - 1)
        if word == "#" and after.isdecimal():
            found = self._number(raw, at + 1)
            return (NUMBER, 1 + found[1], found[2]) if found else None
        if word.isdecimal() and self._listed and len(word) == 1:
            if after in _TIME_WORDS or before in ("at", "after", "before", "until") or after in _HALVES:
                return None
            which = self._listed.get(int(word))
            return (NUMBER, 2 if after in (")", ".", ":", *_NTH) else 1, which) if which is not None else None
        nth = _ORDINALS.get(word) or (int(word) if word.isdecimal() and after in _NTH and int(word) < 10 else 0)
        if not nth:
            return None
        length = 1 + (after in _NTH)
        if _text(raw, at + length) in _TIME_WORDS:
            return None
        which = self._nth(nth)
        return (NUMBER, length, which) if which is not None else None

    def _nth(self, nth: int) -> frozenset[int] | None:
        """The first, the second, ... of the list that was sent. Where there was none: by date, and as they were told; and it
        may be a day of the month. -1 is the last."""
        if self._listed:
            number = max(self._listed) if nth == -1 else nth
            return self._listed.get(number)
        choices = self._choices
        meant = {index for index in self._everyone if choices[index].start.day == nth}
        if nth <= len(choices):
            place = nth - 1 if nth > 0 else -1
            meant.add(sorted(self._everyone, key=lambda index: choices[index].start)[place])
            meant.add(sorted(self._everyone, key=lambda index: choices[index].told)[place])
        return frozenset(meant) or None

    def _name(self, raw: list[Token], at: int) -> tuple[str, int, frozenset[int]] | None:
        return self._word(raw, at, NAME, self._names)

    def _place(self, raw: list[Token], at: int) -> tuple[str, int, frozenset[int]] | None:
        return self._word(raw, at, PLACE, self._places)

    def _word(
        self, raw: list[Token], at: int, kind: str, known: dict[str, frozenset[int]]
    ) -> tuple[str, int, frozenset[int]] | None:
        """A name's or a clinic's words, all that stand together."""
        if at >= len(raw) or not raw[at].text[0].isalpha():
            return None
        word = raw[at].text
        bare = word.removesuffix("'s")
        found = known.get(_plain(bare))
        if found is None and kind == NAME and word.endswith("s"):
            found = known.get(_plain(word.removesuffix("s")))  # Toms: what people type for Tom's
        if found is None and kind == NAME and self._endings:
            found = next((known[name] for name in self._declined(_plain(word)) if name in known), None)
        if found is None:
            return None
        everyday = kind == NAME and bare == word and _plain(word) in self._words_too
        if everyday and len(raw) > 1 and _text(raw, at - 1) not in _BEFORE_A_NAME:
            return None
        length = 1
        while kind == PLACE and at + length < len(raw):
            more = known.get(_plain(raw[at + length].text))
            if more is None or not found & more:
                break
            found &= more
            length += 1
        return (kind, length, found)

    def _declined(self, word: str) -> Iterator[str]:
        """What a name may be that stands in another case: the Tom of Toma and Tomowi."""
        return (word.removesuffix(ending) for ending in self._endings if word.endswith(ending) and len(word) > len(ending) + 2)


def _plain(word: str) -> str:
    return fold(word.casefold())


def _text(raw: list[Token], at: int) -> str:
    return raw[at].text if 0 <= at < len(raw) else ""


def _day_of(word: str) -> int:
    return int(word) if word.isdecimal() and len(word) <= 2 and 1 <= int(word) <= 31 else 0


@lru_cache(maxsize=64)
def _calendar(languages: tuple[str, ...]) -> tuple[dict[str, int], dict[str, int]]:
    """Names of weekdays (Monday 0) and of months (January 1) in these languages."""
    weekdays: dict[str, int] = dict(_SHORT_DAYS)
    months: dict[str, int] = {}
    for language in dict.fromkeys(("en", *languages)):
        locale = known(language, sep="-")
        if locale is None:
            continue  # a record may hold anything as a language
        for context in ("format", "stand-alone"):
            for day, name in locale.days[context]["wide"].items():
                weekdays.setdefault(clean(name).split()[-1], day)
            for width in ("wide", "abbreviated"):
                for month, name in locale.months[context].get(width, {}).items():
                    months.setdefault(clean(name).strip("."), month)
    return weekdays, months


@lru_cache(maxsize=64)
def _roles(languages: tuple[str, ...]) -> dict[str, int]:
    """Word -> its roles in these languages, all together."""
    found: dict[str, int] = {}
    for language in languages:
        book = LEXICONS.get(language)
        for role, words in book.roles.items() if book is not None else ():
            for word in words:
                found[word] = found.get(word, 0) | role
    return found


@lru_cache(maxsize=64)
def _words_too(languages: tuple[str, ...]) -> frozenset[str]:
    """First names that are words, the small words of these languages and those of their calendars, without accents: what is one
    of them as it stands is hardly a name, nor a name in another case. Ukrainian "тому" (ago) is not said of a Том, nor Irish
    "ann" (there) of an Ann."""
    books = [LEXICONS[language] for language in languages if language in LEXICONS]
    lists = (words for book in books for words in (*book.roles.values(), *book.lists.values()))
    small = (word for words in lists for word in words if word.isalpha())
    weekdays, months = _calendar(languages)
    return _NAMES_AND_WORDS.union(_plain(word) for word in (*small, *weekdays, *months))


# How names end in the cases of languages that decline them, without accents.
_ENDINGS = {
    "pl": ("owi", "em", "ie", "a", "u", "y", "e"),
    "lt": ("ui", "as", "a", "o"),
    "uk": ("ові", "ом", "а", "у", "и", "і"),
}

_SHORT_DAYS = {
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip
_WORDS_TOO = frozenset({"mon", "wed", "sat", "sun"})
_NTH = frozenset({"st", "nd", "rd", "th"})
_HALVES = frozenset({"am", "pm"})
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1, "latter": -1, "former": 1}
_BOTH = frozenset({
    "both", "ambos", "ambas", "oba", "obie", "oboje", "obu", "obydwa", "obydwie", "obydwoje", "ambele", "amandoua",
    "amândouă", "amandoi", "amândoi", "abu", "abi", "abiem", "abudu", "abidvi", "araon", "обидва", "обидві", "обох", "обоє",
    "оба", "обе", "كلاهما", "كليهما", "الموعدين",
})  # fmt: skip
_BOTH_OF_SEVERAL = (
    ("las", "dos"), ("los", "dos"), ("as", "duas"), ("os", "dois"), ("les", "deux"), ("tous", "les", "deux"),
    ("toutes", "les", "deux"), ("an", "dá", "cheann"), ("an", "da", "cheann"), ("an", "bheirt"),
)  # fmt: skip
_ALL = frozenset({"all", "gach", "todos", "todas", "toate", "wszystkie", "visi", "всі", "tous", "toutes", "الكل"})
_THEM = frozenset({"them", "these", "those", "the", "my", "our", "us", "dates"})
_COUNTS = {2: ("two",), 3: ("three",), 4: ("four",)}
_BEFORE_ALL = frozenset({"y", "yes", "c", "r", "cancel", "confirm", "move", "change", "keep", "for", "to", "reschedule"})
_APPOINTMENTS = frozenset(
    {"one", "ones", "appointment", "appointments", "appt", "appts", "apt", "apts", "clinic", "dates", "ceann"}
)
_TIME_WORDS = frozenset({
    "day", "days", "date", "dates", "time", "times", "week", "weeks", "month", "months", "hour", "hours", "hr", "hrs",
    "min", "mins", "minute", "minutes", "pm", "am", "thing", "kid", "kids", "child", "children",
})  # fmt: skip
# A day behind one of these is one to move to, or to count from.
_WISHED = frozenset({
    "to", "till", "until", "any", "another", "every", "each", "before", "after", "following", "next", "last", "from",
    "since", "by", "than",
})  # fmt: skip
_COMMON_TITLES = frozenset({
    "dr", "doctor", "mr", "mrs", "ms", "miss", "prof", "professor", "nurse", "the", "and", "of", "for", "an", "na",
    "clinic", "clinics", "clinical", "department", "dept", "unit", "hospital", "outpatient", "outpatients", "ward", "room",
    "review", "appointment", "day", "new", "return",
})  # fmt: skip
_SHORT_WORDS = frozenset({
    "am", "an", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "me", "my", "no", "of", "on", "or", "so",
    "to", "up", "us", "we", "ok", "ya", "ye",
})  # fmt: skip
# First names that are everyday words: they count in Will's and in "for Will", and where nothing else is said.
_BEFORE_A_NAME = frozenset({"for", "do", "le", "dla", "для", "para", "pour", "pentru"})
_NAMES_AND_WORDS = frozenset({
    "will", "grace", "may", "mark", "joy", "hope", "rose", "dawn", "pat", "sue", "bill", "art", "faith", "rob", "ray",
    "drew", "max", "guy", "chance", "rich", "earl", "duke", "major", "lily", "iris", "ivy", "summer", "autumn", "april",
    "june", "august", "hazel", "amber", "ruby", "pearl", "sky", "star", "eve", "sunny", "frank", "grant", "chase", "wade",
    "dale", "cliff", "penny", "candy", "honey", "olive", "violet", "daisy", "flora", "clay", "forest", "heather", "holly",
    "robin", "nick", "jan", "al", "per",
})  # fmt: skip
