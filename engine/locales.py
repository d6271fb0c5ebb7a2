"""Languages as CLDR has them, through Babel."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale, UnknownLocaleError, localedata

# Of what Babel reads of a language, all that dates, times and names of languages are made of.
_USED = frozenset((
    "date_formats", "datetime_formats", "day_period_rules", "day_periods", "days", "eras", "languages", "locale_id", "months",
    "quarters", "time_formats", "week_data",
))  # fmt: skip
_ROOT = "root"  # what every language inherits from


@lru_cache(maxsize=256)
def locale(tag: str, sep: str = "_") -> Locale:
    """What CLDR knows of a language. `sep` parts the subtags of `tag`. Raises ValueError where it is no tag of a language, and
    babel.UnknownLocaleError for a language that CLDR has not.

    Babel reads a megabyte of each language and keeps it for as long as the process lives: units, currencies, time zones.
    What nobody here asks for is let go of.
    """
    found = Locale.parse(tag, sep=sep)
    for name in (_ROOT, found.language, str(found)):
        data = localedata.load(name)
        for section in data.keys() - _USED:
            data.pop(section, None)
    return found


@lru_cache(maxsize=256)
def known(tag: str, sep: str = "_") -> Locale | None:
    """The same, None for whatever is no language that CLDR has."""
    try:
        return locale(tag, sep)
    except (ValueError, UnknownLocaleError):
        return None
