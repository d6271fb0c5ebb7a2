import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from conversations.database import Database, open_database
from conversations.schema import facts, inbox
from conversations.writer import StoreAway, Writer
from tests.stores import store


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(store().url(tmp_path)) as database:
        database.migrate()
        yield database


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with Writer(database) as writer:
        yield writer


def _row(external_id: str, source: str | None = "gateway:x") -> dict[str, Any]:
    return {
        "source": source,
        "kind": "reply",
        "external_id": external_id,
        "received_at": 5,
        "sealed": b"sealed " + external_id.encode(),
        "phone_index": None,
        "due": 6,
        "partition": 7,
    }


def _note(name: str) -> Callable[[sa.Connection], str]:
    def job(connection: sa.Connection) -> str:
        connection.execute(facts.insert(), {"name": name, "value": "", "at": 0})
        return name

    return job


def _names(database: Database) -> list[str]:
    with database.reader() as reader:
        return list(reader.execute(sa.select(facts.c.name).order_by(facts.c.name)).scalars())


class _Held:
    """While it is entered the writer is busy, so that what is submitted inside ends up in one group."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._release = threading.Event()

    def __enter__(self) -> None:
        busy = threading.Event()

        def job(_: sa.Connection) -> None:
            busy.set()
            self._release.wait()

        self._job = self._writer.submit(job)
        busy.wait()

    def __exit__(self, *_: object) -> None:
        self._release.set()
        self._job.result()


def test_a_job_that_is_done_is_in_the_database(database: Database, writer: Writer) -> None:
    assert writer.submit(_note("a")).result() == "a"
    assert _names(database) == ["a"]
    assert asyncio.run(writer.run(_note("b"))) == "b"
    assert _names(database) == ["a", "b"]


def test_what_gathers_is_committed_together(database: Database, writer: Writer) -> None:
    with _Held(writer):
        first = writer.submit(_note("a"))
        seen = writer.submit(
            lambda connection: (connection.execute(sa.select(facts.c.name)).scalars().all(), _names(database))
        )
    # The second job sees what the first wrote; a reader does not yet.
    assert seen.result() == (["a"], [])
    assert first.result() == "a"
    assert _names(database) == ["a"]


def test_a_job_that_raises_fails_alone(database: Database, writer: Writer) -> None:
    def fails(connection: sa.Connection) -> None:
        _note("half done")(connection)
        raise LookupError("no such thing")

    with _Held(writer):
        before, failing, after = writer.submit(_note("a")), writer.submit(fails), writer.submit(_note("b"))
    assert (before.result(), after.result()) == ("a", "b")
    with pytest.raises(LookupError, match="no such thing"):
        failing.result()
    with pytest.raises(LookupError, match="no such thing"):
        writer.submit(fails).result()
    assert _names(database) == ["a", "b"]


def test_bad_sql_and_a_broken_rule_are_the_jobs_own_fault(database: Database, writer: Writer) -> None:
    with _Held(writer):
        bad = writer.submit(lambda connection: connection.exec_driver_sql("SELECT * FROM nowhere"))
        twice = [writer.submit(_note("a")), writer.submit(_note("a"))]
    with pytest.raises((sa.exc.OperationalError, sa.exc.ProgrammingError), match=r"no such table|does not exist"):
        bad.result()
    assert twice[0].result() == "a"
    with pytest.raises(sa.exc.IntegrityError):
        twice[1].result()
    assert _names(database) == ["a"]


def test_the_log_is_folded_in_behind_what_was_submitted(tmp_path: Path) -> None:
    def in_the_file() -> list[str]:
        """What the file holds by itself, as who copies it without its log would find it."""
        alone = tmp_path / "alone.sqlite3"
        alone.write_bytes((tmp_path / "freagra.sqlite3").read_bytes())
        with closing(sqlite3.connect(alone)) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM facts ORDER BY name")]

    with open_database(f"sqlite:///{tmp_path}/freagra.sqlite3") as database:
        database.migrate()
        with Writer(database) as writer:
            writer.fold()  # nothing was written by it yet
            writer.submit(_note("a")).result()
            writer.fold()
            writer.submit(_note("b")).result()
            assert in_the_file() == ["a"]
            with database.reader() as reader:
                reader.execute(sa.select(facts)).all()
                writer.fold()
                writer.submit(_note("c")).result()
                assert in_the_file() == ["a", "b"]
                assert len(reader.execute(sa.select(facts)).all()) == 2
        assert _names(database) == ["a", "b", "c"]


def test_a_job_that_ends_the_transaction_is_told_off(writer: Writer) -> None:
    with pytest.raises(StoreAway, match="a job ended the transaction"):
        writer.submit(lambda connection: connection.commit()).result()
    assert writer.submit(_note("a")).result() == "a"


def test_inbox_rows_get_their_ids_and_are_taken_once(database: Database, writer: Writer) -> None:
    async def take(*names: str) -> list[int | None]:
        return await asyncio.gather(*(writer.insert_inbox(_row(name)) for name in names))

    async def everything() -> list[list[int | None]]:
        with _Held(writer):
            soon = asyncio.ensure_future(take("b", "a", "c", "b", "d"))
            await asyncio.sleep(0)
        return [await soon, await take("d"), await take("e", "a"), await take(*(f"{n}" for n in range(600)))]

    mixed, again, partly, many = asyncio.run(everything())
    with database.reader() as reader:
        ids = {row.external_id: row.id for row in reader.execute(sa.select(inbox))}
        sealed = reader.execute(sa.select(inbox.c.sealed).where(inbox.c.external_id == "c")).scalar_one()
        begun = reader.execute(sa.select(inbox.c.status, inbox.c.attempts).distinct()).all()
    assert mixed == [ids["b"], ids["a"], ids["c"], None, ids["d"]]
    assert again == [None]
    assert partly == [ids["e"], None]
    assert many == [ids[f"{n}"] for n in range(600)]
    assert len(ids) == 605
    assert sealed == b"sealed c"
    assert [tuple(each) for each in begun] == [("new", 0)]


def test_the_same_id_from_two_sources_is_two_things(writer: Writer) -> None:
    async def take() -> list[int | None]:
        return list(
            await asyncio.gather(*(writer.insert_inbox(_row("1", source)) for source in ("gateway:x", "ipms:y")))
        )

    assert None not in asyncio.run(take())


def test_an_unfit_row_fails_alone(database: Database, writer: Writer) -> None:
    async def take() -> list[Any]:
        with pytest.raises(KeyError):
            writer.insert_inbox({"source": "gateway:x"})
        with _Held(writer):
            waiting = [writer.insert_inbox(_row("a")), writer.insert_inbox(_row("b", source=None))]
            waiting.append(writer.insert_inbox(_row("c")))
        return await asyncio.gather(*waiting, return_exceptions=True)

    first, unfit, last = asyncio.run(take())
    assert isinstance(unfit, sa.exc.IntegrityError)
    assert "sealed b" not in str(unfit)
    with database.reader() as reader:
        ids = reader.execute(sa.select(inbox.c.id).order_by(inbox.c.external_id)).scalars().all()
    assert ids == [first, last]


def test_a_database_that_is_away_keeps_nobody_waiting_for_ever_and_comes_back(
    database: Database, writer: Writer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with store().away(tmp_path):
        for _ in range(3):
            with pytest.raises(StoreAway, match="nothing was written"):
                writer.submit(_note("a")).result()
    assert writer.submit(_note("b")).result() == "b"
    assert _names(database) == ["b"]
    assert "a group of 1 writes failed" in caplog.text


def test_close_finishes_what_was_submitted_and_takes_no_more(database: Database) -> None:
    writer = Writer(database)
    jobs = [writer.submit(_note(f"{number:03}")) for number in range(50)]
    writer.close()
    writer.close()
    assert all(job.done() for job in jobs)
    assert len(_names(database)) == 50
    with pytest.raises(StoreAway, match="closed"):
        writer.submit(_note("late"))
    with pytest.raises(StoreAway, match="closed"):
        asyncio.run(writer.run(_note("late")))
    # The write connection is free again.
    with database.writing() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1


def test_a_caller_that_gives_up_stops_nothing(database: Database, writer: Writer) -> None:
    async def give_up() -> str:
        with _Held(writer):
            waiting = asyncio.ensure_future(writer.run(_note("a")))
            await asyncio.sleep(0)
            waiting.cancel()
            other = asyncio.ensure_future(writer.run(_note("b")))
            await asyncio.sleep(0)
        return await other

    assert asyncio.run(give_up()) == "b"
    assert _names(database) == ["a", "b"]


def test_a_loop_that_closed_meanwhile_does_no_harm(
    database: Database, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    async def leave() -> None:
        writer.insert_inbox(_row("a"))

    with caplog.at_level(logging.WARNING), _Held(writer):
        asyncio.run(leave())
    assert writer.submit(_note("b")).result() == "b"
    assert "event loop was closed" in caplog.text
    with database.reader() as reader:
        assert reader.execute(sa.select(inbox.c.external_id)).scalars().all() == ["a"]


def test_many_threads_and_loops_share_one_writer(database: Database, writer: Writer) -> None:
    async def some(number: int) -> None:
        await asyncio.gather(*(writer.run(_note(f"{number}-{n}")) for n in range(20)))

    threads = [threading.Thread(target=lambda n=n: asyncio.run(some(n))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_names(database)) == 80
