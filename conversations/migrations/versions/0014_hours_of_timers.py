"""Timers by the hour in which they fall due instead of the moment.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_timers_due", "timers")
    hour = sa.text("(due / 3600000000)")
    op.create_index("timers_of_hour", "timers", [hour, "conversation_id", "name", "due", "visit", "attempts"])
