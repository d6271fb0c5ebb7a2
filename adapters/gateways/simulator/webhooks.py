"""The three webhooks as the real gateway writes them: bodies ready to be posted."""

from __future__ import annotations

from datetime import datetime
from hashlib import md5
from urllib.parse import urlencode

import orjson

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def verify(first: str, second: str, secret: str) -> str:
    """SMS-Verify: MD5 of two fields and the client secret run together, lowercase hex."""
    return md5((first + second + secret).encode("utf-8"), usedforsecurity=False).hexdigest()


def inbound(
    sender: str, content: str, *, to: str, at: datetime, secret: str, answers: str = "", network: str = "272/1"
) -> bytes:
    """`sender` and `to` are digits without plus sign, `answers` the key of the text that this one answers."""
    word = content.split(maxsplit=1)[0].upper() if content.split() else "*"
    return urlencode(
        {
            "SMS-Type": "AuthCode",
            "SMS-Content": content,
            "SMS-Keyphrase": word,
            "SMS-Network": network,
            "SMS-From": sender,
            "SMS-To": to,
            "SMS-NotifyId": answers,
            "SMS-Verify": verify(sender, content, secret),
            "SMS-TimeStamp": f"{at:%Y-%m-%d %H:%M:%S}",
        }
    ).encode("ascii")


def receipt(key: str, delivered: bool, *, sender: str, to: str, at: datetime, secret: str, parts: int = 1) -> bytes:
    """`sender` as the handset showed it, `to` digits without plus sign."""
    success = str(delivered)
    return urlencode(
        {
            "SMS-Type": "Notification",
            "SMS-NotifyId": key,
            "SMS-Success": success,
            "SMS-To": to,
            "SMS-From": sender,
            "SMS-Verify": verify(key, success, secret),
            "SMS-TotalToSend": parts,
            "SMS-TotalSent": parts if delivered else 0,
            "SMS-TotalFailed": 0 if delivered else parts,
            "SMS-TimeStamp": f"{at:%Y-%m-%d %H:%M:%S}",
        }
    ).encode("ascii")


def result(status: str, message: str, *, at: datetime, key: str | None) -> bytes:
    """`key` None for CAMPAIGN_ERROR, which names no text."""
    said = {"Status": status, "FinishedAt": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z", "Message": message}
    return orjson.dumps(said if key is None else said | {"NotifyId": key})
