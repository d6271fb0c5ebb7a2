"""Labelled replies: what patients text to the reminder, and what each of them means. evaluation/README.md has the fields."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.understanding import LABELS

SETS = Path(__file__).parent / "replies"
DIFFICULTIES = ("easy", "medium", "hard")
HELD_OUT = "held-out"  # sets whose names begin so are scored in total and their texts not shown
_LANGUAGE = "en"


class BadSet(Exception):
    """A file of labelled replies that cannot be used; the message names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One reply. `gold` is in neither `acceptable` nor `forbidden`, and those share nothing. `weight` is 1 to 100: how
    common such a reply is, with `Y` at 100.
    """

    id: str
    text: str
    gold: str
    acceptable: frozenset[str]
    forbidden: frozenset[str]
    tags: tuple[str, ...]
    difficulty: str
    weight: int
    language: str
    file: str  # the set it comes from: the file's name without its ending

    @property
    def held_out(self) -> bool:
        return self.file.startswith(HELD_OUT)


def load(paths: Iterable[Path]) -> list[Labelled]:
    """The replies of several files, in their order. Raises BadSet."""
    replies = [reply for path in paths for reply in _read(path)]
    seen: set[tuple[str, str]] = set()
    for reply in replies:
        if (reply.file, reply.id) in seen:
            raise BadSet(f"{reply.file}: the id {reply.id} is there twice")
        seen.add((reply.file, reply.id))
    if not replies:
        raise BadSet("there are no labelled replies in what was named")
    return replies


def _read(path: Path) -> list[Labelled]:
    try:
        lines = path.read_text("utf-8").split("\n")  # never splitlines: it cuts at separators that JSON leaves in a text
    except OSError as error:
        raise BadSet(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadSet(f"{path}: not UTF-8 ({error})") from None
    out = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                out.append(_labelled(json.loads(line), path.stem))
            except (ValueError, KeyError, TypeError) as error:
                raise BadSet(f"{path}, line {number}: {error!r}") from None
    return out


def _labelled(row: dict[str, Any], file: str) -> Labelled:
    reply = Labelled(
        id=row["id"],
        text=row["text"],
        gold=row["gold"],
        acceptable=frozenset(row["acceptable"]),
        forbidden=frozenset(row["forbidden"]),
        tags=tuple(row["tags"]),
        difficulty=row["difficulty"],
        weight=row["weight"],
        language=row.get("lang", _LANGUAGE),
        file=file,
    )
    strange = ({reply.gold} | reply.acceptable | reply.forbidden) - LABELS
    if strange:
        raise ValueError(f"no such label: {', '.join(sorted(strange))}")
    if reply.gold in reply.acceptable | reply.forbidden or reply.acceptable & reply.forbidden:
        raise ValueError("a label stands in two of gold, acceptable and forbidden")
    if reply.difficulty not in DIFFICULTIES or not 1 <= reply.weight <= 100:
        raise ValueError("difficulty must be easy, medium or hard, and weight 1 to 100")
    return reply
