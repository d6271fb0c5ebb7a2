"""How much a STOP stops, by what it says; and what goes on after START."""

from __future__ import annotations

import pytest

from engine.effects import BlockTexts, SendText
from engine.events import StaffAct, TextReported, TextsResumed, TextStatus
from engine.loader import load
from engine.ruleset import Ruleset
from tests.engine.test_decide import DAY, RULES, Talk, effects_of, reminded, rules


def narrow() -> Ruleset:
    """STOP alone stops this clinic's texts."""
    blocks = "{reason: opted_out, scope: all, clinic: opted_out_clinic, series: opted_out_series, start: texts_again}"
    text = RULES.read_text("utf-8")
    assert blocks in text
    text = text.replace(blocks, "{reason: opted_out, scope: clinic, all: opted_out}")
    text = text.replace("    say: opted_out\n", "    say: opted_out_clinic\n")
    ruleset = load(text, rehearse=False).ruleset
    assert ruleset is not None
    return ruleset


def stopped(text: str, ruleset: Ruleset | None = None) -> tuple[str, list[str]]:
    play = reminded(ruleset=ruleset)
    play.patient(text)
    return play.conversation.stopped, play.prompts()


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("STOP", "all"),
        ("stop all", "all"),
        ("please stop texting me", "all"),
        ("unsubscribe from all", "all"),
        ("no more texts from this hospital", "all"),
        ("stop texts from all clinics", "all"),
        ("stop texts from the eye clinic", "clinic"),
        ("no more texts from this clinic", "clinic"),
        ("STOP CLINIC", "clinic"),
        ("stop all texts from the Eye Clinic please", "clinic"),
        ("just stop reminders for this one", "series"),
        ("stop texts about this appointment", "series"),
        ("stop sending me reminders for this appointment please", "series"),
        ("only stop this one", "series"),
        ("stop this series", "series"),
        ("STOP everything", "all"),
        ("stop eye clinic texts", "clinic"),
        ("no more reminders from the eye clinic please", "clinic"),
        ("stop na teachtaireachtaí faoin gcoinne seo", "series"),
        ("ná seol aon téacs eile chugam ón gclinic seo", "clinic"),
        ("nie piszcie do mnie w sprawie tej wizyty", "series"),
        ("не надсилайте повідомлення з цієї клініки", "clinic"),
        ("nu imi mai trimiteti mesaje despre aceasta programare", "series"),
        ("parem todas as mensagens", "all"),
        ("no me manden ningún mensaje de todo el hospital", "all"),
        ("plus de messages de cette clinique", "clinic"),
        ("nesiųskit žinučių apie šį vizitą", "series"),
        ("اوقفوا كل الرسائل", "all"),
    ],
)
def test_what_is_named_is_what_stops_and_the_answer_says_so(text: str, scope: str) -> None:
    answers = {"all": "opted_out", "clinic": "opted_out_clinic", "series": "opted_out_series"}
    assert stopped(text) == (scope, [answers[scope]])


@pytest.mark.parametrize(
    "text",
    [
        "stop texts from the dental clinic",
        "stop texting me apart from the eye clinic",
        "stop all texts except the eye clinic",
        "stop my appointment",  # a cancellation?
    ],
)
def test_what_cannot_be_told_from_here_goes_to_a_person(text: str) -> None:
    play = reminded()
    play.patient(text)
    assert (play.settled(), play.kinds(), play.prompts()) == ("handed", {"question"}, [])
    assert play.conversation.staff_own


@pytest.mark.parametrize(
    "text",
    [
        "stop the eye drops",
        "can I stop the eye drops",
        "stop my tablets before this appointment",
        "no more appointments",
        "stop all appointments",
        "no more clinic",
        "stop this appointment",
        "stop the pain in my eye",
    ],
)
def test_what_is_not_about_texts_stops_none(text: str) -> None:
    assert stopped(text)[0] == ""


@pytest.mark.parametrize("text", ["STOP", "stop texts about this appointment", "I do not want any more texts"])
def test_the_rules_say_what_stop_alone_stops(text: str) -> None:
    # What has no answer of its own stops what the next one says.
    assert stopped(text, narrow()) == ("clinic", ["opted_out_clinic"])


