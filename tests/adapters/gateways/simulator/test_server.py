"""The simulated gateway as the vendor's clients and as a person with a phone meet it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qsl

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.gateways.simulator import Behaviour, SimulatedGateway, SimulatorSettings
from adapters.gateways.simulator.patients import Persona
from adapters.gateways.simulator.phones import BACKLOG, Phones, Text

T = TypeVar("T")
KEY = "0123456789abcdef0123456789abcdef"
PHONE = "353871234567"
CALM = Behaviour(result_after=(0.0, 0.0), receipt_after=(0.01, 0.01), webhook_waits=(0.01, 0.01))


class Hooks:
    """Keeps every webhook as it came."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.came: list[tuple[str, dict[str, str]]] = []
        self.app = Starlette(routes=[Route("/hooks/{kind}", self.take, methods=["POST"])])
        self.lock = threading.Lock()

    async def take(self, request: Request) -> Response:
        body, kind = await request.body(), request.path_params["kind"]
        said = orjson.loads(body) if kind == "result" else dict(parse_qsl(body.decode(), keep_blank_values=True))
        with self.lock:
            self.came.append((kind, said))
        return Response(status_code=self.status)

    def wait(self, number: int) -> list[tuple[str, dict[str, str]]]:
        return until(lambda: list(self.came), lambda came: len(came) >= number)


def until(look: Callable[[], T], enough: Callable[[T], bool]) -> T:
    give_up = time.monotonic() + 10
    while not enough(found := look()):
        assert time.monotonic() < give_up, found
        time.sleep(0.005)
    return found


class Vendor:
    """Speaks to the simulated gateway as a client of the vendor's does."""

    def __init__(self, client: httpx.Client, hooks: Hooks, gateway: SimulatedGateway) -> None:
        self.client = client
        self.hooks = hooks
        self.gateway = gateway
        self.token = ""

    def log_in(self, **changes: str) -> httpx.Response:
        form = {"grant_type": "password", "client_id": "ismstoken", "username": "hospital", "password": "simulated"}
        answer = self.client.post("/token", data=form | changes)
        self.token = answer.json().get("access_token", "")
        return answer

    def send(self, text: str = "Hello", to: str = PHONE, sender: str = "HOSPITAL") -> httpx.Response:
        body = {"text": text, "from": sender, "recipientInfo": [{"msisdn": to, "notifyId": KEY}]}
        return self.client.post("/api/v2/Campaign", json=body, headers={"authorization": f"Bearer {self.token}"})


@pytest.fixture
def vendor(serve: Callable[[Starlette], str]) -> Iterator[Callable[..., Vendor]]:
    """Opens a simulated gateway with `behaviour`, `persona` and settings; our side answers webhooks with `status`."""
    with ExitStack() as clients:

        def opened(
            behaviour: Behaviour = CALM, status: int = 200, persona: Persona | None = None, **changes: object
        ) -> Vendor:
            hooks = Hooks(status)
            settings = SimulatorSettings(callback_url=f"{serve(hooks.app)}/hooks", verify_secret="s")
            gateway = SimulatedGateway(replace(settings, **changes), behaviour, persona=persona)  # type: ignore[arg-type]
            client = clients.enter_context(httpx.Client(base_url=serve(gateway.app), trust_env=False))
            vendor = Vendor(client, hooks, gateway)
            vendor.log_in()
            return vendor

        yield opened


def test_token(vendor: Callable[..., Vendor]) -> None:
    here = vendor()
    answer = here.log_in()
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "expires_in", "refresh_token", "token_type"}
    assert here.log_in(password="wrong").json() == {"error": "invalid_grant"}
    assert here.log_in(grant_type="refresh_token").status_code == 400


def test_sending_needs_a_live_token(vendor: Callable[..., Vendor]) -> None:
    here = vendor(replace(CALM, token_life=0.0))
    assert here.send().status_code == 401
    here.token = "made up"
    assert here.send().status_code == 401
    assert here.gateway.phones.threads == {}


def test_health(vendor: Callable[..., Vendor]) -> None:
    assert vendor().client.get("/health").status_code == 200


