"""`freagra rules push` and `publish` beside a service that runs: by a person, with that person's rights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.commands import online
from adapters.commands.output import Failure
from adapters.config import Config
from conversations.people import Role
from conversations.schema import sessions
from tests.adapters.web.console.office import PASSWORD, Office, open_office
from tests.conversations.clinic import RULES, Clinic

NAME = "appointment-reminder"
OURS = RULES.read_text("utf-8").replace("Reminder: Your", "Please note: Your", 1)
EYE = f"format: 1\nruleset: eye\nlike: {NAME}\nsummary: The eye clinic's.\napplies_to: {{clinics: [EYE]}}\n"

Ask = Callable[..., int]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path / "house") as office:
        office.employ("maura", Role.CLINIC_ADMIN)
        office.employ("nuala", Role.CLINIC_ADMIN)
        office.employ("liam", Role.SECRETARY)
        yield office


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(OURS, "utf-8")
    return path


@pytest.fixture
def ask(office: Office, monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setenv(online.PASSWORD, PASSWORD)
    host, _, port = office.url.removeprefix("http://").partition(":")
    config = replace(Config(Path()), host=host, port=int(port))

    def asked(act: str, *files: Path, by: str = "maura", why: str = "clearer words") -> int:
        return online.ask(config, act, files, by, why)

    return asked


def test_what_is_pushed_is_the_draft_of_whoever_pushed_it(office: Office, ask: Ask, file: Path) -> None:
    assert ask("push", file) == 0
    draft = office.do(lambda clinic: clinic.house.versions.draft(NAME))
    assert draft is not None
    assert (draft.source, draft.changed_by) == (OURS, "maura")


def test_what_is_published_is_in_force_and_on_record(
    office: Office, ask: Ask, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask("publish", file) == 0
    assert "in force for conversations that begin from now on" in capsys.readouterr().out
    done = office.do(lambda clinic: clinic.house.versions.record(NAME))[0]
    assert (done.act, done.by, done.why) == ("published", "maura", "clearer words")
    assert ask("publish", file) == 0
    assert "is in force already" in capsys.readouterr().out


def test_files_that_are_like_one_another_go_together(office: Office, ask: Ask, file: Path, tmp_path: Path) -> None:
    eye = tmp_path / "eye.yaml"
    eye.write_text(EYE, "utf-8")
    assert ask("publish", eye, file) == 0
    eye_now = next(each for each in office.do(lambda clinic: clinic.house.rulebook.in_force()) if each.name == "eye")
    assert eye_now.prompts["reminder"].texts["en"].startswith("Please note")


def test_a_second_person_is_asked_for_where_the_hospital_wants_one(
    office: Office, ask: Ask, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def careful(clinic: Clinic) -> None:
        clinic.house.versions.second_person = True

    office.do(careful)
    for _ in range(2):
        assert ask("publish", file) == 0
        assert "a colleague has to publish it" in capsys.readouterr().out
    assert office.do(lambda clinic: [done.act for done in clinic.house.versions.record(NAME)]) == ["proposed"]
    assert ask("publish", file, by="nuala") == 0
    done = office.do(lambda clinic: clinic.house.versions.record(NAME))[0]
    assert (done.act, done.by) == ("published", "nuala")


def test_a_broken_file_changes_nothing_and_is_told_at_its_line(
    office: Office, ask: Ask, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(OURS.replace("go: waiting", "go: wating", 1), "utf-8")
    with pytest.raises(Failure, match="nothing was changed"):
        ask("publish", file)
    assert f'{file}:30:45: there is no state called "wating"' in capsys.readouterr().err
    assert office.do(lambda clinic: clinic.house.versions.draft(NAME)) is None


@pytest.mark.parametrize(
    ("by", "password", "said"),
    [
        ("maura", "not this one at all", "Name and password do not fit"),
        ("nobody", PASSWORD, "Name and password do not fit"),
        ("liam", PASSWORD, "for people with the right “change rules”"),
    ],
)
def test_who_may_not_is_told_so(
    office: Office, ask: Ask, file: Path, monkeypatch: pytest.MonkeyPatch, by: str, password: str, said: str
) -> None:
    monkeypatch.setenv(online.PASSWORD, password)
    with pytest.raises(Failure, match=said):
        ask("publish", file, by=by)
    assert office.do(lambda clinic: clinic.house.versions.record(NAME)) == []


def test_it_leaves_no_session_behind(office: Office, ask: Ask, file: Path) -> None:
    ask("push", file)
    assert office.do(lambda clinic: clinic.scalar(sa.select(sa.func.count()).select_from(sessions))) == 0
