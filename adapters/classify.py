"""Reading many replies at once: JSON lines in, labels with their evidence out. For judging rules, not for patients."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from conversations.rulesets import beside
from engine.loader import load
from engine.reading import Reading
from engine.ruleset import Ruleset
from engine.understanding import label, read

BAD_INPUT = 2


def classify(ruleset: Ruleset, lines_in: Iterable[str], lines_out: TextIO) -> int:
    """Read each line's `text` as an answer about the ruleset's example (in the language of record `lang`, where given)
    and write one line for it, in order: `{"id", "label", "evidence"}`. Other fields are ignored, blank lines passed over.

    Returns 0, or 2 where a line could not be used; each such line is named on standard error with what is wrong with
    it and has no line in the output. The others are still read.
    """
    status = 0
    for number, line in enumerate(lines_in, 1):
        if not line.strip():
            continue
        try:
            name, text, language = _reply(line)
        except ValueError as problem:
            print(f"line {number}: {problem}", file=sys.stderr)
            status = BAD_INPUT
            continue
        reading = read(ruleset, text, language, ruleset.example)
        found = {"id": name, "label": label(reading), "evidence": _evidence(reading)}
        lines_out.write(json.dumps(found) + "\n")
    return status


def _reply(line: str) -> tuple[str | int, str, str]:
    try:
        row = json.loads(line)
    except RecursionError as problem:
        raise ValueError("not a JSON object: nested too deep") from problem
    except json.JSONDecodeError as problem:
        raise ValueError(f"not a JSON object: {problem.msg} at column {problem.colno}") from problem
    if not isinstance(row, dict):
        raise ValueError('not a JSON object: write {"id": ..., "text": ...}')
    name, text, language = row.get("id"), row.get("text"), row.get("lang") or ""
    if not isinstance(name, (str, int)) or isinstance(name, bool):
        raise ValueError('"id" is missing or is neither text nor a whole number')
    if not isinstance(text, str):
        raise ValueError('"text" is missing or is not text')
    if not isinstance(language, str):
        raise ValueError('"lang" is not text: write a language code, for example "en"')
    return name, text, language


def _evidence(reading: Reading) -> dict[str, object]:
    return {
        "normalised": reading.normalised,
        "candidates": [
            {"intent": candidate.intent, "phrase": candidate.phrase, "score": candidate.score}
            for candidate in reading.candidates
        ],
        "rule": reading.rule,
        "guess": reading.guess,
        "why": reading.why,
    }


def main(arguments: list[str] | None = None) -> int:
    """`python -m adapters.classify RULESET < replies.jsonl > labels.jsonl`. Returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1:
        print("usage: python -m adapters.classify RULESET < replies.jsonl > labels.jsonl", file=sys.stderr)
        return BAD_INPUT
    path = Path(given[0])
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        print(f"{path}: cannot be read: {problem}", file=sys.stderr)
        return BAD_INPUT
    loaded = load(text, str(path), shelf=beside(path, text))
    if loaded.ruleset is None:
        for found in loaded.problems:
            print(found, file=sys.stderr)
        return BAD_INPUT
    # Bytes that are no UTF-8 must reach the reader as they are: a reply is never refused for its letters.
    with open(sys.stdin.fileno(), encoding="utf-8", errors="surrogateescape", closefd=False) as lines:
        return classify(loaded.ruleset, lines, sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
