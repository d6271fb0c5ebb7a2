import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from conversations.database import Database, open_database
from conversations.places import conversation_place, entry_place
from conversations.playback import export, replay
from conversations.schema import appointments, conversations, instant, ledger, patients, transcript
from conversations.transcript import GENESIS, Ledger, canonical, entry_hash
from conversations.vault import Vault, load_or_make_keys
from conversations.verification import Witness, verify
from engine.appointment import Appointment, AppointmentStatus, Patient
from engine.as_json import appointment_json, patient_json, to_json
from engine.conversation import Entry
from engine.fold import fold
from tests.stores import store

NOW = datetime(2026, 6, 10, 9, tzinfo=UTC)
BATCHES = 4


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(load_or_make_keys(tmp_path / "keys.json"))


@pytest.fixture
def database(tmp_path: Path, vault: Vault) -> Iterator[Database]:
    """Three patients, each with a talk of four entries, in batches that several talks share."""
    with open_database(store().url(tmp_path)) as database:
        database.migrate()
        talks = {name: [_opening(name)] + [_failure(name, number) for number in range(3)] for name in "abc"}
        batches = [("a1", "b1", "c1"), ("a2", "b2"), ("b3", "c2", "c3"), ("a3", "a4", "b4", "c4")]
        with database.writing() as connection, connection.begin():
            keys = {name: _admit(connection, vault, name) for name in talks}
            _write(connection, vault, keys, talks, batches)
        yield database


def _opening(name: str) -> Entry:
    appointment = Appointment(
        f"app-{name}", 1, datetime(2026, 6, 20, 9, tzinfo=UTC), AppointmentStatus.BOOKED, "card", "", "Dr Byrne", "", ""
    )
    data = {
        "conversation": name,
        "ruleset": "appointment-reminder",
        "version": "v1",
        "appointment": appointment_json(appointment),
        "patient": patient_json(Patient(f"p-{name}", "Máire", "en")),
    }
    return Entry("conversation.opened", NOW, "clock", data)


def _failure(name: str, number: int) -> Entry:
    return Entry("send.failed", NOW, "gateway", {"key": f"words {number} of {name}"})


def _admit(connection: sa.Connection, vault: Vault, name: str) -> bytes:
    _, wrapped = vault.new_patient_key()
    connection.execute(
        patients.insert(),
        {
            "id": f"p-{name}",
            "hospital_number_index": vault.number_index(name),
            "wrapped_key": wrapped,
            "sealed": b"",
            "changed_at": 0,
        },
    )
    connection.execute(
        appointments.insert(),
        {
            "id": f"app-{name}",
            "patient_id": f"p-{name}",
            "version": 1,
            "start": 0,
            "status": "booked",
            "clinic": "card",
            "changed_at": 0,
        },
    )
    return wrapped


def _write(
    connection: sa.Connection,
    vault: Vault,
    keys: dict[str, bytes],
    talks: dict[str, list[Entry]],
    batches: list[tuple[str, ...]],
) -> None:
    heads = dict.fromkeys(talks, GENESIS)
    at = instant(NOW)
    book = Ledger.read(connection)
    for batch in batches:
        covered = []
        for name, seq in ((each[0], int(each[1])) for each in batch):
            entry = talks[name][seq - 1]
            body = canonical({"actor": entry.actor, "data": entry.data})
            sealed = vault.seal(keys[name], entry_place(name, seq), body)
            heads[name] = entry_hash(name, seq, at, entry.kind, sealed, heads[name])
            row = (name, seq, at, entry.kind, sealed, heads[name], book.next_batch)
            connection.execute(transcript.insert().values(row))
            covered.append((name, seq, heads[name]))
        connection.execute(ledger.insert(), book.close(at, reversed(covered)))
    for name, entries in talks.items():
        folded = fold(entries)
        sealed = vault.seal(keys[name], conversation_place(name), canonical(to_json(folded)))
        connection.execute(
            conversations.insert(),
            {
                "id": name,
                "patient_id": f"p-{name}",
                "appointment_id": f"app-{name}",
                "ruleset": folded.ruleset,
                "version": folded.version,
                "state": folded.state,
                "owner": "machine",
                "closed": folded.closed,
                "seq": len(entries),
                "head": heads[name],
                "sealed": sealed,
                "opened_at": at,
                "changed_at": at,
            },
        )


def _tamper(database: Database, *statements: str) -> None:
    """As someone would who has the database's files or its superuser: triggers first out of the way."""
    with database.writing() as connection:
        if database.path is None:
            _tamper_on_postgresql(connection, statements)
            return
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.rollback()
        with connection.begin():
            for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            for statement in statements:
                assert connection.exec_driver_sql(statement).rowcount > 0, statement


