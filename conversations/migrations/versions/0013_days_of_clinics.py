"""The appointments of a clinic by the day instead of by the minute.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("appointments_of_day", "appointments")
    op.create_index("appointments_of_day", "appointments", ["clinic", sa.text("(start / 86400000000)")])
