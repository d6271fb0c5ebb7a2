"""The service behind its own proxy configuration, with TLS, as the world outside meets it."""

import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.deploy.program import DEPLOY, ROOT
from tests.servers import free_port
from tests.waiting import PATIENCE, eventually

SECRET = "s" * 32
GATEWAY = "192.0.2.7"  # where its webhooks come from; never us


@dataclass(frozen=True)
class Running:
    url: str
    log: Path
    process: subprocess.Popen[bytes]

    def webhook(self, client: httpx.Client, forwarded: str | None = None) -> httpx.Response:
        """One that only the gateway's own address may bring."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if forwarded is not None:
            headers["x-forwarded-for"] = forwarded
        return client.post(f"{self.url}/hooks/phonovation/{SECRET}/inbound", content=b"x=1", headers=headers)


@contextmanager
def serving(folder: Path, proxies: str) -> Iterator[Running]:
    port = free_port()
    (folder / "freagra.toml").write_text(
        f"""
        [service]
        home = "home"
        port = {port}
        proxies = {proxies}

        [gateway]
        kind = "phonovation"
        username = "hospital"
        password = "ours"
        sender = "HOSPITAL"
        verify_secrets = ["theirs"]
        webhook_secrets = ["{SECRET}"]
        allowed_addresses = ["{GATEWAY}"]
        """,
        "utf-8",
    )
    words = [sys.executable, "-m", "adapters.cli", "serve", "--config", str(folder / "freagra.toml")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
    running = Running(f"http://127.0.0.1:{port}", folder / "log", process)
    try:
        eventually(lambda: process.poll() is not None or httpx.get(f"{running.url}/healthz").status_code == 200)
        assert process.poll() is None, running.log.read_text("utf-8")
        yield running
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path, '["127.0.0.1"]') as running:
        yield running


def refused_address(answer: httpx.Response) -> bool:
    return answer.status_code == 403


def test_the_word_of_a_proxy_is_taken_and_of_nobody_else(service: Running, tmp_path: Path) -> None:
    with httpx.Client() as client:
        assert refused_address(service.webhook(client))
        assert not refused_address(service.webhook(client, GATEWAY))
        (tmp_path / "other").mkdir()
        with serving(tmp_path / "other", '["198.51.100.0/24"]') as distrustful:
            assert refused_address(distrustful.webhook(client, GATEWAY))


# ---- through Caddy ---------------------------------------------------------------------------------------------------


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def outside(service: Running, tmp_path: Path) -> Iterator[tuple[Running, httpx.Client]]:
    """The service as it is reached through deploy/Caddyfile, and a client that knows its certificate."""
    caddy = shutil.which("caddy") or shutil.which("caddy", path=str(Path(sys.executable).parent))
    if caddy is None:
        pytest.skip("left out: what needs Caddy; to run it too: make .venv/deploy")
    held, key = certificate(tmp_path)
    port, admin, plain = free_port(), free_port(), free_port()
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    # Ports that nobody else on this machine has, and a shorter wait for a service that is gone; the rest is as it is shipped.
    ports = f"{{\n\tadmin 127.0.0.1:{admin}\n\thttp_port {plain}\n\thttps_port {port}\n\tskip_install_trust\n"
    text, count = re.subn(r"(?m)^\{\n", ports, text)
    assert count == 1
    text, count = re.subn("lb_try_duration 10s", "lb_try_duration 1s", text)
    assert count == 1
    (tmp_path / "Caddyfile").write_text(text, "utf-8")
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "FREAGRA_SITE": "localhost",
        "FREAGRA_UPSTREAMS": f"127.0.0.1:{free_port()} {service.url.removeprefix('http://')}",  # one of the two is away
        "FREAGRA_TLS": f"{held} {key}",
    }
    words = [caddy, "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    with open(tmp_path / "proxy.log", "wb") as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
    trust = ssl.create_default_context(cafile=str(held))
    try:
        with httpx.Client(verify=trust) as client:
            running = Running(f"https://localhost:{port}", tmp_path / "proxy.log", process)
            eventually(lambda: client.get(f"{running.url}/api/v1/openapi.json").status_code == 200)
            yield running, client
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_the_service_is_reached_over_tls_though_a_process_is_away(outside: tuple[Running, httpx.Client]) -> None:
    running, client = outside
    for _ in range(10):
        answer = client.get(f"{running.url}/api/v1/openapi.json")
        assert answer.status_code == 200
    assert answer.headers["strict-transport-security"]
    assert "via" not in answer.headers
    assert "server" not in answer.headers


def test_what_is_for_those_inside_is_not_shown_outside(outside: tuple[Running, httpx.Client]) -> None:
    running, client = outside
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(f"{running.url}{path}").status_code == 404


def test_nobody_outside_can_pass_for_the_gateway(outside: tuple[Running, httpx.Client]) -> None:
    running, client = outside
    assert refused_address(running.webhook(client, GATEWAY))


def test_the_proxys_log_has_no_secret_of_a_webhook(outside: tuple[Running, httpx.Client], service: Running) -> None:
    running, client = outside
    running.webhook(client)
    service.process.kill()
    service.process.wait()
    assert running.webhook(client).status_code in (502, 503)
    told = eventually(lambda: [line for line in running.log.read_text("utf-8").splitlines() if "http.log.error" in line])
    assert "connection refused" in told[0] or "no upstreams available" in told[0]
    assert SECRET not in running.log.read_text("utf-8")
    assert SECRET not in service.log.read_text("utf-8")
