"""All messages of a clinic in one list, whether sent, withheld or received; and rounds of texts that staff send by hand.

Revision ID: 0006
Revises: 0005
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OF_ROUND: dict[str, Any] = {"sqlite_where": sa.text("round_id <> ''"), "postgresql_where": sa.text("round_id <> ''")}
_GOING = sa.text("status IN ('running', 'paused')")
_CLINIC = (
    "SELECT a.clinic FROM conversations c JOIN appointments a ON a.id = c.appointment_id WHERE c.id = {table}.conversation_id"
)


def upgrade() -> None:
    op.add_column("texts", sa.Column("clinic", sa.String(length=64), server_default="", nullable=False))
    op.add_column("texts", sa.Column("round_id", sa.String(length=32), server_default="", nullable=False))
    op.execute(f"UPDATE texts SET clinic = COALESCE(({_CLINIC.format(table='texts')}), '') WHERE members = ''")
    op.create_index("texts_of_clinic", "texts", ["clinic", "status", "key"])
    op.create_index("texts_of_round", "texts", ["round_id"], **_OF_ROUND)
    op.create_index("appointments_of_day", "appointments", ["clinic", "start"])
    for table, kind in (("replies", "reply.read"), ("withheld", "text.withheld")):
        _lines(table, kind)
    _rounds()


def _lines(name: str, kind: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("clinic", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    # As lines.line_id makes it.
    if op.get_context().dialect.name == "sqlite":
        id = "printf('%012x000%05x', t.at / 1000, t.seq) || substr(t.conversation_id, 13, 12)"
    else:
        time, seq = "lpad(to_hex(t.at / 1000), 12, '0')", "lpad(to_hex(t.seq), 5, '0')"
        id = f"{time} || '000' || {seq} || substr(t.conversation_id, 13, 12)"
    op.execute(
        f"INSERT INTO {name} (id, conversation_id, seq, clinic) "
        f"SELECT {id}, t.conversation_id, t.seq, COALESCE(({_CLINIC.format(table='t')}), '') "
        f"FROM transcript t WHERE t.kind = '{kind}'"
    )
    op.create_index(f"{name}_of_clinic", name, ["clinic", "id"])


def _rounds() -> None:
    op.create_table(
        "rounds",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("clinic", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("prompt", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("begun_by", sa.String(length=80), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rounds_of_clinic", "rounds", ["clinic", "id"])
    op.create_index("rounds_going", "rounds", ["status"], sqlite_where=_GOING, postgresql_where=_GOING)
    op.create_table(
        "round_patients",
        sa.Column("round_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("text_key", sa.String(length=32), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"]),
        sa.PrimaryKeyConstraint("round_id", "patient_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("round_patients_in_order", "round_patients", ["round_id", "state", "position"])
