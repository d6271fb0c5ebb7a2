"""What comes in and what goes out: the inbox, texts and lists of them, rounds of texts by hand, writes to the iPMS."""

from __future__ import annotations

import sqlalchemy as sa

from conversations.schema.columns import COUNTED, Bytes, instant_column, metadata

# Whatever came in from outside, durable before it was acknowledged. Worked in id order per subject.
inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", COUNTED, primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(40), nullable=False),  # gateway:NAME, ipms:NAME, api, import, staff
    sa.Column("kind", sa.String(24), nullable=False),  # reply, receipt, appointment, staff_act, sent, written, ...
    sa.Column("external_id", sa.String(160), nullable=False),  # with source: never taken twice
    instant_column("received_at"),
    sa.Column("sealed", Bytes, nullable=False),  # under the vault's own data key: the patient is not known yet
    sa.Column("phone_index", Bytes(16)),
    sa.Column("status", sa.String(8), nullable=False, server_default="new"),  # new | done | failed
    sa.Column("outcome", sa.String(160), nullable=False, server_default=""),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    instant_column("due"),
    instant_column("done_at", null=True),
    sa.Column("partition", sa.SmallInteger, nullable=False, server_default="0"),  # conversations.partitions
    sa.UniqueConstraint("source", "external_id", name="taken_once"),
    sa.Index("inbox_due", "due", "id", sqlite_where=sa.text("status = 'new'"), postgresql_where=sa.text("status = 'new'")),
)

# Texts to send. The key is ours, unique for ever, and travels to the gateway.
texts = sa.Table(
    "texts",
    metadata,
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("conversation_id", sa.String(32), nullable=False, index=True),
    sa.Column("patient_id", sa.String(32), nullable=False),
    sa.Column("phone_index", Bytes(16)),
    sa.Column("gateway", sa.String(40), nullable=False),
    sa.Column("lane", sa.String(8), nullable=False),  # engine.effects.LANES
    sa.Column("prompt", sa.String(64), nullable=False),
    sa.Column("sealed", Bytes, nullable=False),  # {"to": E.164, "text": ...} under the patient's key
    sa.Column("segments", sa.Integer, nullable=False),  # 0: it leaves in a joint text
    sa.Column("about", sa.Integer, nullable=False),  # appointment version told of, 0 none
    sa.Column("safety", sa.Boolean, nullable=False),
    # Of a text that reminds of several appointments: "KEY:CONVERSATION ..." of those whose own text it takes the place of.
    sa.Column("members", sa.Text, nullable=False, server_default=""),
    sa.Column("phase", sa.String(8), nullable=False),  # queued | joined | sending | held | handed | done: where it is with us
    sa.Column("status", sa.String(16), nullable=False),  # engine.events.TextStatus: how it fares
    sa.Column("reason", sa.String(200), nullable=False, server_default=""),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    instant_column("due"),
    instant_column("not_after"),
    instant_column("queued_at"),
    instant_column("status_at"),
    # Of the talk's appointment, "" of a joint text, which may be about several.
    sa.Column("clinic", sa.String(64), nullable=False, server_default=""),
    sa.Column("round_id", sa.String(32), nullable=False, server_default=""),  # of a text sent by hand, else ""
    # Keys begin with the time: the newest texts of a clinic and status come last.
    sa.Index("texts_of_clinic", "clinic", "status", "key"),
    sa.Index(
        "texts_of_round", "round_id",
        sqlite_where=sa.text("round_id <> ''"), postgresql_where=sa.text("round_id <> ''"),
    ),
    sa.Index(
        "texts_due", "lane", "due",
        sqlite_where=sa.text("phase = 'queued'"), postgresql_where=sa.text("phase = 'queued'"),
    ),
    sa.Index(
        "texts_unsettled", "phase", "status_at",
        sqlite_where=sa.text("phase = 'sending'"), postgresql_where=sa.text("phase = 'sending'"),
    ),
)


def _line(name: str) -> sa.Table:
    """What stands in a transcript and is listed among all messages of a clinic. `id` begins with the time, as keys do."""
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("clinic", sa.String(64), nullable=False),
        sa.Index(f"{name}_of_clinic", "clinic", "id"),
        sqlite_with_rowid=False,
    )


