"""What became of a text: the words of gateways, which come early, twice, late and in contradiction, folded by rank.

A lower rank never overwrites a higher one. The first final word stands, except that a later "delivered" beats any failure
(the text did arrive), and "unknown" gives way to any real word.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from conversations import schema
from conversations.batch import Batch
from conversations.bulk import among_those, rows_of
from conversations.intake import receipt_of
from conversations.schema import instant
from conversations.together import Member, members
from engine.conversation import supersedes
from engine.events import TextReported, TextStatus


class Receipts:
    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._held: dict[str, tuple[list[Member], TextStatus]] = {}  # key -> the talks' own texts, status

    def prefetch(self, keys: list[str | None]) -> None:
        for row in rows_of(self._batch.connection, _TEXTS, (key for key in keys if key is not None)):
            own = members(row.members) if row.members else [Member(row.key, row.conversation_id)]
            self._held[row.key] = (own, TextStatus(row.status))
        self._batch.load_talks(each.talk for own, _ in self._held.values() for each in own)

    def take(self, content: dict[str, Any], received_at: datetime) -> str:
        receipt = receipt_of(content)
        if receipt.halts:
            self._batch.changes.halts.append((self._batch.gateway, receipt.reason, instant(self._batch.now)))
        if receipt.key is None:
            return "a word on the whole account"
        held = self._held.get(receipt.key)
        if held is None:
            return "no text of ours has this key"
        own, status = held
        if not supersedes(receipt.status, status):
            return f"known already: {status}"
        changes = self._batch.changes
        changes.put(self._held, receipt.key, (own, receipt.status))
        # What is said of a joint text is said of each text in whose place it left.
        for key in dict.fromkeys((receipt.key, *(each.key for each in own))):
            changes.receipts.append(
                {
                    "text": key,
                    "phase": "handed" if receipt.status in (TextStatus.ACCEPTED, TextStatus.SENT) else "done",
                    "status": str(receipt.status),
                    "reason": receipt.reason[:200],
                    "status_at": instant(self._batch.now),
                }
            )
        for each in own:
            if each.talk in self._batch.talks:
                told = (receipt.status, receipt.code, receipt.reason, received_at, receipt.opted_out)
                self._batch.decide(each.talk, TextReported(each.key, *told))
        return str(receipt.status)


_texts = schema.texts.c
_TEXTS = sa.select(_texts.key, _texts.conversation_id, _texts.status, _texts.members).where(among_those(_texts.key))