def test_a_text_is_answered_reported_and_on_the_phone(vendor: Callable[..., Vendor]) -> None:
    here = vendor()
    answer = here.send("Dia duit")
    assert answer.status_code == 200
    assert answer.json() == {"success": True, "message": "Campaign scheduled", "errors": []}
    (_, result), (_, receipt) = sorted(here.hooks.wait(2), reverse=True)
    assert (result["Status"], result["NotifyId"]) == ("MESSAGE_SUCCESS", KEY)
    assert receipt.items() >= {
        "SMS-Type": "Notification",
        "SMS-NotifyId": KEY,
        "SMS-Success": "True",
        "SMS-To": PHONE,
        "SMS-Verify": "364a81c347d490e6aa7eda5cf69a4525",
        "SMS-TotalFailed": "0",
    }.items()
    (text,) = here.client.get(f"/phones/{PHONE}").json()["texts"]
    assert (text["by"], text["text"], text["status"], text["key"]) == ("hospital", "Dia duit", "delivered", KEY)
    assert here.client.get("/phones").json()["phones"].keys() == {PHONE}
    assert here.client.get("/phones/353870000000").status_code == 404


def test_bodies_that_are_no_campaign(vendor: Callable[..., Vendor]) -> None:
    here = vendor()
    for body in (
        b"",
        b"[]",
        b"{",
        b'{"text":"","from":"HOSPITAL","recipientInfo":[{"msisdn":"353871234567"}]}',
        b'{"text":"a","from":"HOSPITAL"}',
        b'{"text":"a","from":"HOSPITAL","recipientInfo":[]}',
        b'{"text":"a","from":"HOSPITAL","recipientInfo":["353871234567"]}',
        b'{"text":"a","from":"HOSPITAL","recipientInfo":[{"msisdn":353871234567}]}',
        b'{"text":"' + b"a" * 300_000 + b'"}',
    ):
        answer = here.client.post("/api/v2/Campaign", content=body, headers={"authorization": f"Bearer {here.token}"})
        assert answer.status_code == 400
        assert answer.json()["success"] is False
        assert answer.json()["errors"]
    assert here.gateway.phones.threads == {}


def test_refusals_come_by_webhook(vendor: Callable[..., Vendor]) -> None:
    here = vendor(credits=1)
    assert here.send(sender="STRANGER").json()["success"] is True
    assert here.hooks.wait(1)[0][1].items() >= {"Status": "CAMPAIGN_ERROR", "Message": "Sender is not valid"}.items()
    assert "NotifyId" not in here.hooks.came[0][1]
    here.send(to="")
    assert here.hooks.wait(2)[1][1]["Message"] == "null/empty MSISDN"
    here.send()
    here.hooks.wait(4)
    here.send()
    assert "No credits available" in here.hooks.wait(5)[4][1]["Message"]


def test_bursts_of_503(vendor: Callable[..., Vendor]) -> None:
    here = vendor(replace(CALM, server_error=0.2, burst=3, seed=4))
    runs = "".join("x" if here.send().status_code == 503 else "." for _ in range(40))
    assert "xxx" in runs
    assert "." in runs


def test_receipt_before_the_answer(vendor: Callable[..., Vendor]) -> None:
    here = vendor(replace(CALM, receipt_before_answer=1.0, answer_after=(0.3, 0.3)))
    here.send()
    assert "receipt" in {kind for kind, _ in here.hooks.came}


def test_no_receipt(vendor: Callable[..., Vendor]) -> None:
    here = vendor(replace(CALM, no_receipt=1.0))
    here.send()
    until(lambda: here.gateway.phones.thread(PHONE)[0].status, lambda status: status == "delivered")
    assert {kind for kind, _ in here.hooks.wait(1)} == {"result"}


