from __future__ import annotations

import hashlib
import re
from datetime import time, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lexicon import LEXICONS
from engine.loader import load
from engine.nodes import MOST_CHARACTERS
from engine.problems import Problem
from engine.ruleset import (
    ALWAYS_EVENTS,
    ALWAYS_INTENTS,
    STAFF_TARGETS,
    Moment,
    NoReply,
    PhraseCheck,
    Ruleset,
    Rung,
    SendFailed,
    Target,
    TaskRule,
)

ROOT = Path(__file__).parent.parent.parent
CLINIC = (ROOT / "tests" / "rulesets" / "clinic.yaml").read_text(encoding="utf-8")
TRANSLATED = (ROOT / "tests" / "rulesets" / "translated.yaml").read_text(encoding="utf-8")
SHIPPED = sorted((ROOT / "rules").glob("*.yaml"))


def changed(*changes: tuple[str, str]) -> str:
    """The small clinic's ruleset, changed."""
    text = CLINIC
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return text


def problems(*changes: tuple[str, str], rehearse: bool = False) -> tuple[Problem, ...]:
    return load(changed(*changes), rehearse=rehearse).problems


def codes(*changes: tuple[str, str], rehearse: bool = False) -> list[str]:
    return [problem.code for problem in problems(*changes, rehearse=rehearse)]


def ruleset(*changes: tuple[str, str]) -> Ruleset:
    loaded = load(changed(*changes), rehearse=False)
    assert loaded.ruleset is not None, "\n\n".join(problem.render() for problem in loaded.problems)
    return loaded.ruleset


@cache
def reminder() -> Ruleset:
    return shipped("appointment-reminder.yaml")


@cache
def follow_up() -> Ruleset:
    return shipped("follow-up.yaml")


def shipped(name: str) -> Ruleset:
    loaded = load((ROOT / "rules" / name).read_text(encoding="utf-8"), rehearse=False)
    assert loaded.ruleset is not None
    return loaded.ruleset


class TestTranslations:
    """tests/rulesets/translated.yaml says what clinic.yaml says, its Irish in a block of its own."""

    def test_a_block_means_what_texts_beside_each_other_mean(self) -> None:
        apart, together = load(TRANSLATED).ruleset, load(CLINIC).ruleset
        assert apart is not None
        assert together is not None
        assert apart.prompts == together.prompts
        assert apart.intents == together.intents
        assert (apart.formats, apart.accents) == (together.formats, together.accents)
        assert [apart.most_segments(language) for language in ("en", "ga")] == [2, 3]

    def test_what_is_signed_off_is_no_draft_and_the_rest_is(self) -> None:
        draft = load(TRANSLATED.replace("reviewed: 2026-11-20 by Jan K.", "draft: yes")).ruleset
        assert draft is not None
        assert {prompt.draft for prompt in draft.prompts.values()} == {frozenset({"ga"})}

    def test_phrases_and_keys_add_to_those_of_the_intent(self) -> None:
        text = TRANSLATED.replace("phrases: [i cannot come]", "phrases: {en: [i cannot come], ga: [ní thiocfaidh mé]}")
        text = text.replace("keys: {stop:", "keys: {cancel: [CEALAIGH], stop:")
        rules = load(text).ruleset
        assert rules is not None
        assert rules.intents["cancel"].phrases["ga"] == ("ní thiocfaidh mé", "ní bheidh mé ann")
        assert rules.intents["cancel"].keys == ("C", "CEALAIGH")

    def test_any_part_of_a_block_may_be_nonsense(self) -> None:
        front, block = TRANSLATED.split("\ntranslations:")
        for part in ("formats", "called", "keys", "phrases", "words", "prompts", "accents", "segments", "reviewed"):
            for nonsense in ("", " x", " [x]", " {x: y}", " {confirm: {ga: x}}", " {reminder: [x]}"):
                broken = re.sub(rf"(?m)^    {part}:.*$(\n      .*)*", f"    {part}:{nonsense}", block)
                loaded = load(f"{front}\ntranslations:{broken}")
                assert not loaded.ok
                assert min(problem.line for problem in loaded.problems) > front.count("\n")


