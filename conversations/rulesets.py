"""Ruleset files on disk. The engine reads texts; this is where they come from."""

from __future__ import annotations

from pathlib import Path

from engine.carrier import Carrier
from engine.loader import Loaded, load
from engine.problems import Mark, Report

SHIPPED = Path(__file__).resolve().parent.parent / "rules"


def load_file(path: Path, *, rehearse: bool = True, carrier: Carrier | None = None) -> Loaded:
    """Load and check a ruleset file, as `engine.loader.load` does; problems name it as `path` is written. Raises OSError where
    it cannot be read."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Loaded(None, _not_utf8(path, raw, error.start).problems)
    return load(text, str(path), rehearse=rehearse, carrier=carrier)


def _not_utf8(path: Path, raw: bytes, position: int) -> Report:
    before = raw[:position].decode("utf-8-sig", "replace")
    report = Report(str(path), raw.decode("utf-8-sig", "replace"))
    mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
    report.add("R007", mark, "the file is not UTF-8 from here on", "save it again with the encoding UTF-8")
    return report


def shipped() -> list[Path]:
    """The ruleset files that come with Freagra, in the order of their names."""
    return sorted(SHIPPED.glob("*.yaml"))
