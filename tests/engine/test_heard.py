"""A reading that was kept is the one that would be made anew, whoever else said the same words about whatever else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from conversations.rulesets import load_file
from engine import heard, understanding
from engine.appointment import Appointment, AppointmentStatus
from engine.ruleset import Ruleset
from engine.told import Told

RULES = Path(__file__).parents[2] / "rules"
DUBLIN = ZoneInfo("Europe/Dublin")
SAID_AT = datetime(2026, 3, 11, 18, 0, tzinfo=DUBLIN)


def appointment(start: datetime, clinician: str) -> Appointment:
    return Appointment("a", 1, start.replace(tzinfo=DUBLIN), AppointmentStatus.BOOKED, "EYE", "Eye clinic", clinician, "", "")


ABOUT = (
    None,
    appointment(datetime(2026, 3, 12, 10, 0), "Dr Kay Noble"),
    appointment(datetime(2026, 3, 13, 14, 30), "Mr Grand"),
    appointment(datetime(2026, 5, 1, 9, 0), ""),
)
TEXTS = (
    "Y", "yes", "yes please!", "no", "grand", "see you then", "noble", "yes Dr Noble", "yes Dr Kay", "ok see you Friday",
    "see you at ten", "yes tomorrow", "yes 14:30", "yes the 13th", "half two is fine", "lundi", "Oui, lundi", "yes lundi",
    "cancel", "can't make it", "is it at 10?", "yes in May", "yes with Mr Grand", "zork plinth", "", "?", "STOP",
    "I have chest pain", "dé hAoine", "tá", "piątek",
)  # fmt: skip


@pytest.fixture(scope="module", params=["appointment-reminder.yaml"])
def ruleset(request: pytest.FixtureRequest) -> Ruleset:
    loaded = load_file(RULES / request.param)
    assert loaded.ruleset is not None
    return loaded.ruleset


@pytest.mark.parametrize("language", ["", "en", "ga"])
def test_what_was_heard_before_means_what_it_would_mean_anew(ruleset: Ruleset, language: str) -> None:
    heard.forget()
    for _ in range(2):
        for text in TEXTS:
            for about in (*ABOUT, *reversed(ABOUT)):
                told = Told(about.start, about.clinician, SAID_AT.date()) if about is not None else None
                anew = understanding.read(ruleset, text, language, told)
                assert heard.read(ruleset, text, language, about, SAID_AT) == anew, (text, about)


def test_the_same_words_are_read_once(ruleset: Ruleset, monkeypatch: pytest.MonkeyPatch) -> None:
    heard.forget()
    first = heard.read(ruleset, "Yes thanks", "en", ABOUT[1], SAID_AT)
    monkeypatch.setattr(understanding, "read", lambda *_: pytest.fail("it was read again"))
    assert heard.read(ruleset, "Yes thanks", "en", ABOUT[2], SAID_AT) == first
