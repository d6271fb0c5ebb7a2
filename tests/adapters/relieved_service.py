"""A service that has called its relief, says which process that is, and goes on until it is killed."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.adapters.test_relief import BATCH, book, relieved
from tests.conversations.clinic import open_clinic


def main() -> None:
    with tempfile.TemporaryDirectory() as home, open_clinic(Path(home), batch=BATCH, relief=True) as clinic:
        book(clinic)
        print(relieved(clinic), flush=True)
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
