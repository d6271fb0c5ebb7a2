"""The words that each gateway, or the carrier behind it, takes for itself.

A new gateway states its own here, with the source. `docs/gateways.md` shows the same in prose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.carrier import Carrier, Taken

# twilio.com/docs/messaging/tutorials/advanced-opt-out and help.twilio.com article 223134027, the defaults for long codes and
# messaging services. Only a text that is nothing but the word counts. The text is passed on all the same, but what we answer
# to a stop is refused (error 21610), and the patient has Twilio's own English answer.
TWILIO = Carrier(
    "Twilio",
    (
        Taken(
            frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}),
            "stop",
            "lets no more texts through to the phone, and answers in its own words",
        ),
        Taken(frozenset({"START", "YES", "UNSTOP"}), "start", "takes the reply for START"),
        Taken(frozenset({"HELP", "INFO"}), "", "answers in its own words"),
    ),
    mend="or take the word off the list of Twilio's Advanced Opt-Out",
)

# developers.phonovation.com/guides/inbound-messages: these two, texted to the short code 50123 that all its customers share.
# They are passed on as opt-outs. Nothing is taken of what comes to a hospital's own long code.
PHONOVATION = Carrier(
    "Phonovation",
    (Taken(frozenset({"STOP", "OPTOUT"}), "stop", "stops all texts to the phone, where it is sent to the short code 50123"),),
)

CARRIERS: Mapping[str, Carrier] = {
    "phonovation": PHONOVATION,
    "simulator": Carrier("the simulator"),
    "twilio": TWILIO,
}


def carrier_of(gateway: Mapping[str, Any]) -> Carrier | None:
    """The carrier behind the gateway of these settings; None where none is configured, or none that we know."""
    return CARRIERS.get(str(gateway.get("kind", "")))
