"""Fields of the form, and that filling one in changes nothing else of the file."""

from __future__ import annotations

from difflib import ndiff
from pathlib import Path

import pytest

from engine.forms import GROUPS, NotAField, fields, put
from engine.loader import load

RULES = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
SOURCE = RULES.read_text(encoding="utf-8")
CLINIC = (Path(__file__).parents[1] / "rulesets" / "clinic.yaml").read_text(encoding="utf-8")


def changed(before: str, after: str) -> list[str]:
    return [line for line in ndiff(before.splitlines(), after.splitlines()) if line[:2] in ("- ", "+ ")]


@pytest.mark.parametrize("source", [SOURCE, CLINIC], ids=["shipped", "clinic"])
def test_a_field_put_back_as_it_was_leaves_the_rules_as_they_were(source: str) -> None:
    again = source
    for field in fields(source)[::7]:
        again = put(again, field.name, field.value)
    before, after = load(source, rehearse=False).ruleset, load(again, rehearse=False).ruleset
    assert before is not None
    assert after is not None
    for part in ("prompts", "cadence", "states", "hours"):
        assert getattr(after, part) == getattr(before, part)
    assert again.count("#") == source.count("#")


def test_a_wording_is_changed_and_every_other_line_stays() -> None:
    after = put(SOURCE, "prompts.kept", 'Nothing is changed: "{date}" at {time} is yours.')
    assert changed(SOURCE, after) == [
        '-   kept: "No change made. Your appointment on {date} at {time} is still yours."',
        '+   kept: "Nothing is changed: \\"{date}\\" at {time} is yours."',
    ]


def test_a_time_in_a_line_with_a_remark_keeps_the_remark() -> None:
    after = put(SOURCE, "cadence.0.when", "12 days before")
    (_, line) = changed(SOURCE, after)
    assert "12 days before" in line
    assert line.endswith("# booked later than that: sent at once")


def test_a_translation_is_changed_in_its_block() -> None:
    (field,) = [field for field in fields(SOURCE) if field.name == "translations.ga.prompts.reminder"]
    assert field.language == "ga"
    after = put(SOURCE, field.name, "Coinne agat le {clinician} ar {date} ag {time}.")
    assert load(after, rehearse=False).ruleset is not None


def test_the_form_has_the_changes_that_clinics_make() -> None:
    found = fields(SOURCE)
    assert {field.group for field in found} == set(GROUPS)
    names = {field.name for field in found}
    assert {"closes", "hours.sending.mon-fri.0", "states.moving.task.due", "states.waiting.no_reply.0.when"} <= names


@pytest.mark.parametrize(
    ("name", "value"), [("ruleset", "other"), ("prompts.none", "Hello"), ("closes", ""), ("closes", "1\n2")]
)
def test_what_is_no_field_or_no_value_is_refused(name: str, value: str) -> None:
    with pytest.raises(NotAField):
        put(SOURCE, name, value)


def test_what_is_no_yaml_has_no_fields() -> None:
    assert fields("a: [b") == []
