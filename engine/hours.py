"""Opening hours: when texts go out, when staff are in, and what "ten days before" is on the clock.

Instants are aware datetimes, answered in UTC. Hours are local wall-clock spans, half open (the minute of closing is
closed); one written to `time.max` ends at midnight. Daylight saving: a wall-clock time that the spring change skips
stands for the first instant after the gap, one that the autumn change repeats for its first occurrence. On a public
holiday (of the `holidays` library, where the ruleset names a country) nothing is open.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.public_holidays import public_holidays
from engine.ruleset import Hours, Moment, WeekHours

_DAY = timedelta(days=1)
_SEARCH_DAYS = 370
_MIDNIGHT = time()

Span = tuple[datetime, datetime]


class NeverOpens(ValueError):
    """Hours that do not open within the next year."""


def is_open(hours: Hours, week: WeekHours, at: datetime) -> bool:
    at = _utc(at)
    return any(opens <= at < closes for opens, closes in _openings(hours, week).on(at.toordinal()))


def next_open(hours: Hours, week: WeekHours, at: datetime) -> datetime:
    """The first open instant from `at` on: `at` itself where open. Raises NeverOpens."""
    at = _utc(at)
    openings = _openings(hours, week)
    first = at.toordinal()
    for day in range(first, first + _SEARCH_DAYS):
        for opens, closes in openings.on(day):
            if at < closes:
                return opens if at < opens else at
    raise NeverOpens(f"these hours do not open within {_SEARCH_DAYS} days of {at:%Y-%m-%d}")


def add_open(hours: Hours, week: WeekHours, at: datetime, duration: timedelta) -> datetime:
    """The instant when `duration` of open time has passed since `at`. Time that is used up exactly at closing ends
    then, not at the next opening; no time at all ends at the next open instant. Raises NeverOpens, and ValueError for
    a negative duration."""
    if duration < timedelta(0):
        raise ValueError("a duration in open hours cannot be negative")
    at = next_open(hours, week, at)
    if not duration:
        return at
    openings = _openings(hours, week)
    day = at.toordinal()
    idle = 0
    while idle < _SEARCH_DAYS:
        idle += 1
        for opens, closes in openings.on(day):
            if closes <= at:
                continue
            idle = 0
            begun = max(opens, at)
            if duration <= closes - begun:
                return begun + duration
            duration -= closes - begun
        day += 1
    raise NeverOpens(f"these hours stop opening after {at:%Y-%m-%d}")


def due(hours: Hours, at: datetime, duration: timedelta) -> datetime:
    """By when staff should have done what they have `duration` for. Whole days are working days: a day from Friday at 16:00
    is Monday at 16:00. What is left over is time in staffed hours. Raises NeverOpens."""
    moment = next_open(hours, hours.staffed, at)
    days, rest = divmod(duration, _DAY)
    zone = ZoneInfo(hours.timezone)
    local = moment.astimezone(zone)
    day = local.date()
    for _ in range(days):
        midnight = _instant(zone, day + _DAY, _MIDNIGHT)
        day = next_open(hours, hours.staffed, midnight).astimezone(zone).date()
    if days:
        moment = next_open(hours, hours.staffed, _instant(zone, day, local.time()))
    return add_open(hours, hours.staffed, moment, rest)


def resolve(moment: Moment, start: datetime, timezone: str) -> datetime:
    """The instant that `moment` names for an appointment at `start`. Whole days, and a time of day, are counted on the
    local wall clock; `offset` in elapsed time."""
    start = _utc(start)
    if not moment.days and moment.at is None:
        return start + moment.offset
    zone = ZoneInfo(timezone)
    local = start.astimezone(zone)
    day = local.date() + timedelta(days=moment.days)
    clock = local.time() if moment.at is None else moment.at
    return _instant(zone, day, clock) + moment.offset


def local_day(timezone: str, at: datetime) -> date:
    """The calendar day of an instant where the clinic is."""
    return at.astimezone(ZoneInfo(timezone)).date()


def _utc(at: datetime) -> datetime:
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC)


def _instant(zone: ZoneInfo, day: date, clock: time) -> datetime:
    first = datetime.combine(day, clock.replace(fold=0), zone)
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    # In a gap, and only there, the offset of the later reading is the greater (PEP 495).
    if before is not None and after is not None and before < after:
        return _change(zone, (first - after).replace(tzinfo=UTC), (first - before).replace(tzinfo=UTC))
    return first.astimezone(UTC)


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The instant between `low` and `high` at which the zone's offset changes, to the second."""
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


class _Openings:
    """The open spans of one week's hours, kept per UTC day so that asking again costs no time-zone arithmetic."""

    __slots__ = ("_days", "_holidays", "_week", "_zone")

    _KEPT = 4000

    def __init__(self, hours: Hours, week: WeekHours) -> None:
        self._zone = ZoneInfo(hours.timezone)
        self._holidays = hours.holidays
        self._week = week
        self._days: dict[int, tuple[Span, ...]] = {}

    def on(self, ordinal: int) -> tuple[Span, ...]:
        """The open spans of a UTC day (proleptic Gregorian ordinal), in order, cut at its midnights."""
        known = self._days.get(ordinal)
        if known is not None:
            return known
        if len(self._days) >= self._KEPT:
            self._days.clear()
        begins = datetime.combine(date.fromordinal(ordinal), _MIDNIGHT, UTC)
        ends = begins + _DAY
        # No place is more than a day away from UTC, so three local days cover a UTC one.
        cut = (
            (max(opens, begins), min(closes, ends))
            for day in range(ordinal - 1, ordinal + 2)
            for opens, closes in self._local(date.fromordinal(day))
        )
        self._days[ordinal] = spans = tuple(sorted((opens, closes) for opens, closes in cut if opens < closes))
        return spans

    def _local(self, day: date) -> list[Span]:
        if self._holidays is not None and day in public_holidays(self._holidays, day.year):
            return []
        return [
            (_instant(self._zone, day, opens), self._closing(day, closes))
            for opens, closes in self._week.days[day.weekday()]
        ]

    def _closing(self, day: date, closes: time) -> datetime:
        if closes == time.max:
            return _instant(self._zone, day + _DAY, _MIDNIGHT)
        return _instant(self._zone, day, closes)


# Openings by the identity of the values they are made from, since hashing a week costs more than the question. An entry
# holds the values, so that no identity is used again while it stands.
_OPENINGS_KEPT = 512
_known: dict[tuple[int, int], tuple[Hours, WeekHours, _Openings]] = {}


def _openings(hours: Hours, week: WeekHours) -> _Openings:
    key = (id(hours), id(week))
    entry = _known.get(key)
    if entry is None:
        if len(_known) >= _OPENINGS_KEPT:
            _known.clear()
        entry = _known[key] = (hours, week, _Openings(hours, week))
    return entry[2]
