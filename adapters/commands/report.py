"""`freagra report`: what a span of time brought and what it saved, for the hospital and for each clinic."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from adapters.commands.impact import since, words
from adapters.commands.output import Failure, Paint
from adapters.config import Config, Costs
from adapters.zone import ZONE
from conversations.database import open_database
from conversations.figures import Figures, Replies, clinics, figures, replies


def report(config: Config, beginning: str, end: str | None, *, as_json: bool) -> int:
    """Raises Failure, DatabaseUnfit."""
    now = datetime.now(UTC)
    begin = since(beginning, now).astimezone(ZONE)
    until = (since(end, now) if end is not None else now).astimezone(ZONE)
    if begin >= until:
        raise Failure("--until must be later than --since", 2)
    with open_database(config.database, read_only=True) as database, database.reader() as connection:
        whole = figures(connection, begin, until)
        answers = replies(connection, begin, until)
        each = {code: figures(connection, begin, until, code) for code in clinics(connection, begin, until)}
    if as_json:
        json.dump(_plain(begin, until, whole, answers, each, config.costs), sys.stdout, indent=2)
        print()
    else:
        for line in _told(begin, until, whole, answers, each, config.costs):
            print(line)
    return 0


def saved(found: Figures, costs: Costs) -> float:
    """EUR that the texts saved: a letter to each patient who was reminded, less every text that was sent."""
    return found.reached * costs.letter - found.segments * costs.text


def _plain(
    begin: datetime, until: datetime, whole: Figures, answers: Replies, each: dict[str, Figures], costs: Costs
) -> dict[str, Any]:
    def money(found: Figures) -> dict[str, float]:
        return {"cost": round(found.segments * costs.text, 2), "saved": round(saved(found, costs), 2)}

    return {
        "since": begin.isoformat(),
        "until": until.isoformat(),
        **asdict(whole),
        **money(whole),
        "replies": {**asdict(answers), "pending": answers.pending},
        "clinics": {code: {**asdict(found), **money(found)} for code, found in each.items()},
    }


def _told(
    begin: datetime, until: datetime, whole: Figures, answers: Replies, each: dict[str, Figures], costs: Costs
) -> Iterator[str]:
    paint = Paint(sys.stdout)
    yield paint(f"From {begin:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}", "bold")
    yield from _lines(
        ("conversations opened", whole.conversations),
        ("reminders sent", whole.reminders),
        ("texts sent in all", whole.texts),
        ("  SMS parts", whole.segments),
        ("  did not arrive", whole.undelivered),
        ("held back, not sent", whole.not_sent),
        ("replies", answers.received),
        ("  acted on at once", answers.understood),
        ("  asked again", answers.asked_again),
        ("  handed to staff", answers.handed_to_staff),
        ("  needed nothing", answers.needed_nothing),
        ("confirmed in the iPMS", whole.confirmed),
        ("asked for another time", whole.reschedules),
        ("called off before the day", whole.cancels),
        ("tasks for staff", sum(whole.escalations.values())),
        *((f"  {words(kind)}", number) for kind, number in whole.escalations.items()),
    )
    yield paint("What it saved", "bold")
    letters, texts = whole.reached * costs.letter, whole.segments * costs.text
    yield f"  {'letters not posted':28} {whole.reached:8,}  at EUR {costs.letter:.2f}  {letters:12,.2f}"
    yield f"  {'SMS parts':28} {whole.segments:8,}  at EUR {costs.text:.2f}  {0.0 - texts:12,.2f}"
    yield f"  {'saved, EUR':28} {'':8}  {'':11}  {letters - texts:12,.2f}"
    if each:
        heads = f"{'texts':>9}{'confirmed':>11}{'moved':>8}{'off':>7}{'tasks':>8}{'saved, EUR':>13}"
        yield paint(f"{'By clinic':22}{heads}", "bold")
    for code, found in each.items():
        numbers = f"{found.confirmed:11,}{found.reschedules:8,}{found.cancels:7,}{sum(found.escalations.values()):8,}"
        yield f"  {code:20}{found.texts:9,}{numbers}{saved(found, costs):13,.2f}"


def _lines(*rows: tuple[str, int]) -> Iterator[str]:
    for what, number in rows:
        yield f"  {what:28} {number:8,}"
