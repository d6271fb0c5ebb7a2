"""Phonovation's three webhooks, read and checked.

Sources: https://developers.phonovation.com/guides/webhooks, /guides/delivery-receipts, /guides/inbound-messages and
/api-reference/webhooks/. `SMS-Verify` is MD5 over two fields run together, without separator and without time, so it is
one weak check among several: a secret in the path, an optional list of addresses, and the shape of every field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import md5
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import quote_from_bytes, unquote
from zoneinfo import ZoneInfo

import orjson

from adapters.gateways.phonovation.faults import fault
from adapters.gateways.phonovation.settings import PhonovationSettings
from conversations.ports import Inbound, InboundReceipt, InboundReply, WebhookRefused, WebhookRequest
from engine.events import TextStatus

MAX_BODY = 64 * 1024  # a text of the longest kind (255 parts) in percent-encoded form stays well below
MAX_FIELDS = 32
RECEIPT_AGE = timedelta(hours=48)  # the vendor says that a receipt may be this late
REPLY_AGE = timedelta(hours=2)

_KEY = re.compile("[0-9a-f]{32}")
_FOREIGN = re.compile("[1-9][0-9]{6,14}")  # E.164
_IRISH = re.compile("353[0-9]{7,12}")
_IRISH_MOBILE = re.compile("3538[0-9]{8}")
_STAMP = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_ASCII = bytes(range(128)).decode("ascii")


class Webhooks:
    """`read` is pure: the only time it knows is the request's `received_at`."""

    def __init__(self, settings: PhonovationSettings) -> None:
        self._paths = [secret.encode() for secret in settings.webhook_secrets]
        self._secrets = [secret.encode() for secret in settings.verify_secrets]
        self._charsets = settings.verify_charsets
        self._short_code = settings.opt_out_short_code
        self._zone = None if settings.inbound_zone == "UTC" else ZoneInfo(settings.inbound_zone)
        self._networks = [ip_network(address, strict=False) for address in settings.allowed_addresses]
        self._kinds = {"inbound": self._inbound, "receipt": self._receipt, "result": self._result}

    def read(self, request: WebhookRequest) -> Sequence[Inbound]:
        """What the webhook says; empty where it speaks of a text that another system sent through the same account.
        Raises WebhookRefused: 400 malformed, 401 badly signed, 403 wrong address, 404 wrong path, 413 too large."""
        presented = request.secret.encode("utf-8", "replace")
        known = False
        for path in self._paths:
            known |= compare_digest(path, presented)
        reader = self._kinds.get(request.kind)
        if not known or reader is None:
            raise WebhookRefused(404, "not_found", "There is nothing here.")
        if self._networks and not self._allowed(request.client):
            raise WebhookRefused(403, "address", "This address may not call here.")
        if len(request.body) > MAX_BODY:
            raise WebhookRefused(413, "too_large", f"The body is larger than {MAX_BODY} bytes.")
        return reader(request.body, request.received_at)

    def _inbound(self, body: bytes, received_at: datetime) -> Sequence[Inbound]:
        fields = _form(body)
        sender, content = _field(fields, "SMS-From"), _field(fields, "SMS-Content")
        self._check_signature(fields, sender + content)
        if fields.get("SMS-Type") not in ("AuthCode", "Text"):
            raise WebhookRefused(400, "wrong_type", "SMS-Type must be AuthCode or Text on the inbound address.")
        if not _is_number(sender):
            raise WebhookRefused(400, "bad_number", "SMS-From must be an international phone number, digits only.")
        # From here on it is a patient's text, and it is not lost over a field that we can do without.
        sent_at, stale = _age(_stamp(fields, self._zone), received_at, REPLY_AGE)
        to = fields.get("SMS-To", "")
        hint = fields.get("SMS-NotifyId", "")
        return (
            InboundReply(
                sender="+" + sender,
                to="+" + to if _is_number(to) else to if to.isdigit() and to.isascii() else "",
                text=content,
                sent_at=sent_at,
                answers=hint if _KEY.fullmatch(hint) else None,
                opt_out=to == self._short_code,
                stale=stale,
            ),
        )

    def _receipt(self, body: bytes, received_at: datetime) -> Sequence[Inbound]:
        fields = _form(body)
        key, success = _field(fields, "SMS-NotifyId"), _field(fields, "SMS-Success")
        self._check_signature(fields, key + success)
        if fields.get("SMS-Type") != "Notification":
            raise WebhookRefused(400, "wrong_type", "SMS-Type must be Notification on the receipt address.")
        if success not in ("True", "False"):
            raise WebhookRefused(400, "bad_success", "SMS-Success must be True or False.")
        if not _ours(key, "SMS-NotifyId"):
            return ()
        stamp = _stamp(fields, None)
        at, stale = _age(stamp, received_at, RECEIPT_AGE)
        delivered = success == "True"
        return (
            InboundReceipt(
                key,
                TextStatus.DELIVERED if delivered else TextStatus.UNDELIVERABLE,
                code="" if delivered else "not_delivered",
                reason="" if delivered else _parts(fields),
                at=at,
                external_id=_id("receipt", key, success, stamp),
                stale=stale,
            ),
        )

    def _result(self, body: bytes, received_at: datetime) -> Sequence[Inbound]:
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise WebhookRefused(400, "bad_json", "The body is not JSON.") from None
        if not isinstance(said, dict):
            raise WebhookRefused(400, "bad_json", "The body must be a JSON object.")
        outcome, message = said.get("Status"), said.get("Message")
        if outcome not in ("MESSAGE_SUCCESS", "MESSAGE_ERROR", "CAMPAIGN_ERROR"):
            raise WebhookRefused(400, "bad_status", "Status must be MESSAGE_SUCCESS, MESSAGE_ERROR or CAMPAIGN_ERROR.")
        finished = _iso(said.get("FinishedAt"))
        at, stale = _age(finished, received_at, RECEIPT_AGE)
        blame = fault([message] if isinstance(message, str) else [])
        if outcome == "CAMPAIGN_ERROR":  # carries no NotifyId: the whole send was refused, sender or account at fault
            return (
                InboundReceipt(
                    None,
                    TextStatus.REJECTED,
                    code=blame.code,
                    reason=blame.reason,
                    at=at,
                    external_id=_id("result", "campaign", blame.code, finished),
                    halts=True,
                    stale=stale,
                ),
            )
        key = said.get("NotifyId")
        if not isinstance(key, str):
            raise WebhookRefused(400, "missing_field", "NotifyId is missing or not a text.")
        if not _ours(key, "NotifyId"):
            return ()
        taken = outcome == "MESSAGE_SUCCESS"
        return (
            InboundReceipt(
                key,
                TextStatus.ACCEPTED if taken else TextStatus.REJECTED,
                code="" if taken else blame.code,
                reason="" if taken else blame.reason,
                at=at,
                external_id=_id("result", key, outcome, finished),
                halts=not taken and blame.halts,
                stale=stale,
            ),
        )

    def _check_signature(self, fields: Mapping[str, str], signed: str) -> None:
        claimed = fields.get("SMS-Verify", "").lower().encode("utf-8", "replace")
        if signed.isascii():
            forms = [signed.encode("ascii")]
        else:
            # A sender that hashes in a single-byte charset puts "?" for what it lacks (an emoji), hence "replace".
            forms = [signed.encode(charset, "replace") for charset in self._charsets]
        genuine = False
        for secret in self._secrets:
            for form in forms:
                # MD5 is the vendor's choice; the flag lets it run on machines where it is barred for security.
                digest = md5(form + secret, usedforsecurity=False).hexdigest().encode("ascii")
                genuine |= compare_digest(digest, claimed)
        if not genuine:
            raise WebhookRefused(401, "bad_signature", "SMS-Verify does not match.")

    def _allowed(self, client: str) -> bool:
        try:
            address = ip_address(client)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form body. The vendor states no charset: what is not UTF-8 is read as windows-1252, and what is
    not that either as latin-1, which takes every byte."""
    if not body.isascii():  # bytes that should have been percent-encoded
        body = quote_from_bytes(body, safe=_ASCII).encode("ascii")
    query = body.decode("ascii")
    if query.count("&") >= MAX_FIELDS:
        raise WebhookRefused(400, "too_many_fields", f"The form has more than {MAX_FIELDS} fields.")
    for charset in ("utf-8", "windows-1252", "latin-1"):
        try:
            pairs = [_pair(part, charset) for part in query.split("&") if part]
        except UnicodeDecodeError:
            continue
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise WebhookRefused(400, "repeated_field", "The form has a field twice.")
        return fields
    raise AssertionError("latin-1 decodes every byte")


def _pair(part: str, charset: str) -> tuple[str, str]:
    """What urllib's parse_qsl makes of one field, at a third of its cost: most have nothing to decode."""
    name, _, value = part.replace("+", " ").partition("=")
    if "%" in name:
        name = unquote(name, charset, "strict")
    return name, unquote(value, charset, "strict") if "%" in value else value


