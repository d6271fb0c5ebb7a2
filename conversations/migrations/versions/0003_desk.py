"""What the desk of staff needs: tasks in the order a person should see them, proposals for the rules, canned answers, and
the index by which talks are found.

Revision ID: 0003
Revises: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEVER = "253370764800000000"  # schema.NEVER
_OPEN: dict[str, Any] = {"sqlite_where": sa.text("status = 'open'"), "postgresql_where": sa.text("status = 'open'")}


def upgrade() -> None:
    op.add_column("tasks", sa.Column("start", sa.BigInteger(), server_default=_NEVER, nullable=False))
    op.add_column("tasks", sa.Column("shown_from", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(
        "UPDATE tasks SET start = (SELECT a.start FROM conversations c JOIN appointments a ON a.id = c.appointment_id "
        "WHERE c.id = tasks.conversation_id) WHERE conversation_id IN (SELECT id FROM conversations)"
    )
    op.drop_index("tasks_open", "tasks")
    columns = ["priority", "start", "opened_at", "key", "clinic", "kind", "owner", "shown_from", "due", "status"]
    op.create_index("tasks_queued", "tasks", columns, **_OPEN)
    _tables()
    if op.get_context().dialect.name != "sqlite":
        # On SQLite the transcript is read on by its rowid. Here a few bytes for each hundred pages do, since batches only rise.
        op.execute("CREATE INDEX transcript_batch ON transcript USING brin (batch)")


def _tables() -> None:
    op.create_table(
        "proposals",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("clinic", sa.String(length=64), nullable=False),
        sa.Column("ruleset", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("read_as", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("wanted", sa.String(length=64), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=8), server_default="open", nullable=False),
        sa.Column("settled_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_proposals_patient_id", "proposals", ["patient_id"])
    op.create_index("proposals_waiting", "proposals", ["status", "proposed_at"])
    op.create_table(
        "canned_answers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic", sa.String(length=64), server_default="", nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=640), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "search_tokens",
        sa.Column("token", sa.LargeBinary(length=8), nullable=False),
        sa.Column("clinic", sa.String(length=64), nullable=False),
        sa.Column("talk", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("token", "clinic", "talk"),
        sqlite_with_rowid=False,
    )
