"""A clinic's own rules beside the shared ones, on a running house: who gets which, and what follows upon a change of the shared
ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from conversations.rule_record import Act, RulesRefused
from conversations.versions import Versions
from tests.conversations.clinic import ANN, BEN, CARA, RULES, Clinic, open_clinic

SHARED = "appointment-reminder"
SOURCE = RULES.read_text(encoding="utf-8")
EYE = """format: 1
ruleset: eye-reminder
like: appointment-reminder
summary: What is different in the eye clinic.
languages: [en]
applies_to: {clinics: [EYE]}
prompts:
  reminder: "Eye clinic: with {clinician} on {date} at {time}. Reply Y to confirm, R to Reschedule or C to Cancel."
"""


@pytest.fixture
def versions(clinic: Clinic) -> Versions:
    return clinic.house.versions


def put_out(versions: Versions, name: str, source: str, **where: object) -> None:
    held = versions.draft(name)
    draft = versions.save(name, source, "maura", held.edition if held is not None else 0)
    versions.publish(name, "maura", "clearer words", edition=draft.edition, **where)  # type: ignore[arg-type]


def begins_with(clinic: Clinic, phone: str) -> str:
    return next(sent.text for sent in clinic.carrier.sent if sent.to == phone).partition(":")[0]


class TestWhoGetsWhich:
    def test_its_appointments_get_its_own_and_not_the_shared_ones_as_well(self, clinic: Clinic, versions: Versions) -> None:
        put_out(versions, "eye-reminder", EYE)
        clinic.invite()
        clinic.invite("A2", number="H2", mobile=BEN, clinic="ENT")
        assert (begins_with(clinic, ANN), begins_with(clinic, BEN)) == ("Eye clinic", "Reminder")
        assert [sent.to for sent in clinic.carrier.sent] == [ANN, BEN]

    def test_who_has_had_the_shared_reminder_keeps_it_and_gets_no_second(self, clinic: Clinic, versions: Versions) -> None:
        record = clinic.invite()
        put_out(versions, "eye-reminder", EYE)
        clinic.tell(clinic.appointment(clinician="Dr. Byrne"))
        assert record.id == "A1"
        assert clinic.outcomes("appointment")[-1] == "changed"
        clinic.reply(ANN, "Y")
        assert clinic.book.actions() == ["confirm"]

    def test_what_is_given_up_goes_back_to_the_shared_rules_and_reminds_nobody_twice(
        self, clinic: Clinic, versions: Versions
    ) -> None:
        put_out(versions, "eye-reminder", EYE)
        clinic.invite()
        versions.give_up("eye-reminder", "maura", "one text for all")
        clinic.tell(clinic.appointment(place="Room 5"))
        clinic.invite("A2", number="H2", mobile=BEN)
        assert (begins_with(clinic, ANN), begins_with(clinic, BEN)) == ("Eye clinic", "Reminder")
        assert clinic.outcomes("appointment")[-2:] == ["changed", "opened appointment-reminder"]
        assert versions.record("eye-reminder")[0].act == Act.GIVEN_UP

    def test_it_goes_on_after_a_restart(self, tmp_path: Path) -> None:
        with open_clinic(tmp_path) as first:
            put_out(first.house.versions, "eye-reminder", EYE)
        with open_clinic(tmp_path) as again:
            again.invite()
            assert begins_with(again, ANN) == "Eye clinic"


class TestTheSharedRulesChange:
    def test_what_the_clinic_does_not_say_itself_changes_with_them(self, clinic: Clinic, versions: Versions) -> None:
        put_out(versions, "eye-reminder", EYE)
        clinic.invite()
        kept = clinic.talk().version
        put_out(versions, SHARED, SOURCE.replace("Thank you, you are confirmed", "Grand, you are confirmed", 1))
        clinic.invite("A2", number="H2", mobile=BEN)
        clinic.reply(ANN, "Y")
        clinic.reply(BEN, "Y")
        answers = [sent.text.partition(",")[0] for sent in clinic.carrier.sent[-2:]]
        assert answers == ["Thank you", "Grand"]
        assert (begins_with(clinic, BEN), clinic.talk().version) == ("Eye clinic", kept)
        done = versions.record("eye-reminder")[0]
        assert (done.act, done.why) == (Act.PUBLISHED, "with appointment-reminder")

    def test_a_change_that_would_break_a_clinics_own_rules_is_refused(self, versions: Versions) -> None:
        put_out(versions, "eye-reminder", f"{EYE}limits: {{segments: 2}}\n")
        before = versions.in_force(SHARED)
        longer = SOURCE.replace("Thank you for your text. A", "Thank you for your text. " * 14 + "A", 1)
        draft = versions.save(SHARED, longer.replace("  segments: 2 ", "  segments: 3 ", 1), "maura")
        assert versions.check(draft.source, SHARED).ok
        with pytest.raises(RulesRefused, match="eye-reminder is like this ruleset and would have errors with it") as refused:
            versions.publish(SHARED, "maura", "longer", edition=draft.edition)
        assert refused.value.loaded is not None
        assert "R050" in {problem.code for problem in refused.value.loaded.problems}
        assert versions.in_force(SHARED) == before

    def test_rolling_them_back_takes_the_clinics_own_along(self, clinic: Clinic, versions: Versions) -> None:
        put_out(versions, "eye-reminder", EYE)
        put_out(versions, SHARED, SOURCE.replace("Thank you, you are confirmed", "Grand, you are confirmed", 1))
        versions.roll_back(SHARED, versions.previous(SHARED) or "", "liam", "patients were confused")
        clinic.invite("A3", number="H3", mobile=CARA)
        clinic.reply(CARA, "Y")
        assert clinic.carrier.sent[-1].text.startswith("Thank you")


class TestRefused:
    def test_two_for_the_same_appointments(self, versions: Versions) -> None:
        put_out(versions, "eye-reminder", EYE)
        with pytest.raises(RulesRefused, match="eye-reminder is for some of the same appointments"):
            put_out(versions, "eye-two", EYE.replace("ruleset: eye-reminder", "ruleset: eye-two"))
        put_out(versions, "ent", EYE.replace("ruleset: eye-reminder", "ruleset: ent").replace("[EYE]", "[ENT]"))

    def test_the_shared_ruleset_is_not_given_up(self, versions: Versions) -> None:
        with pytest.raises(RulesRefused, match="is like no other ruleset"):
            versions.give_up(SHARED, "maura", "no more texts")
