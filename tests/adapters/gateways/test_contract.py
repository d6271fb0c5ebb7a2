"""What every gateway keeps, over real HTTP where it speaks HTTP: the same talks, faults and rubbish for all."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.gateways.phonovation import Phonovation, PhonovationSettings
from adapters.gateways.simulator import Behaviour, SimulatedGateway, SimulatorSettings, VirtualGateway
from adapters.gateways.simulator.patients import Persona
from conversations.ports import (
    Gateway,
    Inbound,
    InboundReceipt,
    InboundReply,
    OutboundText,
    SendStatus,
    WebhookRefused,
    WebhookRequest,
)
from engine.events import TextStatus

PATH = "path-secret-of-the-hospital-1"
PHONE = "+353871234567"
ACCOUNT = PhonovationSettings(
    username="hospital",
    password="simulated",
    sender="HOSPITAL",
    webhook_secrets=(PATH,),
    verify_secrets=("client-secret",),
)
CALM = Behaviour(result_after=(0.0, 0.0), receipt_after=(0.02, 0.02), webhook_waits=(0.02,) * 20)


def text(number: int = 1, to: str = PHONE) -> OutboundText:
    words = "Reminder: Your appointment with Dr Ryan. Reply Y to confirm, R to Reschedule or C to Cancel."
    return OutboundText(f"{number:032x}", to, words, datetime.now(UTC) + timedelta(days=1))


def silent(*_: object) -> list[tuple[float, str]]:
    return []


def agreeable(*_: object) -> list[tuple[float, str]]:
    return [(0.02, "Y"), (0.05, "Tá 👍")]


class World(Protocol):
    gateway: Gateway

    async def hear(self, enough: Callable[[Sequence[Inbound]], bool]) -> list[Inbound]:
        """All that has come in, once it is enough. Raises TimeoutError."""
        ...


class Hooks:
    """Our side of the webhooks: reads each with the gateway and keeps what it says. Answers 500 to the first
    `failures`."""

    def __init__(self, failures: int = 0) -> None:
        self.gateway: Gateway | None = None
        self.heard: list[Inbound] = []
        self.failures = failures
        self._lock = threading.Lock()
        self.app = Starlette(routes=[Route("/hooks/phonovation/{secret}/{kind}", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        body = await request.body()
        with self._lock:
            if self.failures:
                self.failures -= 1
                return Response(status_code=500)
        assert self.gateway is not None
        path = request.path_params
        hook = WebhookRequest(path["kind"], path["secret"], dict(request.headers), body, datetime.now(UTC))
        try:
            said = self.gateway.read_webhook(hook)
        except WebhookRefused as refused:
            return Response(refused.code, refused.status)
        with self._lock:
            self.heard += said
        return Response()


class Served:
    """Phonovation's client, the simulated gateway and our webhooks, each over HTTP."""

    def __init__(self, gateway: Gateway, hooks: Hooks) -> None:
        self.gateway = gateway
        self.hooks = hooks

    async def hear(self, enough: Callable[[Sequence[Inbound]], bool]) -> list[Inbound]:
        give_up = time.monotonic() + 10
        while not enough(heard := list(self.hooks.heard)):
            if time.monotonic() > give_up:
                raise TimeoutError(f"only {len(heard)} came in")
            await asyncio.sleep(0.005)
        return heard


class Timeless:
    """VirtualGateway and its clock."""

    def __init__(self, behaviour: Behaviour, persona: Persona) -> None:
        self.time = datetime.now(UTC)
        self.gateway = VirtualGateway(self, behaviour, persona=persona)
        self.heard: list[Inbound] = []

    def now(self) -> datetime:
        return self.time

    async def hear(self, enough: Callable[[Sequence[Inbound]], bool]) -> list[Inbound]:
        while not enough(self.heard):
            at = self.gateway.next_at()
            if at is None:
                raise TimeoutError(f"only {len(self.heard)} came in")
            self.time = at
            self.heard += self.gateway.due(at)
        return self.heard


