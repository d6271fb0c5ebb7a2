"""Webhooks of the gateways: POST /hooks/{gateway}/{secret}/{kind}.

Answered 200 once what it says is on disk, and never before. What cannot be a webhook of ours is refused with the
reason; a fault of our own is 503, so that the gateway sends it again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from conversations.intake import Intake
from conversations.ports import Clock, Gateway, WebhookRefused, WebhookRequest
from conversations.writer import StoreAway

_log = logging.getLogger("freagra.adapters")

LARGEST = 64 * 1024
_TAKEN = PlainTextResponse("OK")  # an answer holds nothing of its request, so one serves all


class BodyTooLarge(Exception):
    """The body is longer than what a webhook of a gateway can be."""


async def read_body(request: Request, largest: int) -> bytes:
    """The body, never more than `largest` bytes of it in memory. Raises BodyTooLarge."""
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:20]) > largest:
        raise BodyTooLarge
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > largest:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)


def refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message, "problems": []}}, status)


def hook_routes(gateways: Mapping[str, Gateway], intake: Intake, clock: Clock) -> list[Route]:
    async def hook(request: Request) -> Response:
        name = request.path_params["gateway"]
        gateway = gateways.get(name)
        if gateway is None:
            return refusal(404, "not_found", "there is no such webhook")
        try:
            body = await read_body(request, LARGEST)
            inbound = gateway.read_webhook(
                WebhookRequest(
                    request.path_params["kind"],
                    request.path_params["secret"],
                    request.headers,
                    body,
                    clock.now(),
                    request.client.host if request.client is not None else "",
                )
            )
            await intake.take_inbound(name, inbound)
        except BodyTooLarge:
            return refusal(413, "too_large", f"a webhook is at most {LARGEST} bytes long")
        except ClientDisconnect:
            return refusal(400, "incomplete", "the connection ended before the body did")
        except WebhookRefused as refused:
            _log.warning("a webhook of %s was refused: %s", name, refused.code)
            return refusal(refused.status, refused.code, refused.message)
        except StoreAway:
            answer = refusal(503, "store_away", "what you sent could not be stored; send it again later")
            answer.headers["Retry-After"] = "5"
            return answer
        return _TAKEN

    return [Route("/hooks/{gateway}/{secret}/{kind}", hook, methods=["POST"])]
