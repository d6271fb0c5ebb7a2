"""Lengths of time, moments and weekly hours as rulesets write them. Readers raise ValueError saying what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time, timedelta

from engine.ruleset import Moment, WeekHours

DURATION = r"[1-9][0-9]{0,3}[mhd]"
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
MOMENT = rf"[0-9]{{1,3}} (minutes?|hours?) (before|after)|[0-9]{{1,3}} (days?|weeks?) (before|after)( at {CLOCK})?"
SPAN = rf"{CLOCK}-({CLOCK}|24:00)"

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = f"({'|'.join(DAYS)})"
DAY_RANGE = rf"{_DAY}(-{_DAY})?"

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONG_UNITS = {"minute": _UNITS["m"], "hour": _UNITS["h"]}
_LOOSE_DURATION = re.compile(r"(\d{1,4}) ?(m|h|d|mins?|minutes?|hrs?|hours?|days?)", re.IGNORECASE)


def duration(text: str) -> timedelta:
    """`15m`, `24h` or `2d`."""
    if re.fullmatch(DURATION, text):
        return int(text[:-1]) * _UNITS[text[-1]]
    loose = _LOOSE_DURATION.fullmatch(text)
    meant = f'; did you mean "{int(loose[1])}{loose[2][0].lower()}"?' if loose and int(loose[1]) else ""
    raise ValueError(f'"{text}" is not a length of time{meant}')


def clock(text: str) -> time:
    """`08:30`."""
    if not re.fullmatch(CLOCK, text):
        meant = f'; did you mean "0{text}"?' if re.fullmatch(CLOCK, f"0{text}") else ""
        raise ValueError(f'"{text}" is not a time of day{meant}')
    return time.fromisoformat(text)


_MOMENT = re.compile(rf"(\d{{1,3}}) (minute|hour|day|week)s? (before|after)(?: at ({CLOCK}))?")


def moment(text: str) -> Moment:
    """`10 days before`, `1 hour after`, `2 weeks before at 10:00`."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is not a moment')
    number, unit, side, at = int(found[1]), found[2], found[3], found[4]
    signed = -number if side == "before" else number
    if unit in _LONG_UNITS:
        if at is not None:
            raise ValueError(f'"{text}" names a time of day, which goes with days and weeks only')
        return Moment(offset=signed * _LONG_UNITS[unit], text=text)
    days = signed * (7 if unit == "week" else 1)
    return Moment(days=days, at=clock(at) if at else None, text=text)


def span(text: str) -> tuple[time, time]:
    """`09:00-17:00`; the end of the day is written `24:00` and is `time.max`."""
    opens, dash, closes = text.partition("-")
    if not dash or not re.fullmatch(SPAN, text):
        padded = "-".join(f"0{part}" if part[1:2] == ":" else part for part in text.replace(" ", "").split("-"))
        meant = f'; did you mean "{padded}"?' if re.fullmatch(SPAN, padded) else ""
        raise ValueError(f'"{text}" is not a span of hours{meant}')
    begin, end = clock(opens), time.max if closes == "24:00" else clock(closes)
    if begin >= end:
        raise ValueError(f'"{text}" ends before it begins')
    return begin, end


def days(text: str) -> tuple[int, ...]:
    """Weekdays of `mon` or `mon-fri`, Monday is 0. A span may go over Sunday: `fri-mon`."""
    first, dash, last = text.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f'"{text}" is neither a day nor a span of days')
    begin = DAYS.index(first)
    end = DAYS.index(last) if dash else begin
    return tuple((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def week_hours(spans: Mapping[tuple[int, ...], Sequence[tuple[time, time]]]) -> WeekHours:
    """Hours of a week from spans per group of weekdays."""
    week: list[tuple[tuple[time, time], ...]] = [()] * 7
    for group, opened in spans.items():
        for day in group:
            week[day] = tuple(sorted((*week[day], *opened)))
    return WeekHours(tuple(week))


def reach(offset: Moment) -> timedelta:
    """The moment's distance from the appointment, negative before it. A day counts as 24 hours; a time of day does not
    count."""
    return timedelta(days=offset.days) + offset.offset
