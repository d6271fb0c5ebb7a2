import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.simulate import Figures, simulate

DAYS, PATIENTS = 4, 40

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def figures() -> Figures:
    return simulate(DAYS, PATIENTS, seed=1)


def test_the_same_seed_gives_the_same_figures(figures: Figures) -> None:
    assert simulate(DAYS, PATIENTS, seed=1) == figures


def test_another_seed_is_another_hospital(figures: Figures) -> None:
    other = simulate(DAYS, PATIENTS, seed=2)
    assert replace(other, seed=1) != figures
    assert (other.lost, other.chain) == (0, "whole")


def test_texts_go_out_and_replies_come_back(figures: Figures) -> None:
    assert (figures.days, figures.patients, figures.seed) == (DAYS, PATIENTS, 1)
    assert figures.appointments == PATIENTS
    assert figures.conversations > 0
    assert 0 < figures.reminders < figures.texts <= figures.segments
    assert figures.confirmed > 0
    assert figures.escalations


def test_nothing_is_lost(figures: Figures) -> None:
    assert (figures.lost, figures.chain) == (0, "whole")


def test_every_reply_came_to_one_end(figures: Figures) -> None:
    ends = figures.understood, figures.asked_again, figures.handed_to_staff, figures.needed_nothing
    assert figures.replies == sum(ends) > 0


def test_a_segment_costs_six_cent(figures: Figures) -> None:
    assert figures.cost == pytest.approx(figures.segments * 0.06)


def test_the_command_gives_them_as_json(run: Run) -> None:
    code, out, _ = run("simulate", "--days", DAYS, "--patients", 8, "--seed", 3, "--json", "appointment-reminder")
    told = json.loads(out)
    assert code == 0
    assert (told["days"], told["patients"], told["seed"]) == (DAYS, 8, 3)
    assert (told["lost"], told["chain"]) == (0, "whole")
    assert isinstance(told["escalations"], dict)


def test_the_command_tells_them_to_a_person(run: Run) -> None:
    code, out, _ = run("simulate", "--days", DAYS, "--patients", 8, "--seed", 3, "appointment-reminder")
    assert code == 0
    lines = {line[:36].strip(): line[36:].strip() for line in out.splitlines()}
    assert lines["replies lost"] == "0"
    assert lines["transcript"] == "whole"
    assert float(lines["cost in EUR"]) == pytest.approx(int(lines["SMS parts"]) * 0.06)
