"""What those who look after the service are told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from conversations import schema
from conversations.backup import backup
from conversations.people import Role
from conversations.ports import SendResult, SendStatus
from tests.adapters.web.console.office import METRICS_TOKEN, Office, open_office, plain
from tests.conversations.clinic import ANN, BEN, Clinic


def figures(office: Office) -> dict[str, float]:
    answer = httpx.get(f"{office.url}/metrics", trust_env=False)
    assert answer.status_code == 200
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name.startswith("freagra_"):
                found[" ".join([sample.name.removeprefix("freagra_"), *sample.labels.values()])] = sample.value
    return found


def test_metrics_count_what_waits_and_what_went_wrong(tmp_path: Path) -> None:
    def seed(clinic: Clinic) -> None:
        clinic.invite("A1", number="H1", mobile=ANN)
        clinic.carrier.answer = lambda _: SendResult(SendStatus.REFUSED)
        clinic.invite("A2", number="H2", mobile=BEN, first_name="Ben")
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        clinic.reply(ANN, "chest pain")
        clinic.clock.move(timedelta(hours=3))

    with open_office(tmp_path, seed) as office:
        found = figures(office)
    assert found["store_writable"] == found["gateway_up"] == found["ipms_up"] == 1
    assert (found["waiting inbox"], found["waiting texts"], found["waiting writes"]) == (0, 0, 0)
    assert found["tasks_open urgent"] == 1
    assert found["tasks_overdue"] >= 1
    assert found["task_oldest_seconds"] >= 3 * 3600
    assert found["texts_last_day failed"] >= 1
    assert found["texts_last_day sent"] > found["texts_last_day failed"]
    assert "backup_age_seconds" not in found


def test_metrics_hold_nothing_of_a_patient_or_a_colleague(tmp_path: Path) -> None:
    def seed(clinic: Clinic) -> None:
        clinic.invite("A1", first_name="Gobnait")
        clinic.reply(ANN, "Tuesdays suit me")

    with open_office(tmp_path, seed) as office:
        office.employ("maura", Role.ADMINISTRATOR)
        office.signed_in("maura")
        said = httpx.get(f"{office.url}/metrics", trust_env=False).text
    assert "freagra_tasks_open" in said
    for secret in ("Gobnait", "353", "Tuesday", "maura", "EYE", "Byrne"):
        assert secret not in said


@pytest.mark.parametrize(("headers", "status"), [
    ({}, 200),
    ({"x-forwarded-for": "127.0.0.1"}, 403),
    ({"forwarded": "for=127.0.0.1"}, 403),
    ({"x-forwarded-for": "192.0.2.7", "authorization": "Bearer guess"}, 403),
    ({"x-forwarded-for": "192.0.2.7", "authorization": "Bearer"}, 403),
    ({"x-forwarded-for": "192.0.2.7", "authorization": f"Bearer {METRICS_TOKEN}"}, 200),
])  # fmt: skip
def test_metrics_are_for_this_machine_or_the_token(office: Office, headers: dict[str, str], status: int) -> None:
    assert httpx.get(f"{office.url}/metrics", headers=headers, trust_env=False).status_code == status


def test_the_health_page_says_what_works_and_what_waits(office: Office, tmp_path: Path) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    visitor = office.signed_in("maura")
    assert "freagra backup FILE" in plain(visitor.get("/health").text)
    office.do(lambda clinic: backup(clinic.house.database, tmp_path / "copy.sqlite3", datetime.now(UTC), clinic.house.home))
    page = plain(visitor.get("/health").text)
    assert "copy.sqlite3" in page
    assert "appointment-reminder" in page
    assert "carrier: in use" in page
    assert "Letting go of keys works" in page
    office.do(lambda clinic: clinic.change(
        sa.insert(schema.facts).values(name="halted:carrier", value="no credit", at=schema.instant(clinic.clock.now()))
    ))  # fmt: skip
    assert "trouble carrier: refuses our account (no credit)" in plain(visitor.get("/health").text)
