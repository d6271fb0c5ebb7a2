"""Who works with the console, who is signed in, and who looked at what."""

from __future__ import annotations

import sqlalchemy as sa

from conversations.schema.columns import COUNTED, Bytes, instant_column, metadata

# Who works with the console: conversations/people.py.
people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # random
    sa.Column("name", sa.String(64), nullable=False, unique=True),  # what they sign in with
    sa.Column("shown", sa.String(80), nullable=False),
    sa.Column("password", sa.String(200), nullable=False),  # argon2id
    sa.Column("one_time", sa.Boolean, nullable=False),  # to be replaced at the next sign-in
    sa.Column("roles", sa.String(80), nullable=False),  # people.Role, with commas between
    sa.Column("clinics", sa.Text),  # one a line; null: all
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),  # wrong passwords in a row
    instant_column("locked_until", null=True),
    instant_column("signed_in_at", null=True),
    instant_column("changed_at"),
)

# Who is signed in, and where: conversations/sessions.py.
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", Bytes(32), primary_key=True),
    sa.Column("id", sa.String(32), nullable=False, server_default="", index=True),  # random; stays when the token is renewed
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False, index=True),
    instant_column("begun_at"),
    instant_column("seen_at"),
    instant_column("proven_at"),  # when the password was last given
)

# Wrong passwords of the last minutes, by a keyed token of the address they came from: conversations/failures.py.
sign_in_failures = sa.Table(
    "sign_in_failures",
    metadata,
    sa.Column("id", COUNTED, primary_key=True, autoincrement=True),
    sa.Column("address", Bytes(8), nullable=False),
    instant_column("at", index=True),
    sa.Index("sign_in_failures_of_address", "address", "at"),
)

# Who looked at what, and who did what to accounts: conversations/audit.py. Append-only: triggers refuse UPDATE and DELETE.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    instant_column("at"),
    sa.Column("person_id", sa.String(32), nullable=False, index=True),  # "" where nobody was signed in
    sa.Column("name", sa.String(64), nullable=False),  # their sign-in name then
    sa.Column("did", sa.String(40), nullable=False),  # audit.Did
    sa.Column("route", sa.String(80), nullable=False),
    sa.Column("record", sa.String(160), nullable=False),  # "conversation:ID"; "" where no record of one kind was meant
    sa.Column("patient_id", sa.String(32), nullable=False, index=True),
    sa.Column("clinic", sa.String(64), nullable=False),
    sa.Column("sealed", Bytes),  # what was searched for, why, from which address; null where there is nothing to say
)
