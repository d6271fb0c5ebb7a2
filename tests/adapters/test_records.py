import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.bootstrap import House, house
from adapters.config import load_config
from adapters.gateways.none import NoGateway
from adapters.ipms.none import NoPatientSystem
from adapters.local import VirtualClock
from conversations.ports import AppointmentRecord, InboundReply, OutboundText, PatientRecord, SendResult, SendStatus

REMINDER = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
NOW = datetime(2026, 3, 3, 11, tzinfo=UTC)  # a Tuesday

Run = Callable[..., tuple[int, str, str]]


class Taker:
    """A gateway that takes everything."""

    name = "taker"
    segments_per_second = 100.0

    async def send(self, text: OutboundText) -> SendResult:  # noqa: ARG002
        return SendResult(SendStatus.ACCEPTED)

    def read_webhook(self, request: object) -> list[InboundReply]:  # noqa: ARG002
        return []

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        return None


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two patients on record, one of whom has confirmed."""
    folder = tmp_path_factory.mktemp("recorded")
    config = folder / "freagra.toml"
    config.write_text('[service]\nhome = "home"\n', "utf-8")
    settings = load_config(config, {})
    clock = VirtualClock(NOW)
    with house(
        home=settings.home,
        database_url=settings.database,
        gateway=Taker(),
        patient_system=NoPatientSystem(),
        clock=clock,
    ) as opened:
        opened.publish([REMINDER])
        asyncio.run(_talk(opened, clock))
    return config


async def _talk(opened: House, clock: VirtualClock) -> None:
    async def settle() -> None:
        while opened.worker.step(clock.now()).events or await opened.outbox.step():
            pass

    def record(number: int) -> AppointmentRecord:
        patient = PatientRecord(f"H{number}", "Gobnait", "Ní Bhriain", f"+35387123456{number}")
        start = datetime(2026, 3, 10, 10, tzinfo=UTC)
        return AppointmentRecord(f"A-{number}", patient, start, "booked", "EYE", clinician="Dr Byrne")

    await opened.intake.take_appointments([record(1), record(2)], "test", ["1", "2"])
    await settle()
    reply = InboundReply("+353871234561", "+353879999999", "yes I will be there", NOW)
    await opened.intake.take_inbound("taker", [reply])
    await settle()


@pytest.fixture
def kept(recorded: Path, tmp_path: Path) -> Path:
    """A copy of it that may be spoilt."""
    shutil.copytree(recorded.parent, tmp_path / "copy")
    return tmp_path / "copy" / "freagra.toml"


def spoil(kept: Path, statement: str) -> None:
    """What only someone who is past the database's own guards can do."""
    with sqlite3.connect(kept.parent / "home" / "freagra.sqlite3") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def test_show_is_a_timeline(run: Run, recorded: Path) -> None:
    code, out, _ = run("transcript", "show", "--appointment", "A-1", "--config", recorded)
    assert code == 0
    assert "appointment A-1, booked, Tue 10 Mar 2026 10:00" in out
    assert "Reminder: Your appointment with Dr Byrne is on March 10 at 10:00 AM." in out
    assert "yes I will be there" in out
    assert "waiting -> confirmed" in out
    assert out.index("Reminder") < out.index("yes I will be there") < out.index("Thank you, you are confirmed")
    conversation = re.search(r"conversation (\w+)", out)
    assert conversation is not None
    assert run("transcript", "show", conversation[1], "--config", recorded)[1] == out
    assert run("transcript", "show", "--patient", "H1", "--config", recorded)[1] == out


@pytest.mark.parametrize(
    "which", [("abc",), ("--patient", "H9"), ("--appointment", "A-9")], ids=["conversation", "patient", "appointment"]
)
def test_show_of_what_is_not_there(run: Run, recorded: Path, which: tuple[str, ...]) -> None:
    code, _, err = run("transcript", "show", *which, "--config", recorded)
    assert code == 1
    assert "there is no" in err


