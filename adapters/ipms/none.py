"""A hospital whose iPMS takes nothing from us: appointments come in by import or API, and staff enter by hand what
patients answer."""

from __future__ import annotations

from conversations.ports import (
    AppointmentRecord,
    AppointmentWrite,
    MessageRecord,
    PatientSystemAway,
    WriteResult,
    WriteStatus,
)

_BY_HAND = "No iPMS is configured: staff enter this by hand."


class NoPatientSystem:
    """A PatientSystem that is not there.

    Writes are DONE with the code "by_hand": the answer stands in the transcript and before staff, nothing else will
    take it, and a refusal would open a task of failure for every patient who confirms. Reading raises
    PatientSystemAway rather than answering that there is no such appointment: we do not know."""

    name = "none"

    async def read(self, appointment: str) -> AppointmentRecord | None:  # noqa: ARG002  the shape of the port
        raise PatientSystemAway("no iPMS is configured")

    async def write(self, write: AppointmentWrite) -> WriteResult:  # noqa: ARG002
        return WriteResult(WriteStatus.DONE, "by_hand", _BY_HAND)

    async def record(self, message: MessageRecord) -> WriteResult:  # noqa: ARG002
        return WriteResult(WriteStatus.DONE, "by_hand", _BY_HAND)

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        return None
