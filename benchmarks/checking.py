"""(I) A ruleset of 1,500 lines checked, its talks and those of safety played, against PyYAML's C loader reading the same text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from statistics import median

import yaml

from benchmarks.parts import REMINDER
from engine.loader import load

_LINES = 1_500
_ROUNDS = 9


def run() -> None:
    text = long_ruleset()
    parse = _of(lambda _: yaml.load(text, Loader=yaml.CSafeLoader))
    first = _once(lambda: load(f"{text}# first\n"))
    wording = _of(lambda number: _checked(text, "Thank you, you are", f"Thank you {number}, you are"))
    phrase = _of(lambda number: _checked(text, "phrases: [i will", f"phrases: [grand so {number}, i will"))
    lines, talks = text.count("\n"), text.count("  - name: ")
    print(f"(I) a ruleset of {lines:,} lines with {talks} talks, checked; PyYAML's C loader reads it in {parse * 1e3:.1f} ms")
    print(f"      a wording changed    {wording * 1e3:8.1f} ms   ratio {wording / parse:.1f}  (goal at most 15)")
    print(f"      a phrase changed     {phrase * 1e3:8.1f} ms   ratio {phrase / parse:.1f}")
    print(f"      the first in its process, of which the lexicons of its languages are the most: {first * 1e3:.0f} ms\n")


def long_ruleset() -> str:
    """The shipped reminder with its own talks again under other names, until it is long enough."""
    head, talks, translations = re.split(r"\n(?=talks:|translations:)", REMINDER.read_text("utf-8"))
    _, *each = re.split(r"\n(?=  - name: )", talks)
    number = 0
    while "\n".join([head, "talks:", *each, translations]).count("\n") < _LINES:
        again = each[number].replace("  - name: ", f"  - name: again {number} ", 1)
        each.append(again)
        number += 1
    return "\n".join([head, "talks:", *each, translations])


def _checked(text: str, before: str, after: str) -> None:
    assert before in text, before
    loaded = load(text.replace(before, after, 1))
    assert loaded.ok, [problem.render() for problem in loaded.problems if problem.severity == "error"]


def _once(work: Callable[[], object]) -> float:
    """Seconds of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _of(work: Callable[[int], object]) -> float:
    """The median of some rounds, each told its number."""
    return median(_once(lambda number=number: work(number)) for number in range(_ROUNDS))  # type: ignore[misc]
