"""The tables. SQLAlchemy Core, the same on SQLite and PostgreSQL; migrations live beside this package in `migrations/`.

Instants are integers: microseconds since 1970 UTC (`instant`/`moment`), so that they sort, index and compare alike on both
engines. Columns named `sealed` hold what identifies a patient or was said to one, encrypted by `vault.py`; a column that ends
in `_index` is a keyed blind index. Everything else in the database is pseudonymous.

The tables stand by families in the modules here and are all had from this one, so that `metadata` holds every one of them.
"""

from __future__ import annotations

from conversations.schema.accounts import audit, people, sessions, sign_in_failures
from conversations.schema.care import DAY, DAY_OF_UTC, appointments, blocks, former_phones, patients
from conversations.schema.columns import NEVER, instant, metadata, moment
from conversations.schema.messages import inbox, replies, round_patients, rounds, texts, unmatched, withheld, writes
from conversations.schema.rules import rule_acts, rule_drafts, rule_trials, rulesets
from conversations.schema.service import facts, members, partitions
from conversations.schema.talks import HOUR, HOUR_OF_UTC, conversations, ledger, search_tokens, timers, transcript
from conversations.schema.work import canned_answers, proposals, tasks

__all__ = [  # noqa: RUF022  by families
    "NEVER", "DAY", "DAY_OF_UTC", "HOUR", "HOUR_OF_UTC", "instant", "metadata", "moment",
    "patients", "former_phones", "appointments", "blocks",
    "conversations", "transcript", "ledger", "timers", "search_tokens",
    "inbox", "texts", "replies", "withheld", "unmatched", "rounds", "round_patients", "writes",
    "tasks", "proposals", "canned_answers",
    "rulesets", "rule_drafts", "rule_trials", "rule_acts",
    "people", "sessions", "sign_in_failures", "audit",
    "facts", "members", "partitions",
]  # fmt: skip
