from __future__ import annotations

import pytest

from adapters.gateways.registry import GatewayMisconfigured, make_gateway

GOOD = {
    "username": "hospital",
    "password": "hush-hush",
    "sender": "HOSPITAL",
    "webhook_secrets": ["path-secret-of-the-hospital-1"],
    "verify_secrets": "client-secret",
}


def test_a_gateway_by_its_kind() -> None:
    gateway = make_gateway("phonovation", GOOD | {"segments_per_second": "4"})
    assert (gateway.name, gateway.segments_per_second) == ("phonovation", 4.0)


def test_two_accounts_of_one_kind() -> None:
    names = [make_gateway(name, GOOD | {"kind": "phonovation"}).name for name in ("galway", "kerry")]
    assert names == ["galway", "kerry"]


def complaint(settings: dict[str, object], name: str = "phonovation") -> str:
    with pytest.raises(GatewayMisconfigured) as raised:
        make_gateway(name, settings)
    return str(raised.value)


@pytest.mark.parametrize(("name", "settings"), [("pigeon", GOOD), ("phonovation", GOOD | {"kind": 7})])
def test_unknown_kind(name: str, settings: dict[str, object]) -> None:
    said = complaint(settings, name)
    assert repr(name) in said
    assert "kind must be one of: phonovation" in said


def test_everything_wrong_is_said_at_once() -> None:
    said = complaint({"username": "hospital", "pasword": "x", "sender": 7, "segments_per_second": "many"})
    for part in (
        "there is no setting 'pasword', did you mean 'password'?",
        "password is missing",
        "webhook_secrets is missing",
        "sender must be a text",
        "segments_per_second must be a number",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("username", "", "username is empty"),
        ("password", "", "password is empty"),
        ("sender", "A sender far too long", "sender must be"),
        ("auth_url", "http://auth.interactsms.com", "auth_url must be an https address"),
        ("api_url", "api.interactsms.com", "api_url must be an https address"),
        ("api_url", "https://user:password@api.interactsms.com", "api_url must be an https address"),
        ("api_url", "https://[half", "api_url must be an https address"),
        ("webhook_secrets", ["short"], "webhook_secrets needs"),
        ("webhook_secrets", [], "webhook_secrets needs"),
        ("webhook_secrets", 7, "webhook_secrets must be a text or a list of texts"),
        ("verify_secrets", [""], "verify_secrets needs"),
        ("segments_per_second", 0, "segments_per_second must be more than 0"),
        ("segments_per_second", True, "segments_per_second must be a number"),
        ("answer_seconds", "nan", "answer_seconds must be more than 0"),
        ("opt_out_short_code", "STOP", "opt_out_short_code must be digits"),
        ("allowed_addresses", ["192.0.2.300"], "'192.0.2.300' is no IP address"),
        ("inbound_zone", "Europe/Galway", "there is no time zone 'Europe/Galway'"),
        ("inbound_zone", "/etc", "there is no time zone"),
        ("verify_charsets", ["utf-9"], "there is no charset 'utf-9'"),
        ("verify_charsets", [], "verify_charsets is empty"),
    ],
)
def test_settings_that_cannot_be_right(setting: str, value: object, said: str) -> None:
    assert said in complaint(GOOD | {setting: value})


def test_complaints_hold_no_secret() -> None:
    wrong = {"username": "", "verify_secrets": ["client-secret", ""], "webhook_secrets": ["short-secret"]}
    said = complaint(GOOD | wrong)
    for secret in ("hush-hush", "client-secret", "short-secret"):
        assert secret not in said


def test_plain_http_is_for_loopback_only() -> None:
    for host in ("127.0.0.1:8001", "localhost:8001", "[::1]:8001"):
        assert make_gateway("phonovation", GOOD | {"auth_url": f"http://{host}", "api_url": f"http://{host}"})