class TestShipped:
    @pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
    def test_shipped_rulesets_have_no_fault_and_warn_of_languages_only(self, path: Path) -> None:
        loaded = load(path.read_text(encoding="utf-8"), path.name)
        assert loaded.ruleset is not None
        told = {(problem.code, problem.message) for problem in loaded.problems}
        drafts = {(code, message) for code, message in told if code == "R042"}
        assert len(drafts) == len(loaded.ruleset.languages) - 1  # machine-made, until someone signs them off
        unknown = [language for language in loaded.ruleset.languages if language not in LEXICONS]
        assert all(code == "R041" and any(f" {name} " in f"{message} " for name in unknown) for code, message in told - drafts)

    def test_the_english_reminder_is_word_for_word_what_hospitals_agreed(self) -> None:
        assert reminder().prompts["reminder"].texts["en"] == (
            "Reminder: Your appointment with {clinician} is on {date} at {time}. "
            "Reply Y to confirm, R to Reschedule or C to Cancel."
        )

    def test_no_reply_deletes_a_booking_by_itself(self) -> None:
        reached = {target.go for state in reminder().states.values() for target in state.replies.values()}
        assert {name for name in reached if name != "stay" and reminder().states[name].hospital == "cancel"} == set()
        assert reminder().states["cancelling"].hospital == "request_cancel"

    def test_a_yes_is_written_to_the_hospital_and_a_wish_to_move_is_staffs(self) -> None:
        waiting = reminder().states["waiting"]
        assert reminder().states[waiting.replies["confirm"].go].hospital == "confirm"
        days = reminder().states[waiting.replies["reschedule"].go]
        moving = reminder().states[days.replies["anything"].go]
        assert moving.task is not None
        assert moving.task.kind == "reschedule"

    def test_every_prompt_is_written_in_every_language(self) -> None:
        assert reminder().languages == ("en", "ga", "pl", "uk", "ro", "pt", "es", "fr", "lt", "ar")
        assert follow_up().languages == reminder().languages
        for rules in (reminder(), follow_up()):
            for prompt in rules.prompts.values():
                assert set(prompt.texts) == set(rules.languages)

    def test_the_follow_up_tells_those_who_came_from_those_who_did_not(self) -> None:
        assert follow_up().applies_to.statuses == {"fulfilled", "noshow"}
        assert {step.only_if: follow_up().states[step.go or ""].asks for step in follow_up().cadence} == {
            "attended": False,
            "missed": True,
        }

    def test_an_answer_to_the_follow_up_is_a_task_and_never_a_write_to_the_hospital(self) -> None:
        assert all(state.hospital is None for state in follow_up().states.values())
        for intent in ("reschedule", "cancel"):
            target = follow_up().states[follow_up().states["did_not_come"].replies[intent].go]
            assert target.task is not None

    def test_both_answer_for_safety(self) -> None:
        for rules in (reminder(), follow_up()):
            assert set(rules.always) == {*ALWAYS_INTENTS, *ALWAYS_EVENTS}
            assert set(rules.staff) == set(STAFF_TARGETS)
            for intent in ("urgent", "deceased", "wrong_number"):
                state = rules.states[rules.always[intent]]
                assert state.staff_own
                assert state.task is not None
                assert state.task.priority == "urgent"


