"""Keys and secrets as systemd, Compose and Kubernetes hand them out, and what is done once before several processes start."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.config import ConfigError, load_config

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds for what takes a few on a busy machine; not a measurement

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Keys and access lie in a folder of their own, apart from the home."""
    path = tmp_path / "freagra.toml"
    path.write_text('[service]\nhome = "home"\nport = 0\nkeys = "handed/keys.json"\naccess = "handed/access.json"\n', "utf-8")
    return path


# ---- secrets in files ------------------------------------------------------------------------------------------------


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    held = tmp_path / "database_url"
    held.write_text("postgresql+psycopg://freagra:s3cret@database/freagra\n", "utf-8")
    config = load_config(None, {"FREAGRA_DATABASE_URL_FILE": str(held)})
    assert config.database == "postgresql+psycopg://freagra:s3cret@database/freagra"


def test_a_secret_given_twice_or_not_to_be_read_is_refused(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none")
    with pytest.raises(ConfigError, match="FREAGRA_IPMS_SECRET and FREAGRA_IPMS_SECRET_FILE are both set"):
        load_config(None, {"FREAGRA_IPMS_SECRET": "x", "FREAGRA_IPMS_SECRET_FILE": nowhere})
    with pytest.raises(ConfigError, match=f"FREAGRA_IPMS_SECRET_FILE: {nowhere} cannot be read"):
        load_config(None, {"FREAGRA_IPMS_SECRET_FILE": nowhere})


def test_keys_that_are_handed_out_are_never_made_by_a_service(run: Run, settings: Path) -> None:
    code, _, err = run("serve", "--config", settings)
    assert code == 2
    assert "freagra init" in err
    assert not (settings.parent / "handed").exists()
    assert run("init", "--config", settings)[0] == 0
    (settings.parent / "handed" / "keys.json").unlink()
    code, _, err = run("serve", "--config", settings)
    assert code == 1
    assert "there is no key file. Put back its copy" in err


def test_a_group_may_read_what_another_account_owns_and_nobody_may_change_it(run: Run, settings: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another account")
    assert run("init", "--config", settings)[0] == 0
    keys = settings.parent / "handed" / "keys.json"
    assert run("migrate", "--config", settings)[0] == 0
    for owner, mode, usable in ((4242, 0o440, True), (4242, 0o444, False), (4242, 0o460, False), (0, 0o440, False)):
        os.chown(keys, owner, 0)
        keys.chmod(mode)
        code, _, err = run("transcript", "replay", "--config", settings)
        assert (code == 0) is usable, (owner, oct(mode), err)
        assert usable or "others may read this key file" in err


# ---- once, before the processes --------------------------------------------------------------------------------------


def test_init_makes_what_is_missing_and_leaves_what_is_there(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    code, out, _ = run("init", folder)
    assert code == 0
    assert out.count(": made") == 2
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(before) == ["access.json", "keys.json"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    code, out, _ = run("init", folder)
    assert code == 0
    assert out.count("is left as it is") == 2
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_init_refuses_keys_that_are_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}")
    (tmp_path / "keys.json").chmod(0o600)
    code, _, err = run("init", tmp_path)
    assert code == 1
    assert "not a Freagra key file" in err
    assert (tmp_path / "keys.json").read_text() == "{}"


def test_migrate_makes_the_tables_once(run: Run, settings: Path) -> None:
    code, out, _ = run("migrate", "--config", settings)
    assert code == 0
    assert "before: none" in out
    code, out, _ = run("migrate", "--config", settings)
    assert code == 0
    assert "before" not in out


# ---- a process that is watched ---------------------------------------------------------------------------------------


@dataclass
class Watched:
    """`freagra serve` as systemd starts it."""

    process: subprocess.Popen[bytes]
    ear: socket.socket
    port: int

    def hears(self, state: str) -> None:
        """Until that is told; a watched process tells something all the time."""
        while self.ear.recv(64).decode() != state:
            pass


@pytest.fixture
def watched(settings: Path, run: Run) -> Iterator[Watched]:
    assert run("init", "--config", settings)[0] == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.settimeout(PATIENCE)
    ear.bind(str(settings.parent / "notify"))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "FREAGRA_PORT": str(port),
        "NOTIFY_SOCKET": str(settings.parent / "notify"),
        "WATCHDOG_USEC": "300000",
    }
    words = [sys.executable, "-W", "error", "-m", "adapters.cli", "serve", "--config", str(settings)]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield Watched(process, ear, port)
    finally:
        process.kill()
        process.wait()
        ear.close()


def test_systemd_hears_when_it_is_ready_that_it_lives_and_when_it_stops(watched: Watched) -> None:
    watched.hears("READY=1")
    watched.hears("WATCHDOG=1")
    watched.process.send_signal(signal.SIGTERM)
    watched.hears("STOPPING=1")
    assert watched.process.wait(PATIENCE) == 0


def test_health_asks_the_service_on_this_machine(
    watched: Watched, run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.hears("READY=1")
    monkeypatch.setenv("FREAGRA_PORT", str(watched.port))
    assert run("health", "--config", settings)[:2] == (0, "alive\n")
    code, out, _ = run("health", "--ready", "--config", settings)
    assert "store: writable" in out
    assert code == (0 if out.startswith("ready\n") else 1)
    watched.process.send_signal(signal.SIGTERM)
    watched.process.wait(PATIENCE)
    code, _, err = run("health", "--config", settings)
    assert code == 1
    assert f"nothing answers at http://127.0.0.1:{watched.port}/healthz" in err