def _field(fields: Mapping[str, str], name: str) -> str:
    try:
        return fields[name]
    except KeyError:
        raise WebhookRefused(400, "missing_field", f"{name} is missing.") from None


def _is_number(digits: str) -> bool:
    """Whether this is a phone number that can have texted us. Patients on foreign numbers (Northern Ireland, visitors)
    text too, so any E.164 number passes. An Irish mobile has exactly nine digits after 353: holding to that closes the
    gap in SMS-Verify for nearly every patient, as no digit can be moved between number and text."""
    if digits.startswith("3538"):
        return _IRISH_MOBILE.fullmatch(digits) is not None
    if digits.startswith("353"):
        return _IRISH.fullmatch(digits) is not None
    return _FOREIGN.fullmatch(digits) is not None


def _ours(key: str, name: str) -> bool:
    """False for the empty id of a text that was sent without one, by hand in the vendor's portal for instance. The
    fixed form of our keys is what keeps SMS-Verify of a receipt unambiguous."""
    if not key:
        return False
    if not _KEY.fullmatch(key):
        raise WebhookRefused(400, "bad_key", f"{name} must be 32 lowercase hex digits.")
    return True


def _id(kind: str, key: str, outcome: str, at: datetime | None) -> str:
    """The gateway numbers none of its words; the same word said again gets the same id."""
    return f"{kind}:{key}:{outcome}:{at.isoformat() if at else ''}"


