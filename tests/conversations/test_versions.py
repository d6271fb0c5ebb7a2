"""Rules from draft to force, on a running house: who may, what is refused, and which conversations get which."""

from __future__ import annotations

from pathlib import Path

import pytest

from conversations.rule_record import Act, RulesRefused
from conversations.versions import Versions
from tests.conversations.clinic import ANN, BEN, CARA, RULES, Clinic, open_clinic

NAME = "appointment-reminder"
SOURCE = RULES.read_text(encoding="utf-8")
OURS = SOURCE.replace("Reminder: Your appointment", "Please note: Your appointment", 1)


@pytest.fixture
def versions(clinic: Clinic) -> Versions:
    return clinic.house.versions


def put_out(versions: Versions, source: str = OURS, **where: object) -> None:
    draft = versions.save(NAME, source, "maura")
    versions.publish(NAME, "maura", "clearer words", edition=draft.edition, **where)  # type: ignore[arg-type]


def begins_with(clinic: Clinic, phone: str) -> str:
    return next(sent.text for sent in clinic.carrier.sent if sent.to == phone).partition(":")[0]


class TestPublishing:
    def test_the_next_reminder_has_it_and_a_running_talk_keeps_its_own(self, clinic: Clinic, versions: Versions) -> None:
        clinic.invite()
        before = clinic.talk().version
        put_out(versions)
        clinic.invite("A2", number="H2", mobile=BEN)
        assert (begins_with(clinic, ANN), begins_with(clinic, BEN)) == ("Reminder", "Please note")
        clinic.reply(ANN, "Y")
        assert clinic.talk().version == before
        assert clinic.talk("A2").version != before

    def test_it_is_on_record_who_did_it_when_and_why(self, clinic: Clinic, versions: Versions) -> None:
        put_out(versions)
        (done,) = versions.record(NAME)
        assert (done.act, done.by, done.why, done.at) == (Act.PUBLISHED, "maura", "clearer words", clinic.clock.now())
        assert versions.draft(NAME) is None

    def test_what_does_not_load_is_refused_with_its_problems(self, versions: Versions) -> None:
        draft = versions.save(NAME, OURS.replace("go: waiting", "go: wating", 1), "maura")
        with pytest.raises(RulesRefused) as refused:
            versions.publish(NAME, "maura", "why not", edition=draft.edition)
        assert refused.value.loaded is not None
        assert [problem.code for problem in refused.value.loaded.problems if problem.severity == "error"] == ["R020"]
        assert versions.record(NAME) == []

    def test_what_fails_its_own_talks_is_refused(self, versions: Versions) -> None:
        draft = versions.save(NAME, OURS.replace("- bot: confirmed\n", "- bot: kept\n", 1), "maura")
        with pytest.raises(RulesRefused):
            versions.publish(NAME, "maura", "why not", edition=draft.edition)

    def test_what_confirms_the_silent_is_refused_though_no_talk_of_its_own_says_so(self, versions: Versions) -> None:
        text, _, _ = OURS.partition("\ntalks:")
        _, _, translations = OURS.partition("\ntranslations:")
        text = text.replace("3 days before, go: unanswered", "3 days before, go: confirmed", 1)
        silent = f"{text}\ntranslations:{translations}"
        draft = versions.save(NAME, silent, "maura")
        with pytest.raises(RulesRefused) as refused:
            versions.publish(NAME, "maura", "why not", edition=draft.edition)
        assert refused.value.loaded is not None
        assert "R083" in [problem.code for problem in refused.value.loaded.problems]

    def test_a_reason_is_asked_for(self, versions: Versions) -> None:
        draft = versions.save(NAME, OURS, "maura")
        with pytest.raises(RulesRefused, match="why"):
            versions.publish(NAME, "maura", "  ", edition=draft.edition)

    def test_nobody_saves_or_publishes_over_what_a_colleague_saved_meanwhile(self, versions: Versions) -> None:
        first = versions.save(NAME, OURS, "maura")
        versions.save(NAME, OURS + "# mine\n", "liam", first.edition)
        with pytest.raises(RulesRefused, match="liam"):
            versions.save(NAME, OURS + "# no, mine\n", "maura", first.edition)
        with pytest.raises(RulesRefused, match="liam"):
            versions.publish(NAME, "maura", "clearer words", edition=first.edition)


