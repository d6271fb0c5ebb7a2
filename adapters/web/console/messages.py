"""The messages pages: every text and reply, how each fared, what was not sent and why, and the list as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from adapters.web.console import fates
from adapters.web.console.find import phone_of
from adapters.web.console.visit import NotHere, Page, Visit
from adapters.web.console.whom import day_of, midnight, names_shown, patients_meant
from adapters.zone import ZONE
from conversations import journeys, messages
from conversations.audit import Act, Did
from conversations.messages import Listing, Wanted
from conversations.people import Right
from conversations.reach import clinics_seen
from conversations.said import Message

AT_ONCE = 50
MOST_EXPORTED = 50_000
_FIELDS = ("patient", "of", "clinic", "fate", "since", "until", "round")


async def show_messages(visit: Visit) -> Response:
    asked = _asked(visit)
    wanted = _wanted(visit, asked)
    before = visit.query.get("before", "")

    def look(connection: Connection) -> tuple[Listing, list[tuple[str, str]]]:
        found = messages.listing(
            connection, visit.house.vault, visit.scope, wanted(connection), before=before, limit=AT_ONCE
        )
        return found, clinics_seen(connection, visit.scope)

    found, clinics = await visit.read(look)
    await _note(visit, Did.SEARCHED if asked["patient"] else Did.LISTED, asked, len(found.messages))
    return visit.page(
        "messages.html",
        found=found,
        asked=asked,
        clinics=clinics,
        kept=urlencode({name: value for name, value in asked.items() if value}),
        before=before,
        fates=fates,
    )


async def show_message(visit: Visit) -> Response:
    found = await visit.read(journeys.journey, visit.house.vault, visit.path["id"], visit.scope)
    if found is None:
        raise NotHere
    message = found.message
    await visit.looked(f"message:{message.id}", patient=message.patient, clinic=message.clinic)
    names = await visit.read(names_shown)
    return visit.page("message.html", found=found, message=message, names=names, fates=fates)


async def show_export(visit: Visit) -> Response:
    asked = _asked(visit)
    kept = urlencode({name: value for name, value in asked.items() if value})
    return visit.page("messages_export.html", asked=asked, kept=kept, most=MOST_EXPORTED, fates=fates)


async def export(visit: Visit) -> Response:
    asked = _asked(visit)
    wanted = _wanted(visit, asked)

    def write(connection: Connection) -> tuple[bytes, int]:
        found = messages.every(
            connection, visit.house.vault, visit.scope, wanted(connection), most=MOST_EXPORTED
        )
        return as_csv(found)

    content, rows = await visit.read(write)
    await _note(visit, Did.EXPORTED, {**asked, "rows": str(rows)}, rows)
    headers = {"Content-Disposition": f'attachment; filename="messages-{visit.now.astimezone(ZONE):%Y-%m-%d}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _asked(visit: Visit) -> dict[str, str]:
    return {name: visit.query.get(name, "").strip()[:200] for name in _FIELDS}


def _wanted(visit: Visit, asked: Mapping[str, str]) -> Any:
    """What is asked for, as a function of a connection by which a patient can be found. Raises Declined."""
    since, until = day_of(asked["since"]), day_of(asked["until"])

    def wanted(connection: Connection) -> Wanted:
        patients: tuple[str, ...] | None = None
        phone = ""
        if asked["of"]:
            patients = (asked["of"],)
        elif asked["patient"]:
            patients = tuple(hit.patient for hit in patients_meant(connection, visit, asked["patient"]))
            phone = phone_of(asked["patient"])
        return Wanted(
            asked["clinic"],
            patients,
            asked["fate"] if asked["fate"] in messages.FATES else "",
            None if since is None else midnight(since),
            None if until is None else midnight(until + timedelta(days=1)),
            asked["round"],
            visit.house.vault.phone_index(phone) if phone else None,
        )

    return wanted


async def _note(visit: Visit, did: Did, asked: Mapping[str, str], shown: int) -> None:
    """The record of a patient or clinic was looked at only where something of it was shown."""
    detail = {name: value for name, value in asked.items() if value}
    patient, clinic = (asked["of"], asked["clinic"]) if shown else ("", "")
    await visit.note(Act(did, visit.page_asked.name, "messages", patient, clinic, detail))


# ---- as a file -------------------------------------------------------------------------------------------------------

_HEAD = (
    "time", "direction", "status", "status at", "reason", "clinic", "appointment", "hospital number", "name", "phone", "text",
    "segments",
)  # fmt: skip
# What a spreadsheet takes for the beginning of a formula, also behind spaces, in full width, or where it splits a cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


def as_csv(found: Iterable[Message]) -> tuple[bytes, int]:
    """UTF-8 with its mark, by which spreadsheets know it, and how many rows it has below its head."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(_HEAD)
    rows = 0
    for message in found:
        writer.writerow([guarded(cell) for cell in _cells(message)])
        rows += 1
    return b"\xef\xbb\xbf" + file.getvalue().encode("utf-8"), rows


def _cells(message: Message) -> tuple[str, ...]:
    return (
        f"{message.at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}",
        "in" if message.incoming else "out",
        fates.status(message.status),
        f"{message.status_at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}",
        fates.reason(message.reason),
        message.clinic,
        f"{message.appointment_at.astimezone(ZONE):%Y-%m-%d %H:%M}" if message.appointment_at is not None else "",
        message.number or "",
        fates.UNMATCHED if message.unmatched else message.name or "",
        message.phone,
        fates.words(message),
        str(message.segments),
    )


def guarded(cell: str) -> str:
    """A cell that a spreadsheet shows as it is: whatever could begin a formula gets an apostrophe before it (OWASP, CSV
    injection)."""
    return f"'{cell}" if cell.lstrip(" \u00a0\ufeff").startswith(_FORMULA) or cell[:1] in _FORMULA else cell


PAGES = (
    Page("GET", "/messages", Right.READ, show_messages, bar="Messages"),
    Page("GET", "/messages/export", Right.EXPORT, show_export, proven=True),
    Page("GET", "/messages/export.csv", Right.EXPORT, export, proven=True),
    Page("GET", "/messages/{id}", Right.READ, show_message),
)