class TestValues:
    def test_the_version_is_the_digest_of_the_text(self) -> None:
        rules = ruleset()
        assert rules.version == hashlib.sha256(CLINIC.encode()).hexdigest()[:16]
        assert rules.source == CLINIC
        assert ruleset(("summary: Reminds", "summary: reminds")).version != rules.version

    def test_hours(self) -> None:
        hours = ruleset(('{mon-fri: ["09:00-18:00"]}', '{mon-tue: ["09:00-18:00"], sun: ["10:00-24:00"]}')).hours
        assert hours.timezone == "Europe/Dublin"
        assert hours.holidays == "IE"
        working = ((time(9), time(18)),)
        assert hours.sending.days == (working, working, (), (), (), (), ((time(10), time.max),))

    def test_the_cadence(self) -> None:
        (step,) = ruleset(("when: 10 days before", "when: 10 days before at 09:30, only_if: silent")).cadence
        assert step.when == Moment(days=-10, at=time(9, 30), text="10 days before at 09:30")
        assert (step.name, step.go, step.say, step.only_if, step.late) == ("first", "waiting", None, "silent", True)

    def test_a_state(self) -> None:
        rules = ruleset(("due: 4h, why", "due: 4h, priority: high, suggest: answer, why"))
        state = rules.states["with_staff"]
        assert state.task == TaskRule("question", timedelta(hours=4), "high", "answer", "The patient needs a person.")
        assert state.say == "staff_will_call"
        assert not state.asks
        assert state.staff_own
        assert rules.states["waiting"].asks
        assert rules.states["confirmed"].hospital == "confirm"
        assert rules.states["opted_out"].blocks == "opted_out"
        assert rules.states["opted_out"].ends
        assert ruleset(("    hospital: confirm", "    closes_task: yes")).states["confirmed"].settles_task

    def test_the_ladders(self) -> None:
        rules = ruleset(
            (
                "- {when: 2 days before, go: unanswered}",
                "- {after: 24h, say: unclear}\n      - {after: 2d, go: unanswered}",
            )
        )
        waiting = rules.states["waiting"]
        assert waiting.no_reply == (
            NoReply(after=timedelta(hours=24), say="unclear"),
            NoReply(after=timedelta(days=2), go="unanswered"),
        )
        assert waiting.unclear == (
            Rung(say="did_you_mean", needs_guess=True),
            Rung(say="unclear"),
            Rung(go="with_staff"),
        )
        assert waiting.send_failed == SendFailed((timedelta(minutes=15), timedelta(hours=2)), "unanswered")

    def test_a_rung_that_asks_without_a_guess_needs_none(self) -> None:
        rules = ruleset(("- {say: unclear}", "- {ask: unclear}"))
        assert rules.states["waiting"].unclear[1] == Rung(say="unclear")

    def test_a_target_may_stay_and_answer(self) -> None:
        rules = ruleset(("cancel: with_staff", "cancel: {go: stay, say: thanks}"))
        assert rules.states["waiting"].replies["cancel"] == Target("stay", "thanks")

    def test_a_prompt_in_draft(self) -> None:
        rules = ruleset(("  unclear:\n    en:", "  unclear:\n    draft: [ga]\n    en:"))
        assert rules.prompts["unclear"].draft == {"ga"}
        assert set(rules.prompts["unclear"].texts) == {"en", "ga"}

    def test_clinics_and_types(self) -> None:
        rules = ruleset(("appointments: [booked]", "appointments: [booked, pending], clinics: [EYE, 12], types: all"))
        assert rules.applies_to.statuses == {"booked", "pending"}
        assert rules.applies_to.clinics == {"EYE", "12"}
        assert rules.applies_to.types is None

    def test_phrase_checks_and_talks_keep_their_places(self) -> None:
        rules = ruleset(("\nalways:", "\nphrases:\n  - {en: no, is: unknown}\n\nalways:"))
        line = CLINIC.splitlines().index("always:") + 1
        assert rules.phrases == (PhraseCheck("no", "en", "unknown", line + 1),)
        talk = rules.talks[0]
        assert talk.name == "yes"
        assert talk.ends == "confirmed"
        first = talk.steps[0]
        assert (first.kind, first.value, first.column) == ("bot", "reminder", 13)
        assert load(CLINIC).problems == ()

    def test_a_talk_may_begin_today_and_staff_may_write(self) -> None:
        rules = ruleset(
            (
                "  - name: yes\n",
                "  - name: yes\n    given: {appointment: today at 15:00, status: missed, language: ga}\n",
            ),
            ("{staff: take}", "{staff: {act: answer, text: Ring us at 9.}}"),
        )
        assert rules.talks[0].given == {"appointment": "in 0 days at 15:00", "status": "missed", "language": "ga"}
        assert rules.talks[-1].steps[1].value == {"act": "answer", "text": "Ring us at 9."}


