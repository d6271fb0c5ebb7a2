from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jsonschema
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from starlette.applications import Starlette

from adapters.web.api import MOST_ITEMS, ApiSettings, api, key_digest
from conversations.ports import AppointmentRecord
from conversations.writer import StoreAway

KEY = "a-long-random-api-key"
NEXT_KEY = "the-one-that-replaces-it"
WHOLE: dict[str, Any] = {
    "id": "A-1", "start": "2026-06-20T10:00:00+01:00", "status": "booked", "clinic": "EYE",
    "clinician": "Dr Nora Byrne",
    "patient": {"id": "H1", "first_name": "Gobnait", "mobile": "087 123 4567"},
}  # fmt: skip
ERROR = {
    "type": "object", "required": ["error"], "additionalProperties": False,
    "properties": {"error": {
        "type": "object", "required": ["code", "message", "problems"], "additionalProperties": False,
        "properties": {
            "code": {"type": "string", "pattern": "^[a-z_]+$"},
            "message": {"type": "string", "minLength": 1},
            "problems": {"type": "array", "items": {
                "type": "object", "required": ["where", "message"], "additionalProperties": False,
                "properties": {"where": {"type": "string"}, "message": {"type": "string", "minLength": 1}},
            }},
        },
    }},
}  # fmt: skip


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


class Inbox:
    """What the API hands on. `on_disk` is what was accepted; `away` makes the store refuse."""

    def __init__(self) -> None:
        self.on_disk: dict[str, AppointmentRecord] = {}
        self.sources: set[str] = set()
        self.away = False
        self.clock = Clock()

    async def accept(self, records: Sequence[AppointmentRecord], source: str, keys: Sequence[str]) -> list[str]:
        if self.away:
            raise StoreAway("the disk is full")
        words = ["seen" if key in self.on_disk else "taken" for key in keys]
        self.on_disk.update(zip(keys, records, strict=True))
        self.sources.add(source)
        return words

    async def lookup(self, id: str) -> Mapping[str, Any] | None:
        if self.away:
            raise StoreAway("the disk is full")
        return {"id": id, "conversation": {"state": "waiting"}} if id in {"A-1", "a/b"} else None

    def ids(self) -> list[str]:
        return [record.id for record in self.on_disk.values()]


def ask(inbox: Inbox, method: str, path: str, *, key: str | None = KEY, **kwargs: Any) -> httpx.Response:
    digests = (key_digest(KEY), key_digest(NEXT_KEY))
    mount = api(inbox.accept, inbox.lookup, ApiSettings(key_digests=digests), inbox.clock)

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=[mount]))
        async with httpx.AsyncClient(transport=transport, base_url="http://freagra") as client:
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            return await client.request(method, path, headers={**headers, **kwargs.pop("headers", {})}, **kwargs)

    return asyncio.run(call())


def put(inbox: Inbox, body: Any = WHOLE, id: str = "A-1", **kwargs: Any) -> httpx.Response:
    return ask(inbox, "PUT", f"/api/v1/appointments/{id}", json=body, **kwargs)


def bulk(inbox: Inbox, body: Any, **kwargs: Any) -> httpx.Response:
    return ask(inbox, "POST", "/api/v1/appointments/bulk", json=body, **kwargs)


