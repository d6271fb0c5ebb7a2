"""Which version of a shared ruleset a version is like.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rulesets", sa.Column("shared", sa.String(16), nullable=False, server_default=""))
