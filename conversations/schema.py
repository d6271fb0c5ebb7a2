"""The tables. SQLAlchemy Core, the same on SQLite and PostgreSQL; migrations live beside this file in `migrations/`.

Instants are integers: microseconds since 1970 UTC (`instant`/`moment` below), so that they sort, index and compare alike on
both engines. Columns named `sealed` hold what identifies a patient or was said to one, encrypted by `vault.py`; a column
that ends in `_index` is a keyed blind index. Everything else in the database is pseudonymous.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

metadata = sa.MetaData()


class Bytes(sa.LargeBinary):
    """Bytes as the drivers give and take them: both do, and to wrap each value anew costs as much as to fetch it."""

    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> None:  # noqa: ARG002  every dialect is the same
        return None

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:  # noqa: ARG002
        return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


# The start of what has no appointment: later than any.
NEVER = instant(datetime(9999, 1, 1, tzinfo=UTC))


def _instant(name: str, *, null: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, index=index)


# Of rows without end: a national service counts past what an INTEGER of PostgreSQL holds within two years. SQLite counts by
# its INTEGER alone, which has 64 bits.
_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

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
    _instant("changed_at"),
)

# Numbers that were a patient's once: a reply from one is logged, never acted on.
former_phones = sa.Table(
    "former_phones",
    metadata,
    sa.Column("phone_index", Bytes(16), primary_key=True),
    sa.Column("patient_id", sa.ForeignKey("patients.id"), primary_key=True),
    _instant("until"),
)

appointments = sa.Table(
    "appointments",
    metadata,
    sa.Column("id", sa.String(128), primary_key=True),  # the iPMS's id
    sa.Column("patient_id", sa.ForeignKey("patients.id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # engine.appointment.Appointment.version
    _instant("start"),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("clinic", sa.String(64), nullable=False),
    sa.Column("clinic_name", sa.String(200), nullable=False, server_default=""),
    sa.Column("clinician", sa.String(200), nullable=False, server_default=""),
    sa.Column("place", sa.String(200), nullable=False, server_default=""),
    sa.Column("type", sa.String(64), nullable=False, server_default=""),
    sa.Column("hospital", sa.String(200), nullable=False, server_default=""),
    sa.Column("phone", sa.String(40), nullable=False, server_default=""),
    sa.Column("revision", sa.String(128), nullable=False, server_default=""),  # the iPMS's own version tag
    _instant("changed_at"),
    sa.Index("appointments_of_day", "clinic", "start"),
)

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("patient_id", sa.ForeignKey("patients.id"), nullable=False, index=True),
    sa.Column("appointment_id", sa.ForeignKey("appointments.id"), nullable=False),
    sa.Column("ruleset", sa.String(64), nullable=False),
    sa.Column("version", sa.String(16), nullable=False),  # ruleset version, kept for the conversation's life
    sa.Column("state", sa.String(64), nullable=False),
    sa.Column("owner", sa.String(8), nullable=False),  # machine | staff
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),  # of the last transcript entry
    sa.Column("head", Bytes(32), nullable=False),  # hash of the last transcript entry
    sa.Column("sealed", Bytes, nullable=False),  # the whole projection, engine.conversation.Conversation
    _instant("opened_at"),
    _instant("changed_at"),
    sa.UniqueConstraint("appointment_id", "ruleset", "patient_id", name="one_conversation_per_appointment_and_ruleset"),
)

# Append-only: triggers refuse UPDATE and DELETE. Each entry's hash covers the one before it in its conversation. On SQLite its
# rows lie in the order they were written, so that a reply, to whatever conversation, dirties the end of it and one page of the
# key's index.
transcript = sa.Table(
    "transcript",
    metadata,
    sa.Column("conversation_id", sa.String(32), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    _instant("at"),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("sealed", Bytes, nullable=False),  # actor and data
    sa.Column("hash", Bytes(32), nullable=False),
    sa.Column("batch", sa.BigInteger, nullable=False),  # the ledger row that covers it
)

# One row per group commit, chained: removing a whole conversation, or the tail of one, breaks it. Append-only too.
ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),
    _instant("at"),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("digest", Bytes(32), nullable=False),  # over the hashes of the batch's entries, in order
    sa.Column("hash", Bytes(32), nullable=False),  # over the previous row's hash and this row
)

# Whatever came in from outside, durable before it was acknowledged. Worked in id order per subject.
inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(40), nullable=False),  # gateway:NAME, ipms:NAME, api, import, staff
    sa.Column("kind", sa.String(24), nullable=False),  # reply, receipt, appointment, staff_act, sent, written, ...
    sa.Column("external_id", sa.String(160), nullable=False),  # with source: never taken twice
    _instant("received_at"),
    sa.Column("sealed", Bytes, nullable=False),  # under the vault's own data key: the patient is not known yet
    sa.Column("phone_index", Bytes(16)),
    sa.Column("status", sa.String(8), nullable=False, server_default="new"),  # new | done | failed
    sa.Column("outcome", sa.String(160), nullable=False, server_default=""),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    _instant("due"),
    _instant("done_at", null=True),
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
    _instant("due"),
    _instant("not_after"),
    _instant("queued_at"),
    _instant("status_at"),
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
    _instant("at"),
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
    _instant("begun_at"),
    _instant("changed_at"),
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
    sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
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
    _instant("due"),
    _instant("queued_at"),
    _instant("done_at", null=True),
    sa.Index(
        "writes_waiting", "appointment_id", "id",
        sqlite_where=sa.text("status = 'queued'"), postgresql_where=sa.text("status = 'queued'"),
    ),
    sa.Index(
        "writes_due", "due", "id",
        sqlite_where=sa.text("status = 'queued'"), postgresql_where=sa.text("status = 'queued'"),
    ),
)

timers = sa.Table(
    "timers",
    metadata,
    sa.Column("conversation_id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    _instant("due", index=True),
    sa.Column("visit", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)

# What staff must do. `conversation_id` is null for work that no conversation owns (an unknown number, a faulty feed).
tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("conversation_id", sa.String(32), index=True),
    sa.Column("patient_id", sa.String(32), index=True),
    sa.Column("clinic", sa.String(64), nullable=False, server_default=""),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),  # index into ruleset.PRIORITIES: 0 urgent
    sa.Column("status", sa.String(8), nullable=False),  # open | closed
    sa.Column("owner", sa.String(64), nullable=False, server_default=""),
    sa.Column("suggest", sa.String(24), nullable=False, server_default=""),
    sa.Column("sealed", Bytes, nullable=False),  # why, the patient's words, what happened since
    sa.Column("outcome", sa.String(64), nullable=False, server_default=""),
    _instant("due"),
    _instant("opened_at"),
    _instant("changed_at"),
    _instant("closed_at", null=True),
    # Of the appointment it is about, as the talk has it; NEVER where it is about none.
    sa.Column("start", sa.BigInteger, nullable=False, server_default=str(NEVER)),
    # In no queue before this: snoozed, or an act of staff that would settle it is on its way.
    sa.Column("shown_from", sa.BigInteger, nullable=False, server_default="0"),
    # The order of the queues, and behind it whatever they are filtered and counted by: neither reads a row for that.
    sa.Index(
        "tasks_queued", "priority", "start", "opened_at", "key", "clinic", "kind", "owner", "shown_from", "due",
        "status",  # or SQLite would read the row after all
        sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"),
    ),
    # Groups for counting, each together.
    sa.Index(
        "tasks_counted", "kind", "clinic", "owner", "shown_from", "due", "status",
        sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"),
    ),
)

# What staff hold a reply to have meant, for whoever keeps the clinic's rules: taken into them, or declined.
proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("conversation_id", sa.String(32), nullable=False),
    sa.Column("patient_id", sa.String(32), nullable=False, index=True),
    sa.Column("clinic", sa.String(64), nullable=False),
    sa.Column("ruleset", sa.String(64), nullable=False),
    sa.Column("version", sa.String(16), nullable=False),  # of the ruleset that read the reply
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("sealed", Bytes, nullable=False),  # {"text", "normalised", "note"} under the patient's key
    sa.Column("read_as", sa.String(64), nullable=False),  # the intent, or unknown or mixed
    sa.Column("rule", sa.String(64), nullable=False),  # which rule decided so
    sa.Column("wanted", sa.String(64), nullable=False),  # the intent that was meant
    sa.Column("proposed_by", sa.String(64), nullable=False),
    _instant("proposed_at"),
    sa.Column("status", sa.String(8), nullable=False, server_default="open"),  # open | taken | declined
    sa.Column("settled_by", sa.String(64), nullable=False, server_default=""),
    _instant("settled_at", null=True),
    sa.Index("proposals_waiting", "status", "proposed_at"),
)

# Answers that staff give again and again, for one click: of a clinic ("" for all) and in a language.
canned_answers = sa.Table(
    "canned_answers",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("clinic", sa.String(64), nullable=False, server_default=""),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("title", sa.String(80), nullable=False),
    sa.Column("text", sa.String(640), nullable=False),
    sa.Column("changed_by", sa.String(64), nullable=False),
    _instant("changed_at"),
)

# What a talk is found by: a keyed token of a name, a word or a day, cut to 64 bits, and the talk's id as bytes. Ids begin with
# the time, so that the newest of a token come last. `clinic` is that of the appointment when the row was written.
search_tokens = sa.Table(
    "search_tokens",
    metadata,
    sa.Column("token", Bytes(8), primary_key=True),
    sa.Column("clinic", sa.String(64), primary_key=True),
    sa.Column("talk", Bytes(16), primary_key=True),
    sqlite_with_rowid=False,
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
    _instant("since"),
    _instant("lifted_at", null=True),
)

# Every version of every ruleset that was ever in force; a running conversation keeps the one it began with.
rulesets = sa.Table(
    "rulesets",
    metadata,
    sa.Column("version", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, index=True),
    sa.Column("source", sa.Text, nullable=False),
    _instant("published_at"),
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
    _instant("changed_at"),
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
    _instant("began_at"),
    _instant("ended_at", null=True),
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
    _instant("at"),
)

# Small facts the service keeps about itself: paused lanes, whose keys these are.
facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    _instant("at"),
)

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
    _instant("locked_until", null=True),
    _instant("signed_in_at", null=True),
    _instant("changed_at"),
)

# Who is signed in, and where: conversations/sessions.py.
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", Bytes(32), primary_key=True),
    sa.Column("id", sa.String(32), nullable=False, server_default="", index=True),  # random; stays when the token is renewed
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False, index=True),
    _instant("begun_at"),
    _instant("seen_at"),
    _instant("proven_at"),  # when the password was last given
)

# Wrong passwords of the last minutes, by a keyed token of the address they came from: conversations/failures.py.
sign_in_failures = sa.Table(
    "sign_in_failures",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
    sa.Column("address", Bytes(8), nullable=False),
    _instant("at", index=True),
    sa.Index("sign_in_failures_of_address", "address", "at"),
)

# Who looked at what, and who did what to accounts: conversations/audit.py. Append-only: triggers refuse UPDATE and DELETE.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _instant("at"),
    sa.Column("person_id", sa.String(32), nullable=False, index=True),  # "" where nobody was signed in
    sa.Column("name", sa.String(64), nullable=False),  # their sign-in name then
    sa.Column("did", sa.String(40), nullable=False),  # audit.Did
    sa.Column("route", sa.String(80), nullable=False),
    sa.Column("record", sa.String(160), nullable=False),  # "conversation:ID"; "" where no record of one kind was meant
    sa.Column("patient_id", sa.String(32), nullable=False, index=True),
    sa.Column("clinic", sa.String(64), nullable=False),
    sa.Column("sealed", Bytes),  # what was searched for, why, from which address; null where there is nothing to say
)

# The processes that share this store, where it is PostgreSQL, and which of them works what: see leases.py.
members = sa.Table(
    "members",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("works", sa.Boolean, nullable=False),
    sa.Column("sends", sa.Boolean, nullable=False),
    sa.Column("trouble", sa.String(200), nullable=False),  # in plain words, for staff; "" for none
    _instant("until"),
)

partitions = sa.Table(
    "partitions",
    metadata,
    sa.Column("partition", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("owner", sa.String(32), nullable=False),  # a member, "" for nobody
)
