"""Telling systemd how we are (sd_notify(3)): that we are ready, that we are stopping, and that we still come round.

A unit with Type=notify counts as started once we take requests, so that a rolling restart can wait for one process before it
stops the next. With WatchdogSec= we are restarted where our event loop stands still. Where systemd did not start us, nothing
is told to anyone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket

_log = logging.getLogger("freagra.adapters")


def tell(state: str) -> None:
    """Such as "READY=1"."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaker:
            speaker.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            speaker.send(state.encode())
    except OSError as fault:
        _log.warning("systemd could not be told %s: %s", state, fault.strerror)


async def keep_telling() -> None:
    """Runs on the event loop that must not stand still, until it is cancelled; returns at once where nobody watches."""
    watched = os.environ.get("WATCHDOG_USEC", "")
    if not watched.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while True:
        tell("WATCHDOG=1")
        await asyncio.sleep(int(watched) / 1e6 / 3)
