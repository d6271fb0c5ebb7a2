"""Intake: whatever comes from outside becomes an inbox row, committed, before anyone is told that we have it.

Taking twice is harmless: (source, external id) is unique. What an inbox row says is sealed under the vault's own key, since
it may not be known yet whose it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from conversations import partitions
from conversations.places import inbox_place
from conversations.ports import (
    AppointmentRecord,
    Bus,
    Clock,
    Inbound,
    InboundReceipt,
    InboundReply,
    PatientRecord,
    WriteResult,
    WriteStatus,
)
from conversations.schema import instant
from conversations.transcript import canonical
from conversations.vault import Vault
from conversations.writer import Writer
from engine.as_json import in_order, unset
from engine.events import StaffAct, StaffActed, TextedByHand, TextStatus

WORK = "work"  # bus topic: the inbox has something

REPLY, RECEIPT, APPOINTMENT, STAFF_ACT, WRITTEN = "reply", "receipt", "appointment", "staff_act", "written"
BY_HAND = "by_hand"


def _digest(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]


class Intake:
    def __init__(self, writer: Writer, vault: Vault, clock: Clock, bus: Bus) -> None:
        self._writer = writer
        self._vault = vault
        self._clock = clock
        self._bus = bus

    def row(
        self,
        source: str,
        kind: str,
        external_id: str,
        content: Mapping[str, Any],
        phone: str | None = None,
        *,
        about: str = "",
    ) -> dict[str, Any]:
        """`phone`: it came from there. `about`: the conversation, or the key of the text, that it is about."""
        at = instant(self._clock.now())
        index = self._vault.phone_index(phone) if phone else None
        return {
            "source": source,
            "kind": kind,
            "external_id": external_id,
            "received_at": at,
            "sealed": self._vault.seal_own(inbox_place(source, external_id), canonical(content)),
            "phone_index": index,
            "due": at,
            "partition": partitions.of_index(index) if index is not None else partitions.of_id(about),
        }

    async def take(self, rows: Sequence[dict[str, Any]]) -> list[bool]:
        """True for each row that was new. Returns once all are on disk. Raises StoreAway."""
        if len(rows) == 1:
            ids = [await self._writer.insert_inbox(rows[0])]
        else:
            ids = await asyncio.gather(*[self._writer.insert_inbox(row) for row in rows])
        self._bus.notify(WORK, {row["partition"] for row in rows})
        return [id is not None for id in ids]

    # ---- what can be taken -------------------------------------------------------------------------------------------

    async def take_inbound(self, gateway: str, inbound: Sequence[Inbound]) -> None:
        """Replies and receipts that a gateway's webhook brought."""
        await self.take([self.inbound_row(gateway, each) for each in inbound])

    def inbound_row(self, gateway: str, inbound: Inbound) -> dict[str, Any]:
        source = f"gateway:{gateway}"
        if isinstance(inbound, InboundReply):
            external = inbound.external_id or _digest(
                inbound.sender, inbound.to, inbound.text, inbound.sent_at.isoformat(), inbound.answers or ""
            )
            return self.row(source, REPLY, f"reply:{external}", reply_content(inbound), inbound.sender)
        external = inbound.external_id or _digest(
            inbound.key or "", str(inbound.status), inbound.code, inbound.at.isoformat() if inbound.at else ""
        )
        return self.row(source, RECEIPT, f"receipt:{external}", receipt_content(inbound), about=inbound.key or "")

    async def take_appointments(self, records: Sequence[AppointmentRecord], source: str, keys: Sequence[str]) -> list[str]:
        """Snapshots of appointments; "taken" or "seen" (the same key before) for each."""
        rows = [
            self.appointment_row(source, f"appointment:{key}", record) for record, key in zip(records, keys, strict=True)
        ]
        return ["taken" if new else "seen" for new in await self.take(rows)]

    def appointment_row(self, source: str, external_id: str, record: AppointmentRecord) -> dict[str, Any]:
        row = self.row(source, APPOINTMENT, external_id, appointment_content(record))
        # In the partition of the patient's phone, as what will come from there.
        mobile, number = record.patient.mobile, record.patient.id
        index = self._vault.phone_index(mobile) if mobile else self._vault.number_index(number)
        row["partition"] = partitions.of_index(index)
        return row

    async def take_staff_act(
        self, conversation: str, act: StaffAct, by: str, key: str, *, text: str = "", start: datetime | None = None,
        tell: bool = True,
    ) -> bool:
        return (await self.take([self.staff_row(conversation, StaffActed(act, by, text, start, tell), key)]))[0]

    def staff_row(self, conversation: str, acted: StaffActed, key: str) -> dict[str, Any]:
        """What staff did with a conversation, under a key that is theirs alone."""
        content = {
            "conversation": conversation,
            "act": str(acted.act),
            "by": acted.by,
            "text": acted.text,
            "start": acted.start.isoformat() if acted.start else None,
            "tell": acted.tell,
            "until": acted.until.isoformat() if acted.until else None,
            "to": acted.to,
            "replies": acted.replies,
            "version": acted.version,
        }
        return self.row("staff", STAFF_ACT, key, content, about=conversation)

    def by_hand_row(self, conversation: str, patient: str, event: TextedByHand) -> dict[str, Any]:
        """A patient's text of a round, which is given for a patient once."""
        content = {
            "conversation": conversation,
            "patient": patient,
            "round": event.round,
            "by": event.by,
            "texts": event.texts,
            "prompt": event.prompt,
            "purpose": event.purpose,
        }
        return self.row("staff", BY_HAND, f"round:{event.round}:{patient}", content)

    def written_row(self, key: str, conversation: str, action: str, result: WriteResult) -> dict[str, Any]:
        """What the iPMS said to something we wrote."""
        content = {
            "key": key,
            "conversation": conversation,
            "action": action,
            "ok": result.status is WriteStatus.DONE,
            "conflict": result.status is WriteStatus.CONFLICT,
            "reason": result.reason,
        }
        return self.row("ipms", WRITTEN, f"written:{key}", content, about=conversation)


