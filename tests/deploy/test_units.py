"""The systemd units, held against the program, against each other, and against systemd itself where it is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.program import DEPLOY, assert_command, assert_settings, commands_in

UNITS = DEPLOY / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
COMMON = UNITS / "freagra-.service.d" / "hardening.conf"

Settings = list[tuple[str, str]]


def settings(path: Path) -> Settings:
    lines = [line for line in path.read_text("utf-8").splitlines() if line and line[0] not in "#["]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


def values(path: Path, name: str) -> list[str]:
    return [value for each, value in settings(path) if each == name]


def environment(path: Path) -> dict[str, str]:
    pairs = [(pair.partition("=")[0], pair.partition("=")[2]) for line in values(path, "Environment") for pair in line.split()]
    return dict(pairs)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_what_a_unit_starts_and_sets_is_known_to_the_program(unit: Path) -> None:
    (start,) = values(unit, "ExecStart")
    commands = commands_in(start.rstrip("'"))
    assert commands
    for words in commands:
        assert_command(words)
    assert_settings(environment(unit))


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_every_credential_that_is_loaded_is_used_and_no_other(unit: Path) -> None:
    loaded = {line.split(":")[0] for line in values(unit, "LoadCredential")}
    assert loaded == {value.removeprefix("%d/") for value in environment(unit).values() if value.startswith("%d/")}
    for line in values(unit, "LoadCredential"):
        name, _, source = line.partition(":")
        assert source in (f"/etc/freagra/{name}", f"/etc/freagra/secrets/{name}")


def test_one_process_is_held_as_tightly_as_many() -> None:
    common = [each for each in settings(COMMON) if each[0] != "WorkingDirectory"]
    alone = settings(UNITS / "freagra.service")
    assert [each for each in common if each not in alone] == []


def test_every_unit_that_another_names_is_there() -> None:
    there = {path.name for path in UNITS.iterdir()}
    for unit in UNITS.glob("freagra*.*"):
        if unit.is_file():
            for name in ("Wants", "Requires", "After", "PartOf", "Conflicts"):
                for word in " ".join(values(unit, name)).split():
                    if word.startswith("freagra"):
                        assert re.sub(r"@[^.]+", "@", word) in there, (unit.name, word)
    for timer in UNITS.glob("*.timer"):
        assert timer.with_suffix(".service").name in there


def test_folders_that_units_write_to_are_made() -> None:
    made = (UNITS / "tmpfiles.conf").read_text("utf-8")
    for unit in SERVICES:
        for path in " ".join(values(unit, "ReadWritePaths")).split():
            assert path == "/var/lib/freagra" or f"d {path} " in made
    assert "u freagra " in (UNITS / "sysusers.conf").read_text("utf-8")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they would lie in /etc/systemd/system, starting the program of these tests."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("left out: systemd's own check of the units; to run it too: apt-get install systemd")
    shutil.copytree(UNITS, tmp_path / "units")
    program = Path(sys.executable).with_name("freagra")
    for path in (tmp_path / "units").glob("*.service"):
        path.write_text(path.read_text("utf-8").replace("/opt/freagra/bin/freagra", str(program)), "utf-8")
    return tmp_path / "units"


def test_systemd_takes_them_as_they_are_meant(installed: Path) -> None:
    names = [re.sub(r"@", "@8081", path.name) for path in installed.glob("freagra*.*") if path.is_file()]
    words = ["systemd-analyze", "verify", "--man=no", *(str(installed / name) for name in names)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    ours = [line for line in ended.stderr.splitlines() if "freagra" in line]
    assert ours == []
    assert ended.returncode == 0


def test_systemd_finds_little_exposed(installed: Path) -> None:
    for name in ("freagra.service", "freagra-backup.service"):
        path = installed / name
        if name != "freagra.service":  # an offline check reads no drop-ins
            path.write_text(path.read_text("utf-8") + (installed / "freagra-.service.d" / "hardening.conf").read_text("utf-8"))
        words = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(path)]
        ended = subprocess.run(words, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout.splitlines()[-1]
