"""What processes hold in memory together: pages that they share are counted once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

_EVERY = 0.5  # seconds; a look takes some milliseconds


class Weight:
    """Watches this process and the one beside it. `most` is told in MB: the most that both held at one look, and of it what the
    process beside held. A page that several processes map counts by their number (PSS of Linux's smaps_rollup)."""

    def __init__(self, beside: Callable[[], int | None]) -> None:
        self._beside = beside
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.most = (0.0, 0.0)

    def __enter__(self) -> Weight:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            process = self._beside()
            beside = proportional(process) if process is not None else 0.0
            self.most = max(self.most, (proportional(os.getpid()) + beside, beside))


def proportional(process: int) -> float:
    """Its proportional set size in MB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
