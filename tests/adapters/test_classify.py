"""Labels for many replies at once, as the evaluation and clinic admins ask for them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from adapters.classify import classify, main
from engine.loader import load
from engine.ruleset import Ruleset

SHIPPED = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"


@pytest.fixture(scope="module")
def rules() -> Ruleset:
    loaded = load(SHIPPED.read_text("utf-8"), SHIPPED.name)
    assert loaded.ruleset is not None
    return loaded.ruleset


def test_each_line_gets_a_label_with_evidence_in_order(rules: Ruleset) -> None:
    lines = [
        '{"id": "a", "text": "Yes please", "gold": "ignored"}\n',
        "\n",
        '{"id": 7, "text": "t\\u00e1", "lang": "ga"}\n',
        '{"id": "c", "text": "leave it as it is", "lang": null}\n',
        '{"id": "d", "text": "\\ud83d"}\n',
    ]
    out = io.StringIO()
    assert classify(rules, lines, out) == 0
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(row["id"], row["label"]) for row in rows] == [
        ("a", "confirm"),
        (7, "confirm"),
        ("c", "confirm"),
        ("d", "unknown"),
    ]
    assert rows[0]["evidence"]["normalised"] == "yes please"
    assert rows[0]["evidence"]["candidates"][0]["intent"] == "confirm"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("yes", "not a JSON object"),
        ("[1, 2]", "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ('{"text": "yes"}', '"id"'),
        ('{"id": true, "text": "yes"}', '"id"'),
        ('{"id": "a"}', '"text"'),
        ('{"id": "a", "text": 5}', '"text"'),
        ('{"id": "a", "text": "y", "lang": 5}', '"lang"'),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_still_read(
    rules: Ruleset, line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = io.StringIO()
    assert classify(rules, ['{"id": 1, "text": "Y"}\n', f"{line}\n", '{"id": 3, "text": "C"}\n'], out) == 2
    assert [json.loads(row)["label"] for row in out.getvalue().splitlines()] == ["confirm", "cancel"]
    error = capsys.readouterr().err
    assert error.startswith("line 2: ")
    assert said in error


def test_rules_that_cannot_be_read_are_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().err
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
