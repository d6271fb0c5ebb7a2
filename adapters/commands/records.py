"""`freagra transcript`: reading, checking and handing out what is on record, beside a running service."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from adapters.commands.chat import rendered
from adapters.commands.output import Failure, Paint, counted, progress
from adapters.commands.timeline import lines, when
from adapters.config import Config
from conversations.database import open_database
from conversations.errors import UnknownRuleset
from conversations.playback import export, replay
from conversations.rulebook import Rulebook
from conversations.schema import appointments, conversations, moment, patients, transcript
from conversations.vault import Vault, load_keys
from conversations.verification import Witness, verify


@contextmanager
def reading(config: Config) -> Iterator[sa.Connection]:
    """A connection to the configured store that cannot write. Raises DatabaseUnfit."""
    with open_database(config.database, read_only=True) as database, database.reader() as connection:
        yield connection


def vault_of(config: Config) -> Vault:
    return Vault(load_keys(config.key_file))


def _entries(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(transcript)).scalar_one()


def _patient(connection: sa.Connection, vault: Vault, number: str) -> str:
    query = sa.select(patients.c.id).where(patients.c.hospital_number_index == vault.number_index(number))
    found = connection.execute(query).scalar()
    if found is None:
        raise Failure("there is no patient of this hospital number (it must be written exactly as the iPMS has it)")
    return str(found)


# ---- show ------------------------------------------------------------------------------------------------------------


def show(config: Config, *, conversation: str | None, patient: str | None, appointment: str | None) -> int:
    """The conversations as timelines. Raises Failure where there are none."""
    vault = vault_of(config)
    with reading(config) as connection:
        talk = conversations.c
        query = sa.select(talk.id).order_by(talk.opened_at, talk.id)
        if conversation is not None:
            query = query.where(talk.id == conversation)
        elif patient is not None:
            query = query.where(talk.patient_id == _patient(connection, vault, patient))
        else:
            query = query.where(talk.appointment_id == appointment)
        found = list(connection.execute(query).scalars())
        if not found:
            raise Failure("there is no such conversation")
        for number, id in enumerate(found):
            if number:
                print()
            _show_one(connection, vault, id)
    return 0


def _show_one(connection: sa.Connection, vault: Vault, id: str) -> None:
    paint = Paint(sys.stdout)
    talk = conversations.c
    columns = (talk.ruleset, talk.version, talk.state, talk.owner, talk.closed, talk.appointment_id)
    row = connection.execute(sa.select(*columns).where(talk.id == id)).one()
    zone = _zone(connection, row.version)
    about = sa.select(appointments.c.start, appointments.c.status).where(appointments.c.id == row.appointment_id)
    held = connection.execute(about).one()
    stands = "over" if row.closed else f"with {'staff' if row.owner == 'staff' else 'the machine'}"
    print(paint(f"conversation {id}", "bold"))
    print(f"  appointment {row.appointment_id}, {held.status}, {when(moment(held.start), zone, year=True)}")
    print(f"  rules {row.ruleset} {row.version}, in the state {row.state}, {stands}")
    clock = ""
    for line in export(connection, vault, conversation=id):
        entry = json.loads(line)
        at = when(datetime.fromisoformat(entry["at"]), zone, year=True)
        if at != clock:
            clock = at
            print(paint(at, "bold"))
        if entry.get("erased"):
            print(f"  {entry['kind']} (erased)")
            continue
        for each in lines(entry["kind"], entry["actor"], entry["data"], zone):
            print("\n".join(rendered(each, paint)))


def _zone(connection: sa.Connection, version: str) -> ZoneInfo:
    """The clock of the rules that the conversation began with."""
    try:
        return ZoneInfo(Rulebook().version(connection, version).hours.timezone)
    except UnknownRuleset:
        return ZoneInfo("UTC")


# ---- verify and replay -----------------------------------------------------------------------------------------------


def verify_store(config: Config, *, witness: Path | None, write_witness: Path | None) -> int:
    """1 with every fault listed, 0 where the chain is whole."""
    kept = None if witness is None else _read_witness(witness)
    with reading(config) as connection, progress(_entries(connection), "verifying", "entries") as bar:
        verdict = verify(connection, bar.update, kept)
    for fault in verdict.faults:
        print(fault)
    if verdict.unlisted:
        print(f"and {counted(verdict.unlisted, 'fault')} more")
    walked = ", ".join(
        [
            counted(verdict.entries, "entry", "entries"),
            counted(verdict.conversations, "conversation"),
            counted(verdict.batches, "batch", "batches"),
        ]
    )
    if not verdict.whole:
        print(f"NOT WHOLE: {counted(len(verdict.faults) + verdict.unlisted, 'fault')} in {walked}")
        return 1
    print(f"whole: {walked}" + (f"; agrees with the witness of batch {kept.batch}" if kept is not None else ""))
    print(f"newest batch {verdict.newest.batch}, hash {verdict.newest.hash.hex()}")
    if write_witness is not None:
        _write(write_witness, json.dumps({"batch": verdict.newest.batch, "hash": verdict.newest.hash.hex()}) + "\n")
    return 0


def _read_witness(path: Path) -> Witness:
    try:
        held = json.loads(path.read_text("utf-8"))
        batch, hash = held["batch"], bytes.fromhex(held["hash"])
    except OSError as fault:
        raise Failure(f"{path}: cannot be read: {fault.strerror}", 2) from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise Failure(f"{path}: is not a witness that freagra transcript verify has written", 2) from fault
    if not isinstance(batch, int) or len(hash) != 32:
        raise Failure(f"{path}: is not a witness that freagra transcript verify has written", 2)
    return Witness(batch, hash)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as fault:
        raise Failure(f"{path}: cannot be written: {fault.strerror}", 2) from fault


def replay_store(config: Config) -> int:
    """1 with every conversation whose row is not what its entries add up to."""
    vault = vault_of(config)
    wrong = erased = 0
    with reading(config) as connection, progress(_entries(connection), "replaying", "entries") as bar:
        talks = connection.execute(sa.select(sa.func.count()).select_from(conversations)).scalar_one()
        for difference in replay(connection, vault, bar.update):
            if difference.erased:
                erased += 1
                continue
            wrong += 1
            bar.clear()
            print(f"conversation {difference.conversation}: {difference.what}")
    left_out = f"; {counted(erased, 'erased one')} cannot be compared" if erased else ""
    if wrong:
        print(f"NOT EQUAL: {wrong:,} of {counted(talks, 'conversation')}{left_out}")
        return 1
    print(f"equal: {counted(talks, 'conversation')} rebuilt from the transcript{left_out}")
    return 0


# ---- export ----------------------------------------------------------------------------------------------------------


def export_to(config: Config, *, conversation: str | None, patient: str | None, out: Path | None) -> int:
    """Entries as JSON lines, to a file that only its owner may read or to standard output. Raises Failure."""
    vault = vault_of(config)
    with reading(config) as connection:
        whose = _patient(connection, vault, patient) if patient is not None else None
        if conversation is not None:
            known = connection.execute(sa.select(conversations.c.id).where(conversations.c.id == conversation)).first()
            if known is None:
                raise Failure("there is no such conversation")
        found = export(connection, vault, conversation=conversation, patient=whose)
        if out is None:
            sys.stdout.flush()
            _pour(found, sys.stdout.buffer, bar=False)
            return 0
        try:
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)
                count = _pour(found, file, bar=True)
        except OSError as fault:
            raise Failure(f"{out}: cannot be written: {fault.strerror}") from fault
    print(f"{out}: {counted(count, 'entry', 'entries')}")
    return 0


def _pour(found: Iterator[bytes], file: BinaryIO, *, bar: bool) -> int:
    count = 0
    with progress(None, "exporting", "entries") as drawn:
        for line in found:
            file.write(line)
            count += 1
            if bar:
                drawn.update(1)
    file.flush()
    return count
