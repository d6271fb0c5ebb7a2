"""A real service in a process of its own, over real HTTP, with a simulated gateway before it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import uvicorn

from adapters.cli import main
from adapters.config import load_config, load_or_make_access
from adapters.gateways.simulator import Behaviour, SimulatedGateway, SimulatorSettings
from adapters.gateways.simulator.webhooks import inbound
from adapters.web.hooks import LARGEST
from tests.servers import free_port
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).parents[2]
NAME, NUMBER, WORDS = "Gobnait", "353871234567", "Y"
VERIFY = "the-vendors-client-secret"


@pytest.fixture
def gateway() -> Iterator[tuple[str, int]]:
    """A simulated gateway that calls webhooks at the port of a service still to come: its address, and that port."""
    listener, port = socket.create_server(("127.0.0.1", 0)), free_port()
    callback = f"http://127.0.0.1:{port}/hooks/phonovation/{'s' * 32}"
    simulated = SimulatedGateway(
        SimulatorSettings(callback_url=callback, verify_secret=VERIFY),
        Behaviour(result_after=(0.0, 0.01), receipt_after=(0.0, 0.05)),
    )
    server = uvicorn.Server(uvicorn.Config(simulated.app, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", port
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Service:
    """A running `freagra serve`."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    key: str

    @property
    def config(self) -> Path:
        return self.folder / "freagra.toml"

    def said(self) -> str:
        return (self.folder / "out").read_text("utf-8") + (self.folder / "err").read_text("utf-8")

    def put(self, id: str, **changes: Any) -> httpx.Response:
        body = appointment(**changes)
        return httpx.put(f"{self.url}/api/v1/appointments/{id}", json=body, headers=self.authorised)

    def conversation(self, id: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/api/v1/appointments/{id}", headers=self.authorised)
        talks = answer.json().get("conversations", [])
        return talks[0] if talks else {}

    @property
    def authorised(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def hook(self, kind: str, body: bytes, *, secret: str = "s" * 32, name: str = "phonovation") -> httpx.Response:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return httpx.post(f"{self.url}/hooks/{name}/{secret}/{kind}", content=body, headers=headers)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def appointment(**changes: Any) -> dict[str, Any]:
    start = (datetime.now(UTC) + timedelta(days=7)).replace(hour=10, minute=0, second=0, microsecond=0)
    return {
        "start": start.isoformat(),
        "status": "booked",
        "clinic": "EYE",
        "clinician": "Dr Byrne",
        "patient": {"id": "H1", "first_name": NAME, "mobile": f"+{NUMBER}"},
        **changes,
    }


def start(folder: Path, settings: str) -> Service:
    """Raises AssertionError with what it said where it does not start."""
    folder.mkdir(exist_ok=True)
    path = folder / "freagra.toml"
    path.write_text(settings, "utf-8")
    with open(folder / "out", "wb") as out, open(folder / "err", "wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "adapters.cli", "serve", "--config", str(path)],
            stdout=out,
            stderr=err,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    service = Service("", folder, process, "")
    try:
        eventually(lambda: process.poll() is not None or "Freagra is at" in service.said())
        address = re.search(r"Freagra is at (http://\S+)", service.said())
        assert address is not None, service.said()
    except AssertionError:
        process.kill()
        process.wait()
        raise
    service.url = address[1]
    service.key = load_or_make_access(load_config(path, {}).home).api_key
    return service


def always_open(folder: Path) -> Path:
    """The shipped rules with sending hours round the clock, so that this file passes at night as well."""
    rules = (ROOT / "rules" / "appointment-reminder.yaml").read_text("utf-8")
    rules, count = re.subn(r"(?m)^  (sending|staffed): .*$", r'  \1: {mon-sun: ["00:00-24:00"]}', rules)
    assert count == 2
    rules, count = re.subn(r"(?m)^  holidays: .*\n", "", rules)
    assert count == 1
    path = folder / "always-open.yaml"
    path.write_text(rules, "utf-8")
    return path


@pytest.fixture
def connected(tmp_path: Path, gateway: tuple[str, int]) -> Iterator[Service]:
    """A service with a gateway and rules that may text at any time."""
    url, port = gateway
    service = start(
        tmp_path,
        f"""
        [service]
        home = "home"
        port = {port}
        rules = ["{always_open(tmp_path).name}"]
        [gateway]
        kind = "phonovation"
        username = "hospital"
        password = "simulated"
        sender = "HOSPITAL"
        webhook_secrets = "{"s" * 32}"
        verify_secrets = "{VERIFY}"
        auth_url = "{url}"
        api_url = "{url}"
        """,
    )
    yield service
    service.process.kill()
    service.process.wait()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service as it begins, with nothing configured."""
    folder = tmp_path_factory.mktemp("alone")
    service = start(folder, '[service]\nhome = "home"\nport = 0\n')
    yield service
    service.process.kill()
    service.process.wait()


# ---- the whole way ---------------------------------------------------------------------------------------------------


def test_from_appointment_to_confirmation_and_a_quiet_end(
    connected: Service, gateway: tuple[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    phones = gateway[0]

    def shown() -> str:
        main(["transcript", "show", "--appointment", "A-1", "--config", str(connected.config)])
        return capsys.readouterr().out

    assert connected.put("A-1").status_code == 202

    def reminded() -> bool:
        answer = httpx.get(f"{phones}/phones/{NUMBER}")
        return answer.status_code == 200 and "Reply Y to confirm" in answer.json()["texts"][0]["text"]

    eventually(reminded)
    eventually(lambda: "the text is delivered" in shown())
    assert connected.conversation("A-1")["state"] == "waiting"
    httpx.post(f"{phones}/phones/{NUMBER}/texts", json={"text": WORDS}).raise_for_status()
    eventually(lambda: connected.conversation("A-1").get("state") == "confirmed")
    eventually(lambda: len(httpx.get(f"{phones}/phones/{NUMBER}").json()["texts"]) == 3)
    assert httpx.get(f"{connected.url}/readyz").json()["gateway"] == "phonovation: in use"

    # Texts that nobody may have sent, among them one signed with the wrong secret.
    refused = connected.hook("inbound", _inbound("C", secret="guessed"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "bad_signature")
    assert connected.hook("inbound", _inbound("C"), secret="x" * 32).status_code == 404
    assert connected.hook("nonsense", _inbound("C")).status_code == 404
    assert connected.hook("receipt", b"SMS-NotifyId=%FF&SMS-Success=&" + b"\xff" * 100).status_code in (400, 401)
    assert connected.hook("result", b'{"Status": [').status_code == 400
    assert connected.hook("inbound", b"").status_code == 400
    assert connected.hook("inbound", b"x" * (LARGEST + 1)).status_code == 413
    assert connected.conversation("A-1")["state"] == "confirmed"

    assert connected.stop() == 0
    said = connected.said()
    assert "Traceback" not in said
    for secret in (NAME, NUMBER, NUMBER[3:], "Dr Byrne", "confirm, R to", connected.key, VERIFY, "s" * 32, "simulated"):
        assert secret not in said
    assert shown().index("the text is delivered") < shown().index("read as") < shown().index("confirmed (1 part")
    for check in ("verify", "replay"):
        assert main(["transcript", check, "--config", str(connected.config)]) == 0


def _inbound(text: str, secret: str = VERIFY) -> bytes:
    return inbound(NUMBER, text, to="353879999999", at=datetime.now(UTC), secret=secret)


def test_texts_that_waited_for_a_gateway_go_out_once_there_is_one(tmp_path: Path, gateway: tuple[str, int]) -> None:
    url, port = gateway
    rules = always_open(tmp_path).name
    service = f'[service]\nhome = "home"\nport = {port}\nrules = ["{rules}"]\n'
    first = start(tmp_path, service)
    try:
        first.put("A-1")
        eventually(lambda: first.conversation("A-1").get("state") == "waiting")
        assert "texts wait" in httpx.get(f"{first.url}/readyz").json()["gateway"]
        assert first.stop() == 0
    finally:
        first.process.kill()
        first.process.wait()
    second = start(
        tmp_path,
        f"""{service}
        [gateway]
        kind = "phonovation"
        username = "hospital"
        password = "simulated"
        sender = "HOSPITAL"
        webhook_secrets = "{"s" * 32}"
        verify_secrets = "{VERIFY}"
        auth_url = "{url}"
        api_url = "{url}"
        """,
    )
    try:
        eventually(lambda: httpx.get(f"{url}/phones/{NUMBER}").status_code == 200)
        assert second.stop(signal.SIGINT) == 0
    finally:
        second.process.kill()
        second.process.wait()


# ---- a service on its own --------------------------------------------------------------------------------------------


def test_the_first_start_says_where_it_is_and_what_to_back_up(alone: Service) -> None:
    said = (alone.folder / "out").read_text("utf-8")
    assert alone.url.startswith("http://127.0.0.1:")
    assert "rules in force: appointment-reminder, follow-up" in said
    assert str(alone.folder / "home" / "keys.json") in said
    assert alone.key not in said


def test_health(alone: Service) -> None:
    assert httpx.get(f"{alone.url}/healthz").json() == {"status": "alive"}
    eventually(lambda: httpx.get(f"{alone.url}/readyz").status_code == 200)
    ready = httpx.get(f"{alone.url}/readyz").json()
    assert ready["status"] == "ready"
    assert ready["store"] == "writable"
    assert set(ready["loops"].values()) == {"beating"}
    assert "no gateway is configured" in ready["gateway"]


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/api/v1/openapi.json", "/api/v1/nowhere", "/hooks/x/y/z"])
def test_every_answer_carries_the_security_headers(alone: Service, path: str) -> None:
    headers = httpx.get(f"{alone.url}{path}").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz/", 404),
        ("POST", "/healthz", 405),
        ("GET", "/hooks/phonovation/secret/inbound", 405),
        ("POST", "/hooks/phonovation/secret/inbound", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api/v1/appointments/A-1", 401),
        ("GET", "/api/%00%ff/..%2f", 404),
    ],
)
def test_what_is_not_there_is_refused_in_one_shape(alone: Service, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, f"{alone.url}{path}")
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "problems"}


@pytest.mark.parametrize("path", ["/nowhere", "/%00%ff/..%2f"])
def test_people_are_told_in_a_page_of_what_is_not_there(alone: Service, path: str) -> None:
    answer = httpx.get(f"{alone.url}{path}")
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_bodies_that_are_too_large_or_never_end(alone: Service) -> None:
    url = f"{alone.url}/api/v1/appointments/bulk"
    headers = {**alone.authorised, "Content-Type": "application/json"}

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"[" * 64 * 1024

    assert httpx.post(url, content=endless(), headers=headers).status_code == 413
    with socket.create_connection(("127.0.0.1", int(alone.url.rpartition(":")[2]))) as rude:
        rude.sendall(b"POST /api/v1/appointments/bulk HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[")
    with socket.create_connection(("127.0.0.1", int(alone.url.rpartition(":")[2]))) as rude:
        rude.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        assert b"400" in rude.recv(1024)
    assert httpx.get(f"{alone.url}/healthz").status_code == 200
    assert "Traceback" not in alone.said()


def test_what_the_api_tells_of_an_appointment(alone: Service) -> None:
    assert httpx.get(f"{alone.url}/api/v1/appointments/A-9", headers=alone.authorised).status_code == 404
    assert alone.put("A-9").status_code == 202
    eventually(lambda: alone.conversation("A-9"))
    answer = httpx.get(f"{alone.url}/api/v1/appointments/A-9", headers=alone.authorised)
    told = answer.json()
    assert (told["id"], told["status"], told["version"]) == ("A-9", "booked", 1)
    assert datetime.fromisoformat(told["start"]) == datetime.fromisoformat(appointment()["start"])
    (talk,) = told["conversations"]
    assert set(talk) == {"ruleset", "state", "owner", "closed", "changed_at"}
    assert (talk["ruleset"], talk["owner"], talk["closed"]) == ("appointment-reminder", "machine", False)
    assert NAME not in answer.text
    assert NUMBER not in answer.text


def test_import_goes_through_the_service(alone: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "freagra.toml"
    port = alone.url.rpartition(":")[2]
    settings.write_text(f'[service]\nhome = "{alone.folder / "home"}"\nport = {port}\n', "utf-8")
    path = tmp_path / "clinic.csv"
    columns = "appointment_id,start,status,clinic,hospital_number,first_name,mobile\n"
    lines = [f"B-{number},2030-06-20 10:00,booked,EYE,H{number},{NAME},\n" for number in range(250)]
    path.write_text(columns + "".join(lines) + "B-x,soon,booked,EYE,H1,Mary,\n", "utf-8")
    arguments = ["import", str(path), "--config", str(settings)]
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert f"250 appointments taken through the service at http://127.0.0.1:{port}, 1 line refused" in printed.out
    assert f"{path}:252: start: is not a time" in printed.err
    assert main(arguments) == 1
    assert "0 appointments taken" in (again := capsys.readouterr().out)
    assert "250 known already" in again
    eventually(lambda: alone.conversation("B-249"))

    (alone.folder / "home" / "access.json").chmod(0o600)
    other = tmp_path / "other"
    other.mkdir()
    for name in os.listdir(alone.folder / "home"):
        if name != "access.json":
            (other / name).symlink_to(alone.folder / "home" / name)
    settings.write_text(f'[service]\nhome = "{other}"\nport = {port}\n', "utf-8")
    assert main(arguments) == 1
    assert "does not take the API key" in capsys.readouterr().err


def test_what_only_reads_runs_beside_it(alone: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ["--config", str(alone.config)]
    assert main(["transcript", "verify", *config]) == 0
    assert main(["rules", "list", *config]) == 0
    assert main(["backup", str(tmp_path / "copy.sqlite3"), *config]) == 0
    capsys.readouterr()
    assert main(["rules", "publish", "follow-up", *config]) == 1
    assert "stop whatever holds the database, or start the service" in capsys.readouterr().err


# ---- a service that must not start -----------------------------------------------------------------------------------


def test_broken_rules_keep_it_from_starting(tmp_path: Path) -> None:
    rules = always_open(tmp_path)
    rules.write_text(rules.read_text("utf-8").replace("go: undelivered}", "go: undeliverd}"), "utf-8")
    with pytest.raises(AssertionError, match="undeliverd"):
        start(tmp_path, f'[service]\nhome = "home"\nport = 0\nrules = ["{rules.name}"]\n')
    said = (tmp_path / "err").read_text("utf-8")
    assert 'did you mean "undelivered"?' in said
    assert "mend the errors above first" in said
    assert "Traceback" not in said


def test_a_second_service_on_the_same_store_does_not_start(alone: Service, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=f"process {alone.process.pid} has this database open"):
        start(tmp_path, f'[service]\nhome = "{alone.folder / "home"}"\nport = 0\n')


def test_a_port_that_is_taken(alone: Service, tmp_path: Path) -> None:
    port = alone.url.rpartition(":")[2]
    with pytest.raises(AssertionError, match=f"cannot listen on 127.0.0.1 port {port}: Address already in use"):
        start(tmp_path, f'[service]\nhome = "home"\nport = {port}\n')


def test_the_home_is_its_owners_alone(alone: Service) -> None:
    home = alone.folder / "home"
    assert home.stat().st_mode & 0o077 == 0
    for name in ("keys.json", "access.json", "freagra.sqlite3"):
        assert (home / name).stat().st_mode & 0o777 == 0o600
    assert set(orjson.loads((home / "access.json").read_bytes())) == {"api_key", "webhook_secret"}
