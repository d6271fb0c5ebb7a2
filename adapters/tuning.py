"""How a process that runs for months is set up once it has loaded what it needs."""

from __future__ import annotations

import gc
import sys

# Seconds for which a thread may keep the interpreter while another waits for it. The event loop, the worker and the writer
# share it; with Python's own 5 ms the writer would wait longer for its turn than for the disk.
_TURN = 0.0005


def settle() -> None:
    """What is loaded by now stays, so the garbage collector need not look through it again; and it looks less often: a full
    batch holds some hundred thousand values until it is committed, which reference counting frees by itself, and to look
    through them in the middle of it took 20 ms."""
    sys.setswitchinterval(_TURN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(250_000, 20, 50)
