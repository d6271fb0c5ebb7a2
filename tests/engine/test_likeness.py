"""A ruleset that is like a shared one: what it says itself, what it takes over, and where its problems are told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine import forms
from engine.draft import version_of
from engine.loader import Loaded, load
from engine.ruleset import Ruleset, Shared
from engine.teach import teach

CLINIC = (Path(__file__).parents[1] / "rulesets" / "clinic.yaml").read_text("utf-8")
OWN = """# the eye clinic
format: 1
ruleset: eye
like: clinic
summary: What is different in the eye clinic.
applies_to: {clinics: [EYE]}
"""


def shelf(source: str = CLINIC) -> dict[str, Shared]:
    return {"clinic": Shared("clinic", version_of(source), source, "clinic.yaml")}


def loaded(more: str, shared: str = CLINIC) -> Loaded:
    return load(OWN + more, "eye.yaml", shelf=shelf(shared))


def ruleset(more: str, shared: str = CLINIC) -> Ruleset:
    found = loaded(more, shared)
    assert found.ruleset is not None, "\n".join(problem.render() for problem in found.problems)
    return found.ruleset


class TestWhatIsLaidOver:
    def test_what_is_not_written_is_as_in_the_shared_ruleset(self) -> None:
        own, shared = ruleset(""), load(CLINIC).ruleset
        assert shared is not None
        for part in ("states", "prompts", "hours", "intents"):
            assert getattr(own, part) == getattr(shared, part)
        assert (own.name, own.service, own.applies_to.clinics) == ("eye", "clinic", frozenset({"EYE"}))

    def test_a_text_is_changed_in_the_languages_it_is_written_in(self) -> None:
        own = ruleset('prompts: {thanks: {en: "Bring your glasses on {date}."}}\n')
        assert own.prompts["thanks"].texts["en"] == "Bring your glasses on {date}."
        assert own.prompts["thanks"].texts["ga"].startswith("Go raibh maith")

    def test_a_plain_text_is_one_of_the_first_language(self) -> None:
        own = ruleset('prompts: {thanks: "Bring your glasses on {date}."}\n')
        assert own.prompts["thanks"].texts["en"] == "Bring your glasses on {date}."
        assert "ga" in own.prompts["thanks"].texts

    def test_one_key_of_a_task_leaves_the_others(self) -> None:
        own, shared = ruleset("states: {with_staff: {task: {due: 2d}}}\n"), load(CLINIC).ruleset
        assert shared is not None
        mine, theirs = own.states["with_staff"].task, shared.states["with_staff"].task
        assert mine is not None
        assert theirs is not None
        assert (mine.due, mine.kind, mine.why) == (timedelta(days=2), theirs.kind, theirs.why)

    def test_hours_of_sending_take_the_place_of_all_of_them_and_shared_talks_are_played_at_theirs(self) -> None:
        own = ruleset('hours: {sending: {sat: ["10:00-12:00"]}}\n')
        assert [bool(day) for day in own.hours.sending.days] == [False] * 5 + [True, False]
        assert own.hours.staffed.days[0]

    def test_what_patients_say_is_added(self) -> None:
        own = ruleset("intents: {cancel: {phrases: [me granddaughter has the car]}}\n")
        assert own.intents["cancel"].phrases["en"] == ("i cannot come", "me granddaughter has the car")

    def test_a_question_in_place_of_a_shared_word_is_one(self) -> None:
        shared = CLINIC.replace("    ask: reminder\n", "    say: reminder\n")
        assert "R015" not in {each.code for each in loaded("states: {waiting: {ask: reminder}}\n", shared).problems}

    def test_languages_that_are_left_out_go_with_all_that_is_written_for_them(self) -> None:
        own = ruleset('languages: [en]\nprompts: {thanks: "Bring your glasses on {date}."}\n')
        assert own.languages == ("en",)
        assert all(set(prompt.texts) == {"en"} for prompt in own.prompts.values())
        assert not loaded('languages: [en]\nprompts: {thanks: "Bring your glasses on {date}."}\n').problems

    def test_a_talk_of_the_same_name_takes_the_others_place(self) -> None:
        more = "states: {waiting: {replies: {cancel: stay}}}\n"
        assert not loaded(more).ok
        talk = "talks:\n  - {name: no, talk: [{bot: reminder}, {patient: C}], ends: waiting}\n"
        assert loaded(more + talk).ok

    def test_its_version_is_another_where_either_text_is(self) -> None:
        found = ruleset(""), ruleset("limits: {replies: 11}\n"), ruleset("", f"{CLINIC}# a remark\n")
        assert len({each.version for each in found}) == 3


class TestProblems:
    def test_each_is_told_in_its_own_file_at_its_own_line(self) -> None:
        found = loaded("states: {waiting: {replies: {cancel: stay}}}\n").problems
        (problem,) = (each for each in found if each.code == "R081")
        assert problem.file == "clinic.yaml"
        assert problem.source == CLINIC.splitlines()[problem.line - 1]

    def test_a_reminder_too_late_for_a_shared_wait_is_told_at_the_clinics_own_line(self) -> None:
        more = "cadence:\n  - {name: first, when: 1 hours before, go: waiting, late: send}\n"
        (problem,) = (each for each in loaded(more).problems if each.code == "R073")
        assert (problem.file, problem.line) == ("eye.yaml", 8)
        wait = CLINIC.splitlines().index("      - {when: 2 days before, go: unanswered}") + 1
        assert f'the wait of "waiting" in clinic.yaml, line {wait},' in problem.message

    def test_what_the_shared_ruleset_is_warned_of_is_not_said_again(self) -> None:
        shared = CLINIC.replace("prompts:\n", 'prompts:\n  unused: {en: "Never said.", ga: "Ní deirtear."}\n', 1)
        assert "R063" in {problem.code for problem in load(shared).problems}
        assert not loaded("", shared).problems

    def test_a_sensitive_clinic_is_told_of_every_shared_text_that_gives_it_away(self) -> None:
        shared = CLINIC.replace("Thank you, see you on {date}.", "Thank you, see you with {clinician} on {date}.").replace(
            "feicfimid thú ar {date}", "feicfidh {clinician} thú ar {date}"
        )
        assert load(shared).ok
        (problem,) = loaded("sensitive: yes\n", shared).problems
        assert (problem.code, problem.file, problem.line) == ("R092", "eye.yaml", 7)
        assert '"thanks"' in problem.message

    @pytest.mark.parametrize("name", ["clinik", "eye"])
    def test_what_it_is_like_has_to_be_there(self, name: str) -> None:
        (problem,) = load(OWN.replace("like: clinic", f"like: {name}"), "eye.yaml", shelf=shelf()).problems
        assert (problem.code, problem.line) == ("R090", 4)

    def test_a_broken_shared_ruleset_is_one_problem(self) -> None:
        (problem,) = loaded("", 'format: 1\nruleset: "clinic\n').problems
        assert problem.code == "R090"
        assert "a quote opens here" in problem.message


class TestForm:
    def test_it_shows_shared_values_and_writes_only_what_is_changed(self) -> None:
        fields = {field.name: field for field in forms.fields(OWN, shelf())}
        assert all(field.shared for field in fields.values())
        text = OWN
        for name, value in (
            ("prompts.thanks.en", "Bring your glasses on {date}."),
            ("prompts.thanks.ga", "Tabhair do spéaclaí ar {date}."),
            ("hours.sending.mon-fri.0", "10:00-16:00"),
            ("states.with_staff.task.due", "2d"),
            ("cadence.0.when", "9 days before"),
        ):
            text = forms.put(text, name, value, shelf())
        assert text.startswith(OWN)
        assert text.removeprefix(OWN) == (
            "prompts:\n  thanks:\n"
            '    en: "Bring your glasses on {date}."\n    ga: "Tabhair do spéaclaí ar {date}."\n'
            'hours:\n  sending: {mon-fri: ["10:00-16:00"]}\n'
            "states:\n  with_staff:\n    task:\n      due: 2d\n"
            "cadence:\n  - {name: first, when: 9 days before, go: waiting, late: send}\n"
        )
        changed = {field.name for field in forms.fields(text, shelf()) if not field.shared}
        assert changed == {
            "prompts.thanks.en", "prompts.thanks.ga", "hours.sending.mon-fri.0", "states.with_staff.task.due", "cadence.0.when",
        }  # fmt: skip

    def test_a_translation_that_is_written_anew_is_a_draft(self) -> None:
        shared = (Path(__file__).parents[1] / "rulesets" / "translated.yaml").read_text("utf-8")
        name = next(line.partition(": ")[2] for line in shared.splitlines() if line.startswith("ruleset: "))
        known = {name: Shared(name, version_of(shared), shared, f"{name}.yaml")}
        own = OWN.replace("like: clinic", f"like: {name}")
        field = next(field for field in forms.fields(own, known) if field.name.startswith("translations."))
        text = forms.put(own, field.name, field.value, known)
        assert "    draft: yes\n    prompts:\n" in text


def test_it_can_be_taught() -> None:
    lesson = teach(OWN, "me granddaughter has the car", "cancel", name="eye.yaml", shelf=shelf())
    assert lesson.text.startswith(OWN)
    assert (lesson.before.intent, lesson.after.intent) == ("unknown", "cancel")
    again = teach(lesson.text, "my lift is gone on me", "cancel", name="eye.yaml", shelf=shelf())
    assert "phrases: [me granddaughter has the car, my lift is gone on me]" in again.text
