"""Ruleset files on disk. The engine reads texts; this is where they come from."""

from __future__ import annotations

import re
from pathlib import Path

from engine.carrier import Carrier
from engine.draft import version_of
from engine.likeness import Shelf, like
from engine.loader import Loaded, load
from engine.problems import Mark, Report
from engine.ruleset import Shared

SHIPPED = Path(__file__).resolve().parent.parent / "rules"


def load_file(
    path: Path, *, rehearse: bool = True, carrier: Carrier | None = None, shelf: Shelf | None = None
) -> Loaded:
    """Load and check a ruleset file, as `engine.loader.load` does; problems name it as `path` is written. `shelf`: the rulesets
    that it may be like; those beside it where nothing is said. Raises OSError where it cannot be read."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Loaded(None, _not_utf8(path, raw, error.start).problems)
    return load(text, str(path), rehearse=rehearse, carrier=carrier, shelf=beside(path, text) if shelf is None else shelf)


def beside(path: Path, text: str) -> Shelf:
    """The rulesets that this text at `path` may be like: those in files of the same folder, and those that come with
    Freagra. Nothing where it is like none."""
    if not like(text):
        return {}
    found: dict[str, Shared] = {}
    for each in (*shipped(), *sorted(path.parent.glob("*.yaml"))):
        try:
            source = each.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            continue  # what is there is no ruleset that could be named
        name = named(source)
        if name and each.resolve() != path.resolve():
            shown = str(each) if each.parent == path.parent else each.name
            found[name] = Shared(name, version_of(source), source, shown)
    return found


def named(source: str) -> str:
    """The name that a ruleset's text gives itself, "" where that cannot be told without reading all of it."""
    found = _NAME.search(source)
    return found[1] if found is not None else ""


_NAME = re.compile(r"^ruleset: *([a-z][a-z0-9-]*) *(?:#.*)?$", re.MULTILINE)


def _not_utf8(path: Path, raw: bytes, position: int) -> Report:
    before = raw[:position].decode("utf-8-sig", "replace")
    report = Report(str(path), raw.decode("utf-8-sig", "replace"))
    mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
    report.add("R007", mark, "the file is not UTF-8 from here on", "save it again with the encoding UTF-8")
    return report


def shipped() -> list[Path]:
    """The ruleset files that come with Freagra, in the order of their names."""
    return sorted(SHIPPED.glob("*.yaml"))
