from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ipms.csv import LONGEST_LINE, Row, read_csv
from adapters.ipms.fields import FIELDS

HEADER = "appointment_id,patient_id,start,status,clinic,first_name,mobile"


def rows(*lines: str, header: str = HEADER, encoding: str = "utf-8") -> list[Row]:
    return list(read_csv(io.BytesIO("\n".join([header, *lines]).encode(encoding))))


def line(id: str = "A1", **cells: str) -> str:
    usual = {"patient": "H1", "start": "2026-06-20 10:00", "status": "booked", "clinic": "EYE", "name": "Ann"}
    return ",".join([id, *{**usual, "mobile": "", **cells}.values()])


def said(row: Row) -> dict[str, str]:
    return {problem.where: problem.message for problem in row.problems}


def test_records_come_in_order_with_their_lines() -> None:
    found = rows(line("A1"), "", line("A2", start="21/06/2026 09:15"))
    assert [(row.line, row.record and row.record.id) for row in found] == [(2, "A1"), (4, "A2")]
    assert found[1].record is not None
    assert found[1].record.start == datetime(2026, 6, 21, 8, 15, tzinfo=UTC)


def test_every_documented_column_is_read() -> None:
    for field in FIELDS:
        for name in field.columns:
            others = {each.path: each for each in FIELDS if each.required and each.path != field.path}
            header = ",".join([name.upper().replace("_", " "), *(each.columns[0] for each in others.values())])
            cells = ",".join(str(each.example) for each in (field, *others.values()))
            (row,) = rows(cells.replace("Outpatients, Level 2", "Level 2"), header=header)
            assert row.record is not None, (name, row)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(delimiter: str) -> None:
    (row,) = rows(line().replace(",", delimiter), header=HEADER.replace(",", delimiter))
    assert row.record is not None


def test_what_excel_writes() -> None:
    text = f"sep=;\r\n{HEADER.replace(',', ';')}\r\n{line(name='Seán').replace(',', ';')}\r\n"
    (row,) = read_csv(io.BytesIO(b"\xef\xbb\xbf" + text.encode()))
    assert row.record is not None
    assert row.record.patient.first_name == "Seán"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings(encoding: str) -> None:
    (row,) = rows(line(name="Róisín"), encoding=encoding)
    assert row.record is not None
    assert row.record.patient.first_name == "Róisín"


def test_a_bad_byte_spoils_one_line() -> None:
    text = "\n".join([HEADER, line("A1", name="Róisín"), line("A2", name="@"), line("A3", name="Seán")]).encode()
    found = list(read_csv(io.BytesIO(text.replace(b"@", b"\x81"))))
    assert [row.record is not None for row in found] == [True, False, True]
    assert "neither UTF-8 nor Windows-1252" in found[1].problems[0].message


def test_quotes() -> None:
    header = HEADER + ",place"
    (row,) = rows('"A1","H1",2026-06-20 10:00,booked,EYE,Ann,,"Level 2, ""Blue"" door"', header=header)
    assert row.record is not None
    assert row.record.place == 'Level 2, "Blue" door'


def test_a_broken_quote_spoils_one_line() -> None:
    found = rows(line("A1", name='"Ann'), line("A2", name='"Ann"x'), line("A3"))
    assert [(row.line, row.record is not None) for row in found] == [(2, False), (3, False), (4, True)]
    assert all("quote" in row.problems[0].message for row in found[:2])


def test_problems_name_the_columns_of_the_file() -> None:
    header = "Appt ID,Hospital-Number,Start,STATUS,Clinic Code,Forename,Mobile Number"
    (row,) = rows(line("", patient="", status="bookd", mobile="01 671 6533"), header=header)
    assert said(row).keys() == {"Appt ID", "Hospital-Number", "STATUS"}
    assert [warning.where for warning in row.warnings] == ["Mobile Number"]


def test_date_and_time_apart() -> None:
    header = "id,patient_id,Appointment Date,Time,status,clinic"
    found = rows("A1,H1,20/06/2026,9:05,booked,EYE", "A2,H1,20/06/2026,,booked,EYE", header=header)
    assert found[0].record is not None
    assert found[0].record.start == datetime(2026, 6, 20, 8, 5, tzinfo=UTC)
    assert "Appointment Date and Time" in said(found[1])


def test_an_appointment_that_stands_twice_is_reported() -> None:
    found = rows(line("A1"), line("A2"), line("A1", clinic="ENT"))
    assert [row.record is not None for row in found] == [True, True, False]
    assert "on line 2 already" in said(found[2])["appointment_id"]


def test_a_refused_line_does_not_hide_a_good_one() -> None:
    assert [row.record is not None for row in rows(line("A1", status="?"), line("A1"))] == [False, True]


@pytest.mark.parametrize("cells", ["A1,H1", line() + ",more"])
def test_lines_of_another_length(cells: str) -> None:
    (row,) = rows(cells)
    assert "the header has 7 cells" in row.problems[0].message


class TestHeader:
    @pytest.mark.parametrize(
        ("header", "where", "message"),
        [
            (HEADER.replace("mobile", "moblie"), "moblie", "did you mean mobile? If not, remove it"),
            (HEADER + ",gp_name", "gp_name", "begin its name with x-"),
            (HEADER + ",", "column 8", "has no name"),
            (HEADER + ",Forename", "Forename", "says the same as the column first_name"),
            (HEADER.replace(",clinic", ""), "clinic", "must have"),
            (HEADER.replace("start", "date"), "start", "or date and time"),
            (HEADER + ",date", "start", "besides date or time"),
            ('"' + HEADER, "", "quote"),
            ("\x00\x01", "??", "not a column"),
        ],
    )
    def test_faults_end_the_file(self, header: str, where: str, message: str) -> None:
        (row,) = rows(line(), line("A2"), header=header)
        assert row.line == 1
        assert message in said(row)[where]

    def test_columns_that_are_passed_over(self) -> None:
        (row,) = rows(line() + ",whatever\x07", header=HEADER + ",x-gp name")
        assert row.record is not None

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"sep=;\n"])
    def test_an_empty_file(self, content: bytes) -> None:
        (row,) = read_csv(io.BytesIO(content))
        assert "the file is empty" in row.problems[0].message

    def test_utf_16_is_named(self) -> None:
        (row,) = rows(line(), encoding="utf-16")
        assert "UTF-16" in row.problems[0].message


def test_an_endless_line_is_refused_and_the_next_one_read() -> None:
    found = rows(line("A1", name="x" * (3 * LONGEST_LINE)), line("A2"))
    assert [(row.line, row.record is not None) for row in found] == [(2, False), (3, True)]


def test_reads_from_a_path_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text("\n".join([HEADER, *(line(f"A{n}") for n in range(5000))]))
    reading = read_csv(path)
    assert next(reading).line == 2
    assert sum(row.record is not None for row in reading) == 4999


@given(st.binary(max_size=300))
def test_rubbish_is_reported(content: bytes) -> None:
    assert all(row.problems and row.record is None for row in read_csv(io.BytesIO(content)))


@given(st.lists(st.binary(max_size=60).filter(lambda cells: b"\n" not in cells), max_size=5))
def test_rubbish_lines_lose_nothing_else(rubbish: list[bytes]) -> None:
    content = b"\n".join([HEADER.encode(), line("A1").encode(), *rubbish, line("A2").encode()])
    taken = [row.record.id for row in read_csv(io.BytesIO(content)) if row.record is not None]
    assert taken == ["A1", "A2"]
