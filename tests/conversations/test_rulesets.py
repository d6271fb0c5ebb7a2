from __future__ import annotations

from pathlib import Path

import pytest

from conversations.rulesets import load_file, shipped

CLINIC = Path(__file__).parent.parent / "rulesets" / "clinic.yaml"


def test_the_shipped_rulesets_are_found_and_load() -> None:
    assert [path.name for path in shipped()] == ["appointment-reminder.yaml", "follow-up.yaml"]
    for path in shipped():
        assert load_file(path, rehearse=False).ok


def test_problems_name_the_file_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(CLINIC.read_text(encoding="utf-8").replace("due: 1d", "due: soon"), encoding="utf-8")
    (problem,) = load_file(path).problems
    assert problem.file == str(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_text(CLINIC.read_text(encoding="utf-8"), encoding="utf-8-sig")
    with_mark, without = load_file(path).ruleset, load_file(CLINIC).ruleset
    assert with_mark is not None
    assert without is not None
    assert with_mark.version == without.version


def test_a_file_that_is_not_utf8_is_told_where(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("format: 1\nsummary: Meabhr\u00fach\u00e1n\n".encode("latin-1"))
    loaded = load_file(path)
    assert not loaded.ok
    (problem,) = loaded.problems
    assert (problem.code, problem.line, problem.column) == ("R007", 2, 16)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_file(tmp_path / "none.yaml")
