from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import md5
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.gateways.phonovation import Phonovation, PhonovationSettings
from conversations.ports import Inbound, InboundReceipt, InboundReply, WebhookRefused, WebhookRequest
from engine.events import TextStatus

FIXTURES = Path(__file__).parent / "fixtures"
KEY = "0123456789abcdef0123456789abcdef"
PATH = "path-secret-of-the-hospital-1"
NOW = datetime(2026, 4, 9, 16, 5, tzinfo=UTC)
SETTINGS = PhonovationSettings(
    username="hospital",
    password="password",
    sender="HOSPITAL",
    webhook_secrets=(PATH, "path-secret-that-comes-after-it"),
    verify_secrets=("client-secret", "next-client-secret"),
)


@cache
def gateway(settings: PhonovationSettings) -> Phonovation:
    return Phonovation(settings)


def read(
    kind: str,
    body: bytes,
    settings: PhonovationSettings = SETTINGS,
    *,
    secret: str = PATH,
    at: datetime = NOW,
    client: str = "",
) -> list[Inbound]:
    return list(gateway(settings).read_webhook(WebhookRequest(kind, secret, {}, body, at, client)))


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes().strip()


def form(name: str, *, sign: tuple[str, ...] = (), secret: str = "client-secret", **changes: str | None) -> bytes:
    """A fixture with fields changed (None: taken out) and, where `sign` names fields, SMS-Verify made anew."""
    fields = dict(parse_qsl(fixture(name).decode(), keep_blank_values=True))
    fields |= {f"SMS-{key}": value for key, value in changes.items() if value is not None}
    for key in (key for key, value in changes.items() if value is None):
        del fields[f"SMS-{key}"]
    if sign:
        signed = "".join(fields[f"SMS-{each}"] for each in sign) + secret
        fields["SMS-Verify"] = md5(signed.encode()).hexdigest()
    return urlencode(fields).encode()


def reply(**changes: str | None) -> bytes:
    return form("inbound.txt", sign=("From", "Content"), **changes)


def receipt(**changes: str | None) -> bytes:
    return form("receipt-delivered.txt", sign=("NotifyId", "Success"), **changes)


def refusal(kind: str, body: bytes, **how: object) -> tuple[int, str]:
    with pytest.raises(WebhookRefused) as refused:
        read(kind, body, **how)  # type: ignore[arg-type]
    return refused.value.status, refused.value.code


# ---- replies


def test_reply() -> None:
    assert read("inbound", fixture("inbound.txt")) == [
        InboundReply(
            sender="+353871111111",
            to="+353877777777",
            text="Y",
            sent_at=datetime(2026, 4, 9, 16, 3, 11, tzinfo=UTC),
            answers=KEY,
        )
    ]


def test_opt_out_through_the_short_code() -> None:
    (said,) = read("inbound", fixture("inbound-opt-out.txt"))
    assert isinstance(said, InboundReply)
    assert (said.opt_out, said.to, said.text, said.answers) == (True, "50123", "STOP", None)


@pytest.mark.parametrize(
    ("name", "text"), [("inbound-utf8.txt", "Tá 👍"), ("inbound-windows-1252.txt", "Tá, “grand”")]
)
def test_reply_in_either_charset(name: str, text: str) -> None:
    (said,) = read("inbound", fixture(name))
    assert isinstance(said, InboundReply)
    assert said.text == text


def test_bytes_that_were_not_percent_encoded() -> None:
    body = fixture("inbound-utf8.txt").replace(b"T%C3%A1", "Tá".encode())
    (said,) = read("inbound", body)
    assert isinstance(said, InboundReply)
    assert said.text == "Tá 👍"


def test_signed_over_a_charset_that_lacks_the_emoji() -> None:
    verify = md5("353871111111Y ?client-secret".encode("cp1252")).hexdigest()
    (said,) = read("inbound", form("inbound.txt", Content="Y 👍", Verify=verify))
    assert isinstance(said, InboundReply)
    assert said.text == "Y 👍"


@pytest.mark.parametrize("number", ["353871111111", "35314567890", "447700900123", "48601234567"])
def test_irish_and_foreign_numbers_are_taken(number: str) -> None:
    (said,) = read("inbound", reply(From=number))
    assert isinstance(said, InboundReply)
    assert said.sender == f"+{number}"