class TestASecondPerson:
    @pytest.fixture
    def versions(self, clinic: Clinic) -> Versions:
        clinic.house.versions.second_person = True
        return clinic.house.versions

    def test_a_draft_that_nobody_proposed_is_not_published(self, versions: Versions) -> None:
        draft = versions.save(NAME, OURS, "maura")
        with pytest.raises(RulesRefused, match="second person"):
            versions.publish(NAME, "liam", "looks good", edition=draft.edition)

    def test_who_proposed_it_cannot_publish_it_and_a_colleague_can(self, versions: Versions) -> None:
        versions.save(NAME, OURS, "maura")
        draft = versions.propose(NAME, "maura", "clearer words")
        with pytest.raises(RulesRefused, match="colleague"):
            versions.publish(NAME, "maura", "mine", edition=draft.edition)
        versions.publish(NAME, "liam", "looks good", edition=draft.edition)
        assert [(done.act, done.by) for done in versions.record(NAME)] == [("published", "liam"), ("proposed", "maura")]

    def test_a_proposal_that_is_changed_has_to_be_proposed_again(self, versions: Versions) -> None:
        versions.save(NAME, OURS, "maura")
        draft = versions.propose(NAME, "maura", "clearer words")
        changed = versions.save(NAME, OURS + "# more\n", "liam", draft.edition)
        with pytest.raises(RulesRefused, match="propose"):
            versions.publish(NAME, "maura", "fine", edition=changed.edition)


class TestTrials:
    def test_one_clinic_first(self, clinic: Clinic, versions: Versions) -> None:
        put_out(versions, clinics=["EYE"])
        clinic.invite()
        clinic.invite("A2", number="H2", mobile=BEN, clinic="ENT")
        assert (begins_with(clinic, ANN), begins_with(clinic, BEN)) == ("Please note", "Reminder")
        (trial,) = versions.trials()
        versions.extend(trial.id, "maura", "no complaints")
        clinic.invite("A3", number="H3", mobile=CARA, clinic="ENT")
        assert begins_with(clinic, CARA) == "Please note"
        assert versions.trials() == []

    def test_a_share_of_new_conversations_stays_the_same_share(self, clinic: Clinic, versions: Versions) -> None:
        put_out(versions, share=30)
        phones = [f"+3538720000{number:02}" for number in range(60)]
        for number, phone in enumerate(phones):
            clinic.push(clinic.appointment(f"A{number}", number=f"H{number}", mobile=phone))
        clinic.settle()
        tried = [number for number, phone in enumerate(phones) if begins_with(clinic, phone) == "Please note"]
        assert 8 <= len(tried) <= 30
        ruleset = versions.check(OURS, NAME).ruleset
        assert ruleset is not None
        applying = [
            clinic.house.rulebook.applying(clinic.talk(f"A{number}").appointment)[0].version == ruleset.version
            for number in range(60)
        ]
        assert [number for number, is_tried in enumerate(applying) if is_tried] == tried

    def test_a_trial_that_is_ended_leaves_its_conversations_as_they_are(self, clinic: Clinic, versions: Versions) -> None:
        put_out(versions, clinics=["EYE"])
        clinic.invite()
        versions.end_trial(versions.trials()[0].id, "maura", "it confused people")
        clinic.invite("A2", number="H2", mobile=BEN)
        assert (begins_with(clinic, ANN), begins_with(clinic, BEN)) == ("Please note", "Reminder")
        clinic.reply(ANN, "Y")
        assert clinic.book.actions() == ["confirm"]

    def test_it_goes_on_after_a_restart(self, tmp_path: Path) -> None:
        with open_clinic(tmp_path) as first:
            put_out(first.house.versions, clinics=["EYE"])
        with open_clinic(tmp_path) as again:
            again.invite()
            assert begins_with(again, ANN) == "Please note"


class TestRollingBack:
    def test_one_step_puts_the_version_before_in_force(self, clinic: Clinic, versions: Versions) -> None:
        before = versions.in_force(NAME)
        assert before is not None
        put_out(versions)
        previous = versions.previous(NAME)
        assert previous == before.version
        versions.roll_back(NAME, previous, "liam", "patients were confused")
        clinic.invite()
        assert begins_with(clinic, ANN) == "Reminder"
        assert [done.act for done in versions.record(NAME)] == ["rolled back", "published"]

    def test_a_roll_back_ends_what_is_on_trial(self, clinic: Clinic, versions: Versions) -> None:
        put_out(versions)
        put_out(versions, OURS.replace("Please note", "Attention"), clinics=["EYE"])
        versions.roll_back(NAME, versions.previous(NAME) or "", "liam", "too many changes at once")
        clinic.invite()
        assert begins_with(clinic, ANN) == "Reminder"

    def test_a_version_that_is_not_known_is_refused(self, versions: Versions) -> None:
        with pytest.raises(RulesRefused, match="no version"):
            versions.roll_back(NAME, "0123456789abcdef", "liam", "why not")
