"""Lines of a talk that are listed among all messages and are no texts to send: replies, and texts that were withheld before
they were queued. What they say stands in the transcript; a row says where, so that lists need not read transcripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.bulk import portions
from conversations.schema import replies, texts, transcript, unmatched, withheld

LINE = ("id", "conversation_id", "seq", "clinic")
REPLY_READ, TEXT_WITHHELD = "reply.read", "text.withheld"
LINES: Mapping[str, sa.Table] = {REPLY_READ: replies, TEXT_WITHHELD: withheld}


def line_id(at: int, talk: str, seq: int) -> str:
    """32 hex digits that begin with the time, as the keys of texts do, so that both are listed in one order. The noughts put a
    reply before the text that answers it in the same moment."""
    return f"{at // 1000:012x}000{seq:05x}{talk[12:24]}"


def move_talks(connection: Connection, moved: Sequence[tuple[str, str]]) -> None:
    """The appointments of these talks are of another clinic now, (talk, clinic). What was said about them goes with them: it is
    seen there and no longer here. A text that several talks share is nobody's."""
    for talk, clinic in dict(moved).items():
        own = sa.and_(texts.c.conversation_id == talk, texts.c.members == "")
        connection.execute(sa.update(texts).where(own).values(clinic=clinic))
        connection.execute(sa.update(unmatched).where(unmatched.c.conversation_id == talk).values(clinic=clinic))
        for kind, table in LINES.items():
            for ids in portions(_ids(connection, talk, kind)):
                connection.execute(sa.update(table).where(table.c.id.in_(ids)).values(clinic=clinic))


def _ids(connection: Connection, talk: str, kind: str) -> list[str]:
    entry = transcript.c
    query = sa.select(entry.at, entry.seq).where(entry.conversation_id == talk, entry.kind == kind)
    return [line_id(row.at, talk, row.seq) for row in connection.execute(query)]
