"""The client against a server on loopback that answers by script, byte for byte where it must."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import orjson
import pytest

from adapters.gateways.phonovation import Phonovation, PhonovationSettings
from conversations.ports import OutboundText, SendResult, SendStatus

FIXTURES = Path(__file__).parent / "fixtures"
TEXT = OutboundText(
    "0123456789abcdef0123456789abcdef",
    "+353871234567",
    "Reminder: Your appointment with Dr Ní Bhriain is on June 20.",
    datetime(2026, 6, 20, tzinfo=UTC),
)
PASSWORD = "a-password-nobody-may-see"

Answer = bytes | None  # None: close the connection without a word
Answers = list[Answer | Callable[[], Awaitable[Answer]]]


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}", "connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def fixture(name: str) -> bytes:
    return http(200, (FIXTURES / name).read_bytes())


@dataclass
class Script:
    """A server that answers each path by its list, the last answer again and again, and keeps what it was asked."""

    answers: dict[str, Answers]
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def count(self, path: str) -> int:
        return sum(asked[0] == path for asked in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) if ": " in line else ("", "") for line in lines)
            bearer = next((line.split(" ", 2)[2] for line in lines if line.lower().startswith("authorization")), "")
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            path = first.split()[1]
            self.asked.append((path, headers | {"bearer": bearer}, body))
            answers = self.answers[path]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if callable(answer):
                answer = await answer()
            if answer is not None:
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@dataclass
class Watch:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


Account = Callable[..., AbstractAsyncContextManager[tuple[Phonovation, Script]]]


@pytest.fixture
def account(loopback_only: Callable[[], httpx.AsyncBaseTransport]) -> Account:
    """An account and the server behind it: answers to sends, answers to logins, the account's clock, settings."""

    @asynccontextmanager
    async def open_account(
        send: Answers | None = None,
        token: Answers | None = None,
        watch: Watch | None = None,
        **changes: object,
    ) -> AsyncIterator[tuple[Phonovation, Script]]:
        script = Script(
            {
                "/token": token or [fixture("token.json")],
                "/api/v2/Campaign": send or [fixture("campaign-accepted.json")],
                "/health": [http(200, b"Healthy")],
            }
        )
        server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        gateway = Phonovation(
            replace(settings(url), **changes),  # type: ignore[arg-type]
            transport=loopback_only(),
            monotonic=watch or Watch(),
        )
        try:
            yield gateway, script
        finally:
            await gateway.close()
            server.close()
            await server.wait_closed()

    return open_account


def settings(url: str) -> PhonovationSettings:
    return PhonovationSettings(
        username="hospital",
        password=PASSWORD,
        sender="HOSPITAL",
        webhook_secrets=("path-secret-of-the-hospital-1",),
        verify_secrets=("client-secret",),
        auth_url=url,
        api_url=url + "/",
    )


def a_token(value: str, **more: object) -> bytes:
    return http(200, orjson.dumps({"access_token": value, "token_type": "Bearer", "expires_in": 120} | more))


async def never() -> Answer:
    await asyncio.sleep(3600)
    raise AssertionError("nobody waits that long")


def test_send(account: Account) -> None:
    async def scene() -> None:
        async with account() as (gateway, script):
            assert await gateway.send(TEXT) == SendResult(SendStatus.ACCEPTED)
            (_, _, login), (_, headers, body) = script.asked
            assert dict(parse_qsl(login.decode())) == {
                "grant_type": "password",
                "client_id": "ismstoken",
                "username": "hospital",
                "password": PASSWORD,
            }
            assert headers["bearer"] == "eyJhbGciOiJub25lIn0.e30."
            assert headers["content-type"] == "application/json"
            assert orjson.loads(body) == {
                "text": TEXT.text,
                "from": "HOSPITAL",
                "recipientInfo": [{"msisdn": "353871234567", "notifyId": TEXT.key}],
            }

    asyncio.run(scene())


