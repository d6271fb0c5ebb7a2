"""(F) The console: what a look costs as the store grows. The inbox with 10,000 open tasks beside one with 100, a
conversation of 500 entries beside one of 20, and a search over a million conversations beside one over 10,000.

Pages are asked for as a browser does, session and all, in one process and without a network. What is told is processor time of
the whole process, the least of several rounds, since other programs can only add to it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from random import Random

import httpx
import sqlalchemy as sa
from sqlalchemy import Connection

from adapters.bootstrap import House
from adapters.config import Access
from adapters.local import VirtualClock
from adapters.web.app import make_app
from adapters.web.console.cookies import SESSION, Cookies
from adapters.web.console.routes import make_console
from benchmarks.parts import MORNING, appointments, fresh_house, take_all, work_off
from conversations import people, schema, sessions
from conversations.bulk import insert_rows
from conversations.changes import TALK
from conversations.finding import Token, day_token, name_tokens, word_tokens
from conversations.people import Role, Scope
from conversations.places import patient_place
from conversations.ports import InboundReply
from conversations.schema import instant, search_tokens
from conversations.search import Search, Wanted
from conversations.transcript import canonical
from engine.events import StaffAct

MILLION = int(os.environ.get("FREAGRA_BENCH_CONVERSATIONS", "1000000"))
_ROUNDS = 7
_LOOKS = 5  # of the same thing in one round
_PART = 20_000  # conversations made at once
# 96 first names and 1,728 surnames, made of syllables, each as common as the others.
_BEGIN, _MIDDLE, _VOWEL = ("an", "ma", "pe", "sha", "ro", "li"), "bdlmnrst", "ay"
_FIRST_NAMES = tuple("".join(each).capitalize() for each in itertools.product(_BEGIN, _MIDDLE, _VOWEL))
_STEM, _JOIN, _OPEN = ("tier", "mur", "kel", "bry", "wal", "don"), "bdlmnr", "aeio"
_END = ("ney", "phy", "ly", "ne", "sh", "ovan", "gan", "ders", "lan", "vey", "son", "well")
_SURNAMES = tuple("".join(each).capitalize() for each in itertools.product(_STEM, _JOIN, _OPEN, _END))
_CLINICS = tuple(f"C{number:02}" for number in range(20))
# What patients write besides bare keys, and how often some of it comes.
_SAID = ["i will be there"] * 30 + [
    "is there parking", "i cannot come that day", "any tuesday after two", "can you ring me please", "my mother is in hospital",
    "running late the bus is delayed", "wheelchair access needed", "where is the clinic", "i have the flu",
    "need an interpreter",
]  # fmt: skip
_SELDOM = ["wasps in the car", "stuck on the ferry", "the dog ate the letter"]
# Some are so frequent that a search for them fills its page in either store: a search costs what it shows. Of the namesakes in
# all clinics every 301st is one, of those in one clinic every 380th, since every 20th is of that clinic; seldom words come in
# every 101st talk.
_NAMESAKE, _NAMESAKE_THERE, _SELDOM_EACH = 301, 380, 101
_THEIR_DAY = 20


def _costs(*looks: Callable[[], object]) -> list[float]:
    """Milliseconds of processor time of each look, taken in turns."""
    least = [float("inf")] * len(looks)
    for look in looks:
        look()
    for _ in range(_ROUNDS):
        for place, look in enumerate(looks):
            used = time.process_time()
            for _ in range(_LOOKS):
                look()
            least[place] = min(least[place], (time.process_time() - used) / _LOOKS * 1e3)
    return least


# ---- pages -----------------------------------------------------------------------------------------------------------


@contextmanager
def _browser(held: House, clock: VirtualClock) -> Iterator[Callable[[str], str]]:
    """Someone who is signed in and sees all clinics: a function that gets a page."""

    def employ(connection: Connection) -> str:
        person = people.add(
            connection, name="maura", shown="Maura", roles=(Role.SECRETARY,), password="", scope=Scope(), one_time=False,
            at=clock.now(),
        )  # fmt: skip
        return sessions.begin(connection, person.id, clock.now())

    token = held.writer.submit(employ).result()
    console = make_console(held, clock=clock)
    app = make_app(held, access=Access(api_key="k" * 32, webhook_secret="s" * 32), gateways={}, console=console)
    with asyncio.Runner() as runner:
        cookie = {"cookie": f"{Cookies().name(SESSION)}={token}"}
        transport = httpx.ASGITransport(app=app)
        client = httpx.AsyncClient(transport=transport, base_url="http://console", headers=cookie)

        def get(path: str) -> str:
            answer = runner.run(client.get(path))
            assert answer.status_code == 200, (path, answer.status_code)
            return answer.text

        yield get
        runner.run(client.aclose())


@contextmanager
def _inbox(tasks: int) -> Iterator[Callable[[], object]]:
    """With so many open tasks, each from a question that a patient asked."""
    with fresh_house() as (held, clock):
        records = [each for each in appointments(2 * tasks, seed=3) if each.patient.mobile]
        once = list({each.patient.mobile: each for each in records}.values())[:tasks]
        asyncio.run(take_all(held, once))
        work_off(held, clock.now())
        clock.move(timedelta(minutes=1))
        replies = [
            InboundReply(each.patient.mobile or "", "50123", "is there parking", clock.now(), each.id) for each in once
        ]
        for some in range(0, len(replies), 1000):
            asyncio.run(held.intake.take_inbound("virtual", replies[some : some + 1000]))
        work_off(held, clock.now())
        query = sa.select(sa.func.count()).select_from(schema.tasks).where(schema.tasks.c.status == "open")
        with held.database.reader() as connection:
            assert connection.execute(query).scalar_one() == tasks
        with _browser(held, clock) as get:
            assert get("/inbox").count("data-row") == 25
            yield lambda: get("/inbox")


@contextmanager
def _talk(entries: int) -> Iterator[Callable[[], object]]:
    """The page of a conversation of so many entries, mostly replies and what they led to."""
    with fresh_house() as (held, clock):
        record = next(each for each in appointments(50, seed=5) if each.patient.mobile)
        asyncio.run(take_all(held, [record]))
        work_off(held, clock.now())
        talk = schema.conversations.c
        for number in itertools.count():
            with held.database.reader() as connection:
                row = connection.execute(sa.select(talk.id, talk.seq)).one()
            if row.seq >= entries:
                break
            clock.move(timedelta(minutes=1))
            if number % 2 and row.seq > 15:
                note = held.intake.take_staff_act(row.id, StaffAct.NOTE, "maura", f"n{number}", text="Rang, no answer.")
                asyncio.run(note)
            else:
                mobile, text = record.patient.mobile or "", f"is there parking {number}"
                said = InboundReply(mobile, "50123", text, clock.now(), str(number))
                asyncio.run(held.intake.take_inbound("virtual", [said]))
            work_off(held, clock.now())
        with _browser(held, clock) as get:
            yield lambda: get(f"/conversations/{row.id}")


# ---- search ----------------------------------------------------------------------------------------------------------


def _fill(held: House, size: int) -> None:
    """Conversations as the store and the index hold them; nothing that a search does not read."""
    rng, vault = Random(7), held.vault

    def tokens(record: dict[str, str], number: int, day: date) -> set[Token]:
        spoken = set()
        if number % _NAMESAKE == 0:
            spoken = word_tokens(_SAID[0])
        elif number % _SELDOM_EACH == 0:
            spoken = word_tokens(_SELDOM[number // _SELDOM_EACH % len(_SELDOM)])
        elif number % 3 == 0:
            spoken = word_tokens(rng.choice(_SAID))
        return name_tokens(record) | {day_token(day)} | spoken

    blind: dict[Token, bytes] = {}
    for first in range(0, size, _PART):
        persons, visits, talks, index = [], [], [], []
        for number in range(first, min(first + _PART, size)):
            patient, talk = f"{number:012x}{secrets.token_hex(10)}", f"{number:012x}{secrets.token_hex(10)}"
            first_name, surname = rng.choice(_FIRST_NAMES), rng.choice(_SURNAMES)
            visit = MORNING + timedelta(days=number % 60)
            for place, every in enumerate((_NAMESAKE, _NAMESAKE_THERE)):
                if number % every == 0:
                    first_name, surname = _FIRST_NAMES[place], _SURNAMES[place]
                    visit = MORNING + timedelta(days=_THEIR_DAY)
            record = {"number": f"H{number:07}", "first_name": first_name, "last_name": surname}
            key = vault.new_patient_key()[1]
            mobile, clinic = f"+35385{number:07}", _CLINICS[number % len(_CLINICS)]
            start = instant(visit)
            sealed = vault.seal(key, patient_place(patient), canonical(record))
            persons.append((patient, vault.number_index(record["number"]), vault.phone_index(mobile), key, sealed, 0))
            visits.append((f"A{number}", patient, 1, start, "booked", clinic, 0))
            talks.append((talk, patient, f"A{number}", "r", "v", "waiting", "machine", False, 1, bytes(32), b"", 0, 0))
            for token in tokens(record, number, visit.date()):
                if token not in blind:
                    blind[token] = vault.search_token(*token)
                index.append((blind[token], clinic, bytes.fromhex(talk)))
        _put(held, persons, visits, talks, sorted(index))


_PERSON = ("id", "hospital_number_index", "phone_index", "wrapped_key", "sealed", "changed_at")
_VISIT = ("id", "patient_id", "version", "start", "status", "clinic", "changed_at")


def _put(held: House, persons: Sequence[tuple[object, ...]], visits: Sequence[tuple[object, ...]],
         talks: Sequence[tuple[object, ...]], index: Sequence[tuple[object, ...]]) -> None:  # fmt: skip
    def job(connection: Connection) -> None:
        insert_rows(connection, schema.patients, _PERSON, persons)
        insert_rows(connection, schema.appointments, _VISIT, visits)
        insert_rows(connection, schema.conversations, TALK, talks)
        insert_rows(connection, search_tokens, ("token", "clinic", "talk"), index)

    held.writer.submit(job).result()


def _asked() -> dict[str, tuple[Scope, Wanted]]:
    one_clinic = Scope(frozenset(_CLINICS[:1]))
    everything = Scope()
    surname, first = _SURNAMES[0], _FIRST_NAMES[0]
    there = f"{_FIRST_NAMES[1]} {_SURNAMES[1]}"
    day = (MORNING + timedelta(days=_THEIR_DAY)).date()
    return {
        "a surname, all clinics": (everything, Wanted(surname)),
        "the beginning of one": (everything, Wanted(surname[:4])),
        "first name and surname": (everything, Wanted(f"{first} {surname}")),
        "the same in one clinic": (one_clinic, Wanted(there)),
        "a common word": (everything, Wanted("parking")),
        "a seldom word": (everything, Wanted("ferry")),
        "a surname and a word": (everything, Wanted(f"{surname} there")),
        "a surname on a day": (everything, Wanted(surname, day=day)),
        "a day in one clinic": (one_clinic, Wanted(day=day)),
        "a hospital number": (everything, Wanted("H0000777")),
        "a phone": (everything, Wanted("085 0000777", phone="+353850000777")),
    }


@contextmanager
def _searching(size: int) -> Iterator[Callable[[Scope, Wanted], int]]:
    """Over so many conversations."""
    with fresh_house() as (held, _):
        _fill(held, size)
        with held.database.reader() as connection:

            def find(scope: Scope, wanted: Wanted) -> int:
                """How many it shows."""
                return len(Search(connection, held.vault, scope).find(wanted).hits)

            yield find


# ---- what is told ----------------------------------------------------------------------------------------------------


def run() -> None:
    print("(F) the console: processor time of a look, in milliseconds")
    with _inbox(100) as few, _inbox(10_000) as many:
        _tell("the inbox with 100 and with 10,000 open tasks", _costs(few, many), 1.5)
    with _talk(20) as short, _talk(500) as long:
        _tell("a conversation of 20 and of 500 entries", _costs(short, long), 3)
    print(f"    search over 10,000 and over {MILLION:,} conversations")
    with _searching(10_000) as small, _searching(MILLION) as large:
        for name, (who, wanted) in _asked().items():
            assert small(who, wanted) == large(who, wanted) > 0, (name, small(who, wanted), large(who, wanted))
            _tell(f"  {name}", _costs(partial(small, who, wanted), partial(large, who, wanted)), 3)
    print()


def _tell(what: str, costs: Sequence[float], goal: float) -> None:
    before, after = costs
    print(f"    {what:<48} {before:>7.1f} {after:>7.1f}   ratio {after / before:.2f}  (goal {goal:g})")
