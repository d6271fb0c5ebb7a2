from pathlib import Path

import pytest


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings whose home is a folder beside them."""
    path = tmp_path / "freagra.toml"
    path.write_text('[service]\nhome = "home"\n', "utf-8")
    return path
