"""The Retry-After header of an answer (RFC 9110, section 10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST = 3600.0  # seconds; whoever asks for more is asked again after these


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds from `now`, at most `MOST`, from either form: seconds or a date. None where it is neither."""
    value = value.strip()
    if re.fullmatch("[0-9]{1,9}", value):
        return min(float(value), MOST)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), MOST)