def _stamp(fields: Mapping[str, str], zone: ZoneInfo | None) -> datetime | None:
    """SMS-TimeStamp, `yyyy-MM-dd HH:mm:ss` in `zone` (None: UTC), as UTC; None where it is anything else."""
    stamp = fields.get("SMS-TimeStamp", "")
    if not _STAMP.fullmatch(stamp):
        return None
    try:
        moment = datetime.fromisoformat(stamp)
        return moment.replace(tzinfo=UTC) if zone is None else moment.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso(stamp: object) -> datetime | None:
    if not isinstance(stamp, str):
        return None
    try:
        moment = datetime.fromisoformat(stamp)  # cuts the vendor's seventh decimal
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _age(at: datetime | None, received_at: datetime, limit: timedelta) -> tuple[datetime, bool]:
    """When it happened, never later than it came in, and whether it is older than `limit` or of no known age."""
    if at is None:
        return received_at, True
    return min(at, received_at), received_at - at > limit


def _parts(fields: Mapping[str, str]) -> str:
    sent, total = fields.get("SMS-TotalSent", ""), fields.get("SMS-TotalToSend", "")
    if re.fullmatch("[0-9]{1,3}", sent) and re.fullmatch("[0-9]{1,3}", total):
        return f"The network delivered {int(sent)} of {int(total)} parts; the gateway gives no reason."
    return "The network did not deliver it; the gateway gives no reason."
