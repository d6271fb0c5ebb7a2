"""Texts that real people sent to one another: none answers a reminder, so whatever is made of them is made of nothing.

Collections of such texts are not ours to hold; this counts in whichever one is given.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from engine.ruleset import Ruleset
from engine.understanding import label, read
from evaluation.labelled import BadSet
from evaluation.report import Table
from evaluation.scores import HAND_OFF

_SHORT = 3  # words: "yes", "ok thanks" or "see you then" would be an answer, had we asked


def texts(path: Path) -> list[str]:
    """The texts of a file, each once: a JSON list, or one a line. Raises BadSet."""
    try:
        written = path.read_text("utf-8")
        found = json.loads(written) if path.suffix == ".json" else written.split("\n")
    except (OSError, ValueError) as fault:
        raise BadSet(f"{path}: {fault}") from fault
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise BadSet(f"{path}: a JSON list of texts is wanted, or a file with one text a line")
    return [text for text in dict.fromkeys(found) if text.strip()]


def taken(ruleset: Ruleset, said: Sequence[str]) -> Table:
    """How many are taken for what, those of a few words apart, as from patients of the ruleset's first language."""
    made = [(label(read(ruleset, text, ruleset.languages[0], ruleset.example)), len(text.split()) > _SHORT) for text in said]
    counts = Counter(made)
    longer = sum(long for _, long in made)
    rows = [
        (name, _share(counts[name, True], longer), _share(counts[name, False], len(said) - longer))
        for name in sorted({name for name, _ in counts}, key=lambda name: (name in HAND_OFF, name))
    ]
    heads = (f"{len(said):,} texts, read as", f"{longer:,} of 4 words or more", f"{len(said) - longer:,} shorter")
    return Table("Texts that answer nothing", heads, rows)


def _share(count: int, whole: int) -> str:
    return f"{count:,} ({100 * count / whole:.2f} %)" if whole else "0"
