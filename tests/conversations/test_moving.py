"""A hospital grows: its record moves from SQLite to PostgreSQL, whole or not at all, and goes on there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.cli import main
from conversations import moving, schema
from conversations.database import Database, DatabaseUnfit, open_database
from conversations.finding import Finder
from conversations.moving import MoveRefused, move
from conversations.search import Search, Wanted
from conversations.verification import verify
from tests import servers, stores
from tests.conversations.clinic import ANN, BEN, EVERYWHERE, Clinic, open_clinic

if servers.postgres_programs() is None:
    pytest.skip(servers.left_out(), allow_module_level=True)


def grow(clinic: Clinic) -> None:
    """Let the index of search come as far as the transcript."""
    house = clinic.house
    finder = Finder(house.database, house.writer, house.vault, house.clock)
    while finder.step():
        pass


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Database]:
    """Some days of a small hospital, in its file."""
    home = tmp_path / "old"
    with stores.using(stores.SqliteStore()), open_clinic(home) as clinic:
        clinic.invite("A1")
        clinic.invite("B2", number="H2", mobile=BEN)
        clinic.invite("a3", number="H3", mobile=None)
        clinic.reply(ANN, "Y")
        clinic.reply(BEN, "STOP")
        clinic.wait(days=2)
        grow(clinic)
    with open_database(f"sqlite:///{home}/freagra.sqlite3") as database:
        yield database


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Database]:
    with open_database(stores.store().url(tmp_path / "new")) as database:
        yield database


def dump(database: Database) -> dict[str, set[tuple[object, ...]]]:
    with database.reader() as connection:
        return {table.name: {tuple(row) for row in connection.execute(sa.select(table))} for table in moving.tables()}


def test_all_of_it_arrives_and_the_hospital_goes_on(source: Database, target: Database, tmp_path: Path) -> None:
    arrived: list[int] = []
    verdict = move(source, target, arrived.append)
    assert verdict.whole
    assert verdict.entries > 15
    before = dump(source)
    assert dump(target) == before
    assert sum(arrived) == sum(map(len, before.values())) + 2 * verdict.entries
    with open_clinic(tmp_path / "new") as clinic:
        clinic.invite("A9", number="H9", mobile="+353874444444")
        clinic.reply("+353874444444", "C")
        assert clinic.outcomes()[-1].startswith("acted")
        clinic.assert_sound()
        grow(clinic)
        with clinic.house.database.reader() as connection:
            search = Search(connection, clinic.house.vault, EVERYWHERE)
            assert {hit.number for hit in search.find(Wanted("Ann Tierney")).hits} >= {"H1", "H9"}


def test_a_move_that_was_broken_off_goes_on_and_serves_nobody_meanwhile(
    source: Database, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_ROWS", 2)
    arrived = 0

    def gone(rows: int) -> None:
        nonlocal arrived
        arrived += rows
        if arrived > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(source, target, gone)
    with pytest.raises(DatabaseUnfit, match="not finished"), open_clinic(tmp_path / "new"):
        pass
    again: list[int] = []
    verdict = move(source, target, again.append)
    whole = sum(map(len, dump(source).values()))
    assert sum(again) == whole - arrived + 2 * verdict.entries
    assert dump(target) == dump(source)


def test_a_database_that_is_in_use_is_not_moved_into(source: Database, target: Database, tmp_path: Path) -> None:
    with open_clinic(tmp_path / "new") as clinic:
        clinic.invite()
    with pytest.raises(MoveRefused, match="holds a record already"):
        move(source, target)


def test_a_record_that_is_not_whole_is_not_called_moved(source: Database, target: Database) -> None:
    with source.writing() as connection, connection.begin():
        connection.exec_driver_sql("DROP TRIGGER transcript_no_update")
        connection.exec_driver_sql("UPDATE transcript SET at = at + 1 WHERE seq = 2")
    with pytest.raises(MoveRefused, match="old record is not whole"):
        move(source, target)
    with target.reader() as connection:
        assert moving.half_moved(connection)


def test_the_command_moves_verifies_and_says_what_is_next(
    source: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = source.path
    source.close()
    target = stores.store().url(tmp_path / "new")
    assert main(["migrate", "--from", f"sqlite:///{path}"]) == 2
    assert main(["migrate", "--from", f"sqlite:///{path}", "--to", target]) == 0
    assert "moved and verified" in capsys.readouterr().out
    with open_database(target, read_only=True) as database, database.reader() as connection:
        assert verify(connection).whole
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.patients)).scalar_one() == 3
