"""Rules as files and rules in the store: two doors to the same thing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, run: Run) -> Path:
    config = tmp_path / "freagra.toml"
    config.write_text('[service]\nhome = "home"\n', "utf-8")
    assert run("rules", "publish", "appointment-reminder", "--config", config)[0] == 0
    return config


def test_what_is_in_force_is_pulled_as_it_was_published(home: Path, run: Run, tmp_path: Path) -> None:
    assert run("rules", "pull", tmp_path / "rules", "--config", home)[0] == 0
    shipped = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
    assert (tmp_path / "rules" / "appointment-reminder.yaml").read_bytes() == shipped.read_bytes()


def test_a_file_with_something_else_in_it_is_left_unless_told_otherwise(home: Path, run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "appointment-reminder.yaml"
    mine.write_text("my work of a week", "utf-8")
    code, _, err = run("rules", "pull", tmp_path, "--config", home)
    assert (code, mine.read_text("utf-8")) == (1, "my work of a week")
    assert "--over" in err
    assert run("rules", "pull", tmp_path, "--over", "--config", home)[0] == 0
    assert mine.read_text("utf-8").startswith("# yaml-language-server")


def test_a_file_that_is_pushed_is_a_draft_and_not_in_force(home: Path, run: Run, tmp_path: Path) -> None:
    run("rules", "pull", tmp_path, "--config", home)
    mine = tmp_path / "appointment-reminder.yaml"
    before = run("rules", "list", "--config", home)[1]
    mine.write_text(mine.read_text("utf-8").replace("Reminder: Your", "Please note: Your"), "utf-8")
    code, out, _ = run("rules", "push", mine, "--by", "maura", "--config", home)
    assert (code, "is the draft of appointment-reminder now" in out) == (0, True)
    assert run("rules", "list", "--config", home)[1] == before
    assert "in place of what maura had saved" in run("rules", "push", mine, "--config", home)[1]


def test_a_broken_file_is_not_pushed(home: Path, run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("format: 1\n", "utf-8")
    code, _, err = run("rules", "push", mine, "--config", home)
    assert code == 1
    assert "R011" in err
