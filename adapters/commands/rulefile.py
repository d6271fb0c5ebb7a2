"""A ruleset that a command was given by name: a file, or one of those that come with Freagra."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from adapters.commands.check import painted, read_text
from adapters.commands.output import Failure, Paint
from conversations.rulesets import beside, shipped
from engine.loader import Loaded, load
from engine.ruleset import Ruleset


def find(name: str) -> Path:
    """`name` as a path, or the shipped ruleset of that name. Raises Failure (2)."""
    path = Path(name)
    if path.exists():
        return path
    known = {each.stem: each for each in shipped()}
    if name in known:
        return known[name]
    raise Failure(f"{name}: there is no such file; with Freagra come {', '.join(sorted(known))}", 2)


def usable(name: str) -> tuple[Path, Ruleset]:
    """The ruleset, with the problems of a broken one on standard error. Raises Failure."""
    path = find(name)
    text = read_text(str(path))
    loaded = load(text, str(path), shelf=beside(path, text))
    if loaded.ruleset is None:
        show_problems(loaded)
        raise Failure(f"{path}: mend these errors first")
    return path, loaded.ruleset


def rewrite(path: Path, text: str) -> None:
    """Put the text in place of the file's, all or nothing: rules that a clinic runs on must not be left half written.
    Raises OSError."""
    path = path.resolve()
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        try:
            draft.write(text.encode("utf-8"))
            draft.flush()
            os.fsync(draft.fileno())
            shutil.copymode(path, draft.name)
            os.replace(draft.name, path)
        except OSError:
            os.unlink(draft.name)
            raise


def show_problems(loaded: Loaded) -> None:
    """The errors, on standard error."""
    paint = Paint(sys.stderr)
    for problem in loaded.problems:
        if problem.severity == "error":
            print(painted(problem, paint), end="\n\n", file=sys.stderr)
