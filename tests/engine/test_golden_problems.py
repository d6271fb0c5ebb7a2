"""Each file of tests/rulesets/broken has one kind of thing wrong. The .txt beside it is what a person is told of it.

A file that begins with `# gateway: NAME` is checked for the carrier behind that gateway.

`pytest --update-golden tests/engine/test_golden_problems.py` writes the .txt files anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.gateways.carriers import CARRIERS
from engine.loader import Loaded, load
from engine.problems import CODES

RULESETS = Path(__file__).parent.parent / "rulesets"
BROKEN = sorted((RULESETS / "broken").glob("*.yaml"))
GATEWAY = "# gateway: "


def checked(path: Path) -> Loaded:
    text = path.read_text(encoding="utf-8")
    first = text.partition("\n")[0]
    carrier = CARRIERS[first.removeprefix(GATEWAY)] if first.startswith(GATEWAY) else None
    return load(text, path.name, carrier=carrier)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_ruleset_is_told_what_is_wrong_where_and_how_to_mend_it(path: Path, update_golden: bool) -> None:
    loaded = checked(path)
    told = "\n\n".join(problem.render() for problem in loaded.problems) + "\n"
    golden = path.with_suffix(".txt")
    if update_golden:
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


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