def test_verify_and_its_witness(run: Run, kept: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness.json"
    code, out, _ = run("transcript", "verify", "--write-witness", witness, "--config", kept)
    assert code == 0
    assert re.search(r"whole: \d+ entries, 2 conversations, \d+ batches", out)
    assert "agrees with the witness" in run("transcript", "verify", "--witness", witness, "--config", kept)[1]

    spoil(kept, "UPDATE transcript SET kind = 'reply.lost' WHERE kind = 'reply.settled'")
    code, out, _ = run("transcript", "verify", "--config", kept)
    assert code == 1
    assert "it was changed" in out
    assert "NOT WHOLE: 1 fault" in out

    witness.write_text('{"batch": 1}', "utf-8")
    assert run("transcript", "verify", "--witness", witness, "--config", kept)[0] == 2


def test_replay(run: Run, kept: Path) -> None:
    code, out, _ = run("transcript", "replay", "--config", kept)
    assert (code, out) == (0, "equal: 2 conversations rebuilt from the transcript\n")
    spoil(kept, "UPDATE conversations SET state = 'cancelled' WHERE appointment_id = 'A-1'")
    code, out, _ = run("transcript", "replay", "--config", kept)
    assert code == 1
    assert "column state" in out
    assert "NOT EQUAL: 1 of 2 conversations" in out


def test_export(run: Run, kept: Path, tmp_path: Path) -> None:
    target = tmp_path / "H1.jsonl"
    target.write_text("old", "utf-8")
    code, out, _ = run("transcript", "export", "--patient", "H1", "--out", target, "--config", kept)
    assert (code, out) == (0, f"{target}: {len(target.read_text('utf-8').splitlines())} entries\n")
    assert target.stat().st_mode & 0o777 == 0o600
    entries = [json.loads(each) for each in target.read_text("utf-8").splitlines()]
    assert entries[0]["kind"] == "conversation.opened"
    assert {entry["data"].get("text") for entry in entries} >= {"yes I will be there"}
    conversation = entries[0]["conversation"]
    code, out, _ = run("transcript", "export", "--conversation", conversation, "--config", kept)
    assert (code, out) == (0, target.read_text("utf-8"))
    assert run("transcript", "export", "--conversation", "abc", "--config", kept)[0] == 1


def test_without_the_key_file_nothing_is_read_and_none_is_made(run: Run, kept: Path) -> None:
    keys = kept.parent / "home" / "keys.json"
    keys.unlink()
    for command in (("show", "--patient", "H1"), ("replay",), ("export", "--patient", "H1")):
        code, _, err = run("transcript", *command, "--config", kept)
        assert code == 1
        assert "there is no key file" in err
    assert run("transcript", "verify", "--config", kept)[0] == 0  # needs none
    assert not keys.exists()


@pytest.mark.parametrize("command", [("transcript", "verify"), ("transcript", "replay"), ("rules", "list")])
def test_a_store_that_is_not_there(run: Run, config: Path, command: tuple[str, ...]) -> None:
    code, _, err = run(*command, "--config", config)
    assert code == 1
    assert "there is no" in err
    assert not (config.parent / "home").exists()


def test_a_file_that_is_no_store(run: Run, config: Path) -> None:
    home = config.parent / "home"
    home.mkdir()
    (home / "freagra.sqlite3").write_bytes(b"")
    code, _, err = run("transcript", "verify", "--config", config)
    assert code == 1
    assert "no such table" in err
    (home / "freagra.sqlite3").write_bytes(b"rubbish " * 1000)
    code, _, err = run("transcript", "verify", "--config", config)
    assert code == 1
    assert "not a database" in err


def test_backup_beside_a_running_store(run: Run, kept: Path, tmp_path: Path) -> None:
    settings = load_config(kept, {})
    with house(
        home=settings.home, database_url=settings.database, gateway=NoGateway(), patient_system=NoPatientSystem()
    ):
        code, out, _ = run("backup", tmp_path / "copy.sqlite3", "--config", kept)
        known = json.loads((settings.home / "last-backup.json").read_bytes())["file"]
        assert run("backup", "--note", "the machine's snapshot", "--config", kept)[0] == 0
    assert code == 0
    assert "keys.json" in out
    assert known == "copy.sqlite3"
    assert json.loads((settings.home / "last-backup.json").read_bytes())["file"] == "the machine's snapshot"
    shutil.copy(tmp_path / "copy.sqlite3", settings.home / "freagra.sqlite3")
    assert run("transcript", "replay", "--config", kept)[0] == 0


def test_a_backup_does_not_go_just_anywhere(run: Run, kept: Path, tmp_path: Path) -> None:
    home = load_config(kept, {}).home
    targets = {
        tmp_path / "nowhere" / "copy.sqlite3": "there is no folder",
        tmp_path: "is a folder",
        home / "freagra.sqlite3": "is in use",
        home / "keys.json": "is in use",
    }
    before = (home / "keys.json").read_bytes()
    for target, said in targets.items():
        code, _, err = run("backup", target, "--config", kept)
        assert code == 2
        assert f"{target}" in err
        assert said in err
    assert (home / "keys.json").read_bytes() == before
    assert run("transcript", "verify", "--config", kept)[0] == 0


class TestImpact:
    DRAFT = ("\n      confirm: confirmed", "\n      confirm: with_staff")

    def draft(self, tmp_path: Path) -> Path:
        path = tmp_path / "draft.yaml"
        text = re.sub(r"\ntalks:.*?\n(?=\S)", "\n", REMINDER.read_text("utf-8"), flags=re.DOTALL)  # they go another way now
        path.write_text(text.replace(*self.DRAFT, 1), "utf-8")
        return path

    def test_it_tells_what_a_draft_would_have_done(self, recorded: Path, run: Run, tmp_path: Path) -> None:
        code, out, err = run("impact", str(self.draft(tmp_path)), "--since", "2026-03-01", "--config", recorded)
        assert (code, err) == (0, "")
        assert "2 conversations with 1 reply" in out
        assert "1  confirm → with staff" in out

    def test_its_json_holds_no_words_of_a_patient(self, recorded: Path, run: Run, tmp_path: Path) -> None:
        given = ["impact", str(self.draft(tmp_path)), "--since", "2026-03-01", "--json", "--config", recorded]
        code, out, _ = run(*given)
        found = json.loads(out)
        assert code == 0
        assert found["outcomes"] == [{"before": "confirm", "after": "with_staff", "count": 1}]
        assert found["tasks"]["after"]["question"] == 1

    def test_a_period_that_is_none_is_wrong_use(self, recorded: Path, run: Run) -> None:
        code, _, err = run("impact", "appointment-reminder", "--since", "May", "--config", recorded)
        assert code == 2
        assert "2026-11-01" in err


def test_the_report_tells_what_was_done_and_what_it_saved(run: Run, recorded: Path) -> None:
    code, out, _ = run("report", "--since", "2026-03-01", "--until", "2026-04-01", "--config", recorded)
    assert code == 0
    assert re.search(r"letters not posted +2 +at EUR 1\.85 +3\.70", out)
    # Two reminders and one answer, a part each.
    assert re.search(r"SMS parts +3 +at EUR 0\.06 +-0\.18", out)
    assert re.search(r"saved, EUR +3\.52", out)
    assert re.search(r"EYE +3 +0 +0 +0 +\d+ +3\.52", out)
    assert "Gobnait" not in out
    figures = json.loads(run("report", "--since", "2026-03-01", "--until", "2026-04-01", "--json", "--config", recorded)[1])
    assert (figures["saved"], figures["replies"]["understood"], figures["replies"]["pending"]) == (3.52, 1, 0)
    assert figures["clinics"].keys() == {"EYE"}
    # Days begin at the hospital's midnight, in summer time from the end of March on.
    assert out.startswith("From 2026-03-01 00:00 to 2026-04-01 00:00\n")
    assert (figures["since"], figures["until"]) == ("2026-03-01T00:00:00+00:00", "2026-04-01T00:00:00+01:00")
    before = json.loads(run("report", "--since", "2026-01-01", "--until", "2026-03-01", "--json", "--config", recorded)[1])
    assert (before["conversations"], before["texts"], before["saved"]) == (0, 0, 0)
    assert "-0.00" not in run("report", "--since", "2026-01-01", "--until", "2026-03-01", "--config", recorded)[1]


def test_the_report_goes_by_the_hospitals_own_prices(run: Run, kept: Path) -> None:
    kept.write_text('[service]\nhome = "home"\n[costs]\ntext = 0.1\nletter = 2\n', "utf-8")
    out = run("report", "--since", "2026-03-01", "--until", "2026-04-01", "--json", "--config", kept)[1]
    assert (json.loads(out)["cost"], json.loads(out)["saved"]) == (0.3, 3.7)
    kept.write_text('[service]\nhome = "home"\n[costs]\nletter = "dear"\n', "utf-8")
    code, _, err = run("report", "--config", kept)
    assert code == 2
    assert "[costs] letter" in err


@pytest.mark.parametrize("given", [("--since", "soon"), ("--since", "2026-04-01", "--until", "2026-03-01")])
def test_a_report_of_no_time_is_refused(run: Run, recorded: Path, given: tuple[str, ...]) -> None:
    assert run("report", *given, "--config", recorded)[0] == 2