@pytest.mark.parametrize(
    "number",
    ["", "50123", "Vodafone", "0871111111", "+353871111111", "35387111111", "3538711111111", "1" * 16, "353", "٣٥٣٨٧١"],
)
def test_a_sender_that_is_no_phone_is_refused(number: str) -> None:
    assert refusal("inbound", reply(From=number)) == (400, "bad_number")


def test_a_digit_cannot_wander_from_number_to_text() -> None:
    # The signature is the same for both; the length of an Irish mobile tells them apart.
    genuine, moved = reply(), form("inbound.txt", From="35387111111", Content="1Y")
    assert dict(parse_qsl(genuine))[b"SMS-Verify"] == dict(parse_qsl(moved))[b"SMS-Verify"]
    assert len(read("inbound", genuine)) == 1
    assert refusal("inbound", moved) == (400, "bad_number")


def test_an_empty_text_is_a_reply() -> None:
    (said,) = read("inbound", reply(Content=""))
    assert isinstance(said, InboundReply)
    assert said.text == ""


@pytest.mark.parametrize("changes", [{"To": None}, {"NotifyId": None}, {"NotifyId": "order-001"}, {"To": "?"}])
def test_a_reply_is_not_lost_over_a_field_that_is_only_a_hint(changes: dict[str, str | None]) -> None:
    (said,) = read("inbound", reply(**changes))
    assert isinstance(said, InboundReply)
    assert (said.text, said.opt_out) == ("Y", False)


@pytest.mark.parametrize(
    ("stamp", "sent_at", "stale"),
    [
        ("2026-04-09 14:05:01", NOW - timedelta(hours=1, minutes=59, seconds=59), False),
        ("2026-04-09 14:04:59", NOW - timedelta(hours=2, seconds=1), True),
        ("2026-04-09 17:03:11", NOW, False),  # ahead of us: the vendor's clock is in another zone
        ("yesterday", NOW, True),
        ("2026-02-30 10:00:00", NOW, True),
        ("", NOW, True),
        (None, NOW, True),
    ],
)
def test_time_of_a_reply(stamp: str | None, sent_at: datetime, stale: bool) -> None:
    (said,) = read("inbound", reply(TimeStamp=stamp))
    assert isinstance(said, InboundReply)
    assert (said.sent_at, said.stale) == (sent_at, stale)


def test_time_of_a_reply_in_the_zone_that_is_set() -> None:
    (said,) = read("inbound", reply(TimeStamp="2026-04-09 17:03:11"), replace(SETTINGS, inbound_zone="Europe/Dublin"))
    assert isinstance(said, InboundReply)
    assert said.sent_at == datetime(2026, 4, 9, 16, 3, 11, tzinfo=UTC)


# ---- receipts and results


def test_delivered() -> None:
    assert read("receipt", fixture("receipt-delivered.txt")) == [
        InboundReceipt(
            KEY,
            TextStatus.DELIVERED,
            at=datetime(2026, 4, 9, 16, 1, tzinfo=UTC),
            external_id=f"receipt:{KEY}:True:2026-04-09T16:01:00+00:00",
        )
    ]


def test_not_delivered_tells_staff_how_much_arrived() -> None:
    (said,) = read("receipt", fixture("receipt-undelivered.txt"))
    assert isinstance(said, InboundReceipt)
    assert (said.status, said.code) == (TextStatus.UNDELIVERABLE, "not_delivered")
    assert "1 of 2" in said.reason


def test_the_same_receipt_again_has_the_same_id_and_another_has_not() -> None:
    ids = [
        said.external_id
        for body, at in (
            (receipt(), NOW),
            (receipt(), NOW + timedelta(hours=5)),
            (receipt(TimeStamp="2026-04-09 16:02:00"), NOW),
            (receipt(Success="False"), NOW),
        )
        for said in read("receipt", body, at=at)
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("age", "stale"), [(timedelta(hours=47), False), (timedelta(hours=49), True), (timedelta(hours=-3), False)]
)
def test_age_of_a_receipt(age: timedelta, stale: bool) -> None:
    stamp = f"{NOW - age:%Y-%m-%d %H:%M:%S}"
    (said,) = read("receipt", receipt(TimeStamp=stamp))
    assert said.stale is stale
    assert said.at is not None
    assert said.at <= NOW


