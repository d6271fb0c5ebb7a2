"""`freagra teach`: a reply was misread; put into the ruleset what it means, after a look at what else that changes."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from adapters.commands.check import painted, read_text
from adapters.commands.output import Failure, Paint, counted
from adapters.commands.rulefile import rewrite
from conversations.rulesets import beside
from engine.reading import Reading
from engine.teach import Known, Lesson, RefusedError
from engine.teach import teach as taught

_SHOWN = 30  # changes; more than that is a bad lesson whatever they are


def teach(
    path: Path, said: str, intent: str, language: str = "", *, against: Path | None, yes: bool, dry_run: bool
) -> int:
    """Show what the lesson changes, and write it unless `dry_run`: at once with `yes`, else when asked and answered.
    Raises Failure (1 where the lesson is refused; the file is as it was)."""
    if not path.is_file():
        raise Failure(f"{path}: there is no such file; a ruleset that comes with Freagra is copied first", 2)
    source = read_text(str(path))
    paint = Paint(sys.stdout)
    try:
        past = replies(against) if against is not None else ()
        lesson = taught(source, said, intent, language, str(path), past, beside(path, source))
    except RefusedError as refused:
        for problem in refused.problems:
            print(painted(problem, Paint(sys.stderr)), end="\n\n", file=sys.stderr)
        raise Failure(f"{refused}\n{path} is as it was") from refused
    for line in _told(lesson, source, paint):
        print(line)
    if dry_run:
        print("nothing is written (--dry-run)")
    elif yes or _agreed():
        rewrite(path, lesson.text)
        print(f"{path}: written")
    else:
        raise Failure(f"{path} is as it was")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Failure("say --yes to write this, or --dry-run to look only", 2)
    print("write this? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def replies(path: Path) -> Iterator[Known]:
    """The replies of a file of JSON lines: `text`, and `lang` where it is known. Raises Failure (2)."""
    for number, line in enumerate(read_text(str(path)).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as fault:
            raise Failure(f"{path}:{number}: is not JSON: {fault}", 2) from fault
        text = row.get("text") if isinstance(row, dict) else None
        if not isinstance(text, str):
            raise Failure(f'{path}:{number}: "text" is missing', 2)
        yield Known(text, str(row.get("lang") or ""), f"{path.name}:{number}")


def _told(lesson: Lesson, source: str, paint: Paint) -> Iterator[str]:
    yield f"now:  {_read(lesson.before)}"
    yield f"then: {_read(lesson.after)}"
    yield ""
    yield from _added(source, lesson.text, paint)
    yield ""
    if not lesson.changes:
        yield f"nothing else is read differently ({counted(lesson.compared, 'known text')} compared)"
        return
    yield paint(f"of {counted(lesson.compared, 'known text')}, {len(lesson.changes)} would be read differently:", "yellow")
    for change in lesson.changes[:_SHOWN]:
        text = " ".join(change.known.text.split())
        yield f"  {change.before} -> {change.after}: “{text}” ({change.known.where})"
    if len(lesson.changes) > _SHOWN:
        yield f"  and {len(lesson.changes) - _SHOWN} more"


def _read(reading: Reading) -> str:
    return f"{reading.intent} ({reading.rule}): {reading.why}" if reading.why else f"{reading.intent} ({reading.rule})"


def _added(before: str, after: str, paint: Paint) -> Iterator[str]:
    """The lines that differ, each with its number in the file as it will be."""
    old, new = before.splitlines(), after.splitlines()
    for kind, start, end, first, last in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from (paint(f"     - {line}", "red") for line in old[start:end])
            yield from (paint(f"{number:4} + {new[number - 1]}", "green") for number in range(first + 1, last + 1))
