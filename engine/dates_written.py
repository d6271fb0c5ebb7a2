"""Dates and times as a text gives them, written by Babel from CLDR patterns
(unicode.org/reports/tr35/tr35-dates.html).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from babel import UnknownLocaleError
from babel.dates import format_date, parse_pattern

from engine.locales import locale
from engine.ruleset import DateFormats
from engine.sms import plain

# Fields that a pattern may use: {date} and {weekday} are made from the day alone, {time} from hour and minute alone.
_DAY_FIELDS = frozenset("GyYuQqMLwWdDFgEec")
_TIME_FIELDS = frozenset("abBhHKkm")


def format_fault(language: str, kind: str, pattern: str) -> str | None:
    """What is wrong with a date pattern of `DateFormats` (kind: date, time or weekday), None if nothing is."""
    try:
        locale(language, sep="-")
    except ValueError:
        return f"{language!r} is not a language tag"
    except UnknownLocaleError:
        return f"no dates are known in the language {language!r}"
    allowed = _TIME_FIELDS if kind == "time" else _DAY_FIELDS
    bare = re.sub(r"'[^']*'", "", pattern)
    for letter in bare:
        if letter.isascii() and letter.isalpha() and letter not in allowed:
            return f"the letter {letter} is no part of a {kind}; put words in single quotes"
    if "{" in pattern or "}" in pattern or "'" in bare:
        return "a brace or a single quote too many"
    if not pattern.strip():
        return f"a {kind} needs a pattern"
    try:
        if kind == "time":
            written = _write_time(language, pattern, time(9))
        else:
            written = _write_day(language, pattern, date(2026, 6, 20))
    except (ValueError, KeyError, AttributeError) as error:
        return f"not a date pattern: {error}"
    return None if written.strip() else f"a {kind} needs a pattern"


def _write_day(language: str, pattern: str, day: date) -> str:
    return plain(format_date(day, pattern, locale=locale(language, sep="-")))


def _write_time(language: str, pattern: str, clock: time) -> str:
    # Not format_time(), which sets a time zone: the clock here is local already.
    return plain(parse_pattern(pattern).apply(clock, locale(language, sep="-")))


_SLOTS_KEPT = 20_000


class Calendar:
    """Dates as one ruleset writes them in one language, each written once and then kept (a bounded number of them)."""

    __slots__ = ("_days", "_formats", "_language", "_slots", "_times", "_zone")

    def __init__(self, language: str, formats: DateFormats, timezone: str) -> None:
        self._language = language
        self._formats = formats
        self._zone = ZoneInfo(timezone)
        self._slots: dict[datetime, tuple[str, str, str]] = {}
        self._days: dict[date, tuple[str, str]] = {}
        self._times: dict[tuple[int, int], str] = {}

    def write(self, start: datetime) -> tuple[str, str, str]:
        """Date, time and weekday of an instant."""
        known = self._slots.get(start)
        return known if known is not None else self._add(start)

    def _add(self, start: datetime) -> tuple[str, str, str]:
        local = start.astimezone(self._zone)
        day, clock = local.date(), (local.hour, local.minute)
        if day not in self._days:
            if len(self._days) >= _SLOTS_KEPT:
                self._days.clear()
            formats = self._formats
            self._days[day] = (
                _write_day(self._language, formats.date, day),
                _write_day(self._language, formats.weekday, day),
            )
        if clock not in self._times:
            self._times[clock] = _write_time(self._language, self._formats.time, time(*clock))
        if len(self._slots) >= _SLOTS_KEPT:
            self._slots.clear()
        written, weekday = self._days[day]
        self._slots[start] = slot = (written, self._times[clock], weekday)
        return slot
