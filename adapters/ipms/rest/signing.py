"""Signatures of our requests to an iPMS, as in Standard Webhooks (standardwebhooks.com, specification 1.0):
HMAC-SHA256 over `id.timestamp.content` in the headers webhook-id, webhook-timestamp and webhook-signature.

The content is the body. A request without one signs its method and path, so that a signature for one address is
worthless at another.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
TOLERANCE = 300  # seconds either way


class BadSignature(ValueError):
    """A request that is not signed by who knows the secret, or not now. The message says what is wrong with it."""


def read_secret(text: str) -> bytes:
    """The key in a secret of the form `whsec_` and base64 of 24 to 64 bytes. Raises ValueError, without the secret."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError(f"a signing secret is written {PREFIX} and then base64 of 24 to 64 random bytes")
    return key


def content(method: str, path: str, body: bytes) -> bytes:
    """What is signed of a request. `path` as it stands in the request line, with its query."""
    return body or f"{method} {path}".encode()


def sign(secret: bytes, id: str, at: datetime, content: bytes) -> dict[str, str]:
    """The three headers."""
    timestamp = str(int(at.timestamp()))
    return {ID: id, TIMESTAMP: timestamp, SIGNATURE: f"v1,{_signature(secret, id, timestamp, content)}"}


def verify(secrets: Sequence[bytes], headers: Mapping[str, str], content: bytes, now: datetime) -> None:
    """Raises BadSignature unless one of the signatures is by one of the secrets and the time is near. `headers` in
    lower case, or of a kind that does not mind case."""
    id, timestamp, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not id or not timestamp or not given:
        raise BadSignature(f"{ID}, {TIMESTAMP} and {SIGNATURE} are needed")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature(f"{TIMESTAMP} is not in seconds since 1970")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE:
        raise BadSignature(f"{TIMESTAMP} is more than {TOLERANCE} seconds away; check the clocks")
    expected = [_signature(secret, id, timestamp, content).encode() for secret in secrets]
    offered = [each.removeprefix("v1,").encode() for each in given.split(" ") if each.startswith("v1,")]
    matches = [hmac.compare_digest(one, other) for one in expected for other in offered]
    if not any(matches):
        raise BadSignature("the signature is not by a secret that we know")


def _signature(secret: bytes, id: str, timestamp: str, content: bytes) -> str:
    digest = hmac.digest(secret, f"{id}.{timestamp}.".encode() + content, "sha256")
    return base64.b64encode(digest).decode()