Worlds = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture(params=["phonovation", "virtual"])
def world(
    request: pytest.FixtureRequest,
    serve: Callable[[Starlette], str],
    loopback_only: Callable[[], httpx.AsyncBaseTransport],
) -> Worlds:
    """Opens a gateway with `behaviour` and patients like `persona`; our side fails to take the first `failures`
    webhooks."""

    @asynccontextmanager
    async def opened(
        behaviour: Behaviour = CALM, persona: Persona = silent, *, failures: int = 0
    ) -> AsyncIterator[World]:
        if request.param == "virtual":
            yield Timeless(behaviour, persona)
            return
        hooks = Hooks(failures)
        ours = f"{serve(hooks.app)}/hooks/phonovation/{PATH}"
        simulated = SimulatedGateway(
            SimulatorSettings(callback_url=ours, verify_secret="client-secret"), behaviour, persona=persona
        )
        theirs = serve(simulated.app)
        account = replace(ACCOUNT, auth_url=theirs, api_url=theirs, answer_seconds=0.3)
        gateway = hooks.gateway = Phonovation(account, transport=loopback_only())
        try:
            yield Served(gateway, hooks)
        finally:
            await gateway.close()

    return opened


def receipts(heard: Sequence[Inbound], *statuses: TextStatus) -> list[InboundReceipt]:
    return [each for each in heard if isinstance(each, InboundReceipt) and (not statuses or each.status in statuses)]


def replies(heard: Sequence[Inbound]) -> list[InboundReply]:
    return [each for each in heard if isinstance(each, InboundReply)]


def test_a_text_its_receipts_and_the_answers(world: Worlds) -> None:
    async def scene() -> None:
        before = datetime.now(UTC) - timedelta(seconds=2)
        async with world(persona=agreeable) as here:
            assert here.gateway.name
            assert here.gateway.segments_per_second > 0
            assert await here.gateway.healthy()
            assert (await here.gateway.send(text())).status is SendStatus.ACCEPTED
            heard = await here.hear(lambda heard: len(heard) >= 4)
            assert [each.status for each in receipts(heard)] == [TextStatus.ACCEPTED, TextStatus.DELIVERED]
            assert {each.key for each in receipts(heard)} == {text().key}
            assert [each.text for each in replies(heard)] == ["Y", "Tá 👍"]
            assert {each.sender for each in replies(heard)} == {PHONE}
            assert {each.answers for each in replies(heard)} <= {text().key, None}
            for each in heard:
                at = each.sent_at if isinstance(each, InboundReply) else each.at
                assert at is not None
                assert at >= before
                assert not each.stale

    asyncio.run(scene())


def test_many_at_once(world: Worlds) -> None:
    async def scene() -> None:
        texts = [text(n, f"+35387{n:07}") for n in range(30)]
        async with world(persona=agreeable) as here:
            results = await asyncio.gather(*(here.gateway.send(each) for each in texts))
            assert {result.status for result in results} == {SendStatus.ACCEPTED}
            heard = await here.hear(lambda heard: len(heard) >= 120)
            delivered = receipts(heard, TextStatus.DELIVERED)
            assert {each.key for each in delivered} == {each.key for each in texts}
            assert {each.sender for each in replies(heard)} == {each.to for each in texts}

    asyncio.run(scene())


def test_bad_numbers_are_refused(world: Worlds) -> None:
    async def scene() -> None:
        async with world() as here:
            for number in ("", "0871234567", "353871234567", "+353 87 1234567", "+"):
                result = await here.gateway.send(text(to=number))
                assert (result.status, result.code) == (SendStatus.REFUSED, "bad_number")
                assert number not in result.reason or not number.strip("+")

    asyncio.run(scene())


def test_receipts_that_come_twice_carry_the_same_id(world: Worlds) -> None:
    async def scene() -> None:
        async with world(replace(CALM, duplicate=1.0)) as here:
            await here.gateway.send(text())
            heard = await here.hear(lambda heard: len(heard) >= 4)
            ids = [each.external_id for each in receipts(heard)]
            assert len(ids) == 4
            assert None not in ids
            assert len(set(ids)) == 2

    asyncio.run(scene())


def test_receipt_before_the_processing_result(world: Worlds) -> None:
    async def scene() -> None:
        async with world(replace(CALM, result_after=(0.1, 0.1), out_of_order=1.0)) as here:
            await here.gateway.send(text())
            heard = await here.hear(lambda heard: len(heard) >= 2)
            assert [each.status for each in receipts(heard)] == [TextStatus.DELIVERED, TextStatus.ACCEPTED]

    asyncio.run(scene())


def test_not_delivered(world: Worlds) -> None:
    async def scene() -> None:
        async with world(replace(CALM, undelivered=1.0), agreeable) as here:
            await here.gateway.send(text())
            heard = await here.hear(lambda heard: len(heard) >= 2)
            (failed,) = receipts(heard, TextStatus.UNDELIVERABLE)
            assert failed.code
            assert failed.reason
            assert replies(heard) == []

    asyncio.run(scene())


