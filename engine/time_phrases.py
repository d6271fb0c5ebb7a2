"""Days, dates and times of day in a reply, and the words around them that say whether they are wanted, in the order in
which they were said. What cannot be resolved ("from Wednesday", "around the usual time") is left out, never guessed.

Dates are resolved against the day of the reply and the appointment: "17/12" and "June 27" are the next ones, "the 9th" is
the ninth nearest the appointment; none is before the day of the reply. Hours without am or pm are those of a clinic's day:
from 1 to 6 in the afternoon, from 8 to 12 in the morning; a bare 7 is not resolved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from engine.dates_said import DAY, DatesSaid, Found, one_day, week_of, week_said
from engine.preferences import Period, Window
from engine.time_tokens import RANGE, tokens
from engine.time_words import Vocabulary

_BREAKS = frozenset(".;?!\n")
_COMMAS = frozenset(",:()-–")
_SIGNS = ("decline", "not", "except", "unsuited", "busy", "can", "wish", "any", "suits", "instead", "or", "and", "but")
# "Tuesday am", but "I am".
_BEFORE_AM = (
    "weekday_name", "weekday", "number", "ordinal", "or", "and", "any", "not", "day", "next", "tomorrow", "on", "mark", "can",
)  # fmt: skip
_MINUTES = {"half": 30, "quarter": 15, "quarter_to": 45}
_OWN = ("appointment", "appt", "apt", "one", "visit")  # "my Friday appointment"
_GREETINGS = ("morning", "mornin", "afternoon", "evening")
_NOTHING = Window()


@dataclass(frozen=True, slots=True)
class Item:
    """`window` is a piece of a description; `under_not` the one that holds where it is unwanted ("not until Monday" ends
    the day before, "away until Monday" that day). The other kinds are words that say what to make of the pieces."""

    kind: str
    window: Window = _NOTHING
    under_not: Window | None = None
    flag: str = ""
    absence: bool = False  # "for 2 weeks" tells of days that are not possible, or of nothing


def items(text: str, words: Vocabulary, today: date, start: datetime) -> list[Item]:
    return list(_Phrases(tokens(text, words), words, today, start.date()).read())


class _Phrases(DatesSaid):
    def read(self) -> Iterator[Item]:
        place = 0
        while place < len(self._tokens):
            following = self._has(self._past(place, "the"), "week_after")
            found, place = self._one(place)
            for item in found:
                if item.kind == "piece":
                    self._week = week_said(item.window.dates) or self._week
                    self._about = next((each for each in item.window.dates if not each.open), self._about)
                    if following:
                        yield Item("wish")  # "not next week, the week after"
                yield item

    def _one(self, place: int) -> tuple[list[Item], int]:
        if len(self._tokens[place].kinds) == 1 and self._has(place, "polite", "word"):
            return ([Item("word")] if self._has(place, "word") else []), place + 1
        for way in (self._passed, self._related, self._clocked, self._dated, self._named):
            result = way(place)
            if result is not None:
                return result
        token = self._tokens[place]
        for sign in _SIGNS:
            if sign in token.kinds:
                return [Item(sign)], place + 1
        mark = token.text
        if mark in _BREAKS:
            short = mark == "." and self._has(place - 1, "weekday_name", "month_name") and len(self._text(place - 1)) <= 5
            return ([] if short and place + 1 < len(self._tokens) else [Item("break")]), place + 1
        if mark in _COMMAS:
            return [Item("comma")], place + 1
        return ([Item("word")] if "word" in token.kinds else []), place + 1

    def _passed(self, place: int) -> tuple[list[Item], int] | None:
        if self._has(place, "pass"):
            return ([Item("suits")] if self._has(place, "suits") else []), place + 1
        # "Morning, could I ..." greets.
        if place == 0 and self._text(0) in _GREETINGS and self._text(1) in ("", *",.!", "\n"):
            return ([], 1) if len(self._tokens) > 2 else None
        return None

    # ---- before, after, from, until, between -------------------------------------------------------------------------

    def _related(self, place: int) -> tuple[list[Item], int] | None:
        if self._has(place, "between"):
            return self._between(place + 1)
        for relation in ("after", "before", "until", "from", "back", "finish"):
            if not self._has(place, relation):
                continue
            if relation == "until" and self._has(place + 1, "after"):
                found = self._related(place + 1)
                return None if found is None else ([Item("can"), *found[0]], found[1])
            begins = self._homecoming(place + 1) if relation == "back" else place + 1
            found = self._bounded("from" if relation in ("back", "finish") else relation, begins)
            if found is not None:
                forced = [Item("can")] if relation in ("back", "finish") else []
                return [*forced, *found[0]], found[1]
        return None

    def _homecoming(self, place: int) -> int:
        """Back from Spain on the 28th: where the date begins, if one follows soon."""
        ends = (ahead for ahead in range(place, place + 4) if not self._has(ahead - 1, "mark") and self._dates(ahead))
        return next(ends, place)

    def _bounded(self, relation: str, place: int) -> tuple[list[Item], int] | None:
        place = self._past(place, "on")
        dated = self._dates(place)
        moved = relation == "from" and any(self._has(before, "moved") for before in range(place))
        if dated is None and self._weekday(place) is not None:
            days = None if moved else self._day_range(place)
            return days if days is not None else ([Item("word")], place + 1)
        if moved:
            return self._moved_to(place, dated)
        if dated is None:
            at = self._past(place, "at", "the") if not self._has(place + 1, "ordinal") else place
            return self._timed(relation, at)
        periods, end, ranged = dated
        if relation == "from" and (ranged or len(periods) > 1):
            return [_piece(Window(dates=periods))], end
        first, last = min(each.start for each in periods if each.start), max(each.end for each in periods if each.end)
        match relation:
            case "after":
                return [_piece(Window(dates=(Period(last + DAY, None),)))], end
            case "from":
                return [_piece(Window(dates=(Period(first, None),)))], end
            case "before":
                return [_piece(Window(dates=(Period(None, first - DAY),)))], end
        until = Window(dates=(Period(None, last),))
        return [Item("piece", until, Window(dates=(Period(None, first - DAY),)))], end

    def _moved_to(self, place: int, dated: Found | None) -> tuple[list[Item], int] | None:
        """Moved from the 12th to the 15th: the last is wanted."""
        if dated is not None:
            last = dated[0][-1].end
            return ([_piece(Window(dates=one_day(last)))] if dated[2] else []), dated[1]
        origin = self._clock(self._past(place, "at"), bare=True)
        if origin is None or not self._has(origin[1], "to"):
            return None if origin is None else ([], origin[1])
        goal = self._clock(origin[1] + 1, bare=True)
        return ([], origin[1]) if goal is None else ([_piece(Window(at=(goal[0],)))], goal[1])

    def _timed(self, relation: str, place: int) -> tuple[list[Item], int] | None:
        span = self._span(place)
        if span is not None and relation == "from":
            return span
        found = self._clock(place, bare=True)
        if found is None:
            return None
        at, end = found
        late = relation in ("after", "from")
        return [_piece(Window(after=at) if late else Window(before=at))], end

    def _between(self, place: int) -> tuple[list[Item], int] | None:
        place = self._past(place, "the")
        dated = self._dates(place)
        if (dated is not None and len(dated[0]) > 1) or (dated is not None and dated[2]):
            starts = [each.start for each in dated[0] if each.start]
            ends = [each.end for each in dated[0] if each.end]
            return [_piece(Window(dates=(Period(min(starts), max(ends)),)))], dated[1]
        return self._span(place, joiners=("and", "to", "dash", "until"))

    # ---- times of day ------------------------------------------------------------------------------------------------

    def _clocked(self, place: int) -> tuple[list[Item], int] | None:
        at = self._past(place, "at")
        span = self._span(at)
        if span is not None:
            return span
        told = at > place
        if told and self._has(place - 1, "and", "or") and self._has(at, "week", "day"):
            return None
        listed = self._listed(at, told)
        if listed is None and told and self._has(at, "the"):
            return None
        return listed

    def _listed(self, place: int, told: bool) -> tuple[list[Item], int] | None:
        """10:30; at 10; 10 or 11; 10 or later; 3 onwards."""
        if self._dates(place) is not None:
            return None
        found = self._clock(place, bare=told)
        times = [] if found is None else [found[0]]
        end = place if found is None else found[1]
        if found is None:
            first = self._clock(place, bare=True)
            if first is None or not (self._has(first[1], "or", "onwards")):
                return None
            times, end = [first[0]], first[1]
        if self._has(end, "onwards"):
            return [_piece(Window(after=times[0]))], end + 1
        if self._has(end, "earlier_than"):
            return [_piece(Window(before=times[0]))], end + 1
        while self._has(end, "or"):
            more = self._clock(self._past(end + 1, "at"), bare=True)
            if more is None or self._has(more[1], "word", "week", "day", "month"):
                break
            times.append(more[0])
            end = more[1]
        if found is None and len(times) < 2:
            return None
        return [_piece(Window(at=tuple(dict.fromkeys(times))))], end

    def _span(self, place: int, joiners: tuple[str, ...] = RANGE) -> tuple[list[Item], int] | None:
        """2-4, 2 to 4pm, 10am - 12."""
        first = self._clock(place, bare=True)
        if first is None or not self._has(first[1], *joiners):
            return None
        second = self._clock(self._past(first[1] + 1, "at"), bare=True)
        if second is None or self._has(second[1], "month_name", "week", "day", "month", "word"):
            return None
        opens, closes = first[0], second[0]
        if opens >= closes and opens.hour >= 12 and not self._has(place, "clock"):
            opens = time(opens.hour - 12, opens.minute)
        if opens >= closes:
            return None
        return [_piece(Window(after=opens, before=closes))], second[1]

    def _clock(self, place: int, *, bare: bool) -> tuple[time, int] | None:
        """A time of day and where it ends. `bare`: a number alone is one."""
        if self._has(place, "clock"):
            at = self._tokens[place].kinds["clock"]
            assert isinstance(at, time)
            return at, self._past(place + 1, "oclock", "am", "pm")
        if self._has(place, "noon"):
            return time(12), place + 1
        minutes = next((past for kind, past in _MINUTES.items() if self._has(place, kind)), 0)
        number = place + 1 if minutes else place
        hour = self._hour(number)
        if hour is None:
            return None
        end = number + 1
        if self._has(end, "half_after"):
            minutes, end = 30, end + 1
        sure = minutes > 0 or self._has(end, "oclock")
        end = self._past(end, "oclock")
        early = self._has(end, "am") or (self._words.language != "en" and self._tokens_part(end) == "morning")
        late = self._has(end, "pm") or (self._words.language != "en" and self._tokens_part(end) in ("afternoon", "evening"))
        if early or late:
            end += 1
            hour = hour % 12 + (12 if late else 0) if hour <= 12 else hour
        elif not (bare or sure) or self._has(end, "week", "month", "fortnight") or hour == 7:
            return None
        elif hour < 7:
            hour += 12
        if self._has(place, "quarter_to"):
            hour -= 1
        return (time(hour, minutes), end) if 0 <= hour < 24 else None

    def _tokens_part(self, place: int) -> object:
        return self._tokens[place].kinds.get("part") if self._has(place, "part") else None

    def _dated(self, place: int) -> tuple[list[Item], int] | None:
        if self._has(place, "this") and self._has(place + 1, "part"):
            part = str(self._tokens[place + 1].kinds["part"])
            return [_piece(Window(parts=(part,), dates=(Period(self._today, self._today),)))], place + 2
        if self._has(place, "that") and (self._has(place + 1, "day", "week") or self._text(place + 1) == "date"):
            weekly = self._has(place + 1, "week")
            period = week_of(self._appointment) if weekly else Period(self._appointment, self._appointment)
            return [_piece(Window(dates=(period,)))], place + 2
        if self._has(place, "late_week"):
            week = week_of(self._appointment)
            later = Period(self._appointment + DAY, week.end)
            return ([_piece(Window(dates=(later,)))] if self._appointment != week.end else []), place + 1
        if self._has(place, "for"):
            length = self._length(place + 1)
            if length is not None:
                until = Window(dates=(Period(None, self._today + length[0] - DAY),))
                return [Item("piece", until, absence=True)], length[1]
        found = self._dates(place)
        return None if found is None else ([_piece(Window(dates=found[0]))], found[1])

    # ---- days, parts of the day and the rest -------------------------------------------------------------------------

    def _named(self, place: int) -> tuple[list[Item], int] | None:
        days = self._day_range(place)
        if days is not None:
            return days
        day = self._weekday(place)
        if day is not None and self._text(place - 1) == "last":
            return [Item("word")], place + 1
        if day is not None:
            contrary = self._numbers(self._after_weekday(place), None, the=False) if self._text(place + 1) != "," else None
            if contrary is not None and contrary[0][0].single is not None:
                return [Item("word")], contrary[1]  # "Friday 22nd", which is a Monday
            own = self._text(place + 1) in _OWN and day == self._appointment.weekday()
            return ([] if own else [_piece(Window(days=(day,)))]), place + 1
        token = self._tokens[place]
        if "weekend" in token.kinds:
            return [_piece(Window(days=(5, 6)))], place + 1
        if "weekday" in token.kinds:
            return [_piece(Window(days=(0, 1, 2, 3, 4)))], place + 1
        if token.text in ("am", "pm") and len(self._tokens) > 1 and not self._has(place - 1, *_BEFORE_AM):
            return None
        if "part" in token.kinds:
            return [_piece(Window(parts=(str(token.kinds["part"]),)))], place + 1
        if "said" in token.kinds:
            return [_piece(Window(said=(str(token.kinds["said"]),)))], place + 1
        if "any_day" in token.kinds:
            return [Item("any"), Item("flag", flag="any_day")], place + 1
        if "flag" in token.kinds:
            return [Item("any"), Item("flag", flag=str(token.kinds["flag"]))], place + 1
        return None

    def _day_range(self, place: int) -> tuple[list[Item], int] | None:
        """Mon-Wed, Monday to Friday. From Saturday to Monday goes over the end of the week."""
        first = self._weekday(place)
        if first is None or not self._has(place + 1, *RANGE):
            return None
        last = self._weekday(self._past(place + 2, "the"))
        if last is None:
            return None
        days = tuple(sorted((first + ahead) % 7 for ahead in range((last - first) % 7 + 1)))
        return [_piece(Window(days=days))], self._past(place + 2, "the") + 1


def _piece(window: Window) -> Item:
    return Item("piece", window)
