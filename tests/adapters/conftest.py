from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `freagra` with these arguments: exit code, standard output, standard error."""

    def freagra(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return code, printed.out, printed.err

    return freagra


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings whose home is a folder beside them."""
    path = tmp_path / "freagra.toml"
    path.write_text('[service]\nhome = "home"\n', "utf-8")
    return path
