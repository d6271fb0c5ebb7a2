"""Rules are drafted, proposed, published, tried and rolled back, on record.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_drafts",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False, index=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("base", sa.String(16), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("begun_by", sa.String(64), nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("proposed_by", sa.String(64), nullable=False, server_default=""),
        sa.Column("why", sa.String(500), nullable=False, server_default=""),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "rule_trials",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), sa.ForeignKey("rulesets.version"), nullable=False),
        sa.Column("clinics", sa.String(500), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
    )
    op.create_table(
        "rule_acts",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False, index=True),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("act", sa.String(12), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("why", sa.String(500), nullable=False, server_default=""),
        sa.Column("where", sa.String(520), nullable=False, server_default=""),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
