"""Rubbish in, through the real application: clear errors, nothing lost, no 500, and nothing of a patient in any log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from adapters.config import Access
from adapters.gateways.phonovation.settings import PhonovationSettings
from adapters.gateways.phonovation.webhooks import Webhooks
from adapters.gateways.simulator import webhooks
from adapters.web.app import make_app
from conversations import schema
from conversations.ports import Inbound, WebhookRequest
from tests.conversations.clinic import ANN, BEN, HOSPITAL, MONDAY, Carrier, Clinic, open_clinic
from tests.stores import store

pytestmark = pytest.mark.trial

ACCESS = Access(api_key="the-key-of-the-api", webhook_secret="")
PATH, SECRET = "a-long-and-random-part-of-the-path", "what-the-vendor-signs-with"
FORM = {"content-type": "application/x-www-form-urlencoded"}
KINDS = ("inbound", "receipt", "result")
# What no log may hold, in any spelling.
PERSONAL = ("871111111", "872222222", "Gobnait", "Uí Chonaill", "zebra crossing", "1958-07-01", "NHS-774411")


class Signed(Carrier):
    """Sends nothing anywhere and reads webhooks as the real gateway does."""

    name = "phonovation"
    _webhooks = Webhooks(
        PhonovationSettings(
            username="user", password="password", sender="Hospital", webhook_secrets=(PATH,), verify_secrets=(SECRET,)
        )
    )

    def read_webhook(self, request: WebhookRequest) -> Sequence[Inbound]:
        return self._webhooks.read(request)


class Door:
    """The application, asked from outside. It raises nothing and answers 500 to nothing."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self._app: Starlette = make_app(clinic.house, access=ACCESS, gateways={"phonovation": clinic.carrier})

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url="http://freagra") as client:
                return await client.request(method, path, **given)

        answer = self.clinic.run(call())
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            error = answer.json()["error"]
            assert error["code"]
            assert len(error["message"]) > 10
        return answer

    def hook(self, kind: str, body: bytes, *, secret: str = PATH, headers: Mapping[str, str] = FORM) -> httpx.Response:
        return self.ask("POST", f"/hooks/phonovation/{secret}/{kind}", content=body, headers=headers)

    def text(self, phone: str, words: str, secret: str = SECRET) -> httpx.Response:
        at = self.clinic.clock.now()
        return self.hook("inbound", webhooks.inbound(phone.lstrip("+"), words, to=HOSPITAL.lstrip("+"), at=at, secret=secret))

    def put(self, body: Any, id: str = "X1") -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {ACCESS.api_key}", "content-type": "application/json"}
        return self.ask("PUT", f"/api/v1/appointments/{id}", content=content, headers=headers)


@pytest.fixture
def door(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Door]:
    caplog.set_level(logging.DEBUG, logger="freagra")
    with open_clinic(tmp_path, carrier=Signed) as clinic:
        clinic.invite(number="NHS-774411", first_name="Gobnait")
        clinic.deliver()
        yield Door(clinic)
        clinic.settle()
        clinic.assert_sound()
    said = [*caplog.get_records("setup"), *caplog.get_records("call"), *caplog.get_records("teardown")]
    assert {record.name.partition(".")[0] for record in said} <= {"freagra", "transitions", "asyncio", "httpx", "uvicorn"}
    written = "\n".join(logging.Formatter().format(record) for record in said)
    for each in PERSONAL:
        assert each not in written


def replies(door: Door) -> list[str]:
    door.clinic.settle()
    return door.clinic.outcomes()


# ---- webhooks --------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(KINDS), body=st.binary(max_size=400))
def test_any_bytes_at_all(door: Door, kind: str, body: bytes) -> None:
    assert door.hook(kind, body).status_code in (400, 401, 413)