def test_a_clinic_with_a_sender_of_its_own_texts_from_it(account: Account) -> None:
    async def scene() -> None:
        async with account(senders={"EYE": "EYECLINIC"}) as (gateway, script):
            for clinic in ("EYE", "ENT"):
                assert await gateway.send(replace(TEXT, clinic=clinic)) == SendResult(SendStatus.ACCEPTED)
            assert [orjson.loads(asked[2])["from"] for asked in script.asked[1:]] == ["EYECLINIC", "HOSPITAL"]
            assert gateway.sender("EYE") == "EYECLINIC"

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (replace(TEXT, to="0871234567"), "bad_number"),
        (replace(TEXT, to="353871234567"), "bad_number"),
        (replace(TEXT, to="+50123"), "bad_number"),
        (replace(TEXT, to=""), "bad_number"),
        (replace(TEXT, key="order-001"), "bad_key"),
        (replace(TEXT, text="\ud83d"), "bad_text"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_asking(account: Account, text: OutboundText, code: str) -> None:
    async def scene() -> None:
        async with account() as (gateway, script):
            result = await gateway.send(text)
            assert (result.status, result.code) == (SendStatus.REFUSED, code)
            assert script.asked == []

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("answer", "status", "code", "retry_after"),
    [
        (fixture("campaign-bad-sender.json"), SendStatus.HALTED, "sender_invalid", None),
        (fixture("campaign-bad-number.json"), SendStatus.REFUSED, "bad_number", None),
        (http(400, b'{"success":false,"errors":["No credits available"]}'), SendStatus.HALTED, "no_credit", None),
        (http(200, b'{"success":false,"message":"No, Mary","errors":null}'), SendStatus.REFUSED, "unrecognised", None),
        (http(429, b"", "retry-after: 17"), SendStatus.RETRY, "http_429", 17.0),
        (http(429, b"", "retry-after: 99999999"), SendStatus.RETRY, "http_429", 3600.0),
        (http(429, b"", "retry-after: -1"), SendStatus.RETRY, "http_429", None),
        (http(429, b"", "retry-after: soon"), SendStatus.RETRY, "http_429", None),
        (http(503, b"", "retry-after: Thu, 01 Jan 2026 00:00:00 GMT"), SendStatus.RETRY, "http_503", 0.0),
        (http(500, b"<html>"), SendStatus.RETRY, "http_500", None),
        (http(500, b'{"success":false}'), SendStatus.RETRY, "http_500", None),
        (http(504), SendStatus.UNKNOWN, "http_504", None),
        (http(403), SendStatus.HALTED, "http_403", None),
        (http(404), SendStatus.HALTED, "http_404", None),
        (http(302, b"", "location: http://198.51.100.7/"), SendStatus.HALTED, "http_302", None),
        (http(422), SendStatus.REFUSED, "http_422", None),
        (http(200), SendStatus.UNKNOWN, "unreadable", None),
        (http(200, b"[true]"), SendStatus.UNKNOWN, "unreadable", None),
        (http(200, b'{"success":"true"}'), SendStatus.UNKNOWN, "unreadable", None),
        (http(200, b'{"success":true,"x":"' + b"x" * 70_000 + b'"}'), SendStatus.UNKNOWN, "unreadable", None),
        (http(200, b"\x1f\x8b\x08", "content-encoding: gzip"), SendStatus.UNKNOWN, "unreadable", None),
        (None, SendStatus.UNKNOWN, "no_answer", None),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", SendStatus.UNKNOWN, "no_answer", None),
        (b"220 smtp.example ready\r\n", SendStatus.UNKNOWN, "no_answer", None),
    ],
)
def test_answers(
    account: Account, answer: Answer, status: SendStatus, code: str, retry_after: float | None
) -> None:
    async def scene() -> None:
        async with account([answer]) as (gateway, script):
            result = await gateway.send(TEXT)
            assert (result.status, result.code, result.retry_after) == (status, code, retry_after)
            assert result.reason
            assert "Mary" not in result.reason
            assert script.count("/api/v2/Campaign") == 1

    asyncio.run(scene())


def test_retry_after_as_a_date_to_come(account: Account) -> None:
    async def scene() -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
        async with account([http(503, b"", f"retry-after: {date}")]) as (gateway, _):
            result = await gateway.send(TEXT)
            assert result.retry_after == pytest.approx(600, abs=60)

    asyncio.run(scene())


def test_nobody_there(account: Account) -> None:
    async def scene() -> None:
        nowhere = "http://127.0.0.1:9"  # the discard port: nobody listens
        async with account(auth_url=nowhere, api_url=nowhere) as (gateway, _):
            result = await gateway.send(TEXT)
            assert (result.status, result.code) == (SendStatus.RETRY, "login_no_answer")
            assert await gateway.healthy() is False
        async with account() as (gateway, _):
            assert await gateway.healthy() is True

    asyncio.run(scene())


def test_api_gone_while_the_login_stands(account: Account) -> None:
    async def scene() -> None:
        async with account(api_url="http://127.0.0.1:9") as (gateway, _):
            result = await gateway.send(TEXT)
            assert (result.status, result.code) == (SendStatus.RETRY, "no_connection")

    asyncio.run(scene())


