"""Open tasks in an order by which they are counted.

Revision ID: 0008
Revises: 0007
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where: dict[str, Any] = {"sqlite_where": sa.text("status = 'open'"), "postgresql_where": sa.text("status = 'open'")}
    columns = ["kind", "clinic", "owner", "shown_from", "due", "status"]
    op.create_index("tasks_counted", "tasks", columns, **where)
