"""When a patient would come, read from their words: "not Fridays", "any morning after 10", "week of the 9th", "17/12".

Three steps: what is said of days and times, in order (`time_phrases.items`); for each piece whether it is wanted or not,
from the words around it; then pieces that belong together become one window. A piece of which it cannot be told is left
out: staff have the words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from engine.normalise import normalise
from engine.preferences import PARTS, Period, Preferences, Window, without_unwanted
from engine.time_phrases import Item, items
from engine.time_words import spoken

_DAY = timedelta(days=1)


def read_preferences(text: str, language: str, today: date, start: datetime) -> Preferences:
    """What a reply says of when its sender would come. `today` is the day of the reply and `start` the appointment, both
    where the clinic is; `language` the patient's. Any string will do; nothing found is a falsy value with the words."""
    cleaned = normalise(text).text
    said = items(cleaned, spoken(cleaned, language), today, start)
    polarity = _Polarity()
    pieces = polarity.judge(said)
    wanted = _composed([piece for piece in pieces if piece.wanted and not piece.absence])
    unwanted = _composed([piece for piece in pieces if not piece.wanted])
    limits = [complement for window in unwanted if (complement := _complement(window)) is not None]
    unwanted = [window for window in unwanted if _complement(window) is None and not window.only("at")]
    wanted = _limited([_future(window, today) for window in wanted], [_future(limit, today) for limit in limits])
    wanted = [window for window in wanted if window != Window() and not _is_the_appointment(window, start)]
    found = Preferences(
        tuple(map(_tidy, wanted)),
        tuple(_tidy(window) for window in (_future(window, today) for window in unwanted) if window != Window()),
        tuple(flag for flag in dict.fromkeys(polarity.flags) if not _narrowed(flag, wanted)),
        (text,),
    )
    return without_unwanted(found)


# ---- wanted or not ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Piece:
    """`joined` is the word before it: "or", "and", "comma", "break" or "". Pieces of one `run` follow one word for or
    against them."""

    window: Window
    under_not: Window | None
    wanted: bool
    joined: str
    run: int
    inclusive: bool = False  # away until the 2nd: the 2nd too
    absence: bool = False  # worthless where it is wanted

    @property
    def dimension(self) -> str:
        return _dimension(self.window)

    def settled(self) -> Window:
        return self.under_not if not self.wanted and not self.inclusive and self.under_not is not None else self.window


