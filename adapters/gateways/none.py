"""A hospital with no gateway configured yet: texts are decided and wait in the outbox, and the health page says why."""

from __future__ import annotations

from collections.abc import Sequence

from conversations.ports import Inbound, OutboundText, SendResult, SendStatus, WebhookRefused, WebhookRequest

NO_GATEWAY = "no gateway is configured"


class NoGateway:
    """A Gateway that is not there. Every text is answered HALTED, so that the lane rests and nothing is given up."""

    name = "none"
    segments_per_second = 1.0

    async def send(self, text: OutboundText) -> SendResult:  # noqa: ARG002  the shape of the port
        return SendResult(SendStatus.HALTED, "no_gateway", NO_GATEWAY)

    def read_webhook(self, request: WebhookRequest) -> Sequence[Inbound]:  # noqa: ARG002
        raise WebhookRefused(404, "not_found", "there is no such webhook")

    def sender(self, clinic: str) -> str:  # noqa: ARG002  the port's shape
        return ""

    async def healthy(self) -> bool:
        return False

    async def close(self) -> None:
        return None
