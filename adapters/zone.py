"""The hospital's time zone: of the days and times on pages and in reports, and of times that come without an offset where
`freagra.toml` names no other."""

from __future__ import annotations

from zoneinfo import ZoneInfo

TIMEZONE = "Europe/Dublin"
ZONE = ZoneInfo(TIMEZONE)
