from __future__ import annotations

import json

from engine.problems import CODES, Mark, Problem, Report, did_you_mean, listed, nearest

TEXT = "states:\n  waiting:\n    replies: {confirm: confrimed}\n"


def problem(source: str, column: int, length: int = 1, line: int = 3, hint: str = "") -> Problem:
    return Problem("clinic.yaml", line, column, "R020", "no such state", "error", hint, source, length)


class TestRender:
    def test_place_message_and_code_then_the_line_with_a_caret_then_the_mend(self) -> None:
        report = Report("rules/clinic.yaml", TEXT)
        report.add("R020", Mark(3, 24, 9), 'there is no state called "confrimed"', "states: confirmed")
        (found,) = report.problems
        assert found.render() == (
            'rules/clinic.yaml:3:24: there is no state called "confrimed" [R020]\n'
            "  |\n"
            "3 |     replies: {confirm: confrimed}\n"
            "  |                        ^~~~~~~~~\n"
            "  = states: confirmed"
        )

    def test_a_warning_says_so(self) -> None:
        report = Report("clinic.yaml", TEXT)
        report.add("R063", Mark(2, 3, 7), "never used")
        assert report.problems[0].render().startswith("clinic.yaml:2:3: warning: never used [R063]\n")

    def test_the_gutter_is_as_wide_as_the_line_number(self) -> None:
        lines = problem("  a: b", 6, line=1234).render().splitlines()
        assert lines[1:] == ["     |", "1234 |   a: b", "     |      ^"]

    def test_the_caret_stands_under_its_token_behind_wide_letters(self) -> None:
        # Terminals give an emoji two columns.
        lines = problem('k: ["👍", bad]', 10, 3).render().splitlines()
        assert lines[-1] == "  |" + " " * 11 + "^~~"

    def test_a_tab_before_the_caret_stays_a_tab(self) -> None:
        lines = problem("\tkey: bad", 7, 3).render().splitlines()
        assert lines[-1] == "  | \t     ^~~"

    def test_every_line_of_a_hint_is_marked(self) -> None:
        assert problem("x", 1, hint="one\ntwo").render().endswith("\n  = one\n  = two")

    def test_a_place_on_an_empty_line_shows_no_line(self) -> None:
        assert problem("", 1, hint="write something").render() == (
            "clinic.yaml:3:1: no such state [R020]\n  = write something"
        )


class TestReport:
    def test_problems_come_in_the_order_of_the_file_whatever_order_they_were_found_in(self) -> None:
        report = Report("clinic.yaml", TEXT)
        for line, column, code in ((3, 9, "R021"), (1, 1, "R011"), (3, 5, "R020"), (3, 5, "R010")):
            report.add(code, Mark(line, column), "wrong")
        assert [(found.line, found.column, found.code) for found in report.problems] == [
            (1, 1, "R011"),
            (3, 5, "R010"),
            (3, 5, "R020"),
            (3, 9, "R021"),
        ]

    def test_what_is_found_twice_is_told_once(self) -> None:
        report = Report("clinic.yaml", TEXT)
        report.add("R020", Mark(1, 1), "wrong")
        report.add("R020", Mark(1, 1), "wrong")
        assert len(report.problems) == 1

    def test_warnings_alone_are_no_failure(self) -> None:
        report = Report("clinic.yaml", TEXT)
        report.add("R063", Mark(1, 1), "never used")
        assert not report.failed
        report.add("R020", Mark(1, 1), "wrong")
        assert report.failed

    def test_a_problem_is_plain_json(self) -> None:
        report = Report("clinic.yaml", TEXT)
        report.add("R020", Mark(3, 24, 9), "no such state", "states: confirmed")
        assert json.loads(json.dumps(report.problems[0].as_dict())) == {
            "file": "clinic.yaml",
            "line": 3,
            "column": 24,
            "length": 9,
            "code": "R020",
            "severity": "error",
            "message": "no such state",
            "hint": "states: confirmed",
            "source": "    replies: {confirm: confrimed}",
        }


class TestDidYouMean:
    def test_a_slip_of_the_finger_finds_what_was_meant(self) -> None:
        assert nearest("confrimed", ["waiting", "confirmed", "moving"]) == "confirmed"

    def test_capitals_do_not_hide_it(self) -> None:
        assert nearest("WAITING", ["waiting"]) == "waiting"

    def test_nothing_is_offered_where_nothing_is_near(self) -> None:
        assert nearest("zebra", ["waiting", "confirmed"]) is None
        assert did_you_mean("zebra", ["waiting"]) == ""
        assert did_you_mean("zebra", []) == ""


def test_a_long_list_is_cut() -> None:
    told = listed(f"state_{number}" for number in range(100))
    assert told.endswith("state_39 and 60 more")
    assert listed([]) == "none"


def test_every_code_says_in_one_sentence_what_it_means() -> None:
    for code, entry in CODES.items():
        assert code[0] == "R"
        assert code[1:].isdigit()
        assert entry.severity in ("error", "warning")
        assert entry.meaning.endswith(".")
        assert "\n" not in entry.meaning
