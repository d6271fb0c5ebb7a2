from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.gateways.simulator import Behaviour, VirtualGateway
from adapters.gateways.simulator.patients import Persona
from conversations.ports import Inbound, InboundReceipt, InboundReply, OutboundText, SendResult, SendStatus
from engine.events import TextStatus

START = datetime(2026, 6, 10, 9, tzinfo=UTC)
QUIET = Behaviour(result_after=(1.0, 1.0), receipt_after=(10.0, 10.0))


class Clock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


def texts(number: int = 300) -> list[OutboundText]:
    words = "Reminder: ... Reply Y to confirm, R to Reschedule or C to Cancel."
    return [
        OutboundText(f"{n:032x}", f"+35387{n % 100:07}", words, START + timedelta(days=9), segments=1 + n % 2)
        for n in range(number)
    ]


def run(
    behaviour: Behaviour | None = None, *, backwards: bool = False, number: int = 300, persona: Persona | None = None
) -> tuple[list[SendResult], list[tuple[datetime, Inbound]], VirtualGateway]:
    clock = Clock()
    how = {"persona": persona} if persona else {}
    gateway = VirtualGateway(clock, behaviour, **how) if behaviour else VirtualGateway(clock, **how)

    async def scene() -> list[SendResult]:
        return [await gateway.send(text) for text in (reversed(texts(number)) if backwards else texts(number))]

    sent = asyncio.run(scene())
    came = []
    while (at := gateway.next_at()) is not None:
        clock.time = at
        came += [(at, word) for word in gateway.due(at)]
    return sent, came, gateway


def nobody(*_: object) -> list[tuple[float, str]]:
    return []


def test_same_seed_same_world() -> None:
    assert run()[:2] == run()[:2]


def test_another_seed_another_world() -> None:
    assert run(QUIET)[1] != run(replace(QUIET, seed=2))[1]


def test_the_order_of_phones_changes_nothing() -> None:
    assert sorted(map(repr, run(number=100)[1])) == sorted(map(repr, run(number=100, backwards=True)[1]))


def test_texts_are_taken_delivered_and_answered_in_order_of_time() -> None:
    sent, came, gateway = run(QUIET)
    assert {result.status for result in sent} == {SendStatus.ACCEPTED}
    times = [at for at, _ in came]
    assert times == sorted(times)
    receipts = [word for _, word in came if isinstance(word, InboundReceipt)]
    delivered = [word.key for word in receipts if word.status is TextStatus.DELIVERED]
    assert sorted(map(str, delivered)) == [text.key for text in texts()]
    replies = [word for _, word in came if isinstance(word, InboundReply)]
    assert 200 < len(replies) < 300
    assert {reply.sender for reply in replies} <= {text.to for text in texts()}
    assert (gateway.texts, gateway.segments) == (300, 450)


def test_nothing_comes_before_its_time() -> None:
    clock = Clock()
    gateway = VirtualGateway(clock, QUIET, persona=nobody)
    asyncio.run(gateway.send(texts(1)[0]))
    assert gateway.next_at() == START + timedelta(seconds=1)
    assert gateway.due(START + timedelta(seconds=0.9)) == []
    assert len(gateway.due(START + timedelta(seconds=1))) == 1
    assert len(gateway.due(START + timedelta(days=1))) == 1
    assert gateway.next_at() is None


def test_what_is_not_delivered_is_not_answered() -> None:
    _, came, _ = run(replace(QUIET, undelivered=1.0))
    assert {word.status for _, word in came if isinstance(word, InboundReceipt)} == {
        TextStatus.ACCEPTED,
        TextStatus.UNDELIVERABLE,
    }
    assert not [word for _, word in came if isinstance(word, InboundReply)]


def test_a_lost_answer_is_unknown_although_the_text_goes_out() -> None:
    sent, came, _ = run(replace(QUIET, hang_after_accept=1.0), number=1)
    assert sent[0].status is SendStatus.UNKNOWN
    assert TextStatus.DELIVERED in {word.status for _, word in came if isinstance(word, InboundReceipt)}


def test_faults_of_the_account_name_no_text() -> None:
    _, came, gateway = run(replace(QUIET, campaign_error=1.0), number=5)
    assert [(word.key, word.halts) for _, word in came if isinstance(word, InboundReceipt)] == [(None, True)] * 5
    assert gateway.texts == 0


def test_busy_gateways_take_nothing() -> None:
    sent, came, _ = run(replace(QUIET, server_error=1.0), number=3)
    assert {result.status for result in sent} == {SendStatus.RETRY}
    assert came == []
    sent, came, _ = run(replace(QUIET, throttled=1.0), number=1)
    assert (sent[0].status, sent[0].retry_after) == (SendStatus.RETRY, 1.0)


def test_twice_means_the_same_word_twice() -> None:
    _, came, _ = run(replace(QUIET, duplicate=1.0), number=1, persona=nobody)
    words = [word for _, word in came]
    assert len(words) == 4
    assert len(set(words)) == 2


def test_a_patient_in_a_hurry() -> None:
    def eager(*_: object) -> list[tuple[float, str]]:
        return [(600.0, "Y")]

    _, came, _ = run(replace(QUIET, patient_speed=60.0), number=1, persona=eager)
    (reply,) = [word for _, word in came if isinstance(word, InboundReply)]
    assert reply.sent_at == START + timedelta(seconds=20)
