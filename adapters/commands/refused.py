"""The lines of a CSV file that an import refused, as a file that can be mended and imported again: in front of each
line stand two columns, `x-line` and `x-problems`, which an import passes over."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from adapters.ipms.csv import LONGEST_LINE

_TOLD = re.compile(r"sep=(.)", re.IGNORECASE)


def write_refused(source: Path, target: Path, refused: Mapping[int, str]) -> None:
    """`refused` says for each line number what is wrong with it. The target, which is replaced, holds personal data and
    is for its owner alone to read. Raises OSError."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8", newline="") as report:
        os.fchmod(descriptor, 0o600)  # it may have been there before, open to all
        report.writelines(_lines(source, refused))


def _lines(source: Path, refused: Mapping[int, str]) -> Iterator[str]:
    delimiter, told, headed = "", False, False
    for number, line in _numbered(source):
        if not headed and not told and (found := _TOLD.fullmatch(line.strip())):
            delimiter, told = found[1], True
            yield f"{line}\n"
        elif not headed and line.strip():
            delimiter = delimiter or max(",;\t", key=line.count)
            headed = True
            yield f"x-line{delimiter}x-problems{delimiter}{line}\n"
        elif number in refused:
            yield f"{_cells(delimiter, str(number), refused[number])}{delimiter}{line}\n"


def _numbered(source: Path) -> Iterator[tuple[int, str]]:
    """Lines as `read_csv` counts them; one that is too long to be read is left empty."""
    with open(source, "rb") as file:
        number = 0
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            whole = raw.endswith(b"\n") or len(raw) <= LONGEST_LINE
            while not raw.endswith(b"\n") and (more := file.readline(LONGEST_LINE)):
                raw = more
            text = _decoded(raw.rstrip(b"\r\n")) if whole else ""
            yield number, text.removeprefix("\ufeff") if number == 1 else text


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _cells(delimiter: str, *cells: str) -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="").writerow(cells)
    return written.getvalue()
