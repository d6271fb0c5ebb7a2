"""What deployment files may say of the program: its commands and its settings."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from adapters.commands.words import parser
from adapters.config import ENVIRONMENT

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def assert_command(words: Sequence[str]) -> None:
    """`words` follow `freagra` and are a command of it."""
    try:
        given = parser().parse_args(list(words))
    except SystemExit:
        raise AssertionError(f"freagra {' '.join(words)} is no command of the program") from None
    assert given.run is not None, words


def assert_settings(names: Iterable[str]) -> None:
    """Every variable that begins with FREAGRA_ is one that the program reads."""
    for name in names:
        if name.startswith("FREAGRA_"):
            assert name == "FREAGRA_CONFIG" or name.removesuffix("_FILE") in ENVIRONMENT, name


def commands_in(text: str) -> list[list[str]]:
    """The `freagra ...` in a line of shell."""
    found = re.findall(r"(?:^|[\s/;])freagra ((?:[^\s;|&)]+ ?)+)", re.sub(r"\$+\(date \+%+a\)", "day", text))
    return [each.split() for each in found]


def documents(path: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(path.read_text("utf-8")) if each is not None]