class _Polarity:
    """Reads the items from left to right. What it holds is about the clause so far."""

    def __init__(self) -> None:
        self.pieces: list[_Piece] = []
        self._wanted = True
        self._away = False  # unwanted because the patient is elsewhere then
        self._said = False  # a word for or against precedes
        self._run: list[_Piece] = []
        self._before: list[_Piece] = []  # of the same clause, before the latest word against
        self._joined = ""
        self._number = 0
        self._denied = False  # "I can't come": what is excepted from that is wanted
        self._mute = False  # "not Mondays except mornings": of which days the mornings are, nobody can tell
        self.flags: list[str] = []

    def judge(self, said: list[Item]) -> list[_Piece]:
        following = ["break"]  # the kind of what follows each item, unknown words aside; from the last to the first
        for item in reversed(said):
            following.append(item.kind if item.kind != "word" else following[-1])
        for item, kind in zip(said, reversed(following[:-1]), strict=True):
            self._take(item, kind)
        self._close()
        return self.pieces

    def _take(self, item: Item, following: str) -> None:
        match item.kind:
            case "piece":
                if not self._mute:
                    self._piece(item)
            case "flag":
                if self._wanted:
                    self.flags.append(item.flag)
            case "not":
                self._not(following)
            case "decline" | "unsuited":
                self._unsuited(following)
            case "except":
                self._except()
            case "busy":
                self._busy(following)
            case "can":
                self._close()
                self._begin(True)
            case "wish" | "any":
                self._wish()
            case "suits" if self._joined == "comma" and following == "piece":  # "not Mondays, better Tuesdays"
                self._close()
                self._begin(True)
            case "suits" | "instead":
                self._post(drop=item.kind == "instead")
            case "or" | "and":
                self._joined = item.kind
            case "comma":
                self._comma()
            case "break" | "but":
                self._close()
                self._begin(True, said=False)
                self._denied = self._mute = False
                self._joined = "break"

    def _begin(self, wanted: bool, *, said: bool = True, away: bool = False) -> None:
        self._number += 1
        self._wanted, self._away, self._said = wanted, away, said
        self._denied = not wanted or (self._denied and not said)
        self._run = []

    def _piece(self, item: Item) -> None:
        last = self._run[-1] if self._run else None
        if last is not None and not self._wanted and last.dimension != _dimension(item.window):
            if self._joined == "comma":
                self._begin(True, said=False)  # "not Fridays, after 2"
            elif self._joined == "and":
                self._joined = ""
                return  # "not Fridays and after 2" may mean either
        piece = _Piece(item.window, item.under_not, self._wanted, self._joined, self._number, self._away, item.absence)
        self.pieces.append(piece)
        self._run.append(piece)
        self._joined = ""

    # ---- words for and against ---------------------------------------------------------------------------------------

    def _not(self, following: str) -> None:
        if following in ("comma", "break", "but") and not self._run:
            return  # "No, Friday"
        self._before = self._run if self._wanted else []
        self._begin(False)

    def _unsuited(self, following: str) -> None:
        if self._run and self._wanted:
            self._flip(self._run)
            self._begin(True, said=False)
        elif not self._run and following == "piece":
            self._begin(False)
        elif not self._wanted and self._run:
            self._begin(True, said=False)
        elif not self._run:
            self._denied = True

    def _except(self) -> None:
        self._mute = bool(not self._wanted and self._run)
        self._begin(self._denied)

    def _busy(self, following: str) -> None:
        if self._run and self._wanted and not self._said and following != "piece":
            self._flip(self._run, away=True)
            self._begin(True, said=False)
        elif self._wanted or self._run:
            self._begin(False, away=True)

    def _wish(self) -> None:
        if not self._wanted and self._run and self._joined not in ("or", "and"):
            self._close()
            self._begin(True)

    def _post(self, *, drop: bool) -> None:
        """A word for what went before: "cant do thursday, friday is ok" wants the Friday."""
        if self._wanted or not self._run or self._joined == "comma":
            return
        last = self._run[-1]
        apart = [place for place, piece in enumerate(self._run) if place and piece.joined in ("", "comma")]
        if apart and self._run[apart[-1] - 1].dimension == self._run[apart[-1]].dimension:
            self._number += 1
            for piece in self._run[apart[-1] :]:
                piece.wanted, piece.run, piece.inclusive = True, self._number, False
            self._begin(True, said=False)
        elif drop:
            self.pieces.remove(last)
            self._run.remove(last)

    # ---- what joins and parts ----------------------------------------------------------------------------------------

    def _comma(self) -> None:
        self._close()
        if not self._wanted and not self._run:
            self._begin(True, said=False)
        if not self._joined:
            self._joined = "comma"

    def _close(self) -> None:
        """The clause ends. "Friday I can't": a word against that nothing follows is about what went before."""
        if not self._wanted and not self._run and self._before:
            self._flip(self._before)
            self._begin(True, said=False)
        self._before = []

    def _flip(self, pieces: list[_Piece], *, away: bool = False) -> None:
        for piece in pieces:
            piece.wanted, piece.inclusive = False, away


# ---- pieces that belong together -------------------------------------------------------------------------------------


def _dimension(window: Window) -> str:
    return next((name for name in ("days", "dates", "parts", "said") if getattr(window, name)), "times")


def _filled(window: Window) -> set[str]:
    timed = window.after is not None or window.before is not None or bool(window.at)
    return {name for name in ("days", "dates", "parts", "said") if getattr(window, name)} | ({"times"} if timed else set())


def _composed(pieces: list[_Piece]) -> list[Window]:
    windows: list[Window] = []
    latest: set[str] = set()  # what the last piece said something of
    run = -1
    for piece in pieces:
        found = piece.settled()
        fills = _filled(found)
        apart = not windows or (not piece.wanted and piece.run != run)
        joined = None if apart else _joined(windows[-1], found, piece.joined, latest)
        if joined is None:
            windows.append(found if apart else _carried(windows[-1], found, piece.joined))
        else:
            windows[-1] = joined
        latest, run = fills, piece.run
    return list(dict.fromkeys(windows))