@pytest.mark.parametrize("key", ["order-001", KEY.upper(), KEY[:-1], KEY + "0", KEY + "\n"])
def test_a_key_that_is_none_of_ours_is_refused(key: str) -> None:
    assert refusal("receipt", receipt(NotifyId=key)) == (400, "bad_key")


def test_a_text_that_another_system_sent_without_id_is_none_of_ours() -> None:
    assert read("receipt", receipt(NotifyId="")) == []
    assert read("result", orjson.dumps(orjson.loads(fixture("result-queued.json")) | {"NotifyId": ""})) == []


@pytest.mark.parametrize("success", ["true", "1", "", "TrueTrue"])
def test_success_is_true_or_false(success: str) -> None:
    assert refusal("receipt", receipt(Success=success)) == (400, "bad_success")


@pytest.mark.parametrize(
    ("name", "key", "status", "code", "halts"),
    [
        ("result-queued.json", KEY, TextStatus.ACCEPTED, "", False),
        ("result-bad-number.json", KEY, TextStatus.REJECTED, "bad_number", False),
        ("result-no-credit.json", KEY, TextStatus.REJECTED, "no_credit", True),
        ("result-campaign-error.json", None, TextStatus.REJECTED, "sender_invalid", True),
    ],
)
def test_processing_result(name: str, key: str | None, status: TextStatus, code: str, halts: bool) -> None:
    (said,) = read("result", fixture(name))
    assert isinstance(said, InboundReceipt)
    assert (said.key, said.status, said.code, said.halts, said.stale) == (key, status, code, halts, False)
    assert bool(said.reason) is bool(code)
    assert said.at is not None
    assert abs(said.at - datetime(2026, 4, 9, 16, 0, 40, 692570, tzinfo=UTC)) < timedelta(milliseconds=1)


def test_words_we_do_not_know_are_not_passed_on() -> None:
    body = orjson.loads(fixture("result-bad-number.json")) | {"Message": "Mary Murphy at 353871111111 said no"}
    (said,) = read("result", orjson.dumps(body))
    assert isinstance(said, InboundReceipt)
    assert (said.status, said.code) == (TextStatus.REJECTED, "unrecognised")
    assert "Murphy" not in said.reason
    assert "353871111111" not in said.reason


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"[]", "bad_json"),
        (b"[" * 5000, "bad_json"),
        (b"\xff", "bad_json"),
        (b"{}", "bad_status"),
        (b'{"Status": ["MESSAGE_SUCCESS"]}', "bad_status"),
        (b'{"Status": "MESSAGE_SUCCESS"}', "missing_field"),
        (b'{"Status": "MESSAGE_SUCCESS", "NotifyId": 7}', "missing_field"),
        (b'{"Status": "MESSAGE_SUCCESS", "NotifyId": "order-001"}', "bad_key"),
    ],
)
def test_broken_results(body: bytes, code: str) -> None:
    assert refusal("result", body) == (400, code)


# ---- who may call


@pytest.mark.parametrize("secret", ["", PATH[:-1], PATH + "x", PATH.upper(), "ü", "\udcff"])
@pytest.mark.parametrize("kind", ["inbound", "receipt", "result", "other"])
def test_wrong_path(kind: str, secret: str) -> None:
    assert refusal(kind, fixture("inbound.txt"), secret=secret) == (404, "not_found")


def test_unknown_kind() -> None:
    assert refusal("status", fixture("inbound.txt")) == (404, "not_found")


def test_both_secrets_are_live_while_one_is_replaced() -> None:
    body = form("inbound.txt", sign=("From", "Content"), secret="next-client-secret")
    assert len(read("inbound", body, secret=SETTINGS.webhook_secrets[1])) == 1


