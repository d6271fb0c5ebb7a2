"""The names of the days of the week and of the months as CLDR has them, through Babel."""

from __future__ import annotations

from engine.locales import known

_CONTEXTS = ("format", "stand-alone")  # as in a date, and alone: "15 czerwca", "czerwiec"


def names_of_days(language: str, *widths: str) -> dict[str, int]:
    """Name, in lower case and without a full stop -> day, Monday 0. Widths are CLDR's: wide, abbreviated. Empty for a
    language that CLDR has not."""
    locale = known(language)
    found: dict[str, int] = {}
    if locale is None:
        return found
    for context in _CONTEXTS:
        for width in widths:
            for day, name in locale.days[context][width].items():
                found.setdefault(_plain(name), day)
    return found


def names_of_months(language: str, *widths: str) -> dict[str, int]:
    """The same of months, January 1."""
    locale = known(language)
    found: dict[str, int] = {}
    if locale is None:
        return found
    for context in _CONTEXTS:
        for width in widths:
            for month, name in locale.months[context][width].items():
                found.setdefault(_plain(name), month)
    return found


def _plain(name: str) -> str:
    return name.casefold().rstrip(".")
