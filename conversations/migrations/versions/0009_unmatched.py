"""Texts from numbers of no patient, in the list of all messages.

Those that came before stand in the inbox of events and in their tasks alone.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unmatched",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("clinic", sa.String(length=64), server_default="", nullable=False),
        sa.Column("conversation_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("patient_id", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("unmatched_of_clinic", "unmatched", ["clinic", "id"])
    for column in ("phone_index", "task", "conversation_id", "patient_id"):
        op.create_index(f"ix_unmatched_{column}", "unmatched", [column])
