"""Appointments from a CSV file, line by line, each line a record or all that is wrong with it.

The first line names the columns; `fields.py` lists the names, which may be written in any case and with spaces,
dashes or underscores. Instead of `start`, a file may hold the two columns `date` and `time`. A column whose name
begins with "x-" is passed over; any other that we do not know refuses the file, since what it says could matter.

Comma, semicolon or tab between cells, as the header has it; each line UTF-8 or else Windows-1252. A cell
cannot hold a line break, so that one broken quote spoils one line and not the rest of the file.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO

from adapters.ipms.fields import FIELDS
from adapters.ipms.records import check_appointment
from adapters.zone import TIMEZONE
from conversations.ports import AppointmentRecord, Problem

LONGEST_LINE = 64 * 1024  # bytes
_DATE = ("date", "appointment_date")
_TIME = ("time", "appointment_time")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file, counted from 1. `record` is None exactly where there are problems; `where` in a problem
    is the column as the file names it."""

    line: int
    record: AppointmentRecord | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def read_csv(source: Path | str | BinaryIO, timezone: str = TIMEZONE) -> Iterator[Row]:
    """Rows in order, none for empty lines. A header that cannot be used gives one row with its problems and ends
    there. An appointment that stands twice is taken the first time. `source` is a path or a binary file;
    reads as it goes. Raises OSError where the file cannot be opened."""
    if isinstance(source, Path | str):
        with open(source, "rb") as file:
            yield from _read(_lines(file), timezone)
    else:
        yield from _read(_lines(source), timezone)


def _read(lines: Iterator[tuple[int, str | Problem]], timezone: str) -> Iterator[Row]:
    header: _Header | None = None
    seen: dict[str, int] = {}
    delimiter = ""
    for line, written in lines:
        if isinstance(written, Problem):
            yield Row(line, None, (written,))
            if header is None:
                return
        elif header is None and not delimiter and (told := re.fullmatch(r"sep=(.)", written.strip(), re.IGNORECASE)):
            delimiter = told[1]  # how Excel names the delimiter
        elif not written.strip():
            continue
        elif header is None:
            delimiter = delimiter or max(",;\t", key=written.count)
            header, problems = _header(written, delimiter)
            if header is None:
                yield Row(line, None, tuple(problems))
                return
        else:
            row = header.row(line, written, timezone)
            if row.record is not None and (first := seen.setdefault(row.record.id, line)) != line:
                twice = Problem(header.columns["id"], f"is on line {first} already; only that line is taken")
                row = replace(row, record=None, problems=(twice,))
            yield row
    if header is None:
        yield Row(1, None, (Problem("", "the file is empty; the first line must name the columns"),))


# ---- lines -----------------------------------------------------------------------------------------------------------


def _lines(file: BinaryIO) -> Iterator[tuple[int, str | Problem]]:
    """Numbered lines without their ends, or what is wrong with one."""
    first = file.readline(LONGEST_LINE + 1)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield 1, Problem("", "the file is in UTF-16; save it as UTF-8 (in Excel: CSV UTF-8)")
        return
    number, line = 1, first.removeprefix(codecs.BOM_UTF8)
    while line:
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
            yield number, Problem("", f"is longer than {LONGEST_LINE} bytes")
        else:
            yield number, _decode(line.rstrip(b"\r\n"))
        number, line = number + 1, file.readline(LONGEST_LINE + 1)


def _decode(line: bytes) -> str | Problem:
    # Line by line: what Windows-1252 writes beyond ASCII is never, by any likelihood, UTF-8 as well, and one bad byte
    # does not garble every name in the file.
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return Problem("", "holds bytes that are neither UTF-8 nor Windows-1252")


def _cells(line: str, delimiter: str) -> list[str]:
    """Raises csv.Error for quotes that do not pair."""
    if '"' not in line:
        return line.split(delimiter)
    for cells in csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True):
        return cells
    return []


# ---- the header ------------------------------------------------------------------------------------------------------


