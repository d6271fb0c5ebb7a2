"""docs/guide-for-clinic-admins.md cannot rot: each of its examples is put into a whole ruleset, which is then loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.draft import version_of
from engine.loader import load
from engine.ruleset import Shared

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", (DOCS / "guide-for-clinic-admins.md").read_text("utf-8"), re.DOTALL)
WHOLE, _ = re.findall(r"```yaml\n(.*?)```", (DOCS / "rulesets.md").read_text("utf-8"), re.DOTALL)


def joined(into: Any, part: Any) -> Any:
    """The block with what the part has in place of its own; lists are taken whole."""
    if isinstance(into, dict) and isinstance(part, dict):
        return {**into, **{key: joined(into.get(key), value) for key, value in part.items()}}
    return part


def parsed(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)


def loads(text: str) -> None:
    loaded = load(text)
    assert loaded.ok, "\n\n".join(problem.render() for problem in loaded.problems)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 6


(ALIKE,) = (example for example in EXAMPLES if example.startswith("format:"))
EXAMPLES.remove(ALIKE)
SHELF = {"small-clinic": Shared("small-clinic", version_of(WHOLE), WHOLE, "small-clinic.yaml")}


def test_the_clinics_own_ruleset_loads_on_the_shared_one() -> None:
    loaded = load(ALIKE, shelf=SHELF)
    assert (loaded.ok, loaded.problems) == (True, ())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.partition(":")[0])
def test_each_example_loads_in_a_whole_ruleset(example: str) -> None:
    whole = parsed(WHOLE)
    if example.startswith(("phrases:", "talks:")):  # which live by what was taught before
        whole = joined(whole, parsed(next(each for each in EXAMPLES if each.startswith("intents:"))))
    loads(yaml.safe_dump(joined(whole, parsed(example)), allow_unicode=True, sort_keys=False))


def test_all_examples_load_together() -> None:
    whole = parsed(WHOLE)
    for example in EXAMPLES:
        whole = joined(whole, parsed(example))
    loads(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False))
