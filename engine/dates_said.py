"""Dates in a reply, resolved against its day and the appointment: "17/12", "the 21st", "15-28 June", "week of the 9th", "next
week", "early July", "in a fortnight". What contradicts itself ("Friday 22nd", which is a Monday) is no date.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from engine.preferences import Period
from engine.time_tokens import RANGE, Cursor, Token, calendar_day
from engine.time_words import Vocabulary

DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_FARTHEST = timedelta(days=366)  # of dates with a year

Dates = tuple[Period, ...]
# The days, where they end, and whether they were said as a range.
Found = tuple[Dates, int, bool]
# The kinds of word with which a date can begin.
_BEGINNINGS = frozenset(
    {
        "weekday_name", "month_name", "number", "ordinal", "full", "day_month", "hour_word", "the", "this", "next", "in",
        "today", "tomorrow", "overmorrow", "next_week", "next_month", "week", "week_of", "week_from", "week_after",
        "week_after_next", "fortnight", "christmas", "new_year", "start_of", "mid", "end_of",
    }
)  # fmt: skip
_ONE = ("a", "another", "an")  # week


class DatesSaid(Cursor):
    def __init__(self, found: list[Token], words: Vocabulary, today: date, appointment: date) -> None:
        super().__init__(found, words)
        self._today = today
        self._appointment = max(appointment, today)
        self._week: date | None = None  # the Monday of the week spoken of last
        self._about: Period | None = None  # the days spoken of last, where they are several

    def _dates(self, place: int) -> Found | None:
        """Dates that begin here, where they end, and whether they were said as a range."""
        if not self._has(place, *_BEGINNINGS) and self._text(place) not in _ONE:
            return None
        for way in (self._relative, self._week_of, self._part_of, self._weeks_of, self._written):
            found = way(place)
            if found is not None:
                break
        else:
            return None
        periods, end, ranged = found
        if not ranged and len(periods) == 1 and self._has(end, *RANGE):
            closing = self._written(self._past(end + 1, "the", "on")) or self._written(end + 1)
            opens = periods[0].start
            if closing is not None and opens is not None:
                closes = closing[0][-1].end
                if closes is not None and opens <= closes:
                    return (Period(opens, closes),), closing[1], True
        return found

    def _relative(self, place: int) -> Found | None:
        for kind, days in (("today", 0), ("tomorrow", 1), ("overmorrow", 2)):
            if self._has(place, kind):
                return one_day(self._today + timedelta(days=days)), place + 1, False
        monday = _monday(self._today)
        if self._has(place + 1, "next", "week_after", "week_after_next", "fortnight"):
            place = self._past(place, "the")
        if self._has(place, "week_after_next"):
            return self._whole_week(monday + 2 * _WEEK, place + 1)
        if self._has(place, "next_week") or (self._has(place, "next") and self._has(place + 1, "week")):
            following = self._text(place) == "following"
            first = (self._week or _monday(self._appointment)) if following else monday
            return self._whole_week(first + _WEEK, place + (1 if self._has(place, "next_week") else 2))
        if self._has(place, "week_after") and not self._starts_date(place + 1):
            return self._whole_week((self._week or _monday(self._appointment)) + _WEEK, place + 1)
        if self._has(place, "week") and self._has(place + 1, "next") and not self._has(place + 2, "weekday_name"):
            return self._whole_week(monday + _WEEK, place + 2)
        if self._has(place, "next_month") or (self._has(place, "next") and self._has(place + 1, "month")):
            end = place + (1 if self._has(place, "next_month") else 2)
            return (_whole_month(_months_on(self._today, 1)),), end, False
        if self._has(place, "this"):
            return self._this(place + 1)
        if self._has(place, "next") and self._month(place + 1) is not None:
            return self._relative_month(place + 1)
        if self._has(place, "next") or self._has(place, "in") or self._has(place, "fortnight"):
            return self._in_time(place)
        if self._has(place, "christmas"):
            day = self._next(25, 12)
            return (Period(day, day and day + DAY),), place + 1, False
        if self._has(place, "new_year"):
            return one_day(self._next(1, 1)), place + 1, False
        length = self._length(place)
        if length is not None and self._has(length[1], "time_unit"):
            return self._whole_week(_monday(self._today + length[0]), length[1] + 1)
        if length is not None and self._has(place - 1, "after"):
            day = self._today + length[0] - DAY
            return one_day(day), length[1], False
        return None

    def _relative_month(self, place: int) -> Found:
        month = self._month(place)
        assert month is not None
        return (self._in_month(month),), place + 1, False

    def _this(self, place: int) -> Found | None:
        monday = _monday(self._today)
        day = self._weekday(place)
        if day is not None and self._written(place) is None:
            return one_day(self._today + timedelta(days=(day - self._today.weekday()) % 7)), place + 1, False
        if self._has(place, "week"):
            return (Period(self._today, monday + 6 * DAY),), place + 1, False
        if self._has(place, "weekend"):
            return (Period(max(self._today, monday + 5 * DAY), monday + 6 * DAY),), place + 1, False
        if self._has(place, "month"):
            return (Period(self._today, _whole_month(self._today).end),), place + 1, False
        return None

    def _in_time(self, place: int) -> Found | None:
        """In 2 weeks; in a fortnight; the next 3 weeks; next fortnight."""
        spanning = self._has(place, "next")
        if self._has(place, "fortnight"):
            length: tuple[timedelta, int] | None = (2 * _WEEK, place + 1)
        else:
            length = self._length(place + 1)
        if length is None:
            return None
        end = self._past(length[1], "time_unit")
        if spanning:
            return (Period(self._today, self._today + length[0] - DAY),), end, True
        target = self._today + length[0]
        if self._has(length[1] - 1, "day"):
            return one_day(target), end, False
        if self._has(length[1] - 1, "month"):
            return (_whole_month(target),), end, False
        return self._whole_week(_monday(target), end)

    def _length(self, place: int) -> tuple[timedelta, int] | None:
        if self._text(place) in _ONE and not self._has(place, "number"):
            number, place = 1, place + 1
        else:
            counted = self._hour(place)
            number, place = counted or 0, place + 1
        if self._has(place, "fortnight"):
            return 2 * number * _WEEK, place + 1
        if not number or not self._has(place, "week", "day", "month"):
            return None
        if self._has(place, "week"):
            return number * _WEEK, place + 1
        if self._has(place, "month"):
            return _months_on(self._today, number) - self._today, place + 1
        return number * DAY, place + 1

    def _whole_week(self, monday: date, end: int) -> Found:
        return (Period(monday, monday + 6 * DAY),), end, False

    def _week_of(self, place: int) -> Found | None:
        """Week of the 9th; semana del 9; w/c 9th."""
        starting = self._has(place, "week_from")
        if not starting and not self._has(place, "week_of", "week", "week_after"):
            return None
        found = self._written(self._past(place + 1, "of", "from"))
        found = found or self._written(self._past(place + 1, "of", "from", "the"), the=True)
        if found is None or found[2] or found[0][0].start is None:
            return None
        day = found[0][0].start
        if starting:
            return (Period(day, day + 6 * DAY),), found[1], False
        after = self._has(place, "week_after")
        return self._whole_week(_monday(day) + (_WEEK if after else timedelta()), found[1])

    def _part_of(self, place: int) -> Found | None:
        """Early July, the middle of next month, the last week of June, end of the week."""
        place = self._past(place, "the")
        which = next((kind for kind in ("start_of", "mid", "end_of") if self._has(place, kind)), None)
        if which is None:
            return None
        name = self._text(place)
        target = self._past(place + 1, "of", "the", "dash")
        month = self._month(target)
        if month is not None:
            whole, end = self._in_month(month, whole=True), target + 1
        elif self._has(target, "month"):
            whole, end = _whole_month(self._today), target + 1
        elif self._has(target, "week"):
            return self._part_of_week(which, _monday(self._today), target + 1)
        else:
            found = self._relative(target)
            if found is None or found[0][0].single or found[0][0].end is None:
                return None
            whole, end = _whole_month(found[0][0].end), found[1]
            if not found[0][0].holds(found[0][0].end - 7 * DAY):
                return self._part_of_week(which, _monday(found[0][0].end), end)
        first, last = whole.start, whole.end
        if first is None or last is None:
            return None
        if "week" in name:
            spans = {"start_of": (first, first + 6 * DAY), "end_of": (last - 6 * DAY, last)}
        else:
            spans = {"start_of": (first, first + 9 * DAY), "end_of": (first + 20 * DAY, last)}
        spans["mid"] = (first + 10 * DAY, first + 19 * DAY)
        return (Period(*spans[which]),), end, True

    def _weeks_of(self, place: int) -> Found | None:
        """The first or second week of July: the days 1 to 7 and 8 to 14."""
        place = self._past(place, "the")
        weeks: list[int] = []
        while self._has(place, "ordinal"):
            number = self._tokens[place].kinds["ordinal"]
            assert isinstance(number, int)
            weeks.append(number)
            place = self._past(place + 1, "or", "and", "the")
        month = self._month(self._past(place + 1, "of", "the"))
        if not weeks or max(weeks) > 4 or not self._has(place, "week", "week_of") or month is None:
            return None
        first = self._in_month(month, whole=True).start
        assert first is not None
        spans = tuple(Period(first + (week - 1) * _WEEK, first + week * _WEEK - DAY) for week in weeks)
        return spans, self._past(place + 1, "of", "the") + 1, True

    def _part_of_week(self, which: str, monday: date, end: int) -> Found:
        first, last = {"start_of": (0, 1), "mid": (1, 3), "end_of": (3, 4)}[which]
        return (Period(monday + first * DAY, monday + last * DAY),), end, True

    def _starts_date(self, place: int) -> bool:
        return self._written(self._past(place, "the")) is not None or self._written(place) is not None

    # ---- dates as they are written -----------------------------------------------------------------------------------

    def _written(self, place: int, *, the: bool = False) -> Found | None:
        """17/12; the 21st; Monday 22nd of June; June 27; 15-28 June; the 9th to the 13th; July."""
        day = self._weekday(place)
        if day is not None:
            return self._numbers(self._after_weekday(place), day, the=False)
        return self._numbers(place, None, the=the)

    def _after_weekday(self, place: int) -> int:
        """Where a date may follow: "Monday, 22nd"; not "Mondays, ..."."""
        parted = self._text(place + 1) == "," and not self._text(place).endswith("s")
        return place + 2 if parted else self._past(place + 1, "on")

    def _numbers(self, place: int, weekday: int | None, *, the: bool) -> Found | None:
        if self._has(place, "full"):
            day = self._tokens[place].kinds["full"]
            if not isinstance(day, date) or not self._today <= day <= self._today + _FARTHEST:
                return None
            return (one_day(day), place + 1, False) if weekday in (None, day.weekday()) else None
        if self._has(place, "day_month"):
            pair = self._tokens[place].kinds["day_month"]
            assert isinstance(pair, tuple)
            return self._resolved([(pair[0], False)], pair[1], weekday, place + 1)
        month = self._month(place)
        if month is not None:
            return self._month_first(place, month, weekday)
        the = the or self._has(place, "the")
        days, end, certain = self._day_numbers(self._past(place, "the"), the)
        if not days:
            return None
        after = self._past(end, "of", "the") if self._month(self._past(end, "of", "the")) else end
        month = self._month(after)
        if month is not None:
            return self._resolved(days, month, weekday, self._past(after + 1, "year"))
        late = weekday is not None and all(number > 12 for number, _ in days)  # "Friday 26"; "Friday 10" may be an hour
        if not (certain or late):
            return None
        return self._resolved(days, None, weekday, end)

    def _month_first(self, place: int, month: int, weekday: int | None) -> Found | None:
        days, end, _ = self._day_numbers(self._past(place + 1, "the"), True)
        if days:
            return self._resolved(days, month, weekday, self._past(end, "year"))
        return None if weekday is not None else ((self._in_month(month),), place + 1, False)

    def _day_numbers(self, place: int, the: bool) -> tuple[list[tuple[int, bool]], int, bool]:
        """Numbers of days, each with whether it closes a range; where they end; whether they stand without a month."""
        days: list[tuple[int, bool]] = []
        certain, ranged = the, False
        end = place
        while self._has(place, "number", "ordinal"):
            kinds = self._tokens[place].kinds
            number = kinds.get("ordinal", kinds.get("number"))
            assert isinstance(number, int)
            if not 1 <= number <= 31 or self._has(place + 1, "week", "day", "oclock", "half_after"):
                break
            spelt = "ordinal" in kinds and not self._text(place)[0].isdigit()
            # "her fifth" and "the second one" are no days; "the twentieth" is.
            certain = (certain or "ordinal" in kinds) if not spelt else certain and number > 4
            days.append((number, ranged))
            end = place + 1
            if not self._has(end, *RANGE, "or", "and") and self._text(end) != ",":
                break
            ranged = self._has(end, *RANGE)
            place = self._past(end + 1, "the", "or", "and")
        return days, end, certain

    def _resolved(self, days: list[tuple[int, bool]], month: int | None, weekday: int | None, end: int) -> Found | None:
        periods: list[Period] = []
        ranged = False
        near: date | None = None
        for number, closes in days:
            day = self._next(number, month) if month is not None else self._nearest(number, weekday, near)
            if day is None or (weekday not in (None, day.weekday()) and len(days) == 1):
                return None
            near = day
            opens = periods[-1].start if closes and periods else None
            if opens is not None:
                if day < opens:
                    return None
                periods[-1] = Period(opens, day)
                ranged = True
            else:
                periods.append(Period(day, day))
        return (tuple(periods), end, ranged) if periods else None

    def _next(self, day: int, month: int) -> date | None:
        for year in range(self._today.year, self._today.year + 5):
            found = calendar_day(year, month, day)
            if found is not None and found >= self._today:
                return found
        return None

    def _nearest(self, day: int, weekday: int | None, near: date | None) -> date | None:
        """The day of this number nearest the appointment, or the next one after another that was named with it."""
        found = []
        for ahead in range(14):
            first = _months_on(self._today.replace(day=1), ahead)
            each = calendar_day(first.year, first.month, day)
            if each is not None and each >= (near or self._today) and weekday in (None, each.weekday()):
                found.append(each)
        if near is not None:
            return found[0] if found else None
        spoken_of = [each for each in found if self._about is not None and self._about.holds(each)]
        if len(spoken_of) == 1:
            return spoken_of[0]
        best = min(found, key=lambda each: (abs(each - self._appointment), -each.toordinal()), default=None)
        return best if best is not None and abs(best - self._appointment) < timedelta(days=120) else None

    def _in_month(self, month: int, *, whole: bool = False) -> Period:
        year = self._today.year + (month < self._today.month)
        found = _whole_month(date(year, month, 1))
        assert found.start is not None
        return found if whole else Period(max(found.start, self._today), found.end)


def week_said(dates: Dates) -> date | None:
    """The Monday of the one week that is spoken of."""
    first = dates[0].start if len(dates) == 1 else None
    return first if first is not None and dates[0] == week_of(first) else None


def one_day(day: date | None) -> Dates:
    return () if day is None else (Period(day, day),)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_of(day: date) -> Period:
    return Period(_monday(day), _monday(day) + 6 * DAY)


def _whole_month(day: date) -> Period:
    return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def _months_on(day: date, months: int) -> date:
    """So many months on, on the same day or the last one that there is."""
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, monthrange(day.year + years, month + 1)[1]))
