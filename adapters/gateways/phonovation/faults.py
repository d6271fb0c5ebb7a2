"""What Phonovation's own words mean for us. The vendor gives prose, no codes, in webhooks and in refusals alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`code` is ours and stable, `reason` is for staff. `halts`: the whole account is at fault, not one text."""

    code: str
    reason: str
    halts: bool = False


BAD_NUMBER = Fault("bad_number", "The gateway does not take this phone number.")

# Part of the vendor's message, lower case -> what it means. Messages as listed at
# https://developers.phonovation.com/guides/webhooks (common Message values).
_KNOWN = (
    ("sender is not valid", Fault("sender_invalid", "The gateway does not accept our sender name.", halts=True)),
    ("no credits", Fault("no_credit", "The gateway account has no credit left.", halts=True)),
    ("msisdn", BAD_NUMBER),
    ("smsbroadcastmessage", Fault("gateway_internal", "The gateway had an internal fault; its support can say more.")),
)

# The vendor's words are not passed on here: words we do not know might repeat the text or the number.
UNRECOGNISED = Fault("unrecognised", "The gateway refused the text in words that this version does not know.")


def fault(messages: Iterable[str]) -> Fault:
    """The gravest fault among the vendor's messages: one of the account before one of a single text."""
    found = UNRECOGNISED
    for message in messages:
        lowered = message.lower()
        for words, known in _KNOWN:
            if words in lowered:
                if known.halts:
                    return known
                if found is UNRECOGNISED:
                    found = known
    return found
