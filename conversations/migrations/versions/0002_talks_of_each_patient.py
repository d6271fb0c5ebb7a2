"""An appointment that goes to another patient is talked about with that one too.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAME = "one_conversation_per_appointment_and_ruleset"


def upgrade() -> None:
    with op.batch_alter_table("conversations") as table:
        table.drop_constraint(_NAME, type_="unique")
        table.create_unique_constraint(_NAME, ["appointment_id", "ruleset", "patient_id"])
