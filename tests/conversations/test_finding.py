"""Finding a talk although nothing of it lies open."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from conversations import finding, schema, search
from conversations.finding import Finder, forget
from conversations.people import Scope
from conversations.search import Hits, Search, Wanted
from engine.events import StaffAct
from tests.conversations.clinic import ANN, BEN, CARA, EVERYWHERE, Clinic, open_clinic

EYE = Scope(frozenset({"EYE"}))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with open_clinic(tmp_path) as opened:
        opened.invite("A1", number="H1001", mobile=ANN, days=9, first_name="Áine")
        opened.invite("A2", number="H1002", mobile=BEN, days=8, first_name="Ben", clinic="CARDIO")
        opened.invite("A3", number="H1003", mobile=CARA, days=7, first_name="Cara-Mae")
        opened.reply(ANN, "is there parking for a wheelchair")
        opened.reply(BEN, "parking please")
        opened.reply(CARA, "Y")
        yield opened
        opened.assert_sound()


def grow(clinic: Clinic) -> int:
    house, steps = clinic.house, 0
    finder = Finder(house.database, house.writer, house.vault, house.clock)
    while finder.step():
        steps += 1
    return steps


def find(clinic: Clinic, /, text: str = "", scope: Scope = EVERYWHERE, **wanted: object) -> Hits:
    with clinic.house.database.reader() as connection:
        return Search(connection, clinic.house.vault, scope).find(Wanted(text, **wanted))  # type: ignore[arg-type]


def names(hits: Hits) -> Sequence[str]:
    return sorted(hit.name.split()[0] for hit in hits.hits)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("aine", ["Áine"]),
        ("ÁINE tierney", ["Áine"]),
        ("tierney aine", ["Áine"]),
        ("tier", ["Ben", "Cara-Mae", "Áine"]),
        ("ben", ["Ben"]),
        ("be", []),
        ("cara", ["Cara-Mae"]),
        ("mae", ["Cara-Mae"]),
        ("wheelchair", ["Áine"]),
        ("parking", ["Ben", "Áine"]),
        ("ben parking", ["Ben"]),
        ("ben wheelchair", []),
        ("h1002", ["Ben"]),
        ("H1003", ["Cara-Mae"]),
        ("tierny", []),
        ("<script>", []),
        ("   ", []),
        ("'", []),
    ],
)
def test_what_is_typed_finds(clinic: Clinic, typed: str, found: list[str]) -> None:
    grow(clinic)
    assert names(find(clinic, typed)) == found


def test_by_phone_by_day_and_by_clinic(clinic: Clinic) -> None:
    grow(clinic)
    assert names(find(clinic, "087 222 2222", phone=BEN)) == ["Ben"]
    assert names(find(clinic, day=date(2026, 3, 11))) == ["Áine"]
    assert names(find(clinic, "tierney", day=date(2026, 3, 10))) == ["Ben"]
    assert names(find(clinic, "tierney", clinic="EYE")) == ["Cara-Mae", "Áine"]
    assert names(find(clinic, "parking", clinic="EYE", day=date(2026, 3, 11))) == ["Áine"]


def test_a_colleague_finds_the_patients_of_their_clinics_alone(clinic: Clinic) -> None:
    grow(clinic)
    assert names(find(clinic, "tierney", EYE)) == ["Cara-Mae", "Áine"]
    for way in ({"text": "ben"}, {"text": "H1002"}, {"text": "0872222222", "phone": BEN}, {"text": "ben", "clinic": "CARDIO"}):
        assert names(find(clinic, scope=EYE, **way)) == []  # type: ignore[arg-type]


def test_an_appointment_that_moves_is_found_where_it_is(clinic: Clinic) -> None:
    grow(clinic)
    clinic.tell(clinic.appointment("A2", number="H1002", mobile=BEN, days=20, first_name="Ben", clinic="EYE"))
    grow(clinic)
    assert names(find(clinic, "ben", EYE)) == ["Ben"]
    assert names(find(clinic, day=date(2026, 3, 10))) == []
    assert names(find(clinic, day=date(2026, 3, 22))) == ["Ben"]
    assert names(find(clinic, "ben", Scope(frozenset({"CARDIO"})))) == []


def test_a_changed_name_is_found_and_the_former_is_not(clinic: Clinic) -> None:
    grow(clinic)
    clinic.tell(clinic.appointment("A2", number="H1002", mobile=BEN, days=8, first_name="Bernard", clinic="CARDIO"))
    grow(clinic)
    assert names(find(clinic, "bernard")) == ["Bernard"]
    assert names(find(clinic, "ben")) == []


def test_what_staff_wrote_is_found(clinic: Clinic) -> None:
    clinic.act(StaffAct.NOTE, "A3", text="Needs an interpreter")
    grow(clinic)
    assert names(find(clinic, "interpreter")) == ["Cara-Mae"]


def test_the_index_reads_on_and_writes_nothing_twice(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_ENTRIES", 4)
    monkeypatch.setattr(finding, "_BATCHES", 1)
    assert grow(clinic) > 3
    assert grow(clinic) == 0
    rows = clinic.scalar(sa.select(sa.func.count()).select_from(schema.search_tokens))
    assert names(find(clinic, "wheelchair")) == ["Áine"]
    clinic.change(sa.update(schema.facts).where(schema.facts.c.name.startswith("search_cursor")).values(value="0"))
    grow(clinic)
    assert clinic.scalar(sa.select(sa.func.count()).select_from(schema.search_tokens)) == rows


def test_tokens_give_no_word_away_and_a_bare_key_has_none(clinic: Clinic) -> None:
    grow(clinic)
    raw = b"".join(bytes(row.token) for row in clinic.rows(sa.select(schema.search_tokens.c.token)))
    assert b"parking" not in raw
    assert names(find(clinic, "yes")) == []
    yes = clinic.house.vault.search_token(finding.WORD, "y")
    assert clinic.rows(sa.select(schema.search_tokens).where(schema.search_tokens.c.token == yes)) == []


def test_whoever_is_erased_is_not_found_even_where_the_index_still_leads_there(clinic: Clinic) -> None:
    grow(clinic)
    assert names(find(clinic, "ben tierney")) == ["Ben"]
    clinic.change(sa.update(schema.patients).values(wrapped_key=None, sealed=b""))
    for way in ({"text": "ben"}, {"text": "ben tierney"}, {"text": "H1002"}, {"text": "0872222222", "phone": BEN}):
        assert find(clinic, **way).hits == []  # type: ignore[arg-type]


def test_whole_names_come_before_those_that_begin_so(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many newer ones begin like it."""
    monkeypatch.setattr(search, "FOUND", 3)
    monkeypatch.setattr(search, "_NEWEST", 4)
    clinic.invite("W1", number="W1", mobile="+353874000001", days=9, first_name="Wall")
    for number in range(2, 9):
        clinic.invite(f"W{number}", number=f"W{number}", mobile=f"+35387400000{number}", days=9, first_name="Wallace")
    grow(clinic)
    for text in ("wall", "wall tierney"):
        found = find(clinic, text)
        assert found.hits[0].name == "Wall Tierney"
        assert found.more
    assert [hit.name for hit in find(clinic, "wallac").hits] == ["Wallace Tierney"] * 3