def _tamper_on_postgresql(connection: sa.Connection, statements: tuple[str, ...]) -> None:
    with connection.begin():
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            there = re.sub(r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')", statement)
            assert connection.exec_driver_sql(there.replace("closed = 1", "closed = true")).rowcount > 0, statement


def _faults(database: Database, witness: Witness | None = None) -> list[str]:
    with database.reader() as reader:
        return [str(fault) for fault in verify(reader, witness=witness).faults]


def _witness(database: Database) -> Witness:
    with database.reader() as reader:
        return verify(reader).newest


# ---- the format, as an outsider reads its description ----


def test_the_hashes_are_those_that_the_description_gives() -> None:
    def integer(value: int) -> bytes:
        return value.to_bytes(8, "big", signed=True)

    def sha(tag: int, *fields: bytes) -> bytes:
        return hashlib.sha256(bytes([tag]) + b"".join(len(f).to_bytes(4, "big") + f for f in fields)).digest()

    assert bytes(32) == GENESIS
    first = entry_hash("abc", 1, 7, "reply.read", b"sealed", GENESIS)
    assert first == sha(0, b"abc", integer(1), integer(7), b"reply.read", b"sealed", bytes(32))
    assert first.hex() == "e4381d3cd6c0a02a3c126972c0e1957d2a91b3ac9b54965de351d57495d59498"
    book = Ledger()
    row = book.close(9, [("b", 1, b"B" * 32), ("a", 2, b"A" * 32), ("a", 1, first)])
    digest = sha(1, first, b"A" * 32, b"B" * 32)
    assert row == {
        "batch": 1,
        "at": 9,
        "entries": 3,
        "digest": digest,
        "hash": sha(2, bytes(32), integer(1), integer(9), integer(3), digest),
    }
    assert (book.batch, book.hash, book.next_batch) == (1, row["hash"], 2)
    with pytest.raises(ValueError, match="at least one entry"):
        book.close(9, [])


def test_equal_data_has_equal_bytes() -> None:
    assert canonical({"b": 1, "a": {"d": "á", "c": None}}) == '{"a":{"c":null,"d":"á"},"b":1}'.encode()


# ---- verify ----


def test_a_whole_record_has_no_faults(database: Database) -> None:
    steps: list[int] = []
    with database.reader() as reader:
        verdict = verify(reader, steps.append)
    assert verdict.whole
    assert (verdict.entries, verdict.conversations, verdict.batches) == (12, 3, BATCHES)
    assert sum(steps) == 12
    assert verdict.newest.batch == BATCHES
    assert _faults(database, verdict.newest) == []


def test_an_empty_record_is_whole(tmp_path: Path) -> None:
    with open_database(store().url(tmp_path / "empty")) as empty:
        empty.migrate()
        with empty.reader() as reader:
            verdict = verify(reader)
    assert verdict.whole
    assert verdict.newest == Witness(0, GENESIS)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE transcript SET conversation_id = 'z' WHERE conversation_id = 'b' AND seq = 4", "conversation b"),
        ("UPDATE transcript SET seq = 5 WHERE conversation_id = 'b' AND seq = 4", "conversation b, entry 5, batch 4"),
        (
            "UPDATE transcript SET at = at + 1 WHERE conversation_id = 'b' AND seq = 2",
            "conversation b, entry 2, batch 2",
        ),
        (
            "UPDATE transcript SET kind = 'x' WHERE conversation_id = 'b' AND seq = 2",
            "conversation b, entry 2, batch 2",
        ),
        (
            "UPDATE transcript SET sealed = zeroblob(40) WHERE conversation_id = 'b' AND seq = 2",
            "conversation b, entry 2, batch 2",
        ),
        (
            "UPDATE transcript SET hash = zeroblob(32) WHERE conversation_id = 'b' AND seq = 2",
            "conversation b, entry 2, batch 2",
        ),
        ("UPDATE transcript SET batch = 3 WHERE conversation_id = 'b' AND seq = 2", "batch 2"),
        ("UPDATE transcript SET batch = 9 WHERE conversation_id = 'b' AND seq = 2", "batch 9"),
        ("UPDATE ledger SET batch = 7 WHERE batch = 4", "batch 7"),
        ("UPDATE ledger SET at = at + 1 WHERE batch = 2", "batch 2"),
        ("UPDATE ledger SET entries = entries + 1 WHERE batch = 2", "batch 2"),
        ("UPDATE ledger SET digest = zeroblob(32) WHERE batch = 2", "batch 2"),
        ("UPDATE ledger SET hash = zeroblob(32) WHERE batch = 2", "batch 2"),
        ("UPDATE conversations SET seq = 3 WHERE id = 'b'", "conversation b"),
        ("UPDATE conversations SET head = zeroblob(32) WHERE id = 'b'", "conversation b"),
        ("UPDATE conversations SET id = 'y' WHERE id = 'b'", "conversation y"),
    ],
)
def test_a_change_in_any_column_is_found_where_it_is(database: Database, change: str, where: str) -> None:
    _tamper(database, change)
    assert any(fault.startswith(f"{where}:") for fault in _faults(database)), _faults(database)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE transcript SET sealed = 'text' WHERE conversation_id = 'b' AND seq = 2",
        "UPDATE transcript SET hash = 17 WHERE conversation_id = 'b' AND seq = 2",
        "UPDATE transcript SET batch = 'late' WHERE conversation_id = 'b' AND seq = 2",
        "UPDATE transcript SET conversation_id = x'00' WHERE conversation_id = 'b' AND seq = 4",
        "UPDATE ledger SET at = 'noon' WHERE batch = 2",
        "UPDATE conversations SET head = 'text' WHERE id = 'b'",
    ],
)
def test_a_value_of_another_type_is_found_and_disturbs_nothing(database: Database, change: str) -> None:
    _tamper(database, change)
    assert any("wrong type" in fault for fault in _faults(database))


