from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conversations.clinic import Clinic, open_clinic


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic of the test's own, whose record is sound at the end."""
    with open_clinic(tmp_path) as opened:
        yield opened
        opened.assert_sound()
