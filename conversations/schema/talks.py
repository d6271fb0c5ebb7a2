"""Conversations, the transcript that they are the fold of, and what wakes and finds them."""

from __future__ import annotations

import sqlalchemy as sa

from conversations.schema.columns import Bytes, instant_column, metadata, spans

HOUR = 3_600_000_000  # of instants
HOUR_OF_UTC = spans("due", HOUR)  # of a timer

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("patient_id", sa.ForeignKey("patients.id"), nullable=False, index=True),
    sa.Column("appointment_id", sa.ForeignKey("appointments.id"), nullable=False),
    sa.Column("ruleset", sa.String(64), nullable=False),
    sa.Column("version", sa.String(16), nullable=False),  # ruleset version, kept for the conversation's life
    sa.Column("state", sa.String(64), nullable=False),
    sa.Column("owner", sa.String(8), nullable=False),  # machine | staff
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),  # of the last transcript entry
    sa.Column("head", Bytes(32), nullable=False),  # hash of the last transcript entry
    sa.Column("sealed", Bytes, nullable=False),  # the whole projection, engine.conversation.Conversation
    instant_column("opened_at"),
    instant_column("changed_at"),
    sa.UniqueConstraint("appointment_id", "ruleset", "patient_id", name="one_conversation_per_appointment_and_ruleset"),
)

# Append-only: triggers refuse UPDATE and DELETE. Each entry's hash covers the one before it in its conversation. On SQLite its
# rows lie in the order they were written, so that a reply, to whatever conversation, dirties the end of it and one page of the
# key's index.
transcript = sa.Table(
    "transcript",
    metadata,
    sa.Column("conversation_id", sa.String(32), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    instant_column("at"),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("sealed", Bytes, nullable=False),  # actor and data
    sa.Column("hash", Bytes(32), nullable=False),
    sa.Column("batch", sa.BigInteger, nullable=False),  # the ledger row that covers it
)

# One row per group commit, chained: removing a whole conversation, or the tail of one, breaks it. Append-only too.
ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),
    instant_column("at"),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("digest", Bytes(32), nullable=False),  # over the hashes of the batch's entries, in order
    sa.Column("hash", Bytes(32), nullable=False),  # over the previous row's hash and this row
)

timers = sa.Table(
    "timers",
    metadata,
    sa.Column("conversation_id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    instant_column("due"),
    sa.Column("visit", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    # By the hour and no closer: of one hour it grows at its end, where that by the moment was written all over. It holds all
    # that is asked for, since of the present hour most are looked at in vain.
    sa.Index("timers_of_hour", HOUR_OF_UTC, "conversation_id", "name", "due", "visit", "attempts"),
    sqlite_with_rowid=False,
)

# What a talk is found by: a keyed token of a name, a word or a day, cut to 64 bits, and the talk's id as bytes. Ids begin with
# the time, so that the newest of a token come last. `clinic` is that of the appointment when the row was written.
search_tokens = sa.Table(
    "search_tokens",
    metadata,
    sa.Column("token", Bytes(8), primary_key=True),
    sa.Column("clinic", sa.String(64), primary_key=True),
    sa.Column("talk", Bytes(16), primary_key=True),
    sqlite_with_rowid=False,
)
