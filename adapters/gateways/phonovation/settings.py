"""What a hospital must say about its Phonovation account."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.addresses import is_safe_url

# An alphanumeric sender of GSM 03.40 (11 characters) or a number.
_SENDER = re.compile(r"[A-Za-z0-9 &.\-_']{1,11}|\+?[0-9]{3,15}")
_PATH_SECRET = re.compile(r"[A-Za-z0-9_\-]{24,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonovationSettings:
    """Raises ValueError naming every setting that is wrong. Secrets are never part of the repr nor of an error.

    `webhook_secrets` are random parts of the webhook paths that we give the vendor, `verify_secrets` the vendor's
    client secret behind SMS-Verify. Several of each may be live at once, so that one can be replaced without losing a
    text.

    `inbound_zone` is the zone of the time stamps of replies, which the vendor does not state. UTC is also safe should
    they turn out to be Irish time: a stamp that lies ahead of our clock is read as the moment of arrival.

    `senders` are of clinics that have a registered sender of their own; all others text as `sender`.

    `verify_charsets` are the charsets that the vendor may have hashed a reply in, which it does not state either.
    """

    username: str
    password: str = field(repr=False)
    sender: str
    webhook_secrets: tuple[str, ...] = field(repr=False)
    verify_secrets: tuple[str, ...] = field(repr=False)
    auth_url: str = "https://auth.interactsms.com"
    api_url: str = "https://api.interactsms.com"
    opt_out_short_code: str = "50123"
    segments_per_second: float = 10.0
    connect_seconds: float = 5.0
    answer_seconds: float = 20.0
    allowed_addresses: tuple[str, ...] = ()  # IP addresses or networks that may call our webhooks; empty: any
    inbound_zone: str = "UTC"
    verify_charsets: tuple[str, ...] = ("utf-8", "windows-1252")
    senders: Mapping[str, str] = field(default_factory=dict, hash=False)  # code of a clinic -> its own sender

    def __post_init__(self) -> None:
        problems = [*self._account(), *self._secrets(), *self._numbers(), *self._webhooks()]
        if problems:
            raise ValueError("; ".join(problems))

    def _account(self) -> list[str]:
        problems = [f"{name} is empty" for name in ("username", "password") if not getattr(self, name)]
        if not _SENDER.fullmatch(self.sender):
            problems.append("sender must be up to 11 letters and digits as registered with ComReg, or a number")
        for clinic, sender in self.senders.items():
            if not _SENDER.fullmatch(sender):
                problems.append(f"senders: that of {clinic} must be up to 11 letters and digits, or a number")
        for name in ("auth_url", "api_url"):
            if not is_safe_url(getattr(self, name)):
                problems.append(f"{name} must be an https address (http is taken on this machine's loopback only)")
        return problems

    def _secrets(self) -> list[str]:
        problems = []
        if not self.webhook_secrets or not all(_PATH_SECRET.fullmatch(secret) for secret in self.webhook_secrets):
            problems.append("webhook_secrets needs one or more of 24 to 128 characters of A-Z a-z 0-9 _ -")
        if not self.verify_secrets or not all(self.verify_secrets):
            problems.append("verify_secrets needs the vendor's client secret")
        return problems

    def _numbers(self) -> list[str]:
        names = ("segments_per_second", "connect_seconds", "answer_seconds")
        problems = [f"{name} must be more than 0" for name in names if not getattr(self, name) > 0]
        if not re.fullmatch("[0-9]{3,15}", self.opt_out_short_code):
            problems.append("opt_out_short_code must be digits")
        return problems

    def _webhooks(self) -> list[str]:
        problems = []
        for address in self.allowed_addresses:
            try:
                ip_network(address, strict=False)
            except ValueError:
                problems.append(f"allowed_addresses: {address!r} is no IP address or network")
        try:
            ZoneInfo(self.inbound_zone)
        except (ZoneInfoNotFoundError, ValueError):
            problems.append(f"inbound_zone: there is no time zone {self.inbound_zone!r}")
        for charset in self.verify_charsets:
            try:
                codecs.lookup(charset)
            except LookupError:
                problems.append(f"verify_charsets: there is no charset {charset!r}")
        if not self.verify_charsets:
            problems.append("verify_charsets is empty")
        return problems
