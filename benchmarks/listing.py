"""(G) The list of all messages: a page of it with ten thousand texts on record and with a million.

Texts are copies of those that reminders left, each sealed for its patient under its own key and spread over a year, nine in ten
of them delivered. What is measured is processor time, page by page, opened as the console shows it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from adapters.bootstrap import House
from adapters.tuning import settle
from benchmarks.parts import MORNING, appointments, fresh_house, take_all, work_off
from conversations import messages, schema
from conversations.bulk import insert_rows
from conversations.changes import TextRow
from conversations.messages import Wanted
from conversations.people import Scope
from conversations.places import text_place
from conversations.schema import instant

_FEW = 10_000
MANY = int(os.environ.get("FREAGRA_BENCH_TEXTS", "1000000"))
_TALKS = 2_000
_PART = 20_000
_RUNS = 15
_STATUSES = ("delivered",) * 90 + ("accepted",) * 4 + ("undeliverable",) * 3 + ("unsent",) * 2 + ("queued",)


def _fill(held: House, models: Sequence[Any], made: int, upto: int, rng: Random) -> None:
    """Texts up to so many, the newest last."""
    content = b'{"text":"Reminder: Your appointment is on March 9 at 10:00 AM. Reply Y to confirm.","to":"+353871234567"}'
    step = timedelta(days=365) / MANY
    for start in range(made, upto, _PART):
        rows: list[TextRow] = []
        for number in range(start, min(start + _PART, upto)):
            model = rng.choice(models)
            at = instant(MORNING - timedelta(days=365) + number * step)
            key = f"{at // 1000:012x}{number:020x}"
            sealed = held.vault.seal(model.wrapped_key, text_place(key), content)
            status = rng.choice(_STATUSES)
            rows.append(
                TextRow(
                    key, model.conversation_id, model.patient_id, None, "virtual", "bulk", "reminder", sealed, 1, 1, False,
                    "", "done", status, at, at, at, at, model.clinic, "",
                )
            )  # fmt: skip
        held.writer.submit(partial(_insert, rows)).result()


def _insert(rows: Sequence[TextRow], connection: Connection) -> None:
    insert_rows(connection, schema.texts, TextRow._fields, rows)


def _pages(held: House, clinics: Sequence[str]) -> dict[str, float]:
    """Processor time in ms of each kind of page, the median of several."""
    one = Scope(frozenset(clinics[:1]))
    last_month = MORNING - timedelta(days=30)
    kinds: Mapping[str, tuple[Scope, Wanted]] = {
        "all": (Scope(), Wanted()),
        "one clinic": (one, Wanted()),
        "five clinics": (Scope(frozenset(clinics[:5])), Wanted()),
        "not sent, one clinic": (one, Wanted(fate="not sent")),
        "not sent, all clinics": (Scope(), Wanted(fate="not sent")),
        "a day a month ago, one clinic": (one, Wanted(since=last_month, until=last_month + timedelta(days=1))),
    }
    with held.database.reader() as connection:
        return {name: _page(connection, held, *kind) for name, kind in kinds.items()}


def _page(connection: Connection, held: House, scope: Scope, wanted: Wanted) -> float:
    taken = []
    for _ in range(_RUNS):
        before = time.process_time()
        messages.listing(connection, held.vault, scope, wanted)
        taken.append((time.process_time() - before) * 1000)
    return median(taken)


def run() -> None:
    rng = Random(7)
    with fresh_house() as (held, clock):
        asyncio.run(take_all(held, appointments(_TALKS)))
        work_off(held, clock.now())
        texts, patients = schema.texts, schema.patients
        query = sa.select(texts.c.conversation_id, texts.c.patient_id, texts.c.clinic, patients.c.wrapped_key).join(
            patients, patients.c.id == texts.c.patient_id
        )
        with held.database.reader() as connection:
            models = connection.execute(query.where(texts.c.members == "")).all()
        clinics = sorted({model.clinic for model in models})
        _fill(held, models, MANY - _FEW, MANY, rng)
        settle()
        few = _pages(held, clinics)
        _fill(held, models, 0, MANY - _FEW, rng)
        many = _pages(held, clinics)
    print(f"\n(G) a page of 50 messages, processor time, {len(clinics)} clinics")
    for name, small in few.items():
        big = many[name]
        print(f"    {name:<32} {small:6.1f} ms with {_FEW:,}   {big:6.1f} ms with {MANY:,}   {big / small:5.2f}")