def fault(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error, after checking that it is of the one shape that errors have."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    jsonschema.validate(body, ERROR)
    assert body["error"]["code"] == code
    error: dict[str, Any] = body["error"]
    return error


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


class TestPut:
    def test_taken_means_that_it_is_on_disk(self, inbox: Inbox) -> None:
        response = put(inbox)
        assert response.status_code == 202
        assert response.json() == {"taken": True, "repeat": False, "id": "A-1", "warnings": []}
        (record,) = inbox.on_disk.values()
        assert record.start == datetime(2026, 6, 20, 9, 0, tzinfo=UTC)
        assert record.patient.mobile == "+353871234567"
        assert inbox.sources == {"api"}

    def test_the_address_says_the_id(self, inbox: Inbox) -> None:
        without = {name: value for name, value in WHOLE.items() if name != "id"}
        assert put(inbox, without, "A-7").status_code == 202
        assert put(inbox, {**without, "id": "a/b"}, "a%2Fb").status_code == 202
        assert inbox.ids() == ["A-7", "a/b"]
        error = fault(put(inbox, {**without, "id": "B-1"}, "A-7"), 422, "refused")
        assert [problem["where"] for problem in error["problems"]] == ["id"]

    def test_a_landline_is_taken_with_a_warning(self, inbox: Inbox) -> None:
        response = put(inbox, {**WHOLE, "patient": {"id": "H1", "mobile": "01 671 6533"}})
        assert response.status_code == 202
        assert [warning["where"] for warning in response.json()["warnings"]] == ["patient.mobile"]

    def test_all_problems_at_once(self, inbox: Inbox) -> None:
        error = fault(put(inbox, {"start": "2026-03-29T01:30", "patient": {"mobil": "x"}}), 422, "refused")
        assert [problem["where"] for problem in error["problems"]] == [
            "start", "status", "clinic", "patient.id", "patient.mobil",
        ]  # fmt: skip
        assert "5 problems" in error["message"]
        assert inbox.on_disk == {}

    @pytest.mark.parametrize("body", [None, 1, "x", [], [WHOLE]])
    def test_only_an_object_is_an_appointment(self, inbox: Inbox, body: Any) -> None:
        fault(put(inbox, content=orjson.dumps(body), headers={"Content-Type": "application/json"}, body=None), 422,
              "not_an_appointment")  # fmt: skip

    def test_broken_json_is_shown_where(self, inbox: Inbox) -> None:
        error = fault(raw(inbox, b'{"id": "A-1",\n  "start" }'), 400, "not_json")
        assert "line 2, column 11" in error["message"]

    def test_an_empty_id_is_no_address(self, inbox: Inbox) -> None:
        fault(put(inbox, id=""), 404, "not_found")


def raw(inbox: Inbox, content: Any, *, path: str = "/appointments/A-1", method: str = "PUT", **headers: str) -> Any:
    headers = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return ask(inbox, method, "/api/v1" + path, content=content, headers=headers)


class TestRepeats:
    def test_a_snapshot_that_dates_itself_is_known_again(self, inbox: Inbox) -> None:
        dated = {**WHOLE, "changed_at": "2026-05-02T09:14:03Z"}
        assert [put(inbox, dated).json()["repeat"] for _ in range(2)] == [False, True]
        assert put(inbox, {**dated, "place": "Level 3"}).json()["repeat"] is False

    def test_moved_and_moved_back_is_news_both_times(self, inbox: Inbox) -> None:
        moved = {**WHOLE, "start": "2026-06-21T10:00:00+01:00"}
        assert [put(inbox, body).json()["repeat"] for body in (WHOLE, moved, WHOLE)] == [False, False, False]

    def test_an_idempotency_key_names_the_submission(self, inbox: Inbox) -> None:
        def with_key(body: Any) -> Any:
            return put(inbox, body, headers={"Idempotency-Key": "k1"}).json()["repeat"]

        assert [with_key(WHOLE), with_key(WHOLE)] == [False, True]
        # Under a key that was used for something else nothing is lost.
        assert with_key({**WHOLE, "place": "Level 3"}) is False

    @pytest.mark.parametrize("key", ["", "x" * 256])
    def test_a_key_that_is_none(self, inbox: Inbox, key: str) -> None:
        fault(put(inbox, headers={"Idempotency-Key": key}), 400, "bad_idempotency_key")


class TestBulk:
    def test_each_is_taken_or_refused_by_itself(self, inbox: Inbox) -> None:
        items = [WHOLE, {**WHOLE, "id": "A-2", "status": "bookd"}, "x", {**WHOLE, "id": "A-3"}]
        response = bulk(inbox, items)
        assert response.status_code == 202
        body = response.json()
        assert (body["taken"], body["refused"]) == (2, 2)
        assert [(result["index"], result["taken"], result["id"]) for result in body["results"]] == [
            (0, True, "A-1"), (1, False, "A-2"), (2, False, ""), (3, True, "A-3"),
        ]  # fmt: skip
        assert body["results"][1]["problems"][0]["where"] == "status"
        assert inbox.ids() == ["A-1", "A-3"]

    @pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl; charset=utf-8"])
    def test_lines(self, inbox: Inbox, kind: str) -> None:
        lines = [orjson.dumps(WHOLE), b"", b'{"id": ', orjson.dumps({**WHOLE, "id": "A-2"}), b""]
        response = raw(inbox, b"\r\n".join(lines), path="/appointments/bulk", method="POST", Content_Type=kind)
        assert response.status_code == 202
        assert [result["taken"] for result in response.json()["results"]] == [True, False, True]
        assert "line 3 is not JSON" in response.json()["results"][1]["problems"][0]["message"]

    def test_none_can_be_taken(self, inbox: Inbox) -> None:
        error = fault(bulk(inbox, [{**WHOLE, "clinic": ""}, 7]), 422, "refused")
        assert [problem["where"] for problem in error["problems"]] == ["[0].clinic", "[1]"]

    def test_a_flood_of_problems_is_cut(self, inbox: Inbox) -> None:
        error = fault(bulk(inbox, [{}] * 500), 422, "refused")
        assert len(error["problems"]) == 201
        assert "problems more" in error["problems"][-1]["message"]

    def test_bounds(self, inbox: Inbox) -> None:
        small = [{**WHOLE, "id": f"A-{n}"} for n in range(MOST_ITEMS)]
        assert bulk(inbox, small).json()["taken"] == MOST_ITEMS
        assert "1001" in fault(bulk(inbox, [*small, WHOLE]), 413, "too_many")["message"]
        fault(bulk(inbox, []), 422, "empty")
        fault(bulk(inbox, WHOLE), 422, "not_a_list")


class TestGet:
    @pytest.mark.parametrize(("path", "id"), [("A-1", "A-1"), ("a%2Fb", "a/b")])
    def test_what_we_hold(self, inbox: Inbox, path: str, id: str) -> None:
        response = ask(inbox, "GET", f"/api/v1/appointments/{path}")
        assert response.status_code == 200
        assert response.json() == {"id": id, "conversation": {"state": "waiting"}}

    @pytest.mark.parametrize("id", ["A-2", "bulk", "%FF", "x" * 4000])
    def test_what_we_do_not(self, inbox: Inbox, id: str) -> None:
        fault(ask(inbox, "GET", f"/api/v1/appointments/{id}"), 404, "unknown_appointment")


class TestDoor:
    @pytest.mark.parametrize(
        "headers",
        [
            {}, {"Authorization": f"Basic {KEY}"}, {"Authorization": "Bearer"}, {"Authorization": f"Bearer {KEY}x"},
            {"Authorization": KEY}, {"Authorization": f"Bearer {key_digest(KEY)}"}, {"Authorization": "Bearer \xff"},
        ],
    )  # fmt: skip
    def test_nobody_gets_in_without_a_key(self, inbox: Inbox, headers: dict[str, str]) -> None:
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        for method, path in (("PUT", "A-1"), ("GET", "A-1"), ("POST", "bulk")):
            response = ask(inbox, method, f"/api/v1/appointments/{path}", key=None, headers=encoded, content=b"{")
            fault(response, 401, "unauthorised")
            assert response.headers["www-authenticate"].startswith("Bearer")

    def test_two_keys_live_while_one_replaces_the_other(self, inbox: Inbox) -> None:
        assert put(inbox, key=NEXT_KEY).status_code == 202

    def test_without_keys_nobody_gets_in(self, inbox: Inbox) -> None:
        mount = api(inbox.accept, inbox.lookup, ApiSettings(key_digests=()), inbox.clock)

        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(Starlette(routes=[mount]))
            async with httpx.AsyncClient(transport=transport, base_url="http://freagra") as client:
                return await client.get("/api/v1/appointments/A-1", headers={"Authorization": "Bearer "})

        fault(asyncio.run(call()), 401, "unauthorised")

    @pytest.mark.parametrize("path", ["", "/", "/nothing", "/appointments", "/openapi"])
    def test_other_addresses(self, inbox: Inbox, path: str) -> None:
        fault(ask(inbox, "GET", f"/api/v1{path}", follow_redirects=True), 404, "not_found")

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("DELETE", "/appointments/A-1", {"GET", "HEAD", "PUT"}), ("POST", "/openapi.json", {"GET", "HEAD"}),
            ("PATCH", "/appointments/bulk", {"POST"}),
        ],
    )  # fmt: skip
    def test_other_methods(self, inbox: Inbox, method: str, path: str, allowed: set[str]) -> None:
        response = ask(inbox, method, f"/api/v1{path}")
        fault(response, 405, "wrong_method")
        assert {each.strip() for each in response.headers["allow"].split(",")} == allowed

    @pytest.mark.parametrize(
        "headers",
        [{"Content_Type": "text/plain"}, {"Content_Type": ""}, {"Content_Type": "application/x-ndjson"}],
    )
    def test_other_types(self, inbox: Inbox, headers: dict[str, str]) -> None:
        fault(raw(inbox, b"{}", **headers), 415, "wrong_type")

    def test_compressed_bodies(self, inbox: Inbox) -> None:
        fault(raw(inbox, b"{}", Content_Encoding="gzip"), 415, "wrong_encoding")

    def test_huge_bodies(self, inbox: Inbox) -> None:
        async def stream() -> Any:
            for _ in range(100):
                yield b" " * 1024

        fault(raw(inbox, b" " * 70_000), 413, "too_large")
        fault(raw(inbox, stream()), 413, "too_large")
        fault(raw(inbox, b" " * 5_000_000, path="/appointments/bulk", method="POST"), 413, "too_large")

    def test_while_the_store_is_away(self, inbox: Inbox) -> None:
        inbox.away = True
        for response in (put(inbox), bulk(inbox, [WHOLE]), ask(inbox, "GET", "/api/v1/appointments/A-1")):
            fault(response, 503, "store_away")
            assert int(response.headers["retry-after"]) > 0


    def test_a_fault_of_ours_has_the_same_shape(self, inbox: Inbox) -> None:
        async def faulty(records: Sequence[AppointmentRecord], source: str, keys: Sequence[str]) -> list[str]:
            raise RuntimeError(f"{source}: {len(records)} of {len(keys)}")

        mount = api(faulty, inbox.lookup, ApiSettings(key_digests=(key_digest(KEY),)), inbox.clock)

        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(Starlette(routes=[mount]), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://freagra") as client:
                headers = {"Authorization": f"Bearer {KEY}"}
                return await client.put("/api/v1/appointments/A-1", json=WHOLE, headers=headers)

        assert "api" not in fault(asyncio.run(call()), 500, "fault")["message"]


class TestDescription:
    def document(self, inbox: Inbox) -> dict[str, Any]:
        response = ask(inbox, "GET", "/api/v1/openapi.json", key=None)
        assert response.status_code == 200
        found: dict[str, Any] = response.json()
        return found

    def schema(self, inbox: Inbox, name: str) -> dict[str, Any]:
        return {**self.document(inbox), "$ref": f"#/components/schemas/{name}"}

    def test_is_openapi(self, inbox: Inbox) -> None:
        document = self.document(inbox)
        assert document["openapi"].startswith("3.1")
        validate(document)

    def test_describes_what_is_taken_and_what_is_answered(self, inbox: Inbox) -> None:
        dear = {**WHOLE, "patient": {**WHOLE["patient"], "language": None, "deceased": True}}
        jsonschema.validate(dear, self.schema(inbox, "Appointment"))
        jsonschema.validate(put(inbox, dear).json(), self.schema(inbox, "Taken"))
        jsonschema.validate(bulk(inbox, [dear, {}]).json(), self.schema(inbox, "BulkTaken"))
        jsonschema.validate(put(inbox, {}).json(), self.schema(inbox, "Error"))

    def test_what_it_refuses_is_refused(self, inbox: Inbox) -> None:
        schema = self.schema(inbox, "Appointment")
        for change in ({"clinic": 7}, {"klinic": "EYE"}, {"clinic": ""}, {"patient": None}, {"place": "x" * 201}):
            body = {**WHOLE, **change}
            assert not jsonschema.Draft202012Validator(schema).is_valid(body)
            fault(put(inbox, body), 422, "refused")


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "OPTIONS"]),
    path=st.sampled_from(["appointments/A-1", "appointments/bulk", "appointments/", "openapi.json"])
    | st.from_regex(r"[!-~]{0,20}", fullmatch=True).map(lambda text: text.replace("?", "").replace("#", "")),
    kind=st.sampled_from(["application/json", "application/x-ndjson", "text/plain", ";"]),
    body=st.binary(max_size=80)
    | st.sampled_from([b"[" * 5000, b'{"a":' * 2000, b'{"id":"\\ud800"}', b'["\\u0000"]', b"1e999", b"NaN", b"\xff"])
    | st.recursive(st.none() | st.integers(-9, 9) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["id", "start", "patient", "status", "mobile"]) | st.text(), inner)).map(orjson.dumps),
)  # fmt: skip
def test_rubbish_has_a_plain_answer(method: str, path: str, kind: str, body: bytes) -> None:
    inbox = Inbox()
    response = ask(inbox, method, f"/api/v1/{path}", content=body, headers={"Content-Type": kind})
    assert response.status_code < 500
    if response.status_code >= 400 and method != "HEAD":
        jsonschema.validate(response.json(), ERROR)


def test_no_log_line_names_a_patient(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    put(inbox)
    put(inbox, {**WHOLE, "status": "Gobnait 0871234567"})
    bulk(inbox, [WHOLE, {**WHOLE, "start": "Gobnait"}])
    put(inbox, key="wrong")
    inbox.away = True
    put(inbox)
    assert caplog.records
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("freagra"))
    for secret in ("Gobnait", "087", "871234567", "H1", KEY, "wrong"):
        assert secret not in ours
