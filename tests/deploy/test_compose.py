"""compose.yaml: that all it names is there, and that only the proxy can be reached."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.deploy.program import DEPLOY, assert_command, assert_settings, commands_in, documents

(COMPOSE,) = documents(DEPLOY / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("freagra:")}


def test_every_role_of_the_program_has_its_processes() -> None:
    roles = [service["command"][2] for service in OURS.values() if service["command"][:2] == ["serve", "--role"]]
    assert sorted(roles) == ["sender", "web", "web", "worker", "worker"]


@pytest.mark.parametrize("name", OURS)
def test_what_a_service_runs_and_sets_is_known_to_the_program(name: str) -> None:
    service = OURS[name]
    commands = commands_in(service["command"][0]) if "entrypoint" in service else [service["command"]]
    assert commands
    for words in commands:
        assert_command(words)
    assert_settings(service["environment"])
    files = {value for value in service["environment"].values() if value.startswith("/run/secrets/")}
    assert {f"/run/secrets/{secret}" for secret in service["secrets"]} == files


@pytest.mark.parametrize("name", SERVICES)
def test_all_that_a_service_names_is_there(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
    for other, how in service.get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other] or other in OURS
        if how["condition"] == "service_completed_successfully":
            assert SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert "privileged" not in service
    if name != "database":  # its image begins as root and gives that up
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_only_the_proxy_can_be_reached() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    networks = COMPOSE["networks"]
    assert {name for name, network in networks.items() if (network or {}).get("internal")} == {"edge", "store"}
    assert {name for name, service in SERVICES.items() if "store" not in service["networks"]} == {"proxy"}
    assert SERVICES["database"]["networks"] == SERVICES["redis"]["networks"] == ["store"]


def test_the_proxy_finds_the_web_processes_and_they_know_it() -> None:
    upstreams = SERVICES["proxy"]["environment"]["FREAGRA_UPSTREAMS"].split()
    assert upstreams == [f"{name}:8080" for name in OURS if name.startswith("web-")]
    assert "FREAGRA_PORT=8080" in (DEPLOY / "Dockerfile").read_text("utf-8")
    (subnet,) = COMPOSE["networks"]["edge"]["ipam"]["config"]
    assert {service["environment"]["FREAGRA_PROXIES"] for service in OURS.values()} == {subnet["subnet"]}


# ---- what it needs beforehand ----------------------------------------------------------------------------------------


def prepare(folder: Path) -> dict[str, bytes]:
    environment = {**os.environ, "FREAGRA": str(Path(sys.executable).with_name("freagra"))}
    subprocess.run([DEPLOY / "prepare", folder], env=environment, stdout=subprocess.DEVNULL, check=True)
    return {path.name: path.read_bytes() for path in (folder / "secrets").iterdir()}


def test_prepare_makes_all_secrets_but_the_certificate_once(tmp_path: Path) -> None:
    made = prepare(tmp_path)
    assert prepare(tmp_path) == made
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == {0o600}
    assert set(COMPOSE["secrets"]) - set(made) == {"tls_certificate.pem", "tls_key.pem"}
    assert len(made["postgres_password"]) == len(made["redis_password"]) == 64


def test_what_prepare_makes_fits_together(tmp_path: Path) -> None:
    made = prepare(tmp_path)
    address = sa.make_url(made["database_url"].decode())
    database = SERVICES["database"]["environment"]
    assert (address.host, address.database) == ("database", database["POSTGRES_DB"])
    assert (address.username, address.password) == (database["POSTGRES_USER"], made["postgres_password"].decode())
    assert made["redis_url"].decode() == f"redis://:{made['redis_password'].decode()}@redis:6379/0"
    assert f"requirepass {made['redis_password'].decode()}\n" in made["redis.conf"].decode()
