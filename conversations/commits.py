"""How the parts of a batch come to the one writer."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

from sqlalchemy import Connection

from conversations.changes import Changes, commit
from conversations.database import let_log_grow
from conversations.leases import Holding
from conversations.vault import Vault
from conversations.writer import Writer

_CROWD = 64  # inbox rows in a part behind which others follow, nearly always


class InOrder(Protocol):
    """The commits of one batch, in order: none is made behind one that failed, since it was decided on what that one would have
    left. While a part is on its way to the disk the next is decided. When the context ends all parts are on the disk."""

    def add(self, part: Changes, at: int) -> None:
        """Raises what a part before met; then this one is not committed."""

    def __enter__(self) -> InOrder: ...

    def __exit__(self, *_: object) -> None:
        """Raises what the last parts met."""


class Commits:
    """The commits of a batch through this process's writer. None is sent before the one before is on the disk. SQLite's log is
    folded in once for all parts of a batch, and behind the last of them: whoever waits for that one need not wait for it."""

    def __init__(self, writer: Writer, vault: Vault, holding: Holding) -> None:
        self._writer = writer
        self._vault = vault
        self._holding = holding
        self._under_way: Future[None] | None = None
        self._parts = 0
        self._log_grows = False

    def add(self, part: Changes, at: int) -> None:
        self._await()
        self._parts += 1
        self._log_grows = self._log_grows or self._parts > 1 or len(part.done) >= _CROWD
        self._under_way = self._writer.submit(lambda held: self._commit(held, part, at))

    def settle(self) -> None:
        """All that was added is on the disk. Raises what the last part met."""
        self._await()
        if self._log_grows:
            self._writer.fold()
        self._parts, self._log_grows = 0, False

    def _await(self) -> None:
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def _commit(self, connection: Connection, part: Changes, at: int) -> None:
        if self._log_grows:
            let_log_grow(connection)
        self._holding.fence(connection)
        commit(connection, part, self._vault, at)

    def __enter__(self) -> Commits:
        return self

    def __exit__(self, *_: object) -> None:
        self.settle()