def test_silence_after_the_request_was_written_is_unknown(account: Account) -> None:
    async def scene() -> None:
        async with account([never], answer_seconds=0.1) as (gateway, script):
            result = await gateway.send(TEXT)
            assert (result.status, result.code) == (SendStatus.UNKNOWN, "no_answer")
            assert script.count("/api/v2/Campaign") == 1

    asyncio.run(scene())


def test_silence_of_the_login_can_be_tried_again(account: Account) -> None:
    async def scene() -> None:
        async with account(token=[never], answer_seconds=0.1) as (gateway, script):
            result = await gateway.send(TEXT)
            assert (result.status, result.code) == (SendStatus.RETRY, "login_no_answer")
            assert script.count("/api/v2/Campaign") == 0

    asyncio.run(scene())


# ---- tokens


def test_one_token_serves_until_three_quarters_of_its_life(account: Account) -> None:
    async def scene() -> None:
        watch = Watch()
        tokens = [a_token("first"), a_token("second", expires_in="60"), a_token("third")]
        async with account(token=tokens, watch=watch) as (gateway, script):
            for later in (0.0, 89.0, 2.0, 43.0, 3.0):
                watch.now += later
                assert (await gateway.send(TEXT)).status is SendStatus.ACCEPTED
            bearers = [asked[1]["bearer"] for asked in script.asked if asked[0] != "/token"]
            assert bearers == ["first", "first", "second", "second", "third"]

    asyncio.run(scene())


def test_many_senders_share_one_renewal(account: Account) -> None:
    async def scene() -> None:
        async with account() as (gateway, script):
            results = await asyncio.gather(*(gateway.send(TEXT) for _ in range(20)))
            assert {result.status for result in results} == {SendStatus.ACCEPTED}
            assert script.count("/token") == 1

    asyncio.run(scene())


def test_a_sender_that_is_cancelled_leaves_the_others_their_token(account: Account) -> None:
    async def scene() -> None:
        release = asyncio.Event()

        async def late() -> Answer:
            await release.wait()
            return a_token("first")

        async with account(token=[late]) as (gateway, script):
            first, second = (asyncio.create_task(gateway.send(TEXT)) for _ in range(2))
            while not script.asked:
                await asyncio.sleep(0.001)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            release.set()
            assert (await second).status is SendStatus.ACCEPTED
            assert script.count("/token") == 1

    asyncio.run(scene())


def test_a_refused_token_is_replaced_once(account: Account) -> None:
    async def scene() -> None:
        tokens, answers = [a_token("first"), a_token("second")], [http(401), fixture("campaign-accepted.json")]
        async with account(answers, tokens) as (gateway, script):
            assert (await gateway.send(TEXT)).status is SendStatus.ACCEPTED
            assert [asked[1]["bearer"] for asked in script.asked] == ["", "first", "", "second"]

    asyncio.run(scene())


def test_tokens_refused_again_and_again_halt_the_account(account: Account) -> None:
    async def scene() -> None:
        tokens = [a_token("first"), a_token("second"), a_token("third")]
        async with account([http(401)], tokens) as (gateway, script):
            result = await gateway.send(TEXT)
            assert (result.status, result.code) == (SendStatus.HALTED, "token_refused")
            assert (script.count("/token"), script.count("/api/v2/Campaign")) == (2, 2)

    asyncio.run(scene())


def test_many_refusals_of_one_token_ask_for_one_new_token(account: Account) -> None:
    async def scene() -> None:
        barrier = asyncio.Barrier(5)

        async def refuse() -> Answer:
            await barrier.wait()
            return http(401)

        answers = [*[refuse] * 5, fixture("campaign-accepted.json")]
        async with account(answers, [a_token("first"), a_token("second"), a_token("third")]) as (gateway, script):
            results = await asyncio.gather(*(gateway.send(TEXT) for _ in range(5)))
            assert {result.status for result in results} == {SendStatus.ACCEPTED}
            assert script.count("/token") == 2

    asyncio.run(scene())


@pytest.mark.parametrize("answer", [http(503), None, http(200, b"{}")])
def test_the_old_token_serves_while_the_login_is_down(account: Account, answer: Answer) -> None:
    async def scene() -> None:
        watch = Watch()
        async with account(token=[a_token("first"), answer], watch=watch) as (gateway, script):
            await gateway.send(TEXT)
            watch.now += 100
            for _ in range(3):
                assert (await gateway.send(TEXT)).status is SendStatus.ACCEPTED
            assert script.count("/token") == 2  # not asked again for each text
            watch.now += 30
            assert (await gateway.send(TEXT)).status is SendStatus.RETRY

    asyncio.run(scene())