def test_one_change_is_one_fault_not_a_trail_of_them(database: Database) -> None:
    _tamper(database, "UPDATE transcript SET at = at + 1 WHERE conversation_id = 'b' AND seq = 2")
    assert _faults(database) == [
        "conversation b, entry 2, batch 2: it was changed, or the entry before it was: its hash does not fit"
    ]


def test_a_conversation_that_was_removed_is_missed(database: Database) -> None:
    _tamper(database, "DELETE FROM transcript WHERE conversation_id = 'b'", "DELETE FROM conversations WHERE id = 'b'")
    assert _faults(database) == [
        "batch 1: it covers 3 entries and 2 are there",
        "batch 2: it covers 2 entries and 1 are there",
        "batch 3: it covers 3 entries and 2 are there",
        "batch 4: it covers 4 entries and 3 are there",
    ]


def test_a_tail_that_was_cut_off_is_missed_though_the_row_was_mended(database: Database) -> None:
    _tamper(
        database,
        "DELETE FROM transcript WHERE conversation_id = 'b' AND seq = 4",
        "UPDATE conversations SET seq = 3, head = (SELECT hash FROM transcript WHERE conversation_id = 'b' AND seq = 3)"
        " WHERE id = 'b'",
    )
    assert _faults(database) == ["batch 4: it covers 4 entries and 3 are there"]


def test_an_entry_taken_from_the_middle_is_missed(database: Database) -> None:
    _tamper(database, "DELETE FROM transcript WHERE conversation_id = 'b' AND seq = 2")
    faults = _faults(database)
    assert "conversation b, entry 3, batch 3: entry 2 comes before it and is missing" in faults
    assert "batch 2: it covers 2 entries and 1 are there" in faults


def test_rows_without_entries_and_entries_without_rows_are_found(database: Database) -> None:
    _tamper(
        database,
        "UPDATE conversations SET id = '0' WHERE id = 'a'",
        "UPDATE conversations SET id = 'z' WHERE id = 'c'",
    )
    assert _faults(database) == [
        "conversation 0: there is a row for it but not one entry",
        "conversation a: there are entries but no row for it",
        "conversation c: there are entries but no row for it",
        "conversation z: there is a row for it but not one entry",
    ]


def test_a_batch_taken_out_with_its_entries_is_missed(database: Database) -> None:
    _tamper(database, "DELETE FROM ledger WHERE batch = 2", "DELETE FROM transcript WHERE batch = 2")
    assert "batch 3: batch 2 comes before it and is missing" in _faults(database)


_CUT_OFF = (
    "DELETE FROM ledger WHERE batch = 4",
    "DELETE FROM transcript WHERE batch = 4",
    "UPDATE conversations SET seq = (SELECT max(seq) FROM transcript WHERE conversation_id = id)",
    "UPDATE conversations SET head = "
    "(SELECT hash FROM transcript t WHERE t.conversation_id = id AND t.seq = conversations.seq)",
)


def test_only_a_witness_misses_a_newest_batch_cut_off_with_care(database: Database) -> None:
    witness = _witness(database)
    _tamper(database, *_CUT_OFF)
    assert _faults(database) == []
    assert _faults(database, witness) == [
        "batch 4: the witness has seen it and it is not there: the ledger was cut off"
    ]


