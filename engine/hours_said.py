"""The hours and parts of the day that a reply in English names, each held against when the visit begins: "at 11", "half two",
"yes 11", "yes afternoon". A bare number counts anything ("3 of us"), so it is an hour only where little else is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

_HOURS = {
    word: hour
    for hour, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_HOUR = rf"(?:\d{{1,2}}|{'|'.join(_HOURS)})"
_AM_PM = re.compile(rf"(?<![\d:.])({_HOUR})(?:[:.h](\d\d))? ?([ap])\.?m\b")
_CLOCK = re.compile(r"(?<![\d:./-])(\d{1,2})[:.h](\d\d)(?!\d|[:./-]\d| ?[ap]\.?m)")
_AT = re.compile(rf"\bat ({_HOUR})(?: ?o'? ?clock)?(?!\w|[:./-]\d| ?(?:[ap]\.?m|percent|minutes|mins|and a|to\b|past))")
_SHARP = re.compile(rf"(?<![\d:./-])({_HOUR}) ?o'? ?clock\b")
# A bare hour, day or part of the day behind a yes, with nothing else: "yes 11", "ok for 2 so", "yes afternoon".
_AGREED = re.compile(
    r"^(?:(?:yes|yeah|yep|yea|yup|ok|okay|grand|perfect|fine|great|confirmed|see (?:you|ye|u|ya)|(?:i'?ll |will )?be there)"
    r"[,. ]+)+"
    r"(?:(?:for|on|in|at|by|around|about|the|that|is|it|it's|its) )*"
    rf"(?:({_HOUR})(?: ?ish)?(?:[ .:]([0-5]\d))?|(?:12 )?(morning|afternoon|evening|noon|midday|lunch ?time))"
    r"(?=[,.!]? ?$|,? (?:then|so|works|suits|is fine|is grand|it is|will do|please|thanks|thank you|x+)(?!\w))"
)
_ISH = re.compile(rf"^({_HOUR}) ?ish\b")
_BESIDE = re.compile(
    rf"\b(quarter|five|ten|twenty|5|10|20|25) (past|after|to|till?) ({_HOUR})"
    r"(?![\w:]| ?(?:minutes|mins|hours|days|weeks|years))"
)
# "I'll be in for 11", "see you after 11"; who comes by or before the hour comes in time.
_ARRIVING = re.compile(
    rf"\b(?:there|in|up|over|down|here|ready|you|ye) (?:for|around|about|after) ({_HOUR})"
    r"(?= ?o'? ?clock|[,.!]? ?$|,? (?:then|so|please|thanks|thank you|sharp|x+)(?!\w))"
)
_PARTS_OF_DAY = {"morning": range(12), "afternoon": range(12, 18), "evening": range(16, 24)}  # hours
_PARTS_OF_DAY |= {"noon": range(12, 13), "midday": range(12, 13), "lunchtime": range(12, 14), "lunch time": range(12, 14)}
_MINUTES = {"quarter": 15, "five": 5, "ten": 10, "twenty": 20}
_HALF = re.compile(rf"\bhalf (?:past )?({_HOUR})\b(?!\d)")


def hours(at: datetime, text: str) -> Iterator[tuple[str, bool]]:
    """What a cleaned reply says of the hour, each with whether the visit begins then."""
    for found in _AM_PM.finditer(text):
        hour, minute = _hour(found.group(1)) % 12 + (12 if found.group(3) == "p" else 0), int(found.group(2) or 0)
        yield found.group(), (hour, minute) == (at.hour, at.minute)
    for found in _CLOCK.finditer(text):
        hour, minute = int(found.group(1)), int(found.group(2))
        if hour < 24 and minute < 60:
            # 10.06 may be a day and a month
            dated = (hour, minute) == (at.day, at.month)
            yield found.group(), dated or (hour % 12, minute) == (at.hour % 12, at.minute)
    for found in _AT.finditer(text):
        if _hour(found.group(1)) <= 24:
            yield found.group(), _hour(found.group(1)) % 12 == at.hour % 12
    for found in _SHARP.finditer(text):
        yield found.group(), _hour(found.group(1)) % 12 == at.hour % 12
    for found in _HALF.finditer(text):
        yield found.group(), (_hour(found.group(1)) % 12, 30) == (at.hour % 12, at.minute)


def agreed_to(at: datetime, text: str) -> Iterator[tuple[str, bool]]:
    """The same of what a yes says in passing, which may be another's hour but shows nothing of what the text is about."""
    for found in _AGREED.finditer(text):
        said, minutes, part = found.groups()
        if part:
            yield found.group(), at.hour in _PARTS_OF_DAY[part]
        else:
            agrees = _hour(said) in (at.hour, at.hour % 12 or 12) and int(minutes or 0) == (at.minute if minutes else 0)
            yield found.group(), agrees or (_hour(said) == at.day and not minutes)
    for pattern in (_ISH, _ARRIVING):
        for found in pattern.finditer(text):
            yield found.group(), _hour(found.group(1)) in (at.hour, at.hour % 12 or 12, at.day)
    for found in _BESIDE.finditer(text):
        past = found.group(2) in ("past", "after")
        minutes_past = _MINUTES.get(found.group(1)) or int(found.group(1))
        minute = minutes_past if past else 60 - minutes_past
        yield found.group(), ((_hour(found.group(3)) - (not past)) % 12, minute) == (at.hour % 12, at.minute)

def _hour(word: str) -> int:
    return _HOURS[word] if word in _HOURS else int(word)
