"""What commands print, and how they fail: in plain words, coloured only for a terminal."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from typing import IO, Any

from tqdm import tqdm


class Failure(Exception):
    """Ends a command. The message goes to standard error; `code` is what the process exits with: 2 for wrong use, 1 for
    a check that failed."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


_CODES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36",
}  # fmt: skip


class Paint:
    """Colours text where `stream` is a terminal and NO_COLOR (no-color.org) is not set. `width` is the terminal's, 0
    where there is none."""

    def __init__(self, stream: IO[str]) -> None:
        self.on = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

        self.width = shutil.get_terminal_size().columns if stream.isatty() else 0

    def __call__(self, text: str, *tones: str) -> str:
        codes = ";".join(_CODES[tone] for tone in tones if tone)
        return f"\x1b[{codes}m{text}\x1b[0m" if self.on and codes and text else text


def piped(run: Callable[[], int]) -> int:
    """Run a program to its last line; its exit code. Where whoever reads its standard output has had enough it ends without a
    word, with what a shell says of a program that a closed pipe ended."""
    try:
        try:
            return run()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at the end
        return 128 + signal.SIGPIPE


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 error`, `2 errors`, `1,234 entries`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def progress(total: int | None, what: str, unit: str) -> Any:
    """A bar on standard error while it is a terminal, otherwise nothing. To be used in a `with`; `update(n)`."""
    return tqdm(total=total, desc=what, unit=f" {unit}", unit_scale=True, disable=not sys.stderr.isatty(), leave=False)


def say_errors(lines: Iterable[str]) -> None:
    """On standard error, without tearing a progress bar that is being drawn there."""
    for line in lines:
        tqdm.write(line, file=sys.stderr)
