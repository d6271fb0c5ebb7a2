"""What a draft of rules would have done to the talks of a real house."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from conversations import schema
from conversations.histories import Period, count, impact
from engine.events import StaffAct, TextStatus
from engine.impact import Impact
from engine.loader import load
from tests.conversations.clinic import ANN, BEN, MONDAY, RULES, Clinic

SOURCE = RULES.read_text(encoding="utf-8")
SINCE = MONDAY - timedelta(days=1)


def draft_of(*changes: tuple[str, str]) -> str:
    text = SOURCE
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def tried(clinic: Clinic, *changes: tuple[str, str]) -> Impact:
    """The shipped rules with these changes, run over all that is on record."""
    loaded = load(draft_of(*changes), rehearse=False)
    assert loaded.ruleset is not None, [problem.message for problem in loaded.problems]
    house = clinic.house
    with house.database.reader() as connection:
        period = Period(loaded.ruleset.name, SINCE, clinic.clock.now() + timedelta(minutes=1))
        return impact(connection, house.vault, house.rulebook, loaded.ruleset, period)


# The same rules in other words: the prompt goes out to nobody here, and yet every talk has to be played again.
NOTHING_THAT_MATTERS = ("You will get texts about appointments", "You get texts about appointments")


def many_talks(clinic: Clinic) -> None:
    """Talks of every kind: answered, undone, moved, not delivered, with staff, of several on one phone, silent."""
    for number in range(1, 9):
        clinic.push(clinic.appointment(f"A{number}", number=f"H{number}", mobile=f"+35387100000{number}"))
    clinic.push(clinic.appointment("B1", number="H20", mobile=BEN), clinic.appointment("B2", number="H20", mobile=BEN, days=11))
    clinic.settle()
    clinic.reply("+353871000001", "Y")
    clinic.reply("+353871000002", "C")
    clinic.reply("+353871000002", "keep it")
    clinic.reply("+353871000003", "can I change it, any Tuesday")
    clinic.reply("+353871000004", "STOP")
    clinic.reply("+353871000005", "blue horse")
    clinic.act(StaffAct.TAKE, "A6")
    clinic.reply("+353871000006", "Y")
    clinic.act(StaffAct.CONFIRM, "A6")
    clinic.reply(BEN, "Y")
    for text in clinic.texts("reminder"):
        if text.conversation_id == clinic.talk("A7").id:
            clinic.receipt(text.key, TextStatus.UNDELIVERABLE)
    clinic.tell(clinic.appointment("A1", number="H1", mobile="+353871000001", days=12))
    clinic.wait(days=1)
    clinic.reply("+353871000001", "yes")
    clinic.reply("+353871000004", "START")
    clinic.wait(days=14)


class TestThePast:
    def test_the_same_rules_would_have_done_the_same(self, clinic: Clinic) -> None:
        many_talks(clinic)
        found = tried(clinic, NOTHING_THAT_MATTERS)
        assert found.talks == 10
        assert found.rereads == []
        assert found.turned == []
        assert found.before == found.after
        texts = clinic.scalar(sa.select(sa.func.count()).select_from(schema.texts).where(schema.texts.c.members == ""))
        assert found.after.texts == texts

    def test_nothing_is_sent_or_written(self, clinic: Clinic) -> None:
        many_talks(clinic)
        before = [clinic.rows(sa.select(table)) for table in schema.metadata.sorted_tables]
        sent = len(clinic.carrier.sent)
        tried(clinic, ("cancel: cancelling", "cancel: confirmed"))
        assert [clinic.rows(sa.select(table)) for table in schema.metadata.sorted_tables] == before
        assert len(clinic.carrier.sent) == sent

    def test_an_erased_patient_is_counted_and_left_out(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.change(sa.update(schema.patients).values(wrapped_key=None))
        found = tried(clinic, NOTHING_THAT_MATTERS)
        assert (found.talks, found.unread) == (0, 1)

    def test_talks_before_the_period_are_no_part_of_it(self, clinic: Clinic) -> None:
        clinic.invite()
        with clinic.house.database.reader() as connection:
            tuesday = MONDAY + timedelta(days=1)
            assert count(connection, Period("appointment-reminder", SINCE, tuesday)) == 1
            assert count(connection, Period("appointment-reminder", tuesday, tuesday + timedelta(days=1))) == 0
            assert count(connection, Period("appointment-reminder", SINCE, tuesday, frozenset({"ENT"}))) == 0

    def test_talks_that_the_draft_is_not_for_are_counted_apart(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.invite("A2", number="H2", mobile=BEN, clinic="ENT")
        found = tried(clinic, ("clinics: all  ", "clinics: [EYE]"))
        assert (found.talks, found.elsewhere) == (1, 1)


class TestADraft:
    def test_twelve_cancels_that_would_be_confirms_are_seen_as_exactly_that(self, clinic: Clinic) -> None:
        phones = [f"+3538720000{number:02}" for number in range(15)]
        for number, phone in enumerate(phones):
            clinic.push(clinic.appointment(f"A{number}", number=f"H{number}", mobile=phone))
        clinic.settle()
        for phone in phones[:12]:
            clinic.reply(phone, "C")
        for phone in phones[12:]:
            clinic.reply(phone, "Y")
        found = tried(clinic, ("cancel: cancelling", "cancel: confirmed"))
        assert found.outcomes() == {("request_cancel", "confirm"): 12}
        assert found.rereads == []
        assert (found.before.tasks["cancellation_review"], found.after.tasks["cancellation_review"]) == (12, 0)
        assert {talk.appointment for talk in found.turned} == {f"A{number}" for number in range(12)}

    def test_a_reply_that_would_be_read_differently_is_listed_with_both_readings(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.invite("A2", number="H2", mobile=BEN)
        clinic.reply(ANN, "me granddaughter has the car")
        clinic.reply(BEN, "Y")
        found = tried(clinic, ("phrases: [i want to cancel,", "phrases: [me granddaughter has the car, i want to cancel,"))
        ((reread,), (turned,)) = found.rereads, found.turned
        assert reread.text == "me granddaughter has the car"
        assert (reread.before.partition(" ")[0], reread.after) == ("unknown", "cancel")
        assert (turned.appointment, turned.before.outcome, turned.after.outcome) == ("A1", "open", "request_cancel")
        assert found.replies == 2

    def test_a_reminder_more_is_a_text_more_for_each_who_would_get_it(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.invite("A2", number="H2", mobile=BEN)
        clinic.reply(BEN, "Y")
        clinic.wait(days=12)
        step = "  - {name: third, when: 4 days before, only_if: silent, say: second_reminder}\n"
        found = tried(clinic, ("closes: 1 hour after", f"{step}closes: 1 hour after"))
        assert found.after.texts == found.before.texts + 1
        assert found.outcomes() == {}

    def test_a_dearer_wording_is_seen_in_the_parts(self, clinic: Clinic) -> None:
        clinic.invite()
        longer = "Reminder: The clinic has set aside half an hour for you, please be early. Your appointment"
        found = tried(clinic, ("Reminder: Your appointment", longer))
        assert found.after.texts == found.before.texts
        assert found.after.segments > found.before.segments