def _joined(window: Window, found: Window, joiner: str, latest: set[str]) -> Window | None:
    """Both as one window, None where they are two: "Monday morning or Tuesday", "Mondays or after 3"."""
    shared = _filled(window) & _filled(found)
    if (shared and not shared <= latest) or (not shared and joiner == "or"):
        return None
    times = _times(window, found)
    if times is None:
        return None
    after, before, at = times
    merged = Window(
        tuple(sorted({*window.days, *found.days})),
        tuple(part for part in PARTS if part in window.parts or part in found.parts),
        after,
        before,
        at,
        _dates(window.dates, found.dates, joiner),
        tuple(dict.fromkeys((*window.said, *found.said))),
    )
    opens, closes = merged.hours()
    return None if opens is not None and closes is not None and opens >= closes else merged


def _carried(window: Window, found: Window, joiner: str) -> Window:
    """A new window goes on speaking of the same dates, and "Monday morning or after 3" of the same days."""
    if joiner == "break" or found.dates:
        return found
    within = {"parts", "times"}
    days = window.days if _filled(found) <= within and _filled(window) & within else ()
    return replace(found, dates=window.dates, days=found.days or days) if not found.said else found


def _times(one: Window, other: Window) -> tuple[time | None, time | None, tuple[time, ...]] | None:
    if (one.after and other.after) or (one.before and other.before):
        return None
    after, before, at = one.after or other.after, one.before or other.before, (*one.at, *other.at)
    if (at and (after or before)) or (after and before and after >= before):
        return None
    return after, before, tuple(dict.fromkeys(at))


def _dates(one: tuple[Period, ...], other: tuple[Period, ...], joiner: str) -> tuple[Period, ...]:
    """In July, after the 15th is from the 16th to the end of it; the 5th or after the 20th is both."""
    if len(one) == len(other) == 1 and joiner != "or" and (one[0].open or other[0].open):
        starts = [each.start for each in (*one, *other) if each.start]
        ends = [each.end for each in (*one, *other) if each.end]
        if starts and ends and max(starts) <= min(ends):
            return (Period(max(starts), min(ends)),)
    return tuple(dict.fromkeys((*one, *other)))


# ---- limits ----------------------------------------------------------------------------------------------------------


def _complement(window: Window) -> Window | None:
    """What is left where all on one side is unwanted: "not before 10" is from 10 on. None where it is not such."""
    if window.only("after") and window.after is not None:
        return Window(before=window.after)
    if window.only("before") and window.before is not None:
        return Window(after=window.before)
    if window.only("dates") and len(window.dates) == 1:
        start, end = window.dates[0].start, window.dates[0].end
        if start is None and end is not None:
            return Window(dates=(Period(end + _DAY, None),))
        if end is None and start is not None:
            return Window(dates=(Period(None, start - _DAY),))
    return None


def _limited(windows: list[Window], limits: list[Window]) -> list[Window]:
    """Every window within all the limits; the limits alone where there is none."""
    for limit in filter(Window().__ne__, limits):
        within = [_within(window, limit) for window in windows]
        windows = [window for window in within if window is not None] or (windows if windows else [limit])
    return windows


def _within(window: Window, limit: Window) -> Window | None:
    if limit.dates and window.dates and not any(period.open for period in window.dates):
        return window  # it names its own days
    joined = _joined(window, limit, "", _filled(limit))
    return joined if joined is not None else window


def _future(window: Window, today: date) -> Window:
    """The window without the days that are over; an empty one where nothing is left of its dates."""
    periods = []
    for period in window.dates:
        if period.end is not None and period.end < max(today, period.start or today):
            continue
        past = period.start is not None and period.start < today
        periods.append(Period(today if period.end is not None else None, period.end) if past else period)
    kept = tuple(period for period in periods if period != Period())
    return Window() if window.dates and not kept else replace(window, dates=kept)


def _is_the_appointment(window: Window, start: datetime) -> bool:
    """Whoever names the appointment as it stands asks for no other: it is the one to be moved, or our text quoted."""
    if [period.single for period in window.dates] != [start.date()]:
        return False
    same_day = not window.days or window.days == (start.weekday(),)
    return same_day and (window.at == (start.time().replace(second=0, microsecond=0),) or window.only("dates", "days"))


def _narrowed(flag: str, wanted: list[Window]) -> bool:
    """Whether "any time after 2" or "any day in July" is said, which is not just any."""
    if flag == "any_time":
        return any("times" in _filled(window) or window.parts for window in wanted)
    return flag == "any_day" and any(window.days or window.dates for window in wanted)


def _tidy(window: Window) -> Window:
    """Without bounds that the part of the day has of itself."""
    own = Window(parts=window.parts).hours()
    opens, closes = window.hours()
    return replace(window, after=None if opens == own[0] else opens, before=None if closes == own[1] else closes)