def test_an_erased_patient_is_forgotten(clinic: Clinic) -> None:
    grow(clinic)
    people = schema.patients.c
    (ben,) = clinic.rows(sa.select(people.id).where(people.phone_index == clinic.house.vault.phone_index(BEN)))
    talk = bytes.fromhex(clinic.talk("A2").id)
    of_ben = sa.select(sa.func.count()).select_from(schema.search_tokens).where(schema.search_tokens.c.talk == talk)
    assert clinic.scalar(of_ben) > 0

    def erase(connection: sa.Connection) -> None:
        forget(connection, [ben.id])
        connection.execute(sa.update(schema.patients).where(people.id == ben.id).values(wrapped_key=None, sealed=b""))

    clinic.house.writer.submit(erase).result()
    assert clinic.scalar(of_ben) == 0
    assert names(find(clinic, "ben")) == []
    for way in ({"text": "H1002"}, {"text": "0872222222", "phone": BEN}, {"day": date(2026, 3, 10)}, {"text": "ben tierney"}):
        assert names(find(clinic, **way)) == []  # type: ignore[arg-type]
    clinic.change(sa.update(schema.facts).where(schema.facts.c.name.startswith("search_cursor")).values(value="0"))
    grow(clinic)
    assert clinic.scalar(of_ben) == 0
