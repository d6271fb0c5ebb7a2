"""Waiting for what other processes and threads bring about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

PATIENCE = 60.0  # seconds for what takes one or two; not a measurement


def eventually(what: Callable[[], Any]) -> Any:
    """The first true answer. A server that cannot be reached has not answered yet."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if found := what():
                return found
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise AssertionError("it did not come to that")
