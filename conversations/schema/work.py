"""What staff work by: tasks, canned answers, and what they hold a reply to have meant."""

from __future__ import annotations

import sqlalchemy as sa

from conversations.schema.columns import NEVER, Bytes, instant_column, metadata

# What staff must do. `conversation_id` is null for work that no conversation owns (an unknown number, a faulty feed).
tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("conversation_id", sa.String(32), index=True),
    sa.Column("patient_id", sa.String(32), index=True),
    sa.Column("clinic", sa.String(64), nullable=False, server_default=""),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),  # index into ruleset.PRIORITIES: 0 urgent
    sa.Column("status", sa.String(8), nullable=False),  # open | closed
    sa.Column("owner", sa.String(64), nullable=False, server_default=""),
    sa.Column("suggest", sa.String(24), nullable=False, server_default=""),
    sa.Column("sealed", Bytes, nullable=False),  # why, the patient's words, what happened since
    sa.Column("outcome", sa.String(64), nullable=False, server_default=""),
    instant_column("due"),
    instant_column("opened_at"),
    instant_column("changed_at"),
    instant_column("closed_at", null=True),
    # Of the appointment it is about, as the talk has it; NEVER where it is about none.
    sa.Column("start", sa.BigInteger, nullable=False, server_default=str(NEVER)),
    # In no queue before this: snoozed, or an act of staff that would settle it is on its way.
    sa.Column("shown_from", sa.BigInteger, nullable=False, server_default="0"),
    # The order of the queues, and behind it whatever they are filtered and counted by: neither reads a row for that.
    sa.Index(
        "tasks_queued", "priority", "start", "opened_at", "key", "clinic", "kind", "owner", "shown_from", "due",
        "status",  # or SQLite would read the row after all
        sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"),
    ),
    # Groups for counting, each together.
    sa.Index(
        "tasks_counted", "kind", "clinic", "owner", "shown_from", "due", "status",
        sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"),
    ),
)

# What staff hold a reply to have meant, for whoever keeps the clinic's rules: taken into them, or declined.
proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("conversation_id", sa.String(32), nullable=False),
    sa.Column("patient_id", sa.String(32), nullable=False, index=True),
    sa.Column("clinic", sa.String(64), nullable=False),
    sa.Column("ruleset", sa.String(64), nullable=False),
    sa.Column("version", sa.String(16), nullable=False),  # of the ruleset that read the reply
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("sealed", Bytes, nullable=False),  # {"text", "normalised", "note"} under the patient's key
    sa.Column("read_as", sa.String(64), nullable=False),  # the intent, or unknown or mixed
    sa.Column("rule", sa.String(64), nullable=False),  # which rule decided so
    sa.Column("wanted", sa.String(64), nullable=False),  # the intent that was meant
    sa.Column("proposed_by", sa.String(64), nullable=False),
    instant_column("proposed_at"),
    sa.Column("status", sa.String(8), nullable=False, server_default="open"),  # open | taken | declined
    sa.Column("settled_by", sa.String(64), nullable=False, server_default=""),
    instant_column("settled_at", null=True),
    sa.Index("proposals_waiting", "status", "proposed_at"),
)

# Answers that staff give again and again, for one click: of a clinic ("" for all) and in a language.
canned_answers = sa.Table(
    "canned_answers",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("clinic", sa.String(64), nullable=False, server_default=""),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("title", sa.String(80), nullable=False),
    sa.Column("text", sa.String(640), nullable=False),
    sa.Column("changed_by", sa.String(64), nullable=False),
    instant_column("changed_at"),
)