def test_all_is_stopped_for_who_says_so_whatever_stop_alone_means() -> None:
    assert stopped("stop all", narrow()) == ("all", ["opted_out"])


def test_who_stops_more_afterwards_is_answered_and_who_says_it_again_is_not() -> None:
    play = reminded()
    play.patient("just stop reminders for this one")
    play.patient("stop texts from this clinic")
    play.patient("STOP")
    assert play.prompts() == ["opted_out_series", "opted_out_clinic", "opted_out"]
    for again in ("STOP", "stop texts from this clinic", "thanks"):
        play.patient(again)
        assert play.settled() == "noted"
    assert play.prompts() == []
    assert play.conversation.stopped == "all"


def test_start_lifts_every_scope() -> None:
    play = reminded()
    play.patient("stop texts from this clinic")
    play.prompts()
    play.patient("START")
    assert (play.conversation.blocked, play.conversation.stopped) == ("", "")
    assert play.prompts() == ["reminder"]


def test_what_the_carrier_took_stops_everything_whatever_the_rules_say() -> None:
    play = reminded(ruleset=narrow())
    decision = play.hears("STOP", at_carrier=True)
    assert effects_of(decision, BlockTexts) == [BlockTexts("opted_out", "all")]


def test_a_phone_that_the_carrier_lets_no_texts_through_to_gets_none() -> None:
    play = reminded(deliver=False)
    play.patient("Y")
    text = play.conversation.texts[-1]
    play.happen(TextReported(text.key, TextStatus.REJECTED, "21610", "opted out", opted_out=True))
    assert (play.conversation.blocked, play.conversation.stopped) == ("opted_out", "all")
    play.hears("START")
    assert play.conversation.blocked == ""


class TestStoppedInAnotherTalk:
    def test_no_text_is_even_queued(self) -> None:
        play = reminded()
        decision = play.hears("Y", opted_out=True, stopped="all")
        assert play.written == ["confirm"]
        assert effects_of(decision, SendText) == []

    def test_thanks_needs_no_answer(self) -> None:
        play = reminded()
        play.hears("thanks", opted_out=True, stopped="all")
        assert (play.settled(), play.prompts(), play.kinds()) == ("noted", [], set())

    def test_what_cannot_be_read_cannot_be_asked_back_and_goes_to_a_person(self) -> None:
        play = reminded()
        play.hears("blue horse", opted_out=True, stopped="all")
        assert (play.settled(), play.prompts()) == ("handed", [])

    def test_who_stops_more_here_has_an_answer(self) -> None:
        play = reminded()
        play.hears("STOP", opted_out=True, stopped="clinic")
        assert play.prompts() == ["opted_out"]

    def test_start_is_heard_though_other_texts_were_stopped_than_this_talks(self) -> None:
        play = reminded()
        play.patient("Y")
        play.prompts()
        play.hears("START", stopped="clinic")
        assert (play.settled(), play.prompts()) == ("acted", ["texts_again"])


class TestStartInAnotherTalk:
    def test_a_talk_that_a_stop_of_its_own_ended_goes_on(self) -> None:
        play = reminded()
        play.patient("STOP")
        play.prompts()
        play.happen(TextsResumed())
        assert play.prompts() == ["reminder"]
        play.leaves()
        play.patient("Y")
        assert play.written == ["confirm"]

    def test_one_whose_reminder_was_held_back_asks_again(self) -> None:
        play = Talk(rules(), deliver=False)
        play.report(TextStatus.UNSENT, "opted out")
        play.prompts()
        play.happen(TextsResumed())
        assert play.prompts() == ["reminder"]

    @pytest.mark.parametrize("how", ["asked", "confirmed", "over", "with staff", "on its way", "wrong number"])
    def test_one_that_was_not_stopped_stays_as_it_is(self, how: str) -> None:
        play = Talk(rules(), deliver=False) if how == "on its way" else reminded()
        match how:
            case "confirmed":
                play.patient("Y")
            case "over":
                play.patient("STOP")
                play.wait(12 * DAY)
            case "with staff":
                play.staff(StaffAct.TAKE)
            case "wrong number":
                play.patient("you have the wrong number")
        play.prompts()
        before = play.conversation
        play.happen(TextsResumed())
        assert play.prompts() == []
        assert (play.conversation.state, play.conversation.closed) == (before.state, before.closed)