def test_a_refused_token_is_forgotten_although_the_login_is_down(account: Account) -> None:
    async def scene() -> None:
        async with account([http(401)], [a_token("first"), http(503)]) as (gateway, script):
            for _ in range(2):
                assert (await gateway.send(TEXT)).status is SendStatus.RETRY
            assert script.count("/api/v2/Campaign") == 1

    asyncio.run(scene())


def test_a_token_refused_while_the_login_goes_down_is_not_used_again(account: Account) -> None:
    async def scene() -> None:
        watch, refusing, login = Watch(), asyncio.Event(), asyncio.Event()

        async def refuse() -> Answer:
            await refusing.wait()
            return http(401)

        async def down() -> Answer:
            await login.wait()
            return http(503)

        accepted = fixture("campaign-accepted.json")
        async with account([accepted, refuse, accepted], [a_token("first"), down], watch) as (gateway, script):
            await gateway.send(TEXT)
            early = asyncio.create_task(gateway.send(TEXT))
            while script.count("/api/v2/Campaign") < 2:
                await asyncio.sleep(0.001)
            watch.now += 95
            late = asyncio.create_task(gateway.send(TEXT))
            while script.count("/token") < 2:
                await asyncio.sleep(0.001)
            refusing.set()
            await asyncio.sleep(0.05)  # the early one now waits for the renewal that the late one began
            login.set()
            assert (await early).status is SendStatus.RETRY
            assert (await late).status is SendStatus.ACCEPTED
            assert script.count("/api/v2/Campaign") == 3

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (http(400, b'{"error":"invalid_grant"}'), SendStatus.HALTED, "login_refused"),
        (http(401), SendStatus.HALTED, "login_refused"),
        (http(404), SendStatus.HALTED, "login_failed"),
        (http(429, b"", "retry-after: 9"), SendStatus.RETRY, "login_failed"),
        (http(500), SendStatus.RETRY, "login_failed"),
        (http(200, b"nonsense"), SendStatus.RETRY, "login_failed"),
        (http(200, b'{"access_token": "two\\r\\nlines", "expires_in": 120}'), SendStatus.RETRY, "login_failed"),
        (http(200, b'{"access_token": ""}'), SendStatus.RETRY, "login_failed"),
    ],
)
def test_a_login_without_a_token(account: Account, answer: Answer, status: SendStatus, code: str) -> None:
    async def scene() -> None:
        async with account(token=[answer]) as (gateway, script):
            result = await gateway.send(TEXT)
            assert (result.status, result.code) == (status, code)
            assert script.count("/api/v2/Campaign") == 0

    asyncio.run(scene())


@pytest.mark.parametrize("life", [None, 0, -5, "soon", [], float("1e300")])
def test_a_token_of_no_sensible_life_is_used_all_the_same(account: Account, life: object) -> None:
    async def scene() -> None:
        async with account(token=[a_token("first", expires_in=life)]) as (gateway, script):
            for _ in range(2):
                assert (await gateway.send(TEXT)).status is SendStatus.ACCEPTED
            assert script.count("/token") == 1

    asyncio.run(scene())


# ---- what must not get out


def test_nothing_personal_and_no_secret_in_logs(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def scene() -> None:
        answers = [http(401), fixture("campaign-bad-number.json"), http(500), None, fixture("campaign-accepted.json")]
        async with account(answers, [a_token("secret-token-1"), a_token("secret-token-2")]) as (gateway, _):
            for _ in range(5):
                await gateway.send(TEXT)
            await gateway.send(replace(TEXT, to="not 353871234567"))

    asyncio.run(scene())
    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "did not take a text" in logged
    for secret in ("871234567", "Bhriain", "Reminder", "appointment", PASSWORD, "secret-token"):
        assert secret not in logged


def test_settings_show_no_secret() -> None:
    shown = repr(settings("http://127.0.0.1:1"))
    assert "HOSPITAL" in shown
    for secret in (PASSWORD, "client-secret", "path-secret"):
        assert secret not in shown


def test_tests_reach_this_machine_only(account: Account) -> None:
    async def scene() -> None:
        async with account(auth_url="https://auth.interactsms.com") as (gateway, _):
            with pytest.raises(AssertionError, match=r"reached out to auth\.interactsms\.com"):
                await gateway.send(TEXT)

    asyncio.run(scene())