def test_wrong_signatures() -> None:
    for body in (
        form("inbound.txt", Content="N"),
        form("inbound.txt", Verify=""),
        form("inbound.txt", Verify=None),
        form("inbound.txt", Verify="é"),
        form("inbound.txt", sign=("From", "Content"), secret="guess"),
        form("inbound.txt", sign=("From", "Content"), secret=""),
    ):
        assert refusal("inbound", body) == (401, "bad_signature")
    assert refusal("receipt", form("receipt-delivered.txt", Success="False")) == (401, "bad_signature")


def test_signature_in_capitals() -> None:
    fields = dict(parse_qsl(fixture("inbound.txt").decode(), keep_blank_values=True))
    assert len(read("inbound", form("inbound.txt", Verify=fields["SMS-Verify"].upper()))) == 1


def test_addresses_that_may_call() -> None:
    settings = replace(SETTINGS, allowed_addresses=("192.0.2.0/28", "2001:db8::1"))
    for client in ("192.0.2.5", "::ffff:192.0.2.5", "2001:db8::1"):
        assert len(read("inbound", fixture("inbound.txt"), settings, client=client)) == 1
    for client in ("192.0.2.16", "", "testclient", "2001:db8::2"):
        assert refusal("inbound", fixture("inbound.txt"), settings=settings, client=client) == (403, "address")


def test_bounds() -> None:
    assert refusal("inbound", b"a=" + b"x" * 65_536) == (413, "too_large")
    assert refusal("inbound", b"&".join(b"f%d=" % n for n in range(33))) == (400, "too_many_fields")
    assert refusal("inbound", fixture("inbound.txt") + b"&SMS-From=353872222222") == (400, "repeated_field")
    assert len(read("inbound", reply(Content="y" * 20_000))) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("inbound", form("receipt-delivered.txt", Content="", sign=("From", "Content"))),
        ("receipt", form("inbound.txt", Success="True", sign=("NotifyId", "Success"))),
    ],
)
def test_webhooks_set_up_on_each_others_address(kind: str, body: bytes) -> None:
    assert refusal(kind, body) == (400, "wrong_type")


@pytest.mark.parametrize("missing", ["From", "Content"])
def test_missing_fields(missing: str) -> None:
    assert refusal("inbound", form("inbound.txt", **{missing: None})) == (400, "missing_field")


# ---- rubbish

_NASTY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_NAMES = st.sampled_from(["From", "To", "Content", "Type", "NotifyId", "Success", "TimeStamp", "TotalSent", "Verify"])


def _takes_or_refuses(kind: str, body: bytes) -> None:
    try:
        said = read(kind, body)
    except WebhookRefused as refused:
        status = refused.status
    else:
        status = 200 if all(isinstance(each, InboundReply | InboundReceipt) for each in said) else 0
    assert status in (200, 400, 401)


@given(st.sampled_from(["inbound", "receipt", "result"]), st.binary(max_size=300))
def test_any_bytes(kind: str, body: bytes) -> None:
    _takes_or_refuses(kind, body)


@given(st.sampled_from(["inbound", "receipt"]), st.dictionaries(_NAMES, _NASTY | st.none(), max_size=4))
def test_signed_forms_with_any_field_out_of_order(kind: str, changes: dict[str, str | None]) -> None:
    name, sign = ("inbound.txt", ("From", "Content")) if kind == "inbound" else (
        "receipt-delivered.txt", ("NotifyId", "Success"))
    have = {key[4:] for key, _ in parse_qsl(fixture(name).decode(), keep_blank_values=True)}
    changes = {key: value for key, value in changes.items() if value is not None or (key in have and key not in sign)}
    _takes_or_refuses(kind, form(name, sign=sign, **changes))


@given(
    st.dictionaries(
        st.sampled_from(["Status", "Message", "FinishedAt", "NotifyId"]),
        st.sampled_from(["MESSAGE_SUCCESS", "MESSAGE_ERROR", "CAMPAIGN_ERROR", KEY, "0001-01-01T00:00:00+14:00",
                         "9999-12-31T23:59:59-14:00", "2026-W15-4", ""])
        | st.recursive(st.none() | st.integers() | _NASTY, st.lists, max_leaves=4),
    )
)
def test_results_with_any_field_out_of_order(said: dict[str, object]) -> None:
    try:
        body = orjson.dumps(said)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits
        return
    _takes_or_refuses("result", body)
