"""Two whole names are a token of search: the index is made anew behind the transcript, from its beginning.

Until it has come to a talk, that is found as before.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM facts WHERE name = 'search_cursor'")
