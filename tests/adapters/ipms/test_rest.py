from __future__ import annotations

import asyncio
import base64
import hmac
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ipms.none import NoPatientSystem
from adapters.ipms.records import to_payload
from adapters.ipms.rest.client import RestPatientSystem, RestSettings
from adapters.ipms.rest.signing import BadSignature, content, read_secret, sign, verify
from conversations.ports import (
    AppointmentRecord,
    AppointmentWrite,
    MessageRecord,
    PatientRecord,
    PatientSystemAway,
    WriteResult,
    WriteStatus,
)

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
NOW = datetime(2026, 6, 10, 9, 15, tzinfo=UTC)
RECORD = AppointmentRecord(
    id="A/1", patient=PatientRecord("H1", "Gobnait"), start=datetime(2026, 6, 20, 9, 0, tzinfo=UTC), status="booked",
    clinic="EYE", revision="8",
)  # fmt: skip
WRITE = AppointmentWrite(
    key="k1", appointment="A/1", action="request_reschedule", revision="7", at=NOW, note="any Tuesday",
)
MESSAGE = MessageRecord("m1", "A/1", "out", "Reminder: Gobnait ...", "sent", NOW)


class Clock:
    def now(self) -> datetime:
        return NOW


class Ipms:
    """Answers each request with what it was told to, and keeps what it was sent."""

    def __init__(self, status: int = 204, body: Any = None, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.body = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        self.headers = headers or {}
        self.fault: Exception | None = None
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.fault is not None:
            raise self.fault
        return httpx.Response(self.status, content=self.body, headers=self.headers)


def ask(ipms: Ipms, question: Callable[[RestPatientSystem], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        configured = RestSettings(base_url="https://ipms.hospital.example/api/", secret=SECRET)
        system = RestPatientSystem(configured, Clock(), httpx.MockTransport(ipms))
        try:
            return await question(system)
        finally:
            await system.close()

    return asyncio.run(run())


def write(ipms: Ipms, what: AppointmentWrite = WRITE) -> WriteResult:
    result = ask(ipms, lambda system: system.write(what))
    assert isinstance(result, WriteResult)
    return result


class TestRequests:
    def test_a_write(self) -> None:
        ipms = Ipms()
        assert write(ipms).status is WriteStatus.DONE
        (request,) = ipms.requests
        assert (request.method, str(request.url)) == (
            "POST", "https://ipms.hospital.example/api/appointments/A%2F1/responses",
        )  # fmt: skip
        assert request.headers["idempotency-key"] == request.headers["webhook-id"] == "k1"
        assert request.headers["if-match"] == '"7"'
        assert request.headers["content-type"] == "application/json"
        assert orjson.loads(request.content) == {
            "key": "k1", "appointment": "A/1", "action": "request_reschedule", "revision": "7",
            "at": "2026-06-10T09:15:00+00:00", "note": "any Tuesday", "start": None, "preferences": None,
        }  # fmt: skip

    def test_a_message_and_its_later_status_are_two_requests(self) -> None:
        ipms = Ipms(201)
        ask(ipms, lambda system: system.record(MESSAGE))
        delivered = MessageRecord("m1", "A/1", "out", "Reminder", "delivered", NOW)
        assert ask(ipms, lambda system: system.record(delivered)) == WriteResult(WriteStatus.DONE)
        assert {str(request.url) for request in ipms.requests} == {"https://ipms.hospital.example/api/messages/m1"}
        assert [request.headers["webhook-id"] for request in ipms.requests] == ["m1.sent", "m1.delivered"]
        assert [orjson.loads(request.content)["status"] for request in ipms.requests] == ["sent", "delivered"]

    def test_every_request_is_signed(self) -> None:
        ipms = Ipms()
        write(ipms)
        ask(ipms, lambda system: system.record(MESSAGE))
        ask(ipms, lambda system: system.healthy())
        for request in ipms.requests:
            signed = content(request.method, request.url.raw_path.decode(), request.content)
            verify([read_secret(SECRET)], request.headers, signed, NOW)

    @pytest.mark.parametrize(
        ("revision", "tag"), [("7", '"7"'), ('W/"3"', 'W/"3"'), ('"a"', '"a"'), ("", None), ('a"b', None), ("é", None)]
    )
    def test_revisions_as_entity_tags(self, revision: str, tag: str | None) -> None:
        ipms = Ipms()
        write(ipms, AppointmentWrite("k", "A", "confirm", revision, NOW))
        assert ipms.requests[0].headers.get("if-match") == tag
        assert orjson.loads(ipms.requests[0].content)["revision"] == revision


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (200, WriteStatus.DONE), (201, WriteStatus.DONE), (204, WriteStatus.DONE),
            (409, WriteStatus.CONFLICT), (412, WriteStatus.CONFLICT),
            (400, WriteStatus.REFUSED), (404, WriteStatus.REFUSED), (410, WriteStatus.REFUSED),
            (422, WriteStatus.REFUSED),
            (401, WriteStatus.RETRY), (403, WriteStatus.RETRY), (408, WriteStatus.RETRY), (429, WriteStatus.RETRY),
            (500, WriteStatus.RETRY), (503, WriteStatus.RETRY), (302, WriteStatus.RETRY),
        ],
    )  # fmt: skip
    def test_statuses(self, status: int, expected: WriteStatus) -> None:
        result = write(Ipms(status, {"error": {"code": "not_today", "message": "Gobnait Tierney rang"}}))
        assert result.status is expected
        assert "Gobnait" not in result.reason
        if expected is not WriteStatus.DONE:
            assert result.code == "not_today"
            assert result.reason

    @pytest.mark.parametrize(
        "body", [None, b"<html>", [], {"error": "x"}, {"error": {"code": "Gobnait Tierney"}}, {"error": {"code": 7}}]
    )
    def test_a_code_that_is_none_is_the_status(self, body: Any) -> None:
        assert write(Ipms(422, body)).code == "http_422"

    def test_a_conflict_brings_the_present_version(self) -> None:
        assert write(Ipms(412, {"appointment": to_payload(RECORD)})).current == RECORD

    @pytest.mark.parametrize(
        "appointment", [None, "x", {}, {**to_payload(RECORD), "id": "A/2"}, {**to_payload(RECORD), "start": "soon"}]
    )
    def test_a_conflict_with_something_else(self, appointment: Any) -> None:
        result = write(Ipms(409, {"appointment": appointment}))
        assert (result.status, result.current) == (WriteStatus.CONFLICT, None)

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("30", 30.0), ("0", 0.0), ("999999", 3600.0), ("Wed, 10 Jun 2026 09:16:00 GMT", 60.0),
            ("Wed, 10 Jun 2026 09:00:00 GMT", 0.0), ("soon", None), ("-5", None), ("", None), ("9" * 5000, None),
            ("Mon, 01 Jan 99999999999 10:00:00 GMT", None),
        ],
    )  # fmt: skip
    def test_retry_after(self, value: str, seconds: float | None) -> None:
        assert write(Ipms(503, headers={"Retry-After": value})).retry_after == seconds

    @pytest.mark.parametrize(
        "fault", [httpx.ConnectError("no"), httpx.ReadTimeout("no"), httpx.RemoteProtocolError("no")]
    )
    def test_no_answer_is_tried_again(self, fault: Exception) -> None:
        ipms = Ipms()
        ipms.fault = fault
        assert write(ipms).status is WriteStatus.RETRY
        assert ask(ipms, lambda system: system.record(MESSAGE)).status is WriteStatus.RETRY
        assert ask(ipms, lambda system: system.healthy()) is False
        with pytest.raises(PatientSystemAway):
            ask(ipms, lambda system: system.read("A/1"))

    def test_an_endless_answer_is_no_answer(self) -> None:
        assert write(Ipms(200, b" " * 300_000)).status is WriteStatus.RETRY


