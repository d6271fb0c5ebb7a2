"""`freagra erase`: all that Freagra holds of a patient, gone for good. A service that runs is asked to do it."""

from __future__ import annotations

import sys

from adapters.commands import online
from adapters.commands.alone import alone
from adapters.commands.output import Failure, counted
from adapters.commands.people import login
from adapters.commands.records import reading, vault_of
from adapters.config import Config
from conversations import erasure, traces
from conversations.erasure import By
from conversations.traces import Held

_INSTEAD = "Nothing answers there, so it cannot be asked: stop whatever holds the database, or start the service."


def erase_patient(config: Config, number: str, by: str, why: str, *, sure: bool) -> int:
    """Raises Failure, ErasureRefused."""
    with reading(config) as connection:
        found = traces.held(connection, vault_of(config), number)
    _say(found)
    if not sure:
        _ask(number)
    if online.runs(config):
        online.erase(config, number, by, why)
    else:
        with alone(config, _INSTEAD) as opened:
            given = By(by, why, login=login())
            erasure.erase(opened.database, opened.writer, opened.vault, number, given, opened.clock.now())
    print("erased; the audit says when, by whom and why")
    print("Backups made before this still hold the patient: docs/deploying.md says for how long, and what else to do.")
    return 0


def _say(found: Held) -> None:
    print(
        f"to be erased: {counted(found.conversations, 'conversation')} ({found.open:,} open), "
        f"{counted(found.unsent, 'text')} not sent yet, {counted(found.tasks, 'open task')}"
    )
    if found.deceased:
        print(
            "Freagra knows that this patient has died, and will not know it any more: see that the iPMS says so before it "
            "sends another appointment.",
            file=sys.stderr,
        )


def _ask(number: str) -> None:
    """Raises Failure."""
    if not sys.stdin.isatty():
        raise Failure("nobody can be asked whether this is meant; --yes says that it is", 2)
    print("This cannot be undone. Type the hospital number again to erase: ", end="", flush=True)
    if sys.stdin.readline().strip() != number:
        raise Failure("that is another number; nothing was erased")
