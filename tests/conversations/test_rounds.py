"""Texts that staff send by hand to many: who gets them and who does not, once and never twice, held and gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from conversations import reach, rounds, schema
from conversations.people import Scope
from conversations.ports import SendResult, SendStatus
from conversations.reach import Preview, RoundUnfit, Whom, Wording
from conversations.rounds import Reached, Round
from engine.events import StaffAct, TextStatus
from engine.ruleset import ASKS, CALLED_OFF_BY_HAND, TELLS
from tests.conversations.clinic import ANN, BEN, CARA, EVERYWHERE, MONDAY, Clinic, open_clinic

DUBLIN = ZoneInfo("Europe/Dublin")
DAY = date(2026, 3, 12)  # ten days after the first Monday
OFF = Wording(CALLED_OFF_BY_HAND, (("en", "Your appointment with {clinician} on {date} at {time} will not go ahead."),))
GLASSES = Wording(TELLS, (("en", "Please bring your glasses on {date}."),))


def booked(clinic: Clinic, many: int = 3, **facts: Any) -> None:
    """So many patients on one day, a quarter of an hour apart, reminded and told so."""
    records = [
        clinic.appointment(
            f"A{n}", number=f"H{n}", mobile=f"+35387100{n:04}", first_name=f"Pat{n}", days=10 + n / 96,
            **{"clinic": "EYE", **facts},
        )
        for n in range(1, many + 1)
    ]  # fmt: skip
    clinic.tell(*records)
    clinic.wait(hours=3)
    clinic.deliver()
    clinic.carrier.sent.clear()


def previewed(clinic: Clinic, said: Wording = OFF, whom: Whom | None = None, scope: Scope = EVERYWHERE) -> Preview:
    house = clinic.house
    with house.database.reader() as connection:
        whom = whom or Whom(clinic="EYE", day=DAY)
        return reach.preview(connection, house.vault, house.rulebook, scope, whom, said, clinic.clock.now(), DUBLIN)


def begun(clinic: Clinic, said: Wording = OFF, whom: Whom | None = None) -> str:
    """A round on record, nothing of it given yet."""
    shown = previewed(clinic, said, whom)
    id = rounds.round_id(clinic.clock.now(), "0" * 20)
    begin = clinic.house.writer.submit(
        lambda held: rounds.begin(held, clinic.house.vault, id, shown, "Maura", clinic.clock.now())
    )
    assert begin.result()
    return id


def changed(clinic: Clinic, id: str, status: str) -> bool:
    now = clinic.clock.now()
    return clinic.house.writer.submit(lambda held: rounds.change(held, id, status, "Maura", now)).result()


def found(clinic: Clinic, id: str) -> Round:
    with clinic.house.database.reader() as connection:
        held = rounds.by_id(connection, clinic.house.vault, id, EVERYWHERE)
    assert held is not None
    return held


def sent(clinic: Clinic) -> list[str]:
    return [each.text for each in clinic.carrier.sent]


def got(clinic: Clinic, id: str) -> Sequence[Reached]:
    with clinic.house.database.reader() as connection:
        return rounds.reached(connection, clinic.house.vault, id, left_out=False)


def left_out(clinic: Clinic, id: str) -> dict[str, str]:
    with clinic.house.database.reader() as connection:
        return {each.number: each.reason for each in rounds.reached(connection, clinic.house.vault, id, left_out=True)}


# ---- preview ---------------------------------------------------------------------------------------------------------


def test_the_preview_says_who_gets_what_and_who_does_not_and_why(clinic: Clinic) -> None:
    booked(clinic, 8)
    tell = clinic.appointment
    clinic.tell(
        tell("B1", number="N1", mobile=None, days=10.2),
        tell("B2", number="N2", mobile="+353872000002", days=10.2),
        tell("B3", number="N3", mobile="+353872000003", days=10.2),
        tell("B4", number="H1", mobile="+353871000001", first_name="Pat1", days=10.3),
        tell("C1", number="N5", mobile="+353872000005", days=10.3, clinic="ENT"),
        tell("C2", number="N6", mobile="+353872000006", days=11),
    )
    clinic.wait(days=0, hours=9)
    clinic.reply("+353871000002", "STOP")
    clinic.reply("+353871000003", "you have the wrong number")
    clinic.reply("+353871000004", "she passed away in March")
    marks = {"N2": {"deceased": True}, "N3": {"do_not_text": True}}
    for number, mark in marks.items():
        mine = schema.patients.c.hospital_number_index == clinic.house.vault.number_index(number)
        clinic.change(sa.update(schema.patients).where(mine).values(**mark))
    off = clinic.appointment("A5", number="H5", mobile="+353871000005", first_name="Pat5", days=10 + 5 / 96, status="cancelled")
    clinic.tell(off)
    shown = previewed(clinic)
    assert [each.number for each in shown.chosen] == ["H1", "H6", "H7", "H8"]
    assert {each.number: each.reason for each in shown.left_out if each.appointment != "B4"} == {
        "H2": "opted out", "H3": "wrong number", "H4": "deceased", "H5": "called off already",
        "N1": "no mobile", "N2": "deceased", "N3": "do not text",
    }  # fmt: skip
    assert [each.reason for each in shown.left_out if each.appointment == "B4"] == ["same patient"]
    assert shown.chosen[0].text == "Your appointment with Dr Nora Byrne on March 12 at 10:15 AM will not go ahead."
    assert shown.segments == sum(each.segments for each in shown.chosen) == 4
    for number in marks:
        mine = schema.patients.c.hospital_number_index == clinic.house.vault.number_index(number)
        clinic.change(sa.update(schema.patients).where(mine).values(deceased=False, do_not_text=False))


def test_each_patient_gets_the_words_of_their_language_or_the_first_ones(clinic: Clinic) -> None:
    booked(clinic, 1)
    clinic.tell(clinic.appointment("A9", number="H9", mobile=BEN, language="pl", days=10.1))
    clinic.tell(clinic.appointment("A8", number="H8", mobile=CARA, language="lt", days=10.2))
    said = Wording(TELLS, (("en", "See you at {time}."), ("pl", "Do zobaczenia o {time}.")))
    shown = previewed(clinic, said)
    assert [(each.language, each.text) for each in shown.chosen] == [
        ("en", "See you at 10:15 AM."), ("pl", "Do zobaczenia o 12:24."), ("lt", "See you at 2:48 PM."),
    ]  # fmt: skip
    assert shown.languages == {"en": 1, "pl": 1, "lt": 1}


@pytest.mark.parametrize(("said", "field", "words"), [
    (Wording(ASKS), "words", "Write what"),
    (Wording(ASKS, (("en", " "),)), "words", "Write what"),
    (Wording(ASKS, (("en", "On {dat}."),)), "words-en", 'did you mean "date"?'),
    (Wording(ASKS, (("en", "Did you mean {guess}"),)), "words-en", "is not a placeholder"),
    (Wording(ASKS, (("en", "On {date."),)), "words-en", "never closed"),
    (Wording(ASKS, (("en", "Fine."), ("pl", "Dnia {datum}."))), "words-pl", "is not a placeholder"),
    (Wording(TELLS, (("en", "Can you come at ten?"),)), "purpose", "question mark"),
    (Wording(ASKS, (("en", "x" * 700),)), "words", "SMS parts"),
])  # fmt: skip
def test_words_that_cannot_be_sent_are_refused_and_it_is_said_why(
    clinic: Clinic, said: Wording, field: str, words: str
) -> None:
    booked(clinic, 1)
    with pytest.raises(RoundUnfit, match=words.replace("?", r"\?")) as refused:
        previewed(clinic, said)
    assert refused.value.field == field


def test_nobody_there_and_another_clinic_are_not_told_apart(clinic: Clinic) -> None:
    booked(clinic, 1)
    elsewhere = Scope(frozenset({"ENT"}))
    for whom, scope in ((Whom(clinic="EYE", day=date(2026, 5, 1)), EVERYWHERE), (Whom(clinic="EYE", day=DAY), elsewhere)):
        with pytest.raises(RoundUnfit, match="There is nobody") as refused:
            previewed(clinic, whom=whom, scope=scope)
        assert refused.value.field == "whom"


# ---- sending ---------------------------------------------------------------------------------------------------------


def test_everyone_who_is_to_get_it_gets_it_once_and_the_round_says_how_they_fare(clinic: Clinic) -> None:
    booked(clinic, 5)
    id = begun(clinic)
    assert found(clinic, id).counts == rounds.Counts(chosen=5, waiting=5)
    clinic.settle()
    clinic.wait(hours=1)
    assert sorted(each.to for each in clinic.carrier.sent) == [f"+35387100{n:04}" for n in range(1, 6)]
    assert sent(clinic)[0] == "Your appointment with Dr Nora Byrne on March 12 at 10:15 AM will not go ahead."
    assert {row.lane for row in clinic.texts("") if row.round_id == id} == {"notice"}
    first, second, *_ = got(clinic, id)
    clinic.receipt(first.text_key, TextStatus.DELIVERED)
    clinic.receipt(second.text_key, TextStatus.UNDELIVERABLE, reason="no such number")
    held = found(clinic, id)
    assert held.counts == rounds.Counts(chosen=5, on_the_way=3, arrived=1, failed=1, segments=5)
    assert held.status == "done"
    fates = [(each.number, each.fate, each.reason) for each in got(clinic, id)]
    assert fates[:3] == [("H1", "delivered", ""), ("H2", "undeliverable", "no such number"), ("H3", "accepted", "")]


def test_the_same_round_begun_twice_is_one_round(clinic: Clinic) -> None:
    booked(clinic, 2)
    id = begun(clinic)
    shown = previewed(clinic)
    again = clinic.house.writer.submit(
        lambda held: rounds.begin(held, clinic.house.vault, id, shown, "Maura", clinic.clock.now())
    )
    assert again.result() is False
    clinic.wait(hours=1)
    assert len(clinic.carrier.sent) == 2


@pytest.mark.parametrize("worked", range(4))
def test_a_round_that_a_crash_broke_off_goes_on_where_it_was(tmp_path: Path, worked: int) -> None:
    """Killed after so many steps of the round, each time before and after its texts were decided and sent."""
    with open_clinic(tmp_path) as clinic:
        booked(clinic, 7)
        clinic.house.rounds._at_once = 2
        id = begun(clinic)
        for _ in range(worked):
            clinic.run(clinic.house.rounds.step())
        if worked % 2:
            clinic.house.worker.step(clinic.clock.now())
            clinic.run(clinic.house.outbox.step())
        first = [each.to for each in clinic.carrier.sent]
    with open_clinic(tmp_path) as clinic:
        clinic.clock.move(timedelta(hours=4))
        clinic.wait(hours=1)
        both = first + [each.to for each in clinic.carrier.sent]
        assert sorted(both) == [f"+35387100{n:04}" for n in range(1, 8)]
        assert found(clinic, id).status == "done"
        clinic.assert_sound()


def test_a_paused_round_holds_what_has_not_left_and_goes_on_with_it(clinic: Clinic) -> None:
    booked(clinic, 6)
    clinic.house.rounds._at_once = 2
    id = begun(clinic)
    clinic.run(clinic.house.rounds.step())
    clinic.house.worker.step(clinic.clock.now())
    assert changed(clinic, id, "paused")
    clinic.wait(hours=2)
    assert clinic.carrier.sent == []
    assert found(clinic, id).counts == rounds.Counts(chosen=6, waiting=4, leaving=2, segments=2)
    assert changed(clinic, id, "running")
    clinic.settle()
    assert len(clinic.carrier.sent) == 6
    assert found(clinic, id).counts.on_the_way == 6


def test_a_round_that_was_paused_when_all_had_left_is_over(clinic: Clinic) -> None:
    booked(clinic, 2)
    id = begun(clinic)
    clinic.run(clinic.house.rounds.step())
    clinic.house.worker.step(clinic.clock.now())
    clinic.run(clinic.house.outbox.step())
    assert changed(clinic, id, "paused")
    clinic.settle()
    assert len(clinic.carrier.sent) == 2
    assert found(clinic, id).status == "done"


def test_a_stopped_round_sends_nothing_more_and_leaves_the_talks_as_they_were(clinic: Clinic) -> None:
    booked(clinic, 6)
    clinic.house.rounds._at_once = 2
    id = begun(clinic)
    clinic.run(clinic.house.rounds.step())
    clinic.house.worker.step(clinic.clock.now())
    assert clinic.talk("A1").staff_own
    assert changed(clinic, id, "stopped")
    clinic.wait(hours=2)
    assert clinic.carrier.sent == []
    assert found(clinic, id).counts == rounds.Counts(chosen=2, withheld=2, left_out=4)
    assert set(left_out(clinic, id).values()) == {"stopped by staff"}
    assert clinic.tasks() == []
    assert not any(clinic.talk(f"A{n}").staff_own for n in range(1, 7))
    assert not changed(clinic, id, "running")
    clinic.wait(days=6)
    assert "second_reminder" in clinic.prompts("+353871000001")


def test_texts_wait_for_sending_hours_but_not_those_about_the_next_hours(clinic: Clinic) -> None:
    booked(clinic, 1)
    clinic.wait(hours=9)  # ten at night
    begun(clinic)
    clinic.settle()
    assert clinic.carrier.sent == []
    clinic.wait(hours=11)
    assert len(clinic.carrier.sent) == 1
    clinic.tell(clinic.appointment("B1", number="N1", mobile=BEN, days=2.9))  # Thursday, 7:36
    clinic.wait(days=1, hours=13)  # Wednesday, ten at night
    clinic.carrier.sent.clear()
    begun(clinic, whom=Whom(clinic="EYE", day=date(2026, 3, 5)))
    clinic.settle()
    assert [each.to for each in clinic.carrier.sent] == [BEN]


def test_answers_to_patients_go_before_a_round(clinic: Clinic) -> None:
    booked(clinic, 30)
    clinic.invite("B1", number="N1", mobile=BEN, clinic="ENT")
    clinic.deliver()
    clinic.carrier.sent.clear()
    begun(clinic)
    clinic.run(clinic.house.rounds.step())
    clinic.house.worker.step(clinic.clock.now())
    clinic.hear(BEN, "yes")
    clinic.house.worker.step(clinic.clock.now())
    clinic.settle()
    assert len(clinic.carrier.sent) == 31
    assert clinic.carrier.sent[0].to == BEN


@pytest.mark.parametrize(("reason", "act"), [
    ("deceased", {"deceased": True}), ("do not text", {"do_not_text": True}), ("former number", {"phone_index": None}),
])  # fmt: skip
def test_the_gate_looks_once_more_at_texts_of_a_round(clinic: Clinic, reason: str, act: dict[str, Any]) -> None:
    booked(clinic, 2)
    id = begun(clinic)
    clinic.run(clinic.house.rounds.step())
    clinic.house.worker.step(clinic.clock.now())
    mine = schema.patients.c.hospital_number_index == clinic.house.vault.number_index("H1")
    held = clinic.rows(sa.select(schema.patients).where(mine))[0]
    clinic.change(sa.update(schema.patients).where(mine).values(**act))
    clinic.settle()
    assert [each.to for each in clinic.carrier.sent] == ["+353871000002"]
    first, _ = got(clinic, id)
    assert (first.fate, first.reason) == ("unsent", reason)
    back = {name: getattr(held, name) for name in act}
    clinic.change(sa.update(schema.patients).where(mine).values(**back))


def test_who_was_moved_to_another_day_meanwhile_is_not_told_of_the_old_one(clinic: Clinic) -> None:
    booked(clinic, 2)
    clinic.wait(hours=9)
    begun(clinic)
    clinic.settle()
    clinic.tell(clinic.appointment("A1", number="H1", mobile="+353871000001", first_name="Pat1", days=20))
    clinic.wait(hours=11)
    texts = [each.text for each in clinic.carrier.sent if each.to == "+353871000001"]
    assert len(texts) == 1
    assert texts[0].startswith("Your appointment has changed")


# ---- what follows in the talks ---------------------------------------------------------------------------------------


def test_an_answer_to_a_text_by_hand_is_never_taken_for_an_answer_to_the_machine(clinic: Clinic) -> None:
    booked(clinic, 1)
    begun(clinic)
    clinic.wait(minutes=5)
    clinic.reply("+353871000001", "Y")
    assert clinic.book.actions() == []
    assert clinic.state("A1") == "waiting"
    assert clinic.tasks() == ["question"]


def test_a_text_that_asks_nothing_leaves_the_talk_to_the_machine(clinic: Clinic) -> None:
    booked(clinic, 1)
    begun(clinic, GLASSES)
    clinic.wait(minutes=5)
    assert sent(clinic) == ["Please bring your glasses on March 12."]
    clinic.reply("+353871000001", "Y")
    assert clinic.state("A1") == "confirmed"
    assert clinic.book.actions() == ["confirm"]


def test_who_was_told_by_hand_is_not_told_again_when_the_ipms_cancels(clinic: Clinic) -> None:
    booked(clinic, 1)
    begun(clinic)
    clinic.wait(minutes=5)
    facts = {"number": "H1", "mobile": "+353871000001", "first_name": "Pat1", "days": 10 + 1 / 96}
    clinic.tell(clinic.appointment("A1", status="cancelled", **facts))
    clinic.wait(hours=1)
    assert len(clinic.carrier.sent) == 1
    assert clinic.tasks() == []
    assert clinic.talk("A1").closed


def test_who_could_not_be_told_by_hand_is_told_when_the_ipms_cancels(clinic: Clinic) -> None:
    booked(clinic, 1)
    begun(clinic)
    clinic.wait(minutes=5)
    clinic.receipt(clinic.carrier.sent[0].key, TextStatus.UNDELIVERABLE)
    assert clinic.tasks() == ["undelivered"]
    facts = {"number": "H1", "mobile": "+353871000001", "first_name": "Pat1", "days": 10 + 1 / 96}
    clinic.tell(clinic.appointment("A1", status="cancelled", **facts))
    assert clinic.tasks() == ["undelivered"]
    assert clinic.talk("A1").closed


def test_a_new_day_after_a_cancelled_one_is_told_and_asked_about_by_the_machine(clinic: Clinic) -> None:
    booked(clinic, 1)
    begun(clinic)
    clinic.wait(minutes=5)
    clinic.tell(clinic.appointment("A1", number="H1", mobile="+353871000001", first_name="Pat1", days=20))
    clinic.settle()
    assert clinic.carrier.sent[-1].text.startswith("Your appointment has changed")
    clinic.reply("+353871000001", "Y")
    assert clinic.state("A1") == "confirmed"
    assert clinic.tasks() == []


def test_what_a_patient_answered_waits_for_staff_also_when_the_day_is_new(clinic: Clinic) -> None:
    booked(clinic, 1)
    begun(clinic)
    clinic.wait(minutes=5)
    clinic.reply("+353871000001", "what about my eye drops")
    clinic.carrier.sent.clear()
    clinic.tell(clinic.appointment("A1", number="H1", mobile="+353871000001", first_name="Pat1", days=20))
    clinic.settle()
    assert clinic.carrier.sent == []
    assert clinic.tasks() == ["question"]


def test_a_talk_that_staff_own_gets_the_text_too_and_stays_theirs(clinic: Clinic) -> None:
    booked(clinic, 1)
    clinic.act(StaffAct.TAKE)
    id = begun(clinic, GLASSES)
    clinic.wait(minutes=5)
    assert len(clinic.carrier.sent) == 1
    assert clinic.talk("A1").staff_own
    assert found(clinic, id).status == "done"


def test_the_hospitals_own_wording_goes_out_in_each_patients_language(clinic: Clinic) -> None:
    booked(clinic, 1)
    clinic.tell(clinic.appointment("A9", number="H9", mobile=BEN, language="pl", days=10.1))
    clinic.wait(minutes=1)
    clinic.carrier.sent.clear()
    id = begun(clinic, Wording(CALLED_OFF_BY_HAND, prompt="called_off"))
    clinic.wait(hours=1)
    by_phone = {each.to: each.text for each in clinic.carrier.sent}
    assert "will not go ahead" in by_phone["+353871000001"]
    assert by_phone[BEN] != by_phone["+353871000001"]
    assert found(clinic, id).wording.prompt == "called_off"


def test_one_patient_is_texted_about_the_next_appointment(clinic: Clinic) -> None:
    clinic.invite("A1", mobile=ANN)
    clinic.tell(clinic.appointment("A2", mobile=ANN, days=30))
    clinic.carrier.sent.clear()
    patient = clinic.talk("A1").patient.id
    id = begun(clinic, Wording(ASKS, (("en", "Ring us about {date}, please."),)), Whom(patient=patient))
    clinic.wait(minutes=5)
    assert sent(clinic) == ["Ring us about March 12, please."]
    held = found(clinic, id)
    assert (held.kind, held.clinic, held.day, held.begun_by) == ("patient", "EYE", "", "Maura")


def test_a_gateway_that_refuses_and_one_that_is_away_show_in_the_round(clinic: Clinic) -> None:
    booked(clinic, 2)
    clinic.carrier.answer = lambda text: (
        SendResult(SendStatus.REFUSED, "21", "the number is not a mobile") if text.to.endswith("1")
        else SendResult(SendStatus.RETRY, "503", "busy")
    )  # fmt: skip
    id = begun(clinic)
    clinic.settle()
    counts = found(clinic, id).counts
    assert (counts.failed, counts.leaving, counts.settled) == (1, 1, 1)
    assert found(clinic, id).status == "running"


def test_rounds_are_listed_newest_first_and_by_clinic(clinic: Clinic) -> None:
    booked(clinic, 1)
    ids = []
    for _ in range(3):
        clinic.clock.move(timedelta(minutes=1))
        ids.append(begun(clinic, GLASSES))
    with clinic.house.database.reader() as connection:
        vault = clinic.house.vault
        elsewhere = Scope(frozenset({"ENT"}))
        first, older = rounds.latest(connection, vault, EVERYWHERE, limit=2)
        rest, end = rounds.latest(connection, vault, Scope(frozenset({"EYE"})), before=older, limit=2)
        assert [each.id for each in (*first, *rest)] == ids[::-1]
        assert end == ""
        assert rounds.latest(connection, vault, elsewhere) == ([], "")
        assert rounds.by_id(connection, vault, ids[0], elsewhere) is None
    assert found(clinic, ids[0]).begun_at > MONDAY
    clinic.settle()
