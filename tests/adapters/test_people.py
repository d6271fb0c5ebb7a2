"""`freagra people`: the first administrator, and the way back in."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.bootstrap import house
from adapters.gateways.none import NoGateway
from adapters.ipms.none import NoPatientSystem
from conversations import audit, people
from conversations.people import Scope
from conversations.vault import Vault
from tests.conftest import Run

PASSWORD = "three dry weeks in Donegal"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n" * 9))


@contextmanager
def opened(home: Path) -> Iterator[tuple[sa.Connection, Vault]]:
    url = f"sqlite:///{home}/freagra.sqlite3"
    with house(home=home, database_url=url, gateway=NoGateway(), patient_system=NoPatientSystem()) as held:
        connection = held.database.reader()
        yield connection, held.vault
        connection.close()


def verified(home: Path, name: str, password: str) -> bool:
    with opened(home) as (connection, _):
        return people.verify_password(people.password_hash(connection, name), password)


@pytest.mark.usefixtures("typed")
def test_the_first_administrator_is_added_listed_and_on_record(run: Run, config: Path, tmp_path: Path) -> None:
    assert "nobody yet" in run("people", "list", "--config", started(run, config))[1]
    code, out, _ = run("people", "add", "MKelly", "--shown", "Maura Kelly", "--role", "administrator", "--config", config)
    assert (code, out) == (0, "mkelly can sign in as administrator\n")
    assert "mkelly  Maura Kelly  administrator  all clinics  never signed in" in run("people", "list", "--config", config)[1]
    assert verified(tmp_path / "home", "mkelly", PASSWORD)
    (noted,) = acts(tmp_path / "home")
    assert (noted.act.did, noted.act.route) == ("added a person", "freagra people add")
    assert noted.name.startswith("command line, ")


def started(run: Run, config: Path) -> Path:
    assert run("migrate", "--config", config)[0] == 0
    return config


def acts(home: Path) -> list[audit.Noted]:
    with opened(home) as (connection, vault):
        return audit.read(connection, vault, Scope())


@pytest.mark.usefixtures("typed")
def test_a_generated_password_is_shown_once_and_works(run: Run, config: Path, tmp_path: Path) -> None:
    run("people", "add", "maura", "--role", "administrator", "--config", config)
    command = ("people", "add", "aoife", "--role", "secretary", "--role", "clinic-admin", "--clinic", "EYE", "--generate")
    code, out, _ = run(*command, "--config", config)
    assert code == 0
    first = re.findall(r"one-time password: (\S+)", out)[0]
    assert verified(tmp_path / "home", "aoife", first)
    assert "clinic admin, secretary  EYE" in run("people", "list", "--config", config)[1]
    _, out, _ = run("people", "password", "aoife", "--generate", "--config", config)
    assert not verified(tmp_path / "home", "aoife", first)
    assert verified(tmp_path / "home", "aoife", re.findall(r"one-time password: (\S+)", out)[0])
    assert run("people", "disable", "aoife", "--config", config)[0] == 0
    assert "disabled" in run("people", "list", "--config", config)[1]


@pytest.mark.usefixtures("typed")
def test_it_takes_the_keys_from_where_the_settings_say(run: Run, tmp_path: Path) -> None:
    assert run("init", tmp_path / "secrets")[0] == 0
    config = tmp_path / "freagra.toml"
    config.write_text(f'[service]\nhome = "home"\nkeys = "{tmp_path}/secrets/keys.json"\n', "utf-8")
    assert run("people", "add", "maura", "--role", "administrator", "--config", config)[0] == 0
    assert not (tmp_path / "home" / "keys.json").exists()
    assert run("people", "password", "maura", "--config", config)[0] == 0


@pytest.mark.usefixtures("typed")
@pytest.mark.parametrize(("arguments", "code", "says"), [
    (("add", "maura", "--role", "boss"), 2, "there are secretary, clinic-admin, auditor, administrator"),
    (("add", "ma ura", "--role", "auditor"), 1, "no spaces"),
    (("disable", "nobody"), 1, "no person called nobody"),
    (("password", "nobody"), 1, "no person called nobody"),
])  # fmt: skip
def test_what_cannot_be_is_told_in_words(run: Run, config: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    found, _, err = run("people", *arguments, "--config", config)
    assert (found, says in err) == (code, True), err


def test_an_easy_password_is_not_taken(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))
    code, _, err = run("people", "add", "maura", "--role", "administrator", "--config", config)
    assert code == 1
    assert "from 15 to 256 characters" in err
    assert "secret" not in err
