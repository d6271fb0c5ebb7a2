"""A reply that asks for another language, and what the talk does with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.effects import PreferLanguage, SendText
from engine.events import LanguageChosen, StaffAct
from engine.fold import fold
from engine.ruleset import Prompt, Ruleset
from engine.tongues import wish
from tests.engine.test_decide import HALF_CLEAR_CANCEL, Talk, effects_of, reminded, rules


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("English please", "en"),
        ("in Irish", "ga"),
        ("as Gaeilge le do thoil", "ga"),
        ("AS GAEILGE", "ga"),
        ("po polsku proszę", "pl"),
        ("PO POLSKU PROSZE", "pl"),
        ("polski?", "pl"),
        ("w języku polskim", "pl"),
        ("українською, будь ласка", "uk"),
        ("în română vă rog", "ro"),
        ("em português por favor", "pt"),
        ("español", "es"),
        ("espanol por favor 🙏", "es"),
        ("Français svp", "fr"),
        ("en français s'il vous plaît", "fr"),
        ("lietuviškai prašau", "lt"),
        ("عربي", "ar"),
        ("بالعربية من فضلك", "ar"),
        ("\u200bPolish\u200b please", "pl"),
        ("Russian please", "ru"),
        ("I only speak Polish", "pl"),
        ("No English. Polish please", "pl"),
        ("Hi, can you text me in Romanian please? Thanks", "ro"),
        ("nie rozumiem, po polsku proszę", "pl"),
        ("no hablo inglés", "es"),
        ("não falo inglês", "pt"),
        ("не розумію англійською", "uk"),
        ("je ne comprends pas l'anglais", "fr"),
        ("nesuprantu angliškai, lietuviškai prašau", "lt"),
        ("ما بفهم انجليزي، بالعربي لو سمحت", "ar"),
        ("rašykit lietuviškai", "lt"),
    ],
)
def test_the_whole_reply_asks_for_a_language(text: str, language: str) -> None:
    assert wish(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "I need an interpreter for Polish",
        "Polish interpreter please",
        "yes, in Polish please",
        "no english",
        "I don't speak English",
        "nie rozumiem po polsku",
        "no quiero en inglés",
        "is the doctor Polish?",
        "I am Polish",
        "English or Irish",
        "👍 English",
        "french fries",
        "cancel the English one",
        "ES",
        "PL",
        "Y",
        "please",
        "",
        "🦄",
        "English " * 40,
    ],
)
def test_a_language_in_another_meaning_is_no_such_wish(text: str) -> None:
    assert wish(text) is None


def test_the_question_that_stands_is_asked_again_in_that_language() -> None:
    play = reminded()
    decision = play.hears("as Gaeilge le do thoil")
    (text,) = effects_of(decision, SendText)
    assert (text.prompt, text.language) == ("reminder", "ga")  # type: ignore[attr-defined]
    assert (play.settled(), play.conversation.patient.language) == ("asked", "ga")
    assert effects_of(decision, PreferLanguage) == [PreferLanguage("ga")]
    assert fold(play.entries) == play.conversation
    play.leaves()
    play.patient("Y")
    assert play.written == ["confirm"]


def test_it_answers_nothing_so_the_silent_are_still_reminded() -> None:
    play = reminded()
    play.hears("as Gaeilge")
    play.leaves()
    assert play.conversation.silent


def test_what_we_asked_back_is_asked_back_in_that_language_and_still_stands() -> None:
    play = reminded()
    play.patient(HALF_CLEAR_CANCEL)
    assert play.prompts() == ["did_you_mean"]
    play.patient("as Gaeilge")
    assert play.prompts() == ["did_you_mean"]
    play.leaves()
    play.patient("Y")
    assert play.written == ["request_cancel"]


def test_what_was_settled_is_said_again_and_not_written_again() -> None:
    play = reminded()
    play.patient("Y")
    play.prompts()
    play.patient("as Gaeilge")
    assert (play.settled(), play.prompts(), play.written) == ("acted", ["confirmed"], ["confirm"])


@pytest.mark.parametrize("text", ["lietuvių kalba prašau", "Somali please"])
def test_a_language_that_the_rules_lack_is_for_a_person(text: str) -> None:
    play = Talk(only_english())
    play.leaves()
    play.prompts()
    decision = play.hears(text)
    assert (play.settled(), play.prompts(), play.kinds()) == ("handed", [], {"question"})
    (task,) = [entry.data for entry in decision.entries if entry.kind == "task.opened"]
    assert task["why"].startswith("The patient wants to be written to in ")
    assert task["words"] == text
    assert play.conversation.staff_own


def only_english() -> Ruleset:
    return replace(rules(), version="only English", languages=("en",))


def test_so_is_the_language_that_we_wrote_in_already() -> None:
    play = reminded()
    play.hears("English please")
    assert (play.settled(), play.prompts(), play.kinds()) == ("handed", [], {"question"})


def test_a_code_counts_where_we_taught_it() -> None:
    offer = Prompt("reminder", {"en": "{date} {time}. Reply GA as Gaeilge.", "ga": "{date} {time}"})
    taught = {**rules().prompts, "reminder": offer}
    for prompts, asked in ((rules().prompts, False), (taught, True)):
        play = reminded(ruleset=replace(rules(), version=f"taught {asked}", prompts=prompts))
        play.hears("GA")
        assert (play.conversation.patient.language == "ga") is asked


def test_staff_who_own_the_talk_have_it() -> None:
    play = reminded()
    play.staff(StaffAct.TAKE)
    play.hears("as Gaeilge")
    assert (play.settled(), play.prompts(), play.conversation.patient.language) == ("handed", [], "ga")


def test_who_gets_no_texts_gets_none_in_any_language() -> None:
    play = reminded()
    play.patient("STOP")
    play.prompts()
    play.hears("as Gaeilge")
    assert (play.settled(), play.prompts()) == ("handed", [])


def test_from_a_former_number_it_is_nobodys_wish() -> None:
    play = reminded()
    play.hears("as Gaeilge", former_number=True)
    assert play.conversation.patient.language == "en"


def test_a_wish_that_another_talk_heard_holds_here_without_a_text() -> None:
    play = reminded()
    decision = play.happen(LanguageChosen("ga"))
    assert (play.conversation.patient.language, play.prompts(), decision.effects) == ("ga", [], ())
    assert play.happen(LanguageChosen("ga")).entries == ()
