"""When a patient would come instead, as structure: windows that are wanted and not wanted, and the words they were read
from, which always travel beside. How words become this is in `availability.py`.

The JSON form borrows from FHIR R4: days and times as in HealthcareService.availableTime (mon..sun, HH:MM:SS), periods of
dates, both ends inclusive, as in Appointment.requestedPeriod.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import product
from typing import Any, Self

# When a part of the day begins and ends; None: as the clinic does. Irish schools are out between 13:30 and 15:45.
PARTS: Mapping[str, tuple[time | None, time | None]] = {
    "morning": (None, time(12)),
    "lunchtime": (time(12), time(14)),
    "afternoon": (time(12), time(17)),
    "school hours": (time(9), time(14)),
    "after school": (time(15), None),
    "evening": (time(17), None),
}
# What is wanted besides a time.
FLAGS: Mapping[str, str] = {
    "asap": "as soon as possible",
    "any_day": "any day",
    "any_time": "any time",
    "earlier": "earlier",
    "later": "later",
    "earlier_in_day": "an earlier time of day",
    "later_in_day": "a later time of day",
    "phone": "by phone",
    "video": "by video",
    "elsewhere": "at another place",
}
KEPT_WORDS = 8  # texts of one patient on one wish

_DAY_CODES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_PART_NAMES = {"school hours": "in school hours", "after school": "after school", "lunchtime": "at lunchtime"}
_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `start` to `end`, both among them; None is open."""

    start: date | None = None
    end: date | None = None

    @property
    def open(self) -> bool:
        return self.start is None or self.end is None

    @property
    def single(self) -> date | None:
        return self.start if self.start == self.end else None

    def holds(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Window:
    """Times that share a description; what is empty says nothing. `days` Monday 0; `parts` keys of PARTS; `after` and
    `before` the clock's times between which it should be, `at` the very times; `said` what has no dates of ours ("school
    holidays")."""

    days: tuple[int, ...] = ()
    parts: tuple[str, ...] = ()
    after: time | None = None
    before: time | None = None
    at: tuple[time, ...] = ()
    dates: tuple[Period, ...] = ()
    said: tuple[str, ...] = ()

    def hours(self) -> tuple[time | None, time | None]:
        """From when until when on those days, parts of the day and times taken together."""
        opens, closes = _hull(self.parts)
        return _later(opens, self.after), _earlier(closes, self.before)

    def only(self, *names: str) -> bool:
        """Whether nothing but these is said."""
        return all(name in names or not getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Any of `wanted` would do, none of `unwanted`. Falsy where nothing could be read: then the words alone are there."""

    wanted: tuple[Window, ...] = ()
    unwanted: tuple[Window, ...] = ()
    flags: tuple[str, ...] = ()  # keys of FLAGS
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted or self.flags)

    def then(self, later: Self) -> Preferences:
        """Both, where a later word takes the place of an earlier one that says the contrary."""
        words = (*self.words, *(text for text in later.words if text not in self.words))[-KEPT_WORDS:]
        before = _without(self.wanted, later.unwanted)
        wanted = _together(before, later.wanted) or _distinct((*before, *later.wanted))
        unwanted = _distinct((*_without(self.unwanted, later.wanted), *later.unwanted))
        flags = dict.fromkeys((*self.flags, *later.flags))
        return Preferences(wanted, unwanted, tuple(flags), words)


def without_unwanted(preferences: Preferences) -> Preferences:
    """The same, with nothing wanted that is unwanted as well."""
    return replace(preferences, wanted=_distinct(_without(preferences.wanted, preferences.unwanted)))


def _without(windows: Iterable[Window], others: Iterable[Window]) -> tuple[Window, ...]:
    """`windows` less the days and dates that `others` name without a time of day."""
    others = tuple(others)
    days = {day for other in others if other.only("days") for day in other.days}
    dates = [period for other in others if other.only("dates") for period in other.dates if not period.open]
    kept = []
    for window in windows:
        if window in others:
            continue
        left = tuple(day for day in window.days if day not in days)
        periods = tuple(each for each in window.dates if not _within(each, dates, days))
        if bool(left) == bool(window.days) and bool(periods) == bool(window.dates):
            kept.append(replace(window, days=left, dates=periods))
    return tuple(kept)


def _together(one: tuple[Window, ...], other: tuple[Window, ...]) -> tuple[Window, ...]:
    """Fridays, and in the next reply "after 2": Fridays after 2. Empty where they do not belong together."""
    if not (all(map(_general, one)) or all(map(_general, other))):
        return ()
    found = []
    for a, b in product(one, other):
        names = [name for name in Window.__slots__ if getattr(a, name) and getattr(b, name)]
        both = replace(a, **{name: getattr(b, name) for name in Window.__slots__ if getattr(b, name)})
        opens, closes = both.hours()
        timed = [bool(each.after or each.before or each.at) for each in (a, b)]
        if names or all(timed) or (opens is not None and closes is not None and opens >= closes):
            return ()
        found.append(both)
    return tuple(found)


def _general(window: Window) -> bool:
    """Whether it names no days of its own: a time of day, not before a date."""
    open_dates = all(period.open for period in window.dates)
    return open_dates and window.only("parts", "after", "before", "at", "dates")


def _within(period: Period, dates: Iterable[Period], days: set[int]) -> bool:
    if period.start is None or period.end is None:
        return False
    if period.start == period.end and period.start.weekday() in days:
        return True
    return any(each.holds(period.start) and each.holds(period.end) for each in dates)


def _distinct(windows: Iterable[Window]) -> tuple[Window, ...]:
    return tuple(dict.fromkeys(windows))


def _hull(parts: Iterable[str]) -> tuple[time | None, time | None]:
    ends = [PARTS[part] for part in parts]
    opens = [opening for opening, _ in ends if opening is not None]
    closes = [closing for _, closing in ends if closing is not None]
    return (
        min(opens) if len(opens) == len(ends) and opens else None,
        max(closes) if len(closes) == len(ends) and closes else None,
    )


def _later(one: time | None, other: time | None) -> time | None:
    return max(one, other) if one is not None and other is not None else one or other


def _earlier(one: time | None, other: time | None) -> time | None:
    return min(one, other) if one is not None and other is not None else one or other


# ---- as JSON ---------------------------------------------------------------------------------------------------------


def to_json(preferences: Preferences) -> dict[str, Any]:
    """Plain JSON values, from which `from_json` makes equal preferences. `requestedPeriod` and `summary` are derived."""
    periods = dict.fromkeys(period for window in preferences.wanted for period in window.dates)
    return {
        "summary": summary(preferences),
        "requestedPeriod": [_period_json(period) for period in sorted(periods, key=_order)],
        "wanted": [_window_json(window) for window in preferences.wanted],
        "unwanted": [_window_json(window) for window in preferences.unwanted],
        "flags": list(preferences.flags),
        "words": list(preferences.words),
    }


def from_json(data: Mapping[str, Any]) -> Preferences:
    return Preferences(
        tuple(_window_of(each) for each in data["wanted"]),
        tuple(_window_of(each) for each in data["unwanted"]),
        tuple(data["flags"]),
        tuple(data["words"]),
    )


def _window_json(window: Window) -> dict[str, Any]:
    opens, closes = window.hours()
    found = {
        "daysOfWeek": [_DAY_CODES[day] for day in window.days],
        "availableStartTime": opens and opens.isoformat(),
        "availableEndTime": closes and closes.isoformat(),
        "partOfDay": list(window.parts),
        "startTime": [at.isoformat() for at in window.at],
        "period": [_period_json(period) for period in window.dates],
        "description": ", ".join(window.said),
    }
    return {name: value for name, value in found.items() if value}


def _window_of(data: Mapping[str, Any]) -> Window:
    parts = tuple(data.get("partOfDay", ()))
    opens, closes = (_time(data, "availableStartTime"), _time(data, "availableEndTime"))
    own = _hull(parts)
    said = data.get("description", "")
    return Window(
        tuple(_DAY_CODES.index(day) for day in data.get("daysOfWeek", ())),
        parts,
        None if opens == own[0] else opens,
        None if closes == own[1] else closes,
        tuple(time.fromisoformat(at) for at in data.get("startTime", ())),
        tuple(_period_of(period) for period in data.get("period", ())),
        tuple(said.split(", ")) if said else (),
    )


def _time(data: Mapping[str, Any], name: str) -> time | None:
    return time.fromisoformat(data[name]) if name in data else None


def _period_json(period: Period) -> dict[str, str]:
    ends = {"start": period.start, "end": period.end}
    return {name: day.isoformat() for name, day in ends.items() if day is not None}


def _period_of(data: Mapping[str, str]) -> Period:
    return Period(*(date.fromisoformat(data[name]) if name in data else None for name in ("start", "end")))


def _order(period: Period) -> tuple[date, date]:
    return period.start or date.min, period.end or date.max


# ---- in words --------------------------------------------------------------------------------------------------------


def summary(preferences: Preferences) -> str:
    """One line for staff: "Mondays or Tuesdays, after 14:00, not before 25 June; not Fridays"."""
    said = ["; or ".join(map(_in_words, preferences.wanted))]
    said += [f"not {_in_words(window)}" for window in preferences.unwanted]
    said += [FLAGS[flag] for flag in preferences.flags]
    line = "; ".join(filter(None, said))
    return line[:1].upper() + line[1:]


def _in_words(window: Window) -> str:
    said = [_days_in_words(window), _hours_in_words(window), *(_dates_in_words(window)), *window.said]
    return ", ".join(filter(None, said))


def _days_in_words(window: Window) -> str:
    days = window.days
    parts = [_PART_NAMES.get(part, f"{part}s" if not days else part) for part in window.parts]
    if days == (0, 1, 2, 3, 4):
        named = "weekdays"
    elif days == (5, 6):
        named = "weekends"
    elif len(days) > 2 and days == tuple(range(days[0], days[-1] + 1)):
        named = f"{_DAY_NAMES[days[0]]} to {_DAY_NAMES[days[-1]]}"
    else:
        named = _either([_DAY_NAMES[day] for day in days])
    return ", ".join(filter(None, (named, _either(parts))))


def _either(names: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _hours_in_words(window: Window) -> str:
    exact = _either([f"{at:%H:%M}" for at in window.at])
    said = [f"at {exact}" if exact else ""]
    if window.after is not None and window.before is not None:
        said.append(f"between {window.after:%H:%M} and {window.before:%H:%M}")
    elif window.after is not None:
        said.append(f"after {window.after:%H:%M}")
    elif window.before is not None:
        said.append(f"before {window.before:%H:%M}")
    return ", ".join(filter(None, said))


def _dates_in_words(window: Window) -> list[str]:
    closed = [_day_or_days(period) for period in window.dates if not period.open]
    if len(closed) > 1:
        closed = [closed[0], *(text.removeprefix("on ") for text in closed[1:])]
    said = [_either(closed)] if closed else []
    for period in window.dates:
        if period.start is not None and period.end is None:
            said.append(f"not before {_day(period.start)}")
        if period.end is not None and period.start is None:
            said.append(f"not after {_day(period.end)}")
    return said


def _day_or_days(period: Period) -> str:
    start, end = period.start, period.end
    assert start is not None
    assert end is not None
    if start == end:
        return f"on {_DAY_NAMES[start.weekday()][:-1]} {_day(start)}"
    if (start.day, (end + _ONE_DAY).day) == (1, 1) and (start.year, start.month) == (end.year, end.month):
        return f"in {_MONTH_NAMES[start.month - 1]}"
    first = str(start.day) if (start.year, start.month) == (end.year, end.month) else _day(start)
    return f"from {first} to {_day(end)}"


def _day(day: date) -> str:
    return f"{day.day} {_MONTH_NAMES[day.month - 1]}"
