"""What the files give away to someone who copied them: the database and its log as they lie while the service runs."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from conversations.database import Database, open_database
from conversations.places import entry_place
from conversations.schema import patients, transcript
from conversations.transcript import GENESIS, canonical, entry_hash
from conversations.vault import Vault, load_or_make_keys
from conversations.writer import Writer

PHONE = "+353871234567"
NUMBER = "MRN0048213"
NAME = "Gráinne"
WORDS = "Ní féidir liom teacht, tá mo mháthair san ospidéal"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(load_or_make_keys(tmp_path / "keys" / "keys.json"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(f"sqlite:///{tmp_path}/data/freagra.sqlite3") as database:
        database.migrate()
        yield database


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def _spellings(text: str) -> set[bytes]:
    bare = text.removeprefix("+")
    forms = {text, bare, bare.removeprefix("353"), f"0{bare.removeprefix('353')}", text.lower(), text.upper()}
    codes = ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "utf-32-le")
    return {form.encode(code) for form in forms for code in codes} | {form.encode().hex().encode() for form in forms}


def _store(database: Database, vault: Vault) -> tuple[bytes, bytes]:
    """A patient and a reply, written as the service writes them. The raw and the wrapped data key."""
    raw, wrapped = vault.new_patient_key()
    record = canonical({"number": NUMBER, "first_name": NAME, "mobile": PHONE})
    patient = {
        "id": "p1",
        "hospital_number_index": vault.number_index(NUMBER),
        "phone_index": vault.phone_index(PHONE),
        "wrapped_key": wrapped,
        "sealed": vault.seal(wrapped, "patients.sealed|p1", record),
        "changed_at": 0,
    }
    sealed = vault.seal(wrapped, entry_place("c", 1), canonical({"actor": "patient", "data": {"text": WORDS}}))
    entry = ("c", 1, 0, "reply.received", sealed, entry_hash("c", 1, 0, "reply.received", sealed, GENESIS), 1)

    def job(connection: sa.Connection) -> None:
        connection.execute(patients.insert(), patient)
        connection.execute(transcript.insert().values(entry))

    async def write(writer: Writer) -> None:
        content = canonical({"sender": PHONE, "text": WORDS})
        row = {
            "source": "gateway:x",
            "kind": "reply",
            "external_id": "1",
            "received_at": 0,
            "sealed": vault.seal_own("inbox.sealed|gateway:x|1", content),
            "phone_index": vault.phone_index(PHONE),
            "due": 0,
            "partition": 0,
        }
        assert await writer.insert_inbox(row) is not None
        await writer.run(job)

    with Writer(database) as writer:
        asyncio.run(write(writer))
    return raw, wrapped


def _raw(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_files_name_no_patient_no_phone_and_no_word(database: Database, vault: Vault, folder: Path) -> None:
    raw, _ = _store(database, vault)
    files = _raw(folder)
    assert files["freagra.sqlite3-wal"]
    assert b"reply.received" in b"".join(files.values())  # what is not sealed is there to be found
    for secret in (PHONE, NUMBER, NAME, WORDS, "teacht", "mháthair"):
        for spelling in _spellings(secret):
            for name, content in files.items():
                assert spelling not in content, (name, secret)
    assert not any(raw in content for content in files.values())


def test_an_erased_key_is_gone_from_the_file_once_the_log_is_folded_in(
    database: Database, vault: Vault, folder: Path
) -> None:
    _, wrapped = _store(database, vault)
    with Writer(database) as writer:
        writer.submit(
            lambda connection: connection.execute(patients.update().values(wrapped_key=None, sealed=b"")).rowcount
        ).result()
    database.close()
    assert "freagra.sqlite3-wal" not in _raw(folder)
    assert not any(wrapped in content for content in _raw(folder).values())
