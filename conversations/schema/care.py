"""Patients, their appointments, and who must not be texted."""

from __future__ import annotations

import sqlalchemy as sa

from conversations.schema.columns import Bytes, instant_column, metadata, spans

DAY = 86_400_000_000  # of instants
DAY_OF_UTC = spans("start", DAY)  # of an appointment

patients = sa.Table(
    "patients",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # pseudonym, random
    sa.Column("hospital_number_index", Bytes(16), nullable=False, unique=True),
    sa.Column("phone_index", Bytes(16), index=True),  # of the present mobile, null where none
    sa.Column("wrapped_key", Bytes),  # the patient's data key under the vault's key; null once erased
    sa.Column("sealed", Bytes, nullable=False),  # hospital number, names, mobile, date of birth
    sa.Column("language", sa.String(8), nullable=False, server_default=""),
    sa.Column("deceased", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("do_not_text", sa.Boolean, nullable=False, server_default=sa.false()),
    instant_column("changed_at"),
)

# Numbers that were a patient's once: a reply from one is logged, never acted on.
former_phones = sa.Table(
    "former_phones",
    metadata,
    sa.Column("phone_index", Bytes(16), primary_key=True),
    sa.Column("patient_id", sa.ForeignKey("patients.id"), primary_key=True),
    instant_column("until"),
)

appointments = sa.Table(
    "appointments",
    metadata,
    sa.Column("id", sa.String(128), primary_key=True),  # the iPMS's id
    sa.Column("patient_id", sa.ForeignKey("patients.id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # engine.appointment.Appointment.version
    instant_column("start"),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("clinic", sa.String(64), nullable=False),
    sa.Column("clinic_name", sa.String(200), nullable=False, server_default=""),
    sa.Column("clinician", sa.String(200), nullable=False, server_default=""),
    sa.Column("place", sa.String(200), nullable=False, server_default=""),
    sa.Column("type", sa.String(64), nullable=False, server_default=""),
    sa.Column("hospital", sa.String(200), nullable=False, server_default=""),
    sa.Column("phone", sa.String(40), nullable=False, server_default=""),
    sa.Column("revision", sa.String(128), nullable=False, server_default=""),  # the iPMS's own version tag
    instant_column("changed_at"),
    # By the day of UTC and no closer: of one clinic and day it grows at its end, where that by the minute was written all over.
    sa.Index("appointments_of_day", "clinic", DAY_OF_UTC),
)

# No texts to this number (opted_out, wrong_number) or this patient (deceased), until lifted.
blocks = sa.Table(
    "blocks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("phone_index", Bytes(16), index=True),
    sa.Column("patient_id", sa.String(32), index=True),
    sa.Column("conversation_id", sa.String(32), nullable=False),
    # Of opted_out, one of engine.ruleset.SCOPES: the conversation's own texts, those of `clinic`, or all to the number.
    sa.Column("scope", sa.String(8), nullable=False, server_default="all"),
    sa.Column("clinic", sa.String(64), nullable=False, server_default=""),
    instant_column("since"),
    instant_column("lifted_at", null=True),
)
