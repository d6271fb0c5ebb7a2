"""`freagra backup` of a PostgreSQL database, and the drill of docs/deploying.md: back into an empty one, whole and readable."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conversations.backup import last_backup
from conversations.database import open_database
from tests import servers

pytestmark = pytest.mark.skipif(servers.postgres_programs() is None, reason=servers.left_out())

CLINIC = """\
appointment_id,start,status,clinic,hospital_number,first_name,mobile
A-1,2030-06-20 10:00,booked,EYE,H1,Mary,0871234567
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hospital(postgres: servers.Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Iterator[Path]:
    """One appointment in the database `kept`; the folder of the keys and of the copies."""
    monkeypatch.setenv("FREAGRA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FREAGRA_DATABASE_URL", postgres.make("kept"))
    (tmp_path / "clinic.csv").write_text(CLINIC, "utf-8")
    assert run("import", tmp_path / "clinic.csv")[0] == 0
    yield tmp_path
    postgres.drop("kept")


def test_a_dump_put_back_is_whole_and_readable(
    hospital: Path, postgres: servers.Postgres, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    witness, dump = hospital / "witness.json", hospital / "monday.dump"
    assert run("transcript", "verify", "--write-witness", witness)[0] == 0
    code, out, _ = run("backup", dump)
    assert (code, out.count("checked")) == (0, 1)
    assert dump.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("FREAGRA_DATABASE_URL", postgres.make("restored"))
    try:
        address = postgres.url("restored").replace("+psycopg", "")
        subprocess.run(["pg_restore", "--exit-on-error", "--no-owner", "--dbname", address, dump], check=True)
        assert "agrees with the witness" in run("transcript", "verify", "--witness", witness)[1]
        assert run("transcript", "replay")[0] == 0
        code, out, err = run("transcript", "show", "--appointment", "A-1")
        assert (code, err) == (0, "")
        assert "A-1" in out
    finally:
        postgres.drop("restored")


def test_all_processes_know_of_the_last_dump_whoever_made_it(hospital: Path, postgres: servers.Postgres, run: Run) -> None:
    another_machine = hospital / "elsewhere"
    assert run("backup", hospital / "monday.dump")[0] == 0
    with open_database(postgres.url("kept"), read_only=True) as database:
        made = last_backup(database, another_machine)
        assert made is not None
        assert made.file == "monday.dump"
        assert run("backup", "--note", "pgbackrest")[0] == 0
        noted = last_backup(database, another_machine)
    assert noted is not None
    assert noted.file == "pgbackrest"
    assert noted.at > made.at


def test_a_dump_that_fails_leaves_the_one_before(hospital: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    dump = hospital / "monday.dump"
    assert run("backup", dump)[0] == 0
    before = dump.read_bytes()
    monkeypatch.setenv("PATH", str(hospital))
    code, _, err = run("backup", dump)
    assert code == 1
    assert "there is no pg_dump here" in err
    assert dump.read_bytes() == before
    assert sorted(path.name for path in hospital.glob("*.dump*")) == ["monday.dump"]