_NAMES = st.sampled_from(
    ["SMS-Type", "SMS-From", "SMS-To", "SMS-Content", "SMS-Verify", "SMS-NotifyId", "SMS-Success", "SMS-TimeStamp", "x"]
)
_VALUES = st.one_of(st.text(max_size=20), st.sampled_from(["AuthCode", "Notification", "True", "0" * 32, "353871111111"]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(KINDS), fields=st.lists(st.tuples(_NAMES, _VALUES), max_size=10))
def test_any_form_at_all(door: Door, kind: str, fields: list[tuple[str, str]]) -> None:
    body = urlencode(fields, errors="surrogatepass").encode()
    assert door.hook(kind, body).status_code in (400, 401)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_RESULT = st.fixed_dictionaries(
    {},
    optional={
        "Status": st.sampled_from(["MESSAGE_SUCCESS", "MESSAGE_ERROR", "CAMPAIGN_ERROR"]) | _JSON,
        "NotifyId": st.just("0" * 32) | _JSON,
        "Message": _JSON,
        "FinishedAt": st.just("2026-03-02T10:00:00Z") | _JSON,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=_RESULT | _JSON)
def test_any_result_at_all(door: Door, said: Any) -> None:
    assert door.hook("result", json.dumps(said).encode()).status_code in (200, 400)
    door.clinic.settle()
    assert "failed" not in door.clinic.outcomes("receipt")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"/hooks/phonovation/{PATH}x/inbound", 404),
        ("POST", f"/hooks/phonovation/{PATH}/unheard-of", 404),
        ("POST", f"/hooks/nobody/{PATH}/inbound", 404),
        ("POST", f"/hooks/phonovation/{PATH}/inbound/", 404),
        ("POST", "/hooks", 404),
        ("GET", f"/hooks/phonovation/{PATH}/inbound", 405),
        ("POST", "/hooks/phonovation/%00/inbound", 404),
        ("POST", "/hooks/phonovation/%ED%A0%80/inbound", 404),
        ("POST", "/hooks/%ED%A0%80/x/inbound", 404),
        ("GET", "/", 404),
        ("GET", "/api/v1/appointments/A1", 401),
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/appointments/A1", 405),
    ],
)
def test_wrong_addresses(door: Door, method: str, path: str, status: int) -> None:
    assert door.ask(method, path, content=b"").status_code == status


def test_a_wrong_signature_is_told_and_nothing_is_taken(door: Door) -> None:
    assert door.text(ANN, "Y zebra crossing", secret="somebody else").status_code == 401
    assert replies(door) == []


def test_a_huge_body_is_refused_before_it_is_read(door: Door) -> None:
    assert door.hook("inbound", b"x" * 70_000).status_code == 413
    assert door.hook("inbound", b"x", headers={**FORM, "content-length": "99999999999999999999999"}).status_code == 413

    async def endless() -> Any:
        for _ in range(10_000):
            yield b"x" * 1_000

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(door._app), base_url="http://freagra") as client:
            return await client.post(f"/hooks/phonovation/{PATH}/inbound", content=endless())

    assert door.clinic.run(call()).status_code == 413


@pytest.mark.parametrize(
    "words",
    [
        "",
        " ",
        "\x00",
        "Y\x00",
        "zebra crossing \x00\x01\x1b[2J",
        "zebra crossing " * 140,
        "👍" * 500,
        "\u202e\u200b\ufeff",
        "e\u0301" * 1_000,
        "' OR 1=1; DROP TABLE inbox; --",
        "<script>alert(1)</script>",
        "{guess} {clinician} %s %(x)s ${x}",
        "Y" * 2_000,
        "\ufffd\uffff",
        "ﷺ" * 300,
    ],
)
def test_strange_replies_are_taken_and_have_an_outcome(door: Door, words: str) -> None:
    assert door.text(ANN, words).status_code == 200
    (outcome,) = replies(door)
    assert outcome.partition(":")[0] in ("acted", "asked", "handed", "noted")
    assert "fault" not in door.clinic.tasks()
    assert door.clinic.settled() != {}


def test_half_a_character_is_taken_too(door: Door) -> None:
    """A surrogate on its own, as a sender that cuts an emoji in two writes it."""
    fields = dict(
        pair.split(b"=", 1)
        for pair in webhooks.inbound("353871111111", "?", to="353879999999", at=MONDAY, secret=SECRET).split(b"&")
    )
    for half in (b"%ED%A0%BD", b"%FF%FE", b"Y%ED%B0%80"):
        body = b"&".join(name + b"=" + (half if name == b"SMS-Content" else value) for name, value in fields.items())
        assert door.hook("inbound", body).status_code in (200, 400, 401)
    door.clinic.settle()
    assert "fault" not in door.clinic.tasks()


@given(words=st.text(max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_at_all_end_in_one_outcome(door: Door, words: str) -> None:
    before = len(door.clinic.settled())
    door.clinic.wait(minutes=1)
    assert door.text(ANN, words).status_code == 200
    door.clinic.settle()
    assert len(door.clinic.settled()) == before + 1


def test_a_number_that_is_nobodys(door: Door) -> None:
    assert door.text(BEN, "who is this? zebra crossing").status_code == 200
    assert replies(door) == ["handed: the number is not known"]
    assert door.clinic.tasks() == ["question"]


def test_what_cannot_be_worked_tells_the_log_nothing_of_the_patient(door: Door) -> None:
    door.clinic.house.writer.submit(lambda held: store().refusing(held, "transcript", "NEW.seq > 0")).result()
    assert door.text(ANN, "zebra crossing").status_code == 200
    door.clinic.wait(minutes=5)
    assert door.clinic.outcomes() == ["failed"]
    assert door.clinic.tasks() == ["fault"]


def test_a_store_that_is_away_says_so_and_asks_for_it_again(door: Door) -> None:
    door.clinic.house.writer.close()
    answer = door.clinic.run(_asked(door))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def _asked(door: Door) -> httpx.Response:
    body = webhooks.inbound("353871111111", "zebra crossing", to="353879999999", at=MONDAY, secret=SECRET)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door._app), base_url="http://freagra") as client:
        return await client.post(f"/hooks/phonovation/{PATH}/inbound", content=body, headers=FORM)


