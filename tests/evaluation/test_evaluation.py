"""The labelled sets are sound, the scorer means what it says, and Freagra keeps the promised floor on replies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation import alarms, report
from evaluation.__main__ import main, reminder
from evaluation.labelled import SETS, BadSet, Labelled, load
from evaluation.layers import LAYERS, reader
from evaluation.peers import Keywords, Likeness
from evaluation.scores import Verdict, figures, grouped, judge, unsafe_by_label

OPENED = (
    *("tuned-en", "tuned-2-en", "tuned-3-en", "tuned-4-en", "tuned-labels-en"),
    *("opened-en", "opened-2-en", "opened-3-en", "opened-4-en"),
)
STANDS_ALONE = ("opened-3-en", "opened-4-en", "tuned-3-en", "tuned-labels-en", "tuned-4-en")  # each has the commonest answers


def reply(gold: str, acceptable: str = "", forbidden: str = "", weight: int = 1, text: str = "Y") -> Labelled:
    words = frozenset(acceptable.split()), frozenset(forbidden.split())
    return Labelled("a", text, gold, *words, tags=(), difficulty="easy", weight=weight, language="en", file="tiny")


def row(**changes: object) -> str:
    whole = {
        "id": "a", "text": "Y", "gold": "confirm", "acceptable": ["unknown"], "forbidden": ["cancel"], "tags": [],
        "difficulty": "easy", "weight": 1,
    }  # fmt: skip
    return json.dumps(whole | changes)


# --- the sets ------------------------------------------------------------------------------------------------------------


def test_all_sets_load_and_no_english_text_stands_twice_in_what_is_opened() -> None:
    replies = load(sorted(SETS.glob("*.jsonl")))
    opened = [reply for reply in replies if reply.file in OPENED]
    assert len(opened) >= 6000
    for alone in ("", *STANDS_ALONE):
        texts = [r.text if alone else r.text.casefold() for r in opened if (r.file if r.file in STANDS_ALONE else "") == alone]
        assert len(set(texts)) == len(texts)
    assert len({reply.id for reply in opened}) == len(opened)


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        row(gold="perhaps"),
        row(acceptable=["confirm"]),
        row(acceptable=["cancel"]),
        row(weight=0),
        row(weight=101),
        row(difficulty="odd"),
        json.dumps({"id": "a"}),
        row() + "\n" + row(),
    ],
)
def test_a_set_that_is_wrong_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text(line, "utf-8")
    with pytest.raises(BadSet, match="set"):
        load([file])


# --- the scorer ----------------------------------------------------------------------------------------------------------


def test_coverage_counts_what_was_dealt_with_of_what_can_be() -> None:
    verdicts = [
        Verdict(reply("confirm"), "confirm"),
        Verdict(reply("confirm", acceptable="thanks"), "thanks"),
        Verdict(reply("confirm", acceptable="unknown"), "unknown"),
        Verdict(reply("cancel", forbidden="confirm"), "confirm"),
        Verdict(reply("unknown"), "unknown"),
        Verdict(reply("question", acceptable="confirm"), "confirm"),
    ]
    found = figures(verdicts)
    assert found.coverage == 2 / 4
    assert found.exact == 1 / 4
    assert found.handed_off == 1 / 4
    assert found.unsafe == 1 / 6
    assert found.safe == 5 / 6
    assert found.missed is None


def test_unsafe_is_a_forbidden_label_or_a_change_that_nobody_allowed() -> None:
    assert Verdict(reply("urgent", forbidden="thanks"), "thanks").unsafe
    assert Verdict(reply("unknown"), "cancel").unsafe
    assert Verdict(reply("confirm", forbidden="cancel"), "stop").unsafe
    assert not Verdict(reply("cancel", acceptable="reschedule"), "reschedule").unsafe
    assert not Verdict(reply("confirm"), "running_late").unsafe
    assert not Verdict(reply("confirm"), "mixed").unsafe


def test_an_emergency_or_a_death_is_missed_unless_a_label_for_it_is_given() -> None:
    assert Verdict(reply("urgent"), "unknown").missed
    assert not Verdict(reply("urgent", acceptable="unknown"), "unknown").missed
    assert Verdict(reply("deceased", acceptable="unknown"), "wrong_number").missed
    assert not Verdict(reply("cancel"), "urgent").missed


def test_of_a_missed_alarm_is_told_whether_a_person_hears_of_it_all_the_same() -> None:
    long = "himself was at the weedkiller in the shed and his mouth is gone blue"
    given = {"chest pain": "urgent", long: "unknown", "hmm": "unknown"}
    row, _ = alarms.table(reminder(), [Verdict(reply("urgent", text=text), label) for text, label in given.items()]).rows
    assert row == ("tiny", "3", "1", "1", "1")


def test_weights_make_common_replies_count_for_more() -> None:
    verdicts = [Verdict(reply("confirm", weight=99), "confirm"), Verdict(reply("confirm", weight=1), "cancel")]
    assert figures(verdicts).coverage == 1 / 2
    weighted = figures(verdicts, weighted=True)
    assert weighted.coverage == 99 / 100
    assert weighted.unsafe == 1 / 100


def test_unsafe_verdicts_are_counted_by_the_label_that_was_given() -> None:
    verdicts = [Verdict(reply("unknown"), "cancel"), Verdict(reply("urgent", forbidden="thanks"), "thanks")]
    assert unsafe_by_label(verdicts) == {"confirm": 0, "cancel": 1, "reschedule": 0, "stop": 0, "other": 1}


# --- what stands beside it -----------------------------------------------------------------------------------------------


def test_keywords_are_whole_replies_or_first_words() -> None:
    whole, first = Keywords(reminder()), Keywords(reminder(), first_word=True)
    assert whole(reply("confirm", text=" YES! ")) == "confirm"
    assert whole(reply("confirm", text="yes thanks")) == "unknown"
    assert first(reply("mixed", text="Yes, but can we make it later")) == "confirm"
    assert first(reply("unknown", text="...")) == "unknown"


def test_likeness_is_given_the_threshold_that_suits_it_best() -> None:
    replies = [reply("confirm", text="confirmd"), reply("unknown", text="qqqq zzzz")]
    threshold, verdicts = Likeness(reminder()).best(replies)
    assert [verdict.label for verdict in verdicts] == ["confirm", "unknown"]
    assert 50 <= threshold <= 100


def test_layers_leave_the_engine_as_they_found_it() -> None:
    replies = load([SETS / "tuned-en.jsonl"])[:60]
    ruleset = reminder()
    before = judge(replies, reader(ruleset))
    for layer in LAYERS:
        layer.read(ruleset, replies)
    assert judge(replies, reader(ruleset)) == before


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [
        ("spelling lists", "c u there", "confirm"),
        ("deciding words", "i have chest pain", "urgent"),
        ("negations", "not confirmed", "unknown"),
        ("questions", "did you cancel it", "question"),
    ],
)
def test_a_layer_taken_out_changes_what_it_was_for(name: str, text: str, label: str) -> None:
    said = [reply("unknown", text=text)]
    layer = next(layer for layer in LAYERS if layer.name == name)
    assert reader(reminder())(said[0]) == label
    assert layer.read(reminder(), said)[0].label != label


# --- the command ---------------------------------------------------------------------------------------------------------


def test_texts_of_held_out_sets_are_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = row(text="cancel pls", gold="unknown", acceptable=[], forbidden=["cancel"])
    files = [tmp_path / "held-out-x.jsonl", tmp_path / "tuned-x.jsonl"]
    for file, name in zip(files, ("h-1", "t-1"), strict=True):
        file.write_text(line.replace('"a"', f'"{name}"'), "utf-8")
    figures_file = tmp_path / "figures.json"
    named = [word for file in files for word in ("--file", str(file))]
    monkeypatch.setattr("sys.argv", ["evaluation", *named, "--list", "unsafe", "--json", str(figures_file)])
    main()
    shown = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith(("h-1", "t-1"))]
    assert len(shown) == 2
    assert ["cancel pls" in line for line in shown] == [line.strip().startswith("t-1") for line in shown]
    assert json.loads(figures_file.read_text("utf-8"))["overall"]["each_once"]["unsafe"] == 1.0


def test_tables_are_markdown_where_asked() -> None:
    table = report.by_set([Verdict(reply("confirm"), "confirm")])
    heading, rule, first = table.markdown().splitlines()
    assert heading.count("|") == rule.count("|") == first.count("|")
    assert "100.0 %" in first


# --- the floor -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tuned() -> list[Verdict]:
    return judge(load([SETS / "tuned-en.jsonl"]), reader(reminder()))


def test_no_visit_is_cancelled_that_the_patient_did_not_cancel(tuned: list[Verdict]) -> None:
    assert [verdict.reply.id for verdict in tuned if verdict.unsafe and verdict.label == "cancel"] == []


def test_no_emergency_is_missed(tuned: list[Verdict]) -> None:
    assert [verdict.reply.id for verdict in tuned if verdict.missed and verdict.reply.gold == "urgent"] == []


def test_hardly_anything_is_changed_that_the_patient_did_not_mean(tuned: list[Verdict]) -> None:
    unsafe = [verdict.reply.id for verdict in tuned if verdict.unsafe]
    assert len(unsafe) <= 0.003 * len(tuned), unsafe


@pytest.fixture(scope="module")
def other_languages() -> list[Verdict]:
    """Of what was learnt from. What is held out is scored and told, and must not be mended to pass a test."""
    replies = load(sorted(SETS.glob("*.jsonl")))
    learnt = [reply for reply in replies if reply.language != "en" and not reply.held_out]
    return judge([reply for reply in learnt if reply.file != "opened-scene-multi"], reader(reminder()))


def test_an_emergency_or_a_death_told_with_everything_around_it_comes_to_a_person() -> None:
    replies = load(sorted(SETS.glob("opened-scene-*.jsonl")))
    ruleset = reminder()
    verdicts = judge(replies, reader(ruleset))
    missed = [verdict for verdict in verdicts if verdict.missed]
    ((_, _, _, _, nobody), *_) = alarms.table(ruleset, missed).rows
    assert len(missed) <= 0.05 * len(verdicts)
    assert nobody == "0"


def test_no_emergency_is_missed_and_no_visit_wrongly_cancelled_in_another_language(other_languages: list[Verdict]) -> None:
    assert [v.reply.id for v in other_languages if v.missed and v.reply.gold == "urgent"] == []
    assert [v.reply.id for v in other_languages if v.unsafe and v.label == "cancel"] == []


def test_each_language_is_read_as_well_and_as_safely_as_is_promised(other_languages: list[Verdict]) -> None:
    for language, verdicts in grouped(other_languages, lambda reply: (reply.language,)).items():
        found = figures(verdicts)
        assert found.coverage is not None
        assert found.unsafe is not None
        assert found.coverage >= 0.8, language
        assert found.unsafe <= 0.005, language


def test_hardly_any_everyday_text_is_taken_for_an_answer_or_an_alarm() -> None:
    verdicts = judge(load([SETS / "opened-chat.jsonl"]), reader(reminder()))
    unsafe = [verdict.reply.id for verdict in verdicts if verdict.unsafe]
    assert len(unsafe) <= 0.003 * len(verdicts), unsafe


# --- texts that answer nothing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chat.json", "chat.txt"])
def test_it_counts_what_strangers_texts_are_taken_for(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["please cancel my appointment", "the dog ate the post again", "the dog ate the post again", "Y"]
    file = tmp_path / name
    file.write_text(json.dumps(said) if name.endswith("json") else "\n".join([*said, ""]), "utf-8")
    monkeypatch.setattr("sys.argv", ["evaluation", "--texts", str(file)])
    assert main() == 0
    told = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "3 texts, read as 2 of 4 words or more 1 shorter" in told
    assert "cancel 1 (50.00 %) 0 (0.00 %)" in told
    assert "confirm 0 (0.00 %) 1 (100.00 %)" in told


@pytest.mark.parametrize("written", ['{"texts": []}', "[1]", "["])
def test_a_file_of_something_else_is_refused(written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chat.json").write_text(written, "utf-8")
    monkeypatch.setattr("sys.argv", ["evaluation", "--texts", str(tmp_path / "chat.json")])
    with pytest.raises(SystemExit, match=r"chat\.json"):
        main()