def test_a_witness_knows_a_record_that_was_rewritten(database: Database) -> None:
    witness = Witness(2, b"another record".ljust(32))
    assert _faults(database, witness) == ["batch 2: the witness holds another hash for it: the ledger was rewritten"]


# ---- erasure, export, replay ----


def test_erasing_a_patient_leaves_the_chain_whole(database: Database, vault: Vault) -> None:
    with database.writing() as connection, connection.begin():
        connection.execute(patients.update().where(patients.c.id == "p-b").values(wrapped_key=None, sealed=b""))
    assert _faults(database) == []
    with database.reader() as reader:
        differences = list(replay(reader, vault))
        lines = [json.loads(line) for line in export(reader, vault, patient="p-b")]
    assert [(each.conversation, each.erased) for each in differences] == [("b", True)]
    assert [(line["seq"], line["erased"]) for line in lines] == [(1, True), (2, True), (3, True), (4, True)]
    assert not any("data" in line for line in lines)


def test_export_opens_the_entries_of_one_conversation(database: Database, vault: Vault) -> None:
    with database.reader() as reader:
        lines = list(export(reader, vault, conversation="b"))
        assert list(export(reader, vault, patient="p-b")) == lines
        assert list(export(reader, vault, conversation="nobody")) == []
    assert all(line.endswith(b"\n") for line in lines)
    last: dict[str, Any] = json.loads(lines[-1])
    hashed = last.pop("hash")
    assert len(bytes.fromhex(hashed)) == 32
    assert last == {
        "conversation": "b",
        "seq": 4,
        "at": NOW.isoformat(),
        "kind": "send.failed",
        "actor": "gateway",
        "data": {"key": "words 2 of b"},
    }


def test_export_asks_for_one_of_the_two(database: Database, vault: Vault) -> None:
    with database.reader() as reader, pytest.raises(ValueError, match="one of the two"):
        list(export(reader, vault))


def test_replay_rebuilds_every_row(database: Database, vault: Vault) -> None:
    steps: list[int] = []
    with database.reader() as reader:
        assert list(replay(reader, vault, steps.append)) == []
    assert steps == [4, 4, 4]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE conversations SET state = 'closed' WHERE id = 'b'", "column state"),
        ("UPDATE conversations SET owner = 'staff' WHERE id = 'b'", "column owner"),
        ("UPDATE conversations SET closed = 1 WHERE id = 'b'", "column closed"),
        ("UPDATE conversations SET version = 'v2' WHERE id = 'b'", "column version"),
        ("UPDATE conversations SET ruleset = 'other' WHERE id = 'b'", "column ruleset"),
        ("UPDATE conversations SET opened_at = 5 WHERE id = 'b'", "column opened_at"),
        ("UPDATE conversations SET patient_id = 'p-c' WHERE id = 'b'", "cannot be opened"),
        ("UPDATE conversations SET sealed = zeroblob(60) WHERE id = 'b'", "cannot be opened"),
        ("UPDATE transcript SET sealed = zeroblob(60) WHERE conversation_id = 'b' AND seq = 2", "cannot be opened"),
        ("UPDATE transcript SET kind = 'nonsense' WHERE conversation_id = 'b' AND seq = 1", "do not add up"),
        ("DELETE FROM transcript WHERE conversation_id = 'b'", "no entries"),
        ("DELETE FROM transcript WHERE conversation_id = 'b' AND seq = 4", "failures, seq, column seq"),
    ],
)
def test_replay_finds_a_row_that_its_entries_do_not_make(
    database: Database, vault: Vault, change: str, what: str
) -> None:
    _tamper(database, change)
    with database.reader() as reader:
        (difference,) = replay(reader, vault)
    assert difference.conversation == "b"
    assert what in difference.what
    assert "words" not in difference.what


def test_replay_finds_a_stored_projection_that_differs(database: Database, vault: Vault) -> None:
    with database.writing() as connection, connection.begin():
        row = connection.execute(sa.select(conversations, patients.c.wrapped_key).join(patients)).first()
        assert row is not None
        held = json.loads(vault.open(row.wrapped_key, conversation_place(row.id), row.sealed))
        sealed = vault.seal(row.wrapped_key, conversation_place(row.id), canonical({**held, "told": 3}))
        connection.execute(conversations.update().where(conversations.c.id == row.id).values(sealed=sealed))
    with database.reader() as reader:
        (difference,) = replay(reader, vault)
    assert (difference.conversation, difference.what) == (row.id, "other than its entries say: told")