def _bare(name: str) -> str:
    return re.sub(r"[\s_\-./]+", "_", name.strip().casefold()).strip("_?*")


_PATHS: Mapping[str, str] = {
    **{name: field.path for field in FIELDS for name in field.columns},
    **dict.fromkeys(_DATE, "date"),
    **dict.fromkeys(_TIME, "time"),
}


@dataclass(frozen=True, slots=True)
class _Header:
    """`paths` has a field path, or "" for a column that is passed over, for each cell of a line; `columns` the name
    in the file for each path."""

    delimiter: str
    paths: tuple[str, ...]
    columns: Mapping[str, str]

    def row(self, line: int, written: str, timezone: str) -> Row:
        try:
            cells = _cells(written, self.delimiter)
        except csv.Error:
            return Row(line, None, (Problem("", "has a quote that is not closed on the same line, or text after one"),))
        if len(cells) != len(self.paths):
            return Row(line, None, (Problem("", f"the header has {len(self.paths)} cells and this line {len(cells)}"),))
        checked = check_appointment(self._submission(cells), timezone)
        return Row(line, checked.record, self._named(checked.problems), self._named(checked.warnings))

    def _submission(self, cells: list[str]) -> dict[str, Any]:
        patient: dict[str, str] = {}
        submission: dict[str, Any] = {"patient": patient}
        for path, cell in zip(self.paths, cells, strict=True):
            if path.startswith("patient."):
                patient[path[8:]] = cell
            elif path:
                submission[path] = cell
        if "date" in submission:
            day, clock = submission.pop("date").strip(), submission.pop("time").strip()
            # An hour of one digit is common here and cannot be mistaken.
            clock = clock.zfill(5) if re.fullmatch(r"\d:\d\d", clock) else clock
            submission["start"] = f"{day} {clock}".strip()
        return submission

    def _named(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        return tuple(replace(problem, where=self.columns.get(problem.where, problem.where)) for problem in problems)


def _header(written: str, delimiter: str) -> tuple[_Header | None, list[Problem]]:
    try:
        names = _cells(written, delimiter)
    except csv.Error:
        return None, [Problem("", "the header has a quote that is not closed on the same line, or text after one")]
    problems: list[Problem] = []
    paths: list[str] = []
    columns: dict[str, str] = {}
    for place, written_name in enumerate(names, 1):
        name = _shown(written_name)
        if re.match(r"\s*x-", written_name, re.IGNORECASE):
            paths.append("")
            continue
        path = _PATHS.get(_bare(written_name), "")
        paths.append(path)
        if not path:
            problems.append(_unknown(name, place, written_name))
        elif path in columns:
            problems.append(Problem(name, f"says the same as the column {columns[path]}; keep one of them"))
        else:
            columns[path] = name
    problems += _missing(columns)
    if {"date", "time"} <= columns.keys():
        columns["start"] = f"{columns['date']} and {columns['time']}"
    return (None, problems) if problems else (_Header(delimiter, tuple(paths), columns), [])


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name.strip()[:60])


def _unknown(name: str, place: int, written: str) -> Problem:
    if not name:
        return Problem(f"column {place}", "has no name")
    near = get_close_matches(_bare(written)[:60], _PATHS, 1)
    hint = f"did you mean {near[0]}? If not, " if near else ""
    return Problem(name, f"is not a column we know; {hint}remove it, or begin its name with x- to have it passed over")


def _missing(columns: Mapping[str, str]) -> list[Problem]:
    problems = []
    apart = {"date", "time"} & columns.keys()
    if "start" in columns and apart:
        problems.append(Problem(columns["start"], "is there besides date or time; keep one way of writing it"))
    for field in FIELDS:
        if not field.required or field.path in columns or (field.path == "start" and len(apart) == 2):
            continue
        instead = " (or date and time)" if field.path == "start" else ""
        problems.append(Problem(field.columns[0], f"is a column that the file must have{instead}"))
    return problems