class TestLike:
    def test_replies_are_added_to_those_of_the_other_state_line_by_line(self) -> None:
        states = ruleset().states
        assert states["confirmed"].replies == {"confirm": Target("stay"), "cancel": Target("with_staff")}
        assert states["confirmed"].unclear == states["waiting"].unclear
        assert states["confirmed"].send_failed == states["waiting"].send_failed

    def test_waits_questions_and_what_happens_on_entry_are_not_taken_over(self) -> None:
        state = ruleset().states["unanswered"]
        assert state.no_reply == ()
        assert state.say is None
        assert not state.asks

    def test_a_state_may_be_like_one_that_is_like_another_further_down(self) -> None:
        rules = ruleset(
            ("cancel: with_staff\n", "cancel: second\n"),
            (
                "  over: {ends: yes}",
                "  over: {ends: yes}\n  second: {like: third, replies: {cancel: stay}}\n  third: {like: confirmed}",
            ),
            ("keep: confirmed, hand_back", "keep: third, hand_back"),
        )
        assert rules.states["second"].replies == {"confirm": Target("stay"), "cancel": Target("stay")}
        assert rules.states["third"].replies == {"confirm": Target("stay"), "cancel": Target("second")}

    def test_a_thousand_states_in_a_row(self) -> None:
        row = "".join(
            f"  s{number}: {{like: s{number + 1}, replies: {{cancel: s{number + 1}}}}}\n" for number in range(1000)
        )
        rules = ruleset(
            ("cancel: with_staff\n", "cancel: s0\n"),
            ("  over: {ends: yes}\n", f"  over: {{ends: yes}}\n{row}  s1000: {{like: waiting}}\n"),
        )
        assert rules.states["s0"].replies["confirm"] == Target("confirmed")

    def test_the_own_ladder_replaces_the_other_whole(self) -> None:
        rules = ruleset(
            ("    replies: {confirm: stay}\n", "    replies: {confirm: stay}\n    unclear: [{go: with_staff}]\n")
        )
        assert rules.states["confirmed"].unclear == (Rung(go="with_staff"),)


class TestOnceAndAllAtOnce:
    def test_all_problems_are_told_in_one_go(self) -> None:
        assert codes(
            ("confirm: confirmed\n", "confirm: confrimed\n"),
            ("on {date}.", "on {dat}."),
            ("due: 1d", "due: one day"),
            ("keys: [C]", "keys: [C, Y]"),
        ) == ["R061", "R023", "R020", "R013"]

    def test_a_misspelt_state_is_one_problem(self) -> None:
        # `unanswered` is reached by these two ways only, and yet it is not told to be out of reach.
        changes = (("before, go: unanswered", "before, go: unanswred"), ("2h], go: unanswered", "2h], go: unanswred"))
        assert codes(*changes) == ["R020", "R020"]

    def test_a_broken_block_does_not_make_its_names_unknown(self) -> None:
        assert codes(('  thanks:\n    en: "Thank you, see you on {date}."\n', "  thanks:\n    en: [thank you]\n")) == [
            "R012"
        ]

    def test_no_reference_is_told_where_the_block_it_leads_to_is_missing(self) -> None:
        text = CLINIC[: CLINIC.index("prompts:")] + CLINIC[CLINIC.index("always:") :]
        assert [problem.code for problem in load(text, rehearse=False).problems] == ["R011"]

    def test_a_misspelt_key_is_not_missing_too(self) -> None:
        assert codes(("closes: 1 hour", "close: 1 hour")) == ["R010"]

    def test_problems_are_the_same_every_time(self) -> None:
        text = (ROOT / "tests" / "rulesets" / "broken" / "many_things.yaml").read_text(encoding="utf-8")
        assert load(text).problems == load(text).problems

    def test_tests_inside_the_file_are_run_only_if_asked_and_if_nothing_else_is_wrong(self) -> None:
        fails = ("{patient: Y}, {bot: thanks}", "{patient: Y}, {bot: unclear}")
        assert codes(fails, rehearse=True) == ["R081"]
        assert codes(fails, rehearse=False) == []
        assert codes(fails, ("due: 1d", "due: one day"), rehearse=True) == ["R013"]


