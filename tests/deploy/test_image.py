"""The image and its context: what goes in, as whom it runs, and what watches it."""

import re
import tomllib
from pathlib import Path

from tests.deploy.program import DEPLOY, ROOT, assert_command, assert_settings

DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
FINAL = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def instruction(name: str) -> list[str]:
    lines = re.sub(r"\\\n\s*", "", FINAL).splitlines()
    return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


def words(written: str) -> list[str]:
    return re.findall(r'"([^"]*)"', written)


def test_it_starts_and_is_watched_by_commands_that_there_are() -> None:
    assert words(instruction("ENTRYPOINT")[0]) == ["freagra"]
    assert_command(words(instruction("CMD")[0]))
    program, *rest = words(instruction("HEALTHCHECK")[0].partition(" CMD ")[2])
    assert program == "freagra"
    assert_command(rest)
    assert_settings(re.findall(r"\b(FREAGRA_\w+)=", FINAL))


def test_it_runs_as_nobody_of_the_host() -> None:
    assert instruction("USER") == ["10001:10001"]
    assert "--uid 10001" in FINAL


def test_its_version_is_the_packages() -> None:
    assert instruction("ARG") == [f"VERSION={PROJECT['project']['version']}"]
    for path in (DEPLOY / "compose.yaml", DEPLOY / "kubernetes" / "kustomization.yaml"):
        assert PROJECT["project"]["version"] in path.read_text("utf-8")


def test_only_what_the_wheel_is_made_of_is_sent_to_the_builder() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    packages = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages | {"pyproject.toml", "constraints.txt", "README.md"} <= let_in
    assert let_in.isdisjoint({".git", ".venv", "deploy", "tests", "freagra-data", "freagra.toml"})


def test_what_the_browser_gets_is_built_for_the_image() -> None:
    build = Path("front/build.py")
    assert (ROOT / build).exists() == (str(build) in DOCKERFILE)
