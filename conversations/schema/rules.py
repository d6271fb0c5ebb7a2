"""Versions of rules, drafts, trials, and who did what to them."""

from __future__ import annotations

import sqlalchemy as sa

from conversations.schema.columns import instant_column, metadata

# Every version of every ruleset that was ever in force; a running conversation keeps the one it began with.
rulesets = sa.Table(
    "rulesets",
    metadata,
    sa.Column("version", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, index=True),
    sa.Column("source", sa.Text, nullable=False),
    instant_column("published_at"),
    sa.Column("in_force", sa.Boolean, nullable=False),
    sa.Column("shared", sa.String(16), nullable=False, server_default=""),  # the version that it is like; "" like none
)

# Rules that are being worked on. `base` is the version in force when the draft was begun; one open draft for each ruleset.
rule_drafts = sa.Table(
    "rule_drafts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False, index=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("base", sa.String(16), nullable=False),
    sa.Column("status", sa.String(12), nullable=False),  # draft | proposed | published | withdrawn
    sa.Column("edition", sa.Integer, nullable=False),  # counts its savings, so that nobody saves over another
    sa.Column("begun_by", sa.String(64), nullable=False),
    sa.Column("changed_by", sa.String(64), nullable=False),
    sa.Column("proposed_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("why", sa.String(500), nullable=False, server_default=""),
    instant_column("changed_at"),
)

# Where a version holds beside the one that holds everywhere: on trial in some clinics or for a share of new conversations.
rule_trials = sa.Table(
    "rule_trials",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("version", sa.ForeignKey("rulesets.version"), nullable=False),
    sa.Column("clinics", sa.String(500), nullable=False),  # codes with spaces between; "" is all
    sa.Column("share", sa.Integer, nullable=False),  # of new conversations there, in a hundred
    instant_column("began_at"),
    instant_column("ended_at", null=True),
)

# Who did what to the rules, when and why. Rows are added and never changed.
rule_acts = sa.Table(
    "rule_acts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False, index=True),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("act", sa.String(12), nullable=False),  # conversations.versions.Act
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("why", sa.String(500), nullable=False, server_default=""),
    sa.Column("where", sa.String(520), nullable=False, server_default=""),  # of a trial, for a person
    instant_column("at"),
)
