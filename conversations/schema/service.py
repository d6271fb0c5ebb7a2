"""What the service keeps about itself, and the processes that share a store."""

from __future__ import annotations

import sqlalchemy as sa

from conversations.schema.columns import instant_column, metadata

# Small facts the service keeps about itself: paused lanes, whose keys these are.
facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    instant_column("at"),
)

# The processes that share this store, where it is PostgreSQL, and which of them works what: see leases.py.
members = sa.Table(
    "members",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("works", sa.Boolean, nullable=False),
    sa.Column("sends", sa.Boolean, nullable=False),
    sa.Column("trouble", sa.String(200), nullable=False),  # in plain words, for staff; "" for none
    instant_column("until"),
)

partitions = sa.Table(
    "partitions",
    metadata,
    sa.Column("partition", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("owner", sa.String(32), nullable=False),  # a member, "" for nobody
)
