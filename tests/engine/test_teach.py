"""Teaching a ruleset: where a phrase goes in the file, what is refused, and what else is told to change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.insertion import scalar
from engine.loader import load
from engine.nodes import Scalar, read_nodes
from engine.problems import Report
from engine.ruleset import Ruleset
from engine.teach import Known, Lesson, RefusedError, known, teach
from engine.understanding import read

RULESETS = Path(__file__).parent.parent / "rulesets"
CLINIC = (RULESETS / "clinic.yaml").read_text(encoding="utf-8")
TRANSLATED = (RULESETS / "translated.yaml").read_text(encoding="utf-8")
SAID = "the car is broken down"


def changed(source: str, *changes: tuple[str, str]) -> str:
    for before, after in changes:
        assert before in source
        source = source.replace(before, after, 1)
    return source


def rules(lesson: Lesson) -> Ruleset:
    loaded = load(lesson.text)
    assert loaded.ruleset is not None
    return loaded.ruleset


def keeps_every_byte(before: str, after: str) -> bool:
    """Whether the one text is the other with things put in."""
    rest = iter(after)
    return all(letter in rest for letter in before)


def added(before: str, after: str) -> list[str]:
    old = before.splitlines()
    return [line.strip() for line in after.splitlines() if line not in old]


CANCEL = "    phrases: {en: [i cannot come], ga: [ní bheidh mé ann]}\n"
CHECK = f"- {{en: {SAID}, is: cancel}}"


class TestPlaces:
    @pytest.mark.parametrize(
        ("written", "line"),
        [
            (CANCEL, f"phrases: {{en: [i cannot come, {SAID}], ga: [ní bheidh mé ann]}}"),
            ("    phrases:\n      en: [i cannot come]   # few\n      ga: [ní]\n", f"en: [i cannot come, {SAID}]   # few"),
            ("    phrases:\n      en: [i cannot come,]\n      ga: [ní]\n", f"en: [i cannot come, {SAID},]"),
            ('    phrases: {en: ["👍🏽 🇮🇪", ní], ga: [ní]}\n', f'phrases: {{en: ["👍🏽 🇮🇪", ní, {SAID}], ga: [ní]}}'),
            ("    phrases:\n      en: [ ]\n      ga: [ní]\n", f"en: [ {SAID}]"),
            ("    phrases:\n      en: [one,\n        two]  # end\n      ga: [ní]\n", f"two, {SAID}]  # end"),
            (
                "    phrases:\n      en: [one, # first\n\n        'two'  # end\n       ]\n      ga: [ní]\n",
                f"'two', {SAID}  # end",
            ),
            ("    phrases:\n      en:\n        - one\n        - two   # end\n      ga: [ní]\n", f"- {SAID}"),
            ("    phrases:\n      en:\n      - one\n      - two\n      ga: [ní]\n", f"- {SAID}"),
            ('    phrases:\n      en:\n      - one\n      - "two\n        lines"\n      ga: [ní]\n', f"- {SAID}"),
            ("    phrases: {ga: [ní bheidh mé ann]}\n", f"phrases: {{ga: [ní bheidh mé ann], en: [{SAID}]}}"),
            ("    phrases:\n      ga: [ní bheidh mé ann]  # all\n", f"en: [{SAID}]"),
            ("", f"phrases: [{SAID}]"),
        ],
    )
    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    def test_the_phrase_goes_to_its_list_and_nothing_else_moves(self, written: str, line: str, ending: str) -> None:
        source = changed(CLINIC, (CANCEL, written)).replace("\n", ending)
        lesson = teach(source, SAID, "cancel")
        assert keeps_every_byte(source, lesson.text)
        assert added(source, lesson.text) == [line, "phrases:", CHECK]
        assert rules(lesson).intents["cancel"].phrases["en"][-1] == SAID
        assert lesson.text.count("\n") == lesson.text.count(ending)
        assert read(rules(lesson), SAID).intent == "cancel"

    @pytest.mark.parametrize(
        ("intent", "line"),
        [
            ("stop: {keys: [STOP, STAD]}", f"stop: {{keys: [STOP, STAD], phrases: [{SAID}]}}"),
            ("stop:\n    keys: [STOP, STAD]  # and more", f"phrases: [{SAID}]"),
        ],
    )
    def test_an_intent_without_phrases_gets_a_list(self, intent: str, line: str) -> None:
        source = changed(CLINIC, ("stop: {keys: [STOP, STAD]}", intent))
        lesson = teach(source, SAID, "stop")
        assert keeps_every_byte(source, lesson.text)
        assert line in added(source, lesson.text)
        assert rules(lesson).intents["stop"].phrases == {"en": (SAID,)}

    def test_an_intent_with_nothing_in_it_gets_a_list(self) -> None:
        source = changed(CLINIC, ("wrong_number: {phrases: {en: [wrong number], ga: [uimhir mhícheart]}}", "wrong_number: {}"))
        assert f"  wrong_number: {{phrases: [{SAID}]}}\n" in teach(source, SAID, "wrong_number").text

    def test_a_list_too_wide_goes_on_in_the_next_line(self) -> None:
        wide = "    phrases: [" + ", ".join(f"i cannot come for reason {number}" for number in range(4)) + "]\n"
        lesson = teach(changed(TRANSLATED, ("    phrases: [i cannot come]\n", wide)), SAID, "cancel")
        assert f",\n      {SAID}]\n" in lesson.text
        assert max(map(len, lesson.text.splitlines())) <= 128

    @pytest.mark.parametrize(
        ("written", "line"),
        [
            ("    phrases: {confirm: [beidh mé ann], cancel: [ní bheidh mé ann], wrong_number: [uimhir mhícheart]}\n", ""),
            ("    phrases: {confirm: [beidh mé ann]}\n", "phrases: {confirm: [beidh mé ann], cancel: [tá an carr briste]}"),
            ("    phrases:\n      confirm: [beidh mé ann]\n", "cancel: [tá an carr briste]"),
            ("    phrases:\n      cancel:\n        - ní bheidh mé ann\n", "- tá an carr briste"),
            ("", "phrases: {cancel: [tá an carr briste]}"),
        ],
    )
    def test_another_language_is_taught_in_its_own_block(self, written: str, line: str) -> None:
        old = "    phrases: {confirm: [beidh mé ann], cancel: [ní bheidh mé ann], wrong_number: [uimhir mhícheart]}\n"
        source = changed(TRANSLATED, (old, written))
        lesson = teach(source, "tá an carr briste", "cancel", "ga")
        assert keeps_every_byte(source, lesson.text)
        assert not line or line in added(source, lesson.text)
        assert "- {ga: tá an carr briste, is: cancel}" in added(source, lesson.text)
        assert rules(lesson).intents["cancel"].phrases["ga"][-1] == "tá an carr briste"

    def test_a_plain_list_becomes_that_of_the_first_language_beside_another(self) -> None:
        source = changed(CLINIC, (CANCEL, "    phrases: [i cannot come]  # all\n"))
        lesson = teach(source, "tá an carr briste", "cancel", "ga")
        assert "    phrases: {en: [i cannot come], ga: [tá an carr briste]}  # all\n" in lesson.text
        in_lines = changed(CLINIC, (CANCEL, "    phrases:\n      - i cannot come\n"))
        with pytest.raises(RefusedError, match="write it as en: with the list under it"):
            teach(in_lines, "tá an carr briste", "cancel", "ga")

    @pytest.mark.parametrize(
        ("checks", "line"),
        [
            ("phrases:\n  - {en: yess, is: confirm}   # slips\n", CHECK),
            ("phrases:\n- {en: yess, is: confirm}\n", CHECK),
            ("phrases:\n  - en: yess\n    is: confirm\n", CHECK),
            ("phrases: [{en: yess, is: confirm}]\n", f"phrases: [{{en: yess, is: confirm}}, {CHECK[2:]}]"),
        ],
    )
    def test_the_check_goes_to_the_others(self, checks: str, line: str) -> None:
        source = changed(CLINIC, ("\ntalks:", f"\n{checks}\ntalks:"))
        lesson = teach(source, SAID, "cancel")
        assert keeps_every_byte(source, lesson.text)
        assert line in added(source, lesson.text)
        assert rules(lesson).phrases[-1].text == SAID

    def test_a_file_that_ends_without_a_line_end(self) -> None:
        head, talks = CLINIC.split("\ntalks:")
        states = head.index("\nprompts:")
        source = head[: head.index("\nintents:")] + head[states:] + "\ntalks:" + talks.rstrip("\n")
        source += head[head.index("\nintents:") : states].rstrip("\n")
        lesson = teach(source, "please no texting at night", "stop")
        assert keeps_every_byte(source, lesson.text)
        assert rules(lesson).intents["stop"].phrases == {"en": ("please no texting at night",)}

    def test_a_file_that_begins_with_a_byte_order_mark(self) -> None:
        lesson = teach(f"\ufeff{TRANSLATED}", SAID, "cancel")
        assert lesson.text == f"\ufeff{teach(TRANSLATED, SAID, 'cancel').text}"

    def test_two_lessons_stand_beside_each_other(self) -> None:
        once = teach(CLINIC, SAID, "cancel").text
        twice = teach(once, "bus never came", "cancel")
        assert rules(twice).intents["cancel"].phrases["en"] == ("i cannot come", SAID, "bus never came")
        assert [check.text for check in rules(twice).phrases] == [SAID, "bus never came"]


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_any_text_written_into_a_list_is_read_back(text: str) -> None:
    text = " ".join(text.split()) or "x"
    if any(ord(letter) in (0xFFFE, 0xFFFF) or 0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        return  # no file can hold these
    root = read_nodes(f"key: [{scalar(text)}, {{a: {scalar(text)}}}]\n", Report("", ""))
    assert root is not None
    first, second = root.find("key", 0), root.find("key", 1, "a")
    assert isinstance(first, Scalar)
    assert isinstance(second, Scalar)
    assert first.text == second.text == text


class TestRefused:
    @pytest.mark.parametrize(
        ("said", "intent", "language", "why"),
        [
            (SAID, "cancle", "", 'no intent called "cancle"; did you mean "cancel"'),
            (SAID, "cancel", "pl", "its languages: en, ga"),
            ("i cannot come", "cancel", "", "is read as cancel already"),
            ("no", "cancel", "", "says nothing by itself"),
            ("ok not", "cancel", "", "says nothing by itself"),
            ("grand so", "confirm", "", "says nothing by itself"),
            ("thanks", "confirm", "", "says nothing by itself"),
            ("12 5", "confirm", "", "says nothing by itself"),
            ("k", "confirm", "", "says nothing by itself"),
            (" \u200b ", "confirm", "", "holds no words"),
            ("i will be there", "cancel", "", "a phrase of another meaning already"),
            ("I will be THERE!", "cancel", "", "a phrase of another meaning already"),
            ("i'll be there", "cancel", "", "would not be read as cancel"),
            ("beidh mé ann", "cancel", "en", "a phrase of another meaning already"),
            ("he passed away", "cancel", "", "is read as deceased, which no lesson takes away"),
            ("maybe i will", "confirm", "", "leaves it open"),
            ("sound if the bus comes", "confirm", "", "leaves it open"),
        ],
    )
    def test_what_would_be_a_danger(self, said: str, intent: str, language: str, why: str) -> None:
        with pytest.raises(RefusedError, match=re.escape(why)):
            teach(CLINIC, said, intent, language)

    def test_a_lesson_under_which_a_check_fails(self) -> None:
        source = changed(CLINIC, ("\ntalks:", "\nphrases:\n  - {en: my car broke down, is: unknown}\n\ntalks:"))
        with pytest.raises(RefusedError, match="checks of the file would fail") as refused:
            teach(source, "the car broke down", "cancel")
        assert [problem.code for problem in refused.value.problems] == ["R080"]
        assert "my car broke down" in refused.value.problems[0].message

    def test_a_lesson_under_which_a_talk_goes_another_way(self) -> None:
        with pytest.raises(RefusedError, match="checks of the file would fail") as refused:
            teach(CLINIC, "a blue horse", "confirm")
        assert "R081" in {problem.code for problem in refused.value.problems}

    def test_a_file_that_is_broken_already(self) -> None:
        with pytest.raises(RefusedError, match="mend these errors first") as refused:
            teach(changed(CLINIC, ("go: with_staff", "go: with_stuff")), SAID, "cancel")
        assert [problem.code for problem in refused.value.problems] == ["R020"]


class TestChanges:
    def test_the_reading_before_and_after(self) -> None:
        lesson = teach(CLINIC, SAID, "cancel")
        assert (lesson.before.intent, lesson.after.intent) == ("unknown", "cancel")
        assert lesson.changes == ()

    def test_every_text_of_the_file_is_known(self) -> None:
        ruleset = load(changed(CLINIC, ("\ntalks:", "\nphrases:\n  - {ga: beidh me ann, is: confirm}\n\ntalks:"))).ruleset
        assert ruleset is not None
        places = {(each.text, each.language, each.where) for each in known(ruleset)}
        assert places >= {
            ("STAD", "en", "key of stop"),
            ("beidh mé ann", "ga", "phrase of confirm"),
            ("chest pain", "en", "word of urgent"),
            ("beidh me ann", "ga", "phrase check"),
            ("green table", "en", "talk “not read”"),
        }

    def test_replies_that_would_be_read_differently_are_told(self) -> None:
        replies = [Known("car broken down", "", "replies.jsonl:1"), Known("what time is it", "", "replies.jsonl:2")]
        lesson = teach(CLINIC, SAID, "cancel", against=replies)
        assert [(change.known, change.before, change.after) for change in lesson.changes] == [(replies[0], "unknown", "cancel")]
        assert lesson.compared > len(replies)

    def test_the_same_lesson_is_the_same_text(self) -> None:
        assert teach(CLINIC, SAID, "cancel").text == teach(CLINIC, f"  {SAID} ", "cancel").text