replies = _line("replies")  # entries reply.read
withheld = _line("withheld")  # entries text.withheld: texts that were never queued

# Texts from numbers of no patient, each with the task that it made, "" for none. Once staff have found whose it is, `clinic`,
# talk and patient are theirs and it is sealed under the patient's key; until then it is everybody's who reads patients.
unmatched = sa.Table(
    "unmatched",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # begins with the time
    instant_column("at"),
    sa.Column("phone_index", Bytes(16), nullable=False, index=True),
    sa.Column("sealed", Bytes, nullable=False),  # sender, text, read_as, outcome; by and found_at once it was found
    sa.Column("task", sa.String(32), nullable=False, index=True),
    sa.Column("clinic", sa.String(64), nullable=False, server_default=""),
    sa.Column("conversation_id", sa.String(32), nullable=False, server_default="", index=True),
    sa.Column("patient_id", sa.String(32), nullable=False, server_default="", index=True),
    sa.Index("unmatched_of_clinic", "clinic", "id"),
)

# Texts sent by hand to one patient, or to all who are booked into a clinic on a day.
rounds = sa.Table(
    "rounds",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # begins with the time
    sa.Column("kind", sa.String(8), nullable=False),  # patient | day
    sa.Column("clinic", sa.String(64), nullable=False),
    sa.Column("day", sa.String(10), nullable=False),  # local, ISO 8601; "" of one patient
    sa.Column("prompt", sa.String(64), nullable=False),  # of the rulesets, "" for words of its own
    sa.Column("sealed", Bytes, nullable=False),  # the words, by language, under the vault's own key
    sa.Column("purpose", sa.String(12), nullable=False),  # engine.ruleset.PURPOSES
    sa.Column("status", sa.String(8), nullable=False),  # running | paused | stopped | done
    sa.Column("begun_by", sa.String(80), nullable=False),  # the name that they sign in with
    sa.Column("changed_by", sa.String(80), nullable=False),  # who paused, resumed or stopped it last
    instant_column("begun_at"),
    instant_column("changed_at"),
    sa.Index("rounds_of_clinic", "clinic", "id"),
    sa.Index(
        "rounds_going", "status",
        sqlite_where=sa.text("status IN ('running', 'paused')"),
        postgresql_where=sa.text("status IN ('running', 'paused')"),
    ),
)

# Everyone a round is for, once: who gets the text, and who does not and why.
round_patients = sa.Table(
    "round_patients",
    metadata,
    sa.Column("round_id", sa.ForeignKey("rounds.id"), primary_key=True),
    sa.Column("patient_id", sa.String(32), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("appointment_id", sa.String(128), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # of the appointment that the text was meant for
    sa.Column("conversation_id", sa.String(32), nullable=False),  # "" where there is none to text in
    sa.Column("state", sa.String(8), nullable=False),  # waiting | given | queued | left_out
    sa.Column("reason", sa.String(80), nullable=False),  # why left out
    sa.Column("text_key", sa.String(32), nullable=False, server_default=""),
    sa.Index("round_patients_in_order", "round_id", "state", "position"),
    sqlite_with_rowid=False,
)

# Things to write to the iPMS, in order per appointment.
writes = sa.Table(
    "writes",
    metadata,
    sa.Column("id", COUNTED, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(48), nullable=False, unique=True),
    sa.Column("conversation_id", sa.String(32), nullable=False),
    sa.Column("patient_id", sa.String(32), nullable=False),
    sa.Column("appointment_id", sa.String(128), nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),  # appointment | message
    sa.Column("action", sa.String(24), nullable=False),
    sa.Column("sealed", Bytes, nullable=False),  # note, start, text, status, at
    sa.Column("status", sa.String(8), nullable=False),  # queued | done | refused
    sa.Column("reason", sa.String(200), nullable=False, server_default=""),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    instant_column("due"),
    instant_column("queued_at"),
    instant_column("done_at", null=True),
    sa.Index(
        "writes_waiting", "appointment_id", "id",
        sqlite_where=sa.text("status = 'queued'"), postgresql_where=sa.text("status = 'queued'"),
    ),
    sa.Index(
        "writes_due", "due", "id",
        sqlite_where=sa.text("status = 'queued'"), postgresql_where=sa.text("status = 'queued'"),
    ),
)
