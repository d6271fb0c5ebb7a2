"""`freagra check`: every problem of every file, and what the tests inside the files cover."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.commands.output import Failure, Paint, counted
from conversations.rulesets import beside
from engine.carrier import Carrier
from engine.checks_tests import covered
from engine.loader import Loaded, load
from engine.problems import Problem
from engine.rehearsal import run_talks
from engine.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class Checked:
    """One file, checked. `shown` and `ways` are the transitions that its talks take, and all there are."""

    name: str
    loaded: Loaded
    shown: int = 0
    ways: int = 0

    def count(self, severity: str) -> int:
        return sum(problem.severity == severity for problem in self.loaded.problems)


def check(files: Sequence[str], *, as_json: bool, strict: bool, carrier: Carrier | None = None) -> int:
    """1 where a file has errors, or warnings and `strict`. `carrier`: that of the gateway which the rules are for. Raises
    Failure (2) for a file that cannot be read."""
    checked = [check_text(read_text(name), "<stdin>" if name == "-" else name, carrier) for name in files]
    failed = any(not each.loaded.ok or (strict and each.loaded.problems) for each in checked)
    if as_json:
        print(json.dumps([problem.as_dict() for each in checked for problem in each.loaded.problems], indent=2))
        return int(failed)
    paint = Paint(sys.stdout)
    for each in checked:
        before = ""
        # Errors last, where the eye is when all has run by.
        for problem in sorted(each.loaded.problems, key=lambda problem: problem.severity == "error"):
            # What mends one and the next alike is said once.
            print(painted(replace(problem, hint="") if problem.hint == before else problem, paint), end="\n\n")
            before = problem.hint
        print(_summary(each, paint))
    return int(failed)


def read_text(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.read()
        with open(name, encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as fault:
        raise Failure(f"{name}: cannot be read: {fault.strerror}", 2) from fault
    except UnicodeDecodeError as fault:
        raise Failure(f"{name}: is not UTF-8 (byte {fault.start + 1}); save it as UTF-8", 2) from fault


def check_text(text: str, name: str, carrier: Carrier | None = None) -> Checked:
    loaded = load(text, name, carrier=carrier, shelf=beside(Path(name), text))
    if loaded.ruleset is None:
        return Checked(name, loaded)
    return Checked(name, loaded, *_coverage(loaded.ruleset))


def _coverage(ruleset: Ruleset) -> tuple[int, int]:
    _, moves = run_talks(ruleset, ruleset.talks)
    ways, missing = covered(ruleset, moves)
    return ways - sum(map(len, missing.values())), ways


def painted(problem: Problem, paint: Paint) -> str:
    """The problem as `render` shows it, its first line in the colour of its weight."""
    first, newline, rest = problem.render().partition("\n")
    return paint(first, "bold", "red" if problem.severity == "error" else "yellow") + newline + rest


def _summary(checked: Checked, paint: Paint) -> str:
    ruleset = checked.loaded.ruleset
    errors, warnings = checked.count("error"), checked.count("warning")
    found = ", ".join(counted(number, noun) for number, noun in ((errors, "error"), (warnings, "warning")) if number)
    if ruleset is None:
        return f"{checked.name}: {paint(found, 'red')}; the talks are played once the errors are mended"
    tests = ", ".join(
        [
            counted(len(ruleset.talks), "talk") + " played",
            counted(len(ruleset.phrases), "phrase check"),
            f"{checked.shown} of {counted(checked.ways, 'transition')} shown by a talk",
        ]
    )
    return f"{checked.name}: {paint(found, 'yellow') if found else paint('good', 'green')}; {tests}"
