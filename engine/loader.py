"""From the text of a ruleset file to a ruleset that works, or to everything that is wrong with it.

The loader is the checker: there is no other way to a `Ruleset`, so a file that loads is a file that works. All
problems are told at once. One that follows from another is left out where that can be known: a misspelt state is one
problem, not also a state that nothing leads to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from engine.carrier import Carrier
from engine.checks import check_all
from engine.draft import Draft, build, hours_of
from engine.kinds import NOTHING, Sheet
from engine.likeness import LIKE, Shelf, find, lay_over, like
from engine.nodes import Table, read_nodes
from engine.problems import Problem, Report
from engine.ruleset import Hours, Ruleset, Shared
from engine.shape import FILE, HOURS
from engine.translations import gather


@dataclass(frozen=True, slots=True)
class Loaded:
    """`ruleset` is None where there are errors. Warnings leave it usable."""

    ruleset: Ruleset | None
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return self.ruleset is not None


def load(
    text: str,
    name: str = "ruleset.yaml",
    *,
    rehearse: bool = True,
    carrier: Carrier | None = None,
    shelf: Shelf = MappingProxyType({}),
) -> Loaded:
    """Read and check a ruleset. `name` is the file's, for messages. `rehearse`: also run the phrase checks and talks
    inside the file; a text that passed them once need not run them again. `carrier`: also hold it against the words that the
    carrier of the hospital's gateway takes for itself. `shelf`: the rulesets that it may be like. Pure; the last are kept."""
    return _loaded(text, name, rehearse, carrier, tuple(sorted(shelf.items())) if like(text) else ())


@lru_cache(maxsize=16)
def _loaded(text: str, name: str, rehearse: bool, carrier: Carrier | None, shelf: tuple[tuple[str, Shared], ...]) -> Loaded:
    report = Report(name, text)
    written = read_nodes(text, report)
    if written is None:
        return Loaded(None, report.problems)
    shared = None
    if LIKE in written.values:
        shared = find(written, report, dict(shelf))
        if shared is None:
            return Loaded(None, report.problems)
        root, below = lay_over(written, shared, report)
    else:
        root = below = gather(written, report)
    sheet = Sheet(report)
    values, sound = _read(root, sheet)
    ruleset = build(values, root, text, shared)
    if shared is not None and root.find("hours") != below.find("hours"):
        ruleset = replace(ruleset, shared_hours=_hours_of(below))
    draft = Draft(ruleset, root, report, tuple(sheet.references), sound, frozenset(sheet.unsound))
    check_all(draft, rehearse=rehearse, carrier=carrier)
    return Loaded(None if report.failed else ruleset, report.problems)


def _hours_of(root: Table) -> Hours | None:
    node = root.find("hours")
    value = HOURS.read(node, Sheet(Report("", ""))) if isinstance(node, Table) else {}
    return hours_of(value) if value else None


def _read(root: Table, sheet: Sheet) -> tuple[dict[str, Any], frozenset[str]]:
    """The file's values, and the top-level keys that had nothing wrong with their shape."""
    values = {}
    sound = set()
    for name, key in FILE.keys.items():
        if name in root.values:
            before = sheet.report.count
            value = key.kind.read(root.values[name], sheet)
            if value is not NOTHING:
                values[name] = value
                if sheet.report.count == before:
                    sound.add(name)
    FILE.check_keys(root, sheet)
    return values, frozenset(sound)
