from __future__ import annotations

import pytest

from engine.nodes import MOST_CHARACTERS, Listing, Scalar, Table, read_nodes
from engine.problems import Mark, Report


def read(text: str) -> tuple[Table | None, list[tuple[str, int, int]]]:
    report = Report("file.yaml", text)
    root = read_nodes(text, report)
    return root, [(problem.code, problem.line, problem.column) for problem in report.problems]


def sound(text: str) -> Table:
    root, problems = read(text)
    assert problems == []
    assert root is not None
    return root


class TestText:
    @pytest.mark.parametrize(
        "written",
        ["yes", "no", "on", "off", "true", "null", "~", "17:30", "0612", "1.10", "1_000", "0x1F", "2026-03-02", "NO"],
    )
    def test_a_plain_word_stays_what_was_typed(self, written: str) -> None:
        node = sound(f"key: {written}\n").values["key"]
        assert isinstance(node, Scalar)
        assert node.text == written

    def test_keys_are_text_too(self) -> None:
        assert list(sound("{no: a, 1: b, on: c}").keys) == ["no", "1", "on"]


class TestPlaces:
    def test_every_key_and_value_knows_its_line_column_and_length(self) -> None:
        root = sound("states:\n  waiting:\n    ask: reminder\n")
        assert root.key_place("states", "waiting") == Mark(2, 3, 7)
        assert root.key_place("states", "waiting", "ask") == Mark(3, 5, 3)
        assert root.place("states", "waiting", "ask") == Mark(3, 10, 8)

    def test_items_of_a_list_have_places(self) -> None:
        root = sound("languages: [en, ga]\n")
        assert root.place("languages", 1) == Mark(1, 17, 2)

    def test_a_place_that_is_not_in_the_file_is_that_of_the_nearest_thing_around_it(self) -> None:
        root = sound("states:\n  waiting:\n    ask: reminder\n")
        assert root.place("states", "waiting", "say") == root.place("states", "waiting")
        assert root.key_place("states", "elsewhere") == root.key_place("states")

    def test_columns_count_characters_and_not_bytes(self) -> None:
        assert sound('{fáilte: "👍", b: c}\n').key_place("b") == Mark(1, 15, 1)

    def test_windows_line_ends_count_once(self) -> None:
        assert sound("a: 1\r\nb: 2\r\n").place("b") == Mark(2, 4, 1)

    def test_names_of_a_block_come_in_the_order_of_the_file(self) -> None:
        assert sound("states:\n  b: x\n  a: y\n").names("states") == ("b", "a")
        assert sound("states: none\n").names("states") == ()


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("a: 1\n\tb: 2\n", ("R001", 2, 1)),
            ("a: b: c\n", ("R002", 1, 5)),
            ("a: 'open\nb: 1\n", ("R002", 1, 4)),
            ("a: 1\nb: 2\na: 3\n", ("R003", 3, 1)),
            ("a: &x 1\n", ("R004", 1, 4)),
            ("a: *x\n", ("R004", 1, 4)),
            ("a: {<<: {b: 1}}\n", ("R004", 1, 5)),
            ("a: !!str 1\n", ("R005", 1, 4)),
            ("a: 1\n---\nb: 2\n", ("R006", 2, 1)),
            ("a: 1\nb: \x07\n", ("R007", 2, 4)),
            ("a: \ud800\n", ("R007", 1, 4)),
            ("a: " + "[" * 40 + "]" * 40, ("R008", 1, 15)),
            ("", ("R009", 1, 1)),
            ("# only a remark\n", ("R009", 1, 1)),
            ("- a\n", ("R012", 1, 1)),
            ("just words\n", ("R012", 1, 1)),
            ("{[a]: b}\n", ("R012", 1, 2)),
        ],
    )
    def test_what_is_refused_is_told_with_its_place(self, text: str, problem: tuple[str, int, int]) -> None:
        assert read(text)[1] == [problem]

    def test_a_file_beyond_all_measure_is_not_even_parsed(self) -> None:
        root, problems = read("a" * (MOST_CHARACTERS + 1))
        assert root is None
        assert problems == [("R008", 1, 1)]

    def test_every_tab_is_told_at_once(self) -> None:
        assert read("a:\n\tb: 1\n\tc: 2\n")[1] == [("R001", 2, 1), ("R001", 3, 1)]

    def test_a_merge_key_in_quotes_is_a_key_like_any_other(self) -> None:
        assert list(sound('{"<<": b}').keys) == ["<<"]

    def test_the_first_of_two_equal_keys_is_read_on(self) -> None:
        root, _ = read("a: 1\na: 2\n")
        assert root is not None
        assert isinstance(root.values["a"], Scalar)
        assert root.values["a"].text == "1"

    def test_what_stands_behind_a_second_document_is_read_on(self) -> None:
        root, _ = read("a: 1\n---\nb: [2]\n")
        assert root is not None
        assert isinstance(root.values["b"], Listing)
