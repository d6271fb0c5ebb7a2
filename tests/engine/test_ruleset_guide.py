"""docs/rulesets.md cannot rot: its rulesets are loaded, and its tables hold what the code holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import shape
from engine.blocks import Block
from engine.draft import RESERVED_STATES, version_of
from engine.loader import load
from engine.problems import CODES
from engine.ruleset import ALWAYS_EVENTS, ALWAYS_INTENTS, HOSPITAL_ACTS, PLACEHOLDERS, TASK_KINDS, Shared

GUIDE = (Path(__file__).parent.parent.parent / "docs" / "rulesets.md").read_text(encoding="utf-8")
WHOLE, ALIKE = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)


def test_the_clinics_own_ruleset_in_the_guide_loads_on_the_whole_one() -> None:
    shelf = {"small-clinic": Shared("small-clinic", version_of(WHOLE), WHOLE, "small-clinic.yaml")}
    loaded = load(ALIKE, "docs/rulesets.md", shelf=shelf)
    assert (loaded.ok, loaded.problems) == (True, ())


def test_the_whole_ruleset_in_the_guide_loads() -> None:
    loaded = load(WHOLE, "docs/rulesets.md")
    assert loaded.ok, "\n\n".join(problem.render() for problem in loaded.problems)
    # The guide says that it gives this warning and no other.
    assert [problem.code for problem in loaded.problems] == ["R082"]


def test_the_table_of_codes_is_that_of_the_checks() -> None:
    rows = re.findall(r"^\| (R\d+) \| (\w+) \| (.*?) \|$", GUIDE, re.MULTILINE)
    assert rows == [(code, entry.severity, entry.meaning) for code, entry in CODES.items()]


def keys(block: Block) -> Iterator[str]:
    for name, key in block.keys.items():
        yield name
        if isinstance(key.kind, Block):
            yield from keys(key.kind)


@pytest.mark.parametrize("key", sorted({*keys(shape.FILE), *keys(shape.STATE), *keys(shape.TALK), *keys(shape.INTENT)}))
def test_every_key_is_explained(key: str) -> None:
    assert re.search(rf"\b{key}\b", GUIDE)


@pytest.mark.parametrize(
    "word",
    sorted(
        {*TASK_KINDS, *HOSPITAL_ACTS, *ALWAYS_INTENTS, *ALWAYS_EVENTS, *RESERVED_STATES}
        | {f"{{{name}}}" for name in PLACEHOLDERS}
    ),
)
def test_every_word_that_has_a_meaning_is_named(word: str) -> None:
    assert f"`{word}`" in GUIDE
