"""Ruleset files that the settings name: when the service takes them, and when it leaves what a person published alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.bootstrap import RulesBroken
from conversations.rule_files import differs, taken
from conversations.rule_record import Act
from tests.conversations.clinic import ANN, RULES, Clinic, open_clinic

NAME = "appointment-reminder"
SOURCE = RULES.read_text(encoding="utf-8")
EYE = "format: 1\nruleset: eye\nlike: appointment-reminder\nsummary: The eye clinic's.\napplies_to: {clinics: [EYE]}\n"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with open_clinic(tmp_path / "house") as opened:
        yield opened
        opened.assert_sound()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "reminder.yaml"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def publish(clinic: Clinic, source: str) -> str:
    versions = clinic.house.versions
    draft = versions.save(NAME, source, "maura")
    return versions.publish(NAME, "maura", "clearer words", edition=draft.edition).version


def in_force(clinic: Clinic) -> list[str]:
    return [ruleset.name for ruleset in clinic.house.rulebook.in_force()]


def source(clinic: Clinic) -> str:
    return next(ruleset.source for ruleset in clinic.house.rulebook.in_force() if ruleset.name == NAME)


def test_a_file_that_is_as_it_was_does_not_undo_what_was_published_since(clinic: Clinic, file: Path) -> None:
    clinic.house.take([file])
    ours = SOURCE.replace("Reminder: Your", "Please note: Your", 1)
    publish(clinic, ours)
    assert clinic.house.take([file]) == []
    clinic.invite()
    assert clinic.carrier.sent[-1].text.startswith("Please note")
    with clinic.house.database.reader() as connection:
        assert differs(ours, taken(connection)[NAME])
        assert not differs(SOURCE, taken(connection)[NAME])


def test_a_file_that_has_changed_is_a_new_version_on_record(clinic: Clinic, file: Path) -> None:
    clinic.house.take([file])
    publish(clinic, SOURCE.replace("Reminder: Your", "Please note: Your", 1))
    file.write_text(SOURCE.replace("Reminder: Your", "Attention: Your", 1), encoding="utf-8")
    assert clinic.house.take([file]) == [NAME]
    clinic.invite()
    assert clinic.carrier.sent[-1].text.startswith("Attention")
    done = clinic.house.versions.record(NAME)[0]
    assert (done.act, done.by, done.why) == (Act.TAKEN, "the settings", f"{file} has changed")


def test_a_broken_file_changes_nothing(clinic: Clinic, file: Path) -> None:
    clinic.house.take([file])
    file.write_text(SOURCE.replace("go: waiting", "go: wating", 1), encoding="utf-8")
    with pytest.raises(RulesBroken):
        clinic.house.take([file])
    assert source(clinic) == SOURCE


def test_a_file_that_is_not_named_any_more_goes_and_what_a_person_published_stays(clinic: Clinic, file: Path) -> None:
    follow_up = RULES.with_name("follow-up.yaml")
    clinic.house.take([file, follow_up])
    versions = clinic.house.versions
    draft = versions.save("eye", EYE, "maura")
    versions.publish("eye", "maura", "own words", edition=draft.edition)
    assert clinic.house.take([file]) == ["follow-up"]
    assert in_force(clinic) == [NAME, "eye"]


def test_the_first_time_only_what_a_person_published_stays_beside_the_files(clinic: Clinic, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(SOURCE.replace(f"ruleset: {NAME}", "ruleset: other", 1), encoding="utf-8")
    clinic.house.take([other])
    assert in_force(clinic) == ["other"]


def test_files_that_are_like_one_another_are_taken_together(clinic: Clinic, file: Path, tmp_path: Path) -> None:
    eye = tmp_path / "eye.yaml"
    eye.write_text(EYE, encoding="utf-8")
    assert clinic.house.take([eye, file]) == ["eye"]
    file.write_text(SOURCE.replace("Reminder: Your", "Attention: Your", 1), encoding="utf-8")
    assert clinic.house.take([eye, file]) == [NAME, "eye"]
    clinic.invite()
    assert [sent.text.partition(":")[0] for sent in clinic.carrier.sent if sent.to == ANN] == ["Attention"]
