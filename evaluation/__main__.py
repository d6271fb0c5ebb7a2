"""python -m evaluation: how well the appointment reminder's replies are read. evaluation/README.md explains the figures."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from adapters.commands.output import piped
from conversations.rulesets import load_file
from engine.ruleset import Ruleset
from evaluation import alarms, report, strangers
from evaluation.labelled import SETS, BadSet, load

RULES = Path(__file__).parent.parent / "rules" / "appointment-reminder.yaml"


def main() -> int:
    asked = _arguments()
    try:
        if asked.texts:
            print(strangers.taken(reminder(), strangers.texts(asked.texts)).text())
            return 0
        replies = load(_paths(asked.file))
    except BadSet as error:
        raise SystemExit(f"evaluation: {error}") from None
    ruleset = reminder()
    ours, peers, ablation = report.run(ruleset, replies)
    sides = {"Beside others": peers, "Without each layer": ablation}
    if asked.json:
        asked.json.write_text(json.dumps(report.as_json(ruleset, ours, sides), indent=1) + "\n", "utf-8")
    compared = [report.ways(title, ways) for title, ways in sides.items()]
    if asked.markdown:
        told = alarms.table(ruleset, ours)
        for table in (report.by_set(ours), report.by_language(ours), report.by_gold(ours), told, *compared):
            print(f"### {table.title}\n\n{table.markdown()}\n")
        return 0
    tables = [report.overall(ours), report.unsafe_labels(ours), report.by_set(ours), report.by_language(ours)]
    tables += [report.by_gold(ours), report.by_difficulty(ours), report.by_tag(ours)]
    tables += [alarms.table(ruleset, ours), *compared]
    for table in tables:
        print(f"{table.text()}\n")
    for name in ("unsafe", "missed") if asked.list is None else (asked.list,):
        print(report.listed(name, filter(report.CHOICES[name], ours), texts=asked.list is not None))
    return 0


def reminder() -> Ruleset:
    """The ruleset by which the sets are read: the reminder that they answer."""
    found = load_file(RULES)
    if found.ruleset is None:
        raise SystemExit(f"evaluation: {RULES.name} does not load; `freagra check` tells why")
    return found.ruleset


def _paths(named: list[str]) -> list[Path]:
    """The files named, each by its path or by the name of a set; all sets where none is named."""
    if not named:
        return sorted(SETS.glob("*.jsonl"))
    return [path if (path := SETS / f"{name}.jsonl").exists() else Path(name) for name in named]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evaluation", description="How well replies to the reminder are read.")
    parser.add_argument("--file", action="append", default=[], help="a set's name, or a file; again for more (all sets)")
    parser.add_argument(
        "--texts",
        type=Path,
        metavar="FILE",
        help="only count what texts that answer nothing are taken for (a JSON list, or one a line)",
    )
    parser.add_argument("--list", choices=report.CHOICES, help="show such replies with their texts, but for held-out sets")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE as well")
    parser.add_argument("--markdown", action="store_true", help="print the tables of evaluation/README.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(piped(main))