class TestRead:
    def test_the_appointment_as_it_stands(self) -> None:
        ipms = Ipms(200, to_payload(RECORD))
        assert ask(ipms, lambda system: system.read("A/1")) == RECORD
        assert ipms.requests[0].url.raw_path == b"/api/appointments/A%2F1"

    @pytest.mark.parametrize("status", [404, 410])
    def test_there_is_none(self, status: int) -> None:
        assert ask(Ipms(status), lambda system: system.read("A/1")) is None

    @pytest.mark.parametrize(
        ("status", "body"),
        [(500, None), (401, None), (204, None), (200, b"<html>"), (200, {"id": "A/1"}),
         (200, {**to_payload(RECORD), "id": "A/2"})],
    )  # fmt: skip
    def test_an_answer_without_sense(self, status: int, body: Any) -> None:
        with pytest.raises(PatientSystemAway):
            ask(Ipms(status, body), lambda system: system.read("A/1"))


@settings(deadline=None)
@given(status=st.integers(200, 599), body=st.binary(max_size=60), retry=st.text(max_size=20))
def test_whatever_an_ipms_answers_a_write_has_a_result(status: int, body: bytes, retry: str) -> None:
    headers = {"Retry-After": retry.encode("ascii", "ignore").decode().replace("\n", "").replace("\r", "")}
    assert write(Ipms(status, body, headers)).status in WriteStatus


