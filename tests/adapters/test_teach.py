"""`freagra teach`: a lesson shown, agreed to and written, or refused with the file as it was."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from adapters.cli import main
from engine.loader import load
from engine.understanding import read

CLINIC = Path(__file__).parents[1] / "rulesets" / "clinic.yaml"
SAID = "the car is broken down"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "clinic.yaml"
    path.write_bytes(CLINIC.read_bytes())
    path.chmod(0o640)
    return path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_lesson_is_shown_and_written(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["teach", str(path), SAID, "cancel", "--yes"]) == 0
    shown = capsys.readouterr().out
    assert "now:  unknown (nothing-matched)" in shown
    assert f'then: cancel (phrase): It says "{SAID}"' in shown
    assert f"+   - {{en: {SAID}, is: cancel}}" in shown
    assert "nothing else is read differently" in shown
    loaded = load(path.read_text(encoding="utf-8"))
    assert loaded.ruleset is not None
    assert read(loaded.ruleset, "The car is broken down!!").intent == "cancel"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(path.parent.iterdir()) == [path]


def test_a_dry_run_writes_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["teach", str(path), "tá an carr briste", "cancel", "--lang", "ga", "--dry-run"]) == 0
    assert "- {ga: tá an carr briste, is: cancel}" in capsys.readouterr().out
    assert path.read_bytes() == CLINIC.read_bytes()


@pytest.mark.parametrize(("typed", "written"), [("y\n", True), ("\n", False), ("no\n", False), ("", False)])
def test_a_person_at_a_terminal_is_asked(path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, written: bool) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert main(["teach", str(path), SAID, "cancel"]) == (0 if written else 1)
    assert (path.read_bytes() != CLINIC.read_bytes()) is written


def test_a_script_has_to_say_what_it_wants(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["teach", str(path), SAID, "cancel"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert main(["teach", str(path), SAID, "cancel", "--yes", "--dry-run"]) == 2
    assert path.read_bytes() == CLINIC.read_bytes()


def test_a_lesson_that_does_harm_is_refused_with_its_reason(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["teach", str(path), "a blue horse", "confirm", "--yes"]) == 1
    told = capsys.readouterr().err
    assert "blue horse" in told
    assert "[R081]" in told
    assert "with this phrase the checks of the file would fail" in told
    assert f"{path} is as it was" in told
    assert path.read_bytes() == CLINIC.read_bytes()


def test_a_misspelt_intent_and_what_is_read_so_already(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["teach", str(path), SAID, "cancle", "--yes"]) == 1
    assert 'did you mean "cancel"?' in capsys.readouterr().err
    assert main(["teach", str(path), "cannot come", "cancel", "--yes"]) == 1
    assert "is read as cancel already" in capsys.readouterr().err


def test_replies_of_a_file_are_compared_too(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replies = tmp_path / "replies.jsonl"
    replies.write_text('{"id": 1, "text": "car broken down"}\n\n{"text": "hello?", "lang": "en"}\n', encoding="utf-8")
    assert main(["teach", str(path), SAID, "cancel", "--dry-run", "--against", str(replies)]) == 0
    assert "unknown -> cancel: “car broken down” (replies.jsonl:1)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "why"), [("{", "is not JSON"), ("[]", '"text" is missing'), ('{"id": 1}', '"text" is missing')]
)
def test_a_file_of_replies_that_is_none(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, why: str
) -> None:
    replies = tmp_path / "replies.jsonl"
    replies.write_text(f"\n{line}\n", encoding="utf-8")
    assert main(["teach", str(path), SAID, "cancel", "--yes", "--against", str(replies)]) == 2
    told = capsys.readouterr().err
    assert "replies.jsonl:2" in told
    assert why in told
    assert path.read_bytes() == CLINIC.read_bytes()


def test_only_a_file_can_be_taught(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["teach", "appointment-reminder", SAID, "cancel", "--yes"]) == 2
    assert "is copied first" in capsys.readouterr().err
