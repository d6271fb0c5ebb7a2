"""Readings that are kept: most of what patients text are the same few words, and what they mean was found out before.

A reading depends on the ruleset's version, the words and the patient's language, and on what the patient was told only where
the words name a day, an hour or the clinician. What names nothing, and is short enough to be said again, is read once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine import understanding
from engine.appointment import Appointment
from engine.normalise import normalise
from engine.reading import Reading
from engine.ruleset import Ruleset
from engine.told import Told, names_nothing

_LONGEST = 40  # letters
_KEPT = 20_000
_heard: dict[tuple[str, str, str], _Heard] = {}


class _Heard(NamedTuple):
    reading: Reading
    words: frozenset[str]


def read(
    ruleset: Ruleset, text: str, language: str = "", about: Appointment | None = None, at: datetime | None = None
) -> Reading:
    """The same as `understanding.read`. `about` is the appointment in whose light it is read, as the patient was told of it;
    `at` when the reply was sent."""
    said = (ruleset.version, language, text)
    heard = _heard.get(said)
    if heard is not None and (about is None or heard.words.isdisjoint(_names(about.clinician))):
        return heard.reading
    told = None if about is None else _told(ruleset, about, at)
    reading = understanding.read(ruleset, text, language, told)
    if heard is None and len(text) <= _LONGEST:
        _keep(said, (language, *ruleset.languages), reading, told)
    return reading


def forget() -> None:
    """Read everything anew from here on, as it is read the first time."""
    _heard.clear()


def _keep(said: tuple[str, str, str], languages: Iterable[str], reading: Reading, told: Told | None) -> None:
    normal = normalise(said[-1])
    words = frozenset(normal.words)
    if told is not None and not words.isdisjoint(_names(told.clinician)):
        return
    if not all(names_nothing(normal.text, language) for language in languages):
        return
    if len(_heard) >= _KEPT:
        _heard.clear()
    _heard[said] = _Heard(reading, words)


def _told(ruleset: Ruleset, about: Appointment, at: datetime | None) -> Told:
    zone = ZoneInfo(ruleset.hours.timezone)
    return Told(about.start.astimezone(zone), about.clinician, None if at is None else at.astimezone(zone).date())


@lru_cache(maxsize=4_096)
def _names(clinician: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]{3,}", clinician.casefold()))