class TestNoFalseAlarm:
    """What is right, although it looks like something that is wrong."""

    def test_a_question_that_takes_anything_has_no_unclear_reply(self) -> None:
        changes = (
            ("      cancel: with_staff\n", "      cancel: with_staff\n      anything: with_staff\n"),
            ("    unclear:\n      - {ask: did_you_mean}\n      - {say: unclear}\n      - {go: with_staff}\n", ""),
        )
        assert {problem.severity for problem in problems(*changes)} == {"warning"}  # prompts that nobody says now

    def test_stop_may_be_taught_as_the_way_to_stop(self) -> None:
        assert codes(("To get them again text START.", "Text STOP to get none, START to get them.")) == []

    def test_the_word_cancel_may_be_said_where_it_is_not_taught(self) -> None:
        assert codes(("or C if you cannot come.", "or C to Cancel.")) == []

    def test_accents_that_are_kept_on_purpose_are_no_surprise(self) -> None:
        assert codes() == []

    def test_a_letter_costs_nothing_where_the_text_is_short(self) -> None:
        assert codes(("Sorry, please reply Y or C.", "Sorry, Łukasz, please reply Y or C.")) == []

    def test_another_question_may_follow_one_that_did_not_arrive(self) -> None:
        second = "    send_failed: {retries: [], go: second}\n  second:\n    ask: unclear\n    like: waiting\n"
        second += "    no_reply: [{after: 1d, go: unanswered}]\n    send_failed: {retries: [1d], go: unanswered}\n"
        assert codes(("    send_failed: {retries: [15m, 2h], go: unanswered}\n", second)) == []

    def test_texts_after_the_visit_may_come_after_the_visit(self) -> None:
        changes = (
            ("[booked]", "[fulfilled, noshow]"),
            (
                "when: 10 days before, go: waiting, late: send",
                "when: 1 day after at 10:00, only_if: missed, go: waiting",
            ),
            ("closes: 1 hour after", "closes: 2 weeks after"),
            ("{when: 2 days before, go: unanswered}", "{after: 3d, go: unanswered}"),
        )
        assert codes(*changes) == []

    def test_waits_may_fill_the_time_up_to_the_appointment(self) -> None:
        assert codes(("{when: 2 days before, go: unanswered}", "{after: 10d, go: unanswered}")) == []


class TestCosts:
    def test_the_price_of_a_fada_is_told(self) -> None:
        (problem,) = (found for found in problems(("{segments: 3}", "{segments: 1}")) if "téacsanna" in found.source)
        assert problem.code == "R050"
        assert problem.message == 'this text can cost 2 SMS parts; the limit is 1, and would cost 1 without "í"'
        assert "at its longest (77 characters)" in problem.hint

    def test_names_are_counted_at_their_longest(self) -> None:
        found = problems(
            ("{segments: 3}", "{segments: 1}"),
            ("Thank you, see you on {date}.", "Thank you, " + "see you " * 17 + "on {date}."),
        )
        assert [problem.message for problem in found if problem.source.startswith('    en: "Thank')] == [
            "this text can cost 2 SMS parts; the limit is 1"
        ]


# ---- nothing that is written makes the loader fall over --------------------------------------------------------------

SNIPPETS = [
    "",
    "yes",
    "[]",
    "{}",
    "[[",
    "}",
    ":",
    "#",
    "- ",
    "'",
    '"',
    "\t",
    "&a",
    "*a",
    "<<",
    "!x",
    "---",
    "null",
    "stay",
    "waiting",
    "{go: stay}",
    "2d",
    "é",
    "👍",
    "\x00",
]


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """The small clinic's ruleset with a few lines lost, moved or spoilt."""
    lines = draw(st.sampled_from([CLINIC, TRANSLATED])).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["lose", "double", "spoil", "move in", "move out"])):
            case "lose":
                del lines[at]
            case "double":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines[at])
            case "spoil":
                column = draw(st.integers(0, len(lines[at])))
                upto = draw(st.integers(column, len(lines[at])))
                lines[at] = lines[at][:column] + draw(st.sampled_from(SNIPPETS)) + lines[at][upto:]
            case "move in":
                lines[at] = "  " + lines[at]
            case _:
                lines[at] = lines[at][2:]
    return "\n".join(lines)


@settings(max_examples=150, deadline=None)
@given(spoilt())
def test_a_spoilt_file_gives_problems_at_places_in_it_and_never_an_exception(text: str) -> None:
    loaded = load(text)
    assert loaded.ok == all(problem.severity == "warning" for problem in loaded.problems)
    for problem in loaded.problems:
        assert 1 <= problem.line <= text.count("\n") + 2
        assert problem.column >= 1
        assert problem.render()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_neither_does_any_other_text(text: str) -> None:
    loaded = load(text)
    assert not loaded.ok
    assert loaded.problems


def test_a_text_beyond_all_measure_is_refused() -> None:
    assert [problem.code for problem in load("a: b\n" * (MOST_CHARACTERS // 5 + 1)).problems] == ["R008"]