# ---- contents of inbox rows ------------------------------------------------------------------------------------------


def reply_content(reply: InboundReply) -> dict[str, Any]:
    return {
        "sender": reply.sender,
        "to": reply.to,
        # A lone surrogate is no character and no JSON either.
        "text": reply.text.encode("utf-8", "replace").decode(),
        "sent_at": reply.sent_at.isoformat(),
        "answers": reply.answers,
        "opt_out": reply.opt_out,
        "stale": reply.stale,
    }


def receipt_content(receipt: InboundReceipt) -> dict[str, Any]:
    return {
        "key": receipt.key,
        "status": str(receipt.status),
        "code": receipt.code,
        "reason": receipt.reason,
        "halts": receipt.halts,
        "opted_out": receipt.opted_out,
    }


def receipt_of(content: Mapping[str, Any]) -> InboundReceipt:
    return InboundReceipt(
        content["key"],
        TextStatus(content["status"]),
        content["code"],
        content["reason"],
        halts=content["halts"],
        opted_out=content.get("opted_out", False),
    )


def acted_of(content: Mapping[str, Any]) -> StaffActed:
    start, until = content["start"], content.get("until")
    return StaffActed(
        StaffAct(content["act"]),
        content["by"],
        content["text"],
        datetime.fromisoformat(start) if start else None,
        content["tell"],
        datetime.fromisoformat(until) if until else None,
        content.get("to", ""),
        content.get("replies"),
        content.get("version"),
    )


def by_hand_of(content: Mapping[str, Any]) -> TextedByHand:
    texts = tuple((language, words) for language, words in content["texts"])
    return TextedByHand(content["round"], content["by"], texts, content["prompt"], content["purpose"])


def appointment_content(record: AppointmentRecord) -> dict[str, Any]:
    patient = record.patient
    return {
        "id": record.id,
        "start": record.start.isoformat(),
        "status": record.status,
        "clinic": record.clinic,
        "clinic_name": record.clinic_name,
        "clinician": record.clinician,
        "place": record.place,
        "type": record.type,
        "hospital": record.hospital,
        "phone": record.phone,
        "changed_at": record.changed_at.isoformat() if record.changed_at else None,
        "revision": record.revision,
        "patient": {
            "id": patient.id,
            "first_name": patient.first_name,
            "last_name": patient.last_name,
            "mobile": patient.mobile,
            "language": patient.language,
            "deceased": patient.deceased,
            "do_not_text": patient.do_not_text,
            "date_of_birth": patient.date_of_birth,
        },
    }


def appointment_record(content: Mapping[str, Any]) -> AppointmentRecord:
    values = {
        **content,
        "start": datetime.fromisoformat(content["start"]),
        "changed_at": datetime.fromisoformat(content["changed_at"]) if content["changed_at"] else None,
        "patient": PatientRecord(*_OF_PATIENT(content["patient"])),
    }
    return AppointmentRecord(*_OF_APPOINTMENT(values))


_OF_APPOINTMENT = in_order(AppointmentRecord.__match_args__, unset(AppointmentRecord))
_OF_PATIENT = in_order(PatientRecord.__match_args__, unset(PatientRecord))


def opened(vault: Vault, row: Any) -> dict[str, Any]:
    """What an inbox row says."""
    content: dict[str, Any] = orjson.loads(vault.open_own(inbox_place(row.source, row.external_id), row.sealed))
    return content
