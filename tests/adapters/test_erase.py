"""`freagra erase` by itself and beside a service that runs, and what the console says of an erased patient."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.commands import online
from adapters.commands.output import Failure
from adapters.config import Config, load_config
from conversations import schema
from conversations.database import open_database
from conversations.people import Role
from engine.events import StaffAct
from tests.adapters.test_records import recorded
from tests.adapters.web.console.office import PASSWORD, Office, open_office, plain
from tests.conversations.clinic import ANN, Clinic

__all__ = ["recorded"]  # a fixture

Run = Callable[..., tuple[int, str, str]]
WHY = "request of 3 March"


# ---- by itself -------------------------------------------------------------------------------------------------------


@pytest.fixture
def settings(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded.parent, tmp_path / "copy")
    return tmp_path / "copy" / "freagra.toml"


def _erase(run: Run, settings: Path, *more: str, number: str = "H1") -> tuple[int, str, str]:
    return run("erase", "--patient", number, "--reason", WHY, "--by", "dpo", "--config", settings, *more)


def test_the_command_erases_and_the_record_stays_whole(run: Run, settings: Path) -> None:
    talk = run("transcript", "show", "--patient", "H1", "--config", settings)[1].split()[1]
    code, out, _ = _erase(run, settings, "--yes")
    assert code == 0
    assert "to be erased: 1 conversation (1 open)" in out
    assert "whole: " in run("transcript", "verify", "--config", settings)[1]
    assert "1 erased one cannot be compared" in run("transcript", "replay", "--config", settings)[1]
    assert run("transcript", "show", "--patient", "H1", "--config", settings)[0] == 1
    shown = run("transcript", "show", talk, "--config", settings)[1]
    assert f"erased the patient, by dpo: {WHY}" in shown
    assert "yes I will be there" not in shown
    exported = run("transcript", "export", "--conversation", talk, "--config", settings)[1]
    assert '"erased":true' in exported
    assert "Gobnait" not in exported
    assert "yes I will" not in run("transcript", "show", "--patient", "H2", "--config", settings)[1]


def test_it_asks_first_and_says_what_it_does_not_do(run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = _erase(run, settings)
    assert (code, "--yes" in err) == (2, True)
    code, _, err = _erase(run, settings, "--yes", number="H9")
    assert (code, "no patient of this hospital number" in err) == (1, True)

    class Terminal:
        said = "H2\n"

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return self.said

    monkeypatch.setattr("sys.stdin", Terminal())
    code, _, err = _erase(run, settings)
    assert (code, "nothing was erased" in err) == (1, True)
    assert run("transcript", "show", "--patient", "H1", "--config", settings)[0] == 0
    Terminal.said = "H1\n"
    assert _erase(run, settings)[0] == 0
    assert run("transcript", "show", "--patient", "H1", "--config", settings)[0] == 1


def test_a_store_that_somebody_holds_who_does_not_answer_is_left_alone(run: Run, settings: Path) -> None:
    settings.write_text('[service]\nhome = "home"\nport = 9\n', "utf-8")
    with open_database(load_config(settings, {}).database):
        code, _, err = _erase(run, settings, "--yes")
    assert (code, "start the service" in err) == (1, True)
    assert run("transcript", "show", "--patient", "H1", "--config", settings)[0] == 0


# ---- beside a service ------------------------------------------------------------------------------------------------


def _seed(clinic: Clinic) -> None:
    clinic.hear(ANN, "who is this, Grainne is away")
    clinic.settle()
    clinic.invite("A1", first_name="Grainne")
    clinic.reply(ANN, "my left eye hurts")
    clinic.act(StaffAct.NOTE, text="Grainne has rung")
    clinic.invite("B1", number="H2", first_name="Cian", mobile="+353872222222")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path / "house", _seed) as office:
        office.employ("orla", Role.ADMINISTRATOR)
        office.employ("auditor", Role.AUDITOR)
        office.employ("liam", Role.SECRETARY)
        yield office


@pytest.fixture
def config(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv(online.PASSWORD, PASSWORD)
    host, _, port = office.url.removeprefix("http://").partition(":")
    return replace(Config(tmp_path / "house"), host=host, port=int(port))


def test_a_service_that_runs_is_asked_by_whoever_may(office: Office, config: Config) -> None:
    with pytest.raises(Failure, match="right “erase patients”"):
        online.erase(config, "H1", "liam", WHY)
    with pytest.raises(Failure, match="no patient"):
        online.erase(config, "H9", "orla", WHY)
    with pytest.raises(Failure, match="why"):
        online.erase(config, "H1", "orla", "")
    online.erase(config, "H1", "orla", WHY)
    erased = sa.select(schema.patients).where(schema.patients.c.wrapped_key.is_(None))
    assert len(office.do(lambda clinic: clinic.rows(erased))) == 1
    seen = plain(office.signed_in("auditor").get("/audit?did=erased+a+patient").text)
    assert "Orla" in seen
    assert WHY in seen


def test_every_page_of_an_erased_patient_says_so(office: Office, config: Config) -> None:
    talks, texts, replies = schema.conversations.c, schema.texts.c, schema.replies.c
    (talk, patient), *_ = office.do(
        lambda clinic: clinic.rows(sa.select(talks.id, talks.patient_id).where(talks.appointment_id == "A1"))
    )
    found = office.do(
        lambda clinic: [
            *clinic.rows(sa.select(texts.key).where(texts.conversation_id == talk)),
            *clinic.rows(sa.select(replies.id).where(replies.conversation_id == talk)),
            *clinic.rows(sa.select(schema.unmatched.c.id)),
        ]
    )
    tasks = [row.key for row in office.do(lambda clinic: clinic.rows(sa.select(schema.tasks.c.key)))]
    online.erase(config, "H1", "orla", WHY)
    liam = office.signed_in("liam")
    answer = liam.get(f"/conversations/{talk}")
    assert answer.status_code == 410
    assert "were erased on 2 March 2026 by orla" in plain(answer.text)
    assert liam.get(f"/conversations/{talk}/earlier?seq=3").status_code == 410
    pages = [
        "/inbox", "/messages", f"/messages?of={patient}", f"/messages?patient={ANN.replace('+', '%2B')}",
        "/messages?patient=H1", "/search?text=Grainne", "/search?text=H1", "/clinics", "/clinics/EYE", "/rounds", "/phrases",
        *(f"/messages/{row[0]}" for row in found), *(f"/tasks/{key}" for key in tasks),
    ]  # fmt: skip
    for page in pages:
        answer = liam.get(page)
        assert answer.status_code < 500, page
        words = plain(answer.text)
        assert not [secret for secret in ("Grainne", "left eye", ANN) if secret in words], page
    assert "a patient whose data are erased" in plain(liam.get(f"/messages/{found[0][0]}").text)
    assert "(erased)" in plain(liam.get("/messages").text)
    assert "Cian" in plain(liam.get("/messages").text)