# ---- the API ---------------------------------------------------------------------------------------------------------

WHOLE: dict[str, Any] = {
    "start": "2026-03-12T10:00:00+00:00", "status": "booked", "clinic": "EYE", "clinician": "Dr Nora Byrne",
    "patient": {
        "id": "NHS-774411", "first_name": "Gobnait", "last_name": "Uí Chonaill", "mobile": "087 222 2222",
        "date_of_birth": "1958-07-01",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"zebra crossing"',
        b"\xff\xfe",
        b'{"start": "\\ud800"}',
        b'{"a":' * 5_000,
        orjson.dumps({**WHOLE, "start": "zebra crossing"}),
        orjson.dumps({**WHOLE, "start": None}),
        orjson.dumps({**WHOLE, "status": "zebra crossing"}),
        orjson.dumps({**WHOLE, "patient": "Gobnait"}),
        orjson.dumps({**WHOLE, "patient": {**WHOLE["patient"], "mobile": "zebra crossing"}}),
        orjson.dumps({**WHOLE, "clinician": 17}),
        orjson.dumps({**WHOLE, "clinic": "x" * 60_000}),
        orjson.dumps({**WHOLE, "start": "9999-12-31T23:59:59-14:00"}),
        orjson.dumps({**WHOLE, "start": "0001-01-01T00:00:00+14:00"}),
        orjson.dumps({**WHOLE, "clinician": "Dr \x00 \x1b[2J"}),
        orjson.dumps({**WHOLE, "clinician": "{guess} {clinician}"}),
        orjson.dumps({**WHOLE, "clinician": ""}),
        orjson.dumps({**WHOLE, "changed_at": "3026-01-01T00:00:00Z"}),
        b"x" * 70_000,
    ],
)
def test_appointments_of_every_wrong_kind(door: Door, body: bytes) -> None:
    answer = door.put(body)
    assert answer.status_code in (202, 400, 413, 422)
    assert "Gobnait" not in answer.text
    assert "zebra" not in answer.text or answer.status_code != 202
    door.clinic.wait(hours=1)
    assert "fault" not in door.clinic.tasks()
    assert len(door.clinic.outcomes("appointment")) == (2 if answer.status_code == 202 else 1)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(st.sampled_from([*WHOLE, "type", "revision", "changed_at", "place", "x"]), _JSON, max_size=3),
    person=st.dictionaries(st.sampled_from([*WHOLE["patient"], "language", "deceased", "y"]), _JSON, max_size=3),
    id=st.text(min_size=1, max_size=12),
)
def test_what_the_api_takes_can_be_worked(door: Door, changes: dict[str, Any], person: dict[str, Any], id: str) -> None:
    body = {**WHOLE, "patient": {**WHOLE["patient"], **person}, **changes}
    quoted = str(httpx.URL("http://x").copy_with(params={"q": id})).partition("q=")[2]
    answer = door.put(body, quoted or "X")
    assert answer.status_code in (202, 400, 404, 405, 422)
    door.clinic.settle()
    rows = door.clinic.rows(sa.select(schema.inbox.c.status).where(schema.inbox.c.status != "done"))
    assert rows == []


def test_lines_that_are_broken_among_lines_that_are_not(door: Door) -> None:
    lines = [
        orjson.dumps({"id": "L1", **WHOLE}),
        b"{zebra crossing",
        orjson.dumps({"id": "L2", **WHOLE, "start": "never"}),
        b"17",
        orjson.dumps({"id": "L3", **WHOLE}),
        b"\xed\xa0\x80",
    ]
    headers = {"authorization": f"Bearer {ACCESS.api_key}", "content-type": "application/x-ndjson"}
    answer = door.ask("POST", "/api/v1/appointments/bulk", content=b"\n".join(lines), headers=headers)
    assert answer.status_code == 202
    assert [each["taken"] for each in answer.json()["results"]] == [True, False, False, False, True, False]
    assert "zebra" not in answer.text
    assert "never" not in answer.text
    door.clinic.settle()
    assert len(door.clinic.outcomes("appointment")) == 3


def test_without_a_key_nothing_is_said_and_nothing_taken(door: Door) -> None:
    for key in ("", "Bearer", "Bearer wrong", "Basic " + ACCESS.api_key, "Bearer \udcff", "Bearer " + "x" * 5_000):
        headers = {"authorization": key.encode("utf-8", "surrogateescape"), "content-type": "application/json"}
        answer = door.ask("PUT", "/api/v1/appointments/X1", content=orjson.dumps(WHOLE), headers=headers)
        assert answer.status_code == 401
    assert len(door.clinic.outcomes("appointment")) == 1