def test_an_answer_that_is_lost_leaves_the_text_unknown_until_its_receipt(world: Worlds) -> None:
    async def scene() -> None:
        async with world(replace(CALM, hang_after_accept=1.0, hang=1.0)) as here:
            result = await here.gateway.send(text())
            assert result.status is SendStatus.UNKNOWN
            heard = await here.hear(lambda heard: len(receipts(heard, TextStatus.DELIVERED)) == 1)
            assert {each.key for each in receipts(heard)} == {text().key}

    asyncio.run(scene())


@pytest.mark.parametrize("fault", [{"server_error": 1.0}, {"throttled": 1.0}])
def test_a_busy_gateway_is_tried_again(world: Worlds, fault: dict[str, float]) -> None:
    async def scene() -> None:
        async with world(replace(CALM, **fault)) as here:  # type: ignore[arg-type]
            result = await here.gateway.send(text())
            assert result.status is SendStatus.RETRY
            if "throttled" in fault:
                assert result.retry_after == 1.0

    asyncio.run(scene())


def test_a_fault_of_the_account_halts_and_names_no_text(world: Worlds) -> None:
    async def scene() -> None:
        async with world(replace(CALM, campaign_error=1.0)) as here:
            await here.gateway.send(text())
            (said,) = receipts(await here.hear(lambda heard: len(heard) >= 1))
            assert (said.key, said.status, said.halts) == (None, TextStatus.REJECTED, True)

    asyncio.run(scene())


def test_a_text_that_is_rejected_later(world: Worlds) -> None:
    async def scene() -> None:
        async with world(replace(CALM, message_error=1.0)) as here:
            assert (await here.gateway.send(text())).status is SendStatus.ACCEPTED
            (said,) = receipts(await here.hear(lambda heard: len(heard) >= 1))
            assert (said.key, said.status, said.halts) == (text().key, TextStatus.REJECTED, False)

    asyncio.run(scene())


def test_webhooks_that_we_fail_to_take_come_again(world: Worlds) -> None:
    async def scene() -> None:
        async with world(persona=agreeable, failures=5) as here:
            await here.gateway.send(text())
            heard = await here.hear(lambda heard: len(heard) >= 4)
            assert sorted(each.text for each in replies(heard)) == ["Tá 👍", "Y"]
            assert {each.status for each in receipts(heard)} == {TextStatus.ACCEPTED, TextStatus.DELIVERED}

    asyncio.run(scene())


def test_nothing_personal_in_logs(world: Worlds, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def scene() -> None:
        async with world(replace(CALM, server_error=0.5, duplicate=0.5), agreeable, failures=2) as here:
            for n in range(10):
                await here.gateway.send(text(n))
            await here.hear(lambda heard: len(receipts(heard, TextStatus.DELIVERED)) >= 1)
            with pytest.raises(WebhookRefused):
                here.gateway.read_webhook(hook("inbound", PATH, b"SMS-From=353871234567&SMS-Content=Y"))

    asyncio.run(scene())
    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    for personal in ("871234567", "Dr Ryan", "Reply Y", "Tá", "client-secret"):
        assert personal not in logged


def hook(kind: str, secret: str, body: bytes) -> WebhookRequest:
    return WebhookRequest(kind, secret, {}, body, datetime.now(UTC))


GATEWAYS: list[Gateway] = [Phonovation(ACCOUNT), Timeless(CALM, silent).gateway]


@settings(deadline=None)
@given(
    st.sampled_from(GATEWAYS),
    st.sampled_from(["inbound", "receipt", "result", "", "../inbound"]),
    st.sampled_from([PATH, "", "guess", "ü", "\ud800"]),
    st.one_of(
        st.binary(max_size=200),
        st.sampled_from([b"{}", b"null", b"&" * 200, b"=" * 200, b"%zz=%", b"\x00", b"SMS-From=%00&SMS-Content=%ff"]),
    ),
)
def test_unsigned_rubbish_is_refused_and_nothing_else(gateway: Gateway, kind: str, secret: str, body: bytes) -> None:
    with pytest.raises(WebhookRefused) as refused:
        gateway.read_webhook(hook(kind, secret, body))
    assert refused.value.status in (400, 401, 404)
    assert refused.value.code
    assert refused.value.message


def test_closing_twice_is_closing_once(world: Worlds) -> None:
    async def scene() -> None:
        async with world() as here:
            await here.gateway.send(text())
            await here.gateway.close()
            await here.gateway.close()

    asyncio.run(scene())
