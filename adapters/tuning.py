"""How a process that runs for months is set up once it has loaded what it needs."""

from __future__ import annotations

import ctypes
import gc
import sys

# Seconds for which a thread may keep the interpreter while another waits for it. The event loop, the worker and the writer
# share it; with Python's own 5 ms the writer would wait longer for its turn than for the disk.
_TURN = 0.0005

# mallopt(3) of the GNU C library, and from what size on it gives memory back.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGE = 128 << 10

# After how many new values the garbage collector looks for circles among them, and how often among those that stayed.
_SELDOM = (250_000, 20, 50)


def begin() -> None:
    """Before anything large is loaded. The lexicons are a million values that all stay: to look for circles among them while
    they come takes a sixth of the time until the service is ready."""
    gc.set_threshold(*_SELDOM)


def settle() -> None:
    """What is loaded by now stays, so the garbage collector need not look through it again; and it looks less often: a full
    batch holds some hundred thousand values until it is committed, which reference counting frees by itself, and to look
    through them in the middle of it took 20 ms."""
    sys.setswitchinterval(_TURN)
    _give_back()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SELDOM)


def _give_back() -> None:
    """The parts of a batch are some megabytes each, from one thread to another. The library would keep the room of the largest
    for good, in each thread's own store; fixed limits have it given back at once."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # other C libraries have none
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_TRIM_THRESHOLD, _LARGE)
