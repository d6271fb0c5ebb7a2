"""Public holidays of a country, as the `holidays` library has them."""

from __future__ import annotations

import sys
from datetime import date
from functools import lru_cache
from importlib.util import find_spec, module_from_spec

import holidays

# Asked for one country, the library imports its package of all two hundred and fifty: eight megabytes and a tenth of a second
# in every process. A package that has not been run finds the one that is asked for just as well.
_COUNTRIES = "holidays.countries"
if _COUNTRIES not in sys.modules and (_spec := find_spec(_COUNTRIES)) is not None:
    sys.modules[_COUNTRIES] = module_from_spec(_spec)


@lru_cache(maxsize=256)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """A country's public holidays of a year. `country` is its ISO 3166 code. Raises NotImplementedError for one that the
    library has not."""
    return frozenset(holidays.country_holidays(country, years=year))
