"""`freagra impact`: what a draft of rules would have done to the talks on record, beside a running service."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.commands.output import Failure, Paint, counted, progress
from adapters.commands.records import vault_of
from adapters.commands.rulefile import usable
from adapters.config import Config
from adapters.zone import ZONE
from conversations.database import open_database
from conversations.histories import Period, count, impact
from conversations.rulebook import Rulebook
from engine.impact import Impact
from engine.spans import duration

_LISTED = 20


def since(text: str, now: datetime) -> datetime:
    """`30d` before now, or a date such as 2026-11-01, whose midnight is the hospital's. Raises Failure (2)."""
    try:
        return now - duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise Failure(f'a length of time such as 30d, or a date such as 2026-11-01, is wanted, not "{text}"', 2) from fault
    return found if found.tzinfo else found.replace(tzinfo=ZONE)


def show_impact(config: Config, name: str, beginning: str, *, as_json: bool) -> int:
    """Raises Failure."""
    _, draft = usable(name)
    now = datetime.now(UTC)
    begin = since(beginning, now)
    vault = vault_of(config)
    with open_database(config.database, read_only=True) as database, database.reader() as connection:
        period = Period(draft.name, begin, now, shared=draft.service)
        with progress(count(connection, period), "playing", "conversations") as bar:
            found = impact(connection, vault, Rulebook(), draft, period, bar.update)
    if as_json:
        json.dump(figures(found), sys.stdout, indent=2)
        print()
        return 0
    paint = Paint(sys.stdout)
    for line in _told(found, paint, config.costs.text):
        print(line)
    return 0


def figures(found: Impact) -> dict[str, Any]:
    """The figures as plain JSON values, without a patient's words."""

    def pairs(counts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
        return [{"before": before, "after": after, "count": count} for (before, after), count in counts.items()]

    return {
        "conversations": found.talks,
        "not_for_these_rules": found.elsewhere,
        "not_readable": found.unread,
        "replies": found.replies,
        "readings": pairs(found.readings()),
        "outcomes": pairs(found.outcomes()),
        "tasks": {"before": dict(found.before.tasks), "after": dict(found.after.tasks)},
        "texts": {"before": found.before.texts, "after": found.after.texts},
        "segments": {"before": found.before.segments, "after": found.after.segments},
    }


def _told(found: Impact, paint: Paint, cost: float) -> Iterator[str]:
    if not found.talks:
        elsewhere = f" about an appointment that this file is for; {found.elsewhere:,} others did" if found.elsewhere else ""
        yield f"no conversation under rules of this name began in that time{elsewhere}"
        return
    replies = counted(found.replies, "reply", "replies")
    yield f"{counted(found.talks, 'conversation')} with {replies}, played again under this file"
    for number, what in (
        (found.elsewhere, "about appointments that it is not for"),
        (found.unread, "that cannot be read any more"),
    ):
        if number:
            yield paint(f"  left out: {counted(number, 'conversation')} {what}", "dim")
    yield ""
    yield paint(f"{counted(len(found.rereads), 'reply', 'replies')} would be read differently", "bold")
    for (before, after), number in found.readings().items():
        yield f"  {number:6,}  {before} → {after}"
    for each in found.rereads[:_LISTED]:
        yield paint(f"          “{each.text}”  {each.before} → {each.after}", "dim")
    if len(found.rereads) > _LISTED:
        yield paint(f"          and {len(found.rereads) - _LISTED:,} more", "dim")
    outcomes = found.outcomes()
    yield paint(f"{counted(sum(outcomes.values()), 'conversation')} would have come out differently", "bold")
    for (before, after), number in outcomes.items():
        yield f"  {number:6,}  {words(before)} → {words(after)}"
    yield paint("What it would have cost", "bold")
    kinds = sorted(found.before.tasks.keys() | found.after.tasks.keys())
    for kind in kinds:
        if found.before.tasks[kind] != found.after.tasks[kind]:
            yield _line(f"tasks: {words(kind)}", found.before.tasks[kind], found.after.tasks[kind])
    yield _line("tasks for staff", found.before.tasks.total(), found.after.tasks.total())
    yield _line("texts", found.before.texts, found.after.texts)
    yield _line("SMS parts", found.before.segments, found.after.segments)
    yield _euros(found.before.segments * cost, found.after.segments * cost)


def words(name: str) -> str:
    return name.replace("_", " ")


def _euros(before: float, after: float) -> str:
    change = f"{after - before:+,.2f}" if after != before else "as before"
    return f"  {'texts in EUR':28} {before:8,.2f} → {after:8,.2f}  {change}"


def _line(what: str, before: int, after: int) -> str:
    change = f"{after - before:+,}" if after != before else "as before"
    return f"  {what:28} {before:8,} → {after:8,}  {change}"