def test_a_person_texts_in(vendor: Callable[..., Vendor]) -> None:
    here = vendor()
    here.send("Reply Y")
    here.hooks.wait(2)
    answer = here.client.post(f"/phones/+{PHONE}/texts", json={"text": "Tá, Y"})
    assert answer.status_code == 202
    _, said = here.hooks.wait(3)[2]
    assert said.items() >= {
        "SMS-From": PHONE,
        "SMS-To": "353879999999",
        "SMS-Content": "Tá, Y",
        "SMS-NotifyId": KEY,
        "SMS-Keyphrase": "TÁ,",
    }.items()
    until(lambda: here.gateway.phones.thread(PHONE)[1].status, lambda status: status == "taken")


def test_a_person_opts_out_at_the_short_code(vendor: Callable[..., Vendor]) -> None:
    here = vendor()
    here.client.post(f"/phones/{PHONE}/texts", json={"text": "STOP", "to": "50123"})
    _, said = here.hooks.wait(1)[0]
    assert (said["SMS-To"], said["SMS-Content"], said["SMS-NotifyId"]) == ("50123", "STOP", "")


def test_texts_that_cannot_be(vendor: Callable[..., Vendor]) -> None:
    here = vendor()
    for number, body in (
        ("1", {"text": "Y"}),
        ("x", {"text": "Y"}),
        (PHONE, {}),
        (PHONE, []),
        (PHONE, {"text": 1}),
        (PHONE, {"text": "Y", "to": "353870000000"}),
    ):
        answer = here.client.post(f"/phones/{number}/texts", json=body)
        assert answer.status_code == 400
        assert "POST" in answer.json()["error"]


def test_a_webhook_that_nobody_takes_is_given_up_and_shown(vendor: Callable[..., Vendor]) -> None:
    here = vendor(status=500)
    here.client.post(f"/phones/{PHONE}/texts", json={"text": "Y"})
    until(lambda: here.gateway.phones.thread(PHONE)[0].status, lambda status: status == "lost")
    assert len(here.hooks.came) == 3
    assert here.gateway.webhooks_given_up == 1


def test_patients_answer_by_themselves(vendor: Callable[..., Vendor]) -> None:
    def eager(*_: object) -> list[tuple[float, str]]:
        return [(3.0, "Y"), (6.0, "yes")]

    here = vendor(replace(CALM, patient_speed=200.0), persona=eager)
    here.send()
    replies = {said["SMS-Content"] for kind, said in here.hooks.wait(4) if kind == "inbound"}
    assert replies == {"Y", "yes"}  # each is a request of its own: one may overtake the other on its way
    assert [text.text for text in here.gateway.phones.thread(PHONE)[1:]] == ["Y", "yes"]


def test_events_show_every_text_and_every_change(vendor: Callable[..., Vendor]) -> None:
    here = vendor()
    seen = []
    with here.client.stream("GET", "/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = events.iter_lines()
        assert next(lines) == ": watching"
        sender = threading.Thread(target=here.send, args=("Hello",))
        sender.start()
        for line in lines:
            if line.startswith("data: "):
                seen.append(orjson.loads(line[6:]))
            if len(seen) == 2:
                break
        sender.join()
    assert [(each["phone"], each["text"], each["status"]) for each in seen] == [
        (PHONE, "Hello", "sent"),
        (PHONE, "Hello", "delivered"),
    ]


def test_watching_ends_when_the_gateway_closes_or_the_watcher_sleeps() -> None:
    async def scene() -> None:
        phones = Phones()
        with phones.watch() as patient, phones.watch() as asleep:
            for number in range(BACKLOG + 1):
                phones.add(PHONE, Text(number, "hospital", "Hello", datetime.now(UTC), "sent", "HOSPITAL"))
                assert await patient.get() is not None
            assert [await asleep.get() is None for _ in range(BACKLOG + 1)] == [False] * BACKLOG + [True]
            phones.close()
            assert await patient.get() is None

    asyncio.run(scene())


def test_pages_of_another_origin_only_where_allowed(vendor: Callable[..., Vendor]) -> None:
    page = {"origin": "http://127.0.0.1:8000"}
    assert "access-control-allow-origin" not in vendor().client.get("/phones", headers=page).headers
    allowed = vendor(page_origins=("http://127.0.0.1:8000",)).client.get("/phones", headers=page)
    assert allowed.headers["access-control-allow-origin"] == "http://127.0.0.1:8000"
