"""Each file of tests/rulesets/broken has one kind of thing wrong. The .txt beside it is what a person is told of it.

A file that begins with `# gateway: NAME` is checked for the carrier behind that gateway.

`pytest --update-golden tests/engine/test_golden_problems.py` writes the .txt files anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from adapters.gateways.carriers import CARRIERS
from engine.carrier import Carrier
from engine.draft import version_of
from engine.loader import Loaded, load
from engine.mending import mended, mends
from engine.problems import CODES, Problem
from engine.ruleset import Shared

RULESETS = Path(__file__).parent.parent / "rulesets"
BROKEN = sorted((RULESETS / "broken").glob("*.yaml"))
GATEWAY = "# gateway: "
_CLINIC = (RULESETS / "clinic.yaml").read_text(encoding="utf-8")
SHELF = {
    "clinic": Shared("clinic", version_of(_CLINIC), _CLINIC, "clinic.yaml"),
    "half": Shared("half", "0", "format: 1\nlike: clinic\n", "half.yaml"),
}


def carrier_in(text: str) -> Carrier | None:
    first = text.partition("\n")[0]
    return CARRIERS[first.removeprefix(GATEWAY)] if first.startswith(GATEWAY) else None


def checked(path: Path) -> Loaded:
    text = path.read_text(encoding="utf-8")
    return load(text, path.name, carrier=carrier_in(text), shelf=SHELF)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_ruleset_is_told_what_is_wrong_where_and_how_to_mend_it(path: Path, update_golden: bool) -> None:
    loaded = checked(path)
    text = path.read_text(encoding="utf-8")
    told = "\n\n".join("\n".join([problem.render(), *shown(text, problem)]) for problem in loaded.problems) + "\n"
    golden = path.with_suffix(".txt")
    if update_golden:
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


def shown(text: str, problem: Problem) -> Iterator[str]:
    """What an editor offers to do at one click."""
    for mend in mends(text, problem):
        yield f"mend: {mend.title}"
        old, new = text.splitlines(), mended(text, mend).splitlines()
        yield from (f"  {line}".rstrip() for line in unified_diff(old, new, n=0, lineterm="") if line[:3] not in ("---", "+++"))


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_each_mend_puts_its_problem_right(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for problem in checked(path).problems:
        for mend in mends(text, problem):
            after = Loaded(None, load(mended(text, mend), path.name, carrier=carrier_in(text)).problems)
            left = [found for found in after.problems if (found.code, found.message) == (problem.code, problem.message)]
            had = [found for found in checked(path).problems if (found.code, found.message) == (problem.code, problem.message)]
            assert len(left) < len(had), (mend.title, problem.render())


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_errors_keep_a_ruleset_from_being_used_and_warnings_do_not(path: Path) -> None:
    loaded = checked(path)
    assert loaded.problems
    assert loaded.ok == all(problem.severity == "warning" for problem in loaded.problems)


def test_every_code_is_shown_by_a_broken_ruleset() -> None:
    shown = {problem.code for path in BROKEN for problem in checked(path).problems}
    assert shown == set(CODES)


def test_the_ruleset_that_the_broken_ones_are_made_from_has_no_fault() -> None:
    loaded = load((RULESETS / "clinic.yaml").read_text(encoding="utf-8"))
    assert loaded.problems == ()
    assert loaded.ok


def test_no_expected_result_is_left_without_its_ruleset() -> None:
    assert {path.stem for path in (RULESETS / "broken").glob("*.txt")} == {path.stem for path in BROKEN}