class TestSignatures:
    def test_the_standard(self) -> None:
        # standardwebhooks.com, specification 1.0, "Signature scheme".
        headers = sign(b"k" * 32, "msg_1", NOW, b'{"a": 1}')
        digest = hmac.digest(b"k" * 32, b'msg_1.%d.{"a": 1}' % NOW.timestamp(), "sha256")
        assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()

    def test_one_of_several_will_do(self) -> None:
        headers = sign(b"a" * 32, "1", NOW, b"x")
        headers["webhook-signature"] = "v2,zzz v1,AAAA " + headers["webhook-signature"]
        verify([b"b" * 32, b"a" * 32], headers, b"x", NOW)

    @pytest.mark.parametrize(
        ("change", "body", "at"),
        [
            ({}, b"y", NOW), ({}, b"x", NOW + timedelta(minutes=6)), ({}, b"x", NOW - timedelta(minutes=6)),
            ({"webhook-id": "2"}, b"x", NOW), ({"webhook-id": ""}, b"x", NOW),
            ({"webhook-timestamp": "now"}, b"x", NOW), ({"webhook-timestamp": "9" * 5000}, b"x", NOW),
            ({"webhook-signature": "v1,"}, b"x", NOW), ({"webhook-signature": "v1,\xff"}, b"x", NOW),
        ],
    )  # fmt: skip
    def test_all_else_is_refused(self, change: dict[str, str], body: bytes, at: datetime) -> None:
        headers = {**sign(b"k" * 32, "1", NOW, b"x"), **change}
        with pytest.raises(BadSignature):
            verify([b"k" * 32], headers, body, at)

    def test_a_get_is_good_for_its_address_only(self) -> None:
        headers = sign(b"k" * 32, "1", NOW, content("GET", "/appointments/A1", b""))
        verify([b"k" * 32], headers, content("GET", "/appointments/A1", b""), NOW)
        with pytest.raises(BadSignature):
            verify([b"k" * 32], headers, content("GET", "/appointments/A2", b""), NOW)


class TestSettings:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"base_url": "http://ipms.hospital.example"}, "https"), ({"base_url": "https://u:p@h.example"}, "https"),
            ({"base_url": "ftp://h"}, "https"), ({"base_url": "https://[::1"}, "https"),
            ({"secret": "geheim"}, "whsec_"), ({"secret": "whsec_AAAA"}, "24 to 64"), ({"secret": "whsec_!"}, "whsec_"),
            ({"answer_seconds": 0}, "more than 0"),
        ],
    )  # fmt: skip
    def test_faults_are_named_without_the_secret(self, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(ValueError, match=said) as fault:
            RestSettings(**{"base_url": "https://h.example", "secret": SECRET, **changes})
        assert "geheim" not in str(fault.value)

    def test_the_secret_is_not_shown(self) -> None:
        assert SECRET not in repr(RestSettings(base_url="http://127.0.0.1:8000/ipms", secret=SECRET))


def test_no_log_line_names_a_patient(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for status in (200, 401, 409, 422, 500):
        write(Ipms(status, {"error": {"code": "Gobnait"}, "appointment": {**to_payload(RECORD), "start": "Gobnait"}}))
        ask(Ipms(status), lambda system: system.record(MESSAGE))
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("freagra"))
    assert ours
    for secret in ("Gobnait", "any Tuesday", "H1", SECRET[6:]):
        assert secret not in ours


def test_without_an_ipms_staff_enter_by_hand() -> None:
    async def run() -> None:
        system = NoPatientSystem()
        assert (await system.write(WRITE)).status is WriteStatus.DONE
        assert "by hand" in (await system.record(MESSAGE)).reason
        assert await system.healthy()
        with pytest.raises(PatientSystemAway):
            await system.read("A/1")
        await system.close()

    asyncio.run(run())
