"""The demonstration's own time: it runs as real time does and can be set forward.

Reminders go out in sending hours only, so a demonstration on the machine's clock would lie still at night and on
Sundays. This clock begins on the next Tuesday that is no public holiday, at ten in the morning.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

from adapters.zone import ZONE
from engine.public_holidays import public_holidays

_TUESDAY = 1


class DemoClock:
    """Never goes back."""

    def __init__(self, begins: datetime) -> None:
        self.begins = begins.astimezone(UTC)
        self.ahead = timedelta(0)  # how far it has been set forward
        self._started = time.monotonic()

    def now(self) -> datetime:
        return self.begins + self.ahead + timedelta(seconds=time.monotonic() - self._started)

    def set_forward(self, to: datetime) -> None:
        """Go on from `to`, unless that is past already."""
        self.ahead += max(to - self.now(), timedelta(0))


def opening(today: date) -> datetime:
    """Ten o'clock on the first Tuesday after `today` that is no public holiday in Ireland."""
    day = today + timedelta(days=1)
    while day.weekday() != _TUESDAY or day in public_holidays("IE", day.year):
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, 10, tzinfo=ZONE).astimezone(UTC)
