from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.adapters.web.console.browser import CHROMIUM, chromium
from tests.adapters.web.console.office import Office, open_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        yield office


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For the tests of one module: while Playwright runs, its event loop has this thread, and no other can run in it."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with chromium() as browser:
        yield browser
