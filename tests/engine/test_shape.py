from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from engine import shape
from engine.loader import load
from engine.ruleset import DateFormats, LanguageWords, Limits, Matching

ROOT = Path(__file__).parent.parent.parent
SCHEMA = ROOT / "rules" / "ruleset.schema.json"
CLINIC = (ROOT / "tests" / "rulesets" / "clinic.yaml").read_text(encoding="utf-8")
GOOD = [*sorted((ROOT / "rules").glob("*.yaml")), *sorted((ROOT / "tests" / "rulesets").glob("*.yaml"))]
BROKEN = sorted((ROOT / "tests" / "rulesets" / "broken").glob("*.yaml"))

# Faults of shape, which an editor can see without knowing the rest of the file.
SHAPE_CODES = {"R010", "R011", "R012", "R014", "R015", "R025", "R026"}


class EditorLoader(yaml.SafeLoader):
    """YAML as editors read it: the core schema of YAML 1.2 (yaml.org/spec/1.2.2), where yes, no and 17:30 are texts."""


EditorLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    EditorLoader.add_implicit_resolver(tag, re.compile(f"^(?:{pattern})$"), list(first))


VALIDATOR = Draft202012Validator(shape.json_schema())


def editor_accepts(text: str) -> bool:
    return VALIDATOR.is_valid(yaml.load(text, Loader=EditorLoader))


def parses(path: Path) -> bool:
    try:
        yaml.load(path.read_text(encoding="utf-8"), Loader=EditorLoader)
    except yaml.YAMLError:
        return False
    return True


class TestSchema:
    def test_the_committed_file_is_up_to_date(self, update_golden: bool) -> None:
        made = json.dumps(shape.json_schema(), indent=2, ensure_ascii=False) + "\n"
        if update_golden:
            SCHEMA.write_text(made, encoding="utf-8")
        assert made == SCHEMA.read_text(encoding="utf-8")

    def test_it_is_a_schema(self) -> None:
        Draft202012Validator.check_schema(shape.json_schema())

    @pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("*.yaml")), ids=lambda path: path.stem)
    def test_shipped_rulesets_name_it_on_their_first_line(self, path: Path) -> None:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema={SCHEMA.name}"

    def test_every_key_is_explained_to_the_person_who_writes_it(self) -> None:
        for path, description in descriptions(shape.json_schema()):
            assert len(description) > 10, path
            assert description.endswith((".", "!")), path


def descriptions(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in schema.get("properties", {}).items():
        yield f"{path}.{key}", value["description"]
        yield from descriptions(value, f"{path}.{key}")
    for part in ("items", "additionalProperties"):
        if isinstance(schema.get(part), dict):
            yield from descriptions(schema[part], path)
    for other in schema.get("anyOf", []):
        yield from descriptions(other, path)


class TestAgreement:
    """What an editor marks, the loader refuses; and the faults of shape that the loader refuses, an editor marks."""

    @pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
    def test_on_good_files(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert load(text).ok
        assert editor_accepts(text)

    @pytest.mark.parametrize("path", [path for path in BROKEN if parses(path)], ids=lambda path: path.stem)
    def test_on_broken_files(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        loaded = load(text, rehearse=False)
        if not editor_accepts(text):
            assert not loaded.ok
        if {problem.code for problem in loaded.problems} & SHAPE_CODES:
            assert not editor_accepts(text)

    @pytest.mark.parametrize(
        ("good", "bad"),
        [
            ("when: 10 days before", "when: 10 days"),
            ("when: 10 days before", "when: 3 hours before at 10:00"),
            ("[15m, 2h]", "[15 minutes]"),
            ('["09:00-18:00"]', '["9-6"]'),
            ("mon-fri: [", "monday: ["),
            ("{segments: 3}", "{segments: 11}"),
            ("{segments: 3}", "{segments: three}"),
            ("ruleset: clinic", "ruleset: My clinic"),
            ("  over: {ends: yes}", "  Over: {ends: yes}"),
            ("ends: yes}", "ends: maybe}"),
            ("owner: staff", "owner: nurse"),
            ("hospital: confirm", "hospital: phone"),
            ("holidays: IE", "holidays: Ireland"),
            ("accents: {ga: keep}", "accents: {irish: keep}"),
            ("[booked]", "[booked, booked]"),
            ("{wait: 9d}", "{wait: 9 days}"),
            ("format: 1", "format: 2"),
        ],
    )
    def test_on_single_values(self, good: str, bad: str) -> None:
        assert good in CLINIC
        text = CLINIC.replace(good, bad, 1)
        assert not load(text, rehearse=False).ok
        assert not editor_accepts(text)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("{segments: 3}", '{segments: "3"}'),
            ("format: 1", 'format: "1"'),
            ("ends: yes}", "ends: true}"),
            ("keys: [C]", "keys: [C, 3]"),
            ("{appointments: [booked]}", "{appointments: [booked], clinics: [12, EYE]}"),
            ("{appointments: [booked]}", "{appointments: [booked], clinics: all}"),
            ('["09:00-18:00"]', '["09:00-12:00", "13:00-24:00"]'),
            ("when: 10 days before", "when: 10 days before at 09:30"),
        ],
    )
    def test_on_other_ways_to_write_the_same(self, one: str, other: str) -> None:
        assert one in CLINIC
        text = CLINIC.replace(one, other, 1)
        assert load(text, rehearse=False).ok
        assert editor_accepts(text)


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (shape.LIMITS, Limits),
        (shape.MATCHING, Matching),
        (shape.FORMATS, DateFormats),
        (shape.LANGUAGE_WORDS, LanguageWords),
    ],
    ids=["limits", "matching", "formats", "words"],
)
def test_a_block_of_the_file_has_the_keys_of_the_value_made_from_it(block: Any, kind: Any) -> None:
    assert list(block.keys) == [part.name for part in fields(kind)]
