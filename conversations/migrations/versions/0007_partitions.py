"""What several processes on one store need: partitions of the inbox, members, who works what, and ids that do not run out.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PARTITIONS = 64


def upgrade() -> None:
    op.add_column("inbox", sa.Column("partition", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_table(
        "members",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("sends", sa.Boolean(), nullable=False),
        sa.Column("trouble", sa.String(length=200), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    shares = op.create_table(
        "partitions",
        sa.Column("partition", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("partition"),
    )
    op.bulk_insert(shares, [{"partition": number, "owner": ""} for number in range(_PARTITIONS)])
    if op.get_context().dialect.name == "postgresql":
        for table in ("inbox", "writes"):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN id TYPE BIGINT")
            op.execute(f"ALTER SEQUENCE {table}_id_seq AS BIGINT")
