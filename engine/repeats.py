"""The same words again: one text that was delivered twice, and a talk that goes round in circles."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.conversation import Conversation
from engine.events import ReplyReceived
from engine.turn import HANDED, Turn

# The same text this many times running comes from a robot, or from someone whom the machine does not help.
ROBOT_REPEATS = 4
# Gateways without message ids: the same words from the same phone this close together are one text.
DOUBLED = timedelta(seconds=5)


def doubled(c: Conversation, event: ReplyReceived) -> bool:
    """Carriers sometimes deliver a text twice. The same words within seconds count once, unless we spoke in between."""
    return c.repeats >= 2 and twice(c, c.replied_before, event.received_at)


def twice(c: Conversation, before: datetime | None, at: datetime) -> bool:
    """Whether the same words, had before at the one moment and now at the other, are one text that was delivered twice."""
    if before is None:
        return False
    spoke_between = c.spoke_at is not None and c.spoke_at > before
    return not spoke_between and abs(at - before) <= DOUBLED


def circles(turn: Turn) -> bool:
    return turn.c.repeats >= ROBOT_REPEATS or turn.c.replies > turn.ruleset.limits.replies


def gone_round(turn: Turn, event: ReplyReceived) -> tuple[str, str]:
    why = "The talk goes round in circles: many replies, or the same one again."
    turn.hand_over("unclear_reply", why, words=event.text)
    return HANDED, "too many replies"
